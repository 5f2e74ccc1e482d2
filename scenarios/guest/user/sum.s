; sum.s: reads numbers, a line each, and prints their sum, which is its exit status as well.

    .include "ulib.inc"

main:
    push lr, s0, s1
    mov  s0, zero                       ; the sum
    mov  s1, zero                       ; the number so far
.read:
    mov  a0, zero
    la   a1, buffer
    movi a2, 64
    SYS  SYS_READ
    blez a0, .end
    la   a1, buffer
    add  a2, a1, a0
.next:
    ldbu t0, [a1]
    addi t0, t0, -'0'
    movi t1, 10
    bgeu t0, t1, .line
    mul  s1, s1, t1
    add  s1, s1, t0
    jmp  .more
.line:
    add  s0, s0, s1
    mov  s1, zero
.more:
    addi a1, a1, 1
    bltu a1, a2, .next
    jmp  .read
.end:
    SAY  "sum "
    mov  a0, s0
    call put_decimal
    SAY  "\n"
    call put_flush
    mov  a0, s0
    pop  lr, s0, s1
    ret

    .bss
buffer: .space 64
