// One thread a processor, and one that looks at the clock. A processor's thread ends the run by saying why; whoever is first has the word.
#include "real/run.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TICK_MS = 20, SETTLE_TRIES = 200 };

struct machine {
    const struct real_guest *g;
    const struct real_run_config *config;
    struct real_vm *vm;
    struct real_run *out;
    pthread_mutex_t lock;
    pthread_cond_t news; // ended or a thread gone
    bool ended;
    unsigned running;
    bool measuring;
    struct real_stats before;
    struct real_trace_counts trace_before;
};

struct worker {
    struct machine *m;
    unsigned cpu;
    pthread_t thread;
    bool started, gone;
};

// ---- the end -------------------------------------------------------------------------------------------------

static void end_run(struct machine *m, enum real_end end, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void end_run(struct machine *m, enum real_end end, const char *format, ...)
{
    pthread_mutex_lock(&m->lock);
    if (!m->ended) {
        va_list args;
        va_start(args, format);
        vsnprintf(m->out->report, sizeof m->out->report, format, args);
        va_end(args);
        m->out->end = end;
        m->ended = true;
    }
    pthread_cond_broadcast(&m->news);
    pthread_mutex_unlock(&m->lock);
}

static bool has_ended(struct machine *m)
{
    pthread_mutex_lock(&m->lock);
    bool ended = m->ended;
    pthread_mutex_unlock(&m->lock);
    return ended;
}

static void end_at(struct machine *m, unsigned cpu, enum real_end end, const char *what)
{
    uint64_t rip = 0;
    char place[40] = "";
    if (real_vm_rip(m->vm, cpu, &rip)) {
        snprintf(place, sizeof place, ", at 0x%" PRIx64, rip);
    }
    end_run(m, end, "%s%s", what, place);
}

static const char *exception_name(uint64_t vector)
{
    static const char *const names[] = {
        "divide error",   "debug exception",     "NMI",         "breakpoint",         "overflow",
        "bound exceeded", "invalid opcode",      "no FPU",      "double fault",       "vector 9",
        "invalid TSS",    "segment not present", "stack fault", "general protection", "page fault"};
    return vector < sizeof names / sizeof names[0] ? names[vector] : "exception";
}

static void end_panic(struct machine *m)
{
    uint64_t record[4]; // vector, error code, rip, cr2
    memcpy(record, real_vm_ram(m->vm) + m->g->panic_record, sizeof record);
    char address[40] = "";
    if (record[0] == 14) {
        snprintf(address, sizeof address, ", address 0x%" PRIx64, record[3]);
    }
    end_run(m, REAL_END_PANIC,
            "its kernel met an exception that it does not expect: %s (vector %" PRIu64
            ", error code 0x%" PRIx64 "%s), at 0x%" PRIx64,
            exception_name(record[0]), record[0], record[1], address, record[2]);
}

// ---- the marks -----------------------------------------------------------------------------------------------

static bool read_cpu(struct machine *m, unsigned cpu, struct real_stats *s)
{
    int fd = real_vm_stats(m->vm, cpu);
    return fd >= 0 && real_stats_read(s, fd);
}

// The other processors go to sleep on their own after their last work: wait until nothing moves, so that the last HLT is counted on the right side.
static void settle(struct machine *m)
{
    struct real_stats s;
    uint64_t last = UINT64_MAX;
    unsigned same = 0;
    for (unsigned tries = 0; m->g->cpus > 1 && tries < SETTLE_TRIES && same < 3; tries++) {
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        uint64_t exits = read_cpu(m, 1, &s) ? real_stats_get(&s, "exits") : 0;
        same = exits == last ? same + 1 : 0;
        last = exits;
    }
}

static bool snapshot(struct machine *m, struct real_stats *sum, struct real_trace_counts *trace)
{
    struct real_stats s;
    sum->count = 0;
    bool ok = true;
    settle(m);
    for (unsigned i = 0; i < m->g->cpus && ok; i++) {
        ok = read_cpu(m, i, &s);
        if (ok) {
            real_stats_add(sum, &s);
        }
    }
    m->out->has_trace =
        m->config->trace && real_trace_read(m->config->trace, m->config->vendor, trace);
    return ok;
}

static void take_one(uint64_t *count)
{
    *count -= *count > 0;
}

static void first_mark(struct machine *m)
{
    m->out->has_stats = snapshot(m, &m->before, &m->trace_before);
    m->out->port_exits = m->out->memory_exits = 0;
    m->measuring = true;
}

static void second_mark(struct machine *m)
{
    struct real_run *out = m->out;
    m->measuring = false;
    out->has_stats = snapshot(m, &out->stats, &out->trace) && out->has_stats;
    real_stats_subtract(&out->stats, &m->before);
    for (size_t i = 0; i < out->stats.count; i++) { // the mark's own
        struct real_stat *s = &out->stats.stat[i];
        if (strcmp(s->name, "exits") == 0 || strcmp(s->name, "io_exits") == 0) {
            take_one(&s->value);
        }
    }
    out->exits = real_stats_get(&out->stats, "exits") - real_stats_get(&out->stats, "irq_exits") -
                 real_stats_get(&out->stats, "irq_window_exits");
    for (unsigned r = 0; r <= REAL_TRACE_OTHER; r++) {
        out->trace.exits[r] -= m->trace_before.exits[r];
    }
    take_one(&out->trace.exits[EXIT_IO_INSTRUCTION]);
    end_run(m, REAL_END_DONE, "%s", "");
}

// ---- a processor ---------------------------------------------------------------------------------------------

static bool has_device(const struct real_guest *g, bool memory, uint64_t address)
{
    for (unsigned i = 0; i < g->device_count; i++) {
        const struct real_device *d = &g->devices[i];
        if (d->memory == memory && address >= d->first && address <= d->last) {
            return true;
        }
    }
    return false;
}

static void port(struct machine *m, unsigned cpu, const struct real_out *o)
{
    char what[80];
    if (o->write && o->addr == m->g->mark_port) {
        if (o->value == 1) {
            first_mark(m);
        } else {
            second_mark(m);
        }
    } else if (o->write && o->addr == m->g->panic_port) {
        end_panic(m);
    } else if (has_device(m->g, false, o->addr)) {
        m->out->port_exits += m->measuring;
    } else {
        snprintf(what, sizeof what, "%s port 0x%" PRIx64 ", where no device is",
                 o->write ? "it wrote to" : "it read from", o->addr);
        end_at(m, cpu, REAL_END_WILD_PORT, what);
    }
}

static void memory(struct machine *m, unsigned cpu, const struct real_out *o)
{
    char what[100];
    if (has_device(m->g, true, o->addr)) {
        m->out->memory_exits += m->measuring;
        return;
    }
    snprintf(what, sizeof what, "it %s address 0x%" PRIx64 ", where neither memory nor a device is",
             o->write ? "wrote to" : "read from", o->addr);
    end_at(m, cpu, REAL_END_WILD_MEMORY, what);
}

static void handle(struct machine *m, unsigned cpu, const struct real_out *o)
{
    char what[160];
    switch (o->why) {
    case REAL_OUT_PORT: port(m, cpu, o); break;
    case REAL_OUT_MEMORY: memory(m, cpu, o); break;
    case REAL_OUT_KICKED: break;
    case REAL_OUT_SHUTDOWN:
        // The processor is reset by then: it no longer says where it was.
        end_run(m, REAL_END_SHUTDOWN,
                "triple fault: an exception, and no way to deliver it or the next two");
        break;
    case REAL_OUT_HLT: end_at(m, cpu, REAL_END_FAILED, "it sleeps, and nothing can wake it"); break;
    case REAL_OUT_FAILED:
        snprintf(what, sizeof what, "%s (code 0x%" PRIx64 ")", o->text, o->code);
        end_at(m, cpu, REAL_END_FAILED, what);
        break;
    }
}

static void *work(void *context)
{
    struct worker *w = context;
    struct machine *m = w->m;
    while (!has_ended(m)) {
        struct real_out out;
        real_vm_run(m->vm, w->cpu, 0, &out);
        handle(m, w->cpu, &out);
    }
    pthread_mutex_lock(&m->lock);
    w->gone = true;
    m->running--;
    pthread_cond_broadcast(&m->news);
    pthread_mutex_unlock(&m->lock);
    return NULL;
}

// ---- all together --------------------------------------------------------------------------------------------

static void on_kick(int signal)
{
    (void)signal; // it only has to interrupt KVM_RUN
}

static struct timespec in_ms(unsigned ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

static bool past(const struct timespec *t)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > t->tv_sec || (now.tv_sec == t->tv_sec && now.tv_nsec >= t->tv_nsec);
}

// Until the guest has ended, by itself or by us.
static void watch(struct machine *m)
{
    struct timespec deadline = in_ms(m->config->milliseconds);
    while (!has_ended(m)) {
        struct timespec tick = in_ms(TICK_MS);
        pthread_mutex_lock(&m->lock);
        if (!m->ended) {
            pthread_cond_timedwait(&m->news, &m->lock, &tick);
        }
        pthread_mutex_unlock(&m->lock);
        if (m->config->interrupted && *m->config->interrupted) {
            end_run(m, REAL_END_INTERRUPTED, "interrupted");
        } else if (past(&deadline)) {
            end_run(m, REAL_END_TIMEOUT, "not done after %u ms", m->config->milliseconds);
        }
    }
}

// Brings every processor's thread back; a kick may come just before KVM_RUN, so it is repeated.
static void bring_back(struct machine *m, struct worker *workers)
{
    pthread_mutex_lock(&m->lock);
    while (m->running > 0) {
        for (unsigned i = 0; i < m->g->cpus; i++) {
            if (workers[i].started && !workers[i].gone) {
                real_vm_kick(m->vm, i);
                pthread_kill(workers[i].thread, SIGUSR1);
            }
        }
        struct timespec tick = in_ms(TICK_MS);
        pthread_cond_timedwait(&m->news, &m->lock, &tick);
    }
    pthread_mutex_unlock(&m->lock);
    for (unsigned i = 0; i < m->g->cpus; i++) {
        if (workers[i].started) {
            pthread_join(workers[i].thread, NULL);
        }
    }
}

static void where_it_was(struct machine *m)
{
    uint64_t rip;
    size_t used = strlen(m->out->report);
    if (m->out->end == REAL_END_TIMEOUT && real_vm_rip(m->vm, 0, &rip)) {
        snprintf(m->out->report + used, sizeof m->out->report - used,
                 ": it loops or sleeps at 0x%" PRIx64, rip);
    }
}

static bool run_threads(struct machine *m, char *err)
{
    struct worker workers[REAL_CPUS_MAX] = {{0}};
    bool ok = true;
    for (unsigned i = 0; i < m->g->cpus && ok; i++) {
        workers[i] = (struct worker){.m = m, .cpu = i, .started = true};
        pthread_mutex_lock(&m->lock);
        m->running++;
        ok = pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
        if (!ok) {
            m->running--;
            workers[i].started = false;
            snprintf(err, REAL_ERROR_SIZE, "no thread can be started");
        }
        pthread_mutex_unlock(&m->lock);
    }
    if (ok) {
        watch(m);
    } else {
        end_run(m, REAL_END_FAILED, "%s", err);
    }
    bring_back(m, workers);
    where_it_was(m);
    return ok;
}

static void take_samples(struct machine *m)
{
    const struct real_guest *g = m->g;
    size_t size = (size_t)g->sample_count * sizeof m->out->samples[0];
    if (m->out->end != REAL_END_DONE || size == 0 || g->samples + size > g->ram_size) {
        return;
    }
    m->out->samples = malloc(size);
    if (m->out->samples) {
        memcpy(m->out->samples, real_vm_ram(m->vm) + g->samples, size);
        m->out->sample_count = (size_t)g->sample_count;
    }
}

bool real_run(const struct real_guest *g, const struct real_run_config *config,
              struct real_run *out, char *err)
{
    *out = (struct real_run){0};
    struct machine m = {.g = g, .config = config, .out = out};
    m.vm = real_vm_new(g, err);
    if (!m.vm) {
        return false;
    }
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&m.lock, NULL);
    pthread_cond_init(&m.news, &monotonic);
    struct sigaction kick = {.sa_handler = on_kick}, old;
    sigaction(SIGUSR1, &kick, &old);
    bool ok = run_threads(&m, err);
    sigaction(SIGUSR1, &old, NULL);
    take_samples(&m);
    pthread_cond_destroy(&m.news);
    pthread_mutex_destroy(&m.lock);
    pthread_condattr_destroy(&monotonic);
    real_vm_free(m.vm);
    return ok;
}

void real_run_free(struct real_run *r)
{
    free(r->samples);
    *r = (struct real_run){0};
}
