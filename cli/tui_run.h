// One run of `ringside tui`: what was asked for, and what it takes to show it.
#ifndef RINGSIDE_CLI_TUI_RUN_H
#define RINGSIDE_CLI_TUI_RUN_H

#include "cli/guest.h"
#include "cli/lang.h"
#include "cli/lesson_scenario.h"
#include "models/run.h"
#include "tui/loop.h"

// As given on the command line; see the table in cmd_tui.c.
struct tui_options {
    const char *arch, *cpu, *append, *guest, *keys, *size, *lang, *compare, *view, *export_svg;
    uint64_t n, cpus, ram, levels, seed, delay;
    bool holes_closed, batch, list_keys;
};

enum { TUI_MODELS = 8 };

// What a run of the command owns.
struct tui {
    const struct tui_options *o;
    struct cpu_model model[TUI_MODELS];
    unsigned models;
    const struct cpu_model *usual; // the guest's, to begin with
    struct toyos os, os_paravirt;
    bool has_os, has_os_paravirt;
    char command_line[TOYOS_COMMAND_LINE_MAX + 1];
    struct run_spec spec;
    struct lang korean;
    struct lesson_script lesson;
    struct dashboard_config config;
    char *compare; // the option's list, cut into its names
    int columns, rows;
    size_t frames;
};

// Everything from the options, but for the dashboard itself. CLI_OK, or another status after an error line; tui_tear_down in either case.
int tui_set_up(struct tui *t, const struct cli *cli);
void tui_tear_down(struct tui *t);
// Writes a text to a file. False with a reason.
bool tui_save(void *ctx, const char *path, const char *text, char *err, size_t err_size);

#endif
