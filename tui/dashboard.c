// The dashboard's state: the session it controls, and what keys do.
#include "tui/dashboard_impl.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMPARE_STEP = 20000 };

// ---- life ------------------------------------------------------------------------------------------

struct dashboard *dashboard_create(const struct dashboard_config *config, char *err,
                                   size_t err_size)
{
    struct dashboard *d = calloc(1, sizeof *d);
    if (!d) {
        snprintf(err, err_size, "no memory for the dashboard");
        return NULL;
    }
    d->config = *config;
    d->session = session_create(config->spec, config->source, config->source_ctx, err, err_size);
    if (!d->session) {
        free(d);
        return NULL;
    }
    d->korean = config->start_korean && config->korean;
    d->speed = SPEED_FULL;
    d->until = -1;
    d->columns = DASHBOARD_COLUMNS;
    d->rows = DASHBOARD_ROWS;
    d->view = config->view;
    d->scene.place[VIEW_CODE].cursor = SNAP_CODE; // the instruction that comes next
    d->stale = true;
    dashboard_show_view(d, config->view);
    dashboard_refresh(d);
    return d;
}

void dashboard_destroy(struct dashboard *d)
{
    if (d) {
        comparison_destroy(d->comparison);
        session_destroy(d->session);
        free(d->text);
        free(d->title);
        free(d);
    }
}

void dashboard_say(struct dashboard *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(d->message, sizeof d->message, format, args);
    va_end(args);
}

void dashboard_complain(struct dashboard *d, const char *err)
{
    char text[MESSAGE_SIZE];
    dashboard_say(d, "%s", catalog_made(dashboard_words(d), err, text, sizeof text));
}

static const char *words(const struct dashboard *d, const char *english)
{
    return catalog_get(dashboard_words(d), english);
}

void dashboard_refresh(struct dashboard *d)
{
    struct scene *scene = &d->scene;
    if (d->stale) {
        session_snapshot(d->session, &d->snapshot);
        if (d->comparison) {
            comparison_view(d->comparison, &d->compare);
        }
        d->stale = false;
    }
    unsigned count = 0;
    for (const struct session_break *b;
         count < SNAP_BREAKS && (b = session_break_at(d->session, count)); count++) {
        d->breaks[count] = *b;
    }
    scene->now = &d->snapshot;
    scene->compare = d->comparison ? &d->compare : NULL;
    scene->lesson =
        d->korean && d->config.lesson_korean ? d->config.lesson_korean : d->config.lesson;
    scene->breaks = d->breaks;
    scene->words = dashboard_words(d);
    scene->break_count = count;
    scene->running = dashboard_running(d) || dashboard_busy(d);
    struct view_place *place = &scene->place[d->view];
    int lines = views[d->view]->lines ? views[d->view]->lines(scene) : 0;
    if (d->view == VIEW_CODE && place->cursor >= lines) {
        place->cursor = (int)d->snapshot.cpu[d->snapshot.focus].code_at;
    }
    place->cursor = place->cursor >= lines ? lines - 1 : place->cursor;
    place->cursor = place->cursor < 0 ? 0 : place->cursor;
}

// ---- going -----------------------------------------------------------------------------------------

uint64_t speed_value(int speed)
{
    static const uint64_t values[SPEEDS] = {
        1, 2, 5, 10, 20, 50, 100, 1000, 10000, 100000, 1000000, 10000000, 50000000, UINT64_MAX};
    return values[speed];
}

void dashboard_go(struct dashboard *d, struct session_goal goal)
{
    d->running = false;
    d->comparing = false;
    session_go(d->session, goal);
    d->stale = true;
    d->message[0] = '\0';
    d->scene.place[VIEW_CODE].cursor = SNAP_CODE;
}

void dashboard_stop(struct dashboard *d)
{
    d->pending[0] = '\0';
    if (d->running || session_state(d->session) == SESSION_BUSY) {
        session_halt(d->session);
    }
    d->running = d->comparing = false;
    d->stale = true;
}

void dashboard_run(struct dashboard *d, bool full)
{
    if (d->view == VIEW_COMPARE) {
        dashboard_refresh(d);
        d->comparing = d->comparison && !d->compare.ended;
        d->carry = 0;
        return;
    }
    dashboard_refresh(d);
    d->last_run = d->snapshot.instructions;
    d->paced = !full && d->speed != SPEED_FULL;
    if (!d->paced) {
        dashboard_go(d, (struct session_goal){.kind = GOAL_RUN});
    }
    d->message[0] = '\0';
    d->running = !full; // with `full` it is on its way to a breakpoint or the end
    d->carry = 1000000; // the first step at once
}

static void finished(struct dashboard *d, enum session_state state)
{
    d->running = false;
    d->stale = true;
    d->scene.place[VIEW_CODE].cursor = SNAP_CODE;
    if (state == SESSION_ENDED) {
        dashboard_refresh(d);
        const char *how =
            d->snapshot.stop == SNAP_POWEROFF ? TEXT("The guest has switched the machine off.")
            : d->snapshot.stop == SNAP_DEADLOCK
                ? TEXT("Nobody can go on: every processor waits, and nothing will wake one.")
            : d->snapshot.stop == SNAP_TRIPLE_FAULT
                ? TEXT("Three faults in a row: the guest cannot go on.")
                : TEXT("The limit of this run is reached.");
        dashboard_say(d, "%s", words(d, how));
    } else if (state == SESSION_BREAK) {
        int hit = session_hit(d->session);
        const struct session_break *b =
            hit >= 0 ? session_break_at(d->session, (unsigned)hit) : NULL;
        dashboard_say(d, words(d, "Stopped at %s."), b ? b->text : "?");
        if (hit == d->until && hit >= 0) {
            session_break_remove(d->session, (unsigned)hit);
            d->until = -1;
            d->columns = DASHBOARD_COLUMNS;
            d->rows = DASHBOARD_ROWS;
        }
    }
}

// Running slower than full: the instructions (of a comparison: cycles of work) that are due by now.
static uint64_t due_by(struct dashboard *d, uint64_t elapsed)
{
    elapsed = elapsed > 1000000 ? 1000000 : elapsed;
    d->carry += elapsed * speed_value(d->speed);
    uint64_t due = d->carry / 1000000;
    d->carry %= 1000000;
    return due;
}

static bool pace(struct dashboard *d, uint64_t elapsed)
{
    uint64_t due = due_by(d, elapsed);
    if (due == 0) {
        return false;
    }
    session_go(d->session, (struct session_goal){.kind = GOAL_STEP, .n = due});
    return true;
}

bool dashboard_work(struct dashboard *d, uint64_t elapsed, uint64_t instructions)
{
    if (d->comparing) {
        uint64_t work = d->speed == SPEED_FULL ? COMPARE_STEP : due_by(d, elapsed);
        if (work == 0) {
            return false;
        }
        d->comparing = comparison_work(d->comparison, work, instructions);
        d->stale = true;
        if (!d->comparing) {
            dashboard_say(d, "%s", words(d, "All have come to the end of their work."));
        }
        return true;
    }
    if (d->pending[0] && session_state(d->session) != SESSION_BUSY) {
        char list[INPUT_SIZE];
        memcpy(list, d->pending, sizeof list);
        dashboard_commands(d, list);
        return true;
    }
    if (session_state(d->session) != SESSION_BUSY) {
        if (!d->running || (d->paced && !pace(d, elapsed))) {
            return false;
        }
        if (!d->paced) {
            d->running = false;
            return false;
        }
    }
    enum session_state state = session_work(d->session, instructions);
    d->stale = true;
    if (state == SESSION_ENDED || state == SESSION_BREAK ||
        (state == SESSION_DONE && !(d->running && d->paced))) {
        finished(d, state);
    }
    d->scene.place[VIEW_CODE].cursor = SNAP_CODE;
    return true;
}

bool dashboard_running(const struct dashboard *d)
{
    return d->running || d->comparing;
}

bool dashboard_busy(const struct dashboard *d)
{
    return d->pending[0] || (d->comparing && d->speed == SPEED_FULL) ||
           session_state(d->session) == SESSION_BUSY;
}

int64_t dashboard_due(const struct dashboard *d)
{
    bool paced = d->comparing ? d->speed != SPEED_FULL : d->running && d->paced;
    if (!paced) {
        return dashboard_busy(d) ? 0 : -1;
    }
    uint64_t speed = speed_value(d->speed);
    return d->carry >= 1000000 ? 0 : (int64_t)((1000000 - d->carry + speed - 1) / speed);
}

bool dashboard_over(const struct dashboard *d)
{
    return d->over;
}

bool dashboard_anew(struct dashboard *d)
{
    bool anew = d->anew;
    d->anew = false;
    return anew;
}

uint64_t dashboard_instructions(struct dashboard *d)
{
    dashboard_refresh(d);
    return d->snapshot.instructions;
}

// ---- what keys lead to -----------------------------------------------------------------------------

void dashboard_show_text(struct dashboard *d, const char *title, char *text)
{
    free(d->text);
    free(d->title);
    d->text = text;
    d->title = strdup(title);
    d->text_scroll = 0;
    d->overlay = text ? OVERLAY_TEXT : OVERLAY_NONE;
}

bool dashboard_compare(struct dashboard *d, const char *list)
{
    const char *archs[COMPARE_MAX];
    char err[MESSAGE_SIZE], copy[INPUT_SIZE];
    unsigned count = 0;
    snprintf(copy, sizeof copy, "%s", list ? list : "");
    if (!list) {
        count = d->config.compare_count;
        memcpy(archs, d->config.compare, count * sizeof *archs);
    }
    // "kvm,vpid=0,native" is two: a piece with '=' belongs to the one before.
    for (char *at = copy; list && at && *at;) {
        char *end = strchr(at, ',');
        while (end && strchr(end, '=') && strcspn(end + 1, "=") < strcspn(end + 1, ",")) {
            end = strchr(end + 1, ',');
        }
        if (count == COMPARE_MAX) {
            dashboard_say(d, words(d, "At most %d architectures fit."), COMPARE_MAX);
            return false;
        }
        archs[count++] = at;
        at = end ? end + 1 : NULL;
        if (end) {
            *end = '\0';
        }
    }
    if (count == 0) {
        return false;
    }
    struct comparison *c = comparison_create(d->config.spec, archs, count, err, sizeof err);
    if (!c) {
        dashboard_complain(d, err);
        return false;
    }
    comparison_destroy(d->comparison);
    d->comparison = c;
    d->comparing = false;
    d->stale = true;
    return true;
}

void dashboard_show_view(struct dashboard *d, enum view_id view)
{
    // Space is the lanes' there: a guest that went on running would take it.
    if (d->comparing || (view == VIEW_COMPARE && (d->running || dashboard_busy(d)))) {
        dashboard_stop(d);
    }
    d->view = view;
    if (view == VIEW_COMPARE && !d->comparison) {
        dashboard_compare(d, NULL);
    }
}

void dashboard_explain(struct dashboard *d, const char *name)
{
    char *text = d->config.explain ? d->config.explain(d->config.ctx, name, 74, d->korean) : NULL;
    if (text) {
        snprintf(d->explained, sizeof d->explained, "%s", name);
        dashboard_show_text(d, name, text);
    } else {
        dashboard_say(d, words(d, "Nothing is called '%s'."), name);
    }
}

// The part of the help from `heading` on, before what stands above it.
static char *put_first(char *help, const char *heading)
{
    char *at = help ? strstr(help, heading) : NULL, *turned = at ? malloc(strlen(help) + 2) : NULL;
    if (!turned) {
        return help;
    }
    sprintf(turned, "%s\n%.*s", at + 1, (int)(at - help), help);
    free(help);
    return turned;
}

void dashboard_show_help(struct dashboard *d, bool commands)
{
    char heading[64], *help = dashboard_help(dashboard_words(d), false);
    d->explained[0] = '\0';
    d->help_commands = commands;
    snprintf(heading, sizeof heading, "\n%s\n", words(d, "Commands"));
    dashboard_show_text(d, words(d, "Keys and commands"),
                        commands ? put_first(help, heading) : help);
}

// A text that lies over the view was made in the other language: it is made again.
void dashboard_speak(struct dashboard *d, bool korean)
{
    int scroll = d->text_scroll;
    char name[INPUT_SIZE];
    d->korean = korean && d->config.korean && !d->config.ascii;
    if (d->overlay == OVERLAY_TEXT) {
        memcpy(name, d->explained, sizeof name);
        if (name[0]) {
            dashboard_explain(d, name);
        } else {
            dashboard_show_help(d, d->help_commands);
        }
        d->text_scroll = scroll;
    }
}

bool dashboard_export(struct dashboard *d, const char *path)
{
    struct cells cells;
    char err[MESSAGE_SIZE] = "";
    size_t n = strlen(path);
    bool svg = n > 4 && strcmp(path + n - 4, ".svg") == 0;
    if (!d->config.save || !cells_init(&cells, d->columns, d->rows)) {
        return false;
    }
    d->message[0] = '\0';
    dashboard_draw(d, &cells);
    char *text = svg ? cells_svg(&cells, "ringside") : cells_text(&cells);
    bool saved = text && d->config.save(d->config.ctx, path, text, err, sizeof err);
    if (!saved) {
        dashboard_say(d, "%s", text ? err : "no memory");
    } else {
        dashboard_say(d, words(d, "Saved as %s."), path);
    }
    free(text);
    cells_free(&cells);
    return saved;
}
