// shadow_check.c: looks at everything that shadow paging keeps and says what contradicts what. For tests: it is slow on purpose, and counts
// from the shadow tables themselves rather than from the book-keeping.
#include "models/shadow_impl.h"

#include <stdio.h>
#include <stdlib.h>

struct check {
    const struct vm *vm;
    const struct shadow *s;
    char *err;
    size_t err_size;
};

static bool wrong(const struct check *c, const char *what, uint64_t where)
{
    snprintf(c->err, c->err_size, "%s (%llu)", what, (unsigned long long)where);
    return false;
}

// The first entry of the list to which this present entry should belong.
static int32_t head_of(const struct check *c, unsigned level, uint64_t entry)
{
    uint64_t gpa = (entry & PTE_FRAME) - c->vm->base;
    if (!shadow_is_leaf(entry, level)) {
        return c->s->page[shadow_child(c->s, entry)].parents;
    }
    if (level == 1 && vm_direct(c->vm, entry & PTE_FRAME)) {
        return c->s->device_list;
    }
    return level == 1 ? c->s->frame_list[gpa >> PAGE_SHIFT]
                      : c->s->region_list[gpa >> HUGE_PAGE_SHIFT];
}

static bool in_list(const struct check *c, int32_t head, int32_t e)
{
    for (int32_t prev = NONE; head != NONE; prev = head, head = c->s->link[head].next) {
        if (c->s->link[head].prev != prev) {
            return false;
        }
        if (head == e) {
            return true;
        }
    }
    return false;
}

// A present entry that points to another page.
static bool upper_ok(const struct check *c, const struct shadow_page *page, unsigned i,
                     uint64_t entry)
{
    int32_t p = shadow_child(c->s, entry);
    if (p == NONE || !c->s->page[p].live) {
        return wrong(c, "an entry points to no live page", entry);
    }
    const struct shadow_key *child = &c->s->page[p].key;
    uint64_t guest = page->key.guest + i * shadow_span(page->key.level);
    if (page->key.kind != KIND_DIRECT) {
        guest = *shadow_copy(c->s, (int32_t)(page - c->s->page), i) & PTE_FRAME;
    }
    return (child->level == page->key.level - 1 && child->guest == guest) ||
           wrong(c, "an entry points to the page of another table", entry);
}

static bool leaf_ok(const struct check *c, const struct shadow_page *page, unsigned i,
                    uint64_t entry)
{
    uint64_t gpa = (entry & PTE_FRAME) - c->vm->base;
    bool huge = page->key.level > 1;
    if (!huge && vm_direct(c->vm, entry & PTE_FRAME)) {
        return page->key.kind != KIND_DIRECT ||
               (entry & PTE_FRAME) == page->key.guest + i * shadow_span(1) ||
               wrong(c, "a direct page maps another device", entry);
    }
    if (gpa >= c->vm->ram) {
        return wrong(c, "a leaf maps what is not guest RAM", entry);
    }
    if (huge ? c->s->region_tables[gpa >> HUGE_PAGE_SHIFT] > 0
             : (entry & PTE_W) && c->s->frame_tables[gpa >> PAGE_SHIFT] > 0) {
        return wrong(c, "a guest table that is in sync can be written", gpa);
    }
    if (page->key.kind == KIND_DIRECT) {
        return gpa == page->key.guest + i * shadow_span(page->key.level) ||
               wrong(c, "a direct page maps elsewhere", gpa);
    }
    return true;
}

// Against the guest's entry as it was: present and accessed, and D before W.
static bool copy_ok(const struct check *c, const struct shadow_page *page, uint64_t entry,
                    uint64_t copy)
{
    bool leaf = page->key.level == 1 || (page->key.level == 2 && (copy & PTE_PS));
    if ((copy & (PTE_P | PTE_A)) != (PTE_P | PTE_A)) {
        return wrong(c, "a shadow entry for a guest entry without P and A", copy);
    }
    if (leaf && (entry & PTE_W) && !(copy & PTE_D)) {
        return wrong(c, "a writable leaf for a guest entry without D", copy);
    }
    if (((entry ^ copy) & PTE_NX) || (entry & ~copy & PTE_U)) {
        return wrong(c, "an entry allows more than the guest's", entry);
    }
    return page->key.kind != KIND_WP || !(entry & ~copy & PTE_W) ||
           wrong(c, "an entry is writable where the guest's is not", entry);
}

static bool page_ok(const struct check *c, int32_t p, uint64_t *links)
{
    const struct shadow_page *page = &c->s->page[p];
    unsigned present = 0;
    if (shadow_find(c->s, &page->key) != p) {
        return wrong(c, "a page that is not found by its key", (uint64_t)p);
    }
    for (unsigned i = 0; i < ENTRIES; i++) {
        uint64_t entry = shadow_entry(c->vm, p, i);
        if (!(entry & PTE_P)) {
            if (entry) {
                return wrong(c, "remains of an entry", entry);
            }
            continue;
        }
        present++;
        if (!in_list(c, head_of(c, page->key.level, entry), p * ENTRIES + (int32_t)i)) {
            return wrong(c, "an entry is not in its list", entry);
        }
        if (!(shadow_is_leaf(entry, page->key.level) ? leaf_ok(c, page, i, entry)
                                                     : upper_ok(c, page, i, entry))) {
            return false;
        }
        if (page->key.kind != KIND_DIRECT &&
            !copy_ok(c, page, entry, c->s->copy[(size_t)p * ENTRIES + i])) {
            return false;
        }
    }
    *links += present;
    return present == page->present || wrong(c, "a page miscounts its entries", (uint64_t)p);
}

static uint64_t list_length(const struct shadow *s, int32_t e)
{
    uint64_t n = 0;
    for (; e != NONE; e = s->link[e].next) {
        n++;
    }
    return n;
}

// Protection as it should be, counted anew.
static bool tables_ok(const struct check *c)
{
    const struct shadow *s = c->s;
    uint16_t *count = calloc(s->frames, sizeof *count);
    bool ok = count != NULL;
    for (int32_t p = 0; ok && p < s->pages_made; p++) {
        const struct shadow_page *page = &s->page[p];
        if (page->live && !page->unsync && page->key.kind != KIND_DIRECT &&
            page->key.guest < c->vm->ram) {
            count[page->key.guest >> PAGE_SHIFT]++;
        }
    }
    unsigned region = 0;
    for (uint64_t f = 0; ok && f < s->frames; f++) {
        ok = count[f] == s->frame_tables[f] || wrong(c, "tables of a frame miscounted", f);
        region += count[f] > 0;
        if (ok && (f + 1) % ENTRIES == 0) {
            ok = region == s->region_tables[f / ENTRIES] ||
                 wrong(c, "tables of a region miscounted", f / ENTRIES);
            region = 0;
        }
    }
    free(count);
    return ok;
}

bool shadow_ok(const struct vm *vm, char *err, size_t err_size)
{
    const struct shadow *s = shadow_of(vm);
    struct check c = {.vm = vm, .s = s, .err = err, .err_size = err_size};
    uint64_t links = 0, listed = list_length(s, s->device_list);
    int32_t unsync = 0, roots = 0;
    for (int32_t p = 0; p < s->pages_made; p++) {
        const struct shadow_page *page = &s->page[p];
        if (!page->live) {
            continue;
        }
        unsync += page->unsync;
        roots += page->key.level == s->levels;
        listed += list_length(s, page->parents);
        if (page->unsync && s->unsync_list[page->unsync_at] != p) {
            return wrong(&c, "an out-of-sync page is not in its list", (uint64_t)p);
        }
        if (!page_ok(&c, p, &links)) {
            return false;
        }
    }
    for (uint64_t f = 0; f < s->frames; f++) {
        listed += list_length(s, s->frame_list[f]);
        listed += f % ENTRIES == 0 ? list_length(s, s->region_list[f / ENTRIES]) : 0;
    }
    if (listed != links) {
        return wrong(&c, "lists hold entries that are not there", listed - links);
    }
    if (unsync != s->unsync_pages || roots != s->roots) {
        return wrong(&c, "pages miscounted", (uint64_t)unsync);
    }
    for (unsigned k = 0; k < vm->vcpus; k++) {
        int32_t root = s->vcpu[k].root;
        if (root != NONE &&
            (!s->page[root].live || vm->vcpu[k].cpu->s.ptbr != s->page[root].frame)) {
            return wrong(&c, "a processor's root is not its page-table base", k);
        }
    }
    return tables_ok(&c);
}
