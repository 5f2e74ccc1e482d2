// One boot of the toy OS on the bare machine, for `ringside boot`.
#ifndef CLI_BOOT_H
#define CLI_BOOT_H

#include "cli/guest.h"
#include "cli/report.h"

// As given on the command line; see the table in cmd_boot.c.
struct boot_options {
    const char *workload, *cpu, *append, *guest, *input, *export_json;
    uint64_t n, cpus, ram, levels, limit, trace, seed;
    bool holes_closed, quiet;
};

// One boot of one workload. The caller fills the first part.
struct boot {
    const struct boot_options *o;
    const struct cpu_model *model;
    const struct toyos *os;
    const struct toyos_workload *workload;
    uint64_t n;  // its length
    char *input; // typed at the console, or NULL
    size_t input_size;

    struct machine *machine;
    struct image symbols; // the kernel's and the workload's
    struct report report;
    struct trace_entry *trace; // the last steps, if they were asked for or explain something
    size_t trace_count;
    bool checked; // whether it must print a checksum, and we know which
    bool has_checksum;
    uint64_t checksum, expected;
};

// Boots and runs to the end or the limit; fills the rest. Returns CLI_OK, or another status after an error
// line. boot_free() in either case.
int boot_run(struct boot *b);
void boot_free(struct boot *b);

#endif
