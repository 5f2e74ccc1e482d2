// Making a machine go: whose turn it is, until when, and when the next event fires. Everything follows from the machine's state alone, never
// from where a caller cut a run in two.
#include "sim/acct.h"
#include "sim/dev_machine.h"
#include "sim/machine_internal.h"
#include "sim/vmcs.h"

// The runnable processor with the smallest (time, index), other than `but`; NULL if there is none.
static struct cpu *earliest(struct machine *m, const struct cpu *but)
{
    struct cpu *best = NULL;
    for (unsigned k = 0; k < m->config.cpus; k++) {
        struct cpu *c = &m->cpu[k];
        if (c != but && cpu_runnable(c) && (!best || cpu_now(c) < cpu_now(best))) {
            best = c;
        }
    }
    return best;
}

static enum stop_reason report(struct machine *m, enum stop_reason why, unsigned cpu)
{
    m->report = m->stop;
    if (m->stop.reason == STOP_NONE) {
        m->report = (struct stop_info){.reason = why, .cpu = cpu, .pc = m->cpu[cpu].s.pc};
    }
    return m->report.reason;
}

// The time of the processor that is furthest.
static uint64_t latest(const struct machine *m)
{
    uint64_t most = 0;
    for (unsigned k = 0; k < m->config.cpus; k++) {
        uint64_t now = cpu_now(&m->cpu[k]);
        most = now > most ? now : most;
    }
    return most;
}

// Waiting processors have waited until `time`, as far as that is in their future.
static void let_wait(struct machine *m, uint64_t time)
{
    for (unsigned k = 0; k < m->config.cpus; k++) {
        struct cpu *c = &m->cpu[k];
        if (!cpu_runnable(c)) {
            acct_wait(c, c->idle ? c->idle_category : CYC_IDLE, time);
        }
    }
}

static void fire_next(struct machine *m)
{
    assert(m->running < 0);
    event_step(&m->events, event_next_time(&m->events));
}

// Whether an event could make some processor runnable: one that waits for an interrupt and would take it.
static bool can_wake(const struct machine *m)
{
    for (unsigned k = 0; k < m->config.cpus; k++) {
        const struct cpu *c = &m->cpu[k];
        if (!c->s.parked &&
            (c->idle || c->vmcs || c->trap_guest || (c->s.halted && (c->s.flags & FLAG_IF)))) {
            return true;
        }
    }
    return false;
}

// Every processor waits. True if an event was fired; else *why says how the run ends.
static bool pass_time(struct machine *m, uint64_t until, enum stop_reason *why)
{
    uint64_t next = event_next_time(&m->events);
    bool outside = machine_net_plugged(m); // something beyond this machine may yet wake it
    if (!can_wake(m) || (next == SIM_TIME_NEVER && (!outside || until == UINT64_MAX))) {
        let_wait(m, latest(m));
        *why = STOP_DEADLOCK;
        return false;
    }
    if (next >= until) {
        let_wait(m, until);
        *why = STOP_LIMIT;
        return false;
    }
    let_wait(m, next);
    fire_next(m);
    return true;
}

// One turn of the earliest processor, or what is left of it. Takes what it completes from *left.
static void take_turn(struct machine *m, struct cpu *c, uint64_t until, uint64_t *left)
{
    uint64_t next = event_next_time(&m->events), before = c->instructions;
    const struct cpu *other = earliest(m, c);
    if (!m->in_turn) {
        m->turn_end = other ? cpu_now(other) + m->config.quantum : UINT64_MAX;
    }
    m->turn_end = next < m->turn_end ? next : m->turn_end;
    m->turn = c->index;
    m->running = (int)c->index;
    // Alone, nobody can tell where a turn was cut; beside others it goes beyond `until`, by less than a quantum.
    cpu_run(c, !other && until < m->turn_end ? until : m->turn_end, *left);
    m->running = -1;
    *left -= c->instructions - before;
    m->in_turn = cpu_runnable(c) && cpu_now(c) < m->turn_end;
}

enum stop_reason machine_run(struct machine *m, uint64_t until, uint64_t max_instructions)
{
    uint64_t left = max_instructions;
    enum stop_reason why;
    m->pause = false;
    while (m->stop.reason == STOP_NONE) {
        struct cpu *c = earliest(m, NULL);
        if (!c) {
            m->in_turn = false;
            if (m->pause || left == 0) {
                return report(m, STOP_LIMIT, 0);
            }
            if (!pass_time(m, until, &why)) {
                return report(m, why, 0);
            }
            continue;
        }
        uint64_t now = cpu_now(c);
        if (now >= until || left == 0 || m->pause) {
            // Not beyond an event that is due: it may wake one of them at its own time.
            uint64_t next = event_next_time(&m->events), to = now >= until ? until : now;
            let_wait(m, next < to ? next : to);
            return report(m, STOP_LIMIT, c->index);
        }
        if (m->in_turn && cpu_runnable(&m->cpu[m->turn])) {
            c = &m->cpu[m->turn];
        } else {
            m->in_turn = false;
            if (event_next_time(&m->events) <= now) {
                fire_next(m);
                continue;
            }
        }
        take_turn(m, c, until, &left);
    }
    struct cpu *c = earliest(m, NULL);
    let_wait(m, c ? cpu_now(c) : 0);
    return report(m, m->stop.reason, m->stop.cpu);
}

void machine_pause(struct machine *m)
{
    m->pause = true;
    if (m->running >= 0) {
        struct cpu *c = &m->cpu[m->running];
        cpu_lower_deadline(c, cpu_now(c)); // its turn goes on afterwards
    }
}

enum stop_reason machine_step(struct machine *m, unsigned cpu)
{
    assert(cpu < m->config.cpus);
    struct cpu *c = &m->cpu[cpu];
    while (m->stop.reason == STOP_NONE) {
        uint64_t next = event_next_time(&m->events);
        if (cpu_runnable(c) && next > cpu_now(c)) {
            m->running = (int)cpu;
            cpu_set_deadline(c, UINT64_MAX);
            c->until = UINT64_MAX;
            cpu_step(c);
            cpu_break(c);
            code_cache_tidy(c->code_cache);
            m->running = -1;
            m->in_turn = m->in_turn && m->turn != cpu;
            report(m, STOP_NONE, cpu);
            return m->stop.reason;
        }
        if (next == SIM_TIME_NEVER || (!cpu_runnable(c) && !can_wake(m))) {
            return report(m, STOP_DEADLOCK, cpu);
        }
        if (!cpu_runnable(c)) {
            acct_wait(c, c->idle ? c->idle_category : CYC_IDLE, next);
        }
        fire_next(m);
    }
    return report(m, m->stop.reason, m->stop.cpu);
}
