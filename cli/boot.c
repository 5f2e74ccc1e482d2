// Makes the machine for a boot, runs it (alone, or two on a switch), traces its end, and gathers what happened.
#include "cli/boot.h"
#include "sim/world.h"

#include <inttypes.h>
#include <stdlib.h>

enum { EXPLAIN_STEPS = 8 }; // of the trace that explains a bad end

static int create_machine(struct boot *b)
{
    const struct boot_options *o = b->o;
    char error[256], line[TOYOS_COMMAND_LINE_MAX + 1];
    struct machine_config config;
    machine_config_default(&config);
    config.ram = o->ram;
    config.cpus = (unsigned)o->cpus;
    config.levels = (unsigned)o->levels;
    config.holes_closed = o->holes_closed;
    config.seed = o->seed;
    config.model = b->model;
    machine_destroy(b->machine);
    b->machine = machine_create(&config, error, sizeof error);
    if (!b->machine) {
        return cli_error(CLI_USAGE, "%s", error);
    }
    snprintf(line, sizeof line, "workload=%s n=%" PRIu64 "%s%s%s%s", b->workload->name, b->n,
             b->role ? " " : "", b->role ? b->role : "", o->append ? " " : "",
             o->append ? o->append : "");
    const struct toyos_boot boot = {
        .ram = o->ram, .cpus = config.cpus, .seed = o->seed, .command_line = line};
    if (!toyos_load(b->os, &boot, b->machine, error, sizeof error)) {
        return cli_error(CLI_USAGE, "%s", error);
    }
    if (b->input) {
        machine_console_input(b->machine, b->input, b->input_size);
    }
    return CLI_OK;
}

// A run is traced by doing it a second time, with the trace on only for its last steps: tracing all
// along would slow every run down, and a second run is the same as the first.
static int run_traced(struct boot *b, size_t steps)
{
    uint64_t length = 0;
    for (unsigned i = 0; i < machine_cpus(b->machine); i++) {
        length += machine_counters(b->machine, i)->instructions;
    }
    int status = create_machine(b);
    if (status != CLI_OK) {
        return status;
    }
    uint64_t lead = length > steps ? length - steps : 0;
    if (lead > 0) {
        machine_run(b->machine, UINT64_MAX, lead);
    }
    b->trace = malloc(steps * sizeof *b->trace);
    if (!b->trace || !machine_trace(b->machine, steps)) {
        return cli_error(CLI_UNAVAILABLE, "no memory for a trace of %zu steps", steps);
    }
    machine_run(b->machine, UINT64_MAX, b->o->limit - lead);
    unsigned cpu = machine_stop_info(b->machine)->cpu;
    b->trace_count = machine_trace_get(b->machine, cpu, b->trace, steps);
    return CLI_OK;
}

// The report of a machine that has run.
static int gather(struct boot *b)
{
    const struct boot_options *o = b->o;
    int status = guest_symbols(b->os, b->workload->name, &b->symbols);
    if (status != CLI_OK) {
        return status;
    }
    b->report = (struct report){
        .program = b->workload->name,
        .cpu = b->model->name,
        .mhz = b->model->mhz,
        .seed = o->seed,
        .ram = o->ram,
        .levels = (unsigned)o->levels,
        .holes_closed = o->holes_closed || cpu_model_has(b->model, CPU_FEATURE_HOLES_CLOSED),
        .image = &b->symbols,
    };
    status = report_gather(&b->report, b->machine);
    b->report.trace = b->trace;
    b->report.trace_count = b->trace_count;
    // What the shell's checksum is depends on what was typed.
    b->checked = b->workload->expected && !b->input && !b->is_server;
    b->has_checksum = b->report.console && toyos_checksum(b->report.console, b->report.console_size,
                                                          b->workload->name, &b->checksum);
    // To know it takes about as long as a whole run, so not for one that was cut off.
    b->expected = b->checked && b->has_checksum ? b->workload->expected(b->n) : 0;
    return status;
}

int boot_run(struct boot *b)
{
    const struct boot_options *o = b->o;
    int status = create_machine(b);
    if (status != CLI_OK) {
        return status;
    }
    enum stop_reason reason = machine_run(b->machine, UINT64_MAX, o->limit);
    size_t steps = o->trace ? (size_t)o->trace : reason != STOP_POWEROFF ? EXPLAIN_STEPS : 0;
    if (steps > 0 && (status = run_traced(b, steps)) != CLI_OK) {
        return status;
    }
    return gather(b);
}

static uint64_t instructions(const struct boot b[2])
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned cpu = 0; cpu < machine_cpus(b[i].machine); cpu++) {
            sum += machine_counters(b[i].machine, cpu)->instructions;
        }
    }
    return sum;
}

int boot_run_pair(struct boot b[2], struct boot_traffic *traffic)
{
    enum { PIECE_NS = 100000000 };
    struct world *w = world_create();
    int status = w ? CLI_OK : cli_error(CLI_UNAVAILABLE, "no memory for a switch");
    for (unsigned i = 0; i < 2 && status == CLI_OK; i++) {
        status = create_machine(&b[i]);
        if (status == CLI_OK) {
            world_add(w, b[i].machine);
        }
    }
    // Machines that wait for frames wait for ever: they are given up when nothing has happened for a while.
    uint64_t before = UINT64_MAX, now = 0;
    while (status == CLI_OK && now != before && now < b[0].o->limit &&
           world_run(w, world_time(w) + PIECE_NS) < 2) {
        before = now;
        now = instructions(b);
    }
    for (unsigned i = 0; i < 2 && status == CLI_OK; i++) {
        status = gather(&b[i]);
    }
    if (status == CLI_OK) {
        const struct net_switch *net = world_switch(w);
        *traffic = (struct boot_traffic){net->forwarded, net->flooded, world_overflows(w)};
    }
    world_destroy(w);
    return status;
}

void boot_free(struct boot *b)
{
    report_free(&b->report);
    guest_symbols_free(&b->symbols);
    machine_destroy(b->machine);
    free(b->trace);
    b->machine = NULL;
    b->trace = NULL;
    b->trace_count = 0;
}
