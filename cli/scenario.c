// What a scenario asks for: comparisons by the machinery of `ringside compare`, bare programs, translations; and what it shows.
#include "cli/scenario.h"

#include "cli/compare.h"
#include "cli/data.h"
#include "cli/model.h"
#include "sim/space.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARCHS_MAX = 33, PROGRAM_RAM = 4 << 20, PROGRAM_LIMIT = 100000000 };

struct scenario_work {
    struct script_runs runs;
    struct script_run run[ARCHS_MAX];
    char name[ARCHS_MAX][COMPARE_NAME_SIZE];
    struct scenario_work *next;
    // A comparison:
    bool is_compare;
    struct compare_options options;
    const char *arch_items[ARCHS_MAX], *cpu_item;
    struct compare compare;
    // A bare program:
    struct run_result result;
};

// Strings of the script die with it; names are kept here.
static struct scenario_work *new_work(struct scenario *s)
{
    struct scenario_work *w = calloc(1, sizeof *w);
    if (w) {
        w->next = s->work;
        s->work = w;
        w->runs.run = w->run;
    }
    return w;
}

void scenario_free(struct scenario *s)
{
    while (s->work) {
        struct scenario_work *w = s->work;
        s->work = w->next;
        if (w->is_compare) {
            compare_free(&w->compare);
        } else {
            run_result_free(&w->result);
        }
        free(w);
    }
    for (size_t i = 0; i < s->used_count; i++) {
        free(s->used[i]);
    }
    free(s->used);
}

// ---- comparisons ---------------------------------------------------------------------------------

static unsigned processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : (unsigned)n;
}

static void plan_options(struct scenario *s, struct scenario_work *w,
                         const struct script_compare *what)
{
    w->arch_items[0] = "native";
    size_t count = 1;
    for (size_t i = 0; i < what->archs && count < ARCHS_MAX; i++) {
        if (strcmp(what->arch[i], "native") != 0) {
            w->arch_items[count++] = what->arch[i];
        }
    }
    w->cpu_item = what->cpu ? what->cpu : MODEL_DEFAULT;
    w->options = (struct compare_options){.arch = {w->arch_items, count},
                                          .cpu = {&w->cpu_item, 1},
                                          .n = what->n,
                                          .cpus = 1,
                                          .ram = TOYOS_RAM_DEFAULT,
                                          .levels = 4,
                                          .step = 1,
                                          .seed = s->seed,
                                          .quiet = true,
                                          .exits = what->exits,
                                          .steady = what->steady};
    w->compare.o = &w->options;
}

// Takes the results over; false with the reason if an architecture has none, or a wrong one.
static bool take_results(struct scenario_work *w, char *err, size_t err_size)
{
    struct compare *c = &w->compare;
    if (c->run_count != w->options.arch.count) {
        snprintf(err, err_size, "an architecture is named twice; name each once");
        return false;
    }
    for (size_t i = 0; i < c->run_count; i++) {
        const struct compare_run *run = &c->runs[i];
        if (run->outcome != COMPARE_DONE) {
            snprintf(err, err_size, "%s: %s", run->name, run->why);
            return false;
        }
        snprintf(w->name[i], sizeof w->name[i], "%s", w->arch_items[i]);
        w->run[i] =
            (struct script_run){w->name[i], &run->result, compare_native(c, run)->result.cycles};
    }
    w->runs.count = c->run_count;
    return true;
}

static const struct script_runs *do_compare(void *self, const struct script_compare *what,
                                            char *err, size_t err_size)
{
    struct scenario *s = self;
    struct scenario_work *w = new_work(s);
    const struct toyos_workload *workload = toyos_workload_find(what->workload);
    if (!w || !workload) {
        snprintf(err, err_size,
                 w ? "no workload '%s'; 'ringside list workloads' names them all"
                   : "no memory (%s)",
                 what->workload);
        return NULL;
    }
    w->is_compare = true;
    plan_options(s, w, what);
    w->compare.workloads[w->compare.workload_count++] = workload;
    // What these say about a mistake has been printed when they return.
    if (compare_plan(&w->compare) != CLI_OK ||
        compare_execute(&w->compare, processors()) != CLI_OK) {
        snprintf(err, err_size, "this comparison cannot be run; the line above says why");
        return NULL;
    }
    return take_results(w, err, err_size) ? &w->runs : NULL;
}

// ---- bare programs -------------------------------------------------------------------------------

// Programs include what the examples share.
static bool find_include(void *ctx, const char *name, const char *from, struct asm_source *out,
                         char *err, size_t err_size)
{
    char path[128];
    snprintf(path, sizeof path, "examples/%s", name);
    const struct data_file *file = data_find(path);
    (void)ctx, (void)from;
    if (!file) {
        snprintf(err, err_size, "a script's program can include bare.inc only");
        return false;
    }
    *out = (struct asm_source){file->name, file->text, file->size};
    return true;
}

static bool run_image(struct scenario_work *w, const struct script_program *what,
                      const struct image *image, uint64_t seed, char *err, size_t err_size)
{
    struct cpu_model model;
    struct run_spec spec = {.image = image, .instructions = PROGRAM_LIMIT};
    if (model_load(what->cpu ? what->cpu : MODEL_DEFAULT, &model) != CLI_OK) {
        snprintf(err, err_size, "this program cannot be run; the line above says why");
        return false;
    }
    machine_config_default(&spec.config);
    spec.config.model = &model;
    spec.config.ram = PROGRAM_RAM;
    spec.config.seed = seed;
    spec.config.holes_closed = what->holes_closed;
    bool ok = arch_parse(&spec.arch, what->arch, err, err_size) &&
              run_guest(&spec, &w->result, err, err_size);
    cpu_model_free(&model);
    return ok;
}

static const struct script_runs *do_program(void *self, const struct script_program *what,
                                            char *err, size_t err_size)
{
    struct scenario *s = self;
    struct scenario_work *w = new_work(s);
    struct asm_result assembled;
    const struct asm_request request = {.source = {"program", what->source, strlen(what->source)},
                                        .include = find_include};
    if (!w) {
        snprintf(err, err_size, "no memory");
        return NULL;
    }
    bool ok = asm_assemble(&request, &assembled);
    if (!ok) {
        const struct asm_diagnostic *d = assembled.diagnostics;
        snprintf(err, err_size, "%s:%u:%u: %s", d->file, d->line, d->column, d->text);
    }
    ok = ok && run_image(w, what, &assembled.image, s->seed, err, err_size);
    asm_result_free(&assembled);
    snprintf(w->name[0], sizeof w->name[0], "%s%s", what->arch,
             what->holes_closed ? ", holes closed" : "");
    w->run[0] = (struct script_run){w->name[0], &w->result, 0};
    w->runs.count = 1;
    return ok ? &w->runs : NULL;
}

// ---- translations --------------------------------------------------------------------------------

static bool do_translate(void *self, unsigned levels, unsigned ept_levels, unsigned *references,
                         char *err, size_t err_size)
{
    struct scenario *s = self;
    struct space space;
    struct cpu_model model;
    const struct space_config config = {.ram = 64 << 20,
                                        .dims = ept_levels ? 2 : 1,
                                        .levels = {levels, ept_levels ? ept_levels : 4, 4},
                                        .shuffle = true,
                                        .seed = s->seed};
    if (levels < 2 || ept_levels == 1) {
        snprintf(err, err_size, "page tables have 2 to 5 levels");
        return false;
    }
    if (!space_demo(&space, &config, false, err, err_size)) {
        return false;
    }
    bool ok = model_load(MODEL_DEFAULT, &model) == CLI_OK;
    if (ok) {
        struct walk_log log;
        const struct walk_access read = {.user = true, .wp = true};
        *references =
            walk(&space.mem, space.dim, space.dims, space.region[0].va, read, false, &model, &log)
                .refs;
        cpu_model_free(&model);
    }
    space_free(&space);
    return ok;
}

// ---- what is shown -------------------------------------------------------------------------------

static void paragraph(struct scenario *s, const char *label, enum tone tone, const char *text)
{
    if (s->quiet) {
        return;
    }
    if (s->begun) {
        putchar('\n');
    }
    s->begun = true;
    int at = 0;
    if (label) {
        tone_printf(stdout, &s->style, tone, "%s: ", label);
        at = style_columns(label) + 2;
    }
    tone_begin(stdout, &s->style, label ? TONE_PLAIN : tone);
    style_wrap(stdout, &s->style, text, 0, at);
    tone_end(stdout, &s->style, label ? TONE_PLAIN : tone);
}

static void wait_for_enter(const struct scenario *s)
{
    int c;
    if (!s->wait) {
        return;
    }
    tone_printf(stdout, &s->style, TONE_DIM, "%s ",
                catalog_get(s->lang->catalog, "[Enter shows what happens]"));
    fflush(stdout);
    do {
        c = getchar();
    } while (c != '\n' && c != EOF);
}

static void do_text(void *self, enum script_text kind, const char *text)
{
    static const char *const labels[] = {[SCRIPT_QUESTION] = "Question",
                                         [SCRIPT_ANSWER] = "Answer",
                                         [SCRIPT_LOOK] = "Look",
                                         [SCRIPT_TRY] = "Try"};
    static const enum tone tones[] = {
        [SCRIPT_TITLE] = TONE_HEADING, [SCRIPT_QUESTION] = TONE_MARK,
        [SCRIPT_ANSWER] = TONE_GOOD,   [SCRIPT_LOOK] = TONE_HEADING,
        [SCRIPT_TRY] = TONE_HEADING,   [SCRIPT_PARAGRAPH] = TONE_PLAIN};
    struct scenario *s = self;
    const char *label = kind < SCRIPT_QUESTION ? NULL : labels[kind];
    paragraph(s, label ? catalog_get(s->lang->catalog, label) : NULL, tones[kind], text);
    if (kind == SCRIPT_QUESTION) {
        wait_for_enter(s);
    }
}

bool scenario_used(const struct scenario *s, const char *text)
{
    for (size_t i = 0; i < s->used_count; i++) {
        if (strcmp(s->used[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static void remember(struct scenario *s, const char *text)
{
    char **more = realloc(s->used, (s->used_count + 1) * sizeof *more);
    char *copy = more ? strdup(text) : NULL;
    s->used = more ? more : s->used;
    if (copy) {
        s->used[s->used_count++] = copy;
    }
}

static const char *do_translation(void *self, const char *text)
{
    struct scenario *s = self;
    if (s->check_texts && !scenario_used(s, text)) {
        remember(s, text);
        if (s->lang->catalog && !catalog_has(s->lang->catalog, text)) {
            s->untranslated++;
            fprintf(stderr, "%s: no translation of \"%s\"\n", s->name, text);
        }
    }
    return catalog_get(s->lang->catalog, text);
}

static void do_expected(void *self, bool holds, const char *text, int line)
{
    struct scenario *s = self;
    s->held += holds;
    s->failed += !holds;
    if (!holds) {
        fflush(stdout);
        fprintf(stderr, "%s:%d: expected: %s\n", s->name, line, text);
    } else if (!s->quiet) {
        tone_printf(stdout, &s->style, TONE_GOOD, "  %s ", s->style.utf8 ? "✓" : "ok:");
        printf("%s\n", text);
    }
}

// Programs beside each other: what each printed, and how often control left it.
static void show_programs(struct scenario *s, const struct script_runs *const *runs, size_t count)
{
    static const struct table_column columns[] = {{"architecture", TABLE_LEFT},
                                                  {"cycles", TABLE_RIGHT},
                                                  {"exits", TABLE_RIGHT},
                                                  {"console", TABLE_LEFT}};
    struct table *table = table_new(columns, 4);
    for (size_t i = 0; i < count; i++) {
        const struct run_result *r = runs[i]->run->result;
        const char *text = r->console ? r->console : "";
        size_t size = r->console_size;
        table_cell(table, "%s", runs[i]->run->name);
        table_count(table, r->cycles);
        table_count(table, r->exits_all);
        for (bool first = true; first || size > 0; first = false) {
            size_t n = 0;
            while (n < size && text[n] != '\n') {
                n++;
            }
            for (int blank = 0; !first && blank < 3; blank++) {
                table_cell(table, "%s", "");
            }
            table_cell(table, "%.*s", (int)n, text);
            n += n < size;
            text += n;
            size -= n;
        }
    }
    putchar('\n');
    table_print(stdout, &s->style, table, 2);
    table_free(table);
}

static void do_show(void *self, const struct script_runs *const *runs, size_t count)
{
    struct scenario *s = self;
    const struct script_runs *programs[64];
    size_t n = 0;
    for (size_t i = 0; i < count && !s->quiet; i++) {
        struct scenario_work *w = s->work;
        while (w && &w->runs != runs[i]) {
            w = w->next;
        }
        if (w && w->is_compare) {
            putchar('\n');
            compare_print_group(&w->compare, &s->style, w->compare.groups);
        } else if (w && n < 64) {
            programs[n++] = &w->runs;
        }
    }
    if (n > 0) {
        show_programs(s, programs, n);
    }
    s->begun |= count > 0;
}

void scenario_host(struct scenario *s, struct script_host *host)
{
    *host = (struct script_host){.self = s,
                                 .text = do_text,
                                 .translation = do_translation,
                                 .expected = do_expected,
                                 .compare = do_compare,
                                 .program = do_program,
                                 .translate = do_translate,
                                 .show = do_show};
}
