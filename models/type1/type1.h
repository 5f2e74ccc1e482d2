// type1.h: the hypervisor owns the processors, and a driver domain (Dom0) the devices.
#ifndef RINGSIDE_MODELS_TYPE1_TYPE1_H
#define RINGSIDE_MODELS_TYPE1_TYPE1_H

#include "models/vm.h"

extern const struct platform_ops type1_platform;

#endif
