// What the parts of the event queue share, and nobody else: order, liveness, buckets, and the
// ladder's operations. The picture of the ladder is in event_ladder.c.
#ifndef RINGSIDE_SIM_EVENT_LADDER_H
#define RINGSIDE_SIM_EVENT_LADDER_H

#include "sim/event.h"

#include <assert.h>

// Sizes found by bench/bench_event.c; the small ones make every boundary near.
#ifdef RINGSIDE_SMALL_TABLES
enum {
    CHUNK = 2,
    BUCKETS_MAX = 4,
    BUCKET_AIM = 1,
    RUN_MAX = 3,
    RUN_INSERT_MAX = 2,
    LATE_MAX = 3,
    CAPACITY_FIRST = 3,
    DEAD_MIN = 2,
};
#else
enum {
    CHUNK = 16,         // entries in a chunk of a bucket
    BUCKETS_MAX = 1024, // buckets in a rung: their tails and headers stay in a 512 KiB L2 cache
    BUCKET_AIM = 1, // buckets per entry when a rung is made: times tend to be denser at its start
    RUN_MAX = 48,   // entries that are sorted at once rather than spread further
    RUN_INSERT_MAX = 24, // entries in the run that a late one is still sorted into
    LATE_MAX = 64,       // entries in the heap that make it worth a rung of its own
    CAPACITY_FIRST = 64, // entries that memory is first allocated for
    DEAD_MIN = 64,       // dead entries that are never worth a sweep
};
#endif

enum { SLOT_BITS = 28, KIND_BITS = 8, SEQUENCE_BITS = 48 };
#define NO_INDEX     UINT32_MAX
#define SLOT_MASK    ((UINT64_C(1) << SLOT_BITS) - 1)
#define SEQUENCE_MAX ((UINT64_C(1) << SEQUENCE_BITS) - 1)

static_assert(sizeof(struct event_slot) == 32, "a slot costs one cache miss, never two");
static_assert(EVENT_LIMIT_MAX <= SLOT_MASK, "every pending event has a slot number");

// The total order, compared as one number of 128 bits: a subtraction with borrow and no branch. In
// a heap or a sort the outcome is a coin toss that no branch predictor wins.
__extension__ typedef unsigned __int128 event_key;

static inline bool key_before(sim_time_t time, uint64_t order, const struct event_entry *entry)
{
    return ((event_key)time << 64 | order) < ((event_key)entry->time << 64 | entry->order);
}

static inline bool entry_before(const struct event_entry *a, const struct event_entry *b)
{
    return key_before(a->time, a->order, b);
}

// Orders are never given out twice, so an entry whose order is not its slot's was cancelled or
// moved.
static inline bool entry_live(const struct event_queue *q, const struct event_entry *entry)
{
    return q->slots[entry->slot].order == entry->order;
}

// Field by field, because entries are made and moved in quick succession: a wide load of what
// narrow stores have just written stalls.
static inline void entry_set(struct event_entry *entry, sim_time_t time, uint64_t order,
                             uint32_t slot)
{
    entry->time = time;
    entry->order = order;
    entry->slot = slot;
}

static inline uint8_t order_priority(uint64_t order)
{
    return (uint8_t)(order >> (64 - 8));
}
static inline uint64_t order_sequence(uint64_t order)
{
    return order >> KIND_BITS & SEQUENCE_MAX;
}
static inline uint8_t order_kind(uint64_t order)
{
    return (uint8_t)order;
}

// Chunks and buckets. A bucket is filled by appending and emptied as a whole, chunk by chunk.
#define EMPTY_BUCKET ((struct event_bucket){NO_INDEX, NO_INDEX, 0})

// Never fails: ladder_grow() made chunks for the worst case.
static inline uint32_t chunk_take(struct event_queue *q)
{
    uint32_t chunk = q->free_chunk;
    if (chunk == NO_INDEX) {
        chunk = q->chunk_count++;
    } else {
        q->free_chunk = q->chunk_next[chunk];
    }
    return chunk;
}

static inline struct event_entry *chunk_entries(const struct event_queue *q, uint32_t chunk)
{
    return &q->chunks[(size_t)chunk * CHUNK];
}

static inline void chain_chunk(struct event_queue *q, struct event_bucket *bucket)
{
    uint32_t chunk = chunk_take(q);
    q->chunk_next[chunk] = NO_INDEX;
    if (bucket->count == 0) {
        bucket->head = chunk;
    } else {
        q->chunk_next[bucket->tail] = chunk;
    }
    bucket->tail = chunk;
}

static inline void bucket_append(struct event_queue *q, struct event_bucket *bucket,
                                 sim_time_t time, uint64_t order, uint32_t slot)
{
    uint32_t at = bucket->count % CHUNK;
    if (at == 0) {
        chain_chunk(q, bucket);
    }
    entry_set(&chunk_entries(q, bucket->tail)[at], time, order, slot);
    bucket->count++;
}

// Entries in the head chunk of a bucket that is being read chunk by chunk.
static inline uint32_t head_fill(const struct event_bucket *bucket)
{
    return bucket->count < CHUNK ? bucket->count : CHUNK;
}

// Lets go of the head chunk once it is read; until then an append elsewhere must not be given it.
static inline void bucket_behead(struct event_queue *q, struct event_bucket *bucket)
{
    uint32_t chunk = bucket->head;
    bucket->count -= head_fill(bucket);
    bucket->head = q->chunk_next[chunk];
    q->chunk_next[chunk] = q->free_chunk;
    q->free_chunk = chunk;
}

static inline struct event_bucket *rung_buckets(const struct event_queue *q, uint32_t rung)
{
    return &q->table[(size_t)rung * q->stride];
}

static inline uint32_t rung_slice(const struct event_rung *rung, sim_time_t time)
{
    uint64_t slice = (time - rung->base) >> rung->shift;
    return slice < rung->buckets ? (uint32_t)slice : rung->buckets - 1;
}

// Puts an entry into the bottom; may spill it, and then settles.
void ladder_insert_bottom(struct event_queue *q, sim_time_t time, uint64_t order, uint32_t slot);

// Puts an entry where its time belongs. Memory for it must be there (ladder_reserve).
static inline void ladder_insert(struct event_queue *q, sim_time_t time, uint64_t order,
                                 uint32_t slot)
{
    if (time >= q->top_low) {
        bucket_append(q, &q->top, time, order, slot);
        return;
    }
    for (uint32_t i = 0; i < q->rung_count; i++) {
        struct event_rung *rung = &q->rungs[i];
        if (time >= rung->low) {
            rung->count++;
            bucket_append(q, rung_buckets(q, i) + rung_slice(rung, time), time, order, slot);
            return;
        }
    }
    ladder_insert_bottom(q, time, order, slot);
}

// Makes the head and next_time right again after the head was taken or cancelled, or something was
// put in before it.
void ladder_settle(struct event_queue *q);

// Removes the heap's root.
void ladder_heap_pop(struct event_queue *q);

// Removes the head and finds the next.
static inline void ladder_next(struct event_queue *q)
{
    if (!q->head_in_heap) {
        assert(q->run_at < q->run_end);
        q->run_at++;
        if (q->dead == 0 && q->heap_count == 0 && q->run_at < q->run_end) {
            q->next_time = q->run[q->run_at].time;
            q->head_order = q->run[q->run_at].order;
            return;
        }
    } else {
        ladder_heap_pop(q);
    }
    ladder_settle(q);
}

// Makes room for one more entry: sweeps out the dead or doubles the memory. False, with the events
// unchanged, when memory is out.
bool ladder_reserve(struct event_queue *q);

// Makes memory for `capacity` entries in all, more than now. Same failure. Leaves the queue to be
// settled.
bool ladder_grow(struct event_queue *q, uint32_t capacity);

// Drops the dead entries and moves all others to top; the caller settles.
void ladder_sweep(struct event_queue *q);

// Forgets all entries, keeps memory.
void ladder_reset(struct event_queue *q);

// The event in a slot that is not free.
void event_from_slot(const struct event_queue *q, uint32_t index, struct event *event);

#endif
