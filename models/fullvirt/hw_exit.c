// hw_exit.c: what the hypervisor does about each reason for which the processor leaves a hardware-assisted guest.
#include "models/fullvirt/hw_impl.h"

#include "models/nested.h"
#include "sim/acct.h"

enum { CPUID_HYPERVISOR = 0x40000000, CPUID_FEATURES = 1 };

// ---- instructions ---------------------------------------------------------------------------------

// The instruction that exited, known from the exit itself.
static void emulate(struct vcpu *v, struct insn in)
{
    struct hw_vcpu *h = hw_of(v);
    struct cpu_fault fault;
    hw_read(v, VMCS_GUEST_RIP);
    hw_read(v, VMCS_GUEST_RFLAGS); // a single step goes on behind it
    if (!vcpu_emulate(v, in, &fault)) {
        hw_inject_fault(v, &fault);
        return;
    }
    hw_read(v, VMCS_INSTRUCTION_LENGTH);
    hw_write(v, VMCS_GUEST_RIP);
    hw_read(v, VMCS_INTERRUPTIBILITY);
    if (h->vmcs.guest_shadow) { // ends with the instruction
        h->vmcs.guest_shadow = false;
        hw_write(v, VMCS_INTERRUPTIBILITY);
    }
}

// The instruction at pc, which the exit does not describe: fetched and decoded by software.
static void decode_and_emulate(struct vcpu *v)
{
    struct insn in;
    struct cpu_fault fault;
    static const enum vmcs_field needed[] = {VMCS_GUEST_RIP, VMCS_GUEST_RING, VMCS_GUEST_CR0,
                                             VMCS_GUEST_CR3, VMCS_GUEST_RSP,  VMCS_GUEST_RFLAGS};
    for (unsigned k = 0; k < sizeof needed / sizeof *needed; k++) {
        hw_read(v, needed[k]);
    }
    if (!vcpu_fetch(v, &in, &fault)) {
        hw_inject_fault(v, &fault);
        return;
    }
    switch (in.op) {
    case OP_SYSCALL: vcpu_syscall(v); return;
    case OP_INT: vcpu_software_interrupt(v, (unsigned)in.imm); return;
    case OP_BRK: vcpu_software_interrupt(v, VEC_BP); return;
    default: emulate(v, in); return;
    }
}

static void on_instruction(struct vcpu *v, const struct vmexit *e)
{
    hw_read(v, VMCS_QUALIFICATION);
    emulate(v, e->insn);
}

// An instruction whose exit says all there is to know.
static void on_plain_instruction(struct vcpu *v, const struct vmexit *e)
{
    emulate(v, e->insn);
}

static uint32_t characters(const char *text)
{
    uint32_t word;
    memcpy(&word, text, sizeof word);
    return word;
}

static void on_cpuid(struct vcpu *v, const struct vmexit *e)
{
    uint64_t *r = v->cpu->s.r;
    uint32_t leaf = (uint32_t)r[REG_A0];
    emulate(v, e->insn);
    if (leaf == CPUID_FEATURES) {
        r[REG_A0 + 2] |= UINT64_C(1) << 31;
    } else if (leaf == CPUID_HYPERVISOR) {
        r[REG_A0] = CPUID_HYPERVISOR;
        for (unsigned k = 0; k < 3; k++) {
            r[REG_A0 + 1 + k] = characters(&HW_SIGNATURE[4 * k]);
        }
    }
}

static void on_cr_access(struct vcpu *v, const struct vmexit *e)
{
    uint64_t msw = v->g.msw;
    on_instruction(v, e);
    if (v->g.msw != msw) {
        hw_follow_msw(v);
        hw_write(v, VMCS_CR0_READ_SHADOW);
        hw_write(v, VMCS_EXCEPTION_BITMAP);
    }
}

// Another guest might use the processor meanwhile; ours come with next to nobody to yield to.
static void on_pause(struct vcpu *v, const struct vmexit *e)
{
    emulate(v, e->insn);
    vm_charge(v, CYC_SCHED, COST_HV_SCHED, 1);
}

static void on_halt(struct vcpu *v, const struct vmexit *e)
{
    emulate(v, e->insn);
    hw_write(v, VMCS_ACTIVITY);
}

// ---- events whose delivery exited -----------------------------------------------------------------

// The exit's cause is gone: what was being delivered is delivered again, or the instruction tried again.
static void again(struct vcpu *v, const struct vmexit *e)
{
    if (e->delivering) {
        hw_read(v, VMCS_IDT_VECTORING_ERROR);
        hw_inject(v, (struct vmcs_inject){true, e->delivering_vector, e->delivering_error,
                                          (enum event_class)e->delivering_class});
    }
}

// The processor cannot deliver it: a gate or stack where no RAM is, a stack on a guarded page table, a second fault. Software does all of it.
static void deliver_by_software(struct vcpu *v, const struct vmexit *e)
{
    enum event_class class = (enum event_class)e->delivering_class;
    hw_read(v, VMCS_IDT_VECTORING_ERROR);
    hw_read(v, VMCS_GUEST_RIP);
    if (class == EVENT_SOFTWARE) {
        vcpu_software_interrupt(v, e->delivering_vector);
    } else {
        vcpu_deliver(v, e->delivering_vector, e->delivering_error, class, v->cpu->s.pc);
    }
    hw_of(v)->vmcs.guest_shadow = false;
    hw_write(v, VMCS_GUEST_RIP);
    hw_write(v, VMCS_GUEST_RSP);
    hw_write(v, VMCS_GUEST_RFLAGS);
    hw_write(v, VMCS_GUEST_RING);
}

static void by_software(struct vcpu *v, const struct vmexit *e)
{
    if (e->delivering) {
        deliver_by_software(v, e);
    } else {
        decode_and_emulate(v);
    }
}

// ---- memory ---------------------------------------------------------------------------------------

void hw_follow_msw(struct vcpu *v)
{
    struct vmcs_control *k = &hw_of(v)->vmcs.control;
    k->msw_shadow = v->g.msw;
    // With the guest's paging off its addresses are physical, and none of them is not canonical; but the processor pages all the time.
    k->exception_bitmap = 1u << VEC_PF | (v->g.msw & MSW_PG ? 0 : 1u << VEC_GP);
}

static void on_exception(struct vcpu *v, const struct vmexit *e)
{
    struct cpu_fault fault;
    uint64_t gpa;
    hw_read(v, VMCS_INTERRUPTION_INFO);
    if (e->vector != VEC_PF) {
        by_software(v, e);
        return;
    }
    hw_read(v, VMCS_INTERRUPTION_ERROR);
    hw_read(v, VMCS_QUALIFICATION);
    switch (vcpu_page_fault(v, e->addr, e->error, &gpa, &fault)) {
    case PAGING_FIXED: again(v, e); break;
    case PAGING_GUEST_FAULT:
        if (e->delivering) {
            deliver_by_software(v, e);
        } else {
            hw_inject_fault(v, &fault);
        }
        break;
    case PAGING_DEVICE:
    case PAGING_TABLE_WRITE: by_software(v, e); break;
    }
}

static void on_violation(struct vcpu *v, const struct vmexit *e)
{
    hw_read(v, VMCS_QUALIFICATION);
    hw_read(v, VMCS_GUEST_PHYSICAL);
    enum paging_outcome outcome = nested_violation(v, e->addr);
    vcpu_tell_fault(v, &(struct watch_fault){.va = e->linear,
                                             .gpa = e->addr,
                                             .error = e->error,
                                             .outcome = outcome,
                                             .nested = true});
    if (outcome == PAGING_FIXED) {
        again(v, e);
        return;
    }
    uint64_t page = e->addr & ~PAGE_MASK;
    if (page == APIC_BASE && nested_map_device(v, page, APIC_ACCESS_PAGE)) {
        again(v, e);
        return;
    }
    if (vm_direct(v->vm, page) && nested_map_device(v, page, page)) {
        again(v, e);
        return;
    }
    // From the next access on the processor tells it from a missing page by itself: EPT_MISCONFIG.
    nested_map_device(v, page, 0);
    by_software(v, e);
}

static void on_device(struct vcpu *v, const struct vmexit *e)
{
    hw_read(v, VMCS_GUEST_PHYSICAL);
    by_software(v, e);
}

static void on_apic_access(struct vcpu *v, const struct vmexit *e)
{
    hw_read(v, VMCS_QUALIFICATION);
    by_software(v, e);
}

// ---- interrupts -----------------------------------------------------------------------------------

static void on_interrupt(struct vcpu *v, const struct vmexit *e)
{
    (void)e;
    hw_read(v, VMCS_INTERRUPTION_INFO);
    vcpu_real_interrupt(v);
}

static void on_preemption(struct vcpu *v, const struct vmexit *e)
{
    (void)v, (void)e; // the way back sees to the timer
}

// The way back looks at what is on offer anyway.
static void on_window(struct vcpu *v, const struct vmexit *e)
{
    (void)v, (void)e;
}

// ---- the end --------------------------------------------------------------------------------------

static void on_triple_fault(struct vcpu *v, const struct vmexit *e)
{
    struct stop_info *stop = &v->vm->m->stop;
    machine_stop(v->vm->m, STOP_TRIPLE_FAULT, v->index, 0);
    stop->vector[0] = (unsigned)e->value & 0xff;
    stop->vector[1] = (unsigned)(e->value >> 8) & 0xff;
    stop->vector[2] = e->vector;
    stop->fault_addr = e->addr;
    stop->pc = e->pc;
}

// ---- dispatch -------------------------------------------------------------------------------------

// A reason without a handler is one that no control asks for.
static void (*const handlers[EXIT_FIRST_TRAP])(struct vcpu *v, const struct vmexit *e) = {
    [EXIT_EXCEPTION_NMI] = on_exception,
    [EXIT_EXTERNAL_INTERRUPT] = on_interrupt,
    [EXIT_TRIPLE_FAULT] = on_triple_fault,
    [EXIT_INTERRUPT_WINDOW] = on_window,
    [EXIT_CPUID] = on_cpuid,
    [EXIT_HLT] = on_halt,
    [EXIT_INVLPG] = on_instruction,
    [EXIT_RDTSC] = on_plain_instruction,
    [EXIT_VMCALL] = on_plain_instruction, // no hypercalls here: #UD, as on the bare machine
    [EXIT_CR_ACCESS] = on_cr_access,
    [EXIT_IO_INSTRUCTION] = on_instruction,
    [EXIT_MSR_READ] = on_plain_instruction,
    [EXIT_MSR_WRITE] = on_plain_instruction,
    [EXIT_PAUSE] = on_pause,
    [EXIT_TPR_BELOW_THRESHOLD] = on_window,
    [EXIT_APIC_ACCESS] = on_apic_access,
    [EXIT_EPT_VIOLATION] = on_violation,
    [EXIT_EPT_MISCONFIG] = on_device,
    [EXIT_PREEMPTION_TIMER] = on_preemption,
    [EXIT_APIC_WRITE] = on_apic_access,
};

void hw_handle(struct vcpu *v, const struct vmexit *e)
{
    assert((unsigned)e->reason < EXIT_FIRST_TRAP && handlers[e->reason]);
    handlers[e->reason](v, e);
}
