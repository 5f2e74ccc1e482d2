One workload under several architectures. The figures themselves move with the cost models; what must hold for any
of them is tested here: shape, sums, agreement with the bare machine.

  $ ringside compare hello --arch type1/fullvirt-trap,type2/fullvirt-hw | sed -n '1,2p;4p'
  hello: prints a greeting
  3 lines, seed 1, 1 processor, 64 MiB, a recent server Xeon ('Ice Lake-SP' class), 2.5 GHz; the default
  architecture            cycles  slowdown  exits  overhead in % of native
  $ ringside compare hello --arch type1/fullvirt-trap,type2/fullvirt-hw --ascii | grep -c '^[nt][a-z0-9/-]*  *[a-zA-Z0-9+#:;@&*-]*$'
  3
  $ ringside compare hello --arch type2/fullvirt-hw -q | tail -1
  All 2 runs give the right checksum, and native's console, memory and registers; their categories sum to the elapsed cycles.

Every sum is what it says.

  $ ringside compare pgfault sieve -n 300 | grep ' native [+-]' | tr -d , | awk '
  >     { split($0, side, ": "); sub(/ = /, " ", side[2]); n = split(side[2], w, " "); sign = 1; sum = 0
  >       for (i = 2; i <= n; i++) {
  >           if (w[i] == "+") sign = 1; else if (w[i] == "-") sign = -1
  >           else if (w[i] ~ /^[0-9]+$/) sum += sign * w[i]
  >       }
  >       if (sum != w[1]) print "wrong:", $0; lines++ }
  >     END { print (lines >= 8 ? "enough" : lines) }'
  enough

So are the columns of the CSV: with one processor the categories sum to the cycles; native's slowdown is 1.

  $ ringside compare hello --export-csv - | tr -d '\r' | awk -F, '
  >     NR == 1 { for (i = 1; i <= NF; i++) { if ($i == "cycles") c = i; if ($i == "walk refs") first = i + 1 } print NF, "columns" }
  >     NR == 2 { print $1, $(c + 1) }
  >     NR > 1 { sum = 0; for (i = first; i <= NF; i++) sum += $i; if (sum != $c || NF != 34) print "wrong:", $0 }'
  34 columns
  native 1.000

JSON, with every result's members.

  $ ringside compare hello --arch type1/fullvirt-hw --export-json - | head -8
  {
    "schema": "ringside/compare/1",
    "tool_version": "0.1.0",
    "seed": 1,
    "workload": "hello",
    "cpu": "xeon",
    "steady": false,
    "unit_costs": false,
  $ ringside compare hello --arch type1/fullvirt-hw --export-json - | grep -o '^      "[a-z_]*"' | sort | uniq -c | awk '{print $2, $1}' | tr '\n' ' '
  "architecture" 2 "cpu" 2 "cpus" 2 "cycles" 2 "cycles_by" 2 "exits" 2 "instructions" 2 "io" 2 "levels" 2 "n" 2 "name" 2 "options" 2 "paging" 2 "ram" 2 "right" 2 "slowdown" 2 "state_hash" 2 "tlb_misses" 2 "walk_refs" 2 "workload" 2  (no-eol)
  $ ringside compare hello --export-json - | grep -o '"state_hash": .*' | sort -u | wc -l
  1

Without the boot: the sums hold as before, and a loop of arithmetic is nearly native under VT-x.

  $ ringside compare sieve -n 100000 --steady --arch type1/fullvirt-hw,type2/fullvirt-bt --export-csv - | tr -d '\r' | awk -F, '
  >     NR == 1 { for (i = 1; i <= NF; i++) { if ($i == "cycles") c = i; if ($i == "walk refs") first = i + 1 } }
  >     NR > 1 { sum = 0; for (i = first; i <= NF; i++) sum += $i; if (sum != $c) print "wrong:", $0; print $1, $(c + 1) < 1.1 ? "near native" : $(c + 1) }'
  native near native
  type1/fullvirt-hw near native
  type2/fullvirt-bt near native

The same again, on however many threads it happens to run.

  $ ringside compare mixed -n 1 --export-json a.json >/dev/null; ringside compare mixed -n 1 --export-json b.json >/dev/null; cmp a.json b.json

Counts come from the mechanisms, costs only price them: with every cost one cycle, exits are what they were (the tick is
off, because what a timer does depends on time).

  $ exits() { sed -n '/"exits": {/,/}/p'; }
  $ ringside compare pgfault -n 500 --append tickless=1 --arch type1/fullvirt-trap,type1/fullvirt-hw,paging=shadow --export-json - | exits >real
  $ ringside compare pgfault -n 500 --append tickless=1 --arch type1/fullvirt-trap,type1/fullvirt-hw,paging=shadow --unit-costs --export-json - | exits >unit
  $ grep -c . real; diff real unit
  18

Machines without VT-x, and with VT-x but without EPT.

  $ ringside compare hello --cpu risc -q | grep -o '^- type1/fullvirt-hw.*'
  - type1/fullvirt-hw: not run: type1/fullvirt-hw with paging=nested, io=emulated on risc: this processor has no VT-x: use fullvirt-bt, paravirt or a later --cpu
  $ ringside compare hello --cpu p4-672 -q | grep -o '^type1/fullvirt-hw[^ ]*'
  type1/fullvirt-hw,paging=shadow

Paravirtual devices and real ones: the products that have them by default run, and a disk costs far fewer exits by them.

  $ ringside compare diskread -n 20 --arch kvm --arch hyperv --arch esxi --arch firecracker -q | tail -1
  All 3 runs give the right checksum, and native's console, memory and registers; their categories sum to the elapsed cycles.
  $ for io in emulated paravirt passthrough; do
  >     for n in 10 20; do ringside compare diskread -n $n --append tickless=1 --arch type1/fullvirt-hw,io=$io --export-json - | grep -o '"EPT_MISCONFIG": [0-9]*' | grep -o '[0-9]*$'; done | paste -s -d ' ' | awk -v io=$io '{print io ": " ($2 - $1) / 10 " for each block"}'
  > done
  emulated: 6 for each block
  paravirt: 1 for each block
  passthrough: 0 for each block

  $ ringside compare hello --arch type1/paravirt,io=passthrough -q 2>/dev/null | grep '^-'
  - type1/paravirt,io=passthrough: not run: type1/paravirt with paging=direct, io=passthrough on xeon: a paravirtual kernel has the front halves of split drivers and no others: io=paravirt

Scans.

  $ ringside compare hello -L n 1,2 --arch type1/fullvirt-hw -L paging shadow,nested --summary | cut -c 1-31 | head -4
  slowdown                       
  native                         
  type1/fullvirt-hw,paging=shadow
  type1/fullvirt-hw              
  $ ringside compare hello -P n 1 5 --step 2 --arch type1/fullvirt-trap --summary | head -1
  slowdown               n=1    n=3    n=5
  $ ringside compare hello sieve -n 100 --cpu merom --cpu xeon --arch type1/fullvirt-trap --summary | head -1
  slowdown             hello merom  hello xeon  sieve merom  sieve xeon

Mistakes.

  $ ringside compare
  ringside: compare: an operand is missing: WORKLOAD...; see 'ringside compare --help'
  [2]
  $ ringside compare helo
  ringside: compare: no workload 'helo'; did you mean 'hello'? 'ringside list workloads' names them all
  [2]
  $ ringside compare hello --arch kvmm
  ringside: unknown architecture 'kvmm'; did you mean 'kvm'?
  [2]
  $ ringside compare hello --set vpid
  ringside: --set vpid; write key=value, as in --set vpid=0
  [2]
  $ ringside compare hello --set vpdi=0
  ringside: unknown option 'vpdi'; did you mean 'vpid'?
  [2]
  $ ringside compare hello --set vpid=2
  ringside: vpid takes a number from 0 to 1, not '2'
  [2]
  $ ringside compare hello --set vpid=0 --arch type1/fullvirt-trap
  ringside: vpid means nothing under type1/fullvirt-trap; leave it out there
  [2]
  $ ringside compare hello -P n 5 1
  ringside: --parameter-scan n: '5' to '1' is no range of numbers
  [2]
  $ ringside compare hello -L n 1,x
  ringside: n=x: a number from 1 to 18446744073709551615 is wanted
  [2]
  $ ringside compare hello -L frobs 1,2
  ringside: unknown option 'frobs'; 'ringside list architectures' shows them all
  [2]
  $ ringside compare hello --cpu p4-672 --arch type2/fullvirt-hw -q 2>/dev/null | tail -3
  - type2/fullvirt-hw: not run: type2/fullvirt-hw with paging=nested, io=emulated on p4-672: this processor has VT-x without EPT: use paging=shadow or a later --cpu
  
  The run gives the right checksum; its categories sum to the elapsed cycles.
  $ ringside compare hello --cpu p4-672 --arch type2/fullvirt-hw >/dev/null
  ringside: none of the architectures asked for can be run here
  [2]
  $ ringside compare hello -L cpu merom,xeon --cpu risc
  ringside: --cpu and a scan of cpu; one of them says which
  [2]
  $ ringside compare memseq -n 10000000
  ringside: memseq with n = 10000000; at most 1000000 passes fit
  [2]
