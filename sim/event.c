// The event queue as its users see it: handles, scheduling, cancelling, firing. Where entries are
// kept is the ladder's affair.
//
// A handle is a slot number and the sequence number at its birth. A slot holds the order of the one
// entry that counts for the handle, so cancelling is to clear it: the entry stays behind, dead, and
// is dropped when it surfaces, or swept out when the dead outnumber the living.
#include "sim/event_ladder.h"

void event_queue_init(struct event_queue *q, const struct event_kind *kinds, size_t kind_count,
                      void *owner)
{
    assert(kinds && kind_count > 0 && kind_count <= EVENT_KINDS_MAX);
    *q = (struct event_queue){.kinds = kinds,
                              .kind_count = (uint32_t)kind_count,
                              .owner = owner,
                              .limit = EVENT_LIMIT_MAX};
    q->free_slot = NO_INDEX;
    ladder_reset(q);
}

void event_queue_clear(struct event_queue *q)
{
    ladder_reset(q);
    // The sequence goes on: were it to begin again, a stale handle could name a new event.
    q->slot_count = 0;
    q->free_slot = NO_INDEX;
    q->now = 0;
}

void event_queue_limit(struct event_queue *q, uint32_t limit)
{
    assert(limit <= EVENT_LIMIT_MAX);
    q->limit = limit;
}

// ---- handles ------------------------------------------------------------------------------------

static inline uint64_t next_order(struct event_queue *q, uint8_t priority, uint32_t kind)
{
    assert(q->sequence < SEQUENCE_MAX);
    q->sequence++;
    return (uint64_t)priority << (64 - 8) | q->sequence << KIND_BITS | kind;
}

static inline event_handle_t make_handle(uint32_t birth, uint32_t index)
{
    return (event_handle_t)birth << SLOT_BITS | index;
}

// The slot of a pending event, or NULL for a stale handle.
static inline struct event_slot *find_slot(const struct event_queue *q, event_handle_t handle)
{
    uint32_t index = (uint32_t)(handle & SLOT_MASK);
    if (index >= q->slot_count || q->slots[index].order == 0 ||
        handle >> SLOT_BITS != q->slots[index].birth) {
        return NULL;
    }
    return &q->slots[index];
}

static inline uint32_t take_slot(struct event_queue *q)
{
    uint32_t index = q->free_slot;
    if (index == NO_INDEX) {
        assert(q->slot_count < q->capacity);
        return q->slot_count++;
    }
    q->free_slot = (uint32_t)q->slots[index].time;
    return index;
}

// The last slot given back is the first reused: it is still in the cache.
static inline void free_slot(struct event_queue *q, uint32_t index)
{
    q->slots[index].order = 0;
    q->slots[index].time = q->free_slot;
    q->free_slot = index;
}

void event_from_slot(const struct event_queue *q, uint32_t index, struct event *event)
{
    const struct event_slot *slot = &q->slots[index];
    assert(slot->order != 0);
    *event = (struct event){.time = slot->time,
                            .sequence = order_sequence(slot->order),
                            .handle = make_handle(slot->birth, index),
                            .arg = slot->arg,
                            .target = slot->target,
                            .kind = order_kind(slot->order),
                            .priority = order_priority(slot->order)};
}

bool event_find(const struct event_queue *q, event_handle_t handle, struct event *event)
{
    if (!find_slot(q, handle)) {
        return false;
    }
    if (event) {
        event_from_slot(q, (uint32_t)(handle & SLOT_MASK), event);
    }
    return true;
}

// ---- scheduling ---------------------------------------------------------------------------------

// Whether one more entry fits, after making room if need be.
static inline bool have_room(struct event_queue *q)
{
    return q->live + q->dead < q->capacity || ladder_reserve(q);
}

// Lets the ladder know of a slot that has been filled in with this time and order. They are handed
// over in registers: reading them back from the slot would wait for the stores.
static inline void insert(struct event_queue *q, uint32_t index, sim_time_t time, uint64_t order)
{
    bool first = time < q->next_time || (time == q->next_time && order < q->head_order);
    q->live++;
    ladder_insert(q, time, order, index);
    if (first) {
        ladder_settle(q);
    }
}

event_handle_t event_schedule(struct event_queue *q, sim_time_t time, uint8_t priority,
                              uint32_t kind, uint32_t target, uint64_t arg)
{
    assert(time >= q->now && time < SIM_TIME_NEVER);
    assert(kind < q->kind_count);
    if (q->live >= q->limit || !have_room(q)) {
        return EVENT_NONE;
    }
    uint32_t index = take_slot(q);
    uint64_t order = next_order(q, priority, kind);
    if (make_handle((uint32_t)q->sequence, index) == EVENT_NONE) { // at most once in 2^32
        order = next_order(q, priority, kind);
    }
    uint32_t birth = (uint32_t)q->sequence;
    q->slots[index] = (struct event_slot){
        .order = order, .time = time, .arg = arg, .target = target, .birth = birth};
    insert(q, index, time, order);
    return make_handle(birth, index);
}

// Accounts for an entry that has died. The head must always be alive, so if it was the head the
// next one is found at once.
static void bury(struct event_queue *q, uint64_t order)
{
    q->live--;
    q->dead++;
    bool sweep = q->dead > q->live + DEAD_MIN;
    if (sweep) {
        ladder_sweep(q);
    }
    if (sweep || order == q->head_order) {
        ladder_settle(q);
    }
}

bool event_cancel(struct event_queue *q, event_handle_t handle)
{
    struct event_slot *slot = find_slot(q, handle);
    if (!slot) {
        return false;
    }
    uint64_t order = slot->order;
    free_slot(q, (uint32_t)(handle & SLOT_MASK));
    bury(q, order);
    return true;
}

bool event_reschedule(struct event_queue *q, event_handle_t handle, sim_time_t time)
{
    assert(time >= q->now && time < SIM_TIME_NEVER);
    if (!find_slot(q, handle) || !have_room(q)) {
        return false;
    }
    struct event_slot *slot = find_slot(q, handle); // making room may have moved it
    uint64_t old = slot->order, order = next_order(q, order_priority(old), order_kind(old));
    slot->order = order;
    slot->time = time;
    bury(q, old);
    insert(q, (uint32_t)(handle & SLOT_MASK), time, order);
    return true;
}

// ---- firing -------------------------------------------------------------------------------------

bool event_pop(struct event_queue *q, struct event *event)
{
    if (q->live == 0) {
        return false;
    }
    uint32_t index = q->head_in_heap ? q->heap[0].slot : q->run[q->run_at].slot;
    assert(q->slots[index].order == q->head_order);
    event_from_slot(q, index, event);
    free_slot(q, index);
    q->now = event->time;
    q->live--;
    ladder_next(q);
    return true;
}

bool event_step(struct event_queue *q, sim_time_t limit)
{
    struct event event;
    if (q->next_time > limit || !event_pop(q, &event)) {
        return false;
    }
    q->kinds[event.kind].fire(q->owner, &event);
    return true;
}

uint64_t event_run_until(struct event_queue *q, sim_time_t limit)
{
    uint64_t fired = 0;
    while (event_step(q, limit)) {
        fired++;
    }
    if (limit != SIM_TIME_NEVER) {
        event_advance(q, limit);
    }
    return fired;
}

void event_advance(struct event_queue *q, sim_time_t time)
{
    assert(time >= q->now && time <= q->next_time);
    q->now = time;
}
