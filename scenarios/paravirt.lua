-- Run it: ringside run paravirt
lesson "The paravirtual kernel and its hypercalls"

text [[
All techniques so far deceive the guest. Xen's idea of 2003 was to stop doing that: change the kernel, so
that it knows that it runs on a hypervisor, and let it ask. A hypercall is to a kernel what a system call is
to a program.
]]

text [[
The toy OS is one source for both kernels. Little more than a tenth of its lines had to be written anew:
those where the kernel touches page tables, interrupts, traps and devices. Programs are not changed at all.
]]

text [[
Page tables are the heart of it. The processor walks the guest's own tables, as on the bare machine: there
is no shadow and no second dimension. In return the guest may not write them. It asks with a hypercall, and
the hypervisor checks each entry before the processor can see it.
]]

ask [[
Under Xen a guest's kernel runs in ring 1, and ring 0 is the hypervisor's, as in trap-and-emulate, where a
system call took four exits. How many does it take here?
]]

local pv = "type1/paravirt"
local calls = compare { workload = "nullcall", n = 50000, steady = true, archs = { "native", pv } }
show(calls)
expect(calls[pv].exit_count < 100, "system calls do not enter the hypervisor")

answer [[
None. The kernel has told the hypervisor once where its system calls begin, and the hypervisor has set the
processor so that they go from ring 3 to ring 1 directly. What is checked once need not be caught each time:
that is the whole art of a good interface.
]]

text [[
Fork, exec and exit change hundreds of page-table entries. A kernel that knows what a crossing costs can
collect its requests and hand them over together.
]]

ask [[
With batching the kernel makes about half as many hypercalls. Does the overhead halve as well?
]]

local one, many = pv .. ",batch=0", pv .. ",batch=1"
local fork = compare { workload = "forkexec", steady = true, archs = { "native", one, many } }
show(fork)
local fewer = fork[many].exits.HYPERCALL / fork[one].exits.HYPERCALL
local cheaper = (fork[many].slowdown - 1) / (fork[one].slowdown - 1)
expect(fewer > 0.3 and fewer < 0.7, "batching makes about half as many hypercalls")
expect(cheaper < 0.95 and cheaper > fewer, "the overhead shrinks, but less")

answer [[
It does not. Batching saves ways in and out; the hypervisor still checks every single entry, and that is the
larger part. Paravirtualization is not free, it is honest: you pay for the work, and no longer for finding
out what the work is.
]]

look [[
Look at the category hypercall beside world switch: the one is work, the other the way to it.
]]

expect(fork[many].cycles_by.hypercall > fork[many].cycles_by["world switch"], "the checking is more than the crossing")

try [[
Compare with the translator on the same program, and then with VT-x and nested paging. On which processor
does changing the kernel stop being worth it?
]]
