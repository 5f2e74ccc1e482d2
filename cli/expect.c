// Parses and checks the expectations of a program; see expect.h.
#include "cli/expect.h"
#include "cli/export.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char status_zero[] = "status 0 (nothing else is said)";

// A place in the text of one expectation.
struct cursor {
    const struct program *program;
    struct expectation *e;
    const char *line, *at, *end; // begin of the line, next character, end of the line
};

static int wrong(const struct cursor *c, const char *format, const char *text)
{
    char message[256];
    snprintf(message, sizeof message, format, text);
    return cli_input_error(c->program->name, c->e->line, (unsigned)(c->at - c->line) + 1, "%s",
                           message);
}

static void *must(void *memory)
{
    if (!memory) {
        exit(cli_error(CLI_UNAVAILABLE, "no memory for the expectations"));
    }
    return memory;
}

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t')) {
        c->at++;
    }
}

static bool is_name(char ch)
{
    return isalnum((unsigned char)ch) || ch == '_' || ch == '.' || ch == '$' || ch == '#';
}

enum { WORD_SIZE = 80 };

// The next run of name characters ("" if there is none); the cursor goes behind it.
static void take_word(struct cursor *c, char word[static WORD_SIZE])
{
    size_t length = 0;
    skip_blanks(c);
    while (c->at < c->end && is_name(*c->at) && length + 1 < WORD_SIZE) {
        word[length++] = *c->at++;
    }
    word[length] = '\0';
}

static bool take_char(struct cursor *c, char ch)
{
    skip_blanks(c);
    if (c->at < c->end && *c->at == ch) {
        c->at++;
        return true;
    }
    return false;
}

// A number or a symbol, with an optional sign.
static int take_term(struct cursor *c, uint64_t *value)
{
    char word[WORD_SIZE];
    bool minus = take_char(c, '-');
    const char *start = c->at;
    take_word(c, word);
    if (!cli_parse_number(word, value)) {
        const struct image_symbol *symbol = image_find(c->program->image, word);
        if (!symbol) {
            c->at = start;
            skip_blanks(c);
            return word[0] ? wrong(c, "'%s' is neither a number nor a symbol of the program", word)
                           : wrong(c, "a number or symbol is missing here%s", "");
        }
        *value = symbol->value;
    }
    *value = minus ? 0 - *value : *value;
    return CLI_OK;
}

// Terms with + and - between them.
static int take_value(struct cursor *c, uint64_t *value)
{
    int status = take_term(c, value);
    while (status == CLI_OK) {
        uint64_t term;
        skip_blanks(c);
        bool minus = c->at < c->end && *c->at == '-';
        if (!minus && !take_char(c, '+')) {
            break;
        }
        status = take_term(c, &term); // which takes the minus as its sign
        *value += status == CLI_OK ? term : 0;
    }
    return status;
}

static int take_equals(struct cursor *c)
{
    if (!take_char(c, '=')) {
        return wrong(c, "'=' is missing here%s; write e.g. '; expect a0 = 42'", "");
    }
    take_char(c, '='); // "==" will do as well
    return take_value(c, &c->e->want);
}

// ---- the kinds -----------------------------------------------------------------------------------

static int parse_console(struct cursor *c)
{
    char *to = c->e->console = must(malloc((size_t)(c->end - c->at) + 1));
    c->e->kind = EXPECT_CONSOLE;
    c->at++;
    while (c->at < c->end && *c->at != '"') {
        char ch = *c->at++;
        if (ch == '\\' && c->at < c->end) {
            static const char names[] = "nt\\\"", values[] = "\n\t\\\"";
            const char *known = strchr(names, *c->at);
            if (!known) {
                return wrong(c, "unknown escape; there are \\n \\t \\\\ \\\"%s", "");
            }
            ch = values[known - names];
            c->at++;
        }
        *to++ = ch;
    }
    *to = '\0';
    return take_char(c, '"') ? CLI_OK : wrong(c, "the closing quote is missing%s", "");
}

static int parse_stop(struct cursor *c)
{
    static const enum stop_reason reasons[] = {STOP_POWEROFF, STOP_TRIPLE_FAULT, STOP_DEADLOCK,
                                               STOP_LIMIT};
    skip_blanks(c);
    size_t length = (size_t)(c->end - c->at);
    c->e->kind = EXPECT_STOP;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        const char *name = report_stop_name(reasons[i]);
        if (strlen(name) == length && strncmp(name, c->at, length) == 0) {
            c->e->which = reasons[i];
            c->at = c->end;
            return CLI_OK;
        }
    }
    return wrong(c, "no way to stop; there are power-off, triple-fault, deadlock, limit%s", "");
}

static int parse_memory(struct cursor *c, unsigned size)
{
    c->e->kind = EXPECT_MEMORY;
    c->e->size = size;
    if (!take_char(c, '[')) {
        return wrong(c, "'[' is missing here; write e.g. '; expect word [counter] = 1'%s", "");
    }
    int status = take_value(c, &c->e->address);
    if (status == CLI_OK && !take_char(c, ']')) {
        status = wrong(c, "']' is missing here%s", "");
    }
    return status == CLI_OK ? take_equals(c) : status;
}

// The named registers beside the general ones, in the order of special_value().
static const char *const special[] = {"pc", "ring", "flags", "msw",    "ptbr",  "vbar",
                                      "tr", "far",  "tpr",   "kstack", "lstar", NULL};

static uint64_t special_value(const struct cpu_state *s, unsigned i)
{
    const uint64_t values[] = {s->pc, s->ring, s->flags, s->msw,    s->ptbr, s->vbar,
                               s->tr, s->far,  s->tpr,   s->kstack, s->lstar};
    return values[i];
}

static bool find_register(const char *word, unsigned *which)
{
    for (unsigned r = 0; r < REG_COUNT; r++) {
        char number[8];
        snprintf(number, sizeof number, "r%u", r);
        if (strcmp(word, isa_reg_name(r)) == 0 || strcmp(word, number) == 0) {
            *which = r;
            return true;
        }
    }
    for (unsigned i = 0; special[i]; i++) {
        if (strcmp(word, special[i]) == 0) {
            *which = REG_COUNT + i;
            return true;
        }
    }
    return false;
}

static bool find_vector(const char *word, unsigned *which)
{
    for (unsigned v = 0; v < 32; v++) {
        const char *name = vector_mnemonic(v);
        if (name && strcmp(name, word) == 0) {
            *which = v;
            return true;
        }
    }
    *which = 32; // all external interrupts
    return strcmp(word, "interrupts") == 0;
}

static int parse_expectation(struct cursor *c)
{
    static const struct {
        const char *name;
        unsigned size;
    } sizes[] = {{"byte", 1}, {"half", 2}, {"word", 4}, {"quad", 8}};
    char word[WORD_SIZE];
    struct expectation *e = c->e;
    skip_blanks(c);
    const char *start = c->at;
    if (c->at < c->end && *c->at == '"') {
        return parse_console(c);
    }
    if (c->at < c->end && *c->at == '[') {
        return parse_memory(c, 8);
    }
    take_word(c, word);
    if (strcmp(word, "status") == 0) {
        e->kind = EXPECT_STATUS;
        return take_value(c, &e->want);
    }
    if (strcmp(word, "stop") == 0) {
        return parse_stop(c);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (strcmp(word, sizes[i].name) == 0) {
            return parse_memory(c, sizes[i].size);
        }
    }
    uint64_t cpu;
    if (strncmp(word, "cpu", 3) == 0 && cli_parse_number(word + 3, &cpu) && cpu < 64) {
        e->cpu = (unsigned)cpu;
        take_word(c, word);
    }
    if (find_register(word, &e->which)) {
        e->kind = EXPECT_REGISTER;
        return take_equals(c);
    }
    if (find_vector(word, &e->which)) {
        e->kind = EXPECT_COUNT;
        return take_equals(c);
    }
    c->at = start;
    return wrong(
        c,
        "'%s' cannot be expected; give \"a line\", status, stop, a register, [memory], #PF or "
        "interrupts",
        word);
}

// ---- the whole source ----------------------------------------------------------------------------

// Whether the line is a comment that begins with the word "expect"; sets the cursor behind it.
static bool is_expectation(struct cursor *c)
{
    static const char word[] = "expect";
    skip_blanks(c);
    if (c->at == c->end || *c->at != ';') {
        return false;
    }
    while (c->at < c->end && *c->at == ';') {
        c->at++;
    }
    skip_blanks(c);
    size_t left = (size_t)(c->end - c->at), length = strlen(word);
    if (left <= length || strncmp(c->at, word, length) != 0 ||
        (c->at[length] != ' ' && c->at[length] != '\t')) {
        return false;
    }
    c->at += length;
    skip_blanks(c);
    return true;
}

static struct expectation *append(struct expectations *x)
{
    x->list = must(realloc(x->list, (x->count + 1) * sizeof *x->list));
    struct expectation *e = &x->list[x->count++];
    *e = (struct expectation){0};
    return e;
}

int expect_parse(const struct program *program, struct expectations *x)
{
    *x = (struct expectations){0};
    const char *text = program->source, *end = text ? text + program->source_size : NULL;
    for (unsigned line = 1; text && text < end; line++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline ? newline : end;
        while (stop > text && isspace((unsigned char)stop[-1])) {
            stop--;
        }
        struct expectation probe = {.line = line};
        struct cursor c = {program, &probe, text, text, stop};
        if (is_expectation(&c)) {
            struct expectation *e = c.e = append(x);
            e->line = line;
            e->text = c.at;
            e->length = (size_t)(stop - c.at);
            int status = parse_expectation(&c);
            skip_blanks(&c);
            if (status == CLI_OK && c.at < c.end) {
                status = wrong(
                    &c, "there is more on the line than expected%s; one expectation a line", "");
            }
            if (status != CLI_OK) {
                return status;
            }
        }
        text = newline ? newline + 1 : end;
    }
    return CLI_OK;
}

void expect_free(struct expectations *x)
{
    for (size_t i = 0; i < x->count; i++) {
        free(x->list[i].console);
    }
    free(x->list);
}

// ---- checking ------------------------------------------------------------------------------------

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
    e->holds = strlen(e->console) == length && memcmp(e->console, line, length) == 0;
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
        struct expectation *e = append(x);
        *e = (struct expectation){
            .kind = EXPECT_CONSOLE, .text = "the end of the console", .length = 22};
        e->console = must(strdup("\x01")); // no line of a console: it cannot hold
        check_console(e, report, &at);
    }
    if (!ending) {
        struct expectation *e = append(x);
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
