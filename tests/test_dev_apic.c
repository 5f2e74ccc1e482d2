// The local APIC: who is offered what (against a model that keeps a plain set of vectors), IPIs, and a timer that is right to the cycle.
#include "tests/dev_bench.h"
#include "tests/test.h"

enum { TPR = 0x80, PPR = 0xa0, EOI = 0xb0, ISR = 0x100, IRR = 0x200, ICR = 0x300, ICR2 = 0x310 };
enum { LVT = 0x320, INITIAL = 0x380, CURRENT = 0x390, DIVIDE = 0x3e0 };
enum {
    MASKED = 1 << 16,
    PERIODIC = 1 << 17,
    DEADLINE = 2 << 17,
    BY_1 = 0xb,
    SELF = 1 << 18,
    ALL = 2 << 18,
    OTHERS = 3 << 18
};

// ---- priorities ----------------------------------------------------------------------------------

// The rule once more, as naively as possible.
struct plain {
    bool irr[256], isr[256];
};

static int plain_highest(const bool *set)
{
    int v = 255;
    while (v >= 0 && !set[v]) {
        v--;
    }
    return v;
}

static int plain_offer(const struct plain *p)
{
    int requested = plain_highest(p->irr), serving = plain_highest(p->isr);
    return requested >= 0 && (serving < 0 || requested / 16 > serving / 16) ? requested : -1;
}

static void priorities(void)
{
    struct bench *b = bench_new(NULL);
    REQUIRE(b);
    struct plain plain = {0};
    struct prng prng;
    prng_seed(&prng, 7);
    for (unsigned step = 0; step < 20000; step++) {
        unsigned what = (unsigned)prng_below(&prng, 8);
        if (what < 4) {
            unsigned v = (unsigned)prng_below(&prng, 256);
            bench_apic_set(b, 0, ICR, SELF | v);
            plain.irr[v] |= v >= 32;
        } else if (what < 6 && b->offered[0] >= 0) {
            unsigned v = devices_ack(&b->d, 0);
            if (!CHECK_I64(v, plain_offer(&plain))) {
                break;
            }
            plain.irr[v] = false;
            plain.isr[v] = true;
        } else {
            bench_apic_set(b, 0, EOI, 0);
            int serving = plain_highest(plain.isr);
            if (serving >= 0) {
                plain.isr[serving] = false;
            }
        }
        unsigned v = (unsigned)prng_below(&prng, 256);
        if (!CHECK_I64(b->offered[0], plain_offer(&plain)) ||
            !CHECK_U64(bench_apic(b, 0, IRR + v / 32 * 16) >> v % 32 & 1, plain.irr[v]) ||
            !CHECK_U64(bench_apic(b, 0, ISR + v / 32 * 16) >> v % 32 & 1, plain.isr[v])) {
            break;
        }
    }
    bench_free(b);
}

static void task_priority(void)
{
    struct bench *b = bench_new(NULL);
    REQUIRE(b);
    bench_apic_set(b, 1, TPR, 0x5f);
    CHECK_U64(b->tpr[1], 5);
    CHECK_U64(bench_apic(b, 1, TPR), 0x50);
    CHECK_U64(bench_apic(b, 1, PPR), 0x50);
    bench_apic_set(b, 1, ICR, SELF | 0x93);
    CHECK_U64(devices_ack(&b->d, 1), 0x93);
    CHECK_U64(bench_apic(b, 1, PPR), 0x90);
    b->tpr[1] = 0xb; // LTPR: the other door
    CHECK_U64(bench_apic(b, 1, TPR), 0xb0);
    CHECK_U64(bench_apic(b, 1, PPR), 0xb0);
    bench_free(b);
}

// ---- interrupts between processors ---------------------------------------------------------------

static void destinations(void)
{
    static const struct {
        uint32_t high, low;
        unsigned hits; // a bit for each processor
    } cases[] = {{2u << 24, 0, 4}, {1u << 24, 0, 2},       {0xffu << 24, 0, 15}, {0, SELF, 2},
                 {9, ALL, 15},     {3u << 24, OTHERS, 13}, {4u << 24, 0, 0}};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *b = bench_new(NULL);
        REQUIRE(b);
        bench_apic_set(b, 1, ICR2, cases[i].high);
        bench_apic_set(b, 1, ICR, cases[i].low | 0x61);
        CHECK_U64(bench_apic(b, 1, ICR), cases[i].low | 0x61);
        unsigned hits = 0;
        for (unsigned c = 0; c < BENCH_CPUS; c++) {
            hits |= (b->offered[c] == 0x61 ? 1u : 0) << c;
        }
        CHECK_U64(hits, cases[i].hits);
        bench_free(b);
    }
}

static void startup(void)
{
    struct bench *b = bench_new(NULL);
    REQUIRE(b);
    bench_apic_set(b, 0, ICR, OTHERS | 5 << 8); // INIT does nothing
    CHECK_U64(b->started[1], 0);
    bench_apic_set(b, 0, ICR2, 2u << 24);
    bench_apic_set(b, 0, ICR, 6 << 8 | 0x12);
    CHECK_U64(b->started[2], 0x12 + 1);
    CHECK_U64(b->started[1], 0);
    bench_apic_set(b, 0, ICR, OTHERS | 6 << 8 | 0x13);
    CHECK_U64(b->started[0], 0);
    CHECK_U64(b->started[3], 0x13 + 1);
    CHECK_I64(b->offered[2], -1); // no interrupt comes of it
    bench_free(b);
}

// ---- timer ---------------------------------------------------------------------------------------

static void one_shot(void)
{
    static const struct {
        uint32_t code, divider;
    } dividers[] = {{0, 2}, {1, 4}, {2, 8}, {3, 16}, {8, 32}, {9, 64}, {10, 128}, {BY_1, 1}};
    for (unsigned i = 0; i < 8; i++) {
        struct bench *b = bench_new(NULL);
        REQUIRE(b);
        const uint64_t start = 1234, count = 1001, due = start + count * dividers[i].divider;
        bench_run(b, start);
        bench_apic_set(b, 1, DIVIDE, dividers[i].code);
        bench_apic_set(b, 1, LVT, 0x50);
        bench_apic_set(b, 1, INITIAL, (uint32_t)count);
        CHECK_U64(bench_apic(b, 1, CURRENT), count);
        bench_run(b, start + 500 * dividers[i].divider + dividers[i].divider - 1);
        CHECK_U64(bench_apic(b, 1, CURRENT), count - 500);
        bench_run(b, due - 1);
        CHECK_U64(bench_apic(b, 1, CURRENT), 1);
        CHECK_I64(b->offered[1], -1);
        bench_run(b, due);
        CHECK_I64(b->offered[1], 0x50);
        CHECK_I64(b->offered[0], -1);
        CHECK_U64(bench_apic(b, 1, CURRENT), 0);
        bench_run(b, due * 10);
        CHECK_U64(b->fired, 1);
        bench_free(b);
    }
}

// Taken late or not at all, a periodic timer keeps its beat.
static void periodic(void)
{
    enum { START = 77, PERIOD = 300 };
    struct bench *b = bench_new(NULL);
    REQUIRE(b);
    struct prng prng;
    prng_seed(&prng, 5);
    bench_run(b, START);
    bench_apic_set(b, 0, DIVIDE, BY_1);
    bench_apic_set(b, 0, LVT, PERIODIC | 0x40);
    bench_apic_set(b, 0, INITIAL, PERIOD);
    uint64_t taken_at = START;
    for (unsigned i = 0; i < 2000; i++) {
        uint64_t due = taken_at + (PERIOD - (taken_at - START) %
                                                PERIOD); // the first beat after the last was taken
        bench_run(b, due - 1);
        if (!CHECK_I64(b->offered[0], -1)) {
            break;
        }
        bench_run(b, due);
        if (!CHECK_I64(b->offered[0], 0x40)) {
            break;
        }
        taken_at = due + prng_below(&prng, 3) * prng_below(&prng, 1000);
        bench_run(b, taken_at);
        devices_ack(&b->d, 0);
        bench_apic_set(b, 0, EOI, 0);
        CHECK_U64(bench_apic(b, 0, CURRENT), PERIOD - (taken_at - START) % PERIOD);
    }
    CHECK_U64(b->fired, 2000);
    bench_free(b);
}

// A fast timer that nobody hears must not cost the simulator an event a cycle.
static void unheard(void)
{
    struct bench *b = bench_new(NULL);
    REQUIRE(b);
    bench_apic_set(b, 0, DIVIDE, BY_1);
    bench_apic_set(b, 0, LVT, PERIODIC | MASKED | 0x40);
    bench_apic_set(b, 0, INITIAL, 3);
    bench_run(b, 1000000);
    CHECK_U64(b->fired, 0);
    CHECK_U64(bench_apic(b, 0, CURRENT), 3 - 1000000 % 3);
    bench_apic_set(b, 0, LVT, PERIODIC | 0x40);
    bench_run(b, 2000000); // fires once; nobody takes it
    CHECK_U64(b->fired, 1);
    CHECK_I64(b->offered[0], 0x40);
    devices_ack(&b->d, 0);
    bench_run(b, 2000000 + 3);
    CHECK_U64(b->fired, 2);
    bench_free(b);
}

static void deadline(void)
{
    struct bench *b = bench_new(NULL);
    REQUIRE(b);
    struct apic *a = &b->d.apic[0];
    apic_set_deadline(a, &b->d.env, 500); // not in that mode: ignored
    CHECK_U64(apic_deadline(a), 0);
    bench_apic_set(b, 0, LVT, DEADLINE | 0x44);
    apic_set_deadline(a, &b->d.env, 500);
    bench_run(b, 499);
    CHECK_U64(apic_deadline(a), 500);
    CHECK_I64(b->offered[0], -1);
    bench_run(b, 500);
    CHECK_I64(b->offered[0], 0x44);
    CHECK_U64(apic_deadline(a), 0);
    devices_ack(&b->d, 0);
    bench_apic_set(b, 0, EOI, 0);
    apic_set_deadline(a, &b->d.env, 100); // the past: at once
    bench_run(b, 500);
    CHECK_I64(b->offered[0], 0x44);
    apic_set_deadline(a, &b->d.env, 900);
    apic_set_deadline(a, &b->d.env, 0); // disarmed
    bench_run(b, 5000);
    CHECK_U64(b->fired, 2);
    apic_set_deadline(a, &b->d.env, 9000);
    bench_apic_set(b, 0, LVT, 0x44); // leaving the mode stops it
    bench_run(b, 10000);
    CHECK_U64(b->fired, 2);
    CHECK_U64(apic_deadline(a), 0);
    bench_free(b);
}

// A divider changed on the way counts from there; a count that ran out before the change is not forgotten.
static void changed_on_the_way(void)
{
    struct bench *b = bench_new(NULL);
    REQUIRE(b);
    bench_apic_set(b, 0, DIVIDE, BY_1);
    bench_apic_set(b, 0, LVT, 0x40);
    bench_apic_set(b, 0, INITIAL, 100);
    bench_run(b, 40);
    bench_apic_set(b, 0, DIVIDE, 2); // by 8, 60 left
    CHECK_U64(bench_apic(b, 0, CURRENT), 60);
    bench_run(b, 40 + 60 * 8 - 1);
    CHECK_I64(b->offered[0], -1);
    bench_run(b, 40 + 60 * 8);
    CHECK_I64(b->offered[0], 0x40);
    devices_ack(&b->d, 0);
    bench_apic_set(b, 0, EOI, 0);

    bench_apic_set(b, 0, INITIAL, 1);
    b->now += 100; // an instruction that took long: its event has not been fired yet
    bench_apic_set(b, 0, LVT, MASKED);
    CHECK_I64(b->offered[0], 0x40);
    bench_free(b);
}

TEST_SUITE(dev_apic,
           {"offers follow the priority rule through 20,000 random requests, takes and EOIs",
            priorities},
           {"the task priority has two doors", task_priority},
           {"an IPI reaches the processors that its shorthand names", destinations},
           {"a start-up IPI starts, INIT does nothing, neither interrupts", startup},
           {"a one-shot timer fires at the cycle, for every divider", one_shot},
           {"a periodic timer keeps its beat however late its interrupts are taken", periodic},
           {"a timer that nobody hears costs no events", unheard},
           {"the TSC deadline fires at its cycle, at once if past, never if 0", deadline},
           {"changing a running timer loses nothing", changed_on_the_way});
