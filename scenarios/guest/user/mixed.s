; mixed.s: everything a little: runs other workloads, one after the other, each with n times a length of its own, and sums up
; their checksums.

    .include "ulib.inc"

; A part: its length for n = 1, its path. (sim/toyos_expect.c has the same list.)
.macro PART name, length
    .quad \length, .path\@
    .pushsection .rodata
.path\@:
    .asciz "bin/\name"
    .popsection
.endm
    .data
    .align 8
parts:
    PART nullcall, 200
    PART ctxsw, 10
    PART pgfault, 20
    PART mmap, 5
    PART forkexec, 1
    PART sieve, 1000
    PART crc, 1000
    PART sort, 50
    PART memrand, 500
    PART diskread, 2
    PART netrr, 5
    PART compile, 1
    PART web, 4
parts_end:
    .text

    MAIN
    la   s2, parts
.next:
    la   a0, parts_end
    bgeu s2, a0, .done
    la   a0, _line
    la   a1, _line_end
    std  a0, [a1]
    ldd  a0, [s2]
    mul  a0, a0, s0
    call put_decimal
    SAY  " q"
    mov  a0, zero
    call put_byte
    SYS  SYS_FORK
    bltz a0, .failed
    bnez a0, .parent
    ldd  a0, [s2+8]
    la   a1, _line
    SYS  SYS_EXEC
.failed:
    FAIL "mixed: cannot start a part"
.parent:
    la   a0, status
    SYS  SYS_WAIT
    la   a0, status
    ldd  a0, [a0]
    HASH s1, a0, s3
    addi s2, s2, 16
    jmp  .next
.done:
    la   a0, _line
    la   a1, _line_end
    std  a0, [a1]
    END_MAIN "mixed"

    .bss
status: .space 8
