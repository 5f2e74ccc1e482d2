-- Run it: ringside run types; watch it: ringside tui types
args_spec = { io = "emulated" }
lesson "The way to a device: type 1 and type 2"

-- What the lesson expects holds for what it tells of; what --set changes is for those who look.
local expect = args_spec.io == "emulated" and expect or function() end

text [[
A type 1 hypervisor owns the machine, but it has no drivers: those are in Dom0, a guest of its own. A type 2
hypervisor lives inside a host OS, which has them.
]]

see [[
Rings (1) draws the first. Who is below whom? Come back with 7.
]]

local one, two, pv = "type1/fullvirt-hw", "type2/fullvirt-hw", "type1/paravirt"
if args_spec.io ~= "emulated" then
    one, two = one .. ",io=" .. args_spec.io, two .. ",io=" .. args_spec.io
end
local r = compare { workload = "diskread", archs = { one, two, pv } }

scene "goto 1000000; exit EPT_MISCONFIG"
see [[
The guest touched a device. Follow the path in Rings (1).
]]
ask [[
A guest touches a device. Through whose hands does the access go under type 1?
]]
answer [[
From the guest to the hypervisor, from there to Dom0, which must be given a processor first, and the same way
back. The scheduler's and Dom0's share is the price of keeping drivers out of the hypervisor.
]]
expect(r[one].cycles_by["driver domain"] > r[one].cycles_all / 2, "type 1: more than half of the time is Dom0's")
expect(r[one].cycles_by["host OS"] == 0, "and there is no host")

scene "arch type2/fullvirt-hw; exit EPT_MISCONFIG"
see [[
The same guest at the same instruction, under type 2. Look at Rings (1) again.
]]
ask [[
What has become of Dom0 under type 2, and what does a device access cost now?
]]
answer [[
Its part is played by the host's kernel and a process of the host. No second guest must be scheduled, so the
way is shorter; but a crash or load of the host is now everybody's.
]]
expect(r[two].cycles_by["driver domain"] == 0, "type 2 has no Dom0")
expect(r[two].cycles_by["host OS"] > 0, "the host does its work")
expect(r[two].exits.EPT_MISCONFIG == r[one].exits.EPT_MISCONFIG, "for as many accesses")

scene "view compare"
see [[
Space lets the bare machine, both types and a paravirtual guest do the same reads.
]]
ask [[
The bare machine, both types and a paravirtual guest of type 1 do the same reads. Which is faster, and is it
the type that decides?
]]
show(r)
answer [[
Type 2 is ahead of type 1 with emulated devices, for the way to the driver is shorter. But look at the
paravirtual guest of type 1: how a device is reached decides more than the type.
]]
expect(r[two].cycles * 2 < r[one].cycles, "emulated devices: type 2 is more than twice as fast")
expect(r[pv].cycles * 2 < r[one].cycles, "and so is type 1 with a paravirtual guest")

try [[
Give both types paravirtual devices: ringside run types --set io=paravirt. How much of the difference is
left?
]]
