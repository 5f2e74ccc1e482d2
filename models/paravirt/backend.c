// backend.c: what a paravirtual guest's split drivers (models/ring.h) talk through: rings bound to event channels, buffers named by grants, so that
// nothing is reached that the guest did not offer. And its timer and console.
#include "models/paravirt/paravirt.h"

#include "sim/devices.h"

#include <string.h>

enum { CONSOLE_VECTOR = 0xe1 }; // the hypervisor's own
enum { GRANT_IN_USE = 1, GRANT_WRITE = 2, GRANTS_MAX = 512 };

// ---- grants ---------------------------------------------------------------------------------------

// Guest-physical address behind a grant, or UINT64_MAX: never given, or not to be written.
static uint64_t granted(const struct vm *vm, uint64_t ref, bool write)
{
    const struct pv_domain *d = pv_domain(vm);
    if (ref >= d->grant_count) {
        return UINT64_MAX;
    }
    uint64_t grant = mem_get(&vm->memory, d->grants + 8 * ref, 8);
    bool ok = (grant & GRANT_IN_USE) && (!write || (grant & GRANT_WRITE));
    uint64_t at = (grant & ~PAGE_MASK) - vm->base;
    // What has become a table since must not be written behind the hypervisor's back.
    return ok && vm_has(vm, at, PAGE_SIZE) &&
                   (!write || pv_memory(vm)->frame[at >> PAGE_SHIFT].type == PV_WRITABLE)
               ? at
               : UINT64_MAX;
}

int64_t pv_set_grants(struct vcpu *v, uint64_t table, uint64_t count)
{
    struct pv_domain *d = pv_domain(v->vm);
    uint64_t at = table - v->vm->base;
    if (count > GRANTS_MAX || table % PAGE_SIZE || !vm_has(v->vm, at, PAGE_SIZE)) {
        return PV_INVALID;
    }
    d->grants = at;
    d->grant_count = count;
    return 0;
}

// ---- rings ----------------------------------------------------------------------------------------

static void notify(struct vcpu *v, enum ring_device d)
{
    pv_notify(v, d == RING_BLOCK ? CHANNEL_BLOCK : CHANNEL_NET);
}

const struct ring_transport pv_transport = {
    .name = "event channels", .grants = true, .page = granted, .notify = notify};

int64_t pv_connect(struct vcpu *v, enum pv_channel channel, uint64_t ring)
{
    struct vm *vm = v->vm;
    enum ring_device d = channel == CHANNEL_BLOCK ? RING_BLOCK : RING_NET;
    uint64_t at = ring - vm->base;
    if ((channel != CHANNEL_BLOCK && channel != CHANNEL_NET) || ring % PAGE_SIZE ||
        !vm_has(vm, at, PAGE_SIZE) || ring_connected(vm, d) ||
        !pv_get_type(v, at >> PAGE_SHIFT, PV_WRITABLE)) { // for good: it must not become a table
        return PV_INVALID;
    }
    ring_connect(v, d, at);
    return d == RING_BLOCK ? (int64_t)vm->devices.disk.sectors : 0;
}

int64_t pv_send(struct vcpu *v, enum pv_channel channel)
{
    const struct vm *vm = v->vm;
    bool net = channel == CHANNEL_NET;
    enum ring_device d = net ? RING_NET : RING_BLOCK;
    if ((!net && channel != CHANNEL_BLOCK) || !ring_connected(vm, d)) {
        return PV_INVALID;
    }
    if (vm->platform->device_access) { // to Dom0 or the host, once however many requests wait
        vm->platform->device_access(v, net ? VM_DEVICE_NIC : VM_DEVICE_DISK, true);
    }
    return ring_bell(v, d) ? 0 : PV_PERM;
}

void pv_interrupts(struct vcpu *v)
{
    enum { EOI = 0xb0 };
    while (v->offer >= 0) {
        bool console = devices_ack(&v->vm->devices, v->index) == CONSOLE_VECTOR;
        devices_write(&v->vm->devices, BUS_MMIO, v->index, APIC_BASE + EOI, 4, 0);
        pv_notify(v, console ? CHANNEL_CONSOLE : CHANNEL_TIMER);
    }
}

// The console's line, on which an edge says that there is something to read again: from the guest's first read on.
static void console_open(struct vcpu *v)
{
    enum { ENABLE_PORT = CONSOLE_PORT + 1, REDIRECTION = 0x10 + 2 * CONSOLE_PIN, DATA = 0x10 };
    struct devices *d = &v->vm->devices;
    devices_write(d, BUS_MMIO, v->index, IOAPIC_BASE, 4, REDIRECTION);
    devices_write(d, BUS_MMIO, v->index, IOAPIC_BASE + DATA, 4, CONSOLE_VECTOR);
    devices_write(d, BUS_PORT, v->index, ENABLE_PORT, 1, 1);
    pv_interrupts(v);
}

int64_t pv_console_read(struct vcpu *v, uint64_t to, uint64_t room)
{
    uint64_t n = 0;
    if (room == 0) {
        console_open(v);
    }
    while (n < room && v->vm->devices.console.input_count > 0) {
        uint64_t byte = 0;
        devices_read(&v->vm->devices, BUS_PORT, v->index, CONSOLE_PORT, 1, &byte);
        uint8_t b = (uint8_t)byte;
        if (!pv_write(v, to + n, &b, 1)) {
            return PV_FAULT;
        }
        n++;
    }
    return (int64_t)n;
}
