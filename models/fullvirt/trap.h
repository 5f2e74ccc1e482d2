// trap.h: trap-and-emulate, the classic technique (Popek and Goldberg 1974): the guest's kernel runs in ring 1, and every instruction that
// needs ring 0 traps into the hypervisor, which does it on the guest's virtual state.
#ifndef RINGSIDE_MODELS_FULLVIRT_TRAP_H
#define RINGSIDE_MODELS_FULLVIRT_TRAP_H

#include "models/vm.h"

extern const struct technique_ops trap_technique;

// Where the hypervisor's own vector table and stacks are: what a guest sees through the holes.
#define TRAP_VECTORS UINT64_C(0xfffffffffff00000)
#define TRAP_STACKS  UINT64_C(0xfffffffffff01000)

#endif
