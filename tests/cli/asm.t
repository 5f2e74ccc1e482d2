Assembling: the image goes where -o says, else beside us under the source's name.

  $ cp scenarios/examples/hello.s .
  $ ringside asm hello.s
  $ ls
  docs
  hello.s
  hello.t64
  scenarios
  tests
  $ ringside asm -o - hello.s | cmp - hello.t64

A listing: addresses, bytes, source; then sections and symbols.

  $ cat >small.s <<'END'
  > .equ N, 2
  > .macro twice what
  >   \what
  >   \what
  > .endm
  > start: twice nop
  > .ifdef PV
  >   hcall       ; paravirtual
  > .else
  >   cli
  > .endif
  > .rept N
  >   inc a0, \+
  > .endr
  > loop: jmp loop
  > .data
  > text: .asciz "sixteen bytes.."
  > .bss
  > .space 4096
  > END
  $ ringside asm -o small.t64 -l - small.s
                                        ; file small.s
                                             1   .equ N, 2
                                             2   .macro twice what
                                             3-    \what
                                             4-    \what
                                             6   start: twice nop
  000000010000  11000000                     3+    nop
  000000010004  11000000                     4+    nop
                                             7   .ifdef PV
                                             8-    hcall       ; paravirtual
                                             9   .else
  000000010008  50000000                    10     cli
                                            11   .endif
                                            12   .rept N
  00000001000c  11110000                    13+    inc a0, 0
  000000010010  11110001                    13+    inc a0, 1
  000000010014  38000000                    15   loop: jmp loop
                                            16   .data
  000000010018  74786973 206e6565           17   text: .asciz "sixteen bytes.."
  000000010020  65747962 002e2e73
                                            18   .bss
  000000010028  (zeros)                     19   .space 4096
  
  Sections
  address          load              name                     bytes         zeros
  0000000000010000 0000000000010000  .text                       24             0  exec
  0000000000010018 0000000000010018  .data                       16             0  write
  0000000000010028 0000000000010028  .bss                         0          4096  write
  
  Symbols
  value             kind     name
  0000000000000002  equ      N
  0000000000010014  label    loop
  0000000000010000  label    start
  0000000000010018  label    text

Two builds of one source, and what differs.

  $ ringside asm -o native.t64 --listing-form=diff -l native.lst small.s
  $ ringside asm -o pv.t64 -D PV --listing-form=diff -l pv.lst small.s
  $ diff -U0 native.lst pv.lst | tail -n +3
  @@ -6 +6 @@
  -  cli
  +  hcall

Errors: each on a line, at its place, with the way there; no image is written.

  $ cat >wrong.s <<'END'
  > .macro load reg, value
  >   movi \reg, \value
  > .endm
  > start: load a0, 40000
  >   add a0, a1, 5
  >   jmp strat
  >   bqe a0, a1, start
  > END
  $ ringside asm -o wrong.t64 wrong.s
  wrong.s:5:15: operand 3 of 'add' must be a register, not '5'; write add rd, ra, rb, or use addi
  wrong.s:7:3: 'bqe' is no instruction, pseudo-instruction or macro; did you mean 'bne'?
  [3]
  $ ls wrong.t64 2>/dev/null
  [2]
  $ sed -i '/add/d; /bqe/d' wrong.s
  $ ringside asm wrong.s
  wrong.s:2:14: 40000 does not fit 'movi', which takes -32768 to 32767; use li (in macro 'load' called at wrong.s:4)
  wrong.s:5:7: 'strat' is not defined; did you mean 'start'?
  [3]
  $ ringside asm -o x.t64 nosuch.s
  nosuch.s: cannot open: No such file or directory
  [3]
  $ ringside asm -o x.t64 small.t64
  small.t64: this is an image already; give its source
  [3]
  $ printf '.include "part.inc"\n' | ringside asm -o x.t64 -
  <stdin>:1:10: cannot read 'part.inc': no such file, neither beside <stdin> nor below -I nor built in; check the name, or give its folder with -I
  [3]
  $ mkdir inc; printf ' nop\n' >inc/part.inc
  $ printf '.include "part.inc"\n' | ringside asm -o x.t64 -I inc -
  $ ringside asm -o x.t64 -D N=many small.s
  ringside: -D 'N=many': 'many' is not a number such as 42 or 0x2a
  [2]
  $ ringside asm -o nosuch/x.t64 small.s
  ringside: cannot write nosuch/x.t64: No such file or directory
  [4]

The language's page lists the directives as the program does.

  $ sed '1,/^<!-- from here/d' docs/assembler.md >listed
  $ ringside isa --directives --format=markdown | diff listed -
