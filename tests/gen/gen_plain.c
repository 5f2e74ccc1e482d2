// Snippets that any program consists of: arithmetic, memory, control flow.
#include "tests/gen/gen_snippets.h"

static void one_alu(struct gen *g)
{
    static const uint8_t three[] = {OP_ADD, OP_SUB, OP_AND, OP_OR,   OP_XOR, OP_SHL,
                                    OP_SHR, OP_SAR, OP_SLT, OP_SLTU, OP_MUL, OP_MULHU};
    static const uint8_t with_signed[] = {OP_ADDI, OP_SLTI},
                         with_unsigned[] = {OP_ANDI, OP_ORI, OP_XORI},
                         with_count[] = {OP_SHLI, OP_SHRI, OP_SARI};
    unsigned d = gen_dest(g), a = gen_reg(g), imm = (unsigned)gen_value(g) & 0xffff;
    switch (gen_below(g, 8)) {
    case 0: gen_op(g, with_signed[imm % 2], d, a, 0, (int16_t)gen_bits(g)); break;
    case 1: gen_op(g, with_unsigned[imm % 3], d, a, 0, (uint16_t)gen_bits(g)); break;
    case 2: gen_op(g, with_count[imm % 3], d, a, 0, (int64_t)gen_below(g, 64)); break;
    case 3: gen_op(g, gen_chance(g, 50) ? OP_MOVK : OP_ORI, d, d, 0, imm); break;
    case 4: gen_op(g, OP_LEA, d, 0, 0, (int64_t)gen_below(g, 1 << 20) - (1 << 19)); break;
    default: gen_op(g, three[gen_below(g, sizeof three)], d, a, gen_reg(g), 0); break;
    }
}

static void alu(struct gen *g)
{
    for (uint64_t n = 1 + gen_below(g, 5); n > 0; n--) {
        one_alu(g);
    }
}

static void constant(struct gen *g)
{
    gen_li(g, gen_dest(g), gen_value(g));
}

static void divide(struct gen *g)
{
    unsigned a = gen_reg(g), b = gen_reg(g);
    switch (gen_below(g, 5)) {
    case 0: b = REG_ZERO; break;
    case 1:
        gen_op(g, OP_MOVI, b = 3, 0, 0, -1);
        gen_li(g, a = 4, UINT64_C(1) << 63);
        break;
    case 2: gen_op(g, OP_MOVI, b = 3, 0, 0, (int16_t)gen_value(g)); break;
    default: break;
    }
    gen_op(g, gen_chance(g, 50) ? OP_DIV : OP_REM, gen_dest(g), a, b, 0);
}

static unsigned load_or_store(struct gen *g)
{
    static const uint8_t ops[] = {OP_LDB, OP_LDBU, OP_LDH, OP_LDHU, OP_LDW, OP_LDWU, OP_LDD,
                                  OP_STB, OP_STH,  OP_STW, OP_STD,  OP_LDD, OP_STD};
    return ops[gen_below(g, sizeof ops)];
}

static void access_at(struct gen *g, unsigned base, int64_t offset)
{
    unsigned op = load_or_store(g);
    gen_op(g, op, op >= OP_STB ? gen_reg(g) : gen_dest(g), base, 0, offset);
}

const struct gen_window *gen_any_window(struct gen *g)
{
    return &g->window[gen_below(g, g->windows)];
}

uint64_t gen_place(struct gen *g, const struct gen_window *w)
{
    uint64_t size = w->huge ? HUGE_PAGE_SIZE : PAGE_SIZE;
    if (w->huge && gen_chance(g, 70)) {
        // Where something is likely to be: a frame in use.
        uint64_t frame = gen_below(g, 512);
        while (!g->taken[frame]) {
            frame = (frame + 1) % 512;
        }
        return w->va + frame * PAGE_SIZE + gen_below(g, PAGE_SIZE - 64);
    }
    return w->va + (gen_chance(g, 70) ? 8 * gen_below(g, size / 8) : gen_below(g, size));
}

static void memory(struct gen *g)
{
    unsigned base = GEN_POINTER;
    if (gen_chance(g, 60)) {
        gen_li(g, base = 4 + (unsigned)gen_below(g, 3), gen_place(g, gen_any_window(g)));
    }
    for (uint64_t n = 1 + gen_below(g, 4); n > 0; n--) {
        access_at(g, base,
                  gen_chance(g, 80) ? 8 * (int64_t)gen_below(g, 8) : (int16_t)gen_value(g) % 4096);
    }
}

static void split(struct gen *g)
{
    const struct gen_window *w = gen_any_window(g);
    uint64_t end =
        w->va + (w->huge ? PAGE_SIZE * gen_below(g, 512) : 0) + (gen_chance(g, 80) ? PAGE_SIZE : 0);
    gen_li(g, 5, end - 8);
    for (uint64_t n = 1 + gen_below(g, 3); n > 0; n--) {
        access_at(g, 5, (int64_t)gen_below(g, 16));
    }
}

static void cas(struct gen *g)
{
    unsigned a = GEN_POINTER, d = gen_dest(g);
    if (gen_chance(g, 50)) {
        gen_li(g, a = 6,
               gen_place(g, gen_any_window(g)) & (gen_chance(g, 90) ? ~UINT64_C(7) : UINT64_MAX));
    }
    if (gen_chance(g, 60)) {
        gen_op(g, OP_LDD, d, a, 0, 0); // so that it succeeds
    }
    gen_op(g, OP_CAS, d, a, gen_reg(g), 0);
}

static void branch(struct gen *g)
{
    static const uint8_t ops[] = {OP_BEQ, OP_BNE, OP_BLT, OP_BGE, OP_BLTU, OP_BGEU};
    unsigned a = gen_reg(g), b = gen_chance(g, 30) ? a : gen_reg(g);
    unsigned at = gen_chance(g, 15) ? gen_forward(g, OP_JMP, 0, 0)
                                    : gen_forward(g, ops[gen_below(g, sizeof ops)], a, b);
    for (uint64_t n = 1 + gen_below(g, 3); n > 0; n--) {
        gen_inside(g);
    }
    gen_bind(g, at);
}

static void loop(struct gen *g)
{
    gen_op(g, OP_MOVI, GEN_INNER, 0, 0, 1 + (int64_t)gen_below(g, gen_chance(g, 20) ? 100 : 8));
    unsigned top = g->at;
    for (uint64_t n = 1 + gen_below(g, 4); n > 0; n--) {
        gen_inside(g);
    }
    gen_op(g, OP_ADDI, GEN_INNER, GEN_INNER, 0, -1);
    int64_t back = 4 * ((int64_t)top - (int64_t)g->at);
    gen_op(g, OP_BLT, 0, REG_ZERO, GEN_INNER, back);
}

static void call(struct gen *g)
{
    unsigned over = gen_forward(g, OP_JMP, 0, 0);
    int64_t function = 4 * (int64_t)g->at;
    gen_inside(g);
    gen_op(g, OP_JALR, gen_chance(g, 80) ? 0 : gen_dest(g), REG_LR, 0, 0);
    gen_bind(g, over);
    for (uint64_t n = 1 + gen_below(g, 2); n > 0; n--) {
        gen_op(g, OP_CALL, 0, 0, 0, function - 4 * (int64_t)g->at);
        one_alu(g);
    }
}

static void indirect(struct gen *g)
{
    unsigned at = gen_forward(g, OP_LEA, 6, 0);
    bool exotic = g->profile->traits & GEN_WILD;
    int64_t off = gen_chance(g, 80) ? 0 : (int64_t)gen_below(g, exotic ? 8 : 4);
    if (gen_chance(g, 10)) {
        gen_li(g, 6, gen_bits(g)); // hardly canonical
    }
    gen_op(g, OP_JALR, gen_dest(g), 6, 0, off);
    alu(g);
    gen_bind(g, at);
}

static void nowhere(struct gen *g)
{
    switch (gen_below(g, 4)) {
    case 0: gen_li(g, 6, gen_any_window(g)->va & ~UINT64_C(3)); break;
    case 1: gen_li(g, 6, gen_canonical(g, gen_bits(g) & ~UINT64_C(3))); break;
    case 2: gen_li(g, 6, gen_below(g, 64) * PAGE_SIZE); break;
    default: gen_op(g, OP_JMP, 0, 0, 0, 4 * ((int64_t)gen_below(g, 1 << 24) - (1 << 23))); return;
    }
    gen_op(g, OP_JALR, gen_dest(g), 6, 0, 0);
}

// Writes a few good instructions into a data page, and goes there.
static void data_code(struct gen *g)
{
    gen_li(g, 6, (gen_place(g, gen_any_window(g)) & ~UINT64_C(3)));
    uint32_t word[2];
    struct insn in[2] = {{OP_ADDI, 1, 1, 0, 1}, {OP_JALR, 0, REG_LR, 0, 0}};
    for (unsigned i = 0; i < 2; i++) {
        isa_encode(&in[i], &word[i]);
        gen_li(g, 5, word[i]);
        gen_op(g, OP_STW, 5, 6, 0, 4 * i);
    }
    gen_op(g, OP_JALR, REG_LR, 6, 0, 0);
}

// Any word, or a real opcode with wrong bits. What happens to be an instruction may do anything, so that portable programs
// must do without.
static uint32_t random_word(struct gen *g)
{
    uint32_t word = (uint32_t)gen_bits(g);
    if (gen_chance(g, 50)) {
        const struct isa_row *row = isa_row(1 + (unsigned)gen_below(g, OP_COUNT - 1));
        word = (uint32_t)row->opcode << 24 | (word & 0xffffff & (uint32_t)gen_bits(g));
    }
    if (!(g->profile->traits & GEN_WILD) && isa_decode(word).op != OP_INVALID) {
        word |= 0xff000000; // no such opcode
    }
    return word;
}

static void garbage(struct gen *g)
{
    gen_word(g, random_word(g));
}

// A later word is overwritten before it is reached, or, the second time round, an earlier one.
static void self_modify(struct gen *g)
{
    struct insn in = {OP_ADDI, (uint8_t)gen_dest(g), (uint8_t)gen_reg(g), 0, (int16_t)gen_bits(g)};
    uint32_t word;
    isa_encode(&in, &word);
    if (gen_chance(g, 15)) {
        word = random_word(g);
    }
    gen_li(g, 5, word);
    unsigned at = gen_forward(g, OP_LEA, 6, 0);
    // By another address, if what is meant surely lies in this page.
    uint64_t offset = g->body_entry - g->body + 4 * g->at, furthest = offset + 4 * 40;
    if (gen_chance(g, 40) && g->layout != GEN_LAYOUT_BARE &&
        offset >> PAGE_SHIFT == furthest >> PAGE_SHIFT) {
        gen_li(g, 4, g->body);
        gen_op(g, OP_SUB, 6, 6, 4, 0);
        gen_op(g, OP_ANDI, 6, 6, 0, 0xfff);
        gen_li(g, 4, g->physical + g->body_frame[offset >> PAGE_SHIFT]);
        gen_op(g, OP_ADD, 6, 6, 4, 0);
    }
    static const struct {
        uint8_t op;
        int8_t offset;
    } stores[] = {{OP_STW, 0}, {OP_STW, 0}, {OP_STB, 1}, {OP_STH, 0}, {OP_STD, -4}, {OP_STW, -8}};
    // The last ones change the storing code itself, for the next time.
    unsigned s = (unsigned)gen_below(g, g->profile->traits & GEN_WILD ? 6 : 4);
    gen_op(g, stores[s].op, 5, 6, 0, stores[s].offset);
    if (gen_chance(g, 60)) {
        alu(g);
    }
    gen_bind(g, at);
    one_alu(g);
}

static void physical(struct gen *g)
{
    static const uint64_t where[] = {UINT64_C(0x0), UINT64_C(0x40000000), UINT64_C(0xffe00000)};
    gen_li(g, 6, g->physical + where[gen_below(g, 3)] + 8 * gen_below(g, HUGE_PAGE_SIZE / 8));
    access_at(g, 6, (int64_t)gen_below(g, 8));
}

void (*const gen_plain_table[GEN_SNIPPETS])(struct gen *) = {
    [GEN_ALU] = alu,           [GEN_CONST] = constant,
    [GEN_DIVIDE] = divide,     [GEN_MEMORY] = memory,
    [GEN_SPLIT] = split,       [GEN_CAS] = cas,
    [GEN_BRANCH] = branch,     [GEN_LOOP] = loop,
    [GEN_CALL] = call,         [GEN_INDIRECT] = indirect,
    [GEN_NOWHERE] = nowhere,   [GEN_DATA_CODE] = data_code,
    [GEN_GARBAGE] = garbage,   [GEN_SELF_MODIFY] = self_modify,
    [GEN_PHYSICAL] = physical,
};
