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
    L2_HINTS = 4096,
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
    bool pieces; // a guest 2 MiB page is cached as 4 KiB pieces, because nested entries are smaller
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
    uint64_t *l2_full;          // by set: all ways were alive when `drops` was this
    uint64_t drops;    // translations dropped so far, in any way: only they make a way free
    uint8_t *l2_count; // by tlb_hint(): how many slots hold a tag of that sort; 0: need not look
    uint16_t *l2_hint; // L2_HINTS guesses where a tag is; never trusted
    bool l2_huge;      // a 2 MiB entry was ever put in
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

// Where in l2_hint a tag's last known slot is.
static inline unsigned tlb_hint(uint64_t tag)
{
    return (unsigned)(tag >> (SPACE_BITS + 1) ^ tag >> SPACE_BITS << 6) & (L2_HINTS - 1);
}

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
// Second level: the slot that holds tag, or -1. The hint answers most hits; a miss looks at every way, without branches that the host
// could guess wrong.
static inline int64_t tlb_l2_find(const struct tlb *t, uint64_t tag, uint64_t page)
{
    unsigned bucket = tlb_hint(tag);
    uint64_t hint = t->l2_hint[bucket];
    if (t->l2_count[bucket] == 0) {
        return -1;
    }
    if (t->l2_tag[hint] == tag) {
        return (int64_t)hint;
    }
    size_t base = (size_t)(page & t->l2_set_mask) * t->l2_ways;
    const uint64_t *way = &t->l2_tag[base];
    uint64_t hits = 0;
    uint32_t w = 0;
    for (; w + 4 <= t->l2_ways; w += 4) {
        uint32_t four = (uint32_t)(way[w] == tag) | (uint32_t)(way[w + 1] == tag) << 1 |
                        (uint32_t)(way[w + 2] == tag) << 2 | (uint32_t)(way[w + 3] == tag) << 3;
        hits |= (uint64_t)four << w;
    }
    for (; w < t->l2_ways; w++) {
        hits |= (uint64_t)(way[w] == tag) << w;
    }
    return hits ? (int64_t)base + __builtin_ctzll(hits) : -1;
}
// Change what a slot holds; 0: nothing.
static inline void tlb_l2_put(struct tlb *t, size_t slot, uint64_t tag, uint64_t data)
{
    uint64_t old = t->l2_tag[slot];
    if (old) {
        t->l2_count[tlb_hint(old)]--;
    }
    if (tag) {
        t->l2_count[tlb_hint(tag)]++;
        t->l2_hint[tlb_hint(tag)] = (uint16_t)slot;
    }
    t->l2_tag[slot] = tag;
    t->l2_data[slot] = data;
}
// Put an entry in: the first way that holds nothing alive, else round robin.
void tlb_l2_fill(struct tlb *t, uint64_t tag, uint64_t page, uint64_t data);

#endif
