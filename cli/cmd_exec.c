// `ringside exec`: runs a program on the bare machine and says what happened.
#include "cli/expect.h"
#include "cli/export.h"
#include "cli/machine_options.h"
#include "cli/model.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    LARGEST_INPUT = 64 << 10, // what the console's buffer takes
    LARGEST_DISK = 1 << 30,
    EXPLAIN_STEPS = 8, // of the trace that an explanation shows
    LOOP_STEPS = 64,   // looked at to recognize a loop
    BOOT_INFO = 0x1000,
    COMMAND_LINE = 0x1800,
};

struct exec_options {
    const char *cpu;
    uint64_t ram, cpus, levels, limit, trace, seed;
    bool holes_closed, expect, registers, quiet;
    struct option_list defines, includes;
    const char *input, *disk, *dump_memory, *export_json;
};

// A run, and all that it needs to be done again.
struct run {
    const struct exec_options *o;
    struct program program;
    struct cpu_model model;
    bool has_model;
    char *input, *disk;
    size_t input_size, disk_size;
    struct machine *machine;
    struct expectations expectations;
    struct report report;
    struct trace_entry *trace;
    size_t trace_count;
};

// ---- running -------------------------------------------------------------------------------------

// docs/machine.md, "Boot information": what a program finds behind a0.
static void write_boot_info(struct machine *m, const struct exec_options *o)
{
    const uint64_t words[] = {
        UINT64_C(0x4f464e4949343654), o->ram, o->cpus, 0, 0, COMMAND_LINE, 0, o->seed};
    machine_write(m, BOOT_INFO, words, sizeof words); // the command line stays empty
}

static int create_machine(struct run *run)
{
    const struct exec_options *o = run->o;
    char error[256];
    struct machine_config config;
    machine_config_default(&config);
    config.ram = o->ram;
    config.cpus = (unsigned)o->cpus;
    config.levels = (unsigned)o->levels;
    config.holes_closed = o->holes_closed;
    config.seed = o->seed;
    config.model = &run->model;
    machine_destroy(run->machine);
    run->machine = machine_create(&config, error, sizeof error);
    if (!run->machine) {
        return cli_error(CLI_USAGE, "%s", error);
    }
    write_boot_info(run->machine, o);
    if (!machine_load(run->machine, run->program.image, BOOT_INFO, error, sizeof error)) {
        return cli_input_error(run->program.name, 0, 0, "%s", error);
    }
    if (run->disk && !machine_disk_attach(run->machine, (const uint8_t *)run->disk, run->disk_size,
                                          error, sizeof error)) {
        return cli_input_error(o->disk, 0, 0, "%s", error);
    }
    if (run->input) {
        machine_console_input(run->machine, run->input, run->input_size);
    }
    return CLI_OK;
}

static uint64_t instructions_of(const struct machine *m)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < machine_cpus(m); i++) {
        sum += machine_counters(m, i)->instructions;
    }
    return sum;
}

// Runs with the last `steps` instructions traced. To trace all along would slow every run down; as runs are
// deterministic, one that needs a trace is done a second time, with tracing switched on near its end.
static int run_traced(struct run *run, size_t steps)
{
    uint64_t length = instructions_of(run->machine);
    int status = create_machine(run);
    if (status != CLI_OK) {
        return status;
    }
    uint64_t lead = length > steps ? length - steps : 0;
    if (lead > 0) {
        machine_run(run->machine, UINT64_MAX, lead);
    }
    if (!machine_trace(run->machine, steps)) {
        return cli_error(CLI_UNAVAILABLE, "no memory for a trace of %zu steps", steps);
    }
    machine_run(run->machine, UINT64_MAX, run->o->limit - lead);
    return CLI_OK;
}

static int run_program(struct run *run)
{
    int status = create_machine(run);
    if (status != CLI_OK) {
        return status;
    }
    enum stop_reason reason = machine_run(run->machine, UINT64_MAX, run->o->limit);
    bool explain = reason != STOP_POWEROFF;
    size_t steps = run->o->trace > LOOP_STEPS || !explain ? (size_t)run->o->trace : LOOP_STEPS;
    if (steps > 0) {
        status = run_traced(run, steps);
    }
    if (status == CLI_OK && steps > 0) {
        unsigned cpu = machine_stop_info(run->machine)->cpu;
        run->trace = malloc(steps * sizeof *run->trace);
        if (!run->trace) {
            return cli_error(CLI_UNAVAILABLE, "no memory for a trace of %zu steps", steps);
        }
        run->trace_count = machine_trace_get(run->machine, cpu, run->trace, steps);
    }
    return status;
}

// ---- inputs and outputs --------------------------------------------------------------------------

static int load_inputs(const struct cli *cli, struct run *run)
{
    const struct exec_options *o = run->o;
    const struct program_request request = {
        .path = cli->args[0], .defines = o->defines, .includes = o->includes};
    int status = program_load(&request, &run->program);
    if (status == CLI_OK) {
        status = model_load(o->cpu, &run->model);
        run->has_model = status == CLI_OK;
    }
    if (status == CLI_OK && o->input) {
        run->input = cli_read_file(o->input, LARGEST_INPUT, &run->input_size);
        status = run->input ? CLI_OK : CLI_BAD_INPUT;
    }
    if (status == CLI_OK && o->disk) {
        run->disk = cli_read_file(o->disk, LARGEST_DISK, &run->disk_size);
        status = run->disk ? CLI_OK : CLI_BAD_INPUT;
    }
    if (status == CLI_OK && o->expect) {
        status = expect_parse(&run->program, &run->expectations);
        if (status == CLI_OK && !run->program.source) {
            status = cli_error(CLI_USAGE, "--expect needs a source file: an image has no comments");
        }
    }
    return status;
}

static int dump_memory(const struct run *run)
{
    static char chunk[1 << 16];
    struct cli_output output;
    int status = cli_output_open(&output, run->o->dump_memory);
    if (status != CLI_OK) {
        return status;
    }
    for (uint64_t at = 0; at < run->o->ram; at += sizeof chunk) {
        machine_read(run->machine, at, chunk, sizeof chunk);
        fwrite(chunk, 1, sizeof chunk, output.stream);
    }
    return cli_output_commit(&output);
}

static bool read_memory(const void *ctx, uint64_t addr, void *to, size_t n)
{
    return machine_read(ctx, addr, to, n);
}

static json_t *trace_json(const struct run *run, size_t count)
{
    json_t *list = json_array();
    for (size_t i = run->trace_count - count; i < run->trace_count; i++) {
        const struct trace_entry *e = &run->trace[i];
        json_t *o = json_object();
        json_object_set_new(o, "cycle", export_u64(e->time));
        json_object_set_new(o, "pc", export_hex(e->pc));
        json_object_set_new(o, "ring", json_integer(e->ring));
        if (e->event > 0) {
            json_object_set_new(o, "vector", json_integer(e->event - 1));
        } else {
            json_object_set_new(o, "word", export_hex(e->word));
        }
        json_array_append_new(list, o);
    }
    return list;
}

// How many of the traced steps are shown: what was asked for, or what explains a bad end.
static size_t shown_steps(const struct run *run)
{
    bool bad = run->report.stop.reason != STOP_POWEROFF;
    size_t wanted = run->o->trace ? (size_t)run->o->trace : bad ? EXPLAIN_STEPS : 0;
    return wanted < run->trace_count ? wanted : run->trace_count;
}

static int export_run(const struct run *run)
{
    json_t *document = export_document("ringside/exec/1", run->o->seed);
    json_t *body = report_json(&run->report);
    json_object_update(document, body);
    json_decref(body);
    if (run->o->trace) {
        json_object_set_new(document, "trace", trace_json(run, shown_steps(run)));
    }
    if (run->o->expect) {
        json_object_set_new(document, "expectations", expect_json(&run->expectations));
    }
    return export_json(run->o->export_json, document);
}

// With --quiet, only what was asked for by an option of its own.
static void print_run(const struct run *run, const struct style *style)
{
    const struct report *report = &run->report;
    const struct exec_options *o = run->o;
    report_print_console(stdout, report);
    if (!o->quiet) {
        fputs(report->console_size > 0 ? "\n" : "", stdout);
        report_print_stop(stdout, style, report);
    }
    size_t steps = o->quiet && !o->trace ? 0 : shown_steps(run);
    if (steps > 0) {
        tone_printf(stdout, style, TONE_HEADING, "\nThe last %zu step%s%s\n", steps,
                    steps == 1 ? "" : "s", report->cpus > 1 ? " of that processor" : "");
        report_print_trace(stdout, style, report, run->trace + run->trace_count - steps, steps);
    }
    if (o->registers) {
        report_print_registers(stdout, style, report);
    }
    if (!o->quiet) {
        putchar('\n');
        report_print_counts(stdout, style, report);
    }
}

static int finish(struct run *run, const struct style *style)
{
    const struct exec_options *o = run->o;
    run->report = (struct report){
        .program = run->program.name,
        .cpu = run->model.name,
        .mhz = run->model.mhz,
        .seed = o->seed,
        .ram = o->ram,
        .levels = (unsigned)o->levels,
        .holes_closed = o->holes_closed || cpu_model_has(&run->model, CPU_FEATURE_HOLES_CLOSED),
        .image = run->program.image,
    };
    int status = report_gather(&run->report, run->machine);
    if (status != CLI_OK) {
        return status;
    }
    run->report.trace = run->trace;
    run->report.trace_count = run->trace_count;
    print_run(run, style);
    status = report_status(&run->report);
    if (o->expect) {
        expect_check(&run->expectations, &run->report, read_memory, run->machine);
        fputs(o->quiet ? "" : "\n", stdout);
        status = expect_print(&run->expectations, &run->program);
    }
    int written = o->dump_memory ? dump_memory(run) : CLI_OK;
    written = written == CLI_OK && o->export_json ? export_run(run) : written;
    return written == CLI_OK ? status : written;
}

// ---- the command ---------------------------------------------------------------------------------

static int run_exec(const struct cli *cli, const void *options)
{
    struct run run = {.o = options};
    struct style style = style_of(cli);
    int status = load_inputs(cli, &run);
    if (status == CLI_OK) {
        status = run_program(&run);
    }
    if (status == CLI_OK) {
        status = finish(&run, &style);
    }
    report_free(&run.report);
    expect_free(&run.expectations);
    machine_destroy(run.machine);
    if (run.has_model) {
        cpu_model_free(&run.model);
    }
    program_free(&run.program);
    free(run.trace);
    free(run.input);
    free(run.disk);
    return status;
}

#define FIELD(name) offsetof(struct exec_options, name)

const struct command command_exec = {
    .name = "exec",
    .summary = "run a program on the bare machine and report what happened",
    .operands = "PROGRAM.s|IMAGE|EXAMPLE",
    .description =
        "Assembles the program (unless it is an image), loads it into a machine without an "
        "operating system "
        "and runs it in ring 0 with paging off, until it powers off or cannot go on. Then prints "
        "its console, "
        "how it stopped, and what it cost: instructions, cycles by category, TLB misses, page "
        "walks, "
        "exceptions, interrupts, devices. The same program gives the same report everywhere.\n"
        "\n"
        "The exit status is 0 if the program powered off with status 0 ('out zero, [zero+0xf4]'), "
        "else 1: also "
        "after a triple fault, in a deadlock, or at the limit. With --expect it says instead "
        "whether the "
        "expectations in the source's comments ('; expect a0 = 42') hold; docs/cli.md lists their "
        "forms.",
    .examples =
        (const struct command_example[]){
            {"ringside exec hello", "run an example that is part of Ringside"},
            {"ringside exec loop.s --cpu p4-672 -D N=1000",
             "your own, on another CPU, with a symbol defined"},
            {"ringside exec crash.s --trace 20 --registers",
             "the last 20 steps, and the registers after them"},
            {"ringside exec --expect --quiet homework.s",
             "grade: status 1 if an expectation fails"},
            {"ringside exec paging --dump-memory ram --registers",
             "then: ringside translate --memory ram --ptbr 0x100000 0x600000"},
            {0}},
    .options =
        (const struct option_row[]){
            OPTION_ROW_CPU(struct exec_options, cpu),
            OPTION_ROW_MEM(struct exec_options, ram, 2 << 20, "memory, a multiple of 2M"),
            OPTION_ROW_CPUS(struct exec_options, cpus),
            OPTION_ROW_LEVELS(struct exec_options, levels, "the"),
            OPTION_ROW_HOLES_CLOSED(struct exec_options, holes_closed),
            {.name = "limit",
             .kind = OPTION_NUMBER,
             .arg = "N",
             .help = "stop after N instructions",
             .offset = FIELD(limit),
             .min = 1},
            OPTION_ROW_DEFINE(struct exec_options, defines),
            OPTION_ROW_INCLUDE(struct exec_options, includes),
            {.name = "input",
             .kind = OPTION_STRING,
             .arg = "FILE",
             .help = "what is typed at the console; '-': standard input",
             .offset = FIELD(input)},
            {.name = "disk",
             .kind = OPTION_STRING,
             .arg = "FILE",
             .help = "a disk with this content; writes are not kept",
             .offset = FIELD(disk)},
            OPTION_ROW_TRACE(struct exec_options, trace),
            {.letter = 'r',
             .name = "registers",
             .kind = OPTION_FLAG,
             .help = "show the registers at the end",
             .offset = FIELD(registers)},
            {.letter = 'e',
             .name = "expect",
             .kind = OPTION_FLAG,
             .help = "check the expectations in the source's comments",
             .offset = FIELD(expect)},
            {.letter = 'q',
             .name = "quiet",
             .kind = OPTION_FLAG,
             .help = "without the report: the program's console, and what options ask for",
             .offset = FIELD(quiet)},
            {.name = "dump-memory",
             .kind = OPTION_STRING,
             .arg = "FILE",
             .help = "write all memory at the end to FILE",
             .offset = FIELD(dump_memory)},
            OPTION_ROW_SEED(struct exec_options, seed),
            OPTION_ROW_EXPORT_JSON(struct exec_options, export_json),
            {0}},
    .defaults = &(const struct exec_options){.cpu = MODEL_DEFAULT,
                                             .ram = 64 << 20,
                                             .cpus = 1,
                                             .levels = 4,
                                             .limit = 1000000000,
                                             .seed = CLI_DEFAULT_SEED},
    .options_size = sizeof(struct exec_options),
    .min_args = 1,
    .max_args = 1,
    .operand_values_from = "list programs --names",
    .run = run_exec,
};
