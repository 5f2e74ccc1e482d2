// asm_impl.h: what the files of the assembler share; nobody else includes it. One `struct
// assembler` lives for one call.
//
// How it works, in the order of the files: asm_source.c delivers lines (with asm_macro.c for
// macros and repetitions, asm_condition.c for .if); asm_lex.c cuts them into tokens; asm_symbol.c,
// asm_expr.c and asm_value.c know names, parse expressions and value them; asm_stmt.c,
// asm_directive.c and asm_insn.c turn statements into items of sections; asm_layout.c
// gives every item its place, growing `li` and `la` until they fit; asm_emit.c makes bytes, symbols
// and the line table; asm_listing.c shows it.
#ifndef RINGSIDE_SIM_ASM_IMPL_H
#define RINGSIDE_SIM_ASM_IMPL_H

#include "sim/asm.h"
#include "sim/isa.h"

#include <setjmp.h>
#include <stdarg.h>

enum {
    FRAMES_MAX = 100,       // nesting of files, macros and repetitions together
    INCLUDES_MAX = 20,      // nesting of files alone
    LINE_LENGTH_MAX = 8192, // bytes, after macro expansion; must fit line.columns
    EXPR_DEPTH_MAX = 250,   // of one expression
    EVAL_DEPTH_MAX = 2000,  // of expressions and the symbols in them, defined by expressions
    PARAMS_MAX = 32,
    SECTIONS_MAX = 256,
    CONDITIONS_MAX = 100,
    NAME_LENGTH_MAX = 255,
    SAVED_SECTIONS_MAX = 16,
    NUMERIC_LABELS = 100,
};

struct assembler;

// ---- memory, text, names (asm_memory.c) ---------------------------------------------------------

// Text that is not ours and not ended by a zero byte.
struct str {
    const char *p;
    size_t n;
};

// Zeroed memory that lives as long as the result. Does not return when the bound is reached: the
// assembly is over.
void *asm_alloc(struct assembler *as, size_t n);
char *asm_copy(struct assembler *as, struct str s); // with a zero byte
// Makes room for one more element in an array of *cap elements; returns the array, moved if need
// be.
void *asm_grow(struct assembler *as, void *array, size_t count, size_t *cap, size_t element);

static inline struct str str_of(const char *z)
{
    size_t n = 0;
    while (z[n]) {
        n++;
    }
    return (struct str){z, n};
}
bool str_equal(struct str a, struct str b);
bool str_is(struct str a, const char *b);

// Growing text.
struct text {
    char *p;
    size_t n, cap;
};
void text_add(struct assembler *as, struct text *t, struct str s);
void text_printf(struct assembler *as, struct text *t, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Names to things, in the order of definition; never iterated in hash order.
struct map {
    struct map_slot *slots;
    size_t cap, count;
};
struct map_slot {
    struct str name;
    void *value; // NULL: free slot
};
void *map_get(const struct map *m, struct str name);
void map_put(struct assembler *as, struct map *m, struct str name,
             void *value); // the name must be new, and is not copied

// ---- places in the source and errors (asm_diag.c) -----------------------------------------------

struct frame;

// A place in the source, and the frame that says how we came there.
struct loc {
    const char *file;
    const struct frame *in;
    uint32_t line, column;
};

// Notes an error. The text says what is wrong and, after a semicolon, how to mend it.
void asm_report(struct assembler *as, const struct loc *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// The same, and gives up on the statement.
_Noreturn void asm_fail(struct assembler *as, const struct loc *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// The same, and gives up on the assembly.
_Noreturn void asm_fatal(struct assembler *as, const struct loc *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Names that a mistyped one may have been meant to be.
struct nearest {
    const char **list;
    size_t count, cap;
};
void nearest_try(struct assembler *as, struct nearest *n, struct str candidate);
// "; did you mean 'best'?", or the other text if none is near.
const char *nearest_hint(struct assembler *as, struct nearest *n, struct str wanted,
                         const char *otherwise);

// ---- lines (asm_source.c, asm_macro.c, asm_condition.c) -----------------------------------------

struct line {
    struct str text;
    const char *file;
    uint32_t number;
    // of each byte of an expanded line, where it stood in the source; NULL: where it stands
    const uint16_t *columns;
};

struct param {
    struct str name, otherwise; // the default; p is NULL if there is none
    bool required, rest;
};

enum frame_kind { FRAME_FILE, FRAME_MACRO, FRAME_REPEAT };

// What lines come from. Frames stay in memory after they end: places refer to them.
struct frame {
    enum frame_kind kind;
    struct frame *up;     // who goes on when this ends
    struct loc called_at; // the .include, macro call or .rept; file is NULL for the main source
    const char *name;     // of file or macro
    unsigned depth, includes;
    size_t conditions; // open when it began: must be the same at its end
    uint64_t serial;   // \@
    // FRAME_FILE
    struct str rest;
    uint32_t line;
    // FRAME_MACRO, FRAME_REPEAT
    const struct line *lines;
    size_t count, at;
    uint64_t iteration, iterations;
    const struct param *params;
    size_t param_count;
    const struct str *args; // param_count for each iteration
};

struct macro {
    struct str name;
    struct loc defined;
    const struct param *params;
    size_t param_count;
    const struct line *lines;
    size_t count;
};

struct condition {
    struct loc opened;
    bool active; // this branch is assembled
    bool taken;  // this or an earlier branch was
    bool outer;  // what surrounds it is assembled
    bool in_else;
};

// A new frame on top of those that are being read.
struct frame *source_push(struct assembler *as, enum frame_kind kind, const char *name,
                          const struct loc *called_at);
void source_push_file(struct assembler *as, const struct asm_source *source,
                      const struct loc *called_at);
// The next line of this frame alone, expanded; false at its end, or the end of its turn.
bool source_frame_line(struct assembler *as, struct frame *f, struct line *out);
// The next line, expanded. False at the end of the main source.
bool source_next(struct assembler *as, struct line *out);
void source_call_macro(struct assembler *as, struct macro *m, const struct loc *at);
bool source_active(const struct assembler *as);

// ---- tokens (asm_lex.c) -------------------------------------------------------------------------

enum token_kind {
    TOKEN_END,
    TOKEN_IDENT,
    TOKEN_NUMBER,
    TOKEN_STRING,
    TOKEN_NUMERIC_LABEL,
    TOKEN_PUNCT
};

enum { // punctuation of two characters; that of one is itself
    PUNCT_SHL = 256,
    PUNCT_SHR,
    PUNCT_LE,
    PUNCT_GE,
    PUNCT_EQ,
    PUNCT_NE,
    PUNCT_AND,
    PUNCT_OR,
};

struct token {
    enum token_kind kind;
    int punct;
    struct str text; // as in the source; of a string, without the quotes
    uint64_t number; // TOKEN_NUMBER; TOKEN_NUMERIC_LABEL: the label's number
    bool forward;    // TOKEN_NUMERIC_LABEL: 1f, not 1b
    struct loc at;
};

void lex_start(struct assembler *as, const struct line *line);
void lex_next(struct assembler *as); // to as->token
bool lex_is(const struct assembler *as, int punct);
bool lex_accept(struct assembler *as, int punct);
void lex_expect(struct assembler *as, int punct, const char *where);
void lex_expect_end(struct assembler *as);
bool lex_is_start(int c);
bool lex_is_part(int c);
bool lex_is_param_part(int c); // of a macro parameter's name: no dot, which may follow it
// What stands there, for an error: "'x'" or "the end of the line".
const char *lex_shown(struct assembler *as);
// The bytes that a string token means.
struct str lex_string(struct assembler *as, const struct token *t);
// The place of byte i of the line that is being read.
struct loc lex_loc(const struct assembler *as, const char *p);

// ---- sections and items (asm_stmt.c) ------------------------------------------------------------

// A position in a section. Before layout only the distance to other positions of the same `run` is
// known: a run is a stretch without anything whose size depends on the layout.
struct place {
    struct section *section;
    size_t item; // begins before this item
    uint32_t run;
    uint64_t offset; // in the run
};

enum item_kind {
    ITEM_BYTES, // `bytes`
    ITEM_VALUE, // `expr` in `size` bytes
    ITEM_INSN,  // `insn` with `expr` as its immediate
    ITEM_LI,
    ITEM_LA,
    ITEM_ALIGN, // to a multiple of `expr`
    ITEM_ORG,   // up to address `expr`
    ITEM_SPACE, // `expr` bytes
};

struct item {
    uint8_t kind;
    uint8_t negate; // the immediate is -expr
    int16_t fill;   // of ITEM_ALIGN, ITEM_ORG and ITEM_SPACE; -1: nops in code, else zeros
    struct insn insn;
    uint64_t offset, size; // in the section; size is set at once unless it depends on the layout
    struct expr *expr;
    const uint8_t *bytes;
    struct loc at;
    const char *loc_file; // what the line table says instead of `at`, if not NULL
    uint32_t loc_line;
};

struct section {
    const char *name;
    uint32_t flags;  // IMAGE_WRITE | IMAGE_EXEC
    bool used;       // it is in assembler.sections
    bool no_bytes;   // zero bytes only
    bool misaligned; // that an instruction is not at a multiple of 4 has been said
    bool has_addr, has_load;
    uint64_t addr, load; // where labels think it is, and where it is put
    uint64_t align;
    struct loc opened;
    struct item *items;
    size_t count, cap;
    uint32_t run;
    uint64_t run_offset;
    // by layout
    uint64_t size, stored; // all bytes; those before the zeros at the end
    uint8_t *bytes;
};

struct place place_here(struct assembler *as);
// Adds an item at the current place. `size` is ignored for those whose size depends on the layout.
struct item *item_add(struct assembler *as, enum item_kind kind, uint64_t size,
                      const struct loc *at);
// The section .text, not used yet.
void section_begin(struct assembler *as);
void section_use(struct assembler *as, struct section *s);
struct section *section_find(struct assembler *as, struct str name, const struct loc *at);
void stmt_line(struct assembler *as, const struct line *line);

// ---- symbols and expressions (asm_symbol.c, asm_expr.c, asm_value.c) ----------------------------

enum symbol_kind { SYMBOL_NONE, SYMBOL_LABEL, SYMBOL_EQU, SYMBOL_SET };

// A value: a number, or (before layout) a distance from the start of a run of a section.
struct value {
    int64_t number;
    const struct section *section;
    uint32_t run;
    bool known;
    int degree; // 1: an address, 0: a number; 2 or -1 have no name, but may lead back to one
};

struct symbol {
    const char *name;
    enum symbol_kind kind;
    bool global, numeric, reported, seen;
    struct place place;
    struct expr *expr;
    struct loc defined, used;
    uint64_t
        visiting;   // the evaluation that is inside this symbol, or was when it ended in an error
    uint64_t stamp; // the evaluation for which `cached` holds
    struct value cached;
};

enum expr_kind { EXPR_NUMBER, EXPR_SYMBOL, EXPR_HERE, EXPR_UNARY, EXPR_BINARY, EXPR_CHOICE };

struct expr {
    enum expr_kind kind;
    int op;
    unsigned depth;
    struct loc at;
    int64_t number;
    struct symbol *symbol;
    struct place here;
    struct expr *a, *b, *c;
};

struct expr *expr_number(struct assembler *as, int64_t number, const struct loc *at);
struct expr *expr_parse(struct assembler *as);
// Before layout: the value if it is known by now (.known).
struct value expr_early(struct assembler *as, const struct expr *e);
// Before layout: the number, or an error that says that it must be known here.
int64_t expr_need(struct assembler *as, const struct expr *e, const char *what);
// During and after layout. Reports errors only if as->final.
struct value expr_value(struct assembler *as, const struct expr *e);
// The symbol of that name, made if it is new.
struct symbol *symbol_get(struct assembler *as, struct str name);
// With `.name` completed by the last global label.
struct str symbol_full_name(struct assembler *as, const struct token *t);
void symbol_define(struct assembler *as, struct str name, enum symbol_kind kind, struct expr *e,
                   const struct loc *at);
// Of the definitions of a numeric label, the one with that index.
struct symbol *symbol_numeric(struct assembler *as, unsigned number, unsigned which);
void symbol_define_numeric(struct assembler *as, unsigned number, const struct loc *at);
void symbol_check_name(struct assembler *as, const struct token *t);

// ---- statements ---------------------------------------------------------------------------------

struct directive {
    const char *name, *operands, *doc;
    void (*run)(struct assembler *as, const struct token *name);
    bool condition; // .if and its like: looked at even where nothing is assembled
};
const struct directive *directive_find(struct str name);
const struct directive *directive_row(size_t i); // NULL beyond the last

// Instruction or pseudo-instruction; false if there is none of that name.
bool insn_assemble(struct assembler *as, const struct token *mnemonic);
bool insn_exists(struct str mnemonic);
void insn_nearest(struct assembler *as, struct nearest *n);

// The fewest instructions that load `value` into rd: at most 4. Returns how many.
unsigned insn_plan_li(unsigned rd, uint64_t value, struct insn out[4]);

// ---- the end ------------------------------------------------------------------------------------

void layout_run(struct assembler *as);
// Whether lea at address `at` can name `target`.
bool layout_lea_reaches(uint64_t target, uint64_t at);
// Whether the item is padding that code may run through.
bool layout_fills_with_nops(const struct section *s, const struct item *item);
// Makes the bytes of every section, then the image (not its storage, which the caller makes by
// writing and reading it).
void emit_sections(struct assembler *as);
void emit_image(struct assembler *as, struct image *out);
// Notes a line for the listing, if one is wanted.
void listing_note(struct assembler *as, const struct line *line, bool skipped);
void listing_make(struct assembler *as, struct text *out);

// One assembled line, for the listing.
struct record {
    struct line line;
    const struct frame *in;
    const struct section *section;
    size_t first, last; // items [first, last)
    bool skipped;       // left out by a condition, or the body of a macro's definition
};

struct assembler {
    const struct asm_request *request;
    jmp_buf statement, end;
    // memory
    struct chunk *chunks;
    uint64_t allocated, max_memory, max_output, max_lines;
    // source
    struct frame *frame;
    struct condition conditions[CONDITIONS_MAX];
    size_t condition_count;
    uint64_t lines_read, serial;
    struct line line;
    const char *at, *line_end; // the lexer
    struct token token;
    // names
    struct map symbols, macros;
    struct macro **macro_list;
    size_t macro_count, macro_cap;
    struct symbol **symbol_list;
    size_t symbol_count, symbol_cap;
    const char *scope; // last global label, or NULL
    unsigned numeric_seen[NUMERIC_LABELS];
    uint64_t stamp;
    // sections
    struct section *sections[SECTIONS_MAX];
    size_t section_count;
    struct section *section, *initial;
    struct place dot; // what `.` means: where the statement begins
    struct section *saved[SAVED_SECTIONS_MAX];
    size_t saved_count;
    struct expr *entry;
    struct loc last;      // end of the source, for errors about the whole
    const char *loc_file; // .loc, NULL: places are as they are
    uint32_t loc_line;
    bool loc_used;        // then code outside any .loc has no line
    struct check *checks; // .assert
    size_t check_count, check_cap;
    struct record *records;
    size_t record_count, record_cap;
    bool layout, final; // expr_value may ask for addresses; and errors are final
    bool folding;       // an error in an expression is not said yet
    unsigned eval_depth;
    // errors
    struct asm_diagnostic diagnostics[ASM_DIAGNOSTICS_MAX];
    size_t diagnostic_count;
    char shown[80];
    struct text listing;
};

// An .assert, looked at when all addresses are known.
struct check {
    struct expr *expr;
    const char *text;
    struct loc at;
};

#endif
