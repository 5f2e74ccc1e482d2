// recording.c: see recording.h. An observer knows what happens; here it is kept.
#include "models/recording.h"

#include "models/observe.h"

#include <stdlib.h>

struct recording {
    struct observer *observer; // while a machine is recorded
    unsigned cpus;
    size_t limit, count, room;
    uint64_t from, left_out;
    uint64_t counts[RECORDED_KINDS];
    struct recorded *items;
};

struct recording *recording_create(size_t limit, uint64_t from)
{
    struct recording *r = calloc(1, sizeof *r);
    if (r) {
        r->limit = limit;
        r->from = from;
    }
    return r;
}

void recording_free(struct recording *r)
{
    if (r) {
        recording_end(r);
        free(r->items);
        free(r);
    }
}

struct observer *recording_begin(struct recording *r, struct vm *vm)
{
    assert(!r->observer && !vm->m->cpu[0].watch);
    r->observer = observer_attach(vm);
    if (!r->observer) {
        return NULL;
    }
    r->cpus = vm->vcpus;
    r->observer->recording = r;
    observer_fine(r->observer, true);
    return r->observer;
}

void recording_end(struct recording *r)
{
    if (r->observer) {
        observer_close(r->observer);
        observer_free(r->observer);
        r->observer = NULL;
    }
}

const struct recorded *recording_items(const struct recording *r, size_t *count)
{
    *count = r->count;
    return r->items;
}

uint64_t recording_count(const struct recording *r, enum recorded_kind kind)
{
    return r->counts[kind];
}

uint64_t recording_left_out(const struct recording *r)
{
    return r->left_out;
}

unsigned recording_cpus(const struct recording *r)
{
    return r->cpus;
}

static bool grow(struct recording *r)
{
    size_t room = r->room ? 2 * r->room : 1024;
    struct recorded *items = realloc(r->items, room * sizeof *items);
    if (items) {
        r->items = items;
        r->room = room;
    }
    return items != NULL;
}

void recording_add(struct recording *r, const struct recorded *item)
{
    r->counts[item->kind]++;
    if (item->to < r->from) {
        return;
    }
    // Once something is left out, all that comes later is: what is kept has no holes.
    if (r->left_out > 0 || r->count == r->limit || (r->count == r->room && !grow(r))) {
        r->left_out++;
        return;
    }
    r->items[r->count++] = *item;
}
