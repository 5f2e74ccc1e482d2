// The loops by which the processor's speed is measured: T64 assembly, and the same work in C, compiled for the host. SPEED.md in the
// project's reference has the same loops on other simulators.
#ifndef BENCH_CPU_LOOPS_H
#define BENCH_CPU_LOOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpu_loop {
    const char *name;
    const char *what;
    const char *
        body; // T64: the labels `loop` (one pass; a5 counts passes down to 0) and whatever it needs; ends by jumping to `stop`
    void (*native)(
        uint64_t passes); // the same in C; NULL where there is no such thing outside a machine
    bool hard;            // traps or misses the TLB all the time
};

extern const struct cpu_loop cpu_loops[];
extern const size_t cpu_loop_count;

// What stands before every loop: paging on (identity, 4 KiB pages, ring 0 except where said), vector table, system call entry.
extern const char *const cpu_loop_prologue;

// Added to a loop's number in an order to a peer: its kernel reloads the page-table base every so many passes, as changes of processes would.
enum { LOOP_FLUSHED = 100, LOOP_FLUSH_PASSES = 16 };

// Where things are in the guest's memory.
enum {
    LOOP_RAM = 64 << 20,
    LOOP_CODE = 0x10000,
    LOOP_VECTORS = 0x20000,
    LOOP_STACK = 0x38000,
    LOOP_A = 0x400000, // first array
    LOOP_B =
        0x820000, // second array: half a first-level TLB away, so that no page evicts its partner
    LOOP_PAGES = 0x1000000, // 4096 pages
    LOOP_TABLES = 0x2800000,
};

void native_alu(uint64_t passes);
void native_sum_small(uint64_t passes);
void native_sum_large(uint64_t passes);
void native_copy_small(uint64_t passes);
void native_copy_large(uint64_t passes);
void native_page_256(uint64_t passes);
void native_page_4096(uint64_t passes);
void native_sieve(uint64_t passes);
void native_crc(uint64_t passes);
void native_sort(uint64_t passes);

#endif
