// hw.c: the hardware-assisted technique: sets up VMCSs by the architecture's options, passes exits to their handlers, and decides on the way
// back into the guest what the entry delivers. In non-root mode the real registers are the guest's own; under shadow paging all but the
// page-table base and the machine word, whose guest view is in v->g. While an exit is handled, v->g holds all of them.
#include "models/fullvirt/hw_impl.h"

#include "models/nested.h"
#include "sim/acct.h"

#include <stdio.h>
#include <stdlib.h>

// PAUSEs no further apart belong to one loop: KVM's 128 cycles, beside what PAUSE takes itself (140 on processors since Skylake).
enum { PLE_GAP = 128, MSR_TSC = 0x10, MSR_APIC_BASE = 0x1b, MSR_TSC_DEADLINE = 0x6e0 };

// The guest's time comes from the processor, but its timer and its APIC are ours.
static const uint32_t msr_reads[] = {MSR_APIC_BASE, MSR_TSC_DEADLINE, 0};
static const uint32_t msr_reads_and_time[] = {MSR_APIC_BASE, MSR_TSC_DEADLINE, MSR_TSC, 0};
static const uint32_t msr_writes[] = {MSR_TSC_DEADLINE, 0};

// ---- VMCS -----------------------------------------------------------------------------------------

void hw_read(struct vcpu *v, enum vmcs_field field)
{
    struct hw_vcpu *h = hw_of(v);
    uint64_t bit = UINT64_C(1) << field;
    if (!(h->read & bit)) {
        h->read |= bit;
        v->vm->stats.vmreads++;
        vm_charge(v, CYC_EXIT_HANDLING, COST_VMX_READ, 1);
    }
}

void hw_write(struct vcpu *v, enum vmcs_field field)
{
    hw_of(v)->read |= UINT64_C(1) << field; // what it holds is known now
    v->vm->stats.vmwrites++;
    vm_charge(v, CYC_EXIT_HANDLING, COST_VMX_WRITE, 1);
}

static bool has(const struct vm *vm, enum cpu_feature feature)
{
    return cpu_model_has(vm->m->config.model, feature);
}

// The controls that stay as they are while the guest lives.
static void set_controls(struct vcpu *v)
{
    struct vm *vm = v->vm;
    const uint64_t *option = vm->arch.option;
    bool apicv = option[OPTION_APICV], shadow = hw_shadows(vm);
    struct vmcs_control *k = &hw_of(v)->vmcs.control;
    *k = (struct vmcs_control){
        .external_interrupt = true,
        .hlt = true,
        .rdtsc = option[OPTION_RDTSC_EXIT],
        .io_all = true,
        .msr_read = option[OPTION_RDTSC_EXIT] ? msr_reads_and_time : msr_reads,
        .msr_write = msr_writes,
        .tpr_shadow = true,
        .ple_gap = PLE_GAP + (uint32_t)v->cpu->cost[COST_PAUSE],
        .ple_window = has(vm, CPU_FEATURE_PLE) ? (uint32_t)option[OPTION_PLE] : 0,
        .apic_access = !shadow,
        .apic_registers = apicv,
        .apic_page = APIC_ACCESS_PAGE,
        .virtual_interrupts = apicv,
        .posted = option[OPTION_POSTED],
        .posted_vector = POSTED_VECTOR,
    };
    if (option[OPTION_VPID] && has(vm, CPU_FEATURE_VPID)) {
        k->vpid = (uint16_t)(1 + vm->id * DEVICES_CPUS_MAX + v->index);
    }
    if (shadow) {
        k->ptbr_load = k->ptbr_store = k->invlpg = true;
        k->msw_mask = MSW_ALL;
    } else {
        k->ept = true;
        k->nested = nested_table(vm);
    }
}

// ---- the guest's state ----------------------------------------------------------------------------

// On the way out: from the processor to v->g.
static void take_state(struct vcpu *v)
{
    uint64_t msw = v->g.msw, ptbr = v->g.ptbr;
    v->g = v->cpu->s;
    if (hw_shadows(v->vm)) {
        v->g.msw = msw;
        v->g.ptbr = ptbr;
    }
}

// And back. Registers and pc are in the processor all the time.
static void give_state(struct vcpu *v)
{
    struct cpu_state *s = &v->cpu->s, was = *s;
    *s = v->g;
    memcpy(s->r, was.r, sizeof s->r);
    s->pc = was.pc;
    if (hw_shadows(v->vm)) {
        s->msw = was.msw;
        s->ptbr = was.ptbr;
    }
}

static void state(const struct vcpu *v, struct cpu_state *out)
{
    *out = v->cpu->s;
    out->parked = v->g.parked;
    if (hw_shadows(v->vm)) {
        out->msw = v->g.msw;
        out->ptbr = v->g.ptbr;
    }
    if (v->cpu->in_monitor) { // an exit is being handled
        out->tpr = v->g.tpr;
    }
}

// ---- back to the guest ----------------------------------------------------------------------------

void hw_inject(struct vcpu *v, struct vmcs_inject event)
{
    hw_of(v)->vmcs.inject = event;
    hw_write(v, VMCS_ENTRY_INFO);
    if (event.class == EVENT_FAULT && event.error != 0) {
        hw_write(v, VMCS_ENTRY_ERROR);
    } else if (event.class == EVENT_SOFTWARE) {
        hw_write(v, VMCS_ENTRY_LENGTH);
    }
}

void hw_inject_fault(struct vcpu *v, const struct cpu_fault *fault)
{
    if (fault->vector == VEC_PF) {
        v->g.far = fault->addr; // CR2 is not in the VMCS
    }
    hw_inject(v, (struct vmcs_inject){true, fault->vector, fault->error, EVENT_FAULT});
}

static bool can_take_interrupt(const struct vcpu *v)
{
    return v->offer >= 0 && (v->offer >> 4) > v->g.tpr && (v->g.flags & FLAG_IF) &&
           !hw_of(v)->vmcs.guest_shadow;
}

static void inject_interrupt(struct vcpu *v)
{
    unsigned vector = devices_ack(&v->vm->devices, v->index);
    vm_charge(v, CYC_INJECTION, COST_HV_INJECT, 1);
    v->vm->stats.injected++;
    hw_inject(v, (struct vmcs_inject){true, (uint8_t)vector, 0, EVENT_EXTERNAL});
}

static void set_window(struct vcpu *v, bool window, unsigned threshold)
{
    struct vmcs_control *k = &hw_of(v)->vmcs.control;
    if (k->interrupt_window != window) {
        k->interrupt_window = window;
        hw_write(v, VMCS_CPU_CONTROLS);
    }
    if (k->tpr_threshold != threshold) {
        k->tpr_threshold = (uint8_t)threshold;
        hw_write(v, VMCS_TPR_THRESHOLD);
    }
}

// The virtual interrupt on offer: in now, or as soon as the guest can take it. `hold`: something else comes first.
static void offer_interrupt(struct vcpu *v, bool hold)
{
    struct vmcs *x = &hw_of(v)->vmcs;
    if (x->control.virtual_interrupts) {
        if (x->virtual_intr != v->offer) {
            x->virtual_intr = v->offer;
            hw_write(v, VMCS_INTERRUPT_STATUS);
        }
        return;
    }
    bool window = false;
    unsigned threshold = 0;
    if (v->offer >= 0) {
        hw_read(v, VMCS_GUEST_RFLAGS);
        hw_read(v, VMCS_INTERRUPTIBILITY);
        if ((v->offer >> 4) <= v->g.tpr) {
            threshold = (unsigned)v->offer >> 4;
        } else if (can_take_interrupt(v) && !x->inject.valid && !hold) {
            inject_interrupt(v);
        } else {
            window = true;
        }
    }
    set_window(v, window, threshold);
}

// `debug_next`: the instruction that exited was single-stepped and has completed, so the processor delivers #DB right after the entry.
static void resume(struct vcpu *v, bool debug_next)
{
    struct hw_vcpu *h = hw_of(v);
    if (v->vm->m->stop.reason != STOP_NONE) {
        h->vmcs.inject.valid = false;
        give_state(v);
        return;
    }
    if (h->timer_due) {
        h->timer_due = false;
        vm_devices_due(v);
    }
    offer_interrupt(v, debug_next);
    give_state(v);
    if (v->g.halted && !h->vmcs.inject.valid && !debug_next && !can_take_interrupt(v)) {
        vcpu_wait(v);
        return;
    }
    hw_arm_timer(v);
}

static void on_exit(struct vcpu *v, const struct vmexit *e)
{
    const struct cpu *c = v->cpu;
    bool stepping = c->s.flags & FLAG_TF;
    uint64_t before = c->instructions;
    hw_of(v)->read = 0;
    hw_read(v, VMCS_EXIT_REASON);
    hw_read(v, VMCS_IDT_VECTORING_INFO);
    take_state(v);
    hw_handle(v, e);
    // An LTPR that sinks below the threshold has completed before it exits.
    bool completed = c->instructions != before || e->reason == EXIT_TPR_BELOW_THRESHOLD;
    resume(v, stepping && completed);
}

static void wake(struct vcpu *v)
{
    hw_of(v)->read = 0;
    if (v->g.parked) {
        vcpu_wait(v);
        return;
    }
    take_state(v);
    resume(v, false);
}

// ---- life -----------------------------------------------------------------------------------------

static bool options_ok(const struct vm *vm, char *err, size_t err_size)
{
    const uint64_t *option = vm->arch.option;
    const char *name = vm->m->config.model->name, *why = NULL;
    if (option[OPTION_APICV] && !has(vm, CPU_FEATURE_APICV)) {
        why = "apicv=1, but this processor has no virtual APIC; set apicv=0 or take a later --cpu";
    } else if (option[OPTION_APICV] && hw_shadows(vm)) {
        why = "apicv=1, but under shadow paging every access to the APIC's page is a page fault, "
              "which exits; set paging=nested";
    } else if (option[OPTION_POSTED] && !has(vm, CPU_FEATURE_POSTED)) {
        why = "posted=1, but this processor cannot post interrupts; set posted=0 or take a later "
              "--cpu";
    } else if (option[OPTION_POSTED] && !option[OPTION_APICV]) {
        why = "posted=1 posts to the virtual APIC; set apicv=1 as well";
    }
    if (why) {
        snprintf(err, err_size, "%s on %s: %s", arch_row(vm->arch.arch)->name, name, why);
    }
    return !why;
}

static bool create(struct vm *vm, char *err, size_t err_size)
{
    if (!options_ok(vm, err, err_size)) {
        return false;
    }
    struct hw_vcpu *h = calloc(vm->vcpus, sizeof *h);
    if (!h) {
        snprintf(err, err_size, "no memory for %u virtual processors", vm->vcpus);
        return false;
    }
    vm->technique_state = h;
    for (unsigned i = 0; i < vm->vcpus; i++) {
        vm->vcpu[i].technique = &h[i];
    }
    return true;
}

static void destroy(struct vm *vm)
{
    free(vm->technique_state);
    vm->technique_state = NULL;
}

static void start(struct vcpu *v)
{
    struct cpu *c = v->cpu;
    struct hw_vcpu *h = hw_of(v);
    *h = (struct hw_vcpu){.vmcs = {.virtual_intr = -1, .owner = v}};
    set_controls(v);
    c->s.parked = false; // the hypervisor has started every processor
    if (hw_shadows(v->vm)) {
        hw_follow_msw(v);
    }
    vmcs_update(&h->vmcs, c);
    if (!c->vmcs) {
        h->vmcs.guest = c->s;
        vmcs_load(c, &h->vmcs);
    }
    if (v->g.parked) {
        v->waiting = true;
        cpu_monitor_wait(c, CYC_IDLE);
        return;
    }
    v->vm->paging->load_base(v, false);
    if (!c->in_monitor) {
        vmcs_start(c);
    }
}

static const struct monitor_ops monitor = {.name = "hardware-assisted",
                                           .exit = vm_on_exit,
                                           .wake = vm_on_wake,
                                           .event = vm_on_event,
                                           .virtual_ack = hw_virtual_ack,
                                           .apic_read = hw_apic_read,
                                           .apic_write = hw_apic_write,
                                           .posted = hw_posted};

const struct technique_ops hw_technique = {.name = "hw",
                                           .monitor = &monitor,
                                           .create = create,
                                           .destroy = destroy,
                                           .start = start,
                                           .exit = on_exit,
                                           .wake = wake,
                                           .interrupt = hw_interrupt,
                                           .timer = hw_timer,
                                           .state = state};
