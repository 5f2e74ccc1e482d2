.x: nop
