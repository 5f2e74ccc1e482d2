Scenarios. Away from a terminal nobody is asked, and answers come with -c.

  $ ringside list scenarios --names | tr '\n' ' '
  24-references binary-translation container-against-vm cpu-bound dom0 paravirt popf rings-and-root-mode shadow-against-nested shadow storm trap-and-emulate type1-against-type2 types user-and-kernel vtx-exits  (no-eol)
  $ ringside run popf -c | sed -n '/^Question/,$p'
  Question: The same kernel runs on the bare machine, under trap-and-emulate, binary translation and VT-x. Where is it interrupted in the middle of its critical section, and what does the hypervisor notice?
  
    architecture          cycles  exits  console
    native                50,178      0  it came after the end
    type1/fullvirt-trap  387,889     29  it came in the middle
    type1/fullvirt-bt    413,395     43  it came after the end
    type1/fullvirt-hw    402,520     29  it came after the end
    ✓ native, translated and under VT-x the interrupt waits
    ✓ under trap-and-emulate it comes in the middle
  
  Answer: Under trap-and-emulate only, and nobody notices anything. WRFLAGS in ring 1 left the interrupt flag as it was, without a trap; the hypervisor still believes that the guest takes interrupts, and delivers one. There is no crash and no message: only data that are wrong now and then. That is what makes a hole worse than a fault.
  
  There are three ways out, and all three came. Binary translation never executes the guest's WRFLAGS: it runs code in its place. VT-x gives the guest an interrupt flag of its own. Paravirtualization changes the guest's source. And a fourth, on paper: let the hole trap. The last run closes the holes, and trap-and-emulate is right.
  
    architecture                        cycles  exits  console
    type1/fullvirt-trap, holes closed  390,193     32  it came after the end
    ✓ with the holes closed trap-and-emulate is right
  
  Look: Look at the exits of the two runs under trap-and-emulate. With the holes closed there are more of them: each is an instruction of which the hypervisor did not hear before.
    ✓ the hypervisor heard of three more instructions
  
  Try: Replace WRFLAGS by CLI and STI. They are privileged, they trap, and trap-and-emulate is right with the holes open, too: the theorem is about instructions that a guest uses, not about those it could use.
  
  Expectations met: 4/4; seed 1.
  $ ringside run 24-references | tail -1
  Expectations met: 21/21; seed 1. The answers: the same command with -c.
  $ ringside run 24-references --lang ko -c | grep -c '^답:'
  2

A script of one's own, with its translation beside it; an expectation that fails is status 1.

  $ cat >mine.lua <<'END'
  > lesson "Mine"
  > args_spec = { n = 500 }
  > function main(args)
  >   local r = compare { workload = "nullcall", n = args.n, archs = { "container" } }
  >   expect(r.container.exit_count == 0, "no exit in %d calls", args.n)
  >   expect(r.container.slowdown < 0.5, "faster than the bare machine")
  > end
  > END
  $ ringside run mine.lua
  Mine
    ✓ no exit in 500 calls
  mine.lua:6: expected: faster than the bare machine
  mine.lua: 1 of 2 expectations failed.
  
  Expectations met: 1/2; seed 1.
  [1]
  $ printf 'msgid "Mine"\nmsgstr "내 것"\nmsgid "old"\nmsgstr "옛것"\n' >mine.ko.po
  $ ringside run --lang ko --check-texts mine.lua --set n=7
  내 것
  mine.lua: no translation of "no exit in %d calls"
    ✓ no exit in 7 calls
  mine.lua: no translation of "faster than the bare machine"
  mine.lua:6: 기대와 다름: faster than the bare machine
  mine.lua: 1 of 2 expectations failed.
  mine.lua: a translation that nobody needs: "old"
  
  충족된 기대: 1/2; 시드 1.
  [1]
  $ ringside run mine.lua --export-csv - --set n=50 2>err | tr -d '\r' | cut -d, -f 1-6,13; cat err
  group,name,vary,workload,cpu,n,right
  1,native,,nullcall,xeon,50,yes
  1,container,,nullcall,xeon,50,yes
  mine.lua:6: expected: faster than the bare machine
  mine.lua: 1 of 2 expectations failed.

A trace of what happened, for Perfetto. A machine that the script drives itself is in it too, and what had happened before a mistake.

  $ printf 'local m = machine { workload = "hello", arch = "kvm" } for _ = 1, 2 do m:run { exit = "IO_INSTRUCTION" } end m:stop()\n' >trace.lua
  $ ringside run trace.lua --export-trace trace.json -q
  trace.lua:1: attempt to call a nil value (method 'stop')
  [3]
  $ grep -o '"name":"1[^"]*"\|"schema":"[^"]*"\|"name":"IO_[^}]*' trace.json | head -4
  "schema":"ringside/trace/1"
  "name":"1. kvm: hello"
  "name":"IO_INSTRUCTION","cat":"exit","ts":15.947,"dur":0.705,"args":{"pc":"0xffffffffe0016aa0","instruction":"in t2, [zero+1021]","address":"0x3fd","cycles":1764,"at":39868
  "name":"IO_INSTRUCTION","cat":"exit","ts":16.654,"dur":0.705,"args":{"pc":"0xffffffffe0016aac","instruction":"out a0, [zero+1016]","address":"0x3f8","cycles":1764,"at":41635
  $ ringside run trace.lua --export-trace - --trace-limit 3 -q 2>err | tail -3 | cut -c 1-90
  {"ph":"X","pid":1,"tid":1,"name":"processor","cat":"who","ts":0.189,"dur":0.18,"args":{"ex
  {"ph":"i","pid":1,"tid":0,"name":"here the recording ends: 145 more are left out","ts":0.3
  ]}

A mistake is status 3, with its line; what had been computed is exported all the same.

  $ printf 'run { workload = "hello" }\nexpect(1 > 2, "one is more")\nrun { workload = "helo" }\n' >one.lua
  $ ringside run one.lua --export-json out.json -q
  one.lua:2: expected: one is more
  one.lua:3: no workload 'helo' (did you mean 'hello'?); 'ringside list workloads' names them all
  one.lua: 1 of 1 expectations failed.
  [3]
  $ grep -o '"name": "native"\|"complete": false\|"error": ".*"\|"schema": ".*"\|"held": .*' out.json
  "schema": "ringside/run/1"
  "complete": false
  "error": "one.lua:3: no workload 'helo' (did you mean 'hello'?); 'ringside list workloads' names them all"
  "name": "native"
  "held": false
  $ echo 'while true do pcall(error) end' | ringside run -
  <stdin>:1: the script works for too long, in an endless loop perhaps; end it, or raise --steps
  [3]
  $ echo 'run { program = "start: hlt", arch = "container" }' | ringside run - 2>&1 | cut -c 1-96
  <stdin>:1: container: a container has no kernel of its own, its programs call the host's: the Ub
  $ echo 'run { program = "start: nope" }' | ringside run -
  <stdin>:1: program:1:8: 'nope' is no instruction, pseudo-instruction or macro; did you mean 'nop'?
  [3]
  $ echo 'compare { workload = "nullcall", archs = { "esx" } }' | ringside run -
  <stdin>:1: unknown architecture 'esx'; did you mean 'esxi'?
  [3]
  $ echo 'run { workload = "sieve", n = 100000000, limit = 2000000 }' | ringside run - --instructions 1M
  <stdin>:1: the script's guests have executed all the instructions that they may; shorten its runs, or raise --instructions
  [3]

The n of a steady run is the length asked for, and a CSV says from which seed and version it comes. A program that does not end is said to have been cut off.

  $ printf 'compare { workload = "nullcall", n = 200, steady = true, archs = { "container" } }\n' | ringside run - --export-csv - -s 7 >steady.csv
  $ tr -d '\r' <steady.csv | cut -d, -f 1-7
  group,name,vary,workload,cpu,n,cycles
  1,native,,nullcall,xeon,200,50000
  1,container,,nullcall,xeon,200,50000
  $ tr -d '\r' <steady.csv | cut -d, -f 14,15 | sed 's/,[0-9.]*$/,VERSION/'
  seed,tool_version
  7,VERSION
  7,VERSION
  $ head -1 steady.csv | tr , '\n' | grep -c 'page walk\|EPT_MISCONFIG\|HYPERCALL'
  4
  $ printf 'local r = run { program = "start: jmp start", limit = 5000 } show(r) print(r.why)\n' | ringside run -
  
    architecture  cycles  exits  console
    native         5,000      0
                                 [not ended: limit]
  not ended: limit (5000 instructions; it goes on at pc 0x10000)
  
  Expectations met: 0/0; seed 1.
  $ printf 'show(run { program = "start: jmp start", limit = 5000 })\n' | ringside run - --lang ko
  
    아키텍처  사이클  exit  콘솔
    native     5,000     0
                            [끝나지 않음: 한도]
  
  충족된 기대: 0/0; 시드 1.

Arguments and names.

  $ ringside run storm --set n=3
  ringside: run: storm.lua takes no arguments, and so no 'n': it has no args_spec ('ringside explain args_spec')
  [2]
  $ ringside run shadow-against-nested --set ept_hug=1
  ringside: run: shadow-against-nested.lua has no argument 'ept_hug' (did you mean 'ept_huge'?); it has ept_huge, vpid
  [2]
  $ ringside run types --set io=paravirt | tail -1
  Expectations met: 0/0; seed 1. The answers: the same command with -c.
  $ ringside explain args_spec
  args_spec (term)
  what can be set of a scenario from the command line: a script that has args_spec = { ept_huge = 0 } is run with --set ept_huge=1, and its lines read args_spec.ept_huge; the value given first is the default
  $ ringside explain io
  io (option)
  how a guest reaches a device
    io=emulated: a model of a real device: each register that the driver touches is an exit
    io=paravirt: rings of requests in shared memory (virtio, split drivers): one exit for many requests
    io=passthrough: the real device itself, behind an IOMMU: registers without exits
    io=shared: a container's: the host kernel's own drivers
  'ringside compare WORKLOAD --set io=VALUE' sets it for every architecture that has it, '-L io A,B' tries several.
  $ ringside explain posted interrupts
  posted interrupt (term)
  an interrupt that reaches a running guest without an exit; the end (EOI) of a level-triggered one exits all the same
  $ ringside explain esxi | grep caveat
  A caveat: ESXi has no Dom0, its drivers are in the hypervisor. The model charges every type 1 a driver domain for disk and network, which is too much here; trust the rest.
  $ ringside run mine.lua --set m=3
  ringside: run: mine.lua has no argument 'm' (did you mean 'n'?); it has n
  [2]
  $ ringside run mine.lua --set n=many
  ringside: run: argument 'n' of mine.lua is a number, which 'many' is not
  [2]
  $ ringside run pof
  ringside: run: no scenario 'pof'; did you mean 'popf'? 'ringside list scenarios' names them, and a file of your own ends in .lua
  [2]
  $ ringside run nosuch.lua
  nosuch.lua: cannot open: No such file or directory
  [3]
  $ ringside run popf --lang de
  ringside: no language 'de'; --lang takes en or ko
  [2]
