-- Run it: ringside run binary-translation
args_spec = { bt_chain = 1 }
lesson "Binary translation"

-- What the lesson expects holds for what it tells of; what --set changes is for those who look.
local expect = args_spec.bt_chain == 1 and expect or function() end

text [[
If an instruction does not trap when it should, do not execute it. A binary translator reads the guest's
kernel just before it runs, a few instructions at a time, and writes a copy into a cache: harmless
instructions as they are, sensitive ones replaced by code that acts on the virtual machine. Only the copy
ever runs. VMware did this on x86 in 1998, and "x86 cannot be virtualized" became history.
]]

text [[
Programs in ring 3 need no translation: they run directly. So the translator touches the kernel only, and
most of what it translates it translates once.
]]

text [[
The stage is 2005. The Pentium 4 has just got VT-x, the hardware that makes all of this unnecessary: the
guest's kernel runs in ring 0 of non-root mode. It has no nested paging yet, so VT-x needs shadow page
tables, as the translator does.
]]

ask [[
On this Pentium 4, who is faster: the software of 1998 or the hardware of 2005? Bet on three programs: one
that makes system calls, one that takes page faults, one that forks and execs.
]]

local bt, vtx = "type1/fullvirt-bt", "type1/fullvirt-hw"
if args_spec.bt_chain ~= 1 then
    bt = bt .. ",bt_chain=" .. args_spec.bt_chain
end
local function duel(workload, cpu, paging)
    local hw = vtx .. ",paging=" .. paging
    local r = compare { workload = workload, cpu = cpu, steady = true, archs = { "native", bt, hw } }
    show(r)
    return r[bt], r[hw]
end
local soft, hard = duel("nullcall", "p4-672", "shadow")
expect(hard.cycles * 2 < soft.cycles, "2005: the hardware wins the system calls")
expect(soft.exit_count / 50000 > 1.9 and soft.exit_count / 50000 < 2.2, "two exits for a system call of translated code")
for _, workload in ipairs { "pgfault", "forkexec" } do
    soft, hard = duel(workload, "p4-672", "shadow")
    expect(soft.cycles < hard.cycles, "2005: the software wins %s", workload)
end

answer [[
The hardware wins the system calls, and by far: they never leave the guest. The software wins the other two.
A VM exit on that processor takes thousands of cycles, and with shadow paging every page fault and many
page-table writes are exits. The translator owns the code: it does most sensitive work in place and knows
beforehand where a page table will be written.
]]

text [[
Four years later the question is put again, on the Xeon with nested paging: now the hardware wins all three.
Exits became cheaper, but above all they became rarer, because page tables are the guest's own again.
]]

for _, workload in ipairs { "nullcall", "pgfault", "forkexec" } do
    soft, hard = duel(workload, "nehalem", "nested")
    expect(hard.cycles < soft.cycles, "2009: the hardware wins %s", workload)
end

look [[
Look at the categories: the translator pays for translating and for jumps whose target it must look up, VT-x
for world switches. Neither pays both.
]]

expect(soft.cycles_by["binary translation"] > 0 and hard.cycles_by["binary translation"] == 0, "only the translator translates")

try [[
ringside run binary-translation --set bt_chain=0: every unit of translated code then ends in the dispatcher
instead of jumping to the next. How much of its speed is the chaining?
]]
