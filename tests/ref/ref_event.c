// Exceptions and interrupts of the reference interpreter: delivery through the vector table, and what becomes of a
// fault on the way.
#include "sim/cost.h"
#include "tests/ref/ref.h"

static bool one_gp(struct ref_cpu *c, unsigned vector)
{
    return ref_fault(c, REF_GP, vector * 8 + 2);
}

static void cover_delivery(struct ref_machine *m, const struct ref_cpu *c, unsigned vector,
                           unsigned ring, bool trap)
{
    if (m->cover) {
        m->cover->vector[vector]++;
    }
    if (ring == c->ring) {
        REF_COVER(m, SAME_RING);
    } else if (ring) {
        REF_COVER(m, TO_MIDDLE);
    } else {
        c->ring == 3 ? REF_COVER(m, FROM_USER) : REF_COVER(m, FROM_MIDDLE);
    }
    if (trap && c->flags & REF_IF) {
        REF_COVER(m, TRAP_GATE);
    }
}

// One attempt. Changes registers only once nothing can go wrong any more.
static bool attempt(struct ref_machine *m, struct ref_cpu *c, enum ref_cause cause, unsigned vector,
                    uint64_t error, uint64_t pc)
{
    ref_charge(c, REF_CYCLES_EVENT,
               ref_cost(m, cause == REF_BY_INTERRUPT ? COST_INTERRUPT : COST_EXCEPTION));
    if (vector == REF_PF && cause == REF_BY_FAULT) {
        ref_charge(c, REF_CYCLES_EVENT, ref_cost(m, COST_PAGE_FAULT));
    }
    uint64_t gate[2];
    if (!ref_system_read(m, c, c->idt + 16 * vector, 0, gate, 2)) {
        REF_COVER(m, GATE_FAULTS);
        return false;
    }
    bool present = gate[1] & 1, trap = gate[1] >> 5 & 1;
    unsigned dpl = gate[1] >> 1 & 3, ring = gate[1] >> 3 & 3;
    if (cause == REF_BY_INT && c->ring > dpl) {
        REF_COVER(m, GATE_DPL);
        return one_gp(c, vector);
    }
    if (!present || ring > c->ring || gate[0] % 4 || !ref_canonical(m, gate[0])) {
        !present         ? REF_COVER(m, GATE_ABSENT)
        : ring > c->ring ? REF_COVER(m, GATE_RING)
                         : REF_COVER(m, GATE_HANDLER);
        return one_gp(c, vector);
    }
    uint64_t sp = c->r[REG_SP];
    if (ring != c->ring && !ref_system_read(m, c, c->task + 8 * ring, 0, &sp, 1)) {
        REF_COVER(m, GATE_FAULTS);
        return false;
    }
    sp = (sp & ~UINT64_C(15)) - 40;
    uint64_t frame[5] = {error, pc, c->ring, c->flags, c->r[REG_SP]};
    if (!ref_system_write(m, c, sp, ring, frame, 5)) {
        REF_COVER(m, FRAME_FAULTS);
        return false;
    }
    cover_delivery(m, c, vector, ring, trap);
    c->r[REG_SP] = sp;
    c->pc = gate[0];
    c->ring = ring;
    c->flags &= ~REF_TF;
    if (!trap) {
        c->flags &= ~REF_IF;
    }
    c->shadow = false;
    c->halted = false;
    if (cause == REF_BY_INTERRUPT) {
        c->count.interrupts++;
    } else if (vector < 32) {
        c->count.exceptions[vector]++;
    }
    return true;
}

static bool makes_double(bool first_is_fault, unsigned first, unsigned second)
{
    if (!first_is_fault) {
        return false;
    }
    if (first == REF_PF) {
        return second == REF_PF || second == REF_GP;
    }
    return (first == REF_GP || first == REF_DE) && second == REF_GP;
}

static void triple(struct ref_machine *m, struct ref_cpu *c, const unsigned vector[3])
{
    m->stop = (struct stop_info){.reason = STOP_TRIPLE_FAULT,
                                 .cpu = (unsigned)(c - m->cpu),
                                 .pc = c->pc,
                                 .vector = {vector[0], vector[1], vector[2]},
                                 .fault_addr = c->far};
}

bool ref_deliver(struct ref_machine *m, struct ref_cpu *c, enum ref_cause cause, unsigned vector,
                 uint64_t error, uint64_t pc, uint64_t fault_pc)
{
    if (attempt(m, c, cause, vector, error, pc)) {
        return true;
    }
    bool is_fault = cause == REF_BY_FAULT;
    for (;;) {
        unsigned second = c->vector;
        if (makes_double(is_fault, vector, second)) {
            if (!attempt(m, c, REF_BY_FAULT, REF_DF, 0, fault_pc)) {
                REF_COVER(m, TRIPLE);
                triple(m, c, (unsigned[]){vector, second, c->vector});
            } else {
                REF_COVER(m, DOUBLE);
            }
            return false;
        }
        REF_COVER(m, IN_PLACE);
        if (!is_fault && cause == REF_BY_INTERRUPT) {
            REF_COVER(m, IN_PLACE_OF_INTERRUPT);
        }
        if (is_fault && vector == REF_GP) {
            REF_COVER(m, PF_DURING_GP);
        }
        is_fault = true;
        vector = second;
        if (attempt(m, c, REF_BY_FAULT, vector, c->error, fault_pc)) {
            return false;
        }
    }
}
