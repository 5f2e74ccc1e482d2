// The event queue as a value: listing, copying, saving and loading it. All of this reads the slots
// only, which know every pending event in full; where the ladder keeps its entries never matters,
// so equal histories give equal bytes.
//
// Image, all little-endian: version, slots, first free slot, live events (4 bytes each), now, last
// sequence number (8 bytes each); then per slot: order, time (in a free slot: the next free one),
// arg (8 bytes each), target, birth (4 bytes each).
#include "sim/event_ladder.h"

enum { IMAGE_VERSION = 1, IMAGE_HEADER = 4 * 4 + 2 * 8, IMAGE_SLOT = 3 * 8 + 2 * 4 };

// ---- listing ------------------------------------------------------------------------------------

static bool fires_before(const struct event *a, const struct event *b)
{
    if (a->time != b->time) {
        return a->time < b->time;
    }
    return a->priority != b->priority ? a->priority < b->priority : a->sequence < b->sequence;
}

// Restores the heap (latest event at the root) of `count` events below `at`.
static void sift_down(struct event *heap, size_t count, size_t at)
{
    struct event event = heap[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        child += child + 1 < count && fires_before(&heap[child], &heap[child + 1]);
        if (!fires_before(&event, &heap[child])) {
            break;
        }
        heap[at] = heap[child];
    }
    heap[at] = event;
}

size_t event_queue_list(const struct event_queue *q, struct event *out, size_t max)
{
    size_t count = 0;
    for (uint32_t i = 0; i < q->slot_count && max > 0; i++) {
        if (q->slots[i].order == 0) {
            continue;
        }
        struct event event;
        event_from_slot(q, i, &event);
        if (count < max) {
            out[count++] = event;
            for (size_t at = count / 2; count == max && at-- > 0;) {
                sift_down(out, count, at);
            }
        } else if (fires_before(&event, &out[0])) {
            out[0] = event;
            sift_down(out, count, 0);
        }
    }
    for (size_t at = count < max ? count / 2 : 0; at-- > 0;) {
        sift_down(out, count, at);
    }
    for (size_t left = count; left > 1;) {
        struct event latest = out[0];
        out[0] = out[--left];
        sift_down(out, left, 0);
        out[left] = latest;
    }
    return count;
}

// ---- copying ------------------------------------------------------------------------------------

// Gives the ladder its entries anew, out of filled slots.
static void rebuild(struct event_queue *q)
{
    ladder_reset(q);
    for (uint32_t i = 0; i < q->slot_count; i++) {
        if (q->slots[i].order != 0) {
            bucket_append(q, &q->top, q->slots[i].time, q->slots[i].order, i);
            q->live++;
        }
    }
    q->top_low = 0;
    ladder_settle(q);
}

// Empties the queue and makes memory for `slots` slots.
static bool make_empty(struct event_queue *q, uint32_t slots)
{
    event_queue_clear(q);
    return slots <= q->capacity || ladder_grow(q, slots);
}

bool event_queue_copy(struct event_queue *to, const struct event_queue *from)
{
    assert(to != from);
    if (!make_empty(to, from->slot_count)) {
        return false;
    }
    for (uint32_t i = 0; i < from->slot_count; i++) {
        to->slots[i] = from->slots[i];
    }
    to->slot_count = from->slot_count;
    to->free_slot = from->free_slot;
    to->sequence = from->sequence;
    to->now = from->now;
    rebuild(to);
    assert(to->live == from->live && to->next_time == from->next_time);
    return true;
}

// ---- saving and loading -------------------------------------------------------------------------

static uint8_t *put(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        *at++ = (uint8_t)(value >> 8 * i);
    }
    return at;
}

static uint64_t get(const uint8_t **at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        value |= (uint64_t) * (*at)++ << 8 * i;
    }
    return value;
}

size_t event_queue_image_size(const struct event_queue *q)
{
    return IMAGE_HEADER + (size_t)q->slot_count * IMAGE_SLOT;
}

void event_queue_save(const struct event_queue *q, uint8_t *image)
{
    uint8_t *at = put(image, IMAGE_VERSION, 4);
    at = put(at, q->slot_count, 4);
    at = put(at, q->free_slot, 4);
    at = put(at, q->live, 4);
    at = put(at, q->now, 8);
    at = put(at, q->sequence, 8);
    for (uint32_t i = 0; i < q->slot_count; i++) {
        const struct event_slot *slot = &q->slots[i];
        bool live = slot->order != 0; // what a free slot last held is no part of the state
        at = put(at, slot->order, 8);
        at = put(at, slot->time, 8);
        at = put(at, live ? slot->arg : 0, 8);
        at = put(at, live ? slot->target : 0, 4);
        at = put(at, live ? slot->birth : 0, 4);
    }
    assert(at == image + event_queue_image_size(q));
}

// The chain of free slots must visit each free slot just once: a chain of the right length that
// ends cannot have visited one twice.
static bool free_chain_sound(const struct event_queue *q, uint32_t live)
{
    uint32_t left = q->slot_count - live;
    uint64_t slot = q->free_slot;
    for (; slot != NO_INDEX && left > 0; left--) {
        if (slot >= q->slot_count || q->slots[slot].order != 0) {
            return false;
        }
        slot = q->slots[slot].time;
    }
    return slot == NO_INDEX && left == 0;
}

// What is wrong with one pending event, or NULL.
static const char *slot_flaw(const struct event_queue *q, const struct event_slot *slot)
{
    uint64_t sequence = order_sequence(slot->order);
    if (order_kind(slot->order) >= q->kind_count) {
        return "an event is of a kind that does not exist here";
    }
    if (slot->time < q->now || slot->time == SIM_TIME_NEVER) {
        return "an event is due in the past or never";
    }
    if (sequence == 0 || sequence > q->sequence) {
        return "an event has a sequence number that was not given out";
    }
    return NULL;
}

static const char *load_slots(struct event_queue *q, const uint8_t *at, uint32_t live)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < q->slot_count; i++) {
        struct event_slot *slot = &q->slots[i];
        slot->order = get(&at, 8);
        slot->time = get(&at, 8);
        slot->arg = get(&at, 8);
        slot->target = (uint32_t)get(&at, 4);
        slot->birth = (uint32_t)get(&at, 4);
        if (slot->order != 0) {
            const char *flaw = slot_flaw(q, slot);
            if (flaw) {
                return flaw;
            }
            found++;
        }
    }
    if (found != live || !free_chain_sound(q, live)) {
        return "the counts or the chain of free slots do not agree with the slots";
    }
    return NULL;
}

const char *event_queue_load(struct event_queue *q, const uint8_t *image, size_t size)
{
    const uint64_t own_sequence = q->sequence;
    event_queue_clear(q);
    if (size < IMAGE_HEADER || get(&image, 4) != IMAGE_VERSION) {
        return "not an event queue of this version";
    }
    uint32_t slots = (uint32_t)get(&image, 4), first_free = (uint32_t)get(&image, 4);
    uint32_t live = (uint32_t)get(&image, 4);
    if (slots > EVENT_LIMIT_MAX || size != IMAGE_HEADER + (size_t)slots * IMAGE_SLOT ||
        live > slots) {
        return "the event queue is cut short or too long";
    }
    if (slots > q->capacity && !ladder_grow(q, slots)) {
        return "the event queue does not fit into memory";
    }
    q->now = get(&image, 8);
    q->sequence = get(&image, 8);
    q->slot_count = slots;
    q->free_slot = first_free;
    // Half of all sequence numbers are left to whoever goes on from here: running out is an assert,
    // and no file may reach one.
    const char *flaw = q->now == SIM_TIME_NEVER || q->sequence > SEQUENCE_MAX / 2
                           ? "the time or the sequence number is out of range"
                           : load_slots(q, image, live);
    if (flaw) {
        event_queue_clear(q);
        q->sequence = own_sequence;
        return flaw;
    }
    rebuild(q);
    assert(q->live == live);
    return NULL;
}
