.macro m a, b=1, c:req, d:rest
.if \b
 addi \a, \a, \b
.elif defined(FUZZ)
l\@: .byte \c
.else
 .ascii "\d"
.endif
.endm
 m a0, c=2
 m a0, 0, 3, x, y
.rept 3
.byte \+
.irp r, a0, a1
 mov \r, zero
.endr
.endr
n = 1
n = n + 1
.ifdef n
.include "line"
.endif
.ifndef n
.include "self"
.endif
.pushsection .data
.incbin "line", 1, 2
.popsection
.loc "f", 3
 nop
