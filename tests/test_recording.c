// Recordings: writing a run down changes nothing of it, leaves nothing out and invents nothing; and the trace that is made of it is what a reader of
// Chrome's format must find.
#include "cli/run.h"
#include "models/run.h"
#include "tests/test.h"
#include "tests/vm_help.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const everywhere[] = {"native",
                                         "type1/fullvirt-trap",
                                         "type2/fullvirt-bt",
                                         "type1/fullvirt-hw",
                                         "type2/fullvirt-hw,paging=shadow",
                                         "type1/fullvirt-hw,apicv=1,posted=1,vpid=0",
                                         "type1/paravirt",
                                         "container"};
enum { EVERYWHERE = sizeof everywhere / sizeof *everywhere };

// A workload under an architecture, run twice: recorded and not.
struct rig {
    struct vm_workload w;
    struct recording *recording;
    struct run_result plain, recorded;
};

static bool rig_make(struct rig *r, const char *workload, uint64_t n, const char *arch,
                     unsigned cpus, size_t limit, uint64_t from)
{
    char err[256];
    memset(r, 0, sizeof *r);
    if (!vm_workload_make(&r->w, workload, n, &(struct vm_where){.arch = arch, .cpus = cpus})) {
        return false;
    }
    r->recording = recording_create(limit, from);
    if (!r->recording || !run_guest(&r->w.spec, &r->plain, err, sizeof err)) {
        return FAIL("%s: %s", arch, err);
    }
    r->w.spec.recording = r->recording;
    return run_guest(&r->w.spec, &r->recorded, err, sizeof err) || FAIL("%s: %s", arch, err);
}

static void rig_free(struct rig *r)
{
    run_result_free(&r->plain);
    run_result_free(&r->recorded);
    recording_free(r->recording);
    vm_workload_free(&r->w);
}

// Every count, whatever members it has, but for the console's place.
static bool same_result(const struct run_result *a, const struct run_result *b)
{
    struct run_result x = *a, y = *b;
    bool console =
        a->console_size == b->console_size && memcmp(a->console, b->console, a->console_size) == 0;
    x.console = y.console = NULL;
    return console && memcmp(&x, &y, sizeof x) == 0;
}

// What is recorded of each kind is what the processors counted.
static bool counts_agree(const struct rig *r)
{
    const struct run_result *n = &r->recorded;
    const struct recording *k = r->recording;
    size_t count;
    uint64_t all = 0;
    recording_items(k, &count);
    for (unsigned kind = 0; kind < RECORDED_KINDS; kind++) {
        all += recording_count(k, (enum recorded_kind)kind);
    }
    return CHECK_U64(recording_count(k, RECORDED_EXIT), n->exits_all) &&
           CHECK_U64(recording_count(k, RECORDED_WALK), n->tlb_misses) && CHECK_U64(count, all) &&
           CHECK_U64(recording_left_out(k), 0);
}

// From the boot on, somebody has every processor at every moment, and one at a time; spans of the other kinds do not overlap their like. (A VM's first
// entry is paid for before its guest boots.)
static bool spans_meet(const struct rig *r)
{
    uint64_t at[RECORDED_KINDS][4] = {{0}}, sum = 0;
    size_t count;
    const struct recorded *item = recording_items(r->recording, &count);
    for (size_t i = 0; i < count; i++) {
        uint64_t *end = &at[item[i].kind][item[i].cpu];
        bool who = item[i].kind == RECORDED_WHO;
        if (item[i].to < item[i].from || item[i].from < *end ||
            (who && item[i].from != *end && *end > 0)) {
            return FAIL("kind %u on vCPU %u: [%llu, %llu) after %llu", item[i].kind, item[i].cpu,
                        (unsigned long long)item[i].from, (unsigned long long)item[i].to,
                        (unsigned long long)*end);
        }
        sum += who && *end == 0 ? item[i].from : 0;
        *end = item[i].to;
        sum += who ? item[i].to - item[i].from : 0;
    }
    return CHECK_U64(sum, r->recorded.cycles_all);
}

static void recording_changes_and_loses_nothing(void)
{
    for (unsigned k = 0; k < EVERYWHERE; k++) {
        struct rig r;
        const char *workload = k % 2 ? "forkexec" : "mmap";
        unsigned cpus = k == 0 || k == 3 ? 2 : 1;
        REQUIRE(rig_make(&r, workload, 2, everywhere[k], cpus, SIZE_MAX, 0));
        if (!CHECK(same_result(&r.plain, &r.recorded)) || !counts_agree(&r) || !spans_meet(&r)) {
            FAIL("that was %s under %s", workload, everywhere[k]);
        }
        rig_free(&r);
    }
}

// A bounded recording is a piece of the whole one.
static void bounded_it_is_a_piece_of_the_whole(void)
{
    enum { LIMIT = 300 };
    struct rig whole, piece;
    REQUIRE(rig_make(&whole, "mmap", 2, "kvm,paging=shadow", 1, SIZE_MAX, 0));
    uint64_t from = whole.plain.cycles / 2;
    REQUIRE(rig_make(&piece, "mmap", 2, "kvm,paging=shadow", 1, LIMIT, from));
    size_t all, some, first = 0;
    const struct recorded *a = recording_items(whole.recording, &all);
    const struct recorded *b = recording_items(piece.recording, &some);
    while (first < all && a[first].to < from) {
        first++;
    }
    CHECK_U64(some, LIMIT);
    CHECK_U64(recording_left_out(piece.recording), all - first - LIMIT);
    CHECK(memcmp(a + first, b, LIMIT * sizeof *a) == 0);
    CHECK_U64(recording_count(piece.recording, RECORDED_EXIT),
              recording_count(whole.recording, RECORDED_EXIT));
    rig_free(&whole);
    rig_free(&piece);
}

// ---- the trace ------------------------------------------------------------------------------------

enum { TRACKS_MAX = 64 };
struct trace_seen {
    uint64_t exits, faults, walks, spans;
    double end[TRACKS_MAX];
};

static bool text_is(const json_t *e, const char *key, const char *want)
{
    const char *text = json_string_value(json_object_get(e, key));
    return text && strcmp(text, want) == 0;
}

static bool check_event(const json_t *e, struct trace_seen *seen)
{
    json_int_t tid = json_integer_value(json_object_get(e, "tid"));
    if (!CHECK_I64(json_integer_value(json_object_get(e, "pid")), 1) ||
        !CHECK(tid >= 0 && tid < TRACKS_MAX) ||
        !CHECK(json_string_value(json_object_get(e, "name")) != NULL)) {
        return false;
    }
    if (text_is(e, "ph", "M")) {
        return CHECK(json_is_object(json_object_get(e, "args")));
    }
    double ts = json_real_value(json_object_get(e, "ts"));
    seen->exits += text_is(e, "cat", "exit");
    seen->faults += text_is(e, "cat", "fault");
    seen->walks += text_is(e, "cat", "walk");
    if (text_is(e, "ph", "i")) {
        return CHECK(json_is_real(json_object_get(e, "ts"))) && CHECK(text_is(e, "s", "t"));
    }
    double dur = json_real_value(json_object_get(e, "dur"));
    seen->spans++;
    bool ok = CHECK(text_is(e, "ph", "X")) && CHECK(dur >= 0) &&
              CHECK(ts + 0.0005 >= seen->end[tid]); // a track's spans follow each other
    seen->end[tid] = ts + dur;
    return ok;
}

static void the_trace_is_what_readers_expect(void)
{
    char path[] = "/tmp/ringside-trace-XXXXXX";
    struct rig r;
    struct trace_seen seen = {0};
    json_error_t error;
    int file = mkstemp(path);
    REQUIRE(file >= 0);
    close(file);
    REQUIRE(rig_make(&r, "pgfault", 20, "kvm,paging=shadow", 1, SIZE_MAX, 0));
    const struct scenario_recording run = {.name = "kvm",
                                           .workload = "pgfault",
                                           .vary = "n=20",
                                           .mhz = r.w.spec.config.model->mhz,
                                           .recording = r.recording};
    const struct scenario_facts facts = {.recordings = &run, .recording_count = 1};
    CHECK(run_export_trace(path, &(struct run_script){.shown = "test"}, &facts, 7) == CLI_OK);
    json_t *trace = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    unlink(path);
    REQUIRE(trace != NULL);
    const json_t *events = json_object_get(trace, "traceEvents");
    CHECK(text_is(json_object_get(trace, "otherData"), "schema", "ringside/trace/1"));
    for (size_t i = 0; i < json_array_size(events); i++) {
        if (!check_event(json_array_get(events, i), &seen)) {
            FAIL("that was event %zu", i);
            break;
        }
    }
    CHECK_U64(seen.exits, r.plain.exits_all);
    CHECK_U64(seen.walks, r.plain.tlb_misses);
    CHECK_U64(seen.faults, recording_count(r.recording, RECORDED_FAULT));
    CHECK(seen.faults >= 20); // a fault a page at the least
    CHECK_U64(seen.spans, recording_count(r.recording, RECORDED_WHO) +
                              recording_count(r.recording, RECORDED_EXIT) +
                              recording_count(r.recording, RECORDED_WALK) +
                              recording_count(r.recording, RECORDED_EVENT));
    json_decref(trace);
    rig_free(&r);
}

TEST_SUITE(recording,
           {"recording a run changes nothing and loses nothing",
            recording_changes_and_loses_nothing},
           {"a bounded recording is a piece of the whole", bounded_it_is_a_piece_of_the_whole},
           {"a trace is what readers of the format expect", the_trace_is_what_readers_expect});
