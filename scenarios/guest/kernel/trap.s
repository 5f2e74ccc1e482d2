; trap.s: every way into the kernel but SYSCALL, and every way out. An interrupt or exception arrives here with five words
; pushed by the processor; the stub completes the trap frame, C-like code handles it, and trap_exit undoes it all.

; ---- in -----------------------------------------------------------------------------------------
; One stub a vector: by the time anything can look, the number would be lost.
.macro STUB vector
stub_\vector:
    addi sp, sp, -TF_HW
    std  a0, [sp+TF_A0]
    movi a0, \vector
    jmp  trap_entry
.endm
    STUB 0
; #DB in the kernel: a program that single-steps itself (TF) has said SYSCALL or BRK. The step's exception comes at our first
; instruction, when sp may still be what SYSCALL loads: the address of CPU_SP0, below which 56 bytes are kept for this. There
; is nothing to do; TF is clear by now, and the program will have it back with its flags.
stub_1:
.ifndef PARAVIRT
    addi sp, sp, -16
    std  a0, [sp]
    ldd  a0, [sp+16+TF_RING-TF_HW]
    andi a0, a0, 3
    beqz a0, .in_kernel
    ldd  a0, [sp]
    addi sp, sp, 16
.endif
    addi sp, sp, -TF_HW
    std  a0, [sp+TF_A0]
    movi a0, 1
    jmp  trap_entry
.ifndef PARAVIRT
.in_kernel:
    ldd  a0, [sp]
    addi sp, sp, 16
    iret
.endif
    STUB 3
    STUB 6
    STUB 8
    STUB 13
    STUB VEC_PF
.ifndef PARAVIRT
    STUB VEC_TIMER
    STUB VEC_DISK
    STUB VEC_NIC
    STUB VEC_CONSOLE
    STUB VEC_RESCHED
    STUB VEC_SHOOT
    STUB VEC_SPURIOUS
.else
    STUB VEC_TIMER                      ; all events come by this way
.endif

trap_entry:
    std  a0, [sp+TF_VECTOR]
    std  a1, [sp+TF_A1]
    std  a2, [sp+TF_A2]
    std  a3, [sp+TF_A3]
    std  a4, [sp+TF_A4]
    std  a5, [sp+TF_A5]
    std  s0, [sp+TF_S0]
    std  s1, [sp+TF_S1]
    std  s2, [sp+TF_S2]
    std  s3, [sp+TF_S3]
    std  t0, [sp+TF_T0]
    std  t1, [sp+TF_T1]
    std  t2, [sp+TF_T2]
    std  lr, [sp+TF_LR]
    movi a1, VEC_PF
    beq  a0, a1, .page_fault
    movi a1, 32
    bltu a0, a1, .exception
    call interrupt
    jmp  trap_exit
.page_fault:
    mov  a0, sp
    call page_fault
    jmp  trap_exit
.exception:
    mov  a0, sp
    call exception

; ---- out ----------------------------------------------------------------------------------------
; sp: the trap frame. A task going back to its program first gives up the processor if its time is over. Interrupts must
; be off from that test to the end: a tick in between would otherwise be forgotten until the next one.
trap_exit:
    ARCH_CLI
    ldd  a0, [sp+TF_RING]
    andi a0, a0, 3
    movi a1, 3
    bne  a0, a1, .restore
    CURRENT a0
    ldd  a1, [a0+T_RESCHED]
    beqz a1, .restore
    mov  a0, a1
    call resched
    jmp  trap_exit
.restore:
    ldd  a0, [sp+TF_A0]
    ldd  a1, [sp+TF_A1]
    ldd  a2, [sp+TF_A2]
    ldd  a3, [sp+TF_A3]
    ldd  a4, [sp+TF_A4]
    ldd  a5, [sp+TF_A5]
    ldd  s0, [sp+TF_S0]
    ldd  s1, [sp+TF_S1]
    ldd  s2, [sp+TF_S2]
    ldd  s3, [sp+TF_S3]
    ldd  lr, [sp+TF_LR]
    ARCH_IRET

; ---- exceptions ---------------------------------------------------------------------------------
; in a0: trap frame. In a program: that program ends. In the kernel: all ends.
exception:
    ldd  a1, [a0+TF_RING]
    andi a1, a1, 3
    movi a2, 3
    beq  a1, a2, kill
    mov  a1, a0
    la   a0, .message
    call panic
.message:
    .asciz "exception in the kernel"
    .align 4

; Ends the running task for what it did. in a0: trap frame. One line says what it was. Does not return.
kill:
    ENTER 2
    mov  s0, a0
    ARCH_STI
    la   a0, print_lock
    LOCK a0
    PRINT "toyos: process "
    CURRENT s1
    ldd  a0, [s1+T_PID]
    call put_decimal
    PRINT " ("
    addi a0, s1, T_NAME
    call puts
    PRINT ") killed: "
    ldd  a0, [s0+TF_VECTOR]
    call put_vector
    ldd  a0, [s0+TF_VECTOR]
    movi a1, VEC_PF
    bne  a0, a1, .where
    PRINT " at "
    ldd  a0, [s1+T_FAULT]
    call put_hex
.where:
    PRINT ", pc "
    ldd  a0, [s0+TF_PC]
    call put_hex
    PRINT "\n"
    la   a0, print_lock
    UNLOCK a0
    ldd  a0, [s0+TF_VECTOR]
    neg  a0, a0
    addi a0, a0, -256                   ; exit status: no program that ends by itself has that
    call sys_exit

; ---- interrupts ---------------------------------------------------------------------------------
.ifndef PARAVIRT
; in a0: vector. Runs with interrupts off; must not sleep.
interrupt:
    ENTER 1
    mov  s0, a0
    movi a1, VEC_SPURIOUS
    beq  s0, a1, .done
    movi a1, VEC_TIMER
    beq  s0, a1, .timer
    movi a1, VEC_DISK
    beq  s0, a1, .disk
    movi a1, VEC_NIC
    beq  s0, a1, .nic
    movi a1, VEC_CONSOLE
    beq  s0, a1, .console
    movi a1, VEC_SHOOT
    beq  s0, a1, .shoot
    jmp  .eoi                           ; VEC_RESCHED: to have come out of HLT was all
.timer:
    call timer_tick
    jmp  .eoi
.disk:
    call disk_interrupt
    jmp  .eoi
.nic:
    call nic_interrupt
    jmp  .eoi
.console:
    call console_interrupt
    jmp  .eoi
.shoot:
    call shoot_interrupt
.eoi:
    call lapic_eoi
.done:
    LEAVE 1
.endif
