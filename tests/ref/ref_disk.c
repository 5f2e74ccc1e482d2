// The I/O APIC and the disk of the reference machine, after docs/devices.md. The network card is in ref_nic.c; generated
// programs leave the console's input alone.
#include "tests/ref/ref.h"

#include "sim/cost.h"

#include <string.h>

enum { PIN = 5, REMOTE_IRR = 1 << 14, LEVEL = 1 << 15, MASKED = 1 << 16 };
enum { BUSY = 1, DONE = 2, ERROR = 4 };
enum { READ = 1, WRITE = 2, FLUSH = 3 };
enum { BAD_COMMAND = 1, BAD_SECTOR = 2, BAD_COUNT = 3, BAD_ADDRESS = 4 };

// ---- I/O APIC ------------------------------------------------------------------------------------

void ref_ioapic_reset(struct ref_machine *m)
{
    m->io = (struct ref_ioapic){0};
    for (int pin = 0; pin < REF_PINS; pin++) {
        m->io.entry[pin] = MASKED;
    }
}

// Sends an entry's interrupt. `from` is the processor that brought it about; NULL: an event at `time` did.
static void request(struct ref_machine *m, const struct ref_cpu *from, uint64_t time,
                    uint64_t entry)
{
    unsigned vector = entry & 0xff, destination = (unsigned)(entry >> 56);
    for (unsigned i = 0; i < m->config.cpus && vector >= 32; i++) {
        struct ref_cpu *to = &m->cpu[i];
        if (destination != i && destination != 0xff) {
            continue;
        }
        bool ran = ref_runnable(to);
        to->apic.irr[vector] = true;
        if (to != from && !ran && ref_runnable(to)) {
            ref_wait(to, time);
            if (from) {
                ref_end_turn(m, to->time + m->config.quantum);
            }
        }
    }
}

static void ask_level(struct ref_machine *m, const struct ref_cpu *from, uint64_t time, int pin)
{
    uint64_t *e = &m->io.entry[pin];
    if (m->io.high[pin] && *e & LEVEL && !(*e & MASKED) && !(*e & REMOTE_IRR)) {
        REF_COVER(m, PIN_LEVEL);
        *e |= REMOTE_IRR;
        request(m, from, time, *e);
    }
}

void ref_ioapic_line(struct ref_machine *m, const struct ref_cpu *from, uint64_t time, int pin,
                     bool high)
{
    bool rises = high && !m->io.high[pin];
    m->io.high[pin] = high;
    if (m->io.entry[pin] & LEVEL) {
        ask_level(m, from, time, pin);
    } else if (rises && m->io.entry[pin] & MASKED) {
        REF_COVER(m, PIN_LOST);
    } else if (rises) {
        REF_COVER(m, PIN_EDGE);
        request(m, from, time, m->io.entry[pin]);
    }
}

void ref_ioapic_eoi(struct ref_machine *m, const struct ref_cpu *from, unsigned vector)
{
    for (int pin = 0; pin < REF_PINS; pin++) {
        uint64_t *e = &m->io.entry[pin];
        if (*e & REMOTE_IRR && (*e & 0xff) == vector) {
            m->io.high[pin] ? REF_COVER(m, PIN_AGAIN) : REF_COVER(m, PIN_EOI);
            *e &= ~(uint64_t)REMOTE_IRR;
            ask_level(m, from, from->time, pin);
        }
    }
}

uint64_t ref_ioapic_read(const struct ref_machine *m, uint64_t offset)
{
    unsigned index = m->io.index;
    if (offset == 0) {
        return index;
    }
    if (offset != 0x10) {
        return UINT64_MAX;
    }
    if (index < 2) {
        return index == 0 ? 0 : 0x00170020;
    }
    if (index < 0x10 || index > 0x10 + 2 * REF_PINS - 1) {
        return UINT32_MAX;
    }
    uint64_t entry = m->io.entry[(index - 0x10) / 2];
    return index % 2 ? entry >> 32 : (uint32_t)entry;
}

void ref_ioapic_write(struct ref_machine *m, const struct ref_cpu *from, uint64_t offset,
                      uint32_t value)
{
    if (offset == 0) {
        m->io.index = value & 0xff;
    }
    unsigned index = m->io.index;
    if (offset != 0x10 || index < 0x10 || index > 0x10 + 2 * REF_PINS - 1) {
        return;
    }
    int pin = (int)(index - 0x10) / 2;
    uint64_t e = m->io.entry[pin];
    if (index % 2) {
        e = (uint64_t)(value & 0xff000000) << 32 | (uint32_t)e;
    } else {
        uint64_t remote = value & LEVEL ? e & REMOTE_IRR : 0; // edge mode has none
        e = (e & UINT64_C(0xff00000000000000)) | (value & (0xff | LEVEL | MASKED)) | remote;
    }
    m->io.entry[pin] = e;
    ask_level(m, from, from->time, pin);
}

// ---- disk ----------------------------------------------------------------------------------------

void ref_disk_reset(struct ref_machine *m)
{
    // The medium is not part of the machine's state: it stays.
    m->disk = (struct ref_disk){
        .bytes = m->disk.bytes, .sectors = m->disk.sectors, .done_at = UINT64_MAX};
}

static void show_line(struct ref_machine *m, const struct ref_cpu *from, uint64_t time)
{
    ref_ioapic_line(m, from, time, PIN, m->disk.control & 1 && m->disk.status & DONE);
}

static unsigned wrong(const struct ref_disk *d)
{
    if (d->command != READ && d->command != WRITE && d->command != FLUSH) {
        return BAD_COMMAND;
    }
    if (d->sectors == 0) {
        return BAD_SECTOR;
    }
    if (d->command == FLUSH) {
        return 0;
    }
    if (d->count < 1 || d->count > 2048) {
        return BAD_COUNT;
    }
    return d->sector > d->sectors || d->sectors - d->sector < d->count ? BAD_SECTOR : 0;
}

static void begin(struct ref_machine *m, const struct ref_cpu *c)
{
    struct ref_disk *d = &m->disk;
    const struct cpu_model *costs = m->config.model;
    unsigned error = wrong(d);
    if (error) {
        REF_COVER(m, DISK_REFUSED);
        d->status = DONE | ERROR | error << 8;
        return;
    }
    uint64_t time = cost_cycles(costs, COST_DISK_SEEK);
    if (d->command != FLUSH) {
        time = d->sector == d->after ? 0 : time;
        time += cost_cycles_for(costs, COST_DISK_KIB, d->count * 512, 1024);
    }
    d->status = BUSY;
    d->now_sector = d->sector;
    d->now_count = d->count;
    d->now_address = d->address;
    d->done_at = c->time + time;
    d->done_order = ++m->planned;
    ref_end_turn(m, d->done_at);
}

void ref_disk_finish(struct ref_machine *m, uint64_t time)
{
    struct ref_disk *d = &m->disk;
    // A number and not a pointer: a flush may carry any sector.
    uint64_t size = d->now_count * 512, at = d->now_sector * 512;
    d->done_at = UINT64_MAX;
    d->status = DONE;
    if (d->command == FLUSH) {
        REF_COVER(m, DISK_FLUSH);
    } else {
        d->after = d->now_sector + d->now_count;
        if (!ref_in_ram(m, d->now_address, size)) {
            REF_COVER(m, DISK_ADDRESS);
            d->status = DONE | ERROR | BAD_ADDRESS << 8;
        } else if (d->command == READ) {
            REF_COVER(m, DISK_READ);
            memcpy(m->ram + d->now_address, d->bytes + at, size);
        } else {
            REF_COVER(m, DISK_WRITE);
            memcpy(d->bytes + at, m->ram + d->now_address, size);
        }
    }
    show_line(m, NULL, time);
}

uint64_t ref_disk_read(const struct ref_machine *m, uint64_t offset, unsigned size)
{
    const struct ref_disk *d = &m->disk;
    const uint64_t reg[] = {UINT64_C(0x6b73696434364154),
                            d->sectors,
                            d->sector,
                            d->count,
                            d->address,
                            d->command,
                            d->status,
                            d->control};
    uint64_t value = offset < sizeof reg ? reg[offset / 8] : UINT64_MAX;
    return size == 4 && offset & 4 ? value >> 32 : value;
}

// A register of 8 bytes, of which a store of 4 changes one half.
static uint64_t with(uint64_t old, uint64_t offset, unsigned size, uint64_t value)
{
    if (size == 8) {
        return value;
    }
    return offset & 4 ? (value << 32) | (uint32_t)old : (old >> 32 << 32) | (uint32_t)value;
}

void ref_disk_write(struct ref_machine *m, const struct ref_cpu *c, uint64_t offset, unsigned size,
                    uint64_t value)
{
    struct ref_disk *d = &m->disk;
    switch (offset / 8) {
    case 2: d->sector = with(d->sector, offset, size, value); break;
    case 3: d->count = with(d->count, offset, size, value); break;
    case 4: d->address = with(d->address, offset, size, value); break;
    case 5:
        if (offset % 8 == 0 && d->status & BUSY) {
            REF_COVER(m, DISK_BUSY);
        } else if (offset % 8 == 0) {
            d->command = (uint32_t)value;
            begin(m, c);
        }
        break;
    case 6:
        if (offset % 8 == 0 && value & DONE) {
            d->status &= BUSY;
        }
        break;
    case 7: d->control = with(d->control, offset, size, value) & 1; break;
    default: break;
    }
    show_line(m, c, c->time);
}
