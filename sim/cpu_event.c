// Exceptions and interrupts: delivery through the vector table, double and triple faults, and the branch to whoever owns ring 0 instead.
#include "sim/acct.h"
#include "sim/cpu.h"
#include "sim/exit.h"
#include "sim/machine_internal.h"
#include "sim/vmcs.h"

enum { FRAME_WORDS = 5, FRAME_BYTES = 8 * FRAME_WORDS, GATE_BYTES = 16 };

struct event_in {
    unsigned vector;
    uint32_t error;
    enum event_class class;
    uint64_t return_pc;
    uint64_t addr; // #PF: the address that faulted
};

static bool gate_fault(struct cpu *c, unsigned vector)
{
    return cpu_fail(c, VEC_GP, vector * 8 + 2);
}

// One attempt. False: c->fault; nothing of the processor's state has changed.
static bool try_deliver(struct cpu *c, const struct event_in *e)
{
    uint64_t gate[2], sp = c->s.r[REG_SP];
    if (!cpu_read_system(c, c->s.vbar + (uint64_t)GATE_BYTES * e->vector, gate, GATE_BYTES,
                         false)) {
        return false;
    }
    unsigned ring = GATE_RING(gate[1]);
    bool software = e->class == EVENT_SOFTWARE;
    if ((software && c->s.ring > GATE_DPL(gate[1])) || !(gate[1] & GATE_P) || ring > c->s.ring ||
        gate[0] % 4 || !walk_canonical(gate[0], c->levels)) {
        return gate_fault(c, e->vector);
    }
    if (ring != c->s.ring &&
        !cpu_read_system(c, c->s.tr + (uint64_t)8 * ring, &sp, sizeof sp, false)) {
        return false;
    }
    sp = (sp & ~UINT64_C(15)) - FRAME_BYTES;
    const uint64_t frame[FRAME_WORDS] = {e->error, e->return_pc, c->s.ring, c->s.flags,
                                         c->s.r[REG_SP]};
    if (!cpu_write_system(c, sp, frame, FRAME_BYTES, ring == 3)) {
        return false;
    }
    c->s.r[REG_SP] = sp;
    c->s.pc = gate[0];
    c->s.flags &= gate[1] & GATE_TRAP ? ~FLAG_TF : ~(FLAG_TF | FLAG_IF);
    if (ring != c->s.ring) {
        cpu_set_ring(c, ring);
    }
    c->s.halted = false;
    c->shadow_at = UINT64_MAX;
    return true;
}

static bool contributory(unsigned vector)
{
    return vector == VEC_GP || vector == VEC_DE;
}

// Whether `second`, met while delivering `first` (an exception), makes a double fault.
static bool doubles(const struct event_in *first, unsigned second)
{
    if (first->class != EVENT_FAULT) {
        return false; // INT n and interrupts count as no fault
    }
    return first->vector == VEC_PF ? second == VEC_PF || contributory(second)
                                   : contributory(first->vector) && contributory(second);
}

static void charge_delivery(struct cpu *c, const struct event_in *e)
{
    acct_charge(c, CYC_EVENT, e->class == EVENT_EXTERNAL ? COST_INTERRUPT : COST_EXCEPTION, 1);
    if (e->class == EVENT_FAULT && e->vector == VEC_PF) {
        acct_charge(c, CYC_EVENT, COST_PAGE_FAULT, 1);
    }
}

static void count_delivery(struct cpu *c, const struct event_in *e)
{
    if (e->class == EVENT_EXTERNAL) {
        c->counters.interrupts++;
    } else if (e->vector < 32) {
        c->counters.exceptions[e->vector]++;
    }
    cpu_trace(c, cpu_now(c), c->s.pc, 0, c->s.ring, e->vector + 1);
}

// In non-root mode: does this exception exit (instead of being delivered)?
static bool exception_exits(const struct cpu *c, const struct event_in *e)
{
    // INT n and BRK are no exceptions here, nor is what comes from outside.
    if (!c->vmcs || e->class != EVENT_FAULT || e->vector >= 32) {
        return false;
    }
    const struct vmcs_control *k = &c->vmcs->control;
    bool bit = k->exception_bitmap >> e->vector & 1;
    if (e->vector == VEC_PF && (e->error & k->pf_mask) != k->pf_match) {
        bit = !bit;
    }
    return bit;
}

static void exit_exception(struct cpu *c, const struct event_in *e, const struct event_in *during)
{
    exit_take(c, &(struct vmexit){
                     .reason = EXIT_EXCEPTION_NMI,
                     .pc = c->s.pc,
                     .vector = (uint8_t)e->vector,
                     .error = e->error,
                     .addr = e->addr,
                     .delivering = during != NULL,
                     .delivering_vector = during ? (uint8_t)during->vector : 0,
                     .delivering_error = during ? during->error : 0,
                     .delivering_class = during ? (uint8_t)during->class : 0,
                 });
}

static void triple_fault(struct cpu *c, const unsigned vector[3])
{
    if (c->vmcs) {
        exit_take(c, &(struct vmexit){.reason = EXIT_TRIPLE_FAULT,
                                      .pc = c->s.pc,
                                      .vector = (uint8_t)vector[2],
                                      .value = vector[0] | vector[1] << 8,
                                      .addr = c->s.far});
        return;
    }
    struct stop_info *stop = &c->m->stop;
    machine_stop(c->m, STOP_TRIPLE_FAULT, c->index, 0);
    memcpy(stop->vector, vector, sizeof stop->vector);
    stop->fault_addr = c->s.far;
    stop->pc = c->s.pc;
}

// A fault that ends delivery for good, because it leaves the guest: an EPT fault while reading the gate, say.
static void exit_fault(struct cpu *c, const struct event_in *during)
{
    struct cpu_fault f = c->fault;
    exit_take(c, &(struct vmexit){
                     .reason = (enum exit_reason)f.exit,
                     .pc = c->s.pc,
                     .error = f.error,
                     .addr = f.addr,
                     .linear = f.linear,
                     .delivering = during != NULL,
                     .delivering_vector = during ? (uint8_t)during->vector : 0,
                     .delivering_error = during ? during->error : 0,
                     .delivering_class = during ? (uint8_t)during->class : 0,
                 });
}

static bool deliver(struct cpu *c, unsigned vector, uint32_t error, enum event_class class,
                    uint64_t return_pc, bool injected)
{
    assert(vector < 256);
    struct event_in e = {vector, error, class, return_pc, c->fault.addr}, first = e;
    unsigned history[3] = {vector, 0, 0};
    bool again = false, doubled = class == EVENT_FAULT && vector == VEC_DF;
    if (doubled) { // its delivery was cut short by an exit, and is tried once more
        history[0] = c->double_of[0];
        history[1] = c->double_of[1];
    }
    for (;;) {
        if (!(injected && !again) && exception_exits(c, &e)) {
            exit_exception(c, &e, again ? &first : NULL);
            return false;
        }
        if (e.class == EVENT_FAULT && e.vector == VEC_PF) {
            c->s.far = e.addr;
        }
        charge_delivery(c, &e);
        if (try_deliver(c, &e)) {
            count_delivery(c, &e);
            return !again;
        }
        if (c->fault.vector == FAULT_EXIT) {
            exit_fault(c, &e);
            return false;
        }
        unsigned next = c->fault.vector;
        // Whether it exits is asked before the two become a double fault.
        struct event_in second = {next, c->fault.error, EVENT_FAULT, e.return_pc, c->fault.addr};
        if (exception_exits(c, &second)) {
            exit_exception(c, &second, &e);
            return false;
        }
        history[2] = next;
        if (doubled) {
            c->s.far = next == VEC_PF ? c->fault.addr : c->s.far;
            triple_fault(c, history);
            return false;
        }
        if (again) {
            history[0] = e.vector;
        }
        again = true;
        // Whatever is delivered instead is a fault of the instruction, or stands before the next one.
        first = e;
        uint64_t at = e.class == EVENT_SOFTWARE ? c->s.pc : e.return_pc;
        if (doubles(&e, next)) {
            doubled = true;
            history[1] = next;
            c->double_of[0] = (uint8_t)history[0];
            c->double_of[1] = (uint8_t)next;
            e = (struct event_in){VEC_DF, 0, EVENT_FAULT, at, 0};
            // The address of the fault that made it double stays readable, as on x86.
            c->s.far = next == VEC_PF ? c->fault.addr : c->s.far;
        } else {
            e = (struct event_in){next, c->fault.error, EVENT_FAULT, at, c->fault.addr};
        }
    }
}

bool cpu_deliver(struct cpu *c, unsigned vector, uint32_t error, enum event_class class,
                 uint64_t return_pc)
{
    return deliver(c, vector, error, class, return_pc, false);
}

bool cpu_deliver_injected(struct cpu *c, unsigned vector, uint32_t error, enum event_class class,
                          uint64_t return_pc)
{
    return deliver(c, vector, error, class, return_pc, true);
}

// A deprivileged guest's event goes to the monitor.
static void trap_to_monitor(struct cpu *c, unsigned vector, uint32_t error)
{
    enum exit_reason reason = vector == VEC_GP   ? EXIT_TRAP_GP
                              : vector == VEC_PF ? EXIT_TRAP_PF
                                                 : EXIT_TRAP_EXCEPTION;
    if (vector == VEC_PF) {
        c->s.far = c->fault.addr;
    }
    exit_take(c, &(struct vmexit){.reason = reason,
                                  .pc = c->s.pc,
                                  .vector = (uint8_t)vector,
                                  .error = error,
                                  .addr = c->s.far});
}

void cpu_raise(struct cpu *c, unsigned vector, uint32_t error, uint64_t return_pc)
{
    if (c->trap_guest && !c->in_monitor) {
        trap_to_monitor(c, vector, error);
    } else {
        cpu_deliver(c, vector, error, EVENT_FAULT, return_pc);
    }
}

void cpu_take_fault(struct cpu *c)
{
    struct cpu_fault f = c->fault;
    if (f.vector == FAULT_EXIT) {
        exit_fault(c, NULL);
        return;
    }
    cpu_raise(c, f.vector, f.error, c->s.pc);
}

void cpu_take_event(struct cpu *c)
{
    assert(cpu_event_pending(c));
    if (c->vmcs || c->trap_guest) {
        cpu_take_guest_event(c);
        return;
    }
    unsigned vector = machine_lapic_ack(c->m, c->index);
    cpu_deliver(c, vector, 0, EVENT_EXTERNAL, c->s.pc);
}
