// shadow_sync.c: guest tables change. Those whose shadow is in sync are write-protected, and the store is followed at once; leaf tables
// that are out of sync are compared when the guest flushes its TLB, as a TLB would not know earlier either.
#include "models/shadow_impl.h"

// ---- comparing ------------------------------------------------------------------------------------

// Whether what was made of `old` must go now that the guest's entry is `now`. Bits that only we set (A, D) may have been added: the
// entry is then merely less than it could be.
static bool outdated(uint64_t old, uint64_t now, unsigned level)
{
    uint64_t matters = PTE_P | PTE_W | PTE_U | PTE_A | PTE_NX | PTE_FRAME | PTE_RSVD;
    if (level > 1) {
        matters |= PTE_PS;
    }
    if (shadow_is_leaf(old, level)) {
        matters |= PTE_D;
    }
    uint64_t changed = (old ^ now) & matters;
    return (changed & ~(PTE_A | PTE_D)) || (changed & old);
}

static void zap(struct vcpu *v, int32_t p, unsigned i, uint64_t now)
{
    struct vm *vm = v->vm;
    struct shadow *s = shadow_of(vm);
    unsigned level = s->page[p].key.level;
    uint64_t entry = shadow_entry(vm, p, i), was = *shadow_copy(s, p, i);
    shadow_set(vm, p, i, 0);
    shadow_charge(v, COST_SHADOW_ZAP, 1);
    vm->stats.shadow_zaps++;
    // A table that the guest has taken out is likely to be freed: it need not be protected longer than it must.
    if (!shadow_is_leaf(entry, level) && (!(now & PTE_P) || ((now ^ was) & PTE_FRAME))) {
        int32_t child = shadow_child(s, entry);
        if (s->page[child].parents == NONE) {
            shadow_free(v, child, true);
        }
    }
}

void shadow_sync_entry(struct vcpu *v, int32_t p, unsigned i)
{
    struct vm *vm = v->vm;
    struct shadow *s = shadow_of(vm);
    const struct shadow_page *page = &s->page[p];
    assert(page->key.kind != KIND_DIRECT);
    if (!(shadow_entry(vm, p, i) & PTE_P)) {
        return;
    }
    uint64_t now = mem_get(&vm->memory, page->key.guest + 8u * i, 8);
    if (outdated(*shadow_copy(s, p, i), now, page->key.level)) {
        zap(v, p, i, now);
    } else {
        *shadow_copy(s, p, i) = now;
    }
}

// Whether page `top` is p or leads to it.
static bool leads_to(const struct shadow *s, int32_t top, int32_t p)
{
    if (p == top) {
        return true;
    }
    if (s->page[p].key.level >= s->page[top].key.level) {
        return false;
    }
    for (int32_t e = s->page[p].parents; e != NONE; e = s->link[e].next) {
        if (leads_to(s, top, e / ENTRIES)) {
            return true;
        }
    }
    return false;
}

static void compare(struct vcpu *v, int32_t p)
{
    struct shadow *s = shadow_of(v->vm);
    shadow_charge(v, COST_SHADOW_SYNC, s->page[p].present);
    v->vm->stats.shadow_syncs++;
    for (unsigned i = 0; i < ENTRIES; i++) {
        shadow_sync_entry(v, p, i);
    }
}

void shadow_sync_below(struct vcpu *v, int32_t top)
{
    const struct shadow *s = shadow_of(v->vm);
    for (int32_t k = 0; k < s->unsync_pages; k++) {
        if (leads_to(s, top, s->unsync_list[k])) {
            compare(v, s->unsync_list[k]);
        }
    }
}

void shadow_resync_below(struct vcpu *v, int32_t top)
{
    struct shadow *s = shadow_of(v->vm);
    // From the end: a page that leaves the list is replaced by one that has been looked at.
    for (int32_t k = s->unsync_pages - 1; k >= 0; k--) {
        int32_t p = s->unsync_list[k];
        if (!leads_to(s, top, p)) {
            continue;
        }
        compare(v, p);
        if (s->page[p].present == 0) {
            shadow_free(v, p, false); // no table any more, or one that nobody uses
        } else {
            shadow_set_unsync(s, p, false);
            shadow_protect(v, p);
        }
    }
}

// ---- going out of sync, and stores that are followed ----------------------------------------------

bool shadow_unsync(struct vcpu *v, uint64_t gpa)
{
    struct shadow *s = shadow_of(v->vm);
    uint64_t guest = gpa & ~PAGE_MASK;
    if (!s->unsync) {
        return false;
    }
    for (int32_t p = shadow_find_table(s, guest, NONE); p != NONE;
         p = shadow_find_table(s, guest, p)) {
        if (s->page[p].key.level > 1) {
            return false;
        }
    }
    for (int32_t p = shadow_find_table(s, guest, NONE); p != NONE;
         p = shadow_find_table(s, guest, p)) {
        if (!s->page[p].unsync) {
            shadow_unprotect_page(s, p);
            shadow_set_unsync(s, p, true);
            v->vm->stats.shadow_unsyncs++;
        }
    }
    return true;
}

// Signs that a page is a table no longer: bulk or odd-sized stores, or store after store without any use.
static bool looks_like_data(struct shadow_page *page, uint64_t gpa, uint64_t n)
{
    return n != 8 || gpa % 8 != 0 || ++page->stores >= FLOOD_LIMIT;
}

static void follow(struct vcpu *v, uint64_t guest, uint64_t gpa, uint64_t n)
{
    struct shadow *s = shadow_of(v->vm);
    unsigned first = (unsigned)(gpa - guest) / 8, last = (unsigned)(gpa + n - 1 - guest) / 8;
    for (int32_t p = shadow_find_table(s, guest, NONE), next; p != NONE; p = next) {
        for (unsigned i = first; i <= last; i++) {
            shadow_sync_entry(v, p, i);
        }
        // What a zap freed is below p, so never in p's chain but behind p: ask for the next only now.
        next = shadow_find_table(s, guest, p);
        if (!s->page[p].unsync && looks_like_data(&s->page[p], gpa, n) &&
            !shadow_in_use(v->vm, p)) {
            shadow_free(v, p, false);
        }
    }
}

// Who pays: the processor inside whose instruction it happens; for a device's transfer between instructions, the first.
static struct vcpu *payer(struct vm *vm)
{
    for (unsigned k = 0; k < vm->vcpus; k++) {
        if ((int)vm->vcpu[k].cpu->index == vm->m->running) {
            return &vm->vcpu[k];
        }
    }
    return &vm->vcpu[0];
}

void shadow_wrote(struct vm *vm, uint64_t gpa, uint64_t n)
{
    const struct shadow *s = shadow_of(vm);
    struct vcpu *v = payer(vm);
    while (n > 0) {
        uint64_t guest = gpa & ~PAGE_MASK, part = PAGE_SIZE - (gpa & PAGE_MASK);
        part = part < n ? part : n;
        if (shadow_find_table(s, guest, NONE) != NONE) {
            shadow_charge(v, COST_SHADOW_WRITE, 1);
            follow(v, guest, gpa, part);
        }
        gpa += part;
        n -= part;
    }
}

bool shadow_unprotect(struct vcpu *v, uint64_t gpa)
{
    struct shadow *s = shadow_of(v->vm);
    uint64_t guest = gpa & ~PAGE_MASK;
    bool all = true;
    for (int32_t p = shadow_find_table(s, guest, NONE), next; p != NONE; p = next) {
        next = shadow_find_table(s, guest, p);
        if (shadow_in_use(v->vm, p)) {
            all = false;
        } else {
            shadow_free(v, p, false);
        }
    }
    return all;
}
