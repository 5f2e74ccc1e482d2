// I/O APIC, console, latch, stop port; and the property that holds for all devices: whatever a guest writes wherever, nothing breaks, and
// the same writes give the same end.
#include "tests/dev_bench.h"
#include "tests/test.h"

#include <string.h>

enum { EOI = 0xb0 };

// ---- I/O APIC ------------------------------------------------------------------------------------

static void edge_pins(void)
{
    struct bench *b = bench_new(NULL);
    REQUIRE(b);
    CHECK_U64(bench_route_get(b, 9), ROUTE_MASKED); // as after reset
    devices_line(&b->d, 9, true);                   // a rise while masked is lost
    bench_route(b, 9, UINT64_C(2) << 56 | 0x51);
    CHECK_I64(b->offered[2], -1);
    devices_line(&b->d, 9, false);
    devices_line(&b->d, 9, true);
    CHECK_I64(b->offered[2], 0x51);
    CHECK_I64(b->offered[0], -1);
    CHECK_U64(devices_ack(&b->d, 2), 0x51);
    devices_line(&b->d, 9, true); // still high: no new rise
    bench_apic_set(b, 2, EOI, 0);
    CHECK_I64(b->offered[2], -1);
    bench_free(b);
}

static void level_pins(void)
{
    struct bench *b = bench_new(NULL);
    REQUIRE(b);
    const uint64_t entry = UINT64_C(1) << 56 | ROUTE_LEVEL | 0x51, remote_irr = 1 << 14;
    devices_line(&b->d, 9, true);
    bench_route(b, 9, entry); // unmasking finds the line high
    CHECK_I64(b->offered[1], 0x51);
    CHECK_U64(bench_route_get(b, 9), entry | remote_irr);
    devices_ack(&b->d, 1);
    bench_apic_set(b, 1, EOI, 0); // still high: again
    CHECK_I64(b->offered[1], 0x51);
    devices_ack(&b->d, 1);
    devices_line(&b->d, 9, false);
    bench_apic_set(b, 1, EOI, 0);
    CHECK_I64(b->offered[1], -1);
    CHECK_U64(bench_route_get(b, 9), entry);
    devices_line(&b->d, 9, true);
    CHECK_I64(b->offered[1], 0x51);
    bench_free(b);
}

static void broadcast_and_nobody(void)
{
    struct bench *b = bench_new(NULL);
    REQUIRE(b);
    bench_route(b, 3, UINT64_C(0xff) << 56 | 0x60);
    bench_route(b, 2, (uint64_t)BENCH_CPUS << 56 | 0x70);
    devices_line(&b->d, 3, true);
    devices_line(&b->d, 2, true);
    for (unsigned c = 0; c < BENCH_CPUS; c++) {
        CHECK_I64(b->offered[c], 0x60);
    }
    bench_free(b);
}

// ---- console -------------------------------------------------------------------------------------

static void console_output(void)
{
    struct bench *b = bench_new(NULL);
    REQUIRE(b);
    const char *text = "Hello, ring 3\n";
    for (const char *c = text; *c; c++) {
        CHECK_U64(bench_port(b, 0x3fd) & 0x60, 0x60);
        bench_port_set(b, 0x3f8, 0x1200u | (uint8_t)*c); // only the low byte counts
    }
    CHECK_U64(b->d.console.output_size, strlen(text));
    CHECK_MEM(b->d.console.output, text, strlen(text));
    bench_free(b);
}

static void console_input(void)
{
    struct bench *b = bench_new(NULL);
    REQUIRE(b);
    bench_route(b, 4, ROUTE_LEVEL | 0x44);
    devices_type(&b->d, "ab", 2);
    CHECK_I64(b->offered[0], -1); // interrupts are off
    CHECK_U64(bench_port(b, 0x3fd) & 1, 1);
    bench_port_set(b, 0x3f9, 1);
    CHECK_I64(b->offered[0], 0x44);
    CHECK_U64(bench_port(b, 0x3fa), 0xc4);
    devices_ack(&b->d, 0);
    CHECK_U64(bench_port(b, 0x3f8), 'a');
    bench_apic_set(b, 0, EOI, 0);
    CHECK_I64(b->offered[0], 0x44); // 'b' is still there
    devices_ack(&b->d, 0);
    CHECK_U64(bench_port(b, 0x3f8), 'b');
    bench_apic_set(b, 0, EOI, 0);
    CHECK_I64(b->offered[0], -1);
    CHECK_U64(bench_port(b, 0x3fd) & 1, 0);
    CHECK_U64(bench_port(b, 0x3fa), 0xc1);
    CHECK_U64(bench_port(b, 0x3f8), 0);
    bench_free(b);
}

static void console_bounds(void)
{
    struct bench *b = bench_new(NULL);
    REQUIRE(b);
    struct console *c = &b->d.console;
    for (unsigned i = 0; i < CONSOLE_OUTPUT_MAX + 5; i++) {
        console_write(c, 0, 'x');
    }
    CHECK_U64(c->output_size, CONSOLE_OUTPUT_MAX);
    CHECK_U64(c->output_dropped, 5);
    for (unsigned i = 0; i < CONSOLE_INPUT_MAX / 4 + 1; i++) {
        console_type(c, "0123", 4);
    }
    CHECK_U64(c->input_dropped, 4);
    for (unsigned i = 0; i < CONSOLE_INPUT_MAX; i++) {
        if (!CHECK_U64(console_read(c, 0), '0' + i % 4)) {
            break;
        }
    }
    CHECK_U64(console_read(c, 5), 0x60);
    bench_free(b);
}

static void latch_and_stop(void)
{
    struct bench *b = bench_new(NULL);
    REQUIRE(b);
    uint64_t value;
    CHECK_U64(bench_port(b, 0x80), 0);
    bench_port_set(b, 0x80, 0xdeadbeef);
    CHECK_U64(bench_port(b, 0x80), 0xdeadbeef);
    CHECK_U64(bench_port(b, 0xf4), UINT32_MAX);
    CHECK(!b->stopped);
    bench_port_set(b, 0xf4, 42);
    CHECK(b->stopped);
    CHECK_U64(b->stop_status, 42);
    CHECK(!devices_read(&b->d, BUS_PORT, 0, 0x81, 4, &value));
    CHECK_U64(value, UINT32_MAX);
    CHECK(!devices_write(&b->d, BUS_MMIO, 0, 0xfec01000, 4, 0));
    bench_free(b);
}

// ---- storms --------------------------------------------------------------------------------------

static const uint64_t bases[] = {APIC_BASE, IOAPIC_BASE, DISK_BASE, NIC_BASE};

// A value that is likely to mean something somewhere.
static uint64_t odd_value(struct prng *prng)
{
    switch (prng_below(prng, 6)) {
    case 0: return prng_next(prng);
    case 1: return prng_below(prng, 16);
    case 2: return BENCH_RAM - prng_below(prng, 4096);
    case 3: return UINT64_C(1) << prng_below(prng, 64);
    case 4: return UINT64_MAX - prng_below(prng, 32);
    default: return prng_below(prng, BENCH_RAM);
    }
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(0x100000001b3);
}

// One thing a hostile guest does, chosen by the generator. Returns what it saw.
static uint64_t poke(struct bench *b, struct prng *prng)
{
    uint64_t value = 0, what = prng_below(prng, 16);
    unsigned cpu = (unsigned)prng_below(prng, BENCH_CPUS), size = prng_below(prng, 2) ? 4 : 8;
    uint64_t mmio =
        bases[prng_below(prng, 4)] + prng_below(prng, 0x80) * 8 + prng_below(prng, 2) * 4;
    unsigned port = (unsigned)(prng_below(prng, 4) ? 0x3f8 + prng_below(prng, 8) : 0x80);
    uint64_t input = odd_value(prng);
    if (what < 7) {
        devices_write(&b->d, BUS_MMIO, cpu, mmio, size, input);
    } else if (what < 10) {
        devices_read(&b->d, BUS_MMIO, cpu, mmio, size, &value);
    } else if (what == 10) {
        devices_write(&b->d, BUS_PORT, cpu, port, 4, input);
    } else if (what == 11) {
        devices_read(&b->d, BUS_PORT, cpu, port, 4, &value);
    } else if (what == 12 && b->offered[cpu] >= 0) {
        value = devices_ack(&b->d, cpu);
    } else if (what == 13) {
        uint8_t frame[NIC_FRAME_MAX] = {(uint8_t)input, 1, 2};
        size_t n = NIC_FRAME_MIN + prng_below(prng, NIC_FRAME_MAX - NIC_FRAME_MIN + 1);
        devices_deliver_frame(&b->d, b->now + prng_below(prng, 1000), frame, n);
    } else if (what == 14) {
        devices_type(&b->d, (const char *)&input, 8);
    } else {
        bench_run(b, b->now + prng_below(prng, 3000));
    }
    return value;
}

// Everything the storm left behind, as one number.
static uint64_t storm(uint64_t seed, unsigned steps)
{
    struct bench *b = bench_new(NULL);
    if (!b) {
        return 0;
    }
    struct prng prng;
    prng_seed(&prng, seed);
    static uint8_t medium[64 * DISK_SECTOR];
    for (size_t i = 0; i < sizeof medium; i++) {
        medium[i] = (uint8_t)(i * 7);
    }
    CHECK(devices_attach_disk(&b->d, medium, sizeof medium));
    // Some order in the chaos, so that commands and rings work at times.
    bench_out(b, NIC_BASE + 0x48, 8, 16);
    bench_out(b, NIC_BASE + 0x28, 8, 16);
    bench_out(b, NIC_BASE + 0x10, 8, 15);
    uint64_t hash = 0;
    for (unsigned i = 0; i < steps; i++) {
        hash = mix(hash, poke(b, &prng));
    }
    for (size_t i = 0; i < BENCH_RAM; i++) {
        hash = mix(hash, b->ram[i]);
    }
    hash = mix(mix(mix(hash, b->fired), b->d.disk.reads), b->d.nic.sent);
    bench_free(b);
    return hash;
}

static void storms(void)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        uint64_t first = storm(seed, 5000);
        if (!CHECK_U64(storm(seed, 5000), first)) {
            break;
        }
    }
}

TEST_SUITE(dev_io, {"an edge pin asks once a rise, and only its processor", edge_pins},
           {"a level pin asks again until its line is low", level_pins},
           {"a broadcast reaches all; a processor that is not there none", broadcast_and_nobody},
           {"the console keeps what is written", console_output},
           {"console input interrupts until it is read", console_input},
           {"console buffers are bounded, and count what they drop", console_bounds},
           {"latch, stop port, and places with no device", latch_and_stop},
           {"random register storms break nothing and repeat exactly", storms});
