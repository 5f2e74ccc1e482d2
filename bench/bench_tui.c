// What the dashboard costs: guest instructions a second without it, under a session's control, and with the dashboard drawn ten times
// a second while keys are pressed; and how long a key waits for its answer on the screen.
#include "bench/bench.h"
#include "cli/guest.h"
#include "cli/model.h"
#include "models/run.h"
#include "tui/loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DELAY_US = 100000, KEY_EVERY_US = 37000, KEY_LIMIT_US = 50000, COLUMNS = 120, ROWS = 40 };
static const double limit_percent = 5;

// A screen that shows nothing and presses keys: through all views and back, as long as it is open.
struct headless {
    struct screen screen;
    uint64_t begin, until, next_key; // microseconds
    unsigned pressed;
};

static uint64_t headless_now(struct screen *s)
{
    (void)s;
    return bench_nanoseconds() / 1000;
}

static void headless_size(struct screen *s, int *columns, int *rows)
{
    (void)s;
    *columns = COLUMNS;
    *rows = ROWS;
}

// As a terminal would: every cell is looked at.
static void headless_show(struct screen *s, const struct cells *cells, bool anew)
{
    static volatile uint32_t sum;
    (void)s, (void)anew;
    for (int i = 0; i < cells->columns * cells->rows; i++) {
        sum = sum + cells->at[i].code;
    }
}

static struct key headless_poll(struct screen *screen, int milliseconds)
{
    static const char keys[] = "234671jk";
    struct headless *h = (struct headless *)screen;
    uint64_t now = headless_now(screen);
    (void)milliseconds;
    if (now >= h->until) {
        return (struct key){.code = 'Q'};
    }
    if (now < h->next_key) {
        return (struct key){0};
    }
    h->next_key = now + KEY_EVERY_US;
    return (struct key){.code = (unsigned char)keys[h->pressed++ % (sizeof keys - 1)]};
}

static void headless_close(struct screen *s)
{
    (void)s;
}

static const struct screen_ops headless_ops = {headless_size, headless_show, headless_poll,
                                               headless_now, headless_close};

struct guest_parts {
    struct cpu_model model;
    struct toyos os;
    struct run_spec spec;
};

static bool set_up(struct guest_parts *g, char *err, size_t err_size)
{
    if (model_load(MODEL_DEFAULT, &g->model) != CLI_OK ||
        guest_build(NULL, false, &g->os) != CLI_OK) {
        return false;
    }
    machine_config_default(&g->spec.config);
    g->spec.config.model = &g->model;
    g->spec.os = &g->os;
    g->spec.command_line = "workload=crc n=10000000000";
    return arch_parse(&g->spec.arch, "type1/fullvirt-hw", err, err_size);
}

// Millions of instructions a second: bare, or under a session.
static double plain_rate(const struct guest_parts *g, uint64_t instructions, bool session)
{
    char err[256] = "";
    struct run_spec spec = g->spec;
    struct run_result result;
    uint64_t begin = bench_nanoseconds();
    if (session) {
        struct session *s = session_create(&spec, NULL, NULL, err, sizeof err);
        begin = bench_nanoseconds();
        session_go(s, (struct session_goal){.kind = GOAL_STEP, .n = instructions});
        while (session_work(s, 1000000) == SESSION_BUSY) {
        }
        session_destroy(s);
    } else {
        spec.instructions = instructions;
        if (!run_guest(&spec, &result, err, sizeof err)) {
            return 0;
        }
        run_result_free(&result);
    }
    return (double)instructions * 1e3 / (double)(bench_nanoseconds() - begin);
}

static int run(const struct bench_options *options)
{
    struct guest_parts g = {0};
    char err[256] = "";
    uint64_t seconds = options->quick ? 1 : 4, instructions = seconds * 20000000;
    if (!set_up(&g, err, sizeof err)) {
        printf("  not to be had: %s\n", err);
        return 1;
    }
    struct headless h = {.screen = {&headless_ops}};
    const struct dashboard_config config = {.spec = &g.spec};
    struct dashboard *d = dashboard_create(&config, err, sizeof err);
    struct loop_times times;
    h.begin = headless_now(&h.screen);
    h.until = h.begin + seconds * 1000000;
    dashboard_key(d, (struct key){.code = ' '});
    bool good = loop_run(d, &h.screen, DELAY_US, &times);
    double with = (double)dashboard_instructions(d) / (double)times.all;
    double drawing = 100.0 * (double)times.drawing / (double)times.all;
    printf("  %-44s %8.1f million instructions/s\n", "guest, nobody looks on",
           plain_rate(&g, instructions, false));
    printf("  %-44s %8.1f\n", "guest under a session", plain_rate(&g, instructions, true));
    printf("  %-44s %8.1f\n", "guest with the dashboard", with);
    printf("  %-44s %8.2f %% of the time (limit %.0f %%)\n",
           "drawing, keys pressed 27 times a second", drawing, limit_percent);
    printf("  %-44s %8.1f ms (limit %d ms), of %" PRIu64 " keys\n", "slowest answer to a key",
           (double)times.slowest_key / 1e3, KEY_LIMIT_US / 1000, times.keys);
    dashboard_destroy(d);
    toyos_free(&g.os);
    cpu_model_free(&g.model);
    return good && drawing < limit_percent && times.slowest_key < KEY_LIMIT_US ? 0 : 1;
}

const struct bench tui_bench = {
    "tui", "the dashboard: its share of the time, and how soon a key is answered", run};
