// isa.c: the T64 instruction table and the one decoder and encoder. The tables are expanded from
// isa.def; where operands stand in a word is said once, in `formats`, and decoding, encoding,
// assembling and the manual's diagrams all read it.
#include "sim/isa.h"

#include "sim/cost.h"

#include <assert.h>
#include <string.h>

// The exit column holds the number by which the reason is known everywhere else.
enum {
    REASON_NONE = -1,
#define EXIT(NAME, name, number, group, doc) REASON_##NAME = number,
#include "sim/exit.def"
#undef EXIT
};

static const struct isa_row rows[OP_COUNT] = {
    [OP_INVALID] = {.name = "", .mnemonic = "", .exit = REASON_NONE, .doc = ""},
#define ISA(NAME, mnem, op, fmt, prv, sns, ext, cst, flw, text) \
    [OP_##NAME] = {.name = #NAME,                               \
                   .mnemonic = mnem,                            \
                   .opcode = op,                                \
                   .format = FMT_##fmt,                         \
                   .priv = PRIV_##prv,                          \
                   .sens = SENS_##sns,                          \
                   .exit = REASON_##ext,                        \
                   .cost = COST_##cst,                          \
                   .flow = FLOW_##flw,                          \
                   .doc = text},
#include "sim/isa.def"
#undef ISA
};

// Two rows with one opcode do not compile: the second initializer would override the first.
static const uint8_t op_of_opcode[256] = {
#define ISA(NAME, mnem, op, ...) [op] = OP_##NAME,
#include "sim/isa.def"
#undef ISA
};

#define RD                 \
    {                      \
        FIELD_RD, 20, 4, 0 \
    }
#define RA1                \
    {                      \
        FIELD_RA, 20, 4, 0 \
    }
#define RA2                \
    {                      \
        FIELD_RA, 16, 4, 0 \
    }
#define RB2                \
    {                      \
        FIELD_RB, 16, 4, 0 \
    }
#define RB3                \
    {                      \
        FIELD_RB, 12, 4, 0 \
    }
#define SIMM16               \
    {                        \
        FIELD_SIMM, 0, 16, 0 \
    }
#define UIMM(w)             \
    {                       \
        FIELD_UIMM, 0, w, 0 \
    }

static const struct isa_format_row formats[FMT_COUNT] = {
    [FMT_N] = {"N", "", {{0}}},
    [FMT_R] = {"R", "rd", {RD}},
    [FMT_RA] = {"RA", "ra", {RA1}},
    [FMT_RR] = {"RR", "rd, ra", {RD, RA2}},
    [FMT_RRR] = {"RRR", "rd, ra, rb", {RD, RA2, RB3}},
    [FMT_RRI] = {"RRI", "rd, ra, imm", {RD, RA2, SIMM16}},
    [FMT_RRU] = {"RRU", "rd, ra, imm", {RD, RA2, UIMM(16)}},
    [FMT_RRS] = {"RRS", "rd, ra, imm", {RD, RA2, UIMM(6)}},
    [FMT_RI] = {"RI", "rd, imm", {RD, SIMM16}},
    [FMT_RU] = {"RU", "rd, imm", {RD, UIMM(16)}},
    [FMT_RP] = {"RP", "rd, label", {RD, {FIELD_TARGET, 0, 20, 0}}},
    [FMT_RM] = {"RM", "rd, [ra+imm]", {RD, RA2, SIMM16}},
    [FMT_BRR] = {"BRR", "ra, rb, label", {RA1, RB2, {FIELD_TARGET, 0, 16, 2}}},
    [FMT_J] = {"J", "label", {{FIELD_TARGET, 0, 24, 2}}},
    [FMT_U8] = {"U8", "imm", {UIMM(8)}},
};

static const char *const reg_names[REG_COUNT] = {"zero", "a0", "a1", "a2", "a3", "a4", "a5", "s0",
                                                 "s1",   "s2", "s3", "t0", "t1", "t2", "lr", "sp"};

const struct isa_row *isa_row(unsigned op)
{
    assert(op < OP_COUNT);
    return &rows[op];
}

const struct isa_format_row *isa_format(unsigned format)
{
    assert(format < FMT_COUNT);
    return &formats[format];
}

static uint32_t field_mask(const struct isa_field *f)
{
    return ((UINT32_C(1) << f->width) - 1) << f->low;
}

uint32_t isa_format_zero_bits(unsigned format)
{
    uint32_t used = 0;
    for (const struct isa_field *f = isa_format(format)->field; f->kind != FIELD_END; f++) {
        used |= field_mask(f);
    }
    return UINT32_C(0xffffff) & ~used;
}

// Two's complement of `width` bits to int32_t, without shifting a signed value.
static int32_t sign_extend(uint32_t value, unsigned width)
{
    uint32_t sign = UINT32_C(1) << (width - 1);
    return (int32_t)((value ^ sign) - sign);
}

struct insn isa_decode(uint32_t word)
{
    struct insn in = {.op = op_of_opcode[word >> 24]};
    if (in.op == OP_INVALID) {
        return in;
    }
    uint32_t left = word & UINT32_C(0xffffff); // bits no field has claimed yet
    for (const struct isa_field *f = formats[rows[in.op].format].field; f->kind != FIELD_END; f++) {
        uint32_t value = (word & field_mask(f)) >> f->low;
        left &= ~field_mask(f);
        switch (f->kind) {
        case FIELD_RD: in.rd = (uint8_t)value; break;
        case FIELD_RA: in.ra = (uint8_t)value; break;
        case FIELD_RB: in.rb = (uint8_t)value; break;
        case FIELD_UIMM: in.imm = (int32_t)value; break;
        default: in.imm = sign_extend(value, f->width) * (1 << f->scale); break;
        }
    }
    return left == 0 ? in : (struct insn){.op = OP_INVALID};
}

bool isa_encode(const struct insn *in, uint32_t *word)
{
    if (in->op == OP_INVALID || in->op >= OP_COUNT) {
        return false;
    }
    uint32_t w = (uint32_t)rows[in->op].opcode << 24;
    for (const struct isa_field *f = formats[rows[in->op].format].field; f->kind != FIELD_END;
         f++) {
        int64_t value = in->imm, low = 0, high = (INT64_C(1) << f->width) - 1;
        switch (f->kind) {
        case FIELD_RD: value = in->rd; break;
        case FIELD_RA: value = in->ra; break;
        case FIELD_RB: value = in->rb; break;
        case FIELD_UIMM: break;
        default:
            if (value & ((1 << f->scale) - 1)) {
                return false;
            }
            value /= 1 << f->scale;
            low = -(INT64_C(1) << (f->width - 1));
            high = -low - 1;
            break;
        }
        if (value < low || value > high) {
            return false;
        }
        w |= ((uint32_t)value << f->low) & field_mask(f);
    }
    *word = w;
    return true;
}

const char *isa_reg_name(unsigned r)
{
    assert(r < REG_COUNT);
    return reg_names[r];
}

int isa_reg_find(const char *name, size_t len)
{
    for (int r = 0; r < REG_COUNT; r++) {
        if (strlen(reg_names[r]) == len && memcmp(reg_names[r], name, len) == 0) {
            return r;
        }
    }
    if (len < 2 || len > 3 || name[0] != 'r' || (len == 3 && name[1] == '0')) {
        return -1;
    }
    int r = 0;
    for (size_t i = 1; i < len; i++) {
        if (name[i] < '0' || name[i] > '9') {
            return -1;
        }
        r = r * 10 + (name[i] - '0');
    }
    return r < REG_COUNT ? r : -1;
}

unsigned isa_find(const char *mnemonic, size_t len)
{
    for (unsigned op = 1; op < OP_COUNT; op++) {
        if (strlen(rows[op].mnemonic) == len && memcmp(rows[op].mnemonic, mnemonic, len) == 0) {
            return op;
        }
    }
    return OP_INVALID;
}

bool isa_is_hole(unsigned op, bool holes_closed)
{
    const struct isa_row *row = isa_row(op);
    // Instructions that need IOPL are privileged too: a deprivileged kernel runs with IOPL below
    // its ring.
    return row->sens != SENS_NO &&
           (row->priv == PRIV_ANY || (row->priv == PRIV_HOLE && !holes_closed));
}
