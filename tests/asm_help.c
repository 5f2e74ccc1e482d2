// Assembling strings, and collecting text.
#include "tests/asm_help.h"

#include "tests/test.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_ROW(name, text)        \
    {                               \
        name, text, sizeof text - 1 \
    }

const struct asm_source asm_help_files[] = {
    FILE_ROW("five.inc", ".equ FIVE, 5\n"),
    FILE_ROW("self.inc", ".include \"self.inc\"\n"),
    FILE_ROW("to.inc", ".include \"fro.inc\"\n"),
    FILE_ROW("fro.inc", ".include \"to.inc\"\n"),
    FILE_ROW("wrong.inc", "nop\n bogus\n"),
    FILE_ROW("open.inc", ".if 1\n nop\n"),
    FILE_ROW("bytes.bin", "0123456789"),
    FILE_ROW("macros.inc",
             ".ifndef GUARD\n.equ GUARD, 1\n.macro twice x\n .byte \\x, \\x\n.endm\n.endif\n"),
    {0}};

static bool include(void *ctx, const char *name, const char *from, struct asm_source *out,
                    char *err, size_t err_size)
{
    (void)ctx;
    (void)from;
    for (const struct asm_source *f = asm_help_files; f->name; f++) {
        if (strcmp(f->name, name) == 0) {
            *out = *f;
            return true;
        }
    }
    snprintf(err, err_size, "no such file");
    return false;
}

bool asm_help_request(const char *text, struct asm_request *request, struct asm_result *out)
{
    request->source = (struct asm_source){"t.s", text, strlen(text)};
    request->include = include;
    return asm_assemble(request, out);
}

bool asm_help(const char *text, struct asm_result *out)
{
    struct asm_request request = {0};
    return asm_help_request(text, &request, out);
}

const uint8_t *asm_help_bytes(const struct asm_result *r, const char *section, size_t *size)
{
    for (size_t i = 0; i < r->image.segment_count; i++) {
        const struct image_segment *s = &r->image.segments[i];
        if (strcmp(s->name, section) == 0) {
            if (size) {
                *size = (size_t)s->size;
            }
            return s->bytes;
        }
    }
    return NULL;
}

void asm_help_put(void *ctx, const char *text, size_t size)
{
    struct asm_help_text *t = ctx;
    if (t->cap - t->n <= size) {
        t->cap = (t->n + size + 1) * 2;
        t->p = realloc(t->p, t->cap);
        if (!t->p) {
            abort();
        }
    }
    memcpy(t->p + t->n, text, size);
    t->n += size;
    t->p[t->n] = 0;
}

void asm_help_add(struct asm_help_text *t, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    asm_help_put(t, text, (size_t)n);
}

uint8_t *asm_help_image(const struct image *img, bool lines, size_t *size)
{
    struct image copy = *img;
    uint8_t *bytes;
    if (!lines) {
        copy.line_count = copy.file_count = 0;
    }
    if (!image_write(&copy, &bytes, size)) {
        abort();
    }
    return bytes;
}

bool asm_help_good(const char *text, struct asm_result *r)
{
    if (asm_help(text, r)) {
        return true;
    }
    FAIL("%s:%u:%u: %s, in: %s", r->diagnostics[0].file, r->diagnostics[0].line,
         r->diagnostics[0].column, r->diagnostics[0].text, text);
    asm_result_free(r);
    return false;
}

void asm_help_same(const char *a, const char *b, const char *section)
{
    struct asm_result x, y;
    size_t n = 0, m = 0;
    if (!asm_help_good(a, &x)) {
        return;
    }
    if (asm_help_good(b, &y)) {
        const uint8_t *p = asm_help_bytes(&x, section, &n), *q = asm_help_bytes(&y, section, &m);
        if (!p || !q || n != m || memcmp(p, q, n) != 0) {
            FAIL("%zu and %zu bytes differ: %s and %s", n, m, a, b);
        }
        asm_result_free(&y);
    }
    asm_result_free(&x);
}
