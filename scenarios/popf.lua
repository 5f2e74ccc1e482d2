-- Run it: ringside run popf
lesson "Why x86 was not virtualizable"

local kernel = [[
            .include "bare.inc"
    start:  li   sp, 0x80000
            la   a0, idt
            lidt a0
            gate 0x40, handler
            li   s0, APIC
            movi s2, 0                ; 1 inside the critical section
            movi s3, 0                ; interrupts that came inside it
            sti

            rdflags s1                ; save the flags
            movi a0, 0
            wrflags a0                ; interrupts off: POPF
            movi s2, 1
            li   a1, 0x40040
            stw  a1, [s0+0x300]       ; an interrupt, now, to this processor
            movi a2, 100
    work:   dec  a2                   ; what must not be disturbed
            bnez a2, work
            movi s2, 0
            wrflags s1                ; restore the flags

            movi a2, 100
    after:  dec  a2
            bnez a2, after
            beqz s3, kept
            print broken
            power_off
    kept:   print fine
            power_off
    handler: add s3, s3, s2
            stw  zero, [s0+0xb0]      ; end of interrupt
            iret
            .rodata
    broken: .asciz "it came in the middle\n"
    fine:   .asciz "it came after the end\n"
            .bss
            .align 16
    idt:    .space 256*16
]]

text [[
Popek and Goldberg's theorem of 1974 asks one thing of an instruction set: every sensitive instruction, one
that changes the machine's configuration or shows it, must be privileged, so that it traps outside ring 0.
Then a hypervisor can run the guest's kernel in an outer ring and wait.
]]

text [[
x86 of the 1990s had seventeen sensitive instructions that do not trap. The best known is POPF, here
WRFLAGS: outside ring 0 it writes all flags but the interrupt flag, and says nothing about it.
]]

text [[
The kernel in this script does what kernels do a thousand times a second. It saves its flags, switches
interrupts off with WRFLAGS, works on something that must not be disturbed, and restores the flags. An
interrupt comes just then; the kernel prints when it was delivered.
]]

ask [[
The same kernel runs on the bare machine, under trap-and-emulate, binary translation and VT-x. Where is it
interrupted in the middle of its critical section, and what does the hypervisor notice?
]]

local function under(arch, closed)
    return run { program = kernel, arch = arch, holes_closed = closed }
end
local bare, trap = under "native", under "type1/fullvirt-trap"
local bt, vtx = under "type1/fullvirt-bt", under "type1/fullvirt-hw"
show(bare, trap, bt, vtx)
local right = "it came after the end\n"
expect(bare.console == right and bt.console == right and vtx.console == right, "native, translated and under VT-x the interrupt waits")
expect(trap.console == "it came in the middle\n", "under trap-and-emulate it comes in the middle")

answer [[
Under trap-and-emulate only, and nobody notices anything. WRFLAGS in ring 1 left the interrupt flag as it
was, without a trap; the hypervisor still believes that the guest takes interrupts, and delivers one. There
is no crash and no message: only data that are wrong now and then. That is what makes a hole worse than a
fault.
]]

text [[
There are three ways out, and all three came. Binary translation never executes the guest's WRFLAGS: it runs
code in its place. VT-x gives the guest an interrupt flag of its own. Paravirtualization changes the guest's
source. And a fourth, on paper: let the hole trap. The last run closes the holes, and trap-and-emulate is
right.
]]

local closed = under("type1/fullvirt-trap", true)
show(closed)
expect(closed.console == right, "with the holes closed trap-and-emulate is right")

look [[
Look at the exits of the two runs under trap-and-emulate. With the holes closed there are more of them: each
is an instruction of which the hypervisor did not hear before.
]]

expect(closed.exits.TRAP_GP - trap.exits.TRAP_GP == 3, "the hypervisor heard of three more instructions")

try [[
Replace WRFLAGS by CLI and STI. They are privileged, they trap, and trap-and-emulate is right with the holes
open, too: the theorem is about instructions that a guest uses, not about those it could use.
]]
