// The event queue under the hold model (take the earliest event, schedule one a random time later),
// beside heaps in C and libuv's timers; then with a timeout moved at each hold as well, which the
// heaps cannot do.
#include "bench/bench.h"
#include "bench/peers/heap.h"
#include "sim/event.h"
#include "sim/prng.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(RINGSIDE_HAVE_LIBUV)
#include <uv.h>
#endif

enum { MEAN = 1 << 20, TABLE = 1 << 16 };

// How far ahead the next event lies.
enum distribution { EXPONENTIAL, BIMODAL, SAME_TICK };

// What all contenders are given: increments drawn beforehand, so that the generator's cost does not
// dilute the ratios.
static uint64_t increments[TABLE];

static void draw_increments(enum distribution distribution)
{
    struct prng prng;
    prng_seed(&prng, 42);
    for (size_t i = 0; i < TABLE; i++) {
        increments[i] = prng_exponential(&prng, MEAN);
        if (distribution == BIMODAL && i % 10 == 0) {
            increments[i] *= 1000; // one in ten is a long timeout
        } else if (distribution == SAME_TICK) {
            increments[i] = MEAN; // ties all the way
        }
    }
}

struct hold {
    size_t events;
    uint32_t next; // position in the table of increments
    uint64_t checksum;
    bool moving; // also take another event back at each hold, and schedule it anew
    uint64_t lottery;
    struct event_queue queue;
    event_handle_t *handles;
    struct peer_heap heap;
    void *memory;
#if defined(RINGSIDE_HAVE_LIBUV)
    uv_loop_t loop;
    uv_timer_t *timers;
#endif
};

static uint64_t draw(struct hold *hold)
{
    return increments[hold->next++ % TABLE];
}

// Which event is moved: the same for everyone (an LCG by Knuth, MMIX).
static size_t draw_moved(struct hold *hold)
{
    hold->lottery = hold->lottery * 6364136223846793005u + 1442695040888963407u;
    return (size_t)((hold->lottery >> 32) * hold->events >> 32);
}

// ---- ours ---------------------------------------------------------------------------------------

static void fire_nothing(void *owner, const struct event *event)
{
    (void)owner;
    (void)event;
}

static const struct event_kind kinds[] = {{"hold", fire_nothing}};

static bool ours_schedule(struct hold *hold, uint64_t time, uint64_t payload)
{
    event_handle_t handle =
        event_schedule(&hold->queue, time, EVENT_PRIORITY_NORMAL, 0, 0, payload);
    if (hold->moving) {
        hold->handles[payload] = handle;
    }
    return handle != EVENT_NONE;
}

static bool ours_setup(void *state)
{
    struct hold *hold = state;
    event_queue_init(&hold->queue, kinds, 1, NULL);
    hold->handles = calloc(hold->events, sizeof *hold->handles);
    bool ok = hold->handles != NULL;
    for (size_t i = 0; ok && i < hold->events; i++) {
        ok = ours_schedule(hold, draw(hold), i);
    }
    return ok;
}

static uint64_t ours_round(void *state, uint64_t operations)
{
    struct hold *hold = state;
    for (uint64_t i = 0; i < operations; i++) {
        struct event event;
        if (!event_pop(&hold->queue, &event) ||
            !ours_schedule(hold, event.time + draw(hold), event.arg)) {
            return 0;
        }
        hold->checksum = hold->checksum * 31 + event.time;
        if (hold->moving) {
            size_t moved = draw_moved(hold);
            if (!event_cancel(&hold->queue, hold->handles[moved]) ||
                !ours_schedule(hold, event.time + draw(hold), moved)) {
                return 0;
            }
        }
    }
    return operations;
}

static void ours_teardown(void *state)
{
    struct hold *hold = state;
    event_queue_free(&hold->queue);
    free(hold->handles);
}

// ---- heaps --------------------------------------------------------------------------------------

static bool heap_memory(struct hold *hold, size_t arity)
{
    // Siblings on as few cache lines as can be: element 1 begins one.
    size_t size = ((hold->events + 8) * sizeof(struct peer_event) + 63) / 64 * 64;
    hold->memory = aligned_alloc(64, size);
    hold->heap = (struct peer_heap){(struct peer_event *)hold->memory + (arity == 4 ? 3 : 0), 0};
    return hold->memory != NULL;
}

static void heap_teardown(void *state)
{
    free(((struct hold *)state)->memory);
}

#define HEAP(name, arity)                                                           \
    static bool name##_setup(void *state)                                           \
    {                                                                               \
        struct hold *hold = state;                                                  \
        bool ok = heap_memory(hold, arity);                                         \
        for (size_t i = 0; ok && i < hold->events; i++) {                           \
            peer_heap_push(&hold->heap, arity, (struct peer_event){draw(hold), i}); \
        }                                                                           \
        return ok;                                                                  \
    }                                                                               \
    static uint64_t name##_round(void *state, uint64_t operations)                  \
    {                                                                               \
        struct hold *hold = state;                                                  \
        for (uint64_t i = 0; i < operations; i++) {                                 \
            struct peer_event event = peer_heap_pop(&hold->heap, arity);            \
            hold->checksum = hold->checksum * 31 + event.time;                      \
            event.time += draw(hold);                                               \
            peer_heap_push(&hold->heap, arity, event);                              \
        }                                                                           \
        return operations;                                                          \
    }
HEAP(binary, 2)
HEAP(quaternary, 4)

// ---- libuv --------------------------------------------------------------------------------------

#if defined(RINGSIDE_HAVE_LIBUV)
static void on_timer(uv_timer_t *timer)
{
    (void)timer;
}

static bool libuv_setup(void *state)
{
    struct hold *hold = state;
    hold->timers = calloc(hold->events, sizeof *hold->timers);
    if (!hold->timers || uv_loop_init(&hold->loop) != 0) {
        return false;
    }
    hold->loop.time = 0;
    for (size_t i = 0; i < hold->events; i++) {
        uv_timer_init(&hold->loop, &hold->timers[i]);
        uv_timer_start(&hold->timers[i], on_timer, draw(hold), 0);
    }
    return true;
}

// libuv's loop would wait for the real clock; so its time is set by hand, and the earliest timer is
// looked up where uv.h shows it: at the root of the loop's heap. Stopping and starting it is what
// the loop does for a timer that fires; the callback is spared.
static uint64_t libuv_round(void *state, uint64_t operations)
{
    struct hold *hold = state;
    for (uint64_t i = 0; i < operations; i++) {
        char *root = hold->loop.timer_heap.min;
        uv_timer_t *timer = (uv_timer_t *)(void *)(root - offsetof(uv_timer_t, heap_node));
        hold->loop.time = timer->timeout;
        hold->checksum = hold->checksum * 31 + timer->timeout;
        uv_timer_stop(timer);
        uv_timer_start(timer, on_timer, draw(hold), 0);
        if (hold->moving) {
            timer = &hold->timers[draw_moved(hold)];
            uv_timer_stop(timer);
            uv_timer_start(timer, on_timer, draw(hold), 0);
        }
    }
    return operations;
}

static void libuv_teardown(void *state)
{
    struct hold *hold = state;
    for (size_t i = 0; hold->timers && i < hold->events; i++) {
        uv_timer_stop(&hold->timers[i]);
        uv_close((uv_handle_t *)&hold->timers[i], NULL);
    }
    uv_run(&hold->loop, UV_RUN_NOWAIT);
    uv_loop_close(&hold->loop);
    free(hold->timers);
}
#endif

// ---- the comparison -----------------------------------------------------------------------------

static const struct {
    struct bench_contender contender;
    bool moves; // knows how to take back an event that is not the earliest
} field[] = {
    {{"event queue", NULL, ours_setup, ours_round, ours_teardown, NULL}, true},
#if defined(RINGSIDE_HAVE_LIBUV)
    {{"libuv timers", NULL, libuv_setup, libuv_round, libuv_teardown, NULL}, true},
#endif
    {{"binary heap", NULL, binary_setup, binary_round, heap_teardown, NULL}, false},
    {{"4-ary heap", NULL, quaternary_setup, quaternary_round, heap_teardown, NULL}, false},
};

enum { FIELD = sizeof field / sizeof *field };

static const struct workload {
    const char *name;
    enum distribution distribution;
    bool moving;
} workloads[] = {{"exponential", EXPONENTIAL, false},
                 {"bimodal", BIMODAL, false},
                 {"same tick", SAME_TICK, false},
                 {"exp. + a move", EXPONENTIAL, true}};

// The times popped must be the same for everyone: that is the check.
static int check_sums(const struct hold *holds, const struct bench_contender *entered, size_t count,
                      const struct bench_result *results)
{
    for (size_t i = 1; i < count; i++) {
        if (results[i].ran && holds[i].checksum != holds[0].checksum) {
            fprintf(stderr, "bench event: %s and %s took different times out\n", entered[0].name,
                    entered[i].name);
            return 1;
        }
    }
    return 0;
}

// One workload at one size.
static int compare(const struct bench_options *options, const struct workload *workload,
                   size_t events)
{
    struct hold holds[FIELD] = {{0}};
    struct bench_contender entered[FIELD];
    struct bench_result results[FIELD];
    size_t count = 0;
    for (size_t i = 0; i < FIELD; i++) {
        if (field[i].moves || !workload->moving) {
            holds[count].events = events;
            holds[count].moving = workload->moving;
            entered[count] = field[i].contender;
            entered[count].state = &holds[count];
            count++;
        }
    }
    uint64_t operations = options->quick ? 200000 : 1000000;
    int status = bench_compare(options, entered, count, operations, results);
    char label[40];
    snprintf(label, sizeof label, "%s, %zu", workload->name, events);
    bench_print(label, entered, count, results);
    return status | check_sums(holds, entered, count, results);
}

static int run(const struct bench_options *options)
{
    static const size_t sizes[] = {10, 100, 10000, 1000000};
#if !defined(RINGSIDE_HAVE_LIBUV)
    printf(
        "(libuv was not there when this was built; its timers are left out. Debian: libuv1-dev)\n");
#endif
    printf(
        "The heaps are inlined and spared what the queue does: order among equal times, handles,\n"
        "cancellation. One hold is one pop and one push.\n");
    printf("%-22s %-14s %10s %9s\n", "increments, events", "", "M holds/s", "ours/its");
    int status = 0;
    for (size_t w = 0; w < sizeof workloads / sizeof *workloads; w++) {
        draw_increments(workloads[w].distribution);
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            status |= compare(options, &workloads[w], sizes[s]);
        }
    }
    return status;
}

const struct bench event_bench = {"event", "the event queue under the hold model", run};
