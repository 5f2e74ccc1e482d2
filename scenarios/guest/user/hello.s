; hello.s: the smallest workload: prints its greeting n times.

    .include "ulib.inc"

    MAIN
.next:
    bgeu s2, s0, .done
    SAY  "hello from the toy OS\n"
    call put_flush                      ; the number of bytes written
    HASH s1, a0, s3
    addi s2, s2, 1
    jmp  .next
.done:
    END_MAIN "hello"
