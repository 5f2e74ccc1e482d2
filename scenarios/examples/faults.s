; faults.s: a vector table and four exceptions: each handler counts, and returns behind the culprit.
        .include "bare.inc"

start:  li      sp, 0x80000
        la      a0, idt
        lidt    a0
        gate    0, skip
        gate    3, trap
        gate    6, skip
        gate    13, skip
        gate    64, trap

        movi    a0, 1
        div     a0, a0, zero            ; #DE
        brk                             ; #BP: a trap, it returns to the next instruction by itself
        .align  4
        .word   0                       ; no instruction: #UD
        li      a0, 0x12345
        rdmsr   a1, a0                  ; no such MSR: #GP
        int     64                      ; a software interrupt, through a gate of our own
        la      a0, counts
        ldd     a0, [a0]
        print   text
        power_off

; faults: the pushed address is the culprit's own; the handler moves it on by one instruction
skip:   push    a0, a1
        ldd     a0, [sp+16+8]           ; error, address, ring, flags, sp lie above what we pushed
        addi    a0, a0, 4
        std     a0, [sp+16+8]
        jmp     count
trap:   push    a0, a1
count:  la      a0, counts
        ldd     a1, [a0]
        inc     a1
        std     a1, [a0]
        pop     a0, a1
        iret

        .rodata
text:   .asciz  "Five times the kernel took over.\n"
        .bss
        .align  16
idt:    .space  256*16
counts: .space  8
; expect "Five times the kernel took over."
; expect [counts] = 5
; expect #DE = 1
; expect #BP = 1
; expect #UD = 1
; expect #GP = 1
