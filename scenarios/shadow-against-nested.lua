-- Run it: ringside run shadow-against-nested
args_spec = { ept_huge = 0, vpid = 1 }
lesson "Shadow against nested paging"

-- What the lesson expects holds for what it tells of; what --set changes is for those who look.
local expect = args_spec.ept_huge == 0 and args_spec.vpid == 1 and expect or function() end

text [[
A guest's page tables lead to addresses that the guest takes for physical. They are not: the hypervisor
decides which memory is behind them. So two translations must become one, and there are two ways to get
there.
]]

text [[
Shadow paging merges them by software: the hypervisor builds tables of its own that lead straight to real
memory, gives these to the processor, and traps what the guest does to its tables, to keep the shadow in
line. Nested paging leaves it to hardware: on each TLB miss the processor walks the guest's tables and, for
every address in them, the hypervisor's.
]]

text [[
Two programs: one touches fresh page after fresh page, so that its kernel keeps changing page tables. The
other has its memory and reads it at random, so that the TLB keeps missing. The processor has both kinds of
paging; only the option differs.
]]

ask [[
Nested paging is the newer invention, made to replace the older. Is it the faster one for both programs?
]]

local shadow, nested = "type1/fullvirt-hw,paging=shadow", "type1/fullvirt-hw,paging=nested"
if args_spec.ept_huge ~= 0 then
    nested = nested .. ",ept_huge=" .. args_spec.ept_huge
end
if args_spec.vpid ~= 1 then
    shadow, nested = shadow .. ",vpid=" .. args_spec.vpid, nested .. ",vpid=" .. args_spec.vpid
end
local function both(workload)
    local r = compare { workload = workload, steady = true, archs = { "native", shadow, nested } }
    show(r)
    return r[shadow], r[nested]
end
local s, n = both "pgfault"
expect(n.cycles * 1.5 < s.cycles, "page tables that change: nested paging wins")
expect(s.exit_count > 100 * n.exit_count, "because nobody has to follow the changes")
s, n = both "memrand"
expect(s.cycles * 1.2 < n.cycles, "TLB misses, and page tables that rest: shadow paging wins")
expect(s.slowdown < 1.05, "a shadow is as short to walk as a native table")

answer [[
No. It wins by far where page tables change: the guest's updates concern nobody, while shadow paging exits
for each fault and each flush. It loses where the TLB misses and page tables rest: the shadow is then as
short to walk as a native table, while every nested walk goes through two dimensions. Nested paging won
history because the first case is the common one, and because large pages help the second.
]]

look [[
Look at where the time goes: in exits and shadow upkeep for the one, in two-dimensional walks for the other.
Nobody pays both.
]]

expect(n.cycles_by["2-D page walk"] > 0 and s.cycles_by["2-D page walk"] == 0, "only nested paging walks in two dimensions")

try [[
ringside run shadow-against-nested --set ept_huge=1: the hypervisor maps the guest's memory by 2 MiB pages,
and a walk has one level less. How much of the loss comes back? Then --set vpid=0: exits and entries empty
the TLB.
]]
