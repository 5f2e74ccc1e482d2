; sum.s: a loop: adds the numbers from 1 to N. Try -D N=1000000, and another --cpu.
        .ifndef N
        .equ    N, 100
        .endif

start:  li      a1, N
        movi    a0, 0
loop:   add     a0, a0, a1
        dec     a1
        bnez    a1, loop
        la      a2, result
        std     a0, [a2]
        out     zero, [zero+0xf4]

        .bss
result: .space  8
; expect a0 = 5050
; expect [result] = 5050
