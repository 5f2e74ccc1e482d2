// The event queue against a sorted list that cannot be wrong, under schedules that are kind and
// unkind to ladders; then its promises one by one.
#include "sim/event.h"
#include "sim/prng.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static void fire_record(void *owner, const struct event *event);

static const struct event_kind kinds[] = {
    {"timer", fire_record}, {"disk", fire_record}, {"packet", fire_record}};

enum { KINDS = sizeof kinds / sizeof *kinds };

// ---- the reference: a list kept in order --------------------------------------------------------

struct list {
    struct event *events; // in firing order
    size_t count, capacity;
    uint64_t sequence;
};

static bool precedes(const struct event *a, const struct event *b)
{
    if (a->time != b->time) {
        return a->time < b->time;
    }
    if (a->priority != b->priority) {
        return a->priority < b->priority;
    }
    return a->sequence < b->sequence;
}

static void list_insert(struct list *list, struct event event)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 64;
        list->events = realloc(list->events, list->capacity * sizeof *list->events);
        if (!list->events) {
            abort();
        }
    }
    event.sequence = ++list->sequence;
    size_t low = 0, high = list->count; // the first place whose event comes after
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (precedes(&event, &list->events[middle])) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    memmove(list->events + low + 1, list->events + low, (list->count - low) * sizeof event);
    list->events[low] = event;
    list->count++;
}

static struct event list_remove(struct list *list, size_t at)
{
    struct event event = list->events[at];
    list->count--;
    memmove(list->events + at, list->events + at + 1, (list->count - at) * sizeof event);
    return event;
}

static bool same(const struct event *a, const struct event *b)
{
    return a->time == b->time && a->sequence == b->sequence && a->handle == b->handle &&
           a->arg == b->arg && a->target == b->target && a->kind == b->kind &&
           a->priority == b->priority;
}

// ---- the differential test ----------------------------------------------------------------------

enum shape {
    EXPONENTIAL, // what ladders like
    TIED,        // a handful of ticks
    SAME,        // one tick, many priorities
    BIMODAL,     // near and very far
    WIDE,        // every power of two: each rung finds an outlier
    CLUSTERED,   // dense groups far apart
    BACKWARDS,   // each earlier than the last: always late for the run
    SHAPES
};

static sim_time_t draw_delay(struct prng *prng, enum shape shape, uint64_t step)
{
    // Both drawn beforehand: C leaves the order within an expression open.
    uint64_t coarse = prng_next(prng), fine = prng_next(prng);
    switch (shape) {
    case EXPONENTIAL: return prng_exponential(prng, 5000);
    case TIED: return coarse % 4 * 100;
    case SAME: return 0;
    case BIMODAL: return coarse % 8 ? fine % 50 : UINT64_C(1) << 50;
    case WIDE: return fine >> (3 + coarse % 61);
    case CLUSTERED: return coarse % 6 * 10000000 + fine % 30;
    case BACKWARDS: return 100000 - step % 100000;
    default: return 0;
    }
}

struct pair {
    struct event_queue queue;
    struct list list;
    struct prng prng;
    sim_time_t now;
    event_handle_t stale[64]; // handles of events long gone
    uint64_t stale_count;
    bool ok;
};

static void retire(struct pair *p, event_handle_t handle)
{
    p->stale[p->stale_count++ % 64] = handle;
}

static void do_schedule(struct pair *p, enum shape shape, uint64_t step)
{
    sim_time_t time = p->now + draw_delay(&p->prng, shape, step);
    if (time < p->now || time == SIM_TIME_NEVER) {
        return; // beyond the end of time
    }
    struct event event = {.time = time};
    event.arg =
        prng_next(&p->prng); // drawn one by one: C leaves the order within an initializer open
    event.target = (uint32_t)prng_next(&p->prng);
    event.kind = (uint8_t)prng_below(&p->prng, KINDS);
    event.priority = (uint8_t)prng_below(&p->prng, 3);
    event.handle =
        event_schedule(&p->queue, time, event.priority, event.kind, event.target, event.arg);
    p->ok = p->ok && CHECK(event.handle != EVENT_NONE);
    list_insert(&p->list, event);
}

static void do_cancel(struct pair *p)
{
    if (p->list.count == 0) {
        return;
    }
    // Often the head, which is the interesting one.
    size_t at = prng_below(&p->prng, 4) ? prng_below(&p->prng, p->list.count) : 0;
    struct event event = list_remove(&p->list, at), found = {0};
    p->ok = p->ok && CHECK(event_find(&p->queue, event.handle, &found)) &&
            CHECK(same(&event, &found)) && CHECK(event_cancel(&p->queue, event.handle));
    retire(p, event.handle);
}

static void do_reschedule(struct pair *p, enum shape shape, uint64_t step)
{
    sim_time_t time = p->now + draw_delay(&p->prng, shape, step);
    if (p->list.count == 0 || time < p->now || time == SIM_TIME_NEVER) {
        return;
    }
    struct event event = list_remove(&p->list, prng_below(&p->prng, p->list.count));
    event.time = time;
    p->ok = p->ok && CHECK(event_reschedule(&p->queue, event.handle, time));
    list_insert(&p->list, event);
}

static void do_pop(struct pair *p)
{
    struct event got;
    bool any = event_pop(&p->queue, &got);
    p->ok = p->ok && CHECK(any == (p->list.count > 0));
    if (any && p->ok) {
        struct event want = list_remove(&p->list, 0);
        p->ok = CHECK(same(&got, &want));
        p->now = want.time;
        retire(p, want.handle);
    }
}

static void do_stale(struct pair *p)
{
    if (p->stale_count > 0) {
        uint64_t kept = p->stale_count < 64 ? p->stale_count : 64;
        event_handle_t handle = p->stale[prng_below(&p->prng, kept)];
        p->ok = p->ok && CHECK(!event_find(&p->queue, handle, NULL)) &&
                CHECK(!event_cancel(&p->queue, handle)) &&
                CHECK(!event_reschedule(&p->queue, handle, p->now));
    }
}

static uint8_t *image_of(const struct event_queue *queue, size_t *size)
{
    *size = event_queue_image_size(queue);
    uint8_t *image = malloc(*size);
    if (!image) {
        abort();
    }
    event_queue_save(queue, image);
    return image;
}

// Goes on with a copy, or with what was saved and loaded, in place of the queue itself.
static void do_replace(struct pair *p)
{
    struct event_queue other;
    size_t size, other_size;
    uint8_t *image = image_of(&p->queue, &size);
    event_queue_init(&other, kinds, KINDS, NULL);
    event_schedule(&other, 17, 0, 0, 0, 0); // something to be dropped
    if (prng_below(&p->prng, 2)) {
        p->ok = p->ok && CHECK(event_queue_copy(&other, &p->queue));
    } else {
        p->ok = p->ok && CHECK(event_queue_load(&other, image, size) == NULL);
    }
    uint8_t *other_image = image_of(&other, &other_size);
    p->ok = p->ok && CHECK_U64(other_size, size) && CHECK_MEM(other_image, image, size);
    free(other_image);
    free(image);
    event_queue_free(&p->queue);
    p->queue = other;
}

static void check_list(struct pair *p)
{
    size_t max = prng_below(&p->prng, 2) ? p->list.count + 1 : prng_below(&p->prng, 8);
    size_t want = max < p->list.count ? max : p->list.count;
    struct event *out = malloc((max + 1) * sizeof *out);
    if (!out) {
        abort();
    }
    p->ok = p->ok && CHECK_U64(event_queue_list(&p->queue, out, max), want);
    for (size_t i = 0; i < want && p->ok; i++) {
        p->ok = CHECK(same(&out[i], &p->list.events[i]));
    }
    free(out);
}

static void step(struct pair *p, enum shape shape, uint64_t number, unsigned growing)
{
    uint64_t dice = prng_below(&p->prng, 1000);
    if (dice < 2) {
        do_replace(p);
    } else if (dice < 4) {
        check_list(p);
    } else if (dice < 40) {
        do_stale(p);
    } else if (dice < 200) {
        do_cancel(p);
    } else if (dice < 300) {
        do_reschedule(p, shape, number);
    } else if (dice < 300 + growing) {
        do_schedule(p, shape, number);
    } else {
        do_pop(p);
    }
    sim_time_t next = p->list.count ? p->list.events[0].time : SIM_TIME_NEVER;
    p->ok = p->ok && CHECK(event_next_time(&p->queue) == next) &&
            CHECK(event_count(&p->queue) == p->list.count) && CHECK(event_now(&p->queue) == p->now);
}

static void differential(enum shape shape, uint64_t seed, uint64_t steps)
{
    struct pair p = {.ok = true};
    event_queue_init(&p.queue, kinds, KINDS, NULL);
    prng_seed(&p.prng, seed);
    for (uint64_t i = 0; i < steps && p.ok; i++) {
        // Grows for a while, then shrinks to nothing, and again.
        bool grow = i % (steps / 3) < steps / 5;
        step(&p, shape, i, grow ? 500 : 150);
    }
    while (p.ok && p.list.count > 0) {
        do_pop(&p);
    }
    if (!p.ok) {
        FAIL("shape %d, seed %d", (int)shape, (int)seed);
    }
    event_queue_free(&p.queue);
    free(p.list.events);
}

static void agrees_with_list(void)
{
    for (enum shape shape = 0; shape < SHAPES; shape++) {
        differential(shape, 99, 60000); // large enough for several rungs of full size
        for (uint64_t seed = 1; seed <= 4; seed++) {
            differential(shape, seed, 20000);
        }
        for (uint64_t seed = 100; seed < 150; seed++) {
            differential(shape, seed, 300);
        }
    }
}

// ---- promises -----------------------------------------------------------------------------------

// Fired events, for those who own a queue.
struct record {
    struct event_queue queue;
    struct event fired[64];
    size_t count;
    event_handle_t victim; // cancelled by the first handler that runs
    unsigned children;     // events the next handlers schedule at once, one each
};

static void fire_record(void *owner, const struct event *event)
{
    struct record *record = owner;
    if (record->count < 64) {
        record->fired[record->count++] = *event;
    }
    event_cancel(&record->queue, record->victim);
    event_cancel(&record->queue, event->handle); // its own: stale by now
    if (record->children > 0) {
        record->children--;
        event_schedule(&record->queue, event->time, event->priority, 1, 99, 0);
    }
}

static void record_init(struct record *record)
{
    memset(record, 0, sizeof *record);
    event_queue_init(&record->queue, kinds, KINDS, record);
}

static void ties_by_priority_then_sequence(void)
{
    struct record r;
    record_init(&r);
    const uint8_t priority[] = {2, 1, 2, 0, 1, 255, 0, 1};
    const uint32_t want[] = {3, 6, 1, 4, 7, 0, 2, 5};
    for (uint32_t i = 0; i < 8; i++) {
        event_schedule(&r.queue, 50, priority[i], 0, i, i);
    }
    CHECK_U64(event_run_until(&r.queue, 49), 0);
    CHECK_U64(event_now(&r.queue), 49);
    CHECK_U64(event_run_until(&r.queue, 50), 8);
    for (uint32_t i = 0; i < 8; i++) {
        CHECK_U64(r.fired[i].target, want[i]);
    }
    event_queue_free(&r.queue);
}

static void handlers_change_the_queue(void)
{
    struct record r;
    record_init(&r);
    event_schedule(&r.queue, 10, 5, 0, 1, 0);
    r.victim = event_schedule(&r.queue, 10, 5, 0, 2, 0);
    event_schedule(&r.queue, 10, 6, 0, 3, 0);
    r.children = 1;
    CHECK_U64(event_run_until(&r.queue, SIM_TIME_NEVER), 3);
    CHECK_U64(r.fired[0].target, 1);
    CHECK_U64(r.fired[1].target, 99); // same tick and a smaller priority than 3's: before it
    CHECK_STR(event_name(&r.queue, &r.fired[1]), "disk");
    CHECK_U64(r.fired[2].target, 3);
    CHECK_U64(event_now(&r.queue), 10);
    CHECK_U64(event_next_time(&r.queue), SIM_TIME_NEVER);
    CHECK(!event_step(&r.queue, SIM_TIME_NEVER));
    event_queue_free(&r.queue);
}

static void reused_slots_do_not_revive_handles(void)
{
    struct record r;
    record_init(&r);
    event_handle_t first = event_schedule(&r.queue, 5, 0, 0, 0, 0);
    CHECK(event_cancel(&r.queue, first));
    event_handle_t second = event_schedule(&r.queue, 5, 0, 0, 0, 0);
    CHECK(first != second);
    CHECK(!event_cancel(&r.queue, first));
    CHECK(!event_cancel(&r.queue, EVENT_NONE));
    CHECK(!event_cancel(&r.queue, UINT64_MAX));
    CHECK(event_find(&r.queue, second, NULL));
    event_queue_clear(&r.queue);
    CHECK_U64(event_count(&r.queue), 0);
    CHECK(!event_find(&r.queue, second, NULL));
    event_handle_t third = event_schedule(&r.queue, 5, 0, 0, 0, 0);
    CHECK(third != second && third != first);
    event_queue_free(&r.queue);
}

static void the_limit_holds(void)
{
    struct record r;
    record_init(&r);
    event_queue_limit(&r.queue, 3);
    event_handle_t handles[3];
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < 3; i++) {
            handles[i] = event_schedule(&r.queue, 7 + i, 0, 0, i, 0);
            CHECK(handles[i] != EVENT_NONE);
        }
        CHECK_U64(event_schedule(&r.queue, 1, 0, 0, 0, 0), EVENT_NONE);
        CHECK_U64(event_count(&r.queue), 3);
        CHECK_U64(event_next_time(&r.queue), 7);
        CHECK(event_reschedule(&r.queue, handles[1], 90)); // needs no room of its own
        for (unsigned i = 0; i < 3; i++) {
            CHECK(event_cancel(&r.queue, handles[i]));
        }
    }
    event_queue_free(&r.queue);
}

// A timeout that is always cancelled before it is due must not fill the memory.
static void the_dead_are_swept(void)
{
    struct record r;
    record_init(&r);
    event_handle_t timeout = EVENT_NONE;
    for (sim_time_t t = 0; t < 100000; t++) {
        event_cancel(&r.queue, timeout);
        timeout = event_schedule(&r.queue, t + 1000000, 0, 0, 0, 0);
        event_schedule(&r.queue, t + 1, 0, 0, 0, 0);
        event_run_until(&r.queue, t + 1);
        CHECK(event_reschedule(&r.queue, timeout, t + 2000000));
    }
    CHECK_U64(event_count(&r.queue), 1);
    CHECK(r.queue.capacity <= 1024);
    event_queue_free(&r.queue);
}

// The extremes of time, where slices would end beyond it.
static void the_end_of_time(void)
{
    struct record r;
    record_init(&r);
    enum { N = 2000 };
    struct prng prng;
    prng_seed(&prng, 7);
    for (uint32_t i = 0; i < N; i++) {
        sim_time_t time = prng_next(&prng);
        time >>= prng_below(&prng, 64);
        event_schedule(&r.queue, i % 3 ? SIM_TIME_NEVER - 1 - time / 2 : time / 2, 0, 0, i, 0);
    }
    sim_time_t last = 0;
    struct event event;
    for (uint32_t i = 0; i < N; i++) {
        REQUIRE(event_pop(&r.queue, &event));
        REQUIRE(event.time >= last);
        last = event.time;
        if (i % 2 == 0) {
            event_schedule(&r.queue, SIM_TIME_NEVER - 1, 0, 0, i, 0);
        }
    }
    uint32_t left = 0;
    for (; event_pop(&r.queue, &event); left++) {
        REQUIRE(event.time >= last);
        last = event.time;
    }
    CHECK_U64(left, N / 2);
    event_queue_free(&r.queue);
}

// Every damaged image is refused or read as some sound queue; none may upset us.
static void damaged_images(void)
{
    struct record r;
    record_init(&r);
    struct prng prng;
    prng_seed(&prng, 3);
    event_handle_t handles[40];
    for (uint32_t i = 0; i < 40; i++) {
        handles[i] = event_schedule(&r.queue, 1000 + prng_below(&prng, 100), 1, i % KINDS, i, i);
    }
    for (uint32_t i = 0; i < 40; i += 3) {
        event_cancel(&r.queue, handles[i]);
    }
    event_advance(&r.queue, 900);
    size_t size;
    uint8_t *image = image_of(&r.queue, &size);
    struct event_queue loaded;
    event_queue_init(&loaded, kinds, KINDS, &r);
    for (size_t cut = 0; cut < size; cut++) {
        CHECK(event_queue_load(&loaded, image, cut) != NULL);
        CHECK_U64(event_count(&loaded), 0);
    }
    unsigned refused = 0;
    for (size_t bit = 0; bit < 8 * size; bit++) {
        image[bit / 8] ^= (uint8_t)(1 << bit % 8);
        refused += event_queue_load(&loaded, image, size) != NULL;
        for (struct event event; event_pop(&loaded, &event);) {
            CHECK(event.kind < KINDS);
        }
        CHECK(event_schedule(&loaded, loaded.now, 0, 0, 0, 0) != EVENT_NONE);
        image[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    CHECK(refused > size / 8);
    CHECK(event_queue_load(&loaded, image, size) == NULL);
    CHECK_U64(event_count(&loaded), 40 - 14);
    free(image);
    event_queue_free(&loaded);
    event_queue_free(&r.queue);
}

TEST_SUITE(event, {"agrees with a sorted list under seven shapes of schedule", agrees_with_list},
           {"ties fire by priority, then first come first fired", ties_by_priority_then_sequence},
           {"handlers may schedule and cancel, also themselves", handlers_change_the_queue},
           {"a stale handle never names the slot's next event", reused_slots_do_not_revive_handles},
           {"the limit on pending events holds", the_limit_holds},
           {"cancelled events do not pile up", the_dead_are_swept},
           {"times next to the end of time keep their order", the_end_of_time},
           {"a damaged image is refused or sound", damaged_images});
