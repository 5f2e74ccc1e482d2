// hw.h: the hardware-assisted technique: the guest's kernel runs in ring 0 of non-root mode (VT-x), the processor exits where the VMCS's
// controls say so, and its page tables are shadowed or nested. docs/hardware.md explains it.
#ifndef RINGSIDE_MODELS_FULLVIRT_HW_H
#define RINGSIDE_MODELS_FULLVIRT_HW_H

#include "models/vm.h"

extern const struct technique_ops hw_technique;

#endif
