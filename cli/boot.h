// One boot of the toy OS on the bare machine, for `ringside boot`.
#ifndef CLI_BOOT_H
#define CLI_BOOT_H

#include "cli/guest.h"
#include "cli/report.h"

// As given on the command line; see the table in cmd_boot.c.
struct boot_options {
    const char *workload, *cpu, *append, *guest, *input, *export_json;
    uint64_t n, cpus, machines, ram, levels, limit, trace, seed;
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
    const char
        *role; // words for the kernel that say which part this one of two machines plays, or NULL
    bool is_server; // it answers, and prints no checksum

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

// What went over the switch: frames for one port, frames for all of them, frames lost.
struct boot_traffic {
    uint64_t forwarded, flooded, lost;
};

// The same for two machines on one switch, in one time, without traces. boot_free() both in either case.
int boot_run_pair(struct boot b[2], struct boot_traffic *traffic);
void boot_free(struct boot *b);

#endif
