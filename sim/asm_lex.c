// asm_lex.c: cuts a line of assembly source into tokens.
#include "sim/asm_impl.h"

#include <stdio.h>
#include <string.h>

bool lex_is_start(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '$';
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

bool lex_is_part(int c)
{
    return lex_is_start(c) || is_digit(c);
}

bool lex_is_param_part(int c)
{
    return lex_is_part(c) && c != '.' && c != '$';
}

struct loc lex_loc(const struct assembler *as, const char *p)
{
    size_t i = (size_t)(p - as->line.text.p);
    const uint16_t *columns = as->line.columns;
    return (struct loc){as->line.file, as->frame, as->line.number,
                        columns ? columns[i] : (uint32_t)i + 1};
}

void lex_start(struct assembler *as, const struct line *line)
{
    as->line = *line;
    as->at = line->text.p;
    as->line_end = line->text.p + line->text.n;
    lex_next(as);
}

static int peek(const struct assembler *as, size_t i)
{
    return (size_t)(as->line_end - as->at) > i ? (unsigned char)as->at[i] : -1;
}

static int digit_value(int c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return 99;
}

// 42, 0x2a, 0o52, 0b101010, with _ between digits; and 1b, 1f: the nearest label "1:" behind or
// ahead.
static void lex_number(struct assembler *as, struct token *t)
{
    const char *start = as->at;
    int base = 10;
    if (peek(as, 0) == '0') {
        int c = peek(as, 1) | 0x20;
        base = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 10;
        // 0b with no digit behind it is the label 0 behind us.
        if (base == 2 && digit_value(peek(as, 2)) > 1) {
            base = 10;
        }
        as->at += base == 10 ? 0 : 2;
    }
    const char *digits = as->at;
    uint64_t value = 0;
    bool overflow = false;
    for (;; as->at++) {
        int d = digit_value(peek(as, 0));
        if (peek(as, 0) == '_' && as->at > digits) {
            continue;
        }
        if (d >= base) {
            break;
        }
        overflow |= value > (UINT64_MAX - (unsigned)d) / (unsigned)base;
        value = value * (unsigned)base + (unsigned)d;
    }
    int suffix = peek(as, 0);
    if (base == 10 && value < NUMERIC_LABELS && (suffix == 'b' || suffix == 'f') &&
        !lex_is_part(peek(as, 1))) {
        as->at++;
        t->kind = TOKEN_NUMERIC_LABEL;
        t->forward = suffix == 'f';
    } else {
        t->kind = TOKEN_NUMBER;
        if (as->at == digits || lex_is_part(suffix)) {
            while (lex_is_part(peek(as, 0))) {
                as->at++;
            }
            asm_fail(as, &t->at,
                     "'%.*s' is not a number; numbers look like 42, 0x2a, 0o52 or 0b101010",
                     (int)(as->at - start), start);
        }
        if (base == 10 && start[0] == '0' && as->at - start > 1) {
            asm_fail(as, &t->at, "a leading zero; write 0o for octal, or leave the zero away");
        }
        if (overflow) {
            asm_fail(as, &t->at,
                     "the number does not fit 64 bits; the largest is 0xffffffffffffffff");
        }
    }
    t->number = value;
    t->text = (struct str){start, (size_t)(as->at - start)};
}

// One character of a string or character literal, with escapes; advances *p, which is before `end`.
static unsigned char lex_escape(struct assembler *as, const char **p, const char *end)
{
    const char *start = *p;
    unsigned char c = (unsigned char)*(*p)++;
    if (c != '\\') {
        return c;
    }
    c = *p < end ? (unsigned char)*(*p)++ : 0;
    switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case '0': return 0;
    case 'e': return 27;
    case '\\':
    case '\'':
    case '"': return c;
    case 'x':
        if (end - *p >= 2 && digit_value((*p)[0]) < 16 && digit_value((*p)[1]) < 16) {
            *p += 2;
            return (unsigned char)(digit_value((*p)[-2]) * 16 + digit_value((*p)[-1]));
        }
        break;
    default: break;
    }
    struct loc at = lex_loc(as, start);
    asm_fail(as, &at,
             "an unknown escape; use \\n \\t \\r \\0 \\e \\\\ \\' \\\" or \\x and two hexadecimal "
             "digits");
}

struct str lex_string(struct assembler *as, const struct token *t)
{
    char *bytes = asm_alloc(as, t->text.n + 1);
    size_t n = 0;
    for (const char *p = t->text.p, *end = p + t->text.n; p < end;) {
        bytes[n++] = (char)lex_escape(as, &p, end);
    }
    return (struct str){bytes, n};
}

// Finds the closing quote, and leaves as->at behind it; token text is what stands between.
static void lex_quoted(struct assembler *as, struct token *t, int quote)
{
    const char *start = ++as->at;
    while (peek(as, 0) != quote) {
        if (peek(as, 0) < 0) {
            asm_fail(as, &t->at, "the closing %c is missing; a string ends on its own line", quote);
        }
        as->at += peek(as, 0) == '\\' && peek(as, 1) >= 0 ? 2 : 1;
    }
    t->text = (struct str){start, (size_t)(as->at - start)};
    as->at++;
}

static void lex_char(struct assembler *as, struct token *t)
{
    lex_quoted(as, t, '\'');
    const char *p = t->text.p, *end = p + t->text.n;
    t->kind = TOKEN_NUMBER;
    t->number = p < end ? lex_escape(as, &p, end) : 0;
    if (t->text.n == 0 || p != end) {
        asm_fail(as, &t->at, "'%.*s' is not one character; write a string with double quotes",
                 (int)t->text.n, t->text.p);
    }
}

static void lex_punct(struct assembler *as, struct token *t)
{
    static const struct {
        char text[3];
        int punct;
    } pairs[] = {{"<<", PUNCT_SHL}, {">>", PUNCT_SHR}, {"<=", PUNCT_LE},  {">=", PUNCT_GE},
                 {"==", PUNCT_EQ},  {"!=", PUNCT_NE},  {"&&", PUNCT_AND}, {"||", PUNCT_OR}};
    static const char singles[] = "()[]+-*/%&|^~!<>?:,=";
    int c = peek(as, 0);
    t->kind = TOKEN_PUNCT;
    t->text = (struct str){as->at, 1};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (c == pairs[i].text[0] && peek(as, 1) == pairs[i].text[1]) {
            t->punct = pairs[i].punct;
            t->text.n = 2;
        }
    }
    if (t->text.n == 1) {
        if (c == 0 || !strchr(singles, c)) {
            if (c > 0x20 && c < 0x7f) {
                asm_fail(as, &t->at, "'%c' means nothing here; comments begin with ; # or //", c);
            }
            asm_fail(as, &t->at, "byte 0x%02x means nothing here; the source must be plain text",
                     (unsigned)c);
        }
        t->punct = c;
    }
    as->at += t->text.n;
}

void lex_next(struct assembler *as)
{
    struct token *t = &as->token;
    while (peek(as, 0) == ' ' || peek(as, 0) == '\t') {
        as->at++;
    }
    *t = (struct token){.kind = TOKEN_END, .text = {as->at, 0}, .at = lex_loc(as, as->at)};
    int c = peek(as, 0);
    if (c < 0 || c == ';' || c == '#' || (c == '/' && peek(as, 1) == '/')) {
        as->at = as->line_end;
    } else if (is_digit(c)) {
        lex_number(as, t);
    } else if (lex_is_start(c)) {
        t->kind = TOKEN_IDENT;
        while (lex_is_part(peek(as, 0))) {
            as->at++;
        }
        t->text.n = (size_t)(as->at - t->text.p);
        if (t->text.n > NAME_LENGTH_MAX) {
            asm_fail(as, &t->at, "the name is longer than %d characters; choose a shorter one",
                     NAME_LENGTH_MAX);
        }
    } else if (c == '"') {
        t->kind = TOKEN_STRING;
        lex_quoted(as, t, '"');
    } else if (c == '\'') {
        lex_char(as, t);
    } else {
        lex_punct(as, t);
    }
}

bool lex_is(const struct assembler *as, int punct)
{
    return as->token.kind == TOKEN_PUNCT && as->token.punct == punct;
}

bool lex_accept(struct assembler *as, int punct)
{
    bool is = lex_is(as, punct);
    if (is) {
        lex_next(as);
    }
    return is;
}

const char *lex_shown(struct assembler *as)
{
    const struct token *t = &as->token;
    if (t->kind == TOKEN_END) {
        return "the end of the line";
    }
    const char *quote = t->kind == TOKEN_STRING ? "\"" : "";
    snprintf(as->shown, sizeof as->shown, "'%s%.*s%s'", quote, t->text.n > 40 ? 40 : (int)t->text.n,
             t->text.p, quote);
    return as->shown;
}

void lex_expect(struct assembler *as, int punct, const char *where)
{
    if (!lex_accept(as, punct)) {
        asm_fail(as, &as->token.at, "'%c' is missing %s; found %s", punct, where, lex_shown(as));
    }
}

void lex_expect_end(struct assembler *as)
{
    if (as->token.kind != TOKEN_END) {
        asm_fail(as, &as->token.at,
                 "%s is too much here; one statement a line, comments begin with ; # or //",
                 lex_shown(as));
    }
}
