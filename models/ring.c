// ring.c: what the back halves of the split drivers do; ring.h says for whom.
#include "models/ring.h"

#include <assert.h>
#include <stdlib.h>

// Registers of disk and card (docs/devices.md).
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
    NIC_TAIL_OF = 16,
    FLAGS_GRANT_SHIFT = 48, // in the second word of a descriptor
};
#define NOT_CONNECTED UINT64_MAX

bool ring_create(struct vm *vm, const struct ring_transport *transport)
{
    struct ring_backend *b = calloc(1, sizeof *b);
    if (b) {
        *b = (struct ring_backend){.transport = transport,
                                   .ring = {{NOT_CONNECTED, 0}, {NOT_CONNECTED, 0}}};
    }
    vm->io_state = b;
    return b != NULL;
}

void ring_destroy(struct vm *vm)
{
    free(vm->io_state);
    vm->io_state = NULL;
}

bool ring_connected(const struct vm *vm, enum ring_device d)
{
    return ring_of(vm)->ring[d].page != NOT_CONNECTED;
}

// ---- what the driver does -------------------------------------------------------------------------

static uint64_t shared(const struct vm *vm, uint64_t at, unsigned offset)
{
    return mem_get(&vm->memory, at + offset, 8);
}

static void put_shared(struct vm *vm, uint64_t at, uint64_t offset, uint64_t value)
{
    vm_ram_write(vm, at + offset, &value, sizeof value);
}

// The driver programs its device; who it works for pays.
static void device(struct vcpu *v, uint64_t at, uint64_t value)
{
    struct vcpu *before = v->vm->acting;
    v->vm->acting = v;
    devices_write(&v->vm->devices, BUS_MMIO, v->index, at, 8, value);
    v->vm->acting = before;
}

static void notify(struct vcpu *v, enum ring_device d)
{
    v->vm->stats.ring_notified++;
    ring_of(v->vm)->transport->notify(v, d);
}

// ---- block ----------------------------------------------------------------------------------------

static uint64_t slot_of(const struct ring *r)
{
    return r->page + RING_FIRST + (r->seen % RING_SLOTS << RING_SLOT_SHIFT);
}

static bool block_waiting(const struct vm *vm, const struct ring *r)
{
    uint64_t waiting = shared(vm, r->page, RING_PRODUCED) - r->seen;
    return waiting > 0 && waiting <= RING_SLOTS;
}

static void block_answer(struct vcpu *v, uint64_t status)
{
    struct ring *r = &ring_of(v->vm)->ring[RING_BLOCK];
    put_shared(v->vm, slot_of(r), SLOT_STATUS, status);
    r->seen++;
    put_shared(v->vm, r->page, RING_DONE, r->seen);
    if (shared(v->vm, r->page, RING_EVENT) == r->seen) {
        notify(v, RING_BLOCK);
    }
}

// The next requests, until the disk is busy with one.
static void block_work(struct vcpu *v)
{
    struct vm *vm = v->vm;
    const struct ring_backend *b = ring_of(vm);
    const struct ring *r = &b->ring[RING_BLOCK];
    const struct disk *disk = &vm->devices.disk;
    while (!(disk->status & DISK_BUSY) && block_waiting(vm, r)) {
        uint64_t slot = slot_of(r), op = shared(vm, slot, SLOT_OP);
        uint64_t count = shared(vm, slot, SLOT_COUNT);
        uint64_t at = b->transport->page(vm, shared(vm, slot, SLOT_BUFFER), op == DISK_READ);
        vm->stats.ring_requests++;
        if (op != DISK_FLUSH && (at == UINT64_MAX || count > PAGE_SIZE / DISK_SECTOR)) {
            block_answer(v, DISK_DONE | DISK_ERROR);
            continue;
        }
        device(v, DISK_BASE + DISK_R_SECTOR, shared(vm, slot, SLOT_SECTOR));
        device(v, DISK_BASE + DISK_R_COUNT, count);
        device(v, DISK_BASE + DISK_R_ADDRESS, at);
        device(v, DISK_BASE + DISK_R_COMMAND, op);
        if (disk->status & DISK_DONE) { // refused at once
            block_answer(v, disk->status);
        }
    }
}

static void block_done(struct vcpu *v)
{
    const struct disk *disk = &v->vm->devices.disk;
    if ((disk->status & DISK_DONE) && block_waiting(v->vm, &ring_of(v->vm)->ring[RING_BLOCK])) {
        uint64_t status = disk->status;
        device(v, DISK_BASE + DISK_R_STATUS, DISK_DONE);
        block_answer(v, status);
        block_work(v);
    }
}

// ---- network --------------------------------------------------------------------------------------

// Whether the guest may give the buffers of descriptors [from, to).
static bool net_given(const struct vm *vm, uint64_t ring, uint64_t from, uint64_t to, bool write)
{
    const struct ring_transport *t = ring_of(vm)->transport;
    for (uint64_t n = from % NET_SLOTS; n != to % NET_SLOTS; n = (n + 1) % NET_SLOTS) {
        uint64_t at = ring + NIC_DESC_SIZE * n, page = shared(vm, at, 0) & ~PAGE_MASK;
        uint64_t name = t->grants ? shared(vm, at, 8) >> FLAGS_GRANT_SHIFT : page;
        if (t->page(vm, name, write) != page) {
            return false;
        }
    }
    return true;
}

// What is new in the rings goes to the card.
static bool net_work(struct vcpu *v)
{
    struct vm *vm = v->vm;
    const struct nic *nic = &vm->devices.nic;
    uint64_t page = ring_of(vm)->ring[RING_NET].page;
    uint64_t tx = shared(vm, page, NET_TX_TAIL), rx = shared(vm, page, NET_RX_TAIL);
    if (!net_given(vm, page + NET_TX, nic->tx.tail, tx, false) ||
        !net_given(vm, page + NET_RX, nic->rx.tail, rx, true)) {
        return false;
    }
    vm->stats.ring_requests += (tx - nic->tx.tail) % NET_SLOTS;
    device(v, NIC_BASE + NIC_R_RX + NIC_TAIL_OF, rx % NET_SLOTS);
    device(v, NIC_BASE + NIC_R_TX + NIC_TAIL_OF, tx % NET_SLOTS);
    put_shared(vm, page, NET_HUNGRY, nic->rx.head == nic->rx.tail);
    return true;
}

static void net_connect(struct vcpu *v)
{
    uint64_t page = ring_of(v->vm)->ring[RING_NET].page;
    device(v, NIC_BASE + NIC_R_TX + NIC_BASE_OF, page + NET_TX);
    device(v, NIC_BASE + NIC_R_TX + NIC_SIZE_OF, NET_SLOTS);
    device(v, NIC_BASE + NIC_R_RX + NIC_BASE_OF, page + NET_RX);
    device(v, NIC_BASE + NIC_R_RX + NIC_SIZE_OF, NET_SLOTS);
    device(v, NIC_BASE + NIC_R_CONTROL, NIC_RX_ON);
    put_shared(v->vm, page, NET_MAC, v->vm->devices.nic.mac);
    put_shared(v->vm, page, NET_HUNGRY, 1);
}

// Frames have come. Buffers that the guest has put in since are looked for now: it need not ring for them.
static void net_done(struct vcpu *v)
{
    if (v->vm->devices.nic.status & NIC_RECEIVED) {
        device(v, NIC_BASE + NIC_R_STATUS, NIC_RECEIVED);
        notify(v, RING_NET);
        net_work(v);
    }
}

// ---- both -----------------------------------------------------------------------------------------

bool ring_connect(struct vcpu *v, enum ring_device d, uint64_t gpa)
{
    if (ring_connected(v->vm, d) || gpa % PAGE_SIZE || !vm_has(v->vm, gpa, PAGE_SIZE)) {
        return false;
    }
    ring_of(v->vm)->ring[d].page = gpa;
    if (d == RING_NET) {
        net_connect(v);
    }
    return true;
}

bool ring_bell(struct vcpu *v, enum ring_device d)
{
    assert(ring_connected(v->vm, d));
    v->vm->stats.ring_bells++;
    if (d == RING_NET) {
        return net_work(v);
    }
    block_work(v);
    return true;
}

void ring_done(struct vcpu *v)
{
    if (ring_connected(v->vm, RING_BLOCK)) {
        block_done(v);
    }
    if (ring_connected(v->vm, RING_NET)) {
        net_done(v);
    }
}
