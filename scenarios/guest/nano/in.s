; in.s: reads a port of the chipset.
        .include "nano.inc"
body:   in      a0, [zero+0x80]
        dec     s0
        bnez    s0, body
        ret
