; diskwrite.s: writes n blocks of 4 KiB to the disk's file scratch (round and round: it has 1024), then reads back what is
; there and sums up the first word of each.

    .include "ulib.inc"

.equ BLOCK, 4096
.equ BLOCKS, 1024

    MAIN
    la   a0, path
    SYS  SYS_OPEN
    bltz a0, .failed
    mov  a4, a0
.next:
    bgeu s2, s0, .written
    la   a1, block
    li   a2, BLOCK
    add  a2, a2, a1
    mov  a3, s2
.set_up:                                  ; eight words are enough to tell blocks apart
    std  a3, [a1]
    mul  a3, a3, s3
    addi a3, a3, 1
    addi a1, a1, 512
    bltu a1, a2, .set_up
    andi a1, s2, BLOCKS - 1
    bnez a1, .goes_on
    mov  a0, a4
    SYS  SYS_SEEK
.goes_on:
    mov  a0, a4
    la   a1, block
    li   a2, BLOCK
    SYS  SYS_WRITE
    li   a2, BLOCK
    bne  a0, a2, .failed
    addi s2, s2, 1
    jmp  .next
.written:
    SYS  SYS_SYNC
    mov  a0, a4
    mov  a1, zero
    SYS  SYS_SEEK
    li   a0, BLOCKS
    bgeu a0, s0, .read_back
    mov  s0, a0
.read_back:
    mov  s2, zero
.read:
    bgeu s2, s0, .done
    mov  a0, a4
    la   a1, block
    li   a2, BLOCK
    SYS  SYS_READ
    la   a1, block
    ldd  a0, [a1]
    HASH s1, a0, s3
    ldd  a0, [a1+3584]
    HASH s1, a0, s3
    addi s2, s2, 1
    jmp  .read
.done:
    END_MAIN "diskwrite"
.failed:
    FAIL "diskwrite: cannot write disk/scratch"

    .rodata
path:   .asciz "disk/scratch"
    .bss
    .align 4096
block:  .space BLOCK
