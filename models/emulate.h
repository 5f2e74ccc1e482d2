// emulate.h: what the two halves of the instruction emulator share (emulate.c: computing, memory and jumps; emulate_system.c: the rest). Everybody
// else calls vcpu_emulate().
#ifndef RINGSIDE_MODELS_EMULATE_H
#define RINGSIDE_MODELS_EMULATE_H

#include "models/vm.h"

// Set *fault; always false.
bool emulate_fail(struct cpu_fault *fault, unsigned vector, uint32_t error);
// Write a register; r0 stays 0.
void emulate_put(struct vcpu *v, unsigned rd, uint64_t value);
// The instruction has completed, and goes on at pc / behind itself. Always true.
bool emulate_go(struct vcpu *v, uint64_t pc);
bool emulate_next(struct vcpu *v);
// A system instruction; as vcpu_emulate.
bool emulate_system(struct vcpu *v, struct insn in, struct cpu_fault *fault);

#endif
