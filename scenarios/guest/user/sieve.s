; sieve.s: Eratosthenes's sieve: the primes below n.

    .include "ulib.inc"

    MAIN
    addi a0, s0, 1
    SYS  SYS_SBRK                       ; one byte a number, 0: perhaps prime
    bltz a0, .failed
    mov  a4, a0
    movi s2, 2
.number:
    bgeu s2, s0, .done
    add  a1, a4, s2
    ldbu a0, [a1]
    bnez a0, .next
    HASH s1, s2, s3
    mul  a2, s2, s2                     ; smaller multiples have a smaller factor
    movi a1, 1
.multiple:
    bgeu a2, s0, .next
    add  a3, a4, a2
    stb  a1, [a3]
    add  a2, a2, s2
    jmp  .multiple
.next:
    addi s2, s2, 1
    jmp  .number
.done:
    END_MAIN "sieve"
.failed:
    FAIL "sieve: no memory"
