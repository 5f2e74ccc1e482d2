// type2.h: a host operating system owns everything; the virtual machine is a process of it.
#ifndef RINGSIDE_MODELS_TYPE2_TYPE2_H
#define RINGSIDE_MODELS_TYPE2_TYPE2_H

#include "models/vm.h"

extern const struct platform_ops type2_platform;

#endif
