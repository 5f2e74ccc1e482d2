// The network card's rings and the switch: frames leave and arrive in order, at their time, into the right buffers or nowhere.
#include "sim/dev_switch.h"
#include "tests/dev_bench.h"
#include "tests/test.h"

#include <string.h>

enum {
    MAC = 0x08,
    CONTROL = 0x10,
    STATUS = 0x18,
    TX = 0x20,
    RX = 0x40,
    DROPPED = 0x60,
    BASE = 0,
    SIZE = 8,
    TAIL = 16,
    HEAD = 24
};
enum { TX_RING = 0x10000, RX_RING = 0x11000, BUFFERS = 0x20000, BUFFER = 2048, RING = 16 };

static uint64_t get(struct bench *b, uint64_t reg)
{
    return bench_in(b, NIC_BASE + reg, 8);
}

static void set(struct bench *b, uint64_t reg, uint64_t value)
{
    bench_out(b, NIC_BASE + reg, 8, value);
}

static void put(struct bench *b, uint64_t addr, unsigned n, uint64_t v)
{
    for (unsigned i = 0; i < n; i++) {
        b->ram[addr + i] = (uint8_t)(v >> i * 8);
    }
}

static uint64_t word(const struct bench *b, uint64_t addr, unsigned n)
{
    uint64_t v = 0;
    while (n-- > 0) {
        v = v << 8 | b->ram[addr + n];
    }
    return v;
}

static void describe(struct bench *b, uint64_t ring, unsigned i, uint64_t address, uint32_t length)
{
    put(b, ring + i * 16, 8, address);
    put(b, ring + i * 16 + 8, 4, length);
    put(b, ring + i * 16 + 12, 4, 0);
}

static uint32_t flags(const struct bench *b, uint64_t ring, unsigned i)
{
    return (uint32_t)word(b, ring + i * 16 + 12, 4);
}

static uint32_t length(const struct bench *b, uint64_t ring, unsigned i)
{
    return (uint32_t)word(b, ring + i * 16 + 8, 4);
}

static struct bench *bench_with_rings(const char *cpu)
{
    struct bench *b = bench_new(cpu);
    if (b) {
        set(b, TX + BASE, TX_RING);
        set(b, TX + SIZE, RING);
        set(b, RX + BASE, RX_RING);
        set(b, RX + SIZE, RING);
        for (unsigned i = 0; i < RING; i++) {
            describe(b, RX_RING, i, BUFFERS + i * BUFFER, BUFFER);
        }
    }
    return b;
}

static void frame_for(uint8_t *frame, uint64_t to, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        frame[i] = (uint8_t)(i < 6 ? to >> i * 8 : i * 3);
    }
}

// ---- sending -------------------------------------------------------------------------------------

static void sends(void)
{
    struct bench *b = bench_with_rings("p4-672");
    REQUIRE(b);
    const uint64_t per_frame = cost_cycles(&b->model, COST_NIC_FRAME);
    const uint32_t sizes[] = {60, 1518, 14};
    uint64_t due = 1000;
    bench_run(b, due);
    bench_route(b, NIC_PIN, ROUTE_LEVEL | 0x46);
    set(b, CONTROL, NIC_TX_INTERRUPT);
    for (unsigned i = 0; i < 3; i++) {
        memset(b->ram + BUFFERS + i * BUFFER, 'a' + (int)i, BUFFER);
        describe(b, TX_RING, i, BUFFERS + i * BUFFER, sizes[i]);
    }
    set(b, TX + TAIL, 3);
    for (unsigned i = 0; i < 3; i++) {
        due += per_frame + cost_cycles_for(&b->model, COST_NIC_KIB, sizes[i], 1024);
        bench_run(b, due - 1);
        CHECK_U64(b->frames, i);
        CHECK_U64(get(b, TX + HEAD), i);
        CHECK_U64(flags(b, TX_RING, i), 0);
        bench_run(b, due);
        REQUIRE(CHECK_U64(b->frames, i + 1));
        CHECK_U64(b->frame[i].when, due);
        CHECK_U64(b->frame[i].size, sizes[i]);
        CHECK_MEM(b->frame[i].bytes, b->ram + BUFFERS + i * BUFFER, sizes[i]);
        CHECK_U64(flags(b, TX_RING, i), NIC_DESC_DONE);
    }
    CHECK_I64(b->offered[0], 0x46);
    set(b, STATUS, NIC_SENT);
    CHECK_U64(get(b, STATUS), NIC_PLUGGED);
    bench_free(b);
}

static void refuses_to_send(void)
{
    static const struct {
        uint64_t address;
        uint32_t length;
    } bad[] = {{BUFFERS, 13},
               {BUFFERS, 1519},
               {BUFFERS, UINT32_MAX},
               {BENCH_RAM - 59, 60},
               {UINT64_MAX - 3, 60}};
    struct bench *b = bench_with_rings(NULL);
    REQUIRE(b);
    for (unsigned i = 0; i < 5; i++) {
        describe(b, TX_RING, i, bad[i].address, bad[i].length);
    }
    describe(b, TX_RING, 5, BENCH_RAM - 60, 60); // the last bytes of RAM are good
    set(b, TX + TAIL, 6);
    bench_run(b, 1000000);
    for (unsigned i = 0; i < 6; i++) {
        CHECK_U64(flags(b, TX_RING, i), i < 5 ? NIC_DESC_DONE | NIC_DESC_ERROR : NIC_DESC_DONE);
    }
    CHECK_U64(b->frames, 1);
    set(b, TX + BASE, BENCH_RAM - 16 * 6); // the head's descriptor is behind the end of RAM
    set(b, TX + TAIL, 8);
    bench_run(b, 2000000);
    CHECK_U64(get(b, STATUS) & NIC_RING_ERROR, NIC_RING_ERROR);
    CHECK_U64(get(b, TX + HEAD), 8);
    set(b, TX + SIZE, 24); // no power of two: off
    CHECK_U64(get(b, TX + SIZE), 0);
    set(b, TX + TAIL, 3);
    CHECK_U64(get(b, TX + TAIL), 0);
    bench_free(b);
}

// Around a small ring many times, with the tail moved in steps of every size.
static void goes_round(void)
{
    struct bench *b = bench_with_rings(NULL);
    REQUIRE(b);
    struct prng prng;
    prng_seed(&prng, 11);
    unsigned tail = 0, given = 0;
    while (given < 40) {
        for (unsigned n = 1 + (unsigned)prng_below(&prng, RING - 1); n > 0 && given < 40; n--) {
            b->ram[BUFFERS + tail * BUFFER] = (uint8_t)given++;
            describe(b, TX_RING, tail, BUFFERS + tail * BUFFER, 64);
            tail = (tail + 1) % RING;
        }
        set(b, TX + TAIL, tail);
        bench_run(b, b->now + 100000);
    }
    CHECK_U64(b->frames, 40);
    for (unsigned i = 0; i < 40; i++) {
        CHECK_U64(b->frame[i].bytes[0], i);
    }
    bench_free(b);
}

// ---- receiving -----------------------------------------------------------------------------------

static void receives(void)
{
    struct bench *b = bench_with_rings(NULL);
    REQUIRE(b);
    uint8_t frame[NIC_FRAME_MAX];
    const uint64_t mine = get(b, MAC);
    CHECK_U64(mine, UINT64_C(0x010034365402));
    bench_route(b, NIC_PIN, ROUTE_LEVEL | 0x46);
    set(b, CONTROL, NIC_RX_ON | NIC_RX_INTERRUPT);
    set(b, RX + TAIL, 4);
    const struct {
        uint64_t to;
        bool ours;
    } cases[] = {{mine, true},
                 {mine + 4, false},
                 {UINT64_C(0xffffffffffff), true},
                 {0x01, true},
                 {0x02, false}};
    unsigned got = 0;
    for (unsigned i = 0; i < 5; i++) {
        unsigned size = 60 + i * 100;
        frame_for(frame, cases[i].to, size);
        devices_deliver_frame(&b->d, b->now + 50, frame, size);
        bench_run(b, b->now + 49);
        CHECK_U64(get(b, RX + HEAD), got);
        bench_run(b, b->now + 1);
        if (cases[i].ours) {
            CHECK_MEM(b->ram + BUFFERS + got * BUFFER, frame, size);
            CHECK_U64(length(b, RX_RING, got), size);
            CHECK_U64(flags(b, RX_RING, got), NIC_DESC_DONE);
            CHECK_I64(b->offered[0], 0x46);
            got++;
        }
        CHECK_U64(get(b, RX + HEAD), got);
    }
    set(b, CONTROL, NIC_RX_ON | NIC_PROMISCUOUS);
    frame_for(frame, 0x02, 60);
    devices_deliver_frame(&b->d, b->now, frame, 60);
    bench_run(b, b->now + 1);
    CHECK_U64(get(b, RX + HEAD), got + 1);
    CHECK_U64(get(b, DROPPED), 0);
    bench_free(b);
}

static void drops(void)
{
    struct bench *b = bench_with_rings(NULL);
    REQUIRE(b);
    uint8_t frame[NIC_FRAME_MAX];
    frame_for(frame, get(b, MAC), 200);
    unsigned dropped = 0;
#define ARRIVE()                                          \
    do {                                                  \
        devices_deliver_frame(&b->d, b->now, frame, 200); \
        bench_run(b, b->now + 10);                        \
        CHECK_U64(get(b, DROPPED), dropped);              \
    } while (0)
    dropped++;
    ARRIVE(); // the receiver is off
    set(b, CONTROL, NIC_RX_ON);
    dropped++;
    ARRIVE(); // no buffers
    describe(b, RX_RING, 0, BUFFERS, 199);
    describe(b, RX_RING, 1, BENCH_RAM - 199, 200);
    set(b, RX + TAIL, 3);
    dropped++;
    ARRIVE(); // too short
    CHECK_U64(flags(b, RX_RING, 0), NIC_DESC_DONE | NIC_DESC_ERROR);
    dropped++;
    ARRIVE(); // over the end of RAM
    CHECK_U64(flags(b, RX_RING, 1), NIC_DESC_DONE | NIC_DESC_ERROR);
    ARRIVE(); // good
    CHECK_U64(flags(b, RX_RING, 2), NIC_DESC_DONE);
    CHECK_U64(get(b, STATUS) & NIC_RING_ERROR, 0);
    set(b, RX + BASE, BENCH_RAM);
    set(b, RX + TAIL, 5);
    dropped++;
    ARRIVE(); // the ring is nowhere
    CHECK_U64(get(b, STATUS) & NIC_RING_ERROR, NIC_RING_ERROR);
    for (unsigned i = 0; i < NIC_FLIGHT_MAX + 3; i++) { // more in flight than the wire holds
        devices_deliver_frame(&b->d, b->now + 5, frame, 200);
    }
    CHECK_U64(get(b, DROPPED), dropped + 3);
#undef ARRIVE
    bench_free(b);
}

// Frames handed over in any order arrive by time, and in the order of handing over at one time.
static void arrives_in_order(void)
{
    struct bench *b = bench_with_rings(NULL);
    REQUIRE(b);
    uint8_t frame[60];
    set(b, CONTROL, NIC_RX_ON);
    set(b, RX + TAIL, RING - 1);
    const unsigned when[] = {30, 10, 20, 10, 30, 5}, order[] = {5, 1, 3, 2, 0, 4};
    frame_for(frame, get(b, MAC), sizeof frame);
    for (unsigned i = 0; i < 6; i++) {
        frame[20] = (uint8_t)i;
        devices_deliver_frame(&b->d, when[i], frame, sizeof frame);
    }
    for (unsigned i = 0; i < 6; i++) {
        bench_run(b, when[order[i]]);
        CHECK_U64(b->ram[BUFFERS + i * BUFFER + 20], order[i]);
    }
    CHECK_U64(get(b, RX + HEAD), 6);
    bench_free(b);
}

// ---- switch --------------------------------------------------------------------------------------

static uint64_t forward(struct net_switch *s, unsigned port, uint64_t from, uint64_t to)
{
    uint8_t frame[14] = {0};
    for (unsigned i = 0; i < 6; i++) {
        frame[i] = (uint8_t)(to >> i * 8);
        frame[6 + i] = (uint8_t)(from >> i * 8);
    }
    return switch_forward(s, port, frame);
}

static void switch_learns(void)
{
    struct net_switch s;
    switch_init(&s, 4);
    const uint64_t a = nic_mac(0), b = nic_mac(1), all = UINT64_C(0xffffffffffff);
    CHECK_U64(forward(&s, 0, a, b), 0xe); // unknown: flooded
    CHECK_U64(forward(&s, 2, b, a), 0x1); // a was seen at port 0
    CHECK_U64(forward(&s, 0, a, b), 0x4);
    CHECK_U64(forward(&s, 3, b, a), 0x1); // b has moved to port 3
    CHECK_U64(forward(&s, 0, a, b), 0x8);
    CHECK_U64(forward(&s, 0, a, a), 0);     // never back where it came from
    CHECK_U64(forward(&s, 1, all, a), 0x1); // a group address is not learned
    CHECK_U64(forward(&s, 0, a, all), 0xe);
    CHECK_U64(forward(&s, 1, nic_mac(2), b ^ 1u << 9),
              0xd); // same slot of the table, another address
    switch_init(&s, 64);
    CHECK_U64(forward(&s, 63, a, all), UINT64_MAX >> 1);
}

TEST_SUITE(dev_nic, {"frames leave one after the other at the wire's speed", sends},
           {"bad descriptors are marked and send nothing", refuses_to_send},
           {"a ring goes round", goes_round},
           {"a frame for us arrives in the next buffer at its time", receives},
           {"frames without a good buffer are dropped and counted", drops},
           {"frames arrive by time, then as handed over", arrives_in_order},
           {"the switch learns, floods, and never sends back", switch_learns});
