-- Run it: ringside run rings-and-root-mode
args_spec = { holes_closed = false }
lesson "Rings and root mode"

-- What the lesson expects holds for what it tells of; what --set changes is for those who look.
local expect = not args_spec.holes_closed and expect or function() end

local kernel = [[
            .include "bare.inc"
    start:  rdring a0                 ; which ring is this?
            addi a0, a0, '0'
            out  a0, [zero+CONSOLE]
            la   a0, stacks
            ltr  a0                   ; privileged
            movi a0, 0
            cpuid
            movi a0, '\n'
            out  a0, [zero+CONSOLE]
            power_off
            .bss
            .align 16
    stacks: .space 24
]]

text [[
A guest's kernel was written to own the machine. Where can it run, when somebody else owns the machine
already? Before 2005 there was one answer, an outer ring: the hypervisor sits in ring 0, the guest's kernel
is deprivileged to ring 1, its programs stay in ring 3.
]]

text [[
VT-x gave another. It adds no ring below 0 but a second dimension: root mode for the hypervisor and non-root
mode for the guest, each with all four rings. Whether control leaves the guest no longer depends on the ring
alone but on a list that the hypervisor chose, the VMCS.
]]

text [[
The same small kernel runs on the bare machine, under trap-and-emulate, and under VT-x. It reads its ring
and prints it, changes the task register, which is privileged, and asks CPUID what processor this is.
]]

ask [[
Which ring does the kernel read in each of the three cases?
]]

local bare = run { program = kernel, holes_closed = args_spec.holes_closed }
local trap = run { program = kernel, arch = "type1/fullvirt-trap", holes_closed = args_spec.holes_closed }
local vtx = run { program = kernel, arch = "type1/fullvirt-hw", holes_closed = args_spec.holes_closed }
show(bare, trap, vtx)
expect(bare.console == "0\n", "on the bare machine the kernel is in ring 0")
expect(trap.console == "1\n", "under trap-and-emulate it sees ring 1")
expect(vtx.console == "0\n", "in non-root mode it is in ring 0")

answer [[
0, 1 and 0. Under trap-and-emulate the kernel can see that something is wrong: reading the ring does not
trap, so nobody can correct the answer. In non-root mode the ring really is 0, and no instruction tells the
guest that it is not in root mode.
]]

ask [[
Under VT-x the kernel is in ring 0. Which of its instructions still leaves the guest: the privileged LTR, or
CPUID, which every program may use?
]]

expect(vtx.exits.CPUID == 1, "under VT-x CPUID exits")
expect(vtx.exits.LDTR_TR == 0, "and LTR does not")
expect(trap.exits.CPUID == 0, "under trap-and-emulate CPUID does not trap")
expect(trap.exits.TRAP_GP == 4, "but LTR does, and each of three OUTs")
expect(bare.exit_count == 0, "from the bare machine control cannot go anywhere")

answer [[
CPUID. The task register is the guest's own in non-root mode, so loading it concerns nobody. CPUID always
exits, because only the hypervisor can say what the virtual processor is. Under trap-and-emulate it is just
the other way round: LTR traps, and CPUID tells of the real processor.
]]

look [[
Look at the exits by reason: they are where control left the guest, and the table is empty for the bare
machine.
]]

try [[
Close the holes: ringside run rings-and-root-mode --set holes_closed=true. Under trap-and-emulate RDRING
then traps as well, and the kernel reads 0: it can no longer tell.
]]
