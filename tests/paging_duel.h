// Random page tables and random things that a guest may do with them, to a bare machine that has no TLB to speak of, and to the same guest
// under some paging. Whatever the guest could see must be the same: values, faults, and memory with every accessed and dirty bit.
//
// The guest keeps to the rules of TLBs, and to nothing else: after it has taken a right away, changed a frame or cleared A or D of an entry
// that may be cached, it does not touch the addresses concerned until it has flushed them. Any frame may serve as a table at any
// level, as data, or as both; tables map themselves; devices' addresses and reserved bits turn up in entries.
#ifndef TESTS_PAGING_DUEL_H
#define TESTS_PAGING_DUEL_H

#include "models/vm.h"
#include "sim/prng.h"

enum {
    DUEL_RAM = 16 << 20,
    DUEL_TABLES =
        20, // frames that begin as tables; the last few make the window, the first few are roots
    DUEL_ROOTS = 4,
    DUEL_DATA = 24,
    DUEL_VAS = 24 + DUEL_TABLES, // addresses in use: wild ones, and the window on all tables
    DUEL_CPUS = 2,
};

enum duel_kind { DUEL_LOAD, DUEL_STORE, DUEL_FETCH, DUEL_CAS };
struct duel_access {
    enum duel_kind kind;
    uint64_t va;
    unsigned n, ring;
    bool
        system; // a load or store by the processor itself, as when it delivers an event: with the kernel's rights in any ring
    uint64_t value, expected;
};
// What the guest sees of it.
struct duel_result {
    bool ok;
    uint64_t value;
    unsigned vector; // if not ok
    uint32_t error;
    uint64_t addr;
};

struct duel;
// The side under test.
struct duel_side {
    const char *name;
    struct duel_result (*access)(struct duel *d, struct vcpu *v, const struct duel_access *a);
    bool (*ok)(struct duel *d, char *err, size_t err_size); // invariants; NULL: none
    // v->g.ptbr or v->g.msw changed (deprivileged: beyond what paging->load_base does).
    void (*load)(struct duel *d, struct vcpu *v);
    void (*invlpg)(struct duel *d, struct vcpu *v, uint64_t va);
};

struct duel_config {
    uint64_t seed;
    unsigned levels, cpus;
    uint64_t pool;   // bytes of hypervisor memory
    uint64_t frames; // of it that are there after all
    const struct cpu_model *model;
    struct arch_config arch;
    const struct duel_side *side;
    const struct paging_ops *paging;
};

struct duel_va {
    uint64_t va;
    int next; // index of the address one page up, or -1
};

struct duel {
    struct duel_config config;
    struct prng rng;
    struct machine *native;
    struct vm vm; // whose machine is the other side's host
    struct vcpu vcpu[DUEL_CPUS];
    struct vmcs vmcs[DUEL_CPUS];                  // for a side that needs them
    uint64_t table[DUEL_TABLES], data[DUEL_DATA]; // guest-physical
    unsigned level[DUEL_TABLES];                  // at which each was meant to be used
    bool tame; // this time, tables are used as they were meant to be
    struct duel_va va[DUEL_VAS];
    // By processor and address: it must not be touched before it is flushed; and the cached page is a huge one for certain.
    bool pending[DUEL_CPUS][DUEL_VAS], huge[DUEL_CPUS][DUEL_VAS];
    unsigned steps;
    // What happened, for the coverage check.
    uint64_t accesses, succeeded, table_stores, flushed_pages, loads, dma;
    bool failed;
};

// Create both machines. False after a failed check.
bool duel_create(struct duel *d, const struct duel_config *config);
void duel_destroy(struct duel *d);
// One random sequence of `steps` in fresh tables, compared after each. False after a failed check, which names the seed.
bool duel_run(struct duel *d, uint64_t seed, unsigned steps);

// For sides: the access in software, as an emulator does it: the guest's tables walked, A and D set, RAM written and paging told.
struct duel_result duel_emulate(struct duel *d, struct vcpu *v, const struct duel_access *a);
// The access by a processor model, as it is now. False: c->fault.
bool duel_touch(struct cpu *c, const struct duel_access *a, uint64_t *value);

#endif
