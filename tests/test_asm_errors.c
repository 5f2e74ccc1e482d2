// Every error that the assembler can give, word for word: place, what is wrong, how to mend it.
//
// Each row is a source and its errors as they are printed, a line each. To change a message, change it
// here as well; a new message needs a row, and tests/lint says so if it has none.
#include "tests/asm_help.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text; // the source: text, then count times piece, then tail
    unsigned count;
    const char *piece, *tail;
    const char *errors;
} cases[] = {
    {" bogus\n", 0, "", "",
     "t.s:1:2: 'bogus' is no instruction, pseudo-instruction or macro; a label needs a colon; "
     "'ringside isa' lists all"},
    {" bne a0, a1\n", 0, "", "",
     "t.s:1:12: operand 3 of 'bne' is missing; write bne ra, rb, label"},
    {" bnq a0, a1, x\n", 0, "", "",
     "t.s:1:2: 'bnq' is no instruction, pseudo-instruction or macro; did you mean 'beq'?"},
    {".bite 1\n", 0, "", "", "t.s:1:1: '.bite' is no directive; did you mean '.byte'?"},
    {".nonsense\n", 0, "", "",
     "t.s:1:1: '.nonsense' is no directive; 'ringside isa --directives' lists them"},
    {" )\n", 0, "", "",
     "t.s:1:2: a statement cannot begin with ')'; write a label, an instruction or a directive"},
    {" 5\n", 0, "", "",
     "t.s:1:2: a statement cannot begin with '5'; write a label, an instruction or a directive"},
    {"200: nop\n", 0, "", "", "t.s:1:1: a numeric label must be 0 to 99; choose a smaller number"},
    {" nop nop\n", 0, "", "",
     "t.s:1:6: 'nop' takes no more operands, but there is 'nop'; write nop"},
    {" nop ; fine\nx nop\n", 0, "", "",
     "t.s:2:1: 'x' is no instruction, pseudo-instruction or macro; a label needs a colon; "
     "'ringside isa' lists all"},
    {" li a0, 12ab\n", 0, "", "",
     "t.s:1:9: '12ab' is not a number; numbers look like 42, 0x2a, 0o52 or 0b101010"},
    {" li a0, 0x\n", 0, "", "",
     "t.s:1:9: '0x' is not a number; numbers look like 42, 0x2a, 0o52 or 0b101010"},
    {" li a0, 010\n", 0, "", "",
     "t.s:1:9: a leading zero; write 0o for octal, or leave the zero away"},
    {" li a0, 0x10000000000000000\n", 0, "", "",
     "t.s:1:9: the number does not fit 64 bits; the largest is 0xffffffffffffffff"},
    {".ascii \"a\\q\"\n", 0, "", "",
     "t.s:1:10: an unknown escape; use \\n \\t \\r \\0 \\e \\\\ \\' \\\" or \\x and two "
     "hexadecimal digits"},
    {".ascii \"abc\n", 0, "", "",
     "t.s:1:8: the closing \" is missing; a string ends on its own line"},
    {" li a0, 'ab'\n", 0, "", "",
     "t.s:1:9: 'ab' is not one character; write a string with double quotes"},
    {" li a0, ''\n", 0, "", "",
     "t.s:1:9: '' is not one character; write a string with double quotes"},
    {" li a0, @\n", 0, "", "", "t.s:1:9: '@' means nothing here; comments begin with ; # or //"},
    {" li a0, \1\n", 0, "", "",
     "t.s:1:9: byte 0x01 means nothing here; the source must be plain text"},
    {"", 256, "x", ": nop\n",
     "t.s:1:1: the name is longer than 255 characters; choose a shorter one"},
    {" nop (\n", 0, "", "", "t.s:1:6: 'nop' takes no more operands, but there is '('; write nop"},
    {" add a0, a1\n", 0, "", "", "t.s:1:12: operand 3 of 'add' is missing; write add rd, ra, rb"},
    {" add a0, a1, 5\n", 0, "", "",
     "t.s:1:14: operand 3 of 'add' must be a register, not '5'; write add rd, ra, rb, or use addi"},
    {" add a0, 5, a1\n", 0, "", "",
     "t.s:1:10: operand 2 of 'add' must be a register, not '5'; write add rd, ra, rb"},
    {" add a0 a1, a2\n", 0, "", "", "t.s:1:9: ',' is missing between two operands; found 'a1'"},
    {" add a0, a1, a2, a3\n", 0, "", "",
     "t.s:1:16: 'add' takes no more operands, but there is ','; write add rd, ra, rb"},
    {" addi a0, a1, a2\n", 0, "", "",
     "t.s:1:15: operand 3 of 'addi' must be a number, not 'a2'; write addi rd, ra, imm"},
    {" ldd a0, a1\n", 0, "", "",
     "t.s:1:10: operand 2 of 'ldd' must be an address in brackets, not 'a1'; write ldd rd, "
     "[ra+imm]"},
    {" ldd a0, [a1\n", 0, "", "",
     "t.s:1:13: ']' is missing at the end of the address; found the end of the line"},
    {" ldd a0, [a1*8]\n", 0, "", "",
     "t.s:1:13: ']' is missing at the end of the address; found '*'"},
    {" jmp a0\n", 0, "", "",
     "t.s:1:6: operand 1 of 'jmp' must be a label, not 'a0'; write jmp label"},
    {" jmp\n", 0, "", "", "t.s:1:5: operand 1 of 'jmp' is missing; write jmp label"},
    {" beqz a0\n", 0, "", "", "t.s:1:9: operand 2 of 'beqz' is missing; write beqz ra, label"},
    {" push a0, sp\n", 0, "", "",
     "t.s:1:11: sp cannot be pushed or popped: it moves meanwhile; copy it to another register"},
    {" push 5\n", 0, "", "",
     "t.s:1:7: operand 1 of 'push' must be a register, not '5'; write push ra, ..."},
    {" pop a0, a0, a0, a0, a0, a0, a0, a0, a0, a0, a0, a0, a0, a0, a0, a0, a0\n", 0, "", "",
     "t.s:1:70: more registers than there are; name each once"},
    {" nop a0\n", 0, "", "", "t.s:1:6: 'nop' takes no more operands, but there is 'a0'; write nop"},
    {" ret a0\n", 0, "", "", "t.s:1:6: 'ret' takes no more operands, but there is 'a0'; write ret"},
    {" li a0\n", 0, "", "", "t.s:1:7: operand 2 of 'li' is missing; write li rd, imm"},
    {" inc\n", 0, "", "", "t.s:1:5: operand 1 of 'inc' is missing; write inc rd"},
    {" addi a0, a1, 40000\n", 0, "", "",
     "t.s:1:15: 40000 does not fit 'addi', which takes -32768 to 32767; use li and the form with "
     "three registers"},
    {" andi a0, a1, -1\n", 0, "", "",
     "t.s:1:15: -1 does not fit 'andi', which takes 0 to 65535; use li and the form with three "
     "registers"},
    {" shli a0, a1, 64\n", 0, "", "",
     "t.s:1:15: 64 does not fit 'shli', which takes 0 to 63; 64 bits shift by at most 63"},
    {" movi a0, 0x8000\n", 0, "", "",
     "t.s:1:11: 32768 does not fit 'movi', which takes -32768 to 32767; use li"},
    {" int 256\n", 0, "", "",
     "t.s:1:6: 256 does not fit 'int', which takes 0 to 255; there are 256 vectors"},
    {" ldd a0, [a1+0x8000]\n", 0, "", "",
     "t.s:1:14: 32768 does not fit 'ldd', which takes -32768 to 32767; add to the register before"},
    {" subi a0, a1, 32769\n", 0, "", "",
     "t.s:1:15: -32769 does not fit 'addi', which takes -32768 to 32767; use li and the form with "
     "three registers"},
    {" in a0, [zero+0x8000]\n", 0, "", "",
     "t.s:1:15: 32768 does not fit 'in', which takes -32768 to 32767; add to the register before"},
    {"x: .space 0x20004\n beq a0, a1, x\n", 0, "", "",
     "t.s:2:14: the target is -131076 bytes away, and 'beq' reaches from -131072 to 131068; branch "
     "around a jmp"},
    {"x: .space 0x80004\n lea a0, x\n", 0, "", "",
     "t.s:2:10: the target is -524292 bytes away, and 'lea' reaches from -524288 to 524287; use la "
     "or li"},
    {" jmp 0x10000000\n", 0, "", "",
     "t.s:1:6: the target is 268369920 bytes away, and 'jmp' reaches from -33554432 to 33554428; "
     "use la and jr or callr"},
    {" jmp . + 2\n", 0, "", "",
     "t.s:1:8: the target is not a multiple of 4; put .align 4 before it"},
    {".byte 256\n.half -32769\n.word 0x100000000\n", 0, "", "",
     "t.s:1:7: 256 does not fit 1 byte; use .half, or & 0xff\nt.s:2:7: -32769 does not fit 2 "
     "bytes; use .word, or & 0xffff\nt.s:3:7: 4294967296 does not fit 4 bytes; use .quad, or & "
     "0xffffffff"},
    {".byte later\n.equ later, 300\n", 0, "", "",
     "t.s:1:7: 300 does not fit 1 byte; use .half, or & 0xff"},
    {".byte 1\n nop\n nop\n", 0, "", "",
     "t.s:2:2: the instruction is at 0x10001, not at a multiple of 4; put .align 4 before it"},
    {" jmp nowhere\n", 0, "", "",
     "t.s:1:6: 'nowhere' is not defined; define it as a label, with .equ or with -D"},
    {"start: nop\n jmp strat\n jmp strat\n", 0, "", "",
     "t.s:2:6: 'strat' is not defined; did you mean 'start'?"},
    {" jmp 1f\n", 0, "", "", "t.s:1:6: there is no label 1: below; 1b looks above"},
    {" jmp 1b\n", 0, "", "", "t.s:1:6: there is no label 1: above; 1f looks below"},
    {".x: nop\n", 0, "", "",
     "t.s:1:1: '.x' is local to a label, and there is none before it; define a global label first"},
    {" jmp .x\n", 0, "", "",
     "t.s:1:6: '.x' is local to a label, and there is none before it; define a global label first"},
    {"a: nop\na: nop\n", 0, "", "",
     "t.s:2:1: 'a' is defined already, at t.s:1; choose another name, or \\@ in a macro"},
    {".equ a, 1\n.set a, 2\n", 0, "", "",
     "t.s:2:6: 'a' is defined already, at t.s:1; choose another name, or use .set for both"},
    {"a0: nop\n", 0, "", "", "t.s:1:1: 'a0' is a register; choose another name"},
    {".equ sp, 1\n", 0, "", "", "t.s:1:6: 'sp' is a register; choose another name"},
    {".equ .byte, 1\n", 0, "", "", "t.s:1:6: '.byte' has a meaning already; choose another name"},
    {". = 5\n", 0, "", "", "t.s:1:1: '.' has a meaning already; choose another name"},
    {".equ 5, 5\n", 0, "", "", "t.s:1:6: a name is missing; found '5'"},
    {".equ a 5\n", 0, "", "", "t.s:1:8: ',' is missing behind the name; found '5'"},
    {".global nothere\n", 0, "", "",
     "t.s:1:9: 'nothere' is not defined; define it as a label, with .equ or with -D"},
    {".equ a, b\n.equ b, a\n.quad a\n", 0, "", "",
     "t.s:2:9: the symbol is defined by itself; break the circle of .equ"},
    {".macro m\nx: nop\n.endm\n m\n m\n", 0, "", "",
     "t.s:2:1: 'x' is defined already, at t.s:2; choose another name, or \\@ in a macro (in macro "
     "'m' called at t.s:5)"},
    {"", 200, "y", ": nop\n.zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz: nop\n",
     "t.s:2:1: the name is longer than 255 characters with its label's; choose a shorter one"},
    {".quad 1 / 0\n", 0, "", "", "t.s:1:9: division by zero; check the divisor"},
    {".quad 1 << 64\n", 0, "", "", "t.s:1:9: 64-bit numbers shift by 0 to 63; check the count"},
    {".quad 1 +\n", 0, "", "",
     "t.s:1:10: a number, a label or an expression is missing; found the end of the line"},
    {".quad (1\n", 0, "", "",
     "t.s:1:9: ')' is missing at the end of the expression; found the end of the line"},
    {".quad 1 ? 2\n", 0, "", "",
     "t.s:1:12: ':' is missing in the choice a ? b : c; found the end of the line"},
    {".quad defined(1)\n", 0, "", "", "t.s:1:15: defined() asks for a symbol's name; found '1'"},
    {".quad ", 260, "(", "\n",
     "t.s:1:257: the expression is nested too deeply; name a part of it with .equ"},
    {".quad ", 259, "x+", "x\n",
     "t.s:1:506: the expression is nested too deeply; name a part of it with .equ"},
    {".if later\n.endif\n.equ later, 1\n", 0, "", "",
     "t.s:1:5: the condition must be known here, and 'later' is not defined yet; define it above"},
    {" li a0, end\n.if . - start2\n.endif\nstart2:\nend:\n", 0, "", "",
     "t.s:2:7: the condition must be known here, and 'start2' is not defined yet; define it above"},
    {".rept end - begin\n.endr\nbegin: li a0, end\nend:\n", 0, "", "",
     "t.s:1:11: the number of repetitions must be known here, and 'end' is not defined yet; define "
     "it above"},
    {".ascii 5\n", 0, "", "", "t.s:1:8: a string in double quotes is missing; found '5'"},
    {".asciz \"a\" 5\n", 0, "", "",
     "t.s:1:12: '5' is too much here; one statement a line, comments begin with ; # or //"},
    {".space -1\n", 0, "", "", "t.s:1:8: -1 bytes cannot be reserved; give 0 to 2^40"},
    {".space 4, 300\n", 0, "", "", "t.s:1:11: 300 is no byte; fill with -128 to 255"},
    {".fill 3, 3\n", 0, "", "",
     "t.s:1:1: values of 3 bytes cannot be filled in; the size is 1, 2, 4 or 8"},
    {".fill 3, 1, 256\n", 0, "", "", "t.s:1:1: 256 does not fit 1 byte; use a larger size"},
    {".fill 0x10000000, 8\n", 0, "", "",
     "t.s:1:1: 268435456 values are too many; the image holds up to 64 MiB"},
    {".include \"nosuch\"\n", 0, "", "",
     "t.s:1:10: cannot read 'nosuch': no such file; check the name, or give its folder with -I"},
    {".include nosuch\n", 0, "", "",
     "t.s:1:10: a file's name in double quotes is missing; found 'nosuch'"},
    {".incbin \"bytes.bin\", 11\n", 0, "", "",
     "t.s:1:1: the file has 10 bytes, so 11 cannot be skipped; skip fewer"},
    {".incbin \"bytes.bin\", 8, 3\n", 0, "", "",
     "t.s:1:1: the file has 2 bytes there, not 3; take fewer"},
    {".bss\n.byte 1\n", 0, "", "",
     "t.s:2:1: section '.bss' holds zero bytes only; put data into .data and code into .text"},
    {".bss\n nop\n", 0, "", "",
     "t.s:2:2: section '.bss' holds zero bytes only; put data into .data and code into .text"},
    {".bss\n.space 2, 1\n.align 8, 2\n", 0, "", "",
     "t.s:2:8: section '.bss' holds zero bytes only; fill with 0\nt.s:3:1: section '.bss' holds "
     "zero bytes only; fill with 0"},
    {".data\n.space 0x8000000\n.byte 1\n", 0, "", "",
     "t.s:3:1: the image becomes 134217729 bytes, and 67108864 are the limit; use .bss or .space "
     "for what is zero"},
    {".section 5\n", 0, "", "", "t.s:1:10: a section's name is missing; found '5'"},
    {".section x, 5\n", 0, "", "",
     "t.s:1:13: a section's attribute is missing; use exec, write, const, bss, addr=, load= or "
     "align="},
    {".section x, addr\n", 0, "", "",
     "t.s:1:17: '=' is missing behind the attribute; found the end of the line"},
    {".section x, large\n", 0, "", "",
     "t.s:1:13: 'large' is no attribute of a section; use exec, write, const, bss, addr=, load= or "
     "align="},
    {".section x, addr=8\n.section x, addr=16\n", 0, "", "",
     "t.s:2:13: section 'x' has the address 0x8 already; give it once"},
    {" nop\n.section .text, addr=8\n", 0, "", "",
     "t.s:2:17: section '.text' has begun already; give its address where it is opened first"},
    {".section x, align=3\n", 0, "", "",
     "t.s:1:13: 3 is no alignment; use a power of two such as 8 or 4096"},
    {".align 3\n", 0, "", "", "t.s:1:1: 3 is no alignment; use a power of two such as 8 or 4096"},
    {".section .text, addr=8\n.align 4096\n nop\n", 0, "", "",
     "t.s:1:10: section '.text' is at 0x8 but has something aligned to 4096; move it or align "
     "less"},
    {".section a, addr=0x1000\n.quad 1\n.section b, addr=0x1004\n.quad 2\n", 0, "", "",
     "t.s:3:10: section 'b' at 0x1004 overlaps 'a' at 0x1000 to 0x1007; move one of them"},
    {".section a, addr=0xfffffffffffffff8\n.quad 1, 2\n", 0, "", "",
     "t.s:1:10: section 'a' goes beyond the end of the address space; move it down"},
    {".popsection\n", 0, "", "", "t.s:1:1: no section is pushed; write .pushsection before"},
    {"", 17, ".pushsection .data\n", "",
     "t.s:17:1: more than 16 sections are pushed; end each with .popsection"},
    {" nop\n.org 0x10000\n", 0, "", "",
     "t.s:2:6: 0x10000 is behind us, we are at 0x10004; .org can only go on"},
    {" .space 0x10000000000\n.space 1\n", 0, "", "",
     "t.s:2:8: section '.text' becomes larger than 2^40 bytes; make this smaller"},
    {".rept 257\n.section s\\+\n.byte 1\n.endr\n", 0, "", "",
     "t.s:2:10: more than 256 sections; put things together (repeated at t.s:1)"},
    {" li a0, b - a\na: .space 3 * (b - a)\n.space 1\nb:\n", 0, "", "",
     "t.s:2:13: this size depends on itself; use numbers, or labels before it"},
    {".entry start\n.entry start\nstart: nop\n", 0, "", "",
     "t.s:2:1: the entry is given already, at t.s:1; remove one"},
    {".entry start + 1\nstart: nop\n", 0, "", "",
     "t.s:1:14: the entry 0x10001 is not a multiple of 4; give one with .entry"},
    {".entry nowhere\n", 0, "", "",
     "t.s:1:8: 'nowhere' is not defined; define it as a label, with .equ or with -D"},
    {".assert 1 == 2\n", 0, "", "", "t.s:1:1: the assertion does not hold; mend what it checks"},
    {".assert 1 == 2, \"one is not two\"\n", 0, "", "", "t.s:1:1: one is not two"},
    {".error \"stop here\"\n", 0, "", "", "t.s:1:1: stop here"},
    {".error stop\n", 0, "", "", "t.s:1:8: a message in double quotes is missing; found 'stop'"},
    {".loc \"x\", 0\n", 0, "", "",
     "t.s:1:1: a place is a file's name and a line from 1; write .loc \"file.s\", 1"},
    {".loc 5\n", 0, "", "", "t.s:1:6: a message in double quotes is missing; found '5'"},
    {".error \"\"\n", 0, "", "",
     "t.s:1:8: a message or name has 1 to 255 characters; mend its length"},
    {".error \"a\\n\"\n", 0, "", "",
     "t.s:1:8: a message or name must be plain text; take out the control characters"},
    {".macro\n.endm\n", 0, "", "", "t.s:1:7: a name is missing; found the end of the line"},
    {".macro add\n.endm\n", 0, "", "",
     "t.s:1:8: 'add' is an instruction; choose another name for the macro"},
    {".macro mov a\n.endm\n", 0, "", "",
     "t.s:1:8: 'mov' is an instruction; choose another name for the macro"},
    {".macro m\n.endm\n.macro m\n.endm\n", 0, "", "",
     "t.s:3:8: macro 'm' is defined already, at t.s:1; choose another name"},
    {".macro m 5\n.endm\n", 0, "", "",
     "t.s:1:10: a parameter's name is missing; parameters look like: .macro name a, b=0, c:req, "
     "d:rest"},
    {".macro m a:b\n.endm\n", 0, "", "",
     "t.s:1:10: 'a:b' does not describe a parameter; use name, name=default, name:req or "
     "name:rest"},
    {".macro m a:rest, b\n.endm\n", 0, "", "",
     "t.s:1:8: a :rest parameter must be the last; move it"},
    {".macro m a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, "
     "a, a, a, a, a, \n.endm\n",
     0, "", "", "t.s:1:8: the macro has more than 32 parameters; use fewer"},
    {".macro m\n nop\n", 0, "", "", "t.s:1:1: the body is not closed; end it with .endm"},
    {".macro m a\n.endm\n m 1, 2\n", 0, "", "",
     "t.s:3:2: macro 'm' takes at most 1 argument; put an argument with commas in brackets"},
    {".macro m a:req\n.endm\n m\n", 0, "", "",
     "t.s:3:2: macro 'm' needs its argument 'a'; give it"},
    {".macro m\n m\n.endm\n m\n", 0, "", "",
     "t.s:2:2: macros call each other too deeply; end the recursion with .if (in macro 'm' called "
     "at t.s:2, in macro 'm' called at t.s:2, in macro 'm' called at t.s:2, in macro 'm' called at "
     "t.s:2, and so on)"},
    {".macro m x\n addi a0, a0, \\x\n.endm\n m 99999\n", 0, "", "",
     "t.s:2:15: 99999 does not fit 'addi', which takes -32768 to 32767; use li and the form with "
     "three registers (in macro 'm' called at t.s:4)"},
    {".macro in\n.endm\n", 0, "", "",
     "t.s:1:8: 'in' is an instruction; choose another name for the macro"},
    {".macro k\n nop\n.endm\n kk\n", 0, "", "",
     "t.s:4:2: 'kk' is no instruction, pseudo-instruction or macro; did you mean 'k'?"},
    {".rept 3\n nop\n", 0, "", "", "t.s:1:1: the body is not closed; end it with .endr"},
    {".rept -1\n.endr\n", 0, "", "",
     "t.s:1:7: -1 repetitions cannot be made; give a number from 0"},
    {".rept\n.endr\n", 0, "", "",
     "t.s:1:6: a number, a label or an expression is missing; found the end of the line"},
    {".irp\n.endr\n", 0, "", "",
     "t.s:1:1: .irp needs a name and a list; write .irp reg, a0, a1, a2"},
    {".irp a+b, c\n.endr\n", 0, "", "",
     "t.s:1:1: 'a+b' cannot be the name that .irp repeats over; write .irp reg, a0, a1, a2"},
    {".endr\n", 0, "", "", "t.s:1:1: '.endr' closes nothing; remove it, or open the body above"},
    {".endm\n", 0, "", "", "t.s:1:1: '.endm' closes nothing; remove it, or open the body above"},
    {".rept 2\n bogus\n.endr\n", 0, "", "",
     "t.s:2:2: 'bogus' is no instruction, pseudo-instruction or macro; a label needs a colon; "
     "'ringside isa' lists all (repeated at t.s:1)\nt.s:2:2: 'bogus' is no instruction, "
     "pseudo-instruction or macro; a label needs a colon; 'ringside isa' lists all (repeated at "
     "t.s:1)"},
    {".include \"self.inc\"\n", 0, "", "",
     "self.inc:1:10: 'self.inc' includes itself without end; guard it with .ifndef (included at "
     "self.inc:1, included at self.inc:1, included at self.inc:1, included at self.inc:1, and so "
     "on)"},
    {".include \"wrong.inc\"\n", 0, "", "",
     "wrong.inc:2:2: 'bogus' is no instruction, pseudo-instruction or macro; a label needs a "
     "colon; 'ringside isa' lists all (included at t.s:1)"},
    {".include \"open.inc\"\n", 0, "", "",
     "open.inc:1:1: this condition is not closed; end it with .endif (included at t.s:1)"},
    {" nop ", 8200, "x", "\n", "t.s:1:1: the line is longer than 8192 bytes; divide it"},
    {".macro m a\n m \\a\\a\n.endm\n m xxxxxxxx\n", 0, "", "",
     "t.s:2:6: the line grows longer than 8192 bytes by expansion; pass less text (in macro 'm' "
     "called at t.s:2, in macro 'm' called at t.s:2, in macro 'm' called at t.s:2, in macro 'm' "
     "called at t.s:2, and so on)"},
    {".macro m\n.rept 1\n m\n.endr\n.endm\n m\n", 0, "", "",
     "t.s:2:1: repetitions are nested too deeply; use fewer levels (in macro 'm' called at t.s:3, "
     "repeated at t.s:2, in macro 'm' called at t.s:3, repeated at t.s:2, and so on)"},
    {".if 1\n nop\n", 0, "", "", "t.s:1:1: this condition is not closed; end it with .endif"},
    {".endif\n", 0, "", "",
     "t.s:1:1: '.endif' without .if; remove it, or open the condition in the same file or macro"},
    {".else\n", 0, "", "",
     "t.s:1:1: '.else' without .if; remove it, or open the condition in the same file or macro"},
    {".elif 1\n", 0, "", "",
     "t.s:1:1: '.elif' without .if; remove it, or open the condition in the same file or macro"},
    {".if 1\n.else\n.else\n.endif\n", 0, "", "",
     "t.s:3:1: a second .else; .else must be the last branch"},
    {".if 1\n.else\n.elif 1\n.endif\n", 0, "", "",
     "t.s:3:1: '.elif' behind .else; .else must be the last branch"},
    {".if\n.endif\n", 0, "", "",
     "t.s:1:4: a number, a label or an expression is missing; found the end of the line"},
    {".ifdef 5\n.endif\n", 0, "", "", "t.s:1:8: a symbol's name is missing; found '5'"},
    {".if 1 2\n.endif\n", 0, "", "",
     "t.s:1:7: '2' is too much here; one statement a line, comments begin with ; # or //"},
    {".macro m\n.endif\n.endm\n.if 1\n m\n.endif\n", 0, "", "",
     "t.s:2:1: '.endif' without .if; remove it, or open the condition in the same file or macro "
     "(in macro 'm' called at t.s:5)"},
    {"", 101, ".if 1\n", "", "t.s:101:1: conditions are nested too deeply; use .elif"},
    {".if a0\n.endif\n", 0, "", "",
     "t.s:1:5: 'a0' is a register; a number or a label is needed here"},
    {"x: li a0, y\ny:\n.if y - x\n.endif\n", 0, "", "",
     "t.s:3:7: the condition must be known here, and addresses are not yet; use a difference of "
     "labels without li or la in between"},
    {".include \"to.inc\"\n", 0, "", "",
     "to.inc:1:1: files include each other too deeply; guard the file with .ifndef (included at "
     "fro.inc:1, included at to.inc:1, included at fro.inc:1, included at to.inc:1, and so on)"},
    {".rept 3\n li a0, x\n.endr\n", 0, "", "",
     "t.s:2:9: 'x' is not defined; define it as a label, with .equ or with -D (repeated at "
     "t.s:1)"}};

static void each_error_is_as_written(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asm_help_text source = {0}, errors = {0};
        struct asm_result r;
        asm_help_add(&source, "%s", cases[i].text);
        for (unsigned n = 0; n < cases[i].count; n++) {
            asm_help_add(&source, "%s", cases[i].piece);
        }
        asm_help_add(&source, "%s", cases[i].tail);
        if (asm_help(source.p, &r)) {
            FAIL("assembled without an error: %s", source.p);
        }
        for (size_t n = 0; n < r.diagnostic_count; n++) {
            const struct asm_diagnostic *d = &r.diagnostics[n];
            asm_help_add(&errors, "%s%s:%u:%u: %s", n ? "\n" : "", d->file, d->line, d->column,
                         d->text);
        }
        CHECK_STR(errors.p, cases[i].errors);
        asm_result_free(&r);
        free(source.p);
        free(errors.p);
    }
}

// What depends on the request and not on the source alone.
static void errors_of_requests(void)
{
    static const struct asm_define register_name = {.name = "a0", .value = 1};
    static const struct {
        struct asm_request request;
        const char *text, *error;
    } rows[] = {
        {{.defines = &register_name, .define_count = 1},
         "nop\n",
         "'a0' cannot be defined; a name is letters, digits, _ . and $, and no register"},
        {{.max_lines = 100},
         ".rept 200\nnop\n.endr\n",
         "more than 100 lines with all expansions; make the repetitions smaller"},
        {{.max_memory = 1 << 20},
         ".rept 20000\nnop\n.endr\n",
         "the program needs more than 1 MiB to assemble; make its repetitions smaller"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct asm_result r;
        struct asm_request request = rows[i].request;
        CHECK(!asm_help_request(rows[i].text, &request, &r));
        CHECK_U64(r.diagnostic_count, 1);
        CHECK(r.diagnostic_count &&
              strncmp(r.diagnostics[0].text, rows[i].error, strlen(rows[i].error)) == 0);
        asm_result_free(&r);
    }
}

// One line, no full stop, and a way out behind a semicolon; only the source's own words are its own.
static void errors_say_how_to_mend(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *e = cases[i].errors;
        bool own = strstr(cases[i].text, ".error \"") || strstr(cases[i].text, "one is not two");
        if (!own && !strstr(e, "; ")) {
            FAIL("no way out is shown: %s", e);
        }
        size_t n = strlen(e);
        CHECK(e[n - 1] != '.' || strcmp(e + n - 3, "...") == 0);
    }
}

TEST_SUITE(asm_errors, {"each error is as written", each_error_is_as_written},
           {"so are those of definitions and limits", errors_of_requests},
           {"errors say how to mend what is wrong", errors_say_how_to_mend});
