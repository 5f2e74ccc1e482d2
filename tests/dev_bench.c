// The bench's side of struct dev_env, and shorthands for register accesses.
#include "tests/dev_bench.h"

#include "cli/model.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static sim_time_t env_now(void *ctx)
{
    return ((struct bench *)ctx)->now;
}

static event_handle_t env_schedule(void *ctx, sim_time_t when, enum dev_event kind, uint32_t target)
{
    struct bench *b = ctx;
    return event_schedule(&b->queue, when < b->now ? b->now : when, EVENT_PRIORITY_NORMAL,
                          (uint32_t)kind, target, 0);
}

static void env_cancel(void *ctx, event_handle_t handle)
{
    event_cancel(&((struct bench *)ctx)->queue, handle);
}

static bool in_ram(uint64_t addr, size_t n)
{
    return addr < BENCH_RAM && n <= BENCH_RAM - addr;
}

static bool env_dma_read(void *ctx, uint64_t addr, void *to, size_t n)
{
    if (in_ram(addr, n)) {
        memcpy(to, ((struct bench *)ctx)->ram + addr, n);
    }
    return in_ram(addr, n);
}

static bool env_dma_write(void *ctx, uint64_t addr, const void *from, size_t n)
{
    if (in_ram(addr, n)) {
        memcpy(((struct bench *)ctx)->ram + addr, from, n);
    }
    return in_ram(addr, n);
}

static void env_interrupt(void *ctx, unsigned cpu, int vector)
{
    struct bench *b = ctx;
    b->offered[cpu] = vector;
    b->offers++;
}

static unsigned env_tpr(void *ctx, unsigned cpu)
{
    return ((struct bench *)ctx)->tpr[cpu];
}

static void env_set_tpr(void *ctx, unsigned cpu, unsigned tpr)
{
    ((struct bench *)ctx)->tpr[cpu] = tpr;
}

static void env_start_cpu(void *ctx, unsigned cpu, unsigned vector)
{
    ((struct bench *)ctx)->started[cpu] = vector + 1;
}

static void env_stop(void *ctx, unsigned cpu, uint32_t status)
{
    struct bench *b = ctx;
    (void)cpu;
    b->stopped = true;
    b->stop_status = status;
}

static void env_transmit(void *ctx, const uint8_t *frame, size_t size)
{
    struct bench *b = ctx;
    if (b->frames < BENCH_FRAMES) {
        b->frame[b->frames].when = b->now;
        b->frame[b->frames].size = size;
        memcpy(b->frame[b->frames].bytes, frame, size);
    }
    b->frames++;
}

static const struct dev_env_ops ops = {.now = env_now,
                                       .schedule = env_schedule,
                                       .cancel = env_cancel,
                                       .dma_read = env_dma_read,
                                       .dma_write = env_dma_write,
                                       .interrupt = env_interrupt,
                                       .tpr = env_tpr,
                                       .set_tpr = env_set_tpr,
                                       .start_cpu = env_start_cpu,
                                       .stop = env_stop,
                                       .transmit = env_transmit};

static void fire(void *owner, const struct event *e)
{
    struct bench *b = owner;
    b->now = e->time;
    b->fired++;
    devices_fire(&b->d, (enum dev_event)e->kind, e->target);
}

static const struct event_kind kinds[] = {
    {"timer", fire}, {"disk", fire}, {"nic tx", fire}, {"nic rx", fire}};

struct bench *bench_new(const char *cpu)
{
    struct bench *b = calloc(1, sizeof *b);
    if (!CHECK(b != NULL)) {
        return NULL;
    }
    if (cpu) {
        if (!CHECK(model_load(cpu, &b->model) == CLI_OK)) {
            free(b);
            return NULL;
        }
    } else {
        b->model.mhz = 1000;
        for (unsigned k = 0; k < COST_COUNT; k++) {
            b->model.cost[k].value = 10;
        }
    }
    event_queue_init(&b->queue, kinds, sizeof kinds / sizeof *kinds, b);
    for (unsigned i = 0; i < BENCH_CPUS; i++) {
        b->offered[i] = -1;
    }
    struct dev_env env = {&ops, b, &b->model};
    devices_init(&b->d, &env, BENCH_CPUS, nic_mac(0));
    return b;
}

void bench_free(struct bench *b)
{
    devices_free(&b->d);
    event_queue_free(&b->queue);
    cpu_model_free(&b->model);
    free(b);
}

void bench_run(struct bench *b, sim_time_t until)
{
    event_run_until(&b->queue, until);
    b->now = until;
}

uint64_t bench_in(struct bench *b, uint64_t addr, unsigned size)
{
    uint64_t value;
    CHECK(devices_read(&b->d, BUS_MMIO, 0, addr, size, &value));
    return value;
}

void bench_out(struct bench *b, uint64_t addr, unsigned size, uint64_t value)
{
    CHECK(devices_write(&b->d, BUS_MMIO, 0, addr, size, value));
}

uint32_t bench_apic(struct bench *b, unsigned cpu, uint64_t offset)
{
    uint64_t value;
    CHECK(devices_read(&b->d, BUS_MMIO, cpu, APIC_BASE + offset, 4, &value));
    return (uint32_t)value;
}

void bench_apic_set(struct bench *b, unsigned cpu, uint64_t offset, uint32_t value)
{
    CHECK(devices_write(&b->d, BUS_MMIO, cpu, APIC_BASE + offset, 4, value));
}

uint64_t bench_port(struct bench *b, unsigned port)
{
    uint64_t value;
    CHECK(devices_read(&b->d, BUS_PORT, 0, port, 4, &value));
    return value;
}

void bench_port_set(struct bench *b, unsigned port, uint32_t value)
{
    CHECK(devices_write(&b->d, BUS_PORT, 0, port, 4, value));
}

void bench_route(struct bench *b, unsigned pin, uint64_t entry)
{
    bench_out(b, IOAPIC_BASE, 4, 0x11 + 2 * pin);
    bench_out(b, IOAPIC_BASE + 0x10, 4, entry >> 32);
    bench_out(b, IOAPIC_BASE, 4, 0x10 + 2 * pin);
    bench_out(b, IOAPIC_BASE + 0x10, 4, entry & UINT32_MAX);
}

uint64_t bench_route_get(struct bench *b, unsigned pin)
{
    bench_out(b, IOAPIC_BASE, 4, 0x10 + 2 * pin);
    uint64_t low = bench_in(b, IOAPIC_BASE + 0x10, 4);
    bench_out(b, IOAPIC_BASE, 4, 0x11 + 2 * pin);
    return bench_in(b, IOAPIC_BASE + 0x10, 4) << 32 | low;
}
