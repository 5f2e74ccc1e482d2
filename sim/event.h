// The discrete-event queue: what happens next, in one total order, for the machine world (ticks are
// cycles) and the datacentre world (ticks are whatever its owner says). Its pending events are
// plain values, so a queue can be copied, written to a file and read back.
//
// Inside, it is a ladder queue (Tang, Goh and Thng, ACM TOMACS 15(3), 2005) with three changes:
// events move by value in small chunks, so that a million of them stream through the caches; what
// arrives too late for the sorted run goes to a 4-ary heap, so that no schedule costs more than
// O(log n); and bucket widths are powers of two, so that finding a bucket is a shift. docs:
// event_ladder.c explains the shape.
#ifndef RINGSIDE_SIM_EVENT_H
#define RINGSIDE_SIM_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t sim_time_t; // simulated time in integer ticks

#define SIM_TIME_NEVER UINT64_MAX // no event is ever due at this tick

// Names one scheduled event. It stays valid through event_reschedule() and goes stale when the
// event fires or is cancelled; a stale handle is recognized and harmless (unless it is kept while
// an exact multiple of 2^32 sequence numbers is given out). Its value is deterministic and survives
// copy, save and load.
typedef uint64_t event_handle_t;

#define EVENT_NONE ((event_handle_t)0) // the handle of no event

enum {
    EVENT_KINDS_MAX = 256,       // kinds a queue can tell apart
    EVENT_PRIORITY_FIRST = 0,    // of two events at one tick, the smaller priority fires first
    EVENT_PRIORITY_NORMAL = 128, // what to use without a reason for another
    EVENT_PRIORITY_LAST = 255,
    EVENT_LIMIT_MAX = (1 << 28) - 1, // pending events a queue can hold
};

// One event, as its handler and the trace see it.
struct event {
    sim_time_t time;       // when it is due
    uint64_t sequence;     // rank of the call that set the time: first come, first fired
    event_handle_t handle; // the name it was given (already stale while its handler runs)
    uint64_t arg;          // the scheduler's own argument
    uint32_t target;       // which pCPU, device, host … it is for
    uint8_t kind;          // index into the queue's table of kinds
    uint8_t priority;
};

// What an event of one kind is called and does. Events name their kind by index, never by pointer:
// that is what lets a queue be written to a file.
struct event_kind {
    const char *name; // for the trace
    // May schedule, cancel and reschedule on the queue that fired it.
    void (*fire)(void *owner, const struct event *event);
};

// From here to struct event_queue: private to sim/event*.c, visible only so that a queue can be
// embedded and event_next_time() be inlined.
struct event_slot { // a pending event; its number is part of its handle
    // Priority (8 bits), sequence (48), kind (8), so that orders compare as (priority, sequence).
    uint64_t order;  // 0 in a free slot
    sim_time_t time; // in a free slot: the next free slot
    uint64_t arg;
    uint32_t target;
    uint32_t birth; // sequence number of the schedule call, its low 32 bits: the generation
};

struct event_entry { // what the ladder moves about
    sim_time_t time;
    uint64_t order; // the entry counts as long as its slot has this order
    uint32_t slot;
};

struct event_bucket { // entries in order of arrival, in a chain of chunks, all full but the last
    uint32_t head, tail;
    uint32_t count;
};

struct event_rung {   // equal slices of time, each with its bucket
    sim_time_t base;  // where slice 0 begins
    sim_time_t low;   // earlier times belong to a rung further in, or to the bottom
    uint32_t shift;   // a slice is 2^shift ticks
    uint32_t buckets; // slices in use
    uint32_t current; // no entry lies in a slice before this one
    uint32_t count;   // entries in all buckets
};

#ifdef RINGSIDE_SMALL_TABLES
enum { EVENT_RUNGS = 2 };
#else
enum { EVENT_RUNGS = 8 };
#endif

struct event_queue {
    sim_time_t next_time; // due time of the head, or SIM_TIME_NEVER
    sim_time_t now;       // the past ends here
    uint64_t head_order;  // the head's order, or 0
    bool head_in_heap;    // the head is heap[0], else run[run_at]

    uint32_t live;     // entries that count
    uint32_t dead;     // entries that were cancelled or moved, and still lie about
    uint32_t limit;    // most live events allowed
    uint64_t sequence; // last sequence number given out

    const struct event_kind *kinds;
    uint32_t kind_count;
    void *owner;

    struct event_slot *slots;
    uint32_t slot_count, free_slot;

    struct event_entry *run; // bottom: sorted, run_at is the next
    uint32_t run_at, run_end;
    struct event_entry *heap; // bottom: what came after the run was sorted
    uint32_t heap_count, spill_at;

    sim_time_t top_low;         // later times go to top
    struct event_bucket top;    // unsorted far future
    uint32_t rung_count;        // rungs in use, outermost first
    uint32_t stride;            // buckets allotted to each rung
    struct event_bucket *table; // EVENT_RUNGS * stride of them
    struct event_rung rungs[EVENT_RUNGS];

    struct event_entry *chunks; // the entries of all buckets
    uint32_t *chunk_next;       // chains of chunks, and of free chunks
    uint32_t chunk_count, free_chunk;
    uint32_t capacity; // entries, live and dead, that memory is there for
};

// Makes an empty queue at time 0. `kinds` (1..EVENT_KINDS_MAX of them, borrowed, must outlive the
// queue) says what events can be; `owner` is handed to every handler. Allocates nothing.
void event_queue_init(struct event_queue *queue, const struct event_kind *kinds, size_t kind_count,
                      void *owner);

// Releases the memory. The queue may be initialized again.
void event_queue_free(struct event_queue *queue);

// Forgets every pending event and goes back to time 0; keeps memory. Handles given out before are
// all stale.
void event_queue_clear(struct event_queue *queue);

// Lowers the number of events that may be pending at once (default EVENT_LIMIT_MAX), so that
// whoever lets a guest or a scenario schedule can bound its memory. Does not drop events that are
// already there.
void event_queue_limit(struct event_queue *queue, uint32_t limit);

// Plans an event of `kind` for `time`, which must be from now on and before SIM_TIME_NEVER
// (asserted: scheduling in the past is our bug). Returns its handle, or EVENT_NONE, with the queue
// unchanged, when the limit is reached or memory is out. This is the only function that allocates
// while a simulation runs; O(1) amortized on well-spread times, O(log n) in the worst case. A queue
// gives out at most 2^48 - 1 sequence numbers (asserted).
event_handle_t event_schedule(struct event_queue *queue, sim_time_t time, uint8_t priority,
                              uint32_t kind, uint32_t target, uint64_t arg);

// Takes an event back. Returns whether there was one: false for a stale handle or EVENT_NONE. O(1)
// amortized.
bool event_cancel(struct event_queue *queue, event_handle_t handle);

// Moves a pending event to another time (same rule as for event_schedule), behind those already
// planned for that time and priority. The handle stays good. Returns false, and does nothing, for a
// stale handle or when memory is out.
bool event_reschedule(struct event_queue *queue, event_handle_t handle, sim_time_t time);

// Looks a pending event up; `event` may be NULL. Returns whether the handle names one.
bool event_find(const struct event_queue *queue, event_handle_t handle, struct event *event);

// Takes the earliest event out, moves now to its time and leaves firing it to the caller. False
// when none is pending.
bool event_pop(struct event_queue *queue, struct event *event);

// Fires the earliest event if it is due at `limit` or before. Returns whether it did.
bool event_step(struct event_queue *queue, sim_time_t limit);

// Fires, in order, all events due at `limit` or before, also those scheduled meanwhile; then now is
// `limit` (with SIM_TIME_NEVER, which means until none is left: the time of the last). Returns how
// many fired.
uint64_t event_run_until(struct event_queue *queue, sim_time_t limit);

// Lets time pass without an event: now becomes `time`, which must not be in the past nor beyond the
// next event.
void event_advance(struct event_queue *queue, sim_time_t time);

// When the next event is due, or SIM_TIME_NEVER. One load: a CPU may look at every instruction.
static inline sim_time_t event_next_time(const struct event_queue *queue)
{
    return queue->next_time;
}

// The time of the last event fired or of the last advance.
static inline sim_time_t event_now(const struct event_queue *queue)
{
    return queue->now;
}

// How many events are pending.
static inline uint32_t event_count(const struct event_queue *queue)
{
    return queue->live;
}

// The name of an event's kind.
static inline const char *event_name(const struct event_queue *queue, const struct event *event)
{
    return queue->kinds[event->kind].name;
}

// Writes the earliest pending events, at most `max`, to `out` in firing order; returns how many.
// O(n log max), changes nothing, allocates nothing.
size_t event_queue_list(const struct event_queue *queue, struct event *out, size_t max);

// Makes `to` (initialized; its own events are dropped) hold what `from` holds: times, order,
// handles, and what will be given out next, so that both go on identically. Kinds and owner of `to`
// stay. False, with `to` cleared, when memory is out.
bool event_queue_copy(struct event_queue *to, const struct event_queue *from);

// How many bytes event_queue_save() writes now.
size_t event_queue_image_size(const struct event_queue *queue);

// Writes the queue as little-endian bytes: event_queue_image_size() of them, into `image`. The
// bytes depend on what was scheduled and when, never on the layout in memory, the compiler or the
// table sizes: equal histories give equal images.
void event_queue_save(const struct event_queue *queue, uint8_t *image);

// Reads an image back into `queue` (initialized; its own events are dropped; kinds and owner stay).
// The bytes are not trusted: returns NULL on success, else one phrase (static) saying what is wrong
// with them, with the queue cleared.
const char *event_queue_load(struct event_queue *queue, const uint8_t *image, size_t size);

#endif
