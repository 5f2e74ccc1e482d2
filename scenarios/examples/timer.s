; timer.s: sleeps until the local APIC's timer has interrupted five times. See how much of the time is idle.
        .include "bare.inc"
        .equ    VECTOR, 0x40

start:  li      sp, 0x80000
        la      a0, idt
        lidt    a0
        gate    VECTOR, tick

        li      s0, APIC
        movi    a0, 0xb
        stw     a0, [s0+0x3e0]          ; count every cycle
        li      a0, VECTOR | 1 << 17
        stw     a0, [s0+0x320]          ; periodic, unmasked
        li      a0, 100000
        stw     a0, [s0+0x380]          ; it runs

        movi    s1, 0                   ; ticks so far, counted by the handler
        movi    s2, 5
wait:   sti                             ; STI takes effect behind HLT: no tick can slip between the two
        hlt
        cli
        blt     s1, s2, wait
        print   text
        power_off

tick:   inc     s1
        stw     zero, [s0+0xb0]         ; end of interrupt
        iret

        .rodata
text:   .asciz  "Five ticks.\n"
        .bss
        .align  16
idt:    .space  256*16
; expect "Five ticks."
; expect interrupts = 5
; expect s1 = 5
