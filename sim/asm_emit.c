// asm_emit.c: makes the bytes of each section once every address is known, then the image:
// segments, symbols, line table. What does not fit its field is found here.
#include "sim/asm_directive.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// ---- items to bytes -----------------------------------------------------------------------------

static void put(uint8_t *to, uint64_t value, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
}

static void put_insn(uint8_t *to, const struct insn *in)
{
    uint32_t word = 0;
    bool ok = isa_encode(in, &word);
    assert(ok);
    (void)ok;
    put(to, word, 4);
}

static const struct insn nop = {.op = OP_ADDI};

// The field that takes the immediate, or NULL.
static const struct isa_field *immediate_field(unsigned op)
{
    const struct isa_field *f = isa_format(isa_row(op)->format)->field;
    while (f->kind != FIELD_END && f->kind != FIELD_SIMM && f->kind != FIELD_UIMM &&
           f->kind != FIELD_TARGET) {
        f++;
    }
    return f->kind == FIELD_END ? NULL : f;
}

static const char *farther(unsigned op)
{
    if (isa_row(op)->flow == FLOW_BRANCH) {
        return "branch around a jmp";
    }
    return op == OP_LEA ? "use la or li" : "use la and jr or callr";
}

static const char *larger(unsigned op)
{
    switch (isa_row(op)->format) {
    case FMT_RM: return "add to the register before";
    case FMT_RI:
    case FMT_RU: return "use li";
    case FMT_RRS: return "64 bits shift by at most 63";
    case FMT_U8: return "there are 256 vectors";
    default: return "use li and the form with three registers";
    }
}

static bool immediate_fits(struct assembler *as, const struct item *item, const struct isa_field *f,
                           int64_t value)
{
    int64_t low = f->kind == FIELD_UIMM ? 0 : -(INT64_C(1) << (f->width - 1));
    int64_t high = f->kind == FIELD_UIMM ? (INT64_C(1) << f->width) - 1 : -low - 1;
    const char *mnemonic = isa_row(item->insn.op)->mnemonic;
    int64_t unit = 1 << f->scale;
    if (f->kind == FIELD_TARGET && value % unit != 0) {
        asm_report(as, &item->expr->at,
                   "the target is not a multiple of 4; put .align 4 before it");
        return false;
    }
    if (value >= low * unit && value <= high * unit) {
        return true;
    }
    if (f->kind == FIELD_TARGET) {
        asm_report(as, &item->expr->at,
                   "the target is %lld bytes away, and '%s' reaches from %lld to %lld; %s",
                   (long long)value, mnemonic, (long long)(low * unit), (long long)(high * unit),
                   farther(item->insn.op));
    } else {
        asm_report(as, &item->expr->at, "%lld does not fit '%s', which takes %lld to %lld; %s",
                   (long long)value, mnemonic, (long long)low, (long long)high,
                   larger(item->insn.op));
    }
    return false;
}

static void check_aligned(struct assembler *as, struct section *s, const struct item *item)
{
    if (((s->addr + item->offset) & 3) != 0 && !s->misaligned) {
        s->misaligned = true; // one mistake, not one at each instruction that follows
        asm_report(as, &item->at,
                   "the instruction is at 0x%llx, not at a multiple of 4; put .align 4 before it",
                   (unsigned long long)(s->addr + item->offset));
    }
}

static void emit_insn(struct assembler *as, struct section *s, const struct item *item, uint8_t *to)
{
    struct insn in = item->insn;
    const struct isa_field *f = immediate_field(in.op);
    check_aligned(as, s, item);
    if (f) {
        struct value v = expr_value(as, item->expr);
        int64_t value = item->negate ? (int64_t)(0 - (uint64_t)v.number) : v.number;
        if (f->kind == FIELD_TARGET) {
            value = (int64_t)((uint64_t)value - (s->addr + item->offset));
        }
        if (!v.known || !immediate_fits(as, item, f, value)) {
            return;
        }
        in.imm = (int32_t)value;
    }
    put_insn(to, &in);
}

static void emit_li(struct assembler *as, struct section *s, const struct item *item, uint8_t *to)
{
    check_aligned(as, s, item);
    struct value v = expr_value(as, item->expr);
    if (!v.known) {
        return;
    }
    struct insn plan[4];
    unsigned n;
    uint64_t here = s->addr + item->offset;
    if (item->kind == ITEM_LA && layout_lea_reaches((uint64_t)v.number, here)) {
        plan[0] = (struct insn){
            .op = OP_LEA, .rd = item->insn.rd, .imm = (int32_t)((uint64_t)v.number - here)};
        n = 1;
    } else {
        n = insn_plan_li(item->insn.rd, (uint64_t)v.number, plan);
    }
    assert(n * 4 <= item->size);
    for (unsigned i = 0; i < item->size / 4; i++) {
        put_insn(to + (size_t)i * 4, i < n ? &plan[i] : &nop);
    }
}

static void emit_fill(const struct section *s, const struct item *item, uint8_t *to)
{
    uint64_t at = s->addr + item->offset, end = at + item->size;
    if (layout_fills_with_nops(s, item)) {
        // Code may run through its padding: whole words become nops.
        uint64_t word = (at + 3) & ~UINT64_C(3);
        for (; word + 4 <= end; word += 4) {
            put_insn(to + (word - at), &nop);
        }
    } else if (item->fill > 0) {
        memset(to, item->fill, (size_t)item->size);
    }
}

static void check_fill(struct assembler *as, const struct section *s, const struct item *item)
{
    if (s->no_bytes && item->fill > 0 && item->size > 0) {
        asm_report(as, &item->at, "section '%s' holds zero bytes only; fill with 0", s->name);
        return;
    }
    if (item->kind == ITEM_ALIGN) {
        return;
    }
    struct value v = expr_value(as, item->expr);
    if (!v.known) {
        return;
    }
    if (item->kind == ITEM_SPACE && (uint64_t)v.number != item->size) {
        asm_report(as, &item->at, "%lld bytes cannot be reserved; give 0 to 2^40",
                   (long long)v.number);
    }
    if (item->kind == ITEM_ORG && (uint64_t)v.number != s->addr + item->offset + item->size) {
        asm_report(as, &item->at, "0x%llx is behind us, we are at 0x%llx; .org can only go on",
                   (unsigned long long)v.number, (unsigned long long)(s->addr + item->offset));
    }
}

static void emit_value(struct assembler *as, const struct item *item, uint8_t *to)
{
    struct value v = expr_value(as, item->expr);
    if (v.known && !data_fits(v.number, (unsigned)item->size)) {
        asm_report(as, &item->at, "%lld does not fit %llu byte%s; use %s", (long long)v.number,
                   (unsigned long long)item->size, item->size == 1 ? "" : "s",
                   item->size == 1   ? ".half, or & 0xff"
                   : item->size == 2 ? ".word, or & 0xffff"
                                     : ".quad, or & 0xffffffff");
    } else if (v.known) {
        put(to, (uint64_t)v.number, item->size);
    }
}

static void emit_item(struct assembler *as, struct section *s, const struct item *item)
{
    uint8_t *to = s->bytes + item->offset;
    bool stored = item->offset + item->size <= s->stored;
    switch (item->kind) {
    case ITEM_BYTES: memcpy(to, item->bytes, (size_t)item->size); break;
    case ITEM_VALUE: emit_value(as, item, to); break;
    case ITEM_INSN: emit_insn(as, s, item, to); break;
    case ITEM_LI:
    case ITEM_LA: emit_li(as, s, item, to); break;
    default:
        check_fill(as, s, item);
        if (stored) {
            emit_fill(s, item, to);
        }
        break;
    }
}

// Every symbol that was named must be there in the end, used in an item or not.
static void check_symbols(struct assembler *as)
{
    for (size_t i = 0; i < as->symbol_count; i++) {
        struct symbol *s = as->symbol_list[i];
        if (s->global || s->kind == SYMBOL_EQU) {
            struct loc at = s->kind == SYMBOL_NONE ? s->used : s->defined;
            expr_value(as, &(struct expr){.kind = EXPR_SYMBOL, .symbol = s, .at = at, .depth = 1});
        }
    }
}

void emit_sections(struct assembler *as)
{
    for (size_t i = 0; i < as->section_count; i++) {
        struct section *s = as->sections[i];
        s->bytes = asm_alloc(as, (size_t)s->stored + 1);
        for (size_t j = 0; j < s->count; j++) {
            emit_item(as, s, &s->items[j]);
        }
    }
    check_symbols(as);
    for (size_t i = 0; i < as->check_count; i++) {
        struct value v = expr_value(as, as->checks[i].expr);
        if (v.known && v.number == 0) {
            asm_report(as, &as->checks[i].at, "%s", as->checks[i].text);
        }
    }
}

// ---- the image ----------------------------------------------------------------------------------

static size_t make_segments(struct assembler *as, struct image_segment *segments)
{
    size_t n = 0;
    for (size_t i = 0; i < as->section_count; i++) {
        const struct section *s = as->sections[i];
        if (s->size > 0) {
            segments[n++] = (struct image_segment){.name = s->name,
                                                   .addr = s->load,
                                                   .bytes = s->bytes,
                                                   .size = s->stored,
                                                   .bss = s->size - s->stored,
                                                   .flags = s->flags,
                                                   .bias = s->addr - s->load};
        }
    }
    return n;
}

static int by_value(const void *a, const void *b)
{
    const struct image_symbol *x = a, *y = b;
    if (x->value != y->value) {
        return x->value < y->value ? -1 : 1;
    }
    return strcmp(x->name, y->name);
}

// Labels, and the constants that .global names.
static size_t make_symbols(struct assembler *as, struct image_symbol *symbols)
{
    size_t n = 0;
    for (size_t i = 0; i < as->symbol_count; i++) {
        struct symbol *s = as->symbol_list[i];
        bool wanted =
            !s->numeric && (s->kind == SYMBOL_LABEL || (s->global && s->kind != SYMBOL_NONE));
        if (wanted) {
            struct value v = expr_value(
                as, &(struct expr){.kind = EXPR_SYMBOL, .symbol = s, .at = s->defined, .depth = 1});
            symbols[n++] = (struct image_symbol){s->name, (uint64_t)v.number, v.degree == 1};
        }
    }
    if (n > 0) {
        qsort(symbols, n, sizeof *symbols, by_value);
    }
    return n;
}

// The line that whoever reads the source sees: of a macro, where it was called.
static struct loc source_place(const struct item *item)
{
    struct loc at = item->at;
    for (const struct frame *f = at.in; f; f = f->called_at.file ? f->called_at.in : NULL) {
        if (f->kind == FRAME_MACRO) {
            at = f->called_at;
        }
    }
    if (item->loc_file) {
        at.file = item->loc_file;
        at.line = item->loc_line;
    }
    return at;
}

static uint32_t file_index(struct assembler *as, struct image *img, const char ***files,
                           size_t *cap, const char *name)
{
    for (size_t i = img->file_count; i > 0; i--) { // most often the last one again
        if (strcmp((*files)[i - 1], name) == 0) {
            return (uint32_t)(i - 1);
        }
    }
    *files = asm_grow(as, *files, img->file_count, cap, sizeof **files);
    (*files)[img->file_count] = name;
    return (uint32_t)img->file_count++;
}

// qsort may swap equals: of two lines at one address the smaller comes first.
static int by_address(const void *a, const void *b)
{
    const struct image_line *x = a, *y = b;
    if (x->addr != y->addr) {
        return x->addr < y->addr ? -1 : 1;
    }
    if (x->file != y->file) {
        return x->file < y->file ? -1 : 1;
    }
    return x->line < y->line ? -1 : x->line > y->line;
}

// Only what can be executed has a line.
static bool has_line(const struct assembler *as, const struct section *s, const struct item *item)
{
    bool code = item->kind == ITEM_INSN || item->kind == ITEM_LI || item->kind == ITEM_LA;
    return code && (s->flags & IMAGE_EXEC) && (item->loc_file || !as->loc_used);
}

// Sections that share an address would share lines: the smallest stays.
static size_t drop_doubles(struct image_line *lines, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || lines[kept - 1].addr != lines[i].addr) {
            lines[kept++] = lines[i];
        }
    }
    return kept;
}

static void make_lines(struct assembler *as, struct image *img)
{
    struct image_line *lines = NULL;
    const char **files = NULL;
    size_t n = 0, cap = 0, file_cap = 0;
    for (size_t i = 0; i < as->section_count; i++) {
        const struct section *s = as->sections[i];
        size_t first = n;
        for (size_t j = 0; j < s->count; j++) {
            const struct item *item = &s->items[j];
            if (!has_line(as, s, item)) {
                continue;
            }
            struct loc at = source_place(item);
            uint32_t file = file_index(as, img, &files, &file_cap, at.file);
            if (n == first || lines[n - 1].file != file || lines[n - 1].line != at.line) {
                lines = asm_grow(as, lines, n, &cap, sizeof *lines);
                lines[n++] = (struct image_line){s->addr + item->offset, file, at.line};
            }
        }
    }
    if (n > 0) {
        qsort(lines, n, sizeof *lines, by_address);
    }
    img->files = files;
    img->lines = lines;
    img->line_count = drop_doubles(lines, n);
}

static uint64_t entry_of(struct assembler *as)
{
    static const char *const usual[] = {"_start", "start"};
    if (as->entry) {
        return (uint64_t)expr_value(as, as->entry).number;
    }
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        struct symbol *s = map_get(&as->symbols, str_of(usual[i]));
        if (s && s->kind == SYMBOL_LABEL) {
            return (uint64_t)expr_value(
                       as, &(struct expr){.kind = EXPR_SYMBOL, .symbol = s, .depth = 1})
                .number;
        }
    }
    for (size_t i = 0; i < as->section_count; i++) {
        if (as->sections[i]->size > 0 && (as->sections[i]->flags & IMAGE_EXEC)) {
            return as->sections[i]->addr;
        }
    }
    return 0;
}

void emit_image(struct assembler *as, struct image *out)
{
    struct image_segment *segments = asm_alloc(as, (as->section_count + 1) * sizeof *segments);
    struct image_symbol *symbols = asm_alloc(as, (as->symbol_count + 1) * sizeof *symbols);
    out->segment_count = make_segments(as, segments);
    out->segments = segments;
    out->symbol_count = make_symbols(as, symbols);
    out->symbols = symbols;
    make_lines(as, out);
    out->entry = entry_of(as);
    if (out->entry % 4 != 0) {
        asm_report(as, as->entry ? &as->entry->at : &as->last,
                   "the entry 0x%llx is not a multiple of 4; give one with .entry",
                   (unsigned long long)out->entry);
    }
}
