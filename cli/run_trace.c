// What happened in a scenario's runs, as a trace in Chrome's JSON format (schema "ringside/trace/1" in otherData), which Perfetto and chrome://tracing
// open: a process a run, and tracks for each vCPU: who has it, exits, page walks, faults and events. Event by event: such a file is large.
#include "cli/bars.h"
#include "cli/export.h"
#include "cli/run.h"
#include "sim/disasm.h"
#include "sim/exit.h"

#include <inttypes.h>
#include <string.h>

enum track { TRACK_WHO, TRACK_EXITS, TRACK_WALKS, TRACK_EVENTS, TRACKS };

struct trace_out {
    FILE *stream;
    bool begun, failed;
    size_t pid;
    uint32_t mhz;
};

// Times are microseconds; whole nanoseconds of it, since that is what Perfetto keeps: rounded here, so that spans still meet. The exact cycles
// stand beside.
static uint64_t nanoseconds(const struct trace_out *t, uint64_t cycles)
{
    return cycles / t->mhz * 1000 + cycles % t->mhz * 1000 / t->mhz;
}

static json_t *event(const struct trace_out *t, const char *phase, size_t tid, const char *name)
{
    json_t *e = json_object();
    json_object_set_new(e, "ph", json_string(phase));
    json_object_set_new(e, "pid", export_u64(t->pid));
    json_object_set_new(e, "tid", export_u64(tid));
    json_object_set_new(e, "name", json_string(name));
    return e;
}

static void write_event(struct trace_out *t, json_t *e)
{
    fputs(t->begun ? ",\n" : "\n", t->stream);
    t->begun = true;
    // Fifteen digits: a double's, enough for eleven days in nanoseconds.
    if (json_dumpf(e, t->stream, JSON_COMPACT | JSON_REAL_PRECISION(15)) != 0) {
        t->failed = true;
    }
    json_decref(e);
}

static void metadata(struct trace_out *t, size_t tid, const char *kind, const char *key,
                     json_t *value)
{
    json_t *e = event(t, "M", tid, kind), *args = json_object();
    json_object_set_new(args, key, value);
    json_object_set_new(e, "args", args);
    write_event(t, e);
}

static size_t track_id(unsigned cpu, enum track track)
{
    return (size_t)cpu * TRACKS + track + 1;
}

static void name_tracks(struct trace_out *t, unsigned cpus)
{
    static const char *const names[TRACKS] = {[TRACK_WHO] = "who has it",
                                              [TRACK_EXITS] = "exits",
                                              [TRACK_WALKS] = "page walks",
                                              [TRACK_EVENTS] = "faults and events"};
    char name[64];
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        for (unsigned k = 0; k < TRACKS; k++) {
            size_t tid = track_id(cpu, (enum track)k);
            snprintf(name, sizeof name, "vCPU %u: %s", cpu, names[k]);
            metadata(t, tid, "thread_name", "name", json_string(name));
            metadata(t, tid, "thread_sort_index", "sort_index", export_u64(tid));
        }
    }
}

static const char *vector_name(unsigned vector, char *text, size_t size)
{
    static const char *const names[VEC_IRQ_FIRST] = {
#define VECTOR(NAME, number, mnemonic, title, error, doc) [number] = mnemonic " " title,
#include "sim/vector.def"
#undef VECTOR
    };
    if (vector < VEC_IRQ_FIRST && names[vector]) {
        return names[vector];
    }
    snprintf(text, size, "interrupt %u", vector);
    return text;
}

static const char *owner_name(unsigned owner)
{
    static const char *const names[] = {
        [SNAP_FAULT_NONE] = "fault",
        [SNAP_FAULT_GUEST] = "the guest's own fault",
        [SNAP_FAULT_SHADOW] = "the shadow's fault",
        [SNAP_FAULT_NESTED] = "the nested table's fault",
        [SNAP_FAULT_TABLE_WRITE] = "a store to a guarded page table",
        [SNAP_FAULT_DEVICE] = "a device's register",
    };
    return names[owner];
}

static const char *walk_name(unsigned kind)
{
    static const char *const names[] = {[SNAP_WALK_NONE] = "walk",
                                        [SNAP_WALK_NATIVE] = "walk",
                                        [SNAP_WALK_SHADOW] = "walk of shadow tables",
                                        [SNAP_WALK_NESTED] = "walk in two dimensions",
                                        [SNAP_WALK_DIRECT] = "walk of the guest's real tables"};
    return names[kind];
}

static void exit_args(const struct recorded *r, json_t *args)
{
    char line[DISASM_LINE_MAX];
    uint32_t word;
    json_object_set_new(args, "pc", export_hex(r->pc));
    if (r->insn.op != OP_INVALID && isa_encode(&r->insn, &word)) {
        disasm_word(word, r->pc, NULL, line, sizeof line);
        json_object_set_new(args, "instruction", json_string(line));
    }
    if (r->addr) {
        json_object_set_new(args, "address", export_hex(r->addr));
    }
    if (r->reason == EXIT_EXCEPTION_NMI || r->reason == EXIT_EXTERNAL_INTERRUPT ||
        r->reason == EXIT_TRAP_EXCEPTION) {
        json_object_set_new(args, "vector", export_u64(r->vector));
    }
}

// The event without its times.
static json_t *describe(const struct trace_out *t, const struct recorded *r, json_t *args)
{
    char text[64];
    const char *category = "", *name = "", *phase = "X";
    enum track track = TRACK_EVENTS;
    switch ((enum recorded_kind)r->kind) {
    case RECORDED_WHO:
        track = TRACK_WHO, category = "who", name = who_name((enum snapshot_who)r->who);
        if (r->reason >= 0) {
            json_object_set_new(args, "exit", json_string(exit_name((unsigned)r->reason)));
        }
        break;
    case RECORDED_EXIT:
        track = TRACK_EXITS, category = "exit", name = exit_name((unsigned)r->reason);
        exit_args(r, args);
        break;
    case RECORDED_WALK:
        track = TRACK_WALKS, category = "walk", name = walk_name(r->walk);
        json_object_set_new(args, "pc", export_hex(r->pc));
        json_object_set_new(args, "va", export_hex(r->va));
        json_object_set_new(args, "references", export_u64(r->refs));
        json_object_set_new(args, "found", json_boolean(r->ok));
        break;
    case RECORDED_FAULT:
        category = "fault", name = owner_name(r->owner), phase = "i";
        json_object_set_new(args, "pc", export_hex(r->pc));
        json_object_set_new(args, "va", export_hex(r->va));
        json_object_set_new(args, "gpa", export_hex(r->addr));
        json_object_set_new(args, "error", export_hex(r->error));
        break;
    case RECORDED_EVENT:
        category = "event", name = vector_name(r->vector, text, sizeof text);
        json_object_set_new(args, "handler", export_hex(r->pc));
        json_object_set_new(args, "error", export_hex(r->error));
        break;
    case RECORDED_KINDS: break;
    }
    json_t *e = event(t, phase, track_id(r->cpu, track), name);
    json_object_set_new(e, "cat", json_string(category));
    return e;
}

static void add_time(json_t *e, const char *key, uint64_t ns)
{
    json_object_set_new(e, key, json_real((double)ns / 1000));
}

static void write_recorded(struct trace_out *t, const struct recorded *r)
{
    json_t *args = json_object(), *e = describe(t, r, args);
    uint64_t from = nanoseconds(t, r->from), to = nanoseconds(t, r->to);
    add_time(e, "ts", from);
    if (r->kind == RECORDED_FAULT) {
        json_object_set_new(e, "s", json_string("t"));
    } else {
        add_time(e, "dur", to - from);
        json_object_set_new(args, "cycles", export_u64(r->to - r->from));
    }
    json_object_set_new(args, "at", export_u64(r->from));
    json_object_set_new(e, "args", args);
    write_event(t, e);
}

static void write_run(struct trace_out *t, const struct scenario_recording *run)
{
    char name[256];
    size_t count;
    const struct recorded *items = recording_items(run->recording, &count);
    uint64_t left_out = recording_left_out(run->recording);
    t->pid++;
    t->mhz = run->mhz ? run->mhz : 1;
    snprintf(name, sizeof name, "%zu. %s: %s%s%s", t->pid, run->name, run->workload,
             run->vary[0] ? " " : "", run->vary);
    metadata(t, 0, "process_name", "name", export_text(name, strlen(name)));
    metadata(t, 0, "process_sort_index", "sort_index", export_u64(t->pid));
    name_tracks(t, recording_cpus(run->recording));
    for (size_t i = 0; i < count && !t->failed; i++) {
        write_recorded(t, &items[i]);
    }
    if (left_out > 0 && count > 0) {
        snprintf(name, sizeof name, "here the recording ends: %" PRIu64 " more are left out",
                 left_out);
        json_t *e = event(t, "i", 0, name);
        add_time(e, "ts", nanoseconds(t, items[count - 1].to));
        json_object_set_new(e, "s", json_string("p"));
        write_event(t, e);
    }
}

int run_export_trace(const char *path, const struct run_script *script,
                     const struct scenario_facts *f, uint64_t seed)
{
    struct cli_output output;
    int status = cli_output_open(&output, path);
    if (status != CLI_OK) {
        return status;
    }
    struct trace_out t = {.stream = output.stream};
    json_t *about = export_document("ringside/trace/1", seed);
    json_object_set_new(about, "scenario", json_string(script->shown));
    fputs("{\"displayTimeUnit\":\"ns\",\"otherData\":", t.stream);
    t.failed = json_dumpf(about, t.stream, JSON_COMPACT) != 0;
    json_decref(about);
    fputs(",\"traceEvents\":[", t.stream);
    for (size_t i = 0; i < f->recording_count; i++) {
        write_run(&t, &f->recordings[i]);
    }
    fputs("\n]}\n", t.stream);
    if (t.failed) {
        cli_output_abandon(&output);
        return cli_error(CLI_UNAVAILABLE, "cannot write %s: the trace cannot be encoded", path);
    }
    return cli_output_commit(&output);
}
