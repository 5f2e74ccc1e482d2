// vm.h: a virtual machine on a machine: guest RAM as one slot of host RAM, virtual processors pinned to real ones, virtual devices, and
// the structs of operations (technique, paging, platform) that make it run under one architecture. The core of the simulator knows none
// of this; it calls the monitor's hooks (sim/vmcs.h). The bare machine is the degenerate case: no slot, no monitor, its own devices.
#ifndef RINGSIDE_MODELS_VM_H
#define RINGSIDE_MODELS_VM_H

#include "models/model.h"
#include "sim/cpu.h"
#include "sim/devices.h"
#include "sim/machine_internal.h"
#include "sim/vmcs.h"
#include "sim/watch.h"

struct vm;
struct vcpu;

// An event on its way to the guest, by the words of docs/machine.md.
struct vm_event {
    bool pending;
    uint8_t vector;
    uint32_t error;
    enum event_class class;
    uint64_t return_pc;
};

// ---- the axes: one const struct of operations each; models/axes.c says which stands for which ------

// How sensitive operations are caught: models/native.c, one file or more in models/fullvirt, models/paravirt.
struct technique_ops {
    const char *name;
    bool deprivileged; // the guest's kernel runs outside ring 0 of root mode; else in non-root mode
    // The hooks that the core calls. exit, wake and event are vm_on_exit, vm_on_wake, vm_on_event; the rest is the technique's own. NULL:
    // nobody stands between guest and machine.
    const struct monitor_ops *monitor;
    bool (*create)(struct vm *vm, char *err,
                   size_t err_size); // may be NULL, like all that follow but exit
    void (*destroy)(struct vm *vm);
    // Set up the real processor for a guest whose state is v->g with general registers and pc in v->cpu->s: reset, start-up IPI, or loading a saved state.
    void (*start)(struct vcpu *v);
    // A VM exit, or a trap into ring 0, has been counted and charged; act on it. On return the guest goes on with what is in the real and
    // virtual registers, unless it waits (cpu_monitor_wait).
    void (*exit)(struct vcpu *v, const struct vmexit *e);
    // The processor waited and was woken; as exit, without a reason.
    void (*wake)(struct vcpu *v);
    // The vector that the virtual local APIC offers (v->offer) changed outside this processor's own exit: see that it gets in. NULL: a
    // real interrupt is sent to the processor (vcpu_kick).
    void (*interrupt)(struct vcpu *v);
    // The virtual timer's time has come: whether the technique brings v's processor to vm_devices_due by itself. NULL or false: a real interrupt does.
    bool (*timer)(struct vcpu *v);
    // The guest's view of its processor, complete.
    void (*state)(const struct vcpu *v, struct cpu_state *out);
    // The toy OS is not booted with `line` but with *out, of less than `size` bytes. False: too long. NULL: as it is.
    bool (*command_line)(const struct vm *vm, const char *line, char *out, size_t size);
    // Not NULL: why it can run the toy OS's programs only, and no kernel that a guest brings.
    const char *no_kernel;
};

// What becomes of a page fault.
enum paging_outcome {
    PAGING_FIXED,       // the guest never sees it: try the instruction again
    PAGING_GUEST_FAULT, // the guest's own: *fault says; its fault address is not yet set
    PAGING_DEVICE,      // the access is to *gpa, where no RAM is: emulate the instruction
    PAGING_TABLE_WRITE, // a store to a guest page table, to be emulated: emulate the instruction
};

// Whose tables the processor walks: models/shadow.c, models/nested.c, models/direct.c.
struct paging_ops {
    const char *name;
    bool (*create)(struct vm *vm, char *err, size_t err_size);
    void (*destroy)(struct vm *vm);
    // The guest's page-table base, machine word or mode is now what v->g says: make the real processor follow. `keep`: bit 63 of LPTBR.
    void (*load_base)(struct vcpu *v, bool keep);
    // INVLPG in the guest.
    void (*invlpg)(struct vcpu *v, uint64_t va);
    // A #PF of the real processor (deprivileged) or of non-root mode under shadow paging: whose is it? See enum paging_outcome.
    enum paging_outcome (*fault)(struct vcpu *v, uint64_t va, uint32_t error, uint64_t *gpa,
                                 struct cpu_fault *fault);
    // [gpa, gpa + n) of guest RAM was changed by somebody other than the guest's processor (DMA, emulated store).
    void (*wrote)(struct vm *vm, uint64_t gpa, uint64_t n);
    // Whether a device may write [gpa, gpa + n) of guest RAM now, whatever was agreed when its transfer began. NULL: always.
    bool (*dma)(const struct vm *vm, uint64_t gpa, uint64_t n);
};

// The devices that a guest can touch; what the platform needs to know of an access.
enum vm_device {
    VM_DEVICE_NONE,
    VM_DEVICE_APIC,
    VM_DEVICE_IOAPIC,
    VM_DEVICE_CONSOLE,
    VM_DEVICE_DISK,
    VM_DEVICE_NIC,
    VM_DEVICE_OTHER, // latch, stop port
};

// Who owns the processors, and where drivers sit: models/type1, models/type2. Any member may be NULL: nothing happens there.
struct platform_ops {
    const char *name;
    bool (*create)(struct vm *vm, char *err, size_t err_size);
    void (*destroy)(struct vm *vm);
    // The software part of every way into the hypervisor and back, beyond the processor's own transition.
    void (*enter)(struct vcpu *v, const struct vmexit *e);
    void (*leave)(struct vcpu *v, const struct vmexit *e);
    // The guest accesses a register of an emulated device: charges the way to the device model and back, and its work.
    void (*device_access)(struct vcpu *v, enum vm_device device, bool write);
    // That access (or the end of the transfer before) starts a transfer of `bytes`: charges what the driver does to start the real device.
    void (*device_start)(struct vcpu *v, enum dev_event kind, uint64_t bytes);
    // The real interrupt of a device that works for the guest came to v's processor: charges the driver's part.
    void (*device_done)(struct vcpu *v, enum dev_event kind);
    // The guest's processor has nothing to do / is woken.
    void (*idle)(struct vcpu *v);
    void (*wake)(struct vcpu *v);
};

// How the guest reaches a disk and a network card: models/io.c, models/virtio.c, models/passthrough.c. The console and the interrupt controllers are always emulated.
struct io_ops {
    const char *name;
    bool (*create)(struct vm *vm, char *err,
                   size_t err_size); // may be NULL, like all that follow but `at`
    void (*destroy)(struct vm *vm);
    bool
        direct; // the devices are the host's own: the guest may have their pages of registers mapped, at the same addresses
    // The device whose registers are at that guest-physical address: VM_DEVICE_DISK, VM_DEVICE_NIC, or VM_DEVICE_NONE.
    enum vm_device (*at)(uint64_t gpa);
    // Those registers, for naturally aligned accesses of 4 or 8 bytes. NULL: they are those of vm->devices.
    uint64_t (*read)(struct vcpu *v, uint64_t gpa, unsigned n);
    void (*write)(struct vcpu *v, uint64_t gpa, unsigned n, uint64_t value);
    // Disk or card of vm->devices have finished something, and the driver has been paid.
    void (*done)(struct vcpu *v);
    // A real interrupt that is not the hypervisor's own came, and is in service: false if it is none of the guest's devices.
    bool (*interrupt)(struct vcpu *v, unsigned vector);
    // The guest is about to end the interrupt `vector` at its local APIC.
    void (*eoi)(struct vcpu *v, unsigned vector);
};

// ---- statistics -----------------------------------------------------------------------------------

// Handling an exit: from the hypervisor's first instruction until it lets the guest go on (as perf kvm measures; the processor's own
// transition and time spent waiting are not in it). Cycles.
struct vm_exit_stats {
    uint64_t count, total, min, max;
};

struct vm_stats {
    struct vm_exit_stats exit[EXIT_REASONS];
    uint64_t injected, mmio, port_io, emulated, kicks;
    uint64_t vmreads, vmwrites, posted; // hardware technique
    uint64_t shadow_pages, shadow_fills, shadow_hidden_faults, shadow_true_faults,
        shadow_write_faults, shadow_unsyncs, shadow_syncs, shadow_zaps, shadow_drops,
        shadow_shootdowns, shadow_root_hits, shadow_root_misses;
    uint64_t ept_violations, ept_pages;
    uint64_t bt_units, bt_instructions, bt_bytes, bt_chained, bt_lookups, bt_lookup_hits,
        bt_callouts, bt_in_tc, bt_invalidated, bt_adapted;
    uint64_t ring_bells, ring_requests, ring_notified; // split drivers: what the guest saved
    uint64_t hypercalls[64];
};

// ---- virtual machine ------------------------------------------------------------------------------

// A virtual processor. General registers, pc and what the technique lets through are in the real processor, cpu->s; `g` holds the
// guest's view of what the real registers cannot show it: ring, flags, machine word, page-table base, vector table, task register, fault
// address, KSTACK, LSTAR, task priority, halted, parked. vcpu_walk, vcpu_read and vcpu_write look at g.ptbr and g.msw only: a technique
// whose guest loads them into the real processor copies them here first.
struct vcpu {
    struct vm *vm;
    struct cpu *cpu;
    unsigned index;
    struct cpu_state g;
    int offer;             // vector that the virtual local APIC offers, or -1
    uint64_t shadow_at;    // virtual STI shadow: active while cpu->instructions is still this
    struct vm_event event; // to be delivered before the guest goes on
    bool starting;         // a start-up IPI is to be acted on, with g as its state
    bool waiting;          // in cpu_monitor_wait
    void *technique;       // the technique's own
};

// Something that a virtual device planned has come to pass, and waits for its processor to enter the monitor.
struct vm_due {
    event_handle_t handle;
    enum dev_event kind;
    unsigned cpu;
};
enum { VM_DUE_MAX = DEVICES_CPUS_MAX + 3 }; // each device has at most one of each kind under way

struct vm {
    struct machine *m;
    unsigned id; // among the machine's virtual machines
    struct arch_config arch;
    const struct technique_ops *technique;
    const struct paging_ops *paging;     // NULL on the bare machine
    const struct platform_ops *platform; // likewise
    const struct io_ops *io;             // likewise
    uint64_t base, ram; // guest-physical [0, ram) is host-physical [base, base + ram)
    struct mem memory;  // a view of just that, for walks of the guest's own tables; owns nothing
    struct devices devices; // vm_devices(vm), unless bare
    struct vm_due due[VM_DUE_MAX];
    unsigned due_count;
    struct vcpu *acting; // on whose behalf a device is being touched, or NULL
    struct vcpu *vcpu;
    unsigned vcpus;
    void *paging_state, *technique_state, *platform_state, *io_state; // each axis's own
    uint64_t pool_next,
        pool_end; // frames of host RAM below `base` that the hypervisor has for its tables
    void (*transmit)(void *ctx, sim_time_t when, const uint8_t *frame,
                     size_t size); // the network card's cable; NULL: loop-back plug
    void *transmit_ctx;
    struct vm_stats stats;
};

// `config` describes the machine that the guest is to see: ram, cpus, levels, seed, model. The host gets the same processors and more RAM.
// `pool`: bytes that the hypervisor has for its tables, 0: as much as it can need. arch must be valid for config->model (arch_valid). NULL with a reason.
struct vm *vm_create(const struct machine_config *config, const struct arch_config *arch,
                     uint64_t pool, char *err, size_t err_size);
void vm_destroy(struct vm *vm);
// As machine_load: segments to guest-physical memory; processor 0 begins at the entry with a0 = boot_info.
bool vm_load(struct vm *vm, const struct image *img, uint64_t boot_info, char *err,
             size_t err_size);
// Begin at `entry` (physical) with a0 = boot_info: for who has filled memory by vm_write.
void vm_begin(struct vm *vm, uint64_t entry, uint64_t boot_info);
enum stop_reason vm_run(struct vm *vm, uint64_t until, uint64_t max_instructions);
const struct stop_info *vm_stop_info(const struct vm *vm);
// The guest's RAM, devices and processors, however they are made.
bool vm_read(const struct vm *vm, uint64_t gpa, void *to, size_t n);
bool vm_write(struct vm *vm, uint64_t gpa, const void *from, size_t n);
struct devices *vm_devices(const struct vm *vm);
void vm_state(const struct vm *vm, unsigned cpu, struct cpu_state *out);
const char *vm_console(const struct vm *vm, size_t *size);
bool vm_disk_attach(struct vm *vm, const uint8_t *bytes, size_t size, char *err, size_t err_size);

// ---- for techniques, pagings and platforms (vm.c) --------------------------------------------------

static inline bool vm_is_bare(const struct vm *vm)
{
    return vm->paging == NULL;
}
static inline struct vcpu *vcpu_of(const struct cpu *c)
{
    return c->monitor_cpu;
}

// Charge `count` times the cost to a category, on the processor of v.
void vm_charge(struct vcpu *v, enum cycle_category category, enum cost_key cost, uint64_t count);
// A zeroed frame of the hypervisor's own memory (host-physical); 0 when there is none left.
uint64_t vm_frame(struct vm *vm);
// Whether [gpa, gpa + n) is guest RAM.
static inline bool vm_has(const struct vm *vm, uint64_t gpa, uint64_t n)
{
    return gpa < vm->ram && n <= vm->ram - gpa;
}

// Whether a page of registers at that guest-physical address may be mapped to the guest: the real one, which has the same address.
static inline bool vm_direct(const struct vm *vm, uint64_t gpa)
{
    return vm->io && vm->io->direct && vm->io->at(gpa) != VM_DEVICE_NONE;
}

// The monitor's hooks, for technique_ops.monitor.
void vm_on_exit(struct cpu *c, const struct vmexit *x);
void vm_on_wake(struct cpu *c);
void vm_on_event(struct machine *m, const struct event *e);

// The devices over the guest's surroundings (vm_device.c); and what they planned for v's processor and has come to pass.
void vm_devices_init(struct vm *vm);
void vm_devices_due(struct vcpu *v);

// Guest-physical accesses as an instruction makes them, within one page: RAM, or a device (charged, with its side effects). Reads of nothing give ones.
uint64_t vm_physical_read(struct vcpu *v, uint64_t gpa, unsigned n);
void vm_physical_write(struct vcpu *v, uint64_t gpa, unsigned n, uint64_t value);
uint32_t vm_port_read(struct vcpu *v, unsigned port);
void vm_port_write(struct vcpu *v, unsigned port, uint32_t value);
// Guest RAM written by the hypervisor: decoded code is dropped, the paging is told. False, and nothing done, if it is not all RAM.
bool vm_ram_write(struct vm *vm, uint64_t gpa, const void *from, size_t n);

// ---- virtual processors (vcpu.c, vcpu_event.c, emulate.c) ------------------------------------------

// A real interrupt for the processor of v, so that the hypervisor looks at v->offer. The vector is the hypervisor's own.
enum { HV_VECTOR = 0xf3, POSTED_VECTOR = 0xf2 }; // the second: posted interrupts' notification
void vcpu_kick(struct vcpu *v);
// An EXTERNAL_INTERRUPT exit, or a wake-up by one: acknowledge the real interrupt and see to what it stands for.
void vcpu_real_interrupt(struct vcpu *v);
// The guest halted and nothing is deliverable: give the processor away until something is. The technique returns from exit or wake next.
void vcpu_wait(struct vcpu *v);

// Whose is this #PF? As paging_ops.fault; whoever watches is told the answer.
enum paging_outcome vcpu_page_fault(struct vcpu *v, uint64_t va, uint32_t error, uint64_t *gpa,
                                    struct cpu_fault *fault);
// Tell whoever watches whose a fault was.
static inline void vcpu_tell_fault(const struct vcpu *v, const struct watch_fault *f)
{
    if (v->cpu->watch) {
        v->cpu->watch->fault(v->cpu, f);
    }
}

// Guest's canonical check; its page-table levels are the host's.
bool vcpu_canonical(const struct vcpu *v, uint64_t va);
// Translate in the guest's own tables (g.ptbr, g.msw) for `ring`; PG clear: identity. Commits A and D if the access is allowed. Charges nothing.
// False: *fault is the guest's exception.
bool vcpu_walk(struct vcpu *v, uint64_t va, enum cpu_access access, unsigned ring, uint64_t *gpa,
               struct cpu_fault *fault);
// Guest-virtual reads and writes of up to 48 bytes as the processor's own (no device is reached), with ring's rights. Each charges hv.guest_access.
bool vcpu_read(struct vcpu *v, uint64_t va, void *to, unsigned n, unsigned ring,
               struct cpu_fault *fault);
bool vcpu_write(struct vcpu *v, uint64_t va, const void *from, unsigned n, unsigned ring,
                struct cpu_fault *fault);

// Deliver an event to a deprivileged guest through its own vector table onto its own stack, by docs/machine.md's rules, double and
// triple faults included (the machine stops). Changes cpu->s (registers, pc) and g. True if this very event was delivered.
bool vcpu_deliver(struct vcpu *v, unsigned vector, uint32_t error, enum event_class class,
                  uint64_t return_pc);
// An exception of the instruction at cpu->s.pc, on its way to the guest: sets g.far and delivers.
void vcpu_fault(struct vcpu *v, const struct cpu_fault *fault);
// Whether the offered interrupt may be taken now, by the guest's own view (IF, task priority, STI's shadow); and take it.
bool vcpu_wants_interrupt(const struct vcpu *v);
void vcpu_take_interrupt(struct vcpu *v);

// The instruction at cpu->s.pc, by software from the guest's memory.
bool vcpu_fetch(struct vcpu *v, struct insn *in, struct cpu_fault *fault);
// One guest instruction by software, on the guest's virtual state: what trap-and-emulate, translation callouts and exit handlers share.
// Every instruction that a guest may execute is known but SYSCALL, INT and BRK, which deliver (vcpu_syscall, vcpu_deliver). On success the
// pc has moved on and the instruction counts as completed; on a fault of the guest *fault is set and nothing changed.
bool vcpu_emulate(struct vcpu *v, struct insn in, struct cpu_fault *fault);
// The same for who pays otherwise: charges nothing of its own.
bool vcpu_perform(struct vcpu *v, struct insn in, struct cpu_fault *fault);
// SYSCALL of the guest, to its LSTAR; INT n and BRK, through its vector table. They count as completed as docs/machine.md says.
void vcpu_syscall(struct vcpu *v);
void vcpu_software_interrupt(struct vcpu *v, unsigned vector);

#endif
