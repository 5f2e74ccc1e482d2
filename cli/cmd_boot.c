// `ringside boot`: boots the toy OS on the bare machine, lets it run a workload, and says what happened.
#include "cli/boot.h"
#include "cli/export.h"
#include "cli/machine_options.h"
#include "cli/model.h"
#include "sim/nearest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_INPUT = 64 << 10 };

static bool right(const struct boot *b)
{
    return !b->checked || (b->has_checksum && b->checksum == b->expected);
}

// ---- saying what happened ------------------------------------------------------------------------

// Where the kernel was when it panicked: the first address behind " pc 0x" that its report shows.
static bool panic_pc(const struct report *r, uint64_t *pc)
{
    const char *at = strstr(r->console, "\nkernel panic: ");
    at = at ? strstr(at, "  pc 0x") : NULL;
    if (at) {
        *pc = strtoull(at + strlen("  pc "), NULL, 16);
    }
    return at != NULL;
}

static void print_verdict(const struct boot *b, const struct style *style)
{
    const struct report *r = &b->report;
    char place[PLACE_SIZE];
    uint64_t pc;
    if (panic_pc(r, &pc)) {
        tone_printf(stdout, style, TONE_BAD, "The kernel panicked");
        printf(" at %s.\n", report_place(place, r->image, pc)[0] ? place : "an unknown place");
    } else {
        report_print_stop(stdout, style, r);
    }
    if (!b->checked) {
        return;
    }
    if (right(b)) {
        tone_printf(stdout, style, TONE_GOOD, "The checksum is right");
        printf(" for %s with n = %" PRIu64 " (%s).\n", b->workload->name, b->n, b->workload->unit);
    } else if (b->has_checksum) {
        tone_printf(stdout, style, TONE_BAD, "The checksum is wrong");
        printf(": 0x%016" PRIx64 " is right for %s with n = %" PRIu64 ".\n", b->expected,
               b->workload->name, b->n);
    } else {
        tone_printf(stdout, style, TONE_BAD, "There is no checksum");
        printf(": %s did not get to its end.\n", b->workload->name);
    }
}

static void print_boot(const struct boot *b, const struct style *style)
{
    const struct report *r = &b->report;
    report_print_console(stdout, r);
    if (b->o->quiet) {
        return;
    }
    putchar('\n');
    print_verdict(b, style);
    if (b->trace_count > 0) {
        tone_printf(stdout, style, TONE_HEADING, "\nThe last %zu step%s%s\n", b->trace_count,
                    b->trace_count == 1 ? "" : "s", r->cpus > 1 ? " of that processor" : "");
        report_print_trace(stdout, style, r, b->trace, b->trace_count);
    }
    putchar('\n');
    report_print_counts(stdout, style, r);
}

static json_t *boot_json(const struct boot *b)
{
    json_t *o = json_object();
    json_object_set_new(o, "workload", json_string(b->workload->name));
    json_object_set_new(o, "n", export_u64(b->n));
    json_object_set_new(o, "checksum", b->has_checksum ? export_hex(b->checksum) : json_null());
    json_object_set_new(o, "expected",
                        b->checked && b->has_checksum ? export_hex(b->expected) : json_null());
    json_object_set_new(o, "right", b->checked ? json_boolean(right(b)) : json_null());
    json_t *report = report_json(&b->report);
    json_object_update(o, report);
    json_decref(report);
    return o;
}

// ---- one workload, two machines, or all -----------------------------------------------------------

static int boot_one(struct boot *b, const struct style *style)
{
    int status = boot_run(b);
    if (status == CLI_OK) {
        print_boot(b, style);
        status = right(b) ? report_status(&b->report) : CLI_CHECK_FAILED;
        if (b->o->export_json) {
            json_t *document = export_document("ringside/boot/1", b->o->seed), *o = boot_json(b);
            json_object_update(document, o);
            json_decref(o);
            int written = export_json(b->o->export_json, document);
            status = written == CLI_OK ? status : written;
        }
    }
    boot_free(b);
    return status;
}

// Client and server of a workload, each a machine of its own, on one switch.
static int boot_pair(const struct boot *like, const struct style *style)
{
    static const char *const title[] = {"Machine 1, the client", "Machine 2, the server"};
    struct boot b[2] = {*like, *like};
    struct boot_traffic traffic;
    b[0].role = "opt=c peer=2";
    b[1].role = "opt=s peer=1";
    b[1].is_server = true;
    int status = boot_run_pair(b, &traffic);
    bool good = true;
    for (unsigned i = 0; i < 2 && status == CLI_OK; i++) {
        tone_printf(stdout, style, TONE_HEADING, "%s%s\n", i > 0 ? "\n" : "", title[i]);
        print_boot(&b[i], style);
        good = good && right(&b[i]) && report_status(&b[i].report) == CLI_OK;
    }
    if (status == CLI_OK) {
        printf("\nOn the switch: %" PRIu64 " frames to one port, %" PRIu64 " to all, %" PRIu64
               " lost\n",
               traffic.forwarded, traffic.flooded, traffic.lost);
        status = good ? CLI_OK : CLI_CHECK_FAILED;
        if (like->o->export_json) {
            json_t *document = export_document("ringside/boot/1", like->o->seed);
            json_object_set_new(document, "machines",
                                json_pack("[oo]", boot_json(&b[0]), boot_json(&b[1])));
            json_object_set_new(document, "frames_forwarded", export_u64(traffic.forwarded));
            json_object_set_new(document, "frames_flooded", export_u64(traffic.flooded));
            json_object_set_new(document, "frames_lost", export_u64(traffic.lost));
            int written = export_json(like->o->export_json, document);
            status = written == CLI_OK ? status : written;
        }
    }
    boot_free(&b[0]);
    boot_free(&b[1]);
    return status;
}

static void all_row(struct table *table, const struct boot *b)
{
    const struct cpu_counters c = report_total(&b->report);
    uint64_t cycles = 0;
    for (unsigned i = 0; i < b->report.cpus; i++) {
        cycles = b->report.time[i] > cycles ? b->report.time[i] : cycles;
    }
    bool ok = right(b) && report_status(&b->report) == CLI_OK;
    table_cell(table, "%s", b->workload->name);
    table_count(table, b->n);
    table_cell(table, b->has_checksum ? "0x%016" PRIx64 : "none", b->checksum);
    table_tone(table, ok ? TONE_GOOD : TONE_BAD, ok ? "right" : "WRONG");
    table_count(table, c.instructions);
    table_count(table, cycles);
    table_count(table, c.walks_i + c.walks_d);
    table_count(table, c.syscalls);
    table_count(table, c.interrupts);
}

// Boots every workload in turn. One table instead of the consoles.
static int boot_all(struct boot *b, const struct style *style)
{
    static const struct table_column columns[] = {
        {"workload", TABLE_LEFT},      {"n", TABLE_RIGHT},
        {"checksum", TABLE_LEFT},      {"", TABLE_LEFT},
        {"instructions", TABLE_RIGHT}, {"cycles", TABLE_RIGHT},
        {"walks", TABLE_RIGHT},        {"system calls", TABLE_RIGHT},
        {"interrupts", TABLE_RIGHT}};
    size_t count, wrong = 0;
    const struct toyos_workload *list = toyos_workloads(&count);
    struct table *table = table_new(columns, sizeof columns / sizeof *columns);
    json_t *runs = json_array();
    int status = CLI_OK;
    for (size_t i = 0; i < count && status == CLI_OK; i++) {
        b->workload = &list[i];
        b->n = list[i].default_n;
        status = boot_run(b);
        if (status == CLI_OK) {
            all_row(table, b);
            wrong += !right(b) || report_status(&b->report) != CLI_OK;
            json_array_append_new(runs, boot_json(b));
        }
        boot_free(b);
    }
    if (status == CLI_OK) {
        printf("The toy OS, booted for each workload: %" PRIu64 " processor%s, %u levels, %s\n\n",
               b->o->cpus, b->o->cpus == 1 ? "" : "s", (unsigned)b->o->levels, b->model->title);
        table_print(stdout, style, table, 0);
        tone_printf(stdout, style, wrong ? TONE_BAD : TONE_GOOD, "\n%zu of %zu checksums right\n",
                    count - wrong, count);
        status = wrong ? CLI_CHECK_FAILED : CLI_OK;
        if (b->o->export_json) {
            json_t *document = export_document("ringside/boot/1", b->o->seed);
            json_object_set(document, "runs", runs);
            int written = export_json(b->o->export_json, document);
            status = written == CLI_OK ? status : written;
        }
    }
    json_decref(runs);
    table_free(table);
    return status;
}

// ---- the command ---------------------------------------------------------------------------------

static int unknown_workload(const char *name)
{
    size_t count;
    const struct toyos_workload *list = toyos_workloads(&count);
    const char *names[64] = {"all"};
    for (size_t i = 0; i < count && i < 62; i++) {
        names[i + 1] = list[i].name;
    }
    const char *meant = nearest_word(name, strlen(name), names);
    return cli_error(CLI_USAGE, "no workload '%s'; %s%s%s'ringside list workloads' names them all",
                     name, meant ? "did you mean '" : "", meant ? meant : "", meant ? "'? " : "");
}

// Fills in what is to be run: a workload, or another of the toy OS's programs, of which nothing is known.
static int choose(struct boot *b, struct toyos_workload *other, bool *all)
{
    const struct boot_options *o = b->o;
    *all = strcmp(o->workload, "all") == 0;
    if (*all) {
        return o->n ? cli_error(CLI_USAGE, "--length with all workloads; each has its own")
               : o->machines > 1 ? cli_error(CLI_USAGE, "two machines with all workloads; only "
                                                        "'--workload netrr' talks to another")
                                 : CLI_OK;
    }
    b->workload = toyos_workload_find(o->workload);
    if (!b->workload) {
        if (!toyos_program(b->os, o->workload)) {
            return unknown_workload(o->workload);
        }
        *other = (struct toyos_workload){.name = o->workload, .unit = "units", .max_n = UINT64_MAX};
        b->workload = other;
    }
    b->n = o->n ? o->n : b->workload->default_n;
    if (b->n > b->workload->max_n) {
        return cli_error(CLI_USAGE, "%s with n = %" PRIu64 "; at most %" PRIu64 " %s fit",
                         b->workload->name, b->n, b->workload->max_n, b->workload->unit);
    }
    if (o->machines == 2 && strcmp(b->workload->name, "netrr") != 0) {
        return cli_error(CLI_USAGE,
                         "two machines with '%s', which does not talk to another; "
                         "'--workload netrr' does",
                         b->workload->name);
    }
    if (o->machines == 2 && (o->trace || o->input)) {
        return cli_error(CLI_USAGE, "--%s is for one machine; leave it or --machines out",
                         o->trace ? "trace" : "input");
    }
    return CLI_OK;
}

static int run_boot(const struct cli *cli, const void *options)
{
    struct style style = style_of(cli);
    struct boot b = {.o = options};
    struct toyos_workload other;
    struct cpu_model model;
    struct toyos os;
    bool all;
    int status = model_load(b.o->cpu, &model);
    if (status != CLI_OK) {
        return status;
    }
    b.model = &model;
    b.os = &os;
    status = guest_build(b.o->guest, false, &os);
    if (status == CLI_OK) {
        status = choose(&b, &other, &all);
        if (status == CLI_OK && b.o->input) {
            b.input = cli_read_file(b.o->input, LARGEST_INPUT, &b.input_size);
            status = b.input ? CLI_OK : CLI_BAD_INPUT;
        }
        if (status == CLI_OK) {
            status = all                  ? boot_all(&b, &style)
                     : b.o->machines == 2 ? boot_pair(&b, &style)
                                          : boot_one(&b, &style);
        }
        free(b.input);
        toyos_free(&os);
    }
    cpu_model_free(&model);
    return status;
}

#define FIELD(name) offsetof(struct boot_options, name)

const struct command command_boot = {
    .name = "boot",
    .summary = "boot the toy OS on the bare machine and let it run a workload",
    .description =
        "Builds the toy operating system from its sources (scenarios/guest), boots it on the bare "
        "machine, and lets its first process run the workload. Prints the console, whether the "
        "workload's checksum is right, and what it cost: instructions, cycles by category, TLB "
        "misses, page walks, exceptions, interrupts, system calls.\n"
        "\n"
        "The exit status is 0 if the machine was switched off in order and the checksum is right, "
        "else 1. Checksums do not depend on the machine: neither on processors nor levels, model "
        "or memory. docs/toyos.md is a tour of the system.",
    .examples =
        (const struct command_example[]){
            {"ringside boot", "boot, say hello, switch off"},
            {"ringside boot --workload compile --cpus 4", "a build on four processors"},
            {"ringside boot --workload memrand --append opt=h",
             "random accesses again, in huge pages"},
            {"ringside boot --workload all", "every workload at its default length, in one table"},
            {"ringside boot --workload netrr --machines 2",
             "client and server on two machines that a switch connects"},
            {"ringside boot --guest ~/my-guest --workload ctxsw",
             "your own kernel: a changed copy of scenarios/guest"},
            {"printf 'hello 2\\ncount 9 | sum\\n\\004' | ringside boot -w sh --append opt=i "
             "--input -",
             "type at the shell"},
            {0}},
    .options =
        (const struct option_row[]){
            {.letter = 'w',
             .name = "workload",
             .kind = OPTION_STRING,
             .arg = "NAME",
             .help = "what to run ('ringside list workloads'), or 'all'",
             .offset = FIELD(workload),
             .values_from = "list workloads --names"},
            OPTION_ROW_LENGTH(struct boot_options, n),
            OPTION_ROW_CPU(struct boot_options, cpu),
            OPTION_ROW_CPUS(struct boot_options, cpus),
            {.name = "machines",
             .kind = OPTION_NUMBER,
             .arg = "N",
             .help = "2: client and server of netrr on two machines, connected by a switch",
             .offset = FIELD(machines),
             .min = 1,
             .max = 2},
            OPTION_ROW_MEM(struct boot_options, ram, TOYOS_RAM_MIN,
                           "memory, a multiple of 2M; the kernel uses 490M at most"),
            OPTION_ROW_LEVELS(struct boot_options, levels, "the"),
            OPTION_ROW_HOLES_CLOSED(struct boot_options, holes_closed),
            OPTION_ROW_APPEND(struct boot_options, append),
            {.name = "input",
             .kind = OPTION_STRING,
             .arg = "FILE",
             .help = "what is typed at the console; '-': standard input",
             .offset = FIELD(input)},
            OPTION_ROW_GUEST(struct boot_options, guest),
            {.name = "limit",
             .kind = OPTION_NUMBER,
             .arg = "N",
             .help = "stop after N instructions",
             .offset = FIELD(limit),
             .min = 1},
            OPTION_ROW_TRACE(struct boot_options, trace),
            {.letter = 'q',
             .name = "quiet",
             .kind = OPTION_FLAG,
             .help = "print the console only",
             .offset = FIELD(quiet)},
            OPTION_ROW_SEED(struct boot_options, seed),
            OPTION_ROW_EXPORT_JSON(struct boot_options, export_json),
            {0}},
    .defaults = &(const struct boot_options){.workload = "hello",
                                             .cpu = MODEL_DEFAULT,
                                             .cpus = 1,
                                             .machines = 1,
                                             .ram = TOYOS_RAM_DEFAULT,
                                             .levels = 4,
                                             .limit = UINT64_C(10000000000),
                                             .seed = CLI_DEFAULT_SEED},
    .options_size = sizeof(struct boot_options),
    .run = run_boot,
};
