// Exceptions and interrupts: delivery through the vector table, double and triple faults, and the branch to whoever owns ring 0 instead.
#include "sim/acct.h"
#include "sim/cpu.h"
#include "sim/cpu_trap.h"
#include "sim/exit.h"
#include "sim/machine_internal.h"
#include "sim/vmcs.h"

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

// In non-root mode: does this exception exit (instead of being delivered)?
static inline bool exception_exits(const struct cpu *c, const struct event_in *e)
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

// `e` could not be delivered: c->fault. Delivers what is to be delivered in its place, and so on.
void cpu_deliver_instead(struct cpu *c, struct event_in e)
{
    unsigned history[3] = {e.vector, 0, 0};
    bool doubled = e.class == EVENT_FAULT && e.vector == VEC_DF;
    if (doubled) { // its delivery was cut short by an exit, and is tried once more
        history[0] = c->double_of[0];
        history[1] = c->double_of[1];
    }
    for (;;) {
        if (c->fault.vector == FAULT_EXIT) {
            exit_fault(c, &e);
            return;
        }
        unsigned next = c->fault.vector;
        // Whether it exits is asked before the two become a double fault; the guest then sees nothing of it.
        struct event_in second = {next, c->fault.error, EVENT_FAULT, e.return_pc, c->fault.addr};
        if (exception_exits(c, &second)) {
            exit_exception(c, &second, &e);
            return;
        }
        // The address of a fault that is not delivered itself stays readable, as on x86.
        c->s.far = next == VEC_PF ? c->fault.addr : c->s.far;
        if (doubled) {
            history[2] = next;
            triple_fault(c, history);
            return;
        }
        // What is delivered instead is a fault of the instruction, or stands before the next one.
        uint64_t at = e.class == EVENT_SOFTWARE ? c->s.pc : e.return_pc;
        if (doubles(&e, next)) {
            doubled = true;
            history[0] = e.vector;
            history[1] = next;
            c->double_of[0] = (uint8_t)history[0];
            c->double_of[1] = (uint8_t)next;
            e = (struct event_in){VEC_DF, 0, EVENT_FAULT, at, 0};
        } else {
            e = (struct event_in){next, c->fault.error, EVENT_FAULT, at, c->fault.addr};
        }
        if (trap_attempt(c, &e)) {
            return;
        }
    }
}

static inline bool deliver(struct cpu *c, unsigned vector, uint32_t error, enum event_class class,
                           uint64_t return_pc, bool injected)
{
    assert(vector < 256);
    const struct event_in e = {vector, error, class, return_pc, c->fault.addr};
    if (!injected && exception_exits(c, &e)) {
        exit_exception(c, &e, NULL);
        return false;
    }
    if (trap_attempt(c, &e)) {
        return true;
    }
    cpu_deliver_instead(c, e);
    return false;
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
