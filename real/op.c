// The table of micro-operations, and what it says about exits.
#include "real/op.h"
#include "real/layout.h"

#include <stdlib.h>
#include <string.h>

enum { GROUP_MEASURE, GROUP_ROGUE };
enum { RING3 = REAL_SETUP_RING3 };

static const struct real_op_info ops[] = {
#define OP(NAME, op, group, code, setup, n, nested, shadow, eoi, text) \
    {op, text, GROUP_##group == GROUP_ROGUE, setup, n, {nested, shadow}, eoi},
#include "real/op.def"
#undef OP
};

const struct real_op_info *real_op_info(enum real_op op)
{
    return &ops[op];
}

enum real_op real_op_find(const char *name)
{
    unsigned op = 0;
    while (op < REAL_OP_COUNT && strcmp(ops[op].name, name) != 0) {
        op++;
    }
    return (enum real_op)op;
}

static unsigned reason_named(const char *name, size_t length)
{
    for (unsigned r = 0; r < EXIT_FIRST_TRAP; r++) {
        const char *known = exit_name(r);
        if (known && strlen(known) == length && strncmp(known, name, length) == 0) {
            return r;
        }
    }
    return EXIT_REASONS;
}

unsigned real_op_expected(enum real_op op, const struct real_platform *platform,
                          unsigned exits[EXIT_REASONS])
{
    const char *p = ops[op].exits[platform->paging == REAL_SHADOW];
    unsigned sum = 0;
    memset(exits, 0, EXIT_REASONS * sizeof exits[0]);
    while (*p) { // "REASON N, REASON N"
        size_t length = strcspn(p, " ");
        char *end;
        unsigned n = (unsigned)strtoul(p + length, &end, 10);
        bool mmio = length == 4 && strncmp(p, "MMIO", 4) == 0;
        unsigned reason = mmio ? (unsigned)real_reason_mmio(platform) : reason_named(p, length);
        if (reason < EXIT_REASONS) {
            exits[real_reason_fold(platform->vendor, (enum exit_reason)reason)] += n;
            sum += n;
        }
        p = end + strspn(end, ", ");
    }
    if (!platform->apicv && ops[op].eois) {
        exits[EXIT_MSR_WRITE] += ops[op].eois;
        sum += ops[op].eois;
    }
    if (op == REAL_OP_TIMER && platform->preemption_timer) {
        exits[EXIT_PREEMPTION_TIMER]++;
        sum++;
    }
    return sum;
}
