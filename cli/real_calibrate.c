// `ringside real calibrate`: a CPU model of this computer, from what was measured on it. An operation's time is set against what the simulator takes for
// the same (cli/real_predict.c), and the cost that calibrate.def names makes up the difference.
#include "cli/model.h"
#include "cli/real.h"
#include "real/calibrate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PROBE = 1000, SOURCE_SIZE = 256, COMMENT_SIZE = 4096 };

struct calibrator {
    const struct real_session *s;
    struct cpu_model model;
    char sources[COST_COUNT][SOURCE_SIZE]; // of the costs that were set
    int64_t missing[REAL_OP_COUNT]; // cycles that an operation still takes more than the model says
    bool set[REAL_OP_COUNT];
    uint64_t
        nothing; // what the empty operation takes in the simulator, in thousandths: none of its costs is set here
};

// Thousandths of a cycle that the operation takes with the model as it is, less the empty one.
static bool simulate(struct calibrator *c, enum real_op op, uint64_t *milli, char *err,
                     size_t err_size)
{
    struct real_prediction p;
    if (!real_predict(op, &c->s->platform, &c->model, &p, err, err_size)) {
        return false;
    }
    *milli = p.milli > c->nothing ? p.milli - c->nothing : 0;
    return true;
}

static void note_source(struct calibrator *c, const struct real_calibration *row, unsigned which)
{
    const struct real_measure *m = &c->s->measure[row->op];
    char *text = c->sources[row->cost[which]];
    snprintf(text, SOURCE_SIZE,
             "ringside real, %s x %" PRIu64 ": median %" PRIu64 " cycles, MAD %" PRIu64
             ", %zu outliers, of which the model's other costs are taken; %s paging, kernel %.60s",
             real_op_info(row->op)->name, m->count, real_session_cycles(c->s, row->op),
             m->cycles.mad, m->cycles.outliers, real_paging_name(c->s->platform.paging),
             c->s->probe.kernel);
    c->model.cost[row->cost[which]].kind = COST_MEASURED;
    c->model.cost[row->cost[which]].source = text;
}

static int set_one(struct calibrator *c, const struct real_calibration *row)
{
    char err[256];
    uint64_t before, more;
    uint32_t kept = c->model.cost[row->cost[0]].value;
    bool ok = simulate(c, row->op, &before, err, sizeof err);
    c->model.cost[row->cost[0]].value +=
        PROBE; // how much the operation depends on the cost, the simulator itself says
    ok = ok && simulate(c, row->op, &more, err, sizeof err);
    c->model.cost[row->cost[0]].value = kept;
    if (!ok) {
        return cli_error(CLI_UNAVAILABLE, "real: the simulator cannot do %s: %s",
                         real_op_info(row->op)->name, err);
    }
    uint64_t slope = more > before ? (more - before + PROBE / 2) / PROBE : 0;
    c->missing[row->op] =
        real_calibrate(row, &c->model, real_session_cycles(c->s, row->op), before, slope);
    c->set[row->op] = true;
    if (slope) {
        note_source(c, row, 0);
        note_source(c, row, 1);
    }
    return CLI_OK;
}

static void set_feature(struct cpu_model *m, enum cpu_feature f, bool on)
{
    m->features = on ? m->features | UINT32_C(1) << f : m->features & ~(UINT32_C(1) << f);
}

// Name from the file's ("dir/My Laptop.cpu": my-laptop), the rest from the computer.
static void set_head(struct calibrator *c)
{
    const struct real_probe *p = &c->s->probe;
    struct cpu_model *m = &c->model;
    const char *file =
        strrchr(c->s->o->output, '/') ? strrchr(c->s->o->output, '/') + 1 : c->s->o->output;
    size_t n = 0, end = strlen(file);
    if (end > 4 && strcmp(file + end - 4, ".cpu") == 0) {
        end -= 4;
    }
    for (size_t i = 0; i < end && n < sizeof m->name - 1; i++) {
        char l = file[i] >= 'A' && file[i] <= 'Z' ? (char)(file[i] - 'A' + 'a') : file[i];
        m->name[n++] = (l >= 'a' && l <= 'z') || (l >= '0' && l <= '9') ? l : '-';
    }
    m->name[n] = '\0';
    if (strcmp(m->name, "-") == 0 || n == 0) {
        snprintf(m->name, sizeof m->name, "measured");
    }
    snprintf(m->title, sizeof m->title, "%.60s, measured", p->cpu[0] ? p->cpu : "this computer");
    snprintf(m->vendor, sizeof m->vendor, "%s", p->svm ? "AuthenticAMD" : "GenuineIntel");
    unsigned mhz = real_tsc_mhz();
    m->mhz = mhz ? mhz : p->mhz ? p->mhz : m->mhz;
    set_feature(m, CPU_FEATURE_HOLES_CLOSED, false);
    set_feature(m, CPU_FEATURE_VTX, true);
    set_feature(m, CPU_FEATURE_EPT, p->ept || p->npt || c->s->platform.paging == REAL_NESTED);
    set_feature(m, CPU_FEATURE_VPID, p->vpid || p->svm); // AMD's ASIDs are as old as AMD-V
    set_feature(m, CPU_FEATURE_PREEMPTION_TIMER, c->s->platform.preemption_timer);
    set_feature(m, CPU_FEATURE_APICV, c->s->platform.apicv);
    set_feature(m, CPU_FEATURE_POSTED, c->s->platform.apicv);
}

// The date, or the one that SOURCE_DATE_EPOCH gives, so that a build can be repeated.
static void write_date(char *text, size_t size)
{
    const char *given = getenv("SOURCE_DATE_EPOCH");
    time_t now = given ? (time_t)strtoll(given, NULL, 10) : time(NULL);
    struct tm utc;
    if (!gmtime_r(&now, &utc) || strftime(text, size, "%Y-%m-%d", &utc) == 0) {
        snprintf(text, size, "unknown");
    }
}

static void write_comment(const struct calibrator *c, const char *base, char *text)
{
    char title[400], date[32];
    real_session_title(c->s, title, sizeof title);
    write_date(date, sizeof date);
    size_t used = (size_t)snprintf(text, COMMENT_SIZE,
                                   "Written by 'ringside real calibrate' (%s) on %s.\n%s.\n"
                                   "Costs marked 'measured' were set from the operations below, "
                                   "the others are those of '%s'.\n"
                                   "operation: median cycles, 95 %% between, MAD, outliers of n; "
                                   "cycles that the model still misses\n",
                                   RINGSIDE_VERSION, date, title, base);
    for (unsigned i = 0; i < REAL_OP_COUNT && used < COMMENT_SIZE; i++) {
        const struct real_measure *m = &c->s->measure[i];
        if (c->s->has[i] && !real_op_info((enum real_op)i)->rogue) {
            used += (size_t)snprintf(
                text + used, COMMENT_SIZE - used,
                "  %s: %" PRIu64 ", %" PRIu64 " to %" PRIu64 ", %" PRIu64 ", %zu of %zu",
                real_op_info((enum real_op)i)->name, m->cycles.median, m->cycles.low,
                m->cycles.high, m->cycles.mad, m->cycles.outliers, m->cycles.count);
            if (c->set[i] && used < COMMENT_SIZE) {
                used +=
                    (size_t)snprintf(text + used, COMMENT_SIZE - used, "; %" PRId64, c->missing[i]);
            }
            if (used < COMMENT_SIZE) {
                used += (size_t)snprintf(text + used, COMMENT_SIZE - used, "\n");
            }
        }
    }
}

static int write_model(const struct calibrator *c)
{
    char comment[COMMENT_SIZE];
    struct cli_output out;
    write_comment(c, c->s->o->cpu, comment);
    int status = cli_output_open(&out, c->s->o->output);
    if (status == CLI_OK) {
        real_model_write(out.stream, &c->model, comment);
        status = cli_output_commit(&out);
    }
    return status;
}

// A model of wrong counts would be a wrong model.
static int check_counts(const struct real_session *s)
{
    for (unsigned i = 0; i < REAL_OP_COUNT; i++) {
        if (s->has[i] && !s->measure[i].right) {
            return cli_error(CLI_CHECK_FAILED, "real: %s: %s; no model is made of that",
                             real_op_info((enum real_op)i)->name, s->measure[i].wrong);
        }
    }
    return CLI_OK;
}

static int calibrate(struct calibrator *c)
{
    int status = check_counts(c->s);
    const struct real_calibration *row;
    struct real_prediction nothing = {.milli = 0};
    char err[256];
    set_head(c);
    if (status == CLI_OK &&
        !real_predict(REAL_OP_NOTHING, &c->s->platform, &c->model, &nothing, err, sizeof err)) {
        status = cli_error(CLI_UNAVAILABLE, "real: the simulator cannot do anything: %s", err);
    }
    c->nothing = nothing.milli;
    for (size_t i = 0; status == CLI_OK && (row = real_calibration(i)); i++) {
        if (real_calibration_holds(row, &c->s->platform)) {
            status = set_one(c, row);
        }
    }
    return status == CLI_OK ? write_model(c) : status;
}

int real_calibrate_command(const struct cli *cli, const struct real_options *o)
{
    (void)cli;
    struct real_session *s = calloc(1, sizeof *s);
    struct calibrator *c = calloc(1, sizeof *c);
    if (!s || !c) {
        free(s), free(c);
        return cli_error(CLI_UNAVAILABLE, "real: no memory");
    }
    c->s = s;
    int status = model_load(o->cpu, &c->model);
    if (status == CLI_OK) {
        status = real_session_begin(s, o);
        if (status == CLI_OK) {
            status = real_session_measure(s, NULL, 0, false);
        }
        if (status == CLI_OK && !real_session_interrupted()) {
            status = calibrate(c);
        }
        real_session_end(s);
        cpu_model_free(&c->model);
    }
    free(s);
    free(c);
    return status;
}
