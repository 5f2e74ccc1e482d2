// devices.c: the wiring. After anything that touches a device its line is looked at again, so that no device needs to know where its
// line ends.
#include "sim/devices.h"

#include <assert.h>

void devices_init(struct devices *d, const struct dev_env *env, unsigned cpus, uint64_t mac)
{
    assert(cpus >= 1 && cpus <= DEVICES_CPUS_MAX);
    *d = (struct devices){.env = *env, .cpus = cpus, .nic.mac = mac};
    for (unsigned i = 0; i < cpus; i++) {
        apic_init(&d->apic[i], i);
    }
    ioapic_init(&d->ioapic);
}

void devices_free(struct devices *d)
{
    console_free(&d->console);
    disk_free(&d->disk);
}

// ---- interrupts ----------------------------------------------------------------------------------

void devices_request(struct devices *d, unsigned cpu, unsigned vector)
{
    if (cpu < d->cpus) { // a destination that is not there gets lost, as on a real bus
        apic_request(&d->apic[cpu], &d->env, vector);
    }
}

static void route(struct devices *d, const struct ioapic_request *r)
{
    if (d->env.ops->post && d->env.ops->post(d->env.ctx, r->vector)) {
        return;
    }
    if (r->cpu != IOAPIC_ALL_CPUS) {
        devices_request(d, r->cpu, r->vector);
        return;
    }
    for (unsigned i = 0; i < d->cpus; i++) {
        devices_request(d, i, r->vector);
    }
}

void devices_line(struct devices *d, unsigned pin, bool high)
{
    struct ioapic_request r;
    if (ioapic_line(&d->ioapic, pin, high, &r)) {
        route(d, &r);
    }
}

void devices_eoi(struct devices *d, unsigned vector)
{
    struct ioapic_request r;
    unsigned pin = 0;
    while (ioapic_eoi(&d->ioapic, vector, &pin, &r)) {
        route(d, &r);
    }
}

static void update_line(struct devices *d, unsigned pin, bool high)
{
    if (!(d->foreign >> pin & 1)) {
        devices_line(d, pin, high);
    }
}

static void update_lines(struct devices *d)
{
    update_line(d, CONSOLE_PIN, console_line(&d->console));
    update_line(d, DISK_PIN, disk_line(&d->disk));
    update_line(d, NIC_PIN, nic_line(&d->nic));
}

static void send_ipi(struct devices *d, unsigned from, const struct apic_ipi *ipi)
{
    enum { TO_ONE, TO_SELF, TO_ALL, TO_OTHERS };
    for (unsigned i = 0; i < d->cpus; i++) {
        bool self = i == from;
        bool named = ipi->cpu == i || ipi->cpu == IOAPIC_ALL_CPUS;
        bool hit = ipi->destinations == TO_ONE    ? named
                   : ipi->destinations == TO_SELF ? self
                                                  : ipi->destinations == TO_ALL || !self;
        if (hit && ipi->mode == APIC_IPI_FIXED) {
            devices_request(d, i, ipi->vector);
        } else if (hit && ipi->mode == APIC_IPI_STARTUP) {
            d->env.ops->start_cpu(d->env.ctx, i, ipi->vector);
        }
    }
}

unsigned devices_ack(struct devices *d, unsigned cpu)
{
    assert(cpu < d->cpus);
    return apic_ack(&d->apic[cpu], &d->env);
}

void devices_fire(struct devices *d, enum dev_event kind, uint32_t target)
{
    switch (kind) {
    case DEV_EVENT_TIMER:
        assert(target < d->cpus);
        apic_timer_fire(&d->apic[target], &d->env);
        break;
    case DEV_EVENT_DISK: disk_fire(&d->disk, &d->env); break;
    case DEV_EVENT_NIC_TX: nic_fire_tx(&d->nic, &d->env); break;
    case DEV_EVENT_NIC_RX: nic_fire_rx(&d->nic, &d->env); break;
    }
    update_lines(d);
}

// ---- from outside --------------------------------------------------------------------------------

void devices_type(struct devices *d, const char *bytes, size_t n)
{
    console_type(&d->console, bytes, n);
    update_lines(d);
}

bool devices_attach_disk(struct devices *d, const uint8_t *bytes, uint64_t size)
{
    return disk_attach(&d->disk, &d->env, bytes, size);
}

void devices_deliver_frame(struct devices *d, sim_time_t when, const uint8_t *frame, size_t size)
{
    nic_deliver(&d->nic, &d->env, when, frame, size);
}

// ---- bus -----------------------------------------------------------------------------------------

static uint64_t read_apic(struct machine *m, void *dev, unsigned cpu, uint64_t offset,
                          unsigned size)
{
    struct devices *d = dev;
    (void)m;
    (void)size;
    return cpu < d->cpus ? apic_read(&d->apic[cpu], &d->env, offset) : UINT64_MAX;
}

static void write_apic(struct machine *m, void *dev, unsigned cpu, uint64_t offset, unsigned size,
                       uint64_t value)
{
    struct devices *d = dev;
    struct apic_ipi ipi;
    int eoi = -1;
    (void)m;
    (void)size;
    if (cpu < d->cpus && apic_write(&d->apic[cpu], &d->env, offset, (uint32_t)value, &ipi, &eoi)) {
        send_ipi(d, cpu, &ipi);
    }
    if (eoi >= 0) {
        devices_eoi(d, (unsigned)eoi);
    }
}

static uint64_t read_ioapic(struct machine *m, void *dev, unsigned cpu, uint64_t offset,
                            unsigned size)
{
    struct devices *d = dev;
    (void)m;
    (void)cpu;
    (void)size;
    return ioapic_read(&d->ioapic, offset);
}

static void write_ioapic(struct machine *m, void *dev, unsigned cpu, uint64_t offset, unsigned size,
                         uint64_t value)
{
    struct devices *d = dev;
    struct ioapic_request r;
    (void)m;
    (void)cpu;
    (void)size;
    if (ioapic_write(&d->ioapic, offset, (uint32_t)value, &r)) {
        route(d, &r);
    }
}

static uint64_t read_console(struct machine *m, void *dev, unsigned cpu, uint64_t offset,
                             unsigned size)
{
    struct devices *d = dev;
    (void)m;
    (void)cpu;
    (void)size;
    uint64_t value = console_read(&d->console, offset);
    update_lines(d);
    return value;
}

static void write_console(struct machine *m, void *dev, unsigned cpu, uint64_t offset,
                          unsigned size, uint64_t value)
{
    struct devices *d = dev;
    (void)m;
    (void)cpu;
    (void)size;
    console_write(&d->console, offset, (uint32_t)value);
    update_lines(d);
}

static uint64_t read_disk(struct machine *m, void *dev, unsigned cpu, uint64_t offset,
                          unsigned size)
{
    struct devices *d = dev;
    (void)m;
    (void)cpu;
    return disk_read(&d->disk, offset, size);
}

static void write_disk(struct machine *m, void *dev, unsigned cpu, uint64_t offset, unsigned size,
                       uint64_t value)
{
    struct devices *d = dev;
    (void)m;
    (void)cpu;
    disk_write(&d->disk, &d->env, offset, size, value);
    update_lines(d);
}

static uint64_t read_nic(struct machine *m, void *dev, unsigned cpu, uint64_t offset, unsigned size)
{
    struct devices *d = dev;
    (void)m;
    (void)cpu;
    return nic_read(&d->nic, &d->env, offset, size);
}

static void write_nic(struct machine *m, void *dev, unsigned cpu, uint64_t offset, unsigned size,
                      uint64_t value)
{
    struct devices *d = dev;
    (void)m;
    (void)cpu;
    nic_write(&d->nic, &d->env, offset, size, value);
    update_lines(d);
}

static uint64_t read_latch(struct machine *m, void *dev, unsigned cpu, uint64_t offset,
                           unsigned size)
{
    const struct devices *d = dev;
    (void)m;
    (void)cpu;
    (void)offset;
    (void)size;
    return d->latch;
}

static void write_latch(struct machine *m, void *dev, unsigned cpu, uint64_t offset, unsigned size,
                        uint64_t value)
{
    struct devices *d = dev;
    (void)m;
    (void)cpu;
    (void)offset;
    (void)size;
    d->latch = (uint32_t)value;
}

static uint64_t read_stop(struct machine *m, void *dev, unsigned cpu, uint64_t offset,
                          unsigned size)
{
    (void)m;
    (void)dev;
    (void)cpu;
    (void)offset;
    (void)size;
    return UINT32_MAX;
}

static void write_stop(struct machine *m, void *dev, unsigned cpu, uint64_t offset, unsigned size,
                       uint64_t value)
{
    struct devices *d = dev;
    (void)m;
    (void)offset;
    (void)size;
    d->env.ops->stop(d->env.ctx, cpu, (uint32_t)value);
}

static const struct bus_range ranges[] = {
    {"console", BUS_PORT, CONSOLE_PORT, CONSOLE_PORTS, read_console, write_console, NULL},
    {"diagnostic latch", BUS_PORT, LATCH_PORT, 1, read_latch, write_latch, NULL},
    {"stop", BUS_PORT, STOP_PORT, 1, read_stop, write_stop, NULL},
    {"disk", BUS_MMIO, DISK_BASE, PAGE_SIZE, read_disk, write_disk, NULL},
    {"network card", BUS_MMIO, NIC_BASE, PAGE_SIZE, read_nic, write_nic, NULL},
    {"I/O APIC", BUS_MMIO, IOAPIC_BASE, PAGE_SIZE, read_ioapic, write_ioapic, NULL},
    {"local APIC", BUS_MMIO, APIC_BASE, PAGE_SIZE, read_apic, write_apic, NULL},
};
enum { RANGES = sizeof ranges / sizeof *ranges };

void devices_connect(struct devices *d, struct bus *b)
{
    for (unsigned i = 0; i < RANGES; i++) {
        struct bus_range r = ranges[i];
        r.dev = d;
        bus_add(b, &r);
    }
}

// The range for an access that the bus would let through.
static const struct bus_range *find(enum bus_space space, uint64_t addr, unsigned size, bool *fits)
{
    for (unsigned i = 0; i < RANGES; i++) {
        const struct bus_range *r = &ranges[i];
        if (r->space == space && addr - r->base < r->size) {
            *fits = space == BUS_PORT || ((size == 4 || size == 8) && addr % size == 0);
            return r;
        }
    }
    return NULL;
}

static uint64_t ones(unsigned size)
{
    return size >= 8 ? UINT64_MAX : (UINT64_C(1) << size * 8) - 1;
}

bool devices_read(struct devices *d, enum bus_space space, unsigned cpu, uint64_t addr,
                  unsigned size, uint64_t *value)
{
    bool fits = false;
    const struct bus_range *r = find(space, addr, size, &fits);
    *value = ones(size);
    if (fits) {
        *value &= r->read(NULL, d, cpu, addr - r->base, size);
    }
    return r != NULL;
}

bool devices_write(struct devices *d, enum bus_space space, unsigned cpu, uint64_t addr,
                   unsigned size, uint64_t value)
{
    bool fits = false;
    const struct bus_range *r = find(space, addr, size, &fits);
    if (fits) {
        r->write(NULL, d, cpu, addr - r->base, size, value & ones(size));
    }
    return r != NULL;
}
