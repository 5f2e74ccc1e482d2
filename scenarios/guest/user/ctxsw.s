; ctxsw.s: context switches: two processes hand a number to each other n times through two pipes. Each waits for the other, so
; every hand-over is a switch.

    .include "ulib.inc"

    MAIN
    la   a0, there
    SYS  SYS_PIPE
    la   a0, back
    SYS  SYS_PIPE
    SYS  SYS_FORK
    bltz a0, .failed
    beqz a0, child
    la   a0, there                      ; the ends that are the child's
    ldd  a0, [a0]
    SYS  SYS_CLOSE
    la   a0, back
    ldd  a0, [a0+8]
    SYS  SYS_CLOSE
.next:
    bgeu s2, s0, .done
    la   a1, number
    std  s2, [a1]
    la   a0, there
    ldd  a0, [a0+8]
    movi a2, 8
    SYS  SYS_WRITE
    la   a0, back
    ldd  a0, [a0]
    la   a1, number
    movi a2, 8
    SYS  SYS_READ
    la   a1, number
    ldd  a0, [a1]
    HASH s1, a0, s3
    addi s2, s2, 1
    jmp  .next
.done:
    la   a0, there
    ldd  a0, [a0+8]
    SYS  SYS_CLOSE                      ; the child reads the end of its input, and ends
    mov  a0, zero
    SYS  SYS_WAIT
    END_MAIN "ctxsw"
.failed:
    FAIL "ctxsw: cannot fork"

; Reads numbers, answers 3 x number + 1.
child:
    la   a0, there
    ldd  a0, [a0+8]
    SYS  SYS_CLOSE
.next:
    la   a0, there
    ldd  a0, [a0]
    la   a1, number
    movi a2, 8
    SYS  SYS_READ
    movi a2, 8
    bne  a0, a2, .end
    la   a1, number
    ldd  a0, [a1]
    movi a3, 3
    mul  a0, a0, a3
    addi a0, a0, 1
    std  a0, [a1]
    la   a0, back
    ldd  a0, [a0+8]
    SYS  SYS_WRITE
    jmp  .next
.end:
    mov  a0, zero
    SYS  SYS_EXIT

    .bss
there:  .space 16                       ; each: to read from, to write to
back:   .space 16
number: .space 8
