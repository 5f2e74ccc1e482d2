// Workloads under many architectures, for `ringside compare`: what is to be run, what came of it, and the
// parts of the command that plan, run and report.
#ifndef CLI_COMPARE_H
#define CLI_COMPARE_H

#include "cli/guest.h"
#include "cli/table.h"
#include "models/run.h"

// As given on the command line; see the table in cmd_compare.c.
struct compare_options {
    struct option_list arch, cpu, set, scan, list;
    uint64_t n, cpus, ram, levels, seed, step;
    const char *append, *guest, *export_json, *export_csv, *export_markdown;
    bool holes_closed, unit_costs, exits, quiet, summary, steady;
};

enum compare_outcome {
    COMPARE_WAITING,
    COMPARE_DONE,    // ran, and agrees with the bare machine
    COMPARE_WRONG,   // ran, and does not: `why` says in what
    COMPARE_INVALID, // impossible here: `why` gives the rule
    COMPARE_REFUSED, // could not be set up: `why` gives the reason
};

// A machine on which every architecture is run: one value of everything that is not the architecture's.
struct compare_group {
    const struct toyos_workload *workload;
    const struct cpu_model *model;
    uint64_t n, cpus, ram, levels, seed;
    char title[160];     // what scans set it to, "" if there are none
    size_t first, count; // its runs; the first is on the bare machine
};

enum { COMPARE_NAME_SIZE = 160, COMPARE_WHY_SIZE = 320, COMPARE_WORKLOADS_MAX = 64 };
struct compare_run {
    size_t group;
    struct arch_config arch;
    char name[COMPARE_NAME_SIZE]; // for people: a product's name stays as it was typed
    enum compare_outcome outcome;
    char why[COMPARE_WHY_SIZE];
    // Trap-and-emulate went wrong with the ISA's holes open (`open_why`: how), and what stands here was
    // measured with the holes closed.
    bool closed;
    char open_why[COMPARE_WHY_SIZE];
    struct run_result result; // COMPARE_DONE, COMPARE_WRONG
};

struct compare {
    const struct compare_options *o;
    const struct toyos_workload *workloads[COMPARE_WORKLOADS_MAX]; // in the order given
    size_t workload_count;
    struct toyos os, os_paravirt; // built if `has_`
    bool has_os, has_os_paravirt;
    struct cpu_model *models; // owned
    size_t model_count;
    struct compare_group *groups;
    size_t group_count;
    struct compare_run *runs;
    size_t run_count;
};

// Plans the runs: machines from --cpu and scans, architectures from --arch or all that there are, options
// from --set and scans. Returns CLI_OK, or another status after an error line. compare_free in either case.
int compare_plan(struct compare *c);
// Splits "a,b" lists of --arch where a new architecture begins: "kvm,vpid=0,native" is two. Returns a string
// to be freed with items ended by '\n'; NULL without memory.
char *compare_split_archs(const char *text);
// Runs all of it on `threads` threads; the outcome does not depend on how many. CLI_OK or another status.
int compare_execute(struct compare *c, unsigned threads);
void compare_free(struct compare *c);

// The length that a group's runs have in the end: with --steady the longer of the two.
static inline uint64_t compare_length(const struct compare *c, const struct compare_group *g)
{
    return c->o->steady ? 2 * g->n : g->n;
}
// The run on the bare machine that this run is measured against.
static inline const struct compare_run *compare_native(const struct compare *c,
                                                       const struct compare_run *run)
{
    return &c->runs[c->groups[run->group].first];
}
static inline bool compare_measured(const struct compare_run *run)
{
    return run->outcome == COMPARE_DONE || run->outcome == COMPARE_WRONG;
}

// Prints everything about one group; and the verdict over all.
void compare_print_group(const struct compare *c, const struct style *style,
                         const struct compare_group *group);
// The slowdowns of all groups in one table, with what the columns are.
void compare_print_summary(const struct compare *c, const struct style *style);
void compare_print_verdict(const struct compare *c, const struct style *style);
// CLI_CHECK_FAILED if a run went wrong that had no excuse.
int compare_status(const struct compare *c);
// "12.345" for cycles/base, rounded half up.
const char *compare_ratio(char buffer[static FORMAT_SIZE], uint64_t cycles, uint64_t base);

// Writes the files that were asked for. CLI_OK or another status after an error line.
int compare_export(const struct compare *c);

#endif
