// Sessions: watching a guest changes nothing, a position looks the same however it was reached, and what a picture says is what happened.
#include "models/run.h"
#include "models/session.h"
#include "sim/acct.h"
#include "tests/test.h"
#include "tests/vm_help.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const everywhere[] = {"native",
                                         "type1/fullvirt-trap",
                                         "type2/fullvirt-bt",
                                         "type1/fullvirt-hw",
                                         "type2/fullvirt-hw,paging=shadow",
                                         "type1/fullvirt-hw,apicv=1,posted=1,vpid=0",
                                         "type1/paravirt"};
enum { EVERYWHERE = sizeof everywhere / sizeof *everywhere };

// A session on a workload of the toy OS, and two pictures to compare.
struct rig {
    struct vm_workload w;
    struct session *s;
    struct snapshot *a, *b;
};

static bool rig_make(struct rig *r, const char *workload, uint64_t n, const char *arch,
                     unsigned cpus)
{
    char err[256];
    memset(r, 0, sizeof *r);
    if (!vm_workload_make(&r->w, workload, n, &(struct vm_where){.arch = arch, .cpus = cpus})) {
        return false;
    }
    r->s = session_create(&r->w.spec, NULL, NULL, err, sizeof err);
    r->a = malloc(sizeof *r->a);
    r->b = malloc(sizeof *r->b);
    return r->s ? r->a && r->b : FAIL("%s: %s", arch, err);
}

static void rig_free(struct rig *r)
{
    session_destroy(r->s);
    vm_workload_free(&r->w);
    free(r->a);
    free(r->b);
}

static enum session_state go(struct rig *r, enum session_goal_kind kind, uint64_t n)
{
    session_go(r->s, (struct session_goal){.kind = kind, .n = n});
    return session_finish(r->s);
}

static bool same(struct rig *r, const char *what)
{
    if (memcmp(r->a, r->b, sizeof *r->a) == 0) {
        return true;
    }
    size_t at = 0;
    while (((const char *)r->a)[at] == ((const char *)r->b)[at]) {
        at++;
    }
    return FAIL("%s: pictures differ at byte %zu; at instruction %" PRIu64 ", time %" PRIu64
                " and %" PRIu64 ", %" PRIu64,
                what, at, r->a->instructions, r->a->time, r->b->instructions, r->b->time);
}

// ---- observing ------------------------------------------------------------------------------------

static void compare_with_run(struct rig *r, const char *what)
{
    char err[256];
    struct run_result result;
    const struct snapshot *p = r->a;
    REQUIRE(run_guest(&r->w.spec, &result, err, sizeof err));
    uint64_t exits = 0;
    for (unsigned k = 0; k < p->exits; k++) {
        const struct snapshot_exit *e = &p->exit[k];
        CHECK_U64(e->count, result.exits[e->reason]);
        CHECK_U64(e->cycles, result.stats.exit[e->reason].total);
        exits += e->count;
    }
    bool ok = CHECK_U64(p->state_hash, result.state_hash) && CHECK_U64(p->time, result.cycles) &&
              CHECK_U64(p->instructions, result.instructions) &&
              CHECK_U64(exits, result.exits_all) && CHECK_U64(p->checksum, result.checksum);
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        ok = CHECK_U64(p->cycles[k], result.cycles_by[k]) && ok;
    }
    if (!ok) {
        FAIL("that was %s", what);
    }
    run_result_free(&result);
}

static void observing_changes_nothing(void)
{
    for (unsigned k = 0; k < EVERYWHERE; k++) {
        struct rig r;
        REQUIRE(rig_make(&r, k % 2 ? "mixed" : "fork", 2, everywhere[k], k == 3 ? 2 : 1));
        CHECK(go(&r, GOAL_RUN, 0) == SESSION_ENDED);
        session_snapshot(r.s, r.a);
        compare_with_run(&r, everywhere[k]);
        rig_free(&r);
    }
}

// ---- time -----------------------------------------------------------------------------------------

// Cut into odd pieces, with every kind of goal, it ends as if it had run in one.
static void cut_at_odd_points_it_is_the_same(void)
{
    for (unsigned k = 0; k < EVERYWHERE; k++) {
        struct rig r;
        REQUIRE(rig_make(&r, "fork", 1, everywhere[k], 1));
        CHECK(go(&r, GOAL_SEEK, 50000) == SESSION_DONE);
        session_snapshot(r.s, r.a);
        go(&r, GOAL_SEEK, 0);
        session_go(r.s, (struct session_goal){.kind = GOAL_RUN});
        for (unsigned n = 1, tries = 0; tries < 1000 && r.b->instructions < 40000; tries++) {
            n = n * 3 % 1009 + 1;
            session_work(r.s, n);
            session_snapshot(r.s, r.b);
        }
        go(&r, GOAL_CYCLES, 777);
        go(&r, GOAL_EXIT, SESSION_ANY);
        go(&r, GOAL_STEP_CPU, 3);
        go(&r, GOAL_SEEK, 50000);
        session_snapshot(r.s, r.b);
        same(&r, everywhere[k]);
        rig_free(&r);
    }
}

static void back_and_forth_is_the_same(void)
{
    static const uint64_t places[] = {1, 777, 30001, 50000};
    static const uint64_t distances[] = {1, 2, 1000};
    for (unsigned k = 0; k < EVERYWHERE; k++) {
        struct rig r;
        REQUIRE(rig_make(&r, "fork", 1, everywhere[k], k == 0 ? 2 : 1));
        for (unsigned p = 0; p < sizeof places / sizeof *places; p++) {
            go(&r, GOAL_SEEK, places[p]);
            session_snapshot(r.s, r.a);
            uint64_t n = distances[p % 3] < places[p] ? distances[p % 3] : places[p];
            CHECK(go(&r, GOAL_BACK, n) == SESSION_DONE);
            session_snapshot(r.s, r.b);
            CHECK_U64(r.b->instructions, places[p] - n);
            go(&r, GOAL_STEP, n);
            session_snapshot(r.s, r.b);
            same(&r, everywhere[k]);
        }
        rig_free(&r);
    }
}

// A stop at an exit lies between two instructions; it is found again all the same.
static void exits_are_found_again(void)
{
    for (unsigned k = 1; k < EVERYWHERE; k++) {
        struct rig r;
        REQUIRE(rig_make(&r, "fork", 1, everywhere[k], 1));
        go(&r, GOAL_SEEK, 20000);
        CHECK(go(&r, GOAL_EXIT, SESSION_ANY) == SESSION_DONE);
        session_snapshot(r.s, r.a);
        CHECK(r.a->path.valid && r.a->path.reason >= 0 && r.a->path.count >= 3);
        go(&r, GOAL_EXIT, SESSION_ANY);
        session_snapshot(r.s, r.b);
        CHECK_U64(r.b->exits_taken, r.a->exits_taken + 1);
        CHECK(go(&r, GOAL_UNDO, 0) == SESSION_DONE);
        session_snapshot(r.s, r.b);
        same(&r, everywhere[k]);
        go(&r, GOAL_SEEK_EXIT, r.a->exits_taken);
        session_snapshot(r.s, r.b);
        same(&r, everywhere[k]);
        rig_free(&r);
    }
}

TEST_SUITE(session, {"watching a guest changes nothing of it", observing_changes_nothing},
           {"a run cut at odd points is the same", cut_at_odd_points_it_is_the_same},
           {"back and forth is the same to the last byte", back_and_forth_is_the_same},
           {"a stop at an exit is found again", exits_are_found_again});
