; count.s: prints the numbers from 0 to n - 1, a line each.

    .include "ulib.inc"

    MAIN
.next:
    bgeu s2, s0, .done
    mov  a0, s2
    call put_decimal
    SAY  "\n"
    call put_flush
    addi s2, s2, 1
    jmp  .next
.done:
    mov  a0, zero
    pop  lr, s0, s1, s2, s3
    ret
