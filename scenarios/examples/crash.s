; crash.s: how a run ends that cannot go on: a call through a pointer that nobody has set, and no vector table.
start:  la      a0, pointer
        ldd     a0, [a0]
        callr   a0
        out     zero, [zero+0xf4]       ; not reached

        .data
pointer:
        .quad   0x123450
; expect stop triple-fault
; expect pc = 0x123450
; expect lr = start + 12
