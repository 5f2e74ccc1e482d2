// Traps and returns: what a machine that traps much does most, inline, so that cpu_run does it without leaving its loop. The plain path
// and everybody else get the same code through cpu_event.c and cpu_system.c.
#ifndef RINGSIDE_SIM_CPU_TRAP_H
#define RINGSIDE_SIM_CPU_TRAP_H

#include "sim/acct.h"
#include "sim/cpu.h"

enum { FRAME_WORDS = 5, FRAME_BYTES = 8 * FRAME_WORDS, GATE_BYTES = 16 };

// An event on its way through the vector table.
struct event_in {
    unsigned vector;
    uint32_t error;
    enum event_class class;
    uint64_t return_pc;
    uint64_t addr; // #PF: the address that faulted
};

// Flags, task priority or ring have changed: whoever runs the processor may have to look at interrupts or single-stepping.
static inline void trap_look_again(struct cpu *c)
{
    if ((c->s.flags & FLAG_TF) || cpu_event_after_shadow(c)) {
        cpu_break(c);
    }
}

static inline void trap_fail(struct cpu *c, unsigned vector, uint32_t error)
{
    cpu_fail(c, vector, error);
    cpu_give_up(c);
}

static inline bool trap_gate_fault(struct cpu *c, unsigned vector)
{
    return cpu_fail(c, VEC_GP, vector * 8 + 2);
}

// A frame's words one by one: copied in one go, through wide registers, the host would wait for the narrow stores before it.
static inline void trap_put_words(uint8_t *to, const uint64_t word[FRAME_WORDS])
{
    memcpy(to, &word[0], 8);
    memcpy(to + 8, &word[1], 8);
    memcpy(to + 16, &word[2], 8);
    memcpy(to + 24, &word[3], 8);
    memcpy(to + 32, &word[4], 8);
}

static inline void trap_get_words(uint64_t word[FRAME_WORDS], const uint8_t *from)
{
    memcpy(&word[0], from, 8);
    memcpy(&word[1], from + 8, 8);
    memcpy(&word[2], from + 16, 8);
    memcpy(&word[3], from + 24, 8);
    memcpy(&word[4], from + 32, 8);
}

// One attempt. False: c->fault; nothing of the processor's state has changed.
static inline bool trap_try(struct cpu *c, const struct event_in *e)
{
    uint64_t gate[2], old_sp = c->s.r[REG_SP], sp = old_sp;
    if (!cpu_read_system(c, c->s.vbar + (uint64_t)GATE_BYTES * e->vector, gate, GATE_BYTES,
                         false)) {
        return false;
    }
    unsigned ring = GATE_RING(gate[1]), from = c->s.ring;
    bool software = e->class == EVENT_SOFTWARE;
    if ((software && from > GATE_DPL(gate[1])) || !(gate[1] & GATE_P) || ring > from ||
        !cpu_good_target(c, gate[0])) {
        return trap_gate_fault(c, e->vector);
    }
    if (ring != from && !cpu_read_system(c, c->s.tr + (uint64_t)8 * ring, &sp, sizeof sp, false)) {
        return false;
    }
    sp = (sp & ~UINT64_C(15)) - FRAME_BYTES;
    const uint64_t frame[FRAME_WORDS] = {e->error, e->return_pc, from, c->s.flags, old_sp};
    uint8_t *to = cpu_fast_write(c, sp, FRAME_BYTES, ring == 3 ? MODE_USER : MODE_KERNEL);
    if (to) {
        trap_put_words(to, frame);
    } else if (!cpu_write_system_slow(c, sp, frame, FRAME_BYTES, ring == 3)) {
        return false;
    }
    c->s.r[REG_SP] = sp;
    c->s.pc = gate[0];
    c->s.flags &= gate[1] & GATE_TRAP ? ~FLAG_TF : ~(FLAG_TF | FLAG_IF);
    if (ring != from) {
        cpu_set_ring(c, ring);
    }
    c->s.halted = false;
    c->shadow_at = UINT64_MAX;
    return true;
}

static inline void trap_charge(struct cpu *c, const struct event_in *e)
{
    acct_charge(c, CYC_EVENT, e->class == EVENT_EXTERNAL ? COST_INTERRUPT : COST_EXCEPTION, 1);
    if (e->class == EVENT_FAULT && e->vector == VEC_PF) {
        acct_charge(c, CYC_EVENT, COST_PAGE_FAULT, 1);
    }
}

static inline void trap_count(struct cpu *c, const struct event_in *e)
{
    if (e->class == EVENT_EXTERNAL) {
        c->counters.interrupts++;
    } else if (e->vector < 32) {
        c->counters.exceptions[e->vector]++;
    }
    if (c->watch) {
        c->watch->event(c, e->vector, e->error, e->class, e->return_pc);
    }
    cpu_trace(c, cpu_now(c), c->s.pc, 0, c->s.ring, e->vector + 1);
}

// Charges and tries; counts what succeeds.
static inline bool trap_attempt(struct cpu *c, const struct event_in *e)
{
    if (e->class == EVENT_FAULT && e->vector == VEC_PF) {
        c->s.far = e->addr;
    }
    trap_charge(c, e);
    if (!trap_try(c, e)) {
        return false;
    }
    trap_count(c, e);
    return true;
}

static inline void trap_syscall(struct cpu *c)
{
    uint64_t *r = c->s.r;
    r[REG_T0] = r[REG_SP];
    r[REG_T0 + 1] = c->s.pc + 4;
    r[REG_T0 + 2] = c->s.flags;
    r[REG_SP] = c->s.kstack;
    c->s.flags &= ~(FLAG_IF | FLAG_TF);
    c->s.pc = c->s.lstar;
    c->counters.syscalls++;
    cpu_set_ring(c, 0);
}

static inline void trap_sysret(struct cpu *c)
{
    const uint64_t *r = c->s.r;
    if (!cpu_good_target(c, r[REG_T0 + 1])) {
        trap_fail(c, VEC_GP, 0);
        return;
    }
    c->s.pc = r[REG_T0 + 1];
    c->s.flags = r[REG_T0 + 2] & FLAGS_ALL;
    c->s.r[REG_SP] = r[REG_T0];
    cpu_set_ring(c, 3);
    trap_look_again(c);
}

static inline void trap_iret(struct cpu *c)
{
    assert(c->s.ring == 0);
    uint64_t frame[FRAME_WORDS]; // error, pc, ring, flags, sp
    const uint8_t *from = cpu_fast_read(c, c->s.r[REG_SP], FRAME_BYTES, MODE_KERNEL);
    if (from) {
        trap_get_words(frame, from);
    } else if (!cpu_read_system_slow(c, c->s.r[REG_SP], frame, FRAME_BYTES, false)) {
        cpu_give_up(c);
        return;
    }
    if (!cpu_good_target(c, frame[1]) || frame[2] > 3 || frame[2] < c->s.ring) {
        trap_fail(c, VEC_GP, 0);
        return;
    }
    c->s.pc = frame[1];
    c->s.flags = frame[3] & FLAGS_ALL;
    c->s.r[REG_SP] = frame[4];
    if (frame[2] != c->s.ring) {
        cpu_set_ring(c, (unsigned)frame[2]);
    }
    trap_look_again(c);
}

// `e` could not be delivered (c->fault): deliver what is to be delivered in its place, and so on. cpu_event.c.
void cpu_deliver_instead(struct cpu *c, struct event_in e);

// INT and BRK, where no hypervisor minds exceptions.
static inline void trap_software_interrupt(struct cpu *c, unsigned vector)
{
    assert(!c->vmcs && !c->trap_guest);
    const struct event_in e = {vector, 0, EVENT_SOFTWARE, c->s.pc + 4, 0};
    if (!trap_attempt(c, &e)) {
        // Completed only if this very gate was entered: what is delivered instead is a fault of the instruction.
        c->instructions--;
        cpu_deliver_instead(c, e);
    }
}

#endif
