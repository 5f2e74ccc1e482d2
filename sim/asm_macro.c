// asm_macro.c: macros and repetitions: collecting their bodies and arguments, and setting them to
// be read.
#include "sim/asm_directive.h"

#include <string.h>

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
    for (unsigned level = 1; source_frame_line(as, as->frame, &line);) {
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
    while (n < piece.n && lex_is_param_part(piece.p[n])) {
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
    while (n < arg->n && lex_is_param_part(arg->p[n])) {
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
    struct frame *f = source_push(as, FRAME_MACRO, asm_copy(as, m->name), at);
    f->lines = m->lines;
    f->count = m->count;
    f->params = m->params;
    f->param_count = m->param_count;
    f->args = args;
}

static void push_repeat(struct assembler *as, const struct loc *at, const struct line *lines,
                        size_t count, uint64_t times)
{
    struct frame *f = source_push(as, FRAME_REPEAT, NULL, at);
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
        if (!lex_is_param_part(piece.p[i])) {
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
