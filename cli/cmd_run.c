// `ringside run`: a scenario, with its lesson, its machines and its expectations.
#include "cli/data.h"
#include "cli/scenario.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGEST_SCRIPT = 1 << 20, PATH_SIZE = 256 };

struct run_options {
    const char *lang;
    uint64_t seed;
    bool quiet, go_on, check_texts;
};

// Where a script's text is: part of the program, or a file.
struct source {
    char name[PATH_SIZE]; // as errors call it
    const char *text;
    size_t size;
    char *owned; // NULL: part of the program
};

static bool is_path(const char *name)
{
    size_t n = strlen(name);
    return strchr(name, '/') || strcmp(name, "-") == 0 ||
           (n > 4 && strcmp(name + n - 4, ".lua") == 0);
}

static int no_such_scenario(const char *name)
{
    const char *names[128] = {NULL};
    static char text[127][64];
    size_t count = 0;
    for (const struct data_file *f = data_files; f->name && count < 127; f++) {
        const char *dot = strstr(f->name, ".lua");
        if (dot && !strchr(f->name, '/')) {
            snprintf(text[count], sizeof text[count], "%.*s", (int)(dot - f->name), f->name);
            names[count] = text[count];
            count++;
        }
    }
    const char *meant = cli_nearest(name, names);
    return cli_error(CLI_USAGE,
                     "no scenario '%s'; %s%s%sa script of your own is named with its .lua", name,
                     meant ? "did you mean '" : "", meant ? meant : "", meant ? "'? " : "");
}

static int open_source(struct source *s, struct lang *lang, const char *name)
{
    if (is_path(name)) {
        snprintf(s->name, sizeof s->name, "%s", strcmp(name, "-") == 0 ? "<stdin>" : name);
        s->owned = cli_read_file(name, LARGEST_SCRIPT, &s->size);
        s->text = s->owned;
        return s->owned ? lang_add_beside(lang, name) : CLI_BAD_INPUT;
    }
    char below[PATH_SIZE];
    snprintf(below, sizeof below, "%s.lua", name);
    const struct data_file *file = data_find(below);
    if (!file) {
        return no_such_scenario(name);
    }
    snprintf(s->name, sizeof s->name, "scenarios/%s.lua", name);
    s->text = file->text;
    s->size = file->size;
    return lang_add_scenario(lang, name);
}

// Entries of the scenario's own catalogue that it never said: left over from an older text.
static uint64_t stale_texts(const struct scenario *s, const struct lang *words)
{
    uint64_t stale = 0;
    for (size_t i = 0; s->lang->catalog && i < catalog_count(s->lang->catalog); i++) {
        const char *key, *value;
        catalog_entry(s->lang->catalog, i, &key, &value);
        if (!catalog_has(words->catalog, key) && !scenario_used(s, key)) {
            fprintf(stderr, "%s: a translation that nobody needs: \"%s\"\n", s->name, key);
            stale++;
        }
    }
    return stale;
}

static int verdict(const struct scenario *s, const struct lang *words)
{
    uint64_t stale = s->check_texts ? stale_texts(s, words) : 0;
    if (s->failed) {
        fprintf(stderr, "%s: %llu of %llu expectations failed.\n", s->name,
                (unsigned long long)s->failed, (unsigned long long)(s->held + s->failed));
    }
    return s->failed || stale || s->untranslated ? CLI_CHECK_FAILED : CLI_OK;
}

static int play(const struct cli *cli, const struct run_options *o, struct lang *lang,
                const struct lang *words, const char *name)
{
    struct source source = {0};
    char err[SCRIPT_ERROR_SIZE];
    int status = open_source(&source, lang, name);
    struct scenario s = {.name = source.name,
                         .style = style_of(cli),
                         .lang = lang,
                         .seed = o->seed,
                         .quiet = o->quiet,
                         .wait = !o->quiet && !o->go_on && isatty(STDIN_FILENO) &&
                                 isatty(STDOUT_FILENO),
                         .check_texts = o->check_texts};
    if (status == CLI_OK) {
        struct script_host host;
        scenario_host(&s, &host);
        if (script_execute(source.name, source.text, source.size, &host, err)) {
            status = verdict(&s, words);
        } else {
            fflush(stdout);
            fprintf(stderr, "%s\n", err);
            status = CLI_BAD_INPUT;
        }
    }
    scenario_free(&s);
    free(source.owned);
    return status;
}

static int run_run(const struct cli *cli, const void *options)
{
    const struct run_options *o = options;
    int worst = CLI_OK;
    for (size_t i = 0; i < cli->arg_count; i++) {
        struct lang lang, words; // with the scenario's texts, and without
        int status = lang_open(&lang, o->lang);
        if (status == CLI_OK) {
            status = lang_open(&words, o->lang);
            status = status == CLI_OK ? play(cli, o, &lang, &words, cli->args[i]) : status;
            lang_close(&words);
        }
        lang_close(&lang);
        worst = status > worst ? status : worst;
    }
    return worst;
}

#define FIELD(name) offsetof(struct run_options, name)

const struct command command_run = {
    .name = "run",
    .summary = "run a scenario: a lesson with its machines and expectations",
    .operands = "SCENARIO...",
    .description =
        "A scenario is a Lua script: it says what there is to see, asks the class a question, runs "
        "machines, shows what came of it and answers. On a terminal a question waits for Enter. "
        "SCENARIO is one that is part of Ringside, or a file of your own that ends in .lua "
        "(docs/scenarios.md).\n"
        "\n"
        "The exit status is 0 if all its expectations hold, 1 if one does not, 3 if the script has "
        "a mistake.",
    .examples =
        (const struct command_example[]){
            {"ringside run popf", "why x86 was not virtualizable"},
            {"ringside run shadow-against-nested --lang ko", "in Korean"},
            {"ringside run --quiet homework.lua", "grade: only expectations that fail"},
            {0}},
    .options =
        (const struct option_row[]){
            OPTION_ROW_LANG(struct run_options, lang),
            {.letter = 'q',
             .name = "quiet",
             .kind = OPTION_FLAG,
             .help = "only expectations that fail",
             .offset = FIELD(quiet)},
            {.name = "go-on",
             .kind = OPTION_FLAG,
             .help = "do not wait after a question",
             .offset = FIELD(go_on)},
            {.name = "check-texts",
             .kind = OPTION_FLAG,
             .help = "also fail if a text has no translation, or a translation no text",
             .offset = FIELD(check_texts)},
            OPTION_ROW_SEED(struct run_options, seed),
            {0}},
    .defaults = &(const struct run_options){.seed = CLI_DEFAULT_SEED},
    .options_size = sizeof(struct run_options),
    .min_args = 1,
    .max_args = CLI_ANY_ARGS,
    .operand_values_from = "list scenarios --names",
    .run = run_run,
};
