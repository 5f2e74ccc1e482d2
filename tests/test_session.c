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
        REQUIRE(rig_make(&r, k % 2 ? "forkexec" : "mmap", 2, everywhere[k], k == 3 ? 2 : 1));
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
        REQUIRE(rig_make(&r, "forkexec", 1, everywhere[k], 1));
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

// Nobody knows in advance where a guest ends; its last picture has everything all the same, also the path and the latest segments.
static void the_end_is_the_same_and_whole(void)
{
    for (unsigned k = 0; k < EVERYWHERE; k++) {
        struct rig r;
        REQUIRE(rig_make(&r, "forkexec", 2, everywhere[k], k == 0 || k == 3 ? 2 : 1));
        session_go(r.s, (struct session_goal){.kind = GOAL_RUN});
        while (session_work(r.s, 100000000) == SESSION_BUSY) {
        }
        session_snapshot(r.s, r.a);
        CHECK(r.a->stop == SNAP_POWEROFF && r.a->path.valid && r.a->weights > 1);
        CHECK(r.a->timeline[0].count > 2);
        CHECK(r.a->instructions > 2 * 16384); // several epochs
        go(&r, GOAL_SEEK, 1);
        while (go(&r, GOAL_STEP, 5001) == SESSION_DONE) {
        }
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
        REQUIRE(rig_make(&r, "forkexec", 1, everywhere[k], k == 0 ? 2 : 1));
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

// The bare machine has no exits: the nearest to one is a way between program and kernel.
static void without_a_hypervisor_it_stops_at_changes_of_ring(void)
{
    struct rig r;
    REQUIRE(rig_make(&r, "nullcall", 5, "native", 1));
    for (unsigned k = 0; k < 12; k++) {
        session_snapshot(r.s, r.a);
        CHECK(go(&r, GOAL_EXIT, SESSION_ANY) == SESSION_DONE);
        session_snapshot(r.s, r.b);
        bool into = k % 2 == 0; // the boot goes on to the first program
        enum story story = r.b->story.id;
        CHECK(r.b->instructions + r.b->events > r.a->instructions + r.a->events);
        CHECK((r.b->cpu[0].ring == 3) == into);
        CHECK(into ? story == STORY_TO_USER
                   : story == STORY_SYSCALL || story == STORY_PAGE_FAULT_OWN);
    }
    rig_free(&r);
}

// A stop at an exit lies between two instructions; it is found again all the same.
static void exits_are_found_again(void)
{
    for (unsigned k = 1; k < EVERYWHERE; k++) {
        struct rig r;
        REQUIRE(rig_make(&r, "forkexec", 1, everywhere[k], 1));
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

// ---- what is shown --------------------------------------------------------------------------------

// Without caches of walks a nested walk of four levels by four reads 24 entries, numbered as they are read.
static void a_nested_walk_counts_to_24(void)
{
    struct rig r;
    char err[256];
    REQUIRE(rig_make(&r, "forkexec", 1, "type1/fullvirt-hw", 1));
    session_destroy(r.s);
    r.w.model.tlb.pwc = r.w.model.tlb.ntlb = 0;
    r.s = session_create(&r.w.spec, NULL, NULL, err, sizeof err);
    REQUIRE(r.s != NULL);
    const struct snapshot_walk *w = &r.a->walk;
    bool seen = false;
    go(&r, GOAL_SEEK, 20000);
    for (unsigned k = 0; k < 200 && !seen; k++) {
        CHECK(go(&r, GOAL_WALK, 0) == SESSION_DONE);
        session_snapshot(r.s, r.a);
        REQUIRE(w->kind == SNAP_WALK_NESTED && w->recorded && w->levels == 4);
        CHECK_U64(w->count, w->refs);
        seen = w->ok && w->page_shift == 12 && w->refs == 24;
    }
    CHECK(seen);
    CHECK_U64(w->full, 24);
    unsigned guests = 0;
    for (unsigned k = 0; k < w->count; k++) {
        CHECK_U64(w->ref[k].running, k + 1);
        guests += w->ref[k].dim == 0;
    }
    CHECK_U64(guests, 4);
    CHECK_U64(w->ref[23].level, 1);
    CHECK(w->ref[23].dim == 1 && w->ref[23].leaf);
    CHECK_U64(w->ref[23].value & PTE_FRAME, w->address & ~PAGE_MASK);
    rig_free(&r);
}

// Steps through page faults under shadow paging until each of the owners has been met; what the picture says agrees with the tables.
static void a_shadow_fault_has_its_owner(void)
{
    struct rig r;
    REQUIRE(rig_make(&r, "forkexec", 1, "type2/fullvirt-hw,paging=shadow", 1));
    unsigned met[SNAP_FAULT_DEVICE + 1] = {0};
    go(&r, GOAL_SEEK, 20000);
    for (unsigned k = 0; k < 400; k++) {
        if (go(&r, GOAL_EXIT, EXIT_EXCEPTION_NMI) != SESSION_DONE) {
            break;
        }
        session_snapshot(r.s, r.a);
        const struct snapshot_fault *f = &r.a->fault;
        REQUIRE(f->owner <= SNAP_FAULT_DEVICE);
        met[f->owner]++;
        session_look(r.s, f->va, false);
        session_snapshot(r.s, r.a);
        const struct snapshot_tables *t = &r.a->tables;
        CHECK(t->kind == SNAP_WALK_SHADOW);
        if (f->owner == SNAP_FAULT_SHADOW) {
            CHECK(t->guest_ok && t->other_ok);
            CHECK(r.a->story.id == STORY_SHADOW_FILL);
        } else if (f->owner == SNAP_FAULT_GUEST) {
            CHECK(!t->guest_ok || f->write);
            CHECK(r.a->story.id == STORY_SHADOW_GUEST);
        }
    }
    CHECK(met[SNAP_FAULT_SHADOW] > 0 && met[SNAP_FAULT_GUEST] > 0);
    CHECK_U64(met[SNAP_FAULT_NONE], 0);
    rig_free(&r);
}

static bool passes(const struct snapshot_path *p, enum snapshot_step_kind kind)
{
    for (unsigned k = 0; k < p->count; k++) {
        if (p->step[k].kind == kind) {
            return true;
        }
    }
    return false;
}

// The console's port: type 1 has to schedule Dom0, type 2 asks its host. The steps add up to the time that passed.
static void the_path_says_who_worked(void)
{
    static const char *const archs[] = {"type1/fullvirt-hw", "type2/fullvirt-hw"};
    for (unsigned k = 0; k < 2; k++) {
        struct rig r;
        REQUIRE(rig_make(&r, "hello", 1, archs[k], 1));
        CHECK(go(&r, GOAL_EXIT, EXIT_IO_INSTRUCTION) == SESSION_DONE);
        session_snapshot(r.s, r.a);
        const struct snapshot_path *p = &r.a->path;
        CHECK(passes(p, STEP_EXIT) && passes(p, STEP_HYPERVISOR) && passes(p, STEP_ENTRY));
        CHECK(passes(p, STEP_DOM0) == (k == 0));
        CHECK(passes(p, STEP_HOST) == (k == 1));
        CHECK(p->step[0].kind == STEP_GUEST_KERNEL);
        CHECK(r.a->story.id == (k == 0 ? STORY_EXIT_IO_DOM0 : STORY_EXIT_IO_HOST));
        uint64_t sum = 0;
        for (unsigned n = 0; n < p->count; n++) {
            CHECK_U64(p->step[n].at, p->step[0].at + sum);
            sum += p->step[n].cycles;
        }
        CHECK_U64(p->step[0].at + sum, r.a->cpu[0].time);
        rig_free(&r);
    }
}

// Every cycle is somebody's, and the exact part of the timeline has no gaps.
static void the_timeline_has_no_holes(void)
{
    for (unsigned k = 0; k < EVERYWHERE; k++) {
        struct rig r;
        REQUIRE(rig_make(&r, "ctxsw", 20, everywhere[k], k + 1 < EVERYWHERE ? 2 : 1));
        go(&r, GOAL_RUN, 0);
        session_snapshot(r.s, r.a);
        for (unsigned i = 0; i < r.a->cpus; i++) {
            const struct snapshot_timeline *t = &r.a->timeline[i];
            for (unsigned n = 1; n < t->count; n++) {
                CHECK_U64(t->segment[n].from, t->segment[n - 1].to);
            }
            CHECK_U64(t->segment[t->count - 1].to, r.a->cpu[i].time);
            // Each share is rounded down, and each category's part of a bucket is within a cycle.
            uint64_t slack = WHO_COUNT + CYC_COUNT * UINT64_C(65536) / t->span;
            for (unsigned b = 0; b + 1 < t->buckets; b++) {
                uint64_t share = 0;
                for (unsigned w = 0; w < WHO_COUNT; w++) {
                    share += t->share[b][w];
                }
                CHECK(share <= 65536 + slack && share + slack >= 65536);
            }
        }
        rig_free(&r);
    }
}

// ---- stopping and changing ------------------------------------------------------------------------

static void breakpoints_stop_it(void)
{
    struct rig r;
    char err[256];
    uint64_t syscall;
    REQUIRE(rig_make(&r, "hello", 1, "type1/fullvirt-hw", 1));
    REQUIRE(session_symbol(r.s, "frame_zalloc", &syscall));
    CHECK_I64(session_break(r.s, "frame_zalloc", err, sizeof err), 0);
    CHECK_I64(session_break(r.s, "exit:CPUID", err, sizeof err), 1);
    CHECK_I64(session_break(r.s, "exit:LUNCH", err, sizeof err), -1);
    CHECK_I64(session_break(r.s, "no_such_thing", err, sizeof err), -1);
    bool hit[2] = {false, false};
    for (unsigned k = 0; k < 10; k++) {
        REQUIRE(go(&r, GOAL_RUN, 0) == SESSION_BREAK);
        session_snapshot(r.s, r.a);
        int which = session_hit(r.s);
        REQUIRE(which == 0 || which == 1);
        hit[which] = true;
        if (which == 0) {
            CHECK_U64(r.a->cpu[0].pc, syscall);
            CHECK_STR(r.a->cpu[0].symbol, "frame_zalloc");
            CHECK(r.a->cpu[0].code[r.a->cpu[0].code_at].has_break);
        } else {
            CHECK_I64(r.a->path.reason, EXIT_CPUID);
        }
    }
    CHECK(hit[0]);
    session_break_remove(r.s, 0);
    session_break_enable(r.s, 0, false);
    CHECK(go(&r, GOAL_RUN, 0) == SESSION_ENDED);
    rig_free(&r);
}

static void a_changed_option_reruns_it(void)
{
    struct rig r;
    char err[256];
    REQUIRE(rig_make(&r, "forkexec", 1, "type1/fullvirt-hw", 1));
    go(&r, GOAL_SEEK, 30000);
    CHECK(!session_change(r.s, "paging=sideways", err, sizeof err));
    CHECK(session_change(r.s, "paging=shadow", err, sizeof err));
    CHECK(session_finish(r.s) == SESSION_DONE);
    session_snapshot(r.s, r.a);
    CHECK_U64(r.a->instructions, 30000);
    CHECK_U64(r.a->paging, PAGING_SHADOW);
    CHECK(session_change(r.s, "kvm", err, sizeof err));
    CHECK(session_finish(r.s) == SESSION_DONE);
    session_snapshot(r.s, r.a);
    CHECK_U64(r.a->platform, PLATFORM_TYPE2);
    CHECK_U64(r.a->instructions, 30000);
    rig_free(&r);
}

static void lanes_advance_by_equal_work(void)
{
    static const char *const archs[] = {"type1/fullvirt-hw", "native", "type2/fullvirt-bt",
                                        "type1/paravirt"};
    struct rig r;
    char err[256];
    REQUIRE(rig_make(&r, "sieve", 3000, "native", 1));
    struct comparison *c = comparison_create(&r.w.spec, archs, 4, err, sizeof err);
    struct compare_view v;
    REQUIRE(c != NULL);
    for (unsigned k = 0; k < 3; k++) {
        comparison_work(c, 5000, UINT64_C(1) << 24);
        comparison_view(c, &v);
        for (unsigned i = 0; i < v.lanes; i++) {
            const struct compare_lane *l = &v.lane[i];
            uint64_t sum = 0;
            for (unsigned n = 0; n < SNAP_CATEGORIES; n++) {
                sum += l->cycles_by[n];
            }
            CHECK_U64(sum, l->cycles);
            CHECK(l->work >= 5000 * (k + 1) && l->work < 5000 * (k + 1) + 200);
        }
    }
    CHECK_U64(v.baseline, 1);
    for (unsigned k = 0; k < 10000 && comparison_work(c, 1000000, UINT64_C(1) << 24); k++) {
    }
    comparison_view(c, &v);
    CHECK(v.ended && v.lane[0].has_checksum);
    for (unsigned i = 1; i < v.lanes; i++) {
        CHECK_U64(v.lane[i].checksum, v.lane[0].checksum);
    }
    comparison_destroy(c);
    rig_free(&r);
}

TEST_SUITE(session,
           {"an end is the same however it was reached, and whole", the_end_is_the_same_and_whole},
           {"without a hypervisor, the next exit is the next change of ring",
            without_a_hypervisor_it_stops_at_changes_of_ring},
           {"watching a guest changes nothing of it", observing_changes_nothing},
           {"a run cut at odd points is the same", cut_at_odd_points_it_is_the_same},
           {"back and forth is the same to the last byte", back_and_forth_is_the_same},
           {"a stop at an exit is found again", exits_are_found_again},
           {"a nested walk counts to 24", a_nested_walk_counts_to_24},
           {"a fault under shadow paging has its owner", a_shadow_fault_has_its_owner},
           {"the path says who worked, and adds up", the_path_says_who_worked},
           {"the timeline has no holes", the_timeline_has_no_holes},
           {"breakpoints stop it", breakpoints_stop_it},
           {"a changed option reruns it to the same instruction", a_changed_option_reruns_it},
           {"lanes advance by equal work", lanes_advance_by_equal_work});
