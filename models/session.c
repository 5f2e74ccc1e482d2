// session.c: a guest under control. Everything is done by running the machine to a boundary that is named in advance: so many instructions, or
// the end of an exit or of the delivery of an event. Back is forth, from the start.
#include "models/session_impl.h"

#include "sim/machine_internal.h"

#include <stdio.h>
#include <stdlib.h>

// ---- life -----------------------------------------------------------------------------------------

// The guest's own names: kernel and program, or the one image.
static void find_symbols(struct session *s)
{
    struct guest_symbols *y = &s->symbols;
    bool paravirt = arch_row(s->spec.arch.arch)->technique == TECHNIQUE_PARAVIRT;
    const struct toyos *os = paravirt ? s->spec.os_paravirt : s->spec.os;
    y->kernel = os ? &os->kernel.image : s->spec.image;
    y->kernel_name = os ? "kernel" : "program";
    y->os = os;
    y->workload = s->spec.workload;
}

bool session_boot(struct session *s, char *err, size_t err_size)
{
    struct vm *vm = run_boot(&s->spec, err, err_size);
    struct observer *o = vm ? observer_attach(vm) : NULL;
    if (!o) {
        if (vm) {
            snprintf(err, err_size, "no memory to watch a virtual machine");
        }
        vm_destroy(vm);
        return false;
    }
    observer_free(s->observer);
    vm_destroy(s->vm);
    s->vm = vm;
    s->observer = o;
    observer_fine(o, true);
    s->limit = s->hashed = s->blind = false;
    s->clean = true;
    find_symbols(s);
    return true;
}

struct session *session_create(const struct run_spec *spec, session_source_fn source,
                               void *source_ctx, char *err, size_t err_size)
{
    struct session *s = calloc(1, sizeof *s);
    if (!s) {
        snprintf(err, err_size, "no memory for a session");
        return NULL;
    }
    s->spec = *spec;
    s->symbols.source = source;
    s->symbols.source_ctx = source_ctx;
    s->look_follow = true;
    s->hit = -1;
    if (!session_boot(s, err, err_size)) {
        free(s);
        return NULL;
    }
    return s;
}

void session_destroy(struct session *s)
{
    if (s) {
        observer_free(s->observer);
        vm_destroy(s->vm);
        free(s);
    }
}

struct session_position session_position(const struct session *s)
{
    const struct observer *o = s->observer;
    return (struct session_position){observer_instructions(o), o->exits, o->events};
}

static bool reached(const struct session *s, const struct session_position *p)
{
    struct session_position at = session_position(s);
    return at.instructions >= p->instructions && at.exits >= p->exits && at.events >= p->events;
}

// ---- goals ----------------------------------------------------------------------------------------

void session_seek(struct session *s, struct session_position to, bool anew)
{
    s->target = to;
    s->seeking = true;
    s->backwards = anew;
    s->began = anew ? 0 : session_position(s).instructions;
    s->state = SESSION_BUSY;
}

// Where a call, system call or software interrupt of the processor comes back; anything else is one step.
static void prepare_over(struct session *s)
{
    struct cpu_state g;
    uint32_t word = 0;
    vm_state(s->vm, s->goal.cpu, &g);
    s->over = false;
    if (snapshot_read(s->vm, s->goal.cpu, g.pc, &word, 4) != 4) {
        return;
    }
    struct insn in = isa_decode(word);
    s->over = in.op == OP_CALL || (in.op == OP_JALR && in.rd == REG_LR) || in.op == OP_SYSCALL ||
              in.op == OP_INT || in.op == OP_BRK || in.op == OP_HLT;
    s->over_pc = g.pc + 4;
    s->over_sp = g.r[REG_SP];
    s->over_ring = g.ring;
}

// To the first boundary after instruction n.
static void seek_instruction(struct session *s, uint64_t n)
{
    uint64_t at = session_position(s).instructions;
    session_seek(s, (struct session_position){.instructions = n}, at > n || (at == n && !s->clean));
}

static void seek_exit(struct session *s, uint64_t n)
{
    if (n == 0) {
        seek_instruction(s, 0);
    } else {
        session_seek(s, (struct session_position){.exits = n}, session_position(s).exits >= n);
    }
}

// To a position where the session has stood.
static void seek_known(struct session *s, struct session_position to)
{
    struct session_position at = session_position(s);
    session_seek(s, to,
                 at.instructions > to.instructions || at.exits > to.exits || at.events > to.events);
}

static void remember(struct session *s)
{
    struct session_position at = session_position(s), *last;
    last = s->undos > 0 ? &s->undo[(s->undos - 1) % SESSION_UNDO] : NULL;
    if (!last || last->instructions != at.instructions || last->exits != at.exits ||
        last->events != at.events) {
        s->undo[s->undos++ % SESSION_UNDO] = at;
    }
}

static void undo(struct session *s)
{
    if (s->undos > 0) {
        s->undos--;
        seek_known(s, s->undo[s->undos % SESSION_UNDO]);
    } else {
        s->state = SESSION_DONE;
    }
}

// Back by n instructions; from the middle of one, where an exit or an event has stopped it, to its beginning first.
static void seek_back(struct session *s, uint64_t n)
{
    uint64_t at = session_position(s).instructions;
    n -= n > 0 && !s->clean;
    seek_instruction(s, n < at ? at - n : 0);
}

static uint64_t time_of(const struct session *s)
{
    uint64_t most = 0;
    for (unsigned i = 0; i < s->vm->vcpus; i++) {
        uint64_t now = machine_cpu_time(s->vm->m, i);
        most = now > most ? now : most;
    }
    return most;
}

void session_go(struct session *s, struct session_goal goal)
{
    struct session_position at = session_position(s);
    goal.cpu = goal.cpu < s->vm->vcpus ? goal.cpu : 0;
    if (goal.kind != GOAL_UNDO && goal.kind != GOAL_NONE) {
        remember(s);
    }
    s->goal = goal;
    s->state = goal.kind == GOAL_NONE ? SESSION_DONE : SESSION_BUSY;
    s->seeking = s->backwards = s->careful = false;
    s->until = UINT64_MAX;
    s->wanted = UINT64_MAX;
    s->hit = -1;
    session_break_prepare(s);
    switch (goal.kind) {
    case GOAL_STEP: s->wanted = at.instructions + goal.n; break;
    case GOAL_STEP_CPU:
        s->wanted = machine_counters(s->vm->m, goal.cpu)->instructions + goal.n;
        break;
    case GOAL_OVER:
        prepare_over(s);
        s->wanted = machine_counters(s->vm->m, goal.cpu)->instructions + 1;
        break;
    case GOAL_CYCLES: s->until = time_of(s) + goal.n; break;
    case GOAL_TIME:
        s->until = goal.n;
        s->backwards = goal.n < time_of(s);
        break;
    case GOAL_SEEK: seek_instruction(s, goal.n); break;
    case GOAL_SEEK_EXIT: seek_exit(s, goal.n); break;
    case GOAL_BACK: seek_back(s, goal.n); break;
    case GOAL_BACK_EXIT: seek_exit(s, at.exits > 0 ? at.exits - 1 : 0); break;
    case GOAL_UNDO: undo(s); break;
    case GOAL_NONE:
    case GOAL_RUN:
    case GOAL_EXIT:
    case GOAL_WALK: break;
    }
}

// ---- one stretch ----------------------------------------------------------------------------------

static bool ended(const struct session *s)
{
    enum stop_reason why = vm_stop_info(s->vm)->reason;
    return why == STOP_POWEROFF || why == STOP_TRIPLE_FAULT || why == STOP_DEADLOCK || s->limit;
}

// Whether every processor waits.
static bool all_wait(const struct session *s)
{
    for (unsigned i = 0; i < s->vm->vcpus; i++) {
        if (cpu_runnable(&s->vm->m->cpu[i])) {
            return false;
        }
    }
    return true;
}

static bool can_go_on(const struct session *s)
{
    return !s->observer->paused && vm_stop_info(s->vm)->reason == STOP_LIMIT;
}

// A boundary is the same however it was reached: time in which everybody waits ends with the wait, and waiting processors are as far as the
// one that runs.
static void settle(struct session *s, uint64_t until)
{
    if (until != UINT64_MAX && can_go_on(s) && all_wait(s)) {
        vm_run(s->vm, UINT64_MAX, 1);
    }
    if (vm_stop_info(s->vm)->reason == STOP_LIMIT) {
        vm_run(s->vm, UINT64_MAX, 0);
    }
}

// At the end of an epoch: what is fine is watched from here on, and what belongs to epochs long past is forgotten.
static void turn_epoch(struct session *s)
{
    uint64_t at = observer_instructions(s->observer), epoch = at / OBSERVE_EPOCH;
    bool now = at % OBSERVE_EPOCH == 0 && epoch != s->observer->epoch;
    if (now && vm_stop_info(s->vm)->reason == STOP_LIMIT) {
        vm_run(s->vm, UINT64_MAX, 0);
        observer_fine(s->observer, true);
        observer_epoch(s->observer, epoch);
    }
}

// Up to that many instructions in all, with what is fine, from epoch to epoch.
static void run_fine(struct session *s, uint64_t until, uint64_t end)
{
    for (uint64_t at = observer_instructions(s->observer), next; at < end; at = next) {
        next = (at / OBSERVE_EPOCH + 1) * OBSERVE_EPOCH;
        next = next < end ? next : end;
        vm_run(s->vm, until, next - at);
        if (observer_instructions(s->observer) < next) {
            return; // something has stopped it
        }
        turn_epoch(s);
        if (!can_go_on(s)) {
            return;
        }
    }
}

// Runs at most `most` instructions, and not past the spec's own limits. If it is known that it will stop there and nowhere before, what is fine is watched from the
// last epoch but one on only.
static void stretch(struct session *s, uint64_t until, uint64_t most, bool known)
{
    const struct run_spec *p = &s->spec;
    uint64_t at = observer_instructions(s->observer), from = at, end;
    if (p->instructions && p->instructions - from < most) {
        most = p->instructions - from;
    }
    end = from + most;
    until = p->until && p->until < until ? p->until : until;
    s->observer->paused = s->observer->paused_exit = false;
    uint64_t epoch = end / OBSERVE_EPOCH, begin = epoch > 0 ? (epoch - 1) * OBSERVE_EPOCH : 0;
    if (known && begin > at) {
        observer_fine(s->observer, false);
        vm_run(s->vm, until, begin - at);
        at = observer_instructions(s->observer);
        turn_epoch(s);
        s->blind = !s->observer->fine;
    }
    if (!s->blind) {
        run_fine(s, until, end);
    }
    at = observer_instructions(s->observer);
    s->clean = at == end && at > from && !s->observer->paused;
    settle(s, until);
    turn_epoch(s);
    s->limit = (p->instructions && at >= p->instructions) || (p->until && time_of(s) >= p->until);
}

// ---- towards a position ---------------------------------------------------------------------------

static bool begin_anew(struct session *s)
{
    char err[160];
    if (!session_boot(s, err, sizeof err)) {
        s->state = SESSION_ENDED; // stays where it is
        return false;
    }
    s->backwards = false;
    return true;
}

static bool seek_some(struct session *s, uint64_t budget)
{
    uint64_t at = observer_instructions(s->observer), to = s->target.instructions;
    uint64_t most = to > at && to - at < budget ? to - at : budget;
    bool exact = s->target.exits == 0 && s->target.events == 0;
    s->observer->stop = (struct observe_stop){.at_position = !exact,
                                              .instructions = to,
                                              .exits = s->target.exits,
                                              .events = s->target.events,
                                              .reason = -1};
    // Past its last instruction only an exit or an event is waited for, which comes soon.
    stretch(s, UINT64_MAX, most, to > at);
    return reached(s, &s->target);
}

// ---- towards a condition --------------------------------------------------------------------------

static bool is_over(const struct session *s)
{
    struct cpu_state g;
    vm_state(s->vm, s->goal.cpu, &g);
    return g.pc == s->over_pc && g.ring == s->over_ring && g.r[REG_SP] >= s->over_sp;
}

// Whether the goal is reached where the machine stands.
static bool goal_reached(const struct session *s)
{
    uint64_t n = s->goal.n;
    switch (s->goal.kind) {
    case GOAL_STEP: return observer_instructions(s->observer) >= s->wanted;
    case GOAL_STEP_CPU: return machine_counters(s->vm->m, s->goal.cpu)->instructions >= s->wanted;
    case GOAL_OVER:
        return machine_counters(s->vm->m, s->goal.cpu)->instructions >= s->wanted &&
               (!s->over || is_over(s));
    case GOAL_EXIT:
        if (n == SESSION_ANY) {
            return s->observer->paused_exit || (vm_is_bare(s->vm) && s->observer->paused);
        }
        return s->observer->paused_exit && (uint64_t)(int64_t)s->observer->last_reason == n;
    case GOAL_WALK: return s->observer->paused;
    case GOAL_CYCLES:
    case GOAL_TIME: return time_of(s) >= s->until;
    default: return false;
    }
}

static bool single_steps(const struct session *s)
{
    return s->goal.kind == GOAL_STEP_CPU || s->goal.kind == GOAL_OVER || session_break_steps(s);
}

static int pause_reason(const struct session *s)
{
    if (session_break_exits(s)) {
        return EXIT_REASONS;
    }
    if (s->goal.kind != GOAL_EXIT) {
        return -1;
    }
    return s->goal.n < EXIT_REASONS ? (int)s->goal.n : EXIT_REASONS;
}

static enum session_state condition_some(struct session *s, uint64_t budget)
{
    uint64_t begun = observer_instructions(s->observer), most = budget, at = begun;
    bool single = single_steps(s);
    // On the bare machine the nearest to an exit is a way into the kernel or out of it.
    bool kernel = s->goal.kind == GOAL_EXIT && vm_is_bare(s->vm);
    if (s->goal.kind == GOAL_STEP && s->wanted - begun < most) {
        most = s->wanted - begun;
    }
    const struct observe_stop stop = {.reason = pause_reason(s),
                                      .on_event = single,
                                      .on_ring = kernel,
                                      .on_walk = s->goal.kind == GOAL_WALK};
    s->observer->stop = stop;
    // Where it stops is known in advance only for a run: at the end of this stretch.
    bool known = !single && !kernel && !s->careful && stop.reason < 0 && !stop.on_walk &&
                 s->until == UINT64_MAX;
    for (uint64_t tries = 0; tries < budget && at - begun < budget; tries++) {
        stretch(s, s->until, single ? 1 : most, known);
        if (session_break_holds(s)) {
            return SESSION_BREAK;
        }
        if (goal_reached(s)) {
            return SESSION_DONE;
        }
        if (ended(s)) {
            return SESSION_ENDED;
        }
        at = observer_instructions(s->observer);
        most -= single ? 0 : at - begun < most ? at - begun : most;
    }
    return SESSION_BUSY;
}

// Where it would end was not known, and the picture of the end is the one that everybody looks at: there once more, with what is fine. After a long run nobody
// would wait for that; its end is without.
static void look_closely(struct session *s)
{
    struct session_position end = session_position(s);
    if (end.instructions > SESSION_REPLAY) {
        observer_fine(s->observer, false);
        s->blind = false;
    } else if (s->blind) {
        session_seek(s, end, true);
        s->careful = true;
    }
}

static void work_on_seek(struct session *s, uint64_t budget)
{
    bool there = reached(s, &s->target) || seek_some(s, budget);
    if (there && s->careful) { // it had run there before, on the way to its goal
        s->seeking = false;
        s->state = ended(s) ? SESSION_ENDED : SESSION_BUSY;
    } else if (there) {
        s->state = SESSION_DONE;
    } else if (ended(s)) {
        s->state = SESSION_ENDED;
    }
}

enum session_state session_work(struct session *s, uint64_t instructions)
{
    uint64_t budget = instructions > 0 ? instructions : 1;
    if (s->state != SESSION_BUSY) {
        return s->state;
    }
    if (s->backwards && !begin_anew(s)) {
        return s->state;
    }
    if (s->seeking) {
        work_on_seek(s, budget);
    } else {
        s->state = ended(s) ? SESSION_ENDED : condition_some(s, budget);
    }
    if (s->state == SESSION_ENDED) {
        look_closely(s);
    }
    return s->state;
}

enum session_state session_state(const struct session *s)
{
    return s->state;
}

enum session_state session_finish(struct session *s)
{
    while (s->state == SESSION_BUSY) {
        session_work(s, UINT64_C(1) << 20);
    }
    return s->state;
}

void session_halt(struct session *s)
{
    s->state = ended(s) ? SESSION_ENDED : SESSION_DONE;
    s->seeking = s->backwards = false;
}

uint32_t session_caught_up(const struct session *s)
{
    if (s->state != SESSION_BUSY || !s->seeking) {
        return 65536;
    }
    if (s->backwards) {
        return 0;
    }
    uint64_t at = observer_instructions(s->observer), all = s->target.instructions - s->began;
    if (s->target.instructions <= at) {
        return 65535;
    }
    return (uint32_t)((double)(at - s->began) / (double)all * 65535);
}

// ---- looking --------------------------------------------------------------------------------------

static void look_at_end(struct session *s)
{
    if (ended(s) && !s->hashed) {
        bool os = s->spec.os || s->spec.os_paravirt;
        size_t size;
        const char *text = vm_console(s->vm, &size);
        s->hashed = true;
        s->state_hash = run_state_hash(s->vm, os);
        s->has_checksum =
            s->spec.workload && toyos_checksum(text, size, s->spec.workload, &s->checksum);
    }
}

void session_snapshot(struct session *s, struct snapshot *out)
{
    look_at_end(s);
    struct snapshot_view v = {
        .spec = &s->spec,
        .vm = s->vm,
        .observer = s->observer,
        .symbols = s->symbols,
        .breaks = s->breaks,
        .break_count = s->break_count,
        .look_follow = s->look_follow,
        .look = s->look,
        .limit = s->limit,
        .state_hash = s->state_hash,
        .has_checksum = s->has_checksum,
        .checksum = s->checksum,
    };
    memcpy(v.code, s->code, sizeof v.code);
    memcpy(v.code_fixed, s->code_fixed, sizeof v.code_fixed);
    snapshot_take(&v, out);
}

uint64_t session_instructions(const struct session *s)
{
    return observer_instructions(s->observer);
}

void session_look(struct session *s, uint64_t va, bool follow)
{
    s->look = va;
    s->look_follow = follow;
}

void session_code(struct session *s, unsigned cpu, uint64_t addr, bool follow)
{
    if (cpu < SNAP_CPUS) {
        s->code[cpu] = addr & ~UINT64_C(3);
        s->code_fixed[cpu] = !follow;
    }
}

size_t session_memory(struct session *s, unsigned cpu, uint64_t va, void *out, size_t n)
{
    return cpu < s->vm->vcpus ? snapshot_read(s->vm, cpu, va, out, n) : 0;
}

bool session_symbol(const struct session *s, const char *name, uint64_t *addr)
{
    const struct guest_symbols *g = &s->symbols;
    const struct image *const images[] = {
        g->os && g->workload ? toyos_program(g->os, g->workload) : NULL, g->kernel};
    for (unsigned k = 0; k < 2; k++) {
        const struct image_symbol *y = images[k] ? image_find(images[k], name) : NULL;
        if (y && y->is_address) {
            *addr = y->value;
            return true;
        }
    }
    return false;
}
