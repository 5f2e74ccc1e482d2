// The bench harness: contenders do the same work in turn, in one process and one run, because only
// ratios from one run are worth quoting on a shared machine. A file bench/bench_NAME.c defines
// `const struct bench NAME_bench` and adds one line to benches.def.
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

// What the command line asked for.
struct bench_options {
    bool quick;       // a few seconds in all, for `make check`; else as long as steady medians take
    unsigned rounds;  // rounds of which the median counts; odd
    const char *loop; // of those benches that run several loops: this one only; NULL: all
};

// One thing that can be measured.
struct bench {
    const char *name;
    const char *title;                               // a line for the list and the heading
    int (*run)(const struct bench_options *options); // 0; 1 when a check on the result failed
};

// One of those that compete. `round` does about `operations` operations (at least one) and returns
// how many it did, 0 on failure; only it is timed. `setup` (may be NULL) is called once before the
// first round and returns false when this contender is not to be had, `teardown` (may be NULL) once
// after the last round, also after a failed setup. `used` (NULL: this process does the work) says how many
// nanoseconds of processor time whoever does the work has had.
struct bench_contender {
    const char *name;
    void *state;
    bool (*setup)(void *state);
    uint64_t (*round)(void *state, uint64_t operations);
    void (*teardown)(void *state);
    uint64_t (*used)(void *state);
};

enum { BENCH_CONTENDERS_MAX = 16 };

// What came out for one contender.
struct bench_result {
    bool ran;
    double rate; // median operations per second
    double
        ratio; // median over the rounds of (contender 0's rate / this one's rate in the same round)
};

// Runs the contenders in turn, options->rounds times, after a first round that is not counted.
// Contender 0 is ours. Returns 0, or 1 when contender 0 did not run.
int bench_compare(const struct bench_options *options, const struct bench_contender *contenders,
                  size_t count, uint64_t operations, struct bench_result *results);

// Prints one table row per contender: `label`, name, millions of operations per second, ours / its.
void bench_print(const char *label, const struct bench_contender *contenders, size_t count,
                 const struct bench_result *results);

// Nanoseconds of processor time that this process has had.
uint64_t bench_nanoseconds(void);
// Nanoseconds on that clock.
uint64_t bench_clock(clockid_t clock);

// The median; reorders `values`. `count` must not be 0.
double bench_median(double *values, size_t count);

#endif
