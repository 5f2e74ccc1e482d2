// asm_symbol.c: symbols: global labels, labels local to them, numeric labels, and names of values.
#include "sim/asm_impl.h"

#include <stdio.h>
#include <string.h>

struct symbol *symbol_get(struct assembler *as, struct str name)
{
    struct symbol *s = map_get(&as->symbols, name);
    if (!s) {
        s = asm_alloc(as, sizeof *s);
        s->name = asm_copy(as, name);
        map_put(as, &as->symbols, (struct str){s->name, name.n}, s);
        as->symbol_list = asm_grow(as, as->symbol_list, as->symbol_count, &as->symbol_cap,
                                   sizeof *as->symbol_list);
        as->symbol_list[as->symbol_count++] = s;
    }
    return s;
}

struct str symbol_full_name(struct assembler *as, const struct token *t)
{
    if (t->text.p[0] != '.') {
        return t->text;
    }
    if (!as->scope) {
        asm_fail(
            as, &t->at,
            "'%.*s' is local to a label, and there is none before it; define a global label first",
            (int)t->text.n, t->text.p);
    }
    size_t n = strlen(as->scope);
    if (n + t->text.n > NAME_LENGTH_MAX) {
        asm_fail(as, &t->at,
                 "the name is longer than %d characters with its label's; choose a shorter one",
                 NAME_LENGTH_MAX);
    }
    char *full = asm_alloc(as, n + t->text.n + 1);
    memcpy(full, as->scope, n);
    memcpy(full + n, t->text.p, t->text.n);
    return (struct str){full, n + t->text.n};
}

void symbol_check_name(struct assembler *as, const struct token *t)
{
    if (t->kind != TOKEN_IDENT) {
        asm_fail(as, &t->at, "a name is missing; found %s", lex_shown(as));
    }
    if (isa_reg_find(t->text.p, t->text.n) >= 0) {
        asm_fail(as, &t->at, "'%.*s' is a register; choose another name", (int)t->text.n,
                 t->text.p);
    }
    if (str_is(t->text, ".") || directive_find(t->text)) {
        asm_fail(as, &t->at, "'%.*s' has a meaning already; choose another name", (int)t->text.n,
                 t->text.p);
    }
}

void symbol_define(struct assembler *as, struct str name, enum symbol_kind kind, struct expr *e,
                   const struct loc *at)
{
    struct symbol *s = symbol_get(as, name);
    bool again = s->kind == SYMBOL_SET && kind == SYMBOL_SET;
    if (s->kind != SYMBOL_NONE && !again) {
        asm_fail(as, at, "'%s' is defined already, at %s:%u; choose another name%s", s->name,
                 s->defined.file ? s->defined.file : "the command line", (unsigned)s->defined.line,
                 kind == SYMBOL_LABEL ? ", or \\@ in a macro" : ", or use .set for both");
    }
    s->kind = kind;
    s->expr = e;
    s->defined = *at;
    s->stamp = 0;
    if (kind == SYMBOL_LABEL) {
        s->place = place_here(as);
    }
}

// Each definition of "1:" is a symbol of its own, "1:0", "1:1", …; no source can spell such a name.
struct symbol *symbol_numeric(struct assembler *as, unsigned number, unsigned which)
{
    char name[32];
    int n = snprintf(name, sizeof name, "%u:%u", number, which);
    struct symbol *s = symbol_get(as, (struct str){name, (size_t)n});
    s->numeric = true;
    return s;
}

void symbol_define_numeric(struct assembler *as, unsigned number, const struct loc *at)
{
    struct symbol *s = symbol_numeric(as, number, as->numeric_seen[number]++);
    s->kind = SYMBOL_LABEL;
    s->defined = *at;
    s->place = place_here(as);
}
