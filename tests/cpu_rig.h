// A rig for tests of the processor: a machine with chosen geometry and costs, page tables built by hand, and a program from a string. Tests
// that use it may look inside a machine.
#ifndef TESTS_CPU_RIG_H
#define TESTS_CPU_RIG_H

#include "sim/asm.h"
#include "sim/machine_internal.h"
#include "sim/vmcs.h"

struct rig {
    struct cpu_model model;
    struct machine_config config;
    struct machine *m;
    struct cpu *c; // processor 0
    struct asm_result program;
    uint64_t free_frame; // where the next page table goes; grows upward from 1 MiB
};

// A rig whose every cost is 1 and whose TLB is small; no machine yet. Change model and config, then rig_start().
struct rig *rig_new(void);
void rig_free(struct rig *r);
// Make the machine; assemble and load `source` (NULL: none), entry at its symbol `start` or its beginning. False after a failed check.
bool rig_start(struct rig *r, const char *source);
uint64_t rig_symbol(const struct rig *r, const char *name);
uint64_t rig_word(const struct rig *r, uint64_t addr);
void rig_put(struct rig *r, uint64_t addr, uint64_t value);

// A fresh, zero page table: its address.
uint64_t rig_table(struct rig *r);
// Map one page (huge: 2 MiB) in a guest table of so many levels, making tables on the way. Addresses of tables and pages are those that the table's
// entries hold, and where they are in RAM.
void rig_map(struct rig *r, uint64_t root, unsigned levels, uint64_t va, uint64_t pa,
             uint64_t flags, bool huge);
// The same in an EPT; flags are EPT_R, EPT_W, EPT_X.
void rig_map_nested(struct rig *r, uint64_t root, unsigned levels, uint64_t gpa, uint64_t pa,
                    uint64_t flags, bool huge);
// Identity-map [0, bytes) in a guest table.
void rig_map_all(struct rig *r, uint64_t root, unsigned levels, uint64_t bytes, uint64_t flags);

#endif
