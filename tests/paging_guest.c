// The guest of paging_guest.h.
#include "tests/paging_guest.h"

#include <string.h>

enum {
    WILD = DUEL_VAS - DUEL_TABLES, // addresses before the window's
    NOWHERE = 0x10000000,          // where there is neither RAM nor a device
    TOP = 511,                     // index of the window in every root
};

static uint64_t below(struct duel *d, uint64_t n)
{
    return prng_below(&d->rng, n);
}

static bool chance(struct duel *d, unsigned percent)
{
    return below(d, 100) < percent;
}

static uint64_t native_get(const struct duel *d, uint64_t gpa)
{
    return mem_get(&d->native->mem, gpa, 8);
}

static void native_put(struct duel *d, uint64_t gpa, uint64_t value)
{
    mem_put(&d->native->mem, gpa, 8, value);
}

// ---- tables ---------------------------------------------------------------------------------------

static unsigned few(struct duel *d)
{
    static const uint16_t index[] = {0, 1, 2, 3, 256, 510};
    return index[below(d, sizeof index / sizeof index[0])];
}

// A table that was meant for this level, if there is one.
static uint64_t table_for(struct duel *d, unsigned level)
{
    for (unsigned tries = 0; tries < 20; tries++) {
        unsigned i = (unsigned)below(d, DUEL_TABLES);
        if (d->level[i] == level) {
            return d->table[i];
        }
    }
    return d->table[below(d, DUEL_TABLES)];
}

static uint64_t frame_for(struct duel *d, unsigned level)
{
    unsigned what = (unsigned)below(d, 100);
    if (d->tame) {
        return level == 1 ? d->data[below(d, DUEL_DATA)] : table_for(d, level - 1);
    }
    if (what < 3) {
        return NOWHERE + PAGE_SIZE * below(d, 4);
    }
    if (what < 12) {
        return d->table[below(d, DUEL_TABLES)];
    }
    if (what < 15) {
        return d->data[below(d, DUEL_DATA)];
    }
    if (level == 1) {
        return chance(d, 70) ? d->data[below(d, DUEL_DATA)] : d->table[below(d, DUEL_TABLES)];
    }
    return table_for(d, level - 1);
}

static uint64_t random_entry(struct duel *d, unsigned level)
{
    bool tame = d->tame && level > 1; // rights over several levels seldom add up to any
    // One draw a statement: an expression's operands are evaluated in whatever order the compiler likes.
    uint64_t e = chance(d, tame ? 99 : 92) ? PTE_P : 0;
    e |= chance(d, tame ? 95 : 80) ? PTE_W : 0;
    e |= chance(d, tame ? 95 : 80) ? PTE_U : 0;
    e |= chance(d, tame ? 2 : 10) ? PTE_NX : 0;
    e |= chance(d, 50) ? PTE_A : 0;
    e |= chance(d, 50) ? PTE_D : 0;
    e |= below(d, 128) << 52; // ignored bits
    e |= below(d, 16) << 8;
    if (!tame && chance(d, 1)) {
        e |= UINT64_C(1) << (40 + below(d, 12));
    }
    if (level == 2 && chance(d, d->tame ? 8 : 25)) {
        uint64_t frame = chance(d, 90)   ? below(d, DUEL_RAM >> HUGE_PAGE_SHIFT) << HUGE_PAGE_SHIFT
                         : chance(d, 50) ? NOWHERE
                                         : PAGE_SIZE * below(d, DUEL_RAM / PAGE_SIZE);
        return e | PTE_PS | frame;
    }
    e |= chance(d, level == 1 ? 20 : 2) ? PTE_PS : 0;
    return e | frame_for(d, level);
}

// The window: the last entry of every root leads to a table that maps all tables.
static void make_window(struct duel *d)
{
    unsigned levels = d->config.levels, first = DUEL_TABLES - (levels - 1);
    for (unsigned r = 0; r < DUEL_ROOTS; r++) {
        native_put(d, d->table[r] + 8 * TOP, d->table[first] | PTE_P | PTE_W);
    }
    for (unsigned i = first; i + 1 < DUEL_TABLES; i++) {
        native_put(d, d->table[i], d->table[i + 1] | PTE_P | PTE_W);
    }
    for (unsigned i = 0; i < DUEL_TABLES; i++) {
        native_put(d, d->table[DUEL_TABLES - 1] + 8 * i, d->table[i] | PTE_P | PTE_W);
    }
}

static void choose_frames(struct duel *d)
{
    // Scattered, some 2 MiB regions with and some without tables; none twice.
    uint64_t used[DUEL_TABLES + DUEL_DATA];
    unsigned count = 0;
    while (count < DUEL_TABLES + DUEL_DATA) {
        bool table = count < DUEL_TABLES;
        uint64_t region = table ? below(d, 2) : 1 + below(d, 3);
        uint64_t frame = (region << HUGE_PAGE_SHIFT) + PAGE_SIZE * below(d, table ? 512 : 40);
        bool fresh = true;
        for (unsigned i = 0; i < count; i++) {
            fresh = fresh && used[i] != frame;
        }
        if (fresh) {
            *(table ? &d->table[count] : &d->data[count - DUEL_TABLES]) = frame;
            used[count++] = frame;
        }
    }
}

static uint64_t canonical(const struct duel *d, uint64_t va)
{
    unsigned drop = 64 - (PAGE_SHIFT + LEVEL_BITS * d->config.levels);
    return (uint64_t)((int64_t)(va << drop) >> drop);
}

static void choose_addresses(struct duel *d)
{
    unsigned levels = d->config.levels;
    for (unsigned i = 0; i < DUEL_VAS; i++) {
        uint64_t va = 0;
        for (unsigned level = levels; level >= 1 && i < WILD; level--) {
            va = va << LEVEL_BITS | few(d);
        }
        if (i >= WILD) {
            va = (uint64_t)TOP << LEVEL_BITS * (levels - 1) | (i - WILD);
        } else if (i > 0 && chance(d, 40)) {
            va = (d->va[i - 1].va >> PAGE_SHIFT) + 1;
        }
        d->va[i] = (struct duel_va){.va = canonical(d, va << PAGE_SHIFT), .next = -1};
    }
    for (unsigned i = 0; i < DUEL_VAS; i++) {
        for (unsigned j = 0; j < DUEL_VAS; j++) {
            d->va[i].next = d->va[j].va == d->va[i].va + PAGE_SIZE ? (int)j : d->va[i].next;
        }
    }
}

void guest_begin(struct duel *d)
{
    unsigned levels = d->config.levels, window = DUEL_TABLES - (levels - 1);
    d->tame = chance(d, 60);
    choose_frames(d);
    choose_addresses(d);
    for (unsigned i = 0; i < DUEL_TABLES; i++) {
        d->level[i] = i < DUEL_ROOTS ? levels
                      : i < window   ? 1 + (i - DUEL_ROOTS) % (levels - 1)
                                     : DUEL_TABLES - i;
        for (unsigned n = 0; n < 24 && i < window; n++) {
            uint64_t at = d->table[i] + 8 * few(d);
            native_put(d, at, random_entry(d, d->level[i]));
        }
    }
    make_window(d);
    for (unsigned i = 0; i < DUEL_DATA; i++) {
        for (unsigned n = 0; n < 8; n++) {
            uint64_t at = d->data[i] + 8 * few(d);
            native_put(d, at, prng_next(&d->rng));
        }
    }
    for (unsigned k = 0; k < d->config.cpus; k++) {
        d->vcpu[k].g.msw = MSW_PG | (chance(d, 70) ? MSW_WP : 0);
        d->vcpu[k].g.ptbr = d->table[below(d, DUEL_ROOTS)];
    }
}

// ---- what may be cached ---------------------------------------------------------------------------

static void note_way(struct duel *d, struct guest_ways *ways, unsigned k, unsigned i)
{
    uint64_t table = d->vcpu[k].g.ptbr & PTBR_FRAME;
    ways->count[k][i] = 0;
    ways->huge[k][i] = false;
    for (unsigned level = d->config.levels; level >= 1; level--) {
        uint64_t at = table + 8 * (d->va[i].va >> (PAGE_SHIFT + LEVEL_BITS * (level - 1)) & 511);
        if (!mem_has(&d->native->mem, at, 8)) {
            return;
        }
        uint64_t e = native_get(d, at);
        ways->entry[k][i][ways->count[k][i]++] = at;
        if (!(e & PTE_P) || (level == 2 && (e & PTE_PS))) {
            ways->huge[k][i] = e & PTE_P;
            return;
        }
        table = e & PTE_FRAME;
    }
}

void guest_note_ways(struct duel *d, struct guest_ways *ways)
{
    for (unsigned k = 0; k < d->config.cpus; k++) {
        for (unsigned i = 0; i < DUEL_VAS; i++) {
            note_way(d, ways, k, i);
        }
    }
    for (unsigned i = 0; i < DUEL_TABLES + DUEL_DATA; i++) {
        uint64_t gpa = i < DUEL_TABLES ? d->table[i] : d->data[i - DUEL_TABLES];
        memcpy(ways->before[i], d->native->mem.bytes + gpa, PAGE_SIZE);
    }
}

// Whether a TLB may hold something of `old` that `now` does not say.
static bool lost(uint64_t old, uint64_t now)
{
    const uint64_t matters =
        PTE_P | PTE_W | PTE_U | PTE_A | PTE_D | PTE_PS | PTE_FRAME | PTE_RSVD | PTE_NX;
    const uint64_t gain = PTE_W | PTE_U | PTE_A | PTE_D;
    if (!(old & PTE_P)) {
        return false; // even without A it may be: the store that changed it may have gone through it
    }
    uint64_t changed = (old ^ now) & matters;
    return (changed & old & gain) || (changed & ~gain & ~PTE_NX) || (changed & now & PTE_NX);
}

static void mark(struct duel *d, const struct guest_ways *ways, uint64_t at)
{
    for (unsigned k = 0; k < d->config.cpus; k++) {
        for (unsigned i = 0; i < DUEL_VAS; i++) {
            for (unsigned n = 0; n < ways->count[k][i]; n++) {
                if (ways->entry[k][i][n] == at) {
                    d->huge[k][i] = ways->huge[k][i] && (d->huge[k][i] || !d->pending[k][i]);
                    d->pending[k][i] = true;
                }
            }
        }
    }
}

unsigned guest_find_changes(struct duel *d, const struct guest_ways *ways)
{
    unsigned changes = 0;
    for (unsigned i = 0; i < DUEL_TABLES + DUEL_DATA; i++) {
        uint64_t gpa = i < DUEL_TABLES ? d->table[i] : d->data[i - DUEL_TABLES];
        for (unsigned n = 0; n < PAGE_SIZE / 8; n++) {
            uint64_t old = ways->before[i][n], now = native_get(d, gpa + 8 * n);
            if (old == now) {
                continue;
            }
            changes += i < DUEL_TABLES && ((old ^ now) & ~(PTE_A | PTE_D));
            if (lost(old, now)) {
                mark(d, ways, gpa + 8 * n);
            }
        }
    }
    return changes;
}

static void flushed(struct duel *d, unsigned k, unsigned i)
{
    // One INVLPG drops all of a huge page.
    bool huge = d->pending[k][i] && d->huge[k][i];
    for (unsigned j = 0; j < DUEL_VAS; j++) {
        if (d->va[j].va == d->va[i].va ||
            (huge && d->huge[k][j] && (d->va[j].va ^ d->va[i].va) >> HUGE_PAGE_SHIFT == 0)) {
            d->pending[k][j] = d->huge[k][j] = false;
        }
    }
}

// ---- choices --------------------------------------------------------------------------------------

static int usable(struct duel *d, unsigned k)
{
    for (unsigned tries = 0; tries < 8; tries++) {
        unsigned i = (unsigned)below(d, chance(d, 80) ? WILD : DUEL_VAS);
        if (!d->pending[k][i]) {
            return (int)i;
        }
    }
    return -1;
}

static uint64_t random_address(struct duel *d, unsigned k)
{
    if (!(d->vcpu[k].g.msw & MSW_PG)) {
        uint64_t frame = chance(d, 10)   ? NOWHERE
                         : chance(d, 20) ? PAGE_SIZE * below(d, DUEL_RAM / PAGE_SIZE)
                         : chance(d, 50) ? d->table[below(d, DUEL_TABLES)]
                                         : d->data[below(d, DUEL_DATA)];
        return frame + 8 * few(d);
    }
    int i = usable(d, k);
    if (i < 0) {
        return UINT64_MAX;
    }
    int next = d->va[i].next;
    if (next >= 0 && !d->pending[k][next] && chance(d, 30)) {
        return d->va[i].va + PAGE_SIZE - 1 - below(d, 7); // across both
    }
    return d->va[i].va + (chance(d, 70) ? 8 * few(d) : below(d, PAGE_SIZE - 8));
}

bool guest_choose_access(struct duel *d, unsigned k, struct duel_access *a)
{
    static const uint8_t size[] = {1, 2, 4, 8, 8, 8};
    *a = (struct duel_access){.kind = (enum duel_kind)below(d, 4)};
    a->va = random_address(d, k);
    a->n = size[below(d, sizeof size)];
    a->ring = (unsigned)below(d, 4);
    if (chance(d, 40)) {
        a->ring = 3;
    }
    if (a->kind == DUEL_FETCH || a->kind == DUEL_CAS) {
        a->n = a->kind == DUEL_FETCH ? 4 : 8;
        a->va &= ~(uint64_t)(a->n - 1);
    }
    a->system = (a->kind == DUEL_LOAD || a->kind == DUEL_STORE) && chance(d, 15);
    // What is stored may be meant as a table's entry.
    a->value = chance(d, 60) ? random_entry(d, 1 + (unsigned)below(d, d->config.levels))
                             : prng_next(&d->rng);
    return a->va < UINT64_MAX - PAGE_SIZE;
}

// A new value for the entry at gpa: another one, or one or two bits of it changed.
static uint64_t new_entry(struct duel *d, uint64_t gpa, unsigned level)
{
    static const uint64_t bits[] = {PTE_P, PTE_P,  PTE_W,  PTE_U,           PTE_A,
                                    PTE_D, PTE_PS, PTE_NX, UINT64_C(1) << 9};
    uint64_t e = native_get(d, gpa);
    if (chance(d, 35) || e == 0) {
        return random_entry(d, level);
    }
    if (chance(d, 5)) {
        return 0;
    }
    for (unsigned n = 1 + (unsigned)below(d, 2); n > 0; n--) {
        e ^= bits[below(d, sizeof bits / sizeof bits[0])];
    }
    return chance(d, 15) ? (e & ~PTE_FRAME) | frame_for(d, level) : e;
}

bool guest_choose_table_store(struct duel *d, unsigned k, struct duel_access *a)
{
    unsigned window = DUEL_TABLES - (d->config.levels - 1);
    unsigned t = (unsigned)below(d, chance(d, 97) ? window : DUEL_TABLES);
    for (unsigned n = 0; d->tame && d->level[t] > 1 && n < 4; n++) {
        t = (unsigned)below(d, window); // leaf tables change most
    }
    unsigned i = WILD + t;
    bool paged = d->vcpu[k].g.msw & MSW_PG;
    if (paged && d->pending[k][i]) {
        return false;
    }
    uint64_t at = 8 * few(d);
    *a = (struct duel_access){.kind = DUEL_STORE,
                              .va = (paged ? d->va[i].va : d->table[t]) + at,
                              .n = 8,
                              .value = new_entry(d, d->table[t] + at, d->level[t])};
    return true;
}

uint64_t guest_choose_flush(struct duel *d, unsigned k)
{
    unsigned i = (unsigned)below(d, DUEL_VAS);
    for (unsigned n = 0; n < DUEL_VAS && !d->pending[k][i]; n++) {
        i = (i + 1) % DUEL_VAS;
    }
    flushed(d, k, i);
    return d->va[i].va + below(d, PAGE_SIZE);
}

void guest_choose_base(struct duel *d, unsigned k)
{
    struct cpu_state *g = &d->vcpu[k].g;
    if (chance(d, 60)) {
        g->ptbr = d->table[below(d, DUEL_ROOTS)];
    } else if (chance(d, 5)) {
        g->ptbr = chance(d, 50) ? NOWHERE : d->table[below(d, DUEL_TABLES)];
    }
    if (chance(d, 30)) {
        g->msw ^= MSW_WP;
    }
    if (chance(d, g->msw & MSW_PG ? 8 : 60)) {
        g->msw ^= MSW_PG;
    }
    if (chance(d, 15)) {
        g->msw ^= MSW_PCIDE;
    }
    g->ptbr =
        (g->ptbr & PTBR_FRAME) | below(d, 3); // an address-space number, or bits that mean nothing
    for (unsigned i = 0; i < DUEL_VAS; i++) {
        d->pending[k][i] = d->huge[k][i] = false;
    }
}

uint64_t guest_choose_dma(struct duel *d, uint8_t *bytes, unsigned *n)
{
    if (chance(d, 50)) {
        // The window, mended: what wild stores destroy would not come back otherwise.
        unsigned window = DUEL_TABLES - (d->config.levels - 1);
        uint64_t e = d->table[window] | PTE_P | PTE_W;
        memcpy(bytes, &e, sizeof e);
        *n = 8;
        return d->table[below(d, DUEL_ROOTS)] + 8 * TOP;
    }
    uint64_t frame = chance(d, 30) ? d->table[below(d, DUEL_TABLES)] : d->data[below(d, DUEL_DATA)];
    *n = 1 + (unsigned)below(d, 64);
    for (unsigned i = 0; i < *n; i++) {
        bytes[i] = (uint8_t)prng_next(&d->rng);
    }
    return frame + below(d, PAGE_SIZE - 64);
}
