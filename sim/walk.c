// The walker. One loop (walk_table) reads a table level by level; where its addresses live in a space of their own, it asks the next
// dimension for each of them, which runs the same loop. Nothing is set until the whole chain allows the access.
#include "sim/walk.h"

#include "sim/mem.h"
#include "sim/walk_loop.h"

#include <assert.h>

static const struct walk_rights no_limits = {true, true, true, true, true, HUGE_PAGE_SHIFT};

static bool table_any(struct walker *w, unsigned dim, uint64_t input, struct walk_access a,
                      unsigned for_dim, unsigned for_level, uint64_t *out, struct walk_rights *r)
{
    bool below = dim + 1 < w->dims;
    return walk_table(w, dim, w->chain[dim].format, below, input, a, for_dim, for_level, out, r);
}

static struct ntlb_entry *ntlb_slot(struct walker *w, unsigned dim, uint64_t addr)
{
    // Only for two dimensions: with more, the middle one's addresses are neither the guest's nor the host's.
    if (!w->ntlb || dim != 1 || w->dims != 2) {
        return NULL;
    }
    return &w->ntlb->entry[(addr >> PAGE_SHIFT) & w->ntlb->mask];
}

static void rights_and(struct walk_rights *to, const struct walk_rights *r)
{
    to->r = to->r && r->r;
    to->w = to->w && r->w;
    to->x = to->x && r->x;
    to->d = to->d && r->d;
    to->shift = to->shift < r->shift ? to->shift : r->shift;
}

bool walk_below(struct walker *w, unsigned dim, uint64_t addr, struct walk_access access,
                unsigned for_dim, unsigned for_level, uint64_t *out, struct walk_rights *rights)
{
    assert(dim >= 1);
    *rights = no_limits;
    for (; dim < w->dims; dim++) {
        const struct walk_dim *d = &w->chain[dim];
        struct walk_rights r;
        struct ntlb_entry *slot = ntlb_slot(w, dim, addr);
        if (slot && slot->page == (addr >> PAGE_SHIFT) + 1 && slot->root == d->root &&
            walk_allowed(d->format, &slot->rights, access) && (!access.write || slot->rights.d)) {
            addr = slot->frame | (addr & PAGE_MASK);
            rights_and(rights, &slot->rights);
            continue;
        }
        if (addr >> (PAGE_SHIFT + LEVEL_BITS * d->levels)) {
            return walk_fail(w, WALK_NOT_CANONICAL, dim, addr, walk_cause(access), for_level == 0);
        }
        uint64_t next;
        if (!table_any(w, dim, addr, access, for_dim, for_level, &next, &r)) {
            return false;
        }
        if (slot) {
            *slot = (struct ntlb_entry){(addr >> PAGE_SHIFT) + 1, d->root, next & ~PAGE_MASK, r};
        }
        rights_and(rights, &r);
        addr = next;
    }
    *out = addr;
    return true;
}

static bool chain(struct walker *w, uint64_t va, bool commit)
{
    const struct walk_dim *top = &w->chain[0];
    bool guest = top->format == WALK_GUEST;
    assert(top->levels >= LEVELS_MIN && top->levels <= LEVELS_MAX);
    if (guest ? !walk_canonical(va, top->levels)
              : va >> (PAGE_SHIFT + LEVEL_BITS * top->levels) != 0) {
        return walk_fail(w, WALK_NOT_CANONICAL, 0, va, walk_cause(w->access), true);
    }
    // A nested table's rights are about the guest's physical memory, whatever ring the guest is in.
    struct walk_access plain = {.write = w->access.write, .fetch = w->access.fetch};
    struct walk_rights first, nested = no_limits;
    uint64_t address;
    if (!table_any(w, 0, va, guest ? w->access : plain, 0, 0, &address, &first)) {
        return false;
    }
    if (w->dims > 1 && !walk_below(w, 1, address, plain, 0, 0, &address, &nested)) {
        return false;
    }
    if (commit && !walk_set_ad(w, true)) {
        return false;
    }
    if (!guest) {
        // The chain begins with a nested table (a guest with its paging off): no guest rights to speak of.
        rights_and(&nested, &first);
        first = no_limits;
    }
    walk_finish(w, address, &first, &nested);
    return true;
}

bool walk_chain(struct walker *w, uint64_t va, bool commit)
{
    if (chain(w, va, commit)) {
        return true;
    }
    // The nested TLB may have learnt, on the way, translations whose accessed and dirty bits will now not be set.
    for (uint64_t i = 0; w->ntlb && i <= w->ntlb->mask; i++) {
        w->ntlb->entry[i].page = 0;
    }
    return false;
}

struct walk_result walk(struct mem *mem, const struct walk_dim *chain, unsigned dims, uint64_t va,
                        struct walk_access access, bool commit, const struct cpu_model *model,
                        struct walk_log *log)
{
    assert(dims >= 1 && dims <= WALK_DIMS_MAX);
    struct walker w;
    walker_init(&w, mem, chain, dims, access, log);
    if (model) {
        w.ref_cost = model->cost[COST_WALK_REF].value;
        w.ad_cost = model->cost[COST_WALK_AD].value;
    }
    if (log) {
        log->count = 0;
    }
    walk_chain(&w, va, commit);
    return w.result;
}
