.macro m
x: nop
.endm
 m
 m
