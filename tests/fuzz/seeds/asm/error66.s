.equ .byte, 1
