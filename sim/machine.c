// A machine's life: creation, loading, looking at it; and what its devices may ask of it. machine_run.c makes it go.
#include "sim/machine.h"

#include "sim/acct.h"
#include "sim/machine_internal.h"
#include "sim/vmcs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void machine_config_default(struct machine_config *c)
{
    *c = (struct machine_config){
        .ram = UINT64_C(64) << 20, .cpus = 1, .levels = 4, .quantum = 1000, .seed = 1};
}

// ---- events ---------------------------------------------------------------------------------------

static void fire(void *owner, const struct event *e)
{
    struct machine *m = owner;
    if (e->kind == MEVENT_MONITOR || e->kind == MEVENT_MONITOR_2) {
        if (m->monitor && m->monitor->event) {
            m->monitor->event(m, e);
        }
        return;
    }
    machine_device_event(m, e);
}

static const struct event_kind event_kinds[MEVENT_COUNT] = {
#define MEVENT(NAME, text) [MEVENT_##NAME] = {text, fire},
    MACHINE_EVENTS(MEVENT)
#undef MEVENT
};

uint64_t machine_now(const struct machine *m)
{
    return m->running >= 0 ? cpu_now(&m->cpu[m->running]) : event_now(&m->events);
}

// The running processor's turn ends at `time` at the latest. Kept apart from where cpu_run was told to stop, which may be nearer.
static void shorten_turn(struct machine *m, uint64_t time)
{
    if (m->running >= 0) {
        m->turn_end = time < m->turn_end ? time : m->turn_end;
        cpu_lower_deadline(&m->cpu[m->running], time);
    }
}

event_handle_t machine_schedule(struct machine *m, uint64_t time, enum machine_event kind,
                                uint32_t target, uint64_t arg)
{
    uint64_t floor = event_now(&m->events);
    time = time < floor ? floor : time;
    event_handle_t h = event_schedule(&m->events, time, EVENT_PRIORITY_NORMAL, kind, target, arg);
    shorten_turn(m, time);
    return h;
}

bool machine_cancel(struct machine *m, event_handle_t handle)
{
    return event_cancel(&m->events, handle);
}

// ---- creation -------------------------------------------------------------------------------------

static const char *config_wrong(const struct machine_config *c)
{
    if (c->ram < HUGE_PAGE_SIZE || c->ram > UINT64_C(64) << 30 || c->ram % HUGE_PAGE_SIZE) {
        return "RAM must be a multiple of 2 MiB, from 2 MiB to 64 GiB";
    }
    if (c->cpus < 1 || c->cpus > 64) {
        return "a machine has 1 to 64 processors";
    }
    if (c->levels < LEVELS_MIN || c->levels > LEVELS_MAX) {
        return "page tables have 2 to 5 levels";
    }
    return c->model ? NULL : "a machine needs a CPU model";
}

struct machine *machine_create(const struct machine_config *c, char *err, size_t err_size)
{
    const char *wrong = config_wrong(c);
    if (wrong) {
        snprintf(err, err_size, "%s", wrong);
        return NULL;
    }
    struct machine *m = calloc(1, sizeof *m);
    if (!m) {
        snprintf(err, err_size, "not enough memory for a machine");
        return NULL;
    }
    m->config = *c;
    m->config.quantum = c->quantum ? c->quantum : 1;
    m->running = -1;
    event_queue_init(&m->events, event_kinds, MEVENT_COUNT, m);
    m->cpu = calloc(c->cpus, sizeof *m->cpu);
    if (!m->cpu || !mem_init(&m->mem, c->ram) || !code_cache_init(&m->code, m)) {
        snprintf(err, err_size, "not enough memory for %" PRIu64 " MiB of RAM", c->ram >> 20);
        machine_destroy(m);
        return NULL;
    }
    for (unsigned k = 0; k < c->cpus; k++) {
        if (!cpu_init(&m->cpu[k], m, k, err, err_size)) {
            machine_destroy(m);
            return NULL;
        }
    }
    m->devices = machine_devices_create(m);
    if (!m->devices) {
        snprintf(err, err_size, "not enough memory for devices");
        machine_destroy(m);
        return NULL;
    }
    return m;
}

void machine_destroy(struct machine *m)
{
    if (!m) {
        return;
    }
    if (m->devices) {
        machine_devices_destroy(m->devices);
    }
    for (unsigned k = 0; m->cpu && k < m->config.cpus; k++) {
        cpu_free(&m->cpu[k]);
    }
    code_cache_free(&m->code);
    event_queue_free(&m->events);
    mem_free(&m->mem);
    free(m->cpu);
    free(m);
}

// ---- memory ---------------------------------------------------------------------------------------

void machine_stored(struct machine *m, uint64_t addr, uint64_t n)
{
    uint64_t dropped = m->code.dropped;
    code_cache_stored(&m->code, addr, n);
    if (m->monitor && m->monitor->stored) {
        m->monitor->stored(m, addr, n);
    }
    if (m->code.dropped != dropped && m->running >= 0) {
        cpu_break(&m->cpu[m->running]); // it may be inside a block that is no more
    }
}

bool machine_read(const struct machine *m, uint64_t addr, void *to, size_t n)
{
    return mem_read(&m->mem, addr, to, n);
}

bool machine_write(struct machine *m, uint64_t addr, const void *from, size_t n)
{
    if (!mem_write(&m->mem, addr, from, n)) {
        return false;
    }
    if (n > 0) {
        machine_stored(m, addr, n);
    }
    return true;
}

bool machine_dma_read(const struct machine *m, uint64_t addr, void *to, size_t n)
{
    return machine_read(m, addr, to, n);
}

bool machine_dma_write(struct machine *m, uint64_t addr, const void *from, size_t n)
{
    return machine_write(m, addr, from, n);
}

static bool load_segment(struct machine *m, const struct image_segment *s)
{
    if (s->size == 0 && s->bss == 0) {
        return true;
    }
    if (!mem_has(&m->mem, s->addr, s->size) || s->bss > m->mem.size - s->addr - s->size ||
        !machine_write(m, s->addr, s->bytes, (size_t)s->size)) {
        return false;
    }
    static const uint8_t zeros[PAGE_SIZE];
    for (uint64_t at = 0; at < s->bss;) {
        uint64_t n = s->bss - at < PAGE_SIZE ? s->bss - at : PAGE_SIZE;
        machine_write(m, s->addr + s->size + at, zeros, (size_t)n);
        at += n;
    }
    return true;
}

bool machine_load(struct machine *m, const struct image *img, uint64_t boot_info, char *err,
                  size_t err_size)
{
    for (size_t k = 0; k < img->segment_count; k++) {
        const struct image_segment *s = &img->segments[k];
        if (!load_segment(m, s)) {
            snprintf(err, err_size,
                     "segment %s (0x%" PRIx64 ", %" PRIu64 " bytes) does not fit into %" PRIu64
                     " MiB of RAM; move it or give more RAM",
                     s->name ? s->name : "?", s->addr, s->size + s->bss, m->mem.size >> 20);
            return false;
        }
    }
    if (img->entry % 4) {
        snprintf(err, err_size, "entry 0x%" PRIx64 " is not a multiple of 4", img->entry);
        return false;
    }
    m->cpu[0].s.pc = img->entry;
    m->cpu[0].s.r[REG_A0] = boot_info;
    return true;
}

// ---- processors, for devices ----------------------------------------------------------------------

void machine_cpu_intr(struct machine *m, unsigned cpu, int vector)
{
    assert(cpu < m->config.cpus && vector < 256);
    struct cpu *c = &m->cpu[cpu];
    bool ran = cpu_runnable(c);
    c->intr = vector >= VEC_IRQ_FIRST ? vector : -1;
    if (m->running == (int)cpu) {
        if (cpu_event_after_shadow(c)) {
            cpu_break(c);
        }
    } else if (!ran && cpu_runnable(c)) {
        machine_woken(m, c);
    }
}

void machine_woken(struct machine *m, struct cpu *c)
{
    // It has waited until now; and whoever runs must not get further ahead of it than the quantum allows.
    acct_wait(c, c->idle ? c->idle_category : CYC_IDLE, machine_now(m));
    shorten_turn(m, cpu_now(c) + m->config.quantum);
}

unsigned machine_cpu_tpr(const struct machine *m, unsigned cpu)
{
    assert(cpu < m->config.cpus);
    return m->cpu[cpu].s.tpr;
}

void machine_cpu_set_tpr(struct machine *m, unsigned cpu, unsigned tpr)
{
    assert(cpu < m->config.cpus && tpr < 16);
    struct cpu *c = &m->cpu[cpu];
    c->s.tpr = (uint8_t)tpr;
    machine_cpu_intr(m, cpu, c->intr); // what is on offer may be welcome now
}

void machine_start_cpu(struct machine *m, unsigned cpu, unsigned vector)
{
    if (cpu >= m->config.cpus || !m->cpu[cpu].s.parked) {
        return;
    }
    struct cpu *c = &m->cpu[cpu];
    c->s.parked = false;
    c->s.pc = (uint64_t)(vector & 0xff) << PAGE_SHIFT;
    machine_woken(m, c);
}

void machine_stop(struct machine *m, enum stop_reason why, unsigned cpu, uint32_t status)
{
    assert(cpu < m->config.cpus && why != STOP_NONE);
    if (m->stop.reason == STOP_NONE) {
        m->stop =
            (struct stop_info){.reason = why, .cpu = cpu, .status = status, .pc = m->cpu[cpu].s.pc};
    }
    if (m->running >= 0) {
        cpu_break(&m->cpu[m->running]);
    }
}

// ---- looking at it --------------------------------------------------------------------------------

const struct stop_info *machine_stop_info(const struct machine *m)
{
    return &m->report;
}

unsigned machine_cpus(const struct machine *m)
{
    return m->config.cpus;
}

uint64_t machine_time(const struct machine *m)
{
    uint64_t least = UINT64_MAX;
    for (unsigned k = 0; k < m->config.cpus; k++) {
        uint64_t t = cpu_now(&m->cpu[k]);
        least = t < least ? t : least;
    }
    return least;
}

uint64_t machine_cpu_time(const struct machine *m, unsigned i)
{
    assert(i < m->config.cpus);
    return cpu_now(&m->cpu[i]);
}

const struct cpu_counters *machine_counters(const struct machine *m, unsigned i)
{
    assert(i < m->config.cpus);
    struct cpu *c = &m->cpu[i]; // counting is no change of the machine
    acct_flush(c);
    c->counters.instructions = c->instructions;
    return &c->counters;
}

const struct cpu_state *machine_registers(const struct machine *m, unsigned i)
{
    assert(i < m->config.cpus);
    return &m->cpu[i].s;
}

bool machine_accounting_ok(const struct machine *m, char *err, size_t err_size)
{
    for (unsigned k = 0; k < m->config.cpus; k++) {
        if (!acct_ok(&m->cpu[k], err, err_size)) {
            return false;
        }
    }
    return true;
}

uint64_t machine_state_hash(const struct machine *m)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (unsigned k = 0; k < m->config.cpus; k++) {
        const struct cpu_state *s = &m->cpu[k].s;
        const uint64_t words[] = {s->pc,  s->flags,  s->msw,    s->ptbr,  s->vbar,
                                  s->tr,  s->far,    s->kstack, s->lstar, s->ring,
                                  s->tpr, s->halted, s->parked};
        hash = mem_hash_words(hash, s->r, REG_COUNT);
        hash = mem_hash_words(hash, words, sizeof words / sizeof *words);
    }
    return mem_hash(&m->mem, hash);
}

// ---- tracing --------------------------------------------------------------------------------------

bool machine_trace(struct machine *m, size_t last)
{
    for (unsigned k = 0; k < m->config.cpus; k++) {
        struct cpu *c = &m->cpu[k];
        free(c->trace);
        c->trace = last ? calloc(last, sizeof *c->trace) : NULL;
        c->trace_size = c->trace ? last : 0;
        c->trace_count = 0;
        if (last && !c->trace) {
            machine_trace(m, 0);
            return false;
        }
    }
    return true;
}

size_t machine_trace_get(const struct machine *m, unsigned cpu, struct trace_entry *out, size_t max)
{
    assert(cpu < m->config.cpus);
    const struct cpu *c = &m->cpu[cpu];
    uint64_t have = c->trace_count < c->trace_size ? c->trace_count : c->trace_size;
    uint64_t n = have < max ? have : max;
    for (uint64_t k = 0; k < n; k++) {
        out[k] = c->trace[(c->trace_count - n + k) % c->trace_size];
    }
    return (size_t)n;
}
