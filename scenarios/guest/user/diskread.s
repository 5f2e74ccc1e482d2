; diskread.s: reads n blocks of 4 KiB of the disk's file data, one after the other, and sums up their words.

    .include "ulib.inc"

.equ BLOCK, 4096

    MAIN
    la   a0, path
    SYS  SYS_OPEN
    bltz a0, .failed
    mov  a4, a0
.next:
    bgeu s2, s0, .done
    mov  a0, a4
    la   a1, block
    li   a2, BLOCK
    SYS  SYS_READ
    beqz a0, .again
    li   a2, BLOCK
    bne  a0, a2, .failed
    la   a1, block
    add  a2, a1, a2
.each:
    ldd  a0, [a1]
    HASH s1, a0, s3
    addi a1, a1, 8
    bltu a1, a2, .each
    addi s2, s2, 1
    jmp  .next
.again:                                 ; the end: from the beginning
    mov  a0, a4
    mov  a1, zero
    SYS  SYS_SEEK
    jmp  .next
.done:
    END_MAIN "diskread"
.failed:
    FAIL "diskread: cannot read disk/data"

    .rodata
path:   .asciz "disk/data"
    .bss
    .align 4096
block:  .space BLOCK
