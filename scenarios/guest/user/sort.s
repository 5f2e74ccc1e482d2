; sort.s: heapsort of n random numbers.

    .include "ulib.inc"

    MAIN
    shli a0, s0, 3
    SYS  SYS_SBRK
    bltz a0, .failed
    mov  a4, a0                         ; the numbers
    li   a2, RANDOM_MUL
    li   a3, RANDOM_ADD
    movi a1, 1
.set_up:
    bgeu s2, s0, .filled
    mul  a1, a1, a2
    add  a1, a1, a3
    shri t0, a1, 16
    shli t1, s2, 3
    add  t1, t1, a4
    std  t0, [t1]
    addi s2, s2, 1
    jmp  .set_up
.filled:
    ; A heap: every number at least as big as those at 2i + 1 and 2i + 2.
    shri s2, s0, 1
    shli a5, s0, 3
    add  a5, a5, a4                     ; behind the heap
.heapify:
    beqz s2, .sort
    addi s2, s2, -1
    shli a0, s2, 3
    add  a0, a0, a4
    call sift
    jmp  .heapify
    ; The biggest goes to the end, and the heap shrinks.
.sort:
    addi t0, a4, 8
    bgeu t0, a5, .sorted
    addi a5, a5, -8
    ldd  t0, [a5]
    ldd  t1, [a4]
    std  t1, [a5]
    std  t0, [a4]
    mov  a0, a4
    call sift
    jmp  .sort
.sorted:
    mov  s2, zero
.sum:
    bgeu s2, s0, .done
    shli a0, s2, 3
    add  a0, a0, a4
    ldd  a0, [a0]
    HASH s1, a0, s3
    addi s2, s2, 1
    jmp  .sum
.done:
    END_MAIN "sort"
.failed:
    FAIL "sort: no memory"

; Lets the number at a0 sink to its place in the heap from a4 to a5. Loses a0-a3, t0-t2.
sift:
    ldd  t0, [a0]                       ; the sinking number
.level:
    sub  a1, a0, a4
    add  a1, a1, a0
    addi a1, a1, 8                      ; its first child: a4 + 2 (a0 - a4) + 8
    bgeu a1, a5, .place
    ldd  t1, [a1]
    addi a2, a1, 8
    bgeu a2, a5, .bigger
    ldd  t2, [a2]
    bgeu t1, t2, .bigger
    mov  t1, t2
    mov  a1, a2
.bigger:
    bgeu t0, t1, .place
    std  t1, [a0]
    mov  a0, a1
    jmp  .level
.place:
    std  t0, [a0]
    ret
