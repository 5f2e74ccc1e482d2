// Guest programs for tests: assembled from a string, loaded, run, and looked into by the names of their symbols.
#ifndef TESTS_GUEST_H
#define TESTS_GUEST_H

#include "sim/asm.h"
#include "sim/machine.h"

// A bare machine with a program in it.
struct guest {
    struct cpu_model model;
    struct asm_result program;
    struct machine *machine;
};

// How to build it. Zero members: the default.
struct guest_options {
    const char *cpu; // model; xeon
    unsigned cpus;   // 1
    const struct asm_define *defines;
    size_t define_count;
};

// Assembles `source` and loads it, entry at `start`. NULL after failed checks that say why.
struct guest *guest_new(const char *source, const struct guest_options *options);
void guest_free(struct guest *g);
// The 8 bytes at symbol + offset, or at an address; a failed check if it is not there.
uint64_t guest_word(const struct guest *g, const char *symbol, uint64_t offset);
// What a cost is worth in cycles on this machine.
uint64_t guest_cost(const struct guest *g, enum cost_key k);

#endif
