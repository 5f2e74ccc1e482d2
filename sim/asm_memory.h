// asm_memory.h: memory taken in chunks and given back all at once; nothing in it is freed by
// itself.
#ifndef RINGSIDE_SIM_ASM_MEMORY_H
#define RINGSIDE_SIM_ASM_MEMORY_H

#include "sim/types.h"

struct chunk;

// n zeroed bytes, aligned for anything, or NULL if memory is short. *arena is NULL at first.
void *arena_alloc(struct chunk **arena, size_t n);
// Frees all that came from the arena; NULL is allowed.
void arena_free(struct chunk *arena);

#endif
