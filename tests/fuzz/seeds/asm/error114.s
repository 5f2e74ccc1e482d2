.rept 257
.section s\+
.byte 1
.endr
