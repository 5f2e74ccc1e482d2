// axes.h: which struct of operations stands for each value of each axis of the space of architectures. One explicit table an axis (in
// axes.c); adding a technique, a paging or a platform is a file of its own and a row there.
#ifndef RINGSIDE_MODELS_AXES_H
#define RINGSIDE_MODELS_AXES_H

#include "models/vm.h"

// Never NULL.
const struct technique_ops *axis_technique(enum technique t);
// NULL: the value has no operations of its own (a bare platform, a paging that nobody has to keep up).
const struct paging_ops *axis_paging(enum paging p);
const struct platform_ops *axis_platform(enum platform p);
const struct io_ops *axis_io(enum io_kind k);

#endif
