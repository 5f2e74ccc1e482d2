// The TLB's storage against a naive one that really drops every entry: numbers of address spaces must never let a dead entry live.
#include "sim/prng.h"
#include "sim/tlb.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

enum { SETS = 8, WAYS = 4, VPIDS = 3, ASIDS = 40, PAGES = 64, OPERATIONS = 60000 };

struct naive_entry {
    bool valid, huge;
    unsigned vpid, asid;
    uint64_t page, data;
};
struct naive {
    struct naive_entry way[SETS][WAYS];
    unsigned next[SETS];
    unsigned vpid, asid;
};

static struct naive_entry *naive_find(struct naive *n, uint64_t page, bool huge)
{
    for (unsigned w = 0; w < WAYS; w++) {
        struct naive_entry *e = &n->way[page % SETS][w];
        if (e->valid && e->huge == huge && e->page == page && e->vpid == n->vpid &&
            e->asid == n->asid) {
            return e;
        }
    }
    return NULL;
}

static void naive_fill(struct naive *n, uint64_t page, bool huge, uint64_t data)
{
    unsigned set = page % SETS, w = 0;
    while (w < WAYS && n->way[set][w].valid) {
        w++;
    }
    if (w == WAYS) {
        w = n->next[set];
        n->next[set] = (w + 1) % WAYS;
    }
    n->way[set][w] = (struct naive_entry){true, huge, n->vpid, n->asid, page, data};
}

static void naive_drop(struct naive *n, unsigned vpid, bool every_asid, unsigned asid)
{
    for (unsigned s = 0; s < SETS; s++) {
        for (unsigned w = 0; w < WAYS; w++) {
            struct naive_entry *e = &n->way[s][w];
            if (e->vpid == vpid && (every_asid || e->asid == asid)) {
                e->valid = false;
            }
        }
    }
}

static bool one_operation(struct tlb *t, struct naive *n, struct prng *prng, unsigned *sweeps)
{
    unsigned vpid = (unsigned)prng_below(prng, VPIDS), asid = (unsigned)prng_below(prng, ASIDS);
    bool huge = prng_below(prng, 4) == 0;
    uint64_t page = prng_below(prng, PAGES), va = page << (huge ? HUGE_PAGE_SHIFT : PAGE_SHIFT);
    switch (prng_below(prng, 16)) {
    case 0:
        *sweeps += tlb_drop_space(t, vpid, asid);
        naive_drop(n, vpid, false, asid);
        return true;
    case 1:
        *sweeps += tlb_drop_vpid(t, vpid);
        naive_drop(n, vpid, true, 0);
        return true;
    case 2:
    case 3:
    case 4:
        *sweeps += tlb_enter(t, vpid, asid);
        n->vpid = vpid;
        n->asid = asid;
        return true;
    default: break;
    }
    uint64_t tag = tlb_tag(va, huge, tlb_current(t));
    int64_t at = tlb_l2_find(t, tag);
    const struct naive_entry *e = naive_find(n, page, huge);
    if ((at >= 0) != (e != NULL) || (e && t->l2_data[at] != e->data)) {
        return FAIL("page %u: %s", (unsigned)page, e ? "an entry is lost" : "a dead entry lives");
    }
    if (!e) {
        uint64_t data = prng_next(prng) & PTE_FRAME;
        tlb_l2_fill(t, tag, data);
        naive_fill(n, page, huge, data);
    }
    return true;
}

static void same_as_naive(void)
{
    struct tlb t;
    static struct naive n;
    struct prng prng;
    char err[128];
    unsigned sweeps = 0;
    memset(&n, 0, sizeof n);
    prng_seed(&prng, 3);
    const struct tlb_geometry g = {
        .l1i_4k = 1, .l1d_4k = 1, .l2_sets = SETS, .l2_ways = WAYS, .pwc = 4};
    REQUIRE(tlb_init(&t, &g, err, sizeof err));
    for (unsigned k = 0; k < OPERATIONS && one_operation(&t, &n, &prng, &sweeps); k++) {
    }
    CHECK(sweeps > 3); // the numbers did run out
    tlb_free(&t);
}

// As many spaces as there can be entries: sweeping must still find free numbers.
static void many_spaces(void)
{
    struct tlb t;
    char err[128];
    const struct tlb_geometry g = {
        .l1i_4k = 256, .l1d_4k = 256, .l2_sets = 512, .l2_ways = 4, .pwc = 128};
    REQUIRE(tlb_init(&t, &g, err, sizeof err));
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned asid = 0; asid < 4096; asid++) {
            tlb_enter(&t, round % 2, asid);
            tlb_l2_fill(&t, tlb_tag((uint64_t)asid << PAGE_SHIFT, false, tlb_current(&t)), asid);
            t.pwc[2][asid % 128] =
                (struct pwc_entry){.key = asid + 1, .space = (uint16_t)tlb_current(&t)};
        }
    }
    // The last 2048 pages are in the 2048 slots, each in its own space.
    unsigned found = 0;
    for (unsigned asid = 2048; asid < 4096; asid++) {
        tlb_enter(&t, 1, asid);
        uint64_t tag = tlb_tag((uint64_t)asid << PAGE_SHIFT, false, tlb_current(&t));
        int64_t at = tlb_l2_find(&t, tag);
        found += at >= 0 && t.l2_data[at] == asid;
    }
    CHECK_U64(found, 2048);
    tlb_free(&t);
}

static void bad_geometry(void)
{
    static const struct tlb_geometry wrong[] = {
        {.l1i_4k = 0, .l1d_4k = 8},
        {.l1i_4k = 8, .l1d_4k = 12},
        {.l1i_4k = 512, .l1d_4k = 8},
        {.l1i_4k = 8, .l1d_4k = 8, .l2_sets = 1024, .l2_ways = 4},
        {.l1i_4k = 8, .l1d_4k = 8, .l2_sets = 1, .l2_ways = 128},
    };
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        struct tlb t;
        char err[128] = "";
        CHECK(!tlb_init(&t, &wrong[k], err, sizeof err));
        CHECK(err[0] != 0);
    }
}

TEST_SUITE(tlb, {"it keeps and drops what a naive TLB keeps and drops", same_as_naive},
           {"every entry may belong to another address space", many_spaces},
           {"impossible geometries are refused with a reason", bad_geometry});
