// hw_apic.c: interrupts of a hardware-assisted guest that are more than injection: the registers of the virtual APIC that the processor sees to
// itself, virtual-interrupt delivery, posted interrupts, and the guest's timer on the preemption timer.
#include "models/fullvirt/hw_impl.h"

#include "sim/acct.h"
#include "sim/dev_machine.h"

enum {
    REG_TPR = 0x80,
    REG_PPR = 0xa0,
    REG_EOI = 0xb0,
    REG_ICR_LOW = 0x300,
    REG_CURRENT = 0x390,
    ICR_MODE = 7 << 8,
    ICR_DESTINATION = 3 << 18,
    ICR_SELF = 1 << 18,
    ROUTE_LEVEL = 1 << 15,
};

// ---- registers without an exit --------------------------------------------------------------------

// What the processor does to the virtual APIC changes what is on offer at once, with no hypervisor between.
static bool access(struct cpu *c, unsigned offset, bool write, uint64_t *value)
{
    struct vcpu *v = vcpu_of(c);
    struct hw_vcpu *h = hw_of(v);
    h->processor = true;
    if (write) {
        devices_write(&v->vm->devices, BUS_MMIO, v->index, APIC_BASE + offset, 4, *value);
    } else {
        devices_read(&v->vm->devices, BUS_MMIO, v->index, APIC_BASE + offset, 4, value);
    }
    h->processor = false;
    return true;
}

bool hw_apic_read(struct cpu *c, unsigned offset, uint64_t *value)
{
    // Neither is kept in the virtual APIC's page: both change without being written (Intel SDM 30.4.2).
    if (offset % 16 || offset == REG_CURRENT || offset == REG_PPR) {
        return false;
    }
    return access(c, offset, false, value);
}

// Whether the I/O APIC has to hear of the end of the interrupt in service (what the EOI-exit bitmap says).
static bool eoi_exits(const struct vcpu *v)
{
    const struct devices *d = &v->vm->devices;
    int serving = apic_serving(&d->apic[v->index]);
    for (unsigned pin = 0; pin < IOAPIC_PINS && serving >= 0; pin++) {
        uint64_t entry = d->ioapic.entry[pin];
        bool heard = (entry & ROUTE_LEVEL) || (d->foreign >> pin & 1);
        if (heard && (entry & 0xff) == (uint64_t)serving) {
            return true;
        }
    }
    return false;
}

bool hw_apic_write(struct cpu *c, unsigned offset, uint64_t value)
{
    bool ours = offset == REG_TPR || (offset == REG_EOI && !eoi_exits(vcpu_of(c))) ||
                // an interrupt to itself, the only kind that needs no other processor
                (offset == REG_ICR_LOW && (value & ICR_DESTINATION) == ICR_SELF &&
                 (value & ICR_MODE) == 0 && (value & 0xf0) != 0);
    if (!ours) {
        return false;
    }
    access(c, offset, true, &value);
    cpu_break(c); // an interrupt may be deliverable now
    return true;
}

// ---- interrupts from elsewhere --------------------------------------------------------------------

// The notification has arrived: the processor merges what is posted and ends the notification itself.
void hw_posted(struct cpu *c)
{
    struct vcpu *v = vcpu_of(c);
    devices_write(machine_devices(c->m), BUS_MMIO, c->index, APIC_BASE + REG_EOI, 4, 0);
    hw_of(v)->vmcs.virtual_intr = v->offer;
    v->vm->stats.posted++;
}

void hw_interrupt(struct vcpu *v)
{
    struct hw_vcpu *h = hw_of(v);
    struct cpu *c = v->cpu;
    if (h->processor) {
        h->vmcs.virtual_intr = v->offer;
    } else if (c->in_monitor || v->offer < 0) {
        return; // the way back to the guest looks
    } else if (h->vmcs.control.posted && !c->idle) {
        devices_request(machine_devices(c->m), c->index, POSTED_VECTOR);
    } else {
        vcpu_kick(v);
    }
}

// ---- timer ----------------------------------------------------------------------------------------

bool hw_timer(struct vcpu *v)
{
    struct hw_vcpu *h = hw_of(v);
    if (v->cpu->idle) {
        return false;
    }
    if (h->vmcs.control.posted) {
        vm_devices_due(v); // on a processor that the host keeps for itself
        return true;
    }
    h->timer_due = h->vmcs.control.preemption_timer;
    return h->timer_due;
}

// Whether the preemption timer is to stand for the guest's own, and for when.
static bool next_expiry(const struct vcpu *v, uint64_t *when)
{
    const struct machine *m = v->vm->m;
    struct event planned;
    if (hw_of(v)->vmcs.control.posted ||
        !cpu_model_has(m->config.model, CPU_FEATURE_PREEMPTION_TIMER) ||
        !event_find(&m->events, v->vm->devices.apic[v->index].timer, &planned)) {
        return false;
    }
    *when = planned.time;
    return true;
}

void hw_arm_timer(struct vcpu *v)
{
    struct vmcs *x = &hw_of(v)->vmcs;
    uint64_t when, now = cpu_now(v->cpu);
    bool use = next_expiry(v, &when);
    if (use != x->control.preemption_timer) {
        x->control.preemption_timer = use;
        hw_write(v, VMCS_PIN_CONTROLS);
    }
    if (use) {
        hw_write(v, VMCS_PREEMPTION_VALUE);
        x->preemption_left = when > now ? when - now : 0;
    }
}

unsigned hw_virtual_ack(struct cpu *c)
{
    struct vcpu *v = vcpu_of(c);
    struct hw_vcpu *h = hw_of(v);
    uint64_t when;
    h->processor = true;
    unsigned vector = devices_ack(&v->vm->devices, v->index);
    h->processor = false;
    // A periodic timer goes on when its interrupt is taken. A hypervisor arms the next period when it handles this one; our model of the
    // APIC knows of it only now.
    if (!h->vmcs.control.preemption_timer && next_expiry(v, &when)) {
        h->vmcs.control.preemption_timer = true;
        h->vmcs.preemption_end = when;
        cpu_break(c);
    }
    return vector;
}
