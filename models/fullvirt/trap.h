// trap.h: trap-and-emulate, the classic technique (Popek and Goldberg 1974): the guest's kernel runs in ring 1, and every instruction that
// needs ring 0 traps into the hypervisor, which does it on the guest's virtual state.
#ifndef RINGSIDE_MODELS_FULLVIRT_TRAP_H
#define RINGSIDE_MODELS_FULLVIRT_TRAP_H

#include "models/vm.h"

extern const struct technique_ops trap_technique;

// Where the hypervisor's own vector table and stacks are: what a guest sees through the holes.
#define TRAP_VECTORS UINT64_C(0xfffffffffff00000)
#define TRAP_STACKS  UINT64_C(0xfffffffffff01000)

// ---- what binary translation shares (bt.c): user code runs the same way under both -----------------

// Single steps of a deprivileged guest: by the guest's own wish, or by ours to see the end of STI's shadow.
struct trap_vcpu {
    bool own_step;   // TF is set because an interrupt waits for the next instruction to complete
    bool guest_step; // TF is set because the guest's is
    // an instruction that began with TF set was emulated: its #DB comes before anything else
    bool debug_next;
};

static inline bool vcpu_stopped(const struct vcpu *v)
{
    return v->vm->m->stop.reason != STOP_NONE;
}

// The ring in which the guest's ring really runs.
unsigned trap_real_ring(unsigned ring);
// Put on the real processor what the guest may see of its virtual one, and return to it.
void trap_enter(struct vcpu *v);
// What the processor does before each instruction, for the virtual one: take interrupts, wait, or go on by `enter`.
void trap_resume(struct vcpu *v, void (*enter)(struct vcpu *v));
// The instruction at pc, whatever it is, by software.
void trap_emulate(struct vcpu *v);
// Do what the exit asks for.
void trap_act(struct vcpu *v, const struct vmexit *e);
// The part of starting a virtual processor that both share. False: it waits for a start-up IPI.
bool trap_begin(struct vcpu *v);
void trap_state(const struct vcpu *v, struct cpu_state *out);

#endif
