// The inside of a machine, for those who build it: processors, devices, monitors. Nothing outside sim/ and models/ includes this.
//
// How the parts talk:
//   device -> processor   machine_cpu_intr() (from its local APIC), machine_start_cpu() (start-up IPI)
//   processor -> device   the bus; machine_lapic_*() below, which the devices implement
//   device -> time        machine_now(), machine_schedule(), machine_cancel(); the event comes back by machine_device_event()
//   device -> memory      machine_dma_read(), machine_dma_write() (drop decoded code)
#ifndef RINGSIDE_SIM_MACHINE_INTERNAL_H
#define RINGSIDE_SIM_MACHINE_INTERNAL_H

#include "sim/block.h"
#include "sim/bus.h"
#include "sim/cpu.h"
#include "sim/event.h"
#include "sim/iommu.h"
#include "sim/machine.h"
#include "sim/mem.h"

// Kinds of events in a machine's queue. MEVENT(NAME, "name for the trace"); add yours to the list.
#define MACHINE_EVENTS(MEVENT)              \
    MEVENT(LAPIC_TIMER, "local timer")      \
    MEVENT(DISK, "disk transfer done")      \
    MEVENT(NIC_TX, "network frame sent")    \
    MEVENT(NIC_RX, "network frame arrives") \
    MEVENT(CONSOLE, "console input")        \
    MEVENT(IRQ, "interrupt line")           \
    MEVENT(MONITOR, "hypervisor timer")     \
    MEVENT(MONITOR_2, "hypervisor event")

enum machine_event {
#define MEVENT(NAME, text) MEVENT_##NAME,
    MACHINE_EVENTS(MEVENT)
#undef MEVENT
        MEVENT_COUNT
};

struct devices; // sim/dev_*.h: every device of this machine, as one value

struct machine {
    struct machine_config config;
    struct mem mem;
    struct bus bus;
    struct event_queue events;
    struct cpu *cpu;        // config.cpus of them
    struct code_cache code; // decoded code of the bare machine
    struct devices *devices;
    struct iommu iommu;                // before these devices' DMA and interrupts
    const struct monitor_ops *monitor; // a hypervisor modelled in C, or NULL: see sim/vmcs.h
    void *monitor_state;
    struct stop_info stop;   // final once its reason is set: power-off, triple fault
    struct stop_info report; // what machine_run returned last

    bool in_turn;      // an instruction limit cut a turn short: it goes on in the next run
    unsigned turn;     // the processor whose turn it is
    uint64_t turn_end; // and when its turn ends, at the latest
    bool pause;        // see machine_pause()
    int running; // the processor inside whose instruction we are, or -1 (an event is being fired, or nothing runs)
};

// The run ends at the next boundary, where it may be taken up again as if it had not: for whoever watches. machine_run then returns STOP_LIMIT.
void machine_pause(struct machine *m);

// RAM [addr, addr + n) was written behind the processors' backs, or in a frame with notes: drop decoded code, tell who watches.
void machine_stored(struct machine *m, uint64_t addr, uint64_t n);

// A processor that waited is runnable again: its time until now was waiting.
void machine_woken(struct machine *m, struct cpu *c);

// ---- for devices ----------------------------------------------------------------------------------

// The time it is for whoever asks: that of the running processor's instruction, or of the event being fired. Cycles.
uint64_t machine_now(const struct machine *m);

// Plan / take back an event; see event_schedule(). `time` below now is taken as now.
event_handle_t machine_schedule(struct machine *m, uint64_t time, enum machine_event kind,
                                uint32_t target, uint64_t arg);
bool machine_cancel(struct machine *m, event_handle_t handle);

// DMA: to and from RAM; false (and nothing done) if the range is not all RAM. Decoded code there is dropped.
bool machine_dma_read(const struct machine *m, uint64_t addr, void *to, size_t n);
bool machine_dma_write(struct machine *m, uint64_t addr, const void *from, size_t n);

// The local APIC of processor `cpu` now offers interrupt `vector` (32-255), the highest that is requested and of a higher class than what
// is in service; -1: none. The processor compares with its task priority and IF itself, takes it at its next instruction boundary, and
// then calls machine_lapic_ack().
void machine_cpu_intr(struct machine *m, unsigned cpu, int vector);

// The processor's task priority (0-15) is one register with two doors: LTPR/STPR, and the APIC's TPR bits 4-7.
unsigned machine_cpu_tpr(const struct machine *m, unsigned cpu);
void machine_cpu_set_tpr(struct machine *m, unsigned cpu, unsigned tpr);

// Start-up IPI: processor `cpu`, if it still waits for one, begins at vector << 12.
void machine_start_cpu(struct machine *m, unsigned cpu, unsigned vector);

// End the run: the guest wrote the stop port (STOP_POWEROFF), or a debugger's condition holds.
void machine_stop(struct machine *m, enum stop_reason why, unsigned cpu, uint32_t status);

// ---- what the devices implement (sim/dev_*.c) -----------------------------------------------------

// Create every device of the bare machine and add its ranges to m->bus. NULL when memory is short.
struct devices *machine_devices_create(struct machine *m);
void machine_devices_destroy(struct devices *d);
// An event that was scheduled above is due.
void machine_device_event(struct machine *m, const struct event *e);
// Processor `cpu` takes the interrupt that was offered: move it from IRR to ISR, offer the next (machine_cpu_intr), return its vector.
unsigned machine_lapic_ack(struct machine *m, unsigned cpu);
// MSR TSC_DEADLINE. A write of a time that has passed fires at once.
uint64_t machine_lapic_deadline(const struct machine *m, unsigned cpu);
void machine_lapic_set_deadline(struct machine *m, unsigned cpu, uint64_t tsc);

#endif
