// The simulator against the reference interpreter: thousands of generated machines must end alike to the cycle, on the fast
// path, on the plain one, and stopped and resumed anywhere.
//
// RINGSIDE_DIFF_COUNT=N programs instead of the usual number; RINGSIDE_DIFF_SEED=N runs that one alone;
// RINGSIDE_DIFF_PROFILE=NAME with programs of that profile.
#include "tests/diff/diff.h"
#include "tests/test.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    PROGRAMS = 10000,
#if defined RINGSIDE_SMALL_TABLES
    USUAL = 2000, // the build with the usual tables runs them all
#else
    USUAL = TEST_SANITIZED ? 1000 : PROGRAMS,
#endif
    PLAIN_EVERY = 4,
    FAILURES_SHOWN = 3
};

static uint64_t number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static const struct gen_profile *wanted_profile(void)
{
    const char *name = getenv("RINGSIDE_DIFF_PROFILE");
    return name && *name ? gen_profile_find(name) : NULL;
}

// Runs the program; on a difference reports the first instruction that shows it.
static bool check_program(const struct gen_program *p, enum diff_path path, struct ref_cover *cover)
{
    static char why[4096], report[8192];
    if (diff_run(p, path, cover, why, sizeof why)) {
        return true;
    }
    diff_explain(p, path, report, sizeof report);
    return FAIL("%s", report);
}

// What the run as a whole must have reached.
static void check_coverage(const struct ref_cover *cover)
{
    static const char *const points[] = {
#define COVER(NAME, what) what,
#include "tests/ref/cover.def"
#undef COVER
    };
    for (unsigned i = 0; i < REF_COVER_POINTS; i++) {
        if (cover->point[i] == 0) {
            FAIL("no program reached: %s", points[i]);
        }
    }
    for (unsigned op = 1; op < OP_COUNT; op++) {
        const struct isa_row *row = isa_row(op);
        bool can_fault = row->priv == PRIV_RING0 || row->priv == PRIV_IOPL ||
                         row->priv == PRIV_HOLE || row->format == FMT_RM || op == OP_CAS ||
                         op == OP_DIV || op == OP_REM || op == OP_JALR || op == OP_INT ||
                         op == OP_BRK || op == OP_HCALL;
        if (cover->done[op] == 0 && op != OP_HCALL) {
            FAIL("no program completed: %s", row->mnemonic);
        }
        if (can_fault && cover->faulted[op] == 0) {
            FAIL("no program faulted at: %s", row->mnemonic);
        }
        if (row->flow == FLOW_BRANCH &&
            (cover->taken[op] == 0 || cover->taken[op] == cover->done[op])) {
            FAIL("not both ways of: %s", row->mnemonic);
        }
    }
    for (unsigned v = 0; v < 256; v++) {
        bool exception = v == REF_DE || v == REF_DB || v == REF_BP || v == REF_UD || v == REF_DF ||
                         v == REF_GP || v == REF_PF;
        if (exception && cover->vector[v] == 0) {
            FAIL("no program met vector %u", v);
        }
    }
}

static void programs_agree(void)
{
    struct ref_cover cover;
    memset(&cover, 0, sizeof cover);
    struct gen_program p;
    REQUIRE(gen_init(&p));
    const struct gen_profile *profile = wanted_profile();
    uint64_t one = number("RINGSIDE_DIFF_SEED", UINT64_MAX);
    uint64_t first = one == UINT64_MAX ? 0 : one,
             count = one == UINT64_MAX ? number("RINGSIDE_DIFF_COUNT", USUAL) : 1;
    unsigned failures = 0;
    for (uint64_t seed = first; seed - first < count && failures < FAILURES_SHOWN; seed++) {
        gen_make(&p, profile, seed);
        bool ok = check_program(&p, DIFF_FAST, &cover);
        if (one != UINT64_MAX || seed % PLAIN_EVERY == 0) {
            ok = check_program(&p, DIFF_PLAIN, NULL) && ok;
            ok = check_program(&p, DIFF_PIECES, NULL) && ok;
        }
        failures += !ok;
    }
    CHECK(failures == 0);
    if (count >= PROGRAMS && !profile && failures == 0) {
        check_coverage(&cover);
    }
    gen_free(&p);
}

static void same_seed_same_program(void)
{
    struct gen_program a, b;
    REQUIRE(gen_init(&a));
    REQUIRE(gen_init(&b));
    for (uint64_t seed = 0; seed < 200; seed++) {
        gen_make(&b, NULL, seed + 1); // what was there before must not matter
        gen_make(&a, NULL, seed);
        gen_make(&b, NULL, seed);
        if (!CHECK(a.config.ram == b.config.ram && a.entry == b.entry &&
                   memcmp(a.ram, b.ram, a.config.ram) == 0)) {
            break;
        }
    }
    gen_free(&a);
    gen_free(&b);
}

// Whether the program ends alike with its own costs and TLB and with those of `model`, time and what depends on it apart.
static bool ends_alike(const struct gen_program *p, const struct cpu_model *model, bool *complete)
{
    struct ref_machine *a = diff_reference(p, NULL), *b = diff_reference(p, model);
    bool same = CHECK(a && b);
    if (same) {
        enum stop_reason why = ref_run(a, UINT64_MAX, p->instructions);
        *complete = why == STOP_POWEROFF;
        same = ref_run(b, UINT64_MAX, p->instructions) == why && a->completed == b->completed &&
               a->cpu[0].pc == b->cpu[0].pc &&
               memcmp(a->cpu[0].r, b->cpu[0].r, sizeof a->cpu[0].r) == 0 &&
               memcmp(a->ram, b->ram, p->config.ram) == 0;
    }
    ref_destroy(a);
    ref_destroy(b);
    return same;
}

// Equivalence tests rest on this: portable programs end alike whatever things cost and however large the TLB is.
static void portable_programs_are_portable(void)
{
    struct gen_program p, other;
    REQUIRE(gen_init(&p));
    REQUIRE(gen_init(&other));
    unsigned complete = 0, programs = 600;
    for (uint64_t seed = 0; seed < programs; seed++) {
        gen_make(&p, gen_profile_find(seed % 2 ? "portable" : "portable-tables"), seed);
        gen_make(&other, NULL, seed + programs);
        other.model.mhz = p.model.mhz;
        memcpy(other.model.vendor, p.model.vendor, sizeof p.model.vendor);
        bool done = false;
        if (!ends_alike(&p, &other.model, &done)) {
            FAIL("seed %" PRIu64 " profile %s depends on costs or the TLB", seed, p.profile->name);
            break;
        }
        complete += done;
    }
    CHECK(complete > programs / 3); // most of them come to their end
    gen_free(&p);
    gen_free(&other);
}

TEST_SUITE(diff, {"a seed always gives the same program", same_seed_same_program},
           {"portable programs depend on neither costs nor the TLB",
            portable_programs_are_portable},
           {"generated programs end as in the reference interpreter", programs_agree});
