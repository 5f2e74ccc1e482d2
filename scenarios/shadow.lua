-- Run it: ringside run shadow; watch it: ringside tui shadow
args_spec = { workload = "pgfault" }
lesson "Shadow page tables"

-- What the lesson expects holds for what it tells of; what --set changes is for those who look.
local expect = args_spec.workload == "pgfault" and expect or function() end

text [[
The guest's kernel builds page tables, as on a bare machine. But their addresses are guest-physical: no
processor may use them as they are.
]]

text [[
So the hypervisor keeps a second set, the shadow: virtual to host-physical in one step. The processor walks
only that.
]]

see [[
Before you go on: look at Rings (1) and at Memory (3, then t), and come back with 7.
]]

local shadow, nested = "type1/fullvirt-hw,paging=shadow", "type1/fullvirt-hw"
local r = compare { workload = args_spec.workload, archs = { shadow, nested } }
local guest, s = r.native.exceptions, r[shadow]

scene "goto 3000000; exit EXCEPTION_NMI"
see [[
The program has just touched a page, and control is back from the hypervisor. Rings (1) shows the path, and
in one sentence what happened.
]]
ask [[
How can a page fault happen of which the guest's kernel never hears?
]]
answer [[
The guest's table maps the page. Only the shadow had no entry yet, for it is filled on demand. The processor
faulted on the shadow; the hypervisor looked into the guest's table, made the shadow entry, and let the
program try again.
]]
see [[
Memory (3, t) shows both tables side by side, and below them whose fault it was.
]]
expect(s.exceptions == guest, "the guest's kernel hears of as many faults as on the bare machine")
expect(s.exits.EXCEPTION_NMI > guest + 4000, "the processor faults twice for each fresh page")
expect(s.stat.shadow_hidden_faults > 4000, "every second fault was only the shadow's")

ask [[
The kernel writes to its own page tables all the time: to map a page, to take one away. How does the
hypervisor notice, if the guest does not tell?
]]
answer [[
It makes the guest's page-table pages read-only in the shadow. The store faults, and the hypervisor sees the
change. (Out-of-sync pages put that off until the guest flushes its TLB.)
]]
expect(s.stat.shadow_write_faults > 0, "stores to page tables were caught")
expect(s.stat.shadow_unsyncs > 0, "and then put off until the guest flushed")

scene "view compare"
see [[
Space lets three machines do the same work: bare, shadow, and nested paging.
]]
ask [[
Guess first: how many times slower is shadow paging on this work, which does nothing but fault?
]]
show(r)
answer [[
About three times; nested paging less than twice. Look at what shadow paging is made of: world switches,
handling, and upkeep of the shadow. Nested paging exits for none of that, and pays with longer walks.
]]
see [[
In the bar of shadow paging these are x, h and s; nested paging's walks are 2.
]]
expect(s.slowdown > 2.5 and s.slowdown < 4, "shadow paging: about three times as slow")
expect(r[nested].slowdown < 2, "nested paging: less than twice")
expect(r[nested].exits.EXCEPTION_NMI == 0, "with nested paging no page fault exits")

try [[
Would it be so for a program that only computes? ringside run shadow --set workload=sieve takes sieve
instead of pgfault.
]]
