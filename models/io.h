// io.h: io=emulated: the guest drives a disk and a network card that are not there, by drivers for real ones; each access to a register exits, and
// a model of the device answers.
#ifndef RINGSIDE_MODELS_IO_H
#define RINGSIDE_MODELS_IO_H

#include "models/vm.h"

extern const struct io_ops emulated_io;

#endif
