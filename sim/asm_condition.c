// asm_condition.c: .if and its like: which lines are assembled.
#include "sim/asm_directive.h"

bool source_active(const struct assembler *as)
{
    return as->condition_count == 0 || as->conditions[as->condition_count - 1].active;
}

// The value of the condition that stands behind .if, .ifdef, .ifndef or .elif.
static bool test_condition(struct assembler *as, const struct token *name)
{
    if (str_is(name->text, ".ifdef") || str_is(name->text, ".ifndef")) {
        struct token t = as->token;
        if (t.kind != TOKEN_IDENT) {
            asm_fail(as, &t.at, "a symbol's name is missing; found %s", lex_shown(as));
        }
        lex_next(as);
        lex_expect_end(as);
        const struct symbol *s = map_get(&as->symbols, symbol_full_name(as, &t));
        return (s && s->kind != SYMBOL_NONE) == str_is(name->text, ".ifdef");
    }
    struct expr *e = expr_parse(as);
    lex_expect_end(as);
    return expr_need(as, e, "the condition") != 0;
}

void directive_if_(struct assembler *as, const struct token *name)
{
    struct token t = *name;
    if (as->condition_count == CONDITIONS_MAX) {
        asm_fatal(as, &t.at, "conditions are nested too deeply; use .elif");
    }
    bool outer = source_active(as);
    struct condition *c = &as->conditions[as->condition_count++];
    // Until its value is known it counts as taken, so that an error in it skips all branches.
    *c = (struct condition){.opened = t.at, .outer = outer, .taken = true};
    if (outer) {
        lex_next(as);
        c->active = c->taken = test_condition(as, &t);
    }
}

static struct condition *innermost(struct assembler *as, const struct token *name)
{
    if (as->condition_count == as->frame->conditions) {
        asm_fail(as, &name->at,
                 "'%.*s' without .if; remove it, or open the condition in the same file or macro",
                 (int)name->text.n, name->text.p);
    }
    return &as->conditions[as->condition_count - 1];
}

void directive_elif(struct assembler *as, const struct token *name)
{
    struct token t = *name;
    struct condition *c = innermost(as, &t);
    c->active = false;
    if (c->in_else) {
        asm_fail(as, &t.at, "'.elif' behind .else; .else must be the last branch");
    }
    if (c->outer && !c->taken) {
        c->taken = true;
        lex_next(as);
        c->active = c->taken = test_condition(as, &t);
    }
}

void directive_else_(struct assembler *as, const struct token *name)
{
    struct condition *c = innermost(as, name);
    c->active = false;
    if (c->in_else) {
        asm_fail(as, &name->at, "a second .else; .else must be the last branch");
    }
    c->in_else = true;
    c->active = c->outer && !c->taken;
    lex_next(as);
    lex_expect_end(as);
}

void directive_endif(struct assembler *as, const struct token *name)
{
    innermost(as, name);
    as->condition_count--;
    lex_next(as);
    lex_expect_end(as);
}
