// machine.h: the public face of the machine world. A machine is processors, memory, a bus of
// devices and an event queue; it is created from a configuration, loaded with an image, and run
// until something ends it. No I/O, no clock, no globals.
#ifndef RINGSIDE_SIM_MACHINE_H
#define RINGSIDE_SIM_MACHINE_H

#include "sim/bus.h"
#include "sim/cost.h"
#include "sim/image.h"
#include "sim/types.h"

struct machine;
struct cpu;
struct cpu_state;

// What to build. machine_config_default() fills it; then change what you like.
struct machine_config {
    uint64_t ram;      // bytes; a multiple of 2 MiB, 2 MiB to 64 GiB
    unsigned cpus;     // 1 to 64
    unsigned levels;   // of the page tables, 2 to 5
    bool holes_closed; // the sensitive, silent instructions trap
    // run every instruction on the plain path (no block cache): slower, same result
    bool reference;
    // cycles that processors may drift apart; they are interleaved by (time, index) in steps of
    // this
    uint64_t quantum;
    uint64_t seed;
    const struct cpu_model *model; // costs and geometry; borrowed, must outlive the machine
};
void machine_config_default(struct machine_config *c);

// Why machine_run came back.
enum stop_reason {
    STOP_NONE,
    STOP_LIMIT,        // the time or instruction limit was reached
    STOP_POWEROFF,     // the guest wrote the stop port; status in machine_stop_info
    STOP_DEADLOCK,     // every processor waits, and nothing is pending that could wake one
    STOP_TRIPLE_FAULT, // the guest cannot go on
    STOP_BREAKPOINT,   // a debugger's condition
};
struct stop_info {
    enum stop_reason reason;
    unsigned cpu;        // whose doing it was
    uint32_t status;     // STOP_POWEROFF: the guest's value
    uint64_t pc;         // where that processor was
    unsigned vector[3];  // STOP_TRIPLE_FAULT: the three faults in order
    uint64_t fault_addr; // and the fault address register
};

// Counters of one processor; all monotonic.
struct cpu_counters {
    uint64_t cycles[16 + 8]; // by enum cycle_category
    uint64_t instructions;
    uint64_t exceptions[32]; // delivered, by vector below 32
    uint64_t interrupts;     // external, delivered
    uint64_t syscalls;
    uint64_t l1i_miss, l1d_miss, l2i_hit, l2d_hit; // TLB
    uint64_t walks_i, walks_d, walk_refs_i, walk_refs_d;
    uint64_t walk_cycles_user; // of the cycles of walks, those in ring 3
    uint64_t exits[192];       // by exit reason number
    uint64_t mmio, port_io;
};

// Create; NULL with a one-line reason in err if the configuration is impossible or memory is
// short.
struct machine *machine_create(const struct machine_config *c, char *err, size_t err_size);
void machine_destroy(struct machine *m);

// Copy the image's segments to physical memory and set processor 0's pc and a0 (boot_info). false
// with a reason if one does not fit.
bool machine_load(struct machine *m, const struct image *img, uint64_t boot_info, char *err,
                  size_t err_size);
// Raw access to RAM for loaders and viewers; false if the range is not RAM.
bool machine_read(const struct machine *m, uint64_t addr, void *to, size_t n);
bool machine_write(struct machine *m, uint64_t addr, const void *from, size_t n);

// Run until every processor's time is at or past `until` (cycles), or `max_instructions` more
// have completed in all (UINT64_MAX: no limit), or the machine stops. Deterministic.
enum stop_reason machine_run(struct machine *m, uint64_t until, uint64_t max_instructions);
// Exactly one instruction (or one event delivery) of processor `cpu`.
enum stop_reason machine_step(struct machine *m, unsigned cpu);
const struct stop_info *machine_stop_info(const struct machine *m);

unsigned machine_cpus(const struct machine *m);
// the smallest processor time, cycles
uint64_t machine_time(const struct machine *m);
uint64_t machine_cpu_time(const struct machine *m, unsigned i); // processor i's time
// brought up to date by the call
const struct cpu_counters *machine_counters(const struct machine *m, unsigned i);
// Processor i's registers as they stand (sim/cpu.h describes them): for reports and debuggers.
const struct cpu_state *machine_registers(const struct machine *m, unsigned i);
// Sum of categories == elapsed time on every processor; false and a reason otherwise. Run after
// every run.
bool machine_accounting_ok(const struct machine *m, char *err, size_t err_size);
// FNV-1a or better over registers of every processor and all of RAM; independent of host and
// build.
uint64_t machine_state_hash(const struct machine *m);

// Console: what the guest printed so far (grows; valid until the next run), and input for it.
const char *machine_console(const struct machine *m, size_t *size);
void machine_console_input(struct machine *m, const char *bytes, size_t n);
// Disk: attach an image (copied); read it back.
bool machine_disk_attach(struct machine *m, const uint8_t *bytes, size_t size, char *err,
                         size_t err_size);
const uint8_t *machine_disk(const struct machine *m, size_t *size);

// The last n completed instructions of a processor, oldest first, if tracing is on (n up to the
// size given).
struct trace_entry {
    uint64_t time, pc;
    uint32_t word;
    uint8_t ring;
    uint16_t event; // 0 an instruction; else 1 + the vector that was delivered
};
bool machine_trace(struct machine *m, size_t last); // 0 turns it off
size_t machine_trace_get(const struct machine *m, unsigned cpu, struct trace_entry *out,
                         size_t max);

#endif
