// What watching costs: whole workloads of the toy OS with a session listening and without, and how long "back" takes to answer.
#include "bench/bench.h"
#include "cli/cli.h"
#include "cli/guest.h"
#include "cli/model.h"
#include "models/run.h"
#include "models/session.h"

#include <stdio.h>
#include <stdlib.h>

// A workload somewhere; the contenders differ in how it is run.
struct place {
    const char *arch, *workload;
    unsigned n;
};
static const struct place places[] = {
    {"native", "nullcall", 600000},
    {"native", "memrand", 300000},
    {"native", "sieve", 300000},
    {"type1/fullvirt-hw", "forkexec", 300},
    {"type2/fullvirt-hw,paging=shadow", "forkexec", 300},
    {"type1/fullvirt-trap", "nullcall", 100000}, // four exits a call: nothing but exits
    {"type1/fullvirt-bt", "nullcall", 100000},
    {"type1/paravirt", "ctxsw", 20000},
};

struct runner {
    struct run_spec spec;
    bool watched;
    uint64_t
        last; // watched: the instruction before which it stops, since a session runs an end that it did not foresee again
};

// One whole run. Setting up counts too, in both.
static uint64_t whole_run(void *state, uint64_t operations)
{
    struct runner *r = state;
    char err[256];
    (void)operations;
    if (r->watched) {
        struct session *s = session_create(&r->spec, NULL, NULL, err, sizeof err);
        if (!s) {
            return 0;
        }
        session_go(s, (struct session_goal){.kind = GOAL_RUN});
        // In slices, as a screen that is redrawn 60 times a second takes them.
        uint64_t n = session_instructions(s);
        while (n < r->last) {
            session_work(s, r->last - n < 4000000 ? r->last - n : 4000000);
            n = session_instructions(s);
        }
        session_destroy(s);
        return n;
    }
    struct run_result result;
    if (!run_guest(&r->spec, &result, err, sizeof err)) {
        return 0;
    }
    uint64_t n = result.instructions;
    run_result_free(&result);
    return n;
}

static void answer_times(const struct run_spec *spec, const char *label)
{
    static const uint64_t at[] = {100000, 1000000, 5000000};
    char err[256];
    struct session *s = session_create(spec, NULL, NULL, err, sizeof err);
    for (size_t k = 0; s && k < sizeof at / sizeof *at; k++) {
        session_go(s, (struct session_goal){.kind = GOAL_SEEK, .n = at[k]});
        if (session_finish(s) != SESSION_DONE) {
            break;
        }
        uint64_t began = bench_nanoseconds(), longest = 0;
        session_go(s, (struct session_goal){.kind = GOAL_BACK, .n = 1});
        for (bool busy = true; busy;) {
            uint64_t slice = bench_nanoseconds();
            busy = session_work(s, 1000000) == SESSION_BUSY;
            slice = bench_nanoseconds() - slice;
            longest = slice > longest ? slice : longest;
        }
        printf("%-44s back by one from %8llu: %7.1f ms, longest slice %5.1f ms\n", label,
               (unsigned long long)at[k], (double)(bench_nanoseconds() - began) / 1e6,
               (double)longest / 1e6);
    }
    session_destroy(s);
}

static int run(const struct bench_options *options)
{
    struct cpu_model model;
    struct toyos os[2];
    int status = 0;
    if (model_load(MODEL_DEFAULT, &model) != CLI_OK || guest_build(NULL, false, &os[0]) != CLI_OK ||
        guest_build(NULL, true, &os[1]) != CLI_OK) {
        return 1;
    }
    printf("%-44s  %-10s %9s  %s\n", "workload", "", "Minsn/s", "ours / its");
    for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
        char line[80], label[80], err[256];
        const struct place *p = &places[k];
        snprintf(line, sizeof line, "workload=%s n=%u", p->workload,
                 options->quick ? p->n / 4 : p->n);
        snprintf(label, sizeof label, "%s %s", p->arch, p->workload);
        struct runner with = {.spec = {.os = &os[0],
                                       .os_paravirt = &os[1],
                                       .command_line = line,
                                       .workload = p->workload},
                              .watched = true};
        machine_config_default(&with.spec.config);
        with.spec.config.model = &model;
        with.spec.config.holes_closed = true;
        if (!arch_parse(&with.spec.arch, p->arch, err, sizeof err)) {
            fprintf(stderr, "bench session: %s\n", err);
            status = 1;
            continue;
        }
        struct runner without = with;
        without.watched = false;
        with.last = whole_run(&without, 1) - 1;
        const struct bench_contender contenders[] = {
            {.name = "session", .state = &with, .round = whole_run},
            {.name = "plain run", .state = &without, .round = whole_run},
        };
        struct bench_result results[2];
        status |= bench_compare(options, contenders, 2, 1, results);
        bench_print(label, contenders, 2, results);
        answer_times(&with.spec, label);
    }
    toyos_free(&os[0]);
    toyos_free(&os[1]);
    cpu_model_free(&model);
    return status;
}

const struct bench session_bench = {"session", "what watching a guest costs, and going back", run};
