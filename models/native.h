// native.h: the bare machine as the degenerate case of a virtual one.
#ifndef RINGSIDE_MODELS_NATIVE_H
#define RINGSIDE_MODELS_NATIVE_H

#include "models/vm.h"

extern const struct technique_ops native_technique;

#endif
