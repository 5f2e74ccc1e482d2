.macro add
.endm
