// The walker's loop, for walk() and for the processor's TLB miss. It is a header so that the commonest walk, one guest table and
// nobody watching, compiles to straight code out of the same text as the rest.
#ifndef RINGSIDE_SIM_WALK_LOOP_H
#define RINGSIDE_SIM_WALK_LOOP_H

#include "sim/mem.h"
#include "sim/walk.h"

#include <assert.h>

// An entry that a walk has used: what accessed and dirty bits are set in, once all is allowed.
struct walk_used {
    uint64_t entry; // host-physical
    uint64_t own;   // in its own space: what a nested fault on the update names
    uint16_t step;  // in the log
    uint8_t dim;
    bool leaf;
    bool write;    // the access through it is a write
    bool writable; // the dimension below lets the processor write it
};

// Where a page-walk cache lets a walk of dimension 0 begin, and what it leaves there. The entry of level L says where the table
// of level L - 1 is, with the rights gathered so far.
struct walk_point {
    uint64_t table;
    bool w, u, nx;
};

// Rights of one dimension's mapping, gathered over its levels.
struct walk_rights {
    bool r, w, u, x;
    bool d;         // dirty already, or dirt is not recorded
    unsigned shift; // of the leaf
};

// Nested TLB: guest-physical to host-physical pages, direct-mapped.
struct ntlb_entry {
    uint64_t page; // guest-physical page number + 1; 0: invalid
    uint64_t root; // of the nested table it came from
    uint64_t frame;
    struct walk_rights rights;
};
struct ntlb {
    struct ntlb_entry *entry;
    uint64_t mask; // entries - 1
};

struct walker {
    struct mem *mem;
    const struct walk_dim *chain;
    unsigned dims;
    struct walk_access access;
    struct walk_log *log;
    struct ntlb *ntlb; // NULL: none
    uint32_t ref_cost, ad_cost;
    unsigned start_level; // 0: at the root; else `start` holds that level's point
    struct walk_point start;
    unsigned top_read; // the highest level whose entry was read in dimension 0
    unsigned leaf_level;
    struct walk_point point[LEVELS_MAX + 1]; // by level, for the levels read above the leaf
    struct walk_result result;
    unsigned used_count;
    struct walk_used used[WALK_STEPS_MAX];
};

static inline void walker_init(struct walker *w, struct mem *mem, const struct walk_dim *chain,
                               unsigned dims, struct walk_access access, struct walk_log *log)
{
    w->mem = mem;
    w->chain = chain;
    w->dims = dims;
    w->access = access;
    w->log = log;
    w->ntlb = NULL;
    w->ref_cost = w->ad_cost = 0;
    w->start_level = 0;
    w->result = (struct walk_result){.status = WALK_OK};
    w->used_count = 0;
}

// Why a table did not allow it. Always false, so that it can be returned.
static inline bool walk_fail(struct walker *w, enum walk_status status, unsigned dim, uint64_t addr,
                             uint32_t error, bool final)
{
    w->result.status = status;
    w->result.fault_dim = dim;
    w->result.fault_addr = addr;
    w->result.error = error;
    w->result.fault_final = final;
    return false;
}

// Finds the host-physical place of `addr`, an address in the space of dimension `dim`. walk.c.
bool walk_below(struct walker *w, unsigned dim, uint64_t addr, struct walk_access access,
                unsigned for_dim, unsigned for_level, uint64_t *out, struct walk_rights *rights);

// What an entry means, in either format: whether it ends the walk, and how.
static inline bool walk_entry_ok(struct walker *w, enum walk_format format, unsigned dim,
                                 unsigned level, uint64_t v, uint64_t input, uint32_t cause,
                                 bool final)
{
    bool large = v & PTE_PS;
    uint64_t reserved = PTE_RSVD;
    if (level == 2 && large) {
        reserved |= PTE_RSVD_2M;
    } else if (level > 2) {
        reserved |= PTE_PS; // the same bit in both formats
    }
    if (format == WALK_GUEST) {
        if (!(v & PTE_P)) {
            return walk_fail(w, WALK_FAULT, dim, input, cause, final);
        }
        if (v & reserved) {
            return walk_fail(w, WALK_FAULT, dim, input, cause | PF_PRESENT | PF_RESERVED, final);
        }
        return true;
    }
    if (!(v & (EPT_R | EPT_W | EPT_X))) {
        return walk_fail(w, WALK_FAULT, dim, input, cause, final);
    }
    if ((v & (EPT_R | EPT_W)) == EPT_W || (v & reserved)) {
        return walk_fail(w, WALK_MISCONFIG, dim, input, cause | PF_PRESENT, final);
    }
    return true;
}

static inline uint32_t walk_cause(struct walk_access a)
{
    return (a.write ? PF_WRITE : 0u) | (a.user ? PF_USER : 0u) | (a.fetch ? PF_FETCH : 0u);
}

static inline bool walk_allowed(enum walk_format format, const struct walk_rights *r,
                                struct walk_access a)
{
    if (format == WALK_GUEST && a.user && !r->u) {
        return false;
    }
    if (a.write && !r->w && (format == WALK_EPT || a.user || a.wp)) {
        return false;
    }
    return a.fetch ? r->x : a.write || r->r;
}

static inline void walk_note(struct walker *w, unsigned dim, unsigned level, unsigned for_dim,
                             unsigned for_level, uint64_t table, unsigned index, uint64_t input,
                             uint64_t entry, uint64_t value, bool leaf)
{
    assert(w->log->count < WALK_STEPS_MAX);
    w->log->step[w->log->count++] = (struct walk_step){
        .dim = (uint8_t)dim,
        .level = (uint8_t)level,
        .for_dim = (uint8_t)for_dim,
        .for_level = (uint8_t)for_level,
        .table = table,
        .index = index,
        .input = input,
        .entry_addr = entry,
        .value = value,
        .cost = w->ref_cost,
        .leaf = leaf,
    };
}

// The loop. Walks dimension dim's table for `input`, giving the address in the space of the next one. `below`: there is a next one, and
// table addresses must be located there. Both it and `format` are constants where speed matters.
__attribute__((always_inline)) static inline bool
walk_table(struct walker *w, unsigned dim, enum walk_format format, bool below, uint64_t input,
           struct walk_access a, unsigned for_dim, unsigned for_level, uint64_t *out,
           struct walk_rights *rights)
{
    const struct walk_dim *d = &w->chain[dim];
    uint32_t cause = walk_cause(a);
    bool final = for_level == 0;
    struct walk_rights r = {true, true, true, true, false, PAGE_SHIFT};
    uint64_t table = d->root;
    unsigned level = d->levels;
    if (dim == 0 && w->start_level) {
        level = w->start_level - 1;
        table = w->start.table;
        r.w = w->start.w, r.u = w->start.u, r.x = !w->start.nx;
    }
    if (dim == 0) {
        w->top_read = level;
    }
    for (;; level--) {
        assert(level >= 1);
        unsigned index = (unsigned)(input >> (PAGE_SHIFT + LEVEL_BITS * (level - 1))) & 511u;
        uint64_t own = table + 8u * index, entry = own;
        bool writable = true;
        if (below) {
            // A processor that keeps nested dirty bits treats every reference to a guest's table as a write (Intel SDM 29.3.5).
            struct walk_access to_table = {.write = w->chain[dim + 1].set_ad};
            struct walk_rights located;
            if (!walk_below(w, dim + 1, own, to_table, dim, dim == 0 ? level : for_level, &entry,
                            &located)) {
                return false;
            }
            writable = located.w;
        }
        uint64_t v = mem_has(w->mem, entry, 8) ? mem_get(w->mem, entry, 8) : UINT64_MAX;
        bool leaf = level == 1 || (level == 2 && (v & PTE_PS));
        w->result.refs++;
        w->result.cost += w->ref_cost;
        if (w->log) {
            walk_note(w, dim, level, for_dim, dim == for_dim ? level : for_level, table, index,
                      input, entry, v, leaf);
        }
        if (!walk_entry_ok(w, format, dim, level, v, input, cause, final)) {
            return false;
        }
        if (format == WALK_GUEST || d->set_ad) {
            assert(w->used_count < WALK_STEPS_MAX);
            w->used[w->used_count++] = (struct walk_used){
                .entry = entry,
                .own = own,
                .step = (uint16_t)(w->log ? w->log->count - 1 : 0),
                .dim = (uint8_t)dim,
                .leaf = leaf,
                .write = a.write,
                .writable = writable,
            };
        }
        if (format == WALK_GUEST) {
            r.w = r.w && (v & PTE_W);
            r.u = r.u && (v & PTE_U);
            r.x = r.x && !(v & PTE_NX);
        } else {
            r.r = r.r && (v & EPT_R);
            r.w = r.w && (v & EPT_W);
            r.x = r.x && (v & EPT_X);
        }
        table = v & PTE_FRAME;
        if (leaf) {
            r.d = format == WALK_GUEST ? (v & PTE_D) || a.write
                                       : !d->set_ad || (v & EPT_D) || a.write;
            r.shift = level == 1 ? PAGE_SHIFT : HUGE_PAGE_SHIFT;
            break;
        }
        if (dim == 0) {
            w->point[level] = (struct walk_point){table, r.w, r.u, !r.x};
        }
    }
    if (dim == 0) {
        w->leaf_level = level;
    }
    if (!walk_allowed(format, &r, a)) {
        return walk_fail(w, WALK_FAULT, dim, input, cause | PF_PRESENT, final);
    }
    *out = table | (input & ((UINT64_C(1) << r.shift) - 1));
    *rights = r;
    return true;
}

// Accessed and dirty bits of every entry used, in the order of use, as memory stands when each one's turn comes. False if a nested
// dimension forbids such a write: then none is set.
static inline bool walk_set_ad(struct walker *w, bool below)
{
    for (unsigned i = 0; below && i < w->used_count; i++) {
        const struct walk_used *u = &w->used[i];
        uint64_t a = w->chain[u->dim].format == WALK_GUEST ? PTE_A : EPT_A;
        uint64_t d = w->chain[u->dim].format == WALK_GUEST ? PTE_D : EPT_D;
        uint64_t want = a | (u->leaf && u->write ? d : 0);
        if (!u->writable && (mem_get(w->mem, u->entry, 8) & want) != want) {
            return walk_fail(w, WALK_FAULT, u->dim + 1u, u->own, PF_PRESENT | PF_WRITE, false);
        }
    }
    for (unsigned i = 0; i < w->used_count; i++) {
        const struct walk_used *u = &w->used[i];
        bool guest = w->chain[u->dim].format == WALK_GUEST;
        uint64_t a = guest ? PTE_A : EPT_A, d = guest ? PTE_D : EPT_D;
        uint64_t v = mem_get(w->mem, u->entry, 8);
        uint64_t set = a | (u->leaf && u->write ? d : 0);
        if ((v & set) == set) {
            continue;
        }
        mem_put(w->mem, u->entry, 8, v | set);
        w->mem->frame[u->entry >> PAGE_SHIFT] |= FRAME_WRITTEN;
        w->result.ad_sets++;
        w->result.cost += w->ad_cost;
        if (w->log) {
            w->log->step[u->step].set_a = !(v & a);
            w->log->step[u->step].set_d = (set & d) && !(v & d);
        }
    }
    return true;
}

// Rights of the whole chain into the result.
static inline void walk_finish(struct walker *w, uint64_t address, const struct walk_rights *guest,
                               const struct walk_rights *nested)
{
    struct walk_result *r = &w->result;
    r->address = address;
    r->guest_shift = guest->shift;
    r->page_shift = guest->shift < nested->shift ? guest->shift : nested->shift;
    r->w = guest->w, r->u = guest->u, r->nx = !guest->x;
    r->d = guest->d && nested->d;
    r->nested_r = nested->r, r->nested_w = nested->w, r->nested_x = nested->x;
}

// The whole walk, any chain. walk.c.
bool walk_chain(struct walker *w, uint64_t va, bool commit);

// The whole walk where there is one table, a guest's; the caller has checked that va is canonical.
static inline bool walk_native(struct walker *w, uint64_t va)
{
    static const struct walk_rights all = {true, true, true, true, true, HUGE_PAGE_SHIFT};
    uint64_t address;
    struct walk_rights r;
    if (!walk_table(w, 0, WALK_GUEST, false, va, w->access, 0, 0, &address, &r)) {
        return false;
    }
    walk_set_ad(w, false);
    walk_finish(w, address, &r, &all);
    return true;
}

#endif
