-- Run it: ringside run vtx-exits
args_spec = { apicv = 0, cpu = "xeon" }
lesson "VT-x: what exits, and what does not"

-- What the lesson expects holds for what it tells of; what --set changes is for those who look.
local expect = args_spec.apicv == 0 and args_spec.cpu == "xeon" and expect or function() end

text [[
Under VT-x the unmodified kernel runs in ring 0 of non-root mode, with its own interrupt flag, vector table
and system calls. Control leaves the guest only for what the hypervisor asked for in the VMCS, and for a few
things that always exit. Each exit carries a reason, and what matters is how often each occurs.
]]

text [[
The first program makes fifty thousand system calls. Boot and warm-up are taken out: what is counted belongs
to the calls.
]]

ask [[
Trap-and-emulate takes four exits for each system call, binary translation two. How many does VT-x take?
]]

local vtx, cpu = "type1/fullvirt-hw", args_spec.cpu
if cpu == "p4-672" then
    vtx = vtx .. ",paging=shadow" -- it has no other
end
if args_spec.apicv ~= 0 then
    vtx = vtx .. ",apicv=" .. args_spec.apicv
end
local calls = compare { workload = "nullcall", n = 50000, cpu = cpu, steady = true, exits = true, archs = { "native", vtx } }
show(calls)
expect(calls[vtx].exit_count < 100, "a system call does not exit")

answer [[
None. The handful that you see in the table are timer interrupts. SYSCALL goes from ring 3 to ring 0, both
are the guest's, and the hypervisor does not even learn of it. That was the point of giving the guest all
four rings.
]]

text [[
The second program reads blocks from a disk. Its device is a model, so each register that the driver touches
is an exit.
]]

ask [[
The hypervisor spends most of its time on one reason. Is it the one that occurs most often, or the one that
takes longest each time? What would you improve first?
]]

local blocks = 800
local disk = compare { workload = "diskread", n = blocks, cpu = cpu, steady = true, exits = true, archs = { "native", vtx .. ",io=emulated" } }
show(disk)
local per_block = disk[vtx .. ",io=emulated"].exits.EPT_MISCONFIG / blocks
expect(per_block > 4 and per_block < 9, "each register of the disk is an exit: several for a block")

answer [[
Here it is both: the disk's registers. Do not read only the counts: HLT and APIC_ACCESS are frequent as well
and cost almost nothing in all. An exit's price is mostly what is done about it, and the cheapest exit is
the one that does not happen. That is why the next step in history was a driver that knows it is virtual.
]]

look [[
Look at the columns: they are perf kvm's. Time is the handler's, without the processor's own transition,
which stands in the category world switch.
]]

try [[
ringside run vtx-exits --set apicv=1, the virtual APIC: which reasons disappear, and which remains? (The end
of a level-triggered interrupt still exits.) Or take the Pentium 4 of 2005, --set cpu=p4-672: the counts
change little, the cycles a lot.
]]
