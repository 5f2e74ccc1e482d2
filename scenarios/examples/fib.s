; fib.s: recursion: Fibonacci numbers the slow way, with a stack, calls, and a macro. Try -D N=20, and watch the calls count.
;
; What to look at: lr holds only one return address, so a function that calls must save its own; push and pop do, and
; what else must survive the call goes with it. The listing (ringside asm -l -) shows what the macro and push become.

        .include "bare.inc"

        .ifndef N
        .equ    N, 10
        .endif

; print the value of fib(n) on a line of its own
        .macro  show_fib n
        movi    a0, \n
        call    fib
        call    put_number
        print   newline
        .endm

start:  la      sp, stack_top           ; the stack grows down from here
        .set    n, 0
        .rept   N
        show_fib n
        .set    n, n + 1
        .endr
        movi    a0, N
        call    fib
        la      a1, result
        std     a0, [a1]
        power_off

; fib(a0) -> a0; changes t0. Saves what it uses across its two calls: lr, and s0.
fib:    movi    t0, 2
        blt     a0, t0, .small          ; fib(0) = 0, fib(1) = 1
        push    s0, lr
        mov     s0, a0
        dec     a0
        call    fib                     ; fib(n - 1)
        subi    t0, s0, 2
        mov     s0, a0
        mov     a0, t0
        call    fib                     ; fib(n - 2)
        add     a0, a0, s0
        pop     s0, lr
.small: ret

        .rodata
newline: .asciz "\n"
        .bss
result: .space  8
stack:  .space  4096
stack_top:
; expect "0"
; expect "1"
; expect "1"
; expect "2"
; expect "3"
; expect "5"
; expect "8"
; expect "13"
; expect "21"
; expect "34"
; expect [result] = 55
