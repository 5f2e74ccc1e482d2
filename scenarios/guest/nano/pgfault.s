; pgfault.s: touches a page that is not mapped; the handler skips the instruction.
        .include "nano.inc"
body:   li      s1, HOLE
.loop:  ldd     a0, [s1]
        dec     s0
        bnez    s0, .loop
        ret
