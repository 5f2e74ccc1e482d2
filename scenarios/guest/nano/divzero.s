; divzero.s: divides by zero; the handler skips the instruction.
        .include "nano.inc"
body:   div     a0, s0, zero
        dec     s0
        bnez    s0, body
        ret
