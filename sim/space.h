// Builds address spaces for lectures and homework: page tables in real simulated memory, in one dimension or nested, with regions that
// show each way a translation can end. What is built is walked by the machine's own walker (walk.h); nothing here knows the answers.
//
// "Space k" is what dimension k - 1 translates to: space 0 holds virtual addresses, space 1 guest-physical ones, and space `dims` is the
// memory itself.
#ifndef RINGSIDE_SIM_SPACE_H
#define RINGSIDE_SIM_SPACE_H

#include "sim/mem.h"
#include "sim/prng.h"
#include "sim/walk.h"

enum {
    SPACE_RANGES_MAX = 64,   // frames taken in one space, as ranges
    SPACE_REGIONS_MAX = 128, // named parts of space 0
    SPACE_NAME_SIZE = 24,
    SPACE_SMALL_FRAMES = 2048, // the frames below 8 MiB serve as tables and 4 KiB pages
};

// What a mapping allows. For dimension 0; for nested ones the same bits mean read (SPACE_P), write, and no fetch (SPACE_NX).
enum {
    SPACE_P = 1,
    SPACE_W = 2,
    SPACE_U = 4,
    SPACE_NX = 8,
    SPACE_HUGE = 16, // by 2 MiB leaves
    SPACE_RESERVED =
        32, // with a reserved bit set in the leaf (nested: W without R), which no access survives
};

// A named range of virtual addresses.
struct space_region {
    char name[SPACE_NAME_SIZE];
    uint64_t va, size;
    unsigned flags;
    const char *doc; // what it is there to show, or NULL; not owned
};

struct space {
    struct mem mem;
    struct walk_dim dim[WALK_DIMS_MAX];
    unsigned dims;
    bool back_huge; // frames of the inner spaces are backed by 2 MiB leaves
    bool shuffle;   // frames are taken at random, else in ascending order
    struct prng prng;
    struct space_region region[SPACE_REGIONS_MAX];
    unsigned regions;
    // Which small frames (4 KiB) and which blocks (2 MiB) of spaces 1 to dims are taken.
    uint8_t small[WALK_DIMS_MAX + 1][SPACE_SMALL_FRAMES];
    uint8_t block[WALK_DIMS_MAX + 1][4096];
};

// What space_create() builds on. levels[0] is the guest's own table's, levels[1..] the nested ones'.
struct space_config {
    uint64_t ram; // bytes of memory, a multiple of 2 MiB, 16 MiB to 8 GiB
    unsigned dims, levels[WALK_DIMS_MAX];
    bool back_huge, shuffle;
    uint64_t seed; // for shuffle
};

// Every function below that can fail returns false with a reason in err (what; how to mend it).

// An empty space: root tables only. Allocates memory; space_free() releases it.
bool space_create(struct space *s, const struct space_config *config, char *err, size_t err_size);
void space_free(struct space *s);

// Keep the frames of [addr, addr + size) of space k out of what is taken for tables.
void space_reserve(struct space *s, unsigned k, uint64_t addr, uint64_t size);

// Map [from, from + size) of space `dim` to [to, to + size) of space dim + 1; addresses and size are multiples of the page size that
// the flags choose. Tables are made and backed as needed; the target is not. Fails if something is mapped there, or no frame is left.
bool space_map(struct space *s, unsigned dim, uint64_t from, uint64_t to, uint64_t size,
               unsigned flags, char *err, size_t err_size);

// Take a free frame (a 2 MiB block with huge) of space k >= 1 and back it with memory all the way down.
bool space_take(struct space *s, unsigned k, bool huge, uint64_t *addr, char *err, size_t err_size);

// The address in memory behind address `addr` of space k, all rights ignored; false if it is not mapped.
bool space_host(const struct space *s, unsigned k, uint64_t addr, uint64_t *host);

// The address in memory of the leaf entry that maps `addr` of space `dim`; false if there is none.
bool space_leaf(const struct space *s, unsigned dim, uint64_t addr, uint64_t *host);

// Remember a name for a range; false if the table is full.
bool space_name(struct space *s, const char *name, uint64_t va, uint64_t size, unsigned flags,
                const char *doc);

// The demonstration: a small process with code, data, heap, stack and kernel, and a region for each way to fault. `huge`: its heap is
// of 2 MiB pages. Same config and seed, same bits.
bool space_demo(struct space *s, const struct space_config *config, bool huge, char *err,
                size_t err_size);

#endif
