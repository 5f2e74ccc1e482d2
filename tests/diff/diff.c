// Two machines side by side: load, run, compare.
#include "tests/diff/diff.h"

#include "sim/cpu.h"
#include "sim/dev_machine.h"
#include "sim/machine_internal.h"
#include "sim/prng.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIFFERENCES_SHOWN = 12 };

// Where differences are written: one line each, the first few.
struct notes {
    char *text;
    size_t size, used;
    unsigned count;
};

static void note(struct notes *n, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(struct notes *n, const char *format, ...)
{
    va_list args;
    if (n->count++ >= DIFFERENCES_SHOWN || n->used >= n->size) {
        return;
    }
    va_start(args, format);
    int length = vsnprintf(n->text + n->used, n->size - n->used, format, args);
    va_end(args);
    n->used += length > 0 ? (size_t)length : 0;
}

static void same(struct notes *n, const char *what, uint64_t core, uint64_t ref)
{
    if (core != ref) {
        note(n, "%s is 0x%" PRIx64 ", by the reference 0x%" PRIx64 "\n", what, core, ref);
    }
}

static void same_at(struct notes *n, const char *what, unsigned i, uint64_t core, uint64_t ref)
{
    char name[64];
    snprintf(name, sizeof name, "%s[%u]", what, i);
    same(n, name, core, ref);
}

static void compare_state(struct notes *n, const struct cpu_state *s, const struct ref_cpu *r)
{
    for (unsigned i = 0; i < REG_COUNT; i++) {
        same(n, isa_reg_name(i), s->r[i], r->r[i]);
    }
    same(n, "pc", s->pc, r->pc);
    same(n, "ring", s->ring, r->ring);
    same(n, "flags", s->flags, r->flags);
    same(n, "machine word", s->msw, r->msw);
    same(n, "page-table base", s->ptbr, r->ptbr);
    same(n, "vector table", s->vbar, r->idt);
    same(n, "task register", s->tr, r->task);
    same(n, "fault address", s->far, r->far);
    same(n, "KSTACK", s->kstack, r->kstack);
    same(n, "LSTAR", s->lstar, r->lstar);
    same(n, "task priority", s->tpr, r->tpr);
    same(n, "halted", s->halted, r->halted);
    same(n, "waits for start-up", s->parked, r->waiting);
}

static void compare_counters(struct notes *n, const struct cpu_counters *c,
                             const struct cpu_counters *r)
{
    static const char *const categories[] = {
#define CYCLE(NAME, name, guest, doc) "cycles: " name,
#include "sim/cycle.def"
#undef CYCLE
    };
    same(n, "instructions", c->instructions, r->instructions);
    for (unsigned i = 0; i < sizeof categories / sizeof *categories; i++) {
        same(n, categories[i], c->cycles[i], r->cycles[i]);
    }
    for (unsigned i = 0; i < 32; i++) {
        same_at(n, "exceptions", i, c->exceptions[i], r->exceptions[i]);
    }
    same(n, "interrupts", c->interrupts, r->interrupts);
    same(n, "system calls", c->syscalls, r->syscalls);
    same(n, "L1 I misses", c->l1i_miss, r->l1i_miss);
    same(n, "L1 D misses", c->l1d_miss, r->l1d_miss);
    same(n, "L2 hits, fetch", c->l2i_hit, r->l2i_hit);
    same(n, "L2 hits, data", c->l2d_hit, r->l2d_hit);
    same(n, "walks, fetch", c->walks_i, r->walks_i);
    same(n, "walks, data", c->walks_d, r->walks_d);
    same(n, "walk references, fetch", c->walk_refs_i, r->walk_refs_i);
    same(n, "walk references, data", c->walk_refs_d, r->walk_refs_d);
    same(n, "device accesses", c->mmio, r->mmio);
    same(n, "port accesses", c->port_io, r->port_io);
}

static void compare_apic(struct notes *n, const struct apic *a, const struct ref_apic *r)
{
    for (unsigned i = 0; i < 256; i++) {
        same_at(n, "IRR", i, a->irr[i / 64] >> i % 64 & 1, r->irr[i]);
        same_at(n, "ISR", i, a->isr[i / 64] >> i % 64 & 1, r->isr[i]);
    }
    same(n, "LVT timer", a->lvt_timer, r->lvt_timer);
    same(n, "TSC deadline", a->deadline, r->deadline);
}

static void compare_ram(struct notes *n, struct machine *m, const struct ref_machine *r)
{
    const uint8_t *core = m->mem.bytes;
    if (memcmp(core, r->ram, r->config.ram) == 0) {
        return;
    }
    for (uint64_t at = 0; at < r->config.ram; at += 8) {
        if (memcmp(core + at, r->ram + at, 8) != 0) {
            char name[64];
            snprintf(name, sizeof name, "RAM at 0x%" PRIx64, at);
            same(n, name, mem_get(&m->mem, at, 8), ref_ram_get(r, at, 8));
        }
    }
}

static void compare_disk(struct notes *n, struct machine *m, const struct ref_machine *r)
{
    const struct disk *d = &machine_devices(m)->disk;
    const struct ioapic *io = &machine_devices(m)->ioapic;
    if (d->sectors && memcmp(d->bytes, r->disk.bytes, d->sectors * DISK_SECTOR) != 0) {
        note(n, "what is on the disk differs\n");
    }
    same(n, "disk: sector", d->sector, r->disk.sector);
    same(n, "disk: count", d->count, r->disk.count);
    same(n, "disk: address", d->address, r->disk.address);
    same(n, "disk: command", d->command, r->disk.command);
    same(n, "disk: status", d->status, r->disk.status);
    same(n, "disk: control", d->control, r->disk.control);
    same(n, "I/O APIC: index", io->index, r->io.index);
    for (unsigned pin = 0; pin < REF_PINS; pin++) {
        same_at(n, "I/O APIC: entry", pin, io->entry[pin], r->io.entry[pin]);
    }
}

static void compare_ring(struct notes *n, unsigned i, const struct nic_ring *core,
                         const struct ref_ring *ref)
{
    same_at(n, "ring's base", i, core->base, ref->base);
    same_at(n, "ring's size", i, core->size, ref->size);
    same_at(n, "ring's head", i, core->head, ref->head);
    same_at(n, "ring's tail", i, core->tail, ref->tail);
}

static void compare_nic(struct notes *n, struct machine *m, const struct ref_machine *r)
{
    const struct nic *c = &machine_devices(m)->nic;
    same(n, "card: control", c->control, r->nic.control);
    same(n, "card: status", c->status, r->nic.status);
    same(n, "card: dropped", c->dropped, r->nic.dropped);
    same(n, "card: frames on their way", c->flight_count, r->nic.flights);
    compare_ring(n, 0, &c->tx, &r->nic.tx);
    compare_ring(n, 1, &c->rx, &r->nic.rx);
}

static void compare_stop(struct notes *n, enum stop_reason core, const struct stop_info *c,
                         enum stop_reason ref, const struct stop_info *r)
{
    same(n, "reason to stop", core, ref);
    if (core != ref) {
        return;
    }
    if (core == STOP_TRIPLE_FAULT) {
        for (unsigned i = 0; i < 3; i++) {
            same_at(n, "triple fault", i, c->vector[i], r->vector[i]);
        }
        same(n, "triple fault's address", c->fault_addr, r->fault_addr);
    }
    if (core == STOP_POWEROFF) {
        same(n, "status", c->status, r->status);
    }
}

static void compare(struct notes *n, struct machine *m, const struct ref_machine *r)
{
    char err[256];
    for (unsigned i = 0; i < r->config.cpus; i++) {
        same_at(n, "time", i, machine_cpu_time(m, i), r->cpu[i].time);
        compare_state(n, &m->cpu[i].s, &r->cpu[i]);
        compare_counters(n, machine_counters(m, i), &r->cpu[i].count);
        compare_apic(n, &machine_devices(m)->apic[i], &r->cpu[i].apic);
    }
    compare_ram(n, m, r);
    size_t size;
    const char *console = machine_console(m, &size);
    if (size != r->console_size || memcmp(console, r->console, size) != 0) {
        note(n, "the console's output differs: %zu bytes, by the reference %zu\n", size,
             r->console_size);
    }
    compare_disk(n, m, r);
    compare_nic(n, m, r);
    same(n, "latch", machine_devices(m)->latch, r->latch);
    if (!machine_accounting_ok(m, err, sizeof err)) {
        note(n, "accounting: %s\n", err);
    }
}

// ---- running -------------------------------------------------------------------------------------

static struct machine *load_core(const struct gen_program *p, enum diff_path path, struct notes *n)
{
    char err[256];
    struct machine_config config = p->config;
    config.reference = path == DIFF_PLAIN;
    struct machine *m = machine_create(&config, err, sizeof err);
    if (!m) {
        note(n, "the machine cannot be made: %s\n", err);
        return NULL;
    }
    bool ok = machine_load(m, &(struct image){.entry = p->entry}, 0, err, sizeof err);
    for (uint64_t f = 0; f < config.ram >> PAGE_SHIFT; f++) {
        if (p->touched[f]) {
            ok = machine_write(m, f << PAGE_SHIFT, p->ram + (f << PAGE_SHIFT), PAGE_SIZE) && ok;
        }
    }
    ok = machine_disk_attach(m, p->disk, p->disk_size, err, sizeof err) && ok;
    if (!ok) {
        note(n, "the program cannot be loaded: %s\n", err);
        machine_destroy(m);
        return NULL;
    }
    return m;
}

static uint64_t completed(const struct machine *m)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < machine_cpus(m); i++) {
        sum += machine_counters(m, i)->instructions;
    }
    return sum;
}

// The lengths of pieces follow from the seed: mostly a few instructions, by time or by number.
static enum stop_reason run_pieces(struct machine *m, uint64_t until, uint64_t instructions,
                                   uint64_t seed)
{
    for (;;) {
        uint64_t draw = splitmix64(&seed), done = completed(m), left = instructions - done;
        uint64_t steps = draw % 4 == 0 ? left : 1 + (draw >> 8) % (draw % 4 == 1 ? 4 : 300);
        uint64_t stop = draw % 4 == 0 ? machine_time(m) + 1 + (draw >> 32) % 2000 : until;
        steps = steps < left ? steps : left;
        enum stop_reason why = machine_run(m, stop < until ? stop : until, steps);
        bool by_time = completed(m) - done < steps;
        if (completed(m) == instructions && why == STOP_LIMIT) {
            return machine_run(m, until, 0); // so that this is what ends it
        }
        if (why != STOP_LIMIT || (by_time && stop >= until)) {
            return why;
        }
    }
}

static enum stop_reason run_core(struct machine *m, const struct gen_program *p,
                                 enum diff_path path)
{
    return path == DIFF_PIECES ? run_pieces(m, p->until, p->instructions, p->seed)
                               : machine_run(m, p->until, p->instructions);
}

struct ref_machine *diff_reference(const struct gen_program *p, const struct cpu_model *model)
{
    struct machine_config config = p->config;
    config.model = model ? model : p->config.model;
    struct ref_machine *r = ref_create(&config);
    for (uint64_t f = 0; r && f < config.ram >> PAGE_SHIFT; f++) {
        if (p->touched[f]) {
            memcpy(r->ram + (f << PAGE_SHIFT), p->ram + (f << PAGE_SHIFT), PAGE_SIZE);
        }
    }
    if (r && !ref_disk_attach(r, p->disk, p->disk_size)) {
        ref_destroy(r);
        return NULL;
    }
    if (r) {
        r->cpu[0].pc = p->entry;
    }
    return r;
}

bool diff_run(const struct gen_program *p, enum diff_path path, struct ref_cover *cover, char *why,
              size_t size)
{
    struct notes n = {.text = why, .size = size};
    struct ref_machine *r = diff_reference(p, NULL);
    struct machine *m = load_core(p, path, &n);
    if (m && r) {
        r->cover = cover;
        enum stop_reason ref = ref_run(r, p->until, p->instructions);
        enum stop_reason core = run_core(m, p, path);
        compare_stop(&n, core, machine_stop_info(m), ref, &r->stop);
        compare(&n, m, r);
    } else if (!r) {
        note(&n, "no memory for the reference\n");
    }
    if (m) {
        machine_destroy(m);
    }
    ref_destroy(r);
    return n.count == 0;
}

// ---- explaining ----------------------------------------------------------------------------------

// The state after the reference has run for so long, and what comes next.
static void describe(struct notes *n, const struct gen_program *p)
{
    struct ref_machine *r = diff_reference(p, NULL);
    if (!r) {
        return;
    }
    ref_run(r, p->until, p->instructions);
    struct ref_cpu *c = &r->cpu[0];
    uint64_t pa;
    note(n,
         "  after %" PRIu64 " instructions, time %" PRIu64 ": pc 0x%" PRIx64
         " ring %u flags 0x%" PRIx64 " machine word 0x%" PRIx64 " base 0x%" PRIx64 " sp 0x%" PRIx64
         "\n",
         r->completed, c->time, c->pc, c->ring, c->flags, c->msw, c->ptbr, c->r[REG_SP]);
    if (!ref_translate(r, c, c->pc, REF_FETCH, c->ring, &pa)) {
        note(n, "    next: the fetch faults, vector %u\n", c->vector);
    } else {
        uint32_t word = (uint32_t)ref_ram_get(r, pa, 4);
        struct insn in = isa_decode(word);
        note(n,
             "    next: %08" PRIx32 " %s rd=%s:0x%" PRIx64 " ra=%s:0x%" PRIx64 " rb=%s:0x%" PRIx64
             " imm=%" PRId32 "\n",
             word, in.op ? isa_row(in.op)->mnemonic : "(no instruction)", isa_reg_name(in.rd),
             c->r[in.rd], isa_reg_name(in.ra), c->r[in.ra], isa_reg_name(in.rb), c->r[in.rb],
             in.imm);
    }
    ref_destroy(r);
}

// The smallest limit, among those up to `bad`, at which the two differ; `limit` is a field of *p.
static uint64_t first_difference(const struct gen_program *p, uint64_t *limit, uint64_t bad,
                                 enum diff_path path)
{
    char why[64];
    uint64_t good = 0;
    while (bad - good > 1) {
        *limit = good + (bad - good) / 2;
        *(diff_run(p, path, NULL, why, sizeof why) ? &good : &bad) = *limit;
    }
    *limit = bad;
    return bad;
}

void diff_explain(const struct gen_program *p, enum diff_path path, char *report, size_t size)
{
    static const char *const paths[DIFF_PATHS] = {"fast", "plain", "pieces"};
    char why[2048] = "";
    struct notes n = {.text = report, .size = size};
    struct gen_program q = *p; // shares p's memory
    note(&n, "seed %" PRIu64 " profile %s path %s (levels %u, RAM %" PRIu64 " MiB, holes %s)\n",
         p->seed, p->profile->name, paths[path], p->config.levels, p->config.ram >> 20,
         p->config.holes_closed ? "closed" : "open");
    // By time with as many instructions as there are, so that the simulator runs in one go as far as it likes.
    first_difference(&q, &q.until, p->until, path);
    diff_run(&q, path, NULL, why, sizeof why);
    q.until--;
    describe(&n, &q);
    note(&n, "  differs at time %" PRIu64 ":\n%s", q.until + 1, why);
    // By instructions: the same place, unless only long runs go wrong.
    q = *p;
    uint64_t at = first_difference(&q, &q.instructions, p->instructions, path);
    diff_run(&q, path, NULL, why, sizeof why);
    q.instructions--;
    describe(&n, &q);
    note(&n, "  differs after %" PRIu64 " instructions:\n%s", at, why);
}
