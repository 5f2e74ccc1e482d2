// Holds a finished run against the expectations of its program, and says what does not hold.
#include "cli/expect.h"
#include "cli/export.h"

#include <inttypes.h>
#include <string.h>

static const char status_zero[] = "status 0 (nothing else is said)";

static uint64_t special_value(const struct cpu_state *s, unsigned i)
{
    const uint64_t values[] = {
#define SPECIAL(field) s->field,
        EXPECT_SPECIALS(SPECIAL)
#undef SPECIAL
    };
    return values[i];
}

static void compare(struct expectation *e, uint64_t got)
{
    e->holds = got == e->want;
    snprintf(e->got, sizeof e->got, "%" PRIu64 " (0x%" PRIx64 ")", got, got);
}

static void describe_stop(struct expectation *e, const struct report *report)
{
    if (report->stop.reason == STOP_POWEROFF) {
        snprintf(e->got, sizeof e->got, "power-off with status %" PRIu32, report->stop.status);
    } else {
        snprintf(e->got, sizeof e->got, "%s", report_stop_name(report->stop.reason));
    }
}

// The next line of the console from *at on; false if there is none.
static bool next_line(const struct report *report, size_t *at, const char **line, size_t *length)
{
    if (*at >= report->console_size) {
        return false;
    }
    const char *start = report->console + *at;
    const char *newline = memchr(start, '\n', report->console_size - *at);
    *line = start;
    *length = newline ? (size_t)(newline - start) : report->console_size - *at;
    *at += *length + (newline != NULL);
    return true;
}

static void check_console(struct expectation *e, const struct report *report, size_t *at)
{
    const char *line;
    size_t length;
    if (!next_line(report, at, &line, &length)) {
        snprintf(e->got, sizeof e->got, "the end of the console");
        return;
    }
    e->holds = e->console && strlen(e->console) == length && memcmp(e->console, line, length) == 0;
    snprintf(e->got, sizeof e->got, "\"%.*s\"", length > 80 ? 80 : (int)length, line);
}

static void check_memory(struct expectation *e, expect_read_fn *read, const void *ctx)
{
    uint8_t bytes[8];
    uint64_t value = 0;
    if (!read(ctx, e->address, bytes, e->size)) {
        snprintf(e->got, sizeof e->got, "no memory at 0x%" PRIx64, e->address);
        return;
    }
    for (unsigned i = e->size; i-- > 0;) {
        value = value << 8 | bytes[i];
    }
    // A negative number means the same in every width.
    e->want &= e->size == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * e->size) - 1;
    compare(e, value);
}

static void check_one(struct expectation *e, const struct report *report, expect_read_fn *read,
                      const void *ctx, size_t *console_at)
{
    struct cpu_counters total = report_total(report);
    switch (e->kind) {
    case EXPECT_CONSOLE: check_console(e, report, console_at); break;
    case EXPECT_STATUS:
        e->holds = report->stop.reason == STOP_POWEROFF && report->stop.status == e->want;
        describe_stop(e, report);
        break;
    case EXPECT_STOP:
        e->holds = report->stop.reason == e->which;
        describe_stop(e, report);
        break;
    case EXPECT_REGISTER:
        if (e->cpu >= report->cpus) {
            snprintf(e->got, sizeof e->got, "no processor %u", e->cpu);
        } else {
            const struct cpu_state *s = &report->state[e->cpu];
            compare(e,
                    e->which < REG_COUNT ? s->r[e->which] : special_value(s, e->which - REG_COUNT));
        }
        break;
    case EXPECT_MEMORY: check_memory(e, read, ctx); break;
    case EXPECT_COUNT:
        compare(e, e->which < 32 ? total.exceptions[e->which] : total.interrupts);
        break;
    }
}

void expect_check(struct expectations *x, const struct report *report, expect_read_fn *read,
                  const void *ctx)
{
    bool console = false, ending = false;
    size_t at = 0;
    for (size_t i = 0; i < x->count; i++) {
        check_one(&x->list[i], report, read, ctx, &at);
        console = console || x->list[i].kind == EXPECT_CONSOLE;
        ending = ending || x->list[i].kind == EXPECT_STATUS || x->list[i].kind == EXPECT_STOP;
    }
    if (console && at < report->console_size) {
        struct expectation *e = expect_add(x);
        *e = (struct expectation){
            .kind = EXPECT_CONSOLE, .text = "the end of the console", .length = 22};
        check_console(e, report, &at);
    }
    if (!ending) {
        struct expectation *e = expect_add(x);
        *e = (struct expectation){
            .kind = EXPECT_STATUS, .text = status_zero, .length = strlen(status_zero)};
        check_one(e, report, read, ctx, &at);
    }
    x->failed = 0;
    for (size_t i = 0; i < x->count; i++) {
        x->failed += !x->list[i].holds;
    }
}

int expect_print(const struct expectations *x, const struct program *program)
{
    for (size_t i = 0; i < x->count; i++) {
        const struct expectation *e = &x->list[i];
        if (!e->holds) {
            cli_input_error(program->name, e->line, 0, "expected %.*s, got %s", (int)e->length,
                            e->text, e->got);
        }
    }
    if (x->failed > 0) {
        printf("%zu of %zu expectations failed.\n", x->failed, x->count);
        return CLI_CHECK_FAILED;
    }
    printf(x->count == 1 ? "%zu expectation holds.\n" : "%zu expectations hold.\n", x->count);
    return CLI_OK;
}

json_t *expect_json(const struct expectations *x)
{
    json_t *list = json_array();
    for (size_t i = 0; i < x->count; i++) {
        const struct expectation *e = &x->list[i];
        json_t *o = json_object();
        json_object_set_new(o, "line", json_integer(e->line));
        json_object_set_new(o, "expected", export_text(e->text, e->length));
        json_object_set_new(o, "holds", json_boolean(e->holds));
        if (!e->holds) {
            json_object_set_new(o, "got", export_text(e->got, strlen(e->got)));
        }
        json_array_append_new(list, o);
    }
    return list;
}
