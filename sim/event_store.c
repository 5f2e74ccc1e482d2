// The memory of the event queue: growing it, and sweeping the dead out of it. Everything that can
// run out of memory is here, and only scheduling calls it.
#include "sim/event_ladder.h"

#include <stdlib.h>
#include <string.h>

// Replaces *block by a larger one on a cache line, with the first `used` bytes kept. On failure
// *block is as it was.
static bool enlarge(void **block, size_t used, size_t size)
{
    void *larger = aligned_alloc(64, (size + 63) & ~(size_t)63);
    if (!larger) {
        return false;
    }
    if (used > 0) {
        memcpy(larger, *block, used);
    }
    free(*block);
    *block = larger;
    return true;
}

#define ENLARGE(pointer, used, count)                            \
    do {                                                         \
        void *block = (pointer);                                 \
        if (!enlarge(&block, (size_t)(used) * sizeof *(pointer), \
                     (size_t)(count) * sizeof *(pointer))) {     \
            return false;                                        \
        }                                                        \
        (pointer) = block;                                       \
    } while (0)

// Full chunks for all entries, and a broken one for each bucket that can have any, for top, for a
// bucket being read, and the chunk being read itself.
static uint32_t chunks_needed(uint32_t capacity, uint32_t stride)
{
    uint32_t buckets = EVENT_RUNGS * stride;
    return capacity / CHUNK + (buckets < capacity ? buckets : capacity) + 3;
}

bool ladder_grow(struct event_queue *q, uint32_t capacity)
{
    assert(capacity > q->capacity);
    uint32_t stride = 2;
    while (stride < BUCKETS_MAX && stride < BUCKET_AIM * capacity) {
        stride *= 2;
    }
    if (stride != q->stride) {
        if (q->capacity > 0) {
            ladder_sweep(q); // the rungs must be empty when they are laid out anew
        }
        ENLARGE(q->table, 0, EVENT_RUNGS * stride);
        q->stride = stride;
    }
    uint32_t chunks = chunks_needed(capacity, stride);
    ENLARGE(q->slots, q->slot_count, capacity);
    ENLARGE(q->run, q->run_end, capacity);
    ENLARGE(q->heap, q->heap_count, capacity);
    ENLARGE(q->chunk_next, q->chunk_count, chunks);
    ENLARGE(q->chunks, q->chunk_count * CHUNK, (size_t)chunks * CHUNK);
    q->capacity = capacity;
    return true;
}

bool ladder_reserve(struct event_queue *q)
{
    assert(q->live + q->dead == q->capacity);
    uint32_t capacity = q->capacity == 0 ? CAPACITY_FIRST : 2 * q->capacity;
    bool room = q->dead <= q->capacity / 2 && ladder_grow(q, capacity);
    if (!room && q->dead > 0) {
        ladder_sweep(q);
        room = true;
    }
    ladder_settle(q); // growing may have emptied the bottom, even where it failed
    return room;
}

static void keep_live(struct event_queue *q, const struct event_entry *entries, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (entry_live(q, &entries[i])) {
            bucket_append(q, &q->top, entries[i].time, entries[i].order, entries[i].slot);
        }
    }
}

static void keep_bucket(struct event_queue *q, struct event_bucket from)
{
    while (from.count > 0) {
        keep_live(q, chunk_entries(q, from.head), head_fill(&from));
        bucket_behead(q, &from);
    }
}

void ladder_sweep(struct event_queue *q)
{
    struct event_bucket top = q->top;
    q->top = EMPTY_BUCKET;
    keep_live(q, q->run + q->run_at, q->run_end - q->run_at);
    keep_live(q, q->heap, q->heap_count);
    for (uint32_t r = 0; r < q->rung_count; r++) {
        for (uint32_t b = q->rungs[r].current; b < q->rungs[r].buckets; b++) {
            keep_bucket(q, q->table[(size_t)r * q->stride + b]);
        }
    }
    keep_bucket(q, top);
    q->run_at = q->run_end = q->heap_count = 0;
    q->rung_count = 0;
    q->top_low = 0;
    q->dead = 0;
    assert(q->top.count == q->live);
}

void event_queue_free(struct event_queue *q)
{
    free(q->slots);
    free(q->run);
    free(q->heap);
    free(q->table);
    free(q->chunks);
    free(q->chunk_next);
    *q = (struct event_queue){0};
}
