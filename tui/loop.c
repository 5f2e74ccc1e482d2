// The main loops. The guest gets short slices of time, so that a key never waits long; the screen is drawn when it has changed, and
// no oftener than asked for.
#include "tui/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLICE_US = 4000, SLICE_FIRST = 50000, SLICE_LEAST = 1000, SLICE_MOST = 8000000 };
enum { SCRIPT_SLICE = 100000, SCRIPT_SLICE_US = 50000 };

struct loop {
    struct dashboard *d;
    struct screen *screen;
    struct cells cells;
    struct loop_times *times;
    uint64_t slice;   // instructions that take about SLICE_US
    uint64_t drawn;   // when the screen was drawn last
    uint64_t worked;  // when the guest was last given time
    uint64_t pressed; // when the oldest key came that is not answered yet; 0: none
    bool changed;
};

static uint64_t now(const struct loop *l)
{
    return l->screen->ops->now(l->screen);
}

static bool draw(struct loop *l)
{
    uint64_t begin = now(l);
    int columns, rows;
    l->screen->ops->size(l->screen, &columns, &rows);
    if (columns != l->cells.columns || rows != l->cells.rows) {
        cells_free(&l->cells);
        if (!cells_init(&l->cells, columns, rows)) {
            return false;
        }
    }
    dashboard_draw(l->d, &l->cells);
    l->screen->ops->show(l->screen, &l->cells, dashboard_anew(l->d));
    uint64_t end = now(l);
    if (l->pressed && end - l->pressed > l->times->slowest_key) {
        l->times->slowest_key = end - l->pressed;
    }
    l->pressed = 0;
    l->times->drawing += end - begin;
    l->times->frames++;
    l->drawn = end;
    l->changed = false;
    return true;
}

// How long to wait for a key: not at all while the guest runs.
static int patience(const struct loop *l)
{
    int64_t due = dashboard_due(l->d);
    return l->changed || dashboard_busy(l->d) ? 0
           : due < 0                          ? -1
           : due > 1000000                    ? 1000
                                              : (int)((due + 999) / 1000);
}

static void take_keys(struct loop *l)
{
    struct key key = l->screen->ops->poll(l->screen, patience(l));
    while (key.code != KEYCODE_NONE) {
        l->pressed = l->pressed ? l->pressed : now(l);
        l->times->keys++;
        dashboard_key(l->d, key);
        l->changed = true;
        key = dashboard_over(l->d) ? (struct key){0} : l->screen->ops->poll(l->screen, 0);
    }
}

// One slice; its size follows from how long the last one took.
static void work(struct loop *l)
{
    uint64_t begin = now(l);
    bool did = dashboard_work(l->d, begin - l->worked, l->slice);
    uint64_t took = now(l) - begin;
    l->worked = begin;
    l->changed = l->changed || did;
    if (did && took > 2 * SLICE_US && l->slice > SLICE_LEAST) {
        l->slice /= 4;
    } else if (did && took < SLICE_US / 2 && l->slice < SLICE_MOST) {
        l->slice *= 2;
    }
}

bool loop_run(struct dashboard *d, struct screen *screen, uint64_t delay, struct loop_times *times)
{
    struct loop_times unused;
    struct loop l = {
        .d = d, .screen = screen, .times = times ? times : &unused, .slice = SLICE_FIRST};
    *l.times = (struct loop_times){0};
    uint64_t begin = now(&l);
    l.worked = begin;
    bool good = draw(&l);
    while (good && !dashboard_over(d)) {
        take_keys(&l);
        bool was_going = dashboard_busy(d) || dashboard_running(d);
        if (!dashboard_over(d) && was_going) {
            work(&l);
        } else {
            l.worked = now(&l);
        }
        bool stands = !dashboard_busy(d) && !dashboard_running(d);
        bool slow = dashboard_due(d) > 0;
        if (l.changed && (l.pressed || stands || slow || now(&l) - l.drawn >= delay)) {
            good = draw(&l);
        }
    }
    l.times->all = now(&l) - begin;
    cells_free(&l.cells);
    return good;
}

// ---- scripts ---------------------------------------------------------------------------------------

struct script {
    struct dashboard *d;
    struct cells cells;
    int columns, rows;
    loop_frame_fn frame;
    void *ctx;
};

// What a key began comes to its end, unless the guest is to run on and on.
static void settle(struct dashboard *d)
{
    while (dashboard_busy(d) && !dashboard_running(d)) {
        dashboard_work(d, 0, SCRIPT_SLICE);
    }
}

static bool emit(struct script *s)
{
    if (s->cells.columns != s->columns || s->cells.rows != s->rows) {
        cells_free(&s->cells);
        if (!cells_init(&s->cells, s->columns, s->rows)) {
            return false;
        }
    }
    dashboard_draw(s->d, &s->cells);
    if (s->frame) {
        s->frame(s->ctx, &s->cells);
    }
    return true;
}

// A word in angle brackets that is no key. False if it is none of ours either.
static bool script_word(struct script *s, const char *word)
{
    char *end;
    if (strcmp(word, "frame") == 0) {
        return emit(s);
    }
    if (strncmp(word, "wait:", 5) == 0) {
        unsigned long n = strtoul(word + 5, &end, 10);
        for (unsigned long i = 0; i < n && i < 1000000; i++) {
            dashboard_work(s->d, SCRIPT_SLICE_US, SCRIPT_SLICE);
        }
        return end != word + 5 && *end == '\0';
    }
    if (strncmp(word, "size:", 5) == 0) {
        long columns = strtol(word + 5, &end, 10),
             rows = *end == 'x' ? strtol(end + 1, &end, 10) : 0;
        s->columns = (int)columns;
        s->rows = (int)rows;
        return *end == '\0' && columns >= 1 && columns <= 1000 && rows >= 1 && rows <= 500;
    }
    return false;
}

bool loop_script(struct dashboard *d, const char *keys, int columns, int rows, loop_frame_fn frame,
                 void *ctx, char *err, size_t err_size)
{
    struct script s = {.d = d, .columns = columns, .rows = rows, .frame = frame, .ctx = ctx};
    char word[KEY_WORD_SIZE];
    struct key key;
    enum key_parse parsed;
    bool good = true;
    while (good && !dashboard_over(d) && (parsed = key_parse(&keys, &key, word)) != KEYS_END) {
        if (parsed == KEYS_PARSED) {
            dashboard_key(d, key);
            settle(d);
        } else {
            good = script_word(&s, word);
            if (!good) {
                snprintf(err, err_size,
                         "<%s> is no key; <Enter>, <Tab>, <F2>, <C-l>, <lt>, <wait:10>, <frame> "
                         "and <size:80x24> are",
                         word);
            }
        }
    }
    if (good && !dashboard_over(d)) {
        good = emit(&s);
    }
    cells_free(&s.cells);
    return good;
}
