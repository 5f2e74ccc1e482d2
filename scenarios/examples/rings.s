; rings.s: a kernel in ring 0 and a program in ring 3. The program calls the kernel by SYSCALL, then tries HLT:
; #GP, for that is privileged.
        .include "bare.inc"

start:  li      sp, 0x80000
        la      a0, idt
        lidt    a0
        gate    13, protection
        la      a0, stacks
        ltr     a0                      ; where #GP from ring 3 finds ring 0's stack
        li      a1, 0x80000
        std     a1, [a0]

        li      a0, MSR_LSTAR
        la      a1, system_call
        wrmsr   a0, a1
        la      t1, program             ; SYSRET: sp = t0, address = t1, flags = t2
        li      t0, 0x90000
        movi    t2, 0
        sysret

; the kernel: a0 is a character to print
system_call:
        out     a0, [zero+CONSOLE]
        sysret
protection:
        print   caught
        power_off

; the program
program:
        movi    a0, 'h'
        syscall
        movi    a0, 'i'
        syscall
        movi    a0, '\n'
        syscall
        hlt

        .rodata
caught: .asciz  "The program tried something privileged.\n"
        .bss
        .align  16
idt:    .space  256*16
stacks: .space  24
; expect "hi"
; expect "The program tried something privileged."
; expect #GP = 1
; expect ring = 0
