// The program proper: snippets in a row, inside each other, and some times over.
#include "tests/gen/gen_snippets.h"

enum { BODY_WORDS = 900, DEEPEST = 3 };

static enum gen_snippet draw(struct gen *g)
{
    uint32_t all = 0;
    for (unsigned i = 0; i < GEN_SNIPPETS; i++) {
        all += g->weight[i];
    }
    uint32_t at = (uint32_t)gen_below(g, all), s = 0;
    while (at >= g->weight[s]) {
        at -= g->weight[s++];
    }
    return (enum gen_snippet)s;
}

void gen_snippet(struct gen *g, enum gen_snippet s)
{
    g->depth++;
    (gen_plain_table[s]    ? gen_plain_table[s]
     : gen_system_table[s] ? gen_system_table[s]
                           : gen_device_table[s])(g);
    g->depth--;
}

void gen_inside(struct gen *g)
{
    static const enum gen_snippet simple[] = {GEN_ALU,    GEN_MEMORY, GEN_ALU,
                                              GEN_MEMORY, GEN_CONST,  GEN_BRANCH};
    if (g->depth < DEEPEST && gen_chance(g, 40)) {
        enum gen_snippet s = draw(g);
        // A loop in a loop would share its counter and never end.
        gen_snippet(g, s == GEN_LOOP ? GEN_ALU : s);
    } else {
        gen_snippet(g, simple[gen_below(g, g->depth < DEEPEST ? 6 : 5)]);
    }
}

// Where a program that got lost goes on. Must be in reach of what follows.
static unsigned set_home(struct gen *g)
{
    return gen_forward(g, OP_LEA, GEN_HOME, 0);
}

static void finish(struct gen *g)
{
    unsigned last = gen_forward(g, OP_BEQ, GEN_OUTER, REG_ZERO);
    gen_op(g, OP_ADDI, GEN_OUTER, GEN_OUTER, 0, -1);
    gen_op(g, OP_JMP, 0, 0, 0, -4 * (int64_t)g->at);
    gen_bind(g, last);
    gen_op(g, OP_INT, 0, 0, 0, V_EXIT);
    gen_op(g, OP_HLT, 0, 0, 0, 0);
    gen_op(g, OP_JMP, 0, 0, 0, 0);
}

void gen_body_make(struct gen *g)
{
    g->base = g->body_entry;
    g->at = 0;
    unsigned snippets = 4 + (unsigned)gen_below(g, g->profile->length - 3);
    for (unsigned i = 0; i < snippets && g->at < BODY_WORDS; i++) {
        bool home = i == 0 || gen_chance(g, 60);
        unsigned at = home ? set_home(g) : 0;
        gen_snippet(g, draw(g));
        if (home) {
            gen_bind(g, at);
        }
    }
    finish(g);
    gen_flush(g, g->body_frame, g->body_entry - g->body);
}
