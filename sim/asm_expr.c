// asm_expr.c: symbols, and expressions over them: parsed to trees, valued early (while lines are
// read, when addresses are not known yet) or late (when they are). Numbers are 64-bit two's
// complement; comparison, division and >> are signed, as for a C long long.
#include "sim/asm_impl.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

// ---- symbols ------------------------------------------------------------------------------------

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
static struct symbol *numeric_symbol(struct assembler *as, unsigned number, unsigned which)
{
    char name[32];
    int n = snprintf(name, sizeof name, "%u:%u", number, which);
    struct symbol *s = symbol_get(as, (struct str){name, (size_t)n});
    s->numeric = true;
    return s;
}

void symbol_define_numeric(struct assembler *as, unsigned number, const struct loc *at)
{
    struct symbol *s = numeric_symbol(as, number, as->numeric_seen[number]++);
    s->kind = SYMBOL_LABEL;
    s->defined = *at;
    s->place = place_here(as);
}

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
    e->symbol = numeric_symbol(as, number, t->forward ? seen : seen - 1);
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

// ---- valuing ------------------------------------------------------------------------------------

static struct value number_value(int64_t number)
{
    return (struct value){.number = number, .known = true};
}

static const struct value unknown = {0};

// Errors inside an expression: late they are final, early they end the statement.
static void complain(struct assembler *as, const struct expr *e, const char *what)
{
    if (as->final) {
        asm_report(as, &e->at, "%s", what);
    } else if (!as->layout && !as->folding) {
        asm_fail(as, &e->at, "%s", what);
    }
}

static struct value value_of(struct assembler *as, const struct expr *e);

static struct value place_value(const struct assembler *as, const struct place *p)
{
    const struct section *s = p->section;
    struct value v = {.known = true, .degree = 1};
    if (as->layout) {
        v.number = (int64_t)(s->addr + (p->item < s->count ? s->items[p->item].offset : s->size));
    } else if (p->run == 0 && s->has_addr) {
        v.number = (int64_t)(s->addr + p->offset);
    } else {
        v.number = (int64_t)p->offset;
        v.section = s;
        v.run = p->run;
    }
    return v;
}

static void undefined(struct assembler *as, const struct expr *e)
{
    struct symbol *s = e->symbol;
    if (!as->final || s->reported) {
        return;
    }
    s->reported = true;
    if (s->numeric) {
        asm_report(as, &e->at, "there is no label %.*s: below; %.*sb looks above",
                   (int)strcspn(s->name, ":"), s->name, (int)strcspn(s->name, ":"), s->name);
        return;
    }
    struct nearest n = {0};
    for (size_t i = 0; i < as->symbol_count; i++) {
        if (as->symbol_list[i]->kind != SYMBOL_NONE && !as->symbol_list[i]->numeric) {
            nearest_try(as, &n, str_of(as->symbol_list[i]->name));
        }
    }
    asm_report(as, &e->at, "'%s' is not defined%s", s->name,
               nearest_hint(as, &n, str_of(s->name), "define it as a label, with .equ or with -D"));
}

static struct value symbol_value(struct assembler *as, const struct expr *e)
{
    struct symbol *s = e->symbol;
    if (s->kind == SYMBOL_NONE) {
        undefined(as, e);
        return unknown;
    }
    if (s->kind == SYMBOL_LABEL) {
        return place_value(as, &s->place);
    }
    // A chain of .equ would be walked again at each use, exponentially often, if values were not
    // kept.
    if (s->stamp == as->stamp) {
        return s->cached;
    }
    if (s->visiting == as->stamp) {
        complain(as, e, "the symbol is defined by itself; break the circle of .equ");
        return unknown;
    }
    s->visiting = as->stamp;
    struct value v = value_of(as, s->expr);
    s->stamp = as->stamp;
    s->cached = v;
    return v;
}

// Comparisons: -1, 0 or 1 if the two can be compared by now.
static bool comparable(const struct value *a, const struct value *b)
{
    return a->section == b->section && (!a->section || a->run == b->run);
}

static struct value plus(const struct value *a, const struct value *b, int sign)
{
    struct value v = {.known = true, .degree = a->degree + sign * b->degree};
    v.number =
        (int64_t)((uint64_t)a->number + (sign > 0 ? (uint64_t)b->number : 0 - (uint64_t)b->number));
    if (!a->section && !b->section) {
        return v;
    }
    if (sign < 0 && comparable(a, b)) {
        return v;
    }
    if (a->section && b->section) {
        return unknown; // the distance is not known yet
    }
    if (b->section && sign < 0) {
        return unknown;
    }
    v.section = a->section ? a->section : b->section;
    v.run = a->section ? a->run : b->run;
    return v;
}

static struct value divide(struct assembler *as, const struct expr *e, int64_t a, int64_t b)
{
    if (b == 0) {
        complain(as, e, "division by zero; check the divisor");
        return unknown;
    }
    if (b == -1) { // the one quotient that overflows wraps around
        return number_value(e->op == '/' ? (int64_t)(0 - (uint64_t)a) : 0);
    }
    return number_value(e->op == '/' ? a / b : a % b);
}

static struct value shift(struct assembler *as, const struct expr *e, int64_t a, int64_t b)
{
    if (b < 0 || b > 63) {
        complain(as, e, "64-bit numbers shift by 0 to 63; check the count");
        return unknown;
    }
    if (e->op == PUNCT_SHL) {
        return number_value((int64_t)((uint64_t)a << b));
    }
    // Shifting a negative number right is the compiler's choice in C; here it keeps the sign.
    return number_value(a < 0 ? (int64_t) ~(~(uint64_t)a >> b) : (int64_t)((uint64_t)a >> b));
}

static struct value compute(struct assembler *as, const struct expr *e, int64_t a, int64_t b)
{
    switch (e->op) {
    case '*': return number_value((int64_t)((uint64_t)a * (uint64_t)b));
    case '/':
    case '%': return divide(as, e, a, b);
    case PUNCT_SHL:
    case PUNCT_SHR: return shift(as, e, a, b);
    case '&': return number_value(a & b);
    case '^': return number_value(a ^ b);
    case '|': return number_value(a | b);
    case PUNCT_EQ: return number_value(a == b);
    case PUNCT_NE: return number_value(a != b);
    case '<': return number_value(a < b);
    case '>': return number_value(a > b);
    case PUNCT_LE: return number_value(a <= b);
    case PUNCT_GE: return number_value(a >= b);
    default: assert(false && "an operator without meaning"); return unknown;
    }
}

static bool is_comparison(int op)
{
    return op == PUNCT_EQ || op == PUNCT_NE || op == '<' || op == '>' || op == PUNCT_LE ||
           op == PUNCT_GE;
}

// && and || need their right side only if the left one does not decide.
static struct value logical(struct assembler *as, const struct expr *e)
{
    struct value a = value_of(as, e->a);
    if (!a.known || a.section) {
        return unknown;
    }
    if ((a.number != 0) == (e->op == PUNCT_OR)) {
        return number_value(e->op == PUNCT_OR);
    }
    struct value b = value_of(as, e->b);
    return b.known && !b.section ? number_value(b.number != 0) : unknown;
}

static struct value binary(struct assembler *as, const struct expr *e)
{
    if (e->op == PUNCT_AND || e->op == PUNCT_OR) {
        return logical(as, e);
    }
    struct value a = value_of(as, e->a), b = value_of(as, e->b);
    if (!a.known || !b.known) {
        return unknown;
    }
    if (e->op == '+' || e->op == '-') {
        return plus(&a, &b, e->op == '+' ? 1 : -1);
    }
    if (is_comparison(e->op) ? !comparable(&a, &b) : a.section || b.section) {
        return unknown;
    }
    return compute(as, e, a.number, b.number);
}

static struct value unary(struct assembler *as, const struct expr *e)
{
    struct value a = value_of(as, e->a);
    if (!a.known || a.section) {
        return unknown;
    }
    switch (e->op) {
    case '-':
        return (struct value){
            .number = (int64_t)(0 - (uint64_t)a.number), .known = true, .degree = -a.degree};
    case '~': return number_value(~a.number);
    default: return number_value(a.number == 0);
    }
}

static struct value value_of(struct assembler *as, const struct expr *e)
{
    struct value v = unknown;
    if (++as->eval_depth > EVAL_DEPTH_MAX) {
        complain(as, e,
                 "symbols are defined by symbols too many times over; define them in their order "
                 "of use");
        as->eval_depth--;
        return unknown;
    }
    switch (e->kind) {
    case EXPR_NUMBER: v = number_value(e->number); break;
    case EXPR_SYMBOL: v = symbol_value(as, e); break;
    case EXPR_HERE: v = place_value(as, &e->here); break;
    case EXPR_UNARY: v = unary(as, e); break;
    case EXPR_BINARY: v = binary(as, e); break;
    case EXPR_CHOICE: {
        struct value a = value_of(as, e->a);
        if (a.known && !a.section) {
            v = value_of(as, a.number ? e->b : e->c);
        }
        break;
    }
    }
    as->eval_depth--;
    return v;
}

struct value expr_early(struct assembler *as, const struct expr *e)
{
    assert(!as->layout);
    as->stamp++;
    as->eval_depth = 0;
    return value_of(as, e);
}

// The symbol whose lack of a value makes `e` unknown, if that is the reason.
static const struct symbol *unknown_symbol(const struct expr *e)
{
    if (!e) {
        return NULL;
    }
    if (e->kind == EXPR_SYMBOL && e->symbol->kind == SYMBOL_NONE) {
        return e->symbol;
    }
    const struct symbol *s = unknown_symbol(e->a);
    s = s ? s : unknown_symbol(e->b);
    return s ? s : unknown_symbol(e->c);
}

int64_t expr_need(struct assembler *as, const struct expr *e, const char *what)
{
    struct value v = expr_early(as, e);
    if (v.known && !v.section) {
        return v.number;
    }
    const struct symbol *s = unknown_symbol(e);
    if (s) {
        asm_fail(as, &e->at, "%s must be known here, and '%s' is not defined yet; define it above",
                 what, s->name);
    }
    asm_fail(as, &e->at,
             "%s must be known here, and addresses are not yet; use a difference of labels without "
             "li or la in between",
             what);
}

struct value expr_value(struct assembler *as, const struct expr *e)
{
    assert(as->layout);
    as->eval_depth = 0;
    return value_of(as, e);
}
