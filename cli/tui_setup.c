// Prepares a run of `ringside tui`: the guest, the lesson, the languages, and what the dashboard asks its surroundings for.
#include "cli/data.h"
#include "cli/model.h"
#include "cli/table.h"
#include "cli/topic.h"
#include "cli/tui_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ARCH_USUAL     "type1/fullvirt-hw"
#define COMPARE_USUAL  "native,type1/fullvirt-bt,type1/fullvirt-hw,type1/paravirt,type2/fullvirt-hw"
#define WORKLOAD_USUAL "compile"

enum { SIZE_LARGEST = 1000 };

// ---- what the dashboard asks for -------------------------------------------------------------------

static bool source_line(void *ctx, const char *path, unsigned line, char *out, size_t size)
{
    const struct tui *t = ctx;
    const struct data_file *file = data_find(path);
    const char *own = strcmp(path, "program") == 0 ? t->lesson.scene.source : NULL;
    const char *at = own ? own : file ? file->text : NULL;
    for (; at && line > 1; line--) {
        at = strchr(at, '\n');
        at += at != NULL;
    }
    if (!at || line == 0) {
        return false;
    }
    snprintf(out, size, "%.*s", (int)strcspn(at, "\n"), at);
    return true;
}

static char *explain(void *ctx, const char *name, int columns, bool korean)
{
    const struct tui *t = ctx;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) {
        return NULL;
    }
    const struct style style = {.utf8 = !t->config.ascii,
                                .width = (unsigned)columns,
                                .words = korean ? t->korean.catalog : NULL};
    bool found = topic_explain(out, &style, name, t->usual);
    fclose(out);
    if (!found) {
        free(text);
        text = NULL;
    }
    return text;
}

static const struct cpu_model *another_cpu(void *ctx, const char *name, char *err, size_t err_size)
{
    struct tui *t = ctx;
    struct model_names names;
    model_names(&names);
    bool known = false;
    for (size_t i = 0; i < names.count; i++) {
        known = known || strcmp(names.list[i], name) == 0;
    }
    // Only built-in ones: their loading prints nothing.
    if (!known || t->models == TUI_MODELS || model_load(name, &t->model[t->models]) != CLI_OK) {
        snprintf(err, err_size,
                 known ? TEXT("no room for another CPU model") : TEXT("no CPU model '%s'"), name);
        return NULL;
    }
    return &t->model[t->models++];
}

bool tui_save(void *ctx, const char *path, const char *text, char *err, size_t err_size)
{
    (void)ctx;
    FILE *out = fopen(path, "w");
    bool good = out && fputs(text, out) >= 0;
    good = out && fclose(out) == 0 && good;
    if (!good) {
        snprintf(err, err_size, "%s: %s", path, strerror(errno));
    }
    return good;
}

// ---- setting up ------------------------------------------------------------------------------------

static int choose_workload(struct tui *t, const char *name)
{
    const struct toyos_workload *w = toyos_workload_find(name);
    const struct lesson_scene *scene = &t->lesson.scene;
    size_t count;
    const struct toyos_workload *list = toyos_workloads(&count);
    if (!w) {
        const char *names[64] = {NULL};
        for (size_t i = 0; i < count && i < 63; i++) {
            names[i] = list[i].name;
        }
        const char *meant = cli_nearest(name, names);
        return cli_error(
            CLI_USAGE, "tui: no workload '%s'; %s%s%s'ringside list workloads' names them all",
            name, meant ? "did you mean '" : "", meant ? meant : "", meant ? "'? " : "");
    }
    uint64_t n = t->o->n ? t->o->n : scene->n ? scene->n : w->default_n;
    const char *append = t->o->append ? t->o->append : scene->append;
    if (n > w->max_n) {
        return cli_error(CLI_USAGE, "%s with n = %" PRIu64 "; at most %" PRIu64 " %s fit", w->name,
                         n, w->max_n, w->unit);
    }
    snprintf(t->command_line, sizeof t->command_line, "workload=%s n=%" PRIu64 "%s%s", w->name, n,
             append ? " " : "", append ? append : "");
    t->spec.workload = w->name;
    t->spec.command_line = t->command_line;
    return t->lesson.scenario ? CLI_OK : lesson_from_workload(w, &t->lesson);
}

// What is given on the command line comes before what the scenario asks for, and that before what is usual.
static int set_machine(struct tui *t)
{
    const struct tui_options *o = t->o;
    const struct lesson_scene *scene = &t->lesson.scene;
    struct machine_config *config = &t->spec.config;
    const struct cpu_model *model = o->cpu ? NULL : scene->spec.config.model;
    char err[320];
    if (!model) {
        int status = model_load(o->cpu ? o->cpu : MODEL_DEFAULT, &t->model[0]);
        if (status != CLI_OK) {
            return status;
        }
        t->models = 1;
        model = &t->model[0];
    }
    if (!scene->spec.config.model) { // nothing has run
        machine_config_default(config);
    }
    config->model = t->usual = model;
    config->cpus = o->cpus ? (unsigned)o->cpus : config->cpus;
    config->ram = o->ram ? o->ram : config->ram;
    config->levels = o->levels ? (unsigned)o->levels : config->levels;
    config->seed = o->seed;
    config->holes_closed = config->holes_closed || o->holes_closed;
    const char *arch = o->arch ? o->arch : scene->arch[0] ? scene->arch : ARCH_USUAL;
    if (!arch_parse(&t->spec.arch, arch, err, sizeof err)) {
        return cli_error(CLI_USAGE, "%s", err);
    }
    return arch_valid(&t->spec.arch, model, err, sizeof err) ? CLI_OK
                                                             : cli_error(CLI_USAGE, "%s", err);
}

static bool add_compare(struct tui *t, const char *arch)
{
    if (t->config.compare_count < DASHBOARD_COMPARE) {
        t->config.compare[t->config.compare_count++] = arch;
        return true;
    }
    return false;
}

// The architectures that the Compare view shows: "a,b=1,c", the scenario's, or the usual ones.
static int set_compare(struct tui *t)
{
    const struct lesson_scene *scene = &t->lesson.scene;
    for (unsigned i = 0; !t->o->compare && i < scene->lanes; i++) {
        add_compare(t, scene->compare[i]);
    }
    if (t->config.compare_count > 0) {
        return CLI_OK;
    }
    t->compare = strdup(t->o->compare ? t->o->compare : COMPARE_USUAL);
    for (char *at = t->compare; at && *at;) {
        char *end = at + strcspn(at, ",");
        while (*end && strcspn(end + 1, "=") < strcspn(end + 1, ",")) {
            end += 1 + strcspn(end + 1, ",");
        }
        struct arch_config arch;
        char err[320];
        bool more = *end != '\0';
        *end = '\0';
        if (!arch_parse(&arch, at, err, sizeof err)) {
            return cli_error(CLI_USAGE, "%s", err);
        }
        if (!add_compare(t, at)) {
            return cli_error(CLI_USAGE, "--compare: at most %d architectures fit",
                             DASHBOARD_COMPARE);
        }
        at = more ? end + 1 : NULL;
    }
    return t->compare ? CLI_OK : cli_error(CLI_UNAVAILABLE, "no memory");
}

static int set_view(struct tui *t)
{
    static const char *const names[] = {
#define VIEW(NAME, name, tab) #name,
#include "tui/view.def"
#undef VIEW
        NULL};
    for (unsigned v = 0; t->o->view && v < VIEW_COUNT; v++) {
        if (strcmp(names[v], t->o->view) == 0) {
            t->config.view = (enum view_id)v;
            return CLI_OK;
        }
    }
    if (!t->o->view) {
        return CLI_OK;
    }
    const char *meant = cli_nearest(t->o->view, names);
    return cli_error(
        CLI_USAGE,
        "tui: no view '%s'; %s%s%srings, exits, memory, timeline, compare, code and lesson are",
        t->o->view, meant ? "did you mean '" : "", meant ? meant : "", meant ? "'? " : "");
}

static int set_size(struct tui *t)
{
    char *end;
    long columns = strtol(t->o->size, &end, 10), rows = *end == 'x' ? strtol(end + 1, &end, 10) : 0;
    if (*end || columns < 1 || rows < 1 || columns > SIZE_LARGEST || rows > SIZE_LARGEST / 2) {
        return cli_error(CLI_USAGE, "--size %s; write COLUMNSxROWS, as in 80x24", t->o->size);
    }
    t->columns = (int)columns;
    t->rows = (int)rows;
    return CLI_OK;
}

// The operand: a scenario, which brings its guest, or a workload.
static int choose(struct tui *t, const struct cli *cli)
{
    const char *name = cli->arg_count ? cli->args[0] : WORKLOAD_USUAL;
    const struct lesson_scene *scene = &t->lesson.scene;
    int status = CLI_OK;
    if (lesson_is_scenario(name)) {
        status = lesson_from_scenario(name, t->o->seed, &t->lesson);
        name = scene->workload ? scene->workload : WORKLOAD_USUAL;
        if (!t->o->view) {
            t->config.view = VIEW_LESSON;
        }
        t->spec = scene->spec;
    }
    if (status == CLI_OK && t->spec.image) {
        if (t->o->n || t->o->append) {
            return cli_error(CLI_USAGE, "tui: the scenario's guest is a bare program: --length "
                                        "and --append are the toy OS's");
        }
        return CLI_OK;
    }
    t->spec.os = &t->os;
    t->spec.os_paravirt = &t->os_paravirt;
    return status == CLI_OK ? choose_workload(t, name) : status;
}

static int build_guest(struct tui *t)
{
    if (t->spec.image) {
        return CLI_OK;
    }
    int status = guest_build(t->o->guest, false, &t->os);
    t->has_os = status == CLI_OK;
    status = status == CLI_OK ? guest_build(t->o->guest, true, &t->os_paravirt) : status;
    t->has_os_paravirt = t->has_os && status == CLI_OK;
    return status;
}

int tui_set_up(struct tui *t, const struct cli *cli)
{
    const struct tui_options *o = t->o;
    struct lang wanted;
    struct style style = style_of(cli);
    int status = lang_open(&wanted, o->lang);
    bool korean = strcmp(wanted.code, "ko") == 0;
    lang_close(&wanted);
    status = status == CLI_OK ? set_size(t) : status;
    status = status == CLI_OK ? set_view(t) : status;
    status = status == CLI_OK ? lang_open(&t->korean, "ko") : status;
    status = status == CLI_OK ? lang_add_scenario(&t->korean, "dashboard") : status;
    status = status == CLI_OK ? lang_add_scenario(&t->korean, TOPIC_WORDS) : status;
    status = status == CLI_OK ? choose(t, cli) : status;
    status = status == CLI_OK ? set_machine(t) : status;
    status = status == CLI_OK ? set_compare(t) : status;
    status = status == CLI_OK ? build_guest(t) : status;
    t->config.lesson = &t->lesson.english;
    t->config.lesson_korean = t->lesson.korean.pages ? &t->lesson.korean : NULL;
    t->config.spec = &t->spec;
    t->config.source = source_line;
    t->config.source_ctx = t;
    t->config.korean = t->korean.catalog;
    // As text it goes to files, which are UTF-8 unless asked otherwise.
    t->config.ascii = cli->ascii || (!o->batch && !style.utf8);
    t->config.start_korean = korean && !t->config.ascii;
    t->config.ctx = t;
    t->config.explain = explain;
    t->config.cpu = another_cpu;
    t->config.save = tui_save;
    return status;
}

void tui_tear_down(struct tui *t)
{
    if (t->has_os) {
        toyos_free(&t->os);
    }
    if (t->has_os_paravirt) {
        toyos_free(&t->os_paravirt);
    }
    for (unsigned i = 0; i < t->models; i++) {
        cpu_model_free(&t->model[i]);
    }
    lesson_close(&t->lesson);
    lang_close(&t->korean);
    free(t->compare);
}
