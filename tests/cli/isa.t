The manual of one instruction, of one that only the assembler knows, and of a directive.

  $ ringside isa rdflags
  rdflags rd
  
    rd = flags, with the real IF (x86: PUSHF)
  
     31        24 23   20 19                           0
    +------------+-------+------------------------------+
    |    0x48    |  rd   |              0               |
    +------------+-------+------------------------------+
  
    who        any ring, without a trap; with the holes closed it traps like the
               privileged instructions
    sensitive  behaviour: what it does depends on mode or place
    cost       insn.flags: reading or writing flags, machine word, ring
    on x86     PUSHF
    hole       It reads the real interrupt flag, which the monitor keeps set, not
               the one that the guest believes to have cleared: the guest's CLI
               trapped, and only the virtual flag changed.
    so         A kernel that saves its flags on entry to a critical section saves
               'interrupts on' whether they were or not, and on leaving switches
               them on inside an outer critical section. It sees the real IOPL as
               well.
  $ ringside isa seqz
  seqz rd, ra
  
    rd = 1 if ra == 0, else 0
  
    becomes    sltu rd, zero, ra; xori rd, rd, 1
  $ ringside isa .align
  .align n[, fill]
  
    go on at a multiple of n bytes, a power of two; code is filled with nop, all
    else with zeros
  $ ringside isa hlt --format=markdown
  ## `hlt`
  
  wait for an interrupt
  
  ```text
   31        24 23                                 0
  +------------+------------------------------------+
  |    0x58    |                 0                  |
  +------------+------------------------------------+
  ```
  
  - who: ring 0; elsewhere #GP(0)
  - sensitive: control: it changes the machine's mode or configuration
  - VM exit: HLT (12), if the execution controls ask for it: the guest has nothing to do
  - cost: insn.hlt: HLT, before the wait
  $ ringside isa psuh
  ringside: isa: there is no instruction or directive 'psuh'; did you mean 'sub'?
  [2]
  $ ringside isa qqqqqq
  ringside: isa: there is no instruction or directive 'qqqqqq'; 'ringside isa --names' lists them all
  [2]

Can it be virtualized? Popek and Goldberg's theorem, with the holes as x86 had them and with them closed.

  $ ringside isa --analysis | sed '/VERDICT/q'
  The T64 instruction set with the holes open
  
  Sensitive: 23
    rdflags wrflags sidt smsw rdring cli sti in out hlt lptbr sptbr lmsw lidt ltr
    sfar ltpr stpr invlpg rdmsr wrmsr iret sysret
  
  Privileged: 18
    cli sti in out hlt lptbr sptbr lmsw lidt ltr sfar ltpr stpr invlpg rdmsr wrmsr
    iret sysret
  
  Sensitive and not privileged: 5
    rdflags wrflags sidt smsw rdring
  
    Theorem 1 of Popek and Goldberg (CACM 17(7), 1974): a virtual machine monitor
    can be built for a machine if its sensitive instructions are a subset of its
    privileged ones. The monitor then runs the guest's kernel outside ring 0, and
    all that could tell or change the difference traps to it.
  
    VERDICT: they are not. A monitor that waits for traps never hears of the
  $ ringside isa --analysis --holes=closed | tail -n 1
    VERDICT: they are. Trap-and-emulate suffices for this instruction set.
  $ ringside isa --analysis | grep -c '  on x86 '
  5

The page in docs is what the program prints.

  $ ringside isa --format=markdown | diff docs/isa.md -

No line of the manual is wider than a terminal.

  $ { ringside isa; ringside isa --analysis; ringside isa --directives; } | awk 'length > 80'
  $ ringside isa --names | sort | uniq -d
