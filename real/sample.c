// Robust statistics in integers.
#include "real/sample.h"

#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t middle(const uint64_t *sorted, size_t count)
{
    uint64_t low = sorted[(count - 1) / 2], high = sorted[count / 2];
    return low + (high - low) / 2;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

static uint64_t square_root(uint64_t n)
{
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit; bit >>= 1) {
        if ((root | bit) * (root | bit) <= n) {
            root |= bit;
        }
    }
    return root;
}

// The median of distances from `from` in sorted samples: both ends of the sorted array move inwards, the farther one first.
static uint64_t deviation(const uint64_t *sorted, size_t count, uint64_t from)
{
    size_t low = 0, high = count - 1;
    uint64_t last = 0, before = 0;
    for (size_t left = count; left > (count - 1) / 2;
         left--) { // from the largest distance down to the lower middle
        before = last;
        if (distance(sorted[low], from) > distance(sorted[high], from)) {
            last = distance(sorted[low++], from);
        } else {
            last = distance(sorted[high], from);
            high -= high > low;
        }
    }
    return count % 2 ? last : last + (before - last) / 2;
}

struct real_summary real_summarize(uint64_t *samples, size_t count)
{
    struct real_summary s = {.count = count};
    if (count == 0) {
        return s;
    }
    qsort(samples, count, sizeof samples[0], ascending);
    s.min = samples[0];
    s.max = samples[count - 1];
    s.median = middle(samples, count);
    s.mad = deviation(samples, count, s.median);
    // Ranks n/2 -+ 0.98 sqrt(n): the normal approximation of the binomial at 95 %.
    uint64_t half = (98 * square_root(count * 10000) + 9999) / 10000;
    s.low = samples[count / 2 > half ? count / 2 - half : 0];
    s.high = samples[count / 2 + half < count ? count / 2 + half : count - 1];
    uint64_t far = s.mad * 26 / 5;
    far = far < s.median / 50 ? s.median / 50 : far;
    uint64_t sum = 0, kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (distance(samples[i], s.median) <= far) {
            sum += samples[i];
            kept++;
        }
    }
    s.outliers = count - (size_t)kept;
    s.mean = kept ? (sum + kept / 2) / kept : s.median;
    return s;
}
