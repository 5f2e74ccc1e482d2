// isa.h: T64 instructions as data. Expands isa.def into the opcode enum and the row that
// describes each instruction, and holds the one decoder and encoder that everything else uses.
#ifndef RINGSIDE_SIM_ISA_H
#define RINGSIDE_SIM_ISA_H

#include "sim/types.h"

// Fields of an instruction word: opcode 31-24, field 1 23-20, field 2 19-16, field 3 15-12;
// immediate 15-0, 19-0 or 23-0.
enum isa_format {
    FMT_N,   // no operands
    FMT_R,   // rd in field 1 (written)
    FMT_RA,  // ra in field 1 (read); syntax: op ra
    FMT_RR,  // rd in field 1, ra in field 2
    FMT_RRR, // rd, ra, rb in fields 1, 2, 3
    FMT_RRI, // rd, ra, simm16
    FMT_RRU, // rd, ra, uimm16
    FMT_RRS, // rd, ra, shift count 0-63 in bits 5-0
    FMT_RI,  // rd in field 1, simm16; field 2 zero
    FMT_RU,  // rd in field 1, uimm16; field 2 zero
    // rd in field 1, simm20 byte offset from this instruction in bits 19-0; syntax: op rd, label
    FMT_RP,
    FMT_RM, // rd in field 1 (read by stores and OUT), [ra + simm16]; syntax: op rd, [ra+imm]
    // ra in field 1, rb in field 2, simm16 offset in words from this instruction; syntax: op ra,
    // rb, label
    FMT_BRR,
    FMT_J,  // simm24 offset in words from this instruction; syntax: op label
    FMT_U8, // uimm8 in bits 7-0
    FMT_COUNT
};

// Who may execute an instruction; isa.def explains.
enum isa_priv { PRIV_ANY, PRIV_RING0, PRIV_IOPL, PRIV_HOLE };

// Popek and Goldberg's view: is it sensitive, and in which way.
enum isa_sens { SENS_NO, SENS_CONTROL, SENS_BEHAVIOUR };

// How control goes on behind it.
enum isa_flow { FLOW_NEXT, FLOW_BRANCH, FLOW_JUMP, FLOW_SERIAL };

// Dense instruction numbers (not opcodes), in the table's order. OP_INVALID is 0.
enum isa_op {
    OP_INVALID,
#define ISA(NAME, mnem, opcode, format, priv, sens, exit, cost, flow, doc) OP_##NAME,
#include "sim/isa.def"
#undef ISA
    OP_COUNT
};

// One row of the table.
struct isa_row {
    const char *name;     // enum name without OP_
    const char *mnemonic; // lower case
    uint8_t opcode;       // bits 31-24 of the word
    enum isa_format format;
    enum isa_priv priv;
    enum isa_sens sens;
    int exit; // enum exit_reason it may cause, or -1
    int cost; // enum cost_key
    enum isa_flow flow;
    const char *doc;
};

// A decoded instruction. Registers that the format lacks are 0; imm is sign- or zero-extended as
// the format says, branch and jump offsets already in bytes.
struct insn {
    uint8_t op; // enum isa_op
    uint8_t rd, ra, rb;
    int32_t imm;
};

// Register conventions (r0 reads 0 and ignores writes).
enum {
    REG_ZERO = 0,
    REG_A0 = 1,  // a0-a5 = r1-r6: arguments, results, system-call number and CPUID words
    REG_S0 = 7,  // s0-s3 = r7-r10: kept across calls
    REG_T0 = 11, // t0-t2 = r11-r13: scratch; SYSCALL puts sp, address, flags there
    REG_LR = 14,
    REG_SP = 15,
    REG_COUNT = 16
};

// What a format's operands are, in the order in which assembly writes them.
enum isa_field_kind {
    FIELD_END,  // no more operands
    FIELD_RD,   // a register number: insn.rd
    FIELD_RA,   // insn.ra
    FIELD_RB,   // insn.rb
    FIELD_SIMM, // insn.imm, two's complement
    FIELD_UIMM, // insn.imm, unsigned
    // insn.imm, two's complement: a byte offset from this instruction; assembly names the address
    FIELD_TARGET,
};

struct isa_field {
    uint8_t kind;  // enum isa_field_kind
    uint8_t low;   // lowest bit in the word
    uint8_t width; // bits
    uint8_t scale; // imm = field << scale
};

struct isa_format_row {
    const char *name;          // "RRR"
    const char *syntax;        // operands as assembly writes them: "rd, ra, rb"
    struct isa_field field[4]; // ended by FIELD_END
};

// The description of a format; format < FMT_COUNT.
const struct isa_format_row *isa_format(unsigned format);
// The bits, below the opcode, that the format leaves zero.
uint32_t isa_format_zero_bits(unsigned format);

// The row of op; op < OP_COUNT. Row 0 (OP_INVALID) has an empty mnemonic.
const struct isa_row *isa_row(unsigned op);

// Decode one word. Never fails: a word that is no instruction, or has a bit set that its format
// leaves zero, gives OP_INVALID.
struct insn isa_decode(uint32_t word);

// Encode; false if an operand does not fit its field (out of range, offset not a multiple of 4)
// or op is invalid. Operands that the format lacks are ignored.
bool isa_encode(const struct insn *in, uint32_t *word);

// Register name as the assembler prints it ("zero", "a0", … "lr", "sp"); r < 16.
const char *isa_reg_name(unsigned r);
// The register called name[0..len), "r7" as well as "s0"; -1 if there is none.
int isa_reg_find(const char *name, size_t len);
// The instruction with that mnemonic; OP_INVALID if there is none.
unsigned isa_find(const char *mnemonic, size_t len);

// Sensitive and not privileged, with the holes open or closed. What Popek and Goldberg's theorem
// 1 asks about.
bool isa_is_hole(unsigned op, bool holes_closed);

#endif
