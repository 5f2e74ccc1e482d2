// asm_data.c: the directives that put bytes into a section: values, strings, fill, other files.
#include "sim/asm_directive.h"

#include <string.h>

static void add_bytes(struct assembler *as, const void *bytes, size_t n, const struct loc *at)
{
    if (n > 0) {
        item_add(as, ITEM_BYTES, n, at)->bytes = bytes;
    }
}

// Whether `value` fits `size` bytes, signed or unsigned.
bool data_fits(int64_t value, unsigned size)
{
    if (size >= 8) {
        return true;
    }
    unsigned bits = size * 8;
    return value >= -(INT64_C(1) << (bits - 1)) && value < (INT64_C(1) << bits);
}

static unsigned size_of_data(const struct token *name)
{
    return str_is(name->text, ".byte")   ? 1
           : str_is(name->text, ".half") ? 2
           : str_is(name->text, ".word") ? 4
                                         : 8;
}

// Known values that stand together become one item.
void directive_data(struct assembler *as, const struct token *directive)
{
    unsigned size = size_of_data(directive);
    struct text known = {0};
    struct loc known_at = directive->at;
    do {
        lex_next(as);
        struct expr *e = expr_parse(as);
        if (e->kind == EXPR_NUMBER && data_fits(e->number, size)) {
            char bytes[8];
            for (unsigned i = 0; i < size; i++) {
                bytes[i] = (char)((uint64_t)e->number >> (8 * i));
            }
            text_add(as, &known, (struct str){bytes, size});
        } else {
            add_bytes(as, known.p, known.n, &known_at);
            known = (struct text){0};
            item_add(as, ITEM_VALUE, size, &e->at)->expr = e;
        }
    } while (lex_is(as, ','));
    lex_expect_end(as);
    add_bytes(as, known.p, known.n, &known_at);
}

static struct token expect_string(struct assembler *as, const char *what)
{
    struct token t = as->token;
    if (t.kind != TOKEN_STRING) {
        asm_fail(as, &t.at, "%s in double quotes is missing; found %s", what, lex_shown(as));
    }
    lex_next(as);
    return t;
}

void directive_ascii(struct assembler *as, const struct token *directive)
{
    bool zero = str_is(directive->text, ".asciz");
    do {
        lex_next(as);
        struct token t = expect_string(as, "a string");
        struct str bytes = lex_string(as, &t);
        add_bytes(as, bytes.p, bytes.n + zero, &t.at);
    } while (lex_is(as, ','));
    lex_expect_end(as);
}

// ", fill" at the end of a directive: a byte, or -1 if there is none.
int16_t data_fill_byte(struct assembler *as)
{
    if (!lex_accept(as, ',')) {
        return -1;
    }
    struct expr *e = expr_parse(as);
    int64_t fill = expr_need(as, e, "the fill");
    if (fill < -128 || fill > 255) {
        asm_fail(as, &e->at, "%lld is no byte; fill with -128 to 255", (long long)fill);
    }
    return (int16_t)(fill & 255);
}

void directive_space(struct assembler *as, const struct token *directive)
{
    lex_next(as);
    struct expr *e = expr_parse(as);
    int16_t fill = str_is(directive->text, ".space") ? data_fill_byte(as) : 0;
    lex_expect_end(as);
    struct section *s = as->section;
    uint32_t run = s->run;
    uint64_t offset = s->run_offset;
    struct value v = expr_early(as, e);
    struct item *item = item_add(as, ITEM_SPACE, 0, &e->at);
    item->expr = e;
    item->fill = fill < 0 ? 0 : fill;
    // If the size is known now, distances across it are too.
    if (v.known && !v.section && v.number >= 0 && (uint64_t)v.number < UINT64_C(1) << 40) {
        s->run = run;
        s->run_offset = offset + (uint64_t)v.number;
    }
}

void directive_fill(struct assembler *as, const struct token *directive)
{
    struct loc at = directive->at;
    lex_next(as);
    int64_t count = expr_need(as, expr_parse(as), "the count"), size = 1, value = 0;
    if (lex_accept(as, ',')) {
        size = expr_need(as, expr_parse(as), "the size");
    }
    if (lex_accept(as, ',')) {
        value = expr_need(as, expr_parse(as), "the value");
    }
    lex_expect_end(as);
    if (size != 1 && size != 2 && size != 4 && size != 8) {
        asm_fail(as, &at, "values of %lld bytes cannot be filled in; the size is 1, 2, 4 or 8",
                 (long long)size);
    }
    if (!data_fits(value, (unsigned)size)) {
        asm_fail(as, &at, "%lld does not fit %lld byte%s; use a larger size", (long long)value,
                 (long long)size, size == 1 ? "" : "s");
    }
    if (count < 0 || (uint64_t)count > as->max_output / (uint64_t)size) {
        asm_fail(as, &at, "%lld values are too many; the image holds up to %llu MiB",
                 (long long)count, (unsigned long long)(as->max_output >> 20));
    }
    size_t n = (size_t)(count * size);
    uint8_t *bytes = asm_alloc(as, n + 1);
    for (size_t i = 0; i < n; i++) {
        bytes[i] = (uint8_t)((uint64_t)value >> (8 * (i % (size_t)size)));
    }
    add_bytes(as, bytes, n, &at);
}

// Asks the caller of the assembler for a file.
static struct asm_source find_file(struct assembler *as, const struct token *t)
{
    struct str name = lex_string(as, t);
    char err[256] = "no files can be read here";
    struct asm_source source = {0};
    bool ok = as->request->include && name.n > 0 && strlen(name.p) == name.n &&
              as->request->include(as->request->include_ctx, name.p, as->line.file, &source, err,
                                   sizeof err);
    for (const struct frame *f = as->frame; ok && f; f = f->up) {
        if (f->kind == FRAME_FILE && strcmp(f->name, source.name) == 0 &&
            f->includes >= INCLUDES_MAX) {
            asm_fatal(as, &t->at, "'%s' includes itself without end; guard it with .ifndef",
                      source.name);
        }
    }
    if (!ok) {
        asm_fail(as, &t->at, "cannot read '%s': %s; check the name, or give its folder with -I",
                 name.p, err);
    }
    return source;
}

void directive_include(struct assembler *as, const struct token *directive)
{
    struct loc at = directive->at;
    lex_next(as);
    struct token t = expect_string(as, "a file's name");
    lex_expect_end(as);
    struct asm_source source = find_file(as, &t);
    source_push_file(as, &source, &at);
}

void directive_incbin(struct assembler *as, const struct token *directive)
{
    struct loc at = directive->at;
    lex_next(as);
    struct token t = expect_string(as, "a file's name");
    struct asm_source source = find_file(as, &t);
    int64_t skip = lex_accept(as, ',') ? expr_need(as, expr_parse(as), "the offset") : 0;
    if (skip < 0 || (uint64_t)skip > source.size) {
        asm_fail(as, &at, "the file has %zu bytes, so %lld cannot be skipped; skip fewer",
                 source.size, (long long)skip);
    }
    uint64_t left = source.size - (uint64_t)skip;
    int64_t n = lex_accept(as, ',') ? expr_need(as, expr_parse(as), "the size") : (int64_t)left;
    if (n < 0 || (uint64_t)n > left) {
        asm_fail(as, &at, "the file has %llu bytes there, not %lld; take fewer",
                 (unsigned long long)left, (long long)n);
    }
    lex_expect_end(as);
    add_bytes(as, source.text + skip, (size_t)n, &at);
}
