; vm.s: address spaces. A page of its own describes each: a list of regions, which say what may be where, and page tables,
; which fault.s fills in as the program touches its memory.

; A new, empty address space: no regions, tables that hold the kernel's half only. out a0: it, or 0.
mm_new:
    ENTER 2
    call frame_alloc
    beqz a0, .none
    P2V  s0, a0
    std  zero, [s0+MM_LOCK]
    movi a0, 1
    std  a0, [s0+MM_REFS]
    std  zero, [s0+MM_CPUS]
    std  zero, [s0+MM_HEAP]
    addi a0, s0, MM_REGIONS
    std  a0, [s0+MM_LAST]
    call frame_zalloc
    beqz a0, .no_root
    std  a0, [s0+MM_ROOT]
    ; The kernel's half is the same for all: with 3 to 5 levels one entry of the highest table leads to it, with 2 the 256
    ; entries of the half are its 2 MiB pages themselves. Nothing there changes after boot, so a copy stays true.
    P2V  a0, a0
    la   a1, kernel_root
    ldd  a1, [a1]
    P2V  a1, a1
    movi a2, 511 * 8
    la   a3, levels
    ldd  a3, [a3]
    addi a3, a3, -2
    bnez a3, .copy
    movi a2, 256 * 8
.copy:
    add  a3, a1, a2
    ldd  t0, [a3]
    add  a3, a0, a2
    std  t0, [a3]                       ; not yet a table to the processor: a plain store will do
    addi a2, a2, 8
    movi a3, PAGE
    bltu a2, a3, .copy
    ldd  s1, [s0+MM_ROOT]
    la   a1, levels
    ldd  a1, [a1]
    ARCH_PT_PIN s1, a1
    mov  a0, s0
    LEAVE 2
.no_root:
    V2P  a0, s0
    call frame_put
    mov  a0, zero
.none:
    LEAVE 2

; One user less of address space a0; the last one destroys it. It must not be the running task's any more.
mm_put:
    LOCK a0
    ldd  a1, [a0+MM_REFS]
    addi a1, a1, -1
    std  a1, [a0+MM_REFS]
    UNLOCK a0
    beqz a1, .last
    ret
.last:
    ENTER 1
    mov  s0, a0
    mov  a1, zero                       ; idle processors may still have it loaded
    mov  a2, zero
    movi a3, 1
    call shootdown
    ARCH_MMU_BATCH_BEGIN
    ldd  a0, [s0+MM_ROOT]
    la   a1, levels
    ldd  a1, [a1]
    movi a2, 256                        ; the lower half; the upper is not ours
    call pt_free
    ARCH_MMU_BATCH_END
    V2P  a0, s0
    call frame_put
    LEAVE 1

; Frees a table with all below it. in a0: physical address; a1: level; a2: how many of its entries to look at.
pt_free:
    ENTER 4
    mov  s3, a0
    mov  s1, a1
    P2V  s0, a0
    shli a2, a2, 3
    add  s2, s0, a2
.row:
    ARCH_GET_PTE a3, s0
    beqz a3, .next
    ARCH_SET_PTE s0, zero
    PTE_FRAME a0, a3
    addi a1, s1, -1
    bnez a1, .upper
    call frame_put
    jmp  .next
.upper:
    andi a3, a3, PTE_PS
    bnez a3, .huge
    movi a2, 512
    call pt_free
    jmp  .next
.huge:
    call huge_free
.next:
    addi s0, s0, 8
    bltu s0, s2, .row
    ARCH_PT_UNPIN s3
    mov  a0, s3
    call frame_put
    LEAVE 4

; Fork's half: fills address space a0 with what a1 has. Pages are shared; writable ones become read-only in both, so that the
; first write finds out (fault.s). out a0: 0, or -1 if memory is out.
mm_copy:
    ENTER 3
    mov  s0, a0
    mov  s1, a1
    LOCK s1
    ; Regions. Their addresses inside the page move with it.
    addi a2, s1, MM_REGIONS
    addi a3, s0, MM_REGIONS
    ldd  a4, [s1+MM_LAST]
.region:
    bgeu a2, a4, .regions_done
    ldd  t0, [a2]
    std  t0, [a3]
    addi a2, a2, 8
    addi a3, a3, 8
    jmp  .region
.regions_done:
    std  a3, [s0+MM_LAST]
    ldd  a2, [s1+MM_HEAP]
    sub  a2, a2, s1
    add  a2, a2, s0
    std  a2, [s0+MM_HEAP]
    ; Tables.
    ARCH_MMU_BATCH_BEGIN
    ldd  a0, [s1+MM_ROOT]
    ldd  a1, [s0+MM_ROOT]
    la   a2, levels
    ldd  a2, [a2]
    movi a3, 256
    call pt_copy
    mov  s2, a0
    ARCH_MMU_BATCH_END
    ARCH_FLUSH_ALL                      ; what was writable is not any more
    mov  a0, s1
    mov  a1, zero
    mov  a2, zero
    mov  a3, zero
    call shootdown
    UNLOCK s1
    mov  a0, s2
    LEAVE 3

; in a0, a1: physical addresses of the source's and the copy's table; a2: level; a3: how many entries. out a0: 0 or -1.
pt_copy:
    ENTER 4
    P2V  s0, a0
    P2V  s1, a1
    mov  s2, a2
    shli a3, a3, 3
    add  s3, s0, a3
.row:
    ARCH_GET_PTE a0, s0
    beqz a0, .next
    addi a1, s2, -1
    bnez a1, .upper
    ; A page.
    andi a1, a0, PTE_W
    beqz a1, .shared
    xori a0, a0, PTE_W
    ARCH_SET_PTE s0, a0
.shared:
    ARCH_SET_PTE s1, a0
    PTE_FRAME a0, a0
    call frame_get
    jmp  .next
.upper:
    andi a1, a0, PTE_PS
    bnez a1, .huge
    call frame_zalloc
    beqz a0, .none
    addi a2, s2, -1
    ARCH_PT_PIN a0, a2
    ori  a1, a0, PTE_P | PTE_W | PTE_U
    ARCH_SET_PTE s1, a1
    mov  a1, a0
    ARCH_GET_PTE a0, s0
    PTE_FRAME a0, a0
    movi a3, 512
    call pt_copy
    bnez a0, .none
    jmp  .next
.huge:                                  ; not shared: counting users of parts is more than this kernel wants to teach
    call huge_alloc
    beqz a0, .none
    ARCH_GET_PTE a1, s0
    PTE_FRAME a2, a1
    xor  a1, a1, a2
    or   a1, a1, a0
    ARCH_SET_PTE s1, a1
    P2V  a0, a0
    P2V  a1, a2
    li   a2, HUGE
    call memcpy
.next:
    addi s0, s0, 8
    addi s1, s1, 8
    bltu s0, s3, .row
    mov  a0, zero
    LEAVE 4
.none:
    movi a0, -1
    LEAVE 4

; Loads address space a0 into this processor, unless it is there. 0, a kernel task's, is in every address space: whichever
; is loaded stays. The caller holds sched_lock.
mm_switch:
    CURRENT a1
    ldd  a1, [a1+T_CPU]
    ldd  a2, [a1+CPU_MM]
    beqz a0, .stay
    beq  a0, a2, .stay
    ldd  a3, [a1+CPU_ID]
    movi a4, 1
    shl  a3, a4, a3
    beqz a2, .no_old
    ldd  a4, [a2+MM_CPUS]
    xor  a4, a4, a3
    std  a4, [a2+MM_CPUS]
.no_old:
    ldd  a4, [a0+MM_CPUS]
    or   a4, a4, a3
    std  a4, [a0+MM_CPUS]
    std  a0, [a1+CPU_MM]
    ldd  a2, [a0+MM_ROOT]
    ARCH_SWITCH_PTBR a2
.stay:
    ret

; The running task's address space becomes a0 (0: none, it is about to end). The old one loses a user.
mm_replace:
    ENTER 3
    CURRENT s0
    mov  s1, a0
    ARCH_IRQ_SAVE s2
    la   a1, sched_lock
    LOCK a1
    ldd  a2, [s0+T_MM]
    std  s1, [s0+T_MM]
    push a2
    bnez s1, .load
    ; None: leave the old one now, before it is destroyed.
    ldd  a1, [s0+T_CPU]
    ldd  a3, [a1+CPU_ID]
    movi a4, 1
    shl  a3, a4, a3
    ldd  a4, [a2+MM_CPUS]
    xor  a4, a4, a3
    std  a4, [a2+MM_CPUS]
    std  zero, [a1+CPU_MM]
    la   a4, kernel_root
    ldd  a4, [a4]
    ARCH_LOAD_PTBR a4
    jmp  .loaded
.load:
    mov  a0, s1
    call mm_switch
    ARCH_MMU_BATCH_END
.loaded:
    la   a1, sched_lock
    UNLOCK a1
    ARCH_IRQ_RESTORE s2
    pop  a0
    beqz a0, .done
    call mm_put
.done:
    LEAVE 3
