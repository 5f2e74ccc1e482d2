// dev_env.h: everything a device may ask of the world around it. A device knows no machine: the bare machine fills this in, and so
// does a hypervisor that shows the same device to a guest (other memory behind DMA, other processors behind an interrupt).
#ifndef RINGSIDE_SIM_DEV_ENV_H
#define RINGSIDE_SIM_DEV_ENV_H

#include "sim/cost.h"
#include "sim/event.h"
#include "sim/types.h"

// Events that devices plan. `target` is the processor for the timer; else 0.
enum dev_event { DEV_EVENT_TIMER, DEV_EVENT_DISK, DEV_EVENT_NIC_TX, DEV_EVENT_NIC_RX };

// What the surroundings do for a device. `ctx` is theirs. No function may call back into the device that calls it.
struct dev_env_ops {
    // The time for whoever touches the device now, or of the event being fired; cycles.
    sim_time_t (*now)(void *ctx);
    // Plan an event; it comes back through devices_fire(). A time before now means now. EVENT_NONE when memory is out.
    event_handle_t (*schedule)(void *ctx, sim_time_t when, enum dev_event kind, uint32_t target);
    void (*cancel)(void *ctx, event_handle_t handle); // a stale handle is harmless
    // Copy to and from the memory that the device's bus addresses reach; false, and nothing done, if the range is not all RAM.
    bool (*dma_read)(void *ctx, uint64_t addr, void *to, size_t n);
    bool (*dma_write)(void *ctx, uint64_t addr, const void *from, size_t n);
    // A pin's request, before it goes to local APICs: true if it was posted elsewhere (sim/iommu.h). NULL: never.
    bool (*post)(void *ctx, unsigned vector);
    // Processor `cpu` is now offered `vector`, or nothing (-1). It takes it by devices_ack() when it can.
    void (*interrupt)(void *ctx, unsigned cpu, int vector);
    // The task priority (0-15) of a processor: the APIC's TPR is a second door to the processor's own register.
    unsigned (*tpr)(void *ctx, unsigned cpu);
    void (*set_tpr)(void *ctx, unsigned cpu, unsigned tpr);
    // Start-up IPI: the processor, if it still waits for one, begins at vector << 12.
    void (*start_cpu)(void *ctx, unsigned cpu, unsigned vector);
    // The guest wrote the stop port.
    void (*stop)(void *ctx, unsigned cpu, uint32_t status);
    // The network card has sent a frame (valid during the call). NULL: no cable is plugged in.
    void (*transmit)(void *ctx, const uint8_t *frame, size_t size);
};

struct dev_env {
    const struct dev_env_ops *ops;
    void *ctx;
    const struct cpu_model *model; // prices the devices; borrowed
};

#endif
