// A test bench for devices: memory, a clock with an event queue, and processors that only note what they are offered. Devices are
// plugged into it as into a machine, so that their rules can be checked to the cycle without any program.
#ifndef TESTS_DEV_BENCH_H
#define TESTS_DEV_BENCH_H

#include "sim/devices.h"
#include "sim/prng.h"

enum { BENCH_RAM = 1 << 20, BENCH_CPUS = 4, BENCH_FRAMES = 64 };

struct bench {
    struct devices d;
    struct event_queue queue;
    struct cpu_model model;
    sim_time_t now; // what an access sees; the queue's own time follows
    uint8_t ram[BENCH_RAM];
    int offered[BENCH_CPUS]; // what each processor is offered now, or -1
    unsigned offers;         // calls of interrupt()
    unsigned tpr[BENCH_CPUS];
    unsigned started[BENCH_CPUS]; // vector of the last start-up IPI, + 1
    bool stopped;
    uint32_t stop_status;
    uint64_t fired; // events
    struct {
        sim_time_t when;
        size_t size;
        uint8_t bytes[NIC_FRAME_MAX];
    } frame[BENCH_FRAMES]; // sent by the card
    unsigned frames;
};

// A fresh bench with the built-in model `cpu` (NULL: one where 1 cycle is 1 ns and every cost is 10), or NULL after a failed check.
struct bench *bench_new(const char *cpu);
void bench_free(struct bench *b);

// Let time pass: fire what is due up to and including `until`.
void bench_run(struct bench *b, sim_time_t until);

uint64_t bench_in(struct bench *b, uint64_t addr, unsigned size);
void bench_out(struct bench *b, uint64_t addr, unsigned size, uint64_t value);
// The registers of one processor's local APIC.
uint32_t bench_apic(struct bench *b, unsigned cpu, uint64_t offset);
void bench_apic_set(struct bench *b, unsigned cpu, uint64_t offset, uint32_t value);
uint64_t bench_port(struct bench *b, unsigned port);
void bench_port_set(struct bench *b, unsigned port, uint32_t value);
// An entry of the I/O APIC.
void bench_route(struct bench *b, unsigned pin, uint64_t entry);
uint64_t bench_route_get(struct bench *b, unsigned pin);
enum { ROUTE_LEVEL = 1 << 15, ROUTE_MASKED = 1 << 16 };

#endif
