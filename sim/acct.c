// The check behind the accounting: the categories' sum against the clock.
#include "sim/acct.h"

#include <inttypes.h>
#include <stdio.h>

bool acct_ok(const struct cpu *c, char *err, size_t err_size)
{
    uint64_t sum = (uint64_t)(c->mark - c->budget); // the running category's share, not yet added
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        sum += c->counters.cycles[k];
    }
    uint64_t elapsed = cpu_now(c) - c->born;
    if (sum != elapsed || c->mark < c->budget) {
        snprintf(err, err_size,
                 "processor %u: categories sum to %" PRIu64 " cycles, but %" PRIu64 " have passed",
                 c->index, sum, elapsed);
        return false;
    }
    return true;
}
