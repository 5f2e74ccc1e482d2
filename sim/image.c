// image.c: the file form of a T64 program. Little endian, no padding, nothing optional, so that one
// image has exactly one form:
//
//   magic "T64IMAGE", u32 version, u32 segments, u32 symbols, u32 files, u32 lines, u64 entry
//   segments: u64 addr, u64 bias, u64 size, u64 bss, u32 flags, name
//   symbols:  u64 value, u8 is_address, name
//   files:    name
//   lines:    u64 addr, u32 file, u32 line
//   the segments' bytes, one after the other, to the end of the file
//   a name is u16 length, its bytes, and a zero byte, so that a loaded file can be pointed into
//
// A file is not trusted: everything that the rest of the simulator relies on (order, ranges, names)
// is checked here, and what image_parse accepts, image_write gives back byte for byte.
#include "sim/image.h"

#include "sim/isa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char magic[8] = "T64IMAGE";

// Keeps sums of sizes far from overflow.
#define SEGMENT_SIZE_MAX (UINT64_C(1) << 40)

enum {
    VERSION = 1,
    SEGMENTS_MAX = 256,
    NAME_MAX_LENGTH = 1023,
    // The smallest form of each table's row: bounds a count by the file's size before memory is
    // asked for.
    SEGMENT_BYTES = 8 + 8 + 8 + 8 + 4 + 2 + 1,
    SYMBOL_BYTES = 8 + 1 + 2 + 1,
    FILE_BYTES = 2 + 1,
    LINE_BYTES = 8 + 4 + 4,
};

// ---- checks that reading and writing share ------------------------------------------------------

static bool is_identifier(const char *name)
{
    static const char start[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.$";
    return name[0] != 0 && strchr(start, name[0]) && strcmp(name, ".") != 0 &&
           strspn(name, start) +
                   strspn(name + strspn(name, start),
                          "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.$") ==
               strlen(name);
}

static bool is_file_name(const char *name)
{
    for (const char *p = name; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            return false;
        }
    }
    return name[0] != 0;
}

static const char *check_segment(const struct image *img, size_t i)
{
    const struct image_segment *s = &img->segments[i];
    if (!is_identifier(s->name)) {
        return "a segment's name is not an identifier";
    }
    if (s->flags & ~(uint32_t)(IMAGE_WRITE | IMAGE_EXEC)) {
        return "a segment has unknown flags";
    }
    if (s->size > SEGMENT_SIZE_MAX || s->bss > SEGMENT_SIZE_MAX - s->size) {
        return "a segment is larger than 2^40 bytes";
    }
    if (s->addr > UINT64_MAX - (s->size + s->bss) ||
        s->addr + s->bias > UINT64_MAX - (s->size + s->bss)) {
        return "a segment goes beyond the end of the address space";
    }
    if (s->size + s->bss == 0) {
        return "a segment is empty";
    }
    for (size_t j = 0; j < i; j++) {
        const struct image_segment *o = &img->segments[j];
        if (strcmp(o->name, s->name) == 0) {
            return "two segments have one name";
        }
        if (s->addr < o->addr + o->size + o->bss && o->addr < s->addr + s->size + s->bss) {
            return "two segments overlap";
        }
    }
    return NULL;
}

static const char *check_symbol(const struct image *img, size_t i)
{
    const struct image_symbol *s = &img->symbols[i], *p = s - 1;
    if (!is_identifier(s->name) || s->name[0] == '.') {
        return "a symbol's name is not an identifier";
    }
    if (isa_reg_find(s->name, strlen(s->name)) >= 0) {
        return "a symbol has the name of a register";
    }
    if (i > 0 && (p->value > s->value || (p->value == s->value && strcmp(p->name, s->name) >= 0))) {
        return "symbols are not sorted by value and name";
    }
    return NULL;
}

static const char *check_line(const struct image *img, size_t i)
{
    const struct image_line *l = &img->lines[i];
    if (l->file >= img->file_count) {
        return "a line names a file that is not listed";
    }
    if (l->line == 0) {
        return "a line's number is 0";
    }
    if (i > 0 && l[-1].addr >= l->addr) {
        return "lines are not sorted by address";
    }
    return NULL;
}

static const char *check_file(const struct image *img, size_t i)
{
    return is_file_name(img->files[i]) ? NULL : "a file's name is empty or has control characters";
}

// ---- writing ------------------------------------------------------------------------------------

// Bytes being written; with `to` NULL it only counts.
struct writer {
    uint8_t *to;
    size_t n;
};

static void put_bytes(struct writer *w, const void *bytes, size_t n)
{
    if (w->to && n > 0) {
        memcpy(w->to + w->n, bytes, n);
    }
    w->n += n;
}

static void put_int(struct writer *w, uint64_t value, unsigned size)
{
    uint8_t b[8];
    for (unsigned i = 0; i < size; i++) {
        b[i] = (uint8_t)(value >> (8 * i));
    }
    put_bytes(w, b, size);
}

static void put_name(struct writer *w, const char *name)
{
    size_t n = strlen(name);
    put_int(w, n, 2);
    put_bytes(w, name, n + 1);
}

static void put_image(struct writer *w, const struct image *img)
{
    put_bytes(w, magic, sizeof magic);
    put_int(w, VERSION, 4);
    put_int(w, img->segment_count, 4);
    put_int(w, img->symbol_count, 4);
    put_int(w, img->file_count, 4);
    put_int(w, img->line_count, 4);
    put_int(w, img->entry, 8);
    for (size_t i = 0; i < img->segment_count; i++) {
        const struct image_segment *s = &img->segments[i];
        put_int(w, s->addr, 8);
        put_int(w, s->bias, 8);
        put_int(w, s->size, 8);
        put_int(w, s->bss, 8);
        put_int(w, s->flags, 4);
        put_name(w, s->name);
    }
    for (size_t i = 0; i < img->symbol_count; i++) {
        put_int(w, img->symbols[i].value, 8);
        put_int(w, img->symbols[i].is_address, 1);
        put_name(w, img->symbols[i].name);
    }
    for (size_t i = 0; i < img->file_count; i++) {
        put_name(w, img->files[i]);
    }
    for (size_t i = 0; i < img->line_count; i++) {
        put_int(w, img->lines[i].addr, 8);
        put_int(w, img->lines[i].file, 4);
        put_int(w, img->lines[i].line, 4);
    }
    for (size_t i = 0; i < img->segment_count; i++) {
        put_bytes(w, img->segments[i].bytes, (size_t)img->segments[i].size);
    }
}

// Only what image_parse would take is written.
static bool writable(const struct image *img)
{
    if (img->segment_count > SEGMENTS_MAX || img->symbol_count > UINT32_MAX ||
        img->file_count > UINT32_MAX || img->line_count > UINT32_MAX || img->entry % 4 != 0) {
        return false;
    }
    for (size_t i = 0; i < img->segment_count; i++) {
        if (strlen(img->segments[i].name) > NAME_MAX_LENGTH || check_segment(img, i)) {
            return false;
        }
    }
    for (size_t i = 0; i < img->symbol_count; i++) {
        if (strlen(img->symbols[i].name) > NAME_MAX_LENGTH || check_symbol(img, i)) {
            return false;
        }
    }
    for (size_t i = 0; i < img->file_count; i++) {
        if (strlen(img->files[i]) > NAME_MAX_LENGTH || check_file(img, i)) {
            return false;
        }
    }
    for (size_t i = 0; i < img->line_count; i++) {
        if (check_line(img, i)) {
            return false;
        }
    }
    return true;
}

bool image_write(const struct image *img, uint8_t **out, size_t *size)
{
    if (!writable(img)) {
        return false;
    }
    struct writer w = {0};
    put_image(&w, img);
    w.to = malloc(w.n);
    if (!w.to) {
        return false;
    }
    w.n = 0;
    put_image(&w, img);
    *out = w.to;
    *size = w.n;
    return true;
}

// ---- reading ------------------------------------------------------------------------------------

// Bytes being read; `why` is set at the first thing wrong, and reading goes on with zeros.
struct reader {
    const uint8_t *bytes;
    size_t size, at;
    const char *why;
};

static void wrong(struct reader *r, const char *why)
{
    if (why && !r->why) {
        r->why = why;
    }
}

static uint64_t get_int(struct reader *r, unsigned size)
{
    uint64_t value = 0;
    if (r->why || r->size - r->at < size) {
        wrong(r, "the file ends too early");
        return 0;
    }
    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)r->bytes[r->at + i] << (8 * i);
    }
    r->at += size;
    return value;
}

static const char *get_name(struct reader *r)
{
    size_t n = (size_t)get_int(r, 2);
    if (!r->why && n > NAME_MAX_LENGTH) {
        wrong(r, "a name is too long");
    } else if (!r->why && r->size - r->at < n + 1) {
        wrong(r, "the file ends too early");
    } else if (!r->why && memchr(r->bytes + r->at, 0, n + 1) != r->bytes + r->at + n) {
        wrong(r, "a name is not ended by a zero byte");
    }
    if (r->why) {
        return "";
    }
    const char *name = (const char *)r->bytes + r->at;
    r->at += n + 1;
    return name;
}

struct counts {
    size_t segments, symbols, files, lines;
};

// Reads the header and checks that the tables it announces can be in the file at all.
static struct counts get_header(struct reader *r, uint64_t *entry)
{
    struct counts c = {0};
    if (r->size < sizeof magic || memcmp(r->bytes, magic, sizeof magic) != 0) {
        wrong(r, "this is no T64 image (the magic is missing)");
        return c;
    }
    r->at = sizeof magic;
    if (get_int(r, 4) != VERSION) {
        r->at -= r->why ? 0 : 4;
        wrong(r, "a version of the image format that this program does not read");
    }
    c.segments = (size_t)get_int(r, 4);
    c.symbols = (size_t)get_int(r, 4);
    c.files = (size_t)get_int(r, 4);
    c.lines = (size_t)get_int(r, 4);
    *entry = get_int(r, 8);
    if (*entry % 4 != 0) {
        wrong(r, "the entry is not a multiple of 4");
    }
    size_t left = r->size - r->at;
    if (c.segments > SEGMENTS_MAX) {
        wrong(r, "too many segments");
    }
    if (c.segments > left / SEGMENT_BYTES || c.symbols > left / SYMBOL_BYTES ||
        c.files > left / FILE_BYTES || c.lines > left / LINE_BYTES) {
        wrong(r, "the tables that the header announces are longer than the file");
    }
    return c;
}

static int by_name(const void *a, const void *b)
{
    const struct image_symbol *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

// Symbols are sorted by value, so two of one name need not stand together.
static const char *check_names(const struct image *img)
{
    const struct image_symbol **sorted = calloc(img->symbol_count + 1, sizeof *sorted);
    const char *why = NULL;
    if (!sorted) {
        return "no memory to check the symbols";
    }
    for (size_t i = 0; i < img->symbol_count; i++) {
        sorted[i] = &img->symbols[i];
    }
    qsort(sorted, img->symbol_count, sizeof *sorted, by_name);
    for (size_t i = 1; i < img->symbol_count; i++) {
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0) {
            why = "two symbols have one name";
        }
    }
    free(sorted);
    return why;
}

static void get_tables(struct reader *r, struct image *img, struct image_segment *segments,
                       struct image_symbol *symbols, const char **files, struct image_line *lines)
{
    for (size_t i = 0; i < img->segment_count && !r->why; i++) {
        struct image_segment *s = &segments[i];
        s->addr = get_int(r, 8);
        s->bias = get_int(r, 8);
        s->size = get_int(r, 8);
        s->bss = get_int(r, 8);
        s->flags = (uint32_t)get_int(r, 4);
        s->name = get_name(r);
        wrong(r, r->why ? NULL : check_segment(img, i));
    }
    for (size_t i = 0; i < img->symbol_count && !r->why; i++) {
        symbols[i].value = get_int(r, 8);
        uint64_t is_address = get_int(r, 1);
        wrong(r, is_address > 1 ? "a symbol's kind is neither 0 nor 1" : NULL);
        symbols[i].is_address = is_address == 1;
        symbols[i].name = get_name(r);
        wrong(r, r->why ? NULL : check_symbol(img, i));
    }
    for (size_t i = 0; i < img->file_count && !r->why; i++) {
        files[i] = get_name(r);
        wrong(r, r->why ? NULL : check_file(img, i));
    }
    for (size_t i = 0; i < img->line_count && !r->why; i++) {
        lines[i].addr = get_int(r, 8);
        lines[i].file = (uint32_t)get_int(r, 4);
        lines[i].line = (uint32_t)get_int(r, 4);
        wrong(r, r->why ? NULL : check_line(img, i));
    }
    for (size_t i = 0; i < img->segment_count && !r->why; i++) {
        if (segments[i].size > r->size - r->at) {
            wrong(r, "a segment's bytes are missing");
            return;
        }
        segments[i].bytes = r->bytes + r->at;
        r->at += (size_t)segments[i].size;
    }
    wrong(r, r->why ? NULL : check_names(img));
    if (!r->why && r->at != r->size) {
        wrong(r, "there are bytes behind the image's end");
    }
}

bool image_parse(struct image *out, const uint8_t *bytes, size_t size, char *err, size_t err_size)
{
    *out = (struct image){0};
    struct reader r = {.bytes = bytes, .size = size};
    struct image img = {0};
    struct counts c = get_header(&r, &img.entry);
    if (!r.why) {
        // One block: the tables, then a copy of the file that names and segments point into.
        size_t tables = c.segments * sizeof(struct image_segment) +
                        c.symbols * sizeof(struct image_symbol) + c.files * sizeof(char *) +
                        c.lines * sizeof(struct image_line);
        void *storage = calloc(1, tables + size);
        if (!storage) {
            snprintf(err, err_size, "no memory for an image of %zu bytes", size);
            return false;
        }
        struct image_segment *segments = storage;
        struct image_symbol *symbols = (void *)(segments + c.segments);
        struct image_line *lines = (void *)(symbols + c.symbols);
        const char **files = (void *)(lines + c.lines);
        uint8_t *copy = (uint8_t *)(files + c.files);
        memcpy(copy, bytes, size);
        r.bytes = copy;
        img.segments = segments, img.segment_count = c.segments;
        img.symbols = symbols, img.symbol_count = c.symbols;
        img.files = files, img.file_count = c.files;
        img.lines = lines, img.line_count = c.lines;
        img.storage = storage;
        get_tables(&r, &img, segments, symbols, files, lines);
    }
    if (r.why) {
        snprintf(err, err_size, "%s, at byte %zu; assemble it again with 'ringside asm'", r.why,
                 r.at);
        free(img.storage);
        return false;
    }
    *out = img;
    return true;
}

void image_free(struct image *img)
{
    free(img->storage);
    *img = (struct image){0};
}

// ---- looking things up --------------------------------------------------------------------------

const struct image_symbol *image_find(const struct image *img, const char *name)
{
    for (size_t i = 0; i < img->symbol_count; i++) {
        if (strcmp(img->symbols[i].name, name) == 0) {
            return &img->symbols[i];
        }
    }
    return NULL;
}

const struct image_symbol *image_near(const struct image *img, uint64_t addr)
{
    size_t low = 0,
           high = img->symbol_count; // symbols[low..] may be above addr, those before are not
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (img->symbols[mid].value <= addr) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    while (low > 0 && !img->symbols[low - 1].is_address) {
        low--;
    }
    if (low == 0) {
        return NULL;
    }
    // Several names at one address: the first of them, so that the answer does not depend on how
    // many there are.
    size_t best = low - 1;
    for (size_t i = best; i > 0 && img->symbols[i - 1].value == img->symbols[best].value; i--) {
        if (img->symbols[i - 1].is_address) {
            best = i - 1;
        }
    }
    return &img->symbols[best];
}

const struct image_line *image_line_at(const struct image *img, uint64_t addr)
{
    size_t low = 0, high = img->line_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (img->lines[mid].addr <= addr) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low > 0 ? &img->lines[low - 1] : NULL;
}
