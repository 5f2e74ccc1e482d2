; holes.s: Popek and Goldberg's problem: a program in ring 3 uses the five sensitive instructions. On this ISA, as
; on x86, none of them traps; with --holes-closed each does.
        .include "bare.inc"

start:  li      sp, 0x80000
        la      a0, idt
        lidt    a0
        gate    13, trapped
        gate    64, finish, 3
        la      a0, stacks
        ltr     a0
        li      a1, 0x80000
        std     a1, [a0]
        la      t1, program
        li      t0, 0x90000
        movi    t2, 0
        sysret

program:
        movi    s0, 0                   ; traps, counted by the kernel
        li      s1, 0x200               ; IF
        wrflags s1                      ; "interrupts on", says the program; silently ignored
        rdflags a1                      ; and it can see that: IF is still 0
        rdring  a2                      ; it sees its ring ...
        sidt    a3                      ; ... the kernel's vector table ...
        smsw    a4                      ; ... and the machine word
        int     64

trapped:
        inc     s0
        ldd     t0, [sp+8]
        addi    t0, t0, 4
        std     t0, [sp+8]
        iret
finish: mov     a0, s0
        call    put_number
        print   text
        power_off

        .rodata
text:   .asciz  " of 5 sensitive instructions trapped.\n"
        .bss
        .align  16
idt:    .space  256*16
stacks: .space  24
; expect "0 of 5 sensitive instructions trapped."
; expect #GP = 0
