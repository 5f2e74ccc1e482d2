// The instruction table: encodings are unambiguous, decode and encode are each other's inverse, and the
// Popek-Goldberg analysis follows from the table's columns.
#include "sim/isa.h"
#include "sim/isa_manual.h"
#include "sim/prng.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

enum {
    HOLE_ROWS = 0
#define HOLE(NAME, ...) +1
#include "sim/hole.def"
#undef HOLE
};

// A random instruction whose operands all fit.
static struct insn random_insn(struct prng *prng, unsigned op)
{
    struct insn in = {.op = (uint8_t)op};
    for (const struct isa_field *f = isa_format(isa_row(op)->format)->field; f->kind != FIELD_END;
         f++) {
        uint32_t bits = (uint32_t)prng_below(prng, UINT64_C(1) << f->width);
        int32_t value = (int32_t)bits;
        if (f->kind == FIELD_SIMM || f->kind == FIELD_TARGET) {
            value = (int32_t)(bits << (32 - f->width)) / (1 << (32 - f->width)) * (1 << f->scale);
        }
        switch (f->kind) {
        case FIELD_RD: in.rd = (uint8_t)value; break;
        case FIELD_RA: in.ra = (uint8_t)value; break;
        case FIELD_RB: in.rb = (uint8_t)value; break;
        default: in.imm = value; break;
        }
    }
    return in;
}

static bool same(const struct insn *a, const struct insn *b)
{
    return a->op == b->op && a->rd == b->rd && a->ra == b->ra && a->rb == b->rb && a->imm == b->imm;
}

static void rows_are_distinct(void)
{
    for (unsigned a = 1; a < OP_COUNT; a++) {
        CHECK_U64(isa_find(isa_row(a)->mnemonic, strlen(isa_row(a)->mnemonic)), a);
        CHECK(isa_row(a)->doc[0] && isa_row(a)->name[0]);
        for (unsigned b = 1; b < a; b++) {
            if (isa_row(a)->opcode == isa_row(b)->opcode) {
                FAIL("%s and %s share opcode 0x%02x", isa_row(a)->mnemonic, isa_row(b)->mnemonic,
                     isa_row(a)->opcode);
            }
        }
    }
    CHECK_U64(isa_find("", 0), OP_INVALID);
    CHECK_U64(isa_find("addx", 4), OP_INVALID);
}

// Two encodings overlap only if they share an opcode, or if fields share bits. Neither is so.
static void fields_do_not_overlap(void)
{
    for (unsigned f = 0; f < FMT_COUNT; f++) {
        uint32_t used = UINT32_C(0xff000000);
        for (const struct isa_field *p = isa_format(f)->field; p->kind != FIELD_END; p++) {
            uint32_t mask = ((UINT32_C(1) << p->width) - 1) << p->low;
            CHECK_U64(used & mask, 0);
            used |= mask;
        }
        CHECK_U64(used ^ isa_format_zero_bits(f), UINT32_MAX);
    }
}

// Every opcode, and for each every single bit: exactly the words of the table are instructions.
static void decodes_exactly_the_table(void)
{
    for (uint32_t opcode = 0; opcode < 256; opcode++) {
        unsigned op = OP_INVALID;
        for (unsigned i = 1; i < OP_COUNT; i++) {
            op = isa_row(i)->opcode == opcode ? i : op;
        }
        uint32_t zero =
            op == OP_INVALID ? UINT32_C(0xffffff) : isa_format_zero_bits(isa_row(op)->format);
        CHECK_U64(isa_decode(opcode << 24).op, op);
        for (unsigned bit = 0; bit < 24; bit++) {
            uint32_t set = UINT32_C(1) << bit;
            unsigned want = zero & set ? OP_INVALID : op;
            CHECK_U64(isa_decode(opcode << 24 | set).op, want);
            CHECK_U64(isa_decode(opcode << 24 | (UINT32_C(0xffffff) & ~zero)).op, op);
        }
    }
}

static void encode_inverts_decode(void)
{
    struct prng prng;
    prng_seed(&prng, 1);
    uint32_t valid = 0, again = 0;
    for (unsigned i = 0; i < 3000000; i++) {
        uint32_t word = (uint32_t)prng_next(&prng);
        struct insn in = isa_decode(word);
        if (in.op == OP_INVALID) {
            continue;
        }
        valid++;
        if (!isa_encode(&in, &again) || again != word) {
            FAIL("0x%08x decodes to %s and encodes to 0x%08x", word, isa_row(in.op)->mnemonic,
                 again);
            return;
        }
    }
    CHECK(valid > 300000); // the test saw something
}

static void decode_inverts_encode(void)
{
    struct prng prng;
    prng_seed(&prng, 2);
    for (unsigned op = 1; op < OP_COUNT; op++) {
        for (unsigned i = 0; i < 2000; i++) {
            struct insn in = random_insn(&prng, op), out;
            uint32_t word = 0;
            if (!isa_encode(&in, &word) || (out = isa_decode(word), !same(&in, &out))) {
                FAIL("%s rd %u ra %u rb %u imm %d encodes to 0x%08x", isa_row(op)->mnemonic, in.rd,
                     in.ra, in.rb, in.imm, word);
                break;
            }
        }
    }
}

static void encode_refuses_what_does_not_fit(void)
{
    uint32_t word;
    CHECK(!isa_encode(&(struct insn){.op = OP_INVALID}, &word));
    CHECK(!isa_encode(&(struct insn){.op = OP_COUNT}, &word));
    for (unsigned op = 1; op < OP_COUNT; op++) {
        for (const struct isa_field *f = isa_format(isa_row(op)->format)->field;
             f->kind != FIELD_END; f++) {
            struct insn in = {.op = (uint8_t)op};
            bool is_signed = f->kind == FIELD_SIMM || f->kind == FIELD_TARGET;
            int32_t limit = (1 << (f->width - is_signed)) * (1 << f->scale);
            switch (f->kind) {
            case FIELD_RD: in.rd = 16; break;
            case FIELD_RA: in.ra = 16; break;
            case FIELD_RB: in.rb = 16; break;
            default: in.imm = limit; break;
            }
            CHECK(!isa_encode(&in, &word));
            if (f->kind >= FIELD_SIMM) {
                in.imm = limit - (1 << f->scale);
                CHECK(isa_encode(&in, &word));
                in.imm = is_signed ? -limit : 0;
                CHECK(isa_encode(&in, &word));
                in.imm -= 1 << f->scale;
                CHECK(!isa_encode(&in, &word));
                in.imm = f->scale ? 2 : 0;
                CHECK(isa_encode(&in, &word) == !f->scale);
            }
        }
    }
}

static void registers_have_two_names(void)
{
    for (unsigned r = 0; r < REG_COUNT; r++) {
        char number[8];
        snprintf(number, sizeof number, "r%u", r);
        CHECK_I64(isa_reg_find(number, strlen(number)), r);
        CHECK_I64(isa_reg_find(isa_reg_name(r), strlen(isa_reg_name(r))), r);
    }
    static const char *const none[] = {"",   "r",  "r16", "r01",   "r1x", "R1",
                                       "a6", "t3", "zer", "zeroo", "r100"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        CHECK_I64(isa_reg_find(none[i], strlen(none[i])), -1);
    }
}

// The verdict, worked out here from the definition: a sensitive instruction that some ring above 0 may
// execute without a trap.
static void analysis_follows_the_theorem(void)
{
    for (int closed = 0; closed < 2; closed++) {
        struct isa_analysis a = isa_analyse(closed);
        unsigned silent = 0;
        for (unsigned op = 1; op < OP_COUNT; op++) {
            enum isa_priv p = isa_row(op)->priv;
            bool traps = p == PRIV_RING0 || p == PRIV_IOPL || (p == PRIV_HOLE && closed);
            silent += isa_row(op)->sens != SENS_NO && !traps;
            CHECK(isa_is_hole(op, closed) == (isa_row(op)->sens != SENS_NO && !traps));
            // A hole that is not sensitive would be none, and what traps for no reason would be a mistake.
            CHECK(p == PRIV_ANY || isa_row(op)->sens != SENS_NO);
        }
        CHECK_U64(a.holes, silent);
        CHECK_U64(a.sensitive - a.privileged, silent);
        CHECK(a.virtualizable == (silent == 0) && a.virtualizable == closed);
    }
}

static void every_hole_is_explained(void)
{
    unsigned holes = 0;
    for (unsigned op = 1; op < OP_COUNT; op++) {
        holes += isa_row(op)->priv == PRIV_HOLE;
    }
    CHECK_U64(HOLE_ROWS, holes);
#define HOLE(NAME, x86, lets, wrong)              \
    CHECK(isa_row(OP_##NAME)->priv == PRIV_HOLE); \
    CHECK(x86[0] && strlen(lets) > 20 && strlen(wrong) > 20);
#include "sim/hole.def"
#undef HOLE
}

struct collected {
    char text[60000];
    size_t n;
};

static void collect(void *ctx, const char *text, size_t size)
{
    struct collected *c = ctx;
    if (c->n + size < sizeof c->text) {
        memcpy(c->text + c->n, text, size);
        c->n += size;
    }
    c->text[c->n] = 0;
}

static unsigned longest_line(const char *text)
{
    size_t longest = 0;
    for (const char *p = text; *p; p += strcspn(p, "\n") + (p[strcspn(p, "\n")] == '\n')) {
        size_t n = strcspn(p, "\n");
        longest = n > longest ? n : longest;
    }
    return (unsigned)longest;
}

static void manual_is_complete(void)
{
    static struct collected c;
    const struct text_sink sink = {collect, &c};
    isa_manual(MANUAL_TEXT, &sink);
    for (unsigned op = 1; op < OP_COUNT; op++) {
        char entry[32];
        snprintf(entry, sizeof entry, "  %02x %-4s %s", isa_row(op)->opcode,
                 isa_format(isa_row(op)->format)->name, isa_row(op)->mnemonic);
        if (!strstr(c.text, entry)) {
            FAIL("the manual lacks '%s'", entry);
        }
        struct collected page = {.n = 0};
        CHECK(isa_manual_page(isa_row(op)->mnemonic, MANUAL_TEXT,
                              &(struct text_sink){collect, &page}));
        CHECK(longest_line(page.text) <= 80);
    }
    CHECK(longest_line(c.text) <= 80);
    CHECK(!isa_manual_page("nosuch", MANUAL_TEXT, &sink));
}

TEST_SUITE(isa, {"no two rows share a mnemonic or an opcode", rows_are_distinct},
           {"no two fields of a format overlap", fields_do_not_overlap},
           {"exactly the table's words are instructions", decodes_exactly_the_table},
           {"what decodes encodes to the same word", encode_inverts_decode},
           {"what encodes decodes to the same instruction", decode_inverts_encode},
           {"operands that do not fit are refused", encode_refuses_what_does_not_fit},
           {"a register has a number and a name", registers_have_two_names},
           {"the Popek-Goldberg verdict follows from the table", analysis_follows_the_theorem},
           {"every hole is explained", every_hole_is_explained},
           {"the manual shows every instruction, 80 columns wide", manual_is_complete});
