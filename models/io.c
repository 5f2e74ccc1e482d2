// io.c: emulated devices: where they are. What they do is sim/'s, whose models of real devices serve here too.
#include "models/io.h"

static enum vm_device at(uint64_t gpa)
{
    switch (gpa & ~PAGE_MASK) {
    case DISK_BASE: return VM_DEVICE_DISK;
    case NIC_BASE: return VM_DEVICE_NIC;
    default: return VM_DEVICE_NONE;
    }
}

const struct io_ops emulated_io = {.name = "emulated", .at = at};
