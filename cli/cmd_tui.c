// `ringside tui`: the dashboard, at a terminal or as text.
#include "cli/machine_options.h"
#include "cli/model.h"
#include "cli/tui_run.h"

#include <stdlib.h>
#include <unistd.h>

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
    if (!text || !tui_save(t, t->o->export_svg, text, err, sizeof err)) {
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
                     ? tui_set_up(t, cli)
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
    tui_tear_down(t);
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
    .operands = "[SCENARIO|WORKLOAD]",
    .description =
        "Boots the toy OS with the workload and shows it running: where control is and the path it "
        "took, exits and what they cost, page walks, a timeline, architectures side by side, the "
        "code. Pause with Space, step with s, go to the next exit with x and back in time with [; "
        "? lists all keys, docs/dashboard.md explains them. A scenario brings its guest, processor "
        "and length; what else is given comes before them, and where nothing is said it is one "
        "processor of model " MODEL_DEFAULT " with 64M and tables of 4 levels.\n"
        "\n"
        "With --keys the dashboard begins paused and does what the keys say; --batch prints the "
        "screen afterwards as text, the same as a terminal shows. A key is a character or a name, "
        "as in <Enter>, <F2>, <Tab>, <C-l>; '<wait:N>' lets N slices of time pass (100,000 "
        "instructions each at full speed), '<frame>' prints a screen, '<size:120x40>' changes its "
        "size.",
    .examples =
        (const struct command_example[]){
            {"ringside tui", "a build, under hardware-assisted virtualization"},
            {"ringside tui shadow-against-nested",
             "a scenario, its texts as pages of the Lesson view"},
            {"ringside tui shadow", "one that sets the scene for each page; also storm and types"},
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
            OPTION_ROW_ARCH(
                struct tui_options, arch, OPTION_STRING, "ARCH",
                "architecture or product, with options: kvm,paging=shadow; default: the "
                "scenario's, or type1/fullvirt-hw"),
            OPTION_ROW_CPU(struct tui_options, cpu),
            OPTION_ROW_LENGTH(struct tui_options, n),
            OPTION_ROW_CPUS(struct tui_options, cpus),
            OPTION_ROW_MEM(struct tui_options, ram, TOYOS_RAM_MIN,
                           "the guest's memory, a multiple of 2M"),
            OPTION_ROW_LEVELS(struct tui_options, levels, "the guest's"),
            OPTION_ROW_HOLES_CLOSED(struct tui_options, holes_closed),
            OPTION_ROW_APPEND(struct tui_options, append),
            OPTION_ROW_GUEST(struct tui_options, guest),
            {.name = "compare",
             .kind = OPTION_STRING,
             .arg = "ARCH,ARCH",
             .help =
                 "architectures of the Compare view, 6 at most; default: the scenario's, or one of "
                 "each kind",
             .offset = FIELD(compare)},
            {.name = "view",
             .kind = OPTION_STRING,
             .arg = "NAME",
             .help = "the view to begin with; default: lesson with a scenario, else rings",
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
    // What describes the machine has no default here: a scenario brings its own.
    .defaults =
        &(const struct tui_options){.size = "80x24", .delay = 100, .seed = CLI_DEFAULT_SEED},
    .options_size = sizeof(struct tui_options),
    .max_args = 1,
    .operand_values_from = "list workloads --names",
    .appendix = keys_as_text,
    .run = run_tui,
};
