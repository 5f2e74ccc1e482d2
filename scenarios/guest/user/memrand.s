; memrand.s: n reads and writes at random places of 16 MiB: more pages than the TLB holds, so that nearly each is a miss. Option h: huge
; pages, which make the misses rare.

    .include "ulib.inc"

.equ LENGTH, 0x1000000

    MAIN
    movi a0, 'h'
    call option
    mov  a1, a0                         ; MAP_HUGE is 1
    li   a0, LENGTH
    SYS  SYS_MMAP
    bltz a0, .failed
    mov  a4, a0
    li   a2, RANDOM_MUL
    li   a3, RANDOM_ADD
    movi a1, 1
.next:
    bgeu s2, s0, .done
    mul  a1, a1, a2
    add  a1, a1, a3
    shri a0, a1, 64 - 21                ; 2^21 words
    shli a0, a0, 3
    add  a0, a0, a4
    ldd  t0, [a0]
    add  t0, t0, a1
    std  t0, [a0]
    HASH s1, t0, s3
    addi s2, s2, 1
    jmp  .next
.done:
    END_MAIN "memrand"
.failed:
    FAIL "memrand: no memory"
