// Exits: why control left the guest, in perf kvm's columns, and what is known of the selected reason.
#include "tui/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BY_SAMPLES, BY_TIME, BY_AVERAGE, BY_NAME, SORTS };
enum { GROUP_COLUMNS = 10 }; // of the groups' names, where lines are sorted by group first
enum { TREND_LEAST = 6 };

// The lines that the filter lets through, in the order of the chosen column.
struct list {
    const struct snapshot_exit *line[SNAP_EXITS];
    int count;
};

static uint64_t average(const struct snapshot_exit *e)
{
    return e->count ? e->cycles / e->count : 0;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a < b) - (a > b);
}

// Before or after, in the order of column `sort`; the reason's number decides what is equal.
static int order(const struct snapshot_exit *a, const struct snapshot_exit *b, int sort)
{
    int by = sort == BY_TIME      ? compare_numbers(a->cycles, b->cycles)
             : sort == BY_AVERAGE ? compare_numbers(average(a), average(b))
             : sort == BY_NAME    ? strcmp(exit_reason_name(a->reason), exit_reason_name(b->reason))
                                  : compare_numbers(a->count, b->count);
    return by ? by : a->reason - b->reason;
}

static void make_list(const struct scene *scene, struct list *list)
{
    const struct snapshot *s = scene->now;
    const struct view_place *place = &scene->place[VIEW_EXITS];
    list->count = 0;
    for (uint32_t i = 0; i < s->exits && i < SNAP_EXITS; i++) {
        const struct snapshot_exit *e = &s->exit[i];
        if (!text_has(exit_reason_name(e->reason), scene->filter) &&
            !text_has(exit_reason_group(e->reason), scene->filter)) {
            continue;
        }
        int at = list->count++;
        for (; at > 0; at--) {
            const struct snapshot_exit *before = list->line[at - 1];
            int groups = place->mode == 1 ? strcmp(exit_reason_group(before->reason),
                                                   exit_reason_group(e->reason))
                                          : 0;
            if (groups < 0 || (groups == 0 && order(before, e, place->column) <= 0)) {
                break;
            }
            list->line[at] = before;
        }
        list->line[at] = e;
    }
}

int exits_selected(const struct scene *scene)
{
    struct list list;
    make_list(scene, &list);
    int at = scene->place[VIEW_EXITS].cursor;
    return at >= 0 && at < list.count ? list.line[at]->reason : -1;
}

static void draw_head(const struct canvas *c, int name, int sort, bool groups)
{
    static const char *const titles[] = {TEXT("Samples"), TEXT("Samples%"), TEXT("Time%"),
                                         TEXT("Min"),     TEXT("Max"),      TEXT("Average")};
    static const int ends[] = {10, 19, 27, 34, 42, 50},
                     sorted[] = {BY_SAMPLES, -1, BY_TIME, -1, -1, BY_AVERAGE};
    if (groups) {
        canvas_printf(c, 1, 0, ROLE_HEADING, "%s▲", say(c, "Group"));
    }
    canvas_printf(c, 1 + (groups ? GROUP_COLUMNS : 0), 0, ROLE_HEADING, "VM-EXIT%s",
                  sort == BY_NAME ? "▲" : "");
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char text[32];
        snprintf(text, sizeof text, "%s%s", say(c, titles[i]), sorted[i] == sort ? "▼" : "");
        canvas_right(c, name + ends[i] - 1, 0, ROLE_HEADING, text);
    }
    if (name + 51 + TREND_LEAST <= c->area.w) {
        canvas_put(c, name + 51, 0, ROLE_HEADING, say(c, "Trend"));
    }
}

// Whether w has set a watch on it.
static bool watched(const struct scene *scene, const struct snapshot_exit *e)
{
    char text[64];
    snprintf(text, sizeof text, "exit:%s", exit_reason_name(e->reason));
    for (unsigned i = 0; i < scene->break_count; i++) {
        const char *what = scene->breaks[i].text;
        if (strcmp(what, text) == 0 || strcmp(what, "exit:any") == 0) {
            return true;
        }
    }
    return false;
}

static void draw_line(const struct canvas *c, int y, int name, const struct scene *scene,
                      const struct snapshot_exit *e, uint64_t time)
{
    const struct snapshot *s = scene->now;
    int x = 1;
    if (scene->place[VIEW_EXITS].mode == 1) {
        canvas_put(c, x, y, ROLE_DIM, exit_reason_group(e->reason));
        x += GROUP_COLUMNS;
    }
    x = canvas_put(c, x, y, ROLE_TEXT, exit_reason_name(e->reason));
    if (watched(scene, e)) {
        canvas_put(c, x, y, ROLE_BAD, "●"); // as at a breakpoint in Code
    }
    put_number(c, name + 9, y, ROLE_TEXT, e->count);
    put_percent(c, name + 18, y, ROLE_TEXT, e->count, s->exits_all);
    put_percent(c, name + 26, y, ROLE_TEXT, e->cycles, time);
    put_number(c, name + 33, y, ROLE_DIM, e->min);
    put_number(c, name + 41, y, ROLE_DIM, e->max);
    put_number(c, name + 49, y, ROLE_TEXT, average(e));
    put_trend(c, name + 51, y, c->area.w - name - 51, ROLE_PATH, e->trend, SNAP_TREND);
}

// What the selected reason means, and where it last came from.
static void draw_detail(const struct canvas *c, const struct snapshot_exit *e)
{
    char count[NUMBER_SIZE], text[256];
    canvas_hline(c, 0, 0, c->area.w, ROLE_FRAME);
    canvas_printf(c, 2, 0, ROLE_HEADING, " %s ", exit_reason_name(e->reason));
    int y = 1 + canvas_wrap(c, (struct rect){0, 1, c->area.w, 2}, ROLE_TEXT,
                            say(c, exit_reason_doc(e->reason)), 0);
    snprintf(text, sizeof text, "%s: %s %016llx %s%s%s", say(c, "last"),
             e->last_text[0] ? e->last_text : "-", (unsigned long long)e->last_pc,
             e->last_symbol[0] ? "(" : "", e->last_symbol, e->last_symbol[0] ? ")" : "");
    canvas_put(c, 0, y++, ROLE_DIM, text);
    canvas_printf(c, 0, y, ROLE_DIM, "%s %s %s", say(c, "handling them took"),
                  number(count, e->cycles), say(c, "cycles"));
    canvas_right(c, c->area.w, y++, ROLE_KEY, say(c, "Enter: who handles it, and what it costs"));
    canvas_put(
        c, 0, y, ROLE_DIM,
        say(c, "All times are the hypervisor's, without the processor's VM exit and entry."));
}

static void draw_exits(const struct canvas *c, const struct scene *scene)
{
    const struct snapshot *s = scene->now;
    const struct view_place *place = &scene->place[VIEW_EXITS];
    struct list list;
    uint64_t time = 0;
    int w = c->area.w, detail = 6, rows = c->area.h - 2 - detail, name = w >= 100 ? 26 : 20;
    bool groups = place->mode == 1;
    name += groups ? GROUP_COLUMNS : 0;
    make_list(scene, &list);
    for (uint32_t i = 0; i < s->exits; i++) {
        time += s->exit[i].cycles;
    }
    draw_head(c, name, place->column, groups);
    if (list.count == 0) {
        const char *why =
            scene->filter[0] ? TEXT("No line has the text of the filter.")
            : s->platform == 0
                ? TEXT("The bare machine: nobody is there to whom control could exit.")
                : TEXT("No exit yet: Space runs, x goes to the next one.");
        canvas_wrap(c, (struct rect){1, 2, w - 2, 3}, ROLE_DIM, say(c, why), 0);
        return;
    }
    int first = scroll_to(place->scroll, place->cursor, list.count, rows), y = 1;
    for (int i = first; i < list.count && y <= rows; i++, y++) {
        draw_line(c, y, name, scene, list.line[i], time);
        put_line(c, y, i, i == place->cursor);
    }
    if (list.count <= rows) {
        canvas_put(c, 1, y, ROLE_DIM, say(c, "all"));
        put_number(c, name + 9, y, ROLE_DIM, s->exits_all);
    }
    if (place->cursor < list.count) {
        struct canvas below = canvas_part(c, (struct rect){0, c->area.h - detail, w, detail});
        draw_detail(&below, list.line[place->cursor]);
    }
}

static int lines_of_exits(const struct scene *scene)
{
    struct list list;
    make_list(scene, &list);
    return list.count;
}

static void text_of_exit(const struct scene *scene, int line, char *out, size_t size)
{
    struct list list;
    make_list(scene, &list);
    unsigned reason = line < list.count ? list.line[line]->reason : UINT32_MAX;
    snprintf(out, size, "%s %s", exit_reason_name(reason), exit_reason_group(reason));
}

const struct view view_exits = {.id = VIEW_EXITS,
                                .tab = "Exits",
                                .draw = draw_exits,
                                .lines = lines_of_exits,
                                .text = text_of_exit,
                                .filters = true,
                                .modes = 2,
                                .columns = SORTS};
