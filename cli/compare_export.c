// The results of `ringside compare` as files: JSON ("ringside/compare/1"), CSV and Markdown.
#include "cli/bars.h"
#include "cli/compare.h"
#include "cli/export.h"
#include "sim/exit.h"

#include <string.h>

// ---- JSON ----------------------------------------------------------------------------------------

static json_t *options_json(const struct compare *c, const struct compare_run *run)
{
    json_t *o = json_object();
    for (unsigned k = 0; k < OPTION_COUNT; k++) {
        struct arch_config with = run->arch;
        char err[COMPARE_WHY_SIZE], value[FORMAT_SIZE];
        snprintf(value, sizeof value, "%llu", (unsigned long long)run->arch.option[k]);
        if (arch_set(&with, arch_option_key((enum arch_option)k), value, err, sizeof err)) {
            json_object_set_new(o, arch_option_key((enum arch_option)k),
                                export_u64(run->arch.option[k]));
        }
    }
    const struct cpu_model *m = c->groups[run->group].model;
    json_object_set_new(o, "holes_closed",
                        json_boolean(run->closed || c->o->holes_closed ||
                                     cpu_model_has(m, CPU_FEATURE_HOLES_CLOSED)));
    return o;
}

static json_t *cycles_json(const struct run_result *r)
{
    json_t *by = json_object();
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        json_object_set_new(by, category_name(k), export_u64(r->cycles_by[k]));
    }
    return by;
}

static json_t *exits_json(const struct run_result *r)
{
    json_t *exits = json_object();
    for (unsigned k = 0; k < EXIT_REASONS; k++) {
        if (r->exits[k] > 0) {
            json_object_set_new(exits, exit_name(k), export_u64(r->exits[k]));
        }
    }
    return exits;
}

static json_t *result_json(const struct compare *c, const struct compare_run *run)
{
    const struct run_result *r = &run->result, *native = &compare_native(c, run)->result;
    const struct compare_group *g = &c->groups[run->group];
    json_t *o = json_object();
    json_object_set_new(o, "architecture", json_string(arch_row(run->arch.arch)->name));
    json_object_set_new(o, "name", json_string(run->name));
    json_object_set_new(o, "paging", json_string(paging_name(run->arch.paging)));
    json_object_set_new(o, "io", json_string(io_name(run->arch.io)));
    json_object_set_new(o, "options", options_json(c, run));
    json_object_set_new(o, "workload", json_string(g->workload->name));
    json_object_set_new(o, "cpu", json_string(g->model->name));
    json_object_set_new(o, "n", export_u64(g->n));
    json_object_set_new(o, "cpus", export_u64(g->cpus));
    json_object_set_new(o, "ram", export_u64(g->ram));
    json_object_set_new(o, "levels", export_u64(g->levels));
    json_object_set_new(o, "right", json_boolean(run->outcome == COMPARE_DONE));
    json_object_set_new(o, "cycles", export_u64(r->cycles));
    json_object_set_new(o, "instructions", export_u64(r->instructions));
    json_object_set_new(o, "slowdown", json_real((double)r->cycles / (double)native->cycles));
    json_object_set_new(o, "cycles_by", cycles_json(r));
    json_object_set_new(o, "exits", exits_json(r));
    json_object_set_new(o, "tlb_misses", export_u64(r->tlb_misses));
    json_object_set_new(o, "walk_refs", export_u64(r->walk_refs));
    json_object_set_new(o, "state_hash", export_hex(r->state_hash));
    return o;
}

static int write_json(const struct compare *c)
{
    json_t *document = export_document("ringside/compare/1", c->groups[0].seed);
    json_t *results = json_array(), *absent = json_array();
    for (size_t i = 0; i < c->run_count; i++) {
        const struct compare_run *run = &c->runs[i];
        if (compare_measured(run)) {
            json_array_append_new(results, result_json(c, run));
        } else {
            json_t *o = json_object();
            json_object_set_new(o, "name", json_string(run->name));
            json_object_set_new(o, "workload", json_string(c->groups[run->group].workload->name));
            json_object_set_new(o, "cpu", json_string(c->groups[run->group].model->name));
            json_object_set_new(o, "why", json_string(run->why));
            json_array_append_new(absent, o);
        }
    }
    json_object_set_new(document, "workload", json_string(c->workloads[0]->name));
    json_object_set_new(document, "cpu", json_string(c->groups[0].model->name));
    json_object_set_new(document, "steady", json_boolean(c->o->steady));
    json_object_set_new(document, "unit_costs", json_boolean(c->o->unit_costs));
    json_object_set_new(document, "results", results);
    json_object_set_new(document, "not_run", absent);
    return export_json(c->o->export_json, document);
}

// ---- CSV and Markdown ----------------------------------------------------------------------------

enum { FIXED_COLUMNS = 17 };

static void add_line(const struct compare *c, struct table *table, const struct compare_run *run)
{
    const struct run_result *r = &run->result, *native = &compare_native(c, run)->result;
    const struct compare_group *g = &c->groups[run->group];
    char ratio[FORMAT_SIZE];
    table_cell(table, "%s", run->name);
    table_cell(table, "%s", paging_name(run->arch.paging));
    table_cell(table, "%s", io_name(run->arch.io));
    table_cell(table, "%s", g->workload->name);
    table_cell(table, "%s", g->model->name);
    const uint64_t machine[] = {g->n, g->cpus, g->ram, g->levels, g->seed};
    for (size_t i = 0; i < sizeof machine / sizeof *machine; i++) {
        table_count(table, machine[i]);
    }
    table_cell(table, "%s", RINGSIDE_VERSION);
    table_count(table, r->cycles);
    table_cell(table, "%s", compare_ratio(ratio, r->cycles, native->cycles));
    table_count(table, r->instructions);
    table_count(table, r->exits_all);
    table_count(table, r->tlb_misses);
    table_count(table, r->walk_refs);
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        table_count(table, r->cycles_by[k]);
    }
}

// Every number in one table, all groups below each other. `columns`: room for the table's columns, which must
// outlive it.
static struct table *wide_table(const struct compare *c, struct table_column *columns)
{
    static const char *const fixed[FIXED_COLUMNS] = {
        "architecture", "paging",       "io",     "workload",   "cpu",          "n",
        "cpus",         "ram",          "levels", "seed",       "tool_version", "cycles",
        "slowdown",     "instructions", "exits",  "tlb misses", "walk refs"};
    for (unsigned k = 0; k < FIXED_COLUMNS + CYC_COUNT; k++) {
        columns[k].title = k < FIXED_COLUMNS ? fixed[k] : category_name(k - FIXED_COLUMNS);
        columns[k].align = k < 5 ? TABLE_LEFT : TABLE_RIGHT;
    }
    struct table *table = table_new(columns, FIXED_COLUMNS + CYC_COUNT);
    for (size_t i = 0; i < c->run_count; i++) {
        if (compare_measured(&c->runs[i])) {
            add_line(c, table, &c->runs[i]);
        }
    }
    return table;
}

int compare_export(const struct compare *c)
{
    int status = CLI_OK;
    struct table_column columns[FIXED_COLUMNS + CYC_COUNT];
    struct table *table = wide_table(c, columns);
    if (c->o->export_json) {
        status = write_json(c);
    }
    if (c->o->export_csv && status == CLI_OK) {
        status = export_csv(c->o->export_csv, table);
    }
    if (c->o->export_markdown && status == CLI_OK) {
        status = export_markdown(c->o->export_markdown, table);
    }
    table_free(table);
    return status;
}
