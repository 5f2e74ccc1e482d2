// asm_expr.c: parses expressions to trees, with C's operators and precedence.
#include "sim/asm_impl.h"

// ---- building trees -----------------------------------------------------------------------------

static unsigned depth_of(const struct expr *e)
{
    return e ? e->depth : 0;
}

static struct expr *expr_new(struct assembler *as, enum expr_kind kind, const struct loc *at)
{
    struct expr *e = asm_alloc(as, sizeof *e);
    e->kind = kind;
    e->at = *at;
    e->depth = 1;
    return e;
}

struct expr *expr_number(struct assembler *as, int64_t number, const struct loc *at)
{
    struct expr *e = expr_new(as, EXPR_NUMBER, at);
    e->number = number;
    return e;
}

// Folds what is constant already, so that the trees of long data tables stay small.
static struct expr *expr_combine(struct assembler *as, struct expr *e)
{
    unsigned deepest = depth_of(e->a);
    deepest = depth_of(e->b) > deepest ? depth_of(e->b) : deepest;
    deepest = depth_of(e->c) > deepest ? depth_of(e->c) : deepest;
    e->depth = deepest + 1;
    if (e->depth > EXPR_DEPTH_MAX) {
        asm_fail(as, &e->at, "the expression is nested too deeply; name a part of it with .equ");
    }
    bool constant = e->a->kind == EXPR_NUMBER && (!e->b || e->b->kind == EXPR_NUMBER) &&
                    (!e->c || e->c->kind == EXPR_NUMBER);
    if (constant) {
        // What is wrong with it is said when its value is needed: it may stand behind && or ?.
        as->folding = true;
        struct value v = expr_early(as, e);
        as->folding = false;
        if (v.known && !v.section && v.degree == 0) {
            return expr_number(as, v.number, &e->at);
        }
    }
    return e;
}

// ---- parsing ------------------------------------------------------------------------------------

static struct expr *parse_choice(struct assembler *as, unsigned depth);

// defined(NAME): 1 if NAME has a definition above this line.
static struct expr *parse_defined(struct assembler *as, const struct loc *at)
{
    lex_next(as);
    struct token name = as->token;
    if (name.kind != TOKEN_IDENT) {
        asm_fail(as, &name.at, "defined() asks for a symbol's name; found %s", lex_shown(as));
    }
    lex_next(as);
    lex_expect(as, ')', "after the name");
    const struct symbol *s = map_get(&as->symbols, symbol_full_name(as, &name));
    return expr_number(as, s && s->kind != SYMBOL_NONE, at);
}

static struct expr *parse_symbol(struct assembler *as, const struct token *t)
{
    if (isa_reg_find(t->text.p, t->text.n) >= 0) {
        asm_fail(as, &t->at, "'%.*s' is a register; a number or a label is needed here",
                 (int)t->text.n, t->text.p);
    }
    struct symbol *s = symbol_get(as, symbol_full_name(as, t));
    if (!s->seen) {
        s->seen = true;
        s->used = t->at;
    }
    if (s->kind == SYMBOL_SET) {
        return s->expr; // the value of the moment
    }
    struct expr *e = expr_new(as, EXPR_SYMBOL, &t->at);
    e->symbol = s;
    return e;
}

static struct expr *parse_numeric_label(struct assembler *as, const struct token *t)
{
    unsigned number = (unsigned)t->number, seen = as->numeric_seen[number];
    if (!t->forward && seen == 0) {
        asm_fail(as, &t->at, "there is no label %u: above; %uf looks below", number, number);
    }
    struct expr *e = expr_new(as, EXPR_SYMBOL, &t->at);
    e->symbol = symbol_numeric(as, number, t->forward ? seen : seen - 1);
    return e;
}

static struct expr *parse_primary(struct assembler *as, unsigned depth)
{
    struct token t = as->token;
    if (t.kind == TOKEN_PUNCT && t.punct == '(') {
        lex_next(as);
        struct expr *e = parse_choice(as, depth + 1);
        lex_expect(as, ')', "at the end of the expression");
        return e;
    }
    if (t.kind == TOKEN_NUMBER) {
        lex_next(as);
        return expr_number(as, (int64_t)t.number, &t.at);
    }
    if (t.kind == TOKEN_NUMERIC_LABEL) {
        lex_next(as);
        return parse_numeric_label(as, &t);
    }
    if (t.kind != TOKEN_IDENT) {
        asm_fail(as, &t.at, "a number, a label or an expression is missing; found %s",
                 lex_shown(as));
    }
    lex_next(as);
    if (str_is(t.text, ".")) {
        struct expr *e = expr_new(as, EXPR_HERE, &t.at);
        section_use(as, as->section);
        e->here = as->dot;
        return e;
    }
    if (str_is(t.text, "defined") && lex_is(as, '(')) {
        return parse_defined(as, &t.at);
    }
    return parse_symbol(as, &t);
}

static struct expr *parse_unary(struct assembler *as, unsigned depth)
{
    struct token t = as->token;
    if (depth > EXPR_DEPTH_MAX) {
        asm_fail(as, &t.at, "the expression is nested too deeply; name a part of it with .equ");
    }
    bool is = t.kind == TOKEN_PUNCT &&
              (t.punct == '-' || t.punct == '+' || t.punct == '~' || t.punct == '!');
    if (!is) {
        return parse_primary(as, depth);
    }
    lex_next(as);
    struct expr *a = parse_unary(as, depth + 1);
    if (t.punct == '+') {
        return a;
    }
    struct expr *e = expr_new(as, EXPR_UNARY, &t.at);
    e->op = t.punct;
    e->a = a;
    return expr_combine(as, e);
}

// How tightly C binds an operator; 0: it is none.
static int precedence(const struct token *t)
{
    if (t->kind != TOKEN_PUNCT) {
        return 0;
    }
    switch (t->punct) {
    case '*':
    case '/':
    case '%': return 10;
    case '+':
    case '-': return 9;
    case PUNCT_SHL:
    case PUNCT_SHR: return 8;
    case '<':
    case '>':
    case PUNCT_LE:
    case PUNCT_GE: return 7;
    case PUNCT_EQ:
    case PUNCT_NE: return 6;
    case '&': return 5;
    case '^': return 4;
    case '|': return 3;
    case PUNCT_AND: return 2;
    case PUNCT_OR: return 1;
    default: return 0;
    }
}

static struct expr *parse_binary(struct assembler *as, int level, unsigned depth)
{
    struct expr *left = parse_unary(as, depth);
    for (;;) {
        struct token t = as->token;
        int p = precedence(&t);
        if (p < level || p == 0) {
            return left;
        }
        lex_next(as);
        struct expr *e = expr_new(as, EXPR_BINARY, &t.at);
        e->op = t.punct;
        e->a = left;
        e->b = parse_binary(as, p + 1, depth + 1);
        left = expr_combine(as, e);
    }
}

static struct expr *parse_choice(struct assembler *as, unsigned depth)
{
    struct expr *a = parse_binary(as, 1, depth);
    struct token t = as->token;
    if (!lex_accept(as, '?')) {
        return a;
    }
    struct expr *e = expr_new(as, EXPR_CHOICE, &t.at);
    e->a = a;
    e->b = parse_choice(as, depth + 1);
    lex_expect(as, ':', "in the choice a ? b : c");
    e->c = parse_choice(as, depth + 1);
    return expr_combine(as, e);
}

struct expr *expr_parse(struct assembler *as)
{
    return parse_choice(as, 1);
}
