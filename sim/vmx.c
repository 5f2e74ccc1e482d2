// Non-root mode: entering a guest and leaving it, what may happen at its instruction boundaries, injection, and the wait of a processor whose
// hypervisor has nothing to run.
#include "sim/vmcs.h"

#include "sim/acct.h"
#include "sim/machine_internal.h"

unsigned cpu_vpid(const struct cpu *c)
{
    return c->vmcs ? c->vmcs->control.vpid : 0;
}

// ---- way out and way in ---------------------------------------------------------------------------

void vmx_left(struct cpu *c)
{
    struct vmcs *v = c->vmcs;
    v->guest_shadow = cpu_in_shadow(c);
    if (v->control.preemption_timer) {
        uint64_t now = cpu_now(c);
        v->preemption_left = v->preemption_end > now ? v->preemption_end - now : 0;
    }
    if (!v->control.vpid) {
        cpu_drop_vpid(c);
    }
}

// Deliver what the hypervisor wants delivered; a guest that meets a fault on the way exits again, after this entry.
static void inject(struct cpu *c, struct vmcs_inject e)
{
    uint64_t pc = c->s.pc;
    if (e.class == EVENT_SOFTWARE) {
        c->instructions += cpu_deliver(c, e.vector, e.error, e.class, pc + 4); // completes the INT
    } else {
        c->fault.addr =
            c->s.far; // a #PF's address is what the hypervisor left in the fault address register
        cpu_deliver_injected(c, e.vector, e.error, e.class, pc);
    }
}

void vmx_enter(struct cpu *c)
{
    struct vmcs *v = c->vmcs;
    struct vmcs_inject e = v->inject;
    acct_charge_told(c, CYC_WORLD_SWITCH, COST_VMX_ENTRY, 1);
    if (!v->control.vpid) {
        cpu_drop_vpid(c);
    }
    if (v->control.preemption_timer) {
        v->preemption_end = cpu_now(c) + v->preemption_left;
    }
    c->shadow_at = v->guest_shadow ? c->instructions : UINT64_MAX;
    c->in_monitor = false;
    cpu_sync(c);
    if (e.valid) {
        acct_charge_told(c, CYC_WORLD_SWITCH, COST_VMX_INJECT, 1);
        v->inject.valid = false;
        inject(c, e);
    }
}

void vmcs_load(struct cpu *c, struct vmcs *v)
{
    assert(!c->vmcs && !c->trap_guest);
    c->vmcs = v;
    c->s = v->guest;
    v->preemption_left = v->control.preemption_cycles;
    v->ple_first = v->ple_last = 0;
    cpu_sync(c);
}

void vmcs_store(struct cpu *c)
{
    assert(c->vmcs);
    c->vmcs->guest = c->s;
    if (!c->in_monitor) {
        c->vmcs->guest_shadow = cpu_in_shadow(c);
    }
    c->vmcs = NULL;
    c->shadow_at = UINT64_MAX;
    cpu_sync(c);
}

void vmcs_start(struct cpu *c)
{
    assert(c->vmcs && !c->in_monitor);
    vmx_enter(c);
}

void vmcs_arm_preemption(struct vmcs *v)
{
    v->preemption_left = v->control.preemption_cycles;
}

void vmcs_invalidate_vpid(struct cpu *c, unsigned vpid)
{
    if (tlb_drop_vpid(&c->tlb, vpid)) {
        cpu_forget_fast(c);
    }
    cpu_enter_space(c);
    cpu_break(c);
}

void vmcs_invalidate_nested(struct cpu *c)
{
    // The combined entries do not say which nested table they came from: all guests' go.
    for (unsigned k = 0; k < c->tlb.space_count; k++) {
        if (c->tlb.space[k].vpid != 0 || c->vmcs) {
            vmcs_invalidate_vpid(c, c->tlb.space[k].vpid);
        }
    }
    for (uint64_t k = 0; c->tlb.ntlb.entry && k <= c->tlb.ntlb.mask; k++) {
        c->tlb.ntlb.entry[k].page = 0;
    }
}

// ---- boundaries -----------------------------------------------------------------------------------

// What is due, in the order in which it is taken.
enum guest_event {
    GUEST_NOTHING,
    GUEST_PREEMPTED,
    GUEST_INTERRUPT, // a real interrupt, for the hypervisor
    GUEST_POSTED,    // a real interrupt that says: look at what is posted
    GUEST_DELIVER,   // a real interrupt that the guest takes itself
    GUEST_VIRTUAL,   // the virtual APIC's interrupt, without an exit
    GUEST_WINDOW,    // the hypervisor waits for the guest to be able to take one
};

static enum guest_event due(const struct cpu *c, bool shadow)
{
    bool open = (c->s.flags & FLAG_IF) && !shadow;
    if (c->trap_guest) {
        return c->intr >= 0 && (c->s.flags & FLAG_IF) ? GUEST_INTERRUPT : GUEST_NOTHING;
    }
    const struct vmcs *v = c->vmcs;
    const struct vmcs_control *k = &v->control;
    if (k->preemption_timer && cpu_now(c) >= v->preemption_end) {
        return GUEST_PREEMPTED;
    }
    if (c->intr >= 0) {
        if (k->posted && c->intr == k->posted_vector) {
            return GUEST_POSTED;
        }
        if (k->external_interrupt) {
            return GUEST_INTERRUPT;
        }
        if (open && (c->intr >> 4) > c->s.tpr) {
            return GUEST_DELIVER;
        }
    }
    if (open && k->virtual_interrupts && v->virtual_intr >= 0 &&
        (v->virtual_intr >> 4) > c->s.tpr) {
        return GUEST_VIRTUAL;
    }
    return open && k->interrupt_window ? GUEST_WINDOW : GUEST_NOTHING;
}

bool cpu_guest_event(const struct cpu *c, bool shadow)
{
    return due(c, shadow) != GUEST_NOTHING;
}

static void exit_for(struct cpu *c, enum exit_reason reason)
{
    exit_take(c, &(struct vmexit){.reason = reason,
                                  .pc = c->s.pc,
                                  .vector = (uint8_t)(c->intr >= 0 ? c->intr : 0)});
}

void cpu_take_guest_event(struct cpu *c)
{
    const struct monitor_ops *ops = c->m->monitor;
    switch (due(c, cpu_in_shadow(c))) {
    case GUEST_NOTHING: assert(false && "no event is due"); break;
    case GUEST_PREEMPTED: exit_for(c, EXIT_PREEMPTION_TIMER); break;
    case GUEST_INTERRUPT: exit_for(c, EXIT_EXTERNAL_INTERRUPT); break;
    case GUEST_WINDOW: exit_for(c, EXIT_INTERRUPT_WINDOW); break;
    case GUEST_POSTED:
        machine_lapic_ack(c->m, c->index);
        ops->posted(c);
        cpu_break(c);
        break;
    case GUEST_DELIVER:
        cpu_deliver(c, machine_lapic_ack(c->m, c->index), 0, EVENT_EXTERNAL, c->s.pc);
        break;
    case GUEST_VIRTUAL: cpu_deliver(c, ops->virtual_ack(c), 0, EVENT_EXTERNAL, c->s.pc); break;
    }
}

uint64_t cpu_guest_deadline(const struct cpu *c)
{
    return c->vmcs && c->vmcs->control.preemption_timer ? c->vmcs->preemption_end : UINT64_MAX;
}

// ---- the monitor's own time -----------------------------------------------------------------------

void cpu_set_trap_guest(struct cpu *c, bool on)
{
    assert(!c->vmcs);
    c->trap_guest = on;
    cpu_sync(c);
}

void cpu_monitor_wait(struct cpu *c, enum cycle_category category)
{
    c->idle = true;
    c->kicked = false;
    c->idle_category = category;
    cpu_break(c);
}

void cpu_kick(struct cpu *c)
{
    if (c->idle && !cpu_runnable(c)) {
        c->kicked = true;
        machine_woken(c->m, c);
    }
    c->kicked = c->idle;
}

void cpu_wake_monitor(struct cpu *c)
{
    const struct monitor_ops *ops = c->m->monitor;
    assert(c->idle && ops && ops->wake);
    c->idle = c->kicked = false;
    c->in_monitor = true;
    if (c->watch) {
        c->watch->exit(c, NULL);
    }
    ops->wake(c);
    c->in_monitor = false;
    if (c->vmcs && !c->idle) {
        vmx_enter(c);
    }
    cpu_sync(c);
    if (c->watch) {
        c->watch->done(c);
    }
}

void cpu_skip(struct cpu *c)
{
    c->s.pc += 4;
    c->instructions++;
    // An emulated instruction ends STI's shadow like any other.
    c->shadow_at = UINT64_MAX;
    if (c->vmcs) {
        c->vmcs->guest_shadow = false;
    }
}

void cpu_inject(struct cpu *c, unsigned vector, uint32_t error)
{
    if (c->vmcs) {
        c->vmcs->inject = (struct vmcs_inject){true, (uint8_t)vector, error, EVENT_FAULT};
    } else {
        cpu_deliver(c, vector, error, EVENT_FAULT, c->s.pc);
    }
}
