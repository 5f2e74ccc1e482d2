// `ringside real compare`: the simulator's exits of each operation beside the real ones, with the error, and why they differ where they do.
#include "cli/export.h"
#include "cli/model.h"
#include "cli/real.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { DIFFER_NESTED = 1, DIFFER_SHADOW = 2, DIFFER_BOTH = 3 };

const char *real_differs(enum real_op op, enum real_paging paging)
{
    static const struct {
        enum real_op op;
        int paging;
        const char *why;
    } rows[] = {
#define DIFFER(OP, paging, why) {REAL_OP_##OP, DIFFER_##paging, why},
#include "real/differ.def"
#undef DIFFER
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].op == op && (rows[i].paging >> (paging == REAL_SHADOW) & 1)) {
            return rows[i].why;
        }
    }
    return NULL;
}

// Exits of `reason` of one operation in hundredths, by the trace; without one by what is expected, to which the sum was held.
static uint64_t real_hundredths(const struct real_session *s, const struct real_measure *m,
                                unsigned reason)
{
    uint64_t exits = m->run.has_trace ? real_measure_exits(m, &s->platform, reason)
                                      : m->expected[reason] * m->count;
    return (exits * 100 + m->count / 2) / m->count;
}

static const char *hundredths(char text[static 32], uint64_t value)
{
    snprintf(text, 32, value % 100 ? "%" PRIu64 ".%02u" : "%" PRIu64, value / 100,
             (unsigned)(value % 100));
    return text;
}

// "+12.5 %"; "-" if there is nothing to compare with.
static void error_cell(struct table *table, uint64_t simulated, uint64_t real)
{
    if (real == 0) {
        table_cell(table, "%s", simulated ? "-" : "0.0 %");
        return;
    }
    uint64_t off = simulated > real ? simulated - real : real - simulated;
    uint64_t milli = (off * 1000 + real / 2) / real;
    table_cell(table, "%s%" PRIu64 ".%" PRIu64 " %%",
               milli == 0         ? ""
               : simulated > real ? "+"
                                  : "-",
               milli / 10, milli % 10);
}

struct comparison {
    struct real_prediction prediction[REAL_OP_COUNT];
    struct cpu_model model;
    size_t same, explained, wrong;
};

// One operation: a row a reason, the first with name and times.
static void add_rows(struct comparison *c, const struct real_session *s, enum real_op op,
                     struct table *table)
{
    const struct real_measure *m = &s->measure[op];
    const struct real_prediction *p = &c->prediction[op];
    bool first = true, differs = false;
    for (unsigned r = 0; r <= EXIT_REASONS; r++) {
        char real[32] = "0";
        bool last = r == EXIT_REASONS; // an operation without any exit has a row all the same
        uint64_t got = last || real_reason_by_chance(r) ? 0 : real_hundredths(s, m, r);
        unsigned predicted = last || real_reason_by_chance(r) ? 0 : p->exits[r];
        if (last ? !first : got == 0 && predicted == 0) {
            continue;
        }
        differs = differs || got != predicted * UINT64_C(100);
        table_cell(table, "%s", first ? real_op_info(op)->name : "");
        table_cell(table, "%s", last ? "none" : exit_name(r));
        table_cell(table, "%s", hundredths(real, got));
        table_cell(table, "%u", predicted);
        error_cell(table, predicted * UINT64_C(100), got);
        if (first && op != REAL_OP_HLT &&
            op != REAL_OP_TIMER) { // those wait, as long as they were told to
            uint64_t cycles = real_session_cycles(s, op),
                     simulated = (p->milli - c->prediction[REAL_OP_NOTHING].milli) / 1000;
            table_count(table, cycles);
            table_count(table, simulated);
            error_cell(table, simulated, cycles);
        }
        table_end_row(table);
        first = false;
    }
    c->same += !differs;
    c->explained += differs && real_differs(op, s->platform.paging);
    c->wrong += differs && !real_differs(op, s->platform.paging);
}

static int predict_all(struct comparison *c, const struct real_session *s)
{
    for (unsigned i = 0; i < REAL_OP_COUNT; i++) {
        char err[256];
        if (s->has[i] && !real_op_info((enum real_op)i)->rogue &&
            !real_predict((enum real_op)i, &s->platform, &c->model, &c->prediction[i], err,
                          sizeof err)) {
            return cli_error(CLI_UNAVAILABLE, "real: the simulator cannot do %s: %s",
                             real_op_info((enum real_op)i)->name, err);
        }
    }
    return CLI_OK;
}

static void explain(const struct style *style, const struct comparison *c,
                    const struct real_session *s)
{
    char text[512];
    printf("\n%zu operations take the same exits, %zu others for a reason that is known, %zu "
           "should and do not.\n",
           c->same, c->explained, c->wrong);
    for (unsigned i = 0; i < REAL_OP_COUNT; i++) {
        const char *why = real_differs((enum real_op)i, s->platform.paging);
        if (s->has[i] && why) {
            snprintf(text, sizeof text, "%s: %s.", real_op_info((enum real_op)i)->name, why);
            style_wrap(stdout, style, text, 2, 0);
        }
    }
    puts("Cycles are of this computer on the one side and of the model on the other: compare them "
         "on one made by 'real calibrate'.");
}

static int show(const struct cli *cli, struct comparison *c, const struct real_session *s)
{
    static const struct table_column columns[] = {
        {"operation", TABLE_LEFT},  {"exit", TABLE_LEFT},   {"real", TABLE_RIGHT},
        {"simulated", TABLE_RIGHT}, {"error", TABLE_RIGHT}, {"cycles", TABLE_RIGHT},
        {"simulated", TABLE_RIGHT}, {"error", TABLE_RIGHT}};
    struct style style = style_of(cli);
    struct table *table = table_new(columns, sizeof columns / sizeof columns[0]);
    char title[400];
    for (unsigned i = 0; i < REAL_OP_COUNT; i++) {
        if (s->has[i] && i != REAL_OP_NOTHING && !real_op_info((enum real_op)i)->rogue) {
            add_rows(c, s, (enum real_op)i, table);
        }
    }
    if (!s->o->export_csv || strcmp(s->o->export_csv, "-") != 0) {
        real_session_title(s, title, sizeof title);
        printf("Real: ");
        style_wrap(stdout, &style, title, 6, 6);
        printf("Simulated: type2/fullvirt-hw, %s paging, %s\n\n",
               real_paging_name(s->platform.paging), c->model.name);
        table_print(stdout, &style, table, 0);
        explain(&style, c, s);
    }
    int status = s->o->export_csv ? export_csv(s->o->export_csv, table) : CLI_OK;
    table_free(table);
    return status != CLI_OK ? status : c->wrong ? CLI_CHECK_FAILED : CLI_OK;
}

int real_compare_command(const struct cli *cli, const struct real_options *o)
{
    struct real_session *s = calloc(1, sizeof *s);
    struct comparison *c = calloc(1, sizeof *c);
    if (!s || !c) {
        free(s), free(c);
        return cli_error(CLI_UNAVAILABLE, "real: no memory");
    }
    int status = model_load(o->cpu, &c->model);
    if (status == CLI_OK) {
        status = real_session_begin(s, o);
        if (status == CLI_OK) {
            status = real_session_measure(s, cli->args + 1, cli->arg_count - 1, false);
        }
        if (status == CLI_OK && !real_session_interrupted()) {
            status = predict_all(c, s);
        }
        if (status == CLI_OK && !real_session_interrupted()) {
            status = show(cli, c, s);
        }
        real_session_end(s);
        cpu_model_free(&c->model);
    }
    free(s);
    free(c);
    return status;
}
