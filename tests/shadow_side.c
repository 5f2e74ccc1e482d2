// The side of a duel that runs on shadow tables, its kernel in ring 1.
#include "tests/shadow_side.h"

#include "models/shadow.h"
#include "sim/acct.h"
#include "tests/test.h"

enum { RETRIES = 64 };

static struct duel_result access_shadow(struct duel *d, struct vcpu *v, const struct duel_access *a)
{
    struct duel_result r = {0};
    cpu_set_ring(v->cpu, a->ring == 0 ? 1 : a->ring);
    for (unsigned tries = 0; tries < RETRIES; tries++) {
        uint64_t gpa;
        struct cpu_fault fault = {0};
        r.value = 0;
        r.ok = duel_touch(v->cpu, a, &r.value);
        if (r.ok || v->cpu->fault.vector != VEC_PF) {
            r.vector = r.ok ? 0 : v->cpu->fault.vector;
            return r;
        }
        switch (shadow_paging.fault(v, v->cpu->fault.addr, v->cpu->fault.error, &gpa, &fault)) {
        case PAGING_FIXED: break;
        case PAGING_GUEST_FAULT:
            return (struct duel_result){
                .vector = fault.vector, .error = fault.error, .addr = fault.addr};
        case PAGING_DEVICE:
        case PAGING_TABLE_WRITE: return duel_emulate(d, v, a);
        }
    }
    FAIL("the access at %#llx never ends", (unsigned long long)a->va);
    return r;
}

static bool shadow_is_ok(struct duel *d, char *err, size_t err_size)
{
    return shadow_ok(&d->vm, err, err_size);
}

static void load(struct duel *d, struct vcpu *v)
{
    (void)d;
    shadow_paging.load_base(v, false);
}

static void invlpg(struct duel *d, struct vcpu *v, uint64_t va)
{
    (void)d;
    shadow_paging.invlpg(v, va);
}

const struct duel_side shadow_side = {
    .name = "shadow", .access = access_shadow, .ok = shadow_is_ok, .load = load, .invlpg = invlpg};
