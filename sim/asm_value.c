// asm_value.c: the values of expressions, early (while lines are read, when addresses are not known
// yet) or late (when they are). Numbers are 64-bit two's complement; comparison, division and >>
// are signed, as for a C long long.
#include "sim/asm_impl.h"

#include <assert.h>
#include <string.h>

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
