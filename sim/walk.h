// The one page walker, over a chain of dimensions. A page-table format is data; a translation is a chain of tables, and
// the addresses that one table holds are themselves translated by the next table of the chain. The same loop therefore
// reads 4 entries natively, 24 nested and 124 nested twice; a fault names its dimension, and that is the whole difference
// between a guest's page fault and a VM exit.
#ifndef RINGSIDE_SIM_WALK_H
#define RINGSIDE_SIM_WALK_H

#include "sim/cost.h"
#include "sim/types.h"

struct mem;

// Bits of a page-table entry (docs/machine.md, "Translation"): a true subset of x86-64's.
#define PTE_P       (UINT64_C(1) << 0)
#define PTE_W       (UINT64_C(1) << 1)
#define PTE_U       (UINT64_C(1) << 2)
#define PTE_A       (UINT64_C(1) << 5)
#define PTE_D       (UINT64_C(1) << 6)
#define PTE_PS      (UINT64_C(1) << 7)
#define PTE_NX      (UINT64_C(1) << 63)
#define PTE_FRAME   UINT64_C(0x000000fffffff000) // bits 12-39
#define PTE_RSVD    UINT64_C(0x000fff0000000000) // bits 40-51
#define PTE_RSVD_2M UINT64_C(0x00000000001ff000) // bits 12-20 of a 2 MiB leaf

// Bits of a nested (EPT) entry.
#define EPT_R       (UINT64_C(1) << 0)
#define EPT_W       (UINT64_C(1) << 1)
#define EPT_X       (UINT64_C(1) << 2)
#define EPT_PS      (UINT64_C(1) << 7)
#define EPT_A       (UINT64_C(1) << 8)
#define EPT_D       (UINT64_C(1) << 9)

// #PF error code, and the same bits for a nested fault's cause.
enum {
    PF_PRESENT = 1,  // the entry was there but did not allow it (or had a reserved bit)
    PF_WRITE = 2,    // the access was a write
    PF_USER = 4,     // by ring 3
    PF_RESERVED = 8, // a reserved bit was set
    PF_FETCH = 16,   // an instruction fetch
};

enum walk_format { WALK_GUEST, WALK_EPT };

// One dimension: a table whose addresses live in the space of the next dimension of the chain; the last one's are
// host-physical.
struct walk_dim {
    enum walk_format format;
    uint64_t root; // address of the top table, a multiple of 4096, in the next dimension's space
    unsigned
        levels; // LEVELS_MIN to LEVELS_MAX; at most 4 makes sense for EPT on PHYS_BITS, all are allowed
    bool set_ad; // WALK_EPT: keep accessed and dirty bits (EPTP bit 6); guest tables always do
};

enum { WALK_DIMS_MAX = 3, WALK_STEPS_MAX = 6 * 6 * 6 };

// What is wanted at the end of the walk.
struct walk_access {
    bool write, fetch;
    bool user; // ring 3
    bool wp;   // machine word WP: rings below 3 respect W too
};

// One reference to a table entry, in the order the processor makes them.
struct walk_step {
    uint8_t dim;   // which dimension's table: 0 is the guest's own
    uint8_t level; // of that table, from its highest down to 1 (2: huge leaf)
    uint8_t
        for_dim; // for whose sake: the dimension whose table entry or final address is being located (== dim when it is its
    uint8_t for_level;   // own), and that one's level; level 0: the final address
    uint64_t table;      // address of the table in its own space (that of dimension dim + 1)
    unsigned index;      // entry in it
    uint64_t input;      // the address that this table is translating
    uint64_t entry_addr; // host-physical address of the entry
    uint64_t value;      // the entry as it was read
    uint32_t cost;       // cycles of this reference
    bool leaf;
    bool set_a, set_d; // bits that the walk set afterwards
};
struct walk_log {
    struct walk_step step[WALK_STEPS_MAX];
    unsigned count;
};

enum walk_status {
    WALK_OK,
    WALK_NOT_CANONICAL, // in dimension 0: #GP; below: the address is too wide for that table
    WALK_FAULT,         // absent, not allowed or reserved bit: `error` says
    WALK_MISCONFIG,     // an EPT entry with W and not R, or reserved bits
};

struct walk_result {
    enum walk_status status;
    unsigned fault_dim; // whose tables ended it; 0: the guest's
    uint64_t
        fault_addr; // the address that dimension could not translate (dim 0: the input; 1: a guest-physical address)
    uint32_t error;       // PF_* bits
    bool fault_final;     // dim > 0: the fault was on the final address, not on a guest table entry
    uint64_t address;     // WALK_OK: the translated address (host-physical)
    unsigned page_shift;  // PAGE_SHIFT or HUGE_PAGE_SHIFT: the smallest leaf of all dimensions
    unsigned guest_shift; // that of dimension 0 alone
    bool w, u, nx,
        d; // the guest table's rights; and whether the leaf's D (of every dimension that keeps one) is set now
    bool nested_r, nested_w,
        nested_x;     // what the nested dimensions allow; all true where there are none
    unsigned refs;    // entries read
    unsigned ad_sets; // entries in which A or D was set
    uint64_t cost;    // cycles: refs and A/D updates priced
};

// Walk `va` through chain[0 .. dims-1]; dims 1 to WALK_DIMS_MAX. Reads real entries from `mem`; with `commit`, sets accessed and dirty
// bits there when (and only when) the access is allowed. `model` prices the references, NULL for free. `log`, if given, receives every
// step. No TLB and no page-walk cache takes part: this is what a processor does when both miss.
struct walk_result walk(struct mem *mem, const struct walk_dim *chain, unsigned dims, uint64_t va,
                        struct walk_access access, bool commit, const struct cpu_model *model,
                        struct walk_log *log);

// Whether va is canonical for a table of that many levels: bits above 12 + 9 x levels repeat its top bit.
static inline bool walk_canonical(uint64_t va, unsigned levels)
{
    unsigned drop = 64 - (PAGE_SHIFT + LEVEL_BITS * levels);
    return (uint64_t)((int64_t)(va << drop) >> drop) == va;
}

#endif
