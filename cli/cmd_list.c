// `ringside list`: the names of everything, from the tables that define them.
#include "cli/export.h"
#include "cli/topic.h"

#include <string.h>

struct list_options {
    bool names;
    const char *export_json, *export_csv, *export_markdown;
};

static const struct topic *find_topic(const char *name)
{
    const char *names[32] = {NULL};
    size_t count = 0;
    for (const struct topic *t = topics; t->name; t++) {
        if (strcmp(t->name, name) == 0) {
            return t;
        }
        names[count++] = t->name;
    }
    const char *nearest = cli_nearest(name, names);
    cli_error(CLI_USAGE,
              "list: there is no list of '%s'; %s%s%s'ringside list' shows what there is", name,
              nearest ? "did you mean '" : "", nearest ? nearest : "", nearest ? "'? " : "");
    return NULL;
}

static struct table *topic_table(const struct topic *topic, int *status)
{
    struct table *table = table_new(topic->columns, topic->column_count);
    *status = topic->fill(table);
    return table;
}

static int list_topics(const struct style *style, bool names)
{
    struct table *table = table_new((const struct table_column[]){{"list", TABLE_LEFT},
                                                                  {"items", TABLE_RIGHT},
                                                                  {"of", TABLE_WRAP}},
                                    3);
    int status = CLI_OK;
    for (const struct topic *t = topics; t->name && status == CLI_OK; t++) {
        struct table *items = topic_table(t, &status);
        table_cell(table, "%s", t->name);
        table_count(table, table_rows(items));
        table_cell(table, "%s", t->doc);
        table_free(items);
        if (names) {
            puts(t->name);
        }
    }
    if (!names && status == CLI_OK) {
        table_print(stdout, style, table, 0);
        puts("\n'ringside list costs' prints one of them; 'ringside explain NAME' says more about "
             "an item.");
    }
    table_free(table);
    return status;
}

static int export_list(const struct list_options *o, const struct topic *topic,
                       const struct table *table)
{
    int status = CLI_OK;
    if (o->export_csv) {
        status = export_csv(o->export_csv, table);
    }
    if (status == CLI_OK && o->export_markdown) {
        status = export_markdown(o->export_markdown, table);
    }
    if (status == CLI_OK && o->export_json) {
        json_t *document = export_document("ringside/list/1", CLI_DEFAULT_SEED),
               *items = json_array();
        json_object_del(document, "seed"); // nothing here is random
        for (size_t r = 0; r < table_rows(table); r++) {
            json_t *item = json_object();
            for (size_t c = 0; c < topic->column_count; c++) {
                const char *text = table_text(table, r, c);
                json_object_set_new(item, topic->columns[c].title, export_text(text, strlen(text)));
            }
            json_array_append_new(items, item);
        }
        json_object_set_new(document, "list", json_string(topic->name));
        json_object_set_new(document, "items", items);
        status = export_json(o->export_json, document);
    }
    return status;
}

static int run_list(const struct cli *cli, const void *options)
{
    const struct list_options *o = options;
    struct style style = style_of(cli);
    bool exports = o->export_json || o->export_csv || o->export_markdown;
    if (cli->arg_count == 0) {
        return exports ? cli_error(CLI_USAGE,
                                   "list: say which list to export, e.g. 'ringside list costs'")
                       : list_topics(&style, o->names);
    }
    const struct topic *topic = find_topic(cli->args[0]);
    if (!topic) {
        return CLI_USAGE;
    }
    int status;
    struct table *table = topic_table(topic, &status);
    if (status == CLI_OK && o->names) {
        for (size_t r = 0; r < table_rows(table); r++) {
            puts(table_text(table, r, 0));
        }
    } else if (status == CLI_OK && !exports) {
        table_print(stdout, &style, table, 0);
    }
    status = status == CLI_OK ? export_list(o, topic, table) : status;
    table_free(table);
    return status;
}

#define FIELD(name) offsetof(struct list_options, name)

const struct command command_list = {
    .name = "list",
    .summary = "list architectures, workloads, CPUs, costs, exits and other names",
    .operands = "[WHAT]",
    .description =
        "Prints one of the tables that Ringside is made from; without an operand, which there are.",
    .examples =
        (const struct command_example[]){
            {"ringside list", "what can be listed"},
            {"ringside list cpus", "the CPU models"},
            {"ringside list exits --export-csv exits.csv", "for a spreadsheet"},
            {"ringside list programs --names", "names only, one a line"},
            {0}},
    .options =
        (const struct option_row[]){
            {.name = "names",
             .kind = OPTION_FLAG,
             .help = "names only, one a line",
             .offset = FIELD(names)},
            {.name = "export-json",
             .kind = OPTION_STRING,
             .arg = "FILE",
             .help = "write the list as JSON instead; '-' is standard output",
             .offset = FIELD(export_json)},
            {.name = "export-csv",
             .kind = OPTION_STRING,
             .arg = "FILE",
             .help = "as CSV",
             .offset = FIELD(export_csv)},
            {.name = "export-markdown",
             .kind = OPTION_STRING,
             .arg = "FILE",
             .help = "as a Markdown table",
             .offset = FIELD(export_markdown)},
            {0}},
    .options_size = sizeof(struct list_options),
    .max_args = 1,
    .operand_values_from = "list --names",
    .run = run_list,
};
