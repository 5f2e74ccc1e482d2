// A CPU model made of measurements: what is set from what, and the file that docs/costs.md describes.
#ifndef RINGSIDE_REAL_CALIBRATE_H
#define RINGSIDE_REAL_CALIBRATE_H

#include "real/op.h"
#include "sim/cost.h"

#include <stdio.h>

struct real_calibration {
    enum real_op op;
    enum cost_key cost[2]; // the same twice: one cost
    bool nested, shadow;   // under which pagings
    bool told, untold;     // where exits say where the next instruction is, and where they do not
};
// Row i of calibrate.def; NULL behind the last.
const struct real_calibration *real_calibration(size_t i);
bool real_calibration_holds(const struct real_calibration *row,
                            const struct real_platform *platform);

// Changes the row's costs so that the operation, which takes `simulated` thousandths of a cycle with the costs as they are, and `slope` thousandths more
// for each cycle that the costs grow together, takes `measured` cycles. Costs stay within 0 (an
// instruction's: 1) and what a file may say. Returns the cycles by which it still misses.
int64_t real_calibrate(const struct real_calibration *row, struct cpu_model *model,
                       uint64_t measured, uint64_t simulated, uint64_t slope);

// The model as a file; `comment` of lines without '#'. What is not plain ASCII, and double quotes, become '?'.
void real_model_write(FILE *out, const struct cpu_model *model, const char *comment);

// Ticks of the time-stamp counter in a microsecond, measured against the clock; 0 if there is no such counter.
unsigned real_tsc_mhz(void);

#endif
