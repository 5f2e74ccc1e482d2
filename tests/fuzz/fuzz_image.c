// Fuzzes the image reader: any bytes are refused with a reason, or are an image that is written back byte
// for byte and whose disassembly gives the same segments, symbols and entry.
#include "sim/asm.h"
#include "sim/disasm.h"
#include "sim/image.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok) {
        abort();
    }
}

struct buffer {
    char *p;
    size_t n, cap;
};

static void put(void *ctx, const char *text, size_t size)
{
    struct buffer *b = ctx;
    if (b->cap - b->n < size) {
        b->cap = (b->n + size) * 2;
        b->p = realloc(b->p, b->cap);
        require(b->p != NULL);
    }
    memcpy(b->p + b->n, text, size);
    b->n += size;
}

// A line table that no assembler made may name the middle of an instruction: it need not come back.
static uint8_t *without_lines(const struct image *img, size_t *n)
{
    struct image copy = *img;
    uint8_t *bytes;
    copy.line_count = copy.file_count = 0;
    require(image_write(&copy, &bytes, n));
    return bytes;
}

static void check_look_ups(const struct image *img, uint64_t at)
{
    const struct image_symbol *s = image_near(img, at);
    const struct image_line *l = image_line_at(img, at);
    require(!s || (s->is_address && s->value <= at));
    require(!l || (l->addr <= at && l->file < img->file_count));
}

static void check_disassembly(const struct image *img, bool lines)
{
    struct buffer text = {0};
    const struct text_sink sink = {put, &text};
    const struct disasm_options options = {.lines = lines, .addresses = lines};
    disasm_image(img, &options, &sink);
    struct asm_request request = {.source = {"again", text.p, text.n}};
    struct asm_result r;
    size_t n, m;
    require(asm_assemble(&request, &r));
    uint8_t *a = without_lines(img, &n), *b = without_lines(&r.image, &m);
    require(n == m && memcmp(a, b, n) == 0);
    free(a);
    free(b);
    asm_result_free(&r);
    free(text.p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image img;
    char err[200] = "";
    uint8_t *again;
    size_t n;
    if (!image_parse(&img, data, size, err, sizeof err)) {
        require(err[0] && !strchr(err, '\n') && !img.storage);
        return 0;
    }
    require(image_write(&img, &again, &n));
    require(n == size && memcmp(again, data, n) == 0);
    free(again);
    check_look_ups(&img, img.entry);
    check_look_ups(&img, UINT64_MAX);
    for (size_t i = 0; i < img.symbol_count; i++) {
        require(image_find(&img, img.symbols[i].name) == &img.symbols[i]);
    }
    check_disassembly(&img, size % 2);
    image_free(&img);
    return 0;
}
