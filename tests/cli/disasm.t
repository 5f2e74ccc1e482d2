Disassembling: source that assembles to the same, symbols and data included.

  $ cat >program.s <<'END'
  > start: la a0, table
  > .next: ldd a1, [a0+8]
  >   bnez a1, .next
  >   .word 0xdeadbeef
  > .data
  > table: .quad start, table, 7
  > .asciz "some \"text\"\n"
  > .bss
  > buffer: .space 64
  > END
  $ ringside asm program.s
  $ ringside disasm program.t64
          .entry start
  
          .section .text, addr=0x10000
  start:
          lea a0, table
  start.next:
          ldd a1, [a0+8]
          bne a1, zero, start.next
          .word 0xdeadbeef
  
          .section .data, addr=0x10010
  table:
          .quad start
          .quad table
          .quad 0x0000000000000007
          .asciz "some \"text\"\n"
  
          .section .bss, addr=0x10038
  buffer:
          .space 64
  $ ringside disasm program.t64 | ringside asm -o again.t64 -
  $ ringside disasm program.t64 >a; ringside disasm again.t64 >b; cmp a b

With the line table the very same file comes back; with -a each line has its address and bytes.

  $ ringside disasm --lines program.t64 | ringside asm -o again.t64 - && cmp program.t64 again.t64
  $ ringside disasm -a program.t64 | sed -n '/start:/,/word/p'
  start:
          lea a0, table                    ; 000000010000: 1c100010
  start.next:
          ldd a1, [a0+8]                   ; 000000010004: 26210008
          bne a1, zero, start.next         ; 000000010008: 3120ffff
          .word 0xdeadbeef                 ; 00000001000c: deadbeef

Every example that is part of Ringside goes there and back.

  $ for p in scenarios/examples/*.s; do
  >   ringside asm -o one.t64 "$p" && ringside disasm --lines one.t64 >back.s &&
  >     ringside asm -o two.t64 back.s && cmp one.t64 two.t64 || echo "$p differs"
  > done

Plain bytes, at the address that they are meant for.

  $ printf '\001\000\040\001\252\252\252\252\376\377\377\070x' | ringside disasm --raw --base=0x7c00 -a -
          .entry 0x7c00
  
          .section .text, addr=0x7c00
          .word 0x01200001                 ; 000000007c00: 01200001
          .word 0xaaaaaaaa                 ; 000000007c04: aaaaaaaa
          jmp 0x7c00                       ; 000000007c08: 38fffffe
          .byte 0x78                       ; 000000007c0c: 78
  $ printf '\001\000' | ringside disasm -
  <stdin>: this is no T64 image (the magic is missing), at byte 0; assemble it again with 'ringside asm'
  [3]
  $ ringside disasm program.s
  program.s: this is no T64 image (the magic is missing), at byte 0; assemble it again with 'ringside asm'
  [3]
  $ ringside disasm --base=0x1000 program.t64
  ringside: disasm: --base goes with --raw; an image has its own addresses
  [2]
  $ ringside disasm --raw --base=2 program.t64
  ringside: disasm: --base must be a multiple of 4
  [2]
  $ head -c 100 program.t64 | ringside disasm -
  <stdin>: the tables that the header announces are longer than the file, at byte 36; assemble it again with 'ringside asm'
  [3]
