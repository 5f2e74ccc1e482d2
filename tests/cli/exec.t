A program, and what happened.

  $ ringside exec hello
  Hello from ring 0.
  
  Powered off with status 0, at 0x10018, start.done (scenarios/examples/hello.s:17).
  
  instructions                99
  cycles                  42,299  xeon at 2500 MHz
  cycles per instruction  427.26
  
  Cycles by category
    guest kernel  42,299  100.0 %  ██████████████████████████████
  
  Events
    port accesses  20
  $ ringside exec sum -D N=1000 --cpu p4-672
  Powered off with status 0, at 0x1001c, loop+0x14 (scenarios/examples/sum.s:13).
  
  instructions            3,005
  cycles                  6,213  p4-672 at 3800 MHz
  cycles per instruction   2.07
  
  Cycles by category
    guest kernel  6,213  100.0 %  ██████████████████████████████
  
  Events
    port accesses  1
  $ ringside exec timer | tail -12
  cycles                   529,096  xeon at 2500 MHz
  cycles per instruction  4,301.59
  
  Cycles by category
    guest kernel     29,724   5.6 %  █▋
    event delivery    2,700   0.5 %  ▏
    idle            496,672  93.9 %  ████████████████████████████▏
  
  Events
    interrupts                 5
    device register accesses   8
    port accesses             13
  $ ringside exec demand | sed -n '/^Address/,$p'
  Address translation       fetch  data
    first-level TLB misses      2    34
    second-level TLB hits       1     1
    page walks                  1    33
    walk references             3    84
  
  Events
    #PF page fault  16
    port accesses   31
  $ ringside exec smp --cpus 4 | sed -n '/^Processor/,$p'
  Processor  instructions  cycles  interrupts    idle
    0              12,149  75,166           0   0.0 %
    1              12,018  75,166           0  56.0 %
    2              12,012  75,166           0  56.0 %
    3              12,012  75,166           0  56.0 %

The same bytes twice, whatever the terminal.

  $ ringside exec smp --cpus 4 >one; ringside exec smp --cpus 4 >two; cmp one two
  $ LC_ALL=C ringside exec hello | LC_ALL=C grep -c '[^ -~]'
  0
  [1]
  $ ringside --ascii exec sum | tail -5
  Cycles by category
    guest kernel  2,415  100.0 %  ##############################
  
  Events
    port accesses  1
  $ ringside --color=always exec deadlock | grep -c "$(printf '\033')\[31m"
  1

Its own sources, images and standard input.

  $ printf 'start: movi a0, 3\n out a0, [zero+0xf4]\n' >three.s
  $ ringside exec --quiet three.s
  [1]
  $ ringside exec - <three.s | head -1
  Powered off with status 3, at 0x10004, start+0x4 (<stdin>:2).
  $ cat three.s | ringside exec -q -
  [1]
  $ ringside asm -o three.img three.s && ringside exec three.img | head -1
  Powered off with status 3, at 0x10004, start+0x4 (three.s:2).
  $ echo 'hello, T64' >typed
  $ ringside exec echo --quiet --input typed
  HELLO, T64
  $ cat >main.s <<'END'
  >         .include "bare.inc"
  >         .include "own.inc"
  > start:  power_off NUMBER
  > END
  $ mkdir -p inc && echo '.equ NUMBER, 7' >inc/own.inc
  $ ringside exec main.s
  main.s:2:18: cannot read 'own.inc': no such file, neither beside main.s nor below -I nor built in; check the name, or give its folder with -I
  [3]
  $ ringside exec main.s -I inc | head -1
  Powered off with status 7, at 0x10044, start+0x4 (main.s:3).

What cannot go on is explained.

  $ ringside exec crash | sed '/^instructions/,$d'
  Triple fault: the machine cannot go on.
  #UD (invalid opcode) at 0x123450.
  Delivering it gave #GP, delivering that gave #GP: a double fault. Delivering that gave #GP.
  That is outside the program: it jumped into nowhere, from 0x10008, start+0x8 (scenarios/examples/crash.s:4).
  There is no vector table (LIDT was never executed): every exception is fatal.
  
  The last 3 steps
    cycle  ring  address  instruction      where
        0     0  0x10000  lea a0, pointer  start (scenarios/examples/crash.s:2)
        1     0  0x10004  ldd a0, [a0]     start+0x4 (scenarios/examples/crash.s:3)
        2     0  0x10008  jalr lr, a0, 0   start+0x8 (scenarios/examples/crash.s:4)
  
  $ ringside exec deadlock | sed '/^instructions/,$d'
  Deadlock: every processor waits, and nothing is pending that could wake one.
  Processor 0 halted just before 0x10008, interrupts off (IF is clear).
  A program ends well by powering off: 'out zero, [zero+0xf4]'. One that waits for an interrupt needs STI before HLT, and a timer or device that will interrupt.
  
  The last 2 steps
    cycle  ring  address  instruction  where
        0     0  0x10000  cli          start (scenarios/examples/deadlock.s:2)
        6     0  0x10004  hlt          start+0x4 (scenarios/examples/deadlock.s:3)
  
  $ cat >end.s <<'END'
  > start:  movi a0, 5
  >         inc a0
  > END
  $ ringside exec end.s | head -6
  Triple fault: the machine cannot go on.
  #UD (invalid opcode) at 0x10008.
  Delivering it gave #GP, delivering that gave #GP: a double fault. Delivering that gave #GP.
  The program ran on past the end of its code: it must loop, halt or power off ('out zero, [zero+0xf4]').
  There is no vector table (LIDT was never executed): every exception is fatal.
  
  $ cat >div.s <<'END'
  > start:  div a0, a0, zero
  > END
  $ ringside exec div.s | head -5
  Triple fault: the machine cannot go on.
  #DE (divide error) at 0x10000, start (div.s:1).
  Delivering it gave #GP: a double fault. Delivering that gave #GP.
  DIV or REM by zero, or -2^63 / -1.
  There is no vector table (LIDT was never executed): every exception is fatal.
  $ cat >ring.s <<'END'
  > start:  la t1, user
  >         sysret
  > user:   hlt
  > END
  $ ringside exec ring.s | head -5
  Triple fault: the machine cannot go on.
  #GP (general protection) at 0x10008, user (ring.s:3).
  Delivering it gave #GP: a double fault. Delivering that gave #GP.
  hlt is privileged, and this was ring 3.
  There is no vector table (LIDT was never executed): every exception is fatal.
  $ cat >call.s <<'END'
  > start:  syscall
  > END
  $ ringside exec call.s | head -5
  Triple fault: the machine cannot go on.
  #UD (invalid opcode) at 0x0.
  Delivering it gave #GP, delivering that gave #GP: a double fault. Delivering that gave #GP.
  That is outside the program: it jumped into nowhere, from 0x10000, start (call.s:1) (MSR LSTAR says where SYSCALL goes).
  There is no vector table (LIDT was never executed): every exception is fatal.
  $ cat >bare.s <<'END'
  > start:  li sp, STACK
  > deeper: push lr
  >         call deeper
  > END
  $ ringside exec bare.s -D STACK=0x18000 | head -6
  Triple fault: the machine cannot go on.
  #UD (invalid opcode) at 0x10010, deeper+0x8 (bare.s:3).
  Delivering it gave #GP, delivering that gave #GP: a double fault. Delivering that gave #GP.
  The word there is 0x00010014, and was 0x39fffffe when the program was loaded: it has been overwritten.
  The stack pointer is 0x10010: the stack has overflowed, and grown over the program.
  There is no vector table (LIDT was never executed): every exception is fatal.
  $ ringside exec bare.s -D STACK=4096 --limit 3000 | head -4
  Stopped at the limit, after 3,000 instructions, at 0x1000c, deeper+0x8 (bare.s:3).
  It goes round between 0x10004, deeper (bare.s:2) and 0x1000c, deeper+0x8 (bare.s:3).
  The stack pointer is 0xfffffffffffff0c0, and no memory is there: the stack has overflowed, or was never set up.
  

A stack that grows over data harms nobody at first. If the program names its stack, that is seen at the limit.

  $ cat >named.s <<'END'
  > start:  la sp, stack_top
  > deeper: push lr
  >         call deeper
  >         .align 16
  > data:   .space 1 << 20
  > stack_bottom:
  >         .space 64
  > stack_top:
  > END
  $ ringside exec named.s --limit 3000 | head -3
  Stopped at the limit, after 3,000 instructions, at 0x1000c, deeper+0x4 (named.s:2).
  It goes round between 0x10008, deeper (named.s:2) and 0x10010, deeper+0x8 (named.s:3).
  The stack pointer is 0x10e120, 7936 bytes below the program's stack, 0x110020 (stack_bottom) to 0x110060 (stack_top): the stack has overflowed.

A guard page catches it at once.

  $ cat >stack.s <<'END'
  > ; maps 0 to 2 MiB by a huge page; recursion without end overflows the stack below 4 MiB
  >         .equ ROOT, 0x100000
  > start:  li a0, ROOT
  >         li a1, 0x101003
  >         std a1, [a0]
  >         std a1, [a0]
  >         li a0, 0x101000
  >         li a1, 0x102003
  >         std a1, [a0]
  >         li a0, 0x102000
  >         movi a1, 0x83
  >         std a1, [a0]
  >         li a1, 0x103003
  >         std a1, [a0+8]
  >         li a0, 0x103000
  >         li a1, 0x3ff003
  >         std a1, [a0+8*511]
  >         li a0, ROOT
  >         lptbr a0
  >         li a0, 0x80010000
  >         lmsw a0
  >         li sp, 0x400000
  > deeper: push lr
  >         call deeper
  > END
  $ ringside exec stack.s --trace 4 | sed '/^instructions/,$d'
  Triple fault: the machine cannot go on.
  #PF (page fault) at 0x10080, deeper+0x4 (stack.s:23).
  Delivering it gave #GP: a double fault. Delivering that gave #GP.
  It touched 0x3feff8: entry 510 of the level-1 table at 0x103000 is not present.
  The stack pointer is 0x3feff8: the stack has overflowed, or was never set up there.
  There is no vector table (LIDT was never executed): every exception is fatal.
  
  The last 4 steps
    cycle  ring  address  instruction      where
    2,981     0  0x1007c  addi sp, sp, -8  deeper (stack.s:23)
    2,982     0  0x10080  std lr, [sp]     deeper+0x4 (stack.s:23)
    2,983     0  0x10084  call deeper      deeper+0x8 (stack.s:24)
    2,985     0  0x1007c  addi sp, sp, -8  deeper (stack.s:23)
  
  $ cat >tables.s <<'END'
  > ; turns paging on without tables: the next fetch finds nothing
  > start:  li a0, 0x100000
  >         lptbr a0
  >         li a0, 0x80000000
  >         lmsw a0
  > END
  $ ringside exec tables.s | head -6
  Triple fault: the machine cannot go on.
  #PF (page fault) at 0x10018.
  Delivering it gave #PF: a double fault. Delivering that gave #PF.
  The instruction itself is not mapped: entry 0 of the level-4 table at 0x100000 is not present.
  There is no vector table (LIDT was never executed): every exception is fatal.
  
  $ cat >loop.s <<'END'
  > start:  inc a0
  > again:  inc a0
  >         jmp again
  > END
  $ ringside exec loop.s --limit 1000 | head -6
  Stopped at the limit, after 1,000 instructions, at 0x10008, again+0x4 (loop.s:3).
  It goes round between 0x10004, again (loop.s:2) and 0x10008, again+0x4 (loop.s:3).
  If it only needs more time, give a higher --limit.
  
  The last 8 steps
    cycle  ring  address  instruction     where
  $ ringside exec ring.s --registers | sed -n '/^Registers/,/^$/p'
  Registers
    zero 0000000000000000  a0   0000000000001000  a1   0000000000000000  a2   0000000000000000
    a3   0000000000000000  a4   0000000000000000  a5   0000000000000000  s0   0000000000000000
    s1   0000000000000000  s2   0000000000000000  s3   0000000000000000  t0   0000000000000000
    t1   0000000000010008  t2   0000000000000000  lr   0000000000000000  sp   0000000000000000
    pc   0000000000010008  ring 3  flags 0 (IF 0, TF 0, IOPL 0)
    machine word 0 (PG 0, WP 0, PCIDE 0)  task priority 0
    page-table base 0x0  vector table 0x0  task register 0x0
    fault address 0x0  KSTACK 0x0  LSTAR 0x0
  

Expectations.

  $ for f in scenarios/examples/*.s; do
  >     ringside exec --quiet --expect "$f" >out 2>&1 || echo "$f fails: $(tail -3 out)"
  > done
  $ ringside exec --quiet --expect smp --cpus 3
  Nothing was lost.
  2 expectations hold.
  $ ringside exec --quiet --expect paging --levels 2
  Two addresses, one page.
  4 expectations hold.
  $ ringside exec --quiet --expect paging --levels 5
  Two addresses, one page.
  4 expectations hold.
  $ ringside exec --quiet holes --holes-closed
  5 of 5 sensitive instructions trapped.
  $ cat >wrong.s <<'END'
  > start:  movi a0, 'x'
  >         out a0, [zero+0x3f8]
  >         movi a0, 4
  >         out a0, [zero+0xf4]
  >         .data
  > cell:   .quad -2
  > ; expect "y"
  > ; expect status 5
  > ; expect stop deadlock
  > ; expect a0 = 5
  > ; expect a0 = 4
  > ; expect word [cell] = -2
  > ; expect [cell+4] = 0
  > ; expect [0x10000000] = 0
  > ; expect cpu1 a0 = 0
  > ; expect interrupts = 1
  > END
  $ ringside exec --expect --quiet wrong.s
  x
  wrong.s:7: expected "y", got "x"
  wrong.s:8: expected status 5, got power-off with status 4
  wrong.s:9: expected stop deadlock, got power-off with status 4
  wrong.s:10: expected a0 = 5, got 4 (0x4)
  wrong.s:13: expected [cell+4] = 0, got 4294967295 (0xffffffff)
  wrong.s:14: expected [0x10000000] = 0, got no memory at 0x10000000
  wrong.s:15: expected cpu1 a0 = 0, got no processor 1
  wrong.s:16: expected interrupts = 1, got 0 (0x0)
  8 of 10 expectations failed.
  [1]
  $ printf 'start: movi a0, 1\n out a0, [zero+0xf4]\n; expect a0 = 1\n' | ringside exec -eq -
  <stdin>: expected status 0 (nothing else is said), got power-off with status 1
  1 of 2 expectations failed.
  [1]
  $ printf 'start: hlt\n; expect a0 5\n' | ringside exec -e -
  <stdin>:2:13: '=' is missing here; write e.g. '; expect a0 = 42'
  [3]
  $ printf 'start: hlt\n; expect a99 = 5\n' | ringside exec -e -
  <stdin>:2:10: 'a99' cannot be expected; give "a line", status, stop, a register, [memory], #PF or interrupts
  [3]
  $ printf 'start: hlt\n; expect "abc\n' | ringside exec -e -
  <stdin>:2:14: the closing quote is missing
  [3]
  $ printf 'start: hlt\n; expect pc = nowhere+4\n' | ringside exec -e -
  <stdin>:2:15: 'nowhere' is neither a number nor a symbol of the program
  [3]
  $ printf 'start: hlt\n; expect a0 = 5 6\n' | ringside exec -e -
  <stdin>:2:17: there is more on the line than expected; one expectation a line
  [3]
  $ ringside exec -e three.img
  ringside: --expect needs a source file: an image has no comments
  [2]

JSON: every counter; the categories add up to the cycles.

  $ ringside exec sum --export-json - | sed -n '/^{/,$p' | head -34
  {
    "schema": "ringside/exec/1",
    "tool_version": "0.1.0",
    "seed": 1,
    "program": "scenarios/examples/sum.s",
    "cpu": "xeon",
    "mhz": 2500,
    "ram": 67108864,
    "levels": 4,
    "holes_closed": false,
    "stop": {
      "reason": "power-off",
      "processor": 0,
      "pc": "0x1001c",
      "where": "loop+0x14 (scenarios/examples/sum.s:13)",
      "status": 0
    },
    "console": "",
    "instructions": 305,
    "cycles": 2415,
    "cycles_by": {
      "guest user": 0,
      "guest kernel": 2415,
      "page walk": 0,
      "2-D page walk": 0,
      "event delivery": 0,
      "world switch": 0,
      "exit handling": 0,
      "shadow paging": 0,
      "binary translation": 0,
      "hypercall": 0,
      "interrupt injection": 0,
      "device emulation": 0,
      "driver domain": 0,
  $ ringside exec sum --expect --trace 2 --export-json r.json >/dev/null
  $ sed -n '/"trace"/,$p' r.json
    "trace": [
      {
        "cycle": 303,
        "pc": "0x10018",
        "ring": 0,
        "word": "0x2b130000"
      },
      {
        "cycle": 304,
        "pc": "0x1001c",
        "ring": 0,
        "word": "0x530000f4"
      }
    ],
    "expectations": [
      {
        "line": 17,
        "expected": "a0 = 5050",
        "holds": true
      },
      {
        "line": 18,
        "expected": "[result] = 5050",
        "holds": true
      },
      {
        "line": 0,
        "expected": "status 0 (nothing else is said)",
        "holds": true
      }
    ]
  }

A dump of memory, for translate.

  $ ringside exec paging --quiet --registers --dump-memory ram
  Two addresses, one page.
  
  Registers
    zero 0000000000000000  a0   0000000000010139  a1   0000000000000000  a2   0000000000000002
    a3   0000000000000000  a4   0000000000000000  a5   0000000000000000  s0   0000000000000002
    s1   0000000000100000  s2   0000000000102000  s3   0000000000600000  t0   0000000000000000
    t1   0000000000000000  t2   0000000000000000  lr   00000000000100f0  sp   0000000000080000
    pc   00000000000100f8  ring 0  flags 0 (IF 0, TF 0, IOPL 0)
    machine word 80010000 (PG 1, WP 1, PCIDE 0)  task priority 0
    page-table base 0x100000  vector table 0x0  task register 0x0
    fault address 0x0  KSTACK 0x0  LSTAR 0x0
  $ ringside translate --memory ram --ptbr 0x100000 --ring 0 0x600000 | tail -8
      1  level 4       0  0x100000  0000000000101023  P W A    table 0x101000
      2  level 3       0  0x101000  0000000000102023  P W A    table 0x102000
      3  level 2       3  0x102018  0000000000103023  P W A    table 0x103000
      4  level 1       0  0x103000  0000000000011063  P W A D  page 0x11000
    flags: P present, W writable, A accessed, D dirty
  
  physical 0x11000, 4 references.
  Cost on xeon: 4 x 14 cycles = 56 cycles, when no TLB and no walk cache helps.

Mistakes.

  $ ringside exec
  ringside: exec: an operand is missing: PROGRAM.s|IMAGE|EXAMPLE; see 'ringside exec --help'
  [2]
  $ ringside exec helo
  ringside: no file and no example 'helo'; did you mean 'hello'? 'ringside list programs' shows the examples
  [3]
  $ ringside exec nosuch.s
  nosuch.s: cannot open: No such file or directory
  [3]
  $ ringside exec /bin/true
  /bin/true: neither a T64 image nor a text; give a source file, or an image made by 'ringside asm'
  [3]
  $ ringside exec hello --mem 3M
  ringside: RAM must be a multiple of 2 MiB, from 2 MiB to 64 GiB
  [2]
  $ ringside exec hello --cpus 65
  ringside: --cpus: 65 is outside 1 to 64
  [2]
  $ ringside exec hello --limit 0
  ringside: --limit: 0 is less than 1
  [2]
  $ ringside exec hello -D =1
  ringside: -D '=1': a name is missing; write -D NAME=VALUE
  [2]
  $ ringside exec hello -D N=x
  ringside: -D 'N=x': 'x' is not a number such as 42 or 0x2a
  [2]
  $ ringside exec hello --cpu nehalme
  ringside: no CPU model 'nehalme'; did you mean 'nehalem'? 'ringside list cpus' shows them
  [2]
  $ ringside exec hello --input nosuch
  nosuch: cannot open: No such file or directory
  [3]
  $ ringside exec hello --disk nosuch
  nosuch: cannot open: No such file or directory
  [3]
  $ ringside exec hello --export-json /nosuch/x
  Hello from ring 0.
  
  Powered off with status 0, at 0x10018, start.done (scenarios/examples/hello.s:17).
  
  instructions                99
  cycles                  42,299  xeon at 2500 MHz
  cycles per instruction  427.26
  
  Cycles by category
    guest kernel  42,299  100.0 %  ██████████████████████████████
  
  Events
    port accesses  20
  ringside: cannot write /nosuch/x: No such file or directory
  [4]
  $ printf 'start: mvi a0, 1\n' | ringside exec -
  <stdin>:1:8: 'mvi' is no instruction, pseudo-instruction or macro; did you mean 'movi'?
  [3]
  $ printf 'T64IMAGE' >short.img; ringside exec short.img
  short.img: the file ends too early, at byte 8; assemble it again with 'ringside asm'
  [3]
