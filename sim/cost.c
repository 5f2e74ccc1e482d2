// cost.c: the names of costs, kinds and features, and what a cost is worth in cycles.
#include "sim/cost.h"

#include <assert.h>
#include <string.h>

static const struct {
    const char *name, *unit, *doc;
} keys[COST_COUNT] = {
#define COST(NAME, key, unit, doc) {key, unit, doc},
#include "sim/cost.def"
#undef COST
};

static const char *const kind_names[] = {
#define COST_KIND(NAME, name) name,
#include "sim/cost_kind.def"
#undef COST_KIND
};

static const char *const feature_names[] = {
#define CPU_FEATURE(NAME, name, doc) name,
#include "sim/cpu_feature.def"
#undef CPU_FEATURE
    NULL};

static const char *const feature_docs[CPU_FEATURE_COUNT] = {
#define CPU_FEATURE(NAME, name, doc) doc,
#include "sim/cpu_feature.def"
#undef CPU_FEATURE
};

const char *cpu_feature_name(enum cpu_feature f)
{
    assert(f < CPU_FEATURE_COUNT);
    return feature_names[f];
}

const char *cpu_feature_doc(enum cpu_feature f)
{
    assert(f < CPU_FEATURE_COUNT);
    return feature_docs[f];
}

const char *cost_key_name(enum cost_key k)
{
    assert(k < COST_COUNT);
    return keys[k].name;
}

const char *cost_key_unit(enum cost_key k)
{
    assert(k < COST_COUNT);
    return keys[k].unit;
}

const char *cost_key_doc(enum cost_key k)
{
    assert(k < COST_COUNT);
    return keys[k].doc;
}

const char *cost_kind_name(enum cost_kind kind)
{
    assert(kind < COST_KIND_COUNT);
    return kind_names[kind];
}

enum cost_key cost_key_find(const char *name)
{
    unsigned k = 0;
    while (k < COST_COUNT && strcmp(keys[k].name, name) != 0) {
        k++;
    }
    return (enum cost_key)k;
}

uint64_t cost_cycles_for(const struct cpu_model *m, enum cost_key k, uint64_t count, uint64_t per)
{
    assert(k < COST_COUNT && per > 0 && count <= UINT32_MAX);
    uint64_t value = m->cost[k].value;
    if (keys[k].unit[0] == 'n') { // nanoseconds; 1e9 * 2^32 < 2^62
        const uint64_t longest =
            UINT64_C(1000000000000000); // 11 days, so that cycles cannot overflow
        uint64_t ns = (value * count + per - 1) / per;
        ns = ns < longest ? ns : longest;
        return ns / 1000 * m->mhz + (ns % 1000 * m->mhz + 999) / 1000;
    }
    return (value * count + per - 1) / per;
}

uint64_t cost_cycles(const struct cpu_model *m, enum cost_key k)
{
    return cost_cycles_for(m, k, 1, 1);
}
