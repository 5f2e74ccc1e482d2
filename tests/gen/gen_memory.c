// Where a generated program's things are: frames, page tables, and the pages that it plays with.
#include "tests/gen/gen_impl.h"

#include <string.h>

#define P    UINT64_C(1)
#define W    UINT64_C(2)
#define U    UINT64_C(4)
#define A    UINT64_C(0x20)
#define D    UINT64_C(0x40)
#define PS   UINT64_C(0x80)
#define NX   (UINT64_C(1) << 63)
#define FREE UINT64_C(0x7ff0000000000e00) // bits 9-11 and 52-62: software's

// ---- frames --------------------------------------------------------------------------------------

// Only from the first 2 MiB: those the kernel sees as a whole, and what lies above is data and nothing else.
uint64_t gen_frames(struct gen *g, unsigned n)
{
    for (;;) {
        uint64_t first = 2 + gen_below(g, (HUGE_PAGE_SIZE >> PAGE_SHIFT) - 2 - n), i = 0;
        while (i < n && !g->taken[first + i]) {
            i++;
        }
        if (i == n) {
            memset(&g->taken[first], true, n);
            return first << PAGE_SHIFT;
        }
    }
}

uint64_t gen_frame(struct gen *g)
{
    return gen_frames(g, 1);
}

void gen_poke(struct gen *g, uint64_t pa, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++) {
        g->p->ram[pa + i] = (uint8_t)(value >> (8 * i));
        g->p->touched[(pa + i) >> PAGE_SHIFT] = true;
    }
}

uint64_t gen_peek(const struct gen *g, uint64_t pa)
{
    uint64_t value = 0;
    for (unsigned i = 8; i-- > 0;) {
        value = value << 8 | g->p->ram[pa + i];
    }
    return value;
}

// ---- tables --------------------------------------------------------------------------------------

uint64_t gen_canonical(const struct gen *g, uint64_t va)
{
    uint64_t top = UINT64_C(1) << (PAGE_SHIFT + LEVEL_BITS * g->p->config.levels - 1);
    va &= 2 * top - 1;
    return (va ^ top) - top;
}

void gen_map(struct gen *g, uint64_t root, uint64_t va, uint64_t leaf, bool huge, uint64_t bits,
             uint64_t *entry)
{
    uint64_t table = root;
    unsigned last = huge ? 2 : 1;
    for (unsigned level = g->p->config.levels;; level--) {
        uint64_t at = table + 8 * (va >> (PAGE_SHIFT + LEVEL_BITS * (level - 1)) & 511);
        if (entry) {
            entry[level] = at;
        }
        if (level == last) {
            gen_poke(g, at, leaf);
            return;
        }
        uint64_t upper = gen_peek(g, at);
        if (upper == 0) {
            upper = gen_frame(g) | ((P | W | U) ^ bits) | (gen_bits(g) & FREE) |
                    (gen_chance(g, 30) ? A : 0);
            gen_poke(g, at, upper);
        }
        table = upper & UINT64_C(0xfffffff000);
    }
}

// ---- the layout ----------------------------------------------------------------------------------

// Start of a 2 MiB region somewhere in the address space; the edges are as likely as all the rest.
static uint64_t region(struct gen *g)
{
    uint64_t half = UINT64_C(1) << (PAGE_SHIFT + LEVEL_BITS * g->p->config.levels - 1);
    switch (gen_below(g, 8)) {
    case 0: return half - HUGE_PAGE_SIZE;
    case 1: return 0 - half;
    case 2: return 0 - HUGE_PAGE_SIZE;
    case 3: return HUGE_PAGE_SIZE * (1 + gen_below(g, 4));
    default: return gen_canonical(g, gen_bits(g) & ~(HUGE_PAGE_SIZE - 1));
    }
}

static bool region_used(const struct gen *g, const uint64_t *used, unsigned n, uint64_t base)
{
    (void)g;
    for (unsigned i = 0; i < n; i++) {
        if (used[i] == base) {
            return true;
        }
    }
    return base == 0; // where the boot code is
}

static uint64_t new_region(struct gen *g, uint64_t *used, unsigned *n)
{
    uint64_t base = region(g);
    for (uint64_t i = 1; region_used(g, used, *n, base); i++) {
        base = gen_canonical(g, base + i * HUGE_PAGE_SIZE);
    }
    used[(*n)++] = base;
    return base;
}

// Some leaf for a data page: mostly good, else wrong in one of all the ways.
static uint64_t data_leaf(struct gen *g, struct gen_window *w)
{
    uint64_t leaf = P | W | U | gen_frame(g) | (gen_bits(g) & FREE) | (gen_chance(g, 50) ? A : 0) |
                    (gen_chance(g, 40) ? D : 0) | (gen_chance(g, 50) ? NX : 0);
    bool exotic = g->profile->traits & GEN_WILD;
    w->good = w->user = true;
    switch (gen_below(g, exotic ? 24 : 14)) {
    case 0:
    case 1: w->good = w->user = false; return leaf & ~W;
    case 2:
    case 3: w->user = false; return leaf & ~U;
    case 4: w->good = w->user = false; return leaf & ~P;
    case 5: return leaf | PS; // means nothing at level 1
    case 6: w->good = w->user = false; return leaf | UINT64_C(1) << (40 + gen_below(g, 12));
    case 14:
        w->good = false;
        return (leaf & ~UINT64_C(0xfffffff000)) | g->p->config.ram; // no RAM there
    case 15: w->good = false; return (leaf & ~UINT64_C(0xfffffff000)) | UINT64_C(0xfee00000);
    case 16: w->good = false; return (leaf & ~UINT64_C(0xfffffff000)) | g->root[0]; // its own table
    case 17:
        w->good = false;
        return (leaf & ~UINT64_C(0xfffffff000)) | g->body_frame[gen_below(g, 3)];
    case 18:
        w->good = false;
        return (leaf & ~UINT64_C(0xfffffff000)) | g->kernel_frame[gen_below(g, K_PAGES)];
    case 19: w->good = false; return (leaf & ~UINT64_C(0xfffffff000)) | UINT64_C(0xffffff) << 16;
    default: return leaf;
    }
}

static struct gen_window *new_window(struct gen *g, uint64_t va)
{
    struct gen_window *w = &g->window[g->windows++];
    *w = (struct gen_window){.va = va};
    return w;
}

static void map_window(struct gen *g, struct gen_window *w, uint64_t root, uint64_t bits)
{
    gen_map(g, root, w->va, w->leaf, w->huge, bits, w->entry);
}

// Rights that the upper entries of a region lack or add, now and then.
static uint64_t upper_bits(struct gen *g)
{
    switch (gen_below(g, 20)) {
    case 0: return NX;
    case 1: return W;
    case 2: return U;
    case 3:
        return gen_chance(g, 50) ? P
                                 : UINT64_C(1) << 45; // absent, reserved: the region is not there
    case 4: return g->profile->traits & GEN_WILD ? PS : 0; // reserved, or at level 2 a leaf
    default: return 0;
    }
}

static void huge_region(struct gen *g, uint64_t base)
{
    static const uint64_t frames[] = {0, HUGE_PAGE_SIZE, 2 * HUGE_PAGE_SIZE,
                                      UINT64_C(0xffffe00000)};
    bool exotic = g->profile->traits & GEN_WILD;
    struct gen_window *w = new_window(g, base);
    w->huge = true;
    w->leaf = P | PS | W | (gen_chance(g, 60) ? U : 0) | (gen_chance(g, 30) ? NX : 0) |
              (gen_chance(g, 30) ? D : 0);
    // The second 2 MiB are harmless; the first are everything that the program is made of.
    w->leaf |= exotic ? frames[gen_below(g, 4)] : HUGE_PAGE_SIZE;
    if (exotic && gen_chance(g, 15)) {
        w->leaf |= UINT64_C(1) << (12 + gen_below(g, 9)); // reserved
    }
    map_window(g, w, g->root[0], upper_bits(g));
}

static void small_region(struct gen *g, uint64_t base, uint64_t bits)
{
    static const unsigned places[] = {0, 1, 2, 3, 4, 510, 511};
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
        if (g->windows >= GEN_WINDOWS - 2 || gen_chance(g, 30)) {
            continue;
        }
        struct gen_window *w = new_window(g, base + places[i] * PAGE_SIZE);
        w->leaf = data_leaf(g, w);
        w->good = w->good && !bits;
        w->user = w->user && !bits;
        map_window(g, w, g->root[0], bits);
    }
}

// The first window is always a good one, so that there is something to work with.
static void good_region(struct gen *g, uint64_t base)
{
    struct gen_window *w = new_window(g, base);
    w->leaf = gen_frame(g) | P | W | U | NX;
    w->good = w->user = true;
    map_window(g, w, g->root[0], 0);
    for (unsigned i = 1; i < 3; i++) {
        w = new_window(g, base + i * PAGE_SIZE);
        w->leaf = data_leaf(g, w);
        map_window(g, w, g->root[0], 0);
    }
}

// In a second table: all as in the first, except that one region's pages are others.
static void second_table(struct gen *g)
{
    for (unsigned i = 0; i < 512; i++) {
        uint64_t entry = gen_peek(g, g->root[0] + 8 * i);
        if (entry) {
            gen_poke(g, g->root[1] + 8 * i, entry);
        }
    }
    struct gen_window *w = &g->window[gen_below(g, g->windows)];
    unsigned shift = PAGE_SHIFT + LEVEL_BITS * (g->p->config.levels - 1);
    uint64_t mine = w->va >> shift;
    if (mine == g->kernel >> shift || mine == g->body >> shift || mine == g->physical >> shift ||
        mine == 0 || mine == g->apic >> shift || mine == g->disk >> shift) {
        return;
    }
    gen_poke(g, g->root[1] + 8 * (mine & 511), 0);
    gen_map(g, g->root[1], w->va, gen_frame(g) | P | W | U, false, 0, NULL);
}

static void kernel_pages(struct gen *g)
{
    for (unsigned i = 0; i < K_PAGES; i++) {
        bool user = i == K_STACK3 || (i == K_TEXT && g->profile->traits & GEN_RINGS);
        gen_map(g, g->root[0], g->kernel + i * PAGE_SIZE,
                g->kernel_frame[i] | P | W | A | D | (user ? U : 0), false, 0, NULL);
    }
    for (unsigned i = 0; i < 3; i++) {
        struct gen_window *w = new_window(g, g->body + i * PAGE_SIZE);
        w->leaf = g->body_frame[i] | P | U | A | (gen_chance(g, 70) ? W | D : 0);
        map_window(g, w, g->root[0], 0);
    }
    for (unsigned i = 0; i < g->p->config.cpus; i++) {
        gen_map(g, g->root[0], g->boot[i], g->boot[i] | P | W, false, 0, NULL);
    }
    gen_map(g, g->root[0], g->apic, UINT64_C(0xfee00000) | P | W | NX | A | D, false, 0, NULL);
    if (g->profile->traits & GEN_DEVICE) {
        uint64_t user = gen_chance(g, 30) ? U : 0;
        gen_map(g, g->root[0], g->disk, UINT64_C(0xfeb00000) | P | W | NX | A | D | user, false, 0,
                NULL);
        gen_map(g, g->root[0], g->nic, UINT64_C(0xfeb10000) | P | W | NX | A | D | user, false, 0,
                NULL);
        gen_map(g, g->root[0], g->ioapic, UINT64_C(0xfec00000) | P | W | NX | A | D | user, false,
                0, NULL);
    }
    gen_map(g, g->root[0], g->physical, P | W | PS | A, true, 0, NULL);
}

static void place_fixed(struct gen *g, uint64_t *used, unsigned *n)
{
    bool identity = g->layout != GEN_LAYOUT_HIGH;
    uint64_t together = identity ? gen_frames(g, K_PAGES) : 0,
             body = identity ? gen_frames(g, 3) : 0;
    for (unsigned i = 0; i < K_PAGES; i++) {
        g->kernel_frame[i] = identity ? together + i * PAGE_SIZE : gen_frame(g);
    }
    for (unsigned i = 0; i < 3; i++) {
        g->body_frame[i] = identity ? body + i * PAGE_SIZE : gen_frame(g);
    }
    g->kernel = identity ? together : new_region(g, used, n) + 16 * PAGE_SIZE;
    g->body = identity ? body : new_region(g, used, n) + 32 * PAGE_SIZE;
    // The code lies across a page's end.
    g->body_entry = g->body + PAGE_SIZE - 4 * gen_below(g, 300);
    for (unsigned i = 0; i < g->p->config.cpus; i++) {
        do {
            g->boot[i] = gen_frame(g);
        } while (i > 0 && g->boot[i] >> PAGE_SHIFT > 255); // a start-up IPI names no more
    }
    g->physical = g->layout == GEN_LAYOUT_BARE ? 0 : new_region(g, used, n);
    g->apic = g->layout == GEN_LAYOUT_BARE ? UINT64_C(0xfee00000)
                                           : new_region(g, used, n) + 7 * PAGE_SIZE;
    if (g->layout == GEN_LAYOUT_BARE) {
        g->disk = UINT64_C(0xfeb00000);
        g->nic = UINT64_C(0xfeb10000);
        g->ioapic = UINT64_C(0xfec00000);
    } else if (g->profile->traits & GEN_DEVICE) {
        g->disk = new_region(g, used, n) + 3 * PAGE_SIZE;
        g->nic = g->disk + PAGE_SIZE;
        g->ioapic = g->nic + PAGE_SIZE;
    }
    g->idt = g->kernel + K_IDT * PAGE_SIZE + (gen_chance(g, 60) ? 0 : gen_below(g, 4096));
    if (!(g->profile->traits & GEN_WILD)) {
        g->idt = g->kernel + K_IDT * PAGE_SIZE;
    }
}

static void bare_windows(struct gen *g)
{
    for (unsigned i = 0; i < 8; i++) {
        struct gen_window *w = new_window(g, gen_frame(g));
        w->good = w->user = true;
    }
    static const uint64_t odd[] = {UINT64_C(1) << 40, UINT64_C(0) - 4096, UINT64_C(0xffffff0000),
                                   UINT64_C(0xfee00000)};
    for (unsigned i = 0; i < 4; i++) {
        new_window(g, odd[i]);
    }
    new_window(g, g->p->config.ram - PAGE_SIZE);
    new_window(g, g->p->config.ram);
    for (unsigned i = 0; i < 3; i++) {
        new_window(g, g->body + i * PAGE_SIZE);
    }
}

void gen_layout_make(struct gen *g)
{
    uint64_t used[16];
    unsigned n = 0;
    g->layout = g->profile->layout;
    if (g->layout == GEN_LAYOUT_ANY) {
        static const enum gen_layout layouts[] = {GEN_LAYOUT_HIGH, GEN_LAYOUT_HIGH, GEN_LAYOUT_HIGH,
                                                  GEN_LAYOUT_IDENTITY, GEN_LAYOUT_BARE};
        g->layout = layouts[gen_below(g, 5)];
    }
    g->root[0] = gen_frame(g);
    g->root[1] = gen_frame(g);
    place_fixed(g, used, &n);
    if (g->layout == GEN_LAYOUT_BARE) {
        bare_windows(g);
        return;
    }
    kernel_pages(g);
    good_region(g, new_region(g, used, &n));
    for (unsigned regions = 1 + (unsigned)gen_below(g, 3); regions > 0; regions--) {
        uint64_t base = new_region(g, used, &n);
        if (gen_chance(g, 30)) {
            huge_region(g, base);
        } else {
            small_region(g, base, upper_bits(g));
        }
    }
    second_table(g);
}
