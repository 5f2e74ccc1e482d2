-- Run it: ringside run user-and-kernel
lesson "User mode and kernel mode"

text [[
Every processor that protects its operating system has at least two modes. In kernel mode, ring 0, every
instruction may be used. In user mode, ring 3, those that could take the machine away from the kernel may
not: the processor refuses them with an exception, and the exception's handler is the kernel.
]]

text [[
The script holds a kernel of a few lines and a program. The program prints "hi" by three system calls, one
for each character. Then it gets impatient and writes to the console's port itself, with OUT.
]]

ask [[
The kernel, too, prints with OUT: the same instruction, on the same port. What happens when the program
executes it?
]]

local impatient = run { program = [[
            .include "bare.inc"
    start:  li   sp, 0x80000
            la   a0, idt
            lidt a0
            gate 13, refused
            la   a0, stacks
            ltr  a0                   ; where #GP from ring 3 finds the kernel's stack
            li   a1, 0x80000
            std  a1, [a0]
            li   a0, MSR_LSTAR
            la   a1, kernel
            wrmsr a0, a1              ; where SYSCALL goes
            la   t1, program
            li   t0, 0x90000
            movi t2, 0
            sysret                    ; down to ring 3

    kernel: out  a0, [zero+CONSOLE]   ; the only service: print a character
            sysret
    refused:
            print message
            power_off

    program:
            movi a0, 'h'
            syscall
            movi a0, 'i'
            syscall
            movi a0, '\n'
            syscall
            movi a0, '!'
            out  a0, [zero+CONSOLE]   ; why ask?

            .rodata
    message: .asciz "#GP: the kernel stopped the program.\n"
            .bss
            .align 16
    idt:    .space 256*16
    stacks: .space 24
]] }
show(impatient)
expect(impatient.console == "hi\n#GP: the kernel stopped the program.\n", "the kernel printed for the program, then stopped it")
expect(impatient.syscalls == 3, "one system call a character")
expect(impatient.exceptions == 1, "the OUT in ring 3 is the only exception")

answer [[
Nothing reaches the console. The processor compares the current ring with what the instruction demands,
raises #GP, switches to ring 0 and to the kernel's stack, and goes on in the kernel's handler. An
instruction is not good or bad in itself: the mode decides.
]]

text [[
Protection has a price, since each service now takes a way into the kernel and back. The second program does
nothing a thousand times: first by calling an empty function, then by calling an empty kernel.
]]

ask [[
Both calls do nothing and come back. How many times as long does the one take that crosses into the kernel:
twice, ten times, or a hundred times?
]]

local crossing = run { program = [[
            .include "bare.inc"
            .equ CALLS, 1000
    start:  li   sp, 0x80000
            li   a0, MSR_LSTAR
            la   a1, kernel
            wrmsr a0, a1
            la   t1, program
            li   t0, 0x90000
            movi t2, 0
            sysret
    kernel: beqz a0, .done
            sysret
    .done:  mov  a0, s3
            call put_number
            power_off
    empty:  ret
    program:
            li   s0, CALLS
            rdtsc s1
    by_call: call empty
            dec  s0
            bnez s0, by_call
            rdtsc s2
            sub  s1, s2, s1
            li   s0, CALLS
            movi a0, 1
    by_syscall: syscall
            dec  s0
            bnez s0, by_syscall
            rdtsc s3
            sub  s2, s3, s2
            div  s3, s2, s1
            movi a0, 0
            syscall
]] }
local ratio = tonumber(crossing.console)
show(crossing)
expect(ratio > 5 and ratio < 300, "crossing into the kernel takes many times as long as calling a function")

answer [[
Tens of times. A function call changes one register and the program counter. A system call also changes the
mode, the stack and the flags, and the processor must not let anything of the new mode begin before that is
done. This is the one crossing that virtualization adds to: watch what becomes of it in the scenarios that
follow.
]]

look [[
Look at the time by category: only in ring 3 is it the program's own.
]]

try [[
Change OUT into another instruction: RDRING tells the program its ring, and the processor lets it. Is that
harmless? The third scenario answers.
]]
