// Popek and Goldberg's first property over the whole space: whatever runs a guest, the guest ends as on the bare machine. For the toy OS's
// workloads and for generated programs; and the counts of every mechanism are the same whatever things cost.
#include "tests/test.h"
#include "tests/vm_help.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#if defined RINGSIDE_SMALL_TABLES || defined __SANITIZE_ADDRESS__
enum { GENERATED = 200, SHORTER = 100 };
#else
enum { GENERATED = 2000, SHORTER = 20 };
#endif

// Points beside those of arch.def's defaults.
static const char *const more[] = {
    "type1/fullvirt-trap,unsync=0",
    "type1/fullvirt-trap,shadow_roots=1,shadow_huge=0",
    "type1/fullvirt-bt,bt_user=1",
    "type1/fullvirt-bt,bt_chain=0,bt_adapt=0",
    "type1/fullvirt-hw,paging=shadow",
    "type1/fullvirt-hw,paging=shadow,vpid=0,unsync=0",
    "type1/fullvirt-hw,vpid=0",
    "type1/fullvirt-hw,ept_huge=1",
    "type1/fullvirt-hw,ept_levels=3",
    "type1/fullvirt-hw,ept_levels=5",
    "type1/fullvirt-hw,apicv=1",
    "type1/fullvirt-hw,apicv=1,posted=1",
    "type2/fullvirt-hw,paging=shadow",
    "type1/paravirt,batch=0",
    "type1/fullvirt-hw,io=paravirt",
    "type1/fullvirt-bt,io=paravirt",
    "type2/fullvirt-hw,io=paravirt",
    "type2/fullvirt-trap,io=paravirt",
    "type1/fullvirt-hw,io=passthrough",
    "type2/fullvirt-hw,io=passthrough,paging=shadow",
    "type1/fullvirt-trap,io=passthrough",
    "type2/fullvirt-bt,io=passthrough",
    "type1/fullvirt-hw,io=passthrough,apicv=1,posted=1",
    "container,cpu_quota=50",
    "container,memory=49152,cpu_shares=100",
};
enum { MORE = sizeof more / sizeof *more, POINTS_MAX = ARCH_COUNT + MORE };

static size_t all_points(struct arch_config *points, const char **names)
{
    char err[200];
    size_t n = 0;
    for (size_t i = 0; i < POINTS_MAX; i++) {
        const char *name = i < ARCH_COUNT ? arch_row((enum arch_id)i)->name : more[i - ARCH_COUNT];
        if (!CHECK(arch_parse(&points[n], name, err, sizeof err))) {
            FAIL("%s: %s", name, err);
            continue;
        }
        names[n++] = name;
    }
    return n;
}

static enum technique technique_of(const struct arch_config *point)
{
    return arch_row(point->arch)->technique;
}

static void the_toy_os_ends_alike_everywhere(void)
{
    struct arch_config points[POINTS_MAX];
    const char *names[POINTS_MAX];
    size_t count, n = all_points(points, names);
    const struct toyos_workload *list = toyos_workloads(&count);
    for (size_t i = 0; i < count; i++) {
        struct run_result native;
        uint64_t length = list[i].default_n / SHORTER + 1;
        REQUIRE(vm_test_workload(list[i].name, length, &(struct vm_where){0}, &native));
        CHECK(native.has_checksum && native.checksum == list[i].expected(length));
        for (size_t k = 0; k < n; k++) {
            char what[200];
            struct run_result guest;
            struct vm_where where = {.arch = names[k],
                                     .holes_open = technique_of(&points[k]) != TECHNIQUE_TRAP};
            snprintf(what, sizeof what, "%s under %s", list[i].name, names[k]);
            if (!vm_test_workload(list[i].name, length, &where, &guest)) {
                FAIL("%s did not run", what);
                continue;
            }
            vm_test_same(&native, &guest, what);
            run_result_free(&guest);
        }
        run_result_free(&native);
    }
}

// A generated program owns the machine: only techniques that take a whole, unmodified kernel can run it.
static bool takes_any_kernel(const struct arch_config *point)
{
    enum technique t = technique_of(point);
    return t == TECHNIQUE_TRAP || t == TECHNIQUE_BT || t == TECHNIQUE_HW;
}

// User code runs directly under translation, and there the holes stay open: such programs have to be translated altogether.
static bool guest_sees_through(const struct arch_config *point)
{
    return technique_of(point) == TECHNIQUE_BT && !point->option[OPTION_BT_USER];
}

// A few generated kernels edit a table and lose the INVLPG that should follow (their own edit smashes the code, or it comes in ring 3).
// From then on the old translation may live, in a TLB as in a shadow page that is out of sync. Such a program is right if it ends alike
// once every edit is seen at once.
static bool edit_was_never_invalidated(const struct gen_program *p, const char *arch, bool open,
                                       const struct run_result *native)
{
    char eager[128];
    struct run_result guest;
    snprintf(eager, sizeof eager, "%s,unsync=0", arch);
    if (!vm_test_generated(p, &(struct vm_where){.arch = eager, .holes_open = open}, &guest)) {
        return false;
    }
    bool same = guest.stop.reason == native->stop.reason &&
                guest.stop.status == native->stop.status && guest.state_hash == native->state_hash;
    run_result_free(&guest);
    return same;
}

static void generated_programs_end_alike_everywhere(void)
{
    struct arch_config points[POINTS_MAX];
    const char *names[POINTS_MAX];
    size_t n = all_points(points, names), k = 0;
    unsigned compared = 0, stale = 0;
    struct gen_program p;
    REQUIRE(gen_init(&p));
    for (uint64_t seed = 0; compared < GENERATED && seed < 20 * GENERATED; seed++) {
        struct run_result native, guest;
        do {
            k = (k + 1) % n;
        } while (!takes_any_kernel(&points[k]));
        bool open = technique_of(&points[k]) != TECHNIQUE_TRAP && !guest_sees_through(&points[k]);
        gen_make(&p, gen_profile_find(seed % 2 ? "portable-tables" : "portable"), 100000 + seed);
        REQUIRE(vm_test_generated(&p, &(struct vm_where){.holes_open = open}, &native));
        REQUIRE(vm_test_generated(&p, &(struct vm_where){.arch = names[k], .holes_open = open},
                                  &guest));
        char what[200];
        snprintf(what, sizeof what, "seed %" PRIu64 " under %s", 100000 + seed, names[k]);
        bool shadow = points[k].paging == PAGING_SHADOW;
        if (native.stop.reason == STOP_LIMIT) {
            // Cut off by time, programs stand at different places.
        } else if (shadow && native.state_hash != guest.state_hash &&
                   edit_was_never_invalidated(&p, names[k], open, &native)) {
            stale++;
        } else {
            vm_test_same(&native, &guest, what);
            compared++;
        }
        run_result_free(&native);
        run_result_free(&guest);
    }
    gen_free(&p);
    CHECK_U64(compared, GENERATED);
    CHECK(stale * 100 <= compared);
}

// Exits, faults, callouts and hypercalls come from what the guest does, and not from what they cost. Interrupts by the clock are
// another matter, so the tick is off.
static void counts_do_not_depend_on_costs(void)
{
    static const char *const workloads[] = {"nullcall", "pgfault", "forkexec", "mmap", "compile"};
    struct arch_config points[POINTS_MAX];
    const char *names[POINTS_MAX];
    size_t n = all_points(points, names);
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++) {
        uint64_t length = toyos_workload_find(workloads[i])->default_n / SHORTER + 1;
        for (size_t k = 0; k < n; k++) {
            struct run_result priced, unit;
            struct vm_where where = {.arch = names[k], .tickless = true};
            REQUIRE(vm_test_workload(workloads[i], length, &where, &priced));
            where.unit_costs = true;
            REQUIRE(vm_test_workload(workloads[i], length, &where, &unit));
            for (unsigned r = 0; r < EXIT_REASONS; r++) {
                if (priced.exits[r] != unit.exits[r]) {
                    FAIL("%s under %s: %" PRIu64 " exits %s, with unit costs %" PRIu64,
                         workloads[i], names[k], priced.exits[r], exit_name(r), unit.exits[r]);
                }
            }
            const struct vm_stats *a = &priced.stats, *b = &unit.stats;
            CHECK_U64(a->bt_callouts, b->bt_callouts);
            CHECK_U64(a->bt_units, b->bt_units);
            CHECK_U64(a->bt_lookups, b->bt_lookups);
            CHECK_U64(a->shadow_hidden_faults, b->shadow_hidden_faults);
            CHECK_U64(a->shadow_write_faults, b->shadow_write_faults);
            CHECK_U64(a->ept_violations, b->ept_violations);
            CHECK_MEM(a->hypercalls, b->hypercalls, sizeof a->hypercalls);
            CHECK_U64(priced.instructions, unit.instructions);
            run_result_free(&priced);
            run_result_free(&unit);
        }
    }
}

// With the holes open, trap-and-emulate fails programs that use one, and no others. Half of the programs have none by construction; in the rest the mechanism
// tells: closed, each hole that the deprivileged kernel executes is a trap that is not there when they are open.
static void open_holes_fail_only_who_uses_them(void)
{
    enum { PROGRAMS = TEST_SANITIZED ? 40 : 300 };
    struct gen_profile with_holes = *gen_profile_find("portable");
    with_holes.traits |= GEN_HOLE;
    unsigned clean = 0, failed = 0;
    struct gen_program p;
    REQUIRE(gen_init(&p));
    for (uint64_t seed = 0; seed < PROGRAMS; seed++) {
        struct run_result native, open, closed;
        gen_make(&p, seed % 2 ? &with_holes : gen_profile_find("portable"), 500000 + seed);
        REQUIRE(vm_test_generated(&p, &(struct vm_where){.holes_open = true}, &native));
        struct vm_where where = {.arch = "type1/fullvirt-trap", .holes_open = true};
        REQUIRE(vm_test_generated(&p, &where, &open));
        where.holes_open = false;
        REQUIRE(vm_test_generated(&p, &where, &closed));
        bool uses = seed % 2 && (open.exits[EXIT_TRAP_GP] != closed.exits[EXIT_TRAP_GP] ||
                                 open.instructions != closed.instructions);
        bool ended = native.stop.reason != STOP_LIMIT && open.stop.reason != STOP_LIMIT;
        bool right =
            ended && native.stop.reason == open.stop.reason && native.state_hash == open.state_hash;
        if (!uses && ended && !right) {
            FAIL("seed %" PRIu64 " uses no hole, and fails all the same", 500000 + seed);
        }
        clean += !uses && right;
        failed += uses && !right;
        run_result_free(&native);
        run_result_free(&open);
        run_result_free(&closed);
    }
    gen_free(&p);
    CHECK(clean >= PROGRAMS / 4);
    CHECK(failed >= PROGRAMS / 20);
}

TEST_SUITE(equivalence,
           {"the toy OS's workloads end alike under every architecture",
            the_toy_os_ends_alike_everywhere},
           {"open holes fail programs that use one, and no others",
            open_holes_fail_only_who_uses_them},
           {"generated programs end alike under every architecture for whole kernels",
            generated_programs_end_alike_everywhere},
           {"no count depends on a cost", counts_do_not_depend_on_costs});
