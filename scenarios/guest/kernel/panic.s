; panic.s: the kernel is wrong about something. It says what, shows the registers of whoever was interrupted, and stops the
; machine with status PANIC_STATUS.

.equ PANIC_STATUS, 0x70

; in a0: message; a1: trap frame, or 0 if there is none.
panic:
    ARCH_CLI
    mov  s0, a0
    mov  s1, a1
    mov  s3, lr
    la   a1, panic_once                 ; another processor's trouble, or trouble in here, must not garble this report
    mov  t0, zero
    movi t1, 1
    cas  t0, a1, t1
    bnez t0, .halt
    PRINT "\nkernel panic: "
    mov  a0, s0
    call puts
    PRINT "\n"
    bnez s1, .frame
    PRINT "  pc "
    mov  a0, s3
    call put_hex
    PRINT "\n"
    jmp  .stop
.frame:
    PRINT "  vector "
    ldd  a0, [s1+TF_VECTOR]
    call put_vector
    PRINT "  error "
    ldd  a0, [s1+TF_ERROR]
    call put_hex
    PRINT "  address "
    ARCH_FAULT_ADDR a0
    call put_hex
    PRINT "\n  pc "
    ldd  a0, [s1+TF_PC]
    call put_hex
    PRINT "  sp "
    ldd  a0, [s1+TF_SP]
    call put_hex
    PRINT "  ring "
    ldd  a0, [s1+TF_RING]
    call put_decimal
    PRINT "  flags "
    ldd  a0, [s1+TF_FLAGS]
    call put_hex
    mov  s2, zero
    la   s3, .names
.register:
    andi a0, s2, 3
    bnez a0, .same_line
    PRINT "\n"
.same_line:
    PRINT "  "
    mov  a0, s3
    call puts
    PRINT " "
    shli a0, s2, 3
    add  a0, a0, s1
    ldd  a0, [a0]
    call put_hex
    addi s3, s3, 3
    addi s2, s2, 1
    movi a0, 14
    bltu s2, a0, .register
    PRINT "\n"
.stop:
    movi a0, PANIC_STATUS
    ARCH_POWEROFF a0
.halt:
    ARCH_CLI
    pause
    jmp  .halt
.names:
    .ascii "a0\0a1\0a2\0a3\0a4\0a5\0s0\0s1\0s2\0s3\0t0\0t1\0t2\0lr\0"
    .align 4
