// Collects the expectations of a program; see expect.h. expect_check.c holds a run against them.
#include "cli/expect.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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

// The named registers beside the general ones.
static const char *const special[] = {
#define SPECIAL(field) #field,
    EXPECT_SPECIALS(SPECIAL)
#undef SPECIAL
        NULL};

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

struct expectation *expect_add(struct expectations *x)
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
            struct expectation *e = c.e = expect_add(x);
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
