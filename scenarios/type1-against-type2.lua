-- Run it: ringside run type1-against-type2
lesson "Type 1 against type 2"

text [[
A type 1 hypervisor owns the machine: it boots first, and everything else, its management domain included,
runs on top. A type 2 hypervisor is a guest of an ordinary operating system: that one owns the machine, and
a virtual machine is a process among others.
]]

text [[
Textbooks add that type 1 is faster, because there is a layer less. Three programs test that, each under
both types with VT-x: one computes, one builds software, one reads from a disk.
]]

ask [[
Which of the three programs runs faster under type 1 than under type 2, and by how much?
]]

local one, two, hosted = "type1/fullvirt-hw,io=emulated", "type2/fullvirt-hw,io=emulated", "type2/fullvirt-bt"
local function types(workload, ...)
    local r = compare { workload = workload, steady = true, archs = { "native", one, two, ... } }
    show(r)
    return r
end
-- The first is the one whose lanes the Compare view shows.
local disk = types "diskread"
for _, workload in ipairs { "sieve", "compile" } do
    local r = types(workload)
    expect(math.abs(r[one].cycles / r[two].cycles - 1) < 0.05, "%s: no difference", workload)
end
expect(disk[two].cycles < disk[one].cycles, "diskread: type 2 is faster, for its driver is nearer")

answer [[
None, by a margin you would notice. The one that computes and the one that builds cannot tell: VT-x makes
entering and leaving a guest equal for both. And the one that reads from the disk is faster under type 2!
The host's kernel has the driver, one system call away from the device model. The type 1 of this machine
keeps it in another domain, and every register takes a switch there and back.
]]

text [[
It was different in 1999. Without VT-x a hosted monitor and its host could not share the processor's state:
between the two lay a world switch, which replaced page tables, vector tables and all. The last run shows
that type 2 at the same disk.
]]

disk = types("diskread", hosted)
expect(disk[hosted].cycles_by["world switch"] > 2 * disk[two].cycles_by["world switch"], "without VT-x each way to the host is a world switch")

answer [[
So the type says who owns the machine: who can be trusted, who must be patched, what dies with what. What it
costs depends on where the driver sits and how far away that is.
]]

look [[
Look at the categories driver domain and host OS: the same work, done by two different owners.
]]

expect(disk[one].cycles_by["host OS"] == 0 and disk[two].cycles_by["driver domain"] == 0, "the same work, two owners")

try [[
Name products instead of architectures: xenserver, virtualbox, workstation. What does each choose on the
four axes?
]]
