// The TLB's storage, and the numbering of address spaces that makes dropping one cheap.
#include "sim/tlb.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_SIZE = 8192 };

static bool is_power(uint32_t n)
{
    return n && !(n & (n - 1));
}

static bool l1_init(struct tlb_l1 *l1, uint32_t small, uint32_t huge)
{
    l1->small = calloc(small, sizeof *l1->small);
    l1->small_mask = small - 1;
    l1->has_huge = huge != 0;
    l1->huge_mask = huge ? huge - 1 : 0;
    l1->huge = calloc(huge ? huge : 1, sizeof *l1->huge);
    l1->derived = calloc(huge ? huge : 1, sizeof *l1->derived);
    return l1->small && l1->huge && l1->derived;
}

static const char *geometry_wrong(const struct tlb_geometry *g)
{
    const uint32_t sizes[] = {g->l1i_4k,  g->l1i_2m,  g->l1d_4k, g->l1d_2m,
                              g->l2_sets, g->l2_ways, g->pwc,    g->ntlb};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (sizes[i] && (!is_power(sizes[i]) || sizes[i] > 1u << 20)) {
            return "sizes must be 0 or powers of two";
        }
    }
    if (!g->l1i_4k || !g->l1d_4k) {
        return "the first levels need 4 KiB entries";
    }
    if (g->l1i_4k > 256 || g->l1d_4k > 256 || g->l1i_2m > 256 || g->l1d_2m > 256) {
        return "a first level has at most 256 entries";
    }
    if (g->l2_ways > 64) {
        return "the second level has at most 64 ways";
    }
    uint64_t all = (uint64_t)g->l1i_4k + g->l1i_2m + g->l1d_4k + g->l1d_2m +
                   (uint64_t)g->l2_sets * g->l2_ways + (uint64_t)g->pwc * (LEVELS_MAX - 1);
    return all > TLB_ENTRIES_MAX ? "too many entries in all" : NULL;
}

bool tlb_init(struct tlb *t, const struct tlb_geometry *g, char *err, size_t err_size)
{
    *t = (struct tlb){0};
    const char *wrong = geometry_wrong(g);
    if (wrong) {
        snprintf(err, err_size, "TLB geometry: %s (at most %d)", wrong, TLB_ENTRIES_MAX);
        return false;
    }
    t->has_l2 = g->l2_sets && g->l2_ways;
    t->l2_ways = t->has_l2 ? g->l2_ways : 0;
    t->l2_slot_mask = t->has_l2 ? g->l2_sets * g->l2_ways - 1 : 0;
    t->l2_set_mask = t->has_l2 ? g->l2_sets - 1 : 0;
    size_t l2 = t->has_l2 ? (size_t)g->l2_sets * g->l2_ways : 1;
    t->l2_tag = calloc(l2, sizeof *t->l2_tag);
    t->l2_data = calloc(l2, sizeof *t->l2_data);
    t->l2_set = calloc(t->has_l2 ? g->l2_sets : 1, sizeof *t->l2_set);
    for (uint32_t set = 0; t->l2_set && set < g->l2_sets; set++) {
        t->l2_set[set].next = set;
    }
    t->has_pwc = g->pwc != 0;
    t->pwc_mask = g->pwc ? g->pwc - 1 : 0;
    t->l2_hint = calloc(L2_HINTS, sizeof *t->l2_hint);
    t->drops = 1;
    bool ok = t->l2_tag && t->l2_data && t->l2_set && t->l2_hint;
    for (unsigned level = 2; level <= LEVELS_MAX; level++) {
        t->pwc[level] = calloc(g->pwc ? g->pwc : 1, sizeof *t->pwc[level]);
        ok = ok && t->pwc[level];
    }
    if (g->ntlb) {
        t->ntlb.entry = calloc(g->ntlb, sizeof *t->ntlb.entry);
        t->ntlb.mask = g->ntlb - 1;
        ok = ok && t->ntlb.entry;
    }
    t->space = calloc(SPACE_MAX + 1, sizeof *t->space);
    t->hash = calloc(HASH_SIZE, sizeof *t->hash);
    ok = ok && t->space && t->hash && l1_init(&t->i, g->l1i_4k, g->l1i_2m) &&
         l1_init(&t->d, g->l1d_4k, g->l1d_2m);
    if (!ok) {
        snprintf(err, err_size, "not enough memory for a TLB");
        tlb_free(t);
        return false;
    }
    t->next_number = 1;
    tlb_enter(t, 0, 0);
    return true;
}

void tlb_free(struct tlb *t)
{
    struct tlb_l1 *l1[] = {&t->i, &t->d};
    for (size_t k = 0; k < 2; k++) {
        free(l1[k]->small);
        free(l1[k]->huge);
        free(l1[k]->derived);
    }
    free(t->l2_tag);
    free(t->l2_data);
    free(t->l2_set);
    free(t->l2_hint);
    for (unsigned level = 2; level <= LEVELS_MAX; level++) {
        free(t->pwc[level]);
    }
    free(t->ntlb.entry);
    free(t->space);
    free(t->hash);
    *t = (struct tlb){0};
}

// ---- numbers of address spaces --------------------------------------------------------------------

// The slot of hash where (vpid, asid) is or would be.
static unsigned hash_slot(const struct tlb *t, unsigned vpid, unsigned asid)
{
    unsigned h = (vpid * 40503u + asid * 9973u) % HASH_SIZE;
    while (t->hash[h]) {
        const struct tlb_space *s = &t->space[t->hash[h] - 1];
        if (s->vpid == vpid && s->asid == asid) {
            break;
        }
        h = (h + 1) % HASH_SIZE;
    }
    return h;
}

// Apply `new_number` (by old number, 0: dead) to an array of tags.
static void renumber_tags(uint64_t *tag, size_t stride, size_t n, const uint16_t *new_number)
{
    for (size_t k = 0; k < n; k++, tag += stride) {
        uint64_t to = new_number[*tag & SPACE_MAX_MASK];
        *tag = to ? (*tag & ~(uint64_t)SPACE_MAX_MASK) | to : 0;
    }
}

static void mark_tags(const uint64_t *tag, size_t stride, size_t n, uint8_t *used)
{
    for (size_t k = 0; k < n; k++, tag += stride) {
        used[*tag & SPACE_MAX_MASK] = 1;
    }
}

enum { TAG_STRIDE = sizeof(struct tlb_entry) / sizeof(uint64_t) };

// Calls one of the two above on every array of tags.
#define FOR_EACH_TAG_ARRAY(t, apply, argument)                                                    \
    do {                                                                                          \
        apply(&(t)->i.small->tag, TAG_STRIDE, (size_t)(t)->i.small_mask + 1, argument);           \
        apply(&(t)->i.huge->tag, TAG_STRIDE, (size_t)(t)->i.huge_mask + 1, argument);             \
        apply(&(t)->d.small->tag, TAG_STRIDE, (size_t)(t)->d.small_mask + 1, argument);           \
        apply(&(t)->d.huge->tag, TAG_STRIDE, (size_t)(t)->d.huge_mask + 1, argument);             \
        apply((t)->l2_tag, 1, ((size_t)(t)->l2_set_mask + 1) * ((t)->l2_ways ? (t)->l2_ways : 1), \
              argument);                                                                          \
    } while (0)

static void recount_l2(struct tlb *t)
{
    for (size_t k = 0; k < L2_HINTS; k++) {
        t->l2_hint[k].count = 0;
    }
    size_t slots = t->has_l2 ? ((size_t)t->l2_set_mask + 1) * t->l2_ways : 0;
    for (size_t k = 0; k < slots; k++) {
        if (t->l2_tag[k]) {
            t->l2_hint[tlb_bucket(t->l2_tag[k])].count++;
        }
    }
}

// Numbers have run out: forget spaces of which no entry is left, and number the rest from 1.
static void sweep(struct tlb *t)
{
    uint8_t used[SPACE_MAX + 2] = {0};
    uint16_t renumbered[SPACE_MAX + 2] = {0};
    FOR_EACH_TAG_ARRAY(t, mark_tags, used);
    for (unsigned level = 2; level <= LEVELS_MAX; level++) {
        for (uint64_t k = 0; k <= t->pwc_mask; k++) {
            used[t->pwc[level][k].space] = 1;
        }
    }
    unsigned kept = 0, number = 1;
    for (unsigned k = 0; k < t->space_count; k++) {
        struct tlb_space s = t->space[k];
        if (!used[s.number] && k != t->current) {
            continue;
        }
        renumbered[s.number] = (uint16_t)number;
        s.number = (uint16_t)number++;
        if (k == t->current) {
            t->current = kept;
        }
        t->space[kept++] = s;
    }
    assert(number <= SPACE_MAX - 64);
    t->space_count = kept;
    t->next_number = number;
    FOR_EACH_TAG_ARRAY(t, renumber_tags, renumbered);
    for (unsigned level = 2; level <= LEVELS_MAX; level++) {
        for (uint64_t k = 0; k <= t->pwc_mask; k++) {
            struct pwc_entry *e = &t->pwc[level][k];
            e->space = renumbered[e->space];
            e->key = e->space ? e->key : 0;
        }
    }
    recount_l2(t);
    memset(t->alive, 0, sizeof t->alive);
    memset(t->hash, 0, HASH_SIZE * sizeof *t->hash);
    for (unsigned k = 0; k < kept; k++) {
        t->alive[t->space[k].number] = 1;
        t->hash[hash_slot(t, t->space[k].vpid, t->space[k].asid)] = (uint16_t)(k + 1);
    }
}

// Takes a fresh number; *swept is set if all others changed on the way.
static uint16_t fresh_number(struct tlb *t, bool *swept)
{
    if (t->next_number > SPACE_MAX) {
        sweep(t);
        *swept = true;
    }
    assert(t->next_number >= 1 && t->next_number <= SPACE_MAX && !t->alive[t->next_number]);
    t->alive[t->next_number] = 1;
    return (uint16_t)t->next_number++;
}

static void drop(struct tlb *t, unsigned k, bool *swept)
{
    struct tlb_space key = t->space[k];
    t->alive[key.number] = 0;
    t->drops++;
    uint16_t fresh = fresh_number(t, swept);
    if (*swept) {
        // Sweeping moved the spaces, and may have forgotten this one, whose number was already dead.
        unsigned h = hash_slot(t, key.vpid, key.asid);
        if (!t->hash[h]) {
            t->alive[fresh] = 0;
            return;
        }
        k = t->hash[h] - 1u;
        t->alive[t->space[k].number] = 0;
    }
    t->space[k].number = fresh;
    t->space[k].epoch = ++t->epochs;
    t->space[k].pieces = false;
    t->epoch = t->space[t->current].epoch;
}

bool tlb_enter(struct tlb *t, unsigned vpid, unsigned asid)
{
    assert(vpid <= UINT16_MAX && asid <= UINT16_MAX);
    bool swept = false;
    unsigned h = hash_slot(t, vpid, asid);
    if (!t->hash[h]) {
        uint16_t number = fresh_number(t, &swept);
        h = hash_slot(t, vpid, asid);
        t->space[t->space_count] = (struct tlb_space){
            .vpid = (uint16_t)vpid, .asid = (uint16_t)asid, .number = number, .epoch = ++t->epochs};
        t->hash[h] = (uint16_t)++t->space_count;
        assert(t->space_count <= SPACE_MAX);
    }
    t->current = t->hash[h] - 1u;
    t->epoch = t->space[t->current].epoch;
    return swept;
}

bool tlb_drop_space(struct tlb *t, unsigned vpid, unsigned asid)
{
    bool swept = false;
    unsigned h = hash_slot(t, vpid, asid);
    if (t->hash[h]) {
        drop(t, t->hash[h] - 1u, &swept);
    }
    return swept;
}

bool tlb_drop_vpid(struct tlb *t, unsigned vpid)
{
    bool any = false;
    for (unsigned k = 0; k < t->space_count; k++) {
        bool swept = false;
        if (t->space[k].vpid == vpid) {
            drop(t, k, &swept);
        }
        if (swept) {
            any = true;
            k = UINT32_MAX; // begin again: at worst a space gets two fresh numbers
        }
    }
    return any;
}

void tlb_l2_fill(struct tlb *t, uint64_t tag, uint64_t data)
{
    assert(t->has_l2 && t->alive[tag & SPACE_MAX_MASK]);
    assert(t->has_l2 && t->alive[tag & SPACE_MAX_MASK]);
    struct tlb_set *set = &t->l2_set[TLB_SET(t, tag)];
    t->l2_huge = t->l2_huge || tlb_tag_is_huge(tag);
    if (set->full != t->drops) {
        for (size_t slot = TLB_SET(t, tag); slot <= t->l2_slot_mask; slot += t->l2_set_mask + 1) {
            if (!t->alive[t->l2_tag[slot] & SPACE_MAX_MASK]) {
                tlb_l2_put(t, slot, tag, data);
                return;
            }
        }
        set->full = t->drops;
    }
    tlb_l2_replace(t, set, tag, data);
}
