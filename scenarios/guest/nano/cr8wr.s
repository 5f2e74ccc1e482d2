; cr8wr.s: sets the task priority, as x86's MOV to CR8.
        .include "nano.inc"
body:   ltpr    zero
        dec     s0
        bnez    s0, body
        ret
