// comparison.c: one workload under several architectures, in step by the work of the guest's program.
#include "models/run.h"
#include "models/session.h"

#include <stdio.h>
#include <stdlib.h>

// What a lane has counted, over all its processors.
struct tally {
    uint64_t cycles, instructions, exits, cycles_by[CYC_COUNT];
};

struct lane {
    struct run_spec spec;
    struct vm *vm;
    bool ended;
    bool begun;        // a program has run
    struct tally boot; // what was before it, and is no part of the comparison
};

struct comparison {
    struct lane lane[COMPARE_MAX];
    unsigned lanes;
    uint64_t work; // that every lane has been asked for
};

struct comparison *comparison_create(const struct run_spec *spec, const char *const *archs,
                                     unsigned count, char *err, size_t err_size)
{
    if (count < 1 || count > COMPARE_MAX) {
        snprintf(err, err_size, "%u architectures side by side; take 1 to %d", count,
                 (int)COMPARE_MAX);
        return NULL;
    }
    struct comparison *c = calloc(1, sizeof *c);
    if (!c) {
        snprintf(err, err_size, "no memory for a comparison");
        return NULL;
    }
    for (unsigned i = 0; i < count; i++) {
        struct lane *l = &c->lane[i];
        l->spec = *spec;
        if (!arch_parse(&l->spec.arch, archs[i], err, err_size) ||
            !(l->vm = run_boot(&l->spec, err, err_size))) {
            comparison_destroy(c);
            return NULL;
        }
        c->lanes++;
    }
    return c;
}

void comparison_destroy(struct comparison *c)
{
    for (unsigned i = 0; c && i < c->lanes; i++) {
        vm_destroy(c->lane[i].vm);
    }
    free(c);
}

static uint64_t sum(const struct lane *l, enum cycle_category category)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < l->vm->vcpus; i++) {
        n += machine_counters(l->vm->m, i)->cycles[category];
    }
    return n;
}

static uint64_t instructions(const struct lane *l)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < l->vm->vcpus; i++) {
        n += machine_counters(l->vm->m, i)->instructions;
    }
    return n;
}

static struct tally tally(const struct lane *l)
{
    struct tally t = {.instructions = instructions(l)};
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        t.cycles_by[k] = sum(l, (enum cycle_category)k);
    }
    for (unsigned i = 0; i < l->vm->vcpus; i++) {
        const struct cpu_counters *n = machine_counters(l->vm->m, i);
        t.cycles += machine_cpu_time(l->vm->m, i);
        for (unsigned r = 0; r < EXIT_REASONS; r++) {
            t.exits += n->exits[r];
        }
    }
    return t;
}

// What is run between two looks at how far the program is: less the nearer it gets, so that the lanes stand close to each other.
static uint64_t portion(uint64_t left)
{
    enum { LEAST = 16, MOST = 1 << 14 };
    uint64_t n = left / 4;
    return n < LEAST ? LEAST : n > MOST ? MOST : n;
}

// Until the program has done `work` in all; about `budget` instructions at most.
static void advance(struct lane *l, uint64_t work, uint64_t budget)
{
    uint64_t begun = instructions(l);
    for (;;) {
        uint64_t done = sum(l, CYC_GUEST_USER), ran = instructions(l) - begun;
        if (l->ended || done >= work) {
            return;
        }
        if (ran >= budget) {
            return;
        }
        // The look at which the first program is found running must not be far behind its beginning.
        uint64_t next = l->begun ? portion(work - done) : portion(0);
        if (!l->begun) {
            l->boot = tally(l);
        }
        uint64_t limit = l->spec.until ? l->spec.until : UINT64_MAX;
        l->ended = vm_run(l->vm, limit, next) != STOP_LIMIT ||
                   (l->spec.until && machine_time(l->vm->m) >= l->spec.until) ||
                   (l->spec.instructions && instructions(l) >= l->spec.instructions);
        l->begun = l->begun || sum(l, CYC_GUEST_USER) > 0;
    }
}

bool comparison_work(struct comparison *c, uint64_t work, uint64_t budget)
{
    bool running = false, there = true;
    // A slice that was too short for the last target goes on with that.
    for (unsigned i = 0; i < c->lanes; i++) {
        there = there && (c->lane[i].ended || sum(&c->lane[i], CYC_GUEST_USER) >= c->work);
    }
    c->work += there ? work : 0;
    for (unsigned i = 0; i < c->lanes; i++) {
        advance(&c->lane[i], c->work, budget / c->lanes + 1);
        running = running || !c->lane[i].ended;
    }
    return running;
}

static enum snapshot_stop stopped(const struct lane *l)
{
    switch (vm_stop_info(l->vm)->reason) {
    case STOP_POWEROFF: return SNAP_POWEROFF;
    case STOP_DEADLOCK: return SNAP_DEADLOCK;
    case STOP_TRIPLE_FAULT: return SNAP_TRIPLE_FAULT;
    default: return l->ended ? SNAP_LIMIT : SNAP_RUNNABLE;
    }
}

static void show_lane(const struct lane *l, struct compare_lane *out)
{
    arch_format(&l->vm->arch, out->arch, sizeof out->arch);
    out->ended = l->ended;
    out->stop = stopped(l);
    out->work = sum(l, CYC_GUEST_USER);
    struct tally now = tally(l);
    // Still booting: nothing yet. Ended without a program: the boot was all there was.
    struct tally boot = l->begun ? l->boot : l->ended ? (struct tally){0} : now;
    out->instructions = now.instructions - boot.instructions;
    out->cycles = now.cycles - boot.cycles;
    out->exits = now.exits - boot.exits;
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        out->cycles_by[k] = now.cycles_by[k] - boot.cycles_by[k];
    }
    if (l->ended && l->spec.workload) {
        size_t size;
        const char *text = vm_console(l->vm, &size);
        out->has_checksum = toyos_checksum(text, size, l->spec.workload, &out->checksum);
    }
}

void comparison_view(struct comparison *c, struct compare_view *out)
{
    memset(out, 0, sizeof *out);
    out->lanes = c->lanes;
    out->work = UINT64_MAX;
    out->ended = true;
    bool found = false;
    for (unsigned i = 0; i < c->lanes; i++) {
        struct compare_lane *l = &out->lane[i];
        show_lane(&c->lane[i], l);
        out->work = l->work < out->work ? l->work : out->work;
        out->most = l->cycles > out->most ? l->cycles : out->most;
        out->ended = out->ended && l->ended;
        if (!found && vm_is_bare(c->lane[i].vm)) {
            out->baseline = i;
            found = true;
        }
    }
}
