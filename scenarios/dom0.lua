-- Run it: ringside run dom0
args_spec = { workload = "diskread" }
lesson "Dom0's part: full against para"

-- What the lesson expects holds for what it tells of; what --set changes is for those who look.
local expect = args_spec.workload == "diskread" and expect or function() end

text [[
A type 1 hypervisor owns the processors, but it does not want to own a driver for every disk and network
card. In Xen's design these are left to a first virtual machine with special rights, Dom0. Whatever a guest
reads or writes, Dom0 does it.
]]

text [[
A fully virtualized guest has the driver of a real disk. It writes the block's number to a register, the
address to another, and so on; each register is a trap, and the device model in Dom0 has to be asked what it
means. A paravirtual guest has a split driver: its front end puts a request into a ring in shared memory and
rings once.
]]

ask [[
Both guests read the same blocks from the same disk, which takes the same time in both. How many times as
long does the fully virtualized one take?
]]

local full, para = "type1/fullvirt-hw,io=emulated", "type1/paravirt"
local blocks = 800
local r = compare { workload = args_spec.workload, n = blocks, steady = true, archs = { "native", full, para } }
show(r)
expect(r[full].cycles > 1.5 * r[para].cycles and r[full].cycles < 6 * r[para].cycles, "registers cost a multiple of what a ring costs")
local visits = r[full].exits.EPT_MISCONFIG / blocks
expect(visits > 4 and visits < 9, "several visits to Dom0 for a block")
local dom0 = r[full].cycles_by["driver domain"]
expect(dom0 > (r[full].cycles - r.native.cycles) / 2, "most of the overhead is Dom0's time")

answer [[
Between two and four times, and nearly all of it in Dom0. One block takes six visits there against one: the
registers, not the data, are what costs. The exits themselves are a small part: a switch to another domain
and back is more than ten times an exit.
]]

text [[
And it is one Dom0. In a machine with ten guests all ten share it, and when it is busy, they wait. A guest
that only computes never meets it.
]]

look [[
Look at the category driver domain, and at the exits by reason. Most of the paravirtual guest's hypercalls
never reach Dom0: the hypervisor answers them itself.
]]

expect(dom0 > 2 * r[para].cycles_by["driver domain"], "and the ring saves most of that")

try [[
ringside run dom0 --set workload=netrr takes request and response over the network instead of the disk. Why
does the ring help less there? (How many requests are under way at a time?)
]]
