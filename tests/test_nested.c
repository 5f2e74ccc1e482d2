// Nested paging against a bare machine, for every pair of levels, with small and huge pages and pools that hardly suffice.
#include "cli/model.h"
#include "models/nested.h"
#include "sim/acct.h"
#include "tests/paging_duel.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

enum { RETRIES = 256, NESTED_LEVELS = LEVELS_MAX - LEVELS_MIN + 1 };

// ---- the side under test: a guest in non-root mode -------------------------------------------------

// The guest's registers are the processor's; and the processor walks both tables.
static void load(struct duel *d, struct vcpu *v)
{
    struct cpu *c = v->cpu;
    struct vmcs *vmcs = &d->vmcs[v->index];
    if (!c->vmcs) {
        *vmcs = (struct vmcs){.control = {.ept = true, .vpid = 1, .nested = nested_table(&d->vm)}};
        c->vmcs = vmcs;
    }
    c->s.msw = v->g.msw;
    c->s.ptbr = v->g.ptbr;
    cpu_sync(c);
    cpu_drop_vpid(c); // as LPTBR and LMSW do
}

static void invlpg(struct duel *d, struct vcpu *v, uint64_t va)
{
    (void)d;
    cpu_drop_page(v->cpu, va);
}

static struct duel_result access_nested(struct duel *d, struct vcpu *v, const struct duel_access *a)
{
    struct duel_result r = {0};
    struct cpu *c = v->cpu;
    cpu_set_ring(c, a->ring);
    for (unsigned tries = 0; tries < RETRIES; tries++) {
        r.value = 0;
        r.ok = duel_touch(c, a, &r.value);
        if (r.ok || c->fault.vector != FAULT_EXIT) {
            r.vector = r.ok ? 0 : c->fault.vector;
            r.error = r.ok ? 0 : c->fault.error;
            r.addr = r.vector == VEC_PF ? c->fault.addr : 0;
            return r;
        }
        if (!CHECK_U64(c->fault.exit, EXIT_EPT_VIOLATION)) {
            return r;
        }
        if (nested_violation(v, c->fault.addr) == PAGING_DEVICE) {
            return duel_emulate(d, v, a);
        }
    }
    FAIL("the access at %#llx never ends", (unsigned long long)a->va);
    return r;
}

static const struct duel_side nested_side = {
    .name = "nested", .access = access_nested, .load = load, .invlpg = invlpg};

// ---- every option ---------------------------------------------------------------------------------

static struct duel_config options(unsigned n, const struct cpu_model *model)
{
    struct duel_config c = {.levels = LEVELS_MIN + n % 4,
                            .cpus = 1 + n / 32 % 2,
                            .model = model,
                            .side = &nested_side,
                            .paging = &nested_paging,
                            .pool = PAGE_SIZE * 1000};
    unsigned m = LEVELS_MIN + n / 4 % NESTED_LEVELS;
    // Plenty, or a root and what one access across two pages needs: tables and data lie in four regions of 2 MiB, the guest's huge pages in eight.
    c.frames = n / 64 % 2 ? 1000 : m - 1 + 6;
    c.arch.paging = PAGING_NESTED;
    c.arch.option[OPTION_EPT_LEVELS] = m;
    c.arch.option[OPTION_EPT_HUGE] = n / 16 % 2;
    return c;
}
enum { OPTIONS = 128 };

static void equals_bare_machine(void)
{
    const char *text = getenv("RINGSIDE_NESTED_RUNS");
    unsigned runs = text ? (unsigned)strtoul(text, NULL, 10) : TEST_SANITIZED ? 2 : 5, steps = 120;
    static const char *const names[] = {"nehalem", "xeon", "opteron"};
    uint64_t accesses = 0, succeeded = 0, violations = 0;
    struct duel *d = malloc(sizeof *d);
    REQUIRE(d);
    bool ok = true;
    for (unsigned n = 0; ok && n < OPTIONS; n++) {
        struct cpu_model model;
        if (model_load(names[n % 3], &model) != 0) {
            FAIL("no CPU model");
            break;
        }
        struct duel_config config = options(n, &model);
        ok = duel_create(d, &config);
        for (unsigned run = 0; ok && run < runs; run++) {
            ok = duel_run(d, (uint64_t)n * 1000000 + run, steps);
        }
        accesses += d->accesses, succeeded += d->succeeded;
        violations += d->vm.stats.ept_violations;
        duel_destroy(d);
        cpu_model_free(&model);
    }
    free(d);
    CHECK(succeeded > accesses / 5 && violations > (uint64_t)OPTIONS * 20);
}

// ---- what a walk costs, and taking memory away -------------------------------------------------------

enum { TABLES = 0x200000, DATA = 0x400000 }; // guest-physical

// A machine without walk caches, and a guest with one page of memory at address 0.
static struct duel *one_page(unsigned levels, unsigned nested, bool huge, struct cpu_model *model)
{
    struct duel *d = calloc(1, sizeof *d);
    if (!d || model_load("p4-672", model) != 0) {
        FAIL("no machine");
        free(d);
        return NULL;
    }
    struct duel_config config = {.levels = levels,
                                 .cpus = 2,
                                 .model = model,
                                 .side = &nested_side,
                                 .paging = &nested_paging,
                                 .pool = PAGE_SIZE * 300,
                                 .frames = 300};
    config.arch.option[OPTION_EPT_LEVELS] = nested;
    config.arch.option[OPTION_EPT_HUGE] = huge;
    CHECK(duel_create(d, &config));
    for (unsigned level = levels; level >= 1; level--) {
        uint64_t next = level > 1 ? TABLES + (level - 1) * PAGE_SIZE : DATA;
        mem_put(&d->vm.memory, TABLES + level * PAGE_SIZE, 8, next | PTE_P | PTE_W);
    }
    d->vcpu[0].g.msw = MSW_PG;
    d->vcpu[0].g.ptbr = TABLES + levels * PAGE_SIZE;
    load(d, &d->vcpu[0]);
    return d;
}

static void drop_one_page(struct duel *d, struct cpu_model *model)
{
    duel_destroy(d);
    cpu_model_free(model);
    free(d);
}

static void touch(struct duel *d)
{
    struct duel_access a = {.kind = DUEL_STORE, .va = 8, .n = 8, .value = 42};
    CHECK(access_nested(d, &d->vcpu[0], &a).ok);
}

// n guest and m nested levels: each of the n tables and the final address is located by m references, and n entries are read. A
// nested 2 MiB page saves one reference each time.
static void walks_are_two_dimensional(void)
{
    for (unsigned i = 0; i < 4 * NESTED_LEVELS * 2; i++) {
        unsigned n = LEVELS_MIN + i % 4, m = LEVELS_MIN + i / 4 % NESTED_LEVELS;
        bool huge = i >= 4 * NESTED_LEVELS;
        struct cpu_model model;
        struct duel *d = one_page(n, m, huge, &model);
        REQUIRE(d);
        touch(d);
        // Tables and page lie in two 2 MiB regions.
        CHECK_U64(d->vm.stats.ept_violations, huge ? 2 : n + 1);
        struct cpu *c = d->vcpu[0].cpu;
        uint64_t refs = c->counters.walk_refs_d;
        cpu_drop_vpid(c);
        touch(d);
        CHECK_U64(c->counters.walk_refs_d - refs, (n + 1) * (m + 1 - huge) - 1);
        CHECK_U64(d->vm.stats.ept_violations, huge ? 2 : n + 1);
        CHECK(c->counters.cycles[CYC_WALK] == 0 && c->counters.cycles[CYC_WALK_2D] > 0);
        drop_one_page(d, &model);
    }
}

static void what_is_unmapped_violates_again(void)
{
    for (unsigned huge = 0; huge < 2; huge++) {
        struct cpu_model model;
        struct duel *d = one_page(4, 4, huge, &model);
        REQUIRE(d);
        touch(d);
        uint64_t violations = d->vm.stats.ept_violations;
        nested_unmap(&d->vcpu[0], DATA, PAGE_SIZE);
        touch(d);
        CHECK_U64(d->vm.stats.ept_violations, violations + 1);
        nested_unmap(&d->vcpu[0], 0, DUEL_RAM);
        touch(d);
        CHECK_U64(d->vm.stats.ept_violations, violations + 1 + (huge ? 2 : 5));
        CHECK_U64(mem_get(&d->vm.memory, DATA + 8, 8), 42);
        drop_one_page(d, &model);
    }
}

static void impossible_tables_are_refused(void)
{
    char err[256] = "";
    struct cpu_model model;
    struct duel *d = one_page(4, 2, false, &model);
    REQUIRE(d);
    struct vm vm = d->vm;
    vm.paging_state = NULL;
    vm.pool_next = PAGE_SIZE;
    vm.pool_end = 10 * PAGE_SIZE;
    CHECK(!nested_paging.create(&vm, err, sizeof err));
    CHECK_STR(err, "a pool of 9 frames for nested tables; give the hypervisor at least 80");
    vm.ram = (UINT64_C(1) << 30) + HUGE_PAGE_SIZE;
    CHECK(!nested_paging.create(&vm, err, sizeof err));
    CHECK_STR(err,
              "ept_levels=2 reaches 1024 MiB of guest memory, and there is more; set ept_levels=3");
    drop_one_page(d, &model);
}

TEST_SUITE(nested,
           {"a guest on nested tables sees what it sees on a bare machine", equals_bare_machine},
           {"a walk makes (n+1)(m+1)-1 references", walks_are_two_dimensional},
           {"memory taken out of the table comes back by violations",
            what_is_unmapped_violates_again},
           {"tables that cannot work are refused", impossible_tables_are_refused});
