// Measuring on the real processor, for the commands that do: what is there, one operation after the other, and an end that leaves nothing behind.
#include "cli/real.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A signal handler has no other way to tell.
static volatile sig_atomic_t caught;

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { SIGNALS = sizeof signals / sizeof signals[0] };
static struct sigaction before[SIGNALS];

static void on_signal(int signal)
{
    caught = signal;
}

int real_session_begin(struct real_session *s, const struct real_options *o)
{
    *s = (struct real_session){.o = o};
    real_probe("", &s->probe);
    caught = 0;
    for (size_t i = 0; i < SIGNALS; i++) {
        struct sigaction action = {.sa_handler = on_signal};
        sigaction(signals[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN) {
            sigaction(signals[i], &action, NULL);
        }
    }
    if (!real_probe_usable(&s->probe)) {
        return cli_error(CLI_UNAVAILABLE,
                         "real: no guest can run on the real processor here (%s); 'ringside real "
                         "doctor' says what to do",
                         s->probe.why_not);
    }
    s->platform = real_probe_platform(&s->probe);
    if (!o->no_trace) {
        real_trace_begin(&s->trace);
    }
    s->config = (struct real_run_config){.vendor = s->platform.vendor,
                                         .milliseconds = (unsigned)o->limit,
                                         .trace = s->trace.on ? &s->trace : NULL,
                                         .interrupted = &caught};
    return CLI_OK;
}

static int measure_one(struct real_session *s, enum real_op op)
{
    char err[REAL_ERROR_SIZE];
    if (s->has[op]) {
        return CLI_OK;
    }
    bool progress = isatty(STDERR_FILENO) != 0;
    if (progress) {
        fprintf(stderr, "\r%-20s", real_op_info(op)->name);
    }
    s->has[op] = real_measure(op, &s->platform, s->o->count, &s->config, &s->measure[op], err);
    if (progress) {
        fprintf(stderr, "\r%-20s\r", "");
    }
    return s->has[op] ? CLI_OK
                      : cli_error(CLI_UNAVAILABLE, "real: %s: %s", real_op_info(op)->name, err);
}

static int find(const char *name, enum real_op *op)
{
    const char *names[REAL_OP_COUNT + 1] = {NULL};
    for (unsigned i = 0; i < REAL_OP_COUNT; i++) {
        names[i] = real_op_info((enum real_op)i)->name;
    }
    *op = real_op_find(name);
    if (*op != REAL_OP_COUNT) {
        return CLI_OK;
    }
    const char *nearest = cli_nearest(name, names);
    return cli_error(CLI_USAGE, "real: no operation '%s'; %s%s%s'ringside real list' shows them",
                     name, nearest ? "did you mean '" : "", nearest ? nearest : "",
                     nearest ? "'? " : "");
}

int real_list_command(const struct cli *cli, const struct real_options *o)
{
    for (unsigned i = 0; i < REAL_OP_COUNT && o->names; i++) {
        puts(real_op_info((enum real_op)i)->name);
    }
    if (o->names) {
        return CLI_OK;
    }
    struct style style = style_of(cli);
    struct table *table = table_new((const struct table_column[]){{"operation", TABLE_LEFT},
                                                                  {"exits, nested", TABLE_LEFT},
                                                                  {"exits, shadow", TABLE_LEFT},
                                                                  {"what it is", TABLE_WRAP}},
                                    4);
    for (unsigned i = 0; i < REAL_OP_COUNT; i++) {
        const struct real_op_info *info = real_op_info((enum real_op)i);
        table_cell(table, "%s", info->name);
        for (int paging = 0; paging < 2; paging++) {
            const char *exits = info->exits[paging];
            table_cell(table, "%s", info->rogue ? "-" : exits[0] ? exits : "none");
        }
        table_cell(table, "%s", info->doc);
    }
    table_print(stdout, &style, table, 0);
    table_free(table);
    return CLI_OK;
}

int real_session_measure(struct real_session *s, const char *const *names, size_t count,
                         bool rogues)
{
    enum real_op op;
    int status = CLI_OK;
    for (size_t i = 0; i < count && status == CLI_OK; i++) {
        status = find(names[i], &op); // all names first: a wrong one should not show after a minute
    }
    if (status == CLI_OK) {
        status = measure_one(s, REAL_OP_NOTHING);
    }
    for (size_t i = 0; i < count && status == CLI_OK && !caught; i++) {
        find(names[i], &op);
        status = measure_one(s, op);
    }
    for (unsigned i = 0; i < REAL_OP_COUNT && count == 0 && status == CLI_OK && !caught; i++) {
        if (rogues || !real_op_info((enum real_op)i)->rogue) {
            status = measure_one(s, (enum real_op)i);
        }
    }
    return status;
}

bool real_session_interrupted(void)
{
    return caught != 0;
}

void real_session_end(struct real_session *s)
{
    real_trace_end(&s->trace);
    for (unsigned i = 0; i < REAL_OP_COUNT; i++) {
        if (s->has[i]) {
            real_measure_free(&s->measure[i]);
        }
    }
    for (size_t i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], &before[i], NULL);
    }
    if (caught) {
        fflush(stdout);
        raise(caught);
    }
}

uint64_t real_session_cycles(const struct real_session *s, enum real_op op)
{
    uint64_t nothing = s->measure[REAL_OP_NOTHING].cycles.median,
             median = s->measure[op].cycles.median;
    return median > nothing ? median - nothing : 0;
}

void real_session_title(const struct real_session *s, char *text, size_t size)
{
    snprintf(text, size, "%s, %s paging%s, %s%s, kernel %s", real_vendor_name(s->platform.vendor),
             real_paging_name(s->platform.paging), s->platform.apicv ? ", virtual APIC" : "",
             s->probe.cpu[0] ? s->probe.cpu : "unknown processor",
             s->probe.hypervisor ? " (itself in a virtual machine)" : "", s->probe.kernel);
}
