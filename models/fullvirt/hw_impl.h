// hw_impl.h: what the parts of the hardware-assisted technique share: hw.c (life, the way back into the guest), hw_exit.c (a handler for each
// reason), hw_apic.c (the virtual APIC, posted interrupts, the timer). Everybody else includes hw.h.
#ifndef RINGSIDE_MODELS_FULLVIRT_HW_IMPL_H
#define RINGSIDE_MODELS_FULLVIRT_HW_IMPL_H

#include "models/fullvirt/hw.h"

enum vmcs_field {
#define VMCS_FIELD(NAME, name, encoding, doc) VMCS_##NAME,
#include "models/fullvirt/vmcs_field.def"
#undef VMCS_FIELD
    VMCS_FIELDS
};

// Where the guest's mapping of its APIC page leads (the APIC-access address of the VMCS): no RAM of any host is there.
#define APIC_ACCESS_PAGE UINT64_C(0xfffffff000)

// CPUID's leaf 0x40000000: the signature, 12 characters.
#define HW_SIGNATURE     "Ringside T64"

// What a virtual processor needs beyond struct vcpu.
struct hw_vcpu {
    struct vmcs vmcs;
    uint64_t read;  // VMCS fields that this exit has read already, a bit each
    bool processor; // the processor itself is at the virtual APIC, without an exit (hw_apic.c)
    bool timer_due; // the guest's timer has come to its time, and the preemption timer will say so
};
_Static_assert(VMCS_FIELDS <= 64, "hw_vcpu.read has a bit for each field");

static inline struct hw_vcpu *hw_of(const struct vcpu *v)
{
    return v->technique;
}
static inline bool hw_shadows(const struct vm *vm)
{
    return vm->arch.paging == PAGING_SHADOW;
}

// VMREAD, unless this exit has done so before, and VMWRITE: charged and counted. The values are where the simulator keeps them.
void hw_read(struct vcpu *v, enum vmcs_field field);
void hw_write(struct vcpu *v, enum vmcs_field field);

// ---- hw.c -----------------------------------------------------------------------------------------
// Have this event delivered on the next entry, by the processor.
void hw_inject(struct vcpu *v, struct vmcs_inject event);
// Likewise an exception of the guest's instruction; sets its fault address.
void hw_inject_fault(struct vcpu *v, const struct cpu_fault *fault);

// ---- hw_exit.c ------------------------------------------------------------------------------------
// Acts on an exit. The guest's state is in v->g and cpu->s as vm.h says; what is to be delivered is injected, but for interrupts.
void hw_handle(struct vcpu *v, const struct vmexit *e);
// The guest's machine word has changed under shadow paging: what of it exits, and what it sees.
void hw_follow_msw(struct vcpu *v);

// ---- hw_apic.c ------------------------------------------------------------------------------------
unsigned hw_virtual_ack(struct cpu *c);
bool hw_apic_read(struct cpu *c, unsigned offset, uint64_t *value);
bool hw_apic_write(struct cpu *c, unsigned offset, uint64_t value);
void hw_posted(struct cpu *c);
// technique_ops.interrupt and .timer.
void hw_interrupt(struct vcpu *v);
bool hw_timer(struct vcpu *v);
// Have the preemption timer, if the processor has one, end the guest's stretch when its own timer is due.
void hw_arm_timer(struct vcpu *v);

#endif
