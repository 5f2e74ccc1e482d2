// How fast the processor model is: guest instructions a second, paging and all accounting on, beside the same loops in native code and
// in other full-system emulators, those that are installed. All rates count T64 instructions, so that a ratio is how much longer the same work takes.
#include "bench/bench.h"
#include "bench/cpu_loops.h"
#include "bench/peer_machine.h"
#include "cli/cli.h"
#include "cli/model.h"
#include "sim/asm.h"
#include "sim/machine.h"
#include "sim/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct guest {
    const struct cpu_loop *loop;
    const struct cpu_model *model;
    bool plain;
    struct machine *m;
    uint64_t per_pass; // instructions of one pass
};

static uint64_t symbol(const struct image *image, const char *name)
{
    const struct image_symbol *s = image_find(image, name);
    return s ? s->value : 0;
}

static void put(struct machine *m, uint64_t addr, uint64_t value)
{
    machine_write(m, addr, &value, sizeof value);
}

// Page tables that map all RAM where it is, for every ring; gates for the interrupts; stacks for the rings.
static void set_up(struct machine *m, const struct image *image)
{
    const uint64_t rights = PTE_P | PTE_W | PTE_U, table = LOOP_TABLES;
    put(m, table, (table + 0x1000) | rights);
    put(m, table + 0x1000, (table + 0x2000) | rights);
    for (uint64_t k = 0; k < LOOP_RAM >> HUGE_PAGE_SHIFT; k++) {
        put(m, table + 0x2000 + 8 * k, (table + 0x3000 + 0x1000 * k) | rights);
    }
    for (uint64_t k = 0; k < LOOP_RAM >> PAGE_SHIFT; k++) {
        put(m, table + 0x3000 + 8 * k, k << PAGE_SHIFT | rights);
    }
    enum { GATE_USER = 1 | 3 << 1 };
    put(m, LOOP_VECTORS + 16 * 0x80, symbol(image, "int_entry"));
    put(m, LOOP_VECTORS + 16 * 0x80 + 8, GATE_USER);
    put(m, LOOP_VECTORS + 16 * 0x90, symbol(image, "stop"));
    put(m, LOOP_VECTORS + 16 * 0x90 + 8, GATE_USER);
    put(m, LOOP_VECTORS + 0xff0, LOOP_STACK);
}

static bool assemble(const struct cpu_loop *loop, struct asm_result *out)
{
    size_t n = strlen(cpu_loop_prologue) + strlen(loop->body) + 2;
    char *text = malloc(n);
    if (!text) {
        return false;
    }
    snprintf(text, n, "%s\n%s", cpu_loop_prologue, loop->body);
    struct asm_request request = {.source = {loop->name, text, strlen(text)}};
    bool ok = asm_assemble(&request, out);
    for (size_t k = 0; !ok && k < out->diagnostic_count; k++) {
        const struct asm_diagnostic *d = &out->diagnostics[k];
        fprintf(stderr, "%s:%u:%u: %s\n", d->file, d->line, d->column, d->text);
    }
    free(text);
    return ok;
}

// A machine that has the loop before it, with a count of passes.
static struct machine *start(const struct guest *g, uint64_t passes)
{
    char err[256] = "does not assemble";
    struct asm_result r;
    struct machine_config config;
    machine_config_default(&config);
    config.ram = LOOP_RAM;
    config.model = g->model;
    config.reference = g->plain;
    struct machine *m = NULL;
    if (assemble(g->loop, &r)) {
        m = machine_create(&config, err, sizeof err);
        if (m && !machine_load(m, &r.image, 0, err, sizeof err)) {
            machine_destroy(m);
            m = NULL;
        }
    }
    if (m) {
        set_up(m, &r.image);
        put(m, symbol(&r.image, "passes"), passes);
    } else {
        fprintf(stderr, "bench cpu: %s: %s\n", g->loop->name, err);
    }
    asm_result_free(&r);
    return m;
}

// How many instructions one pass takes, by running one and three.
static uint64_t count_pass(const struct guest *g)
{
    uint64_t count[2] = {0, 0};
    for (unsigned k = 0; k < 2; k++) {
        struct machine *m = start(g, k ? 3 : 1);
        if (m && machine_run(m, UINT64_MAX, UINT64_C(100000000)) == STOP_POWEROFF) {
            count[k] = machine_counters(m, 0)->instructions;
        }
        machine_destroy(m);
    }
    return count[1] > count[0] ? (count[1] - count[0]) / 2 : 0;
}

static bool guest_setup(void *state)
{
    struct guest *g = state;
    g->m = start(g, UINT64_MAX);
    return g->m != NULL;
}

static uint64_t guest_round(void *state, uint64_t operations)
{
    struct guest *g = state;
    char err[256];
    if (machine_run(g->m, UINT64_MAX, operations) != STOP_LIMIT ||
        !machine_accounting_ok(g->m, err, sizeof err)) {
        return 0;
    }
    return operations;
}

static void guest_teardown(void *state)
{
    machine_destroy(((struct guest *)state)->m);
}

static uint64_t native_round(void *state, uint64_t operations)
{
    const struct guest *g = state;
    uint64_t passes = operations / g->per_pass + 1;
    g->loop->native(passes);
    return passes * g->per_pass;
}

// A loop in an emulator that is already running.
struct peer {
    struct peer_machine *machine;
    unsigned loop;
    uint64_t per_pass;
    double share; // of our round
};

static uint64_t peer_round(void *state, uint64_t operations)
{
    const struct peer *p = state;
    uint64_t passes = (uint64_t)(p->share * (double)operations) / p->per_pass + 1;
    return peer_run(p->machine, p->loop, passes) ? passes * p->per_pass : 0;
}

static uint64_t peer_time(void *state)
{
    return peer_used(((const struct peer *)state)->machine);
}

static bool misses(const struct cpu_loop *loop)
{
    return loop->hard && loop->native;
}

// One loop in all that can run it.
static int compare(const struct bench_options *options, const struct cpu_model *model,
                   unsigned number, struct peer_machine *machines)
{
    const struct cpu_loop *loop = &cpu_loops[number];
    struct guest fast = {.loop = loop, .model = model}, plain = fast;
    plain.plain = true;
    fast.per_pass = count_pass(&fast);
    if (fast.per_pass == 0) {
        fprintf(stderr, "bench cpu: %s does not come to its end\n", loop->name);
        return 1;
    }
    struct bench_contender contenders[BENCH_CONTENDERS_MAX] = {
        {"ringside", &fast, guest_setup, guest_round, guest_teardown, NULL},
        {"ringside, plain path", &plain, guest_setup, guest_round, guest_teardown, NULL},
    };
    size_t n = 2;
    struct peer peers[PEER_KINDS];
    for (size_t k = 0; k < PEER_KINDS; k++) {
        const struct peer_kind *kind = &peer_kinds[k];
        if (machines[k].pid > 0 && (!kind->flushes || misses(loop))) {
            double share = loop->hard ? kind->hard_share : kind->easy_share;
            peers[k] = (struct peer){&machines[k], number, fast.per_pass, share};
            contenders[n++] =
                (struct bench_contender){kind->name, &peers[k], NULL, peer_round, NULL, peer_time};
        }
    }
    if (loop->native) {
        contenders[n++] =
            (struct bench_contender){"native (same work)", &fast, NULL, native_round, NULL, NULL};
    }
    struct bench_result results[BENCH_CONTENDERS_MAX];
    uint64_t operations = options->quick ? 4000000 : 40000000;
    int status = bench_compare(options, contenders, n, operations, results);
    bench_print(loop->name, contenders, n, results);
    return status;
}

static bool wanted(const struct bench_options *options, const struct cpu_loop *loop)
{
    return !options->loop || strcmp(options->loop, loop->name) == 0;
}

static bool any_wanted(const struct bench_options *options)
{
    for (size_t k = 0; k < cpu_loop_count; k++) {
        if (wanted(options, &cpu_loops[k])) {
            return true;
        }
    }
    fprintf(stderr, "bench cpu: no loop is called '%s'; there are:", options->loop);
    for (size_t k = 0; k < cpu_loop_count; k++) {
        fprintf(stderr, "%s %s", k ? "," : "", cpu_loops[k].name);
    }
    fprintf(stderr, "\n");
    return false;
}

static int run(const struct bench_options *options)
{
    struct cpu_model model;
    if (!any_wanted(options)) {
        return 2;
    }
    if (model_load(MODEL_DEFAULT, &model) != CLI_OK) {
        return 1;
    }
    struct peer_machine machines[PEER_KINDS];
    for (size_t k = 0; k < PEER_KINDS; k++) {
        if (!peer_start(&machines[k], &peer_kinds[k])) {
            printf("(%s is not there or does not come up, and is left out. Debian: %s)\n",
                   peer_kinds[k].program, peer_kinds[k].package);
        }
    }
    int status = 0;
    printf("%-10s  %-22s %9s  %s\n", "loop", "engine", "Minsn/s", "ours / its");
    for (unsigned k = 0; k < cpu_loop_count; k++) {
        if (wanted(options, &cpu_loops[k])) {
            status |= compare(options, &model, k, machines);
        }
    }
    for (size_t k = 0; k < PEER_KINDS; k++) {
        peer_stop(&machines[k]);
    }
    cpu_model_free(&model);
    return status;
}

const struct bench cpu_bench = {"cpu", "guest instructions a second, paging and accounting on",
                                run};
