.macro in
.endm
