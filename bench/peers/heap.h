// The peers of the event queue: textbook implicit heaps, binary and 4-ary, written to be as fast as
// they can be. They are spared what ours must do: no cancellation, no handles, no order among equal
// times, 16 bytes an event, and everything inlined.
#ifndef BENCH_PEERS_HEAP_H
#define BENCH_PEERS_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct peer_event {
    uint64_t time;
    uint64_t payload;
};

struct peer_heap {
    // Room for what the caller pushes; for 4-ary use, element 1 should begin a cache line.
    struct peer_event *events;
    size_t count;
};

// `arity` must be a constant at each call: the compiler then makes a heap of just that arity.
static inline void peer_heap_push(struct peer_heap *heap, size_t arity, struct peer_event event)
{
    size_t at = heap->count++;
    while (at > 0) {
        size_t parent = (at - 1) / arity;
        if (heap->events[parent].time <= event.time) {
            break;
        }
        heap->events[at] = heap->events[parent];
        at = parent;
    }
    heap->events[at] = event;
}

// The earliest event, taken out. The heap must not be empty.
static inline struct peer_event peer_heap_pop(struct peer_heap *heap, size_t arity)
{
    struct peer_event *events = heap->events;
    struct peer_event first = events[0], last = events[--heap->count];
    size_t count = heap->count, at = 0;
    for (size_t child; (child = arity * at + 1) < count; at = child) {
        size_t end = child + arity < count ? child + arity : count;
        for (size_t i = child + 1; i < end; i++) {
            child = events[i].time < events[child].time ? i : child;
        }
        if (events[child].time >= last.time) {
            break;
        }
        events[at] = events[child];
    }
    events[at] = last;
    return first;
}

#endif
