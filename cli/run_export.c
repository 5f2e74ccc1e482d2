// What a scenario found, as files: JSON ("ringside/run/1"), and its runs as CSV and Markdown.
#include "cli/bars.h"
#include "cli/export.h"
#include "cli/run.h"
#include "sim/exit.h"

#include <string.h>

static json_t *text_or_null(const char *text)
{
    return text ? export_text(text, strlen(text)) : json_null();
}

static json_t *run_json(const struct scenario_run *run)
{
    const struct run_result *r = &run->result;
    json_t *o = json_object(), *by = json_object(), *exits = json_object();
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        json_object_set_new(by, category_name(k), export_u64(r->cycles_by[k]));
    }
    for (unsigned k = 0; k < EXIT_REASONS; k++) {
        if (r->exits[k]) {
            json_object_set_new(exits, exit_name(k), export_u64(r->exits[k]));
        }
    }
    json_object_set_new(o, "group", export_u64(run->group));
    json_object_set_new(o, "name", json_string(run->name));
    json_object_set_new(o, "vary", json_string(run->vary));
    json_object_set_new(o, "architecture", json_string(arch_row(run->spec.arch.arch)->name));
    json_object_set_new(o, "paging", json_string(paging_name(run->spec.arch.paging)));
    json_object_set_new(o, "io", json_string(io_name(run->spec.arch.io)));
    json_object_set_new(o, "workload", json_string(run->workload));
    json_object_set_new(o, "cpu", json_string(run->cpu));
    json_object_set_new(o, "n", export_u64(run->n));
    json_object_set_new(o, "seed", export_u64(run->spec.config.seed));
    json_object_set_new(o, "steady", json_boolean(run->steady));
    json_object_set_new(o, "right", json_boolean(run->right));
    json_object_set_new(o, "why", json_string(run->why));
    json_object_set_new(o, "cycles", export_u64(r->cycles));
    json_object_set_new(o, "instructions", export_u64(r->instructions));
    json_object_set_new(o, "slowdown",
                        run->baseline ? json_real((double)r->cycles / (double)run->baseline)
                                      : json_null());
    json_object_set_new(o, "cycles_by", by);
    json_object_set_new(o, "exits", exits);
    json_object_set_new(o, "tlb_misses", export_u64(r->tlb_misses));
    json_object_set_new(o, "walk_refs", export_u64(r->walk_refs));
    json_object_set_new(o, "state_hash", export_hex(r->state_hash));
    return o;
}

static json_t *table_json(const struct scenario_table *t)
{
    json_t *o = json_object(), *rows = json_array();
    json_object_set_new(o, "title", text_or_null(t->title));
    for (size_t r = 0; r <= t->rows; r++) {
        json_t *row = json_array();
        for (size_t c = 0; c < t->columns; c++) {
            json_array_append_new(row, text_or_null(t->cells[r * t->columns + c]));
        }
        if (r == 0) {
            json_object_set_new(o, "headings", row);
        } else {
            json_array_append_new(rows, row);
        }
    }
    json_object_set_new(o, "rows", rows);
    return o;
}

int run_export_json(const char *path, const struct run_script *script,
                    const struct scenario_facts *f, uint64_t seed, const char *why)
{
    json_t *d = export_document("ringside/run/1", seed);
    json_t *lesson = json_array(), *questions = json_array(), *runs = json_array(),
           *tables = json_array(), *expectations = json_array(), *samples = json_array();
    for (size_t i = 0; i < f->said_count; i++) {
        if (f->said[i].kind == SCENARIO_LESSON) {
            json_array_append_new(lesson, text_or_null(f->said[i].text));
        }
    }
    for (size_t i = 0; i < f->question_count; i++) {
        json_t *q = json_object();
        json_object_set_new(q, "question", text_or_null(f->questions[i].question));
        json_object_set_new(q, "prediction", text_or_null(f->questions[i].prediction));
        json_object_set_new(q, "answer", text_or_null(f->questions[i].answer));
        json_array_append_new(questions, q);
    }
    for (size_t i = 0; i < f->run_count; i++) {
        json_array_append_new(runs, run_json(&f->runs[i]));
    }
    for (size_t i = 0; i < f->table_count; i++) {
        json_array_append_new(tables, table_json(&f->tables[i]));
    }
    for (size_t i = 0; i < f->expectation_count; i++) {
        json_t *e = json_object();
        json_object_set_new(e, "text", text_or_null(f->expectations[i].text));
        json_object_set_new(e, "line", export_u64(f->expectations[i].line));
        json_object_set_new(e, "held", json_boolean(f->expectations[i].held));
        json_array_append_new(expectations, e);
    }
    for (size_t i = 0; i < f->sample_count; i++) {
        json_t *s = json_object();
        json_object_set_new(s, "series", text_or_null(f->samples[i].series));
        json_object_set_new(s, "time", export_u64(f->samples[i].time));
        json_object_set_new(s, "value", json_real(f->samples[i].value));
        json_array_append_new(samples, s);
    }
    json_object_set_new(d, "scenario", text_or_null(script->shown));
    json_object_set_new(d, "title", text_or_null(f->title));
    json_object_set_new(d, "complete", json_boolean(!why));
    json_object_set_new(d, "error", text_or_null(why));
    json_object_set_new(d, "lesson", lesson);
    json_object_set_new(d, "questions", questions);
    json_object_set_new(d, "results", runs);
    json_object_set_new(d, "tables", tables);
    json_object_set_new(d, "expectations", expectations);
    json_object_set_new(d, "samples", samples);
    return export_json(path, d);
}

// What each run's line begins with; behind that stand its cycles by category and its exits by reason.
static const struct table_column run_columns[] = {
    {"group", TABLE_RIGHT},   {"name", TABLE_LEFT},          {"vary", TABLE_LEFT},
    {"workload", TABLE_LEFT}, {"cpu", TABLE_LEFT},           {"n", TABLE_RIGHT},
    {"cycles", TABLE_RIGHT},  {"instructions", TABLE_RIGHT}, {"slowdown", TABLE_RIGHT},
    {"exits", TABLE_RIGHT},   {"tlb_misses", TABLE_RIGHT},   {"walk_refs", TABLE_RIGHT},
    {"right", TABLE_LEFT},    {"seed", TABLE_RIGHT},         {"tool_version", TABLE_LEFT}};
enum { RUN_COLUMNS = sizeof run_columns / sizeof *run_columns };

static void add_line(struct table *table, const struct scenario_run *r)
{
    table_count(table, r->group);
    table_cell(table, "%s", r->name);
    table_cell(table, "%s", r->vary);
    table_cell(table, "%s", r->workload);
    table_cell(table, "%s", r->cpu);
    table_count(table, r->n);
    table_count(table, r->result.cycles);
    table_count(table, r->result.instructions);
    if (r->baseline) {
        table_cell(table, "%.3f", (double)r->result.cycles / (double)r->baseline);
    } else {
        table_cell(table, "%s", "");
    }
    table_count(table, r->result.exits_all);
    table_count(table, r->result.tlb_misses);
    table_count(table, r->result.walk_refs);
    table_cell(table, "%s", r->right ? "yes" : "no");
    table_count(table, r->spec.config.seed);
    table_cell(table, "%s", RINGSIDE_VERSION);
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        table_count(table, r->result.cycles_by[k]);
    }
    for (unsigned k = 0; k < EXIT_REASONS; k++) {
        if (exit_name(k)) {
            table_count(table, r->result.exits[k]);
        }
    }
}

int run_export_table(const struct scenario_facts *f, const char *csv, const char *markdown)
{
    struct table_column columns[RUN_COLUMNS + CYC_COUNT + EXIT_REASONS];
    size_t count = RUN_COLUMNS;
    memcpy(columns, run_columns, sizeof run_columns);
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        columns[count++] = (struct table_column){category_name(k), TABLE_RIGHT};
    }
    for (unsigned k = 0; k < EXIT_REASONS; k++) {
        if (exit_name(k)) {
            columns[count++] = (struct table_column){exit_name(k), TABLE_RIGHT};
        }
    }
    struct table *table = table_new(columns, count);
    int status = CLI_OK;
    for (size_t i = 0; i < f->run_count; i++) {
        add_line(table, &f->runs[i]);
    }
    if (csv) {
        status = export_csv(csv, table);
    }
    if (status == CLI_OK && markdown) {
        status = export_markdown(markdown, table);
    }
    table_free(table);
    return status;
}
