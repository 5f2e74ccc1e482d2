-- Run it: ringside run container-against-vm
lesson "Container against virtual machine"

text [[
A container is not a small virtual machine. It is a group of processes on the host's kernel that see their
own process numbers, files, host name and network (namespaces) and may use only so much of processor and
memory (cgroups). There is no second kernel, so there is nothing to trap.
]]

text [[
The same programs run on the bare machine, in a container and in a virtual machine with VT-x.
]]

ask [[
How much slower is a container than the bare machine, and for which program is the virtual machine farthest
behind?
]]

local box, vm = "container", "type2/fullvirt-hw,io=paravirt"
local function both(workload)
    local r = compare { workload = workload, steady = true, archs = { "native", box, vm } }
    show(r)
    expect(r[box].slowdown < 1.05, "%s: the container runs as on the bare machine", workload)
    expect(r[box].exit_count == 0, "%s: and nothing exits", workload)
    return r[vm]
end
expect(both("sieve").slowdown < 1.15, "a virtual machine computes as fast")
expect(both("diskread").slowdown > 1.5, "but needs its hypervisor for the disk")

answer [[
A container is as fast as the bare machine, within a few per cent: its system calls are the host's, its page
tables have one dimension, its disk is the host's file system. The virtual machine is close where a program
computes, and far behind where it needs devices.
]]

ask [[
"I installed Ubuntu in a container on my Red Hat server." Which kernel answers the system calls of the
programs inside?
]]

local allowed, why = pcall(run, { program = "start: hlt", arch = "container" })
expect(not allowed and why:find("is not a kernel"), "another kernel is refused in a container")

answer [[
Red Hat's, or whatever the host runs. What was installed are Ubuntu's files: its libraries, shell and tools,
everything but the kernel. The Ubuntu in your container is not a kernel. So a container cannot load a module
of its own, cannot run another operating system, and falls with its host's kernel; a virtual machine brings
its own and can do all three.
]]

look [[
Look at the exits: none for the container, whatever it does. Isolation by one kernel is cheap, and it is
only as good as that one kernel.
]]

text [[
The other half of a container is what it may use. Here a program that only computes gets a quarter of one
processor, on a machine where nobody else wants it.
]]

local limits = compare { workload = "crc", n = 400000, steady = true, archs = { "container,cpu_quota=25" } }
show(limits)
local limited = limits["container,cpu_quota=25"]
expect(limited.slowdown > 2, "a quarter of a processor takes several times as long")
expect(limited.cycles_by.idle > limited.cycles / 2, "and waits for most of it")

try [[
Set cpu_shares instead of cpu_quota. A limit is something else than overhead: under a quota the program
waits, even if the processor is free; under shares it would not.
]]
