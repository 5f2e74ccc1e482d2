// Fuzzes the assembler: any bytes as source either give errors, each a line of plain text, or an image that
// disassembles to source that gives the same image again.
#include "sim/asm.h"
#include "sim/disasm.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok) {
        abort();
    }
}

// A file includes itself, or one line; any other name is not found.
static bool include(void *ctx, const char *name, const char *from, struct asm_source *out,
                    char *err, size_t err_size)
{
    require(from[0] && err_size > 0);
    err[0] = 0;
    if (strcmp(name, "self") == 0) {
        *out = *(const struct asm_source *)ctx;
    } else if (strcmp(name, "line") == 0) {
        *out = (struct asm_source){"line", "l: nop", 6};
    } else {
        return false;
    }
    return true;
}

static struct asm_request request_for(struct asm_source *source, enum asm_listing listing)
{
    static const struct asm_define define = {"FUZZ", 1};
    return (struct asm_request){.source = *source,
                                .defines = &define,
                                .define_count = 1,
                                .include = include,
                                .include_ctx = source,
                                .listing = listing,
                                .max_lines = 20000,
                                .max_output = 1 << 20,
                                .max_memory = 64 << 20};
}

static void check_errors(const struct asm_result *r)
{
    require(r->diagnostic_count > 0 && r->diagnostic_count <= ASM_DIAGNOSTICS_MAX);
    require(!r->listing && !r->image.storage);
    for (size_t i = 0; i < r->diagnostic_count; i++) {
        const struct asm_diagnostic *d = &r->diagnostics[i];
        require(d->file && d->text[0]);
        for (const char *p = d->text; *p; p++) {
            require((unsigned char)*p >= 0x20 && *p != 0x7f);
        }
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

static void check_round_trip(const struct image *img)
{
    struct buffer text = {0};
    const struct text_sink sink = {put, &text};
    const struct disasm_options options = {.lines = true, .addresses = img->segment_count % 2};
    disasm_image(img, &options, &sink);
    struct asm_source source = {"again", text.p, text.n};
    struct asm_request request = request_for(&source, ASM_LISTING_NONE);
    // The source is longer than what it was made from: only the image's size is held to the same bound.
    request.max_lines = 10000000;
    request.max_memory = 512 << 20;
    request.defines = NULL;
    request.define_count = 0;
    struct asm_result r;
    uint8_t *a = NULL, *b = NULL;
    size_t n = 0, m = 0;
    require(asm_assemble(&request, &r));
    require(image_write(img, &a, &n) && image_write(&r.image, &b, &m));
    require(n == m && memcmp(a, b, n) == 0);
    free(a);
    free(b);
    asm_result_free(&r);
    free(text.p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct asm_source source = {"self", (const char *)data, size};
    struct asm_request request = request_for(&source, (enum asm_listing)(size % 3));
    struct asm_result r;
    if (asm_assemble(&request, &r)) {
        require(r.diagnostic_count == 0);
        require((r.listing != NULL) == (request.listing != ASM_LISTING_NONE && r.listing_size > 0));
        check_round_trip(&r.image);
    } else {
        check_errors(&r);
    }
    asm_result_free(&r);
    return 0;
}
