// asm_listing.c: the listing: what became of each line. The full form shows addresses and bytes;
// the other leaves out whatever two builds of one source differ in for no interesting reason, so
// that `diff` shows what a changed symbol really changed.
#include "sim/asm_impl.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_A_RECORD = 4 };

void listing_note(struct assembler *as, const struct line *line, bool skipped)
{
    if (as->request->listing == ASM_LISTING_NONE) {
        return;
    }
    as->records = asm_grow(as, as->records, as->record_count, &as->record_cap, sizeof *as->records);
    struct record *r = &as->records[as->record_count++];
    *r = (struct record){.line = *line, .in = as->frame, .skipped = skipped};
}

// One line of bytes: four of them as a word where the address allows, else single.
static uint64_t show_bytes(struct assembler *as, struct text *out, const struct section *s,
                           uint64_t at, uint64_t end)
{
    size_t start = out->n;
    text_printf(as, out, "%012llx ", (unsigned long long)(s->addr + at));
    unsigned words = 0;
    for (uint64_t stop = at + 8; at < end && at < stop; words++) {
        const uint8_t *b = s->bytes + at;
        if (end - at >= 4 && ((s->addr + at) & 3) == 0) {
            text_printf(as, out, " %02x%02x%02x%02x", b[3], b[2], b[1], b[0]);
            at += 4;
        } else {
            text_printf(as, out, " %02x", b[0]);
            at++;
        }
    }
    while (out->n - start < 38) {
        text_add(as, out, str_of(" "));
    }
    return at;
}

// What only steers the assembler is no part of what it made: conditions, macros, other files.
static bool shows_nothing(const struct record *r)
{
    static const char *const steering[] = {".include", ".rept", ".irp", ".macro"};
    struct str text = r->line.text;
    while (text.n > 0 && (text.p[0] == ' ' || text.p[0] == '\t')) {
        text.p++, text.n--;
    }
    size_t n = 0;
    while (n < text.n && lex_is_part((unsigned char)text.p[n])) {
        n++;
    }
    const struct directive *d = directive_find((struct str){text.p, n});
    bool steers = d && d->condition;
    for (size_t i = 0; i < sizeof steering / sizeof *steering; i++) {
        steers |= str_is((struct str){text.p, n}, steering[i]);
    }
    return r->skipped || steers || text.n == 0 || text.p[0] == ';' || text.p[0] == '#' ||
           (text.p[0] == '/' && text.n > 1 && text.p[1] == '/');
}

// How many macro calls and repetitions the line is inside of.
static unsigned expansions(const struct record *r)
{
    unsigned n = 0;
    for (const struct frame *f = r->in; f; f = f->called_at.file ? f->called_at.in : NULL) {
        n += f->kind != FRAME_FILE;
    }
    return n;
}

static void show_source(struct assembler *as, struct text *out, const struct record *r)
{
    unsigned depth = expansions(r);
    text_printf(as, out, "%6u%c  ", (unsigned)r->line.number,
                r->skipped  ? '-'
                : depth > 0 ? '+'
                            : ' ');
    text_add(as, out, r->line.text);
    text_add(as, out, str_of("\n"));
}

static void show_record(struct assembler *as, struct text *out, const struct record *r)
{
    const struct section *s = r->section;
    if (!s || r->first == r->last) {
        text_printf(as, out, "%38s", "");
        show_source(as, out, r);
        return;
    }
    const struct item *last = &s->items[r->last - 1];
    uint64_t at = s->items[r->first].offset, end = last->offset + last->size,
             stored = end < s->stored ? end : s->stored;
    if (at >= stored) { // zeros at the section's end: an address and no bytes
        text_printf(as, out, "%012llx  %-24s", (unsigned long long)(s->addr + at),
                    end > at ? "(zeros)" : "");
        show_source(as, out, r);
        return;
    }
    at = show_bytes(as, out, s, at, stored);
    show_source(as, out, r);
    for (unsigned i = 1; at < stored; i++) {
        if (i == LINES_A_RECORD) {
            text_printf(as, out, "%12s  ... %llu more bytes\n", "",
                        (unsigned long long)(stored - at));
            return;
        }
        at = show_bytes(as, out, s, at, stored);
        while (out->p[out->n - 1] == ' ') {
            out->n--;
        }
        text_add(as, out, str_of("\n"));
    }
}

static void show_file(struct assembler *as, struct text *out, const char **file, const char *now,
                      bool full)
{
    if (!*file || strcmp(*file, now) != 0) {
        text_printf(as, out, full ? "%38s; file %s\n" : "%s; file %s\n", "", now);
        *file = now;
    }
}

// Blanks at both ends carry no meaning, and comments explain the source, not the build.
static void show_plain(struct assembler *as, struct text *out, const struct record *r)
{
    struct str text = r->line.text;
    char quote = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (quote) {
            i += c == '\\';
            quote = c == quote ? 0 : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == ';' || c == '#' || (c == '/' && i + 1 < text.n && text.p[i + 1] == '/')) {
            text.n = i;
        }
    }
    while (text.n > 0 && (text.p[text.n - 1] == ' ' || text.p[text.n - 1] == '\t')) {
        text.n--;
    }
    for (unsigned i = expansions(r); i > 0; i--) {
        text_add(as, out, str_of("+ "));
    }
    text_add(as, out, text);
    text_add(as, out, str_of("\n"));
}

static void show_sections(struct assembler *as, struct text *out)
{
    text_printf(as, out, "\nSections\n%-16s %-16s  %-16s  %12s  %12s\n", "address", "load", "name",
                "bytes", "zeros");
    for (size_t i = 0; i < as->section_count; i++) {
        const struct section *s = as->sections[i];
        if (s->size > 0) {
            text_printf(as, out, "%016llx %016llx  %-16s  %12llu  %12llu  %s%s\n",
                        (unsigned long long)s->addr, (unsigned long long)s->load, s->name,
                        (unsigned long long)s->stored, (unsigned long long)(s->size - s->stored),
                        s->flags & IMAGE_EXEC ? "exec " : "",
                        s->flags & IMAGE_WRITE ? "write" : "");
            while (out->p[out->n - 2] == ' ') {
                out->p[--out->n - 1] = '\n';
            }
        }
    }
}

static int by_name(const void *a, const void *b)
{
    const struct symbol *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static void show_symbols(struct assembler *as, struct text *out)
{
    struct symbol **sorted = asm_alloc(as, (as->symbol_count + 1) * sizeof *sorted);
    size_t n = 0;
    for (size_t i = 0; i < as->symbol_count; i++) {
        struct symbol *s = as->symbol_list[i];
        if (!s->numeric && s->kind != SYMBOL_NONE) {
            sorted[n++] = s;
        }
    }
    if (n == 0) {
        return;
    }
    qsort(sorted, n, sizeof *sorted, by_name);
    text_printf(as, out, "\nSymbols\n%-16s  kind     name\n", "value");
    for (size_t i = 0; i < n; i++) {
        struct value v =
            expr_value(as, &(struct expr){.kind = EXPR_SYMBOL, .symbol = sorted[i], .depth = 1});
        const char *kind = sorted[i]->kind == SYMBOL_LABEL ? "label"
                           : sorted[i]->kind == SYMBOL_SET ? "set"
                                                           : "equ";
        text_printf(as, out, "%016llx  %-7s  %s\n", (unsigned long long)v.number, kind,
                    sorted[i]->name);
    }
}

void listing_make(struct assembler *as, struct text *out)
{
    const char *file = NULL;
    bool full = as->request->listing == ASM_LISTING_FULL;
    for (size_t i = 0; i < as->record_count; i++) {
        const struct record *r = &as->records[i];
        if (full) {
            show_file(as, out, &file, r->line.file, true);
            show_record(as, out, r);
        } else if (!shows_nothing(r)) {
            show_file(as, out, &file, r->line.file, false);
            show_plain(as, out, r);
        }
    }
    if (full) {
        show_sections(as, out);
        show_symbols(as, out);
    }
}
