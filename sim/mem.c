// RAM: allocation, bounded copies, and the hash by which two machines are compared.
#include "sim/mem.h"

#include <assert.h>
#include <stdlib.h>

bool mem_init(struct mem *mem, uint64_t size)
{
    assert(size > 0 && size % HUGE_PAGE_SIZE == 0);
    *mem = (struct mem){.size = size};
    if (size > SIZE_MAX) {
        return false;
    }
    // calloc, and not malloc and memset: the host gives zero pages only when they are touched.
    mem->bytes = calloc(1, (size_t)size);
    mem->frame = calloc(1, (size_t)(size >> PAGE_SHIFT));
    if (!mem->bytes || !mem->frame) {
        mem_free(mem);
        return false;
    }
    return true;
}

void mem_free(struct mem *mem)
{
    free(mem->bytes);
    free(mem->frame);
    *mem = (struct mem){0};
}

bool mem_read(const struct mem *mem, uint64_t addr, void *to, size_t n)
{
    if (!mem_has(mem, addr, n)) {
        return false;
    }
    memcpy(to, mem->bytes + addr, n);
    return true;
}

bool mem_write(struct mem *mem, uint64_t addr, const void *from, size_t n)
{
    if (!mem_has(mem, addr, n)) {
        return false;
    }
    if (n == 0) {
        return true;
    }
    memcpy(mem->bytes + addr, from, n);
    for (uint64_t f = addr >> PAGE_SHIFT; f <= (addr + n - 1) >> PAGE_SHIFT; f++) {
        mem->frame[f] |= FRAME_WRITTEN;
    }
    return true;
}

// 64 bits of input at a time: FNV-1a's byte at a time would take seconds for a gigabyte.
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

uint64_t mem_hash_words(uint64_t hash, const uint64_t *words, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        hash = mix(hash, words[k]);
    }
    return hash;
}

uint64_t mem_hash(const struct mem *mem, uint64_t hash)
{
    hash = mix(hash, mem->size);
    for (uint64_t f = 0; f < mem->size >> PAGE_SHIFT; f++) {
        if (!(mem->frame[f] & FRAME_WRITTEN)) {
            continue; // still zero
        }
        uint64_t page = UINT64_C(0xcbf29ce484222325), any = 0;
        for (uint64_t at = 0; at < PAGE_SIZE; at += 8) {
            uint64_t word = mem_get(mem, (f << PAGE_SHIFT) + at, 8);
            any |= word;
            page = mix(page, word);
        }
        // A written page that is zero again counts as never written: the hash is of contents, not of history.
        if (any) {
            hash = mix(mix(hash, f), page);
        }
    }
    return hash;
}
