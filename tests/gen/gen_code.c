// Writing T64 code into a buffer: constants, forward branches, and the copy to memory.
#include "tests/gen/gen_impl.h"

#include <assert.h>

uint64_t gen_here(const struct gen *g)
{
    return g->base + 4 * g->at;
}

void gen_word(struct gen *g, uint32_t word)
{
    assert(g->at < GEN_CODE_WORDS);
    g->code[g->at++] = word;
}

void gen_op(struct gen *g, unsigned op, unsigned rd, unsigned ra, unsigned rb, int64_t imm)
{
    struct insn in = {(uint8_t)op, (uint8_t)rd, (uint8_t)ra, (uint8_t)rb, (int32_t)imm};
    uint32_t word = 0;
    bool ok = isa_encode(&in, &word);
    assert(ok);
    (void)ok;
    gen_word(g, word);
}

// The shortest way: as many 16-bit pieces as the value has beyond its sign.
void gen_li(struct gen *g, unsigned rd, uint64_t value)
{
    unsigned pieces = 1;
    while (pieces < 4) {
        uint64_t rest = value >> (16 * pieces - 1);
        if (rest == 0 || rest == UINT64_MAX >> (16 * pieces - 1)) {
            break;
        }
        pieces++;
    }
    gen_op(g, OP_MOVI, rd, 0, 0, (int16_t)(value >> (16 * (pieces - 1))));
    while (pieces-- > 1) {
        gen_op(g, OP_MOVK, rd, 0, 0, (uint16_t)(value >> (16 * (pieces - 1))));
    }
}

unsigned gen_forward(struct gen *g, unsigned op, unsigned ra, unsigned rb)
{
    unsigned at = g->at;
    gen_op(g, op, op == OP_LEA ? ra : 0, op == OP_LEA ? 0 : ra, rb, 0);
    return at;
}

void gen_bind(struct gen *g, unsigned at)
{
    struct insn in = isa_decode(g->code[at]);
    in.imm = (int32_t)(4 * (g->at - at));
    bool ok = isa_encode(&in, &g->code[at]);
    assert(ok);
    (void)ok;
}

void gen_flush(struct gen *g, const uint64_t *frames, uint64_t offset)
{
    for (unsigned i = 0; i < g->at; i++) {
        uint64_t at = offset + 4 * i, pa = frames[at >> PAGE_SHIFT] + (at & PAGE_MASK);
        for (unsigned b = 0; b < 4; b++) {
            g->p->ram[pa + b] = (uint8_t)(g->code[i] >> (8 * b));
        }
        g->p->touched[pa >> PAGE_SHIFT] = true;
    }
    g->at = 0;
}
