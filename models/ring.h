// ring.h: the back half of split drivers. It sits where the real drivers are, in Dom0 or the host, and works for the guest over one shared page a
// device: the guest puts in any number of requests, rings once, and is told once. How it rings, is told, and names its memory is the
// transport's: a virtio-like device (models/virtio.c), or hypercalls, event channels and grants (models/paravirt/backend.c).
#ifndef RINGSIDE_MODELS_RING_H
#define RINGSIDE_MODELS_RING_H

#include "models/vm.h"

enum ring_device { RING_BLOCK, RING_NET, RING_DEVICES };

// The page of the block ring: counters, then RING_SLOTS requests. docs/devices.md has the layout for driver writers.
enum {
    RING_PRODUCED = 0, // requests that the guest has put in, since it connected
    RING_DONE = 8,     // and that have been answered
    RING_EVENT = 16,   // the guest wants to be told when RING_DONE gets there
    RING_FIRST = 64,
    RING_SLOTS = 32,
    RING_SLOT_SHIFT = 6,
    SLOT_OP = 0, // enum disk_command
    SLOT_SECTOR = 8,
    SLOT_COUNT = 16,
    SLOT_BUFFER = 24, // name of the page that it moves
    SLOT_STATUS = 32, // the answer: the disk's STATUS
};
// The page of the network rings: the tails, then descriptors in the card's own format. The upper 16 bits of a descriptor's flags are its grant.
enum {
    NET_TX_TAIL = 0,
    NET_RX_TAIL = 8,
    NET_MAC = 16, // the card's address
    NET_HUNGRY =
        24, // not 0: the back end is short of empty buffers, and wants to be rung for new ones
    NET_TX = 64,
    NET_RX = 320,
    NET_SLOTS = 16
};

struct ring_transport {
    const char *name;
    bool grants; // buffers are named by grants; else by guest-physical addresses
    // Guest-physical address of the page that `buffer` names; UINT64_MAX: not the guest's to give, or not to be written.
    uint64_t (*page)(const struct vm *vm, uint64_t buffer, bool write);
    // The guest is told that there is something in the ring of that device.
    void (*notify)(struct vcpu *v, enum ring_device d);
};

struct ring {
    uint64_t page; // guest-physical address; UINT64_MAX: not connected
    uint64_t seen; // block: requests answered
};
struct ring_backend {
    const struct ring_transport *transport;
    struct ring ring[RING_DEVICES];
};

static inline struct ring_backend *ring_of(const struct vm *vm)
{
    return vm->io_state;
}
// A back end with nothing connected, as the vm's io_state; false: no memory. And its end.
bool ring_create(struct vm *vm, const struct ring_transport *transport);
void ring_destroy(struct vm *vm);
// Connect the ring in the guest's page at gpa, for good. False, and nothing done: there is one already, or that is no page of RAM.
bool ring_connect(struct vcpu *v, enum ring_device d, uint64_t gpa);
bool ring_connected(const struct vm *vm, enum ring_device d);
// The guest has rung: to the driver, once, however many requests wait. False: a network buffer is not the guest's to give.
bool ring_bell(struct vcpu *v, enum ring_device d);
// A device has finished something: pass it on.
void ring_done(struct vcpu *v);

#endif
