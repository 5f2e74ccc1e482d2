// backend.c: the other halves of the split drivers. They live where the real drivers are, in Dom0 or the host, and work for the guest over a ring in a
// page that it shares: it names its buffers by grants, so that nothing is reached that it did not offer.
#include "models/paravirt/paravirt.h"

#include "sim/devices.h"

#include <string.h>

// The block ring: two counters, then BLOCK_SLOTS requests.
enum { RING_PRODUCED = 0, RING_DONE = 8, RING_SLOTS = 64, BLOCK_SLOTS = 32, BLOCK_SLOT_SHIFT = 6 };
enum { BLOCK_OP = 0, BLOCK_SECTOR = 8, BLOCK_COUNT = 16, BLOCK_GRANT = 24, BLOCK_STATUS = 32 };
// The network ring: tails of the guest's two rings of descriptors, which have the card's own format, and the card's address.
enum { NET_TX_TAIL = 0, NET_RX_TAIL = 8, NET_MAC = 16, NET_TX = 64, NET_RX = 320, NET_SLOTS = 16 };
// Registers (docs/devices.md).
enum {
    DISK_R_SECTOR = 0x10,
    DISK_R_COUNT = 0x18,
    DISK_R_ADDRESS = 0x20,
    DISK_R_COMMAND = 0x28,
    DISK_R_STATUS = 0x30
};
enum {
    NIC_R_CONTROL = 0x10,
    NIC_R_STATUS = 0x18,
    NIC_R_TX = 0x20,
    NIC_R_RX = 0x40,
    NIC_BASE_OF = 0,
    NIC_SIZE_OF = 8,
    NIC_TAIL_OF = 16
};
enum { CONSOLE_VECTOR = 0xe1 }; // the hypervisor's own
enum { GRANT_IN_USE = 1, GRANT_WRITE = 2, GRANTS_MAX = 512 };

// ---- what the driver does -------------------------------------------------------------------------

static uint64_t shared(const struct vm *vm, uint64_t ring, unsigned offset)
{
    return mem_get(&vm->memory, ring + offset, 8);
}

static void put_shared(struct vm *vm, uint64_t ring, uint64_t offset, uint64_t value)
{
    vm_ram_write(vm, ring + offset, &value, sizeof value);
}

// The back end's driver programs its device; who it works for pays.
static void device(struct vcpu *v, uint64_t at, uint64_t value)
{
    struct vcpu *before = v->vm->acting;
    v->vm->acting = v;
    devices_write(&v->vm->devices, BUS_MMIO, v->index, at, 8, value);
    v->vm->acting = before;
}

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

// ---- block ----------------------------------------------------------------------------------------

static uint64_t slot_of(const struct pv_ring *r, uint64_t n)
{
    return r->gpa + RING_SLOTS + (n % BLOCK_SLOTS << BLOCK_SLOT_SHIFT);
}

static void block_answer(struct vcpu *v, uint64_t status)
{
    struct pv_ring *r = &pv_domain(v->vm)->block;
    put_shared(v->vm, slot_of(r, r->seen), BLOCK_STATUS, status);
    r->seen++;
    put_shared(v->vm, r->gpa, RING_DONE, r->seen);
    pv_notify(v, CHANNEL_BLOCK);
}

// The next requests, until the disk is busy with one.
static void block_work(struct vcpu *v)
{
    struct vm *vm = v->vm;
    struct pv_ring *r = &pv_domain(vm)->block;
    const struct disk *disk = &vm->devices.disk;
    while (r->gpa && !(disk->status & DISK_BUSY) && shared(vm, r->gpa, RING_PRODUCED) != r->seen &&
           shared(vm, r->gpa, RING_PRODUCED) - r->seen <= BLOCK_SLOTS) {
        uint64_t slot = slot_of(r, r->seen), op = shared(vm, slot, BLOCK_OP);
        uint64_t count = shared(vm, slot, BLOCK_COUNT);
        uint64_t at = granted(vm, shared(vm, slot, BLOCK_GRANT), op == DISK_READ);
        pv_domain(vm)->requests++;
        if (op != DISK_FLUSH && (at == UINT64_MAX || count > PAGE_SIZE / DISK_SECTOR)) {
            block_answer(v, DISK_DONE | DISK_ERROR);
            continue;
        }
        device(v, DISK_BASE + DISK_R_SECTOR, shared(vm, slot, BLOCK_SECTOR));
        device(v, DISK_BASE + DISK_R_COUNT, count);
        device(v, DISK_BASE + DISK_R_ADDRESS, at);
        device(v, DISK_BASE + DISK_R_COMMAND, op);
        if (disk->status & DISK_DONE) { // refused at once
            block_answer(v, disk->status);
        }
    }
}

static void block_interrupt(struct vcpu *v)
{
    const struct disk *disk = &v->vm->devices.disk;
    const struct pv_ring *r = &pv_domain(v->vm)->block;
    if (r->gpa && (disk->status & DISK_DONE) && shared(v->vm, r->gpa, RING_PRODUCED) != r->seen) {
        uint64_t status = disk->status;
        device(v, DISK_BASE + DISK_R_STATUS, DISK_DONE);
        block_answer(v, status);
        block_work(v);
    }
}

// ---- network --------------------------------------------------------------------------------------

// Whether the buffers of descriptors [from, to) lie in frames that the guest granted: it writes the grant's number into its flags' upper half.
static bool net_granted(const struct vm *vm, uint64_t ring, uint64_t from, uint64_t to, bool write)
{
    for (uint64_t n = from % NET_SLOTS; n != to % NET_SLOTS; n = (n + 1) % NET_SLOTS) {
        uint64_t address = mem_get(&vm->memory, ring + NIC_DESC_SIZE * n, 8);
        uint64_t ref = mem_get(&vm->memory, ring + NIC_DESC_SIZE * n + 8, 8) >> 48;
        if (granted(vm, ref, write) != (address & ~PAGE_MASK)) {
            return false;
        }
    }
    return true;
}

static int64_t net_work(struct vcpu *v)
{
    struct vm *vm = v->vm;
    const struct pv_ring *r = &pv_domain(vm)->net;
    uint64_t tx = shared(vm, r->gpa, NET_TX_TAIL), rx = shared(vm, r->gpa, NET_RX_TAIL);
    if (!net_granted(vm, r->gpa + NET_TX, vm->devices.nic.tx.tail, tx, false) ||
        !net_granted(vm, r->gpa + NET_RX, vm->devices.nic.rx.tail, rx, true)) {
        return PV_PERM;
    }
    pv_domain(vm)->requests++;
    device(v, NIC_BASE + NIC_R_RX + NIC_TAIL_OF, rx % NET_SLOTS);
    device(v, NIC_BASE + NIC_R_TX + NIC_TAIL_OF, tx % NET_SLOTS);
    return 0;
}

static void net_connect(struct vcpu *v)
{
    uint64_t at = pv_domain(v->vm)->net.gpa;
    device(v, NIC_BASE + NIC_R_TX + NIC_BASE_OF, at + NET_TX);
    device(v, NIC_BASE + NIC_R_TX + NIC_SIZE_OF, NET_SLOTS);
    device(v, NIC_BASE + NIC_R_RX + NIC_BASE_OF, at + NET_RX);
    device(v, NIC_BASE + NIC_R_RX + NIC_SIZE_OF, NET_SLOTS);
    device(v, NIC_BASE + NIC_R_CONTROL, NIC_RX_ON);
    put_shared(v->vm, at, NET_MAC, v->vm->devices.nic.mac);
}

static void net_interrupt(struct vcpu *v)
{
    if (v->vm->devices.nic.status & NIC_RECEIVED) {
        device(v, NIC_BASE + NIC_R_STATUS, NIC_RECEIVED);
        pv_notify(v, CHANNEL_NET);
    }
}

// ---- both -----------------------------------------------------------------------------------------

int64_t pv_connect(struct vcpu *v, enum pv_channel channel, uint64_t ring)
{
    struct pv_domain *d = pv_domain(v->vm);
    struct pv_ring *r = channel == CHANNEL_BLOCK ? &d->block : &d->net;
    uint64_t at = ring - v->vm->base;
    bool split = channel == CHANNEL_BLOCK || channel == CHANNEL_NET;
    if (!split || r->gpa || ring % PAGE_SIZE || !vm_has(v->vm, at, PAGE_SIZE) ||
        pv_memory(v->vm)->frame[at >> PAGE_SHIFT].type != PV_WRITABLE) {
        return PV_INVALID;
    }
    r->gpa = at;
    if (channel == CHANNEL_NET) {
        net_connect(v);
        return 0;
    }
    return (int64_t)v->vm->devices.disk.sectors;
}

int64_t pv_send(struct vcpu *v, enum pv_channel channel)
{
    const struct pv_domain *d = pv_domain(v->vm);
    bool net = channel == CHANNEL_NET;
    if ((!net && channel != CHANNEL_BLOCK) || !(net ? d->net.gpa : d->block.gpa)) {
        return PV_INVALID;
    }
    if (v->vm->platform->device_access) { // to Dom0 or the host, once however many requests wait
        v->vm->platform->device_access(v, net ? VM_DEVICE_NIC : VM_DEVICE_DISK, true);
    }
    if (net) {
        return net_work(v);
    }
    block_work(v);
    return 0;
}

void pv_interrupts(struct vcpu *v)
{
    enum { EOI = 0xb0 };
    while (v->offer >= 0) {
        bool console = devices_ack(&v->vm->devices, v->index) == CONSOLE_VECTOR;
        devices_write(&v->vm->devices, BUS_MMIO, v->index, APIC_BASE + EOI, 4, 0);
        pv_notify(v, console ? CHANNEL_CONSOLE : CHANNEL_TIMER);
    }
    block_interrupt(v);
    net_interrupt(v);
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
