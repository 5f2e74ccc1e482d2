// The disk as a driver relies on it: data goes round through DMA, time is what the model says, every bad command gets its error, and no
// buffer at the edge of RAM is written past.
#include "tests/dev_bench.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

enum { SECTORS = 256 };
enum {
    ID = 0x00,
    CAPACITY = 0x08,
    SECTOR = 0x10,
    COUNT = 0x18,
    ADDRESS = 0x20,
    COMMAND = 0x28,
    STATUS = 0x30,
    CONTROL = 0x38
};

static uint64_t get(struct bench *b, uint64_t reg)
{
    return bench_in(b, DISK_BASE + reg, 8);
}

static void set(struct bench *b, uint64_t reg, uint64_t value)
{
    bench_out(b, DISK_BASE + reg, 8, value);
}

static void command(struct bench *b, unsigned what, uint64_t sector, uint64_t count,
                    uint64_t address)
{
    set(b, SECTOR, sector);
    set(b, COUNT, count);
    set(b, ADDRESS, address);
    set(b, COMMAND, what);
}

static struct bench *bench_with_disk(const char *cpu)
{
    static uint8_t medium[SECTORS * DISK_SECTOR];
    for (size_t i = 0; i < sizeof medium; i++) {
        medium[i] = (uint8_t)(i ^ i >> 8);
    }
    struct bench *b = bench_new(cpu);
    if (b && !CHECK(devices_attach_disk(&b->d, medium, sizeof medium))) {
        bench_free(b);
        return NULL;
    }
    return b;
}

static void wait_done(struct bench *b)
{
    bench_run(b, b->now + UINT64_C(1000000000));
}

// Random reads and writes against a plain copy of medium and memory.
static void round_trip(void)
{
    struct bench *b = bench_with_disk(NULL);
    REQUIRE(b);
    uint8_t *medium = malloc(SECTORS * DISK_SECTOR), *ram = calloc(1, BENCH_RAM);
    REQUIRE(medium && ram);
    struct prng prng;
    prng_seed(&prng, 3);
    memcpy(medium, b->d.disk.bytes, SECTORS * DISK_SECTOR);
    for (unsigned i = 0; i < 500; i++) {
        uint64_t count = 1 + prng_below(&prng, 20), sector = prng_below(&prng, SECTORS - count + 1);
        uint64_t address = prng_below(&prng, BENCH_RAM - count * DISK_SECTOR + 1);
        unsigned what = prng_below(&prng, 2) ? DISK_READ : DISK_WRITE;
        uint64_t scribble = prng_below(&prng, BENCH_RAM);
        b->ram[scribble] = ram[scribble] = (uint8_t)i;
        command(b, what, sector, count, address);
        CHECK_U64(get(b, STATUS), DISK_BUSY);
        wait_done(b);
        CHECK_U64(get(b, STATUS), DISK_DONE);
        if (what == DISK_READ) {
            memcpy(ram + address, medium + sector * DISK_SECTOR, count * DISK_SECTOR);
        } else {
            memcpy(medium + sector * DISK_SECTOR, ram + address, count * DISK_SECTOR);
        }
        if (memcmp(ram, b->ram, BENCH_RAM) != 0) {
            FAIL("memory differs after operation %u", i);
            break;
        }
    }
    CHECK_MEM(b->d.disk.bytes, medium, SECTORS * DISK_SECTOR);
    CHECK_U64(b->d.disk.reads + b->d.disk.writes, 500);
    free(ram);
    free(medium);
    bench_free(b);
}

static void takes_its_time(void)
{
    struct bench *b = bench_with_disk("xeon");
    REQUIRE(b);
    const uint64_t seek = cost_cycles(&b->model, COST_DISK_SEEK);
    const uint64_t eight_kib = cost_cycles_for(&b->model, COST_DISK_KIB, 8192, 1024);
    CHECK_U64(seek, UINT64_C(80000) * 2500 / 1000);
    CHECK_U64(eight_kib, UINT64_C(342) * 8 * 2500 / 1000);
    bench_run(b, 1000);
    command(b, DISK_READ, 64, 16, 0);
    bench_run(b, 1000 + seek + eight_kib - 1);
    CHECK_U64(get(b, STATUS), DISK_BUSY);
    CHECK_U64(b->ram[0], 0); // nothing has moved yet
    bench_run(b, 1000 + seek + eight_kib);
    CHECK_U64(get(b, STATUS), DISK_DONE);
    CHECK_U64(b->ram[0], 64 * DISK_SECTOR >> 8 & 0xff);
    const uint64_t then = b->now;
    command(b, DISK_READ, 80, 16, 0); // goes on where it stands
    bench_run(b, then + eight_kib - 1);
    CHECK_U64(get(b, STATUS), DISK_BUSY);
    bench_run(b, then + eight_kib);
    CHECK_U64(get(b, STATUS), DISK_DONE);
    CHECK_U64(b->d.disk.seeks, 1);
    bench_free(b);
}

static void interrupts(void)
{
    struct bench *b = bench_with_disk(NULL);
    REQUIRE(b);
    bench_route(b, DISK_PIN, ROUTE_LEVEL | 0x45);
    command(b, DISK_READ, 0, 1, 0);
    wait_done(b);
    CHECK_I64(b->offered[0], -1); // not asked for
    set(b, CONTROL, 1);
    CHECK_I64(b->offered[0], 0x45);
    devices_ack(&b->d, 0);
    set(b, STATUS, DISK_DONE);
    CHECK_U64(get(b, STATUS), 0);
    bench_apic_set(b, 0, 0xb0, 0);
    CHECK_I64(b->offered[0], -1);
    command(b, DISK_FLUSH, 0, 0, 0);
    CHECK_U64(get(b, STATUS), DISK_BUSY);
    CHECK_I64(b->offered[0], -1);
    wait_done(b);
    CHECK_I64(b->offered[0], 0x45);
    bench_free(b);
}

static void errors(void)
{
    static const struct {
        uint64_t what, sector, count, address;
        enum disk_error error;
    } cases[] = {
        {0, 0, 1, 0, DISK_BAD_COMMAND},
        {4, 0, 1, 0, DISK_BAD_COMMAND},
        {DISK_READ, SECTORS, 1, 0, DISK_BAD_SECTOR},
        {DISK_READ, SECTORS - 1, 2, 0, DISK_BAD_SECTOR},
        {DISK_READ, UINT64_MAX, 2, 0, DISK_BAD_SECTOR},
        {DISK_WRITE, UINT64_MAX - 1, 2, 0, DISK_BAD_SECTOR},
        {DISK_READ, 0, 0, 0, DISK_BAD_COUNT},
        {DISK_READ, 0, DISK_COUNT_MAX + 1, 0, DISK_BAD_COUNT},
        {DISK_READ, 0, UINT64_MAX, 0, DISK_BAD_COUNT},
        {DISK_READ, 0, 2, BENCH_RAM - 1023, DISK_BAD_ADDRESS},
        {DISK_WRITE, 0, 1, BENCH_RAM, DISK_BAD_ADDRESS},
        {DISK_READ, 0, 1, UINT64_MAX - 511, DISK_BAD_ADDRESS},
        {DISK_READ, 0, 1, UINT64_MAX, DISK_BAD_ADDRESS},
        {DISK_READ, 0, 2, BENCH_RAM - 1024, DISK_OK}, // the last bytes of RAM
        {DISK_READ, SECTORS - 1, 1, 0, DISK_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *b = bench_with_disk(NULL);
        REQUIRE(b);
        command(b, (unsigned)cases[i].what, cases[i].sector, cases[i].count, cases[i].address);
        wait_done(b);
        uint64_t want = cases[i].error == DISK_OK
                            ? DISK_DONE
                            : DISK_DONE | DISK_ERROR | (uint64_t)cases[i].error << 8;
        CHECK_U64(get(b, STATUS), want);
        set(b, STATUS, DISK_DONE);
        CHECK_U64(get(b, STATUS), 0);
        bench_free(b);
    }
}

static void no_disk(void)
{
    struct bench *b = bench_new(NULL);
    REQUIRE(b);
    CHECK_U64(get(b, ID), DISK_ID);
    CHECK_U64(get(b, CAPACITY), 0);
    command(b, DISK_READ, 0, 1, 0);
    CHECK_U64(get(b, STATUS), DISK_DONE | DISK_ERROR | DISK_BAD_SECTOR << 8);
    command(b, DISK_FLUSH, 0, 1, 0);
    CHECK_U64(get(b, STATUS), DISK_DONE | DISK_ERROR | DISK_BAD_SECTOR << 8);
    bench_free(b);
}

// While a command runs, registers may be written and another command given: neither disturbs it. Taking the medium out does.
static void while_busy(void)
{
    struct bench *b = bench_with_disk(NULL);
    REQUIRE(b);
    command(b, DISK_READ, 1, 1, 0x1000);
    command(b, DISK_WRITE, 9, 9, 0x9000);
    set(b, STATUS, DISK_DONE);
    CHECK_U64(get(b, STATUS), DISK_BUSY);
    CHECK_U64(get(b, COMMAND), DISK_READ);
    wait_done(b);
    CHECK_MEM(b->ram + 0x1000, b->d.disk.bytes + DISK_SECTOR, DISK_SECTOR);
    CHECK_U64(b->d.disk.writes, 0);
    command(b, DISK_READ, 1, 1, 0x1000);
    CHECK(devices_attach_disk(&b->d, NULL, 0));
    wait_done(b);
    CHECK_U64(get(b, STATUS), 0);
    CHECK_U64(get(b, CAPACITY), 0);
    bench_free(b);
}

static void halves(void)
{
    struct bench *b = bench_with_disk(NULL);
    REQUIRE(b);
    CHECK_U64(bench_in(b, DISK_BASE, 4), DISK_ID & UINT32_MAX);
    CHECK_U64(bench_in(b, DISK_BASE + 4, 4), DISK_ID >> 32);
    bench_out(b, DISK_BASE + ADDRESS + 4, 4, 0x12);
    bench_out(b, DISK_BASE + ADDRESS, 4, 0x34);
    CHECK_U64(get(b, ADDRESS), UINT64_C(0x1200000034));
    bench_out(b, DISK_BASE + COMMAND + 4, 4, DISK_READ); // the high half gives no command
    CHECK_U64(get(b, STATUS), 0);
    CHECK_U64(bench_in(b, DISK_BASE + 0x40, 8), UINT64_MAX);
    CHECK_U64(bench_in(b, DISK_BASE + 2, 4), UINT32_MAX);
    bench_free(b);
}

TEST_SUITE(dev_disk, {"500 random transfers equal a plain copy", round_trip},
           {"a transfer takes seek and bytes to the cycle; going on needs no seek", takes_its_time},
           {"the line is high from done to its acknowledgement", interrupts},
           {"every bad command gets its error and moves nothing", errors},
           {"without a disk every command fails", no_disk},
           {"a running command is not disturbed", while_busy},
           {"registers may be accessed by halves", halves});
