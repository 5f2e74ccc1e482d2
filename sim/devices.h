// devices.h: every device of one machine (or of one virtual machine) as a single value, and the wiring among them: lines to the I/O
// APIC, its requests to local APICs, their interrupts to processors.
#ifndef RINGSIDE_SIM_DEVICES_H
#define RINGSIDE_SIM_DEVICES_H

#include "sim/bus.h"
#include "sim/dev_apic.h"
#include "sim/dev_console.h"
#include "sim/dev_disk.h"
#include "sim/dev_ioapic.h"
#include "sim/dev_nic.h"

enum { DEVICES_CPUS_MAX = 64, LATCH_PORT = 0x80, STOP_PORT = 0xf4 };

// All plain values but for the console's and the disk's buffers, which it owns, and env, which points outside.
struct devices {
    struct dev_env env;
    unsigned cpus;
    struct apic apic[DEVICES_CPUS_MAX];
    struct ioapic ioapic;
    struct console console;
    struct disk disk;
    struct nic nic;
    uint32_t latch; // port 0x80
    uint32_t
        foreign; // bit a pin: its line is set by devices_line alone, as its device is not one of these
};

// Reset state for `cpus` processors. The surroundings in env must outlive the devices.
void devices_init(struct devices *d, const struct dev_env *env, unsigned cpus, uint64_t mac);
void devices_free(struct devices *d);

// Add the ranges of all devices to a bus; they answer there from now on. `d` must stay where it is.
void devices_connect(struct devices *d, struct bus *b);

// What an access does, for callers without a bus: `addr` is a physical address or a port. False if no device is there (a read then
// gives ones). Unlike over the bus, sizes other than 4 and 8 (ports: 1, 2 or 4) and unaligned accesses read as ones and are not written.
bool devices_read(struct devices *d, enum bus_space space, unsigned cpu, uint64_t addr,
                  unsigned size, uint64_t *value);
bool devices_write(struct devices *d, enum bus_space space, unsigned cpu, uint64_t addr,
                   unsigned size, uint64_t value);

// An event that was planned through env is due.
void devices_fire(struct devices *d, enum dev_event kind, uint32_t target);

// Processor `cpu` takes the interrupt that it was offered last; returns the vector. Offers the next.
unsigned devices_ack(struct devices *d, unsigned cpu);

// Request an interrupt from outside: an IPI that a hypervisor sends, a line of a device that is not here.
void devices_request(struct devices *d, unsigned cpu, unsigned vector);
void devices_line(struct devices *d, unsigned pin, bool high);
// The I/O APIC is told directly that the interrupt with that vector is finished.
void devices_eoi(struct devices *d, unsigned vector);

// Somebody types; a disk is put in (see disk_attach); a frame will arrive.
void devices_type(struct devices *d, const char *bytes, size_t n);
bool devices_attach_disk(struct devices *d, const uint8_t *bytes, uint64_t size);
void devices_deliver_frame(struct devices *d, sim_time_t when, const uint8_t *frame, size_t size);

#endif
