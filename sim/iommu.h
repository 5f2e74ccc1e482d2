// iommu.h: what stands between a machine's devices on one side and its memory and processors on the other (Intel VT-d). A hypervisor that gives
// a guest a real device makes a table that turns the addresses the guest's driver gives the device into the machine's. Off at reset.
#ifndef RINGSIDE_SIM_IOMMU_H
#define RINGSIDE_SIM_IOMMU_H

#include "sim/walk.h"

struct machine;

struct iommu {
    bool on;               // else the addresses of devices are physical
    struct walk_dim table; // of the nested format
    // Interrupt remapping: true if the request with that vector has been posted to a virtual processor, and interrupts no real one. NULL: none is.
    bool (*post)(void *ctx, unsigned vector);
    void *ctx;
    uint64_t translated, blocked; // pages of transfers; transfers that were refused
};

// DMA by a device: false, and nothing done, if not all of the range leads to RAM.
bool iommu_read(struct machine *m, uint64_t addr, void *to, size_t n);
bool iommu_write(struct machine *m, uint64_t addr, const void *from, size_t n);

#endif
