// Page walks through the address spaces that `ringside translate` shows, against plain arithmetic and a second way to translate.
#include "sim/quiz.h"
#include "sim/space.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

enum { RAM = 64 << 20, SEEDS = 20 };

// A demonstration on the heap: its lists of frames are large. NULL after a failed check.
static struct space *make_demo(struct space_config config, bool huge)
{
    char err[256] = "";
    struct space *s = malloc(sizeof *s);
    config.ram = RAM;
    config.shuffle = true;
    if (!s || !space_demo(s, &config, huge, err, sizeof err)) {
        FAIL("no demonstration: %s", err);
        free(s);
        return NULL;
    }
    return s;
}

static void drop(struct space *s)
{
    space_free(s);
    free(s);
}

static const struct space_region *find_region(const struct space *s, const char *name)
{
    for (unsigned i = 0; i < s->regions; i++) {
        if (strcmp(s->region[i].name, name) == 0) {
            return &s->region[i];
        }
    }
    return NULL;
}

static const struct walk_access user_read = {.user = true, .wp = true};
static const struct walk_access user_write = {.write = true, .user = true, .wp = true};

// Every reference of the log is a real load: the value is what memory holds at the entry's address, and no
// two references of one table's walk are alike.
static void check_log(const struct space *s, const struct walk_log *log)
{
    for (unsigned i = 0; i < log->count; i++) {
        const struct walk_step *step = &log->step[i];
        CHECK_U64(mem_get(&s->mem, step->entry_addr, 8), step->value);
        CHECK_U64(step->entry_addr & PAGE_MASK, 8 * (uint64_t)step->index);
    }
}

static void counts_references(void)
{
    for (unsigned n = LEVELS_MIN; n <= LEVELS_MAX; n++) {
        for (unsigned m = LEVELS_MIN; m <= LEVELS_MAX; m++) {
            struct space *s =
                make_demo((struct space_config){.dims = 2, .levels = {n, m}, .seed = n}, false);
            struct walk_log log;
            REQUIRE(s);
            struct walk_result r = walk(&s->mem, s->dim, s->dims, find_region(s, "data")->va,
                                        user_read, false, NULL, &log);
            CHECK(r.status == WALK_OK);
            CHECK_U64(r.refs, (n + 1) * (m + 1) - 1);
            CHECK_U64(log.count, r.refs);
            check_log(s, &log);
            r = walk(&s->mem, s->dim, 1, 0, user_read, false, NULL, &log);
            drop(s);
        }
        struct space *s = make_demo((struct space_config){.dims = 1, .levels = {n}}, false);
        struct walk_log log;
        REQUIRE(s);
        struct walk_result r =
            walk(&s->mem, s->dim, 1, find_region(s, "data")->va, user_read, false, NULL, &log);
        CHECK(r.status == WALK_OK);
        CHECK_U64(r.refs, n);
        drop(s);
    }
}

static void counts_three_dimensions(void)
{
    for (unsigned m = 2; m <= 5; m++) {
        struct space *s = make_demo((struct space_config){.dims = 3, .levels = {4, m, 4}}, false);
        REQUIRE(s);
        struct walk_result r =
            walk(&s->mem, s->dim, 3, find_region(s, "code")->va, user_read, false, NULL, NULL);
        CHECK(r.status == WALK_OK);
        CHECK_U64(r.refs, 5 * (m + 1) * 5 - 1);
        drop(s);
    }
}

static void huge_pages_save_levels(void)
{
    for (unsigned guest = 0; guest < 2; guest++) {
        for (unsigned ept = 0; ept < 2; ept++) {
            struct space *s = make_demo(
                (struct space_config){.dims = 2, .levels = {4, 4}, .back_huge = ept}, guest);
            REQUIRE(s);
            struct walk_result r =
                walk(&s->mem, s->dim, 2, find_region(s, "heap")->va, user_read, false, NULL, NULL);
            CHECK(r.status == WALK_OK);
            CHECK_U64(r.refs, (5 - guest) * (5 - ept) - 1);
            CHECK_U64(r.page_shift, guest && ept ? HUGE_PAGE_SHIFT : PAGE_SHIFT);
            drop(s);
        }
    }
}

static void same_seed_same_bits(void)
{
    uint64_t previous = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const struct space_config config = {.dims = 2, .levels = {4, 4}, .seed = seed};
        struct space *a = make_demo(config, true), *b = make_demo(config, true);
        REQUIRE(a && b);
        uint64_t hash = mem_hash(&a->mem, 0);
        CHECK_U64(mem_hash(&b->mem, 0), hash);
        CHECK(hash != previous);
        previous = hash;
        drop(a);
        drop(b);
    }
}

// The walker against the plain look-up that the builder uses, for every page of every region.
static void walker_agrees_with_lookup(void)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const unsigned dims = 1 + (unsigned)(seed % 3);
        struct space *s = make_demo((struct space_config){.dims = dims,
                                                          .levels = {2 + (unsigned)seed % 4, 4, 3},
                                                          .seed = seed},
                                    seed % 2);
        REQUIRE(s);
        unsigned good = 0;
        for (unsigned i = 0; i < s->regions; i++) {
            for (uint64_t offset = 0; offset < s->region[i].size; offset += 4096 + 8) {
                uint64_t host, va = s->region[i].va + offset;
                struct walk_access kernel_read = {.wp = true};
                struct walk_result r =
                    walk(&s->mem, s->dim, s->dims, va, kernel_read, false, NULL, NULL);
                if (r.status == WALK_OK) {
                    REQUIRE(space_host(s, 0, va, &host));
                    CHECK_U64(r.address, host);
                    good++;
                }
            }
        }
        CHECK(good >= 8);
        drop(s);
    }
}

static void regions_end_as_they_say(void)
{
    static const struct {
        const char *name;
        bool write;
        enum walk_status status;
        unsigned dim;
        uint32_t error;
    } cases[] = {
        {"code", false, WALK_OK, 0, 0},
        {"code", true, WALK_FAULT, 0, PF_PRESENT | PF_WRITE | PF_USER},
        {"kernel", false, WALK_FAULT, 0, PF_PRESENT | PF_USER},
        {"corrupt", false, WALK_FAULT, 0, PF_PRESENT | PF_USER | PF_RESERVED},
        {"unbacked", false, WALK_FAULT, 1, PF_USER},
        {"shared", false, WALK_OK, 0, 0},
        {"shared", true, WALK_FAULT, 1, PF_PRESENT | PF_WRITE | PF_USER},
        {"device", false, WALK_MISCONFIG, 1, PF_PRESENT | PF_USER},
        {"lost", false, WALK_FAULT, 1, 0},
    };
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct space *s =
            make_demo((struct space_config){.dims = 2, .levels = {4, 4}, .seed = seed}, false);
        REQUIRE(s);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            const struct space_region *region = find_region(s, cases[i].name);
            REQUIRE(region);
            struct walk_result r = walk(&s->mem, s->dim, 2, region->va,
                                        cases[i].write ? user_write : user_read, false, NULL, NULL);
            CHECK_U64(r.status, cases[i].status);
            if (r.status != WALK_OK) {
                CHECK_U64(r.fault_dim, cases[i].dim);
                // What a nested fault on a guest table reports of the access is not asked here.
                if (cases[i].dim == 0) {
                    CHECK_U64(r.error, cases[i].error);
                }
            }
        }
        // The page below the stack is not there.
        struct walk_result r = walk(&s->mem, s->dim, 2, find_region(s, "stack")->va - 8, user_write,
                                    false, NULL, NULL);
        CHECK(r.status == WALK_FAULT && r.fault_dim == 0);
        CHECK_U64(r.error, PF_WRITE | PF_USER);
        drop(s);
    }
}

static void only_a_commit_sets_bits(void)
{
    struct space *s = make_demo((struct space_config){.dims = 2, .levels = {4, 4}}, false);
    REQUIRE(s);
    uint64_t before = mem_hash(&s->mem, 0), va = find_region(s, "data")->va;
    CHECK(walk(&s->mem, s->dim, 2, va, user_write, false, NULL, NULL).status == WALK_OK);
    CHECK_U64(mem_hash(&s->mem, 0), before);
    CHECK(walk(&s->mem, s->dim, 2, va, user_write, true, NULL, NULL).status == WALK_OK);
    CHECK(mem_hash(&s->mem, 0) != before);
    struct walk_result again = walk(&s->mem, s->dim, 2, va, user_write, true, NULL, NULL);
    CHECK_U64(again.ad_sets, 0);
    drop(s);
}

static void questions_are_balanced(void)
{
    for (unsigned dims = 1; dims <= 2; dims++) {
        struct space *s = make_demo((struct space_config){.dims = dims, .levels = {3, 4}}, false);
        struct prng prng;
        unsigned ok = 0, nested = 0, canonical = 0;
        enum { QUESTIONS = 1000 };
        REQUIRE(s);
        prng_seed(&prng, 5);
        uint64_t before = mem_hash(&s->mem, 0);
        for (int i = 0; i < QUESTIONS; i++) {
            struct quiz_question q;
            quiz_draw(s, &prng, &q);
            struct walk_result r = walk(&s->mem, s->dim, dims, q.va, q.access, false, NULL, NULL);
            ok += r.status == WALK_OK;
            nested += r.status != WALK_OK && r.fault_dim == 1;
            canonical += r.status == WALK_NOT_CANONICAL;
        }
        CHECK_U64(mem_hash(&s->mem, 0), before);
        CHECK(ok > 400 && ok < 600);
        CHECK(canonical > 10);
        CHECK((nested > 50) == (dims == 2));
        drop(s);
    }
}

static void builder_refuses_nonsense(void)
{
    char err[256];
    struct space *s = malloc(sizeof *s);
    REQUIRE(s);
    const struct space_config config = {.ram = RAM, .dims = 2, .levels = {3, 2}};
    REQUIRE(space_create(s, &config, err, sizeof err));
    CHECK(space_map(s, 0, 0x400000, 0x5000, 0x1000, SPACE_P, err, sizeof err));
    CHECK(!space_map(s, 0, 0x400000, 0x6000, 0x1000, SPACE_P, err, sizeof err));
    CHECK(!space_map(s, 0, 0x400800, 0x6000, 0x1000, SPACE_P, err, sizeof err));
    CHECK(!space_map(s, 0, 0x600000, 0x6000, 0x1000, SPACE_P | SPACE_HUGE, err, sizeof err));
    CHECK(!space_map(s, 0, UINT64_C(1) << 38, 0x6000, 0x1000, SPACE_P, err, sizeof err));
    CHECK(!space_map(s, 0, (UINT64_C(1) << 38) - 0x1000, 0x6000, 0x2000, SPACE_P, err, sizeof err));
    CHECK(!space_map(s, 1, UINT64_C(1) << 30, 0x6000, 0x1000, SPACE_P, err, sizeof err));
    CHECK(!space_map(s, 0, 0x800000, UINT64_C(1) << 40, 0x1000, SPACE_P, err, sizeof err));
    CHECK(!space_map(s, 0, 0x800000, 0x6000, 0, SPACE_P, err, sizeof err));
    drop(s);
}

TEST_SUITE(translate,
           {"n levels natively, (n+1)(m+1)-1 nested: counted from real loads, n, m = 2 to 5",
            counts_references},
           {"a guest of a guest pays (n+1)(m+1)(k+1)-1", counts_three_dimensions},
           {"2 MiB pages save a level in their dimension", huge_pages_save_levels},
           {"an address space is a function of its seed", same_seed_same_bits},
           {"the walker finds what a plain look-up finds", walker_agrees_with_lookup},
           {"each region of the demonstration faults as it says", regions_end_as_they_say},
           {"accessed and dirty bits are set on commit only, and once", only_a_commit_sets_bits},
           {"about half of the questions end in a fault, of every dimension",
            questions_are_balanced},
           {"what cannot be mapped is refused", builder_refuses_nonsense});
