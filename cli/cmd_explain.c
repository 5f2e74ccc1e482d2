// `ringside explain`: what a name means, wherever it comes from.
#include "cli/lang.h"
#include "cli/model.h"
#include "cli/topic.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct explain_options {
    const char *cpu, *lang;
};

// Whether the user's word names the item: case, '-', '_' and blanks do not count, nor '#' before a vector.
static bool same_name(const char *word, const char *item)
{
    item += *item == '#' && *word != '#';
    for (; *word && *item; word++, item++) {
        char a = (char)tolower((unsigned char)*word), b = (char)tolower((unsigned char)*item);
        a = a == '-' || a == '_' ? ' ' : a;
        b = b == '-' || b == '_' ? ' ' : b;
        if (a != b) {
            return false;
        }
    }
    return *word == *item || (!*item && strcmp(word, "s") == 0); // a plural
}

// The operands joined: `ringside explain guest user` needs no quotes.
static char *join_words(const struct cli *cli)
{
    size_t size = 1;
    for (size_t i = 0; i < cli->arg_count; i++) {
        size += strlen(cli->args[i]) + 1;
    }
    char *word = malloc(size);
    if (word) {
        char *to = word;
        *to = '\0';
        for (size_t i = 0; i < cli->arg_count; i++) {
            to = stpcpy(stpcpy(to, i > 0 ? " " : ""), cli->args[i]);
        }
    }
    return word;
}

// The name in the reader's language: "게스트 커널" for "guest kernel"; names that are no words stay.
static const char *local_name(const struct style *style, const struct topic *topic,
                              const char *name)
{
    return topic->words ? style_text(style, name) : name;
}

// Names and their aliases: the third column of the vectors ("page fault") is a name too.
static bool row_matches(const struct style *style, const struct topic *topic,
                        const struct table *table, size_t row, const char *word)
{
    bool vector = strcmp(topic->name, "vectors") == 0;
    const char *name = table_text(table, row, 0);
    return same_name(word, name) || same_name(word, local_name(style, topic, name)) ||
           (vector && same_name(word, table_text(table, row, 2)));
}

static void print_item(FILE *out, const struct style *style, const struct topic *topic,
                       const struct table *table, size_t row, const struct cpu_model *model)
{
    const char *name = table_text(table, row, 0);
    const char *local = local_name(style, topic, name);
    size_t last = topic->column_count - 1;
    tone_printf(out, style, TONE_HEADING, "%s", name);
    if (strcmp(local, name) != 0) {
        fprintf(out, " %s", local);
    }
    fprintf(out, " (%s)\n", style_text(style, topic->singular));
    style_wrap(out, style, style_text(style, table_text(table, row, last)), 0, 0);
    for (size_t c = 1; c < last; c++) {
        const char *text = table_text(table, row, c);
        if (text[0] && strcmp(text, "-") != 0 && !topic->more) {
            fprintf(out, "%s: %s\n", style_text(style, topic->columns[c].title),
                    style_text(style, text));
        }
    }
    if (topic->more) {
        topic->more(out, style, name, model);
    }
}

// All that can be explained, for a guess at what was meant.
struct name_list {
    const char **names;
    size_t count;
};

static void remember(struct name_list *list, const char *name)
{
    const char **more = realloc(list->names, (list->count + 2) * sizeof *more);
    char *copy = strdup(name);
    if (more && copy) {
        list->names = more;
        list->names[list->count++] = copy;
        list->names[list->count] = NULL;
        return;
    }
    exit(cli_error(CLI_UNAVAILABLE, "no memory for the names"));
}

// Prints every item of that name; counts them, and remembers all names in *all.
static int print_all(FILE *out, const struct style *style, const char *word,
                     const struct cpu_model *model, struct name_list *all, size_t *found)
{
    int status = CLI_OK;
    for (const struct topic *topic = topics; topic->name && status == CLI_OK; topic++) {
        struct table *table = table_new(topic->columns, topic->column_count);
        status = topic->fill(table);
        for (size_t r = 0; r < table_rows(table) && status == CLI_OK; r++) {
            remember(all, table_text(table, r, 0));
            if (row_matches(style, topic, table, r, word)) {
                fputs((*found)++ > 0 ? "\n" : "", out);
                print_item(out, style, topic, table, r, model);
            }
        }
        table_free(table);
    }
    return status;
}

static void forget(struct name_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free((void *)(uintptr_t)list->names[i]);
    }
    free(list->names);
}

bool topic_explain(FILE *out, const struct style *style, const char *word,
                   const struct cpu_model *model)
{
    struct name_list all = {0};
    size_t found = 0;
    int status = print_all(out, style, word, model, &all, &found);
    forget(&all);
    return status == CLI_OK && found > 0;
}

static int explain(const struct style *style, const char *word, const struct cpu_model *model)
{
    struct name_list all = {0};
    size_t found = 0;
    int status = print_all(stdout, style, word, model, &all, &found);
    if (status == CLI_OK && found == 0) {
        const char *nearest = cli_nearest(word, all.names);
        status = cli_error(
            CLI_USAGE, "explain: nothing is called '%s'; %s%s%s'ringside list' shows the names",
            word, nearest ? "did you mean '" : "", nearest ? nearest : "", nearest ? "'? " : "");
    }
    forget(&all);
    return status;
}

static int run_explain(const struct cli *cli, const void *options)
{
    const struct explain_options *o = options;
    struct style style = style_of(cli);
    struct lang lang;
    struct cpu_model model;
    int status = lang_open(&lang, o->lang);
    status = status == CLI_OK ? lang_add_scenario(&lang, TOPIC_WORDS) : status;
    style.words = lang.catalog;
    if (status == CLI_OK && (status = model_load(o->cpu, &model)) == CLI_OK) {
        char *word = join_words(cli);
        lang_add_scenario(&lang, word ? word : ""); // should it be one: its title
        status = word ? explain(&style, word, &model) : cli_error(CLI_UNAVAILABLE, "no memory");
        free(word);
        cpu_model_free(&model);
    }
    lang_close(&lang);
    return status;
}

const struct command command_explain = {
    .name = "explain",
    .summary = "say what an architecture, an exit, a category, a cost or a term is",
    .operands = "NAME...",
    .description = "Looks the name up in every table that Ringside is made from and says what it "
                   "is, what it is "
                   "connected with, and what it costs. A name may stand for several things: all "
                   "are explained.",
    .examples =
        (const struct command_example[]){
            {"ringside explain EPT_VIOLATION", "an exit reason"},
            {"ringside explain type1/fullvirt-bt --cpu p4-672",
             "an architecture, and what it pays for"},
            {"ringside explain hlt", "an instruction, and the exit of that name"},
            {"ringside explain page fault", "an exception"},
            {"ringside explain walk.ref", "a cost, on every CPU model"},
            {"ringside explain shadow page table", "a term"},
            {"ringside explain EPT_VIOLATION --lang ko", "in Korean"},
            {0}},
    .options = (const struct option_row[]){OPTION_ROW_CPU(struct explain_options, cpu),
                                           OPTION_ROW_LANG(struct explain_options, lang),
                                           {0}},
    .defaults = &(const struct explain_options){.cpu = MODEL_DEFAULT},
    .options_size = sizeof(struct explain_options),
    .min_args = 1,
    .max_args = CLI_ANY_ARGS,
    .run = run_explain,
};
