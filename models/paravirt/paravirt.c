// paravirt.c: the paravirtual technique: the guest's kernel in ring 1, on the real processor with its own page tables; what becomes of its traps;
// and how events get in.
#include "models/paravirt/paravirt.h"

#include "sim/acct.h"
#include "sim/exit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KERNEL_RING = 1, FRAME_WORDS = 5, IRET_WORDS = 10 };
// The hypervisor's own vector table and stacks, which SIDT shows.
#define HV_VECTORS UINT64_C(0xfffffffffff00000)
#define HV_STACKS  UINT64_C(0xfffffffffff01000)

static bool stopped(const struct vcpu *v)
{
    return v->vm->m->stop.reason != STOP_NONE;
}

// ---- into the guest's kernel ----------------------------------------------------------------------

// The guest lost the means to be told of anything: it ends, as by a triple fault.
static void crash(struct vcpu *v, unsigned vector)
{
    struct stop_info *stop = &v->vm->m->stop;
    machine_stop(v->vm->m, STOP_TRIPLE_FAULT, v->index, 0);
    stop->vector[0] = stop->vector[1] = stop->vector[2] = vector;
    stop->fault_addr = pv_shared_get(v, SHARED_FAULT);
    stop->pc = v->cpu->s.pc;
}

// Pushes the five words of an interrupt frame and goes to `entry` in ring 1 with events masked.
static void push_frame(struct vcpu *v, uint64_t entry, uint32_t error, uint64_t pc, unsigned vector)
{
    struct cpu_state *s = &v->cpu->s;
    bool from_user = s->ring > KERNEL_RING;
    bool open = from_user || !pv_shared_get(v, SHARED_MASK);
    uint64_t sp = ((from_user ? s->kstack : s->r[REG_SP]) & ~UINT64_C(15)) - 8 * FRAME_WORDS;
    uint64_t flags = (s->flags & ~FLAG_IF) | (open ? FLAG_IF : 0);
    const uint64_t frame[FRAME_WORDS] = {error, pc, s->ring, flags, s->r[REG_SP]};
    vm_charge(v, CYC_EXIT_HANDLING, COST_HC_BOUNCE, 1);
    if (entry == 0 || !pv_write(v, sp, frame, sizeof frame)) {
        crash(v, vector);
        return;
    }
    pv_shared_set(v, SHARED_MASK, 1);
    s->r[REG_SP] = sp;
    s->pc = entry;
    s->flags = FLAG_IF;
    s->ring = KERNEL_RING;
}

void pv_bounce(struct vcpu *v, unsigned vector, uint32_t error, bool software)
{
    const uint64_t *gate = pv_domain(v->vm)->gate[vector];
    struct cpu *c = v->cpu;
    if (software && (!(gate[1] & GATE_P) || c->s.ring > GATE_DPL(gate[1]))) {
        error = vector * 8 + 2;
        vector = VEC_GP;
        gate = pv_domain(v->vm)->gate[vector];
        software = false;
    }
    uint64_t pc = c->s.pc + (software ? 4 : 0);
    push_frame(v, gate[1] & GATE_P ? gate[0] : 0, error, pc, vector);
    if (vector < VEC_IRQ_FIRST) {
        c->counters.exceptions[vector]++;
    }
    c->instructions += software;
}

// ---- events ---------------------------------------------------------------------------------------

void pv_notify(struct vcpu *v, enum pv_channel channel)
{
    vm_charge(v, CYC_INJECTION, COST_HC_EVENT, 1);
    pv_shared_set(v, SHARED_PENDING, pv_shared_get(v, SHARED_PENDING) | UINT64_C(1) << channel);
}

static bool wants_events(const struct vcpu *v)
{
    return pv_domain(v->vm)->event_entry && pv_shared_get(v, SHARED_PENDING) &&
           (v->cpu->s.ring > KERNEL_RING || !pv_shared_get(v, SHARED_MASK));
}

// Nanoseconds since the start.
static uint64_t system_time(const struct vcpu *v)
{
    return cpu_now(v->cpu) / v->vm->m->config.model->mhz * 1000 +
           cpu_now(v->cpu) % v->vm->m->config.model->mhz * 1000 / v->vm->m->config.model->mhz;
}

static void deliver_events(struct vcpu *v)
{
    pv_shared_set(v, SHARED_TIME, system_time(v));
    pv_shared_set(v, SHARED_TSC, cpu_now(v->cpu));
    v->vm->stats.injected++;
    v->cpu->counters.interrupts++;
    push_frame(v, pv_domain(v->vm)->event_entry, 0, v->cpu->s.pc, VEC_IRQ_FIRST);
}

// An event came while the kernel was on its way out, past its own look at the pending ones: back to that look. The way out changes nothing before its
// last instruction.
static void restart_way_out(struct vcpu *v)
{
    const struct pv_domain *d = pv_domain(v->vm);
    struct cpu_state *s = &v->cpu->s;
    if (s->ring == KERNEL_RING && s->pc > d->restart && s->pc < d->restart_end &&
        pv_shared_get(v, SHARED_PENDING)) {
        s->pc = d->restart;
    }
}

// Back to the guest, with an event if it takes one.
static void resume(struct vcpu *v)
{
    if (!stopped(v) && wants_events(v)) {
        v->g.halted = false;
        deliver_events(v);
    }
    if (stopped(v)) {
        return;
    }
    if (v->g.halted) {
        vcpu_wait(v);
        return;
    }
    restart_way_out(v);
    vm_charge(v, CYC_WORLD_SWITCH, COST_IRET, 1);
    cpu_sync(v->cpu);
}

// ---- way back -------------------------------------------------------------------------------------

bool pv_iret(struct vcpu *v)
{
    struct cpu_state *s = &v->cpu->s;
    uint64_t w[IRET_WORDS];
    if (!pv_read(v, s->r[REG_SP], w, sizeof w)) {
        return false;
    }
    uint64_t pc = w[6], ring = w[7], flags = w[8];
    if (pc % 4 || !vcpu_canonical(v, pc) || ring < KERNEL_RING || ring > 3) {
        return false;
    }
    s->r[REG_T0] = w[0];
    s->r[REG_T0 + 1] = w[1];
    s->r[REG_T0 + 2] = w[2];
    s->r[REG_SP] = w[9];
    s->pc = pc;
    s->ring = (uint8_t)ring;
    s->flags = FLAG_IF | (flags & FLAG_TF);
    if (ring == KERNEL_RING) {
        pv_shared_set(v, SHARED_MASK, !(flags & FLAG_IF));
    }
    return true;
}

// ---- traps ----------------------------------------------------------------------------------------

static void on_exit(struct vcpu *v, const struct vmexit *e)
{
    struct cpu *c = v->cpu;
    switch (e->reason) {
    case EXIT_HYPERCALL:
        vm_charge(v, CYC_WORLD_SWITCH, COST_INT, 1);
        if (c->s.ring == KERNEL_RING) {
            pv_hypercall(v);
        } else {
            pv_bounce(v, VEC_UD, 0, false); // programs have no hypervisor
        }
        break;
    case EXIT_TRAP_PF:
        vcpu_tell_fault(v, &(struct watch_fault){
                               .va = e->addr, .error = e->error, .outcome = PAGING_GUEST_FAULT});
        pv_shared_set(v, SHARED_FAULT, e->addr);
        pv_bounce(v, VEC_PF, e->error, false);
        break;
    case EXIT_TRAP_SOFTINT: pv_bounce(v, e->vector, 0, true); break;
    case EXIT_TRAP_EXCEPTION:
        if (e->vector == VEC_DB && c->s.ring == KERNEL_RING) {
            break; // a program that single-steps has made a system call; its kernel does not care
        }
        pv_bounce(v, e->vector, e->error, false);
        break;
    case EXIT_EXTERNAL_INTERRUPT:
        vcpu_real_interrupt(v);
        pv_interrupts(v);
        break;
    default: pv_bounce(v, VEC_GP, e->reason == EXIT_TRAP_GP ? e->error : 0, false); break;
    }
    resume(v);
}

static void wake(struct vcpu *v)
{
    pv_interrupts(v);
    resume(v);
}

// ---- life -----------------------------------------------------------------------------------------

static bool create(struct vm *vm, char *err, size_t err_size)
{
    if (vm->vcpus > 1) {
        snprintf(err, err_size,
                 "paravirtual guests have one virtual processor in this build; take --cpus 1");
        return false;
    }
    vm->technique_state = calloc(1, sizeof(struct pv_domain));
    ring_of(vm)->transport = &pv_transport;
    if (!vm->technique_state) {
        snprintf(err, err_size, "no memory for a domain");
        return false;
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
    c->s.vbar = HV_VECTORS;
    c->s.tr = HV_STACKS;
    c->s.ring = KERNEL_RING;
    c->s.flags = FLAG_IF;
    c->s.msw = MSW_PG | MSW_WP;
    if (c->s.pc < v->vm->ram) {
        c->s.pc += PV_VIRT_BASE;
    }
    cpu_set_trap_guest(c, true);
    c->system_call_ring = KERNEL_RING;
    if (!pv_build(v)) {
        machine_stop(v->vm->m, STOP_TRIPLE_FAULT, v->index, 0); // no memory for its tables
    }
    v->g.msw = c->s.msw;
    v->g.ptbr = c->s.ptbr;
    cpu_sync(c);
}

static void state(const struct vcpu *v, struct cpu_state *out)
{
    *out = v->cpu->s;
}

static const struct monitor_ops monitor = {
    .name = "paravirt", .exit = vm_on_exit, .wake = vm_on_wake, .event = vm_on_event};

const struct technique_ops paravirt_technique = {.name = "paravirt",
                                                 .deprivileged = true,
                                                 .monitor = &monitor,
                                                 .create = create,
                                                 .destroy = destroy,
                                                 .start = start,
                                                 .exit = on_exit,
                                                 .wake = wake,
                                                 .state = state};
