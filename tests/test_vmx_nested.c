// Nested paging on the processor, and VPID.
#include "tests/test.h"
#include "tests/vmx_help.h"

#include "sim/acct.h"

#include <stdlib.h>
#include <string.h>

// ---- nested paging --------------------------------------------------------------------------------

enum { GUEST_BASE = 0x400000, GUEST_SIZE = 0x200000 };

// Guest-physical memory [0, GUEST_SIZE) lies at GUEST_BASE; the program has been loaded at its guest-physical address too, so move it there.
static uint64_t make_nested(struct tiny *t, unsigned levels)
{
    static uint8_t page[PAGE_SIZE];
    uint64_t ept = rig_table(t->r);
    for (uint64_t at = 0; at < GUEST_SIZE; at += PAGE_SIZE) {
        rig_map_nested(t->r, ept, levels, at, GUEST_BASE + at, EPT_R | EPT_W | EPT_X, false);
        CHECK(machine_read(t->r->m, at, page, sizeof page));
        CHECK(machine_write(t->r->m, GUEST_BASE + at, page, sizeof page));
    }
    t->v.control.ept = true;
    t->v.control.nested = (struct walk_dim){.format = WALK_EPT, .root = ept, .levels = levels};
    return ept;
}

static void map_what_is_missing(struct tiny *t, struct cpu *c, const struct vmexit *x)
{
    (void)c;
    if (x->reason == EXIT_EPT_VIOLATION) {
        rig_map_nested(t->r, t->v.control.nested.root, t->v.control.nested.levels,
                       x->addr & ~PAGE_MASK, GUEST_BASE + (x->addr & ~PAGE_MASK),
                       EPT_R | EPT_W | EPT_X, false);
    }
}

static void ept_violations_can_be_repaired(void)
{
    struct tiny *t = tiny_new();
    REQUIRE(t && tiny_load(t, "body:   li t0, 0x180010\n"
                              "        li t1, 0x1234\n"
                              "        std t1, [t0]\n"
                              "        ldd a0, [t0]\n"
                              "        jmp off\n"));
    rig_put(t->r, 0x180018, 0x77);
    uint64_t ept = make_nested(t, 4);
    rig_map_nested(t->r, ept, 4, 0x180000, 0, 0, false);
    t->handle = map_what_is_missing;
    tiny_enter(t);
    CHECK(tiny_run(t));
    CHECK_U64(exits(t, EXIT_EPT_VIOLATION), 1);
    CHECK_U64(t->seen[0].addr, 0x180010);
    CHECK_U64(t->seen[0].linear, 0x180010);
    CHECK_U64(t->seen[0].error, PF_WRITE | EPT_FAULT_FINAL);
    CHECK_U64(t->r->c->s.r[REG_A0], 0x1234);
    CHECK_U64(rig_word(t->r, GUEST_BASE + 0x180010), 0x1234);
    CHECK_U64(rig_word(t->r, 0x180010), 0); // the host's own memory there is untouched
    tiny_free(t);
}

static void misconfigurations_have_their_own_exit(void)
{
    struct tiny *t = tiny_new();
    REQUIRE(t && tiny_load(t, "body:   li t0, 0x180010\n"
                              "        ldd a0, [t0]\n"
                              "        jmp off\n"));
    uint64_t ept = make_nested(t, 4);
    rig_map_nested(t->r, ept, 4, 0x180000, 0, EPT_W, false);
    t->handle = map_what_is_missing; // does nothing about it
    tiny_enter(t);
    machine_run(t->r->m, 400, UINT64_MAX);
    CHECK_U64(t->seen[0].reason, EXIT_EPT_MISCONFIG);
    CHECK_U64(t->seen[0].addr, 0x180010);
    tiny_free(t);
}

// References counted by the processor for one data access that misses everything.
static void count_nested(unsigned n, unsigned m)
{
    static const char body[] = "body:   li t0, 0x100000\n"
                               "        lptbr t0\n"
                               "        li t0, 0x80000000\n"
                               "        lmsw t0\n"
                               "        li t0, 0x15000\n"
                               "warm:   ldd t1, [t0]\n"
                               "        cpuid\n"
                               "        li t0, 0x16000\n"
                               "probe:  ldd a0, [t0]\n"
                               "        jmp off\n";
    struct tiny *t = tiny_new();
    REQUIRE(t != NULL);
    t->r->config.levels = n;
    t->r->free_frame = 0x101000;
    REQUIRE(tiny_load(t, body));
    rig_map_all(t->r, 0x100000, n, 0x20000, PTE_P | PTE_W | PTE_U | PTE_A);
    rig_put(t->r, 0x16000, 0xfeed);
    t->r->free_frame = 0xa00000;
    make_nested(t, m);
    t->v.control.vpid = 1;
    tiny_enter(t);
    machine_run(t->r->m, UINT64_MAX, 14); // up to the probe
    while (t->r->c->s.pc != rig_symbol(t->r, "probe")) {
        REQUIRE(machine_step(t->r->m, 0) == STOP_NONE);
    }
    const struct cpu_counters before = *machine_counters(t->r->m, 0);
    machine_step(t->r->m, 0);
    const struct cpu_counters *after = machine_counters(t->r->m, 0);
    CHECK_U64(t->r->c->s.r[REG_A0], 0xfeed);
    CHECK_U64(after->walks_d - before.walks_d, 1);
    CHECK_U64(after->walk_refs_d - before.walk_refs_d, (n + 1) * (m + 1) - 1);
    CHECK(after->cycles[CYC_WALK_2D] - before.cycles[CYC_WALK_2D] >= (n + 1) * (m + 1) - 1);
    CHECK_U64(after->cycles[CYC_WALK], before.cycles[CYC_WALK]);
    tiny_free(t);
}

static void nested_references_on_the_processor(void)
{
    for (unsigned n = LEVELS_MIN; n <= LEVELS_MAX; n++) {
        for (unsigned m = LEVELS_MIN; m <= LEVELS_MAX; m++) {
            count_nested(n, m);
        }
    }
}

static uint64_t misses_with_vpid(unsigned vpid)
{
    static const char body[] = "body:   li t0, 0x100000\n"
                               "        lptbr t0\n"
                               "        li t0, 0x80000000\n"
                               "        lmsw t0\n"
                               "        movi a5, 50\n"
                               "        li t0, 0x15000\n"
                               "loop:   ldd t1, [t0]\n"
                               "        cpuid\n"
                               "        addi a5, a5, -1\n"
                               "        bnez a5, loop\n"
                               "        jmp off\n";
    struct tiny *t = tiny_new();
    uint64_t misses = 0;
    if (t) {
        t->r->free_frame = 0x101000;
        if (tiny_load(t, body)) {
            rig_map_all(t->r, 0x100000, 4, 0x20000, PTE_P | PTE_W | PTE_U);
            t->v.control.vpid = (uint16_t)vpid;
            tiny_enter(t);
            CHECK(tiny_run(t));
            CHECK_U64(exits(t, EXIT_CPUID), 50);
            misses = machine_counters(t->r->m, 0)->walks_d;
        }
    }
    tiny_free(t);
    return misses;
}

static void vpid_keeps_translations(void)
{
    CHECK_U64(misses_with_vpid(7), 1);
    CHECK_U64(misses_with_vpid(0), 50);
}

TEST_SUITE(vmx_nested,
           {"an EPT violation can be repaired and retried", ept_violations_can_be_repaired},
           {"EPT misconfigurations", misconfigurations_have_their_own_exit},
           {"(n+1)(m+1)-1 references on the processor", nested_references_on_the_processor},
           {"VPID keeps translations across exits", vpid_keeps_translations});
