; deadlock.s: waits for an interrupt, with interrupts off: for ever.
start:  cli
        hlt
; expect stop deadlock
