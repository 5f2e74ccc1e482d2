// Compare: the same work under several architectures, in step; each bar grows by where its cycles go.
#include "tui/view.h"

#include <stdio.h>
#include <string.h>

// Boundaries are rounded, so that the parts of a bar fill it exactly.
static void draw_bar(const struct canvas *c, int y, const struct compare_lane *lane, uint64_t most)
{
    uint64_t sum = 0;
    int w = c->area.w, x = 0;
    for (unsigned k = 0; k < CYCLE_COUNT; k++) {
        sum += lane->cycles_by[k];
        int end = (int)scale_part(sum, most, (uint64_t)w);
        struct look look = cycle_look(k);
        for (int at = x; at < end && at < w; at++) {
            canvas_char(c, at, y, look.role, at == x ? (unsigned char)look.letter : look.pattern);
        }
        x = end > x ? end : x;
    }
}

// The categories that make up most of the overhead, in words.
static void draw_causes(const struct canvas *c, int y, const struct compare_lane *lane,
                        const struct compare_lane *base)
{
    bool used[CYCLE_COUNT] = {false};
    int x = 2;
    for (int n = 0; n < 4; n++) {
        unsigned most = CYCLE_COUNT;
        uint64_t by = 0;
        for (unsigned k = 0; k < CYCLE_COUNT; k++) {
            uint64_t own = lane->cycles_by[k], theirs = base->cycles_by[k];
            if (!used[k] && own > theirs && own - theirs > by) {
                by = own - theirs;
                most = k;
            }
        }
        char share[NUMBER_SIZE];
        percent(share, by, base->cycles);
        if (most == CYCLE_COUNT || x + text_columns(say(c, cycle_name(most))) + 12 > c->area.w) {
            return;
        }
        used[most] = true;
        x = canvas_printf(c, x, y, cycle_look(most).role, "%s", say(c, cycle_name(most)));
        x = canvas_printf(c, x, y, ROLE_TEXT, " +%s  ", share);
    }
}

static void draw_lane(const struct canvas *c, int y, const struct compare_view *v, unsigned i,
                      bool causes)
{
    const struct compare_lane *lane = &v->lane[i], *base = &v->lane[v->baseline];
    char ratio[NUMBER_SIZE], exits[NUMBER_SIZE], text[128];
    uint64_t milli = scale_part(lane->cycles, base->cycles, 1000);
    snprintf(ratio, sizeof ratio, "%llu.%03llu", (unsigned long long)(milli / 1000),
             (unsigned long long)(milli % 1000));
    canvas_put(c, 0, y, i == v->baseline ? ROLE_HEADING : ROLE_TEXT, lane->arch);
    snprintf(text, sizeof text, "%s %s  ×%s", number(exits, lane->exits), say(c, "exits"), ratio);
    canvas_right(c, c->area.w - 2, y, ROLE_TEXT, text);
    canvas_put(c, c->area.w - 1, y, lane->ended ? ROLE_GOOD : ROLE_PATH, lane->ended ? "✓" : "▶");
    draw_bar(c, y + 1, lane, v->most);
    if (causes && i != v->baseline) {
        draw_causes(c, y + 2, lane, base);
    }
}

// The categories that occur, with their letters, from line y on; how many lines they take. With `draw` off only that.
static int draw_legend(const struct canvas *c, const struct compare_view *v, int y, bool draw)
{
    int x = 0, first = y;
    for (unsigned k = 0; k < CYCLE_COUNT; k++) {
        bool used = false;
        for (unsigned i = 0; i < v->lanes; i++) {
            used = used || v->lane[i].cycles_by[k] > 0;
        }
        const char *name = say(c, cycle_name(k));
        if (!used) {
            continue;
        }
        if (x + text_columns(name) + 2 > c->area.w) {
            x = 0;
            y++;
        }
        if (draw) {
            canvas_char(c, x, y, cycle_look(k).role, (unsigned char)cycle_look(k).letter);
            canvas_put(c, x + 2, y, ROLE_DIM, name);
        }
        x += 2 + text_columns(name) + 2;
    }
    return y - first + 1;
}

static void draw_compare(const struct canvas *c, const struct scene *scene)
{
    const struct compare_view *v = scene->compare;
    if (!v || v->most == 0) {
        canvas_wrap(c, (struct rect){0, 1, c->area.w, 4}, ROLE_DIM,
                    say(c, "Space lets the same work run under several architectures in step. "
                           "':compare kvm,xen-pv,native' chooses them."),
                    0);
        return;
    }
    char work[NUMBER_SIZE];
    canvas_printf(c, 0, 0, ROLE_HEADING, "%s: %s %s", scene->now->workload, number(work, v->work),
                  say(c, "cycles of the program in every lane, without the boot"));
    int legend = draw_legend(c, v, 0, false), each = (c->area.h - legend - 1) / (int)v->lanes;
    each = each > 4 ? 4 : each < 2 ? 2 : each;
    for (unsigned i = 0; i < v->lanes; i++) {
        draw_lane(c, 1 + (int)i * each, v, i, each > 2);
    }
    draw_legend(c, v, c->area.h - legend, true);
}

const struct view view_compare = {
    .id = VIEW_COMPARE, .tab = "Compare", .draw = draw_compare, .modes = 1};
