// What each mechanism of shadow paging is for, counted: faults that it spares, and what it costs.
#include "cli/model.h"
#include "models/shadow.h"
#include "sim/acct.h"
#include "tests/shadow_side.h"
#include "tests/test.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAGES = 32,
    LEAF =
        0x300000, // guest-physical: leaf table of the first process; the next one's 0x10000 above
    SPACE = 0x10000, // distance between processes' tables
    DATA = 0x500000, // PAGES frames
    WINDOW =
        0x600000, // a guest-virtual 2 MiB page on the region of the tables, identical: LEAF is mapped at WINDOW + LEAF % 2 MiB
};
#define KERNEL (PTE_P | PTE_W)

// A machine with one guest, and `processes` address spaces of 4 levels: PAGES small pages at 0, and the window.
struct bench {
    struct duel duel;
    struct cpu_model model;
    struct vcpu *v;
};

static void poke(struct bench *b, uint64_t gpa, uint64_t value)
{
    mem_put(&b->duel.vm.memory, gpa, 8, value);
}

// The tables of process i, from the root down: each a page further.
static uint64_t table(unsigned process, unsigned level)
{
    return LEAF + (uint64_t)process * SPACE + (level - 1) * PAGE_SIZE;
}

static void make_process(struct bench *b, unsigned i)
{
    for (unsigned level = 4; level > 1; level--) {
        poke(b, table(i, level), table(i, level - 1) | KERNEL | PTE_U);
    }
    poke(b, table(i, 2) + 8 * (WINDOW >> HUGE_PAGE_SHIFT),
         (LEAF & ~(HUGE_PAGE_SIZE - 1)) | KERNEL | PTE_PS);
    for (unsigned n = 0; n < PAGES; n++) {
        poke(b, table(i, 1) + 8 * n, (DATA + n * PAGE_SIZE) | KERNEL | PTE_U);
    }
}

static struct bench *bench_new(unsigned processes, enum arch_option option, uint64_t value)
{
    struct bench *b = calloc(1, sizeof *b);
    if (!b || model_load("xeon", &b->model) != 0) {
        FAIL("no bench");
        free(b);
        return NULL;
    }
    struct duel_config config = {.levels = 4,
                                 .cpus = 1,
                                 .pool = 1000 * PAGE_SIZE,
                                 .frames = 1000,
                                 .model = &b->model,
                                 .side = &shadow_side,
                                 .paging = &shadow_paging};
    config.arch.option[OPTION_SHADOW_ROOTS] = 16;
    config.arch.option[OPTION_SHADOW_HUGE] = 1;
    config.arch.option[OPTION_UNSYNC] = 1;
    config.arch.option[option] = value;
    if (!duel_create(&b->duel, &config)) {
        free(b);
        return NULL;
    }
    b->v = b->duel.vcpu;
    for (unsigned i = 0; i < processes; i++) {
        make_process(b, i);
    }
    return b;
}

static void bench_free(struct bench *b)
{
    duel_destroy(&b->duel);
    cpu_model_free(&b->model);
    free(b);
}

static void enter(struct bench *b, unsigned process)
{
    b->v->g.msw = MSW_PG | MSW_WP;
    b->v->g.ptbr = table(process, 4);
    shadow_side.load(&b->duel, b->v);
}

static void touch(struct bench *b, enum duel_kind kind, uint64_t va, uint64_t value)
{
    struct duel_access a = {.kind = kind, .va = va, .n = 8, .ring = 0, .value = value};
    CHECK(shadow_side.access(&b->duel, b->v, &a).ok);
}

static void touch_all(struct bench *b)
{
    for (unsigned n = 0; n < PAGES; n++) {
        touch(b, DUEL_LOAD, n * PAGE_SIZE, 0);
    }
}

// Where the guest's kernel writes to a table.
static uint64_t window(uint64_t gpa)
{
    return WINDOW + gpa % HUGE_PAGE_SIZE;
}

static const struct vm_stats *stats(const struct bench *b)
{
    return &b->duel.vm.stats;
}

// ---- hits -----------------------------------------------------------------------------------------

static void warm_tables_fault_no_more(void)
{
    struct bench *b = bench_new(1, OPTION_UNSYNC, 1);
    REQUIRE(b);
    const struct cpu_counters *count = &b->v->cpu->counters;
    enter(b, 0);
    touch_all(b);
    CHECK_U64(stats(b)->shadow_hidden_faults, PAGES);
    CHECK_U64(stats(b)->shadow_pages, 4);
    uint64_t refs = count->walk_refs_d, walks = count->walks_d, cycles = count->cycles[CYC_SHADOW];
    for (unsigned n = 0; n < PAGES; n++) {
        cpu_drop_vpid(b->v->cpu);
        touch(b, DUEL_LOAD, n * PAGE_SIZE, 0);
    }
    // A miss in the TLB is a walk of one dimension, and none of the hypervisor's business.
    CHECK_U64(stats(b)->shadow_hidden_faults, PAGES);
    CHECK_U64(count->walks_d - walks, PAGES);
    CHECK_U64(count->walk_refs_d - refs, 4 * PAGES);
    CHECK_U64(count->cycles[CYC_SHADOW], cycles);
    bench_free(b);
}

// ---- stores to tables -----------------------------------------------------------------------------

// The kernel maps frame after frame at one address, flushes, and looks.
static void remap(struct bench *b, unsigned times)
{
    for (unsigned n = 0; n < times; n++) {
        touch(b, DUEL_STORE, window(table(0, 1)), (DATA + n % PAGES * PAGE_SIZE) | KERNEL | PTE_U);
        shadow_side.invlpg(&b->duel, b->v, 0);
        touch(b, DUEL_LOAD, 0, 0);
    }
}

static void leaf_tables_go_out_of_sync(void)
{
    uint64_t write_faults[2], hidden[2], cycles[2];
    for (unsigned unsync = 0; unsync < 2; unsync++) {
        struct bench *b = bench_new(1, OPTION_UNSYNC, unsync);
        REQUIRE(b);
        enter(b, 0);
        touch_all(b);
        remap(b, 100);
        write_faults[unsync] = stats(b)->shadow_write_faults;
        hidden[unsync] = stats(b)->shadow_hidden_faults;
        cycles[unsync] = b->v->cpu->counters.cycles[CYC_SHADOW];
        CHECK_U64(stats(b)->shadow_unsyncs, unsync);
        CHECK_U64(stats(b)->shadow_zaps, 100);
        bench_free(b);
    }
    CHECK_U64(write_faults[0], 100); // each store is followed
    CHECK_U64(write_faults[1], 0);   // none is
    CHECK_U64(hidden[1], PAGES + 1 + 100);
    CHECK(cycles[1] < cycles[0]);
}

static void upper_tables_stay_in_sync(void)
{
    struct bench *b = bench_new(1, OPTION_UNSYNC, 1);
    REQUIRE(b);
    enter(b, 0);
    for (unsigned n = 0; n < 10; n++) {
        touch(b, DUEL_LOAD, 0, 0);
        touch(b, DUEL_STORE, window(table(0, 2)), table(0, 1) | KERNEL | PTE_U);
    }
    CHECK_U64(stats(b)->shadow_write_faults, 10);
    CHECK_U64(stats(b)->shadow_unsyncs, 0);
    bench_free(b);
}

static void freed_tables_are_let_go(void)
{
    struct bench *b = bench_new(1, OPTION_UNSYNC, 0);
    REQUIRE(b);
    enter(b, 0);
    touch_all(b);
    // The guest takes the leaf table out and uses its frame for data.
    touch(b, DUEL_STORE, window(table(0, 2)), 0);
    uint64_t before = stats(b)->shadow_write_faults;
    for (unsigned n = 0; n < 512; n++) {
        touch(b, DUEL_STORE, window(table(0, 1)) + 8 * n, n);
    }
    CHECK_U64(stats(b)->shadow_write_faults, before);
    // It never says so, but stores and stores.
    make_process(b, 0);
    shadow_paging.wrote(&b->duel.vm, table(0, 1), 4 * PAGE_SIZE);
    enter(b, 0);
    touch_all(b);
    before = stats(b)->shadow_write_faults;
    for (unsigned n = PAGES; n < 512; n++) {
        touch(b, DUEL_STORE, window(table(0, 1)) + 8 * n, n << PAGE_SHIFT);
    }
    CHECK_U64(stats(b)->shadow_write_faults - before, 3);
    // And its pages are still found.
    touch_all(b);
    bench_free(b);
}

static void unprotect_lets_a_store_through(void)
{
    struct bench *b = bench_new(1, OPTION_UNSYNC, 0);
    REQUIRE(b);
    enter(b, 0);
    touch_all(b);
    CHECK(shadow_unprotect(b->v, table(0, 2)));
    CHECK(!shadow_unprotect(b->v, table(0, 4))); // the root is in use
    touch(b, DUEL_STORE, window(table(0, 1)), 0);
    CHECK_U64(stats(b)->shadow_write_faults, 1); // the leaf table is still one
    CHECK(shadow_unprotect(b->v, table(0, 1)));
    touch(b, DUEL_STORE, window(table(0, 1)), 0);
    CHECK_U64(stats(b)->shadow_write_faults, 1);
    bench_free(b);
}

// ---- roots ----------------------------------------------------------------------------------------

static void kept_roots_make_switches_cheap(void)
{
    enum { PROCESSES = 4, ROUNDS = 5 };
    static const unsigned kept[] = {1, PROCESSES - 1, PROCESSES, 64};
    for (unsigned k = 0; k < sizeof kept / sizeof kept[0]; k++) {
        struct bench *b = bench_new(PROCESSES, OPTION_SHADOW_ROOTS, kept[k]);
        REQUIRE(b);
        for (unsigned n = 0; n < PROCESSES * ROUNDS; n++) {
            enter(b, n % PROCESSES);
            touch_all(b);
        }
        // In turn is the worst order for a cache that forgets the least recently used.
        bool all = kept[k] >= PROCESSES;
        CHECK_U64(stats(b)->shadow_root_misses, all ? PROCESSES : PROCESSES * ROUNDS);
        CHECK_U64(stats(b)->shadow_hidden_faults, PAGES * PROCESSES * (all ? 1 : ROUNDS));
        bench_free(b);
    }
}

// ---- huge pages -----------------------------------------------------------------------------------

// The size of page by which the processor has va, asked of the tables that it walks.
static unsigned shift_of(struct bench *b, uint64_t va)
{
    struct walk_dim dim = {.format = WALK_GUEST, .root = b->v->cpu->s.ptbr, .levels = 4};
    struct walk_result r =
        walk(&b->duel.vm.m->mem, &dim, 1, va, (struct walk_access){0}, false, NULL, NULL);
    CHECK(r.status == WALK_OK);
    return r.page_shift;
}

static void huge_pages_are_kept_where_no_table_is(void)
{
    for (unsigned huge = 0; huge < 2; huge++) {
        struct bench *b = bench_new(1, OPTION_SHADOW_HUGE, huge);
        REQUIRE(b);
        // Beside the window on the tables, one on the data.
        uint64_t data = WINDOW + HUGE_PAGE_SIZE;
        poke(b, table(0, 2) + 8 * (data >> HUGE_PAGE_SHIFT),
             (DATA & ~(HUGE_PAGE_SIZE - 1)) | KERNEL | PTE_PS);
        enter(b, 0);
        touch(b, DUEL_STORE, data, 0);
        touch(b, DUEL_LOAD, window(table(0, 1)), 0);
        CHECK_U64(shift_of(b, data), huge ? HUGE_PAGE_SHIFT : PAGE_SHIFT);
        CHECK_U64(shift_of(b, window(table(0, 1))), PAGE_SHIFT);
        // A table moves in: the huge page must go to pieces.
        poke(b, DATA, DATA | KERNEL);
        touch(b, DUEL_STORE, window(table(0, 2)) + 8 * 7, DATA | KERNEL);
        touch(b, DUEL_LOAD, 7 * HUGE_PAGE_SIZE, 0);
        touch(b, DUEL_LOAD, data, 0);
        CHECK_U64(shift_of(b, data), PAGE_SHIFT);
        bench_free(b);
    }
}

// ---- costs and limits -----------------------------------------------------------------------------

static void counts_do_not_depend_on_costs(void)
{
    struct cpu_model model, unit;
    struct vm_stats first = {0};
    REQUIRE(model_load("xeon", &model) == 0);
    unit = model;
    for (unsigned k = 0; k < COST_COUNT; k++) {
        unit.cost[k].value = 1;
    }
    for (unsigned k = 0; k < 2; k++) {
        char err[256] = "";
        struct duel *d = malloc(sizeof *d);
        REQUIRE(d);
        struct duel_config config = {.levels = 3,
                                     .cpus = 2,
                                     .pool = 1000 * PAGE_SIZE,
                                     .frames = 30,
                                     .model = k ? &unit : &model,
                                     .side = &shadow_side,
                                     .paging = &shadow_paging};
        config.arch.option[OPTION_SHADOW_ROOTS] = 2;
        config.arch.option[OPTION_UNSYNC] = 1;
        CHECK(duel_create(d, &config) && duel_run(d, 1, 400) && duel_run(d, 2, 400));
        // Every cycle of it stands in one category, and most of these in shadow paging.
        for (unsigned i = 0; i < 2; i++) {
            CHECK(acct_ok(d->vcpu[i].cpu, err, sizeof err));
            CHECK(d->vcpu[i].cpu->counters.cycles[CYC_SHADOW] > 0);
        }
        if (k == 0) {
            first = d->vm.stats;
        } else {
            CHECK_MEM(&d->vm.stats, &first, sizeof first);
        }
        duel_destroy(d);
        free(d);
    }
    cpu_model_free(&model);
}

static void a_pool_too_small_is_refused(void)
{
    char err[256] = "";
    struct bench *b = bench_new(0, OPTION_UNSYNC, 1);
    REQUIRE(b);
    struct vm vm = b->duel.vm;
    vm.paging_state = NULL;
    vm.pool_next = PAGE_SIZE;
    vm.pool_end = 10 * PAGE_SIZE;
    CHECK(!shadow_paging.create(&vm, err, sizeof err));
    CHECK_STR(err, "a pool of 9 frames for shadow page tables; give the hypervisor at least 34");
    CHECK(vm.paging_state == NULL);
    bench_free(b);
}

TEST_SUITE(shadow_parts,
           {"once made, entries are the processor's business alone", warm_tables_fault_no_more},
           {"stores to leaf tables cost no fault once these are out of sync",
            leaf_tables_go_out_of_sync},
           {"a store to an upper table is always followed", upper_tables_stay_in_sync},
           {"a frame that is a table no more can be written freely", freed_tables_are_let_go},
           {"a table can be unprotected for one store", unprotect_lets_a_store_through},
           {"switching back to a kept root costs no fault", kept_roots_make_switches_cheap},
           {"huge pages stay huge where no table is", huge_pages_are_kept_where_no_table_is},
           {"what happens does not depend on what it costs", counts_do_not_depend_on_costs},
           {"a pool that cannot suffice is refused", a_pool_too_small_is_refused});
