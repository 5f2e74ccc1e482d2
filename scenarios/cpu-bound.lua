-- Run it: ringside run cpu-bound
lesson "When virtualization does not help"

text [[
Virtualization sells sharing: many servers stand idle most of the time, so put ten of them on one machine.
Four programs, one question: what is there to share?
]]

text [[
Two of them compute: a sieve for primes and a matrix product. One is a web server, one answers requests over
the network. All run on the bare machine, and then in a virtual machine under every technique that there is.
]]

ask [[
For the two that compute, which technique has the largest overhead: trap-and-emulate, binary translation,
VT-x or paravirtualization? And how large is it?
]]

local every = { "native", "type1/fullvirt-trap", "type1/fullvirt-bt", "type1/fullvirt-hw,io=emulated", "type1/paravirt" }
local function idle(r)
    return r.cycles_by.idle / r.cycles
end
for _, workload in ipairs { "sieve", "matrix" } do
    local r = compare { workload = workload, steady = true, archs = every }
    show(r)
    for _, arch in ipairs(every) do
        expect(r[arch].slowdown < 1.25, "%s under %s: hardly any overhead", workload, arch)
        expect(r[arch].slowdown > 0.99, "%s under %s: and no gain", workload, arch)
    end
    expect(idle(r.native) < 0.02, "%s leaves nothing to share", workload)
end

answer [[
It does not matter. All stay within a few per cent, even the one that made system calls ten times as slow:
innocuous instructions are executed by the real processor, whatever the technique. No technique can be
faster than the bare machine either.
]]

ask [[
So the overhead is next to nothing. How many virtual machines with the sieve should we then put on one
processor?
]]

for _, workload in ipairs { "web", "netrr" } do
    local r = compare { workload = workload, steady = true, archs = every }
    show(r)
    expect(idle(r.native) > 0.4, "%s waits most of the time", workload)
    expect(r["type1/fullvirt-hw,io=emulated"].slowdown > 1.5, "%s pays most for being virtual", workload)
    expect(idle(r["type1/fullvirt-hw,io=emulated"]) < idle(r.native) / 2, "%s: which eats into the room for others", workload)
end

answer [[
One. The sieve leaves no idle cycle on the bare machine, and what is not idle cannot be given to anybody:
two such guests take twice the time. The network programs spend most of their time waiting, and leave room
for others; but they are the ones that pay most for being virtual, and that eats into the room. Overhead and
benefit grow together, and the idle share decides.
]]

look [[
Look at the idle share on the bare machine first, and only then at the slowdown.
]]

try [[
Take crc or sort, and then diskread. Before you run it, guess for each which of the two groups it belongs
to.
]]
