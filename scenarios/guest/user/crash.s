; crash.s: does what a program must not do; n says which. The kernel ends it, and nothing else. For tests and curious readers.

    .include "ulib.inc"

    MAIN
    la   a0, table
    movi a1, 9
    bgeu s0, a1, .done
    shli a1, s0, 3
    add  a0, a0, a1
    ldd  a0, [a0]
    jr   a0
.null:
    std  zero, [zero]
.kernel:
    li   a0, 0xffffffffe0010000
    ldd  a0, [a0]
.code:
    la   a0, main
    std  zero, [a0]
.stack:
    la   a0, table
    jr   a0
.divide:
    div  a0, s0, zero
.privileged:
    hlt
.undefined:
    .word 0
.vector:
    int  14
.eater:                                 ; wants more memory than there is
    li   a0, 0x10000000
    mov  a1, zero
    SYS  SYS_MMAP
    li   a2, 4096
.page:
    std  a0, [a0]
    add  a0, a0, a2
    jmp  .page
.done:
    END_MAIN "crash"

    .data
    .align 8
table:
    .quad main.null, main.kernel, main.code, main.stack, main.divide, main.privileged, main.undefined, main.vector
    .quad main.eater
