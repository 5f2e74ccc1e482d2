// The machine's RAM, and one byte of notes a frame: whether it was ever written, holds decoded code, or is watched.
#ifndef RINGSIDE_SIM_MEM_H
#define RINGSIDE_SIM_MEM_H

#include "sim/types.h"
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error \
    "guest memory is accessed as the host's own words: a big-endian host needs byte swaps in mem_get and mem_put"
#endif

enum {
    FRAME_WRITTEN = 1, // may differ from zero
    FRAME_CODE = 2,    // some processor holds decoded code of it: stores must go the slow way
    FRAME_WATCHED = 4, // a monitor wants to know of stores (dirty logging)
};

struct mem {
    uint8_t *bytes; // RAM [0, size)
    uint64_t size;  // a multiple of 2 MiB
    uint8_t *frame; // FRAME_* bits, one byte a 4 KiB frame
};

// Allocate zeroed RAM of `size` bytes (a multiple of 2 MiB); false if memory is short.
bool mem_init(struct mem *mem, uint64_t size);
void mem_free(struct mem *mem);

// Bounded copies; false, and nothing done, unless the range is all RAM. A write notes the frames as written and does no more: who
// writes where code may be decoded goes through machine_write() or machine_dma_write().
bool mem_read(const struct mem *mem, uint64_t addr, void *to, size_t n);
bool mem_write(struct mem *mem, uint64_t addr, const void *from, size_t n);

// Folds n words into a hash; any start will do.
uint64_t mem_hash_words(uint64_t hash, const uint64_t *words, size_t n);
// Folds size and contents of all RAM into `hash`: equal contents, equal results, whatever the history.
uint64_t mem_hash(const struct mem *mem, uint64_t hash);

// Whether [addr, addr + n) is all RAM.
static inline bool mem_has(const struct mem *mem, uint64_t addr, uint64_t n)
{
    return addr < mem->size && n <= mem->size - addr;
}

// The little-endian words of RAM; addr is checked by the caller (mem_has), any alignment.
static inline uint64_t mem_get(const struct mem *mem, uint64_t addr, unsigned n)
{
    uint64_t v = 0;
    memcpy(&v, mem->bytes + addr, n);
    return v;
}

// Store the low n bytes of v; addr is checked by the caller, and the frame's notes are the caller's business.
static inline void mem_put(struct mem *mem, uint64_t addr, unsigned n, uint64_t v)
{
    memcpy(mem->bytes + addr, &v, n);
}

#endif
