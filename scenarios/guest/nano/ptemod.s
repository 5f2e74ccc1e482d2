; ptemod.s: writes a page-table entry that is in use, each time with the value that it has.
        .include "nano.inc"
body:   li      s1, SPARE_PTE
        li      a0, SPARE
        ldd     a1, [a0]                ; in use: its translation is somewhere
        ldd     a1, [s1]
.loop:  std     a1, [s1]
        dec     s0
        bnez    s0, .loop
        ret
