// Times contenders in turn and takes medians.
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS_MAX = 101 };

// The processor time of this process: on a shared machine a clock on the wall measures the neighbours too.
uint64_t bench_nanoseconds(void)
{
    return bench_clock(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t bench_clock(clockid_t clock)
{
    struct timespec t = {0};
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static uint64_t used_by(const struct bench_contender *contender)
{
    return contender->used ? contender->used(contender->state) : bench_nanoseconds();
}

// Operations per second of one round; 0 if it failed.
static double time_round(const struct bench_contender *contender, uint64_t operations)
{
    uint64_t start = used_by(contender);
    uint64_t done = contender->round(contender->state, operations);
    uint64_t ns = used_by(contender) - start;
    return (double)done * 1e9 / (double)(ns ? ns : 1);
}

static void summarize(double rates[][ROUNDS_MAX], size_t count, unsigned rounds,
                      struct bench_result *results)
{
    for (size_t i = count; i-- > 0;) { // ours last: sorting would spoil the pairing
        double ratios[ROUNDS_MAX];
        for (unsigned r = 0; r < rounds; r++) {
            results[i].ran = results[i].ran && rates[i][r] > 0;
            ratios[r] = results[i].ran ? rates[0][r] / rates[i][r] : 0;
        }
        results[i].ratio = bench_median(ratios, rounds);
        results[i].rate = bench_median(rates[i], rounds);
    }
}

int bench_compare(const struct bench_options *options, const struct bench_contender *contenders,
                  size_t count, uint64_t operations, struct bench_result *results)
{
    static double rates[BENCH_CONTENDERS_MAX][ROUNDS_MAX];
    unsigned rounds = options->rounds < ROUNDS_MAX ? options->rounds : ROUNDS_MAX;
    for (size_t i = 0; i < count; i++) {
        const struct bench_contender *c = &contenders[i];
        results[i].ran = !c->setup || c->setup(c->state);
        if (results[i].ran) {
            results[i].ran = time_round(c, operations) > 0; // warms caches and branch predictors
        }
    }
    for (unsigned r = 0; r < rounds; r++) {
        for (size_t i = 0; i < count; i++) {
            rates[i][r] = results[i].ran ? time_round(&contenders[i], operations) : 0;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (contenders[i].teardown) {
            contenders[i].teardown(contenders[i].state);
        }
    }
    summarize(rates, count, rounds, results);
    return results[0].ran ? 0 : 1;
}

void bench_print(const char *label, const struct bench_contender *contenders, size_t count,
                 const struct bench_result *results)
{
    for (size_t i = 0; i < count; i++) {
        printf("%-22s %-14s ", i ? "" : label, contenders[i].name);
        if (!results[i].ran) {
            printf("%10s\n", "failed");
        } else if (i == 0) {
            printf("%10.2f\n", results[i].rate / 1e6);
        } else {
            printf("%10.2f %9.2f\n", results[i].rate / 1e6, results[i].ratio);
        }
    }
    fflush(stdout);
}
