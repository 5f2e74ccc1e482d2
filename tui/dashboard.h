// The dashboard: what a session shows, what keys do to it. It knows no terminal and no clock: keys and time come from outside (loop.h), and
// its picture is a buffer of cells.
#ifndef RINGSIDE_TUI_DASHBOARD_H
#define RINGSIDE_TUI_DASHBOARD_H

#include "models/session.h"
#include "tui/cells.h"
#include "tui/keys.h"
#include "tui/lesson.h"
#include "tui/view.h"

enum { DASHBOARD_COLUMNS = 80, DASHBOARD_ROWS = 24, DASHBOARD_COMPARE = COMPARE_MAX };

// What it needs from outside. All borrowed for its life; functions may be NULL: then there is no such thing.
struct dashboard_config {
    const struct run_spec *spec;
    session_source_fn source;
    void *source_ctx;
    const struct lesson *lesson, *lesson_korean;
    const struct catalog *korean; // translations
    bool start_korean, ascii;
    const char *compare[DASHBOARD_COMPARE]; // architectures of the Compare view
    unsigned compare_count;
    enum view_id view; // to begin with
    void *ctx;
    // What `ringside explain` says about a name, `columns` wide; to be freed. NULL: nothing is called so.
    char *(*explain)(void *ctx, const char *name, int columns, bool korean);
    // A CPU model by name; lives as long as ctx. NULL with a reason.
    const struct cpu_model *(*cpu)(void *ctx, const char *name, char *err, size_t err_size);
    // Writes a file. False with a reason.
    bool (*save)(void *ctx, const char *path, const char *text, char *err, size_t err_size);
};

struct dashboard;

// NULL with a reason of one line.
struct dashboard *dashboard_create(const struct dashboard_config *config, char *err,
                                   size_t err_size);
void dashboard_destroy(struct dashboard *d);

void dashboard_key(struct dashboard *d, struct key key);
// Lets the simulation go on: `elapsed` microseconds have passed (for speeds below full), for at most about `instructions`. False if there was nothing to do.
bool dashboard_work(struct dashboard *d, uint64_t elapsed, uint64_t instructions);
// Whether there is something to do now; whether it is running and not on its way to a place; microseconds until there will be (running slowly), or -1.
bool dashboard_busy(const struct dashboard *d);
bool dashboard_running(const struct dashboard *d);
int64_t dashboard_due(const struct dashboard *d);
bool dashboard_over(const struct dashboard *d);
// Asked for by Ctrl-L: draw everything, whatever is on the screen. Asking forgets it.
bool dashboard_anew(struct dashboard *d);
// Draws. Where the buffer is smaller than 80 x 24, a message.
void dashboard_draw(struct dashboard *d, struct cells *cells);
// Guest instructions so far: what benchmarks divide by.
uint64_t dashboard_instructions(struct dashboard *d);

// The key table and the commands as text: for help, the man page and docs/dashboard.md ("markdown" makes tables). To be freed.
char *dashboard_help(const struct catalog *words, bool markdown);

#endif
