// Turns what a scenario says into a lesson of the dashboard.
#include "cli/lesson_scenario.h"

#include "cli/data.h"
#include "cli/topic.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool lesson_is_scenario(const char *name)
{
    struct run_script script;
    char known[64];
    size_t n = strlen(name);
    for (size_t i = 0; run_script_name(i, known, sizeof known, &script); i++) {
        if (strcmp(known, name) == 0) {
            return true;
        }
    }
    return n > 4 && strcmp(name + n - 4, ".lua") == 0;
}

// ---- pages ------------------------------------------------------------------------------------------

// What fits a screen of 80 x 24 beside title and hints, roughly: lines of 74 columns.
enum { PAGE_LINES = 15, PAGE_COLUMNS = 74 };

// A page in the making: paragraphs with an empty line between them.
struct page {
    struct lesson *lesson;
    char text[8192], answer[4096];
    const char *question; // waits for its answer, or NULL
    const char *run;      // commands that set the scene, or NULL
};

static int lines_of(const char *text)
{
    return *text ? style_columns(text) / PAGE_COLUMNS + 2 : 0;
}

static void append(char *to, size_t size, const char *label, const char *text)
{
    size_t used = strlen(to);
    snprintf(to + used, size - used, "%s%s%s%s", used ? "\n\n" : "", label, label[0] ? ": " : "",
             text);
}

// Ends what has been begun: a page of text, and one with the question; both in one if a scene was set for them.
static bool turn(struct page *p)
{
    const char *answer = p->answer[0] ? p->answer : NULL;
    bool good = true;
    if (p->question && p->run) {
        append(p->text, sizeof p->text, "", p->question);
        good = lesson_add(p->lesson, p->text, answer ? answer : "", p->run);
    } else {
        good = !p->text[0] || lesson_add(p->lesson, p->text, NULL, p->run);
        good = good && (!p->question || lesson_add(p->lesson, p->question, answer, NULL));
    }
    p->text[0] = p->answer[0] = '\0';
    p->question = p->run = NULL;
    return good;
}

static bool paragraph(struct page *p, const char *label, const char *text)
{
    if (p->answer[0] || lines_of(p->text) + lines_of(text) > PAGE_LINES) {
        if (!turn(p)) {
            return false;
        }
    }
    append(p->text, sizeof p->text, label, text);
    return true;
}

static bool take_said(struct page *p, const struct catalog *words, const struct scenario_said *said)
{
    const char *text = catalog_get(words, said->text);
    bool good = true;
    switch (said->kind) {
    case SCENARIO_LESSON: return paragraph(p, "", text);
    case SCENARIO_LOOK: return paragraph(p, catalog_get(words, "Look"), text);
    case SCENARIO_TRY: return paragraph(p, catalog_get(words, "Try"), text);
    case SCENARIO_SEE: // after an answer it belongs to that
        if (!p->answer[0]) {
            return paragraph(p, "", text);
        }
        append(p->answer, sizeof p->answer, "", text);
        return true;
    case SCENARIO_SCENE:
        good = turn(p);
        p->run = said->text;
        return good;
    case SCENARIO_QUESTION:
        good = p->run && !p->question && !p->answer[0] ? true : turn(p);
        p->question = text;
        return good;
    case SCENARIO_ANSWER: append(p->answer, sizeof p->answer, "", text); return true;
    default: return true;
    }
}

static bool make_pages(const struct scenario_facts *f, const struct catalog *words,
                       struct lesson *out)
{
    static struct page page; // large
    page = (struct page){.lesson = out};
    bool good = lesson_title(out, catalog_get(words, f->title));
    for (size_t i = 0; i < f->said_count && good; i++) {
        good = take_said(&page, words, &f->said[i]);
    }
    return good && turn(&page);
}

// ---- the scene --------------------------------------------------------------------------------------

// One more lane of Compare, if it is a new one; the first that is not the bare machine is what runs.
static void add_arch(struct lesson_scene *scene, const char *arch)
{
    for (unsigned i = 0; i < scene->lanes; i++) {
        if (strcmp(scene->compare[i], arch) == 0) {
            return;
        }
    }
    if (scene->lanes < COMPARE_MAX) {
        snprintf(scene->compare[scene->lanes++], LESSON_ARCH_SIZE, "%s", arch);
    }
    if (!scene->arch[0] || strcmp(scene->arch, "native") == 0) {
        snprintf(scene->arch, sizeof scene->arch, "%s", arch);
    }
}

static int set_stage(const struct scenario_stage *stage, struct lesson_script *out)
{
    struct lesson_scene *scene = &out->scene;
    char err[320];
    machine_config_default(&scene->spec.config);
    scene->workload = stage->workload;
    scene->n = stage->n;
    if (stage->cpu) {
        scene->spec.config.model = run_world_cpu(&out->world, stage->cpu, err, sizeof err);
        if (!scene->spec.config.model) {
            return cli_error(CLI_BAD_INPUT, "%s: stage: %s", out->script.shown, err);
        }
    }
    for (unsigned i = 0; i < stage->archs; i++) {
        add_arch(scene, stage->arch[i]);
    }
    return CLI_OK;
}

// The runs of the first comparison; or, where runs were asked for one by one, those that are like the first.
static bool beside(const struct scenario_run *r, const struct scenario_run *first, bool compared)
{
    return compared ? r->group == first->group
                    : strcmp(r->workload, first->workload) == 0 && r->n == first->n &&
                          r->spec.config.holes_closed == first->spec.config.holes_closed;
}

static void set_runs(const struct scenario_facts *f, struct lesson_scene *scene)
{
    const struct scenario_run *first = f->run_count ? &f->runs[0] : NULL;
    bool compared = f->run_count > 1 && f->runs[1].group == first->group;
    for (size_t i = 0; i < f->run_count; i++) {
        char arch[LESSON_ARCH_SIZE];
        if (beside(&f->runs[i], first, compared)) {
            arch_format(&f->runs[i].spec.arch, arch, sizeof arch);
            add_arch(scene, arch);
        }
    }
    if (first) {
        scene->spec = first->spec;
        scene->workload = first->spec.image ? NULL : first->workload;
        scene->n = first->n;
        scene->append = first->append;
        scene->source = first->source;
    }
}

// ---- from a scenario --------------------------------------------------------------------------------

static int translate(const struct scenario_facts *facts, const char *name,
                     struct lesson_script *out)
{
    struct lang lang;
    bool good = make_pages(facts, NULL, &out->english);
    int status = lang_open(&lang, "ko");
    size_t ours = status == CLI_OK ? catalog_count(lang.catalog) : 0;
    if (status == CLI_OK) {
        status = out->script.name ? lang_add_scenario(&lang, name) : lang_add_beside(&lang, name);
    }
    if (status == CLI_OK && catalog_count(lang.catalog) > ours) {
        good = good && make_pages(facts, lang.catalog, &out->korean);
    }
    lang_close(&lang);
    return status != CLI_OK || good
               ? status
               : cli_error(CLI_UNAVAILABLE, "tui: the lesson has more than %d pages",
                           LESSON_PAGES_MAX);
}

static int perform(const char *name, struct lesson_script *out)
{
    struct scenario_facts facts;
    char err[1200];
    if (scenario_perform(out->scenario, NULL, 0, err, sizeof err) != SCENARIO_OK) {
        fflush(stdout);
        fprintf(stderr, "%s\n", err); // it begins with file:line
        return CLI_BAD_INPUT;
    }
    scenario_facts(out->scenario, &facts);
    int status = CLI_OK;
    if (facts.stage.workload) {
        status = set_stage(&facts.stage, out);
    } else {
        set_runs(&facts, &out->scene);
    }
    return status == CLI_OK ? translate(&facts, name, out) : status;
}

int lesson_from_scenario(const char *name, uint64_t seed, struct lesson_script *out)
{
    const struct scenario_host host = {
        .ctx = &out->world, .os = run_world_os, .cpu = run_world_cpu, .program = run_world_program};
    int status = run_script_load(name, &out->script);
    if (status != CLI_OK) {
        return status;
    }
    out->scenario =
        scenario_create(out->script.shown, out->script.text, out->script.size, &host, NULL, seed);
    if (!out->scenario) {
        return cli_error(CLI_UNAVAILABLE, "no memory for the scenario");
    }
    if (isatty(2)) {
        fprintf(stderr, "Running the scenario ...\n");
    }
    return perform(name, out);
}

void lesson_close(struct lesson_script *lesson)
{
    lesson_free(&lesson->english);
    lesson_free(&lesson->korean);
    scenario_free(lesson->scenario);
    run_script_free(&lesson->script);
    run_world_free(&lesson->world);
}

// ---- from a workload --------------------------------------------------------------------------------

// "shadow   Shadow page tables" for each scenario that has the workload's name in quotes, its title translated.
static int add_scenarios(const char *workload, const char *code, char *text, size_t size)
{
    struct run_script script;
    char name[64], quoted[64];
    int found = 0;
    snprintf(quoted, sizeof quoted, "\"%s\"", workload);
    for (size_t i = 0; run_script_name(i, name, sizeof name, &script); i++) {
        struct lang lang;
        char title[160];
        if (!strstr(script.text, quoted) || lang_open(&lang, code) != CLI_OK) {
            continue;
        }
        lang_add_scenario(&lang, name);
        run_script_title(&script, title, sizeof title);
        size_t used = strlen(text);
        snprintf(text + used, size - used, "\n  %-22s %s", name, catalog_get(lang.catalog, title));
        lang_close(&lang);
        found++;
    }
    return found;
}

static int workload_page(const struct toyos_workload *w, const char *code, struct lesson *out)
{
    struct lang lang;
    char text[4096], list[3072] = "";
    int status = lang_open(&lang, code);
    status = status == CLI_OK ? lang_add_scenario(&lang, TOPIC_WORDS) : status;
    status = status == CLI_OK ? lang_add_scenario(&lang, "dashboard") : status;
    if (status == CLI_OK) {
        int found = add_scenarios(w->name, code, list, sizeof list);
        snprintf(text, sizeof text, "%s\n\n%s%s", catalog_get(lang.catalog, w->summary),
                 catalog_get(lang.catalog,
                             found ? TEXT("Lessons that use it; 'ringside tui NAME' opens one:")
                                   : TEXT("No lesson uses it; 'ringside list scenarios' has them "
                                          "all.")),
                 list);
        bool good = lesson_title(out, w->name) && lesson_add(out, text, NULL, NULL);
        status = good ? CLI_OK : cli_error(CLI_UNAVAILABLE, "no memory for a lesson");
    }
    lang_close(&lang);
    return status;
}

int lesson_from_workload(const struct toyos_workload *workload, struct lesson_script *out)
{
    int status = workload_page(workload, "en", &out->english);
    return status == CLI_OK ? workload_page(workload, "ko", &out->korean) : status;
}
