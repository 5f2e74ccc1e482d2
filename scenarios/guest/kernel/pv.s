; pv.s: what a paravirtual kernel does instead of writing page tables and returning from interrupts by itself. Functions here take their arguments in
; t0 and t1 and go back to t2; they lose t0-t2 and nothing else, as the macros of arch.inc promise.

.equ MMU_QUEUE, 128

; First of all: where are we? The builder of our domain has left a note.
pv_boot:
    li   a0, SHARED_INFO
    ldd  a1, [a0+SI_BASE]
    la   a2, pv_base
    std  a1, [a2]
    li   a3, KBASE
    sub  a1, a1, a3
    la   a2, pv_v2m
    std  a1, [a2]
    ldd  a1, [a0+SI_ROOT]
    la   a2, kernel_root
    std  a1, [a2]
    ldd  a1, [a0+SI_LEVELS]
    la   a2, levels
    std  a1, [a2]
    ldd  a1, [a0+SI_FREE]
    la   a2, first_free
    std  a1, [a2]
    ldd  a1, [a0+SI_END]
    la   a2, ram_end
    std  a1, [a2]
    ret

; ---- page tables --------------------------------------------------------------------------------
; Writes t1 to the entry at virtual address t0. Our physical addresses become the machine's here.
pv_set_pte:
    push a0
    la   a0, pv_v2m
    ldd  a0, [a0]
    add  t0, t0, a0
    beqz t1, .absent
    la   a0, pv_base
    ldd  a0, [a0]
    add  t1, t1, a0
.absent:
    pop  a0

; Queues request t0, t1; while no batch is open, or the queue is full, carries out all that wait.
pv_request:
    push a0, a1
    la   a0, pv_count
    ldd  a1, [a0]
    push a1
    shli a1, a1, 4
    la   a0, pv_requests
    add  a0, a0, a1
    std  t0, [a0]
    std  t1, [a0+8]
    pop  a1
    addi a1, a1, 1
    la   a0, pv_count
    std  a1, [a0]
    movi t0, MMU_QUEUE
    beq  a1, t0, .carry_out
    la   a0, pv_batch
    ldd  a0, [a0]
    bnez a0, .later
.carry_out:
    pop  a0, a1
    jmp  pv_flush
.later:
    pop  a0, a1
    jr   t2

pv_batch_end:
    la   t0, pv_batch
    std  zero, [t0]
pv_flush:
    la   t0, pv_count
    ldd  t1, [t0]
    beqz t1, .nothing
    std  zero, [t0]
    push t2
    la   t0, pv_requests
    HYPERCALL HC_MMU_UPDATE
    pop  t2
    bnez t0, .refused
.nothing:
    jr   t2
.refused:
    PANIC "the hypervisor refuses a page-table update"

; The frame at physical address t0 becomes a table of level t1: read-only in the direct map first, as no table may be writable.
pv_pin:
    push a0, a1, t2
    mov  a0, t0
    mov  a1, t1
    P2V  t0, a0
    ori  t0, t0, MMU_ADDRESS
    la   t1, pv_base
    ldd  t1, [t1]
    add  a0, a0, t1                     ; the machine's address
    ori  t1, a0, PTE_P
    PV_CALL pv_request
    ori  t0, a0, MMU_COMMAND
    mov  t1, a1
    PV_CALL pv_request
    pop  a0, a1, t2
    jr   t2

; It is no table any more. Whoever asked will write to it: nothing may wait.
pv_unpin:
    push a0, a1, t2
    P2V  a1, t0
    la   t1, pv_base
    ldd  t1, [t1]
    add  a0, t0, t1
    ori  t0, a0, MMU_COMMAND
    movi t1, MMU_UNPIN
    PV_CALL pv_request
    ori  t0, a1, MMU_ADDRESS
    ori  t1, a0, PTE_P | PTE_W
    PV_CALL pv_request
    PV_CALL pv_flush
    pop  a0, a1, t2
    jr   t2

; The tables at physical address t0 become the address space, now.
pv_load_base:
    push t2
    la   t1, pv_base
    ldd  t1, [t1]
    add  t0, t0, t1
    ori  t0, t0, MMU_COMMAND
    movi t1, MMU_NEW_BASE
    PV_CALL pv_request
    PV_CALL pv_flush
    pop  t2
    jr   t2

; The same, but it may wait for pv_switch_stack, which comes soon in a switch of tasks: two things to ask, one way in.
pv_switch_base:
    push t2
    la   t1, pv_base
    ldd  t1, [t1]
    add  t0, t0, t1
    ori  t0, t0, MMU_COMMAND
    push t0
    ARCH_MMU_BATCH_BEGIN
    pop  t0
    movi t1, MMU_NEW_BASE
    PV_CALL pv_request
    la   t0, pv_batch
    std  zero, [t0]
    pop  t2
    jr   t2

; From now on programs enter the kernel on the stack that ends at t0; page-table requests that wait are carried out, too.
pv_switch_stack:
    push a0, t2
    la   t1, pv_count
    ldd  a0, [t1]
    bnez a0, .both
    HYPERCALL HC_STACK_SWITCH
    pop  a0, t2
    jr   t2
.both:
    std  zero, [t1]
    la   t1, pv_calls
    std  a0, [t1+16]
    std  t0, [t1+40]
    la   a0, pv_requests
    std  a0, [t1+8]
    mov  t0, t1
    movi t1, 2
    HYPERCALL HC_MULTICALL
    la   t1, pv_calls
    ldd  t1, [t1+24]
    or   t0, t0, t1
    bnez t0, .refused
    pop  a0, t2
    jr   t2
.refused:
    PANIC "the hypervisor refuses to switch tasks"

; ---- the way back -------------------------------------------------------------------------------
; sp: trap frame; all registers but t0-t2 and sp have their final values, events are off. To a program we return by ourselves, unless an event waits,
; which the hypervisor then delivers first. An event that comes between that look and IRET would be forgotten: the hypervisor knows these
; instructions (pv_callbacks) and sends us back to the look; none of them changes anything that it needs.
pv_return:
    ldd  t0, [sp+TF_RING]
    addi sp, sp, TF_HW
    addi t0, t0, -3
    bnez t0, pv_return_slowly           ; to the kernel itself: the mask must be restored at the same moment
pv_restart:
    li   t0, SHARED_INFO
    ldd  t0, [t0+SI_PENDING]
    bnez t0, pv_return_slowly
    ldd  t0, [sp+TF_T0-TF_HW]
    ldd  t1, [sp+TF_T1-TF_HW]
    ldd  t2, [sp+TF_T2-TF_HW]
    iret
pv_restart_end:
pv_return_slowly:
    addi sp, sp, TF_T0-TF_HW
    HYPERCALL HC_IRET

    .align 8
pv_callbacks:
    .quad stub_VEC_TIMER, syscall_entry, pv_restart, pv_restart_end
