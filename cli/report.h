// What happened in a run, for `exec`, `boot` and whatever else runs a machine: gathered once into plain
// data, then printed for people or turned into JSON. Nothing in it depends on the host or the clock.
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/table.h"
#include "sim/cpu.h"
#include "sim/machine.h"

#include <jansson.h>

// What only the machine's memory can tell about its end.
struct report_notes {
    uint32_t word; // the instruction at which it stopped, if `has_word`
    bool has_word;
    char pc_page[128]; // why the page tables do not map it, "" if they do
    char page[128];    // why the page tables refused the fault address, "" if they did not
    bool gates;        // the vector table holds at least one present gate
};

// A finished run. The caller fills the first part, report_gather() the second.
struct report {
    const char *program;           // what ran, as the user named it
    const char *cpu;               // name of the CPU model
    uint32_t mhz;                  // of its clock
    uint64_t seed;                 // of the run
    uint64_t ram;                  // bytes
    unsigned levels;               // of the page tables
    bool holes_closed;             // the sensitive instructions trapped
    const struct image *image;     // for symbols and source lines; NULL: addresses only
    unsigned cpus;                 // processors: size of the two arrays
    struct cpu_counters *counters; // owned
    uint64_t *time;                // cycles, owned
    struct cpu_state *state;       // registers at the end, owned
    struct stop_info stop;
    char *console; // owned, with a NUL behind its bytes
    size_t console_size;
    struct report_notes notes;
    // The last steps of the processor that stopped it, for the explanation: set by the caller after
    // gathering, borrowed; NULL if there is no trace.
    const struct trace_entry *trace;
    size_t trace_count;
};

// Copies what the machine counted, how it stopped and what it printed. Returns CLI_OK, or
// CLI_CHECK_FAILED after an error line if the machine's accounts do not add up (a bug of ours).
int report_gather(struct report *report, struct machine *machine);
void report_free(struct report *report);

// The counters of all processors added up.
struct cpu_counters report_total(const struct report *report);

// The status of a finished run: CLI_OK if the guest powered off with status 0, else CLI_CHECK_FAILED.
int report_status(const struct report *report);

// What the guest printed, as it is; a newline is added if the last one is missing. Other control
// characters than newline and tab are shown as \xNN when `out` is a terminal.
void report_print_console(FILE *out, const struct report *report);
// How it stopped, in a sentence or several: where (symbol, file and line), why, and what to do about it.
void report_print_stop(FILE *out, const struct style *style, const struct report *report);
// Instructions, cycles by category with shares and bars, TLB and walks, exceptions, interrupts,
// devices; with several processors a column each.
void report_print_counts(FILE *out, const struct style *style, const struct report *report);
// Instructions as machine_trace_get() gives them, disassembled, with symbols.
void report_print_trace(FILE *out, const struct style *style, const struct report *report,
                        const struct trace_entry *entries, size_t count);

// Every register of every processor, as the run left them.
void report_print_registers(FILE *out, const struct style *style, const struct report *report);

// "power-off", "triple-fault", "deadlock", "limit": what JSON and `; expect stop` call it.
const char *report_stop_name(enum stop_reason reason);

// The address of the instruction at which it stopped.
uint64_t report_stop_pc(const struct report *report);

// Fills report->notes from the machine's memory; part of report_gather().
void report_take_notes(struct report *report, const struct machine *m);

// "main+0x14 (hello.s:12)" for an address, "" if nothing is known of it.
enum { PLACE_SIZE = 256 };
const char *report_place(char buffer[static PLACE_SIZE], const struct image *image, uint64_t addr);

// {"stop": …, "console": …, "instructions": …, "cycles": …, "cycles_by": {…}, …, "cpus": […]}: every
// counter, for a caller that adds "schema", "seed" and its own members. New reference; every string
// in it is valid UTF-8 (console bytes that are not become U+FFFD).
json_t *report_json(const struct report *report);

// "PF" and "page fault" for vector 14; NULL where the vector is reserved. vector < 32.
const char *vector_mnemonic(unsigned vector);
const char *vector_title(unsigned vector);

#endif
