-- Run it: ringside run storm; watch it: ringside tui storm
lesson "An exit storm"

text [[
A guest reads a disk that does not exist: a model of one answers, register by register.
]]

see [[
Look at Exits (2) while it runs. Which reason is growing, and where does the time go? Come back with 7.
]]

local emulated, paravirt = "type2/fullvirt-hw", "type2/fullvirt-hw,io=paravirt"
local r = compare { workload = "diskread", archs = { emulated, paravirt }, exits = true }
local e, p = r[emulated], r[paravirt]
local blocks = e.n

scene "goto 1000000; exit EPT_MISCONFIG"
see [[
One access to one disk register, a load or a store, from the guest and back: Rings (1) shows the path.
]]
ask [[
Why does a plain load or store at a disk register leave the guest at all?
]]
answer [[
No RAM is at that address. The hypervisor has marked it in the nested table with an entry that is wrong on
purpose, so the walk ends in EPT_MISCONFIG; it decodes the instruction, asks the device model, and, for a
load, writes the value into the guest's register.
]]
expect(e.exits.EPT_MISCONFIG > e.exit_count / 2, "most exits are accesses to a device's registers")

ask [[
A request to this disk takes a handful of register accesses, each with an exit. How would you build a disk
for guests that know that they are guests?
]]
show(r)
answer [[
As a ring of requests in shared memory, with one notification for as many as wait: virtio, or a split driver.
The program here reads one block after the other, so that no two ever wait: one notification for each.
]]
see [[
Compare (5) has both: the same reads with emulated and with paravirtual I/O.
]]
expect(e.exits.EPT_MISCONFIG > 5 * blocks, "emulated: more than five accesses for a block")
expect(p.exits.EPT_MISCONFIG < 1.5 * blocks, "paravirtual: about one notification for a block")
expect(p.cycles < e.cycles, "and the same reads take less time")

try [[
Read the disk under type1/fullvirt-hw: as many accesses, and each has a longer way to go.
]]
