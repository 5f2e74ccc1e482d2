// native.c: the kernel owns the machine: there is no monitor, and the guest's processor is the real one.
#include "models/native.h"

void native_start(struct vcpu *v)
{
    struct cpu_state *s = &v->cpu->s;
    s->parked = v->g.parked;
    cpu_sync(v->cpu);
}

void native_state(const struct vcpu *v, struct cpu_state *out)
{
    *out = v->cpu->s;
}

const struct technique_ops native_technique = {
    .name = "native", .start = native_start, .state = native_state};
