// asm_source.c: where lines come from: files, macro calls and repetitions, stacked as frames, each
// line expanded as it is read.
#include "sim/asm_impl.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

// ---- frames -------------------------------------------------------------------------------------

struct frame *source_push(struct assembler *as, enum frame_kind kind, const char *name,
                          const struct loc *called_at)
{
    struct frame *f = asm_alloc(as, sizeof *f);
    f->kind = kind;
    f->name = name;
    f->called_at = *called_at;
    f->up = as->frame;
    f->depth = as->frame ? as->frame->depth + 1 : 1;
    f->includes = (as->frame ? as->frame->includes : 0) + (kind == FRAME_FILE);
    f->conditions = as->condition_count;
    f->serial = ++as->serial;
    f->iterations = 1;
    if (f->depth > FRAMES_MAX || f->includes > INCLUDES_MAX) {
        asm_fatal(
            as, called_at,
            kind == FRAME_FILE ? "files include each other too deeply; guard the file with .ifndef"
            : kind == FRAME_MACRO ? "macros call each other too deeply; end the recursion with .if"
                                  : "repetitions are nested too deeply; use fewer levels");
    }
    as->frame = f;
    return f;
}

void source_push_file(struct assembler *as, const struct asm_source *source,
                      const struct loc *called_at)
{
    struct frame *f = source_push(as, FRAME_FILE, asm_copy(as, str_of(source->name)), called_at);
    f->rest = (struct str){source->text, source->size};
}

// An .if must be closed where it was opened: in the same file, macro or turn of a repetition.
static void check_conditions(struct assembler *as, const struct frame *f)
{
    while (as->condition_count > f->conditions) {
        const struct condition *c = &as->conditions[--as->condition_count];
        asm_report(as, &c->opened, "this condition is not closed; end it with .endif");
    }
}

static void count_line(struct assembler *as, const struct loc *at)
{
    if (++as->lines_read > as->max_lines) {
        asm_fatal(as, at, "more than %llu lines with all expansions; make the repetitions smaller",
                  (unsigned long long)as->max_lines);
    }
}

static bool file_line(struct assembler *as, struct frame *f, struct line *out)
{
    if (f->rest.n == 0) {
        return false;
    }
    const char *end = memchr(f->rest.p, '\n', f->rest.n);
    size_t n = end ? (size_t)(end - f->rest.p) : f->rest.n;
    *out = (struct line){.text = {f->rest.p, n}, .file = f->name, .number = ++f->line};
    size_t taken = end ? n + 1 : n;
    f->rest.p += taken;
    f->rest.n -= taken;
    if (out->text.n > 0 && out->text.p[out->text.n - 1] == '\r') {
        out->text.n--;
    }
    struct loc at = {f->name, f, f->line, 1};
    as->last = at;
    count_line(as, &at);
    if (out->text.n > LINE_LENGTH_MAX) {
        asm_report(as, &at, "the line is longer than %d bytes; divide it", LINE_LENGTH_MAX);
        out->text.n = 0;
    }
    return true;
}

// ---- expansion ----------------------------------------------------------------------------------

// An expanded line while it grows: its text, and for each byte the column that it came from.
struct expansion {
    struct assembler *as;
    const struct line *body;
    char *text;
    uint16_t *columns;
    size_t n, cap;
};

static void expansion_add(struct expansion *x, struct str s, size_t column, bool moves)
{
    if (x->n + s.n > LINE_LENGTH_MAX) {
        struct loc at = {x->body->file, x->as->frame, x->body->number, (uint32_t)column};
        asm_fatal(x->as, &at, "the line grows longer than %d bytes by expansion; pass less text",
                  LINE_LENGTH_MAX);
    }
    if (x->n + s.n > x->cap) {
        size_t cap = (x->n + s.n) * 2;
        char *text = asm_alloc(x->as, cap);
        uint16_t *columns = asm_alloc(x->as, (cap + 1) * sizeof *columns);
        if (x->n > 0) {
            memcpy(text, x->text, x->n);
            memcpy(columns, x->columns, x->n * sizeof *columns);
        }
        x->text = text, x->columns = columns, x->cap = cap;
    }
    for (size_t i = 0; i < s.n; i++) {
        x->text[x->n] = s.p[i];
        x->columns[x->n++] = (uint16_t)(column + (moves ? i : 0));
    }
}

// The argument that \name stands for, or NULL.
static const struct str *find_arg(const struct frame *f, struct str name)
{
    for (size_t i = 0; i < f->param_count; i++) {
        if (str_equal(f->params[i].name, name)) {
            return &f->args[f->iteration * f->param_count + i];
        }
    }
    return NULL;
}

// What begins with the backslash at text[i]: appends its expansion and returns how many bytes of
// the body it took.
static size_t expand_one(struct expansion *x, const struct frame *f, size_t i, bool in_string)
{
    struct str text = x->body->text;
    size_t column = x->body->columns ? x->body->columns[i] : i + 1, left = text.n - i;
    char next = left > 1 ? text.p[i + 1] : 0;
    char number[24];
    if (next == '@' || (next == '+' && f->kind == FRAME_REPEAT)) {
        int n = snprintf(number, sizeof number, "%llu",
                         (unsigned long long)(next == '@' ? f->serial : f->iteration));
        expansion_add(x, (struct str){number, (size_t)n}, column, false);
        return 2;
    }
    if (next == '(' && left > 2 && text.p[i + 2] == ')') {
        return 3;
    }
    size_t n = 1;
    while (n < left && lex_is_param_part(text.p[i + n])) {
        n++;
    }
    struct str name = {text.p + i + 1, n - 1};
    // In a string a one-letter escape wins, or a parameter `n` would take the meaning from "\n".
    const struct str *arg = name.n == 0 || (in_string && name.n == 1) ? NULL : find_arg(f, name);
    if (arg) {
        expansion_add(x, *arg, column, false);
        return n;
    }
    // Not ours: an escape in a string, or a parameter of something inside. Both bytes, for the
    // second may be a quote.
    n = left > 1 ? 2 : 1;
    expansion_add(x, (struct str){text.p + i, n}, column, true);
    return n;
}

static void expand(struct assembler *as, const struct frame *f, struct line *line)
{
    if (line->text.n == 0 || !memchr(line->text.p, '\\', line->text.n)) {
        return;
    }
    struct expansion x = {.as = as, .body = line};
    struct str text = line->text;
    bool in_string = false;
    for (size_t i = 0; i < text.n;) {
        if (text.p[i] == '\\') {
            i += expand_one(&x, f, i, in_string);
            continue;
        }
        in_string ^= text.p[i] == '"';
        expansion_add(&x, (struct str){text.p + i, 1}, line->columns ? line->columns[i] : i + 1,
                      true);
        i++;
    }
    if (x.columns) {
        x.columns[x.n] = (uint16_t)(line->columns ? line->columns[text.n] : text.n + 1);
    }
    line->text = (struct str){x.text ? x.text : "", x.n};
    line->columns = x.columns;
}

static bool body_line(struct assembler *as, struct frame *f, struct line *out)
{
    if (f->at == f->count) {
        return false;
    }
    *out = f->lines[f->at++];
    struct loc at = {out->file, f, out->number, 1};
    count_line(as, &at);
    expand(as, f, out);
    return true;
}

bool source_frame_line(struct assembler *as, struct frame *f, struct line *out)
{
    return f->kind == FRAME_FILE ? file_line(as, f, out) : body_line(as, f, out);
}

bool source_next(struct assembler *as, struct line *out)
{
    for (;;) {
        struct frame *f = as->frame;
        if (source_frame_line(as, f, out)) {
            return true;
        }
        check_conditions(as, f);
        if (f->kind != FRAME_FILE && f->iteration + 1 < f->iterations) {
            f->iteration++;
            f->at = 0;
            f->serial = ++as->serial;
        } else if (f->up) {
            as->frame = f->up;
        } else {
            return false;
        }
    }
}
