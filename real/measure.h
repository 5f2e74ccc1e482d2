// One micro-operation measured: run, exits against what op.def expects, cycles summed up.
#ifndef RINGSIDE_REAL_MEASURE_H
#define RINGSIDE_REAL_MEASURE_H

#include "real/run.h"
#include "real/sample.h"

struct real_measure {
    enum real_op op;
    uint64_t count; // operations measured
    struct real_run run;
    unsigned expected[EXIT_REASONS]; // of one operation
    unsigned expected_sum;
    struct real_summary cycles; // of one operation, with what clock and call take
    bool right;      // it ended as it must, and whatever could be counted is what was expected
    char wrong[256]; // else: what is wrong
};

// `count` 0: as op.def says. With a trace the guest runs twice: once counted by reason, once timed without the trace, which slows exits down. False, with a line in err, if no machine could be made.
bool real_measure(enum real_op op, const struct real_platform *platform, uint64_t count,
                  const struct real_run_config *config, struct real_measure *out, char *err);
void real_measure_free(struct real_measure *m);

// Exits of one reason, folded as the expectation is, between the marks; only with a trace.
uint64_t real_measure_exits(const struct real_measure *m, const struct real_platform *platform,
                            unsigned reason);

#endif
