// What repeated measurements say: robust figures, for times have outliers (interrupts, a busy machine) and no negative ones.
#ifndef RINGSIDE_REAL_SAMPLE_H
#define RINGSIDE_REAL_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

// All in the samples' unit. `median` and the interval are of all samples; `mean` is without outliers.
struct real_summary {
    size_t count;
    uint64_t min, median, max;
    uint64_t low,
        high; // the median lies between them at 95 % confidence, whatever the distribution (order statistics)
    uint64_t mad; // median absolute deviation from the median
    uint64_t mean;
    size_t
        outliers; // farther from the median than 5.2 MAD (a modified z-score of 3.5), and than 2 % of it
};

// Sorts the samples.
struct real_summary real_summarize(uint64_t *samples, size_t count);

#endif
