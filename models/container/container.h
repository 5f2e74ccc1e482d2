// container.h: a container on the host's kernel, as a technique that catches nothing.
#ifndef RINGSIDE_MODELS_CONTAINER_CONTAINER_H
#define RINGSIDE_MODELS_CONTAINER_CONTAINER_H

#include "models/vm.h"

extern const struct technique_ops container_technique;

#endif
