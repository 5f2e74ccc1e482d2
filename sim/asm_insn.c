// asm_insn.c: instructions and pseudo-instructions. Which operands an instruction takes follows
// from its format's fields; what a pseudo-instruction becomes stands in asm_pseudo.def as text, and
// is read from there.
#include "sim/asm_impl.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum pseudo_kind { PSEUDO_TEXT, PSEUDO_LI, PSEUDO_LA, PSEUDO_PUSH, PSEUDO_POP };

static const struct pseudo {
    const char *mnemonic, *operands;
    enum pseudo_kind kind;
    const char *expansion, *doc;
} pseudos[] = {
#define PSEUDO(mnem, operands, expansion, doc) {mnem, operands, PSEUDO_TEXT, expansion, doc},
#define SPECIAL(mnem, operands, kind, expansion, doc) \
    {mnem, operands, PSEUDO_##kind, expansion, doc},
#include "sim/asm_pseudo.def"
#undef PSEUDO
#undef SPECIAL
};

enum { PSEUDOS = sizeof pseudos / sizeof *pseudos };

bool asm_pseudo_doc(unsigned index, struct asm_pseudo_doc *out)
{
    if (index >= PSEUDOS) {
        return false;
    }
    const struct pseudo *p = &pseudos[index];
    *out = (struct asm_pseudo_doc){p->mnemonic, p->operands, p->expansion, p->doc};
    return true;
}

static const struct pseudo *pseudo_find(struct str mnemonic)
{
    for (unsigned i = 0; i < PSEUDOS; i++) {
        if (str_is(mnemonic, pseudos[i].mnemonic)) {
            return &pseudos[i];
        }
    }
    return NULL;
}

bool insn_exists(struct str mnemonic)
{
    return isa_find(mnemonic.p, mnemonic.n) != OP_INVALID || pseudo_find(mnemonic) != NULL;
}

void insn_nearest(struct assembler *as, struct nearest *n)
{
    for (unsigned op = 1; op < OP_COUNT; op++) {
        nearest_try(as, n, str_of(isa_row(op)->mnemonic));
    }
    for (unsigned i = 0; i < PSEUDOS; i++) {
        nearest_try(as, n, str_of(pseudos[i].mnemonic));
    }
}

// ---- operands -----------------------------------------------------------------------------------

// Parsed operands. `expr` is the number or target; a memory operand is ra and expr.
struct operands {
    unsigned rd, ra, rb;
    struct expr *expr;
};

// What is being parsed, for the errors.
struct syntax {
    const struct token *mnemonic;
    const char *operands; // as shown: "rd, ra, imm"
};

_Noreturn static void wrong_operand(struct assembler *as, const struct syntax *x, unsigned index,
                                    const char *what)
{
    int n = (int)x->mnemonic->text.n;
    const char *m = x->mnemonic->text.p;
    if (as->token.kind == TOKEN_END) {
        asm_fail(as, &as->token.at, "operand %u of '%.*s' is missing; write %.*s %s", index, n, m,
                 n, m, x->operands);
    }
    char immediate[32] = "";
    snprintf(immediate, sizeof immediate, "%.*si", n < 30 ? n : 0, m);
    // Only the last operand of three has a form with a number.
    bool number = index == 3 && as->token.kind == TOKEN_NUMBER &&
                  isa_find(immediate, strlen(immediate)) != OP_INVALID;
    asm_fail(as, &as->token.at, "operand %u of '%.*s' must be %s, not %s; write %.*s %s%s%s", index,
             n, m, what, lex_shown(as), n, m, x->operands, number ? ", or use " : "",
             number ? immediate : "");
}

static unsigned parse_register(struct assembler *as, const struct syntax *x, unsigned index)
{
    int r = as->token.kind == TOKEN_IDENT ? isa_reg_find(as->token.text.p, as->token.text.n) : -1;
    if (r < 0) {
        wrong_operand(as, x, index, "a register");
    }
    lex_next(as);
    return (unsigned)r;
}

static struct expr *parse_number(struct assembler *as, const struct syntax *x, unsigned index,
                                 const char *what)
{
    const struct token *t = &as->token;
    bool wrong = t->kind == TOKEN_END || t->kind == TOKEN_STRING || lex_is(as, '[') ||
                 lex_is(as, ',') ||
                 (t->kind == TOKEN_IDENT && isa_reg_find(t->text.p, t->text.n) >= 0);
    if (wrong) {
        wrong_operand(as, x, index, what);
    }
    return expr_parse(as);
}

// [ra], [ra+expr], [ra-expr] or [expr], which is relative to register zero.
static void parse_memory(struct assembler *as, const struct syntax *x, unsigned index,
                         struct operands *o)
{
    if (!lex_is(as, '[')) {
        wrong_operand(as, x, index, "an address in brackets");
    }
    lex_next(as);
    const struct token *t = &as->token;
    struct loc at = t->at;
    int r = t->kind == TOKEN_IDENT ? isa_reg_find(t->text.p, t->text.n) : -1;
    if (r >= 0) {
        o->ra = (unsigned)r;
        lex_next(as);
    }
    // The sign stays: it is the expression's first operator.
    o->expr =
        r >= 0 && !lex_is(as, '+') && !lex_is(as, '-') ? expr_number(as, 0, &at) : expr_parse(as);
    lex_expect(as, ']', "at the end of the address");
}

static void parse_operand(struct assembler *as, const struct syntax *x, char kind, unsigned index,
                          struct operands *o)
{
    switch (kind) {
    case 'd': o->rd = parse_register(as, x, index); break;
    case 'a': o->ra = parse_register(as, x, index); break;
    case 'b': o->rb = parse_register(as, x, index); break;
    case 'm': parse_memory(as, x, index, o); break;
    case 't': o->expr = parse_number(as, x, index, "a label"); break;
    default: o->expr = parse_number(as, x, index, "a number"); break;
    }
}

// Parses operands of the kinds given, one letter each.
static struct operands parse_operands(struct assembler *as, const struct syntax *x,
                                      const char *kinds)
{
    struct operands o = {0};
    lex_next(as);
    for (unsigned i = 0; kinds[i]; i++) {
        if (i > 0 && !lex_accept(as, ',')) {
            if (as->token.kind == TOKEN_END) {
                wrong_operand(as, x, i + 1, "there");
            }
            lex_expect(as, ',', "between two operands");
        }
        parse_operand(as, x, kinds[i], i + 1, &o);
    }
    if (as->token.kind != TOKEN_END) {
        asm_fail(
            as, &as->token.at, "'%.*s' takes no more operands, but there is %s; write %.*s%s%s",
            (int)x->mnemonic->text.n, x->mnemonic->text.p, lex_shown(as), (int)x->mnemonic->text.n,
            x->mnemonic->text.p, x->operands[0] ? " " : "", x->operands);
    }
    return o;
}

static void add_insn(struct assembler *as, unsigned op, const struct operands *o, bool negate,
                     const struct loc *at)
{
    struct item *item = item_add(as, ITEM_INSN, 4, at);
    item->insn = (struct insn){(uint8_t)op, (uint8_t)o->rd, (uint8_t)o->ra, (uint8_t)o->rb, 0};
    item->expr = o->expr;
    item->negate = negate;
}

static void real_insn(struct assembler *as, unsigned op, const struct token *mnemonic)
{
    static const char letters[] = {[FIELD_RD] = 'd',   [FIELD_RA] = 'a',   [FIELD_RB] = 'b',
                                   [FIELD_SIMM] = 'i', [FIELD_UIMM] = 'i', [FIELD_TARGET] = 't'};
    const struct isa_format_row *f = isa_format(isa_row(op)->format);
    const struct syntax x = {mnemonic, f->syntax};
    char kinds[5] = "dm";
    if (isa_row(op)->format != FMT_RM) {
        size_t n = 0;
        for (; f->field[n].kind != FIELD_END; n++) {
            kinds[n] = letters[f->field[n].kind];
        }
        kinds[n] = 0;
    }
    struct operands o = parse_operands(as, &x, kinds);
    add_insn(as, op, &o, false, &mnemonic->at);
}

// ---- pseudo-instructions from the table ---------------------------------------------------------

// The next word of an expansion, up to a blank, comma or semicolon.
static struct str next_word(const char **p)
{
    *p += strspn(*p, " ,");
    struct str w = {*p, strcspn(*p, " ,;")};
    *p += w.n;
    return w;
}

// What a word of an expansion stands for, put where the field wants it.
static void fill_field(struct assembler *as, const struct isa_field *f, struct str word,
                       const struct operands *given, struct operands *o, bool *negate,
                       const struct loc *at)
{
    if (f->kind != FIELD_RD && f->kind != FIELD_RA && f->kind != FIELD_RB) {
        if (str_is(word, "imm") || str_is(word, "-imm") || str_is(word, "label")) {
            o->expr = given->expr;
            *negate = word.p[0] == '-';
        } else {
            assert(str_is(word, "0") || str_is(word, "1") || str_is(word, "-1"));
            o->expr = expr_number(as, str_is(word, "0") ? 0 : str_is(word, "1") ? 1 : -1, at);
        }
        return;
    }
    unsigned r = str_is(word, "rd") ? given->rd : str_is(word, "ra") ? given->ra : given->rb;
    if (word.p[0] != 'r') {
        assert(isa_reg_find(word.p, word.n) >= 0);
        r = (unsigned)isa_reg_find(word.p, word.n);
    }
    *(f->kind == FIELD_RD ? &o->rd : f->kind == FIELD_RA ? &o->ra : &o->rb) = r;
}

static void expand_pseudo(struct assembler *as, const char *expansion, const struct operands *given,
                          const struct loc *at)
{
    for (const char *p = expansion; *p; p += *p == ';') {
        struct str mnemonic = next_word(&p);
        unsigned op = isa_find(mnemonic.p, mnemonic.n);
        struct operands o = {0};
        bool negate = false;
        assert(op != OP_INVALID && isa_row(op)->format != FMT_RM);
        for (const struct isa_field *f = isa_format(isa_row(op)->format)->field;
             f->kind != FIELD_END; f++) {
            fill_field(as, f, next_word(&p), given, &o, &negate, at);
        }
        add_insn(as, op, &o, negate, at);
    }
}

// ---- li, la, push, pop --------------------------------------------------------------------------

// movi and as many movk as the value needs: returns how many instructions.
static unsigned plan_chunks(unsigned rd, uint64_t value, struct insn out[4])
{
    unsigned n = 1;
    // n chunks of 16 bits are enough if the bits above them repeat the sign.
    while (n < 4) {
        uint64_t sign = UINT64_C(1) << (16 * n - 1), above = ~(sign * 2 - 1);
        if ((value & (above | sign)) == 0 || (value & (above | sign)) == (above | sign)) {
            break;
        }
        n++;
    }
    for (unsigned i = 0; i < n; i++) {
        uint16_t chunk = (uint16_t)(value >> (16 * (n - 1 - i)));
        out[i] = (struct insn){.op = i == 0 ? OP_MOVI : OP_MOVK, .rd = (uint8_t)rd};
        out[i].imm = i == 0 && chunk >= 0x8000 ? (int32_t)chunk - 0x10000 : (int32_t)chunk;
    }
    return n;
}

unsigned insn_plan_li(unsigned rd, uint64_t value, struct insn out[4])
{
    unsigned best = plan_chunks(rd, value, out);
    if (best > 1 && value >> 16 == 0) {
        out[0] = (struct insn){.op = OP_ORI, .rd = (uint8_t)rd, .imm = (int32_t)value};
        return 1;
    }
    if (best <= 2) {
        return best;
    }
    // With zeros at the low end, load the rest and shift it up: as its signed and as its unsigned
    // self.
    unsigned low = 0;
    while (!(value >> low & 1)) {
        low++;
    }
    uint64_t tries[2] = {value >> low, value >> low};
    if (value >> 63) {
        tries[1] |= ~(~UINT64_C(0) >> low);
    }
    for (unsigned i = 0; i < 2 && low > 0; i++) {
        struct insn plan[4];
        unsigned n = 1;
        if (tries[i] >> 16 == 0 && tries[i] >> 15 != 0) {
            plan[0] = (struct insn){.op = OP_ORI, .rd = (uint8_t)rd, .imm = (int32_t)tries[i]};
        } else {
            n = plan_chunks(rd, tries[i], plan);
        }
        if (n + 1 < best) {
            best = n + 1;
            memcpy(out, plan, n * sizeof *plan);
            out[n] = (struct insn){
                .op = OP_SHLI, .rd = (uint8_t)rd, .ra = (uint8_t)rd, .imm = (int32_t)low};
        }
    }
    return best;
}

static void load_number(struct assembler *as, const struct operands *o, const struct loc *at)
{
    struct value v = expr_early(as, o->expr);
    if (!v.known || v.section || v.degree != 0) {
        struct item *item = item_add(as, ITEM_LI, 0, at);
        item->insn.rd = (uint8_t)o->rd;
        item->expr = o->expr;
        return;
    }
    struct insn plan[4];
    unsigned n = insn_plan_li(o->rd, (uint64_t)v.number, plan);
    for (unsigned i = 0; i < n; i++) {
        struct item *item = item_add(as, ITEM_INSN, 4, at);
        item->insn = plan[i];
        item->expr = expr_number(as, plan[i].imm, at);
    }
}

// push and pop: registers in ascending order of address, whatever their order of numbers.
static void stack_insn(struct assembler *as, const struct pseudo *p, const struct token *mnemonic)
{
    const struct syntax x = {mnemonic, p->operands};
    const struct loc at = mnemonic->at;
    unsigned regs[REG_COUNT], n = 0;
    lex_next(as);
    do {
        if (n == REG_COUNT) {
            asm_fail(as, &as->token.at, "more registers than there are; name each once");
        }
        struct loc reg_at = as->token.at;
        regs[n] = parse_register(as, &x, n + 1);
        if (regs[n] == REG_SP) {
            asm_fail(
                as, &reg_at,
                "sp cannot be pushed or popped: it moves meanwhile; copy it to another register");
        }
        n++;
    } while (lex_accept(as, ','));
    lex_expect_end(as);
    struct operands adjust = {.rd = REG_SP, .ra = REG_SP};
    adjust.expr = expr_number(as, 8 * (int64_t)n, &at);
    if (p->kind == PSEUDO_PUSH) {
        add_insn(as, OP_ADDI, &adjust, true, &at);
    }
    for (unsigned i = 0; i < n; i++) {
        struct operands o = {
            .rd = regs[i], .ra = REG_SP, .expr = expr_number(as, 8 * (int64_t)i, &at)};
        add_insn(as, p->kind == PSEUDO_PUSH ? OP_STD : OP_LDD, &o, false, &at);
    }
    if (p->kind == PSEUDO_POP) {
        add_insn(as, OP_ADDI, &adjust, false, &at);
    }
}

// ---- entry --------------------------------------------------------------------------------------

// "rd, ra, imm" to "dai": the letters of parse_operand. Returns how many.
static unsigned operand_letters(const char *operands, char letters[8])
{
    unsigned n = 0;
    for (const char *p = operands; *p;) {
        struct str word = next_word(&p);
        assert(n < 7);
        letters[n++] = word.p[0] == 'r' ? word.p[1] : str_is(word, "label") ? 't' : 'i';
    }
    letters[n] = 0;
    return n;
}

// How many operands the line has, to choose among the rows of one mnemonic.
static unsigned count_operands(const struct assembler *as)
{
    unsigned n = 0;
    bool blank = true;
    for (const char *p = as->at; p < as->line_end && *p != ';' && *p != '#'; p++) {
        n += *p == ',';
        blank &= *p == ' ' || *p == '\t';
    }
    return blank ? 0 : n + 1;
}

static void pseudo_insn(struct assembler *as, const struct pseudo *p, const struct token *mnemonic)
{
    if (p->kind == PSEUDO_PUSH || p->kind == PSEUDO_POP) {
        stack_insn(as, p, mnemonic);
        return;
    }
    char letters[8];
    unsigned count = count_operands(as);
    for (const struct pseudo *q = p; q < pseudos + PSEUDOS && strcmp(q->mnemonic, p->mnemonic) == 0;
         q++) {
        if (operand_letters(q->operands, letters) == count) {
            p = q;
        }
    }
    operand_letters(p->operands, letters);
    const struct syntax x = {mnemonic, p->operands};
    struct operands o = parse_operands(as, &x, letters);
    if (p->kind == PSEUDO_LI) {
        load_number(as, &o, &mnemonic->at);
    } else if (p->kind == PSEUDO_LA) {
        struct item *item = item_add(as, ITEM_LA, 0, &mnemonic->at);
        item->insn.rd = (uint8_t)o.rd;
        item->expr = o.expr;
    } else {
        expand_pseudo(as, p->expansion, &o, &mnemonic->at);
    }
}

bool insn_assemble(struct assembler *as, const struct token *mnemonic)
{
    unsigned op = isa_find(mnemonic->text.p, mnemonic->text.n);
    const struct pseudo *p = pseudo_find(mnemonic->text);
    if (op != OP_INVALID) {
        real_insn(as, op, mnemonic);
    } else if (p) {
        pseudo_insn(as, p, mnemonic);
    }
    return op != OP_INVALID || p;
}
