// virtio.h: io=paravirt: the guest's kernel is as it is, but has a driver for a device that exists only in virtual machines. Like virtio: a
// page of registers of which, once it is set up, only the bell is touched; all else goes through a ring in the guest's memory (ring.h).
#ifndef RINGSIDE_MODELS_VIRTIO_H
#define RINGSIDE_MODELS_VIRTIO_H

#include "models/vm.h"

extern const struct io_ops paravirt_io;

// One page of registers each, and a pin. Registers are 8 bytes wide.
#define VIRTIO_BLOCK_BASE UINT64_C(0xfeb20000)
#define VIRTIO_NET_BASE   UINT64_C(0xfeb30000)
#define VIRTIO_BLOCK_ID   UINT64_C(0x6b6c625f34364154) // "TA64_blk"
#define VIRTIO_NET_ID     UINT64_C(0x74656e5f34364154) // "TA64_net"
enum { VIRTIO_BLOCK_PIN = 7, VIRTIO_NET_PIN = 8 };
enum { VIRTIO_R_ID = 0x00, VIRTIO_R_CONFIG = 0x08, VIRTIO_R_RING = 0x10, VIRTIO_R_BELL = 0x18 };

#endif
