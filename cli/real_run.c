// `ringside real run`: micro-operations on the real processor, their exits and their times.
#include "cli/export.h"
#include "cli/real.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// "VMCALL 1, HLT 2": exits of one operation, from a trace; or what op.def expects.
static void reasons_text(const struct real_session *s, const struct real_measure *m, bool measured,
                         char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned r = 0; r < EXIT_REASONS && used < size; r++) {
        uint64_t n = measured ? real_measure_exits(m, &s->platform, r) : m->expected[r] * m->count;
        if (n && !real_reason_by_chance(r)) {
            uint64_t hundredths = (n * 100 + m->count / 2) / m->count;
            used += (size_t)snprintf(text + used, size - used, "%s%s %" PRIu64, used ? ", " : "",
                                     exit_name(r), hundredths / 100);
            if (hundredths % 100 && used < size) {
                used += (size_t)snprintf(text + used, size - used, ".%02u",
                                         (unsigned)(hundredths % 100));
            }
        }
    }
}

static struct table *measures_table(const struct real_session *s)
{
    static const struct table_column columns[] = {{"operation", TABLE_LEFT},
                                                  {"runs", TABLE_RIGHT},
                                                  {"exits", TABLE_RIGHT},
                                                  {"expected", TABLE_RIGHT},
                                                  {"", TABLE_LEFT},
                                                  {"cycles each", TABLE_RIGHT},
                                                  {"+-", TABLE_RIGHT},
                                                  {"outliers", TABLE_RIGHT},
                                                  {"exits of one, by reason", TABLE_LEFT}};
    struct table *table = table_new(columns, sizeof columns / sizeof columns[0]);
    for (unsigned i = 0; i < REAL_OP_COUNT; i++) {
        const struct real_measure *m = &s->measure[i];
        char text[160];
        if (!s->has[i] || real_op_info((enum real_op)i)->rogue) {
            continue;
        }
        table_cell(table, "%s", real_op_info(m->op)->name);
        table_count(table, m->count);
        if (m->run.has_stats) {
            table_count(table, m->run.exits);
        } else {
            table_cell(table, "-");
        }
        table_count(table, m->expected_sum * m->count);
        table_tone(table, m->right ? TONE_GOOD : TONE_BAD, "%s", m->right ? "ok" : "differs");
        table_count(table, i == REAL_OP_NOTHING ? m->cycles.median : real_session_cycles(s, m->op));
        table_count(table, m->cycles.mad);
        table_count(table, m->cycles.outliers);
        reasons_text(s, m, m->run.has_trace, text, sizeof text);
        table_cell(table, "%s", text[0] ? text : "none");
    }
    return table;
}

static void print_wrong(const struct real_session *s)
{
    for (unsigned i = 0; i < REAL_OP_COUNT; i++) {
        if (s->has[i] && !s->measure[i].right) {
            printf("%s: %s\n", real_op_info((enum real_op)i)->name, s->measure[i].wrong);
        }
    }
}

static void print_rogues(const struct real_session *s)
{
    bool any = false;
    for (unsigned i = 0; i < REAL_OP_COUNT; i++) {
        if (s->has[i] && real_op_info((enum real_op)i)->rogue) {
            printf("%s%-15s %s\n", any ? "" : "\nGuests that misbehave\n",
                   real_op_info((enum real_op)i)->name,
                   s->measure[i].run.report[0] ? s->measure[i].run.report
                                               : "it ended as if all were well");
            any = true;
        }
    }
}

static json_t *measure_json(const struct real_session *s, const struct real_measure *m)
{
    json_t *item = json_object(), *stats = json_object(), *trace = json_object(),
           *samples = json_array();
    json_object_set_new(item, "operation", json_string(real_op_info(m->op)->name));
    json_object_set_new(item, "count", export_u64(m->count));
    json_object_set_new(item, "right", json_boolean(m->right));
    json_object_set_new(item, "report", export_text(m->run.report, strlen(m->run.report)));
    json_object_set_new(item, "exits", export_u64(m->run.exits));
    json_object_set_new(item, "expected", export_u64(m->expected_sum * m->count));
    json_object_set_new(item, "median", export_u64(m->cycles.median));
    json_object_set_new(item, "median_low", export_u64(m->cycles.low));
    json_object_set_new(item, "median_high", export_u64(m->cycles.high));
    json_object_set_new(item, "mad", export_u64(m->cycles.mad));
    json_object_set_new(item, "min", export_u64(m->cycles.min));
    json_object_set_new(item, "max", export_u64(m->cycles.max));
    json_object_set_new(item, "outliers", export_u64(m->cycles.outliers));
    for (size_t i = 0; i < m->run.stats.count; i++) {
        json_object_set_new(stats, m->run.stats.stat[i].name,
                            export_u64(m->run.stats.stat[i].value));
    }
    for (unsigned r = 0; r < EXIT_REASONS && m->run.has_trace; r++) {
        uint64_t n = real_measure_exits(m, &s->platform, r);
        if (n) {
            json_object_set_new(trace, exit_name(r), export_u64(n));
        }
    }
    for (size_t i = 0; i < m->run.sample_count; i++) {
        json_array_append_new(samples, export_u64(m->run.samples[i]));
    }
    json_object_set_new(item, "statistics", stats);
    json_object_set_new(item, "exits_by",
                        m->run.has_trace ? trace : (json_decref(trace), json_null()));
    json_object_set_new(item, "samples", samples);
    return item;
}

static int export_measures(const struct real_session *s)
{
    json_t *document = export_document("ringside/real/1", CLI_DEFAULT_SEED), *items = json_array();
    char title[400];
    json_object_del(document, "seed"); // nothing here is random
    real_session_title(s, title, sizeof title);
    json_object_set_new(document, "where", export_text(title, strlen(title)));
    for (unsigned i = 0; i < REAL_OP_COUNT; i++) {
        if (s->has[i]) {
            json_array_append_new(items, measure_json(s, &s->measure[i]));
        }
    }
    json_object_set_new(document, "results", items);
    return export_json(s->o->export_json, document);
}

static int print_all(const struct cli *cli, const struct real_session *s)
{
    struct style style = style_of(cli);
    struct table *table = measures_table(s);
    char title[400];
    bool quiet = (s->o->export_json && strcmp(s->o->export_json, "-") == 0) ||
                 (s->o->export_csv && strcmp(s->o->export_csv, "-") == 0);
    if (!quiet) {
        real_session_title(s, title, sizeof title);
        style_wrap(stdout, &style, title, 0, 0);
        putchar('\n');
        table_print(stdout, &style, table, 0);
        print_rogues(s);
        puts(s->trace.on ? "\nExits by trace events; without those for interrupts of the host, "
                           "which come when they come."
                         : "\nExits by KVM's statistics, without those for interrupts of the host; "
                           "by reason as expected, for this user may not trace.");
        print_wrong(s);
    }
    int status = s->o->export_json ? export_measures(s) : CLI_OK;
    if (status == CLI_OK && s->o->export_csv) {
        status = export_csv(s->o->export_csv, table);
    }
    table_free(table);
    for (unsigned i = 0; i < REAL_OP_COUNT && status == CLI_OK; i++) {
        status = s->has[i] && !s->measure[i].right ? CLI_CHECK_FAILED : CLI_OK;
    }
    return status;
}

int real_run_command(const struct cli *cli, const struct real_options *o)
{
    struct real_session *s = calloc(1, sizeof *s);
    if (!s) {
        return cli_error(CLI_UNAVAILABLE, "real: no memory");
    }
    int status = real_session_begin(s, o);
    if (status == CLI_OK) {
        status = real_session_measure(s, cli->args + 1, cli->arg_count - 1, true);
    }
    if (status == CLI_OK && !real_session_interrupted()) {
        status = print_all(cli, s);
    }
    real_session_end(s);
    free(s);
    return status;
}
