// virtio.c: the registers and interrupts of the paravirtual devices; what is behind them is ring.c's.
#include "models/virtio.h"

#include "models/ring.h"

#include <stdio.h>

// ---- transport ------------------------------------------------------------------------------------

// The device may reach all of the guest's memory, as a virtio device may.
static uint64_t page(const struct vm *vm, uint64_t buffer, bool write)
{
    (void)write;
    return buffer % PAGE_SIZE == 0 && vm_has(vm, buffer, PAGE_SIZE) ? buffer : UINT64_MAX;
}

// One edge, nothing to acknowledge at the device: as a message-signalled interrupt.
static void notify(struct vcpu *v, enum ring_device d)
{
    unsigned pin = d == RING_BLOCK ? VIRTIO_BLOCK_PIN : VIRTIO_NET_PIN;
    devices_line(&v->vm->devices, pin, true);
    devices_line(&v->vm->devices, pin, false);
}

static const struct ring_transport transport = {.name = "virtio", .page = page, .notify = notify};

// ---- registers ------------------------------------------------------------------------------------

static enum ring_device device_of(uint64_t gpa)
{
    return (gpa & ~PAGE_MASK) == VIRTIO_BLOCK_BASE ? RING_BLOCK : RING_NET;
}

static enum vm_device at(uint64_t gpa)
{
    switch (gpa & ~PAGE_MASK) {
    case VIRTIO_BLOCK_BASE: return VM_DEVICE_DISK;
    case VIRTIO_NET_BASE: return VM_DEVICE_NIC;
    default: return VM_DEVICE_NONE;
    }
}

static uint64_t read(struct vcpu *v, uint64_t gpa, unsigned n)
{
    const struct devices *d = &v->vm->devices;
    enum ring_device device = device_of(gpa);
    (void)n;
    switch (gpa & PAGE_MASK) {
    case VIRTIO_R_ID: return device == RING_BLOCK ? VIRTIO_BLOCK_ID : VIRTIO_NET_ID;
    case VIRTIO_R_CONFIG: return device == RING_BLOCK ? d->disk.sectors : d->nic.mac;
    case VIRTIO_R_RING: return ring_of(v->vm)->ring[device].page;
    default: return UINT64_MAX;
    }
}

static void write(struct vcpu *v, uint64_t gpa, unsigned n, uint64_t value)
{
    enum ring_device device = device_of(gpa);
    (void)n;
    switch (gpa & PAGE_MASK) {
    case VIRTIO_R_RING: ring_connect(v, device, value); break;
    case VIRTIO_R_BELL:
        if (ring_connected(v->vm, device)) {
            ring_bell(v, device);
        }
        break;
    default: break;
    }
}

// ---- operations -----------------------------------------------------------------------------------

static bool create(struct vm *vm, char *err, size_t err_size)
{
    if (!ring_create(vm, &transport)) {
        snprintf(err, err_size, "no memory for paravirtual devices");
        return false;
    }
    return true;
}

const struct io_ops paravirt_io = {.name = "paravirt",
                                   .create = create,
                                   .destroy = ring_destroy,
                                   .at = at,
                                   .read = read,
                                   .write = write,
                                   .done = ring_done};
