// The guest of paging_guest.h.
#include "tests/paging_guest.h"

#include <string.h>

enum {
    WILD = DUEL_VAS - DUEL_TABLES, // addresses before the window's
    NOWHERE = 0x10000000,          // where there is neither RAM nor a device
    TOP = 511,                     // index of the window in every root
};

static uint64_t below(struct duel *w, uint64_t n)
{
    return prng_below(&w->rng, n);
}

static bool chance(struct duel *w, unsigned percent)
{
    return below(w, 100) < percent;
}

static uint64_t native_get(const struct duel *w, uint64_t gpa)
{
    return mem_get(&w->native->mem, gpa, 8);
}

static void native_put(struct duel *w, uint64_t gpa, uint64_t value)
{
    mem_put(&w->native->mem, gpa, 8, value);
}

// ---- tables ---------------------------------------------------------------------------------------

static unsigned few(struct duel *w)
{
    static const uint16_t index[] = {0, 1, 2, 3, 256, 510};
    return index[below(w, sizeof index / sizeof index[0])];
}

// A table that was meant for this level, if there is one.
static uint64_t table_for(struct duel *w, unsigned level)
{
    for (unsigned tries = 0; tries < 20; tries++) {
        unsigned i = (unsigned)below(w, DUEL_TABLES);
        if (w->level[i] == level) {
            return w->table[i];
        }
    }
    return w->table[below(w, DUEL_TABLES)];
}

static uint64_t frame_for(struct duel *w, unsigned level)
{
    unsigned what = (unsigned)below(w, 100);
    if (w->tame) {
        return level == 1 ? w->data[below(w, DUEL_DATA)] : table_for(w, level - 1);
    }
    if (what < 3) {
        return NOWHERE + PAGE_SIZE * below(w, 4);
    }
    if (what < 12) {
        return w->table[below(w, DUEL_TABLES)];
    }
    if (what < 15) {
        return w->data[below(w, DUEL_DATA)];
    }
    if (level == 1) {
        return chance(w, 70) ? w->data[below(w, DUEL_DATA)] : w->table[below(w, DUEL_TABLES)];
    }
    return table_for(w, level - 1);
}

static uint64_t random_entry(struct duel *w, unsigned level)
{
    bool tame = w->tame && level > 1; // rights over several levels seldom add up to any
    uint64_t e = (chance(w, tame ? 99 : 92) ? PTE_P : 0) | (chance(w, tame ? 95 : 80) ? PTE_W : 0) |
                 (chance(w, tame ? 95 : 80) ? PTE_U : 0) | (chance(w, tame ? 2 : 10) ? PTE_NX : 0) |
                 (chance(w, 50) ? PTE_A : 0) | (chance(w, 50) ? PTE_D : 0) |
                 (below(w, 256) << 52 & ~PTE_NX) | below(w, 16) << 8;
    if (!tame && chance(w, 1)) {
        e |= UINT64_C(1) << (40 + below(w, 12));
    }
    if (level == 2 && chance(w, w->tame ? 8 : 25)) {
        uint64_t frame = chance(w, 90)   ? below(w, DUEL_RAM >> HUGE_PAGE_SHIFT) << HUGE_PAGE_SHIFT
                         : chance(w, 50) ? NOWHERE
                                         : PAGE_SIZE * below(w, DUEL_RAM / PAGE_SIZE);
        return e | PTE_PS | frame;
    }
    return e | frame_for(w, level) | (chance(w, level == 1 ? 20 : 2) ? PTE_PS : 0);
}

// The window: the last entry of every root leads to a table that maps all tables.
static void make_window(struct duel *w)
{
    unsigned levels = w->config.levels, first = DUEL_TABLES - (levels - 1);
    for (unsigned r = 0; r < DUEL_ROOTS; r++) {
        native_put(w, w->table[r] + 8 * TOP, w->table[first] | PTE_P | PTE_W);
    }
    for (unsigned i = first; i + 1 < DUEL_TABLES; i++) {
        native_put(w, w->table[i], w->table[i + 1] | PTE_P | PTE_W);
    }
    for (unsigned i = 0; i < DUEL_TABLES; i++) {
        native_put(w, w->table[DUEL_TABLES - 1] + 8 * i, w->table[i] | PTE_P | PTE_W);
    }
}

static void choose_frames(struct duel *w)
{
    // Scattered, some 2 MiB regions with and some without tables; none twice.
    uint64_t used[DUEL_TABLES + DUEL_DATA];
    unsigned count = 0;
    while (count < DUEL_TABLES + DUEL_DATA) {
        bool table = count < DUEL_TABLES;
        uint64_t region = table ? below(w, 2) : 1 + below(w, 3);
        uint64_t frame = (region << HUGE_PAGE_SHIFT) + PAGE_SIZE * below(w, table ? 512 : 40);
        bool fresh = true;
        for (unsigned i = 0; i < count; i++) {
            fresh = fresh && used[i] != frame;
        }
        if (fresh) {
            *(table ? &w->table[count] : &w->data[count - DUEL_TABLES]) = frame;
            used[count++] = frame;
        }
    }
}

static uint64_t canonical(const struct duel *w, uint64_t va)
{
    unsigned drop = 64 - (PAGE_SHIFT + LEVEL_BITS * w->config.levels);
    return (uint64_t)((int64_t)(va << drop) >> drop);
}

static void choose_addresses(struct duel *w)
{
    unsigned levels = w->config.levels;
    for (unsigned i = 0; i < DUEL_VAS; i++) {
        uint64_t va = 0;
        for (unsigned level = levels; level >= 1 && i < WILD; level--) {
            va = va << LEVEL_BITS | few(w);
        }
        if (i >= WILD) {
            va = (uint64_t)TOP << LEVEL_BITS * (levels - 1) | (i - WILD);
        } else if (i > 0 && chance(w, 40)) {
            va = (w->va[i - 1].va >> PAGE_SHIFT) + 1;
        }
        w->va[i] = (struct duel_va){.va = canonical(w, va << PAGE_SHIFT), .next = -1};
    }
    for (unsigned i = 0; i < DUEL_VAS; i++) {
        for (unsigned j = 0; j < DUEL_VAS; j++) {
            w->va[i].next = w->va[j].va == w->va[i].va + PAGE_SIZE ? (int)j : w->va[i].next;
        }
    }
}

void guest_begin(struct duel *w)
{
    unsigned levels = w->config.levels, window = DUEL_TABLES - (levels - 1);
    w->tame = chance(w, 60);
    choose_frames(w);
    choose_addresses(w);
    for (unsigned i = 0; i < DUEL_TABLES; i++) {
        w->level[i] = i < DUEL_ROOTS ? levels
                      : i < window   ? 1 + (i - DUEL_ROOTS) % (levels - 1)
                                     : DUEL_TABLES - i;
        for (unsigned n = 0; n < 24 && i < window; n++) {
            native_put(w, w->table[i] + 8 * few(w), random_entry(w, w->level[i]));
        }
    }
    make_window(w);
    for (unsigned i = 0; i < DUEL_DATA; i++) {
        for (unsigned n = 0; n < 8; n++) {
            native_put(w, w->data[i] + 8 * few(w), prng_next(&w->rng));
        }
    }
    for (unsigned k = 0; k < w->config.cpus; k++) {
        w->vcpu[k].g.msw = MSW_PG | (chance(w, 70) ? MSW_WP : 0);
        w->vcpu[k].g.ptbr = w->table[below(w, DUEL_ROOTS)];
    }
}

// ---- what may be cached ---------------------------------------------------------------------------

static void note_way(struct duel *w, struct guest_ways *ways, unsigned k, unsigned i)
{
    uint64_t table = w->vcpu[k].g.ptbr & PTBR_FRAME;
    ways->count[k][i] = 0;
    ways->huge[k][i] = false;
    for (unsigned level = w->config.levels; level >= 1; level--) {
        uint64_t at = table + 8 * (w->va[i].va >> (PAGE_SHIFT + LEVEL_BITS * (level - 1)) & 511);
        if (!mem_has(&w->native->mem, at, 8)) {
            return;
        }
        uint64_t e = native_get(w, at);
        ways->entry[k][i][ways->count[k][i]++] = at;
        if (!(e & PTE_P) || (level == 2 && (e & PTE_PS))) {
            ways->huge[k][i] = e & PTE_P;
            return;
        }
        table = e & PTE_FRAME;
    }
}

void guest_note_ways(struct duel *w, struct guest_ways *ways)
{
    for (unsigned k = 0; k < w->config.cpus; k++) {
        for (unsigned i = 0; i < DUEL_VAS; i++) {
            note_way(w, ways, k, i);
        }
    }
    for (unsigned i = 0; i < DUEL_TABLES + DUEL_DATA; i++) {
        uint64_t gpa = i < DUEL_TABLES ? w->table[i] : w->data[i - DUEL_TABLES];
        memcpy(ways->before[i], w->native->mem.bytes + gpa, PAGE_SIZE);
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

static void mark(struct duel *w, const struct guest_ways *ways, uint64_t at)
{
    for (unsigned k = 0; k < w->config.cpus; k++) {
        for (unsigned i = 0; i < DUEL_VAS; i++) {
            for (unsigned n = 0; n < ways->count[k][i]; n++) {
                if (ways->entry[k][i][n] == at) {
                    w->huge[k][i] = ways->huge[k][i] && (w->huge[k][i] || !w->pending[k][i]);
                    w->pending[k][i] = true;
                }
            }
        }
    }
}

unsigned guest_find_changes(struct duel *w, const struct guest_ways *ways)
{
    unsigned changes = 0;
    for (unsigned i = 0; i < DUEL_TABLES + DUEL_DATA; i++) {
        uint64_t gpa = i < DUEL_TABLES ? w->table[i] : w->data[i - DUEL_TABLES];
        for (unsigned n = 0; n < PAGE_SIZE / 8; n++) {
            uint64_t old = ways->before[i][n], now = native_get(w, gpa + 8 * n);
            if (old == now) {
                continue;
            }
            changes += i < DUEL_TABLES && ((old ^ now) & ~(PTE_A | PTE_D));
            if (lost(old, now)) {
                mark(w, ways, gpa + 8 * n);
            }
        }
    }
    return changes;
}

static void flushed(struct duel *w, unsigned k, unsigned i)
{
    // One INVLPG drops all of a huge page.
    bool huge = w->pending[k][i] && w->huge[k][i];
    for (unsigned j = 0; j < DUEL_VAS; j++) {
        if (w->va[j].va == w->va[i].va ||
            (huge && w->huge[k][j] && (w->va[j].va ^ w->va[i].va) >> HUGE_PAGE_SHIFT == 0)) {
            w->pending[k][j] = w->huge[k][j] = false;
        }
    }
}

// ---- choices --------------------------------------------------------------------------------------

static int usable(struct duel *w, unsigned k)
{
    for (unsigned tries = 0; tries < 8; tries++) {
        unsigned i = (unsigned)below(w, chance(w, 80) ? WILD : DUEL_VAS);
        if (!w->pending[k][i]) {
            return (int)i;
        }
    }
    return -1;
}

static uint64_t random_address(struct duel *w, unsigned k)
{
    if (!(w->vcpu[k].g.msw & MSW_PG)) {
        uint64_t frame = chance(w, 10)   ? NOWHERE
                         : chance(w, 20) ? PAGE_SIZE * below(w, DUEL_RAM / PAGE_SIZE)
                         : chance(w, 50) ? w->table[below(w, DUEL_TABLES)]
                                         : w->data[below(w, DUEL_DATA)];
        return frame + 8 * few(w);
    }
    int i = usable(w, k);
    if (i < 0) {
        return UINT64_MAX;
    }
    int next = w->va[i].next;
    if (next >= 0 && !w->pending[k][next] && chance(w, 30)) {
        return w->va[i].va + PAGE_SIZE - 1 - below(w, 7); // across both
    }
    return w->va[i].va + (chance(w, 70) ? 8 * few(w) : below(w, PAGE_SIZE - 8));
}

bool guest_choose_access(struct duel *w, unsigned k, struct duel_access *a)
{
    static const uint8_t size[] = {1, 2, 4, 8, 8, 8};
    *a = (struct duel_access){.kind = (enum duel_kind)below(w, 4),
                              .va = random_address(w, k),
                              .n = size[below(w, sizeof size)],
                              .ring = (unsigned)below(w, 4)};
    if (chance(w, 40)) {
        a->ring = 3;
    }
    if (a->kind == DUEL_FETCH || a->kind == DUEL_CAS) {
        a->n = a->kind == DUEL_FETCH ? 4 : 8;
        a->va &= ~(uint64_t)(a->n - 1);
    }
    // What is stored may be meant as a table's entry.
    a->value = chance(w, 60) ? random_entry(w, 1 + (unsigned)below(w, w->config.levels))
                             : prng_next(&w->rng);
    return a->va < UINT64_MAX - PAGE_SIZE;
}

// A new value for the entry at gpa: another one, or one or two bits of it changed.
static uint64_t new_entry(struct duel *w, uint64_t gpa, unsigned level)
{
    static const uint64_t bits[] = {PTE_P, PTE_P,  PTE_W,  PTE_U,           PTE_A,
                                    PTE_D, PTE_PS, PTE_NX, UINT64_C(1) << 9};
    uint64_t e = native_get(w, gpa);
    if (chance(w, 35) || e == 0) {
        return random_entry(w, level);
    }
    if (chance(w, 5)) {
        return 0;
    }
    for (unsigned n = 1 + (unsigned)below(w, 2); n > 0; n--) {
        e ^= bits[below(w, sizeof bits / sizeof bits[0])];
    }
    return chance(w, 15) ? (e & ~PTE_FRAME) | frame_for(w, level) : e;
}

bool guest_choose_table_store(struct duel *w, unsigned k, struct duel_access *a)
{
    unsigned window = DUEL_TABLES - (w->config.levels - 1);
    unsigned t = (unsigned)below(w, chance(w, 97) ? window : DUEL_TABLES);
    for (unsigned n = 0; w->tame && w->level[t] > 1 && n < 4; n++) {
        t = (unsigned)below(w, window); // leaf tables change most
    }
    unsigned i = WILD + t;
    bool paged = w->vcpu[k].g.msw & MSW_PG;
    if (paged && w->pending[k][i]) {
        return false;
    }
    uint64_t at = 8 * few(w);
    *a = (struct duel_access){.kind = DUEL_STORE,
                              .va = (paged ? w->va[i].va : w->table[t]) + at,
                              .n = 8,
                              .value = new_entry(w, w->table[t] + at, w->level[t])};
    return true;
}

uint64_t guest_choose_flush(struct duel *w, unsigned k)
{
    unsigned i = (unsigned)below(w, DUEL_VAS);
    for (unsigned n = 0; n < DUEL_VAS && !w->pending[k][i]; n++) {
        i = (i + 1) % DUEL_VAS;
    }
    flushed(w, k, i);
    return w->va[i].va + below(w, PAGE_SIZE);
}

void guest_choose_base(struct duel *w, unsigned k)
{
    struct cpu_state *g = &w->vcpu[k].g;
    if (chance(w, 60)) {
        g->ptbr = w->table[below(w, DUEL_ROOTS)];
    } else if (chance(w, 5)) {
        g->ptbr = chance(w, 50) ? NOWHERE : w->table[below(w, DUEL_TABLES)];
    }
    if (chance(w, 30)) {
        g->msw ^= MSW_WP;
    }
    if (chance(w, g->msw & MSW_PG ? 8 : 60)) {
        g->msw ^= MSW_PG;
    }
    for (unsigned i = 0; i < DUEL_VAS; i++) {
        w->pending[k][i] = w->huge[k][i] = false;
    }
}

uint64_t guest_choose_dma(struct duel *w, uint8_t *bytes, unsigned *n)
{
    if (chance(w, 50)) {
        // The window, mended: what wild stores destroy would not come back otherwise.
        unsigned window = DUEL_TABLES - (w->config.levels - 1);
        uint64_t e = w->table[window] | PTE_P | PTE_W;
        memcpy(bytes, &e, sizeof e);
        *n = 8;
        return w->table[below(w, DUEL_ROOTS)] + 8 * TOP;
    }
    uint64_t frame = chance(w, 30) ? w->table[below(w, DUEL_TABLES)] : w->data[below(w, DUEL_DATA)];
    *n = 1 + (unsigned)below(w, 64);
    for (unsigned i = 0; i < *n; i++) {
        bytes[i] = (uint8_t)prng_next(&w->rng);
    }
    return frame + below(w, PAGE_SIZE - 64);
}
