; hello.s: the smallest whole program: prints a line on the console and switches the machine off.
;
;     ringside exec scenarios/examples/hello.s
;
; There is no operating system here. The program runs in ring 0 with paging off, so addresses are physical and
; IN and OUT are allowed.

        .equ CONSOLE, 0x3f8     ; the console's data port: a byte written is a byte printed
        .equ POWER,   0xf4      ; a value written here stops the machine, with that status

start:  la      a0, text
.next:  ldbu    a1, [a0]        ; the next character
        beqz    a1, .done       ; a zero byte ends the text
        out     a1, [zero+CONSOLE]
        inc     a0
        jmp     .next
.done:  out     zero, [zero+POWER]
        jmp     .               ; not reached

        .rodata
text:   .asciz  "Hello from ring 0.\n"
; expect "Hello from ring 0."
