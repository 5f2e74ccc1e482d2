// The ladder under the event queue. Time is cut up like this, earliest on the left:
//
//     bottom                       rungs, innermost .. outermost               top
//     run (sorted) + heap (late)   [b b b b b b] .. [b b b b b b b b b b]      unsorted
//                             ^low             ^low                      ^top_low
//
// An event goes to the outermost part whose low it reaches: an append to a bucket. When the bottom
// is empty, the next bucket of the innermost rung comes down: a small one is sorted into the run, a
// large one is spread over a new rung further in, as wide as its entries really are. So an entry
// moves a few times, always in company, instead of log n times alone. Entries that come too late
// for the run go to a heap; if the heap grows, it is spread over a rung as well. What cannot be
// spread (all at one tick, or no rung left) stays in the heap: that bounds every operation by
// O(log n) amortized.
#include "sim/event_ladder.h"

#include <string.h>

static inline void append_entry(struct event_queue *q, struct event_bucket *bucket,
                                const struct event_entry *entry)
{
    bucket_append(q, bucket, entry->time, entry->order, entry->slot);
}

struct span {
    sim_time_t min, max;
};

static inline void span_add(struct span *span, sim_time_t time)
{
    span->min = time < span->min ? time : span->min;
    span->max = time > span->max ? time : span->max;
}

static struct span bucket_span(const struct event_queue *q, struct event_bucket bucket)
{
    struct span span = {SIM_TIME_NEVER, 0};
    for (uint32_t chunk = bucket.head; bucket.count > 0; chunk = q->chunk_next[chunk]) {
        const struct event_entry *entries = chunk_entries(q, chunk);
        uint32_t fill = head_fill(&bucket);
        for (uint32_t i = 0; i < fill; i++) {
            span_add(&span, entries[i].time);
        }
        bucket.count -= fill;
    }
    return span;
}

// ---- the heap of the bottom: 4-ary, so that it is half as deep as a binary one ------------------

static void heap_sift_down(struct event_queue *q, uint32_t at, const struct event_entry *entry)
{
    struct event_entry *heap = q->heap;
    uint32_t count = q->heap_count;
    for (uint32_t child; (child = 4 * at + 1) < count; at = child) {
        uint32_t end = count - child < 4 ? count : child + 4;
        for (uint32_t i = child + 1; i < end; i++) {
            child = entry_before(&heap[i], &heap[child]) ? i : child;
        }
        if (!entry_before(&heap[child], entry)) {
            break;
        }
        heap[at] = heap[child];
    }
    heap[at] = *entry;
}

static void heap_push(struct event_queue *q, sim_time_t time, uint64_t order, uint32_t slot)
{
    struct event_entry *heap = q->heap;
    uint32_t at = q->heap_count++;
    while (at > 0 && key_before(time, order, &heap[(at - 1) / 4])) {
        heap[at] = heap[(at - 1) / 4];
        at = (at - 1) / 4;
    }
    entry_set(&heap[at], time, order, slot);
}

void ladder_heap_pop(struct event_queue *q)
{
    assert(q->heap_count > 0);
    struct event_entry last = q->heap[--q->heap_count];
    if (q->heap_count > 0) {
        heap_sift_down(q, 0, &last);
    }
}

static void heap_build(struct event_queue *q)
{
    for (uint32_t i = q->heap_count / 4 + 1; i-- > 0;) {
        if (i < q->heap_count) {
            struct event_entry entry = q->heap[i];
            heap_sift_down(q, i, &entry);
        }
    }
}

// ---- rungs --------------------------------------------------------------------------------------

// Where slice `slice` begins; SIM_TIME_NEVER if that is beyond time.
static sim_time_t slice_start(const struct event_rung *rung, uint32_t slice)
{
    if ((SIM_TIME_NEVER - rung->base) >> rung->shift < slice) {
        return SIM_TIME_NEVER;
    }
    return rung->base + ((sim_time_t)slice << rung->shift);
}

// Where the bottom ends.
static inline sim_time_t bottom_end(const struct event_queue *q)
{
    return q->rung_count > 0 ? q->rungs[q->rung_count - 1].low : q->top_low;
}

// Moves the end of the bottom (and with it the start of what lies above). A rung cannot reach back
// before its base: then what falls between is the bottom's.
static void set_bottom_end(struct event_queue *q, sim_time_t time)
{
    if (q->rung_count == 0) {
        q->top_low = time;
        return;
    }
    struct event_rung *rung = &q->rungs[q->rung_count - 1];
    rung->low = time < rung->base ? rung->base : time;
    rung->current = rung_slice(rung, rung->low);
}

static uint32_t bit_length(uint64_t x)
{
    return x == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(x);
}

// Adds an innermost rung just wide enough for `count` entries within `span`, and no wider than
// `end`.
static void rung_push(struct event_queue *q, uint32_t count, struct span span, sim_time_t end)
{
    assert(q->rung_count < EVENT_RUNGS && span.min < span.max && span.max < end);
    uint32_t bits = 1;
    while (bits < 31 && (1u << bits) < q->stride && (1u << bits) < BUCKET_AIM * count) {
        bits++;
    }
    uint32_t width = bit_length(span.max - span.min);
    struct event_rung rung = {.base = span.min, .low = span.min};
    rung.shift = width > bits ? width - bits : 0;
    rung.buckets = (uint32_t)((span.max - span.min) >> rung.shift) + 1;
    assert(rung.buckets <= q->stride);
    sim_time_t last = slice_start(&rung, rung.buckets);
    set_bottom_end(q, last < end ? last : end);
    struct event_bucket *buckets = rung_buckets(q, q->rung_count);
    for (uint32_t i = 0; i < rung.buckets; i++) {
        buckets[i] = EMPTY_BUCKET;
    }
    q->rungs[q->rung_count++] = rung;
}

// Drops the innermost rung, which is empty; the one above takes its time back, so that what comes
// meanwhile is not late.
static void rung_pop(struct event_queue *q)
{
    assert(q->rung_count > 0 && q->rungs[q->rung_count - 1].count == 0);
    sim_time_t low = q->rungs[--q->rung_count].low;
    set_bottom_end(q, low);
}

static void spread(struct event_queue *q, struct event_bucket from)
{
    struct event_rung *rung = &q->rungs[q->rung_count - 1];
    struct event_bucket *buckets = rung_buckets(q, q->rung_count - 1);
    rung->count = from.count;
    while (from.count > 0) {
        const struct event_entry *entries = chunk_entries(q, from.head);
        uint32_t fill = head_fill(&from);
        for (uint32_t i = 0; i < fill; i++) {
            append_entry(q, &buckets[rung_slice(rung, entries[i].time)], &entries[i]);
        }
        bucket_behead(q, &from);
    }
}

// ---- filling the bottom -------------------------------------------------------------------------

// Sorts the entries of one chunk into the run by counting, for each, how many come before it. That
// is quadratic, but without a branch that depends on the entries, and so beats, for so few, every
// sort that mispredicts once an entry.
static void run_rank(struct event_entry *run, const struct event_entry *from, uint32_t count)
{
    uint32_t rank[CHUNK];
    for (uint32_t i = 0; i < count; i++) {
        uint32_t before = i;
        for (uint32_t j = 0; j < i; j++) {
            uint32_t swapped = entry_before(&from[i], &from[j]);
            rank[j] += swapped;
            before -= swapped;
        }
        rank[i] = before;
    }
    for (uint32_t i = 0; i < count; i++) {
        run[rank[i]] = from[i];
    }
}

static void run_sort(struct event_entry *run, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        struct event_entry entry = run[i];
        uint32_t at = i;
        while (at > 0 && entry_before(&entry, &run[at - 1])) {
            run[at] = run[at - 1];
            at--;
        }
        run[at] = entry;
    }
}

// Copies a bucket into the empty run; returns whether it came out sorted. Fetches the slots that
// popping will need: at a million events they are far away.
static bool run_fill(struct event_queue *q, struct event_bucket from)
{
    bool sorted = true;
    uint32_t end = 0;
    while (from.count > 0) {
        const struct event_entry *entries = chunk_entries(q, from.head);
        uint32_t fill = head_fill(&from);
        for (uint32_t i = 0; i < fill; i++, end++) {
            q->run[end] = entries[i];
            __builtin_prefetch(&q->slots[entries[i].slot], 1);
            sorted &= end == 0 || entry_before(&q->run[end - 1], &q->run[end]);
        }
        bucket_behead(q, &from);
    }
    q->run_at = 0;
    q->run_end = end;
    return sorted;
}

// Brings a bucket down as it is; the bottom then ends at `end`. What is neither small nor sorted
// becomes the heap: equal times in order of scheduling, however many, arrive here sorted.
static void bring_down(struct event_queue *q, struct event_bucket from, sim_time_t end)
{
    set_bottom_end(q, end);
    if (from.count <= CHUNK) {
        const struct event_entry *entries = chunk_entries(q, from.head);
        for (uint32_t i = 0; i < from.count; i++) {
            __builtin_prefetch(&q->slots[entries[i].slot], 1);
        }
        run_rank(q->run, entries, from.count);
        q->run_at = 0;
        q->run_end = from.count;
        bucket_behead(q, &from);
    } else if (!run_fill(q, from)) {
        if (q->run_end <= RUN_MAX) {
            run_sort(q->run, q->run_end);
        } else {
            struct event_entry *heap = q->heap;
            q->heap = q->run;
            q->run = heap;
            q->heap_count = q->run_end;
            q->run_end = 0;
            heap_build(q);
        }
    }
    q->spill_at = q->heap_count + LATE_MAX;
}

// Takes the earliest bucket out of what lies above the bottom; `end` is where its slice ends. False
// if nothing is left.
static bool take_bucket(struct event_queue *q, struct event_bucket *bucket, sim_time_t *end)
{
    while (q->rung_count > 0 && q->rungs[q->rung_count - 1].count == 0) {
        rung_pop(q);
    }
    struct event_bucket *from = &q->top;
    *end = SIM_TIME_NEVER;
    if (q->rung_count > 0) {
        uint32_t inner = q->rung_count - 1;
        struct event_rung *rung = &q->rungs[inner];
        from = rung_buckets(q, inner) + rung->current;
        for (; from->count == 0; from++) {
            rung->current++;
            assert(rung->current < rung->buckets);
        }
        rung->count -= from->count;
        // The slice may reach into what a rung further out has; its last slice reaches as far as
        // the rung does.
        sim_time_t outer = inner > 0 ? q->rungs[inner - 1].low : q->top_low;
        sim_time_t next = slice_start(rung, rung->current + 1);
        *end = rung->current + 1 == rung->buckets || next > outer ? outer : next;
    }
    *bucket = *from;
    *from = EMPTY_BUCKET;
    return bucket->count > 0;
}

// Fills the empty bottom with the earliest entries. With nothing left it makes the bottom endless,
// and returns false.
static bool refill(struct event_queue *q)
{
    assert(q->run_at == q->run_end && q->heap_count == 0);
    q->run_at = q->run_end = 0;
    struct event_bucket bucket;
    sim_time_t end;
    while (take_bucket(q, &bucket, &end)) {
        if (bucket.count <= RUN_MAX) {
            bring_down(q, bucket, end);
            return true;
        }
        struct span span = bucket_span(q, bucket);
        if (span.min == span.max) {
            bring_down(q, bucket, span.max + 1);
            return true;
        }
        if (q->rung_count == EVENT_RUNGS) {
            bring_down(q, bucket, end);
            return true;
        }
        rung_push(q, bucket.count, span, end);
        spread(q, bucket);
    }
    q->top_low = SIM_TIME_NEVER;
    q->spill_at = LATE_MAX;
    return false;
}

// The heap has grown too large: spreads the bottom over a rung of its own, if it can be spread.
static __attribute__((noinline)) void spill(struct event_queue *q)
{
    struct span span = {SIM_TIME_NEVER, 0};
    for (uint32_t i = q->run_at; i < q->run_end; i++) {
        span_add(&span, q->run[i].time);
    }
    for (uint32_t i = 0; i < q->heap_count; i++) {
        span_add(&span, q->heap[i].time);
    }
    if (span.min == span.max || q->rung_count == EVENT_RUNGS) {
        q->spill_at = 2 * q->heap_count; // look again when that would have paid
        return;
    }
    struct event_bucket all = EMPTY_BUCKET;
    for (uint32_t i = q->run_at; i < q->run_end; i++) {
        append_entry(q, &all, &q->run[i]);
    }
    for (uint32_t i = 0; i < q->heap_count; i++) {
        append_entry(q, &all, &q->heap[i]);
    }
    q->run_at = q->run_end = q->heap_count = 0;
    rung_push(q, all.count, span, bottom_end(q));
    spread(q, all);
    ladder_settle(q);
}

// ---- the operations -----------------------------------------------------------------------------

// Keeps the run sorted as long as moving its tail is cheaper than a heap; the run's room is made by
// sliding it down when it reaches the end of its memory, which it does at most once in
// RUN_INSERT_MAX inserts unless memory is that small.
static void run_insert(struct event_queue *q, sim_time_t time, uint64_t order, uint32_t slot)
{
    if (q->run_end == q->capacity) {
        memmove(q->run, q->run + q->run_at, (q->run_end - q->run_at) * sizeof *q->run);
        q->run_end -= q->run_at;
        q->run_at = 0;
    }
    struct event_entry *at = q->run + q->run_end++, *first = q->run + q->run_at;
    while (at > first && key_before(time, order, at - 1)) {
        entry_set(at, at[-1].time, at[-1].order, at[-1].slot);
        at--;
    }
    entry_set(at, time, order, slot);
}

void ladder_insert_bottom(struct event_queue *q, sim_time_t time, uint64_t order, uint32_t slot)
{
    if (q->run_end - q->run_at < RUN_INSERT_MAX) {
        run_insert(q, time, order, slot);
        return;
    }
    heap_push(q, time, order, slot);
    if (q->heap_count > q->spill_at) {
        spill(q);
    }
}

static void drop_dead_heads(struct event_queue *q)
{
    while (q->run_at < q->run_end && !entry_live(q, &q->run[q->run_at])) {
        q->run_at++;
        q->dead--;
    }
    while (q->heap_count > 0 && !entry_live(q, &q->heap[0])) {
        ladder_heap_pop(q);
        q->dead--;
    }
}

void ladder_settle(struct event_queue *q)
{
    do {
        if (q->dead > 0) {
            drop_dead_heads(q);
        }
    } while (q->run_at == q->run_end && q->heap_count == 0 && refill(q));
    const struct event_entry *head = NULL;
    q->head_in_heap = q->heap_count > 0;
    if (q->head_in_heap) {
        head = &q->heap[0];
    }
    if (q->run_at < q->run_end && (!head || entry_before(&q->run[q->run_at], head))) {
        q->head_in_heap = false;
        head = &q->run[q->run_at];
    }
    q->next_time = head ? head->time : SIM_TIME_NEVER;
    q->head_order = head ? head->order : 0;
}

void ladder_reset(struct event_queue *q)
{
    q->live = q->dead = 0;
    q->run_at = q->run_end = q->heap_count = 0;
    q->rung_count = 0;
    q->top = EMPTY_BUCKET;
    q->top_low = SIM_TIME_NEVER;
    q->spill_at = LATE_MAX;
    q->chunk_count = 0;
    q->free_chunk = NO_INDEX;
    q->next_time = SIM_TIME_NEVER;
    q->head_order = 0;
    q->head_in_heap = false;
}
