// The walker: how many references a walk makes, natively, nested and nested twice; what it says of faults; which bits it sets.
#include "tests/cpu_rig.h"
#include "tests/test.h"

#include "sim/prng.h"

#include <stdlib.h>
#include <string.h>

enum { RWX = (int)(EPT_R | EPT_W | EPT_X), RW_USER = (int)(PTE_P | PTE_W | PTE_U) };

static const struct walk_access read_access = {0};
static const struct walk_access write_access = {.write = true};

// An address that needs every level and whose indices all differ.
static uint64_t address_for(unsigned levels)
{
    uint64_t va = 0x123;
    for (unsigned level = 1; level <= levels; level++) {
        va |= (uint64_t)(17 * level) << (PAGE_SHIFT + LEVEL_BITS * (level - 1));
    }
    return va;
}

// Every step of the log must be a real entry: at its place in its table, with the value that RAM holds (A and D apart, which it may set).
static bool log_is_true(const struct rig *r, const struct walk_log *log)
{
    for (unsigned k = 0; k < log->count; k++) {
        const struct walk_step *s = &log->step[k];
        uint64_t ad = s->dim == 0 ? PTE_A | PTE_D : EPT_A | EPT_D;
        uint64_t index = s->input >> (PAGE_SHIFT + LEVEL_BITS * (s->level - 1)) & 511;
        if (((rig_word(r, s->entry_addr) ^ s->value) & ~ad) || s->index != index) {
            return FAIL("step %u does not show an entry of its table", k);
        }
    }
    return true;
}

static void native_references(void)
{
    for (unsigned n = LEVELS_MIN; n <= LEVELS_MAX; n++) {
        struct rig *r = rig_new();
        struct walk_log log;
        REQUIRE(r && rig_start(r, NULL));
        uint64_t root = rig_table(r), va = address_for(n);
        rig_map(r, root, n, va & ~PAGE_MASK, 0x5000, RW_USER, false);
        struct walk_dim guest = {.format = WALK_GUEST, .root = root, .levels = n};
        struct walk_result w = walk(&r->m->mem, &guest, 1, va, read_access, true, &r->model, &log);
        CHECK_U64(w.status, WALK_OK);
        CHECK_U64(w.refs, n);
        CHECK_U64(log.count, n);
        CHECK_U64(w.address, 0x5123);
        CHECK_U64(w.ad_sets, n);
        CHECK_U64(w.cost, n + n); // every cost of the rig is 1: references, and accessed bits set
        CHECK(log_is_true(r, &log));
        w = walk(&r->m->mem, &guest, 1, va, read_access, true, &r->model, NULL);
        CHECK_U64(w.cost, n); // they are set now
        rig_free(r);
    }
}

// A guest's physical memory, scattered over the host's: guest frame f is host frame scatter(f).
enum { GUEST_FRAMES = 512, HOST_BASE = 8 << 20 };

static uint64_t scatter(uint64_t frame)
{
    return HOST_BASE + ((frame * 37 + 11) % GUEST_FRAMES << PAGE_SHIFT);
}

struct nested_guest {
    struct rig *r;
    uint64_t free_gpa; // next guest frame for tables
    uint64_t root;     // guest-physical
    struct walk_dim chain[2];
};

static uint64_t gpa_to_host(uint64_t gpa)
{
    return scatter(gpa >> PAGE_SHIFT) | (gpa & PAGE_MASK);
}

// Maps in the guest's own table, which lies in guest-physical memory.
static void guest_map(struct nested_guest *g, unsigned levels, uint64_t va, uint64_t leaf)
{
    uint64_t table = g->root;
    for (unsigned level = levels; level > 1; level--) {
        uint64_t entry = table + 8 * (va >> (PAGE_SHIFT + LEVEL_BITS * (level - 1)) & 511);
        uint64_t v = rig_word(g->r, gpa_to_host(entry));
        if (!v) {
            v = g->free_gpa | PTE_P | PTE_W | PTE_U;
            g->free_gpa += PAGE_SIZE;
            rig_put(g->r, gpa_to_host(entry), v);
        }
        table = v & PTE_FRAME;
    }
    rig_put(g->r, gpa_to_host(table + 8 * (va >> PAGE_SHIFT & 511)), leaf);
}

static bool nested_guest_make(struct nested_guest *g, unsigned n, unsigned m)
{
    *g = (struct nested_guest){.r = rig_new(), .free_gpa = 0x2000, .root = 0x1000};
    if (!g->r || !rig_start(g->r, NULL)) {
        return false;
    }
    uint64_t ept = rig_table(g->r);
    for (uint64_t f = 0; f < GUEST_FRAMES; f++) {
        rig_map_nested(g->r, ept, m, f << PAGE_SHIFT, scatter(f), RWX, false);
    }
    g->chain[0] = (struct walk_dim){.format = WALK_GUEST, .root = g->root, .levels = n};
    g->chain[1] = (struct walk_dim){.format = WALK_EPT, .root = ept, .levels = m};
    return true;
}

static void nested_references(void)
{
    for (unsigned n = LEVELS_MIN; n <= LEVELS_MAX; n++) {
        for (unsigned m = LEVELS_MIN; m <= LEVELS_MAX; m++) {
            struct nested_guest g;
            struct walk_log log;
            REQUIRE(nested_guest_make(&g, n, m));
            uint64_t va = address_for(n);
            guest_map(&g, n, va, 0x77000 | RW_USER);
            struct walk_result w =
                walk(&g.r->m->mem, g.chain, 2, va, read_access, true, &g.r->model, &log);
            CHECK_U64(w.status, WALK_OK);
            CHECK_U64(w.refs, (n + 1) * (m + 1) - 1);
            CHECK_U64(log.count, w.refs);
            CHECK_U64(w.address, gpa_to_host(0x77123));
            CHECK(log_is_true(g.r, &log));
            unsigned own = 0, for_tables = 0, for_page = 0;
            for (unsigned k = 0; k < log.count; k++) {
                const struct walk_step *s = &log.step[k];
                own += s->dim == 0;
                for_tables += s->dim == 1 && s->for_level > 0;
                for_page += s->dim == 1 && s->for_level == 0;
            }
            CHECK_U64(own, n);
            CHECK_U64(for_tables, n * m);
            CHECK_U64(for_page, m);
            rig_free(g.r);
        }
    }
}

// A hypervisor in a hypervisor: 124 for three tables of four levels.
static void nested_twice(void)
{
    struct nested_guest g;
    REQUIRE(nested_guest_make(&g, 4, 4));
    uint64_t va = address_for(4), outer = rig_table(g.r);
    guest_map(&g, 4, va, 0x77000 | RW_USER);
    for (uint64_t at = 0; at < g.r->config.ram; at += PAGE_SIZE) {
        rig_map_nested(g.r, outer, 4, at, at, RWX, false);
    }
    struct walk_dim chain[3] = {
        g.chain[0], g.chain[1], {.format = WALK_EPT, .root = outer, .levels = 4}};
    struct walk_result w = walk(&g.r->m->mem, chain, 3, va, read_access, true, &g.r->model, NULL);
    CHECK_U64(w.status, WALK_OK);
    CHECK_U64(w.refs, 124);
    CHECK_U64(w.address, gpa_to_host(0x77123));
    rig_free(g.r);
}

// A nested walk is the composition of the two translations, for random mappings and addresses.
static void nested_composes(void)
{
    struct nested_guest g;
    struct prng prng;
    uint64_t va[64], frame[64];
    prng_seed(&prng, 7);
    REQUIRE(nested_guest_make(&g, 4, 3));
    for (unsigned k = 0; k < 64; k++) {
        va[k] = (uint64_t)((int64_t)(prng_next(&prng) << 16) >> 16) & ~PAGE_MASK; // 48 bits
        frame[k] = prng_below(&prng, GUEST_FRAMES) << PAGE_SHIFT;
        guest_map(&g, 4, va[k], frame[k] | RW_USER);
    }
    REQUIRE(g.free_gpa < GUEST_FRAMES * PAGE_SIZE);
    for (unsigned k = 0; k < 64; k++) {
        uint64_t offset = prng_below(&prng, PAGE_SIZE);
        struct walk_result w =
            walk(&g.r->m->mem, g.chain, 2, va[k] | offset, write_access, false, NULL, NULL);
        CHECK_U64(w.status, WALK_OK);
        CHECK_U64(w.address, gpa_to_host(frame[k] | offset));
    }
    rig_free(g.r);
}

static void huge_leaves_shorten(void)
{
    struct rig *r = rig_new();
    REQUIRE(r && rig_start(r, NULL));
    uint64_t root = rig_table(r), ept = rig_table(r);
    rig_map(r, root, 4, HUGE_PAGE_SIZE, HUGE_PAGE_SIZE, RW_USER, true);
    for (uint64_t at = 0; at < r->config.ram; at += HUGE_PAGE_SIZE) {
        rig_map_nested(r, ept, 4, at, at, RWX, true);
    }
    struct walk_dim chain[2] = {{.format = WALK_GUEST, .root = root, .levels = 4},
                                {.format = WALK_EPT, .root = ept, .levels = 4}};
    struct walk_result w =
        walk(&r->m->mem, chain, 1, HUGE_PAGE_SIZE + 0x12345, read_access, true, NULL, NULL);
    CHECK_U64(w.refs, 3);
    CHECK_U64(w.page_shift, HUGE_PAGE_SHIFT);
    CHECK_U64(w.address, HUGE_PAGE_SIZE + 0x12345);
    w = walk(&r->m->mem, chain, 2, HUGE_PAGE_SIZE + 0x12345, read_access, true, NULL, NULL);
    CHECK_U64(w.refs, 4 * 4 - 1); // three levels in both
    CHECK_U64(w.page_shift, HUGE_PAGE_SHIFT);
    rig_free(r);
}

static void faults_name_their_dimension(void)
{
    struct nested_guest g;
    REQUIRE(nested_guest_make(&g, 4, 4));
    struct mem *mem = &g.r->m->mem;
    uint64_t va = address_for(4);
    struct walk_result w = walk(mem, g.chain, 2, va, write_access, true, NULL, NULL);
    CHECK_U64(w.status, WALK_FAULT);
    CHECK_U64(w.fault_dim, 0);
    CHECK_U64(w.fault_addr, va);
    CHECK_U64(w.error, PF_WRITE);
    guest_map(&g, 4, va, 0x77000 | PTE_P | PTE_U); // read-only
    w = walk(mem, g.chain, 2, va, (struct walk_access){.write = true, .user = true}, true, NULL,
             NULL);
    CHECK_U64(w.error, PF_PRESENT | PF_WRITE | PF_USER);
    CHECK_U64(w.ad_sets, 0);
    guest_map(&g, 4, va, (UINT64_C(0x300) << PAGE_SHIFT) | RW_USER); // not in the nested table
    w = walk(mem, g.chain, 2, va, read_access, true, NULL, NULL);
    CHECK_U64(w.status, WALK_FAULT);
    CHECK_U64(w.fault_dim, 1);
    CHECK(w.fault_final);
    CHECK_U64(w.fault_addr, 0x300123);
    CHECK_U64(w.ad_sets, 0);
    // A table of the guest that the nested table does not map.
    rig_map_nested(g.r, g.chain[1].root, 4, g.root, scatter(1), 0, false);
    w = walk(mem, g.chain, 2, va, read_access, true, NULL, NULL);
    CHECK_U64(w.fault_dim, 1);
    CHECK(!w.fault_final);
    CHECK_U64(w.fault_addr & ~PAGE_MASK, g.root);
    // Write without read is a misconfiguration.
    rig_map_nested(g.r, g.chain[1].root, 4, g.root, scatter(1), EPT_W, false);
    w = walk(mem, g.chain, 2, va, read_access, true, NULL, NULL);
    CHECK_U64(w.status, WALK_MISCONFIG);
    rig_free(g.r);
}

// Setting A in a guest's table needs the right to write there, in the nested table's eyes.
static void accessed_bits_need_the_nested_right(void)
{
    struct nested_guest g;
    REQUIRE(nested_guest_make(&g, 4, 4));
    uint64_t va = address_for(4);
    guest_map(&g, 4, va, 0x77000 | RW_USER);
    rig_map_nested(g.r, g.chain[1].root, 4, g.root, scatter(1), EPT_R, false);
    struct walk_result w = walk(&g.r->m->mem, g.chain, 2, va, read_access, true, NULL, NULL);
    CHECK_U64(w.status, WALK_FAULT);
    CHECK_U64(w.fault_dim, 1);
    CHECK_U64(w.error, PF_PRESENT | PF_WRITE);
    CHECK_U64(w.ad_sets, 0);
    rig_map_nested(g.r, g.chain[1].root, 4, g.root, scatter(1), RWX, false);
    w = walk(&g.r->m->mem, g.chain, 2, va, read_access, true, NULL, NULL);
    CHECK_U64(w.status, WALK_OK);
    CHECK_U64(w.ad_sets, 4);
    // Once set they need no right any more.
    rig_map_nested(g.r, g.chain[1].root, 4, g.root, scatter(1), EPT_R, false);
    w = walk(&g.r->m->mem, g.chain, 2, va, read_access, true, NULL, NULL);
    CHECK_U64(w.status, WALK_OK);
    rig_free(g.r);
}

// With EPT accessed and dirty bits, references to guest tables count as writes, and the page is dirty only if it was written.
static void nested_dirty_bits(void)
{
    struct nested_guest g;
    REQUIRE(nested_guest_make(&g, 2, 2));
    uint64_t va = address_for(2);
    guest_map(&g, 2, va, 0x77000 | RW_USER);
    g.chain[1].set_ad = true;
    struct walk_log log;
    struct walk_result w = walk(&g.r->m->mem, g.chain, 2, va, read_access, true, NULL, &log);
    CHECK_U64(w.status, WALK_OK);
    CHECK(!w.d);
    for (unsigned k = 0; k < log.count; k++) {
        const struct walk_step *s = &log.step[k];
        if (s->dim == 1) {
            uint64_t v = rig_word(g.r, s->entry_addr);
            CHECK(v & EPT_A);
            CHECK_U64((v & EPT_D) != 0, s->leaf && s->for_level > 0);
        }
    }
    w = walk(&g.r->m->mem, g.chain, 2, va, write_access, true, NULL, NULL);
    CHECK(w.d);
    rig_free(g.r);
}

static void canonical_addresses(void)
{
    for (unsigned levels = LEVELS_MIN; levels <= LEVELS_MAX; levels++) {
        unsigned bits = PAGE_SHIFT + LEVEL_BITS * levels;
        uint64_t top = UINT64_C(1) << (bits - 1);
        CHECK(walk_canonical(0, levels));
        CHECK(walk_canonical(top - 1, levels));
        CHECK(!walk_canonical(top, levels));
        CHECK(!walk_canonical(~top, levels));
        CHECK(walk_canonical(-top, levels));
        CHECK(walk_canonical(UINT64_MAX, levels));
    }
}

TEST_SUITE(walk, {"a native walk of n levels makes n references", native_references},
           {"a nested walk makes (n+1)(m+1)-1, whatever n and m", nested_references},
           {"three tables of four levels take 124", nested_twice},
           {"a nested walk composes both translations", nested_composes},
           {"a huge leaf saves a level in its dimension", huge_leaves_shorten},
           {"a fault names its dimension, and sets no bit", faults_name_their_dimension},
           {"setting A needs the nested right to write", accessed_bits_need_the_nested_right},
           {"EPT accessed and dirty bits", nested_dirty_bits},
           {"canonical addresses, by number of levels", canonical_addresses});
