// native.h: the bare machine as the degenerate case of a virtual one.
#ifndef RINGSIDE_MODELS_NATIVE_H
#define RINGSIDE_MODELS_NATIVE_H

#include "models/vm.h"

// For whoever else runs its kernel on the bare processors.
void native_start(struct vcpu *v);
void native_state(const struct vcpu *v, struct cpu_state *out);
extern const struct technique_ops native_technique;

#endif
