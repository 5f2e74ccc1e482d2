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

// An entry's rights, around its frame: those of the guest's table where the table has them, so that a leaf needs no translation, and
// what a nested table forbids in bits that are free.
#define TLB_P      PTE_P // always set
#define TLB_W      PTE_W
#define TLB_U      PTE_U
#define TLB_NX     PTE_NX
#define TLB_D      PTE_D               // dirty is set, wherever it is kept
#define TLB_NR     (UINT64_C(1) << 8)  // a nested table forbids reading,
#define TLB_NW     (UINT64_C(1) << 9)  // writing,
#define TLB_NF     (UINT64_C(1) << 10) // fetching
#define TLB_RIGHTS (PTE_NX | PAGE_MASK)

// Rights in a form that is quickly asked for: those in `mask` must be as in `value`.
struct tlb_need {
    uint64_t mask, value;
};

struct tlb_entry {
    uint64_t tag;  // tlb_tag(); 0: never valid
    uint64_t data; // frame address | TLB_* rights
};

struct pwc_entry {
    uint64_t key; // va prefix + 1
    uint64_t
        epoch; // of its space; no two share one. INVLPG drops walk caches without touching the TLB
    struct walk_point point;
    // The point's rights as TLB_*: what of a leaf below stays, and what comes to it.
    uint64_t keep, add;
    uint64_t space;
    uint64_t unused; // 64 bytes: index by shift
};

struct tlb_space {
    uint16_t vpid, asid;
    uint16_t number;
    uint64_t epoch; // of its page-walk cache entries; never used twice
    bool pieces; // a guest 2 MiB page is cached as 4 KiB pieces, because nested entries are smaller
};

// A first level: 4 KiB and 2 MiB arrays, direct-mapped. For each huge entry, which slots of the fast tables were filled from it.
struct tlb_l1 {
    struct tlb_entry *small, *huge;
    uint64_t small_mask, huge_mask; // entries - 1
    bool has_huge;
    uint64_t (*derived)[4];
};

// What a set of the second level knows about itself.
struct tlb_set {
    uint64_t full; // all ways were alive when `drops` was this
    uint32_t next; // slot that is replaced next: round robin
};

// What is known about the slots whose tags have the same tlb_hint().
struct tlb_hint {
    uint16_t slot;  // where one of them was put last: a guess, never trusted
    uint16_t count; // how many there are; 0: need not look
};

struct tlb {
    struct tlb_l1 i, d;
    // A set's ways lie `sets` slots apart: pages that follow each other are neighbours here, and share the host's cache lines.
    uint64_t *l2_tag, *l2_data; // ways x sets
    struct tlb_set *l2_set;
    struct tlb_hint *l2_hint; // L2_HINTS
    uint64_t drops;           // translations dropped so far, in any way: only they make a way free
    bool l2_huge;             // a 2 MiB entry was ever put in
    uint32_t l2_ways, l2_set_mask, l2_slot_mask;
    bool has_l2;
    struct pwc_entry *pwc[LEVELS_MAX + 1]; // by level, 2 and up
    uint64_t pwc_mask;
    bool has_pwc;
    uint64_t epoch;  // the current space's: entries that have it are valid
    uint64_t epochs; // handed out so far
    struct ntlb ntlb;

    struct tlb_space *space; // in use, unordered; [current] is the processor's
    unsigned space_count, current;
    unsigned next_number;
    uint16_t *hash;               // of (vpid, asid): index into space + 1; open addressing
    uint8_t alive[SPACE_MAX + 2]; // by number
};

// A tag: the page's number above the space's number. Addresses are canonical, and so are page numbers; the tag of a 2 MiB page has bit 62
// turned over, so that it is no 4 KiB page's.
#define TLB_TAG_HUGE (UINT64_C(1) << 62)
static inline uint64_t tlb_tag(uint64_t va, bool huge, uint64_t space)
{
    if (!huge) {
        return (va & ~PAGE_MASK) | space;
    }
    uint64_t page = (uint64_t)((int64_t)va >> HUGE_PAGE_SHIFT);
    return (page << SPACE_BITS | space) ^ TLB_TAG_HUGE;
}
static inline bool tlb_tag_is_huge(uint64_t tag)
{
    return (tag ^ tag << 1) >> 63;
}
// The address of the page.
static inline uint64_t tlb_tag_address(uint64_t tag)
{
    if (!tlb_tag_is_huge(tag)) {
        return tag & ~PAGE_MASK;
    }
    return (tag ^ TLB_TAG_HUGE) >> SPACE_BITS << HUGE_PAGE_SHIFT;
}
_Static_assert((int)SPACE_BITS == (int)PAGE_SHIFT,
               "a tag has room for a page number just above its space");

// Which set of the second level a tag belongs to.
#define TLB_SET(t, tag) ((size_t)((tag) >> SPACE_BITS & (t)->l2_set_mask))

// Which of l2_hint a tag belongs to: pages that follow each other to different ones, and so the same page of several spaces.
static inline unsigned tlb_bucket(uint64_t tag)
{
    return (unsigned)(tag ^ tag >> SPACE_BITS) & (L2_HINTS - 1);
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
    t->epoch = t->space[t->current].epoch = ++t->epochs;
}
// Second level: the slot that holds tag, or -1. The hint answers most hits; a miss looks at every way, without branches that the host
// could guess wrong.
static inline int64_t tlb_l2_find(const struct tlb *t, uint64_t tag)
{
    struct tlb_hint hint = t->l2_hint[tlb_bucket(tag)];
    if (hint.count == 0) {
        return -1;
    }
    if (t->l2_tag[hint.slot] == tag) {
        return hint.slot;
    }
    size_t set = TLB_SET(t, tag), sets = (size_t)t->l2_set_mask + 1;
    const uint64_t *way = &t->l2_tag[set];
    uint64_t hits = 0;
    uint32_t w = 0;
    for (; w + 4 <= t->l2_ways; w += 4, way += 4 * sets) {
        uint32_t four = (uint32_t)(way[0] == tag) | (uint32_t)(way[sets] == tag) << 1 |
                        (uint32_t)(way[2 * sets] == tag) << 2 |
                        (uint32_t)(way[3 * sets] == tag) << 3;
        hits |= (uint64_t)four << w;
    }
    for (; w < t->l2_ways; w++, way += sets) {
        hits |= (uint64_t)(*way == tag) << w;
    }
    return hits ? (int64_t)(set + sets * (unsigned)__builtin_ctzll(hits)) : -1;
}
// Change what a slot holds; 0: nothing.
static inline void tlb_l2_put(struct tlb *t, size_t slot, uint64_t tag, uint64_t data)
{
    uint64_t old = t->l2_tag[slot];
    if (old) {
        t->l2_hint[tlb_bucket(old)].count--;
    }
    if (tag) {
        struct tlb_hint *hint = &t->l2_hint[tlb_bucket(tag)];
        hint->slot = (uint16_t)slot;
        hint->count++;
    }
    t->l2_tag[slot] = tag;
    t->l2_data[slot] = data;
}
// Put an entry into a set that is full, all alive: round robin.
static inline void tlb_l2_replace(struct tlb *t, struct tlb_set *set, uint64_t tag, uint64_t data)
{
    uint32_t slot = set->next;
    set->next = (slot + t->l2_set_mask + 1) & t->l2_slot_mask;
    struct tlb_hint *hint = &t->l2_hint[tlb_bucket(tag)];
    t->l2_hint[tlb_bucket(t->l2_tag[slot])].count--;
    hint->slot = (uint16_t)slot;
    hint->count++;
    t->l2_tag[slot] = tag;
    t->l2_data[slot] = data;
}
// Put an entry in: the first way that holds nothing alive, else round robin.
void tlb_l2_fill(struct tlb *t, uint64_t tag, uint64_t data);

#endif
