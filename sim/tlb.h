// The modelled TLB: first levels for instructions and data, a shared second level, page-walk caches, all tagged by address space
// (VPID, ASID). docs/machine.md, "TLB", is the contract; the geometry is data of the CPU model.
//
// An address space has a number, and tags hold that number. To drop a space's entries is to give the space a new number: what carries the old
// one is dead, without being visited. Numbers run out after some thousand drops; then everything is swept and numbered afresh.
#ifndef RINGSIDE_SIM_TLB_H
#define RINGSIDE_SIM_TLB_H

#include "sim/cost.h"
#include "sim/types.h"
#include "sim/walk_loop.h"

enum {
    SPACE_BITS = 12,
    SPACE_NONE = 0,   // no TLB entry has it; the fast tables use it for untranslated addresses
    SPACE_MAX = 4094, // 4095 stays free: FAST_NONE
    SPACE_MAX_MASK = 4095,
    TLB_ENTRIES_MAX = 3584, // of all arrays together: sweeping must leave numbers free
};

// An entry's rights, in the low bits of its frame.
enum {
    TLB_W = 1, // the guest's table lets it be written
    TLB_U = 2,
    TLB_NX = 4,
    TLB_D = 8,   // dirty is set, wherever it is kept
    TLB_NR = 16, // a nested table forbids reading,
    TLB_NW = 32, // writing,
    TLB_NF = 64, // fetching
    TLB_RIGHTS = 0xff,
};

struct tlb_entry {
    uint64_t tag;  // page number, huge bit, space: tlb_tag(); 0: never valid
    uint64_t data; // frame address | TLB_* rights
};

struct pwc_entry {
    uint64_t key; // va prefix + 1
    uint16_t space;
    uint64_t epoch; // of its space: INVLPG drops walk caches without touching the TLB
    struct walk_point point;
};

struct tlb_space {
    uint16_t vpid, asid;
    uint16_t number;
    uint64_t epoch; // of its page-walk cache entries
};

// A first level: 4 KiB and 2 MiB arrays, direct-mapped. For each huge entry, which slots of the fast tables were filled from it.
struct tlb_l1 {
    struct tlb_entry *small, *huge;
    uint64_t small_mask, huge_mask; // entries - 1
    bool has_huge;
    uint64_t (*derived)[4];
};

struct tlb {
    struct tlb_l1 i, d;
    uint64_t *l2_tag, *l2_data; // sets x ways
    uint8_t *l2_next;           // round robin, by set
    uint32_t l2_ways, l2_set_mask;
    bool has_l2;
    struct pwc_entry *pwc[LEVELS_MAX + 1]; // by level, 2 and up
    uint64_t pwc_mask;
    bool has_pwc;
    struct ntlb ntlb;

    struct tlb_space *space; // in use, unordered; [current] is the processor's
    unsigned space_count, current;
    unsigned next_number;
    uint16_t *hash;               // of (vpid, asid): index into space + 1; open addressing
    uint8_t alive[SPACE_MAX + 2]; // by number
};

static inline uint64_t tlb_tag(uint64_t va, bool huge, uint64_t space)
{
    uint64_t page = huge ? (va & ((UINT64_C(1) << 57) - 1)) >> HUGE_PAGE_SHIFT
                         : (va & ((UINT64_C(1) << 57) - 1)) >> PAGE_SHIFT;
    return page << (SPACE_BITS + 1) | (uint64_t)huge << SPACE_BITS | space;
}

// Allocate for this geometry; false with a reason if it is impossible or memory is short.
bool tlb_init(struct tlb *t, const struct tlb_geometry *g, char *err, size_t err_size);
void tlb_free(struct tlb *t);

// The number of the current space.
static inline unsigned tlb_current(const struct tlb *t)
{
    return t->space[t->current].number;
}
// Make (vpid, asid) current. Returns true if all numbers changed, so that everything derived from tags must go.
bool tlb_enter(struct tlb *t, unsigned vpid, unsigned asid);
// Drop every entry of a space, or of a VPID. Return as tlb_enter.
bool tlb_drop_space(struct tlb *t, unsigned vpid, unsigned asid);
bool tlb_drop_vpid(struct tlb *t, unsigned vpid);
// Drop the current space's page-walk cache entries.
static inline void tlb_drop_walk_cache(struct tlb *t)
{
    t->space[t->current].epoch++;
}
// Second level: the slot that holds tag, or -1.
static inline int64_t tlb_l2_find(const struct tlb *t, uint64_t tag, uint64_t page)
{
    size_t base = (size_t)(page & t->l2_set_mask) * t->l2_ways;
    for (uint32_t w = 0; w < t->l2_ways; w++) {
        if (t->l2_tag[base + w] == tag) {
            return (int64_t)(base + w);
        }
    }
    return -1;
}
// Put an entry in: the first way that holds nothing alive, else round robin.
void tlb_l2_fill(struct tlb *t, uint64_t tag, uint64_t page, uint64_t data);

#endif
