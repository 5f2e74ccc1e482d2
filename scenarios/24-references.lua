-- Run it: ringside run 24-references
args_spec = { ept_huge = 0 }
lesson "The 24 references"

-- What the lesson expects holds for what it tells of; what --set changes is for those who look.
local expect = args_spec.ept_huge == 0 and expect or function() end

text [[
A page table of four levels is a tree in memory. To translate one address, the processor reads one entry on
each level: four references, and then it knows where the data is. This is why there is a TLB.
]]

text [[
In a guest with nested paging each of these four entries lies at a guest-physical address. Before the
processor can read it, it has to translate that address by the hypervisor's table, which has four levels as
well.
]]

ask [[
Four levels in the guest, four in the hypervisor: how many references does one translation take? Write your
number down before you look: 8, 16, 20 or 24?
]]

expect(translate { levels = 4 }.references == 4, "four levels, four references")
expect(translate { levels = 4, ept_levels = 4 }.references == 24, "four levels in four levels: 24")
for n = 2, 5 do
    for m = 2, 5 do
        expect(translate { levels = n, ept_levels = m }.references == (n + 1) * (m + 1) - 1, "%d levels in %d", n, m)
    end
end

answer [[
24. Each of the guest's four entries needs four references to be found and a fifth to be read: twenty. The
address that they yield at last, that of the data, is guest-physical, too, and needs four more. In general
(n + 1)(m + 1) - 1: the sums below were counted from real loads, not computed.
]]

local sums = {}
for n = 2, 5 do
    sums[#sums + 1] = { n }
    for m = 2, 5 do
        table.insert(sums[#sums], translate { levels = n, ept_levels = m }.references)
    end
end
ringside.api(1).table("Counted: references of one walk", { "levels of the guest", "nested: 2", "3", "4", "5" }, sums)

text [[
So much for the worst case. Now a program reads its memory at random, on a machine whose TLB cannot hold it:
nearly every second access misses.
]]

ask [[
How many references does a walk make on average in that run: about 24, about 12, or fewer?
]]

local nested = "type1/fullvirt-hw,paging=nested"
if args_spec.ept_huge ~= 0 then
    print(translate({ levels = 4, ept_levels = 4, ept_huge = true }).references)
    nested = nested .. ",ept_huge=" .. args_spec.ept_huge
end
local r = compare { workload = "memrand", steady = true, archs = { "native", nested } }
show(r)
local bare, guest = r.native, r[nested]
local short, long = bare.walk_refs / bare.tlb_misses, guest.walk_refs / guest.tlb_misses
expect(short >= 1 and short < 2, "natively a walk begins near the leaf")
expect(long > 2 * short and long < 16, "in the guest it is several times as long, and far from 24")

answer [[
Far fewer: the processor remembers the upper levels in its page-walk caches and begins near the leaf,
natively with one reference a walk. But the guest's walk stays several times as long as the native one, and
that is what the overhead consists of. Without these caches it would be 4 and 24.
]]

look [[
Look at the walks and their references, native and in the guest: the number of misses is the same, the
length of a walk is not.
]]

expect(math.abs(guest.tlb_misses / bare.tlb_misses - 1) < 0.05, "the number of walks is the same")

try [[
Map the guest's memory by 2 MiB pages in the hypervisor's table: ringside run 24-references --set
ept_huge=1. The formula then gives 19. And what is it if the hypervisor is itself a guest?
]]
