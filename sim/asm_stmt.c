// asm_stmt.c: sections and the items in them, and what a line may hold: labels, then one directive,
// instruction or macro call.
#include "sim/asm_impl.h"

#include <string.h>

// ---- sections and items -------------------------------------------------------------------------

static const struct known_section {
    const char *name;
    uint32_t flags;
    bool no_bytes;
} known_sections[] = {{".text", IMAGE_EXEC, false},
                      {".rodata", 0, false},
                      {".data", IMAGE_WRITE, false},
                      {".bss", IMAGE_WRITE, true}};

// The row for a name, with or without its dot; NULL for a name of the user's own.
static const struct known_section *known(struct str name)
{
    for (size_t i = 0; i < sizeof known_sections / sizeof *known_sections; i++) {
        if (str_is(name, known_sections[i].name) || str_is(name, known_sections[i].name + 1)) {
            return &known_sections[i];
        }
    }
    return NULL;
}

uint32_t asm_section_flags(const char *name, bool *no_bytes)
{
    const struct known_section *k = known(str_of(name));
    *no_bytes = k && k->no_bytes;
    return k ? k->flags : 0;
}

// Sections are laid out in the order in which they are first used; the .text that we begin in may
// never be.
void section_use(struct assembler *as, struct section *s)
{
    if (s->used) {
        return;
    }
    if (as->section_count == SECTIONS_MAX) {
        asm_fatal(as, &s->opened, "more than %d sections; put things together", SECTIONS_MAX);
    }
    s->used = true;
    as->sections[as->section_count++] = s;
}

static struct section *section_new(struct assembler *as, struct str name, const struct loc *at)
{
    struct section *s = asm_alloc(as, sizeof *s);
    s->name = asm_copy(as, name);
    s->opened = *at;
    s->align = 1;
    const struct known_section *k = known(name);
    s->flags = k ? k->flags : 0;
    s->no_bytes = k && k->no_bytes;
    return s;
}

void section_begin(struct assembler *as)
{
    as->section = as->initial = section_new(as, str_of(".text"), &as->last);
}

struct section *section_find(struct assembler *as, struct str name, const struct loc *at)
{
    for (size_t i = 0; i < as->section_count; i++) {
        if (str_is(name, as->sections[i]->name)) {
            return as->sections[i];
        }
    }
    struct section *s = str_is(name, as->initial->name) ? as->initial : section_new(as, name, at);
    s->opened = *at;
    section_use(as, s);
    return s;
}

struct place place_here(struct assembler *as)
{
    const struct section *s = as->section;
    return (struct place){as->section, s->count, s->run, s->run_offset};
}

static bool depends_on_layout(enum item_kind kind)
{
    return kind == ITEM_LI || kind == ITEM_LA || kind == ITEM_ALIGN || kind == ITEM_ORG ||
           kind == ITEM_SPACE;
}

struct item *item_add(struct assembler *as, enum item_kind kind, uint64_t size,
                      const struct loc *at)
{
    struct section *s = as->section;
    section_use(as, s);
    s->items = asm_grow(as, s->items, s->count, &s->cap, sizeof *s->items);
    struct item *item = &s->items[s->count++];
    *item = (struct item){.kind = (uint8_t)kind,
                          .size = size,
                          .at = *at,
                          .loc_file = as->loc_file,
                          .loc_line = as->loc_line};
    if (depends_on_layout(kind)) {
        s->run++;
        s->run_offset = 0;
    } else {
        s->run_offset += size;
    }
    bool bytes = kind != ITEM_SPACE && kind != ITEM_ALIGN && kind != ITEM_ORG;
    if (s->no_bytes && bytes) {
        asm_fail(as, at,
                 "section '%s' holds zero bytes only; put data into .data and code into .text",
                 s->name);
    }
    return item;
}

// ---- statements ---------------------------------------------------------------------------------

// The next byte that is no blank, without reading a token (what follows may be a macro's text); 0
// at the end.
static char peek_char(const struct assembler *as, const char **where)
{
    const char *p = as->at;
    while (p < as->line_end && (*p == ' ' || *p == '\t')) {
        p++;
    }
    *where = p;
    return p < as->line_end ? *p : 0;
}

static void define_label(struct assembler *as, const struct token *t)
{
    symbol_check_name(as, t);
    struct str name = symbol_full_name(as, t);
    section_use(as, as->section);
    symbol_define(as, name, SYMBOL_LABEL, NULL, &t->at);
    if (t->text.p[0] != '.') {
        as->scope = symbol_get(as, name)->name;
    }
}

// "name = expression": a symbol that may be set again.
static void assign(struct assembler *as, const struct token *t)
{
    symbol_check_name(as, t);
    struct str name = symbol_full_name(as, t);
    lex_next(as);
    lex_expect(as, '=', "behind the name");
    struct expr *e = expr_parse(as);
    lex_expect_end(as);
    symbol_define(as, name, SYMBOL_SET, e, &t->at);
}

_Noreturn static void unknown_statement(struct assembler *as, const struct token *t)
{
    struct nearest n = {0};
    bool directive = t->text.p[0] == '.';
    for (size_t i = 0; directive && directive_row(i); i++) {
        nearest_try(as, &n, str_of(directive_row(i)->name));
    }
    if (!directive) {
        insn_nearest(as, &n);
        for (size_t i = 0; i < as->macro_count; i++) {
            nearest_try(as, &n, as->macro_list[i]->name);
        }
    }
    asm_fail(as, &t->at, "'%.*s' is no %s%s", (int)t->text.n, t->text.p,
             directive ? "directive" : "instruction, pseudo-instruction or macro",
             nearest_hint(as, &n, t->text,
                          directive ? "'ringside isa --directives' lists them"
                                    : "a label needs a colon; 'ringside isa' lists all"));
}

static void operation(struct assembler *as)
{
    struct token t = as->token;
    const struct directive *d;
    const char *p;
    if (t.kind != TOKEN_IDENT) {
        asm_fail(as, &t.at,
                 "a statement cannot begin with %s; write a label, an instruction or a directive",
                 lex_shown(as));
    }
    if (peek_char(as, &p) == '=' && !(p + 1 < as->line_end && p[1] == '=')) {
        assign(as, &t);
        return;
    }
    struct macro *m = map_get(&as->macros, t.text);
    if (m) {
        source_call_macro(as, m, &t.at);
    } else if ((d = directive_find(t.text)) != NULL) {
        d->run(as, &t);
    } else if (!insn_assemble(as, &t)) {
        unknown_statement(as, &t);
    }
}

static void statement(struct assembler *as)
{
    while (as->token.kind == TOKEN_IDENT || as->token.kind == TOKEN_NUMBER) {
        struct token t = as->token;
        const char *colon;
        if (peek_char(as, &colon) != ':') {
            break;
        }
        as->at = colon + 1;
        if (t.kind == TOKEN_NUMBER) {
            if (t.number >= NUMERIC_LABELS) {
                asm_fail(as, &t.at, "a numeric label must be 0 to %d; choose a smaller number",
                         NUMERIC_LABELS - 1);
            }
            section_use(as, as->section);
            symbol_define_numeric(as, (unsigned)t.number, &t.at);
        } else {
            define_label(as, &t);
        }
        lex_next(as);
    }
    if (as->token.kind != TOKEN_END) {
        operation(as);
    }
}

// In what is not assembled only the conditionals count.
static void skipped_line(struct assembler *as, const struct line *line)
{
    struct str text = line->text;
    while (text.n > 0 && (text.p[0] == ' ' || text.p[0] == '\t')) {
        text.p++, text.n--;
    }
    size_t n = 0;
    while (n < text.n && lex_is_part((unsigned char)text.p[n])) {
        n++;
    }
    const struct directive *d = directive_find((struct str){text.p, n});
    bool condition = d && d->condition;
    listing_note(as, line, !condition);
    if (condition) {
        lex_start(as, line);
        struct token t = as->token;
        d->run(as, &t);
    }
}

void stmt_line(struct assembler *as, const struct line *line)
{
    as->dot = place_here(as);
    if (!source_active(as)) {
        skipped_line(as, line);
        return;
    }
    struct section *section = as->section;
    size_t first = section->count;
    size_t record = as->record_count;
    listing_note(as, line, false);
    lex_start(as, line);
    statement(as);
    if (as->records) { // the statement may have added records of its own
        struct record *r = &as->records[record];
        r->section = as->section;
        r->first = as->section == section ? first : as->section->count;
        r->last = as->section->count;
    }
}
