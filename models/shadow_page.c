// shadow_page.c: the pool of shadow pages, their entries and what points where; and the write protection of the guest tables that they
// stand for.
#include "models/shadow_impl.h"

#include "sim/acct.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- making the pool ------------------------------------------------------------------------------

static void fill_none(int32_t *list, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        list[i] = NONE;
    }
}

// Every processor keeps a root while another is made for it, and one instruction (delivering an event) needs up to eight pages of memory
// mapped at once, each of which may need a table a level.
static uint64_t pages_needed(const struct vm *vm, unsigned levels)
{
    return UINT64_C(2) * vm->vcpus + UINT64_C(8) * levels;
}

bool shadow_pool_create(struct vm *vm, char *err, size_t err_size)
{
    struct shadow *s = shadow_of(vm);
    uint64_t room = (vm->pool_end - vm->pool_next) >> PAGE_SHIFT;
    uint64_t regions = vm->ram >> HUGE_PAGE_SHIFT, needed = pages_needed(vm, s->levels);
    if (room < needed) {
        snprintf(err, err_size,
                 "a pool of %llu frames for shadow page tables; give the hypervisor at least %llu",
                 (unsigned long long)room, (unsigned long long)needed);
        return false;
    }
    s->pages = (int32_t)room;
    s->frames = vm->ram >> PAGE_SHIFT;
    s->page = calloc(room, sizeof *s->page);
    s->link = calloc(room, sizeof *s->link * ENTRIES);
    s->copy = calloc(room, sizeof *s->copy * ENTRIES);
    s->unsync_list = calloc(room, sizeof *s->unsync_list);
    s->place = calloc(vm->base >> PAGE_SHIFT, sizeof *s->place);
    s->frame_list = calloc(s->frames, sizeof *s->frame_list);
    s->region_list = calloc(regions, sizeof *s->region_list);
    s->frame_tables = calloc(s->frames, sizeof *s->frame_tables);
    s->region_tables = calloc(regions, sizeof *s->region_tables);
    s->vcpu = calloc(vm->vcpus, sizeof *s->vcpu);
    if (!s->page || !s->link || !s->copy || !s->unsync_list || !s->place || !s->frame_list ||
        !s->region_list || !s->frame_tables || !s->region_tables || !s->vcpu) {
        snprintf(err, err_size, "no memory for %llu shadow pages", (unsigned long long)room);
        return false;
    }
    fill_none(s->place, vm->base >> PAGE_SHIFT);
    fill_none(s->frame_list, s->frames);
    fill_none(s->region_list, regions);
    fill_none(s->hash, 1 << HASH_BITS);
    s->free_page = s->device_list = NONE;
    for (unsigned i = 0; i < vm->vcpus; i++) {
        s->vcpu[i].root = NONE;
    }
    return true;
}

void shadow_pool_destroy(struct shadow *s)
{
    free(s->page);
    free(s->link);
    free(s->copy);
    free(s->unsync_list);
    free(s->place);
    free(s->frame_list);
    free(s->region_list);
    free(s->frame_tables);
    free(s->region_tables);
    free(s->vcpu);
}

// ---- entries --------------------------------------------------------------------------------------

// The list to which a present entry belongs.
static int32_t *list_of(struct vm *vm, int32_t p, uint64_t entry)
{
    struct shadow *s = shadow_of(vm);
    unsigned level = s->page[p].key.level;
    uint64_t frame = entry & PTE_FRAME;
    if (level == 1 && frame >= vm->m->mem.size) {
        return &s->device_list;
    }
    if (level == 1) {
        return &s->frame_list[(frame - vm->base) >> PAGE_SHIFT];
    }
    if (shadow_is_leaf(entry, level)) {
        return &s->region_list[(frame - vm->base) >> HUGE_PAGE_SHIFT];
    }
    return &s->page[shadow_child(s, entry)].parents;
}

static void link_entry(struct vm *vm, int32_t e, uint64_t entry)
{
    struct shadow *s = shadow_of(vm);
    int32_t *head = list_of(vm, e / ENTRIES, entry);
    s->link[e] = (struct shadow_link){.next = *head, .prev = NONE};
    if (*head != NONE) {
        s->link[*head].prev = e;
    }
    *head = e;
}

static void unlink_entry(struct vm *vm, int32_t e, uint64_t entry)
{
    struct shadow *s = shadow_of(vm);
    struct shadow_link l = s->link[e];
    if (l.next != NONE) {
        s->link[l.next].prev = l.prev;
    }
    if (l.prev != NONE) {
        s->link[l.prev].next = l.next;
    } else {
        *list_of(vm, e / ENTRIES, entry) = l.next;
    }
}

static void mark_stale(struct vm *vm, bool pieces)
{
    for (unsigned k = 0; k < vm->vcpus; k++) {
        struct shadow_vcpu *sv = &shadow_of(vm)->vcpu[k];
        sv->stale = true;
        sv->pieces = sv->pieces || pieces;
    }
}

void shadow_set(struct vm *vm, int32_t p, unsigned i, uint64_t value)
{
    struct shadow *s = shadow_of(vm);
    struct shadow_page *page = &s->page[p];
    uint64_t old = shadow_entry(vm, p, i), same = PTE_P | PTE_PS | PTE_FRAME;
    int32_t e = p * ENTRIES + (int32_t)i;
    assert(page->live && i < ENTRIES);
    if ((old ^ value) & same) {
        if (old & PTE_P) {
            unlink_entry(vm, e, old);
            page->present--;
        }
        if (value & PTE_P) {
            link_entry(vm, e, value);
            page->present++;
        }
    }
    // A table that loses its place, or memory that can be written no longer: some TLB may still think otherwise.
    bool moved = (old ^ value) & same || (old & ~value & PTE_W);
    bool leaf = shadow_is_leaf(old, page->key.level);
    if ((old & PTE_P) && moved && (!leaf || (old & PTE_W))) {
        mark_stale(vm, !leaf);
    }
    mem_put(&vm->m->mem, page->frame + 8u * i, 8, value);
    vm->m->mem.frame[page->frame >> PAGE_SHIFT] |= FRAME_WRITTEN;
}

// ---- finding, making, freeing ---------------------------------------------------------------------

static unsigned hash_of(uint64_t guest)
{
    uint64_t h = (guest >> PAGE_SHIFT) * UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(h >> (64 - HASH_BITS));
}

int32_t shadow_find(const struct shadow *s, const struct shadow_key *key)
{
    int32_t p = s->hash[hash_of(key->guest)];
    while (p != NONE && (s->page[p].key.guest != key->guest || s->page[p].key.level != key->level ||
                         s->page[p].key.kind != key->kind)) {
        p = s->page[p].hash_next;
    }
    return p;
}

int32_t shadow_find_table(const struct shadow *s, uint64_t guest, int32_t p)
{
    p = p == NONE ? s->hash[hash_of(guest)] : s->page[p].hash_next;
    while (p != NONE && (s->page[p].key.guest != guest || s->page[p].key.kind == KIND_DIRECT)) {
        p = s->page[p].hash_next;
    }
    return p;
}

static int32_t take_place(struct vcpu *v)
{
    struct vm *vm = v->vm;
    struct shadow *s = shadow_of(vm);
    int32_t p = s->free_page;
    if (p != NONE) {
        s->free_page = s->page[p].hash_next;
        // Until now some page-walk cache may have held where it was.
        shadow_flush_stale(v);
        return p;
    }
    uint64_t frame = s->pages_made < s->pages ? vm_frame(vm) : 0;
    if (!frame) {
        return NONE;
    }
    p = s->pages_made++;
    s->page[p].frame = frame;
    s->place[frame >> PAGE_SHIFT] = p;
    return p;
}

int32_t shadow_make(struct vcpu *v, const struct shadow_key *key)
{
    struct shadow *s = shadow_of(v->vm);
    assert(shadow_find(s, key) == NONE);
    int32_t p = take_place(v);
    if (p == NONE) {
        return NONE;
    }
    int32_t *chain = &s->hash[hash_of(key->guest)];
    s->page[p] = (struct shadow_page){
        .key = *key, .frame = s->page[p].frame, .hash_next = *chain, .parents = NONE, .live = true};
    *chain = p;
    s->roots += key->level == s->levels;
    v->vm->stats.shadow_pages++;
    shadow_charge(v, COST_SHADOW_PAGE, 1);
    shadow_protect(v, p);
    return p;
}

bool shadow_in_use(const struct vm *vm, int32_t p)
{
    const struct shadow *s = shadow_of(vm);
    bool used = false;
    for (unsigned k = 0; k < vm->vcpus; k++) {
        used = used || s->vcpu[k].root == p;
    }
    return used;
}

static void leave_chain(struct shadow *s, int32_t p)
{
    int32_t *link = &s->hash[hash_of(s->page[p].key.guest)];
    while (*link != p) {
        link = &s->page[*link].hash_next;
    }
    *link = s->page[p].hash_next;
}

// Empty a page. Charged by the entry.
static void clear(struct vcpu *v, int32_t p, bool with_children)
{
    struct vm *vm = v->vm;
    struct shadow *s = shadow_of(vm);
    struct shadow_page *page = &s->page[p];
    shadow_charge(v, COST_SHADOW_ZAP, page->present);
    for (unsigned i = 0; page->present > 0; i++) {
        uint64_t entry = shadow_entry(vm, p, i);
        if (!(entry & PTE_P)) {
            continue;
        }
        shadow_set(vm, p, i, 0);
        if (with_children && !shadow_is_leaf(entry, page->key.level)) {
            int32_t child = shadow_child(s, entry);
            if (s->page[child].parents == NONE) {
                shadow_free(v, child, true);
            }
        }
    }
}

void shadow_free(struct vcpu *v, int32_t p, bool with_children)
{
    struct shadow *s = shadow_of(v->vm);
    struct shadow_page *page = &s->page[p];
    assert(page->live && !shadow_in_use(v->vm, p));
    while (page->parents != NONE) {
        int32_t e = page->parents;
        shadow_set(v->vm, e / ENTRIES, (unsigned)e % ENTRIES, 0);
        shadow_charge(v, COST_SHADOW_ZAP, 1);
    }
    clear(v, p, with_children);
    if (page->unsync) {
        shadow_set_unsync(s, p, false);
    } else {
        shadow_unprotect_page(s, p);
    }
    s->roots -= page->key.level == s->levels;
    leave_chain(s, p);
    page->live = false;
    page->hash_next = s->free_page;
    s->free_page =
        p; // whoever may still know its place was marked stale when the last entry that pointed here went
}

void shadow_drop_all(struct vcpu *v)
{
    struct shadow *s = shadow_of(v->vm);
    v->vm->stats.shadow_drops++;
    for (int32_t p = 0; p < s->pages_made; p++) {
        if (s->page[p].live) {
            clear(v, p, false);
        }
    }
    for (int32_t p = 0; p < s->pages_made; p++) {
        if (s->page[p].live && !shadow_in_use(v->vm, p)) {
            shadow_free(v, p, false);
        }
    }
}

// ---- write protection -----------------------------------------------------------------------------

// Guest tables outside RAM (a base that points nowhere) have nothing to protect.
static bool is_table(const struct shadow *s, int32_t p)
{
    return s->page[p].key.kind != KIND_DIRECT && s->page[p].key.guest >> PAGE_SHIFT < s->frames;
}

void shadow_protect(struct vcpu *v, int32_t p)
{
    struct vm *vm = v->vm;
    struct shadow *s = shadow_of(vm);
    uint64_t frame = s->page[p].key.guest >> PAGE_SHIFT, region = frame >> LEVEL_BITS;
    if (!is_table(s, p) || s->frame_tables[frame]++ > 0) {
        return;
    }
    s->region_tables[region]++;
    for (int32_t e = s->frame_list[frame]; e != NONE; e = s->link[e].next) {
        uint64_t entry = shadow_entry(vm, e / ENTRIES, (unsigned)e % ENTRIES);
        if (entry & PTE_W) {
            shadow_set(vm, e / ENTRIES, (unsigned)e % ENTRIES, entry & ~PTE_W);
            shadow_charge(v, COST_SHADOW_PROTECT, 1);
        }
    }
    while (s->region_list[region] != NONE) {
        int32_t e = s->region_list[region];
        shadow_set(vm, e / ENTRIES, (unsigned)e % ENTRIES, 0);
        shadow_charge(v, COST_SHADOW_PROTECT, 1);
    }
    shadow_flush_stale(v);
}

void shadow_unprotect_page(struct shadow *s, int32_t p)
{
    uint64_t frame = s->page[p].key.guest >> PAGE_SHIFT;
    // Its mappings stay read-only until somebody writes: then they are made anew.
    if (is_table(s, p) && --s->frame_tables[frame] == 0) {
        s->region_tables[frame >> LEVEL_BITS]--;
    }
}

void shadow_set_unsync(struct shadow *s, int32_t p, bool unsync)
{
    struct shadow_page *page = &s->page[p];
    assert(page->unsync != unsync);
    page->unsync = unsync;
    if (unsync) {
        page->unsync_at = s->unsync_pages++;
        s->unsync_list[page->unsync_at] = p;
    } else {
        int32_t last = s->unsync_list[--s->unsync_pages];
        s->unsync_list[page->unsync_at] = last;
        s->page[last].unsync_at = page->unsync_at;
    }
}

bool shadow_protected(const struct shadow *s, uint64_t gpa)
{
    return s->frame_tables[gpa >> PAGE_SHIFT] > 0;
}

bool shadow_region_protected(const struct shadow *s, uint64_t gpa)
{
    return s->region_tables[gpa >> HUGE_PAGE_SHIFT] > 0;
}

void shadow_flush_stale(struct vcpu *v)
{
    struct vm *vm = v->vm;
    for (unsigned k = 0; k < vm->vcpus; k++) {
        struct shadow_vcpu *sv = &shadow_of(vm)->vcpu[k];
        if (!sv->stale) {
            continue;
        }
        sv->stale = sv->pieces = false;
        if (sv->root == NONE) {
            continue; // it has not run yet
        }
        shadow_charge(v, k == v->index ? COST_LPTBR : COST_SHADOW_SHOOTDOWN, 1);
        vm->stats.shadow_shootdowns += k != v->index;
        cpu_drop_vpid(vm->vcpu[k].cpu);
    }
}
