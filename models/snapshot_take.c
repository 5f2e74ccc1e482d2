// snapshot_take.c: takes the picture: what runs, where it stands, and what has been counted. The parts about processors, memory and the
// sentence have files of their own.
#include "models/snapshot_impl.h"

#include "sim/machine_internal.h"

#include <stdlib.h>

static void head(const struct snapshot_view *v, struct snapshot *out)
{
    const struct vm *vm = v->vm;
    const struct arch_row *row = arch_row(vm->arch.arch);
    const struct cpu_model *model = vm->m->config.model;
    arch_format(&vm->arch, out->arch, sizeof out->arch);
    out->arch_id = (uint8_t)vm->arch.arch;
    out->platform = (uint8_t)row->platform;
    out->technique = (uint8_t)row->technique;
    out->paging = (uint8_t)vm->arch.paging;
    out->io = (uint8_t)vm->arch.io;
    out->vpid = row->technique == TECHNIQUE_HW && vm->arch.option[OPTION_VPID];
    snapshot_text(out->cpu_model, sizeof out->cpu_model, model->name);
    snapshot_text(out->workload, sizeof out->workload,
                  v->spec->workload ? v->spec->workload : "program");
    out->mhz = model->mhz;
    out->levels = (uint8_t)vm->m->config.levels;
    bool nested = !vm_is_bare(vm) && vm->arch.paging == PAGING_NESTED;
    out->nested_levels = (uint8_t)(nested ? vm->arch.option[OPTION_EPT_LEVELS] : 0);
    out->ram = vm->ram;
}

static enum snapshot_stop stopped(const struct snapshot_view *v)
{
    switch (vm_stop_info(v->vm)->reason) {
    case STOP_POWEROFF: return SNAP_POWEROFF;
    case STOP_DEADLOCK: return SNAP_DEADLOCK;
    case STOP_TRIPLE_FAULT: return SNAP_TRIPLE_FAULT;
    default: return v->limit ? SNAP_LIMIT : SNAP_RUNNABLE;
    }
}

static void position(const struct snapshot_view *v, struct snapshot *out)
{
    const struct stop_info *stop = vm_stop_info(v->vm);
    out->instructions = observer_instructions(v->observer);
    out->exits_taken = v->observer->exits;
    out->events = v->observer->events;
    for (unsigned i = 0; i < v->vm->vcpus; i++) {
        uint64_t now = machine_cpu_time(v->vm->m, i);
        out->time = now > out->time ? now : out->time;
    }
    out->stop = stopped(v);
    if (out->stop != SNAP_RUNNABLE && out->stop != SNAP_LIMIT) {
        out->status = stop->status;
        for (unsigned k = 0; k < 3; k++) {
            out->stop_vector[k] = (uint8_t)stop->vector[k];
        }
    }
    if (out->stop != SNAP_RUNNABLE) {
        out->state_hash = v->state_hash;
        out->has_checksum = v->has_checksum;
        out->checksum = v->checksum;
    }
}

static void path(const struct snapshot_view *v, unsigned focus, struct snapshot_path *out)
{
    const struct observe_cpu *k = &v->observer->cpu[focus];
    if (!k->path.valid || !observer_shows(v->observer, k->path_epoch)) {
        return;
    }
    memcpy(out, &k->path, offsetof(struct snapshot_path, step));
    memcpy(out->step, k->path.step, k->path.count * sizeof *out->step);
    if (out->reason >= 0) {
        snapshot_instruction(v, focus, out->pc, &k->insn, out->instruction,
                             sizeof out->instruction);
    }
}

// ---- exits ----------------------------------------------------------------------------------------

struct rank {
    unsigned reason;
    uint64_t count;
};

static int by_count(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;
    if (x->count != y->count) {
        return x->count < y->count ? 1 : -1;
    }
    return x->reason < y->reason ? -1 : x->reason > y->reason;
}

static void one_exit(const struct snapshot_view *v, unsigned reason, struct snapshot_exit *out)
{
    const struct observe_exit *e = &v->observer->exit[reason];
    const struct vm_exit_stats *s = &v->vm->stats.exit[reason];
    out->reason = (uint8_t)reason;
    out->count = e->count;
    out->cycles = s->total, out->min = s->min, out->max = s->max;
    out->last_pc = e->pc, out->last_time = e->time, out->last_cpu = e->cpu;
    memcpy(out->trend, e->trend, sizeof out->trend);
    out->last_word =
        snapshot_instruction(v, e->cpu, e->pc, &e->insn, out->last_text, sizeof out->last_text);
    if (exit_group(reason) == EXIT_GROUP_INTERRUPT && e->insn.op == OP_INVALID) {
        out->last_word = 0; // came from outside
    }
    bool user = v->symbols.os && e->pc < UINT64_C(1) << 47; // the kernel is in the upper half
    snapshot_symbol(v, e->cpu, e->pc, user, out->last_symbol, sizeof out->last_symbol);
}

static void exits(const struct snapshot_view *v, struct snapshot *out)
{
    struct rank rank[EXIT_REASONS];
    unsigned n = 0;
    for (unsigned r = 0; r < EXIT_REASONS; r++) {
        if (v->observer->exit[r].count > 0) {
            rank[n++] = (struct rank){r, v->observer->exit[r].count};
            out->exits_all += v->observer->exit[r].count;
        }
    }
    qsort(rank, n, sizeof *rank, by_count);
    out->exits = n < SNAP_EXITS ? n : SNAP_EXITS;
    for (unsigned k = 0; k < out->exits; k++) {
        one_exit(v, rank[k].reason, &out->exit[k]);
    }
}

// ---- timeline and weights -------------------------------------------------------------------------

static void timeline(const struct observer *o, unsigned i, struct snapshot_timeline *out)
{
    const struct observe_cpu *k = &o->cpu[i];
    uint32_t shown = o->fine ? k->segments - k->older : 0;
    out->count = shown < SNAP_SEGMENTS ? shown : SNAP_SEGMENTS;
    for (unsigned n = 0; n < out->count; n++) {
        const struct snapshot_segment *s =
            &k->segment[(k->segments - out->count + n) % SNAP_SEGMENTS];
        out->segment[n].from = s->from, out->segment[n].to = s->to;
        out->segment[n].who = s->who, out->segment[n].reason = s->reason;
    }
    uint64_t bucket[SNAP_BUCKETS][WHO_COUNT];
    unsigned shift = observer_shares(o, i, bucket);
    out->span = UINT64_C(1) << shift;
    out->buckets = (uint32_t)(cpu_now(&o->vm->m->cpu[i]) >> shift) + 1;
    for (unsigned b = 0; b < out->buckets; b++) {
        for (unsigned w = 0; w < WHO_COUNT; w++) {
            out->share[b][w] = (uint32_t)(bucket[b][w] * 65536 >> shift);
        }
    }
}

static void weights(const struct observer *o, struct snapshot *out)
{
    for (unsigned f = 0; f < WHO_COUNT; f++) {
        for (unsigned t = 0; t < WHO_COUNT; t++) {
            uint64_t count = o->fine ? o->weight[0][f][t] + o->weight[1][f][t] : 0;
            if (count == 0 || out->weights == SNAP_WEIGHTS) {
                continue;
            }
            out->weight[out->weights++] = (struct snapshot_weight){
                .from = (enum snapshot_who)f, .to = (enum snapshot_who)t, .count = count};
        }
    }
}

// ---- counters -------------------------------------------------------------------------------------

static void counter(struct snapshot *out, const char *name, uint64_t value)
{
    if (out->counters < SNAP_COUNTERS) {
        struct snapshot_counter *c = &out->counter[out->counters++];
        snapshot_text(c->name, sizeof c->name, name);
        c->value = value;
    }
}

static void processor_counters(const struct vm *vm, struct snapshot *out)
{
    uint64_t exceptions = 0, interrupts = 0, syscalls = 0, misses = 0, hits = 0, walks = 0,
             refs = 0, mmio = 0, ports = 0;
    for (unsigned i = 0; i < vm->vcpus; i++) {
        const struct cpu_counters *n = machine_counters(vm->m, i);
        for (unsigned k = 0; k < VEC_IRQ_FIRST; k++) {
            exceptions += n->exceptions[k];
        }
        for (unsigned k = 0; k < CYC_COUNT; k++) {
            out->cycles[k] += n->cycles[k];
        }
        interrupts += n->interrupts;
        syscalls += n->syscalls;
        misses += n->l1i_miss + n->l1d_miss;
        hits += n->l2i_hit + n->l2d_hit;
        walks += n->walks_i + n->walks_d;
        refs += n->walk_refs_i + n->walk_refs_d;
        mmio += n->mmio;
        ports += n->port_io;
        out->cycles_all += machine_cpu_time(vm->m, i);
    }
    counter(out, "system calls", syscalls);
    counter(out, "exceptions", exceptions);
    counter(out, "interrupts", interrupts);
    counter(out, "first-level TLB misses", misses);
    counter(out, "second-level TLB hits", hits);
    counter(out, "page walks", walks);
    counter(out, "page-walk references", refs);
    counter(out, "device accesses", mmio + ports);
}

static void monitor_counters(const struct vm *vm, struct snapshot *out)
{
    const struct vm_stats *s = &vm->stats;
    uint64_t hypercalls = 0;
    for (unsigned k = 0; k < sizeof s->hypercalls / sizeof *s->hypercalls; k++) {
        hypercalls += s->hypercalls[k];
    }
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"emulated instructions", s->emulated},
        {"emulated device accesses", s->mmio + s->port_io},
        {"virtual interrupts injected", s->injected},
        {"hypercalls", hypercalls},
        {"VMREADs", s->vmreads},
        {"VMWRITEs", s->vmwrites},
        {"posted interrupts", s->posted},
        {"EPT violations", s->ept_violations},
        {"EPT table pages", s->ept_pages},
        {"shadow pages", s->shadow_pages},
        {"shadow entries made", s->shadow_fills},
        {"faults hidden from the guest", s->shadow_hidden_faults},
        {"faults of the guest", s->shadow_true_faults},
        {"faults on guarded page tables", s->shadow_write_faults},
        {"shadow pages gone out of sync", s->shadow_unsyncs},
        {"shadow pages synchronized", s->shadow_syncs},
        {"shadow entries zapped", s->shadow_zaps},
        {"translated units", s->bt_units},
        {"translated instructions", s->bt_instructions},
        {"chained jumps", s->bt_chained},
        {"callouts", s->bt_callouts},
        {"instructions emulated in the cache", s->bt_in_tc},
        {"units thrown away", s->bt_invalidated},
        {"stores turned into callouts", s->bt_adapted},
    };
    for (unsigned k = 0; k < sizeof rows / sizeof *rows; k++) {
        if (rows[k].value > 0) {
            counter(out, rows[k].name, rows[k].value);
        }
    }
}

static void console(const struct vm *vm, struct snapshot *out)
{
    size_t size;
    const char *text = vm_console(vm, &size);
    size_t shown = size < SNAP_CONSOLE ? size : SNAP_CONSOLE;
    out->console_all = size;
    out->console_size = (uint32_t)shown;
    memcpy(out->console, text + size - shown, shown);
}

void snapshot_take(const struct snapshot_view *v, struct snapshot *out)
{
    struct vm *vm = v->vm;
    observer_flush(v->observer);
    memset(out, 0, sizeof *out); // padding too: pictures of one position are equal to the last byte
    head(v, out);
    position(v, out);
    out->cpus_all = vm->vcpus;
    out->cpus = vm->vcpus < SNAP_CPUS ? vm->vcpus : SNAP_CPUS;
    bool recent = observer_shows(v->observer, v->observer->focus_epoch);
    out->focus = recent && v->observer->focus < out->cpus ? v->observer->focus : 0;
    for (unsigned i = 0; i < out->cpus; i++) {
        snapshot_cpu(v, i, &out->cpu[i]);
        timeline(v->observer, i, &out->timeline[i]);
    }
    path(v, out->focus, &out->path);
    snapshot_memory(v, out);
    snapshot_story(v, out);
    exits(v, out);
    out->trend_span = UINT64_C(1) << (v->observer->shift + 2);
    weights(v->observer, out);
    processor_counters(vm, out);
    if (!vm_is_bare(vm)) {
        monitor_counters(vm, out);
    }
    console(vm, out);
}
