// bus.h: the physical bus. A device is an address range (memory-mapped or ports) and two
// functions; one device a file.
#ifndef RINGSIDE_SIM_BUS_H
#define RINGSIDE_SIM_BUS_H

#include "sim/types.h"

struct machine;

enum bus_space { BUS_MMIO, BUS_PORT };

// What a device answers to. offset is relative to the range's base; size is 4 or 8 (ports: always
// 4). `cpu` is the index of the processor that asks. Reads return the value zero-extended. Must
// not fail: an unknown register reads as ones, and ignores writes.
struct bus_range {
    const char *name;
    enum bus_space space;
    uint64_t base, size;
    uint64_t (*read)(struct machine *m, void *dev, unsigned cpu, uint64_t offset, unsigned size);
    void (*write)(struct machine *m, void *dev, unsigned cpu, uint64_t offset, unsigned size,
                  uint64_t value);
    void *dev; // the device's state, owned by the machine
};

enum { BUS_RANGES_MAX = 16 };

// All ranges of one machine; few, so a linear search does.
struct bus {
    struct bus_range range[BUS_RANGES_MAX];
    unsigned count;
};

// Add a range; asserts on overlap or when full (configuration is ours, never the guest's).
void bus_add(struct bus *b, const struct bus_range *r);
// The range of `space` that holds address a, or NULL.
const struct bus_range *bus_find(const struct bus *b, enum bus_space space, uint64_t a);

#endif
