// passthrough.h: io=passthrough: the guest drives the host's own disk and network card. Their pages of registers are mapped to it (by nested or
// shadow entries that lead to the device itself), an IOMMU turns the addresses of its DMA into the machine's, and their interrupts, which
// are the hypervisor's, are passed on; with posted=1 the IOMMU posts them past the hypervisor.
#ifndef RINGSIDE_MODELS_PASSTHROUGH_H
#define RINGSIDE_MODELS_PASSTHROUGH_H

#include "models/vm.h"

extern const struct io_ops passthrough_io;

#endif
