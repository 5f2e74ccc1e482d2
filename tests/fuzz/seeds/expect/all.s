; expect "a line\n"
; expect status 3
 ; expect stop deadlock
; expect a0 = -start+4
; expect cpu1 r3 == 0x1f
; expect word [start+8] = 7
; expect #PF = 2
; expect interrupts = 1
; expect lstar = 0
