; matrix.s: the product of two n x n matrices of 64-bit integers: a[i][k] = 3i + k, b[k][j] = k xor 5j.

    .include "ulib.inc"

    MAIN
    mul  a0, s0, s0
    shli a0, a0, 4                      ; both
    SYS  SYS_SBRK
    bltz a0, .failed
    mov  a4, a0                         ; a
    mul  a0, s0, s0
    shli a0, a0, 3
    add  a5, a4, a0                     ; b
    ; Fill.
    mov  a0, zero                       ; i
    mov  a2, a4
    mov  a3, a5
.fill_row:
    bgeu a0, s0, .filled
    mov  a1, zero                       ; j
.set_up:
    bgeu a1, s0, .row_filled
    movi t0, 3
    mul  t0, t0, a0
    add  t0, t0, a1
    std  t0, [a2]
    movi t0, 5
    mul  t0, t0, a1
    xor  t0, t0, a0
    std  t0, [a3]
    addi a2, a2, 8
    addi a3, a3, 8
    addi a1, a1, 1
    jmp  .set_up
.row_filled:
    addi a0, a0, 1
    jmp  .fill_row
.filled:
    ; Multiply; the product is only summed up.
    mov  a0, zero                       ; i
.row:
    bgeu a0, s0, .done
    mov  a1, zero                       ; j
.element:
    bgeu a1, s0, .row_done
    mul  a2, a0, s0
    shli a2, a2, 3
    add  a2, a2, a4                     ; a[i][0]
    shli a3, a1, 3
    add  a3, a3, a5                     ; b[0][j]
    shli lr, s0, 3                      ; bytes in a row
    add  lr, a2, lr                     ; behind a[i]
    mov  s2, zero
.product:
    ldd  t0, [a2]
    ldd  t1, [a3]
    mul  t0, t0, t1
    add  s2, s2, t0
    addi a2, a2, 8
    shli t2, s0, 3
    add  a3, a3, t2
    bltu a2, lr, .product
    HASH s1, s2, s3
    addi a1, a1, 1
    jmp  .element
.row_done:
    addi a0, a0, 1
    jmp  .row
.done:
    END_MAIN "matrix"
.failed:
    FAIL "matrix: no memory"
