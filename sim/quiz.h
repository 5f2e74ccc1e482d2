// Homework about address translation: draws accesses to an address space whose outcome is worth asking for. The answers are not here:
// whoever wants them walks the same tables.
#ifndef RINGSIDE_SIM_QUIZ_H
#define RINGSIDE_SIM_QUIZ_H

#include "sim/space.h"

struct quiz_question {
    uint64_t va;
    struct walk_access access;
};

// Draw the next question about `s`. About half of them end well; the others fault in the ways that the space has to offer. The space
// stays as it is, accessed and dirty bits included.
void quiz_draw(struct space *s, struct prng *prng, struct quiz_question *q);

#endif
