; hello.s: the smallest workload: prints its greeting n times.

    .include "ulib.inc"

main:
    push lr, s0, s1, s2, s3
    call argument
    mov  s0, a0
    li   s1, HASH_START
    li   s3, HASH_PRIME
    mov  s2, zero
.next:
    bgeu s2, s0, .done
    SAY  "hello from the toy OS\n"
    call put_flush                      ; the number of bytes written
    HASH s1, a0, s3
    addi s2, s2, 1
    jmp  .next
.done:
    la   a0, name
    mov  a1, s1
    call report
    pop  lr, s0, s1, s2, s3
    ret

    .rodata
name:   .asciz "hello"
