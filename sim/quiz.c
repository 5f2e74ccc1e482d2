// Draws questions: candidates at random, until one ends the way that was decided by a coin before.
#include "sim/quiz.h"

enum { TRIES = 64 };

// An access that a program or its kernel would make; fetches and ring 0 are rarer.
static struct walk_access draw_access(struct prng *prng)
{
    uint64_t kind = prng_below(prng, 8);
    return (struct walk_access){
        .write = kind >= 4 && kind<7, .fetch = kind == 7, .user = prng_below(prng, 4)> 0,
        .wp = true,
    };
}

// An address in a region, or one of the pages beside it, which are seldom mapped, or one that is not canonical.
static uint64_t draw_address(const struct space *s, struct prng *prng)
{
    const struct space_region *r = &s->region[prng_below(prng, s->regions)];
    uint64_t offset = prng_below(prng, r->size / 8) * 8;
    uint64_t va = r->va + offset, where = prng_below(prng, 16);
    unsigned bits = PAGE_SHIFT + LEVEL_BITS * s->dim[0].levels;
    if (where < 2) {
        va = r->va - PAGE_SIZE + (offset & PAGE_MASK);
    } else if (where == 2 && bits < 64) {
        va ^= UINT64_C(1) << bits;
    }
    return va;
}

void quiz_draw(struct space *s, struct prng *prng, struct quiz_question *q)
{
    bool want_ok = prng_below(prng, 2) == 0;
    for (int i = 0; i < TRIES; i++) {
        *q = (struct quiz_question){.va = draw_address(s, prng), .access = draw_access(prng)};
        struct walk_result r = walk(&s->mem, s->dim, s->dims, q->va, q->access, false, NULL, NULL);
        if ((r.status == WALK_OK) == want_ok) {
            return;
        }
    }
}
