// The screen around a view: what runs, the tabs, the line of keys; and what lies over it.
#include "tui/dashboard_impl.h"

#include <stdio.h>
#include <string.h>

static const char *state_name(const struct dashboard *d)
{
    enum session_state state = session_state(d->session);
    return dashboard_running(d)     ? TEXT("running")
           : state == SESSION_BUSY  ? TEXT("on its way")
           : state == SESSION_BREAK ? TEXT("at a breakpoint")
           : state == SESSION_ENDED ? TEXT("ended")
                                    : TEXT("paused");
}

static void draw_bar(const struct canvas *c, const struct dashboard *d)
{
    const struct snapshot *s = &d->snapshot;
    char speed[NUMBER_SIZE] = "", left[256], right[128], a[NUMBER_SIZE], b[NUMBER_SIZE];
    if (d->speed != SPEED_FULL) {
        char n[NUMBER_SIZE];
        snprintf(speed, sizeof speed, " %s/s", number_short(n, speed_value(d->speed)));
    }
    snprintf(right, sizeof right, "%s %s  %s %s ", number_short(a, s->instructions),
             say(c, "instr."), number_short(b, s->time), say(c, "cycles"));
    int room = c->area.w - text_columns(right) - 1;
    const char *const items[] = {s->arch, s->workload, s->cpu_model};
    snprintf(left, sizeof left, " %s %s%s", dashboard_running(d) ? "▶" : "⏸",
             say(c, state_name(d)), speed);
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) { // whole, or not at all
        size_t used = strlen(left);
        if (i == 0 || text_columns(left) + 2 + text_columns(items[i]) <= room) {
            snprintf(left + used, sizeof left - used, "  %s", items[i]);
        }
    }
    canvas_fill(c, (struct rect){0, 0, c->area.w, 1}, ROLE_BAR, ' ');
    struct canvas part = canvas_part(c, (struct rect){0, 0, room, 1});
    canvas_put(&part, 0, 0, ROLE_BAR, left);
    canvas_right(c, c->area.w, 0, ROLE_BAR, right);
}

static void draw_tabs(const struct canvas *c, const struct dashboard *d)
{
    int x = 0;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        bool here = v == d->view;
        canvas_printf(c, x, 1, here ? ROLE_SELECT : ROLE_KEY, "%c%u", here ? '[' : ' ', v + 1);
        x = canvas_printf(c, x + 2, 1, here ? ROLE_SELECT : ROLE_TEXT, " %s",
                          say(c, views[v]->tab));
        x = canvas_put(c, x, 1, here ? ROLE_SELECT : ROLE_TEXT, here ? "]" : " ");
    }
    if (d->scene.filter[0]) {
        canvas_printf(c, x + 1, 1, ROLE_PATH, "\\%s", d->scene.filter);
    }
}

static void draw_hints(const struct canvas *c, const struct dashboard *d)
{
    static const struct {
        enum action action;
        const char *what;
    } hints[] = {{ACTION_RUN, TEXT("run")},        {ACTION_STEP, TEXT("step")},
                 {ACTION_EXIT, TEXT("next exit")}, {ACTION_BACK, TEXT("back")},
                 {ACTION_SETUP, TEXT("setup")},    {ACTION_COMMAND, TEXT("command")},
                 {ACTION_HELP, TEXT("help")},      {ACTION_CLOSE, TEXT("quit")}};
    int x = 0, y = c->area.h - 1;
    if (d->input.mark) {
        x = canvas_printf(c, 0, y, ROLE_TEXT, "%c%s", d->input.mark, d->input.text);
        canvas_char(c, x < c->area.w ? x : c->area.w - 1, y, ROLE_SELECT, ' ');
        return;
    }
    if (d->message[0]) {
        // A long one takes lines of the view: errors say at their end how to mend it.
        struct rect at = {1, 0, c->area.w - 2, 0};
        at.h = canvas_wrap(c, at, ROLE_PATH, d->message, 0);
        at.y = y + 1 - at.h;
        canvas_fill(c, (struct rect){0, at.y, c->area.w, at.h}, ROLE_TEXT, ' ');
        canvas_wrap(c, at, ROLE_PATH, d->message, 0);
        return;
    }
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        char key[KEY_WORD_SIZE];
        x = canvas_printf(c, x, y, ROLE_KEY, " %s ", key_hint(hints[i].action, key));
        const char *what =
            hints[i].action == ACTION_RUN && dashboard_running(d) ? TEXT("pause") : hints[i].what;
        x = canvas_put(c, x, y, ROLE_TEXT, say(c, what)) + 1;
    }
    uint32_t caught = session_caught_up(d->session);
    if (caught < 65536) {
        char text[64];
        snprintf(text, sizeof text, "◀ %u %%", (unsigned)((uint64_t)caught * 100 / 65536));
        canvas_right(c, c->area.w - 1, y, ROLE_PATH, text);
    }
}

// ---- over the view ---------------------------------------------------------------------------------

static struct canvas open_box(const struct canvas *c, const char *title)
{
    struct rect at = {1, 2, c->area.w - 2, c->area.h - 3};
    for (int y = 0; y < c->cells->rows; y++) {
        c->cells->line[y] = 0; // what was there is covered
    }
    // Beside the box a blank column: what would be seen there of the view is of no use.
    canvas_fill(c, (struct rect){0, at.y, c->area.w, at.h}, ROLE_TEXT, ' ');
    canvas_box(c, at, ROLE_HEADING, title);
    return canvas_part(c, (struct rect){at.x + 2, at.y + 1, at.w - 4, at.h - 2});
}

static void draw_text(const struct canvas *c, struct dashboard *d)
{
    struct canvas in = open_box(c, d->title);
    // How many lines there are is known only by breaking them.
    int lines = canvas_wrap(&in, (struct rect){0, 0, in.area.w, 0}, ROLE_TEXT, d->text, 0);
    int most = lines > in.area.h ? lines - in.area.h : 0;
    d->text_scroll = d->text_scroll > most ? most : d->text_scroll;
    canvas_wrap(&in, canvas_rect(&in), ROLE_TEXT, d->text, d->text_scroll);
    if (most > 0) {
        char where[64];
        snprintf(where, sizeof where, " %d/%d  j k q ", d->text_scroll + in.area.h, lines);
        canvas_right(c, c->area.w - 4, c->area.h - 2, ROLE_KEY, where);
    }
}

static void draw_setup(const struct canvas *c, const struct dashboard *d)
{
    struct canvas in = open_box(c, say(c, "Change it, and see it run again to this place"));
    const char *about, *line;
    int rows = in.area.h - 5, lines = 0;
    while (setup_line((size_t)lines, &about)) {
        lines++;
    }
    int first = scroll_to(d->setup_cursor - rows / 2, d->setup_cursor, lines, rows);
    for (int i = first; i - first < rows && (line = setup_line((size_t)i, &about)); i++) {
        if (setup_is_now(&d->snapshot, (size_t)i)) {
            canvas_put(&in, 1, i - first, ROLE_PATH, "●");
        }
        canvas_put(&in, 3, i - first, ROLE_TEXT, line);
        struct canvas part = canvas_part(&in, (struct rect){24, i - first, in.area.w - 24, 1});
        canvas_put(&part, 0, 0, ROLE_DIM, say(c, about));
        put_line(&in, i - first, i, i == d->setup_cursor);
    }
    if (setup_line((size_t)d->setup_cursor, &about)) {
        char where[64];
        snprintf(where, sizeof where, " %s%s %d/%d ", first > 0 ? "▲" : "",
                 first + rows < lines ? "▼" : "", d->setup_cursor + 1, lines);
        canvas_hline(&in, 0, rows, in.area.w, ROLE_FRAME);
        canvas_right(&in, in.area.w - 1, rows, ROLE_KEY, where);
        canvas_wrap(&in, (struct rect){0, rows + 1, in.area.w, 2}, ROLE_TEXT, say(c, about), 0);
    }
    canvas_printf(&in, 0, in.area.h - 2, ROLE_KEY, "● %s %s", say(c, "now:"), d->snapshot.arch);
    canvas_right(&in, in.area.w, in.area.h - 1, ROLE_KEY, say(c, "Enter: change   q: close"));
}

static void too_small(const struct canvas *c)
{
    char size[64];
    snprintf(size, sizeof size, "%d x %d < %d x %d", c->area.w, c->area.h, DASHBOARD_COLUMNS,
             DASHBOARD_ROWS);
    canvas_wrap(c, (struct rect){0, 0, c->area.w, c->area.h - 1}, ROLE_TEXT,
                say(c, "This terminal is too small for the dashboard. Make it larger, or press q."),
                0);
    canvas_put(c, 0, c->area.h - 1, ROLE_PATH, size);
}

void dashboard_draw(struct dashboard *d, struct cells *cells)
{
    struct canvas c = {
        cells, {0, 0, cells->columns, cells->rows}, d->config.ascii, dashboard_words(d)};
    cells_clear(cells);
    d->columns = cells->columns;
    d->rows = cells->rows;
    if (cells->columns < DASHBOARD_COLUMNS || cells->rows < DASHBOARD_ROWS) {
        too_small(&c);
        return;
    }
    dashboard_refresh(d);
    draw_bar(&c, d);
    int top = 1;
    if (!d->maximized) {
        draw_tabs(&c, d);
        top = 2;
    }
    bool bottom = !d->maximized || d->message[0] || d->input.mark;
    struct canvas view = canvas_part(&c, (struct rect){0, top, c.area.w, c.area.h - top - bottom});
    views[d->view]->draw(&view, &d->scene);
    if (d->overlay == OVERLAY_TEXT) {
        draw_text(&c, d);
    } else if (d->overlay == OVERLAY_SETUP) {
        draw_setup(&c, d);
    }
    if (bottom) {
        draw_hints(&c, d);
    }
}
