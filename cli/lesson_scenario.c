// Turns what a scenario says into a lesson of the dashboard.
#include "cli/lesson_scenario.h"

#include "cli/run.h"

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

// A page in the making: paragraphs, each on a line.
struct page {
    struct lesson *lesson;
    char text[8192];
    const char *question; // waits for its answer, or NULL
};

static bool turn(struct page *p, const char *answer)
{
    bool good = true;
    if (p->text[0]) {
        good = lesson_add(p->lesson, p->text, NULL, NULL);
        p->text[0] = '\0';
    }
    if (p->question) {
        good = good && lesson_add(p->lesson, p->question, answer, NULL);
        p->question = NULL;
    }
    return good;
}

static void append(struct page *p, const char *label, const char *text)
{
    size_t used = strlen(p->text);
    snprintf(p->text + used, sizeof p->text - used, "%s%s%s%s", used ? "\n" : "", label,
             label[0] ? ": " : "", text);
}

static bool make_pages(const struct scenario_facts *f, const struct catalog *words,
                       struct lesson *out)
{
    static struct page page; // large
    page = (struct page){.lesson = out};
    bool good = lesson_title(out, catalog_get(words, f->title));
    for (size_t i = 0; i < f->said_count && good; i++) {
        const char *text = catalog_get(words, f->said[i].text);
        switch (f->said[i].kind) {
        case SCENARIO_LESSON: append(&page, "", text); break;
        case SCENARIO_LOOK: append(&page, catalog_get(words, "Look"), text); break;
        case SCENARIO_TRY: append(&page, catalog_get(words, "Try"), text); break;
        case SCENARIO_QUESTION:
            good = turn(&page, NULL);
            page.question = text;
            break;
        case SCENARIO_ANSWER: good = turn(&page, text); break;
        default: break;
        }
    }
    return good && turn(&page, NULL);
}

// ---- the scene --------------------------------------------------------------------------------------

static void add_arch(struct lesson_scene *scene, const char *arch)
{
    size_t used = strlen(scene->compare);
    unsigned commas = 0;
    for (size_t i = 0; i < used; i++) {
        commas += scene->compare[i] == ',';
    }
    if (used + strlen(arch) + 2 < sizeof scene->compare && commas < 12) {
        snprintf(scene->compare + used, sizeof scene->compare - used, "%s%s", used ? "," : "",
                 arch);
    }
}

static void set_scene(const struct scenario_facts *f, struct lesson_scene *scene)
{
    *scene = (struct lesson_scene){.workload = ""};
    if (f->stage.workload) {
        snprintf(scene->workload, sizeof scene->workload, "%s", f->stage.workload);
        for (unsigned i = 0; i < f->stage.archs; i++) {
            bool native = strcmp(f->stage.arch[i], "native") == 0;
            snprintf(scene->arch, sizeof scene->arch, "%s",
                     native || scene->arch[0] ? scene->arch : f->stage.arch[i]);
            add_arch(scene, f->stage.arch[i]);
        }
        return;
    }
    unsigned group = 0, lanes = 0;
    for (size_t i = 0; i < f->run_count; i++) {
        const struct scenario_run *r = &f->runs[i];
        char arch[LESSON_VALUE_SIZE];
        if (strcmp(r->workload, "program") == 0 || (group && r->group != group) || lanes == 6) {
            continue;
        }
        group = r->group;
        arch_format(&r->spec.arch, arch, sizeof arch);
        snprintf(scene->workload, sizeof scene->workload, "%s", r->workload);
        if (r->spec.arch.arch != ARCH_NATIVE && !scene->arch[0]) {
            snprintf(scene->arch, sizeof scene->arch, "%s", arch);
        }
        add_arch(scene, arch);
        lanes++;
    }
}

// ---- running it -------------------------------------------------------------------------------------

static int take(const struct run_script *script, const char *name, struct scenario *s,
                struct lesson *english, struct lesson *korean, struct lesson_scene *scene)
{
    struct scenario_facts facts;
    struct lang lang;
    char err[1200];
    if (scenario_perform(s, NULL, 0, err, sizeof err) != SCENARIO_OK) {
        fflush(stdout);
        fprintf(stderr, "%s\n", err); // it begins with file:line
        return CLI_BAD_INPUT;
    }
    scenario_facts(s, &facts);
    set_scene(&facts, scene);
    bool good = make_pages(&facts, NULL, english);
    int status = lang_open(&lang, "ko");
    size_t ours = status == CLI_OK ? catalog_count(lang.catalog) : 0;
    if (status == CLI_OK) {
        status = script->name ? lang_add_scenario(&lang, name) : lang_add_beside(&lang, name);
    }
    if (status == CLI_OK && catalog_count(lang.catalog) > ours) {
        good = good && make_pages(&facts, lang.catalog, korean);
    }
    lang_close(&lang);
    return status != CLI_OK || good
               ? status
               : cli_error(CLI_UNAVAILABLE, "tui: the lesson has too many pages");
}

int lesson_from_scenario(const char *name, struct lesson *english, struct lesson *korean,
                         struct lesson_scene *scene)
{
    static struct run_world world; // large
    const struct scenario_host host = {
        .ctx = &world, .os = run_world_os, .cpu = run_world_cpu, .program = run_world_program};
    struct run_script script;
    world = (struct run_world){.model_count = 0};
    int status = run_script_load(name, &script);
    if (status == CLI_OK) {
        struct scenario *s =
            scenario_create(script.shown, script.text, script.size, &host, NULL, CLI_DEFAULT_SEED);
        if (isatty(2)) {
            fprintf(stderr, "Running the scenario ...\n");
        }
        status = s ? take(&script, name, s, english, korean, scene)
                   : cli_error(CLI_UNAVAILABLE, "no memory for the scenario");
        scenario_free(s);
    }
    run_script_free(&script);
    run_world_free(&world);
    return status;
}
