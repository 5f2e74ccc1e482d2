// `ringside tui`: the dashboard, at a terminal or as text.
#include "cli/data.h"
#include "cli/guest.h"
#include "cli/lang.h"
#include "cli/lesson_file.h"
#include "cli/model.h"
#include "cli/table.h"
#include "cli/topic.h"
#include "models/run.h"
#include "sim/nearest.h"
#include "tui/loop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tui_options {
    const char *arch, *cpu, *append, *guest, *keys, *size, *lang, *compare, *view, *export_svg;
    uint64_t n, cpus, ram, levels, seed, delay;
    bool holes_closed, batch, list_keys;
};

#define ARCH_USUAL     "type1/fullvirt-hw"
#define COMPARE_USUAL  "native,type1/fullvirt-bt,type1/fullvirt-hw,type1/paravirt,type2/fullvirt-hw"
#define WORKLOAD_USUAL "compile"

enum { MODELS = 8, SIZE_LARGEST = 1000 };

// What a run of the command owns.
struct tui {
    const struct tui_options *o;
    struct cpu_model model[MODELS];
    unsigned models;
    struct toyos os, os_paravirt;
    bool has_os, has_os_paravirt;
    char command_line[TOYOS_COMMAND_LINE_MAX + 1];
    struct run_spec spec;
    struct lang korean;
    struct lesson lesson, lesson_korean;
    struct lesson_scene scene; // that the lesson asks for
    struct dashboard_config config;
    char *compare; // the list, cut into its names
    int columns, rows;
    size_t frames;
};

// ---- what the dashboard asks for -------------------------------------------------------------------

static bool source_line(void *ctx, const char *path, unsigned line, char *out, size_t size)
{
    (void)ctx;
    const struct data_file *file = data_find(path);
    const char *at = file ? file->text : NULL;
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

static char *explain(void *ctx, const char *name, int columns)
{
    const struct tui *t = ctx;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out) {
        return NULL;
    }
    const struct style style = {.utf8 = !t->config.ascii, .width = (unsigned)columns};
    bool found = topic_explain(out, &style, name, &t->model[0]);
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
    if (!known || t->models == MODELS || model_load(name, &t->model[t->models]) != CLI_OK) {
        snprintf(err, err_size, known ? "no room for another CPU model" : "no CPU model '%s'",
                 name);
        return NULL;
    }
    return &t->model[t->models++];
}

static bool save(void *ctx, const char *path, const char *text, char *err, size_t err_size)
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
    uint64_t n = t->o->n ? t->o->n : w->default_n;
    if (n > w->max_n) {
        return cli_error(CLI_USAGE, "%s with n = %" PRIu64 "; at most %" PRIu64 " %s fit", w->name,
                         n, w->max_n, w->unit);
    }
    snprintf(t->command_line, sizeof t->command_line, "workload=%s n=%" PRIu64 "%s%s", w->name, n,
             t->o->append ? " " : "", t->o->append ? t->o->append : "");
    t->spec.workload = w->name;
    return CLI_OK;
}

static int set_machine(struct tui *t)
{
    const struct tui_options *o = t->o;
    char err[320];
    machine_config_default(&t->spec.config);
    t->spec.config.model = &t->model[0];
    t->spec.config.cpus = (unsigned)o->cpus;
    t->spec.config.ram = o->ram;
    t->spec.config.levels = (unsigned)o->levels;
    t->spec.config.seed = o->seed;
    t->spec.config.holes_closed = o->holes_closed;
    t->spec.os = &t->os;
    t->spec.os_paravirt = &t->os_paravirt;
    t->spec.command_line = t->command_line;
    const char *arch = o->arch ? o->arch : t->scene.arch[0] ? t->scene.arch : ARCH_USUAL;
    if (!arch_parse(&t->spec.arch, arch, err, sizeof err)) {
        return cli_error(CLI_USAGE, "%s", err);
    }
    return arch_valid(&t->spec.arch, &t->model[0], err, sizeof err)
               ? CLI_OK
               : cli_error(CLI_USAGE, "%s", err);
}

// "a,b=1,c" to the architectures that the Compare view shows.
static int set_compare(struct tui *t)
{
    t->compare = strdup(t->o->compare         ? t->o->compare
                        : t->scene.compare[0] ? t->scene.compare
                                              : COMPARE_USUAL);
    for (char *at = t->compare; at && *at;) {
        char *end = at + strcspn(at, ",");
        while (*end && strcspn(end + 1, "=") < strcspn(end + 1, ",")) {
            end += 1 + strcspn(end + 1, ",");
        }
        if (t->config.compare_count == DASHBOARD_COMPARE) {
            return cli_error(CLI_USAGE, "--compare: at most %d architectures fit",
                             DASHBOARD_COMPARE);
        }
        struct arch_config arch;
        char err[320];
        t->config.compare[t->config.compare_count++] = at;
        bool more = *end != '\0';
        *end = '\0';
        if (!arch_parse(&arch, at, err, sizeof err)) {
            return cli_error(CLI_USAGE, "%s", err);
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

// The operand: a lesson, which names its workload, or a workload.
static int choose(struct tui *t, const struct cli *cli)
{
    const char *name = cli->arg_count ? cli->args[0] : WORKLOAD_USUAL;
    if (!lesson_exists(name)) {
        return choose_workload(t, name);
    }
    int status = lesson_read(name, "en", &t->lesson, &t->scene);
    status = status == CLI_OK ? lesson_read(name, "ko", &t->lesson_korean, NULL) : status;
    t->config.lesson = &t->lesson;
    t->config.lesson_korean = t->lesson_korean.pages ? &t->lesson_korean : NULL;
    if (!t->o->view) {
        t->config.view = VIEW_LESSON;
    }
    return status == CLI_OK
               ? choose_workload(t, t->scene.workload[0] ? t->scene.workload : WORKLOAD_USUAL)
               : status;
}

static int set_up(struct tui *t, const struct cli *cli)
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
    status = status == CLI_OK ? model_load(o->cpu, &t->model[0]) : status;
    t->models = status == CLI_OK;
    status = status == CLI_OK ? choose(t, cli) : status;
    status = status == CLI_OK ? set_machine(t) : status;
    status = status == CLI_OK ? set_compare(t) : status;
    status = status == CLI_OK ? guest_build(o->guest, false, &t->os) : status;
    t->has_os = status == CLI_OK;
    status = status == CLI_OK ? guest_build(o->guest, true, &t->os_paravirt) : status;
    t->has_os_paravirt = status == CLI_OK;
    t->config.spec = &t->spec;
    t->config.source = source_line;
    t->config.korean = t->korean.catalog;
    // As text it goes to files, which are UTF-8 unless asked otherwise.
    t->config.ascii = cli->ascii || (!o->batch && !style.utf8);
    t->config.start_korean = korean && !t->config.ascii;
    t->config.ctx = t;
    t->config.explain = explain;
    t->config.cpu = another_cpu;
    t->config.save = save;
    return status;
}

static void tear_down(struct tui *t)
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
    lesson_free(&t->lesson);
    lesson_free(&t->lesson_korean);
    lang_close(&t->korean);
    free(t->compare);
}

// ---- running ---------------------------------------------------------------------------------------

// Frames are divided by a form feed on a line of its own.
static void print_frame(void *ctx, const struct cells *cells)
{
    struct tui *t = ctx;
    char *text = cells_text(cells);
    if (text) {
        fputs(t->frames++ > 0 ? "\f\n" : "", stdout);
        fputs(text, stdout);
        free(text);
    }
}

static void svg_frame(void *ctx, const struct cells *cells)
{
    struct tui *t = ctx;
    char err[320], *text = cells_svg(cells, "ringside");
    if (t->o->batch) {
        print_frame(t, cells);
    }
    if (!text || !save(t, t->o->export_svg, text, err, sizeof err)) {
        cli_error(CLI_BAD_INPUT, "%s", text ? err : "no memory");
        t->frames = SIZE_MAX; // remembered as failure
    }
    free(text);
}

static int batch(struct tui *t, struct dashboard *d)
{
    char err[320];
    const char *keys = t->o->keys ? t->o->keys : "<Space><wait:40>";
    if (!loop_script(d, keys, t->columns, t->rows, t->o->export_svg ? svg_frame : print_frame, t,
                     err, sizeof err)) {
        return cli_error(CLI_USAGE, "--keys: %s", err);
    }
    return t->frames == SIZE_MAX ? CLI_UNAVAILABLE : CLI_OK;
}

static int at_terminal(const struct tui *t, const struct cli *cli, struct dashboard *d)
{
    char err[320];
    if (t->o->keys) {
        if (!loop_script(d, t->o->keys, t->columns, t->rows, NULL, NULL, err, sizeof err)) {
            return cli_error(CLI_USAGE, "--keys: %s", err);
        }
    } else {
        // So slow that a class can follow, and a short workload does not end before it is looked at.
        loop_script(d, ":speed 1000000<Enter> ", t->columns, t->rows, NULL, NULL, err, sizeof err);
    }
    struct screen *screen = screen_ncurses(cli->color, err, sizeof err);
    if (!screen) {
        return cli_error(CLI_UNAVAILABLE, "tui: %s", err);
    }
    bool good = loop_run(d, screen, t->o->delay * 1000, NULL);
    screen->ops->close(screen);
    return good ? CLI_OK : cli_error(CLI_UNAVAILABLE, "no memory for the screen");
}

static int run_tui(const struct cli *cli, const void *options)
{
    struct tui *t = calloc(1, sizeof *t);
    char err[320];
    if (!t) {
        return cli_error(CLI_UNAVAILABLE, "no memory");
    }
    t->o = options;
    if (t->o->list_keys) {
        char *keys = dashboard_help(NULL, true);
        fputs(keys ? keys : "", stdout);
        free(keys);
        free(t);
        return CLI_OK;
    }
    bool text = t->o->batch || t->o->export_svg;
    int status = text || (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
                     ? set_up(t, cli)
                     : cli_error(CLI_UNAVAILABLE, "tui: this is no terminal; --batch prints the "
                                                  "screens as text");
    struct dashboard *d = status == CLI_OK ? dashboard_create(&t->config, err, sizeof err) : NULL;
    if (status == CLI_OK && !d) {
        status = cli_error(CLI_USAGE, "tui: %s", err);
    }
    if (d) {
        status = text ? batch(t, d) : at_terminal(t, cli, d);
        dashboard_destroy(d);
    }
    tear_down(t);
    free(t);
    return status;
}

static char *keys_as_text(void)
{
    return dashboard_help(NULL, false);
}

#define FIELD(name) offsetof(struct tui_options, name)

const struct command command_tui = {
    .name = "tui",
    .summary = "watch a workload under an architecture: the dashboard",
    .operands = "[LESSON|WORKLOAD]",
    .description =
        "Boots the toy OS with the workload and shows it running: where control is and the path it "
        "took, exits and what they cost, page walks, a timeline, architectures side by side, the "
        "code. Pause with Space, step with s, go to the next exit with x and back in time with [; "
        "? lists all keys, docs/dashboard.md explains them.\n"
        "\n"
        "With --keys the dashboard begins paused and does what the keys say; --batch prints the "
        "screen afterwards as text, the same as a terminal shows. A key is a character or a name, "
        "as in <Enter>, <F2>, <Tab>, <C-l>; '<wait:N>' lets N slices of time pass (100,000 "
        "instructions each at full speed), '<frame>' prints a screen, '<size:120x40>' changes its "
        "size.",
    .examples =
        (const struct command_example[]){
            {"ringside tui", "a build, under hardware-assisted virtualization"},
            {"ringside tui shadow",
             "a lesson on shadow paging; also storm, types, or a .lesson file"},
            {"ringside tui pgfault --arch type1/fullvirt-hw,paging=shadow",
             "shadow paging at work"},
            {"ringside tui diskread --arch kvm --view exits", "an exit storm"},
            {"ringside tui web --compare xenserver,virtualbox --view compare",
             "type 1 against type 2"},
            {"ringside tui nullcall --arch type1/paravirt -b --keys 'x<frame>x'",
             "two screens as text"},
            {0}},
    .options =
        (const struct option_row[]){
            {.letter = 'a',
             .name = "arch",
             .kind = OPTION_STRING,
             .arg = "ARCH",
             .help = "architecture or product, with options: kvm,paging=shadow; default: the "
                     "lesson's, or type1/fullvirt-hw",
             .offset = FIELD(arch),
             .values_from = "list architectures --names"},
            OPTION_ROW_CPU(struct tui_options, cpu),
            {.letter = 'n',
             .name = "length",
             .kind = OPTION_NUMBER,
             .arg = "N",
             .help = "the workload's length; each has its own default",
             .offset = FIELD(n)},
            {.name = "cpus",
             .kind = OPTION_NUMBER,
             .arg = "N",
             .help = "processors, 1 to 64",
             .offset = FIELD(cpus),
             .min = 1,
             .max = 64},
            {.name = "mem",
             .kind = OPTION_SIZE,
             .arg = "SIZE",
             .help = "the guest's memory, a multiple of 2M",
             .offset = FIELD(ram),
             .min = TOYOS_RAM_MIN,
             .max = UINT64_C(64) << 30},
            {.name = "levels",
             .kind = OPTION_NUMBER,
             .arg = "N",
             .help = "levels of the page tables, 2 to 5",
             .offset = FIELD(levels),
             .min = LEVELS_MIN,
             .max = LEVELS_MAX},
            {.name = "holes-closed",
             .kind = OPTION_FLAG,
             .help = "sensitive instructions trap: an ISA that Popek and Goldberg would like",
             .offset = FIELD(holes_closed)},
            {.name = "append",
             .kind = OPTION_STRING,
             .arg = "WORDS",
             .help = "more words for the kernel's command line",
             .offset = FIELD(append)},
            OPTION_ROW_GUEST(struct tui_options, guest),
            {.name = "compare",
             .kind = OPTION_STRING,
             .arg = "ARCH,ARCH",
             .help =
                 "architectures of the Compare view; default: the lesson's, or one of each kind",
             .offset = FIELD(compare)},
            {.name = "view",
             .kind = OPTION_STRING,
             .arg = "NAME",
             .help = "the view to begin with; default: lesson if there is one, else rings",
             .offset = FIELD(view)},
            OPTION_ROW_LANG(struct tui_options, lang),
            {.letter = 'b',
             .name = "batch",
             .kind = OPTION_FLAG,
             .help = "print the screen as text",
             .offset = FIELD(batch)},
            {.letter = 'k',
             .name = "keys",
             .kind = OPTION_STRING,
             .arg = "KEYS",
             .help = "press these keys first",
             .offset = FIELD(keys)},
            {.name = "size",
             .kind = OPTION_STRING,
             .arg = "WxH",
             .help = "size of the screen for --batch and --export-svg",
             .offset = FIELD(size)},
            {.name = "export-svg",
             .kind = OPTION_STRING,
             .arg = "FILE",
             .help = "save the screen as a picture, instead of showing it",
             .offset = FIELD(export_svg)},
            {.name = "list-keys",
             .kind = OPTION_FLAG,
             .help = "print keys and commands as Markdown tables, and no more",
             .offset = FIELD(list_keys)},
            {.letter = 'd',
             .name = "delay",
             .kind = OPTION_NUMBER,
             .arg = "MS",
             .help = "milliseconds between two screens while the guest runs",
             .offset = FIELD(delay),
             .min = 10,
             .max = 10000},
            OPTION_ROW_SEED(struct tui_options, seed),
            {0}},
    .defaults = &(const struct tui_options){.cpu = MODEL_DEFAULT,
                                            .cpus = 1,
                                            .ram = TOYOS_RAM_DEFAULT,
                                            .levels = 4,
                                            .size = "80x24",
                                            .delay = 100,
                                            .seed = CLI_DEFAULT_SEED},
    .options_size = sizeof(struct tui_options),
    .max_args = 1,
    .operand_values_from = "list workloads --names",
    .appendix = keys_as_text,
    .run = run_tui,
};
