// What the snippets share.
#ifndef TESTS_GEN_GEN_SNIPPETS_H
#define TESTS_GEN_GEN_SNIPPETS_H

#include "tests/gen/gen_impl.h"

// Something small, or, not too deep, any snippet at all.
void gen_inside(struct gen *g);
const struct gen_window *gen_any_window(struct gen *g);
// An address in the window; in a huge one mostly where there is something.
uint64_t gen_place(struct gen *g, const struct gen_window *w);

// By snippet; each snippet is in one of them.
extern void (*const gen_plain_table[GEN_SNIPPETS])(struct gen *g);
extern void (*const gen_system_table[GEN_SNIPPETS])(struct gen *g);
extern void (*const gen_device_table[GEN_SNIPPETS])(struct gen *g);

#endif
