; ptetoggle.s: makes a page absent and present again: two writes of its page-table entry, and no use in between.
        .include "nano.inc"
body:   li      s1, SPARE_PTE
        li      a0, SPARE
        ldd     a1, [a0]
        ldd     a1, [s1]
.loop:  std     zero, [s1]
        std     a1, [s1]
        dec     s0
        bnez    s0, .loop
        ret
