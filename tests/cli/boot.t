Booting the toy OS: the console alone, then with the report.

  $ ringside boot --quiet
  toyos: 1 processor(s), 64 MiB, 33 files in the RAM disk
  hello from the toy OS
  hello from the toy OS
  hello from the toy OS
  hello: checksum 0x52dc9e18b0feba61
  $ ringside boot --quiet --workload sh --length 1 --cpus 2
  toyos: 2 processor(s), 64 MiB, 33 files in the RAM disk
  hello from the toy OS
  hello from the toy OS
  sum 190
  sum 4950
  sh: checksum 0xafd8bafad7e92cf7
  $ ringside boot -w nullcall -n 1000 | grep -E 'checksum|system calls|device'
  nullcall: checksum 0x988cc5afd8cb65dd
  The checksum is right for nullcall with n = 1000 (calls).
    system calls              1,007
    device register accesses     26
  $ ringside boot -w compile -n 4 --cpus 3 | tail -4 | cut -c1-9
  Processor
    0      
    1      
    2      

The checksum does not depend on the machine.

  $ for levels in 2 3 4 5; do ringside boot -q -w pgfault -n 300 --levels $levels --cpu p4-672; done | grep checksum | uniq
  pgfault: checksum 0xf90bc44125dc3a99
  $ for cpus in 1 2 7; do ringside boot -q -w threads -n 300 --cpus $cpus; done | grep checksum | uniq
  threads: checksum 0x1c344e508797f657
  $ ringside boot -q -w memrand -n 5000 --append opt=h; ringside boot -q -w memrand -n 5000 --holes-closed
  toyos: 1 processor(s), 64 MiB, 33 files in the RAM disk
  memrand: checksum 0x9dfd57d23f06968c
  toyos: 1 processor(s), 64 MiB, 33 files in the RAM disk
  memrand: checksum 0x9dfd57d23f06968c

Two machines that a switch connects: each request and each answer is a frame, the last word ends the server,
and the first frame goes to every port, for the switch has not yet learned who is where.

  $ ringside boot -w netrr -n 100 --machines 2 | grep -E '^Machine|^The check|^On the'
  Machine 1, the client
  The checksum is right for netrr with n = 100 (requests).
  Machine 2, the server
  On the switch: 200 frames to one port, 1 to all, 0 lost
  $ ringside boot -w sieve --machines 2
  ringside: two machines with 'sieve', which does not talk to another; '--workload netrr' does
  [2]
  $ ringside boot -w netrr --machines 2 --trace 4
  ringside: --trace is for one machine; leave it or --machines out
  [2]

A shell to type at; a program that crashes; what else is not right.

  $ printf 'hello 1 q\ncount 4 | sum\n\004' | ringside boot -q -w sh --append opt=i --input -
  toyos: 1 processor(s), 64 MiB, 33 files in the RAM disk
  toy$ hello from the toy OS
  toy$ sum 6
  toy$ sh: checksum 0xc134ce160b990306
  $ ringside boot -w crash -n 4 | sed -n '2,4s/, at 0x.*//p'; ringside boot -q -w crash -n 4 | grep -c '#DE'
  Powered off with status 1
  1
  $ ringside boot -w memrnd
  ringside: no workload 'memrnd'; did you mean 'memrand'? 'ringside list workloads' names them all
  [2]
  $ ringside boot -w nonsense
  ringside: no workload 'nonsense'; 'ringside list workloads' names them all
  [2]
  $ ringside boot -w all -n 5
  ringside: --length with all workloads; each has its own
  [2]
  $ ringside boot -w matrix -n 2000
  ringside: matrix with n = 2000; at most 1000 rows fit
  [2]
  $ ringside boot --mem 8M
  ringside: --mem: 8M is outside 16777216 to 68719476736
  [2]
  $ ringside boot --levels 6
  ringside: --levels: 6 is outside 2 to 5
  [2]
  $ ringside boot --guest nowhere
  ringside: no folder 'nowhere'; --guest wants one like scenarios/guest
  [3]
  $ ringside boot -w diskread -n 100 --limit 100000 | sed -n '3s/, at 0x.*//p'
  Stopped at the limit, after 100,000 instructions

All of them, as numbers for other programs.

  $ ringside boot --workload all | cut -c1-46
  The toy OS, booted for each workload: 1 proces
  
  workload         n  checksum                  
  hello            3  0x52dc9e18b0feba61  right 
  nullcall    50,000  0x59ec97a4f575a7b5  right 
  ctxsw        3,000  0xcb7b8bec0cfa8fe5  right 
  pgfault      4,000  0xa2d21559174c4045  right 
  mmap         1,000  0xc5b88e44a0998be5  right 
  forkexec        80  0x615e571b9e7f0685  right 
  sieve      300,000  0x968488ccc3dae5a5  right 
  crc        400,000  0xc77296c8b9e2f29a  right 
  sort        15,000  0x2b66978aa22a355e  right 
  matrix          80  0x4c5cff5a399b5d25  right 
  memseq          10  0xb9de40657e3d9f13  right 
  memrand    200,000  0xb12c872dce41b827  right 
  diskread       800  0x602ed47ed4355f8b  right 
  diskwrite      500  0x738b5e6c0979b9e1  right 
  netrr        1,500  0x998107f455c3e6a5  right 
  compile         25  0x8d2f55beb3baa13b  right 
  web            800  0xc48f2d2e371d6355  right 
  threads     20,000  0x76fff6eefba716bd  right 
  mixed           10  0x1841cdbd28378d04  right 
  sh               3  0xc7daf5df6bf77273  right 
  
  20 of 20 checksums right
  $ ringside boot -w crc -n 1000 --export-json result.json >/dev/null; grep -E '"(schema|workload|n|checksum|expected|right)"' result.json
    "schema": "ringside/boot/1",
    "workload": "crc",
    "n": 1000,
    "checksum": "0x295dd3248d45ab41",
    "expected": "0x295dd3248d45ab41",
    "right": true,

What a run would have had to print is reckoned only if it printed something: that takes as long as the run.

  $ ringside boot -w sieve -n 100000000 --limit 1000000 --export-json - | grep -E '"(n|checksum|expected|right)"'
    "n": 100000000,
    "checksum": null,
    "expected": null,
    "right": false,

A kernel of one's own: a changed copy. First a mistake, then a fault.

  $ mkdir -p mine/kernel && cp scenarios/guest/kernel/syscall.s mine/kernel
  $ sed -i 's/^sys_getpid:/sys_getpid:\n    frob a0/' mine/kernel/syscall.s
  $ ringside boot --guest mine
  mine/kernel/syscall.s:60:5: 'frob' is no instruction, pseudo-instruction or macro; a label needs a colon; 'ringside isa' lists all (included at guest/kernel/kernel.s:21)
  ringside: 1 error in kernel/kernel.s
  [3]
  $ sed -i 's/frob a0/std a0, [zero]/' mine/kernel/syscall.s
  $ ringside boot --guest mine -w nullcall | grep -E 'panic|address|checksum'
  kernel panic: page fault in the kernel
    vector #PF  error 0x0000000000000002  address 0x0000000000000000
  The kernel panicked at sys_getpid (mine/kernel/syscall.s:60).
  There is no checksum: nullcall did not get to its end.
