; empty.s: the loop around every nanobenchmark, with nothing in it.
        .include "nano.inc"
body:   dec     s0
        bnez    s0, body
        ret
