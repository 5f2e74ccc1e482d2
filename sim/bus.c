// bus.c: finds the device behind a physical address or port.
#include "sim/bus.h"

#include <assert.h>

void bus_add(struct bus *b, const struct bus_range *r)
{
    assert(b->count < BUS_RANGES_MAX);
    assert(r->read && r->write && r->size > 0 && r->base <= UINT64_MAX - (r->size - 1));
    for (unsigned i = 0; i < b->count; i++) {
        const struct bus_range *o = &b->range[i];
        assert(o->space != r->space || r->base > o->base + (o->size - 1) ||
               o->base > r->base + (r->size - 1));
        (void)o; // without asserts the loop only costs a little time at start
    }
    b->range[b->count++] = *r;
}

const struct bus_range *bus_find(const struct bus *b, enum bus_space space, uint64_t a)
{
    for (unsigned i = 0; i < b->count; i++) {
        const struct bus_range *r = &b->range[i];
        if (r->space == space && a - r->base < r->size) { // unsigned: below the base wraps around
            return r;
        }
    }
    return NULL;
}
