; boot.s: from the first instruction to the first process. The processor starts here in ring 0, paging off, interrupts off,
; a0 holding the physical address of the boot information.

_start:
    mov  s0, a0
    la   sp, boot_stack_top
.ifndef PARAVIRT
    ldd  a1, [s0+BI_MAGIC]
    li   a2, BOOT_MAGIC
    bne  a1, a2, .not_booted
    call boot_paging
    ; From here on the kernel runs where it is linked: add KBASE to everything that is an address.
    la   a0, .high
    P2V  a0, a0
    jr   a0
.not_booted:
    movi a0, 0xff                       ; nobody to complain to yet
    ARCH_POWEROFF a0
.high:
    la   sp, boot_stack_top
.else
    call pv_boot
.endif
    P2V  s0, s0                         ; the boot information, through the direct map
    la   a0, boot_info
    std  s0, [a0]
    ldd  a1, [s0+BI_RAMDISK]
    P2V  a1, a1
    la   a0, ramdisk
    std  a1, [a0]

    call frames_init
    call cmdline_init
    mov  a0, zero
    call cpu_init                       ; the idle task of processor 0; its stack is now the one to use
    mov  sp, a0
    ldd  a1, [s0+BI_MAGIC]              ; (s0 survives: it is no stack)
    call banner
    la   a0, vectors
    ARCH_LOAD_VECTORS a0
    mov  a0, zero
    call cpu_enable
    call ioapic_init
    call disk_init
    call nic_init
    call smp_start
    call drop_identity
    call make_init
    jmp  idle

.ifndef PARAVIRT
; Builds the first page tables at the end of what is loaded, and turns paging on. Runs at its physical address. in s0: boot
; information. It leaves kernel_root, levels, first_free for later. Paging needs at that moment: the direct map, the
; devices' registers, and, as the next instruction is still fetched from its physical address, an identity map of the
; first 2 MiB.
boot_paging:
    push lr, s1, s2, s3
    li   a0, 0x80000008                 ; virtual address bits = 12 + 9 x levels
    cpuid
    shri a0, a0, 8
    andi a0, a0, 0xff
    addi a0, a0, -PAGE_SHIFT
    movi a1, 9
    div  a0, a0, a1
    la   a1, levels
    std  a0, [a1]
    ; Free memory begins behind the kernel and behind the RAM disk.
    la   a0, kernel_end
    ldd  a1, [s0+BI_RAMDISK]
    ldd  a2, [s0+BI_RAMDISK_SIZE]
    add  a1, a1, a2
    bgeu a0, a1, .behind_kernel
    mov  a0, a1
.behind_kernel:
    PAGE_UP a0, a0
    la   a1, first_free
    std  a0, [a1]
    call boot_page
    mov  s1, a0                         ; the highest table
    la   a1, kernel_root
    std  a0, [a1]

    ; Direct map: all RAM, 2 MiB at a time.
    la   a0, ram_end
    ldd  s2, [s0+BI_RAM]
    li   a1, DIRECT_MAX
    bltu s2, a1, .ram_fits
    mov  s2, a1
.ram_fits:
    std  s2, [a0]
    mov  s3, zero
.map_ram:
    P2V  a1, s3
    mov  a2, s3
    call boot_map
    li   a0, HUGE
    add  s3, s3, a0
    bltu s3, s2, .map_ram
    ; Devices.
    li   s3, DEVICE_PA
    li   s2, DEVICE_END
.map_devices:
    shli a1, s3, 32
    sari a1, a1, 32                     ; sign-extended from 32 bits
    mov  a2, s3
    call boot_map
    li   a0, HUGE
    add  s3, s3, a0
    bltu s3, s2, .map_devices
    ; Identity.
    mov  a1, zero
    mov  a2, zero
    call boot_map

    ARCH_LOAD_PTBR s1
    li   a0, MSW_PG | MSW_WP
    lmsw a0
    pop  lr, s1, s2, s3
    ret

; A zeroed page from the end of what is in use, before there is an allocator. out a0: its physical address.
boot_page:
    la   a1, first_free
    ldd  a0, [a1]
    addi a2, a0, PAGE
    std  a2, [a1]
    mov  a1, a0
.clear:
    std  zero, [a1]
    addi a1, a1, 8
    bltu a1, a2, .clear
    ret

; Maps 2 MiB at virtual address a1 to physical address a2, in the tables at s1.
boot_map:
    push lr, s0, s2, s3
    mov  s0, a1
    mov  s2, a2
    la   a0, levels
    ldd  a0, [a0]
    movi a1, 9
    mul  a0, a0, a1
    addi s3, a0, 3                      ; shift of the highest level's index: 12 + 9 x (levels - 1)
    mov  a0, s1
.level:
    shr  a1, s0, s3
    andi a1, a1, 511
    shli a1, a1, 3
    add  a3, a0, a1                     ; the entry
    movi a1, 21
    beq  s3, a1, .leaf
    ldd  a0, [a3]
    bnez a0, .table
    push a3
    call boot_page
    pop  a3
    ori  a1, a0, PTE_P | PTE_W
    std  a1, [a3]
.table:
    PTE_FRAME a0, a0
    addi s3, s3, -9
    jmp  .level
.leaf:
    ori  a0, s2, PTE_P | PTE_W | PTE_PS
    std  a0, [a3]
    pop  lr, s0, s2, s3
    ret
.endif

; Takes the identity map of the first 2 MiB away: from now on a null pointer in the kernel is a fault, not a mystery. The
; other processors, which needed it to start, are up.
drop_identity:
.ifndef PARAVIRT
    la   a0, kernel_root
    ldd  a0, [a0]
    P2V  a0, a0
    ARCH_SET_PTE a0, zero
    ARCH_FLUSH_ALL
.endif
    ret

; Prints what was booted.
banner:
    ENTER 0
    PRINT "toyos: "
    la   a0, cpus
    ldd  a0, [a0]
    call put_decimal
    PRINT " processor(s), "
    la   a0, ram_end
    ldd  a0, [a0]
    shri a0, a0, 20
    call put_decimal
    PRINT " MiB, "
    la   a0, ramdisk
    ldd  a0, [a0]
    ldd  a0, [a0+RD_COUNT]
    call put_decimal
    PRINT " files in the RAM disk\n"
    LEAVE 0

; Reads the kernel's own words of the command line: cpus=N limits the processors to start, tickless=1 does without the timer's tick.
; Fills `cmdline`, `cpus` and `tickless`.
cmdline_init:
    ENTER 1
    la   a0, boot_info
    ldd  s0, [a0]
    ldd  a1, [s0+BI_CMDLINE]
    P2V  a1, a1
    la   a0, cmdline
    std  a1, [a0]
    mov  a0, a1
    la   a1, .word_cpus
    call find_word
    ldd  a1, [s0+BI_CPUS]
    beqz a0, .all                       ; absent or 0
    bgeu a0, a1, .all
    mov  a1, a0
.all:
    movi a0, CPUS_MAX
    bgeu a0, a1, .few
    mov  a1, a0
.few:
    la   a0, cpus
    std  a1, [a0]
    la   a0, cmdline
    ldd  a0, [a0]
    la   a1, .word_tickless
    call find_word
    la   a1, tickless
    std  a0, [a1]
    LEAVE 1
.word_cpus:
    .asciz "cpus="
.word_tickless:
    .asciz "tickless="
    .align 4

; The number behind a word such as "cpus=" in the text at a0. in a1: the word. out a0: the number, 0 if the word is absent.
find_word:
    mov  a4, a0
.at:
    mov  a2, a4
    mov  a3, a1
.compare:
    ldbu t0, [a3]
    beqz t0, .found
    ldbu t1, [a2]
    addi a2, a2, 1
    addi a3, a3, 1
    beq  t0, t1, .compare
    ldbu t1, [a4]
    addi a4, a4, 1
    bnez t1, .at
    mov  a0, zero
    ret
.found:
    mov  a0, zero
    movi a3, 10
.digit:
    ldbu t0, [a2]
    addi a2, a2, 1
    addi t0, t0, -'0'
    bgeu t0, a3, .end
    mul  a0, a0, a3
    add  a0, a0, t0
    jmp  .digit
.end:
    ret
