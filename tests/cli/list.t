What there is.

  $ ringside list | sed 's/ [ 0-9]*[0-9] / N /'
  list           items  of
  architectures N  the ways to run a guest that can be compared
  options N  what can be set on an architecture, as in kvm,vpid=0
  aliases N  products by name, and the point of the space that each one is
  hypercalls N  what a paravirtual kernel can ask its hypervisor for
  workloads N  the toy operating system's programs that are measured
  programs N  the bare programs that are part of Ringside
  scenarios N  the lessons that 'ringside run' plays
  cpus N  the CPU models
  features N  what a CPU model may have for virtualization
  costs N  what has a price; 'ringside costs' has the prices
  exits N  the reasons for which control leaves a guest
  cycles N  the categories that every cycle is counted in
  instructions N  the instruction set, T64
  vectors N  the exceptions
  msrs N  the model-specific registers
  terms N  the field's words
  
  'ringside list costs' prints one of them; 'ringside explain NAME' says more about an item.
  $ ringside list cpus
  cpu           MHz  VT-x  EPT  VPID  title
  epyc         2450  yes   yes  yes   a recent server EPYC ('Milan' class), 2.45 GHz
  merom        2660  yes   -    -     Core 2 Duo 'Merom', 2.66 GHz, 2006
  nehalem      2930  yes   yes  yes   Xeon 5500 'Nehalem', 2.93 GHz, 2009: first with EPT and VPID
  opteron      2300  yes   yes  yes   AMD Opteron 'Barcelona' with nested paging, as simulated in BHARGAVA08
  p4-672       3800  yes   -    -     Pentium 4 672 'Prescott 2M', 3.8 GHz, 2005: first with VT-x, no EPT
  penryn       2830  yes   -    -     Core 2 'Penryn', 2.83 GHz, 2008
  risc          180  -     -    -     a virtualizable RISC, as Disco's R10000, 180 MHz, 1996
  sandybridge  2600  yes   yes  yes   Xeon E5 'Sandy Bridge', 2.6 GHz, 2011
  westmere     3330  yes   yes  yes   Xeon 5600 'Westmere', 3.33 GHz, 2010
  xeon         2500  yes   yes  yes   a recent server Xeon ('Ice Lake-SP' class), 2.5 GHz; the default
  $ ringside list programs | grep -e hello -e paging
  demand    demand paging: a loop writes to 16 pages that are not there; the #PF handler maps each on its first touch.
  hello     the smallest whole program: prints a line on the console and switches the machine off.
  paging    builds page tables of as many levels as the machine has, turns paging on, and touches one page by two addresses.
  $ ringside list workloads | head -4
  workload    length  of                  what it does
  hello            3  lines               prints a greeting
  nullcall    50,000  calls               null system call: getpid again and again
  ctxsw        3,000  round trips         context switches: two processes and two pipes
  $ ringside list cycles
  category             counts as          what it holds
  guest user           the guest's own    the guest's programs, ring 3
  guest kernel         the guest's own    the guest's kernel, rings 0 to 2 (ring 1 where it is deprivileged)
  page walk            the guest's own    page walks in one dimension, and second-level TLB hits
  2-D page walk        overhead, waiting  what a nested walk costs
  event delivery       the guest's own    the processor delivers exceptions and interrupts and returns from them
  world switch         overhead, waiting  VM exits and entries; switches between a hosted monitor and its host
  exit handling        overhead, waiting  the hypervisor decodes and emulates; by reason in the exit table
  shadow paging        overhead, waiting  shadow page tables built, synchronized and thrown away
  binary translation   overhead, waiting  translating, chaining, indirect-jump look-ups, code the translation adds
  hypercall            overhead, waiting  hypercalls: entry, validation, work, return
  interrupt injection  overhead, waiting  the hypervisor delivers virtual interrupts
  device emulation     overhead, waiting  models of devices at work for a guest
  driver domain        overhead, waiting  Dom0: back ends and drivers
  host OS              overhead, waiting  the host's kernel and processes under a type 2 hypervisor
  scheduler            overhead, waiting  the hypervisor's or host's scheduler
  steal                overhead, waiting  runnable, but the processor was another's
  idle                 overhead, waiting  nothing to do
  $ ringside list vectors
  exception  vector  name                when
  #DE             0  divide error        DIV or REM by zero, or a quotient that does not fit 64 bits (-2^63 / -1)
  #DB             1  debug               an instruction that began with the trap flag set has completed: single step
  #BP             3  breakpoint          BRK: the handler sees the address of the next instruction
  #UD             6  invalid opcode      a word that is no instruction, or HCALL where nobody listens; memory that is not there reads as ones and is one too
  #DF             8  double fault        a fault while another was being delivered, and the two do not go together; a fault while delivering this one is a triple fault, which stops the machine
  #GP            13  general protection  a privileged instruction in an outer ring, a bad gate, an address that is not canonical, a jump to an address that is no multiple of 4, an unknown MSR, a reserved bit
  #PF            14  page fault          the page tables do not allow the access; the fault address register says where, the error code why
  $ ringside list msrs
  msr               number  access       what it is
  TSC                 0x10  read         time-stamp counter, cycles
  APIC_BASE           0x1b  read         physical address of the local APIC; bit 8: the boot processor
  KSTACK             0x175  read, write  sp after SYSCALL (x86: SYSENTER_ESP)
  TSC_DEADLINE       0x6e0  read, write  the local timer fires when the TSC reaches this; 0 disarms (LVT timer in TSC-deadline mode)
  LSTAR         0xc0000082  read, write  address that SYSCALL goes to; #GP unless canonical and a multiple of 4
  $ ringside list exits | head -4
  exit                 number  group      why
  EXCEPTION_NMI             0  CPU        an exception whose bit in the exception bitmap is set
  EXTERNAL_INTERRUPT        1  INTERRUPT  an interrupt for the real processor arrived while the guest ran
  TRIPLE_FAULT              2  CPU        a fault while delivering a double fault: the guest cannot go on
  $ ringside list instructions | grep -w -e hole -e instruction
  instruction  who may       sensitive  may exit        what it does
  lea          any ring      no         -               rd = address of this instruction + offset (20 bits, signed, bytes)
  call         any ring      no         -               lr = address of the next instruction; go to the target
  jalr         any ring      no         -               go to ra + imm; rd = address of the next instruction; #GP unless the target is a multiple of 4 and canonical
  brk          any ring      no         -               breakpoint: #BP, vector 3, with the address of the next instruction
  rdflags      hole          behaviour  -               rd = flags, with the real IF (x86: PUSHF)
  wrflags      hole          control    -               flags = ra; silently keeps IF unless ring <= IOPL, and IOPL unless ring is 0 (x86: POPF)
  sidt         hole          behaviour  GDTR_IDTR       rd = the vector table's base (x86: SIDT)
  smsw         hole          behaviour  -               rd = the machine word (x86: SMSW)
  rdring       hole          behaviour  -               rd = the current ring (x86: MOV from CS)
  sti          ring <= IOPL  control    -               IF = 1: interrupts, but none before the next instruction has completed
  $ ringside list cpus --names | tr '\n' ' '
  epyc merom nehalem opteron p4-672 penryn risc sandybridge westmere xeon  (no-eol)
  $ ringside list costs --names | grep '^walk'
  walk.ref
  walk.pwc_hit
  walk.set_ad
  $ for what in $(ringside list --names); do ringside list $what >/dev/null || echo $what fails; done

  $ ringside list architectures --names | tr '\n' ' '
  native type1/fullvirt-trap type1/fullvirt-bt type1/fullvirt-hw type1/paravirt type2/fullvirt-trap type2/fullvirt-bt type2/fullvirt-hw type2/paravirt container  (no-eol)
  $ ringside list aliases --names | tr '\n' ' '
  esxi-bt esxi xen-pv xenserver xen-pvh hyperv kvm virtualbox workstation player parallels firecracker kata qemu-tcg docker lxc  (no-eol)
  $ ringside list options | grep -e '^option' -e '^vpid' -e '^ept'
  option        values                                   default  technique   what it does
  vpid          0 to 1                                         1  hw          tag TLB entries with the virtual processor, so that an exit does not flush the TLB
  ept_huge      0 to 1                                         0  hw          map guest memory in the nested table by 2 MiB pages where possible
  ept_levels    2 to 5                                         4  hw          levels of the nested table

As files.

  $ ringside list msrs --export-csv - | tr -d '\r'
  msr,number,access,what it is
  TSC,0x10,read,"time-stamp counter, cycles"
  APIC_BASE,0x1b,read,physical address of the local APIC; bit 8: the boot processor
  KSTACK,0x175,"read, write",sp after SYSCALL (x86: SYSENTER_ESP)
  TSC_DEADLINE,0x6e0,"read, write",the local timer fires when the TSC reaches this; 0 disarms (LVT timer in TSC-deadline mode)
  LSTAR,0xc0000082,"read, write",address that SYSCALL goes to; #GP unless canonical and a multiple of 4
  $ ringside list vectors --export-markdown - | head -4
  | exception | vector | name | when |
  |---|---:|---|---|
  | #DE | 0 | divide error | DIV or REM by zero, or a quotient that does not fit 64 bits (-2^63 / -1) |
  | #DB | 1 | debug | an instruction that began with the trap flag set has completed: single step |
  $ ringside list msrs --export-json - | head -12
  {
    "schema": "ringside/list/1",
    "tool_version": "0.1.0",
    "list": "msrs",
    "items": [
      {
        "msr": "TSC",
        "number": "0x10",
        "access": "read",
        "what it is": "time-stamp counter, cycles"
      },
      {

Explained.

  $ ringside explain EPT_VIOLATION
  EPT_VIOLATION (exit)
  a guest-physical address that the nested table does not map, or not so
  The processor leaves non-root mode, and the hypervisor handles it in root mode. The number is Intel's.
  The way there and back, without what the hypervisor does in between:
    vmx.exit            330 cycles on xeon
      assumed: near AGESEN12 Table 1, Sandy Bridge round trip 784
    vmx.exit_fault      120 cycles on xeon
      assumed: what an EPT violation records beyond another exit
    vmx.entry           460 cycles on xeon
      assumed: near AGESEN12 Table 1, Sandy Bridge round trip 784
  Who handles it:
    hw         the exit handler, in root mode
  If a device is behind it: type 1 goes on to Dom0 (dom0.*), type 2 to a process of the host (host.*).
  What the software part costs, in cycles on xeon, each as often as it is done ('ringside explain hv.enter' says how a price is known):
    each time: hv.enter 150
    a field of the VMCS read, written: vmx.vmread 22, vmx.vmwrite 22
    the instruction, done by software: hv.emulate 108
    if the exit does not say which instruction it was: hv.decode 90, hv.guest_access 18
    with nested paging: ept.violation 180, ept.page 300
    an interrupt controller answers: hv.apic 90
    no device answers, or a small one of the hypervisor's own: hv.device 60
    a disk, network card or console answers, type 1: hv.sched 240, dom0.switch 7900, dom0.access 180, dom0.request 2400, dom0.kib 77
    a disk, network card or console answers, type 2: host.user 360, host.access 180, host.request 12864, host.kib 77
    with a device passed through: mem.mmio 250
    if an event waits for the guest: vmx.inject 130, hv.guest_access 18, hv.deliver 150, hv.inject 60
  $ ringside explain hlt
  HLT (exit)
  the guest has nothing to do
  The processor leaves non-root mode, and the hypervisor handles it in root mode. The number is Intel's.
  Instructions that may cause it: hlt
  The way there and back, without what the hypervisor does in between:
    vmx.exit            330 cycles on xeon
      assumed: near AGESEN12 Table 1, Sandy Bridge round trip 784
    vmx.entry           460 cycles on xeon
      assumed: near AGESEN12 Table 1, Sandy Bridge round trip 784
  Who handles it:
    hw         the exit handler, in root mode
  Type 1 is done with that; type 2 too, within the host's kernel.
  What the software part costs, in cycles on xeon, each as often as it is done ('ringside explain hv.enter' says how a price is known):
    each time: hv.enter 150
    a field of the VMCS read, written: vmx.vmread 22, vmx.vmwrite 22
    the instruction, done by software: hv.emulate 108
    if an event waits for the guest: vmx.inject 130, hv.guest_access 18, hv.deliver 150, hv.inject 60
    the scheduler chooses whom to run: hv.sched 240, host.sched 720
  
  hlt (instruction)
  wait for an interrupt
  Privileged: outside ring 0 it is #GP(0).
  Sensitive: it changes the machine's configuration or mode.
  In non-root mode it may exit: HLT.
  Opcode 0x58. Price:
    insn.hlt             20 cycles on xeon
      assumed: entering a shallow sleep state; the wait itself is idle time
  $ ringside explain page-fault
  #PF (exception)
  the page tables do not allow the access; the fault address register says where, the error code why
  Delivered through the vector table, if the gate is there; a fault during that is a double fault.
  Its error code: bit 0 the page is there and refuses, 1 a write, 2 by ring 3, 3 a reserved bit, 4 a fetch.
  'ringside translate' shows where a walk ends.
    event.page_fault     80 cycles on xeon
      assumed: estimate from memory of Agner Fog's instruction tables and Intel's optimization manual
    event.exception     260 cycles on xeon
      assumed: estimate from memory of Agner Fog's instruction tables and Intel's optimization manual
  $ ringside explain walk.set_ad
  walk.set_ad (cost)
  setting an accessed or dirty bit
    cpu          cycles  known    from
    epyc            100  assumed  a microcode assist
    merom           100  assumed  a microcode assist
    nehalem         100  assumed  a microcode assist
    opteron         100  assumed  a microcode assist
    p4-672          200  assumed  estimate from memory of Agner Fog's instruction tables and Intel's optimization manual
    penryn          100  assumed  a microcode assist
    risc              0  assumed  done by the same software
    sandybridge     100  assumed  a microcode assist
    westmere        100  assumed  a microcode assist
    xeon            100  assumed  a microcode assist
  $ ringside explain guest user
  guest user (category)
  the guest's programs, ring 3
  Every cycle of a processor stands in exactly one category; their sum is the elapsed time, which is checked after every run. 'ringside list cycles' shows all.
  $ ringside explain type1/paravirt | head -6
  type1/paravirt (architecture)
  a kernel that knows: hypercalls, validated page tables, event channels, split drivers
  The guest's kernel is changed: instead of what is sensitive it makes hypercalls, several at once where it can. Its page tables are the processor's own, validated at each update.
  
  Type 1: the hypervisor owns the processors; exits end there. Devices belong to Dom0, a privileged virtual machine: to reach its drivers the processor is switched to it.
  
  $ ringside explain firecracker --cpu merom
  firecracker (product)
  Amazon Firecracker (2018): KVM with a minimal device model, virtio only
  It stands for type2/fullvirt-hw,io=paravirt with paging=nested and io=paravirt.
  On merom: type2/fullvirt-hw with paging=nested, io=paravirt on merom: this processor has VT-x without EPT: use paging=shadow or a later --cpu
  'ringside explain type2/fullvirt-hw' says how it works.
  $ ringside explain ept_levels
  ept_levels (option)
  levels of the nested table
  A number from 2 to 5, by default 4.
  'ringside compare WORKLOAD --set ept_levels=VALUE' sets it for every architecture that has it, '-L ept_levels A,B' tries several.
  $ ringside explain 2-D page walk
  2-D page walk (category)
  what a nested walk costs
  Every cycle of a processor stands in exactly one category; their sum is the elapsed time, which is checked after every run. 'ringside list cycles' shows all.
  What is paid into it:
    walk.ref             14 cycles on xeon
      assumed: the page table mostly in the second-level cache
    walk.pwc_hit          2 cycles on xeon
      assumed: BHARGAVA08 Table 2, page-walk cache 2 cycles, taken to hold here too
    walk.set_ad         100 cycles on xeon
      assumed: a microcode assist
  $ ringside explain shadow page table
  shadow page table (term)
  virtual to host-physical in one step, built by the hypervisor from the guest's tables and kept in line with them: walks cost as natively, updates exit
  $ ringside explain rdflags
  rdflags (instruction)
  rd = flags, with the real IF (x86: PUSHF)
  A hole: sensitive, and yet it does not trap in outer rings. With --holes-closed it does.
  Sensitive: its result depends on the machine's mode or place.
  Opcode 0x48. Price:
    insn.flags           10 cycles on xeon
      assumed: estimate from memory of Agner Fog's instruction tables and Intel's optimization manual
  $ ringside explain merom
  merom (CPU model)
  Core 2 Duo 'Merom', 2.66 GHz, 2006
  'ringside costs merom' prints its prices and their sources; '--cpu merom' runs on it.
  $ ringside explain nullcall
  nullcall (workload)
  null system call: getpid again and again
  'ringside boot --workload nullcall' runs it; its source is scenarios/guest/user/nullcall.s.
  $ ringside explain deadlock
  deadlock (program)
  waits for an interrupt, with interrupts off: for ever.
  'ringside exec deadlock' runs it, 'ringside asm deadlock -o deadlock.img -l -' shows its source with what becomes of it.
  $ ringside list --names | while read what; do
  >     ringside list $what --names | while read -r name; do
  >         ringside explain $name >/dev/null || echo "$name fails"
  >     done
  > done

Mistakes.

  $ ringside list exit
  ringside: list: there is no list of 'exit'; did you mean 'exits'? 'ringside list' shows what there is
  [2]
  $ ringside list costs cpus
  ringside: list takes no more than 1 operand; see 'ringside list --help'
  [2]
  $ ringside list --export-csv -
  ringside: list: say which list to export, e.g. 'ringside list costs'
  [2]
  $ ringside explain
  ringside: explain: an operand is missing: NAME...; see 'ringside explain --help'
  [2]
  $ ringside explain EPT_VIOLATON
  ringside: explain: nothing is called 'EPT_VIOLATON'; did you mean 'EPT_VIOLATION'? 'ringside list' shows the names
  [2]
  $ ringside explain qqqqqqqqqqqqqq
  ringside: explain: nothing is called 'qqqqqqqqqqqqqq'; 'ringside list' shows the names
  [2]
