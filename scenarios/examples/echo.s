; echo.s: reads what is typed at the console (--input FILE), prints it in capitals, and ends with the input.
        .include "bare.inc"

start:  in      a0, [zero+CONSOLE+5]    ; line status: bit 0: input is there
        andi    a0, a0, 1
        beqz    a0, end
        in      a0, [zero+CONSOLE]
        addi    a1, a0, -'a'
        movi    a2, 26
        bgeu    a1, a2, .print
        addi    a0, a0, 'A' - 'a'
.print: out     a0, [zero+CONSOLE]
        jmp     start
end:    power_off
; expect status 0
