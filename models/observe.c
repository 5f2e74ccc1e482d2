// observe.c: the hooks of a session. Each is short: at full speed they are what watching costs.
#include "models/observe_impl.h"

#include "sim/machine_internal.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(WHO_COUNT <= 16, "observer.weight holds all");

// ---- who, from when to when ------------------------------------------------------------------------

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
    if (last->who != who || last->reason != k->reason || k->cut) {
        if (o->recording) {
            record_segment(o, k);
        }
        o->weight[o->epoch & 1][k->came_from][who] += k->came_from != who;
        k->came_from = who;
        last = last == &k->segment[SNAP_SEGMENTS - 1] ? k->segment : last + 1;
        last->from = from, last->who = who, last->reason = k->reason;
        k->last = last;
        k->segments++;
        k->cut = false;
    }
    last->to = to;
}

// What has passed since the mark was the present owner's.
static inline void catch_up(struct observer *o, struct observe_cpu *k, uint64_t now)
{
    if (now > k->mark) {
        put(o, k, k->mark, now, k->base);
        k->mark = now;
    }
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

// Something happens on the processor.
static inline void turn_to(struct observer *o, const struct cpu *c)
{
    o->focus = c->index;
    o->focus_epoch = o->epoch;
}

static void on_ring(struct cpu *c)
{
    struct observer *o = observer_of(c);
    struct observe_cpu *k = &o->cpu[c->index];
    enum snapshot_who who = guest_who(c);
    uint64_t now = cpu_now(c);
    if (k->open) {
        path_note(k, c, now, 0, CYC_GUEST_KERNEL, COST_COUNT, who);
    } else if (k->base == who) {
        return;
    }
    catch_up(o, k, now);
    if (!k->open) {
        k->ring_path = true;
        k->exit_path = k->path_over = false;
        k->notes = 0;
        k->path_epoch = o->epoch;
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
    turn_to(o, c);
}

static void on_wait(struct cpu *c, enum cycle_category category, uint64_t time)
{
    struct observer *o = observer_of(c);
    struct observe_cpu *k = &o->cpu[c->index];
    uint64_t now = cpu_now(c);
    enum snapshot_who who = (enum snapshot_who)o->who[category];
    share_wait(o, k, c, category, now, time);
    if (!o->fine) {
        return;
    }
    catch_up(o, k, now);
    put(o, k, now, time, who);
    k->mark = time;
    path_write(k, c);
    if (k->path.valid) {
        k->path_done = c->instructions;
        path_step(k, STEP_WAIT, WHO_IDLE, category, now, time - now);
    }
    k->entered = time;
}

static void count_exit(struct observer *o, const struct cpu *c, const struct vmexit *x,
                       uint64_t now)
{
    struct observe_exit *e = &o->exit[x->reason];
    o->exits++;
    e->pc = x->pc, e->time = now, e->insn = x->insn, e->cpu = (uint8_t)c->index;
    e->count++;
    share_room(o, now);
    e->trend[now >> (o->shift + TREND_SHIFT)]++;
}

static void on_exit(struct cpu *c, const struct vmexit *x)
{
    struct observer *o = observer_of(c);
    struct observe_cpu *k = &o->cpu[c->index];
    uint64_t now = cpu_now(c);
    share_sample_if_due(o, k, c, now);
    turn_to(o, c);
    if (x) {
        count_exit(o, c, x, now);
        k->path.reason = (int16_t)x->reason;
    }
    if (!o->fine) {
        return;
    }
    catch_up(o, k, now);
    if (x) {
        k->ring_path = k->path_over = false;
        k->exit_path = true;
        k->path_epoch = o->epoch;
        k->exit_hardware = (unsigned)x->reason < EXIT_FIRST_TRAP && c->vmcs;
        k->exit_from = k->base;
        k->exit_entered = k->entered;
        k->notes = 0;
        k->path.pc = x->pc;
        k->reason = (int16_t)x->reason;
        k->path_done = c->instructions;
        k->insn = x->insn;
        k->exiting = true;
        k->exit_at = now;
        k->addr = x->addr;
        k->vector = x->vector;
        k->call = c->s.r[REG_T0 + 2];
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

static void fine_done(struct observer *o, struct observe_cpu *k, const struct cpu *c)
{
    catch_up(o, k, cpu_now(c));
    if (o->recording && k->exiting) {
        record_exit(o, k, k->mark);
    }
    k->exiting = false;
    k->path_done = c->instructions;
    if (c->idle) {
        k->base = WHO_IDLE; // its path goes on when it is woken
    } else {
        k->open = false;
        k->base = guest_who(c);
        k->entered = cpu_now(c);
        k->reason = -1;
    }
}

static void on_done(struct cpu *c)
{
    struct observer *o = observer_of(c);
    struct observe_cpu *k = &o->cpu[c->index];
    if (o->fine) {
        fine_done(o, k, c);
    }
    o->last_reason = k->path.reason;
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
    struct observer *o = observer_of(c);
    struct observe_cpu *k = &o->cpu[c->index];
    uint64_t now = cpu_now(c);
    enum snapshot_who who = (enum snapshot_who)o->who[category];
    catch_up(o, k, now);
    put(o, k, now, now + cycles, who);
    k->mark = now + cycles;
    if (k->open) {
        path_note(k, c, now, cycles, category, key, who);
    } else {
        k->entered = now + cycles;
    }
}

static void fine_event(struct observer *o, struct observe_cpu *k, const struct cpu *c,
                       const struct recorded *event)
{
    struct snapshot_path *p = &k->path;
    uint64_t now = event->to, cycles = now - event->from;
    catch_up(o, k, now);
    path_write(k, c);
    // The change of ring, if there was one, was told before.
    if (!k->open && (k->path_over || p->count == 0 || p->step[p->count - 1].at != now)) {
        path_begin(k, c, k->base, now, c->s.pc);
    }
    while (p->count > 1 && p->step[p->count - 1].cycles == 0 &&
           p->step[p->count - 1].kind <= STEP_GUEST_KERNEL) {
        p->count--;
    }
    p->vector = event->vector;
    if (p->count == 1 && p->step[0].cycles >= cycles) { // they have passed already
        p->step[0].cycles -= cycles;
        p->cycles -= cycles;
    }
    path_step(k, STEP_DELIVERY, WHO_PROCESSOR, CYC_EVENT, now - cycles, cycles);
    path_guest_step(k, guest_who(c), now, 0);
    k->entered = now;
    k->path_done = c->instructions;
    if (o->recording) {
        recording_add(o->recording, event);
    }
}

static void on_event(struct cpu *c, unsigned vector, uint32_t error, enum event_class class,
                     uint64_t pc)
{
    struct observer *o = observer_of(c);
    struct observe_cpu *k = &o->cpu[c->index];
    bool page_fault = class == EVENT_FAULT && vector == VEC_PF;
    uint64_t now = cpu_now(c);
    uint64_t cycles = c->cost[class == EVENT_EXTERNAL ? COST_INTERRUPT : COST_EXCEPTION] +
                      (page_fault ? c->cost[COST_PAGE_FAULT] : 0);
    o->events++;
    share_sample_if_due(o, k, c, now);
    turn_to(o, c);
    if (o->fine) {
        fine_event(o, k, c,
                   &(struct recorded){.kind = RECORDED_EVENT,
                                      .cpu = (uint8_t)c->index,
                                      .from = now - cycles,
                                      .to = now,
                                      .pc = c->s.pc,
                                      .vector = (uint8_t)vector,
                                      .error = error});
    }
    if (page_fault && !c->in_monitor) {
        o->fault = (struct snapshot_fault){.owner = SNAP_FAULT_GUEST,
                                           .cpu = (uint8_t)c->index,
                                           .vector = VEC_PF,
                                           .error = error,
                                           .user = error & PF_USER,
                                           .write = error & PF_WRITE,
                                           .fetch = error & PF_FETCH,
                                           .va = c->s.far,
                                           .pc = pc,
                                           .time = now};
    }
    check_position(o);
}

static void on_walk(struct cpu *c, uint64_t va, enum cpu_access access, bool user,
                    const struct walk_result *r)
{
    struct observer *o = observer_of(c);
    struct snapshot_walk *w = &o->walk_head;
    bool nested = c->vmcs && c->vmcs->control.ept, paging = c->s.msw & MSW_PG;
    bool shadow = !nested && o->vm->paging && o->vm->arch.paging == PAGING_SHADOW;
    o->walk = *r;
    o->walk_epoch = o->epoch;
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
    struct observer *o = observer_of(c);
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

// Nothing is known of what was before.
static void begin_fine(struct observe_cpu *k, const struct cpu *c)
{
    k->mark = k->entered = cpu_now(c);
    k->base = k->came_from = c->idle || c->s.parked ? WHO_IDLE : guest_who(c);
    k->open = c->idle;
    k->reason = -1;
    k->path.valid = k->ring_path = k->exit_path = k->exiting = false;
    k->path.count = 0;
    k->notes = 0;
    k->segments = k->older = k->this_epoch = 0;
    k->last = &k->segment[SNAP_SEGMENTS - 1]; // none yet: nobody's
    k->last->who = k->base;
    k->cut = true;
}

void observer_fine(struct observer *o, bool on)
{
    for (unsigned i = 0; i < o->vm->vcpus; i++) {
        struct cpu *c = &o->vm->m->cpu[i];
        c->watch_fine = on ? c->watch : NULL;
        c->walk_log = on ? &o->log : NULL;
        if (on && !o->fine) {
            begin_fine(&o->cpu[i], c);
        }
    }
    if (on && !o->fine) {
        memset(o->weight, 0, sizeof o->weight);
    }
    o->fine = on;
}

void observer_epoch(struct observer *o, uint64_t epoch)
{
    observer_flush(o);
    o->epoch = epoch;
    memset(o->weight[epoch & 1], 0, sizeof o->weight[0]);
    for (unsigned i = 0; i < o->vm->vcpus; i++) {
        struct observe_cpu *k = &o->cpu[i];
        k->older = k->this_epoch;
        k->this_epoch = k->segments;
        k->cut = true;
        k->came_from = k->base;
        k->entered = k->mark;
        k->path_over = !k->open;
        k->reason = -1;
    }
}

void observer_flush(struct observer *o)
{
    for (unsigned i = 0; o->fine && i < o->vm->vcpus; i++) {
        const struct cpu *c = &o->vm->m->cpu[i];
        catch_up(o, &o->cpu[i], cpu_now(c));
        path_write(&o->cpu[i], c);
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
        o->who[k] = (uint8_t)share_who(o, (enum cycle_category)k);
    }
    for (unsigned i = 0; i < vm->vcpus; i++) {
        struct cpu *c = &vm->m->cpu[i];
        c->watch = &hooks;
        c->watcher = o;
        o->cpu[i].bucket_end = UINT64_C(1) << o->shift;
    }
    return o;
}

void observer_free(struct observer *o)
{
    for (unsigned i = 0; o && i < o->vm->vcpus; i++) {
        struct cpu *c = &o->vm->m->cpu[i];
        c->watch = c->watch_fine = NULL;
        c->watcher = NULL;
        c->walk_log = NULL;
    }
    free(o);
}
