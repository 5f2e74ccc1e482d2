; walk.s: drops one translation and uses it again: one walk each time, from the root.
        .include "nano.inc"
body:   li      s1, SPARE
.loop:  invlpg  s1
        ldd     a0, [s1]
        dec     s0
        bnez    s0, .loop
        ret
