// `ringside run`: a scenario in Lua, with its lesson, questions, tables and expectations.
#include "cli/run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct run_options {
    struct option_list set;
    uint64_t seed, steps, memory, instructions, trace_limit, trace_from;
    const char *lang, *export_json, *export_csv, *export_markdown, *export_trace;
    bool answers, quiet, check_texts;
};

// One run of the command; the world comes first: it is what the host's functions for guests get.
struct run {
    struct run_world world;
    const struct run_options *o;
    const struct style *style;
    struct lang lang;
    bool asks;      // somebody sits at the terminal
    bool shows;     // answers, without being asked to wait
    bool to_stdout; // an export goes to standard output: nothing else may
    bool progress;
    bool begun;  // something has been printed
    bool hidden; // an answer has not been shown
    const struct run_script *script;
    // With --check-texts: what was looked up, and how much of it had no translation.
    char **used;
    size_t used_count, untranslated;
};

static const char *word(const struct run *r, const char *text)
{
    return catalog_get(r->lang.catalog, text);
}

static bool was_used(const struct run *r, const char *text)
{
    for (size_t i = 0; i < r->used_count; i++) {
        if (strcmp(r->used[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static const char *host_translate(void *ctx, const char *text)
{
    struct run *r = ctx;
    if (r->o->check_texts && !was_used(r, text)) {
        char **more = realloc(r->used, (r->used_count + 1) * sizeof *more);
        char *copy = more ? strdup(text) : NULL;
        r->used = more ? more : r->used;
        if (copy) {
            r->used[r->used_count++] = copy;
        }
        if (r->lang.catalog && !catalog_has(r->lang.catalog, text)) {
            r->untranslated++;
            fprintf(stderr, "%s: no translation of \"%s\"\n", r->script->shown, text);
        }
    }
    return word(r, text);
}

// Translations of the script's catalogue that no text asked for.
static size_t check_leftovers(const struct run *r)
{
    size_t left = 0;
    const struct catalog *c = r->lang.catalog;
    if (!r->o->check_texts || !c) {
        return 0;
    }
    struct lang ours;
    if (lang_open(&ours, r->lang.code) != CLI_OK) {
        return 0;
    }
    for (size_t i = 0; i < catalog_count(c); i++) {
        const char *key, *translation;
        catalog_entry(c, i, &key, &translation);
        if (!was_used(r, key) && !catalog_has(ours.catalog, key)) {
            left++;
            fprintf(stderr, "%s: a translation that nobody needs: \"%s\"\n", r->script->shown, key);
        }
    }
    lang_close(&ours);
    return left;
}

static void clear_progress(const struct run *r)
{
    if (r->progress) {
        fputs("\r\033[K", stderr);
    }
}

static void paragraph(struct run *r, const char *label, enum tone tone, const char *text)
{
    int at = 0;
    if (r->begun) {
        putchar('\n');
    }
    if (label) {
        tone_printf(stdout, r->style, tone, "%s: ", word(r, label));
        at = style_columns(word(r, label)) + 2;
    }
    tone_begin(stdout, r->style, label ? TONE_PLAIN : tone);
    style_wrap(stdout, r->style, text, 0, at);
    tone_end(stdout, r->style, label ? TONE_PLAIN : tone);
    r->begun = true;
}

static void host_say(void *ctx, enum scenario_text kind, const char *text)
{
    static const struct {
        const char *label;
        enum tone tone;
    } forms[] = {
        [SCENARIO_TITLE] = {NULL, TONE_HEADING},   [SCENARIO_LESSON] = {NULL, TONE_PLAIN},
        [SCENARIO_PRINT] = {NULL, TONE_PLAIN},     [SCENARIO_QUESTION] = {"Question", TONE_MARK},
        [SCENARIO_ANSWER] = {"Answer", TONE_GOOD}, [SCENARIO_LOOK] = {"Look", TONE_HEADING},
        [SCENARIO_TRY] = {"Try", TONE_HEADING}};
    struct run *r = ctx;
    if (r->to_stdout || kind == SCENARIO_SEE || (r->o->quiet && kind != SCENARIO_PRINT)) {
        return;
    }
    clear_progress(r);
    if (kind == SCENARIO_PRINT) {
        printf("%s\n", text);
    } else if (kind != SCENARIO_ANSWER || r->asks || r->shows) {
        paragraph(r, forms[kind].label, forms[kind].tone, text);
    } else {
        r->hidden = true;
    }
    fflush(stdout);
}

// What runs without a title are of: their workload, if it is one.
static const char *workload_title(const struct scenario_run *const *runs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (runs[i]->spec.image || strcmp(runs[i]->workload, runs[0]->workload) != 0) {
            return "";
        }
    }
    return runs[0]->workload;
}

static void host_show(void *ctx, const char *title, const struct scenario_run *const *runs,
                      size_t count)
{
    struct run *r = ctx;
    title = title[0] ? title : workload_title(runs, count);
    if (!r->to_stdout && !r->o->quiet) {
        clear_progress(r);
        run_show(r->style, r->lang.catalog, title, runs, count);
        fflush(stdout);
    }
}

static void host_table(void *ctx, const struct scenario_table *t)
{
    struct run *r = ctx;
    struct table_column columns[64];
    if (r->to_stdout || t->columns > 64) {
        return;
    }
    for (size_t c = 0; c < t->columns; c++) {
        const char *below = t->rows ? t->cells[t->columns + c] : "";
        bool number = below[0] && strspn(below, "0123456789.,-%x ") == strlen(below);
        columns[c] = (struct table_column){t->cells[c], number                ? TABLE_RIGHT
                                                        : c + 1 == t->columns ? TABLE_WRAP
                                                                              : TABLE_LEFT};
    }
    struct table *table = table_new(columns, t->columns);
    for (size_t i = t->columns; i < t->columns * (t->rows + 1); i++) {
        const char *cell = t->cells[i];
        uint64_t value;
        if (cell[0] && strlen(cell) < 19 && strspn(cell, "0123456789") == strlen(cell) &&
            cli_parse_number(cell, &value)) {
            table_count(table, value);
        } else {
            table_cell(table, "%s", cell);
        }
    }
    clear_progress(r);
    putchar('\n');
    if (t->title[0]) {
        tone_printf(stdout, r->style, TONE_HEADING, "%s\n", t->title);
    }
    table_print(stdout, r->style, table, 0);
    table_free(table);
    fflush(stdout);
}

static void host_expected(void *ctx, bool held, const char *text, unsigned line)
{
    struct run *r = ctx;
    clear_progress(r);
    if (!held) {
        fflush(stdout);
        fprintf(stderr, "%s:%u: %s %s\n", r->script->shown, line, word(r, "expected:"), text);
    } else if (!r->to_stdout && !r->o->quiet) {
        tone_printf(stdout, r->style, TONE_GOOD, "  %s ", r->style->utf8 ? "✓" : "ok:");
        printf("%s\n", text);
        fflush(stdout);
    }
}

static bool host_predict(void *ctx, char *out, size_t size)
{
    struct run *r = ctx;
    if (!r->asks) {
        return false;
    }
    clear_progress(r);
    printf("%s ", word(r, "[Your prediction; Enter shows what happens]"));
    fflush(stdout);
    if (!fgets(out, (int)size, stdin)) {
        out[0] = '\0';
        putchar('\n');
    }
    out[strcspn(out, "\n")] = '\0';
    return true;
}

static void host_progress(void *ctx, unsigned number, const char *what)
{
    struct run *r = ctx;
    if (r->progress) {
        fprintf(stderr, "\r\033[K[%u] %s ...", number, what);
        fflush(stderr);
    }
}

static int parse_set(const struct option_list *set, struct scenario_arg *args)
{
    for (size_t i = 0; i < set->count; i++) {
        char *copy = strdup(set->items[i]), *equals = copy ? strchr(copy, '=') : NULL;
        if (!equals || equals == copy) {
            free(copy);
            return cli_error(CLI_USAGE, "run: --set takes KEY=VALUE, not '%s'", set->items[i]);
        }
        *equals = '\0';
        args[i] = (struct scenario_arg){copy, equals + 1};
    }
    return CLI_OK;
}

static int exports(const struct run *r, const struct run_script *script,
                   const struct scenario_facts *facts, const char *why)
{
    int status = CLI_OK;
    if (r->o->export_json) {
        status = run_export_json(r->o->export_json, script, facts, r->o->seed, why);
    }
    if (status == CLI_OK && r->o->export_trace) {
        status = run_export_trace(r->o->export_trace, script, facts, r->o->seed);
    }
    return status == CLI_OK ? run_export_table(facts, r->o->export_csv, r->o->export_markdown)
                            : status;
}

// How much a trace holds, and what to do with it.
static void tell_trace(const struct run *r, const struct scenario_facts *facts)
{
    size_t kept = 0, cut = 0;
    for (size_t i = 0; i < facts->recording_count; i++) {
        size_t count;
        recording_items(facts->recordings[i].recording, &count);
        kept += count;
        cut += recording_left_out(facts->recordings[i].recording) > 0;
    }
    char number[FORMAT_SIZE];
    printf(
        "%s %s (%s %s).%s%s\n", word(r, "Trace:"), r->o->export_trace, format_count(number, kept),
        word(r, "events; ui.perfetto.dev opens it"), cut > 0 ? " " : "",
        cut > 0 ? word(r, "Some runs have more than that: --trace-limit and --trace-from.") : "");
}

static int perform(struct run *r, const struct run_script *script, const struct scenario_arg *args)
{
    const struct scenario_host host = {.ctx = r,
                                       .os = run_world_os,
                                       .cpu = run_world_cpu,
                                       .program = run_world_program,
                                       .translate = host_translate,
                                       .say = host_say,
                                       .table = host_table,
                                       .show = host_show,
                                       .expected = host_expected,
                                       .predict = host_predict,
                                       .progress = host_progress};
    const struct scenario_limits limits = {.steps = r->o->steps,
                                           .memory = r->o->memory,
                                           .instructions = r->o->instructions,
                                           .recorded = r->o->export_trace ? r->o->trace_limit : 0,
                                           .recorded_from = r->o->trace_from};
    struct scenario_facts facts;
    char err[1200];
    struct scenario *s =
        scenario_create(script->shown, script->text, script->size, &host, &limits, r->o->seed);
    if (!s) {
        return cli_error(CLI_UNAVAILABLE, "no memory for the scenario");
    }
    enum scenario_status ended = scenario_perform(s, args, r->o->set.count, err, sizeof err);
    clear_progress(r);
    scenario_facts(s, &facts);
    int status = CLI_OK;
    if (ended == SCENARIO_BAD_ARG) {
        status = cli_error(CLI_USAGE, "run: %s", err);
    } else if (ended != SCENARIO_OK) {
        fflush(stdout);
        fprintf(stderr, "%s\n", err); // it begins with file:line
        status = CLI_BAD_INPUT;
    }
    if (facts.failed > 0) {
        fprintf(stderr, "%s: %zu of %zu expectations failed.\n", script->shown, facts.failed,
                facts.expectation_count);
    }
    if (ended == SCENARIO_OK && !r->to_stdout && !r->o->quiet) {
        printf("\n%s %zu/%zu; %s %" PRIu64 ".%s%s\n", word(r, "Expectations met:"),
               facts.expectation_count - facts.failed, facts.expectation_count, word(r, "seed"),
               r->o->seed, r->hidden ? " " : "",
               r->hidden ? word(r, "The answers: the same command with -c.") : "");
    }
    size_t unsettled = ended == SCENARIO_OK ? r->untranslated + check_leftovers(r) : 0;
    status = status == CLI_OK && unsettled > 0 ? CLI_CHECK_FAILED : status;
    int exported = ended == SCENARIO_BAD_ARG
                       ? CLI_OK
                       : exports(r, script, &facts, status == CLI_OK ? NULL : err);
    if (exported == CLI_OK && r->o->export_trace && !r->to_stdout && !r->o->quiet) {
        tell_trace(r, &facts);
    }
    status = status == CLI_OK && facts.failed > 0 ? CLI_CHECK_FAILED : status;
    scenario_free(s);
    return exported == CLI_OK ? status : exported;
}

static bool is_stdout(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

static int run_run(const struct cli *cli, const void *options)
{
    enum { ARGS_MAX = 64 };
    const struct run_options *o = options;
    struct style style = style_of(cli);
    struct run_script script;
    struct scenario_arg args[ARGS_MAX] = {{NULL, NULL}};
    static struct run run; // large
    run = (struct run){.o = o, .style = &style, .shows = o->answers, .script = &script};
    run.to_stdout = is_stdout(o->export_json) || is_stdout(o->export_csv) ||
                    is_stdout(o->export_markdown) || is_stdout(o->export_trace);
    run.asks = !run.to_stdout && !o->quiet && !o->answers && isatty(0) && isatty(1) &&
               strcmp(cli->args[0], "-") != 0;
    run.progress = isatty(2);
    if (o->set.count > ARGS_MAX) {
        return cli_error(CLI_USAGE, "run: more than %d --set", ARGS_MAX);
    }
    int status = run_script_load(cli->args[0], &script);
    status = status == CLI_OK ? lang_open(&run.lang, o->lang) : status;
    if (status == CLI_OK) {
        status = script.name ? lang_add_scenario(&run.lang, script.name)
                             : lang_add_beside(&run.lang, cli->args[0]);
    }
    status = status == CLI_OK ? parse_set(&o->set, args) : status;
    status = status == CLI_OK ? perform(&run, &script, args) : status;
    for (size_t i = 0; i < o->set.count && i < ARGS_MAX; i++) {
        free((void *)(uintptr_t)args[i].key);
    }
    lang_close(&run.lang);
    for (size_t i = 0; i < run.used_count; i++) {
        free(run.used[i]);
    }
    free(run.used);
    run_script_free(&script);
    run_world_free(&run.world);
    return status;
}

#define FIELD(name) offsetof(struct run_options, name)

const struct command command_run = {
    .name = "run",
    .summary = "run a scenario in Lua: a lesson with its question, its runs and its answer",
    .operands = "SCENARIO",
    .description =
        "Runs a scenario that is part of Ringside ('ringside list scenarios') or a script of your "
        "own (a file that ends in .lua, or - for standard input). It prints the lesson, asks its "
        "question, runs the guests that the script describes, and shows what came of it. On a "
        "terminal it waits for a prediction after each question; elsewhere answers are shown with "
        "-c only.\n"
        "\n"
        "Scripts run in a sandbox: no files, no clock, bounded memory and work. The exit status is "
        "1 if an expectation of the script does not hold, and 3 if the script has a mistake or "
        "reaches a bound; what had been computed until then is exported all the same. "
        "docs/scenarios.md describes how to write one.",
    .examples =
        (const struct command_example[]){
            {"ringside run shadow-against-nested", "a lesson, at a terminal with its question"},
            {"ringside run shadow-against-nested --lang ko -c", "in Korean, with the answer"},
            {"ringside run vtx-exits -c --export-trace trace.json",
             "with a trace of every exit, for ui.perfetto.dev"},
            {"ringside run mine.lua --set n=500 --export-json result.json",
             "one's own, with an argument"},
            {0}},
    .options =
        (const struct option_row[]){
            {.name = "set",
             .kind = OPTION_LIST,
             .arg = "KEY=VALUE",
             .help = "an argument of the scenario (its args_spec names them); may be repeated",
             .offset = FIELD(set)},
            OPTION_ROW_SEED(struct run_options, seed),
            {.letter = 'c',
             .name = "answers",
             .kind = OPTION_FLAG,
             .help = "show the answers, and do not wait for predictions",
             .offset = FIELD(answers)},
            OPTION_ROW_LANG(struct run_options, lang),
            {.letter = 'q',
             .name = "quiet",
             .kind = OPTION_FLAG,
             .help = "only what the script prints, its tables, and expectations that fail",
             .offset = FIELD(quiet)},
            {.name = "check-texts",
             .kind = OPTION_FLAG,
             .help = "for authors: say which texts have no translation and which translations no "
                     "text, status 1",
             .offset = FIELD(check_texts)},
            {.name = "steps",
             .kind = OPTION_NUMBER,
             .arg = "N",
             .help = "how long the script itself may work, in steps of Lua's machine",
             .offset = FIELD(steps),
             .min = 1000,
             .max = UINT64_C(1000000000000)},
            {.name = "memory",
             .kind = OPTION_SIZE,
             .arg = "SIZE",
             .help = "how much the script may hold",
             .offset = FIELD(memory),
             .min = 1 << 20,
             .max = UINT64_C(1) << 34},
            {.name = "instructions",
             .kind = OPTION_NUMBER,
             .arg = "N",
             .help = "how many instructions its guests may execute, all together",
             .offset = FIELD(instructions),
             .min = 1000,
             .max = UINT64_C(1000000000000000)},
            OPTION_ROW_EXPORT_JSON(struct run_options, export_json),
            OPTION_ROW_EXPORT_CSV(struct run_options, export_csv, "the runs"),
            OPTION_ROW_EXPORT_MARKDOWN(struct run_options, export_markdown, "the runs"),
            {.name = "export-trace",
             .kind = OPTION_STRING,
             .arg = "FILE",
             .help = "also write what happened in each run, vCPUs, exits, faults and page walks, "
                     "as a trace that Perfetto (ui.perfetto.dev) opens",
             .offset = FIELD(export_trace)},
            {.name = "trace-limit",
             .kind = OPTION_NUMBER,
             .arg = "N",
             .help = "how many events of each run the trace holds, the first ones",
             .offset = FIELD(trace_limit),
             .min = 1,
             .max = 100000000},
            {.name = "trace-from",
             .kind = OPTION_NUMBER,
             .arg = "CYCLES",
             .help = "from which time of each run on the trace holds them",
             .offset = FIELD(trace_from),
             .max = INT64_MAX},
            {0}},
    .defaults = &(const struct run_options){.seed = CLI_DEFAULT_SEED,
                                            .steps = 20000000,
                                            .memory = UINT64_C(64) << 20,
                                            .trace_limit = 50000,
                                            .instructions = UINT64_C(20000000000)},
    .options_size = sizeof(struct run_options),
    .min_args = 1,
    .max_args = 1,
    .operand_values_from = "list scenarios --names",
    .run = run_run,
};
