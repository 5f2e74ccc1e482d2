; mmap.s: n times maps 64 KiB, writes to the first four of its pages, and unmaps it.

    .include "ulib.inc"

.equ LENGTH, 0x10000

    MAIN
.next:
    bgeu s2, s0, .done
    li   a0, LENGTH
    mov  a1, zero
    SYS  SYS_MMAP
    bltz a0, .failed
    mov  a2, a0
    movi a3, 4
.touch:
    ldd  a1, [a2]                       ; 0, though another mapping with other contents was here just now
    add  a1, a1, s2
    add  a1, a1, a3
    std  a1, [a2]
    HASH s1, a1, s3
    li   a1, 4096
    add  a2, a2, a1
    addi a3, a3, -1
    bnez a3, .touch
    li   a1, LENGTH
    SYS  SYS_MUNMAP
    bnez a0, .failed
    addi s2, s2, 1
    jmp  .next
.done:
    END_MAIN "mmap"
.failed:
    FAIL "mmap: a call failed"
