; smp.s: the other processors. Processor 0 starts them one by one; afterwards all are equal. They send each other two
; interrupts: VEC_RESCHED ("there is work") and VEC_SHOOT ("forget these translations": the TLB shootdown).

; rd: address of the structure of the processor with number ra. Loses t0.
.macro CPU_OF rd, ra
    la   t0, cpu_structs
    shli \rd, \ra, 7                    ; CPU_SIZE is 128
    add  \rd, \rd, t0
.endm

; Makes processor a0's structure and its idle task. out a0: where that task's stack begins.
cpu_init:
    ENTER 2
    CPU_OF s0, a0
    std  a0, [s0+CPU_ID]
    call task_new
    beqz a0, .no_memory
    mov  s1, a0
    std  s0, [s1+T_CPU]
    std  s1, [s0+CPU_CURRENT]
    std  s1, [s0+CPU_IDLE]
    std  zero, [s0+CPU_MM]
    addi a0, s1, PAGE - 16              ; (CURRENT must work with nothing on the stack)
    std  a0, [s0+CPU_SP0]
    LEAVE 2
.no_memory:
    PANIC "no memory for a processor's idle task"

; This processor, a0, gets what every processor must have: task register, system-call entry, timer.
cpu_enable:
    ENTER 0
    CPU_OF a0, a0
    ARCH_LOAD_TASK a0
    la   a0, syscall_entry
    ARCH_SET_SYSCALL a0
    call timer_init
    LEAVE 0

; Starts processors 1 to cpus - 1.
smp_start:
    ENTER 1
    movi s0, 1
    la   a0, cpus_online
    std  s0, [a0]
.next:
    la   a0, cpus
    ldd  a0, [a0]
    bgeu s0, a0, .done
    mov  a0, s0
    call cpu_init
.ifndef PARAVIRT
    la   a1, ap_entry
    V2P  a1, a1
    shri a1, a1, PAGE_SHIFT             ; the vector of a start-up interrupt is a page number
    mov  a0, s0
    call send_startup
.endif
    la   a0, cpus_online
.wait:
    pause
    ldd  a1, [a0]
    bgeu s0, a1, .wait
    addi s0, s0, 1
    jmp  .next
.done:
    LEAVE 1

.ifndef PARAVIRT
; A processor that is started begins here, at its physical address, paging off, all registers 0.
    .align 4096
ap_entry:
    la   a0, kernel_root
    ldd  a0, [a0]
    ARCH_LOAD_PTBR a0
    li   a0, MSW_PG | MSW_WP
    lmsw a0
    la   a0, .high
    P2V  a0, a0
    jr   a0
.high:
    movi a0, 1
    ARCH_CPUID
    shri a0, a1, 24                     ; who am I?
    CPU_OF s0, a0
    ldd  sp, [s0+CPU_SP0]
    la   a1, vectors
    ARCH_LOAD_VECTORS a1
    call cpu_enable
    la   a0, cpus_online
    movi a1, 1
    call atomic_add
    jmp  idle
.endif

; Adds a1 to the word at a0, atomically.
atomic_add:
    ldd  t0, [a0]
.try:
    add  t1, t0, a1
    mov  t2, t0
    cas  t0, a0, t1
    bne  t0, t2, .try
    ret

; Clears the bits a1 in the word at a0, atomically.
atomic_clear:
    not  a1, a1
    ldd  t0, [a0]
.try:
    and  t1, t0, a1
    mov  t2, t0
    cas  t0, a0, t1
    bne  t0, t2, .try
    ret

; ---- TLB shootdown ------------------------------------------------------------------------------
; The address space a0 has lost pages (or rights to them); this processor has seen to its own TLB, now the others that have the
; address space loaded must follow before the pages are used for something else. in a1: first address; a2: how many
; pages, 0: all; a3: 1 if the address space itself ends: then they must not keep its tables loaded either.
; Interrupts must be on: while we wait for others, another may be waiting for us.
shootdown:
    CURRENT a4
    ldd  a4, [a4+T_CPU]
    ldd  a4, [a4+CPU_ID]
    movi a5, 1
    shl  a5, a5, a4
    not  a5, a5
    ldd  a4, [a0+MM_CPUS]
    and  a4, a4, a5                     ; all but me
    bnez a4, .others
    ret
.others:
    ENTER 3
    la   s0, shoot_lock
    LOCK s0
    la   s1, shoot
    std  a0, [s1+SHOOT_MM]
    std  a1, [s1+SHOOT_START]
    std  a2, [s1+SHOOT_PAGES]
    std  a3, [s1+SHOOT_LEAVE]
    std  a4, [s1+SHOOT_PENDING]
    mov  s2, a4
    mov  s0, zero
.send:
    andi a0, s2, 1
    beqz a0, .skip
    mov  a0, s0
    movi a1, VEC_SHOOT
    call send_ipi
.skip:
    shri s2, s2, 1
    addi s0, s0, 1
    bnez s2, .send
.wait:
    pause
    ldd  a0, [s1+SHOOT_PENDING]
    bnez a0, .wait
    la   s0, shoot_lock
    UNLOCK s0
    LEAVE 3

; The interrupt at the other end.
shoot_interrupt:
    ENTER 1
    CURRENT a0
    ldd  s0, [a0+T_CPU]
    la   a1, shoot
    ldd  a2, [a1+SHOOT_MM]
    ldd  a3, [s0+CPU_MM]
    bne  a2, a3, .done                  ; we have switched since: that flushed everything
    ldd  a3, [a1+SHOOT_LEAVE]
    bnez a3, .leave
    ldd  a2, [a1+SHOOT_START]
    ldd  a3, [a1+SHOOT_PAGES]
    beqz a3, .all
.page:
    ARCH_FLUSH_PAGE a2
    addi a2, a2, PAGE
    addi a3, a3, -1
    bnez a3, .page
    jmp  .done
.all:
    ARCH_FLUSH_ALL
    jmp  .done
.leave:                                 ; only the idle task borrows a foreign address space
    la   a2, kernel_root
    ldd  a2, [a2]
    ARCH_LOAD_PTBR a2
    std  zero, [s0+CPU_MM]
.done:
    ldd  a0, [s0+CPU_ID]
    movi a2, 1
    shl  a1, a2, a0
    la   a0, shoot + SHOOT_PENDING
    call atomic_clear
    LEAVE 1
