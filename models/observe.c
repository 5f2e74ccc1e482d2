// observe.c: the hooks of a session. Each is short: at full speed they are what watching costs.
#include "models/observe.h"

#include "sim/acct.h"
#include "sim/machine_internal.h"

#include <stdlib.h>

static struct observer *of(const struct cpu *c)
{
    return c->watcher;
}

static enum snapshot_who guest_who(const struct cpu *c)
{
    return c->s.ring == 3 ? WHO_GUEST_USER : WHO_GUEST_KERNEL;
}

// ---- the timeline ---------------------------------------------------------------------------------

// The bucket in which the processor is gets what is its own.
static void spill(const struct observer *o, struct observe_cpu *k)
{
    uint64_t *b = k->bucket[(k->bucket_end - 1) >> o->shift];
    for (unsigned w = 0; w < WHO_COUNT; w++) {
        b[w] += k->in_bucket[w];
        k->in_bucket[w] = 0;
    }
}

// The end of the bucket in which the cycle before `time` lies.
static uint64_t bucket_end(const struct observer *o, uint64_t time)
{
    return ((time - 1) >> o->shift << o->shift) + (UINT64_C(1) << o->shift);
}

// Twice as much time fits into the same number of buckets.
static void widen(struct observer *o)
{
    for (unsigned i = 0; i < o->vm->vcpus; i++) {
        spill(o, &o->cpu[i]);
    }
    o->shift++;
    for (unsigned i = 0; i < o->vm->vcpus; i++) {
        uint64_t(*b)[WHO_COUNT] = o->cpu[i].bucket;
        o->cpu[i].bucket_end = bucket_end(o, o->cpu[i].bucket_end);
        for (unsigned k = 0; k < SNAP_BUCKETS; k++) {
            for (unsigned w = 0; w < WHO_COUNT; w++) {
                b[k][w] = k < SNAP_BUCKETS / 2 ? b[2 * k][w] + b[2 * k + 1][w] : 0;
            }
        }
    }
    for (unsigned r = 0; r < EXIT_REASONS; r++) {
        uint32_t *t = o->exit[r].trend;
        for (unsigned k = 0; k < SNAP_TREND; k++) {
            t[k] = k < SNAP_TREND / 2 ? t[2 * k] + t[2 * k + 1] : 0;
        }
    }
}

_Static_assert(WHO_COUNT <= 16, "observer.weight holds all");
enum { TREND_SHIFT = 2 }; // SNAP_BUCKETS / SNAP_TREND buckets make a column
_Static_assert(SNAP_TREND << TREND_SHIFT == SNAP_BUCKETS, "both cover the same time");

// The stretch goes beyond the bucket in which the processor is.
static void fill_buckets(struct observer *o, struct observe_cpu *k, uint64_t from, uint64_t to,
                         enum snapshot_who who)
{
    spill(o, k);
    while ((to - 1) >> o->shift >= SNAP_BUCKETS) {
        widen(o);
    }
    uint64_t first = from >> o->shift, last = (to - 1) >> o->shift;
    for (uint64_t b = first; b <= last; b++) {
        uint64_t low = b << o->shift, high = (b + 1) << o->shift;
        k->bucket[b][who] += (high < to ? high : to) - (low > from ? low : from);
    }
    k->bucket_end = bucket_end(o, to);
}

// The stretch at the end of the timeline is over.
static void record_segment(const struct observer *o, const struct observe_cpu *k)
{
    const struct snapshot_segment *s = k->last;
    if (k->segments > 0) {
        recording_add(o->recording, &(struct recorded){.kind = RECORDED_WHO,
                                                       .cpu = (uint8_t)(k - o->cpu),
                                                       .from = s->from,
                                                       .to = s->to,
                                                       .who = (uint8_t)s->who,
                                                       .reason = s->reason});
    }
}

static inline void put(struct observer *o, struct observe_cpu *k, uint64_t from, uint64_t to,
                       enum snapshot_who who)
{
    if (to <= from) {
        return;
    }
    struct snapshot_segment *last = k->last;
    if (last->who != who || last->reason != k->reason) {
        if (o->recording) {
            record_segment(o, k);
        }
        o->weight[last->who][who] += last->who != who;
        last = last == &k->segment[SNAP_SEGMENTS - 1] ? k->segment : last + 1;
        last->from = from, last->who = who, last->reason = k->reason;
        k->last = last;
        k->segments++;
    }
    last->to = to;
    if (to <= k->bucket_end) { // most stretches lie within one bucket
        k->in_bucket[who] += to - from;
    } else {
        fill_buckets(o, k, from, to, who);
    }
}

// What has passed since the mark was the present owner's.
static inline void catch_up(struct observer *o, struct observe_cpu *k, uint64_t now)
{
    if (now > k->mark) {
        put(o, k, k->mark, now, k->base);
        k->mark = now;
    }
}

// ---- the path -------------------------------------------------------------------------------------

static inline struct snapshot_step *new_step(struct snapshot_path *p, enum snapshot_step_kind kind,
                                             enum snapshot_who who, enum cycle_category category,
                                             uint64_t at, uint64_t cycles)
{
    struct snapshot_step *s = &p->step[p->count++];
    s->kind = kind, s->who = who, s->category = (uint8_t)category;
    s->at = at, s->cycles = cycles, s->reason = -1;
    return s;
}

static struct snapshot_step *step(struct observe_cpu *k, enum snapshot_step_kind kind,
                                  enum snapshot_who who, enum cycle_category category, uint64_t at,
                                  uint64_t cycles)
{
    struct snapshot_path *p = &k->path;
    p->cycles += cycles;
    struct snapshot_step *s = p->count > 0 ? &p->step[p->count - 1] : NULL;
    if (s && (s->kind == kind || p->count == SNAP_STEPS)) {
        s->cycles += cycles;
        return s;
    }
    return new_step(p, kind, who, category, at, cycles);
}

static void guest_step(struct observe_cpu *k, enum snapshot_who who, uint64_t at, uint64_t cycles)
{
    bool user = who == WHO_GUEST_USER;
    step(k, user ? STEP_GUEST_USER : STEP_GUEST_KERNEL, who,
         user ? CYC_GUEST_USER : CYC_GUEST_KERNEL, at, cycles);
}

static inline void begin_path(struct observe_cpu *k, const struct cpu *c, enum snapshot_who who,
                              uint64_t now, uint64_t pc)
{
    struct snapshot_path *p = &k->path;
    bool user = who == WHO_GUEST_USER;
    k->ring_path = false;
    p->valid = true;
    p->cpu = (uint8_t)c->index;
    p->pc = pc;
    p->reason = p->vector = -1;
    p->count = 0;
    p->cycles = now - k->entered;
    k->insn.op = OP_INVALID;
    k->path_done = c->instructions;
    new_step(p, user ? STEP_GUEST_USER : STEP_GUEST_KERNEL, who,
             user ? CYC_GUEST_USER : CYC_GUEST_KERNEL, k->entered, now - k->entered);
}

static enum snapshot_step_kind switch_kind(enum cost_key key)
{
    switch (key) {
    case COST_VMX_EXIT:
    case COST_VMX_EXIT_FAULT: return STEP_EXIT;
    case COST_VMX_ENTRY:
    case COST_VMX_INJECT: return STEP_ENTRY;
    case COST_EXCEPTION:
    case COST_PAGE_FAULT:
    case COST_INTERRUPT: return STEP_TRAP;
    case COST_HOST_SWITCH: return STEP_SWITCH;
    default: return STEP_RETURN;
    }
}

static enum snapshot_step_kind charge_kind(enum cycle_category category, enum cost_key key)
{
    switch (category) {
    case CYC_WORLD_SWITCH: return switch_kind(key);
    case CYC_SHADOW: return STEP_SHADOW;
    case CYC_BT: return STEP_TRANSLATOR;
    case CYC_HYPERCALL: return STEP_HYPERCALL;
    case CYC_INJECTION: return STEP_INJECTION;
    case CYC_DEVICE: return STEP_DEVICE;
    case CYC_DOM0: return STEP_DOM0;
    case CYC_HOST: return STEP_HOST;
    case CYC_SCHED: return STEP_SCHEDULER;
    default: return STEP_HYPERVISOR;
    }
}

// The first two steps of an exit's path.
static void write_exit(struct observe_cpu *k, const struct cpu *c)
{
    struct insn insn = k->insn;
    int16_t reason = k->path.reason;
    uint64_t entered = k->entered, done = k->path_done;
    k->exit_path = false;
    k->entered = k->exit_entered;
    begin_path(k, c, k->exit_from, k->exit_at, k->path.pc);
    k->entered = entered;
    k->path_done = done;
    k->insn = insn;
    k->path.reason = reason;
    step(k, k->exit_hardware ? STEP_EXIT : STEP_TRAP, WHO_PROCESSOR, CYC_WORLD_SWITCH, k->exit_at,
         0)
        ->reason = reason;
}

// Writes out what of the path has only been noted.
static void write_path(struct observe_cpu *k, const struct cpu *c)
{
    if (k->ring_path) {
        uint64_t entered = k->entered, done = k->path_done;
        k->entered = k->ring_entered;
        begin_path(k, c, k->ring_from, entered, k->ring_pc);
        guest_step(k, k->base, entered, 0);
        k->entered = entered;
        k->path_done = done;
    }
    if (k->exit_path) {
        write_exit(k, c);
    }
    for (unsigned i = 0; i < k->notes; i++) {
        const struct observe_note *n = &k->note[i];
        enum cycle_category category = (enum cycle_category)n->category;
        if (n->key == COST_COUNT) {
            guest_step(k, (enum snapshot_who)n->who, n->at, 0);
        } else {
            step(k, charge_kind(category, (enum cost_key)n->key), (enum snapshot_who)n->who,
                 category, n->at, n->cycles);
        }
    }
    k->notes = 0;
}

static enum snapshot_who charge_who(const struct observer *o, enum cycle_category category)
{
    switch (category) {
    case CYC_GUEST_USER: return WHO_GUEST_USER;
    case CYC_GUEST_KERNEL: return WHO_GUEST_KERNEL;
    case CYC_WALK:
    case CYC_WALK_2D:
    case CYC_EVENT:
    case CYC_WORLD_SWITCH: return WHO_PROCESSOR;
    case CYC_DEVICE: return WHO_DEVICE;
    case CYC_DOM0: return WHO_DOM0;
    case CYC_HOST: return WHO_HOST;
    case CYC_SCHED:
        return arch_row(o->vm->arch.arch)->platform == PLATFORM_TYPE2 ? WHO_HOST : WHO_HYPERVISOR;
    case CYC_STEAL: return WHO_OTHER;
    case CYC_IDLE: return WHO_IDLE;
    default: return WHO_HYPERVISOR;
    }
}

static inline void note(struct observe_cpu *k, const struct cpu *c, uint64_t at, uint64_t cycles,
                        enum cycle_category category, enum cost_key key, enum snapshot_who who)
{
    if (k->notes == OBSERVE_NOTES) {
        write_path(k, c);
    }
    struct observe_note *n = &k->note[k->notes++];
    n->at = at, n->cycles = cycles;
    n->category = (uint8_t)category, n->key = (uint8_t)key, n->who = (uint8_t)who;
}

// ---- hooks ----------------------------------------------------------------------------------------

static void check_position(struct observer *o)
{
    const struct observe_stop *s = &o->stop;
    if (s->on_event || (s->at_position && o->exits >= s->exits && o->events >= s->events &&
                        observer_instructions(o) >= s->instructions)) {
        o->paused = true;
        machine_pause(o->vm->m);
    }
}

static void on_ring(struct cpu *c)
{
    struct observer *o = of(c);
    struct observe_cpu *k = &o->cpu[c->index];
    enum snapshot_who who = guest_who(c);
    uint64_t now = cpu_now(c);
    if (k->open) {
        note(k, c, now, 0, CYC_GUEST_KERNEL, COST_COUNT, who);
    } else if (k->base == who) {
        return;
    }
    catch_up(o, k, now);
    if (!k->open) {
        k->ring_path = true;
        k->exit_path = false;
        k->notes = 0;
        k->ring_from = k->base;
        k->ring_entered = k->entered;
        k->ring_pc = c->s.pc;
        if (o->stop.on_ring) {
            o->paused = true;
            machine_pause(o->vm->m);
        }
    }
    k->base = who;
    k->reason = -1;
    k->entered = now;
    k->path_done = c->instructions;
    o->focus = c->index;
}

static void on_wait(struct cpu *c, enum cycle_category category, uint64_t time)
{
    struct observer *o = of(c);
    struct observe_cpu *k = &o->cpu[c->index];
    uint64_t now = cpu_now(c);
    catch_up(o, k, now);
    put(o, k, now, time, (enum snapshot_who)o->who[category]);
    k->mark = time;
    write_path(k, c);
    if (k->path.valid) {
        k->path_done = c->instructions;
        step(k, STEP_WAIT, WHO_IDLE, category, now, time - now);
    }
    k->entered = time;
}

static void on_exit(struct cpu *c, const struct vmexit *x)
{
    struct observer *o = of(c);
    struct observe_cpu *k = &o->cpu[c->index];
    uint64_t now = cpu_now(c);
    catch_up(o, k, now);
    o->focus = c->index;
    if (x) {
        o->exits++;
        k->ring_path = false;
        k->exit_path = true;
        k->exit_hardware = (unsigned)x->reason < EXIT_FIRST_TRAP && c->vmcs;
        k->exit_from = k->base;
        k->exit_entered = k->entered;
        k->notes = 0;
        k->path.pc = x->pc;
        k->path.reason = k->reason = (int16_t)x->reason;
        k->path_done = c->instructions;
        k->insn = x->insn;
        k->exiting = true;
        k->exit_at = now;
        k->addr = x->addr;
        k->vector = x->vector;
        k->call = c->s.r[REG_T0 + 2];
        struct observe_exit *e = &o->exit[x->reason];
        e->pc = x->pc, e->time = now, e->insn = x->insn, e->cpu = (uint8_t)c->index;
        e->count++;
        while (now >> o->shift >= SNAP_BUCKETS) {
            widen(o);
        }
        e->trend[now >> (o->shift + TREND_SHIFT)]++;
    }
    k->open = true;
    k->base = WHO_HYPERVISOR;
}

static void record_exit(const struct observer *o, struct observe_cpu *k, uint64_t now)
{
    recording_add(o->recording, &(struct recorded){.kind = RECORDED_EXIT,
                                                   .cpu = (uint8_t)(k - o->cpu),
                                                   .from = k->exit_at,
                                                   .to = now,
                                                   .pc = k->path.pc,
                                                   .addr = k->addr,
                                                   .insn = k->insn,
                                                   .reason = k->path.reason,
                                                   .vector = k->vector});
}

static void on_done(struct cpu *c)
{
    struct observer *o = of(c);
    struct observe_cpu *k = &o->cpu[c->index];
    catch_up(o, k, cpu_now(c));
    if (o->recording && k->exiting) {
        record_exit(o, k, k->mark);
    }
    k->exiting = false;
    o->last_reason = k->path.reason;
    k->path_done = c->instructions;
    if (c->idle) {
        k->base = WHO_IDLE; // its path goes on when it is woken
    } else {
        k->open = false;
        k->base = guest_who(c);
        k->entered = cpu_now(c);
        k->reason = -1;
    }
    if (o->stop.reason == EXIT_REASONS ||
        (o->stop.reason >= 0 && o->stop.reason == k->path.reason)) {
        o->paused = o->paused_exit = true;
        machine_pause(o->vm->m);
    }
    check_position(o);
}

static void on_charge(struct cpu *c, enum cycle_category category, enum cost_key key,
                      uint64_t cycles)
{
    struct observer *o = of(c);
    struct observe_cpu *k = &o->cpu[c->index];
    uint64_t now = cpu_now(c);
    enum snapshot_who who = (enum snapshot_who)o->who[category];
    catch_up(o, k, now);
    put(o, k, now, now + cycles, who);
    k->mark = now + cycles;
    if (k->open) {
        note(k, c, now, cycles, category, key, who);
    } else {
        k->entered = now + cycles;
    }
}

static void on_event(struct cpu *c, unsigned vector, uint32_t error, enum event_class class)
{
    struct observer *o = of(c);
    struct observe_cpu *k = &o->cpu[c->index];
    uint64_t now = cpu_now(c);
    o->events++;
    o->focus = c->index;
    catch_up(o, k, now);
    struct snapshot_path *p = &k->path;
    write_path(k, c);
    // The change of ring, if there was one, was told before.
    if (!k->open && (p->count == 0 || p->step[p->count - 1].at != now)) {
        begin_path(k, c, k->base, now, c->s.pc);
    }
    while (p->count > 1 && p->step[p->count - 1].cycles == 0 &&
           p->step[p->count - 1].kind <= STEP_GUEST_KERNEL) {
        p->count--;
    }
    p->vector = (int16_t)vector;
    uint64_t cycles = c->cost[class == EVENT_EXTERNAL ? COST_INTERRUPT : COST_EXCEPTION] +
                      (class == EVENT_FAULT && vector == VEC_PF ? c->cost[COST_PAGE_FAULT] : 0);
    if (p->count == 1 && p->step[0].cycles >= cycles) { // they have passed already
        p->step[0].cycles -= cycles;
        p->cycles -= cycles;
    }
    step(k, STEP_DELIVERY, WHO_PROCESSOR, CYC_EVENT, now - cycles, cycles);
    guest_step(k, guest_who(c), now, 0);
    k->entered = now;
    k->path_done = c->instructions;
    if (o->recording) {
        recording_add(o->recording, &(struct recorded){.kind = RECORDED_EVENT,
                                                       .cpu = (uint8_t)c->index,
                                                       .from = now - cycles,
                                                       .to = now,
                                                       .pc = c->s.pc,
                                                       .vector = (uint8_t)vector,
                                                       .error = error});
    }
    if (vector == VEC_PF && class == EVENT_FAULT && !c->in_monitor) {
        o->fault = (struct snapshot_fault){.owner = SNAP_FAULT_GUEST,
                                           .cpu = (uint8_t)c->index,
                                           .vector = VEC_PF,
                                           .error = error,
                                           .user = error & PF_USER,
                                           .write = error & PF_WRITE,
                                           .fetch = error & PF_FETCH,
                                           .va = c->s.far,
                                           .pc = p->pc,
                                           .time = now};
    }
    check_position(o);
}

static void on_walk(struct cpu *c, uint64_t va, enum cpu_access access, bool user,
                    const struct walk_result *r)
{
    struct observer *o = of(c);
    struct snapshot_walk *w = &o->walk_head;
    bool nested = c->vmcs && c->vmcs->control.ept, paging = c->s.msw & MSW_PG;
    bool shadow = !nested && o->vm->paging && o->vm->arch.paging == PAGING_SHADOW;
    o->walk = *r;
    o->walk_at = observer_instructions(o);
    w->kind = nested          ? SNAP_WALK_NESTED
              : shadow        ? SNAP_WALK_SHADOW
              : o->vm->paging ? SNAP_WALK_DIRECT
                              : SNAP_WALK_NATIVE;
    w->recorded = true;
    w->cpu = (uint8_t)c->index;
    w->dims = (uint8_t)(paging + nested);
    w->levels = (uint8_t)(paging ? c->levels : 0);
    w->nested_levels = (uint8_t)(nested ? c->vmcs->control.nested.levels : 0);
    w->write = access == ACC_WRITE, w->fetch = access == ACC_FETCH, w->user = user;
    w->va = va;
    w->pc = c->s.pc;
    w->time = cpu_now(c);
    if (o->recording) {
        recording_add(o->recording, &(struct recorded){.kind = RECORDED_WALK,
                                                       .cpu = (uint8_t)c->index,
                                                       .from = w->time,
                                                       .to = w->time + r->cost,
                                                       .pc = w->pc,
                                                       .va = va,
                                                       .refs = r->refs,
                                                       .walk = (uint8_t)w->kind,
                                                       .ok = r->status == WALK_OK});
    }
    if (o->stop.on_walk) {
        o->paused = true;
        machine_pause(o->vm->m);
    }
}

static void on_fault(struct cpu *c, const struct watch_fault *f)
{
    static const enum snapshot_fault_owner owner[2][4] = {
        {[PAGING_FIXED] = SNAP_FAULT_SHADOW,
         [PAGING_GUEST_FAULT] = SNAP_FAULT_GUEST,
         [PAGING_DEVICE] = SNAP_FAULT_DEVICE,
         [PAGING_TABLE_WRITE] = SNAP_FAULT_TABLE_WRITE},
        {[PAGING_FIXED] = SNAP_FAULT_NESTED, [PAGING_DEVICE] = SNAP_FAULT_DEVICE},
    };
    struct observer *o = of(c);
    o->fault = (struct snapshot_fault){.owner = owner[f->nested][f->outcome],
                                       .cpu = (uint8_t)c->index,
                                       .vector = VEC_PF,
                                       .error = f->error,
                                       .user = f->error & PF_USER,
                                       .write = f->error & PF_WRITE,
                                       .fetch = f->error & PF_FETCH,
                                       .va = f->va,
                                       .gpa = f->gpa,
                                       .pc = c->s.pc,
                                       .time = cpu_now(c)};
    if (o->recording) {
        recording_add(o->recording, &(struct recorded){.kind = RECORDED_FAULT,
                                                       .cpu = (uint8_t)c->index,
                                                       .from = o->fault.time,
                                                       .to = o->fault.time,
                                                       .pc = c->s.pc,
                                                       .va = f->va,
                                                       .addr = f->gpa,
                                                       .error = f->error,
                                                       .owner = (uint8_t)o->fault.owner});
    }
}

static const struct watch_ops hooks = {.ring = on_ring,
                                       .wait = on_wait,
                                       .exit = on_exit,
                                       .done = on_done,
                                       .charge = on_charge,
                                       .event = on_event,
                                       .walk = on_walk,
                                       .fault = on_fault};

// ---- life -----------------------------------------------------------------------------------------

uint64_t observer_instructions(const struct observer *o)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < o->vm->vcpus; i++) {
        n += o->vm->m->cpu[i].instructions;
    }
    return n;
}

void observer_walks(struct observer *o, bool on)
{
    for (unsigned i = 0; i < o->vm->vcpus; i++) {
        o->vm->m->cpu[i].walk_log = on ? &o->log : NULL;
    }
}

void observer_flush(struct observer *o)
{
    for (unsigned i = 0; i < o->vm->vcpus; i++) {
        const struct cpu *c = &o->vm->m->cpu[i];
        catch_up(o, &o->cpu[i], cpu_now(c));
        write_path(&o->cpu[i], c);
        spill(o, &o->cpu[i]);
    }
}

void observer_close(struct observer *o)
{
    observer_flush(o);
    for (unsigned i = 0; o->recording && i < o->vm->vcpus; i++) {
        struct observe_cpu *k = &o->cpu[i];
        if (k->exiting) {
            record_exit(o, k, k->mark);
        }
        record_segment(o, k);
    }
}

struct observer *observer_attach(struct vm *vm)
{
    struct observer *o = calloc(1, sizeof *o + vm->vcpus * sizeof *o->cpu);
    if (!o) {
        return NULL;
    }
    o->vm = vm;
    o->shift = 6;
    o->stop.reason = o->last_reason = -1;
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        o->who[k] = (uint8_t)charge_who(o, (enum cycle_category)k);
    }
    for (unsigned i = 0; i < vm->vcpus; i++) {
        struct cpu *c = &vm->m->cpu[i];
        struct observe_cpu *k = &o->cpu[i];
        k->mark = k->entered = cpu_now(c);
        k->bucket_end = UINT64_C(1) << o->shift;
        k->base = c->idle || c->s.parked ? WHO_IDLE : guest_who(c);
        k->open = c->idle;
        k->reason = -1;
        k->last = &k->segment[SNAP_SEGMENTS - 1]; // none yet: nobody's
        k->last->who = k->base;
        k->last->reason = INT16_MIN;
        c->watch = &hooks;
        c->watcher = o;
    }
    return o;
}

void observer_free(struct observer *o)
{
    for (unsigned i = 0; o && i < o->vm->vcpus; i++) {
        struct cpu *c = &o->vm->m->cpu[i];
        c->watch = NULL;
        c->watcher = NULL;
        c->walk_log = NULL;
    }
    free(o);
}
