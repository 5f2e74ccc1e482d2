// `ringside costs`: what everything costs on a CPU model, how each value is known and from where; and models side by side.
#include "cli/export.h"
#include "cli/model.h"

#include <inttypes.h>
#include <string.h>

enum { MODELS_SHOWN_MAX = 12 };

enum kind_choice { KIND_ALL }; // and then enum cost_kind, shifted by one
static const char *const kind_choices[] = {"all",
#define COST_KIND(NAME, name) name,
#include "sim/cost_kind.def"
#undef COST_KIND
                                           NULL};

struct costs_options {
    int kind; // KIND_ALL, or 1 + enum cost_kind
    bool explain;
    const char *export_json, *export_csv, *export_markdown;
};

static bool wanted(const struct costs_options *o, enum cost_kind kind)
{
    return o->kind == KIND_ALL || o->kind == 1 + (int)kind;
}

static enum tone tone_of(enum cost_kind kind)
{
    return kind == COST_ASSUMED ? TONE_DIM : TONE_PLAIN;
}

// ---- one model -----------------------------------------------------------------------------------

static void print_features(const struct style *style, const struct cpu_model *m)
{
    char text[400] = "";
    size_t used = 0;
    for (unsigned f = 0; f < CPU_FEATURE_COUNT; f++) {
        if (cpu_model_has(m, (enum cpu_feature)f)) {
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used ? ", " : "",
                                     cpu_feature_name((enum cpu_feature)f));
        }
    }
    printf("  features  ");
    style_wrap(stdout, style, used ? text : "none", 12, 12);
}

static void print_geometry(const struct style *style, const struct cpu_model *m)
{
    const struct tlb_geometry *t = &m->tlb;
    printf("  TLB       instructions %" PRIu32 " + %" PRIu32 ", data %" PRIu32 " + %" PRIu32
           " entries (4 KiB + 2 MiB)\n            ",
           t->l1i_4k, t->l1i_2m, t->l1d_4k, t->l1d_2m);
    if (t->l2_sets) {
        printf("second level %" PRIu32 " sets x %" PRIu32 " ways", t->l2_sets, t->l2_ways);
    } else {
        printf("no second level");
    }
    if (t->pwc) {
        printf(", walk cache %" PRIu32 " a level", t->pwc);
    }
    if (t->ntlb) {
        printf(", nested TLB %" PRIu32, t->ntlb);
    }
    printf("\n            %s: ", cost_kind_name(m->tlb_kind));
    style_wrap(stdout, style, m->tlb_source, 12, 14 + (int)strlen(cost_kind_name(m->tlb_kind)));
    putchar('\n');
}

static struct table *costs_table(const struct costs_options *o, const struct cpu_model *m)
{
    const struct table_column columns[] = {{"cost", TABLE_LEFT},
                                           {"value", TABLE_RIGHT},
                                           {"unit", TABLE_LEFT},
                                           {"kind", TABLE_LEFT},
                                           {o->explain ? "of what" : "source", TABLE_WRAP}};
    static struct table_column kept[5]; // the table borrows them
    memcpy(kept, columns, sizeof kept);
    struct table *table = table_new(kept, 5);
    for (unsigned i = 0; i < COST_COUNT; i++) {
        enum cost_key k = (enum cost_key)i;
        const struct cost_value *v = &m->cost[k];
        if (wanted(o, v->kind)) {
            table_cell(table, "%s", cost_key_name(k));
            table_count(table, v->value);
            table_cell(table, "%s", cost_key_unit(k));
            table_tone(table, tone_of(v->kind), "%s", cost_kind_name(v->kind));
            table_cell(table, "%s", o->explain ? cost_key_doc(k) : v->source);
        }
    }
    return table;
}

static void show_head(const struct style *style, const struct cpu_model *m)
{
    tone_printf(stdout, style, TONE_HEADING, "%s", m->name);
    printf("  %s\n", m->title);
    printf("  vendor    %s\n  clock     %" PRIu32 " MHz\n", m->vendor, m->mhz);
    print_features(style, m);
    print_geometry(style, m);
}

// ---- several side by side ------------------------------------------------------------------------

static void compare_cell(struct table *table, const struct cost_value *v)
{
    char text[FORMAT_SIZE];
    table_tone(table, tone_of(v->kind), "%s %c", format_count(text, v->value),
               cost_kind_name(v->kind)[0]);
}

// A column a model for people; for programs two, value and kind.
static struct table *compare_table(const struct costs_options *o, const struct cpu_model *m,
                                   size_t count, bool for_programs)
{
    static struct table_column columns[2 * MODELS_SHOWN_MAX + 2]; // the table borrows them
    size_t n = 0;
    columns[n++] = (struct table_column){"cost", TABLE_LEFT};
    columns[n++] = (struct table_column){"unit", TABLE_LEFT};
    for (size_t c = 0; c < count; c++) {
        columns[n++] = (struct table_column){m[c].name, TABLE_RIGHT};
        if (for_programs) {
            columns[n++] = (struct table_column){"kind", TABLE_LEFT};
        }
    }
    struct table *table = table_new(columns, n);
    for (unsigned i = 0; i < COST_COUNT; i++) {
        enum cost_key k = (enum cost_key)i;
        bool any = false;
        for (size_t c = 0; c < count; c++) {
            any |= wanted(o, m[c].cost[k].kind);
        }
        if (!any) {
            continue;
        }
        table_cell(table, "%s", cost_key_name(k));
        table_cell(table, "%s", cost_key_unit(k));
        for (size_t c = 0; c < count; c++) {
            const struct cost_value *v = &m[c].cost[k];
            bool shown = wanted(o, v->kind);
            if (!shown) {
                table_cell(table, "%s", "");
            } else if (for_programs) {
                table_count(table, v->value);
            } else {
                compare_cell(table, v);
            }
            if (for_programs) {
                table_cell(table, "%s", shown ? cost_kind_name(v->kind) : "");
            }
        }
    }
    return table;
}

// ---- export --------------------------------------------------------------------------------------

static json_t *model_json(const struct costs_options *o, const struct cpu_model *m)
{
    json_t *features = json_array(), *tlb = json_object(), *costs = json_array();
    for (unsigned f = 0; f < CPU_FEATURE_COUNT; f++) {
        if (cpu_model_has(m, (enum cpu_feature)f)) {
            json_array_append_new(features, json_string(cpu_feature_name((enum cpu_feature)f)));
        }
    }
    const char *name, *doc;
    uint32_t value;
    for (unsigned i = 0; cpu_model_tlb_field(m, i, &name, &doc, &value); i++) {
        json_object_set_new(tlb, name, export_u64(value));
    }
    json_object_set_new(tlb, "kind", json_string(cost_kind_name(m->tlb_kind)));
    json_object_set_new(tlb, "source", json_string(m->tlb_source));
    for (unsigned i = 0; i < COST_COUNT; i++) {
        enum cost_key k = (enum cost_key)i;
        const struct cost_value *v = &m->cost[k];
        if (wanted(o, v->kind)) {
            json_array_append_new(costs,
                                  json_pack("{s:s, s:I, s:s, s:s, s:s, s:s}", "key",
                                            cost_key_name(k), "value", (json_int_t)v->value, "unit",
                                            cost_key_unit(k), "kind", cost_kind_name(v->kind),
                                            "source", v->source, "of", cost_key_doc(k)));
        }
    }
    return json_pack("{s:s, s:s, s:s, s:I, s:o, s:o, s:o}", "cpu", m->name, "title", m->title,
                     "vendor", m->vendor, "mhz", (json_int_t)m->mhz, "features", features, "tlb",
                     tlb, "costs", costs);
}

static int export_all(const struct costs_options *o, const struct cpu_model *m, size_t count)
{
    int status = CLI_OK;
    if (o->export_json) {
        json_t *document = export_document("ringside/costs/1", CLI_DEFAULT_SEED),
               *models = json_array();
        for (size_t i = 0; i < count; i++) {
            json_array_append_new(models, model_json(o, &m[i]));
        }
        json_object_set_new(document, "models", models);
        status = export_json(o->export_json, document);
    }
    struct table *table = count == 1 ? costs_table(o, m) : compare_table(o, m, count, true);
    if (status == CLI_OK && o->export_csv) {
        status = export_csv(o->export_csv, table);
    }
    if (status == CLI_OK && o->export_markdown) {
        status = export_markdown(o->export_markdown, table);
    }
    table_free(table);
    return status;
}

// ---- command -------------------------------------------------------------------------------------

static void show(const struct costs_options *o, const struct style *style,
                 const struct cpu_model *m, size_t count)
{
    if (count == 1) {
        show_head(style, m);
    }
    struct table *table = count == 1 ? costs_table(o, m) : compare_table(o, m, count, false);
    table_print(stdout, style, table, 0);
    table_free(table);
    if (count > 1) {
        printf("\np published, d derived from published, a assumed, m measured\n");
    }
}

static bool to_stdout(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

static int run_costs(const struct cli *cli, const void *options)
{
    const struct costs_options *o = options;
    static const char *const standard[] = {MODEL_DEFAULT};
    const char *const *names = cli->arg_count ? cli->args : standard;
    size_t count = cli->arg_count ? cli->arg_count : 1, loaded = 0;
    struct cpu_model models[MODELS_SHOWN_MAX];
    struct style style = style_of(cli);
    int status = CLI_OK;
    while (loaded < count && status == CLI_OK) {
        status = model_load(names[loaded], &models[loaded]);
        loaded += status == CLI_OK;
    }
    if (status == CLI_OK) {
        if (!to_stdout(o->export_json) && !to_stdout(o->export_csv) &&
            !to_stdout(o->export_markdown)) {
            show(o, &style, models, count); // not between the lines of a file for a program
        }
        status = export_all(o, models, count);
    }
    while (loaded > 0) {
        cpu_model_free(&models[--loaded]);
    }
    return status;
}

#define EXPORT_ROW(option, field, what)                                     \
    {                                                                       \
        .name = option, .kind = OPTION_STRING, .arg = "FILE",               \
        .help = "also write the table as " what "; '-' is standard output", \
        .offset = offsetof(struct costs_options, field)                     \
    }

const struct command command_costs = {
    .name = "costs",
    .summary = "what things cost on a CPU model, and how that is known",
    .operands = "[CPU]...",
    .description = "Prints every cost of a CPU model (default: " MODEL_DEFAULT
                   ") with its value, unit, kind and source. The kind says how the value is known: "
                   "published (read in the "
                   "source), derived (computed from published values), assumed (our estimate) or "
                   "measured. Sources name "
                   "papers by the keys of docs/costs.md; the cell that a value was taken from is "
                   "given exactly, because "
                   "'ringside validate' may not count it as a prediction.\n\n"
                   "Several models are put side by side. A CPU is a built-in model or a .cpu file "
                   "of your own: "
                   "docs/costs.md has the format.",
    .examples =
        (const struct command_example[]){
            {"ringside costs", "the default model"},
            {"ringside costs p4-672 --kind=published",
             "what the literature says about the Pentium 4"},
            {"ringside costs merom nehalem sandybridge", "three generations"},
            {"ringside costs --explain", "what each cost is the price of"},
            {"ringside costs my.cpu --export-csv=costs.csv",
             "check a model of your own and take it to a spreadsheet"},
            {0}},
    .options =
        (const struct option_row[]){
            {.letter = 'k',
             .name = "kind",
             .kind = OPTION_CHOICE,
             .arg = "KIND",
             .help = "only costs known in this way: published, derived, assumed, measured",
             .offset = offsetof(struct costs_options, kind),
             .choices = kind_choices},
            {.letter = 'e',
             .name = "explain",
             .help = "say what each cost prices, in place of its source",
             .offset = offsetof(struct costs_options, explain)},
            OPTION_ROW_EXPORT_JSON(struct costs_options, export_json),
            EXPORT_ROW("export-csv", export_csv, "CSV"),
            EXPORT_ROW("export-markdown", export_markdown, "Markdown"),
            {0}},
    .options_size = sizeof(struct costs_options),
    .max_args = MODELS_SHOWN_MAX,
    .operand_values_from = MODEL_NAMES_FROM,
    .run = run_costs,
};
