// shadow_fill.c: the way from a root to a page of guest memory, made entry by entry after a fault.
#include "models/shadow_impl.h"

// One step's worth of where we are.
struct fill {
    struct vcpu *v;
    const struct shadow_path *path;
    int32_t page; // whose entry is next
};

struct shadow_key shadow_root_key(const struct vcpu *v)
{
    unsigned levels = shadow_of(v->vm)->levels;
    struct shadow_key key = {.level = (uint8_t)levels};
    if (v->g.msw & MSW_PG) {
        key.guest = v->g.ptbr & PTBR_FRAME;
        key.kind = v->g.msw & MSW_WP ? KIND_WP : KIND_NOWP_W;
    }
    return key;
}

static bool without_wp(unsigned kind)
{
    return kind == KIND_NOWP_W || kind == KIND_NOWP_RO;
}

// Note an entry if it differs from what is there.
static void put(struct fill *f, unsigned i, uint64_t value, uint64_t guest_entry)
{
    struct vm *vm = f->v->vm;
    struct shadow *s = shadow_of(vm);
    if (s->page[f->page].key.kind != KIND_DIRECT) {
        *shadow_copy(s, f->page, i) = guest_entry;
    }
    if (shadow_entry(vm, f->page, i) != value) {
        shadow_set(vm, f->page, i, value);
        shadow_charge(f->v, COST_SHADOW_FILL, 1);
        vm->stats.shadow_fills++;
    }
}

// Go down to the page for `key` by entry i, which gets `rights`. False: the pool was used up, so everything was dropped.
static bool descend(struct fill *f, unsigned i, const struct shadow_key *key, uint64_t rights,
                    uint64_t guest_entry)
{
    struct vm *vm = f->v->vm;
    struct shadow *s = shadow_of(vm);
    int32_t child = shadow_find(s, key);
    uint64_t old = shadow_entry(vm, f->page, i);
    if (child == NONE) {
        child = shadow_make(f->v, key);
        if (child == NONE) {
            shadow_drop_all(f->v);
            return false;
        }
    } else if (s->unsync_pages &&
               (!(old & PTE_P) || shadow_is_leaf(old, s->page[f->page].key.level) ||
                shadow_child(s, old) != child)) {
        // A way that no TLB has gone yet: what it leads to must be the truth.
        shadow_sync_below(f->v, child);
    }
    put(f, i, s->page[child].frame | PTE_P | PTE_A | rights, guest_entry);
    f->page = child;
    s->page[child].stores = 0;
    return true;
}

// W, U and NX of an entry above the leaf.
static uint64_t upper_rights(unsigned kind, uint64_t guest_entry)
{
    return (guest_entry & (PTE_U | PTE_NX)) | (without_wp(kind) ? PTE_W : guest_entry & PTE_W);
}

static unsigned kind_below(unsigned kind, uint64_t guest_entry)
{
    return kind == KIND_NOWP_W && !(guest_entry & PTE_W) ? KIND_NOWP_RO : kind;
}

// W, U and NX for a leaf of the guest's. W waits for D, so that the first write is seen.
static uint64_t leaf_rights(unsigned kind, uint64_t guest_entry, bool write)
{
    bool dirty = guest_entry & PTE_D;
    uint64_t rights = guest_entry & (PTE_U | PTE_NX);
    if (kind_below(kind, guest_entry) != KIND_NOWP_RO) {
        return rights | (dirty ? guest_entry & PTE_W : 0);
    }
    // Without WP the kernel may write what is not writable. A real entry can say so only if ring 3 has no rights at all; when ring 3
    // then reads, it faults, and the entry becomes readable for both.
    return write && dirty ? (rights & ~PTE_U) | PTE_W : rights;
}

// The last step, in a table of 4 KiB leaves: `rights` but for W where the frame is protected.
static enum paging_outcome put_leaf(struct fill *f, uint64_t gpa, uint64_t rights,
                                    uint64_t guest_entry)
{
    struct vm *vm = f->v->vm;
    struct shadow *s = shadow_of(vm);
    enum paging_outcome outcome = PAGING_FIXED;
    uint64_t frame = gpa & ~PAGE_MASK;
    if (vm_direct(vm, frame)) { // the device itself, at its own address
        put(f, shadow_index(f->path->va, 1), frame | PTE_P | PTE_A | PTE_D | rights, guest_entry);
        return PAGING_FIXED;
    }
    if (shadow_protected(s, frame) && (!f->path->write || !shadow_unsync(f->v, frame))) {
        rights &= ~PTE_W;
        outcome = f->path->write ? PAGING_TABLE_WRITE : PAGING_FIXED;
    }
    put(f, shadow_index(f->path->va, 1), (vm->base + frame) | PTE_P | PTE_A | PTE_D | rights,
        guest_entry);
    return outcome;
}

// A 2 MiB stretch of guest-physical memory behind entry i, with `rights`: a huge entry if nothing in it is protected, else a table of
// small ones. False: everything was dropped.
static bool put_stretch(struct fill *f, uint64_t gpa, uint64_t rights, uint64_t guest_entry,
                        enum paging_outcome *outcome)
{
    struct vm *vm = f->v->vm;
    struct shadow *s = shadow_of(vm);
    unsigned i = shadow_index(f->path->va, 2);
    uint64_t region = gpa & ~(HUGE_PAGE_SIZE - 1);
    if (s->huge && !vm_direct(vm, gpa) && !shadow_region_protected(s, gpa)) {
        put(f, i, (vm->base + region) | PTE_P | PTE_PS | PTE_A | PTE_D | rights, guest_entry);
        *outcome = PAGING_FIXED;
        return true;
    }
    struct shadow_key key = {.guest = region, .level = 1, .kind = KIND_DIRECT};
    if (!descend(f, i, &key, rights, guest_entry)) {
        return false;
    }
    // Small entries say nothing of their own: what the guest's huge entry says is in the entry above.
    *outcome = put_leaf(f, gpa, PTE_W | PTE_U, 0);
    return true;
}

// The guest's paging is off: addresses are physical.
static bool fill_direct(struct fill *f, enum paging_outcome *outcome)
{
    const struct shadow *s = shadow_of(f->v->vm);
    uint64_t gpa = f->path->gpa;
    for (unsigned level = s->levels; level > 2; level--) {
        struct shadow_key key = {.guest = gpa & ~(shadow_span(level) - 1),
                                 .level = (uint8_t)(level - 1),
                                 .kind = KIND_DIRECT};
        if (!descend(f, shadow_index(gpa, level), &key, PTE_W | PTE_U, 0)) {
            return false;
        }
    }
    return put_stretch(f, gpa, PTE_W | PTE_U, 0, outcome);
}

static bool fill_tables(struct fill *f, enum paging_outcome *outcome)
{
    const struct shadow *s = shadow_of(f->v->vm);
    const struct shadow_path *path = f->path;
    for (unsigned level = s->levels; level > path->leaf; level--) {
        unsigned kind = s->page[f->page].key.kind;
        uint64_t entry = path->entry[level];
        struct shadow_key key = {.guest = path->table[level - 1],
                                 .level = (uint8_t)(level - 1),
                                 .kind = (uint8_t)kind_below(kind, entry)};
        if (!descend(f, shadow_index(path->va, level), &key, upper_rights(kind, entry), entry)) {
            return false;
        }
    }
    uint64_t entry = path->entry[path->leaf];
    uint64_t rights = leaf_rights(s->page[f->page].key.kind, entry, path->write);
    if (path->leaf == 2) {
        return put_stretch(f, path->gpa, rights, entry, outcome);
    }
    *outcome = put_leaf(f, path->gpa, rights, entry);
    return true;
}

enum paging_outcome shadow_fill(struct vcpu *v, const struct shadow_path *path)
{
    enum paging_outcome outcome = PAGING_FIXED;
    bool done = false;
    // Dropping everything makes enough room for one path: once more is enough.
    for (unsigned tries = 0; !done; tries++) {
        assert(tries < 2);
        struct fill f = {.v = v, .path = path, .page = shadow_of(v->vm)->vcpu[v->index].root};
        done = path->leaf == 0 ? fill_direct(&f, &outcome) : fill_tables(&f, &outcome);
    }
    return outcome;
}
