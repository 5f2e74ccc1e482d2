// Hardware virtualization: the VMCS with its execution controls, and the hooks by which a hypervisor modelled in C owns a machine.
//
// There are two ways to be a guest. With VT-x (c->vmcs set) the processor is in non-root mode: instructions and events exit as the
// controls say. Without (c->trap_guest) the guest runs deprivileged in root mode, and whatever would enter ring 0 goes to the monitor instead of
// the vector table. Both end in exit_take() and in the monitor's handler.
#ifndef RINGSIDE_SIM_VMCS_H
#define RINGSIDE_SIM_VMCS_H

#include "sim/event.h"
#include "sim/exit.h"

// What makes a guest exit. All false: nothing exits but CPUID, HCALL, triple faults and EPT faults.
struct vmcs_control {
    bool external_interrupt; // a real interrupt exits (else it is delivered to the guest)
    bool interrupt_window;   // exit as soon as the guest could take an interrupt
    bool hlt, invlpg, rdtsc;
    bool ptbr_load, ptbr_store; // CR3 in Intel's words
    bool tpr_load, tpr_store;   // CR8
    bool descriptor_table;      // LIDT, SIDT, LTR
    bool pause;                 // every PAUSE; otherwise pause-loop exiting, if ple_window:
    uint32_t ple_gap,
        ple_window; // cycles; a PAUSE in ring 0 within gap of the last belongs to its loop; a loop older than window exits
    uint64_t
        msw_mask; // machine-word bits the hypervisor owns: SMSW shows msw_shadow's, LMSW that would change them exits
    uint64_t msw_shadow;
    bool io_all;              // every IN and OUT
    const uint8_t *io_bitmap; // else: 65536 bits, set: exits; NULL: none
    bool msr_all;             // every RDMSR and WRMSR
    const uint32_t *msr_read,
        *msr_write;            // else: lists of MSR numbers that exit, ended by 0; NULL: none
    uint32_t exception_bitmap; // by vector; for #PF further:
    uint32_t pf_mask,
        pf_match; // (error & mask) == match: as the bitmap's bit says, else the opposite
    bool ept;
    struct walk_dim nested; // the nested table (EPTP), with ept
    uint16_t vpid; // tag of this guest's translations; 0: off, every exit and entry drops them
    bool preemption_timer;
    uint64_t preemption_cycles; // from VM entry; counts down only in the guest, and stops at 0
    uint64_t tsc_offset;        // added to what RDTSC and RDMSR TSC show
    bool tpr_shadow;            // LTPR and STPR act on the virtual APIC's priority:
    uint8_t tpr_threshold;      // a new priority below it exits (not with virtual_interrupts)
    bool apic_access;    // accesses to apic_page exit (APIC_ACCESS), or go to the virtual APIC:
    bool apic_registers; //   reads and writes that the virtual APIC page can do alone do not exit
    uint64_t
        apic_page; // host-physical page, outside RAM, to which the guest's mapping of its APIC leads
    bool
        virtual_interrupts; // virtual-interrupt delivery: `virtual_intr` is delivered without an exit
    bool
        posted; // an interrupt `posted_vector` for the real processor does not exit but calls monitor->posted
    uint8_t posted_vector;
};

// An event to deliver at the next VM entry.
struct vmcs_inject {
    bool valid;
    uint8_t vector;
    uint32_t error;
    enum event_class class; // EVENT_SOFTWARE pushes the next instruction's address
};

struct vmcs {
    struct vmcs_control control;
    struct cpu_state
        guest; // while the guest is not on a processor; on one, its state is the processor's
    struct vmcs_inject inject;
    bool guest_shadow; // the guest is in STI's shadow (kept across exits)
    int virtual_intr; // vector that the virtual APIC offers, or -1; taken without exit under virtual_interrupts
    uint64_t preemption_left; // cycles that the timer has left; vmcs_arm_preemption() refills it
    uint64_t preemption_end;  // processor time; set by VM entry
    uint64_t ple_first, ple_last; // pause-loop exiting: first and last PAUSE of the loop
    uint8_t intercept[OP_COUNT];  // made from the controls
    void *owner;                  // the monitor's virtual CPU
};

// A hypervisor modelled in C. It acts on the same memory and registers that the guest sees, and charges its time by acct_charge().
struct monitor_ops {
    const char *name;
    // A VM exit (reason below EXIT_FIRST_TRAP in non-root mode) or a trap of a deprivileged guest. Changes c->s, c->vmcs (vmcs_load,
    // vmcs_inject ...); on return the guest, if there still is one, goes on where c->s.pc points.
    void (*exit)(struct cpu *c, const struct vmexit *x);
    // The processor waited (cpu_monitor_wait) and was woken: by the real interrupt on offer, or by cpu_kick.
    void (*wake)(struct cpu *c);
    // The virtual APIC: take the interrupt on offer (returns its vector); registers; posted interrupts to be merged.
    unsigned (*virtual_ack)(struct cpu *c);
    bool (*apic_read)(struct cpu *c, unsigned offset, uint64_t *value); // false: exits after all
    bool (*apic_write)(struct cpu *c, unsigned offset, uint64_t value); // false: APIC_WRITE exits
    void (*posted)(struct cpu *c);
    // An event MEVENT_MONITOR or MEVENT_MONITOR_2 is due.
    void (*event)(struct machine *m, const struct event *e);
    // With c->translating: execute the one guest instruction at c->s.pc out of the monitor's translation cache, with its cost,
    // its count and whatever it leads to. Called between instructions, when no event is due.
    void (*step)(struct cpu *c);
    // RAM in frames with FRAME_WATCHED, or by DMA, was written.
    void (*stored)(struct machine *m, uint64_t addr, uint64_t n);
    // Told of every exit before it is handled; may be NULL.
    void (*trace)(struct cpu *c, const struct vmexit *x);
};

// Make the intercept table after controls were changed, and let the processor (if it runs this VMCS) know. c may be NULL.
void vmcs_update(struct vmcs *v, struct cpu *c);
// Put a guest on a processor / take it off. Only between a VM exit and the next entry, or before the machine runs.
void vmcs_load(struct cpu *c, struct vmcs *v);
void vmcs_store(struct cpu *c);
// The first VM entry of a guest that was loaded outside an exit handler (charged like any).
void vmcs_start(struct cpu *c);
// Give the preemption timer its full time again.
void vmcs_arm_preemption(struct vmcs *v);
// INVVPID of this VPID / INVEPT: drop translations.
void vmcs_invalidate_vpid(struct cpu *c, unsigned vpid);
void vmcs_invalidate_nested(struct cpu *c);

// Without VT-x: run the guest deprivileged; everything that would enter ring 0 goes to the monitor. The monitor puts the guest's state in c->s.
void cpu_set_trap_guest(struct cpu *c, bool on);
// The processor has nothing to run: it waits in the monitor, its time going to `category`, until an interrupt is on offer or cpu_kick.
void cpu_monitor_wait(struct cpu *c, enum cycle_category category);
void cpu_kick(struct cpu *c);
void cpu_wake_monitor(struct cpu *c);

// The instruction at c->s.pc was emulated: step over it; it counts as completed.
void cpu_skip(struct cpu *c);
// Give the guest an exception as if it had met it itself: through its vector table now (deprivileged: the monitor's own affair).
void cpu_inject(struct cpu *c, unsigned vector, uint32_t error);

// When an intercepted instruction leaves the guest: before its privilege is checked, or only if it has it (else it is #GP as ever).
enum { INTERCEPT_NONE, INTERCEPT_FIRST, INTERCEPT_ALLOWED };
// Intercepts of a deprivileged guest, by enum isa_op.
extern const uint8_t monitor_intercepts[OP_COUNT];
// Take what cpu_guest_event() saw.
void cpu_take_guest_event(struct cpu *c);
// When the preemption timer, if there is one, ends the guest's stretch.
uint64_t cpu_guest_deadline(const struct cpu *c);
// The two halves of the world switch, for exit_take().
void vmx_left(struct cpu *c);
void vmx_enter(struct cpu *c);
// An intercepted instruction: true if it exited (or was done); false: execute it as usual.
bool cpu_intercept(struct cpu *c, struct insn in);

#endif
