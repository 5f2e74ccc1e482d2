// `ringside compare`: workloads of the toy OS under many architectures, side by side.
#include "cli/compare.h"
#include "cli/machine_options.h"
#include "cli/model.h"

#include <string.h>
#include <unistd.h>

static int find_workload(const char *name, const struct toyos_workload **out)
{
    size_t count;
    const struct toyos_workload *list = toyos_workloads(&count);
    const char *names[64] = {NULL};
    for (size_t i = 0; i < count && i < 63; i++) {
        names[i] = list[i].name;
    }
    *out = toyos_workload_find(name);
    const char *meant = *out ? NULL : cli_nearest(name, names);
    return *out ? CLI_OK
                : cli_error(CLI_USAGE,
                            "compare: no workload '%s'; %s%s%s'ringside list workloads' names them "
                            "all",
                            name, meant ? "did you mean '" : "", meant ? meant : "",
                            meant ? "'? " : "");
}

static unsigned processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : (unsigned)n;
}

// Data on standard output that was asked for as such stands alone there.
static bool exports_to_stdout(const struct compare_options *o)
{
    const char *paths[] = {o->export_json, o->export_csv, o->export_markdown};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (paths[i] && strcmp(paths[i], "-") == 0) {
            return true;
        }
    }
    return false;
}

static int run_compare(const struct cli *cli, const void *options)
{
    struct style style = style_of(cli);
    struct compare c = {.o = options};
    int status = CLI_OK;
    for (size_t i = 0; i < cli->arg_count && status == CLI_OK; i++) {
        status = c.workload_count < COMPARE_WORKLOADS_MAX
                     ? find_workload(cli->args[i], &c.workloads[c.workload_count++])
                     : cli_error(CLI_USAGE, "more than %d workloads", COMPARE_WORKLOADS_MAX);
    }
    status = status == CLI_OK ? compare_plan(&c) : status;
    status = status == CLI_OK ? compare_execute(&c, processors()) : status;
    if (status == CLI_OK && !exports_to_stdout(c.o)) {
        for (size_t i = 0; i < c.group_count && !c.o->summary; i++) {
            compare_print_group(&c, &style, &c.groups[i]);
        }
        if (c.group_count > 1 || c.o->summary) {
            compare_print_summary(&c, &style);
        }
        compare_print_verdict(&c, &style);
    }
    status = status == CLI_OK ? compare_export(&c) : status;
    status = status == CLI_OK ? compare_status(&c) : status;
    compare_free(&c);
    return status;
}

#define FIELD(name) offsetof(struct compare_options, name)

const struct command command_compare = {
    .name = "compare",
    .summary = "run workloads under every architecture and say where the cycles went",
    .operands = "WORKLOAD...",
    .description =
        "Boots the toy OS on the bare machine and under each architecture, lets it run a "
        "workload, and puts side by side how long it took, how often control left the guest, and "
        "where the time went that native did not need. The simulation is deterministic: there is "
        "no error to give, and the sums are exact to the cycle.\n"
        "\n"
        "Every run is held to the bare machine's: the same console, checksum, and state of the "
        "last program's memory and registers, and categories that sum to the elapsed cycles. If "
        "one differs, the exit status is 1. Classic trap-and-emulate is expected to go wrong while "
        "the ISA has holes: it is then measured with the holes closed, and a note says so.\n"
        "\n"
        "--set and scans of an architecture's option apply to the architectures that have it. "
        "Scans may also vary the machine: cpu, n, cpus, mem, levels, seed.",
    .examples =
        (const struct command_example[]){
            {"ringside compare mixed", "everything a little, under every architecture"},
            {"ringside compare compile --arch kvm --exits", "why control left the guest"},
            {"ringside compare pgfault --arch type1/fullvirt-hw -L paging shadow,nested",
             "shadow against nested paging"},
            {"ringside compare forkexec --cpu p4-672 --cpu nehalem", "two generations"},
            {"ringside compare memrand -P n 50000 200000 --step 50000 --quiet", "a longer run"},
            {"ringside compare sieve nullcall diskread --summary",
             "several workloads in one table"},
            {"ringside compare nullcall --steady", "the work alone, without the boot"},
            {"ringside compare nullcall --export-json result.json", "for another program"},
            {0}},
    .options =
        (const struct option_row[]){
            OPTION_ROW_LENGTH(struct compare_options, n),
            OPTION_ROW_ARCH(struct compare_options, arch, OPTION_LIST, "ARCH,...",
                            "architectures or products, each with its options behind commas "
                            "(kvm,vpid=0); default: all"),
            {.name = "cpu",
             .kind = OPTION_LIST,
             .arg = "MODEL",
             .help = "CPU model, by name ('ringside list cpus') or a .cpu file; repeatable; "
                     "default: " MODEL_DEFAULT,
             .offset = FIELD(cpu),
             .values_from = MODEL_NAMES_FROM},
            {.name = "set",
             .kind = OPTION_LIST,
             .arg = "KEY=VALUE",
             .help = "an option for every architecture that has it ('ringside list options')",
             .offset = FIELD(set)},
            {.letter = 'P',
             .name = "parameter-scan",
             .kind = OPTION_LIST,
             .arg = "VAR MIN MAX",
             .help = "once for each number from MIN to MAX",
             .offset = FIELD(scan)},
            {.name = "step",
             .kind = OPTION_NUMBER,
             .arg = "N",
             .help = "distance between the numbers of -P",
             .offset = FIELD(step),
             .min = 1},
            {.letter = 'L',
             .name = "parameter-list",
             .kind = OPTION_LIST,
             .arg = "VAR A,B,...",
             .help = "once for each of the values",
             .offset = FIELD(list)},
            OPTION_ROW_CPUS(struct compare_options, cpus),
            OPTION_ROW_MEM(struct compare_options, ram, TOYOS_RAM_MIN,
                           "the guest's memory, a multiple of 2M"),
            OPTION_ROW_LEVELS(struct compare_options, levels, "the guest's"),
            OPTION_ROW_APPEND(struct compare_options, append),
            OPTION_ROW_HOLES_CLOSED(struct compare_options, holes_closed),
            {.name = "unit-costs",
             .kind = OPTION_FLAG,
             .help = "every cost is one cycle: what remains are counts",
             .offset = FIELD(unit_costs)},
            {.name = "exits",
             .kind = OPTION_FLAG,
             .help = "also print the exits by reason, in perf kvm's columns",
             .offset = FIELD(exits)},
            {.name = "steady",
             .kind = OPTION_FLAG,
             .help = "without boot and warm-up: run the length twice as well, take the difference",
             .offset = FIELD(steady)},
            {.letter = 'q',
             .name = "quiet",
             .kind = OPTION_FLAG,
             .help = "the table and notes only",
             .offset = FIELD(quiet)},
            {.name = "summary",
             .kind = OPTION_FLAG,
             .help = "the slowdowns of all workloads, machines and scans in one table, and no more",
             .offset = FIELD(summary)},
            OPTION_ROW_GUEST(struct compare_options, guest),
            OPTION_ROW_SEED(struct compare_options, seed),
            OPTION_ROW_EXPORT_JSON(struct compare_options, export_json),
            OPTION_ROW_EXPORT_CSV(struct compare_options, export_csv, "every number"),
            OPTION_ROW_EXPORT_MARKDOWN(struct compare_options, export_markdown, "every number"),
            {0}},
    .defaults =
        &(const struct compare_options){
            .cpus = 1, .ram = TOYOS_RAM_DEFAULT, .levels = 4, .step = 1, .seed = CLI_DEFAULT_SEED},
    .options_size = sizeof(struct compare_options),
    .min_args = 1,
    .max_args = CLI_ANY_ARGS,
    .operand_values_from = "list workloads --names",
    .run = run_compare,
};
