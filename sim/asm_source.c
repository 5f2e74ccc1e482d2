// asm_source.c: where lines come from: files, macro calls and repetitions, stacked as frames, each
// line expanded as it is read.
#include "sim/asm_directive.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

// ---- frames -------------------------------------------------------------------------------------

static struct frame *push(struct assembler *as, enum frame_kind kind, const char *name,
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
    struct frame *f = push(as, FRAME_FILE, asm_copy(as, str_of(source->name)), called_at);
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

static bool is_param_part(char c)
{
    return lex_is_part((unsigned char)c) && c != '.' && c != '$';
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
    while (n < left && is_param_part(text.p[i + n])) {
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

static bool frame_line(struct assembler *as, struct frame *f, struct line *out)
{
    return f->kind == FRAME_FILE ? file_line(as, f, out) : body_line(as, f, out);
}

bool source_next(struct assembler *as, struct line *out)
{
    for (;;) {
        struct frame *f = as->frame;
        if (frame_line(as, f, out)) {
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

// ---- bodies and arguments -----------------------------------------------------------------------

// The first word of a line.
static struct str first_word(struct str text)
{
    size_t i = 0;
    while (i < text.n && (text.p[i] == ' ' || text.p[i] == '\t')) {
        i++;
    }
    size_t start = i;
    while (i < text.n && lex_is_part((unsigned char)text.p[i])) {
        i++;
    }
    return (struct str){text.p + start, i - start};
}

// Collects the lines up to the .endm or .endr that closes what was opened.
static struct line *collect(struct assembler *as, const struct loc *opened, bool macro,
                            size_t *count)
{
    const char *close = macro ? ".endm" : ".endr";
    struct line *lines = NULL, line;
    size_t n = 0, cap = 0;
    for (unsigned level = 1; frame_line(as, as->frame, &line);) {
        struct str word = first_word(line.text);
        if (macro ? str_is(word, ".macro") : str_is(word, ".rept") || str_is(word, ".irp")) {
            level++;
        } else if (str_is(word, close) && --level == 0) {
            *count = n;
            return lines;
        }
        if (macro) {
            listing_note(as, &line, true);
        }
        lines = asm_grow(as, lines, n, &cap, sizeof *lines);
        lines[n++] = line;
    }
    asm_fail(as, opened, "the body is not closed; end it with %s", close);
}

static struct str trim(struct str s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s.p++, s.n--;
    }
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) {
        s.n--;
    }
    return s;
}

// The next argument of *rest: up to a comma outside quotes and brackets, or a comment. With `all`
// commas do not end it. False when nothing is left.
static bool next_arg(struct str *rest, bool all, struct str *out)
{
    struct str r = trim(*rest);
    size_t i = 0;
    unsigned level = 0;
    for (char quote = 0; i < r.n; i++) {
        char c = r.p[i];
        if (quote) {
            i += c == '\\' && i + 1 < r.n;
            quote = c == quote ? 0 : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == ';' || c == '#' || (c == '/' && i + 1 < r.n && r.p[i + 1] == '/')) {
            r.n = i;
        } else if (c == '(' || c == '[') {
            level++;
        } else if ((c == ')' || c == ']') && level > 0) {
            level--;
        } else if (c == ',' && level == 0 && !all) {
            break;
        }
    }
    if (r.n == 0) {
        *rest = r;
        return false;
    }
    *out = trim((struct str){r.p, i < r.n ? i : r.n});
    size_t taken = i < r.n ? i + 1 : r.n;
    *rest = (struct str){r.p + taken, r.n - taken};
    return true;
}

// What stands behind the word that was just read.
static struct str rest_of_line(const struct assembler *as)
{
    return (struct str){as->at, (size_t)(as->line_end - as->at)};
}

static void define_param(struct assembler *as, struct param *p, struct str piece)
{
    struct loc at = lex_loc(as, piece.p);
    size_t n = 0;
    while (n < piece.n && is_param_part(piece.p[n])) {
        n++;
    }
    p->name = (struct str){piece.p, n};
    struct str rest = trim((struct str){piece.p + n, piece.n - n});
    if (n == 0 || !lex_is_start((unsigned char)piece.p[0])) {
        asm_fail(as, &at,
                 "a parameter's name is missing; parameters look like: .macro name a, b=0, c:req, "
                 "d:rest");
    }
    if (str_is(rest, ":req")) {
        p->required = true;
    } else if (str_is(rest, ":rest")) {
        p->rest = true;
    } else if (rest.n > 0 && rest.p[0] == '=') {
        p->otherwise = trim((struct str){rest.p + 1, rest.n - 1});
    } else if (rest.n > 0) {
        asm_fail(
            as, &at,
            "'%.*s' does not describe a parameter; use name, name=default, name:req or name:rest",
            piece.n > 40 ? 40 : (int)piece.n, piece.p);
    }
}

// Body lines and arguments may point into an expanded line, which stays in memory as long as
// everything else.
void directive_macro(struct assembler *as, const struct token *directive)
{
    struct loc at = directive->at;
    size_t count;
    // The body first: if the header is wrong, its lines must not be taken for statements.
    struct line *lines = collect(as, &at, true, &count);
    lex_next(as);
    struct token name = as->token;
    symbol_check_name(as, &name);
    if (map_get(&as->macros, name.text)) {
        const struct macro *old = map_get(&as->macros, name.text);
        asm_fail(as, &name.at, "macro '%.*s' is defined already, at %s:%u; choose another name",
                 (int)name.text.n, name.text.p, old->defined.file, (unsigned)old->defined.line);
    }
    if (insn_exists(name.text)) {
        asm_fail(as, &name.at, "'%.*s' is an instruction; choose another name for the macro",
                 (int)name.text.n, name.text.p);
    }
    struct macro *m = asm_alloc(as, sizeof *m);
    struct param *params = asm_alloc(as, PARAMS_MAX * sizeof *params);
    struct str rest = rest_of_line(as), piece;
    while (next_arg(&rest, false, &piece)) {
        if (m->param_count == PARAMS_MAX) {
            asm_fail(as, &name.at, "the macro has more than %d parameters; use fewer", PARAMS_MAX);
        }
        if (m->param_count > 0 && params[m->param_count - 1].rest) {
            asm_fail(as, &name.at, "a :rest parameter must be the last; move it");
        }
        define_param(as, &params[m->param_count++], piece);
    }
    m->name = name.text;
    m->defined = name.at;
    m->params = params;
    m->lines = lines;
    m->count = count;
    map_put(as, &as->macros, m->name, m);
    as->macro_list =
        asm_grow(as, as->macro_list, as->macro_count, &as->macro_cap, sizeof *as->macro_list);
    as->macro_list[as->macro_count++] = m;
}

// "name=value" for a parameter of that name: returns its index and cuts the name off; else -1.
static int keyword_arg(const struct macro *m, struct str *arg)
{
    size_t n = 0;
    while (n < arg->n && is_param_part(arg->p[n])) {
        n++;
    }
    struct str rest = trim((struct str){arg->p + n, arg->n - n});
    if (n == 0 || rest.n == 0 || rest.p[0] != '=' || (rest.n > 1 && rest.p[1] == '=')) {
        return -1;
    }
    for (size_t i = 0; i < m->param_count; i++) {
        if (str_equal(m->params[i].name, (struct str){arg->p, n})) {
            *arg = trim((struct str){rest.p + 1, rest.n - 1});
            return (int)i;
        }
    }
    return -1;
}

void source_call_macro(struct assembler *as, struct macro *m, const struct loc *at)
{
    struct str *args = asm_alloc(as, (m->param_count + 1) * sizeof *args);
    struct str rest = rest_of_line(as), arg;
    for (size_t i = 0; next_arg(&rest, i < m->param_count && m->params[i].rest, &arg); i++) {
        int key = keyword_arg(m, &arg);
        if (key < 0 && i >= m->param_count) {
            asm_fail(
                as, at,
                "macro '%.*s' takes at most %u argument%s; put an argument with commas in brackets",
                (int)m->name.n, m->name.p, (unsigned)m->param_count,
                m->param_count == 1 ? "" : "s");
        }
        args[key < 0 ? i : (size_t)key] = arg;
    }
    for (size_t i = 0; i < m->param_count; i++) {
        const struct param *p = &m->params[i];
        if (args[i].n == 0) {
            args[i] = p->otherwise;
        }
        if (args[i].n == 0 && p->required) {
            asm_fail(as, at, "macro '%.*s' needs its argument '%.*s'; give it", (int)m->name.n,
                     m->name.p, (int)p->name.n, p->name.p);
        }
    }
    struct frame *f = push(as, FRAME_MACRO, asm_copy(as, m->name), at);
    f->lines = m->lines;
    f->count = m->count;
    f->params = m->params;
    f->param_count = m->param_count;
    f->args = args;
}

static void push_repeat(struct assembler *as, const struct loc *at, const struct line *lines,
                        size_t count, uint64_t times)
{
    struct frame *f = push(as, FRAME_REPEAT, NULL, at);
    f->lines = lines;
    f->count = count;
    f->iterations = times;
    if (count == 0 || times == 0) {
        as->frame = f->up;
    }
}

void directive_rept(struct assembler *as, const struct token *name)
{
    struct loc at = name->at;
    size_t count;
    struct line *lines = collect(as, &at, false, &count);
    lex_next(as);
    struct expr *e = expr_parse(as);
    lex_expect_end(as);
    int64_t times = expr_need(as, e, "the number of repetitions");
    if (times < 0) {
        asm_fail(as, &e->at, "%lld repetitions cannot be made; give a number from 0",
                 (long long)times);
    }
    push_repeat(as, &at, lines, count, (uint64_t)times);
}

void directive_irp(struct assembler *as, const struct token *name)
{
    struct loc at = name->at;
    struct str rest = rest_of_line(as), piece, *args = NULL;
    struct param *param = asm_alloc(as, sizeof *param);
    bool named = next_arg(&rest, false, &piece);
    size_t n = 0, cap = 0, count;
    struct str arg;
    while (named && next_arg(&rest, false, &arg)) {
        args = asm_grow(as, args, n, &cap, sizeof *args);
        args[n++] = arg;
    }
    struct line *lines = collect(as, &at, false, &count);
    if (!named) {
        asm_fail(as, &at, ".irp needs a name and a list; write .irp reg, a0, a1, a2");
    }
    param->name = piece;
    for (size_t i = 0; i < piece.n; i++) {
        if (!is_param_part(piece.p[i])) {
            asm_fail(as, &at,
                     "'%.*s' cannot be the name that .irp repeats over; write .irp reg, a0, a1, a2",
                     piece.n > 40 ? 40 : (int)piece.n, piece.p);
        }
    }
    struct frame *up = as->frame;
    push_repeat(as, &at, lines, count, n);
    if (as->frame != up) {
        as->frame->params = param;
        as->frame->param_count = 1;
        as->frame->args = args;
    }
}

void directive_stray_end(struct assembler *as, const struct token *name)
{
    asm_fail(as, &name->at, "'%.*s' closes nothing; remove it, or open the body above",
             (int)name->text.n, name->text.p);
}

// ---- conditionals -------------------------------------------------------------------------------

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
