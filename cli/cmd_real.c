// `ringside real`: guests on this computer's own processor, through /dev/kvm; counted, timed, and beside the simulated ones.
#include "cli/model.h"
#include "cli/real.h"

#include <string.h>

// PART(name, whether it takes names of operations)
#define PARTS(PART) \
    PART(doctor, false) PART(run, true) PART(calibrate, false) PART(compare, true) PART(list, false)

static const struct {
    bool operands;
    int (*run)(const struct cli *cli, const struct real_options *o);
} parts[] = {
#define PART(name, operands) {operands, real_##name##_command},
    PARTS(PART)
#undef PART
};

static const char *const part_names[] = {
#define PART(name, operands) #name,
    PARTS(PART)
#undef PART
        NULL};

static int run_real(const struct cli *cli, const void *options)
{
    const struct real_options *o = options;
    for (size_t i = 0; part_names[i]; i++) {
        if (strcmp(cli->args[0], part_names[i]) == 0) {
            if (!parts[i].operands && cli->arg_count > 1) {
                return cli_error(CLI_USAGE, "real %s takes no operand, and got '%s'", part_names[i],
                                 cli->args[1]);
            }
            return parts[i].run(cli, o);
        }
    }
    const char *nearest = cli_nearest(cli->args[0], part_names);
    return cli_error(CLI_USAGE,
                     "real: '%s' is not one of doctor, run, calibrate, compare, list%s%s%s",
                     cli->args[0], nearest ? "; did you mean '" : "", nearest ? nearest : "",
                     nearest ? "'?" : "");
}

#define FIELD(name) offsetof(struct real_options, name)

const struct command command_real = {
    .name = "real",
    .summary = "run guests on the real processor (VT-x, AMD-V) and count their exits",
    .operands = "doctor|run|calibrate|compare|list [OPERATION]...",
    .description = "Runs small guests on this computer's own processor through Linux's /dev/kvm, "
                   "which needs VT-x or AMD-V and the right to open "
                   "that file, and nothing else. Without it everything else of Ringside works; the "
                   "exit status is then 4.\n\n"
                   "'doctor' looks at the computer and says what is missing and how to get it. "
                   "'run' does micro-operations (a hypercall, a port access, a "
                   "page-table load ...), counts the exits of each and times them; the status is 1 "
                   "if a count is not the expected one. 'calibrate' writes a "
                   "CPU model for --cpu from what it measures. 'compare' sets the simulator's "
                   "exits beside the real ones. 'list' "
                   "shows the operations.",
    .examples =
        (const struct command_example[]){
            {"ringside real doctor", "can guests run here? if not, what to do"},
            {"ringside real run", "all operations, and guests that misbehave"},
            {"ringside real run hypercall cpuid -n 1000", "two of them"},
            {"ringside real calibrate -o mine.cpu", "a CPU model of this computer"},
            {"ringside real compare", "simulated beside real"},
            {0}},
    .options =
        (const struct option_row[]){
            {.letter = 'n',
             .name = "count",
             .kind = OPTION_NUMBER,
             .arg = "N",
             .help = "operations to measure in a run; as a rule 256, or fewer where a timer is "
                     "waited for",
             .offset = FIELD(count),
             .min = 1,
             .max = REAL_COUNT_MAX},
            {.name = "limit",
             .kind = OPTION_NUMBER,
             .arg = "MS",
             .help = "end a guest that is not done after MS milliseconds",
             .offset = FIELD(limit),
             .min = 10,
             .max = 600000},
            {.name = "no-trace",
             .kind = OPTION_FLAG,
             .help = "do without the kernel's trace events even where they may be used",
             .offset = FIELD(no_trace)},
            {.name = "names",
             .kind = OPTION_FLAG,
             .help = "list: names only, one a line",
             .offset = FIELD(names)},
            {.name = "root",
             .kind = OPTION_STRING,
             .arg = "DIR",
             .help = "doctor: look at another computer's /proc, /sys and /dev, copied below DIR",
             .offset = FIELD(root)},
            {.letter = 'o',
             .name = "output",
             .kind = OPTION_STRING,
             .arg = "FILE",
             .help = "calibrate: write the CPU model here; '-' is standard output",
             .offset = FIELD(output)},
            {.name = "cpu",
             .kind = OPTION_STRING,
             .arg = "MODEL",
             .help = "calibrate: take what cannot be measured from here; compare: simulate this",
             .offset = FIELD(cpu),
             .values_from = MODEL_NAMES_FROM},
            {.name = "export-json",
             .kind = OPTION_STRING,
             .arg = "FILE",
             .help = "also write everything measured as JSON, with every sample; '-' is standard "
                     "output",
             .offset = FIELD(export_json)},
            {.name = "export-csv",
             .kind = OPTION_STRING,
             .arg = "FILE",
             .help = "also write the table as CSV",
             .offset = FIELD(export_csv)},
            {0}},
    .defaults = &(const struct real_options){.limit = 10000, .cpu = MODEL_DEFAULT, .output = "-"},
    .options_size = sizeof(struct real_options),
    .min_args = 1,
    .max_args = CLI_ANY_ARGS,
    .operand_values_from = "real list --names",
    .first_operands = part_names,
    .run = run_real,
};
