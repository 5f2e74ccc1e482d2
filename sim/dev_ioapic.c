// dev_ioapic.c: redirection entries, edge and level. Who receives a request is the caller's business: it knows the local APICs.
#include "sim/dev_ioapic.h"

#include <assert.h>

#define ENTRY_VECTOR     UINT64_C(0xff)
#define ENTRY_REMOTE_IRR (UINT64_C(1) << 14)
#define ENTRY_LEVEL      (UINT64_C(1) << 15)
#define ENTRY_MASKED     (UINT64_C(1) << 16)
#define ENTRY_WRITABLE   (ENTRY_VECTOR | ENTRY_LEVEL | ENTRY_MASKED | UINT64_C(0xff) << 56)

enum {
    WINDOW_INDEX = 0x00,
    WINDOW_DATA = 0x10,
    INDEX_ID = 0,
    INDEX_VERSION = 1,
    INDEX_ENTRY = 0x10
};

void ioapic_init(struct ioapic *io)
{
    *io = (struct ioapic){0};
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
        io->entry[pin] = ENTRY_MASKED;
    }
}

static struct ioapic_request request_of(uint64_t entry)
{
    return (struct ioapic_request){.vector = (unsigned)(entry & ENTRY_VECTOR),
                                   .cpu = (unsigned)(entry >> 56)};
}

// Whether a level pin asks now; it then waits for its EOI.
static bool ask_level(struct ioapic *io, unsigned pin, struct ioapic_request *request)
{
    uint64_t *e = &io->entry[pin];
    if (!(io->level >> pin & 1) || (*e & (ENTRY_MASKED | ENTRY_REMOTE_IRR)) ||
        !(*e & ENTRY_LEVEL)) {
        return false;
    }
    *e |= ENTRY_REMOTE_IRR;
    *request = request_of(*e);
    return true;
}

bool ioapic_line(struct ioapic *io, unsigned pin, bool high, struct ioapic_request *request)
{
    assert(pin < IOAPIC_PINS);
    uint32_t bit = UINT32_C(1) << pin;
    bool rises = high && !(io->level & bit);
    io->level = high ? io->level | bit : io->level & ~bit;
    if (io->entry[pin] & ENTRY_LEVEL) {
        return ask_level(io, pin, request);
    }
    if (!rises || (io->entry[pin] & ENTRY_MASKED)) {
        return false;
    }
    *request = request_of(io->entry[pin]);
    return true;
}

bool ioapic_eoi(struct ioapic *io, unsigned vector, unsigned *pin, struct ioapic_request *request)
{
    while (*pin < IOAPIC_PINS) {
        unsigned p = (*pin)++;
        uint64_t *e = &io->entry[p];
        if ((*e & ENTRY_REMOTE_IRR) && (*e & ENTRY_VECTOR) == vector) {
            *e &= ~ENTRY_REMOTE_IRR;
            if (ask_level(io, p, request)) {
                return true;
            }
        }
    }
    return false;
}

uint64_t ioapic_read(const struct ioapic *io, uint64_t offset)
{
    if (offset == WINDOW_INDEX) {
        return io->index;
    }
    if (offset != WINDOW_DATA) {
        return UINT64_MAX;
    }
    if (io->index == INDEX_ID) {
        return 0;
    }
    if (io->index == INDEX_VERSION) {
        return (IOAPIC_PINS - 1) << 16 | 0x20;
    }
    unsigned i = io->index - INDEX_ENTRY;
    if (i >= 2 * IOAPIC_PINS) { // also an index below the entries, which wraps around
        return UINT32_MAX;
    }
    return (uint32_t)(io->entry[i / 2] >> i % 2 * 32);
}

bool ioapic_write(struct ioapic *io, uint64_t offset, uint32_t value,
                  struct ioapic_request *request)
{
    if (offset == WINDOW_INDEX) {
        io->index = value & 0xff;
    }
    unsigned i = io->index - INDEX_ENTRY;
    if (offset != WINDOW_DATA || i >= 2 * IOAPIC_PINS) {
        return false;
    }
    unsigned shift = i % 2 * 32;
    uint64_t mask = (UINT64_C(0xffffffff) << shift) & ENTRY_WRITABLE;
    uint64_t *e = &io->entry[i / 2];
    *e = (*e & ~mask) | ((uint64_t)value << shift & mask);
    if (!(*e & ENTRY_LEVEL)) {
        *e &= ~ENTRY_REMOTE_IRR; // as on x86: how a driver frees a stuck pin
    }
    return ask_level(io, i / 2, request);
}
