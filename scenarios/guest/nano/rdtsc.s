; rdtsc.s: reads the clock.
        .include "nano.inc"
body:   rdtsc   a0
        dec     s0
        bnez    s0, body
        ret
