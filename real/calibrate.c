// Sets costs from measurements, and writes models.
#include "real/calibrate.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

enum { BOTH = 3, NESTED = 1, SHADOW = 2 };
enum { ANY = 3, TOLD = 1, UNTOLD = 2 };
#define COST_MOST INT64_C(1000000000) // see docs/costs.md

static const struct real_calibration rows[] = {
#define CALIBRATE(OP, A, B, pagings, next)                                                       \
    {REAL_OP_##OP,       {COST_##A, COST_##B}, (pagings & NESTED) != 0, (pagings & SHADOW) != 0, \
     (next & TOLD) != 0, (next & UNTOLD) != 0},
#include "real/calibrate.def"
#undef CALIBRATE
};

const struct real_calibration *real_calibration(size_t i)
{
    return i < sizeof rows / sizeof rows[0] ? &rows[i] : NULL;
}

bool real_calibration_holds(const struct real_calibration *row,
                            const struct real_platform *platform)
{
    return (platform->paging == REAL_NESTED ? row->nested : row->shadow) &&
           (platform->decodes ? row->untold : row->told);
}

// An instruction takes a cycle at least, or a loop of such would take no time.
static uint32_t within(enum cost_key key, int64_t value)
{
    int64_t least = strncmp(cost_key_name(key), "insn.", 5) == 0;
    return (uint32_t)(value < least ? least : value > COST_MOST ? COST_MOST : value);
}

int64_t real_calibrate(const struct real_calibration *row, struct cpu_model *model,
                       uint64_t measured, uint64_t simulated, uint64_t slope)
{
    int64_t missing = (int64_t)measured * 1000 - (int64_t)simulated; // thousandths of a cycle
    if (slope == 0) {
        return missing / 1000;
    }
    int64_t by = missing / (int64_t)slope;
    struct cost_value *a = &model->cost[row->cost[0]], *b = &model->cost[row->cost[1]];
    int64_t before = a == b ? a->value : (int64_t)a->value + b->value, after;
    if (a == b) {
        a->value = within(row->cost[0], before + by);
        after = a->value;
    } else {
        int64_t share = before ? by * (int64_t)a->value / before : by / 2;
        share = by < -before ? -(int64_t)a->value : share;
        a->value = within(row->cost[0], (int64_t)a->value + share);
        b->value = within(row->cost[1], (int64_t)b->value + (by - share));
        after = (int64_t)a->value + b->value;
    }
    return (missing - (after - before) * (int64_t)slope) / 1000;
}

// ---- the file --------------------------------------------------------------------------------------------------

static void put_text(FILE *out, const char *text, bool lines)
{
    for (const char *c = text; *c; c++) {
        bool plain = (*c >= ' ' && *c <= '~' && *c != '"') || (lines && *c == '\n');
        fputc(plain ? *c : '?', out);
        if (*c == '\n' && c[1]) {
            fputs("# ", out);
        }
    }
}

static void put_features(FILE *out, const struct cpu_model *m)
{
    fputs("features =", out);
    for (unsigned f = 0; f < CPU_FEATURE_COUNT; f++) {
        if (cpu_model_has(m, (enum cpu_feature)f)) {
            fprintf(out, " %s", cpu_feature_name((enum cpu_feature)f));
        }
    }
    fputs(m->features ? "\n" : " none\n", out);
}

static void put_source(FILE *out, enum cost_kind kind, const char *source)
{
    fprintf(out, "%s \"", cost_kind_name(kind));
    put_text(out, source, false);
    fputs("\"\n", out);
}

void real_model_write(FILE *out, const struct cpu_model *m, const char *comment)
{
    const char *name, *doc;
    uint32_t value;
    fputs("# ", out);
    put_text(out, comment, true);
    fprintf(out, "\nname = %s\nvendor = \"%s\"\ntitle = \"", m->name, m->vendor);
    put_text(out, m->title, false);
    fprintf(out, "\"\nmhz = %" PRIu32 "\n", m->mhz);
    put_features(out, m);
    fputs("\n[tlb]\n", out);
    for (unsigned i = 0; cpu_model_tlb_field(m, i, &name, &doc, &value); i++) {
        fprintf(out, "%s = %" PRIu32 "\n", name, value);
    }
    fputs("source = ", out);
    put_source(out, m->tlb_kind, m->tlb_source);
    fputs("\n[cost]\n", out);
    for (unsigned k = 0; k < COST_COUNT; k++) {
        const struct cost_value *v = &m->cost[k];
        fprintf(out, "%-16s = %-7" PRIu32 " ", cost_key_name((enum cost_key)k), v->value);
        put_source(out, v->kind, v->source);
    }
}

// ---- the clock ---------------------------------------------------------------------------------------------------

#if defined __x86_64__

static uint64_t ticks(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static uint64_t nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

unsigned real_tsc_mhz(void)
{
    enum { LONG_ENOUGH = 20000000 }; // ns
    uint64_t begin = nanoseconds(), first = ticks(), end;
    do {
        end = nanoseconds();
    } while (end - begin < LONG_ENOUGH);
    uint64_t last = ticks(); // read after the clock both times
    return (unsigned)(((last - first) * 1000 + (end - begin) / 2) / (end - begin));
}

#else

unsigned real_tsc_mhz(void)
{
    return 0;
}

#endif
