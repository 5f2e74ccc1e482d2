// The short way through a data TLB miss: what nearly all of them need, as one straight function. A guest that walks through more pages than its
// TLB holds spends its host's time here, so nothing is looked at twice, and nothing that the answer does not depend on is looked at at all.
//
// It does exactly what cpu_translate() would, to the last counter, or nothing: whatever is not the common case (no paging, nested paging, a 2 MiB
// entry, somebody who watches, an entry that does not allow the access, accessed or dirty to be set, nothing in the walk caches, a device) is left to
// it untouched. The differential tests run both ways against the reference.
#include "sim/acct.h"
#include "sim/cpu_fast.h"

enum { NOTHING_DONE = -1 };

// Whether a 2 MiB entry of either level answers for va.
static bool huge_answers(const struct cpu *c, uint64_t va)
{
    const struct tlb_l1 *l1 = &c->tlb.d;
    uint64_t tag = tlb_tag(va, true, c->space);
    return l1->huge[(va >> HUGE_PAGE_SHIFT) & l1->huge_mask].tag == tag ||
           tlb_l2_find(&c->tlb, tag) >= 0;
}

// Whoever misses page after page mostly goes on with the next ones, and their words are far away from the host, too: in other pages, and, being
// a page apart, in the same few sets of its caches. So the host is told to fetch what lies AHEAD pages further on, if the same table has that
// page; `entry` is this page's. Only the host's clock knows the difference.
INLINE void fetch_ahead(const struct cpu *c, uint64_t va, uint64_t entry)
{
    enum { AHEAD = 4, BYTES = 8 * AHEAD };
    if ((entry & PAGE_MASK) < PAGE_SIZE - BYTES) {
        uint64_t frame = mem_get(c->mem, entry + BYTES, 8) & PTE_FRAME;
        __builtin_prefetch((const void *)((uintptr_t)c->mem->bytes + frame + (va & PAGE_MASK)));
    }
}

// Reads the last table's entry, which the walk caches lead to, in the form that a TLB has it. 0 if there is anything out of the ordinary about it.
INLINE uint64_t read_leaf(const struct cpu *c, uint64_t va)
{
    const struct tlb *t = &c->tlb;
    uint64_t prefix = va >> HUGE_PAGE_SHIFT;
    const struct pwc_entry *e = &t->pwc[2][prefix & t->pwc_mask];
    if (e->key != prefix + 1 || e->epoch != t->epoch) {
        return 0;
    }
    uint64_t entry = e->point.table + 8 * (va >> PAGE_SHIFT & 511);
    if (entry >= c->mem->size) { // both are multiples of 8
        return 0;
    }
    fetch_ahead(c, va, entry);
    const uint64_t need = PTE_P | PTE_A;
    uint64_t v = mem_get(c->mem, entry, 8);
    return (v & (need | PTE_RSVD)) == need ? (v & e->keep) | e->add : 0;
}

INLINE bool meets(uint64_t data, const struct tlb_need *need)
{
    return (data & need->mask) == need->value;
}

// How a look-up ends that the tables of the second level do not decide at a glance: in the long version of the same function.
static int64_t read_rare(struct cpu *c, uint64_t va, uint64_t tag);
static int64_t write_rare(struct cpu *c, uint64_t va, uint64_t tag);

INLINE int64_t leave(struct cpu *c, uint64_t va, uint64_t tag, enum cpu_access access)
{
    return access == ACC_READ ? read_rare(c, va, tag) : write_rare(c, va, tag);
}

// `rare`: the long version, which also looks through a whole set, fills one that is not full and asks for 2 MiB entries. The short one makes
// no calls, and so need not save registers.
INLINE int64_t refill(struct cpu *c, uint64_t va, uint64_t tag, enum cpu_access access, bool rare)
{
    struct tlb *t = &c->tlb;
    // (An address that is not canonical can be taken for a 2 MiB page's tag, and for nothing else that a table here holds.)
    struct tlb_entry *first = &t->d.small[va >> PAGE_SHIFT & t->d.small_mask];
    if (!c->short_refill || c->walk_log || ((tag ^ va) & ~PAGE_MASK) || tlb_tag_is_huge(tag) ||
        first->tag == tag) {
        return NOTHING_DONE;
    }
    if (t->l2_huge) {
        if (!rare) {
            return leave(c, va, tag, access);
        } else if (huge_answers(c, va)) {
            return NOTHING_DONE;
        }
    }
    struct tlb_hint *hint = &t->l2_hint[tlb_bucket(tag)];
    struct tlb_set *set = &t->l2_set[TLB_SET(t, tag)];
    int64_t at = -1;
    if (hint->count) {
        at = hint->slot;
        if (t->l2_tag[at] != tag) {
            if (!rare) {
                return leave(c, va, tag, access);
            }
            at = tlb_l2_find(t, tag);
        }
    } else if (set->full != t->drops && !rare) {
        return leave(c, va, tag, access);
    }
    uint64_t data = at >= 0 ? t->l2_data[at] : read_leaf(c, va), frame = data & PTE_FRAME;
    const struct tlb_need *need = c->need[c->s.ring == 3 ? MODE_USER : MODE_KERNEL];
    if (!meets(data, &need[access]) || frame >= c->mem->size) {
        return NOTHING_DONE;
    }
    // From here on things change.
    uint64_t cycles;
    c->counters.l1d_miss++;
    if (at >= 0) {
        c->counters.l2d_hit++;
        cycles = c->cost[COST_TLB_L2];
    } else {
        c->counters.walks_d++;
        c->counters.walk_refs_d++;
        cycles = c->cost[COST_WALK_PWC] + c->cost[COST_WALK_REF];
        if (rare) {
            tlb_l2_fill(t, tag, data);
        } else {
            tlb_l2_replace(t, set, tag, data);
        }
    }
    put_l1_small(c, &t->d, first, tag, data);
    fill_fast_data(c, &c->data[va >> PAGE_SHIFT & FAST_MASK], tag, frame, true,
                   access == ACC_WRITE || meets(data, &need[ACC_WRITE]));
    acct_charge_ahead(c, CYC_WALK, cycles);
    count_walk_cycles(c, cycles);
    return (int64_t)cycles;
}

__attribute__((noinline)) static int64_t read_rare(struct cpu *c, uint64_t va, uint64_t tag)
{
    return refill(c, va, tag, ACC_READ, true);
}

__attribute__((noinline)) static int64_t write_rare(struct cpu *c, uint64_t va, uint64_t tag)
{
    return refill(c, va, tag, ACC_WRITE, true);
}

int64_t cpu_refill_read(struct cpu *c, uint64_t va, uint64_t tag)
{
    return refill(c, va, tag, ACC_READ, false);
}

int64_t cpu_refill_write(struct cpu *c, uint64_t va, uint64_t tag)
{
    return refill(c, va, tag, ACC_WRITE, false);
}
