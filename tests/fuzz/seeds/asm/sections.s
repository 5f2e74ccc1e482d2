.section .text, exec, addr=0x100000, load=0x200000
start: li a0, far
 la a1, far
.next: bnez a0, .next
1: beq a0, a1, 1b
 jmp 1f
1: push a0, lr
 pop a0, lr
 ret
.data
x: .quad start, . - x, far * 2
 .byte 1, -1, 'a'
 .align 16
 .half 2
 .word 3
.bss
.space 100
.section more, write, align=64
.asciz "text\n"
.fill 4, 2, 7
.org . + 3, 1
.equ far, end - start
end:
.global far
.entry start
.assert far > 0, "m"
