// vcpu_event.c: an exception or interrupt reaches a deprivileged guest: what the processor does by its vector table (sim/cpu_event.c), done by
// software on virtual state. The rules are docs/machine.md's, "Exceptions and interrupts".
#include "models/vm.h"

enum { FRAME_WORDS = 5, FRAME_BYTES = 8 * FRAME_WORDS, GATE_BYTES = 16 };

struct event_in {
    unsigned vector;
    uint32_t error;
    enum event_class class;
    uint64_t return_pc;
    uint64_t addr; // #PF: the fault address
};

// One attempt. False: *fault; nothing of the guest's state has changed.
static bool try_deliver(struct vcpu *v, const struct event_in *e, struct cpu_fault *fault)
{
    struct cpu_state *g = &v->g, *s = &v->cpu->s;
    uint64_t gate[2], sp = s->r[REG_SP];
    if (!vcpu_read(v, g->vbar + (uint64_t)GATE_BYTES * e->vector, gate, GATE_BYTES, 0, fault)) {
        return false;
    }
    unsigned ring = GATE_RING(gate[1]);
    bool denied = e->class == EVENT_SOFTWARE && g->ring > GATE_DPL(gate[1]);
    if (denied || !(gate[1] & GATE_P) || ring > g->ring || gate[0] % 4 ||
        !vcpu_canonical(v, gate[0])) {
        *fault = (struct cpu_fault){.vector = VEC_GP, .error = e->vector * 8 + 2};
        return false;
    }
    if (ring != g->ring && !vcpu_read(v, g->tr + (uint64_t)8 * ring, &sp, sizeof sp, 0, fault)) {
        return false;
    }
    sp = (sp & ~UINT64_C(15)) - FRAME_BYTES;
    const uint64_t frame[FRAME_WORDS] = {e->error, e->return_pc, g->ring, g->flags, s->r[REG_SP]};
    if (!vcpu_write(v, sp, frame, FRAME_BYTES, ring, fault)) {
        return false;
    }
    s->r[REG_SP] = sp;
    s->pc = gate[0];
    g->flags &= gate[1] & GATE_TRAP ? ~FLAG_TF : ~(FLAG_TF | FLAG_IF);
    g->ring = (uint8_t)ring;
    g->halted = false;
    v->shadow_at = UINT64_MAX;
    return true;
}

static bool contributory(unsigned vector)
{
    return vector == VEC_GP || vector == VEC_DE;
}

// Whether `second`, met while delivering `first`, makes a double fault.
static bool doubles(const struct event_in *first, unsigned second)
{
    if (first->class != EVENT_FAULT) {
        return false; // INT n and interrupts count as no fault
    }
    return first->vector == VEC_PF ? second == VEC_PF || contributory(second)
                                   : contributory(first->vector) && contributory(second);
}

static void triple_fault(struct vcpu *v, const unsigned vector[3])
{
    struct stop_info *stop = &v->vm->m->stop;
    machine_stop(v->vm->m, STOP_TRIPLE_FAULT, v->index, 0);
    memcpy(stop->vector, vector, sizeof stop->vector);
    stop->fault_addr = v->g.far;
    stop->pc = v->cpu->s.pc;
}

static void count_delivery(struct vcpu *v, const struct event_in *e)
{
    struct cpu_counters *n = &v->cpu->counters;
    if (e->class == EVENT_EXTERNAL) {
        n->interrupts++;
    } else if (e->vector < VEC_IRQ_FIRST) {
        n->exceptions[e->vector]++;
    }
}

static bool deliver(struct vcpu *v, struct event_in e)
{
    unsigned history[3] = {e.vector, 0, 0};
    bool again = false, doubled = e.class == EVENT_FAULT && e.vector == VEC_DF;
    if (doubled) { // the processor began with it, and left it to us
        history[0] = v->cpu->double_of[0];
        history[1] = v->cpu->double_of[1];
    }
    for (;;) {
        struct cpu_fault fault;
        if (e.class == EVENT_FAULT && e.vector == VEC_PF) {
            v->g.far = e.addr;
        }
        vm_charge(v, e.class == EVENT_EXTERNAL ? CYC_INJECTION : CYC_EXIT_HANDLING, COST_HV_DELIVER,
                  1);
        if (try_deliver(v, &e, &fault)) {
            count_delivery(v, &e);
            return !again;
        }
        unsigned next = fault.vector;
        history[2] = next;
        if (doubled) {
            v->g.far = next == VEC_PF ? fault.addr : v->g.far;
            triple_fault(v, history);
            return false;
        }
        if (again) {
            history[0] = e.vector;
        }
        again = true;
        // Whatever is delivered instead is a fault of the instruction, or stands before the next one.
        uint64_t at = e.class == EVENT_SOFTWARE ? v->cpu->s.pc : e.return_pc;
        if (doubles(&e, next)) {
            doubled = true;
            history[1] = next;
            v->cpu->double_of[0] = (uint8_t)history[0];
            v->cpu->double_of[1] = (uint8_t)next;
            v->g.far = next == VEC_PF ? fault.addr : v->g.far;
            e = (struct event_in){VEC_DF, 0, EVENT_FAULT, at, 0};
        } else {
            e = (struct event_in){next, fault.error, EVENT_FAULT, at, fault.addr};
        }
    }
}

bool vcpu_deliver(struct vcpu *v, unsigned vector, uint32_t error, enum event_class class,
                  uint64_t return_pc)
{
    return deliver(v, (struct event_in){vector, error, class, return_pc, v->g.far});
}

void vcpu_fault(struct vcpu *v, const struct cpu_fault *fault)
{
    deliver(v,
            (struct event_in){fault->vector, fault->error, EVENT_FAULT, v->cpu->s.pc, fault->addr});
}

void vcpu_syscall(struct vcpu *v)
{
    struct cpu_state *g = &v->g, *s = &v->cpu->s;
    vm_charge(v, CYC_EXIT_HANDLING, COST_HV_BOUNCE, 1);
    s->r[REG_T0] = s->r[REG_SP];
    s->r[REG_T0 + 1] = s->pc + 4;
    s->r[REG_T0 + 2] = g->flags;
    s->r[REG_SP] = g->kstack;
    g->flags &= ~(FLAG_IF | FLAG_TF);
    s->pc = g->lstar;
    g->ring = 0;
    v->cpu->counters.syscalls++;
    v->cpu->instructions++;
}

void vcpu_software_interrupt(struct vcpu *v, unsigned vector)
{
    if (vcpu_deliver(v, vector, 0, EVENT_SOFTWARE, v->cpu->s.pc + 4)) {
        v->cpu->instructions++;
    }
}
