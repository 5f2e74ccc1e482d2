// asm_directive.c: the table of directives, and those that steer: sections, places, symbols,
// checks.
#include "sim/asm_directive.h"

#include <stdio.h>
#include <string.h>

enum { NO = 0, YES = 1 };

static const struct directive directives[] = {
#define DIRECTIVE(name, operands, handler, condition, doc) \
    {name, operands, doc, directive_##handler, condition},
#include "sim/asm_directive.def"
#undef DIRECTIVE
};

const struct directive *directive_row(size_t i)
{
    return i < sizeof directives / sizeof *directives ? &directives[i] : NULL;
}

bool asm_directive_doc(unsigned index, struct asm_directive_doc *out)
{
    const struct directive *d = directive_row(index);
    if (d) {
        *out = (struct asm_directive_doc){d->name, d->operands, d->doc};
    }
    return d != NULL;
}

const struct directive *directive_find(struct str name)
{
    if (name.n == 0 || name.p[0] != '.') {
        return NULL;
    }
    for (size_t i = 0; directive_row(i); i++) {
        if (str_is(name, directives[i].name)) {
            return &directives[i];
        }
    }
    return NULL;
}

// ---- sections -----------------------------------------------------------------------------------

void directive_text(struct assembler *as, const struct token *directive)
{
    lex_next(as);
    lex_expect_end(as);
    as->section = section_find(as, directive->text, &directive->at);
}

static uint64_t attribute_value(struct assembler *as, const struct token *key)
{
    lex_expect(as, '=', "behind the attribute");
    char what[32];
    snprintf(what, sizeof what, "%.*s", (int)key->text.n, key->text.p);
    return (uint64_t)expr_need(as, expr_parse(as), what);
}

static void set_address(struct assembler *as, bool *has, uint64_t *field, uint64_t value,
                        const struct section *s, const struct loc *at)
{
    if (*has && *field != value) {
        asm_fail(as, at, "section '%s' has the address 0x%llx already; give it once", s->name,
                 (unsigned long long)*field);
    }
    // Places that were taken before would change their value.
    if (!*has && s->count > 0) {
        asm_fail(as, at,
                 "section '%s' has begun already; give its address where it is opened first",
                 s->name);
    }
    *has = true;
    *field = value;
}

static void set_align(struct assembler *as, struct section *s, uint64_t align, const struct loc *at)
{
    if (align == 0 || (align & (align - 1)) != 0 || align > UINT64_C(1) << 40) {
        asm_fail(as, at, "%llu is no alignment; use a power of two such as 8 or 4096",
                 (unsigned long long)align);
    }
    s->align = align > s->align ? align : s->align;
}

static void section_attribute(struct assembler *as, struct section *s)
{
    struct token key = as->token;
    if (key.kind != TOKEN_IDENT) {
        asm_fail(as, &key.at,
                 "a section's attribute is missing; use exec, write, const, bss, addr=, load= or "
                 "align=");
    }
    lex_next(as);
    if (str_is(key.text, "exec")) {
        s->flags |= IMAGE_EXEC;
    } else if (str_is(key.text, "write")) {
        s->flags |= IMAGE_WRITE;
    } else if (str_is(key.text, "bss")) {
        s->flags |= IMAGE_WRITE;
        s->no_bytes = true;
    } else if (str_is(key.text, "const")) {
        s->flags = 0;
        s->no_bytes = false;
    } else if (str_is(key.text, "addr")) {
        set_address(as, &s->has_addr, &s->addr, attribute_value(as, &key), s, &key.at);
    } else if (str_is(key.text, "load")) {
        set_address(as, &s->has_load, &s->load, attribute_value(as, &key), s, &key.at);
    } else if (str_is(key.text, "align")) {
        set_align(as, s, attribute_value(as, &key), &key.at);
    } else {
        asm_fail(as, &key.at,
                 "'%.*s' is no attribute of a section; use exec, write, const, bss, addr=, load= "
                 "or align=",
                 (int)key.text.n, key.text.p);
    }
}

void directive_section(struct assembler *as, const struct token *directive)
{
    (void)directive;
    lex_next(as);
    struct token name = as->token;
    if (name.kind != TOKEN_IDENT) {
        asm_fail(as, &name.at, "a section's name is missing; found %s", lex_shown(as));
    }
    lex_next(as);
    struct section *s = section_find(as, name.text, &name.at);
    while (lex_accept(as, ',')) {
        section_attribute(as, s);
    }
    lex_expect_end(as);
    as->section = s;
}

void directive_pushsection(struct assembler *as, const struct token *directive)
{
    if (as->saved_count == SAVED_SECTIONS_MAX) {
        asm_fail(as, &directive->at, "more than %d sections are pushed; end each with .popsection",
                 SAVED_SECTIONS_MAX);
    }
    struct section *before = as->section;
    directive_section(as, directive);
    as->saved[as->saved_count++] = before;
}

void directive_popsection(struct assembler *as, const struct token *directive)
{
    if (as->saved_count == 0) {
        asm_fail(as, &directive->at, "no section is pushed; write .pushsection before");
    }
    lex_next(as);
    lex_expect_end(as);
    as->section = as->saved[--as->saved_count];
}

void directive_org(struct assembler *as, const struct token *directive)
{
    const struct loc at = directive->at;
    struct section *s = as->section;
    lex_next(as);
    struct expr *e = expr_parse(as);
    int16_t fill = data_fill_byte(as);
    lex_expect_end(as);
    if (s->count == 0 && !s->has_addr) {
        set_address(as, &s->has_addr, &s->addr, (uint64_t)expr_need(as, e, "the address"), s, &at);
        return;
    }
    struct item *item = item_add(as, ITEM_ORG, 0, &e->at);
    item->expr = e;
    item->fill = fill < 0 ? 0 : fill;
}

void directive_align(struct assembler *as, const struct token *directive)
{
    const struct loc at = directive->at;
    struct section *s = as->section;
    lex_next(as);
    int64_t n = expr_need(as, expr_parse(as), "the alignment");
    int16_t fill = data_fill_byte(as);
    lex_expect_end(as);
    set_align(as, s, (uint64_t)n, &at);
    uint32_t run = s->run;
    uint64_t offset = s->run_offset;
    struct item *item = item_add(as, ITEM_ALIGN, 0, &at);
    item->expr = expr_number(as, n, &at);
    item->fill = fill;
    // A section begins at a multiple of its largest alignment, so in its first run the padding is
    // known.
    if (run == 0) {
        s->run = run;
        s->run_offset = (offset + (uint64_t)n - 1) & ~((uint64_t)n - 1);
    }
}

// ---- symbols ------------------------------------------------------------------------------------

void directive_equ(struct assembler *as, const struct token *directive)
{
    enum symbol_kind kind = str_is(directive->text, ".set") ? SYMBOL_SET : SYMBOL_EQU;
    lex_next(as);
    struct token name = as->token;
    symbol_check_name(as, &name);
    struct str full = symbol_full_name(as, &name);
    lex_next(as);
    lex_expect(as, ',', "behind the name");
    struct expr *e = expr_parse(as);
    lex_expect_end(as);
    struct value v = expr_early(as, e);
    if (v.known && !v.section && v.degree == 0) {
        e = expr_number(as, v.number, &e->at);
    }
    symbol_define(as, full, kind, e, &name.at);
}

void directive_global(struct assembler *as, const struct token *directive)
{
    (void)directive;
    do {
        lex_next(as);
        struct token name = as->token;
        symbol_check_name(as, &name);
        struct symbol *s = symbol_get(as, symbol_full_name(as, &name));
        s->global = true;
        if (!s->seen) {
            s->seen = true;
            s->used = name.at;
        }
        lex_next(as);
    } while (lex_is(as, ','));
    lex_expect_end(as);
}

void directive_entry(struct assembler *as, const struct token *directive)
{
    const struct loc at = directive->at;
    lex_next(as);
    struct expr *e = expr_parse(as);
    lex_expect_end(as);
    if (as->entry) {
        asm_fail(as, &at, "the entry is given already, at %s:%u; remove one", as->entry->at.file,
                 (unsigned)as->entry->at.line);
    }
    as->entry = e;
}

// ---- checks -------------------------------------------------------------------------------------

static const char *message(struct assembler *as)
{
    struct token t = as->token;
    if (t.kind != TOKEN_STRING) {
        asm_fail(as, &t.at, "a message in double quotes is missing; found %s", lex_shown(as));
    }
    lex_next(as);
    struct str text = lex_string(as, &t);
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f) {
            asm_fail(as, &t.at,
                     "a message or name must be plain text; take out the control characters");
        }
    }
    if (text.n == 0 || text.n > NAME_LENGTH_MAX) {
        asm_fail(as, &t.at, "a message or name has 1 to %d characters; mend its length",
                 NAME_LENGTH_MAX);
    }
    return text.p;
}

void directive_assert_(struct assembler *as, const struct token *directive)
{
    const struct loc at = directive->at;
    lex_next(as);
    struct expr *e = expr_parse(as);
    const char *text =
        lex_accept(as, ',') ? message(as) : "the assertion does not hold; mend what it checks";
    lex_expect_end(as);
    as->checks = asm_grow(as, as->checks, as->check_count, &as->check_cap, sizeof *as->checks);
    as->checks[as->check_count++] = (struct check){e, text, at};
}

void directive_error(struct assembler *as, const struct token *directive)
{
    const struct loc at = directive->at;
    lex_next(as);
    const char *text = message(as);
    lex_expect_end(as);
    asm_fail(as, &at, "%s", text);
}

void directive_loc(struct assembler *as, const struct token *directive)
{
    const struct loc at = directive->at;
    lex_next(as);
    as->loc_file = NULL;
    as->loc_used = true;
    if (as->token.kind == TOKEN_END) {
        return;
    }
    const char *file = message(as);
    lex_expect(as, ',', "behind the file");
    struct expr *e = expr_parse(as);
    lex_expect_end(as);
    int64_t line = expr_need(as, e, "the line");
    if (line < 1 || line > UINT32_MAX || file[0] == 0) {
        asm_fail(as, &at, "a place is a file's name and a line from 1; write .loc \"file.s\", 1");
    }
    as->loc_file = file;
    as->loc_line = (uint32_t)line;
}
