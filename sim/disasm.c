// disasm.c: machine words and images back to source. Walks each segment once, from symbol to
// symbol: code as instructions, the rest as strings, words and single bytes.
#include "sim/disasm.h"

#include "sim/asm.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// ---- one word -----------------------------------------------------------------------------------

// The symbol that stands exactly at addr, or NULL.
static const char *symbol_at(const struct image *img, uint64_t addr)
{
    const struct image_symbol *s = img ? image_near(img, addr) : NULL;
    return s && s->value == addr ? s->name : NULL;
}

static int print_target(char *out, size_t size, const char *lead, const struct image *img,
                        uint64_t target)
{
    const char *name = symbol_at(img, target);
    return name ? snprintf(out, size, "%s%s", lead, name)
                : snprintf(out, size, "%s0x%llx", lead, (unsigned long long)target);
}

int disasm_word(uint32_t word, uint64_t pc, const struct image *img, char *out, size_t size)
{
    struct insn in = isa_decode(word);
    if (in.op == OP_INVALID) {
        return snprintf(out, size, ".word 0x%08x", (unsigned)word);
    }
    const struct isa_row *row = isa_row(in.op);
    int n = snprintf(out, size, "%s", row->mnemonic);
    const char *lead = " ";
    for (const struct isa_field *f = isa_format(row->format)->field; f->kind != FIELD_END; f++) {
        size_t left = (size_t)n < size ? size - (size_t)n : 0;
        char *to = left ? out + n : NULL;
        bool memory = row->format == FMT_RM;
        switch (f->kind) {
        case FIELD_RD: n += snprintf(to, left, "%s%s", lead, isa_reg_name(in.rd)); break;
        case FIELD_RA:
            n += snprintf(to, left, "%s%s%s", lead, memory ? "[" : "", isa_reg_name(in.ra));
            break;
        case FIELD_RB: n += snprintf(to, left, "%s%s", lead, isa_reg_name(in.rb)); break;
        case FIELD_TARGET:
            n += print_target(to, left, lead, img, pc + (uint64_t)(int64_t)in.imm);
            break;
        default:
            if (!memory) {
                n += snprintf(to, left, "%s%d", lead, (int)in.imm);
            } else {
                n += in.imm ? snprintf(to, left, "%+d]", (int)in.imm) : snprintf(to, left, "]");
            }
            break;
        }
        lead = ", ";
    }
    return n;
}

// ---- printing -----------------------------------------------------------------------------------

struct printer {
    const struct image *img;
    const struct disasm_options *options;
    const struct text_sink *sink;
    size_t segment;
    uint64_t addr, end;   // where labels are: now, and at the segment's end
    const uint8_t *bytes; // those that stand at addr
    size_t line;          // next row of the line table
};

static void print(struct printer *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void print(struct printer *p, const char *format, ...)
{
    char text[2 * DISASM_LINE_MAX];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    p->sink->put(p->sink->ctx, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

static uint64_t little_endian(const uint8_t *b, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++) {
        v |= (uint64_t)b[i] << (8 * i);
    }
    return v;
}

// One statement that stands for the next n bytes.
static void print_statement(struct printer *p, const char *text, uint64_t n)
{
    enum { COLUMN = 40, SHOWN = 8 };
    if (!p->options->addresses) {
        print(p, "        %s\n", text);
    } else {
        char hex[2 * SHOWN + 4] = "";
        if (p->bytes && n == 4) { // most often an instruction: as one reads it in the manual
            snprintf(hex, sizeof hex, "%08x", (unsigned)little_endian(p->bytes, 4));
        }
        for (uint64_t i = 0; p->bytes && n != 4 && i < n && i < SHOWN; i++) {
            snprintf(hex + 2 * i, sizeof hex - 2 * i, "%02x", p->bytes[i]);
        }
        print(p, "        %-*s ; %012llx: %s%s\n", COLUMN - 8, text, (unsigned long long)p->addr,
              hex, n > SHOWN ? "..." : "");
    }
    p->addr += n;
    p->bytes = p->bytes ? p->bytes + n : NULL;
}

// ---- symbols and lines --------------------------------------------------------------------------

static uint64_t segment_start(const struct image_segment *s)
{
    return s->addr + s->bias;
}

static uint64_t segment_end(const struct image_segment *s)
{
    return segment_start(s) + s->size + s->bss;
}

// In which segment's text a symbol's label stands: the first that holds it, else the first that
// ends there. segment_count: none.
static size_t owner(const struct image *img, const struct image_symbol *symbol)
{
    size_t ends = img->segment_count;
    for (size_t i = 0; i < img->segment_count; i++) {
        const struct image_segment *s = &img->segments[i];
        if (symbol->value >= segment_start(s) && symbol->value < segment_end(s)) {
            return i;
        }
        if (symbol->value == segment_end(s) && ends == img->segment_count) {
            ends = i;
        }
    }
    return ends;
}

// The first symbol at or above addr.
static size_t first_symbol(const struct image *img, uint64_t addr)
{
    size_t low = 0, high = img->symbol_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (img->symbols[mid].value < addr) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static void print_labels(struct printer *p)
{
    const struct image *img = p->img;
    for (size_t i = first_symbol(img, p->addr);
         i < img->symbol_count && img->symbols[i].value == p->addr; i++) {
        if (img->symbols[i].is_address && owner(img, &img->symbols[i]) == p->segment) {
            print(p, "%s:\n", img->symbols[i].name);
        }
    }
}

// How far the segment goes on without another label: up to `limit`.
static uint64_t next_label(const struct printer *p, uint64_t limit)
{
    const struct image *img = p->img;
    for (size_t i = first_symbol(img, p->addr + 1);
         i < img->symbol_count && img->symbols[i].value < limit; i++) {
        if (img->symbols[i].is_address && owner(img, &img->symbols[i]) == p->segment) {
            return img->symbols[i].value;
        }
    }
    return limit;
}

static void print_escaped(struct printer *p, const char *lead, const char *text)
{
    print(p, "%s\"", lead);
    for (; *text; text++) {
        print(p, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    }
    print(p, "\"");
}

static void print_line(struct printer *p)
{
    const struct image *img = p->img;
    while (p->line < img->line_count && img->lines[p->line].addr < p->addr) {
        p->line++;
    }
    if (p->options->lines && p->line < img->line_count && img->lines[p->line].addr == p->addr) {
        print_escaped(p, "        .loc ", img->files[img->lines[p->line].file]);
        print(p, ", %u\n", (unsigned)img->lines[p->line].line);
    }
}

// ---- code and data ------------------------------------------------------------------------------

static void print_code(struct printer *p, uint64_t end)
{
    char text[DISASM_LINE_MAX];
    while (p->addr < end) {
        print_line(p);
        if ((p->addr & 3) != 0 || end - p->addr < 4) {
            snprintf(text, sizeof text, ".byte 0x%02x", p->bytes[0]);
            print_statement(p, text, 1);
        } else {
            disasm_word((uint32_t)little_endian(p->bytes, 4), p->addr, p->img, text, sizeof text);
            print_statement(p, text, 4);
        }
    }
}

static bool is_text(uint8_t c)
{
    return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t';
}

enum { STRING_MIN = 4, UNENDED_STRING_MIN = 12, STRING_SHOWN = 60, ZEROS_MIN = 32 };

// A run of text: as a string, cut where a line ends or grows long. False if what stands there does
// not look like text.
static bool print_string(struct printer *p, uint64_t left)
{
    uint64_t n = 0;
    while (n < left && is_text(p->bytes[n])) {
        n++;
    }
    bool ended = n < left && p->bytes[n] == 0;
    if (n < (ended ? STRING_MIN : UNENDED_STRING_MIN)) {
        return false;
    }
    char text[4 * STRING_SHOWN];
    for (uint64_t i = 0; i < n;) {
        uint64_t part = n - i < STRING_SHOWN ? n - i : STRING_SHOWN;
        const uint8_t *newline = memchr(p->bytes, '\n', (size_t)part);
        part = newline ? (uint64_t)(newline - p->bytes) + 1 : part;
        bool zero = ended && i + part == n;
        int at = snprintf(text, sizeof text, "%s \"", zero ? ".asciz" : ".ascii");
        for (uint64_t j = 0; j < part; j++) {
            char c = (char)p->bytes[j];
            const char *escape = c == '\n'   ? "\\n"
                                 : c == '\t' ? "\\t"
                                 : c == '"'  ? "\\\""
                                 : c == '\\' ? "\\\\"
                                             : NULL;
            at += escape ? snprintf(text + at, sizeof text - (size_t)at, "%s", escape)
                         : snprintf(text + at, sizeof text - (size_t)at, "%c", c);
        }
        snprintf(text + at, sizeof text - (size_t)at, "\"");
        print_statement(p, text, part + zero);
        i += part;
    }
    return true;
}

static void print_value(struct printer *p, uint64_t left)
{
    char text[DISASM_LINE_MAX];
    unsigned n = (p->addr & 7) == 0 && left >= 8 ? 8 : (p->addr & 3) == 0 && left >= 4 ? 4 : 1;
    static const char *const names[9] = {[1] = ".byte", [4] = ".word", [8] = ".quad"};
    uint64_t value = little_endian(p->bytes, n);
    const char *name = n == 8 && value >= PAGE_SIZE ? symbol_at(p->img, value) : NULL;
    if (name) {
        snprintf(text, sizeof text, "%s %s", names[n], name);
    } else {
        snprintf(text, sizeof text, "%s 0x%0*llx", names[n], (int)n * 2, (unsigned long long)value);
    }
    print_statement(p, text, n);
}

static void print_data(struct printer *p, uint64_t end)
{
    char text[64];
    while (p->addr < end) {
        uint64_t left = end - p->addr, zeros = 0;
        while (zeros < left && p->bytes[zeros] == 0) {
            zeros++;
        }
        if (zeros >= ZEROS_MIN) {
            // Not .space, which would not be stored at a section's end.
            snprintf(text, sizeof text, ".fill %llu", (unsigned long long)zeros);
            print_statement(p, text, zeros);
        } else if (!print_string(p, left)) {
            print_value(p, left);
        }
    }
}

// ---- the whole ----------------------------------------------------------------------------------

static void print_section(struct printer *p, const struct image_segment *s)
{
    print(p, "\n        .section %s", s->name);
    bool no_bytes;
    if (asm_section_flags(s->name, &no_bytes) != s->flags || (no_bytes && s->size > 0)) {
        print(p, ", const%s%s", s->flags & IMAGE_EXEC ? ", exec" : "",
              s->flags & IMAGE_WRITE ? ", write" : "");
    }
    print(p, ", addr=0x%llx", (unsigned long long)segment_start(s));
    if (s->bias != 0) {
        print(p, ", load=0x%llx", (unsigned long long)s->addr);
    }
    // Data that looks like code must not take the lines of the section before.
    print(p, p->options->lines ? "\n        .loc\n" : "\n");
}

static void print_segment(struct printer *p, const struct image_segment *s)
{
    print_section(p, s);
    p->addr = segment_start(s);
    p->end = segment_end(s);
    p->bytes = s->bytes;
    p->line = 0;
    uint64_t stored = p->addr + s->size;
    while (p->addr < stored) {
        print_labels(p);
        uint64_t end = next_label(p, stored);
        if (s->flags & IMAGE_EXEC) {
            print_code(p, end);
        } else {
            print_data(p, end);
        }
    }
    p->bytes = NULL;
    while (p->addr < p->end) {
        char text[64];
        print_labels(p);
        uint64_t n = next_label(p, p->end) - p->addr;
        snprintf(text, sizeof text, ".space %llu", (unsigned long long)n);
        print_statement(p, text, n);
    }
    print_labels(p);
}

// Constants, which no section holds.
static void print_constants(struct printer *p)
{
    for (size_t i = 0; i < p->img->symbol_count; i++) {
        const struct image_symbol *s = &p->img->symbols[i];
        if (!s->is_address) {
            print(p, "        .equ %s, 0x%llx\n        .global %s\n", s->name,
                  (unsigned long long)s->value, s->name);
        }
    }
}

// Addresses outside all sections, named by their distance from where we are, which keeps them
// addresses.
static void print_outsiders(struct printer *p)
{
    for (size_t i = 0; i < p->img->symbol_count; i++) {
        const struct image_symbol *s = &p->img->symbols[i];
        if (s->is_address && owner(p->img, s) == p->img->segment_count) {
            print(p, "        .equ %s, . + 0x%llx\n        .global %s\n", s->name,
                  (unsigned long long)(s->value - p->addr), s->name);
        }
    }
}

void disasm_image(const struct image *img, const struct disasm_options *options,
                  const struct text_sink *sink)
{
    struct printer p = {.img = img, .options = options, .sink = sink, .addr = ASM_DEFAULT_BASE};
    const char *entry = symbol_at(img, img->entry);
    if (entry) {
        print(&p, "        .entry %s\n", entry);
    } else {
        print(&p, "        .entry 0x%llx\n", (unsigned long long)img->entry);
    }
    print_constants(&p);
    for (p.segment = 0; p.segment < img->segment_count; p.segment++) {
        print_segment(&p, &img->segments[p.segment]);
    }
    print_outsiders(&p);
}
