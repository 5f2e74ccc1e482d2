Page walks: natively, nested, with huge pages.

  $ ringside translate 0x400123
  ring 3 reads 0x0000000000400123 (code+0x123)
  
     bits  field                     binary                value
    63-48  copies of bit 47          0000000000000000  canonical
    47-39  index into level 4        000000000                 0
    38-30  index into level 3        000000000                 0
    29-21  index into level 2        000000010                 2
    20-12  index into level 1        000000000                 0
     11-0  offset in the 4 KiB page  000100100011          0x123
  
    ref  table of  index  entry at  holds             flags    leads to
      1  level 4       0  0x16c000  000000000012c027  P W U A  table 0x12c000
      2  level 3       0  0x12c000  00000000000d2027  P W U A  table 0xd2000
      3  level 2       2   0xd2010  0000000000169027  P W U A  table 0x169000
      4  level 1       0  0x169000  0000000000112005  P U +A   page 0x112000
    flags: P present, W writable, U user: ring 3 too, A accessed
    + set by this very walk
  
  physical 0x112123, 4 references.
  Cost on xeon: 4 x 14 cycles + 1 accessed/dirty update x 100 = 156 cycles, when no TLB and no walk cache helps.
  $ ringside translate --nested 0x400123
  ring 3 reads 0x0000000000400123 (code+0x123)
  
     bits  field                     binary                value
    63-48  copies of bit 47          0000000000000000  canonical
    47-39  index into level 4        000000000                 0
    38-30  index into level 3        000000000                 0
    29-21  index into level 2        000000010                 2
    20-12  index into level 1        000000000                 0
     11-0  offset in the 4 KiB page  000100100011          0x123
  
    ref  table of  index  host entry  holds             flags    leads to
    the guest's level-4 entry is at guest-physical 0x112000: where is that?
      1  EPT L4        0    0x16c000  00000000000d2007  R W X    0xd2000
      2  EPT L3        0     0xd2000  0000000000169007  R W X    0x169000
      3  EPT L2        0    0x169000  0000000000057007  R W X    0x57000
      4  EPT L1      274     0x57890  000000000012c007  R W X    0x12c000
      5  guest L4      0    0x12c000  00000000001be027  P W U A  0x1be000
    the guest's level-3 entry is at guest-physical 0x1be000: where is that?
      6  EPT L4        0    0x16c000  00000000000d2007  R W X    0xd2000
      7  EPT L3        0     0xd2000  0000000000169007  R W X    0x169000
      8  EPT L2        0    0x169000  0000000000057007  R W X    0x57000
      9  EPT L1      446     0x57df0  0000000000121007  R W X    0x121000
     10  guest L3      0    0x121000  00000000001de027  P W U A  0x1de000
    the guest's level-2 entry is at guest-physical 0x1de010: where is that?
     11  EPT L4        0    0x16c000  00000000000d2007  R W X    0xd2000
     12  EPT L3        0     0xd2000  0000000000169007  R W X    0x169000
     13  EPT L2        0    0x169000  0000000000057007  R W X    0x57000
     14  EPT L1      478     0x57ef0  00000000001ea007  R W X    0x1ea000
     15  guest L2      2    0x1ea010  00000000001df027  P W U A  0x1df000
    the guest's level-1 entry is at guest-physical 0x1df000: where is that?
     16  EPT L4        0    0x16c000  00000000000d2007  R W X    0xd2000
     17  EPT L3        0     0xd2000  0000000000169007  R W X    0x169000
     18  EPT L2        0    0x169000  0000000000057007  R W X    0x57000
     19  EPT L1      479     0x57ef8  000000000015b007  R W X    0x15b000
     20  guest L1      0    0x15b000  0000000000033005  P U +A   0x33000
    the data itself is at guest-physical 0x33123: where is that?
     21  EPT L4        0    0x16c000  00000000000d2007  R W X    0xd2000
     22  EPT L3        0     0xd2000  0000000000169007  R W X    0x169000
     23  EPT L2        0    0x169000  0000000000057007  R W X    0x57000
     24  EPT L1       51     0x57198  00000000000cd007  R W X    0xcd000
    guest flags: P present, W writable, U user: ring 3 too, A accessed
    EPT flags: R readable, W writable, X executable
    + set by this very walk
  
    reference number  EPT 4  EPT 3  EPT 2  EPT 1  guest's own
    guest level 4         1      2      3      4            5
    guest level 3         6      7      8      9           10
    guest level 2        11     12     13     14           15
    guest level 1        16     17     18     19           20
    the data             21     22     23     24            -
  
  host-physical 0xcd123, 24 references = (4 + 1) x (4 + 1) - 1.
  Cost on xeon: 24 x 14 cycles + 1 accessed/dirty update x 100 = 436 cycles, when no TLB and no walk cache helps.
  $ ringside translate --nested --huge --ept-huge heap+0x1234 | tail -3
  
  host-physical 0x3801234, 15 references = (3 + 1) x (3 + 1) - 1.
  Cost on xeon: 15 x 14 cycles + 1 accessed/dirty update x 100 = 310 cycles, when no TLB and no walk cache helps.
  $ ringside translate --nested-twice --ept-levels 3 data | tail -2
  host-physical 0x1f7000, 79 references = (4 + 1) x (3 + 1) x (3 + 1) - 1.
  Cost on xeon: 79 x 14 cycles + 1 accessed/dirty update x 100 = 1206 cycles, when no TLB and no walk cache helps.

Faults say whose they are.

  $ ringside translate --access write code | sed -n '/^#/,$p'
  #PF, vector 14, after 4 references. Error code 0x7:
    bit 0 = 1 the page is there and refuses
    bit 1 = 1 a write
    bit 2 = 1 by ring 3
  Fault address register: 0x0000000000400000.
  Level-1 entry 0 decides: it lacks W: nobody may write.
  The kernel decides: it brings the page, copies it, or ends the program.
  Cost on xeon: 4 x 14 cycles = 56 cycles, when no TLB and no walk cache helps.
  $ ringside translate --access fetch data | sed -n '/^#/,$p'
  #PF, vector 14, after 4 references. Error code 0x15:
    bit 0 = 1 the page is there and refuses
    bit 2 = 1 by ring 3
    bit 4 = 1 an instruction fetch
  Fault address register: 0x0000000000600000.
  Level-1 entry 0 decides: it has NX: no instructions are fetched there.
  The kernel decides: it brings the page, copies it, or ends the program.
  Cost on xeon: 4 x 14 cycles = 56 cycles, when no TLB and no walk cache helps.
  $ ringside translate kernel corrupt | grep decides
  Level-1 entry 0 decides: it lacks U: ring 3 must stay out.
  The kernel decides: it brings the page, copies it, or ends the program.
  Level-1 entry 0 decides: a bit is set in it that must be zero.
  The kernel decides: it brings the page, copies it, or ends the program.
  $ ringside translate --ring 0 kernel | grep ^physical
  physical 0xd8000, 4 references.
  $ ringside translate --ring 0 --access write --no-wp code | grep ^physical
  physical 0x112000, 4 references.
  $ ringside translate 0x800000000000 | tail -2
  #GP(0): the address is not canonical, no table is read, 0 references.
  It is the program's fault; its own kernel gets vector 13.
  $ ringside translate --nested unbacked | sed -n '/^EPT/,$p'
  EPT violation, a VM exit (reason 48 EPT_VIOLATION), after 24 references.
  EPT could not translate guest-physical 0xf8000, where the data would be.
  Its level-1 entry 248 decides: R, W and X are clear: nothing is mapped there.
  The hypervisor handles it: it finds memory for the page, maps it and resumes.
  The guest never learns of it.
  Cost on xeon: 24 x 14 cycles = 336 cycles, when no TLB and no walk cache helps.
  $ ringside translate --nested -a write shared | sed -n '/^EPT/,$p'
  EPT violation, a VM exit (reason 48 EPT_VIOLATION), after 24 references.
  EPT could not translate guest-physical 0x10a000, where the data would be.
  Its level-1 entry 266 decides: its levels do not allow this access.
  The hypervisor handles it: it copies a shared page, or notes it as dirty, allows the access and resumes.
  The guest never learns of it.
  Cost on xeon: 24 x 14 cycles = 336 cycles, when no TLB and no walk cache helps.
  $ ringside translate --nested lost | sed -n '/^EPT/,$p'
  EPT violation, a VM exit (reason 48 EPT_VIOLATION), after 19 references.
  EPT could not translate guest-physical 0xcc000, where an entry of the guest's own tables would be.
  Its level-1 entry 204 decides: R, W and X are clear: nothing is mapped there.
  The hypervisor handles it: it finds memory for the page, maps it and resumes.
  The guest never learns of it.
  Cost on xeon: 19 x 14 cycles = 266 cycles, when no TLB and no walk cache helps.
  $ ringside translate --nested device | sed -n '/^EPT/,$p'
  EPT misconfiguration, a VM exit (reason 49 EPT_MISCONFIG), after 24 references.
  EPT could not translate guest-physical 0x1ea000, where the data would be.
  Its level-1 entry 490 decides: it has W without R, which means nothing.
  Hypervisors mark device memory so: the exit is cheap to recognize, and they emulate the access.
  The guest never learns of it.
  Cost on xeon: 24 x 14 cycles = 336 cycles, when no TLB and no walk cache helps.

What there is.

  $ ringside translate --map
        virtual from   size  pages  physical  rights  name
  0x0000000000400000  4 KiB  4 KiB  0x112000  r-xu    code     a program's instructions: nobody may write here
  0x0000000000401000  4 KiB  4 KiB   0x57000  r-xu    code     a program's instructions: nobody may write here
  0x0000000000600000  4 KiB  4 KiB   0x33000  rw-u    data     its variables: no instructions
  0x0000000000601000  4 KiB  4 KiB  0x1be000  rw-u    data     its variables: no instructions
  0x0000000235600000  4 KiB  4 KiB  0x1de000  rw-u    heap     memory it asked for; by 2 MiB pages with --huge
  0x0000000235601000  4 KiB  4 KiB  0x15b000  rw-u    heap     memory it asked for; by 2 MiB pages with --huge
  0x0000000266a00000  4 KiB  4 KiB  0x1c9000  rwxu    corrupt  an entry with a reserved bit set
  0x00007fffffffe000  4 KiB  4 KiB   0x26000  rw-u    stack    grows down toward a page that is not there
  0x00007ffffffff000  4 KiB  4 KiB  0x13e000  rw-u    stack    grows down toward a page that is not there
  0xffffacc525600000  4 KiB  4 KiB   0xd8000  rwx-    kernel   rings 0 to 2 only
  0xffffacc525601000  4 KiB  4 KiB  0x184000  rwx-    kernel   rings 0 to 2 only
  $ ringside translate --map --nested --huge
        virtual from   size  pages  guest-physical       host  rights  name
  0x0000000000400000  4 KiB  4 KiB         0x33000    0xcd000  r-xu    code      a program's instructions: nobody may write here
  0x0000000000401000  4 KiB  4 KiB        0x139000   0x1c9000  r-xu    code      a program's instructions: nobody may write here
  0x0000000000600000  4 KiB  4 KiB         0x37000   0x103000  rw-u    data      its variables: no instructions
  0x0000000000601000  4 KiB  4 KiB         0xf5000   0x106000  rw-u    data      its variables: no instructions
  0x00000000f2400000  4 KiB  4 KiB         0x8a000    nowhere  rwxu    unbacked  the guest maps it, its hypervisor does not (yet)
  0x00000001ae000000  4 KiB  4 KiB         0x7a000   0x14a000  rwxu    device    the hypervisor marks device memory by a misconfigured entry
  0x00000001fac00000  4 KiB  4 KiB        0x14b000    0xa9000  rwxu    shared    the hypervisor shares the page and keeps it read-only
  0x0000000271c00000  2 MiB  2 MiB       0x1a00000  0x1e00000  rw-u    heap      memory it asked for; by 2 MiB pages with --huge
  0x0000000301600000  4 KiB  4 KiB        0x1f7000    0x15000  rwxu    corrupt   an entry with a reserved bit set
  0x00007fffffffe000  4 KiB  4 KiB        0x1ed000   0x12f000  rw-u    stack     grows down toward a page that is not there
  0x00007ffffffff000  4 KiB  4 KiB        0x146000    0xdd000  rw-u    stack     grows down toward a page that is not there
  0xffffa0399ec00000  4 KiB  4 KiB         0x41000   0x1a6000  rwx-    kernel    rings 0 to 2 only
  0xffffa0399ec01000  4 KiB  4 KiB         0x18000   0x1fc000  rwx-    kernel    rings 0 to 2 only

Homework: the answers come with -c only.

  $ ringside translate -s 7 -n 3 --levels 2
  Homework on address translation, seed 7
  
  Tables of 2 levels, 512 entries of 8 bytes a page; the root is at 0x16b000.
  Entry: P bit 0, W 1, U 2, A 5, D 6, PS 7 (2 MiB leaf at level 2), frame 12-39, NX 63;
  bits 40-51 must be 0. WP is set: rings 0 to 2 respect W as well.
  
  page at 0x52000
    [  0] 000000000005d003
    [  1] 0000000000065003
  page at 0x5b000
    [  0] 80000000000d8007
    [  1] 800000000011c007
  page at 0x126000
    [510] 80000000000ef007
    [511] 800000000008f007
  page at 0x16b000
    [  2] 00000000001b0027
    [  3] 00000000001c0027
    [ 33] 000000000005b027
    [188] 00000000001c4027
    [255] 0000000000126027
    [375] 0000000000052027
  page at 0x1b0000
    [  0] 000000000009a005
    [  1] 00000000001f6005
  page at 0x1c0000
    [  0] 80000000001fb007
    [  1] 800000000002e007
  page at 0x1c4000
    [  0] 00002000001e1007
  
  Questions
  To which physical address does it lead, after how many references to table entries?
  Or which fault is it, with which error code, and who handles it?
  
    1. Ring 3 reads 0x00000000005fff38.
    2. Ring 3 reads 0x00000000003ff980.
    3. Ring 3 writes to 0x0000000017800d48.
  
  The answers: the same command with -c.
  $ ringside translate -s 7 -n 3 --levels 2 -c | sed -n '/^Questions/,$p'
  Questions and answers
  To which physical address does it lead, after how many references to table entries?
  Or which fault is it, with which error code, and who handles it?
  
    1. Ring 3 reads 0x00000000005fff38.
  #PF, vector 14, after 2 references. Error code 0x4:
    bit 0 = 0 the page is not present
    bit 1 = 0 a read
    bit 2 = 1 by ring 3
  Fault address register: 0x00000000005fff38.
  Level-1 entry 511 decides: P is clear: nothing is mapped there.
  The kernel decides: it brings the page, copies it, or ends the program.
       level 2 [  2] at 0x16b010: 00000000001b0027
       level 1 [511] at 0x1b0ff8: 0000000000000000
  
    2. Ring 3 reads 0x00000000003ff980.
  #PF, vector 14, after 1 reference. Error code 0x4:
    bit 0 = 0 the page is not present
    bit 1 = 0 a read
    bit 2 = 1 by ring 3
  Fault address register: 0x00000000003ff980.
  Level-2 entry 1 decides: P is clear: nothing is mapped there.
  The kernel decides: it brings the page, copies it, or ends the program.
       level 2 [  1] at 0x16b008: 0000000000000000
  
    3. Ring 3 writes to 0x0000000017800d48.
  #PF, vector 14, after 2 references. Error code 0xf:
    bit 0 = 1 the page is there and refuses
    bit 1 = 1 a write
    bit 2 = 1 by ring 3
    bit 3 = 1 a reserved bit is set
  Fault address register: 0x0000000017800d48.
  Level-1 entry 0 decides: a bit is set in it that must be zero.
  The kernel decides: it brings the page, copies it, or ends the program.
       level 2 [188] at 0x16b5e0: 00000000001c4027
       level 1 [  0] at 0x1c4000: 00002000001e1007
  
  $ ringside translate -s 7 -n 2 --nested -c --export-json - | sed -n '/^{/,$p' | grep -c entry_address
  48
  $ ringside translate -s 7 -n 2 --nested --export-json - | sed -n '/^{/,$p'
  {
    "schema": "ringside/translate/1",
    "tool_version": "0.1.0",
    "seed": 7,
    "cpu": "xeon",
    "questions": [
      {
        "address": "0x3ae4006f8",
        "ring": 0,
        "access": "read"
      },
      {
        "address": "0x7ffffffff3a8",
        "ring": 3,
        "access": "write"
      }
    ]
  }

An address space of one's own.

  $ cat >two.space <<'END'
  > # two levels under three nested ones
  > levels 2
  > ept-levels 3
  > map text 0x400000 8K 0x300000 user
  > map rest 0x600000 4K any user write noexec
  > ept 0x300000 4K 0x800000 r-x
  > END
  $ ringside translate --space two.space --map
        virtual from   size  pages  guest-physical      host  rights  name
  0x0000000000400000  8 KiB  4 KiB        0x300000  0x800000  r-xu    text
  0x0000000000600000  4 KiB  4 KiB         0x12000   0x16000  rw-u    rest
  $ ringside translate --space two.space text | tail -2
  host-physical 0x800000, 11 references = (2 + 1) x (3 + 1) - 1.
  Cost on xeon: 11 x 14 cycles + 1 accessed/dirty update x 100 = 254 cycles, when no TLB and no walk cache helps.
  $ ringside translate --space two.space text+0x1000 | sed -n '/^EPT vio/,$p'
  EPT violation, a VM exit (reason 48 EPT_VIOLATION), after 11 references.
  EPT could not translate guest-physical 0x301000, where the data would be.
  Its level-1 entry 257 decides: R, W and X are clear: nothing is mapped there.
  The hypervisor handles it: it finds memory for the page, maps it and resumes.
  The guest never learns of it.
  Cost on xeon: 11 x 14 cycles = 154 cycles, when no TLB and no walk cache helps.
  $ ringside translate --space two.space 0x601000 | sed -n '/^#/p'
  #PF, vector 14, after 8 references. Error code 0x4:

Mistakes.

  $ ringside translate hepa
  ringside: 'hepa' is neither an address nor a region; did you mean 'heap'? --map lists them
  [2]
  $ ringside translate --levels 6 code
  ringside: --levels: 6 is outside 2 to 5
  [2]
  $ ringside translate -c code
  ringside: -c shows the answers of homework; leave out the address
  [2]
  $ ringside translate --ptbr 0x1000 code
  ringside: --ptbr and --eptp go with --memory FILE
  [2]
  $ ringside translate --memory nosuch code
  ringside: --memory needs --ptbr, the page-table base; 'ringside exec --registers' prints it
  [2]
  $ ringside translate --memory nosuch --ptbr 0x1000 code
  nosuch: cannot open: No such file or directory
  [3]
  $ ringside translate --cpu xenon code
  ringside: no CPU model 'xenon'; did you mean 'xeon'? 'ringside list cpus' shows them
  [2]
  $ printf 'levels 4\nmap text 0x400000 4K any usr\n' | ringside translate --space - text
  <stdin>:2:26: 'usr' is no flag; there are write, user, noexec, huge, absent, reserved
  [3]
  $ printf 'levles 4\n' | ringside translate --space - text
  <stdin>:1:1: unknown word 'levles'; did you mean 'levels'?
  [3]
  $ printf 'map t 0x400000 3K any\n' | ringside translate --space - t
  <stdin>:1: the size must be a multiple of the page size
  [3]
  $ printf 'map t 0x400000 4K 0x5000\nmap u 0x400000 4K 0x6000\n' | ringside translate --space - t
  <stdin>:2: something is mapped there already
  [3]
  $ printf 'ept 0x400000 4K 0x5000 rwx\n' | ringside translate --space - t
  <stdin>:1: there is no EPT; add a line 'ept-levels 4'
  [3]
  $ printf 'memory 3M\n' | ringside translate --space - t
  <stdin>:1:8: 3M of memory is impossible; choose a multiple of 2M from 16M to 8G
  [3]
  $ printf 'levels 4\n' | ringside translate --space -
  <stdin>: nothing is mapped to ask about; add a line 'map NAME ADDRESS SIZE any'
  [3]
  $ printf 'short' >dump
  $ ringside translate --memory dump --ptbr 0 0 | tail -6
    bit 2 = 1 by ring 3
    bit 3 = 1 a reserved bit is set
  Fault address register: 0x0000000000000000.
  Level-4 entry 0 decides: a bit is set in it that must be zero.
  The kernel decides: it brings the page, copies it, or ends the program.
  Cost on xeon: 1 x 14 cycles = 14 cycles, when no TLB and no walk cache helps.
