// Runs what compare_plan planned, several at once, and holds every run to the bare machine's.
#include "cli/bars.h"
#include "cli/compare.h"
#include "models/axes.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

// How much longer than on the bare machine a guest may run before it counts as lost: a guest that went
// wrong can loop for ever.
enum { PATIENCE = 8, PATIENCE_LEAST = 50000000 };
// For the bare machine itself, as `ringside boot`.
#define LIMIT_NATIVE UINT64_C(10000000000)

// ---- one run -------------------------------------------------------------------------------------

static bool run_length(const struct compare *c, struct compare_run *run, bool closed,
                       uint64_t limit, uint64_t n, struct run_result *result)
{
    const struct compare_group *g = &c->groups[run->group];
    char line[TOYOS_COMMAND_LINE_MAX + 1];
    struct run_spec spec = {.arch = run->arch,
                            .os = &c->os,
                            .os_paravirt = c->has_os_paravirt ? &c->os_paravirt : NULL,
                            .workload = g->workload->name,
                            .command_line = line,
                            .instructions = limit};
    machine_config_default(&spec.config);
    spec.config.model = g->model;
    spec.config.cpus = (unsigned)g->cpus;
    spec.config.ram = g->ram;
    spec.config.levels = (unsigned)g->levels;
    spec.config.seed = g->seed;
    spec.config.holes_closed = closed;
    snprintf(line, sizeof line, "workload=%s n=%" PRIu64 "%s%s", g->workload->name, n,
             c->o->append ? " " : "", c->o->append ? c->o->append : "");
    run->why[0] = '\0';
    if (!run_guest(&spec, result, run->why, sizeof run->why)) {
        run->outcome = COMPARE_REFUSED;
        return false;
    }
    run->outcome = COMPARE_DONE;
    return true;
}

// One run; or, to be rid of boot and warm-up, what a run of twice the length takes more.
static bool run_one(const struct compare *c, struct compare_run *run, bool closed, uint64_t limit)
{
    const struct compare_group *g = &c->groups[run->group];
    struct run_result shorter;
    if (!run_length(c, run, closed, limit, compare_length(c, g), &run->result)) {
        return false;
    }
    if (!c->o->steady || run->result.stop.reason != STOP_POWEROFF) {
        return true;
    }
    bool ok = run_length(c, run, closed, limit, g->n, &shorter);
    if (ok) {
        ok = run_subtract(&run->result, &shorter, run->why, sizeof run->why);
        run_result_free(&shorter);
    }
    if (!ok) {
        run_result_free(&run->result);
        run->outcome = COMPARE_REFUSED;
    }
    return ok;
}

// Whether the run came out as it must: its own checksum, and whatever the bare machine did.
static void judge(const struct compare *c, struct compare_run *run)
{
    const struct compare_group *g = &c->groups[run->group];
    if (!run_judge(&run->result, g->workload, compare_length(c, g), &compare_native(c, run)->result,
                   run->why, sizeof run->why)) {
        run->outcome = COMPARE_WRONG;
    }
}

// An architecture in its place: as it is; and if trap-and-emulate goes wrong because of the ISA's holes, once
// more without them, so that there is a figure to compare.
static void run_and_judge(const struct compare *c, struct compare_run *run)
{
    const struct compare_run *native = compare_native(c, run);
    const struct cpu_model *model = c->groups[run->group].model;
    bool closed = c->o->holes_closed || cpu_model_has(model, CPU_FEATURE_HOLES_CLOSED);
    uint64_t limit = LIMIT_NATIVE;
    if (run != native) {
        limit = native->result.instructions * (c->o->steady ? 2 : 1) * PATIENCE;
        limit = limit < PATIENCE_LEAST ? PATIENCE_LEAST : limit;
    }
    if (!run_one(c, run, closed, limit)) {
        return;
    }
    judge(c, run);
    if (run->outcome == COMPARE_WRONG && !closed &&
        arch_row(run->arch.arch)->technique == TECHNIQUE_TRAP) {
        snprintf(run->open_why, sizeof run->open_why, "%s", run->why);
        run_result_free(&run->result);
        run->closed = true;
        if (run_one(c, run, true, limit)) {
            judge(c, run);
        }
    }
}

// ---- all runs ------------------------------------------------------------------------------------

struct queue {
    struct compare *c;
    pthread_mutex_t lock;
    size_t next;
    bool natives; // first the bare machines, which the others need
};

static bool is_native(const struct compare *c, size_t i)
{
    return compare_native(c, &c->runs[i]) == &c->runs[i];
}

static void *work(void *of)
{
    struct queue *q = of;
    for (;;) {
        pthread_mutex_lock(&q->lock);
        while (q->next < q->c->run_count && (q->c->runs[q->next].outcome != COMPARE_WAITING ||
                                             is_native(q->c, q->next) != q->natives)) {
            q->next++;
        }
        size_t mine = q->next++;
        pthread_mutex_unlock(&q->lock);
        if (mine >= q->c->run_count) {
            return NULL;
        }
        run_and_judge(q->c, &q->c->runs[mine]);
    }
}

// No two threads touch the same run, and a run depends on its own inputs and its group's native run only:
// so the number of threads cannot be seen in the results.
static void work_all(struct compare *c, unsigned threads, bool natives)
{
    enum { THREADS_MAX = 16 };
    pthread_t thread[THREADS_MAX];
    struct queue q = {.c = c, .lock = PTHREAD_MUTEX_INITIALIZER, .natives = natives};
    unsigned started = 0;
    while (started + 1 < threads && started < THREADS_MAX &&
           pthread_create(&thread[started], NULL, work, &q) == 0) {
        started++;
    }
    work(&q);
    for (unsigned i = 0; i < started; i++) {
        pthread_join(thread[i], NULL);
    }
}

int compare_execute(struct compare *c, unsigned threads)
{
    bool paravirt = false;
    for (size_t i = 0; i < c->run_count; i++) {
        paravirt = paravirt || (c->runs[i].outcome == COMPARE_WAITING &&
                                arch_row(c->runs[i].arch.arch)->technique == TECHNIQUE_PARAVIRT);
    }
    int status = guest_build(c->o->guest, false, &c->os);
    c->has_os = status == CLI_OK;
    if (c->has_os && paravirt) {
        status = guest_build(c->o->guest, true, &c->os_paravirt);
        c->has_os_paravirt = status == CLI_OK;
    }
    if (status != CLI_OK) {
        return status;
    }
    work_all(c, threads, true);
    for (size_t i = 0; i < c->group_count; i++) {
        const struct compare_run *native = &c->runs[c->groups[i].first];
        if (native->outcome != COMPARE_DONE) {
            return cli_error(native->outcome == COMPARE_REFUSED ? CLI_USAGE : CLI_CHECK_FAILED,
                             "native: %s", native->why);
        }
    }
    work_all(c, threads, false);
    return CLI_OK;
}
