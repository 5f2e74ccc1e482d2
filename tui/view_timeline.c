// Timeline: who had each processor, and when. Far away it shows shares of the whole run, close by the very segments.
#include "tui/view.h"

#include <stdio.h>

// The stretch of time that is shown, and what one column is of it.
struct window {
    uint64_t from, to, column;
};

// The columns are laid from time 0, so that a running clock moves the lanes and does not redraw them otherwise.
static struct window window_of(const struct scene *scene, int columns)
{
    uint64_t time = scene->now->time ? scene->now->time : 1, w = (uint64_t)columns;
    uint64_t column = (time + w - 1) / w;
    column = scene->zoom < 63 && column >> scene->zoom > 0 ? column >> scene->zoom : 1;
    uint64_t shift = scene->shift > 0 ? (uint64_t)scene->shift : 0;
    uint64_t end = (time + column - 1) / column;
    end = shift < end ? end - shift : 0;
    end = end < w ? w : end;
    return (struct window){(end - w) * column, end * column, column};
}

// How much of [from, to) each had, of 65536.
struct shares {
    uint64_t who[WHO_COUNT];
    uint64_t covered;
};

static uint64_t overlap(uint64_t a, uint64_t b, uint64_t from, uint64_t to)
{
    uint64_t low = a > from ? a : from, high = b < to ? b : to;
    return high > low ? high - low : 0;
}

static void shares_of(const struct snapshot_timeline *t, uint64_t from, uint64_t to,
                      struct shares *out)
{
    *out = (struct shares){0};
    if (t->count > 0 && t->segment[0].from <= from) {
        for (uint32_t i = 0; i < t->count && i < SNAP_SEGMENTS; i++) {
            uint64_t part = overlap(t->segment[i].from, t->segment[i].to, from, to);
            out->who[t->segment[i].who] += part;
            out->covered += part;
        }
        return;
    }
    for (uint32_t k = 0; k < t->buckets && k < SNAP_BUCKETS && t->span > 0; k++) {
        uint64_t part = overlap(k * t->span, (k + 1) * t->span, from, to);
        for (int who = 0; who < WHO_COUNT && part > 0; who++) {
            uint64_t had = scale_part(part, 65536, t->share[k][who] ? t->share[k][who] : 1);
            out->who[who] += t->share[k][who] ? had : 0;
            out->covered += t->share[k][who] ? had : 0;
        }
    }
}

static uint32_t shade(uint64_t part, uint64_t whole)
{
    uint64_t quarters = scale_part(part, whole, 4);
    return part == 0       ? ' '
           : quarters == 0 ? 0xb7
           : quarters == 1 ? 0x2591
           : quarters == 2 ? 0x2592
           : quarters == 3 ? 0x2593
                           : 0x2588;
}

enum { LABEL = 16 };

// A line for each who.
static int draw_lanes(const struct canvas *c, const struct snapshot *s, unsigned cpu,
                      struct window win, int y)
{
    const struct snapshot_timeline *t = &s->timeline[cpu];
    struct shares part, all;
    shares_of(t, win.from, win.to, &all);
    for (int who = 0; who < WHO_COUNT; who++) {
        struct look look = who_look((enum snapshot_who)who);
        if (all.who[who] == 0) {
            continue;
        }
        struct canvas label = canvas_part(c, (struct rect){1, y, LABEL - 2, 1});
        canvas_put(&label, 0, 0, look.role, say(c, who_name((enum snapshot_who)who)));
        for (int x = LABEL; x < c->area.w - 8; x++) {
            uint64_t from = win.from + (uint64_t)(x - LABEL) * win.column;
            shares_of(t, from, from + win.column, &part);
            canvas_char(c, x, y, look.role, shade(part.who[who], win.column));
        }
        put_percent(c, c->area.w, y, ROLE_TEXT, all.who[who], all.covered);
        y++;
    }
    return y;
}

// All in one line: whoever had most of the column, by letter.
static void draw_mixed(const struct canvas *c, const struct snapshot *s, unsigned cpu,
                       struct window win, int y)
{
    for (int x = LABEL; x < c->area.w - 8; x++) {
        struct shares part;
        uint64_t from = win.from + (uint64_t)(x - LABEL) * win.column;
        int most = -1;
        shares_of(&s->timeline[cpu], from, from + win.column, &part);
        for (int who = 0; who < WHO_COUNT; who++) {
            most = part.who[who] > 0 && (most < 0 || part.who[who] > part.who[most]) ? who : most;
        }
        if (most >= 0) {
            struct look look = who_look((enum snapshot_who)most);
            canvas_char(c, x, y, look.role, (unsigned char)look.letter);
        }
    }
}

static void draw_scale(const struct canvas *c, struct window win, const struct scene *scene)
{
    char a[NUMBER_SIZE], b[NUMBER_SIZE], text[128];
    canvas_put(c, 1, 0, ROLE_HEADING, say(c, "cycles"));
    canvas_put(c, LABEL, 0, ROLE_DIM, number(a, win.from));
    snprintf(text, sizeof text, "%s %s", number(b, win.column), say(c, "a column"));
    canvas_centre(c, LABEL, c->area.w - LABEL - 8, 0, ROLE_DIM, text);
    canvas_right(c, c->area.w - 8, 0, ROLE_DIM, number(a, win.to));
    canvas_printf(c, c->area.w - 7, 0, ROLE_KEY, "z/Z x%d",
                  1 << (scene->zoom < 20 ? scene->zoom : 20));
}

static void draw_legend(const struct canvas *c, int y)
{
    int x = 1;
    for (int who = 0; who < WHO_COUNT; who++) {
        struct look look = who_look((enum snapshot_who)who);
        const char *name = say(c, who_name((enum snapshot_who)who));
        if (x + text_columns(name) + 3 > c->area.w) {
            x = 1;
            y++;
        }
        canvas_char(c, x, y, look.role, (unsigned char)look.letter);
        x = canvas_put(c, x + 2, y, ROLE_DIM, name) + 2;
    }
}

static void draw_timeline(const struct canvas *c, const struct scene *scene)
{
    const struct snapshot *s = scene->now;
    struct window win = window_of(scene, c->area.w - LABEL - 8);
    int room = c->area.h - 4, y = 2;
    draw_scale(c, win, scene);
    for (unsigned cpu = 0; cpu < s->cpus; cpu++) {
        bool tall = (int)(s->cpus - cpu) * 2 + 8 <= room - y;
        canvas_printf(c, 0, y, cpu == s->focus ? ROLE_PATH : ROLE_HEADING, "%spCPU %u",
                      cpu == s->focus ? "▶" : " ", cpu);
        draw_mixed(c, s, cpu, win, y++);
        y = tall || s->cpus == 1 ? draw_lanes(c, s, cpu, win, y) + 1 : y;
    }
    if (s->cpus_all > s->cpus) {
        canvas_printf(c, 0, y, ROLE_DIM, "… %u", s->cpus_all - s->cpus);
    }
    if (y < c->area.h - 3) {
        canvas_put(c, 1, c->area.h - 3, ROLE_DIM,
                   say(c, "Page walks are the guest's here; in Rings they are the hardware's."));
    }
    draw_legend(c, c->area.h - 2);
}

const struct view view_timeline = {
    .id = VIEW_TIMELINE, .tab = "Timeline", .draw = draw_timeline, .modes = 1};
