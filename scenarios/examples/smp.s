; smp.s: starts every other processor by IPI; each adds its share under a lock made of CAS. Run with --cpus 4.
        .include "bare.inc"
        .equ    ENTRY, 0x20000          ; where the others begin: vector << 12
        .equ    ROUNDS, 1000

start:  li      sp, 0x80000
        movi    a0, 1
        cpuid
        shri    s0, a1, 16
        andi    s0, s0, 0xff            ; s0: processors
        li      s1, APIC
        movi    s2, 1
.start: bge     s2, s0, .all
        shli    a0, s2, 24
        stw     a0, [s1+0x310]          ; to whom
        li      a0, 0x600 | ENTRY >> 12
        stw     a0, [s1+0x300]          ; start-up IPI
        inc     s2
        jmp     .start

.all:   call    work
        la      a0, done
.wait:  pause
        ldd     a1, [a0]
        bne     a1, s0, .wait
        la      a0, total
        ldd     a0, [a0]
        li      a1, ROUNDS
        div     a0, a0, a1
        bne     a0, s0, .lost
        print   good
        power_off
.lost:  power_off 1

; adds 1 to `total` ROUNDS times, then 1 to `done`
work:   li      t0, ROUNDS
.round: la      a0, total
        mov     t1, lr
        call    add_one
        mov     lr, t1
        dec     t0
        bnez    t0, .round
        la      a0, done
add_one:
        ldd     a1, [a0]
.again: addi    a2, a1, 1
        mov     a3, a1
        cas     a3, a0, a2              ; stored only if nobody else was faster; a3 = what was there
        beq     a3, a1, .stored
        mov     a1, a3
        jmp     .again
.stored:
        ret

        .data
        .align  8
total:  .quad   0
done:   .quad   0
        .rodata
good:   .asciz  "Nothing was lost.\n"

        .section others, exec, addr=ENTRY
other:  li      t2, work
        callr   t2
.sleep: hlt                             ; with interrupts off: for good
        jmp     .sleep
; expect "Nothing was lost."
