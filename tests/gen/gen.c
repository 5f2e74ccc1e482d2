// The generator's decisions: seeds, values, profiles, and the machine that a program is for.
#include "tests/gen/gen_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const snippet_names[GEN_SNIPPETS] = {
#define SNIPPET(NAME, name, traits, doc) #name,
#include "tests/gen/snippets.def"
#undef SNIPPET
};

static const unsigned snippet_traits[GEN_SNIPPETS] = {
#define SNIPPET(NAME, name, traits, doc) GEN_##traits,
#include "tests/gen/snippets.def"
#undef SNIPPET
};

const char *gen_snippet_name(enum gen_snippet s)
{
    return snippet_names[s];
}

enum {
    EVERYTHING = GEN_TIME | GEN_STALE | GEN_HOLE | GEN_RINGS | GEN_PLACE | GEN_WILD,
    WITH_DEVICES = EVERYTHING | GEN_DEVICE
};

#define B(NAME) (GEN_##NAME + 1)
const struct gen_profile gen_profiles[] = {
    {"mixed", EVERYTHING, GEN_LAYOUT_ANY, 10, 40, 3000, 1, {0}},
    {"arithmetic",
     EVERYTHING,
     GEN_LAYOUT_ANY,
     0,
     60,
     3000,
     1,
     {B(ALU), B(CONST), B(DIVIDE), B(BRANCH), B(LOOP), B(CALL), B(INDIRECT)}},
    {"memory",
     EVERYTHING,
     GEN_LAYOUT_HIGH,
     5,
     40,
     3000,
     1,
     {B(MEMORY), B(SPLIT), B(CAS), B(LOOP), B(PHYSICAL), B(GO_USER)}},
    {"tables",
     EVERYTHING,
     GEN_LAYOUT_HIGH,
     5,
     40,
     3000,
     1,
     {B(EDIT), B(EDIT_STALE), B(SPACE), B(MODE), B(INVLPG), B(MEMORY), B(SPLIT)}},
    {"rings",
     EVERYTHING,
     GEN_LAYOUT_ANY,
     5,
     50,
     2500,
     1,
     {B(GO_USER), B(GO_MIDDLE), B(GO_KERNEL), B(IRET), B(SYSRET), B(SYSCALL), B(INTERRUPT),
      B(HOLES)}},
    {"interrupts",
     EVERYTHING,
     GEN_LAYOUT_ANY,
     2,
     40,
     3000,
     1,
     {B(TIMER), B(FLAGS), B(APIC), B(TASK_PRIORITY), B(HALT), B(LOOP), B(CLOCK), B(IRET)}},
    {"code",
     EVERYTHING,
     GEN_LAYOUT_ANY,
     5,
     40,
     3000,
     1,
     {B(SELF_MODIFY), B(GARBAGE), B(DATA_CODE), B(NOWHERE), B(LOOP), B(BRANCH), B(CALL)}},
    {"trace",
     EVERYTHING,
     GEN_LAYOUT_ANY,
     5,
     40,
     2500,
     1,
     {B(TRACE), B(SYSCALL), B(INTERRUPT), B(FLAGS), B(BRANCH), B(MEMORY)}},
    {"system",
     EVERYTHING,
     GEN_LAYOUT_ANY,
     5,
     40,
     2500,
     1,
     {B(MSR), B(CONTROL_READ), B(TASK_PRIORITY), B(DESCRIPTORS), B(MODE), B(PORT), B(CPUID),
      B(HOLES)}},
    {"chaos",
     EVERYTHING,
     GEN_LAYOUT_ANY,
     100,
     40,
     1500,
     1,
     {B(STACK), B(DATA_CODE), B(DESCRIPTORS), B(SYSRET), B(IRET)}},
    {"identity",
     EVERYTHING,
     GEN_LAYOUT_IDENTITY,
     5,
     40,
     2500,
     1,
     {B(MODE), B(SELF_MODIFY), B(EDIT_STALE), B(MEMORY)}},
    {"processors",
     EVERYTHING,
     GEN_LAYOUT_ANY,
     2,
     40,
     5000,
     4,
     {B(APIC), B(CAS), B(MEMORY), B(LOOP), B(FLAGS), B(HALT)}},
    {"processors-tables",
     EVERYTHING,
     GEN_LAYOUT_ANY,
     2,
     40,
     5000,
     4,
     {B(EDIT_STALE), B(EDIT), B(SELF_MODIFY), B(MEMORY), B(APIC), B(TIMER)}},
    {"disk",
     WITH_DEVICES,
     GEN_LAYOUT_ANY,
     2,
     40,
     4000,
     2,
     {B(DISK), B(DEVICE_REGISTER), B(FLAGS), B(MEMORY), B(LOOP), B(TASK_PRIORITY)}},
    {"net",
     WITH_DEVICES,
     GEN_LAYOUT_ANY,
     2,
     40,
     4000,
     2,
     {B(NET), B(DEVICE_REGISTER), B(FLAGS), B(MEMORY), B(LOOP), B(DISK)}},
    {"portable", 0, GEN_LAYOUT_HIGH, 0, 50, 4000, 1, {0}},
    {"portable-tables",
     0,
     GEN_LAYOUT_HIGH,
     0,
     40,
     3000,
     1,
     {B(EDIT), B(INVLPG), B(MEMORY), B(SPLIT), B(SELF_MODIFY)}},
};
#undef B
const unsigned gen_profile_count = sizeof gen_profiles / sizeof *gen_profiles;

const struct gen_profile *gen_profile_find(const char *name)
{
    for (unsigned i = 0; i < gen_profile_count; i++) {
        if (strcmp(gen_profiles[i].name, name) == 0) {
            return &gen_profiles[i];
        }
    }
    return NULL;
}

// ---- decisions -----------------------------------------------------------------------------------

uint64_t gen_bits(struct gen *g)
{
    if (g->left == 0) {
        return prng_next(&g->rng);
    }
    uint64_t value = 0;
    for (unsigned i = 0; i < 8 && g->left > 0; i++) {
        value |= (uint64_t)*g->bytes++ << (8 * i);
        g->left--;
    }
    return value;
}

uint64_t gen_below(struct gen *g, uint64_t n)
{
    if (g->left == 0) {
        return prng_below(&g->rng, n);
    }
    // One byte decides where one is enough, so that a fuzzer's mutation of it changes little else.
    uint64_t value = *g->bytes++;
    g->left--;
    if (n > 256 && g->left > 0) {
        value = value << 8 | *g->bytes++;
        g->left--;
    }
    return value % n;
}

bool gen_chance(struct gen *g, unsigned percent)
{
    return gen_below(g, 100) < percent;
}

uint64_t gen_value(struct gen *g)
{
    uint64_t one = 1;
    switch (gen_below(g, 10)) {
    case 0: return gen_below(g, 16);
    case 1: return 0 - gen_below(g, 16);
    case 2: return one << gen_below(g, 64);
    case 3: return (one << gen_below(g, 64)) - 1;
    case 4: return 0 - (one << gen_below(g, 64));
    case 5: return one << 63;
    case 6: return gen_bits(g) >> gen_below(g, 64);
    case 7: return gen_below(g, 4096);
    default: return gen_bits(g);
    }
}

unsigned gen_reg(struct gen *g)
{
    return (unsigned)gen_below(g, REG_COUNT);
}

unsigned gen_dest(struct gen *g)
{
    static const uint8_t free_to_use[] = {0, 1, 2, 3, 4, 5, 6, T0, T1, T2, REG_LR, 1, 2, 3};
    return free_to_use[gen_below(g, sizeof free_to_use)];
}

// ---- the machine ---------------------------------------------------------------------------------

static uint32_t power(struct gen *g, unsigned zero_percent, unsigned most)
{
    return gen_chance(g, zero_percent) ? 0 : 1u << gen_below(g, most + 1);
}

static void make_model(struct gen *g, struct cpu_model *model)
{
    memset(model, 0, sizeof *model);
    snprintf(model->name, sizeof model->name, "generated");
    snprintf(model->vendor, sizeof model->vendor, "%s",
             gen_chance(g, 50) ? "GenuineIntel" : "ToyToyToyToy");
    model->mhz = 1000 + (uint32_t)gen_below(g, 3000);
    model->tlb_source = "drawn";
    for (unsigned i = 0; i < COST_COUNT; i++) {
        model->cost[i] = (struct cost_value){1 + (uint32_t)gen_below(g, 60), COST_ASSUMED, "drawn"};
    }
    struct tlb_geometry *t = &model->tlb;
    unsigned most = gen_chance(g, 40) ? 1 : 6; // many with next to no TLB
    t->l1i_4k = power(g, 0, most);
    t->l1d_4k = power(g, 0, most);
    t->l1i_2m = power(g, 20, most);
    t->l1d_2m = power(g, 20, most);
    t->l2_sets = power(g, 20, most);
    t->l2_ways = t->l2_sets ? power(g, 0, 3) : 0;
    t->pwc = power(g, 40, 3);
}

static void make_config(struct gen *g)
{
    struct gen_program *p = g->p;
    machine_config_default(&p->config);
    p->config.ram = gen_chance(g, 75) ? HUGE_PAGE_SIZE : 2 * HUGE_PAGE_SIZE;
    p->config.cpus = 1 + (unsigned)gen_below(g, g->profile->cpus);
    static const uint64_t quanta[] = {1, 20, 100, 1000, 1000, 10000};
    p->config.quantum = quanta[gen_below(g, 6)];
    p->config.levels = LEVELS_MIN + (unsigned)gen_below(g, LEVELS_MAX - LEVELS_MIN + 1);
    p->config.holes_closed = !(g->profile->traits & GEN_HOLE) || gen_chance(g, 20);
    p->config.seed = p->seed;
    p->config.model = &p->model;
    make_model(g, &p->model);
    p->instructions = g->profile->instructions;
    p->until = 200 * p->instructions;
}

static void make_weights(struct gen *g)
{
    for (unsigned i = 0; i < GEN_SNIPPETS; i++) {
        g->weight[i] = (snippet_traits[i] & ~g->profile->traits) == 0 ? 10 : 0;
    }
    // Rare by themselves: what usually ends a program, or makes it leave its ways.
    static const enum gen_snippet rare[] = {GEN_STACK, GEN_DESCRIPTORS, GEN_HALT,
                                            GEN_MODE,  GEN_NOWHERE,     GEN_DATA_CODE};
    for (unsigned i = 0; i < sizeof rare / sizeof *rare; i++) {
        g->weight[rare[i]] /= 5;
    }
    for (unsigned i = 0; i < sizeof g->profile->boost && g->profile->boost[i]; i++) {
        g->weight[g->profile->boost[i] - 1] *= 10;
    }
}

// Flips bits in whatever has been laid out.
static void chaos(struct gen *g)
{
    unsigned flips = 1 + (unsigned)gen_below(g, 6);
    while (flips > 0) {
        uint64_t frame = gen_below(g, g->p->config.ram >> PAGE_SHIFT);
        if (!g->p->touched[frame]) {
            continue;
        }
        uint64_t at = (frame << PAGE_SHIFT) + 8 * gen_below(g, 512);
        if (gen_peek(g, at) || gen_chance(g, 3)) {
            gen_poke(g, at, gen_peek(g, at) ^ UINT64_C(1) << gen_below(g, 64));
            flips--;
        }
    }
}

bool gen_init(struct gen_program *p)
{
    memset(p, 0, sizeof *p);
    p->ram = calloc(GEN_FRAMES, PAGE_SIZE);
    return p->ram != NULL;
}

void gen_free(struct gen_program *p)
{
    free(p->ram);
    p->ram = NULL;
}

static void make(struct gen *g)
{
    struct gen_program *p = g->p;
    for (unsigned i = 0; i < GEN_FRAMES; i++) {
        if (p->touched[i]) {
            memset(p->ram + i * PAGE_SIZE, 0, PAGE_SIZE);
            p->touched[i] = false;
        }
    }
    p->profile = g->profile;
    make_config(g);
    make_weights(g);
    gen_layout_make(g);
    gen_devices_make(g);
    gen_kernel_make(g);
    gen_boot_make(g);
    gen_body_make(g);
    if (gen_chance(g, g->profile->chaos)) {
        chaos(g);
    }
}

void gen_make(struct gen_program *p, const struct gen_profile *profile, uint64_t seed)
{
    struct gen g = {.p = p};
    prng_seed(&g.rng, seed);
    p->seed = seed;
    g.profile = profile ? profile : &gen_profiles[prng_below(&g.rng, gen_profile_count)];
    make(&g);
}

void gen_make_from(struct gen_program *p, const uint8_t *bytes, size_t size)
{
    struct gen g = {.p = p, .bytes = bytes, .left = size};
    prng_seed(&g.rng, 0);
    p->seed = 0;
    g.profile = &gen_profiles[gen_below(&g, gen_profile_count)];
    make(&g);
}
