// A generator of guest programs for differential and equivalence tests: whole machines (page tables, vector table, handlers,
// code in all rings) from one integer. It knows nothing of who will run them.
#ifndef TESTS_GEN_GEN_H
#define TESTS_GEN_GEN_H

#include "sim/cost.h"
#include "sim/machine.h"

enum gen_snippet {
#define SNIPPET(NAME, name, traits, doc) GEN_##NAME,
#include "tests/gen/snippets.def"
#undef SNIPPET
    GEN_SNIPPETS
};

// What an outcome may depend on; snippets.def explains.
enum gen_traits {
    GEN_PLAIN = 0,
    GEN_TIME = 1,
    GEN_STALE = 2,
    GEN_HOLE = 4,
    GEN_RINGS = 8,
    GEN_PLACE = 16,
    GEN_WILD = 32,
    GEN_DEVICE = 64,
};

// How memory is laid out.
enum gen_layout {
    GEN_LAYOUT_ANY,      // one of the others
    GEN_LAYOUT_HIGH,     // paged, at random addresses
    GEN_LAYOUT_IDENTITY, // paged, code at its physical address, so that paging may be turned off
    GEN_LAYOUT_BARE,     // paging is never turned on
};

// What sort of programs is wanted. A profile without traits gives programs whose final registers and memory do not
// depend on time, on the TLB or on how they are virtualized (accessed bits and the handlers' scratch registers
// included).
struct gen_profile {
    const char *name;
    unsigned traits; // allowed
    enum gen_layout layout;
    unsigned chaos;        // percent of programs in which random bits of the set-up are flipped
    unsigned length;       // snippets, at most
    uint64_t instructions; // limit of the run
    unsigned cpus;         // processors, at most
    uint8_t boost[8]; // snippets that are ten times as frequent, 0-terminated as their number + 1
};

extern const struct gen_profile gen_profiles[];
extern const unsigned gen_profile_count;
// The profile of that name, or NULL.
const struct gen_profile *gen_profile_find(const char *name);

enum { GEN_FRAMES = 1024 };     // 4 MiB, the most a program has
enum { GEN_DISK_BYTES = 8192 }; // and its disk

// A generated program: RAM as it is when the machine starts, and how to run it.
struct gen_program {
    uint64_t seed;
    const struct gen_profile *profile;
    struct machine_config config; // config.model points to `model` below
    struct cpu_model model;
    uint8_t *ram;             // config.ram bytes
    bool touched[GEN_FRAMES]; // which frames of it are not all zero
    uint8_t disk[GEN_DISK_BYTES];
    size_t disk_size;      // 0: none
    uint64_t entry;        // first pc; a0 is 0
    uint64_t until;        // cycles after which to give up
    uint64_t instructions; // likewise
};

// Room for programs; false when memory is out. One gen_program can be used over and over.
bool gen_init(struct gen_program *p);
void gen_free(struct gen_program *p);
// Makes the program of `seed`: same seed and profile, same program, anywhere. `profile` NULL: any, chosen by the seed.
void gen_make(struct gen_program *p, const struct gen_profile *profile, uint64_t seed);
// Makes a program out of bytes, each of which decides something; for fuzzers. Never fails.
void gen_make_from(struct gen_program *p, const uint8_t *bytes, size_t size);

const char *gen_snippet_name(enum gen_snippet s);

#endif
