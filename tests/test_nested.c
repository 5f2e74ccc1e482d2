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
    // Plenty, or a root and what one access across two pages needs, the guest's tables included: all of it behind at most five leaf tables.
    c.frames = n / 64 % 2 ? 1000 : m + 4;
    c.arch.paging = PAGING_NESTED;
    c.arch.option[OPTION_EPT_LEVELS] = m;
    c.arch.option[OPTION_EPT_HUGE] = n / 16 % 2;
    return c;
}
enum { OPTIONS = 128 };

static void equals_bare_machine(void)
{
    const char *text = getenv("RINGSIDE_NESTED_RUNS");
    unsigned runs = text ? (unsigned)strtoul(text, NULL, 10) : 5, steps = 120;
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
    CHECK(succeeded > accesses / 5 && violations > (uint64_t)OPTIONS * 10);
}

TEST_SUITE(nested,
           {"a guest on nested tables sees what it sees on a bare machine", equals_bare_machine});
