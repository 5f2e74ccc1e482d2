// The short way through a TLB miss (sim/cpu_refill.c) against the plain path, where it matters that it does nothing by halves: few entries, pages of
// both sizes, accessed and dirty bits still to be set, and addresses that only look like others.
#include "tests/cpu_rig.h"
#include "tests/test.h"

#include <string.h>

// What all programs here begin with: paging, a walk-cached table of four levels at 2 MiB.
#define PAGING                    \
    "start:  li t0, 0x200000\n"   \
    "        lptbr t0\n"          \
    "        li t0, 0x80010000\n" \
    "        lmsw t0\n"

enum { SMALL_PAGES = 64, HUGE_PAGES = 4 };
#define SMALL_AT UINT64_C(0x40000000)
#define HUGE_AT  UINT64_C(0x60000000)

static struct rig *paged(const char *source, bool plain)
{
    struct rig *r = rig_new();
    if (!r) {
        return NULL;
    }
    r->config.reference = plain;
    r->model.tlb = (struct tlb_geometry){
        .l1i_4k = 4, .l1i_2m = 2, .l1d_4k = 4, .l1d_2m = 2, .l2_sets = 4, .l2_ways = 4, .pwc = 4};
    r->model.cost[COST_TLB_L2].value = 5;
    r->model.cost[COST_WALK_REF].value = 11;
    r->model.cost[COST_WALK_PWC].value = 3;
    if (!rig_start(r, source)) {
        rig_free(r);
        return NULL;
    }
    r->free_frame = 0x201000;
    rig_map_all(r, 0x200000, 4, 0x20000, PTE_P | PTE_W);
    for (uint64_t k = 0; k < SMALL_PAGES; k++) {
        // Twice, so far apart that the second level's hints take them for the same.
        for (uint64_t twin = 0; twin < 2; twin++) {
            rig_map(r, 0x200000, 4, SMALL_AT + ((k + twin * L2_HINTS) << PAGE_SHIFT),
                    0x400000 + ((k + twin * SMALL_PAGES) << PAGE_SHIFT), PTE_P | PTE_W, false);
        }
    }
    for (uint64_t k = 0; k < HUGE_PAGES; k++) {
        rig_map(r, 0x200000, 4, HUGE_AT + (k << HUGE_PAGE_SHIFT), 0x800000 + (k << HUGE_PAGE_SHIFT),
                PTE_P | PTE_W, true);
    }
    return r;
}

static void counts_like_the_plain_path(void)
{
    static const char source[] = PAGING "        li s0, 20000\n"
                                        "        li a1, 42\n"
                                        "        li a2, 6364136223846793005\n"
                                        "        li a3, 1442695040888963407\n"
                                        "        li s1, 0x60000000\n"
                                        "        li s2, 0x40000000\n"
                                        "        li a5, 0x7ffff8\n"
                                        "        li a4, 0x103fff8\n"
                                        "next:   mul a1, a1, a2\n"
                                        "        add a1, a1, a3\n"
                                        "        shri t0, a1, 60\n"
                                        "        shri t1, a1, 33\n"
                                        "        andi t2, t0, 1\n"
                                        "        beqz t2, small\n"
                                        "        and t1, t1, a5\n"
                                        "        add t1, t1, s1\n"
                                        "        jmp access\n"
                                        "small:  and t1, t1, a4\n"
                                        "        add t1, t1, s2\n"
                                        "access: andi t2, t0, 6\n"
                                        "        beqz t2, write\n"
                                        "        ldd t2, [t1]\n"
                                        "        add a0, a0, t2\n"
                                        "        jmp done\n"
                                        "write:  std a1, [t1]\n"
                                        "done:   addi s0, s0, -1\n"
                                        "        bnez s0, next\n"
                                        "        out zero, [zero+0xf4]\n";
    struct cpu_counters counters[2];
    uint64_t time[2] = {0, 0}, hash[2] = {0, 0};
    for (unsigned plain = 0; plain < 2; plain++) {
        char err[256] = "";
        struct rig *r = paged(source, plain);
        REQUIRE(r != NULL);
        CHECK_U64(machine_run(r->m, UINT64_MAX, 1000000), STOP_POWEROFF);
        CHECK(machine_accounting_ok(r->m, err, sizeof err));
        counters[plain] = *machine_counters(r->m, 0);
        time[plain] = machine_time(r->m);
        hash[plain] = mem_hash(&r->m->mem, r->c->s.r[REG_A0]);
        rig_free(r);
    }
    CHECK_U64(time[0], time[1]);
    CHECK_U64(hash[0], hash[1]);
    CHECK_U64(counters[0].l1d_miss, counters[1].l1d_miss);
    CHECK_U64(counters[0].l2d_hit, counters[1].l2d_hit);
    CHECK_U64(counters[0].walks_d, counters[1].walks_d);
    CHECK_U64(counters[0].walk_refs_d, counters[1].walk_refs_d);
    CHECK(memcmp(&counters[0], &counters[1], sizeof counters[0]) == 0);
    CHECK(counters[0].l2d_hit > 1000 && counters[0].walks_d > 1000);
}

// The tag of this address, were it one, is that of the 2 MiB page at HUGE_AT.
static void an_address_like_a_huge_page(void)
{
    static const char source[] = PAGING "        li s0, 0x60000000\n"
                                        "        ldd a0, [s0]\n"
                                        "        li s0, 0x4000000000300000\n"
                                        "bad:    ldd a0, [s0]\n"
                                        "        out zero, [zero+0xf4]\n";
    for (unsigned plain = 0; plain < 2; plain++) {
        struct rig *r = paged(source, plain);
        REQUIRE(r != NULL);
        CHECK_U64(tlb_tag(UINT64_C(0x4000000000300000), false, 1), tlb_tag(HUGE_AT, true, 1));
        CHECK_U64(machine_run(r->m, UINT64_MAX, 1000), STOP_TRIPLE_FAULT);
        CHECK_U64(machine_stop_info(r->m)->pc, rig_symbol(r, "bad"));
        rig_free(r);
    }
}

// The entry of the second level for va.
static uint64_t directory_entry(const struct rig *r, uint64_t va)
{
    uint64_t table = 0x200000;
    for (unsigned level = 4; level > 2; level--) {
        table = rig_word(r, table + 8 * (va >> (PAGE_SHIFT + LEVEL_BITS * (level - 1)) & 511)) &
                PTE_FRAME;
    }
    return table + 8 * (va >> HUGE_PAGE_SHIFT & 511);
}

// A page is in the second level as it was; then a 2 MiB page takes the place of its table, and the guest does not flush. What the first level has of
// the new comes before what the second has of the old.
static void a_huge_page_before_an_old_small_one(void)
{
    static const char source[] = PAGING
        "        li s0, 0x40000000\n"
        "        li s1, 0x40800000      ; for the same entries of first level and walk cache\n"
        "        la t0, entry\n"
        "        ldd t0, [t0]\n"
        "        li t1, 0x8000e3        ; a 2 MiB page at 8 MiB\n"
        "        ldd a0, [s0]\n"
        "        ldd a1, [s1]\n"
        "        std t1, [t0]\n"
        "        li t0, 0x1000\n"
        "        add t0, t0, s0\n"
        "        ldd a2, [t0]\n"
        "        ldd a3, [s0]\n"
        "        out zero, [zero+0xf4]\n"
        "        .align 8\n"
        "entry:  .quad 0\n";
    for (unsigned plain = 0; plain < 2; plain++) {
        struct rig *r = paged(source, plain);
        REQUIRE(r != NULL);
        rig_map(r, 0x200000, 4, 0x40800000, 0x480000, PTE_P | PTE_W, false);
        for (uint64_t at = 0x200000; at < 0x220000; at += PAGE_SIZE) {
            rig_map(r, 0x200000, 4, at, at, PTE_P | PTE_W, false);
        }
        rig_put(r, rig_symbol(r, "entry"), directory_entry(r, SMALL_AT));
        rig_put(r, 0x400000, 1);
        rig_put(r, 0x800000, 2);
        rig_put(r, 0x801000, 3);
        CHECK_U64(machine_run(r->m, UINT64_MAX, 1000), STOP_POWEROFF);
        CHECK_U64(r->c->s.r[REG_A0], 1);
        CHECK_U64(r->c->s.r[REG_A0 + 2], 3);
        CHECK_U64(r->c->s.r[REG_A0 + 3], 2);
        rig_free(r);
    }
}

TEST_SUITE(refill, {"a short miss counts like a plain one", counts_like_the_plain_path},
           {"a huge page comes before an old small one", a_huge_page_before_an_old_small_one},
           {"an address that looks like a huge page faults", an_address_like_a_huge_page});
