// Shadow paging against a bare machine, under every option, with pools that hardly suffice and with more than one processor.
#include "cli/model.h"
#include "models/shadow.h"
#include "tests/paging_duel.h"
#include "tests/shadow_side.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

// ---- every option ---------------------------------------------------------------------------------

static struct duel_config options(unsigned n, const struct cpu_model *model)
{
    static const uint8_t roots[] = {1, 2, 16};
    struct duel_config c = {.levels = LEVELS_MIN + n % 4,
                            .cpus = 1 + n / 4 % 2,
                            .model = model,
                            .side = &shadow_side,
                            .paging = &shadow_paging};
    // Plenty, or (once it is created) just what one access across two pages needs.
    c.pool = PAGE_SIZE * 1000;
    c.frames = n / 8 % 2 ? 1000 : 2 * c.cpus + 2 * c.levels;
    c.arch.paging = PAGING_SHADOW;
    c.arch.option[OPTION_UNSYNC] = n / 16 % 2;
    c.arch.option[OPTION_SHADOW_HUGE] = n / 32 % 2;
    c.arch.option[OPTION_SHADOW_ROOTS] = roots[n / 64 % 3];
    return c;
}
enum { OPTIONS = 64 * 3 };

static void add_stats(struct vm_stats *sum, const struct vm_stats *s)
{
    sum->shadow_pages += s->shadow_pages;
    sum->shadow_fills += s->shadow_fills;
    sum->shadow_hidden_faults += s->shadow_hidden_faults;
    sum->shadow_true_faults += s->shadow_true_faults;
    sum->shadow_write_faults += s->shadow_write_faults;
    sum->shadow_unsyncs += s->shadow_unsyncs;
    sum->shadow_syncs += s->shadow_syncs;
    sum->shadow_zaps += s->shadow_zaps;
    sum->shadow_drops += s->shadow_drops;
    sum->shadow_shootdowns += s->shadow_shootdowns;
    sum->shadow_root_hits += s->shadow_root_hits;
}

static unsigned number_from(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);
    return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void equals_bare_machine(void)
{
    // RINGSIDE_SHADOW_RUNS=n: that many sequences a set of options.
    unsigned runs = number_from("RINGSIDE_SHADOW_RUNS", TEST_SANITIZED ? 2 : 6), steps = 120;
    static const char *const names[] = {"p4-672", "xeon"};
    struct vm_stats sum = {0};
    uint64_t accesses = 0, succeeded = 0, table_stores = 0;
    struct duel *d = malloc(sizeof *d);
    REQUIRE(d);
    bool ok = true;
    for (unsigned n = 0; ok && n < OPTIONS; n++) {
        struct cpu_model model;
        if (model_load(names[n / 2 % 2], &model) != 0) {
            FAIL("no CPU model");
            break;
        }
        struct duel_config config = options(n, &model);
        ok = duel_create(d, &config);
        for (unsigned run = 0; ok && run < runs; run++) {
            ok = duel_run(d, (uint64_t)n * 1000000 + run, steps);
        }
        add_stats(&sum, &d->vm.stats);
        accesses += d->accesses, succeeded += d->succeeded, table_stores += d->table_stores;
        duel_destroy(d);
        cpu_model_free(&model);
    }
    free(d);
    // Each mechanism has been at work, and often.
    const uint64_t enough = (uint64_t)runs * OPTIONS / 2;
    CHECK(succeeded > accesses / 5 && table_stores > enough);
    CHECK(sum.shadow_hidden_faults > enough && sum.shadow_true_faults > enough);
    CHECK(sum.shadow_write_faults > enough && sum.shadow_unsyncs > enough);
    CHECK(sum.shadow_syncs > enough / 4 && sum.shadow_zaps > enough);
    CHECK(sum.shadow_drops > enough / 10 && sum.shadow_shootdowns > enough / 10);
    CHECK(sum.shadow_root_hits > enough);
}

TEST_SUITE(shadow,
           {"a guest on shadow tables sees what it sees on a bare machine", equals_bare_machine});
