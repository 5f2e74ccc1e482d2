-- Run it: ringside run trap-and-emulate
args_spec = { workload = "sieve" }
lesson "Trap and emulate"

-- What the lesson expects holds for what it tells of; what --set changes is for those who look.
local expect = args_spec.workload == "sieve" and expect or function() end

text [[
The oldest way to virtualize, IBM's of the 1960s: run the guest's kernel in an outer ring, let whatever it
is not allowed to do trap, do it in its place on the virtual machine's state, and return behind the
instruction. All else runs at full speed, because it is the real processor that executes it.
]]

text [[
One program computes, one does nothing but ask its kernel for its process number. Both run on the bare
machine and under trap-and-emulate, without the time that the boot takes.
]]

ask [[
How often does control enter the hypervisor for one system call of the guest: never, since that is the
guest's own affair; once; or more often?
]]

local calls = 50000
local ask_often = compare { workload = "nullcall", n = calls, steady = true, archs = { "native", "type1/fullvirt-trap" } }
show(ask_often)
local each = ask_often["type1/fullvirt-trap"].exit_count / calls
expect(each > 3.9 and each < 4.2, "four exits for a system call")
expect(ask_often["type1/fullvirt-trap"].slowdown > 4, "a program that lives on system calls suffers")

answer [[
Four times. SYSCALL leads to ring 0, and ring 0 is the hypervisor's: it must bounce the call to the guest's
kernel. That kernel then uses privileged instructions on its own way in and out, and each of them traps.
Each of them is a step that the processor takes by itself on the bare machine, and that now needs the
hypervisor.
]]

text [[
The program that computes hardly notices. So the question is never how slow virtualization is, but how often
a program needs its kernel, and how often that kernel needs the hypervisor.
]]

local compute = compare { workload = args_spec.workload, steady = true, archs = { "native", "type1/fullvirt-trap" } }
show(compute)
expect(compute["type1/fullvirt-trap"].slowdown < 1.25, "a program that computes does not")

look [[
Look at the split of the overhead: part is the processor's way into ring 0 and back, part is the
hypervisor's software that finds out what the guest wanted. Faster hardware mends only the first.
]]

try [[
ringside run trap-and-emulate --set workload=pgfault takes pgfault instead of sieve; then take ctxsw. Page
faults trap, too, and so do page-table updates: which of the two costs more exits?
]]
