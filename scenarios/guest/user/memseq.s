; memseq.s: n passes over 4 MiB, one word in each cache line of 64 bytes: the TLB misses once a page. Option h: huge pages.

    .include "ulib.inc"

.equ LENGTH, 0x400000

    MAIN
    movi a0, 'h'
    call option
    mov  a1, a0                         ; MAP_HUGE is 1
    li   a0, LENGTH
    SYS  SYS_MMAP
    bltz a0, .failed
    mov  a4, a0
    li   a5, LENGTH
    add  a5, a5, a4
.pass:
    bgeu s2, s0, .done
    mov  a0, a4
.line:
    ldd  a1, [a0]
    movi a2, 3
    mul  a1, a1, a2
    add  a1, a1, s2
    addi a1, a1, 1
    std  a1, [a0]
    addi a0, a0, 64
    bltu a0, a5, .line
    HASH s1, a1, s3
    addi s2, s2, 1
    jmp  .pass
.done:
    END_MAIN "memseq"
.failed:
    FAIL "memseq: no memory"
