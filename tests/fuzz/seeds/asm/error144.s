.irp a+b, c
.endr
