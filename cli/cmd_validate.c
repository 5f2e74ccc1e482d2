// `ringside validate`: published tables beside what the simulator gives, with the error of each cell.
#include "cli/data.h"
#include "cli/export.h"
#include "cli/model.h"
#include "cli/validate.h"
#include "models/validate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char folder[] = "data/validate/";

struct validate_options {
    const char *export_json;
};

// A calibrated cell must come out as it was put in, within this many per cent; a predicted one is what it is.
enum { CALIBRATED_WITHIN = 5 };

struct result {
    uint64_t simulated[VALIDATE_COLUMNS]; // thousandths, as measured; 0: not to be had
    uint64_t published_as[VALIDATE_COLUMNS], simulated_as[VALIDATE_COLUMNS]; // as compared
    const char *calibrated[VALIDATE_COLUMNS]; // cost that the figure set, or NULL
    char why[VALIDATE_COLUMNS][256];          // no simulation: the reason
};

// Everything about one table while it is being shown.
struct job {
    struct validate_table t;
    char name[64];
    struct cpu_model model[VALIDATE_COLUMNS];
    size_t models;
    struct result row[VALIDATE_ROWS];
    size_t right, pairs; // columns whose order is published, and of these as published
    size_t predicted, calibrated, off; // cells; calibrated cells that miss
    size_t orders, broken;             // orders known without figures; those that do not hold

    uint64_t errors; // sum of predicted cells' errors in per cent
};

// ---- measuring -----------------------------------------------------------------------------------

// The first of the column's architectures ("A|B") that this build can run. If that is not A, `why` says what
// stands there; if it is none (0), why not.
static uint64_t measure_cell(struct validate_bench *bench, const char *measure, const char *archs,
                             const struct cpu_model *model, char *why, size_t size)
{
    for (const char *at = archs;; at++) {
        char arch[128], err[256];
        size_t n = strcspn(at, "|");
        snprintf(arch, sizeof arch, "%.*s", (int)n, at);
        uint64_t figure = validate_measure(bench, measure, arch, model, err, sizeof err);
        if (figure > 0 && at != archs) {
            snprintf(why, size, "simulated as %s, the nearest in this build", arch);
        } else if (figure == 0) {
            snprintf(why, size, "not simulated: %.200s", err);
        }
        at += n;
        if (figure > 0 || *at == '\0') {
            return figure;
        }
    }
}

static void measure_row(struct job *j, struct validate_bench *bench, size_t row)
{
    const struct validate_table *t = &j->t;
    struct result *r = &j->row[row];
    uint64_t published[VALIDATE_COLUMNS] = {0};
    for (size_t c = 0; c < t->columns; c++) {
        const struct validate_column *column = &t->column[c];
        published[c] = t->row[row].cell[c].known ? t->row[row].cell[c].milli : 0;
        if (strcmp(column->arch, "-") != 0) {
            r->simulated[c] = measure_cell(bench, t->row[row].measure, column->arch, &j->model[c],
                                           r->why[c], sizeof r->why[c]);
        }
        r->calibrated[c] =
            t->row[row].cell[c].known ? validate_calibrated(t, row, c, &j->model[c]) : NULL;
    }
    for (size_t c = 0; c < t->columns; c++) {
        r->published_as[c] = validate_compared(t, published, c, false);
        r->simulated_as[c] = validate_compared(t, r->simulated, c, true);
    }
}

// (here - there) / there in per cent, rounded half away from zero.
static int64_t error_percent(uint64_t here, uint64_t there)
{
    uint64_t gap = here > there ? here - there : there - here;
    int64_t percent = (int64_t)((gap * 200 + there) / (2 * there));
    return here < there ? -percent : percent;
}

static bool ratio(const struct validate_table *t)
{
    return t->as == VALIDATE_RATIO || t->as == VALIDATE_RATE;
}

static void score_row(struct job *j, size_t row)
{
    const struct result *r = &j->row[row];
    for (size_t c = ratio(&j->t) ? 1 : 0; c < j->t.columns; c++) {
        if (r->published_as[c] == 0 || r->simulated_as[c] == 0) {
            continue;
        }
        int64_t error = error_percent(r->simulated_as[c], r->published_as[c]);
        uint64_t size = (uint64_t)(error < 0 ? -error : error);
        j->calibrated += r->calibrated[c] != NULL;
        j->predicted += r->calibrated[c] == NULL;
        j->errors += r->calibrated[c] ? 0 : size;
        j->off += r->calibrated[c] && size > CALIBRATED_WITHIN;
    }
    // Which of two columns is the slower, where the paper says so clearly: by a tenth or more.
    for (size_t a = 0; a < j->t.columns; a++) {
        for (size_t b = a + 1; b < j->t.columns; b++) {
            uint64_t pa = r->published_as[a], pb = r->published_as[b];
            uint64_t sa = r->simulated_as[a], sb = r->simulated_as[b];
            uint64_t gap = pa > pb ? pa - pb : pb - pa;
            if (pa && pb && sa && sb && gap * 10 >= (pa < pb ? pa : pb)) {
                j->pairs++;
                j->right += (pa < pb) == (sa < sb) && sa != sb;
            }
        }
    }
}

static size_t column_named(const struct validate_table *t, const char *name)
{
    size_t c = 0;
    while (c + 1 < t->columns && strcmp(t->column[c].name, name) != 0) {
        c++;
    }
    return c;
}

static void score_orders(struct job *j)
{
    const struct validate_table *t = &j->t;
    for (size_t i = 0; i < t->notes; i++) {
        const struct validate_note *n = &t->note[i];
        size_t faster = column_named(t, n->column), slower = column_named(t, n->text);
        for (size_t row = 0; row < t->rows && n->kind == VALIDATE_ORDER; row++) {
            uint64_t a = j->row[row].simulated_as[faster], b = j->row[row].simulated_as[slower];
            if ((strcmp(n->row, "*") == 0 || strcmp(n->row, t->row[row].name) == 0) && a && b) {
                j->orders++;
                j->broken += a >= b;
            }
        }
    }
}

// ---- printing ------------------------------------------------------------------------------------

static void value_cell(struct table *table, const struct validate_table *t, uint64_t milli)
{
    if (milli == 0) {
        table_cell(table, "-");
    } else if (t->as == VALIDATE_CYCLES && milli >= 10000) {
        table_count(table, (milli + 500) / 1000);
    } else {
        uint64_t hundredths = (milli + 5) / 10;
        table_cell(table, "%" PRIu64 ".%02" PRIu64, hundredths / 100, hundredths % 100);
    }
}

static void error_cell(struct table *table, const struct result *r, size_t c)
{
    if (r->published_as[c] == 0 || r->simulated_as[c] == 0) {
        table_cell(table, "-");
        return;
    }
    int64_t error = error_percent(r->simulated_as[c], r->published_as[c]);
    table_tone(table, r->calibrated[c] ? TONE_DIM : TONE_PLAIN, "%+" PRId64 "%%%c", error,
               r->calibrated[c] ? 'c' : 'p');
}

// What is to be shown of a column: nothing is published for some, some cannot be simulated.
static void column_has(const struct job *j, size_t c, bool *published, bool *simulated)
{
    *published = false;
    *simulated = strcmp(j->t.column[c].arch, "-") != 0;
    for (size_t i = 0; i < j->t.rows; i++) {
        *published = *published || j->row[i].published_as[c] > 0;
    }
}

static size_t add_columns(const struct job *j, size_t c, struct table_column *columns)
{
    bool published, simulated;
    size_t n = 0;
    column_has(j, c, &published, &simulated);
    columns[n++] = (struct table_column){j->t.column[c].name, TABLE_RIGHT};
    if (published && simulated) {
        columns[n++] = (struct table_column){"here", TABLE_RIGHT};
        columns[n++] = (struct table_column){"error", TABLE_RIGHT};
    }
    return n;
}

static void add_cells(const struct job *j, size_t row, size_t c, struct table *table)
{
    bool published, simulated;
    const struct result *r = &j->row[row];
    column_has(j, c, &published, &simulated);
    if (published) {
        value_cell(table, &j->t, r->published_as[c]);
    }
    if (simulated) {
        value_cell(table, &j->t, r->simulated_as[c]);
    }
    if (published && simulated) {
        error_cell(table, r, c);
    }
}

static void print_rows(const struct job *j, const struct style *style)
{
    struct table_column columns[1 + 3 * VALIDATE_COLUMNS] = {{"", TABLE_LEFT}};
    size_t first = ratio(&j->t) ? 1 : 0, count = 1;
    for (size_t c = first; c < j->t.columns; c++) {
        count += add_columns(j, c, columns + count);
    }
    struct table *table = table_new(columns, count);
    for (size_t i = 0; i < j->t.rows; i++) {
        table_cell(table, "%s", j->t.row[i].name);
        for (size_t c = first; c < j->t.columns; c++) {
            add_cells(j, i, c, table);
        }
    }
    table_print(stdout, style, table, 0);
    table_free(table);
}

static void print_notes(const struct job *j, const struct style *style)
{
    const struct validate_table *t = &j->t;
    char text[640];
    for (size_t i = 0; i < t->notes; i++) {
        const struct validate_note *n = &t->note[i];
        if (n->kind == VALIDATE_NOTE) {
            bool row = strcmp(n->row, "*") != 0, column = strcmp(n->column, "*") != 0;
            snprintf(text, sizeof text, "- %s%s%s%s%s", row ? n->row : "",
                     row && column ? ", " : "", column ? n->column : "", row || column ? ": " : "",
                     n->text);
            style_wrap(stdout, style, text, 2, 0);
        }
    }
    for (size_t c = 0; c < t->columns; c++) {
        if (j->row[0].why[c][0]) {
            snprintf(text, sizeof text, "- %s: %s", t->column[c].name, j->row[0].why[c]);
            style_wrap(stdout, style, text, 2, 0);
        }
    }
    for (size_t i = 0; i < t->rows; i++) {
        for (size_t c = 0; c < t->columns; c++) {
            if (j->row[i].calibrated[c]) {
                snprintf(text, sizeof text, "c %s, %s: set %s", t->row[i].name, t->column[c].name,
                         j->row[i].calibrated[c]);
                tone_printf(stdout, style, TONE_DIM, "%s\n", text);
            }
        }
    }
}

static void print_job(const struct job *j, const struct style *style)
{
    tone_printf(stdout, style, TONE_HEADING, "%s", j->name);
    char text[400];
    snprintf(text, sizeof text, ": %s (%s, on %s)", j->t.title, j->t.paper, j->t.cpu);
    style_wrap(stdout, style, text, 2, (int)strlen(j->name));
    putchar('\n');
    print_rows(j, style);
    putchar('\n');
    if (j->predicted > 0) {
        printf("%zu predicted cell%s, off by %" PRIu64 " %% on average.\n", j->predicted,
               j->predicted == 1 ? "" : "s", (j->errors + j->predicted / 2) / j->predicted);
    }
    if (j->pairs > 0) {
        printf("Of two columns the slower one is the published one in %zu of %zu pairs.\n",
               j->right, j->pairs);
    }
    if (j->orders > 0) {
        tone_printf(stdout, style, j->broken ? TONE_BAD : TONE_PLAIN,
                    "Who is faster is as known in %zu of %zu cases.\n", j->orders - j->broken,
                    j->orders);
    }
    if (j->off > 0) {
        tone_printf(stdout, style, TONE_BAD, "%zu calibrated cell%s off by more than %d %%.\n",
                    j->off, j->off == 1 ? " is" : "s are", CALIBRATED_WITHIN);
    }
    print_notes(j, style);
}

// ---- JSON ----------------------------------------------------------------------------------------

static json_t *job_json(const struct job *j)
{
    json_t *o = json_object(), *cells = json_array();
    for (size_t i = 0; i < j->t.rows; i++) {
        for (size_t c = 0; c < j->t.columns; c++) {
            const struct result *r = &j->row[i];
            json_t *cell = json_object();
            json_object_set_new(cell, "row", json_string(j->t.row[i].name));
            json_object_set_new(cell, "column", json_string(j->t.column[c].name));
            json_object_set_new(cell, "architecture", json_string(j->t.column[c].arch));
            json_object_set_new(cell, "cpu", json_string(j->model[c].name));
            json_object_set_new(cell, "published_thousandths", export_u64(r->published_as[c]));
            json_object_set_new(cell, "simulated_thousandths", export_u64(r->simulated_as[c]));
            json_object_set_new(cell, "calibrates",
                                r->calibrated[c] ? json_string(r->calibrated[c]) : json_null());
            json_array_append_new(cells, cell);
        }
    }
    json_object_set_new(o, "table", json_string(j->name));
    json_object_set_new(o, "paper", json_string(j->t.paper));
    json_object_set_new(o, "title", json_string(j->t.title));
    json_object_set_new(o, "cells", cells);
    return o;
}

// ---- the command ---------------------------------------------------------------------------------

static int load_models(struct job *j)
{
    int status = CLI_OK;
    for (; j->models < j->t.columns && status == CLI_OK; j->models += status == CLI_OK) {
        const char *cpu = j->t.column[j->models].cpu;
        struct cpu_model *m = &j->model[j->models];
        status = model_load(cpu ? cpu : j->t.cpu, m);
        if (status == CLI_OK && j->t.no_caches) {
            m->tlb.pwc = m->tlb.ntlb = 0;
        }
    }
    return status;
}

// Loads, measures and prints one table; adds to `all`, the JSON, and to *off, the calibrated cells that miss
// and the orders that do not hold.
static int validate_one(const struct data_file *file, const struct style *style,
                        struct validate_bench *bench, json_t *all, bool print, size_t *off)
{
    struct job *j = calloc(1, sizeof *j);
    char err[256];
    if (!j) {
        return cli_error(CLI_UNAVAILABLE, "no memory for a table");
    }
    snprintf(j->name, sizeof j->name, "%.*s", (int)strcspn(file->name + strlen(folder), "."),
             file->name + strlen(folder));
    if (!validate_parse(&j->t, file->name, file->text, file->size, err, sizeof err)) {
        free(j);
        return cli_error(CLI_BAD_INPUT, "%s", err);
    }
    int status = load_models(j);
    for (size_t i = 0; i < j->t.rows && status == CLI_OK; i++) {
        measure_row(j, bench, i);
        score_row(j, i);
    }
    if (status == CLI_OK) {
        score_orders(j);
        *off += j->off + j->broken;
        json_array_append_new(all, job_json(j));
        if (print) {
            fputs(json_array_size(all) > 1 ? "\n" : "", stdout);
            print_job(j, style);
        }
    }
    for (size_t i = 0; i < j->models; i++) {
        cpu_model_free(&j->model[i]);
    }
    validate_free(&j->t);
    free(j);
    return status;
}

static bool wanted(const struct cli *cli, const char *file, bool *found)
{
    size_t n = strcspn(file, ".");
    for (size_t i = 0; i < cli->arg_count; i++) {
        if (strlen(cli->args[i]) == n && strncmp(cli->args[i], file, n) == 0) {
            found[i] = true;
            return true;
        }
    }
    return cli->arg_count == 0;
}

static int unknown_table(const char *name)
{
    char list[512] = "";
    for (const struct data_file *f = data_files; f->name; f++) {
        if (strncmp(f->name, folder, strlen(folder)) == 0) {
            const char *base = f->name + strlen(folder);
            size_t used = strlen(list);
            snprintf(list + used, sizeof list - used, "%s%.*s", used ? ", " : "",
                     (int)strcspn(base, "."), base);
        }
    }
    return cli_error(CLI_USAGE, "validate: no table '%s'; there are %s", name, list);
}

static int run_validate(const struct cli *cli, const void *options)
{
    enum { TABLES_MAX = 64 };
    const struct validate_options *o = options;
    struct style style = style_of(cli);
    struct validate_bench bench = {.has_os = false};
    bool found[TABLES_MAX] = {false}, print = !o->export_json || strcmp(o->export_json, "-") != 0;
    json_t *all = json_array();
    size_t off = 0;
    int status = CLI_OK;
    for (const struct data_file *f = data_files; f->name && status == CLI_OK; f++) {
        if (strncmp(f->name, folder, strlen(folder)) == 0 &&
            wanted(cli, f->name + strlen(folder), found)) {
            status = validate_one(f, &style, &bench, all, print, &off);
        }
    }
    for (size_t i = 0; i < cli->arg_count && status == CLI_OK; i++) {
        status = found[i] ? CLI_OK : unknown_table(cli->args[i]);
    }
    if (status == CLI_OK && print) {
        fputs("\nc: calibrated, the figure set a cost of the model. p: predicted, nothing was "
              "fitted to it.\n",
              stdout);
    }
    if (status == CLI_OK && o->export_json) {
        json_t *document = export_document("ringside/validate/1", CLI_DEFAULT_SEED);
        json_object_set(document, "tables", all);
        status = export_json(o->export_json, document);
    }
    json_decref(all);
    validate_bench_free(&bench);
    return status == CLI_OK && off > 0 ? CLI_CHECK_FAILED : status;
}

const struct command command_validate = {
    .name = "validate",
    .summary = "reproduce published tables, side by side with the error of each cell",
    .operands = "[TABLE]...",
    .description =
        "Runs what the papers measured and prints their figures beside the simulator's. A cell is "
        "calibrated (c) if that very figure set a cost of the CPU model, which is told from the "
        "sources in the model's file, and predicted (p) if not: only those say how good the "
        "simulator is. Limits of the model that make a cell wrong stand below its table.\n"
        "\n"
        "The exit status is 1 if a calibrated cell does not come out as it was put in, or if it is "
        "known which of two is faster and the other one is. "
        "docs/validation.md explains tables and measures.",
    .examples =
        (const struct command_example[]){
            {"ringside validate", "all tables"},
            {"ringside validate adams06", "the nanobenchmarks of the ASPLOS 2006 comparison"},
            {"ringside validate --export-json - xen03", "for another program"},
            {0}},
    .options =
        (const struct option_row[]){OPTION_ROW_EXPORT_JSON(struct validate_options, export_json),
                                    {0}},
    .options_size = sizeof(struct validate_options),
    .max_args = 64,
    .run = run_validate,
};
