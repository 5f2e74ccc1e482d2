// cost.h: what things cost, as data. A CPU model gives every cost key a value with its kind and
// source, and the geometry of its TLB.
#ifndef RINGSIDE_SIM_COST_H
#define RINGSIDE_SIM_COST_H

#include "sim/types.h"

enum cost_key {
#define COST(NAME, key, unit, doc) COST_##NAME,
#include "sim/cost.def"
#undef COST
    COST_COUNT
};

// What the processor has for virtualization.
enum cpu_feature {
#define CPU_FEATURE(NAME, name, doc) CPU_FEATURE_##NAME,
#include "sim/cpu_feature.def"
#undef CPU_FEATURE
    CPU_FEATURE_COUNT
};

// How a value is known. PUBLISHED: read in the source; DERIVED: computed from published values;
// ASSUMED: our estimate.
enum cost_kind {
#define COST_KIND(NAME, name) COST_##NAME,
#include "sim/cost_kind.def"
#undef COST_KIND
    COST_KIND_COUNT
};

struct cost_value {
    uint32_t value; // in the key's unit
    enum cost_kind kind;
    const char *source; // a key of reference/PUBLISHED.md or a sentence; owned by the model
};

// TLB and walk-cache geometry; powers of two. A size of 0 means there is none (not allowed for
// l1_4k).
struct tlb_geometry {
    uint32_t l1i_4k, l1i_2m, l1d_4k, l1d_2m; // entries, direct-mapped; up to 256
    uint32_t l2_sets, l2_ways;               // shared by both page sizes
    uint32_t pwc;                            // entries a level of the page-walk cache; 0: none
    // entries of the nested TLB (guest-physical to host-physical); 0: none
    uint32_t ntlb;
};

struct cpu_model {
    char name[32];
    char vendor[16]; // "GenuineToy", … : what CPUID and migration see
    char title[96];  // one line
    uint32_t mhz;
    uint32_t features; // set of 1 << enum cpu_feature
    struct tlb_geometry tlb;
    enum cost_kind tlb_kind; // how the geometry and mhz are known, and from where
    const char *tlb_source;
    struct cost_value cost[COST_COUNT];
    char *strings; // owns the sources
};

static inline bool cpu_model_has(const struct cpu_model *m, enum cpu_feature f)
{
    return (m->features >> f & 1) != 0;
}
const char *cpu_feature_name(enum cpu_feature f); // "vtx"
const char *cpu_feature_doc(enum cpu_feature f);

// The geometry's field number i: its name, a phrase and its value; false when there is no such field.
bool cpu_model_tlb_field(const struct cpu_model *m, unsigned i, const char **name, const char **doc,
                         uint32_t *value);

const char *cost_key_name(enum cost_key k); // "insn.alu"
const char *cost_key_unit(enum cost_key k);
const char *cost_key_doc(enum cost_key k);
const char *cost_kind_name(enum cost_kind kind); // "published"
// The key of that name ("insn.alu"), or COST_COUNT.
enum cost_key cost_key_find(const char *name);

// The cost in cycles of this model's clock: what a key in nanoseconds is worth, rounded up; a key
// in cycles as it is.
uint64_t cost_cycles(const struct cpu_model *m, enum cost_key k);
// Likewise for `count` units of the key (`per` of them make one of the key's unit: bytes of a
// cost per KiB: per = 1024), rounded up once. count up to 2^32.
uint64_t cost_cycles_for(const struct cpu_model *m, enum cost_key k, uint64_t count, uint64_t per);

// Parse a CPU model file (the format is in docs/costs.md). Unknown key, missing key, value out of
// range, no source: false and "name:line:col: what; how to mend it" in err.
bool cpu_model_parse(struct cpu_model *out, const char *file, const char *text, size_t size,
                     char *err, size_t err_size);
void cpu_model_free(struct cpu_model *m);

#endif
