Costs with their sources, and models side by side.

  $ ringside costs p4-672 --kind=published
  p4-672  Pentium 4 672 'Prescott 2M', 3.8 GHz, 2005: first with VT-x, no EPT
    vendor    GenuineIntel
    clock     3800 MHz
    features  vtx
    TLB       instructions 64 + 64, data 64 + 64 entries (4 KiB + 2 MiB)
              no second level
              assumed: Intel optimization manual, from memory: one level, both page sizes share it
  
  cost          value  unit    kind       source
  insn.in       3,209  cycles  published  ADAMS06 Raw data, in (port 0x80) native 3209
  insn.cr8        150  cycles  published  ADAMS06 Raw data, cr8wr native 150
  vmx.entry     2,409  cycles  published  ADAMS06 Table 1, 3.8 GHz P4 672, VM entry 2409
  vmx.vmread      178  cycles  published  ADAMS06 Table 1, 3.8 GHz P4 672, VMCB read 178
  vmx.vmwrite     171  cycles  published  ADAMS06 Table 1, 3.8 GHz P4 672, VMCB write 171
  bt.translate  2,300  cycles  published  ADAMS06 sec. 6.3, cost of the binary translator: 2300 cycles an instruction
  $ ringside costs merom nehalem --kind=derived
  cost            unit      merom  nehalem
  vmx.entry       cycles             599 d
  vmx.exit        cycles    642 d    410 d
  vmx.exit_fault  cycles    544 d
  dev.nic_kib     ns      8,192 d  8,192 d
  
  p published, d derived from published, a assumed, m measured
  $ ringside costs opteron merom -k published --export-csv=-
  cost,unit,opteron,kind,merom,kind
  walk.ref,cycles,11,published,,
  walk.pwc_hit,cycles,2,published,,
  vmx.entry,cycles,,,937,published
  vmx.vmread,cycles,,,52,published
  vmx.vmwrite,cycles,,,44,published
  $ ringside costs --explain | grep ^walk
  walk.ref              14  cycles  assumed  one reference to a page-table entry during a walk
  walk.pwc_hit           2  cycles  assumed  a hit in the page-walk cache
  walk.set_ad          100  cycles  assumed  setting an accessed or dirty bit
  $ ringside costs --export-json=- p4-672 | grep -A 5 vmx.vmread
            "key": "vmx.vmread",
            "value": 178,
            "unit": "cycles",
            "kind": "published",
            "source": "ADAMS06 Table 1, 3.8 GHz P4 672, VMCB read 178",
            "of": "read one field of the VMCS"

Only what is there can be asked for, and a file is checked.

  $ ringside costs nehalme
  ringside: no CPU model 'nehalme'; did you mean 'nehalem'? 'ringside list cpus' shows them
  [2]
  $ ringside costs --kind=guessed
  ringside: --kind: 'guessed' is none of all, assumed, derived, published, measured
  [2]
  $ echo 'name = Mine' >mine.cpu; ringside costs mine.cpu
  mine.cpu:1:8: a name holds lower-case letters, digits and '-' only; rename the model
  [3]
  $ printf 'name = mine\n[cost]\ninsn.mull = 3 assumed "x"\n' >mine.cpu; ringside costs mine.cpu
  mine.cpu:3:1: no cost is called 'insn.mull'; did you mean 'insn.mul'?
  [3]
  $ ringside costs ./nowhere.cpu
  ./nowhere.cpu: cannot open: No such file or directory
  [3]
