// Gathers what happened in a run and prints it for people; the JSON form is in report_json.c.
#include "cli/report.h"
#include "sim/isa.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    unsigned number;
    const char *mnemonic, *title;
} vectors[] = {
#define VECTOR(NAME, number, mnemonic, title, ERROR, doc) {number, mnemonic, title},
#include "sim/vector.def"
#undef VECTOR
};

const char *vector_mnemonic(unsigned vector)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        if (vectors[i].number == vector) {
            return vectors[i].mnemonic;
        }
    }
    return NULL;
}

const char *vector_title(unsigned vector)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        if (vectors[i].number == vector) {
            return vectors[i].title;
        }
    }
    return NULL;
}

// ---- gathering -----------------------------------------------------------------------------------

int report_gather(struct report *report, struct machine *machine)
{
    char reason[256];
    unsigned cpus = machine_cpus(machine);
    report->cpus = cpus;
    report->counters = calloc(cpus, sizeof *report->counters);
    report->time = calloc(cpus, sizeof *report->time);
    report->state = calloc(cpus, sizeof *report->state);
    size_t size;
    const char *console = machine_console(machine, &size);
    report->console = malloc(size + 1);
    if (!report->counters || !report->time || !report->state || !report->console) {
        return cli_error(CLI_UNAVAILABLE, "no memory for the report");
    }
    for (unsigned i = 0; i < cpus; i++) {
        report->counters[i] = *machine_counters(machine, i);
        report->time[i] = machine_cpu_time(machine, i);
        report->state[i] = *machine_registers(machine, i);
    }
    report->stop = *machine_stop_info(machine);
    if (size > 0) {
        memcpy(report->console, console, size);
    }
    report->console[size] = '\0';
    report->console_size = size;
    report_take_notes(report, machine);
    if (!machine_accounting_ok(machine, reason, sizeof reason)) {
        return cli_error(CLI_CHECK_FAILED,
                         "the cycles do not add up: %s; this is a bug of Ringside", reason);
    }
    return CLI_OK;
}

void report_free(struct report *report)
{
    free(report->counters);
    free(report->time);
    free(report->state);
    free(report->console);
}

struct cpu_counters report_total(const struct report *report)
{
    // Every member is a uint64_t, so that the sum can run over all of them alike.
    struct cpu_counters total = {0};
    enum { WORDS = sizeof total / sizeof(uint64_t) };
    for (unsigned i = 0; i < report->cpus; i++) {
        uint64_t sum[WORDS], part[WORDS];
        memcpy(sum, &total, sizeof sum);
        memcpy(part, &report->counters[i], sizeof part);
        for (size_t w = 0; w < WORDS; w++) {
            sum[w] += part[w];
        }
        memcpy(&total, sum, sizeof total);
    }
    return total;
}

int report_status(const struct report *report)
{
    return report->stop.reason == STOP_POWEROFF && report->stop.status == 0 ? CLI_OK
                                                                            : CLI_CHECK_FAILED;
}

// ---- the console ---------------------------------------------------------------------------------

void report_print_console(FILE *out, const struct report *report)
{
    bool terminal = isatty(fileno(out));
    const char *bytes = report->console;
    for (size_t i = 0; i < report->console_size; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (terminal && (c < 0x20 || c == 0x7f) && c != '\n' && c != '\t') {
            fprintf(out, "\\x%02x", c); // a guest must not send escape codes to a lecturer's screen
        } else {
            fputc(c, out);
        }
    }
    if (report->console_size > 0 && bytes[report->console_size - 1] != '\n') {
        fputc('\n', out);
    }
}

// ---- places --------------------------------------------------------------------------------------

const char *report_place(char buffer[static PLACE_SIZE], const struct image *image, uint64_t addr)
{
    buffer[0] = '\0';
    if (!image) {
        return buffer;
    }
    bool inside = false;
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct image_segment *s = &image->segments[i];
        inside = inside || (addr >= s->addr && addr - s->addr < s->size + s->bss);
    }
    const struct image_symbol *symbol = inside ? image_near(image, addr) : NULL;
    const struct image_line *line = inside ? image_line_at(image, addr) : NULL;
    size_t used = 0;
    if (symbol && symbol->value == addr) {
        used = (size_t)snprintf(buffer, PLACE_SIZE, "%.100s", symbol->name);
    } else if (symbol) {
        used = (size_t)snprintf(buffer, PLACE_SIZE, "%.100s+0x%" PRIx64, symbol->name,
                                addr - symbol->value);
    }
    if (line) {
        const char *file = image->files[line->file];
        snprintf(buffer + used, PLACE_SIZE - used, symbol ? " (%.100s:%u)" : "%.100s:%u", file,
                 line->line);
    }
    return buffer;
}

// ---- counts --------------------------------------------------------------------------------------

static const char *const category_names[] = {
#define CYCLE(NAME, name, guest, doc) name,
#include "sim/cycle.def"
#undef CYCLE
};

static const struct {
    unsigned number;
    const char *name;
} exit_names[] = {
#define EXIT(NAME, name, number, group, doc) {number, name},
#include "sim/exit.def"
#undef EXIT
};

static void heading(FILE *out, const struct style *style, const char *text)
{
    tone_printf(out, style, TONE_HEADING, "\n%s\n", text);
}

static void print_summary(FILE *out, const struct style *style, const struct report *report,
                          const struct cpu_counters *total, uint64_t cycles)
{
    char buffer[FORMAT_SIZE];
    struct table *table = table_new(
        (const struct table_column[]){{NULL, TABLE_LEFT}, {NULL, TABLE_RIGHT}, {NULL, TABLE_LEFT}},
        3);
    table_cell(table, "instructions");
    table_count(table, total->instructions);
    table_cell(table, "%s", "");
    table_cell(table, "cycles");
    table_count(table, cycles);
    if (report->cpus > 1) {
        table_cell(table, "on %u processors", report->cpus);
    } else {
        table_cell(table, "%s at %" PRIu32 " MHz", report->cpu, report->mhz);
    }
    if (total->instructions > 0) {
        // Hundredths, rounded half up; counts stay far below 2^64 / 100.
        uint64_t ratio = (cycles * 100 + total->instructions / 2) / total->instructions;
        table_cell(table, "cycles per instruction");
        table_cell(table, "%s.%02u", format_count(buffer, ratio / 100), (unsigned)(ratio % 100));
        table_end_row(table);
    }
    table_print(out, style, table, 0);
    table_free(table);
}

static void print_categories(FILE *out, const struct style *style, const struct cpu_counters *total,
                             uint64_t cycles)
{
    char share[FORMAT_SIZE], bar[BAR_SIZE];
    heading(out, style, "Cycles by category");
    struct table *table = table_new(
        (const struct table_column[]){
            {NULL, TABLE_LEFT}, {NULL, TABLE_RIGHT}, {NULL, TABLE_RIGHT}, {NULL, TABLE_LEFT}},
        4);
    for (size_t i = 0; i < CYC_COUNT; i++) {
        if (total->cycles[i] > 0) {
            table_cell(table, "%s", category_names[i]);
            table_count(table, total->cycles[i]);
            table_cell(table, "%s", format_share(share, total->cycles[i], cycles));
            table_cell(table, "%s", format_bar(bar, style, total->cycles[i], cycles, 30));
        }
    }
    table_print(out, style, table, 2);
    table_free(table);
}

static void print_translation(FILE *out, const struct style *style, const struct cpu_counters *t)
{
    if (t->l1i_miss + t->l1d_miss + t->walks_i + t->walks_d == 0) {
        return; // paging was never on
    }
    fputc('\n', out);
    struct table *table = table_new(
        (const struct table_column[]){
            {"Address translation", TABLE_LEFT}, {"fetch", TABLE_RIGHT}, {"data", TABLE_RIGHT}},
        3);
    const struct {
        const char *name;
        uint64_t fetch, data;
    } rows[] = {{"  first-level TLB misses", t->l1i_miss, t->l1d_miss},
                {"  second-level TLB hits", t->l2i_hit, t->l2d_hit},
                {"  page walks", t->walks_i, t->walks_d},
                {"  walk references", t->walk_refs_i, t->walk_refs_d}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        table_cell(table, "%s", rows[i].name);
        table_count(table, rows[i].fetch);
        table_count(table, rows[i].data);
    }
    table_print(out, style, table, 0);
    table_free(table);
}

static void event_row(struct table *table, const char *name, uint64_t count)
{
    if (count > 0) {
        table_cell(table, "%s", name);
        table_count(table, count);
    }
}

static void print_events(FILE *out, const struct style *style, const struct cpu_counters *t)
{
    struct table *table =
        table_new((const struct table_column[]){{NULL, TABLE_LEFT}, {NULL, TABLE_RIGHT}}, 2);
    for (unsigned v = 0; v < 32; v++) {
        if (t->exceptions[v] > 0) {
            const char *mnemonic = vector_mnemonic(v);
            if (mnemonic) {
                table_cell(table, "%s %s", mnemonic, vector_title(v));
            } else {
                table_cell(table, "vector %u", v);
            }
            table_count(table, t->exceptions[v]);
        }
    }
    event_row(table, "interrupts", t->interrupts);
    event_row(table, "system calls", t->syscalls);
    event_row(table, "device register accesses", t->mmio);
    event_row(table, "port accesses", t->port_io);
    for (size_t i = 0; i < sizeof exit_names / sizeof *exit_names; i++) {
        if (t->exits[exit_names[i].number] > 0) {
            table_cell(table, "exit %s", exit_names[i].name);
            table_count(table, t->exits[exit_names[i].number]);
        }
    }
    if (table_rows(table) > 0) {
        heading(out, style, "Events");
        table_print(out, style, table, 2);
    }
    table_free(table);
}

static void print_processors(FILE *out, const struct style *style, const struct report *report)
{
    fputc('\n', out);
    struct table *table = table_new((const struct table_column[]){{"Processor", TABLE_LEFT},
                                                                  {"instructions", TABLE_RIGHT},
                                                                  {"cycles", TABLE_RIGHT},
                                                                  {"interrupts", TABLE_RIGHT},
                                                                  {"idle", TABLE_RIGHT}},
                                    5);
    for (unsigned i = 0; i < report->cpus; i++) {
        char share[FORMAT_SIZE];
        const struct cpu_counters *c = &report->counters[i];
        table_cell(table, "  %u", i);
        table_count(table, c->instructions);
        table_count(table, report->time[i]);
        table_count(table, c->interrupts);
        table_cell(table, "%s", format_share(share, c->cycles[CYC_IDLE], report->time[i]));
    }
    table_print(out, style, table, 0);
    table_free(table);
}

void report_print_counts(FILE *out, const struct style *style, const struct report *report)
{
    struct cpu_counters total = report_total(report);
    uint64_t cycles = 0;
    for (unsigned i = 0; i < report->cpus; i++) {
        cycles += report->time[i];
    }
    print_summary(out, style, report, &total, cycles);
    print_categories(out, style, &total, cycles);
    print_translation(out, style, &total);
    print_events(out, style, &total);
    if (report->cpus > 1) {
        print_processors(out, style, report);
    }
}
