// The reference machine as a whole: making it, resetting it, running it.
#include "tests/ref/ref.h"

#include <stdlib.h>
#include <string.h>

#include "sim/cost.h"

void ref_charge(struct ref_cpu *c, enum ref_category category, uint64_t cycles)
{
    c->count.cycles[category] += cycles;
    c->time += cycles;
}

enum ref_category ref_guest(unsigned ring)
{
    return ring == 3 ? REF_CYCLES_GUEST_USER : REF_CYCLES_GUEST_KERNEL;
}

uint64_t ref_cost(const struct ref_machine *m, int key)
{
    return m->config.model->cost[key].value;
}

bool ref_fault(struct ref_cpu *c, unsigned vector, uint64_t error)
{
    c->vector = vector;
    c->error = error;
    return false;
}

static bool allocate(void **to, size_t count, size_t size)
{
    *to = calloc(count ? count : 1, size);
    return *to != NULL;
}

static bool create_tlb(struct ref_cpu *c, const struct tlb_geometry *g)
{
    const uint32_t l1[2][2] = {{g->l1i_4k, g->l1i_2m}, {g->l1d_4k, g->l1d_2m}};
    bool ok = true;
    for (int data = 0; data < 2; data++) {
        for (int huge = 0; huge < 2; huge++) {
            ok = allocate((void **)&c->l1[data][huge], l1[data][huge], sizeof **c->l1[0]) && ok;
        }
    }
    ok = allocate((void **)&c->l2, (size_t)g->l2_sets * g->l2_ways, sizeof *c->l2) && ok;
    ok = allocate((void **)&c->l2_next, g->l2_sets, sizeof *c->l2_next) && ok;
    for (int level = 2; level <= LEVELS_MAX; level++) {
        ok = allocate((void **)&c->pwc[level], g->pwc, sizeof *c->pwc[level]) && ok;
    }
    return ok;
}

struct ref_machine *ref_create(const struct machine_config *config)
{
    struct ref_machine *m = calloc(1, sizeof *m);
    if (!m) {
        return NULL;
    }
    m->config = *config;
    m->ram = malloc(config->ram);
    bool ok = m->ram != NULL;
    for (unsigned i = 0; i < config->cpus; i++) {
        ok = create_tlb(&m->cpu[i], &config->model->tlb) && ok;
    }
    if (!ok) {
        ref_destroy(m);
        return NULL;
    }
    ref_reset(m);
    return m;
}

void ref_destroy(struct ref_machine *m)
{
    for (unsigned i = 0; m && i < m->config.cpus; i++) {
        struct ref_cpu *c = &m->cpu[i];
        for (int data = 0; data < 2; data++) {
            free(c->l1[data][0]);
            free(c->l1[data][1]);
        }
        free(c->l2);
        free(c->l2_next);
        for (int level = 2; level <= LEVELS_MAX; level++) {
            free(c->pwc[level]);
        }
    }
    if (m) {
        free(m->ram);
        free(m->disk.bytes);
    }
    free(m);
}

bool ref_disk_attach(struct ref_machine *m, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) {
        return false;
    }
    memcpy(copy, bytes, size);
    free(m->disk.bytes);
    m->disk.bytes = copy;
    m->disk.sectors = size / 512;
    return true;
}

static void reset_cpu(struct ref_machine *m, struct ref_cpu *c)
{
    const struct tlb_geometry *g = &m->config.model->tlb;
    struct ref_cpu fresh = {.waiting = c != m->cpu, .l2 = c->l2, .l2_next = c->l2_next};
    memcpy(fresh.l1, c->l1, sizeof fresh.l1);
    memcpy(fresh.pwc, c->pwc, sizeof fresh.pwc);
    *c = fresh;
    ref_tlb_drop_all(m, c);
    memset(c->l2_next, 0, g->l2_sets * sizeof *c->l2_next);
    ref_apic_reset(m, c);
}

void ref_reset(struct ref_machine *m)
{
    memset(m->ram, 0, m->config.ram);
    for (unsigned i = 0; i < m->config.cpus; i++) {
        reset_cpu(m, &m->cpu[i]);
    }
    ref_ioapic_reset(m);
    ref_disk_reset(m);
    ref_nic_reset(m);
    m->planned = 0;
    m->stop = (struct stop_info){.reason = STOP_NONE};
    m->completed = 0;
    m->in_turn = false;
    m->latch = 0;
    m->console_enable = 0;
    m->console_size = 0;
}

static bool interrupts_on(const struct ref_cpu *c)
{
    return c->flags & REF_IF;
}

static void cover_interrupt(struct ref_machine *m, const struct ref_cpu *c)
{
    REF_COVER(m, INTERRUPT);
    if (c->halted) {
        REF_COVER(m, HALT_WAKE);
    }
    for (unsigned v = 0; v < 256; v++) {
        if (c->apic.isr[v]) {
            REF_COVER(m, INTERRUPT_NESTED);
            return;
        }
    }
}

// Why an interrupt that is requested is not taken.
static void cover_waiting(struct ref_machine *m, const struct ref_cpu *c, int vector)
{
    if (!m->cover) {
        return;
    }
    if (vector >= 0) {
        interrupts_on(c) ? REF_COVER(m, SHADOW) : REF_COVER(m, INTERRUPT_MASKED);
        return;
    }
    const bool *first = memchr(c->apic.irr, true, sizeof c->apic.irr);
    if (first) {
        (unsigned)(first - c->apic.irr) / 16 <= c->tpr ? REF_COVER(m, INTERRUPT_TPR)
                                                       : REF_COVER(m, INTERRUPT_ISR);
    }
}

bool ref_runnable(const struct ref_cpu *c)
{
    return !c->waiting &&
           (!c->halted || (interrupts_on(c) && !c->shadow && ref_apic_pending(c) >= 0));
}

// One step.
static void step(struct ref_machine *m, struct ref_cpu *c)
{
    int vector = ref_apic_pending(c);
    if (vector >= 0 && interrupts_on(c) && !c->shadow) {
        cover_interrupt(m, c);
        ref_apic_take(c, (unsigned)vector);
        ref_deliver(m, c, REF_BY_INTERRUPT, (unsigned)vector, 0, c->pc, c->pc);
        return;
    }
    cover_waiting(m, c, vector);
    ref_instruction(m, c);
}

// ---- whose turn it is ----------------------------------------------------------------------------

// The earliest that can run, the first among equals; `but` apart.
static struct ref_cpu *earliest(struct ref_machine *m, const struct ref_cpu *but)
{
    struct ref_cpu *best = NULL;
    for (unsigned i = 0; i < m->config.cpus; i++) {
        struct ref_cpu *c = &m->cpu[i];
        if (c != but && ref_runnable(c) && (!best || c->time < best->time)) {
            best = c;
        }
    }
    return best;
}

bool ref_in_ram(const struct ref_machine *m, uint64_t pa, uint64_t n)
{
    return pa <= m->config.ram && m->config.ram - pa >= n;
}

// When the next of disk and card does something.
static uint64_t next_transfer(const struct ref_machine *m)
{
    const struct ref_nic *n = &m->nic;
    uint64_t next = n->sent_at < n->arrives_at ? n->sent_at : n->arrives_at;
    return m->disk.done_at < next ? m->disk.done_at : next;
}

// It does so. Of several at one time, what was planned first: they may move the same memory.
static void transfer(struct ref_machine *m, uint64_t time)
{
    const struct ref_nic *n = &m->nic;
    uint64_t disk = m->disk.done_at == time ? m->disk.done_order : UINT64_MAX;
    uint64_t sent = n->sent_at == time ? n->sent_order : UINT64_MAX;
    uint64_t arrived = n->arrives_at == time ? n->arrives_order : UINT64_MAX;
    if (disk < sent && disk < arrived) {
        ref_disk_finish(m, time);
    } else if (sent < arrived) {
        ref_nic_sent(m, time);
    } else {
        ref_nic_arrived(m, time);
    }
}

// The processor whose timer is due first, or NULL: disk or card, or (*time UINT64_MAX) nothing. When that is in *time.
static struct ref_cpu *next_event(struct ref_machine *m, uint64_t *time)
{
    struct ref_cpu *next = NULL;
    *time = next_transfer(m);
    for (unsigned i = 0; i < m->config.cpus; i++) {
        uint64_t at = ref_next_event(&m->cpu[i]);
        if (at < *time) {
            *time = at;
            next = &m->cpu[i];
        }
    }
    return next;
}

void ref_wait(struct ref_cpu *c, uint64_t time)
{
    if (time > c->time) {
        ref_charge(c, REF_CYCLES_IDLE, time - c->time);
    }
}

// All that cannot run have waited until `time`.
static void all_wait(struct ref_machine *m, uint64_t time)
{
    for (unsigned i = 0; i < m->config.cpus; i++) {
        if (!ref_runnable(&m->cpu[i])) {
            ref_wait(&m->cpu[i], time);
        }
    }
}

static void fire(struct ref_machine *m, struct ref_cpu *c, uint64_t time)
{
    if (!c) {
        transfer(m, time);
        return;
    }
    bool ran = ref_runnable(c);
    ref_timer(m, c, time);
    if (!ran && ref_runnable(c)) {
        ref_wait(c, time);
    }
}

// Nobody can run. Lets time pass to the next event and makes it happen; or says why not.
static enum stop_reason pass_time(struct ref_machine *m, uint64_t until)
{
    uint64_t time;
    struct ref_cpu *next = next_event(m, &time);
    bool hope = false;
    for (unsigned i = 0; i < m->config.cpus; i++) {
        hope = hope || (m->cpu[i].halted && interrupts_on(&m->cpu[i]));
    }
    if (!hope || time == UINT64_MAX) {
        hope ? REF_COVER(m, HALT_NOTHING) : REF_COVER(m, HALT_FOREVER);
        for (unsigned i = 0; i < m->config.cpus; i++) {
            all_wait(m, m->cpu[i].time); // to the latest
        }
        return STOP_DEADLOCK;
    }
    if (time >= until) {
        REF_COVER(m, HALT_LIMIT);
        all_wait(m, until);
        return STOP_LIMIT;
    }
    all_wait(m, time);
    fire(m, next, time);
    return STOP_NONE;
}

// The turn of processor `c`, or what is left of it.
static void take_turn(struct ref_machine *m, struct ref_cpu *c, uint64_t end, uint64_t most)
{
    while (c->time < end && c->time < m->turn_end && ref_runnable(c) && m->completed < most &&
           m->stop.reason == STOP_NONE) {
        uint64_t next;
        step(m, c);
        next_event(m, &next);
        ref_end_turn(m, next);
    }
    m->in_turn = ref_runnable(c) && c->time < m->turn_end;
}

void ref_end_turn(struct ref_machine *m, uint64_t time)
{
    if (time < m->turn_end) {
        m->turn_end = time;
    }
}

static void begin_turn(struct ref_machine *m, struct ref_cpu *c, uint64_t next)
{
    const struct ref_cpu *other = earliest(m, c);
    m->turn = c;
    m->turn_end = other ? other->time + m->config.quantum : UINT64_MAX;
    ref_end_turn(m, next);
}

enum stop_reason ref_run(struct ref_machine *m, uint64_t until, uint64_t instructions)
{
    uint64_t most =
        instructions < UINT64_MAX - m->completed ? m->completed + instructions : UINT64_MAX;
    while (m->stop.reason == STOP_NONE) {
        struct ref_cpu *c = earliest(m, NULL);
        if (!c) {
            m->in_turn = false;
            enum stop_reason why = pass_time(m, until);
            if (why != STOP_NONE) {
                return why;
            }
            continue;
        }
        uint64_t next;
        struct ref_cpu *whose = next_event(m, &next);
        if (c->time >= until || m->completed == most) {
            uint64_t to = c->time >= until ? until : c->time;
            all_wait(m, next < to ? next : to);
            return STOP_LIMIT;
        }
        if (m->in_turn && ref_runnable(m->turn)) {
            c = m->turn;
        } else {
            if (next <= c->time) {
                fire(m, whose, next);
                continue;
            }
            begin_turn(m, c, next);
        }
        take_turn(m, c, earliest(m, c) ? UINT64_MAX : until, most);
    }
    struct ref_cpu *c = earliest(m, NULL);
    all_wait(m, c ? c->time : 0);
    return m->stop.reason;
}
