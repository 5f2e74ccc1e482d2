.byte later
.equ later, 300
