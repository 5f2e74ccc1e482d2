; callret.s: calls a function that returns.
        .include "nano.inc"
body:   mov     s1, lr
.loop:  call    leaf
        dec     s0
        bnez    s0, .loop
        jr      s1
leaf:   ret
