// trap.c: trap-and-emulate. The real processor shows the guest ring 1, IF always set, IOPL 0 and the hypervisor's own tables; what the guest believes is
// in v->g. With the ISA's holes open, the guest can read the difference (RDFLAGS, SIDT, SMSW, RDRING) and lose an IF (WRFLAGS): nothing here
// tries to hide it. With the holes closed those five trap like everything else, and the guest cannot tell.
#include "models/fullvirt/trap.h"

#include "sim/acct.h"

#include <stdio.h>
#include <stdlib.h>

// ---- back to the guest ----------------------------------------------------------------------------

unsigned trap_real_ring(unsigned ring)
{
    return ring == 0 ? 1
                     : ring; // rings 0 and 1 of the guest share one; rings 2 and 3 are themselves
}

// Put on the real processor what the guest may see of its virtual one.
void trap_enter(struct vcpu *v)
{
    struct trap_vcpu *t = v->technique;
    struct cpu_state *s = &v->cpu->s;
    const struct cpu_state *g = &v->g;
    bool offered = v->offer >= 0 && (g->flags & FLAG_IF) && (v->offer >> 4) > g->tpr;
    t->own_step = offered; // only STI's shadow can still be in the way
    t->guest_step = g->flags & FLAG_TF;
    s->ring = (uint8_t)trap_real_ring(g->ring);
    s->flags = FLAG_IF | (t->own_step || t->guest_step ? FLAG_TF : 0);
    vm_charge(v, CYC_WORLD_SWITCH, COST_IRET, 1);
    cpu_sync(v->cpu);
}

// What the processor does before each instruction, for the virtual one.
void trap_resume(struct vcpu *v, void (*enter)(struct vcpu *v))
{
    while (!vcpu_stopped(v) && vcpu_wants_interrupt(v)) {
        vcpu_take_interrupt(v);
    }
    if (vcpu_stopped(v)) {
        return;
    }
    if (v->g.halted) {
        vcpu_wait(v);
    } else {
        enter(v);
    }
}

// ---- traps ----------------------------------------------------------------------------------------

// The instruction at pc, whatever it is, by software.
void trap_emulate(struct vcpu *v)
{
    struct insn in;
    struct cpu_fault fault;
    if (!vcpu_fetch(v, &in, &fault)) {
        vcpu_fault(v, &fault);
        return;
    }
    switch (in.op) {
    case OP_SYSCALL: vcpu_syscall(v); return;
    case OP_INT: vcpu_software_interrupt(v, (unsigned)in.imm); return;
    case OP_BRK: vcpu_software_interrupt(v, VEC_BP); return;
    default: break;
    }
    if (!vcpu_emulate(v, in, &fault)) {
        vcpu_fault(v, &fault);
    }
}

static void page_fault(struct vcpu *v, const struct vmexit *e)
{
    struct cpu_fault fault;
    uint64_t gpa;
    switch (vcpu_page_fault(v, e->addr, e->error, &gpa, &fault)) {
    case PAGING_FIXED: break;
    case PAGING_GUEST_FAULT: vcpu_fault(v, &fault); break;
    case PAGING_DEVICE:
    case PAGING_TABLE_WRITE: trap_emulate(v); break;
    }
}

static void exception(struct vcpu *v, const struct vmexit *e)
{
    const struct trap_vcpu *t = v->technique;
    if (e->vector == VEC_DB && t->own_step && !t->guest_step) {
        return; // ours: the interrupt can be delivered now
    }
    vcpu_deliver(v, e->vector, e->error, EVENT_FAULT, e->pc);
}

void trap_act(struct vcpu *v, const struct vmexit *e)
{
    switch (e->reason) {
    case EXIT_TRAP_GP:
    case EXIT_TRAP_IRET:
    case EXIT_HYPERCALL: trap_emulate(v); break;
    case EXIT_TRAP_PF: page_fault(v, e); break;
    case EXIT_TRAP_SYSCALL: vcpu_syscall(v); break;
    case EXIT_TRAP_SOFTINT: vcpu_software_interrupt(v, e->vector); break;
    case EXIT_TRAP_EXCEPTION: exception(v, e); break;
    case EXIT_EXTERNAL_INTERRUPT: vcpu_real_interrupt(v); break;
    default: assert(false && "no way out of a deprivileged guest"); break;
    }
}

static void on_exit(struct vcpu *v, const struct vmexit *e)
{
    struct trap_vcpu *t = v->technique;
    const struct cpu *c = v->cpu;
    bool stepping = c->s.flags & FLAG_TF;
    uint64_t before = c->instructions;
    if (!t->own_step &&
        !t->debug_next) { // WRFLAGS through the hole reaches the real TF, and only that
        v->g.flags = (v->g.flags & ~FLAG_TF) | (c->s.flags & FLAG_TF);
    }
    trap_act(v, e);
    t->debug_next = stepping && c->instructions != before;
    if (!t->debug_next) {
        trap_resume(v, trap_enter);
    }
}

// ---- life -----------------------------------------------------------------------------------------

static bool create(struct vm *vm, char *err, size_t err_size)
{
    struct trap_vcpu *t = calloc(vm->vcpus, sizeof *t);
    if (!t) {
        snprintf(err, err_size, "no memory for %u virtual processors", vm->vcpus);
        return false;
    }
    vm->technique_state = t;
    for (unsigned i = 0; i < vm->vcpus; i++) {
        vm->vcpu[i].technique = &t[i];
    }
    return true;
}

static void destroy(struct vm *vm)
{
    free(vm->technique_state);
    vm->technique_state = NULL;
}

bool trap_begin(struct vcpu *v)
{
    struct cpu *c = v->cpu;
    c->s.parked = false; // the hypervisor has started every processor
    c->s.vbar = TRAP_VECTORS;
    c->s.tr = TRAP_STACKS;
    if (!c->trap_guest) {
        cpu_set_trap_guest(c, true);
    }
    if (v->g.parked) {
        v->waiting = true;
        cpu_monitor_wait(c, CYC_IDLE);
        return false;
    }
    v->vm->paging->load_base(v, false);
    return true;
}

static void start(struct vcpu *v)
{
    *(struct trap_vcpu *)v->technique = (struct trap_vcpu){0};
    if (trap_begin(v)) {
        trap_enter(v);
    }
}

static void wake(struct vcpu *v)
{
    if (v->g.parked) {
        vcpu_wait(v);
    } else {
        trap_resume(v, trap_enter);
    }
}

void trap_state(const struct vcpu *v, struct cpu_state *out)
{
    *out = v->g;
    memcpy(out->r, v->cpu->s.r, sizeof out->r);
    out->pc = v->cpu->s.pc;
}

static const struct monitor_ops monitor = {
    .name = "trap-and-emulate", .exit = vm_on_exit, .wake = vm_on_wake, .event = vm_on_event};

const struct technique_ops trap_technique = {.name = "trap",
                                             .deprivileged = true,
                                             .monitor = &monitor,
                                             .create = create,
                                             .destroy = destroy,
                                             .start = start,
                                             .exit = on_exit,
                                             .wake = wake,
                                             .state = trap_state};
