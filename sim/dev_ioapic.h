// dev_ioapic.h: the I/O APIC: turns the lines of devices into interrupt requests for processors.
#ifndef RINGSIDE_SIM_DEV_IOAPIC_H
#define RINGSIDE_SIM_DEV_IOAPIC_H

#include "sim/types.h"

#define IOAPIC_BASE UINT64_C(0xfec00000)

enum { IOAPIC_PINS = 24, IOAPIC_ALL_CPUS = 0xff };

struct ioapic {
    uint32_t index;              // which register the data window shows
    uint32_t level;              // bit a pin: the line is high now
    uint64_t entry[IOAPIC_PINS]; // as on x86; docs/devices.md
};

// An interrupt that a pin asks for.
struct ioapic_request {
    unsigned vector;
    unsigned cpu; // or IOAPIC_ALL_CPUS
};

void ioapic_init(struct ioapic *io);

// A device sets its line. True if that makes a request.
bool ioapic_line(struct ioapic *io, unsigned pin, bool high, struct ioapic_request *request);

// A processor has finished `vector`: level pins with it may ask again. Calls for pins from *pin (start with 0) on; true with a
// request and *pin behind it, false when there are no more.
bool ioapic_eoi(struct ioapic *io, unsigned vector, unsigned *pin, struct ioapic_request *request);

uint64_t ioapic_read(const struct ioapic *io, uint64_t offset);
// True if the write makes a request (an unmasked level pin whose line is high).
bool ioapic_write(struct ioapic *io, uint64_t offset, uint32_t value,
                  struct ioapic_request *request);

#endif
