; outconsole.s: writes to a device whose model is a process of the host, under a hosted hypervisor.
        .include "nano.inc"
body:   movi    a0, '.'
.loop:  out     a0, [zero+CONSOLE]
        dec     s0
        bnez    s0, .loop
        ret
