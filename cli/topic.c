// The topics: each fills a table from the .def file, or from the built-in files, that holds its facts.
#include "cli/topic.h"
#include "cli/data.h"
#include "cli/model.h"
#include "cli/run.h"
#include "sim/exit.h"
#include "sim/isa.h"
#include "sim/toyos.h"

#include <inttypes.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

const char *privilege_name(enum isa_priv priv)
{
    switch (priv) {
    case PRIV_ANY: return TEXT("any ring");
    case PRIV_RING0: return TEXT("ring 0");
    case PRIV_IOPL: return TEXT("ring <= IOPL");
    case PRIV_HOLE: return TEXT("hole");
    }
    return "";
}

const char *sensitivity_name(enum isa_sens sens)
{
    switch (sens) {
    case SENS_NO: return TEXT("no");
    case SENS_CONTROL: return TEXT("control");
    case SENS_BEHAVIOUR: return TEXT("behaviour");
    }
    return "";
}

// ---- from tables ---------------------------------------------------------------------------------

static const struct exit_row {
    unsigned number;
    const char *name, *group, *doc;
} exits[] = {
#define EXIT(NAME, name, number, group, doc) {number, name, #group, doc},
#include "sim/exit.def"
#undef EXIT
};

static int fill_exits(struct table *table)
{
    for (size_t i = 0; i < COUNT(exits); i++) {
        table_cell(table, "%s", exits[i].name);
        table_cell(table, "%u", exits[i].number);
        table_cell(table, "%s", exits[i].group);
        table_cell(table, "%s", exits[i].doc);
    }
    return CLI_OK;
}

static int fill_cycles(struct table *table)
{
    enum { YES, NO };
    static const struct {
        const char *name;
        int own;
        const char *doc;
    } rows[] = {
#define CYCLE(NAME, name, guest, doc) {name, guest, doc},
#include "sim/cycle.def"
#undef CYCLE
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        table_cell(table, "%s", rows[i].name);
        table_cell(table, "%s",
                   rows[i].own == YES ? TEXT("the guest's own") : TEXT("overhead, waiting"));
        table_cell(table, "%s", rows[i].doc);
    }
    return CLI_OK;
}

static int fill_costs(struct table *table)
{
    for (unsigned k = 0; k < COST_COUNT; k++) {
        table_cell(table, "%s", cost_key_name((enum cost_key)k));
        table_cell(table, "%s", cost_key_unit((enum cost_key)k));
        table_cell(table, "%s", cost_key_doc((enum cost_key)k));
    }
    return CLI_OK;
}

static int fill_instructions(struct table *table)
{
    for (unsigned op = OP_INVALID + 1; op < OP_COUNT; op++) {
        const struct isa_row *row = isa_row(op);
        const char *exit = row->exit >= 0 ? exit_name((unsigned)row->exit) : NULL;
        table_cell(table, "%s", row->mnemonic);
        table_cell(table, "%s", privilege_name(row->priv));
        table_cell(table, "%s", sensitivity_name(row->sens));
        table_cell(table, "%s", exit ? exit : "-");
        table_cell(table, "%s", row->doc);
    }
    return CLI_OK;
}

static int fill_msrs(struct table *table)
{
    static const struct {
        const char *name;
        uint64_t number;
        const char *access, *doc;
    } rows[] = {
#define MSR(NAME, number, access, doc) {#NAME, number, #access, doc},
#include "sim/msr.def"
#undef MSR
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        table_cell(table, "%s", rows[i].name);
        table_cell(table, "0x%" PRIx64, rows[i].number);
        table_cell(table, "%s",
                   strcmp(rows[i].access, "RO") == 0 ? TEXT("read") : TEXT("read, write"));
        table_cell(table, "%s", rows[i].doc);
    }
    return CLI_OK;
}

static int fill_vectors(struct table *table)
{
    static const struct {
        const char *mnemonic;
        unsigned number;
        const char *title, *doc;
    } rows[] = {
#define VECTOR(NAME, number, mnemonic, title, error, doc) {mnemonic, number, title, doc},
#include "sim/vector.def"
#undef VECTOR
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        table_cell(table, "%s", rows[i].mnemonic);
        table_cell(table, "%u", rows[i].number);
        table_cell(table, "%s", rows[i].title);
        table_cell(table, "%s", rows[i].doc);
    }
    return CLI_OK;
}

static int fill_features(struct table *table)
{
    for (unsigned f = 0; f < CPU_FEATURE_COUNT; f++) {
        table_cell(table, "%s", cpu_feature_name((enum cpu_feature)f));
        table_cell(table, "%s", cpu_feature_doc((enum cpu_feature)f));
    }
    return CLI_OK;
}

static int fill_terms(struct table *table)
{
    static const struct {
        const char *word, *doc;
    } rows[] = {
#define TERM(word, doc) {word, doc},
#include "cli/term.def"
#undef TERM
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        table_cell(table, "%s", rows[i].word);
        table_cell(table, "%s", rows[i].doc);
    }
    return CLI_OK;
}

// ---- from built-in files -------------------------------------------------------------------------

static int fill_cpus(struct table *table)
{
    struct model_names names;
    model_names(&names);
    for (size_t i = 0; i < names.count; i++) {
        struct cpu_model model;
        int status = model_load(names.list[i], &model);
        if (status != CLI_OK) {
            return status;
        }
        table_cell(table, "%s", model.name);
        table_cell(table, "%" PRIu32, model.mhz);
        table_cell(table, "%s", cpu_model_has(&model, CPU_FEATURE_VTX) ? "yes" : "-");
        table_cell(table, "%s", cpu_model_has(&model, CPU_FEATURE_EPT) ? "yes" : "-");
        table_cell(table, "%s", cpu_model_has(&model, CPU_FEATURE_VPID) ? "yes" : "-");
        table_cell(table, "%s", model.title);
        cpu_model_free(&model);
    }
    return CLI_OK;
}

// The first sentence behind "; NAME.s: " in a source's first comment, which may go on over lines.
static void first_sentence(const char *text, char *to, size_t size)
{
    const char *end = strchr(text, '\n'), *colon = strstr(text, ": ");
    size_t used = 0;
    to[0] = '\0';
    if (text[0] != ';' || !colon || !end || colon > end) {
        return;
    }
    for (const char *c = colon + 2; *c && used + 1 < size; c++) {
        if (*c == '\n' && (c[1] != ';' || c[2] != ' ')) {
            break;
        }
        if (*c == '\n') {
            c += 2; // "; " of the next line, whose blank stays
        }
        to[used++] = *c;
        if (*c == '.' && (c[1] == ' ' || c[1] == '\n')) {
            break;
        }
    }
    to[used] = '\0';
}

// The programs of scenarios/examples.
static int fill_programs(struct table *table)
{
    static const char folder[] = "examples/";
    for (const struct data_file *file = data_files; file->name; file++) {
        size_t length = strlen(file->name);
        char what[400];
        if (strncmp(file->name, folder, strlen(folder)) != 0 || length < 3 ||
            strcmp(file->name + length - 2, ".s") != 0) {
            continue;
        }
        first_sentence(file->text, what, sizeof what);
        table_cell(table, "%.*s", (int)(length - strlen(folder) - 2), file->name + strlen(folder));
        table_cell(table, "%s", what);
    }
    return CLI_OK;
}

// The scenarios, with the title that each gives itself.
static int fill_scenarios(struct table *table)
{
    struct run_script script;
    char name[64], title[160];
    for (size_t i = 0; run_script_name(i, name, sizeof name, &script); i++) {
        run_script_title(&script, title, sizeof title);
        table_cell(table, "%s", name);
        table_cell(table, "%s", title);
    }
    return CLI_OK;
}

static int fill_workloads(struct table *table)
{
    size_t count;
    const struct toyos_workload *list = toyos_workloads(&count);
    for (size_t i = 0; i < count; i++) {
        table_cell(table, "%s", list[i].name);
        table_count(table, list[i].default_n);
        table_cell(table, "%s", list[i].unit);
        table_cell(table, "%s", list[i].summary);
    }
    return CLI_OK;
}

// ---- the topics ----------------------------------------------------------------------------------

#define COLUMNS(...)                                       \
    .columns = (const struct table_column[]){__VA_ARGS__}, \
    .column_count =                                        \
        sizeof((const struct table_column[]){__VA_ARGS__}) / sizeof(struct table_column)

const struct topic topics[] = {
    {.name = "architectures",
     .singular = TEXT("architecture"),
     .doc = "the ways to run a guest that can be compared",
     COLUMNS({"architecture", TABLE_LEFT}, {"paging", TABLE_LEFT}, {"io", TABLE_LEFT},
             {"what it is", TABLE_WRAP}),
     .fill = topic_fill_architectures,
     .more = topic_more_architecture},
    {.name = "options",
     .singular = TEXT("option"),
     .doc = "what can be set on an architecture, as in kvm,vpid=0",
     COLUMNS({"option", TABLE_LEFT}, {"values", TABLE_LEFT}, {"default", TABLE_RIGHT},
             {"technique", TABLE_LEFT}, {"what it does", TABLE_WRAP}),
     .fill = topic_fill_options,
     .more = topic_more_option},
    {.name = "aliases",
     .singular = TEXT("product"),
     .doc = "products by name, and the point of the space that each one is",
     COLUMNS({"product", TABLE_LEFT}, {"since", TABLE_RIGHT}, {"architecture", TABLE_LEFT},
             {"paging", TABLE_LEFT}, {"io", TABLE_LEFT}, {"what it is", TABLE_WRAP}),
     .fill = topic_fill_aliases,
     .more = topic_more_alias},
    {.name = "hypercalls",
     .singular = TEXT("hypercall"),
     .doc = "what a paravirtual kernel can ask its hypervisor for",
     COLUMNS({"hypercall", TABLE_LEFT}, {"number", TABLE_RIGHT}, {"t0", TABLE_LEFT},
             {"t1", TABLE_LEFT}, {"what it does", TABLE_WRAP}),
     .fill = topic_fill_hypercalls},
    {.name = "workloads",
     .singular = TEXT("workload"),
     .doc = "the toy operating system's programs that are measured",
     COLUMNS({"workload", TABLE_LEFT}, {"length", TABLE_RIGHT}, {"of", TABLE_LEFT},
             {"what it does", TABLE_WRAP}),
     .fill = fill_workloads,
     .more = topic_more_workload},
    {.name = "programs",
     .singular = TEXT("program"),
     .doc = "the bare programs that are part of Ringside",
     COLUMNS({"program", TABLE_LEFT}, {"what it shows", TABLE_WRAP}),
     .fill = fill_programs,
     .more = topic_more_program},
    {.name = "scenarios",
     .singular = TEXT("scenario"),
     .doc = "the lessons that 'ringside run' plays",
     COLUMNS({"scenario", TABLE_LEFT}, {"what it is about", TABLE_WRAP}),
     .fill = fill_scenarios},
    {.name = "cpus",
     .singular = TEXT("CPU model"),
     .doc = "the CPU models",
     COLUMNS({"cpu", TABLE_LEFT}, {"MHz", TABLE_RIGHT}, {"VT-x", TABLE_LEFT}, {"EPT", TABLE_LEFT},
             {"VPID", TABLE_LEFT}, {"title", TABLE_WRAP}),
     .fill = fill_cpus,
     .more = topic_more_cpu},
    {.name = "features",
     .singular = TEXT("CPU feature"),
     .doc = "what a CPU model may have for virtualization",
     COLUMNS({"feature", TABLE_LEFT}, {"what it is", TABLE_WRAP}),
     .fill = fill_features},
    {.name = "costs",
     .singular = TEXT("cost"),
     .doc = "what has a price; 'ringside costs' has the prices",
     COLUMNS({"cost", TABLE_LEFT}, {"unit", TABLE_LEFT}, {"of what", TABLE_WRAP}),
     .fill = fill_costs,
     .more = topic_more_cost},
    {.name = "exits",
     .singular = TEXT("exit"),
     .doc = "the reasons for which control leaves a guest",
     COLUMNS({"exit", TABLE_LEFT}, {"number", TABLE_RIGHT}, {"group", TABLE_LEFT},
             {"why", TABLE_WRAP}),
     .fill = fill_exits,
     .more = topic_more_exit},
    {.name = "cycles",
     .singular = TEXT("category"),
     .words = true,
     .doc = "the categories that every cycle is counted in",
     COLUMNS({"category", TABLE_LEFT}, {"counts as", TABLE_LEFT}, {"what it holds", TABLE_WRAP}),
     .fill = fill_cycles,
     .more = topic_more_category},
    {.name = "instructions",
     .singular = TEXT("instruction"),
     .doc = "the instruction set, T64",
     COLUMNS({"instruction", TABLE_LEFT}, {"who may", TABLE_LEFT}, {"sensitive", TABLE_LEFT},
             {"may exit", TABLE_LEFT}, {"what it does", TABLE_WRAP}),
     .fill = fill_instructions,
     .more = topic_more_instruction},
    {.name = "vectors",
     .singular = TEXT("exception"),
     .doc = "the exceptions",
     COLUMNS({"exception", TABLE_LEFT}, {"vector", TABLE_RIGHT}, {"name", TABLE_LEFT},
             {"when", TABLE_WRAP}),
     .fill = fill_vectors,
     .more = topic_more_vector},
    {.name = "msrs",
     .singular = TEXT("MSR"),
     .doc = "the model-specific registers",
     COLUMNS({"msr", TABLE_LEFT}, {"number", TABLE_RIGHT}, {"access", TABLE_LEFT},
             {"what it is", TABLE_WRAP}),
     .fill = fill_msrs},
    {.name = "terms",
     .singular = TEXT("term"),
     .words = true,
     .doc = "the field's words",
     COLUMNS({"term", TABLE_LEFT}, {"what it is", TABLE_WRAP}),
     .fill = fill_terms},
    {0},
};
