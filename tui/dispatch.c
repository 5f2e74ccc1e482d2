// What keys do: by the key table, unless a line is being typed or something lies over the view.
#include "tui/dashboard_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAR = 1000, PAGE = 10 };

static const char *words(const struct dashboard *d, const char *english)
{
    return catalog_get(dashboard_words(d), english);
}

static struct view_place *place_of(struct dashboard *d)
{
    return &d->scene.place[d->view];
}

// ---- moving ----------------------------------------------------------------------------------------

void dashboard_move_to(struct dashboard *d, int line)
{
    int lines = views[d->view]->lines ? views[d->view]->lines(&d->scene) : 0;
    line = line >= lines ? lines - 1 : line;
    place_of(d)->cursor = line < 0 ? 0 : line;
    if (d->view == VIEW_LESSON) {
        place_of(d)->mode = 0;
    }
}

void dashboard_move_by(struct dashboard *d, int by)
{
    if (d->overlay == OVERLAY_TEXT) {
        d->text_scroll = d->text_scroll + by < 0 ? 0 : d->text_scroll + by;
    } else if (d->overlay == OVERLAY_SETUP) {
        const char *about;
        int to = d->setup_cursor + by;
        while (to > 0 && !setup_line((size_t)to, &about)) {
            to--;
        }
        d->setup_cursor = to < 0 ? 0 : to;
    } else {
        dashboard_move_to(d, place_of(d)->cursor + by);
    }
}

// Of a text that lies over the view, all that is seen but a line.
static int page(const struct dashboard *d)
{
    return d->overlay == OVERLAY_TEXT && d->rows - 6 > 1 ? d->rows - 6 : PAGE;
}

void dashboard_sideways(struct dashboard *d, int by)
{
    struct view_place *place = place_of(d);
    if (d->view == VIEW_TIMELINE) {
        int64_t step = by * PAGE;
        d->scene.shift = d->scene.shift - step < 0 ? 0 : d->scene.shift - step;
    } else if (d->view == VIEW_LESSON) {
        dashboard_move_by(d, by);
    } else if (views[d->view]->modes > 1) {
        place->mode = (place->mode + by + views[d->view]->modes) % views[d->view]->modes;
        place->cursor = 0;
    }
}

static void zoom(struct dashboard *d, int by)
{
    struct scene *scene = &d->scene;
    int to = scene->zoom + by;
    if (to >= 0 && to < TIMELINE_ZOOMS) {
        scene->shift = by > 0 ? scene->shift * 2 : scene->shift / 2;
        scene->zoom = to;
    }
}

// ---- actions ---------------------------------------------------------------------------------------

static void toggle_stop(struct dashboard *d, const char *what)
{
    char err[MESSAGE_SIZE];
    const struct session_break *b;
    for (unsigned i = 0; (b = session_break_at(d->session, i)); i++) {
        if (strcmp(b->text, what) == 0) {
            session_break_remove(d->session, i);
            dashboard_say(d, words(d, "No longer stops at %s."), what);
            d->stale = true;
            return;
        }
    }
    if (session_break(d->session, what, err, sizeof err) < 0) {
        dashboard_complain(d, err);
    } else {
        dashboard_say(d, words(d, "Stops at %s."), what);
    }
    d->stale = true;
}

static void toggle_breakpoint(struct dashboard *d)
{
    const struct snapshot_cpu *cpu = &d->snapshot.cpu[d->snapshot.focus];
    int line = d->scene.place[VIEW_CODE].cursor;
    char text[32];
    line = d->view == VIEW_CODE && line < (int)cpu->code_count ? line : (int)cpu->code_at;
    if (line >= 0 && line < (int)cpu->code_count) {
        snprintf(text, sizeof text, "0x%" PRIx64, cpu->code[line].addr);
        toggle_stop(d, text);
    }
}

static void toggle_watch(struct dashboard *d)
{
    char text[64];
    int reason = d->view == VIEW_EXITS ? exits_selected(&d->scene) : -1;
    snprintf(text, sizeof text, "exit:%s",
             reason >= 0 ? exit_reason_name((unsigned)reason) : "any");
    toggle_stop(d, text);
}

static void explain_instruction(struct dashboard *d)
{
    const struct snapshot_cpu *cpu = &d->snapshot.cpu[d->snapshot.focus];
    int line = d->scene.place[VIEW_CODE].cursor;
    line = line < (int)cpu->code_count ? line : (int)cpu->code_at;
    if (line >= 0 && line < (int)cpu->code_count && cpu->code[line].readable) {
        char mnemonic[32];
        const char *text = cpu->code[line].text;
        snprintf(mnemonic, sizeof mnemonic, "%.*s", (int)strcspn(text, " "), text);
        dashboard_explain(d, mnemonic);
    } else {
        dashboard_say(d, "%s", words(d, "Nothing is selected here that could be explained."));
    }
}

void dashboard_enter(struct dashboard *d)
{
    struct view_place *place = place_of(d);
    const struct lesson *lesson = d->scene.lesson;
    int reason = exits_selected(&d->scene);
    if (d->view == VIEW_EXITS && reason >= 0) {
        dashboard_explain(d, exit_reason_name((unsigned)reason));
    } else if (d->view == VIEW_LESSON && lesson && place->cursor < lesson->pages) {
        if (lesson->page[place->cursor].answer && place->mode == 0) {
            place->mode = 1;
        } else if (place->cursor + 1 < lesson->pages) {
            dashboard_move_to(d, place->cursor + 1);
            place->scroll = 0;
        }
        const char *run = lesson->page[place->cursor].run;
        if (run && place->mode == 0) {
            dashboard_commands(d, run);
        }
    } else if (d->view == VIEW_CODE) {
        explain_instruction(d);
    } else if (d->view == VIEW_RINGS) {
        const struct snapshot_path *path = &d->snapshot.path;
        if (path->valid && path->reason >= 0) {
            dashboard_explain(d, exit_reason_name((unsigned)path->reason));
        } else {
            dashboard_explain(d, d->snapshot.arch_id < 255 ? "guest kernel" : "");
        }
    } else if (d->view != VIEW_LESSON) {
        dashboard_say(d, "%s", words(d, "Nothing is selected here that could be explained."));
    }
}

static void control(struct dashboard *d, enum action action)
{
    bool compare = d->view == VIEW_COMPARE && d->comparison;
    unsigned cpu = d->snapshot.focus;
    uint64_t last =
        d->snapshot.instructions > d->last_run ? d->snapshot.instructions - d->last_run : 0;
    switch (action) {
    case ACTION_RUN:
        if (dashboard_running(d) || dashboard_busy(d)) {
            dashboard_stop(d);
        } else {
            dashboard_run(d, false);
        }
        return;
    case ACTION_CONTINUE: dashboard_run(d, true); return;
    case ACTION_STEP:
        if (compare) {
            d->comparing = false;
            comparison_work(d->comparison, FAR * 10, UINT64_MAX);
            d->stale = true;
            return;
        }
        dashboard_go(d, (struct session_goal){.kind = GOAL_STEP, .n = 1});
        return;
    case ACTION_NEXT:
        dashboard_go(d, (struct session_goal){.kind = GOAL_OVER, .n = 1, .cpu = cpu});
        return;
    case ACTION_EXIT:
        dashboard_go(d, (struct session_goal){.kind = GOAL_EXIT, .n = SESSION_ANY});
        return;
    case ACTION_BACK: dashboard_go(d, (struct session_goal){.kind = GOAL_BACK, .n = 1}); return;
    case ACTION_BACK_FAR:
        dashboard_go(d, (struct session_goal){.kind = GOAL_BACK, .n = last ? last : FAR});
        d->last_run = 0;
        return;
    case ACTION_FORWARD_FAR:
        dashboard_go(d, (struct session_goal){.kind = GOAL_STEP, .n = FAR});
        return;
    case ACTION_RESTART:
        if (compare) {
            comparison_destroy(d->comparison);
            d->comparison = NULL;
            dashboard_compare(d, NULL);
        } else {
            dashboard_go(d, (struct session_goal){.kind = GOAL_SEEK});
        }
        return;
    case ACTION_FASTER:
    case ACTION_SLOWER:
        d->speed += action == ACTION_FASTER ? d->speed < SPEED_FULL : -(d->speed > 0);
        if (d->running) {
            session_halt(d->session);
            dashboard_run(d, false);
        }
        return;
    default: return;
    }
}

static void close_one(struct dashboard *d, bool leave)
{
    if (d->overlay != OVERLAY_NONE) {
        d->overlay = OVERLAY_NONE;
    } else if (d->maximized) {
        d->maximized = false;
    } else if (d->scene.filter[0]) {
        d->scene.filter[0] = '\0';
    } else {
        d->over = leave;
    }
}

static void begin_input(struct dashboard *d, char mark)
{
    d->input = (struct input){.mark = mark};
    if (mark) {
        d->message[0] = '\0';
    }
}

// `leave`: closing the last thing that is open leaves the dashboard.
static void act(struct dashboard *d, enum action action, bool leave)
{
    struct view_place *place = place_of(d);
    const struct view *view = views[d->view];
    switch (action) {
    case ACTION_VIEW_RINGS:
    case ACTION_VIEW_EXITS:
    case ACTION_VIEW_MEMORY:
    case ACTION_VIEW_TIMELINE:
    case ACTION_VIEW_COMPARE:
    case ACTION_VIEW_CODE:
    case ACTION_VIEW_LESSON:
        dashboard_show_view(d, (enum view_id)(action - ACTION_VIEW_RINGS));
        return;
    case ACTION_NEXT_VIEW: dashboard_show_view(d, (d->view + 1) % VIEW_COUNT); return;
    case ACTION_LAST_VIEW: dashboard_show_view(d, (d->view + VIEW_COUNT - 1) % VIEW_COUNT); return;
    case ACTION_BREAK: toggle_breakpoint(d); return;
    case ACTION_WATCH: toggle_watch(d); return;
    case ACTION_SETUP: setup_open(d); return;
    case ACTION_COMMAND: begin_input(d, ':'); return;
    case ACTION_SEARCH: begin_input(d, dashboard_may_search(d) ? '/' : 0); return;
    case ACTION_FILTER: begin_input(d, dashboard_may_filter(d) ? '\\' : 0); return;
    case ACTION_DOWN: dashboard_move_by(d, 1); return;
    case ACTION_UP: dashboard_move_by(d, -1); return;
    case ACTION_PAGE_DOWN: dashboard_move_by(d, page(d)); return;
    case ACTION_PAGE_UP: dashboard_move_by(d, -page(d)); return;
    case ACTION_LEFT: dashboard_sideways(d, -1); return;
    case ACTION_RIGHT: dashboard_sideways(d, 1); return;
    case ACTION_FIRST: dashboard_move_by(d, -100000); return;
    case ACTION_LAST:
        if (d->overlay != OVERLAY_NONE) {
            dashboard_move_by(d, 100000);
            return;
        }
        d->scene.shift = 0;
        dashboard_move_to(d, d->view == VIEW_CODE ? (int)d->snapshot.cpu[d->snapshot.focus].code_at
                                                  : 100000);
        return;
    case ACTION_ENTER: dashboard_enter(d); return;
    case ACTION_TREE:
        place->mode = view->modes > 1 ? (place->mode + 1) % view->modes : 0;
        place->cursor = 0;
        return;
    case ACTION_SORT:
        place->column = view->columns > 0 ? (place->column + 1) % view->columns : 0;
        return;
    case ACTION_ZOOM_IN: zoom(d, 1); return;
    case ACTION_ZOOM_OUT: zoom(d, -1); return;
    case ACTION_MAXIMIZE: d->maximized = !d->maximized; return;
    case ACTION_HELP: dashboard_show_help(d, false); return;
    case ACTION_LANGUAGE: dashboard_speak(d, !d->korean); return;
    case ACTION_EXPORT:
        if (dashboard_export(d, "ringside.svg") && dashboard_export(d, "ringside.txt")) {
            dashboard_say(d, words(d, "Saved as %s."), "ringside.svg, ringside.txt");
        }
        return;
    case ACTION_REDRAW: d->anew = true; return;
    case ACTION_CLOSE: close_one(d, leave); return;
    case ACTION_QUIT: d->over = true; return;
    default: control(d, action); return;
    }
}

// ---- typed lines -----------------------------------------------------------------------------------

static void input_done(struct dashboard *d)
{
    struct input input = d->input;
    d->input.mark = 0;
    if (input.mark == ':') {
        dashboard_command(d, input.text);
    } else if (input.mark == '/') {
        if (input.text[0]) { // nothing typed: the next one
            snprintf(d->search, sizeof d->search, "%s", input.text);
        }
        dashboard_find_next(d);
    } else {
        snprintf(d->scene.filter, sizeof d->scene.filter, "%.*s", FILTER_SIZE - 1, input.text);
    }
}

static void input_key(struct dashboard *d, uint32_t code)
{
    struct input *in = &d->input;
    char bytes[4];
    if (code == KEYCODE_ENTER) {
        input_done(d);
    } else if (code == KEYCODE_ESC) {
        in->mark = 0;
    } else if (code == KEYCODE_BACKSPACE) {
        if (in->size == 0) {
            in->mark = 0;
        }
        while (in->size > 0 && ((unsigned char)in->text[--in->size] & 0xc0) == 0x80) {
        }
        in->text[in->size] = '\0';
    } else if (code >= 0x20 && code < KEYCODE_BASE && char_width(code) > 0) {
        unsigned n = char_encode(bytes, code);
        if (in->size + n < sizeof in->text) {
            memcpy(in->text + in->size, bytes, n);
            in->size += n;
            in->text[in->size] = '\0';
        }
    }
}

void dashboard_key(struct dashboard *d, struct key key)
{
    dashboard_refresh(d);
    switch (key.code) {
    case KEYCODE_NONE:
    case KEYCODE_RESIZE: return;
    case KEYCODE_CLICK:
        d->message[0] = '\0';
        dashboard_click(d, key.x, key.y);
        break;
    case KEYCODE_WHEELUP: dashboard_wheel(d, -1); break;
    case KEYCODE_WHEELDOWN: dashboard_wheel(d, 1); break;
    default:
        if (d->input.mark) {
            input_key(d, key.code);
            break;
        }
        d->message[0] = '\0';
        if (d->overlay == OVERLAY_SETUP && key.code == KEYCODE_ENTER) {
            setup_apply(d);
        } else if (d->overlay == OVERLAY_TEXT &&
                   (key.code == KEYCODE_ENTER || key_action(key.code) == ACTION_HELP)) {
            d->overlay = OVERLAY_NONE;
        } else {
            enum action action = key_action(key.code);
            bool leaves = action < ACTION_DOWN && action != ACTION_NONE;
            d->overlay = leaves ? OVERLAY_NONE : d->overlay;
            act(d, action, key.code != KEYCODE_ESC);
        }
    }
    dashboard_refresh(d);
}
