// Measures and judges.
#include "real/measure.h"

#include <inttypes.h>
#include <stdio.h>

uint64_t real_measure_exits(const struct real_measure *m, const struct real_platform *platform,
                            unsigned reason)
{
    uint64_t sum = 0;
    for (unsigned r = 0; r < EXIT_REASONS; r++) {
        if (real_reason_fold(platform->vendor, (enum exit_reason)r) == reason) {
            sum += m->run.trace.exits[r];
        }
    }
    return sum;
}

static void judge_reasons(struct real_measure *m, const struct real_platform *platform)
{
    for (unsigned r = 0; r < EXIT_REASONS && m->right; r++) {
        uint64_t got = real_measure_exits(m, platform, r);
        // An interrupt for the host comes when it comes; that of the guest's own timer is one of them.
        if (!real_reason_by_chance(r) && got != m->expected[r] * m->count) {
            m->right = false;
            snprintf(m->wrong, sizeof m->wrong, "%" PRIu64 " exits %s instead of %" PRIu64, got,
                     exit_name(r) ? exit_name(r) : "?", m->expected[r] * m->count);
        }
    }
    if (m->right && m->run.trace.exits[REAL_TRACE_OTHER]) {
        m->right = false;
        snprintf(m->wrong, sizeof m->wrong, "%" PRIu64 " exits for a reason not known here",
                 m->run.trace.exits[REAL_TRACE_OTHER]);
    }
}

static void judge(struct real_measure *m, const struct real_platform *platform)
{
    const struct real_run *run = &m->run;
    bool rogue = real_op_info(m->op)->rogue;
    m->right = (run->end != REAL_END_DONE) == rogue && run->end != REAL_END_INTERRUPTED;
    if (!m->right) {
        snprintf(m->wrong, sizeof m->wrong, "%s",
                 rogue && run->end == REAL_END_DONE ? "it ended as if all were well" : run->report);
    } else if (!rogue && run->has_stats && run->exits != m->expected_sum * m->count) {
        m->right = false;
        snprintf(m->wrong, sizeof m->wrong, "%" PRIu64 " exits instead of %" PRIu64, run->exits,
                 m->expected_sum * m->count);
    } else if (!rogue && run->has_trace) {
        judge_reasons(m, platform);
    }
}

// Counts from the run with the trace, times from the one without. If the second is not as it must be, it is the result.
static bool run_twice(const struct real_guest *guest, const struct real_run_config *config,
                      const struct real_platform *platform, struct real_measure *m, char *err)
{
    struct real_measure timed = *m;
    struct real_run_config quiet = *config;
    bool ok = real_run(guest, config, &m->run, err);
    quiet.trace = NULL;
    real_trace_pause(config->trace);
    if (!ok || m->run.end != REAL_END_DONE) {
        return ok;
    }
    if (!real_run(guest, &quiet, &timed.run, err)) {
        real_run_free(&m->run);
        return false;
    }
    judge(&timed, platform);
    if (timed.right) {
        uint64_t *slow = m->run.samples;
        m->run.samples = timed.run.samples;
        timed.run.samples = slow;
    } else {
        const struct real_run counted = m->run;
        m->run = timed.run;
        timed.run = counted;
    }
    real_run_free(&timed.run);
    return true;
}

bool real_measure(enum real_op op, const struct real_platform *platform, uint64_t count,
                  const struct real_run_config *config, struct real_measure *out, char *err)
{
    struct real_guest guest;
    *out = (struct real_measure){.op = op, .count = count ? count : real_op_info(op)->count};
    if (!real_guest_micro(&guest, op, platform->vendor, out->count)) {
        snprintf(err, REAL_ERROR_SIZE, "no guest can be made: no memory, or not built for x86-64");
        real_guest_free(&guest);
        return false;
    }
    out->expected_sum = real_op_expected(op, platform, out->expected);
    bool ok = config->trace && real_trace_resume(config->trace)
                  ? run_twice(&guest, config, platform, out, err)
                  : real_run(&guest, config, &out->run, err);
    real_guest_free(&guest);
    if (ok) {
        out->cycles = real_summarize(out->run.samples, out->run.sample_count);
        judge(out, platform);
    }
    return ok;
}

void real_measure_free(struct real_measure *m)
{
    real_run_free(&m->run);
}
