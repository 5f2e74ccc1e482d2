// asm.c: the assembler's entry: reads all lines, places what they made, writes the image.
#include "sim/asm_impl.h"

#include "sim/asm_memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_MAX_LINES = 4000000 };
#define DEFAULT_MAX_OUTPUT (UINT64_C(64) << 20)
#define DEFAULT_MAX_MEMORY (UINT64_C(1) << 30)

static void define_symbols(struct assembler *as)
{
    struct loc at = {0};
    for (size_t i = 0; i < as->request->define_count; i++) {
        const struct asm_define *d = &as->request->defines[i];
        struct str name = str_of(d->name);
        bool ok = name.n > 0 && name.n <= NAME_LENGTH_MAX &&
                  lex_is_start((unsigned char)name.p[0]) && name.p[0] != '.' &&
                  isa_reg_find(name.p, name.n) < 0;
        for (size_t j = 0; j < name.n; j++) {
            ok = ok && lex_is_part((unsigned char)name.p[j]);
        }
        if (!ok) {
            asm_fatal(
                as, &at,
                "'%s' cannot be defined; a name is letters, digits, _ . and $, and no register",
                d->name);
        }
        symbol_define(as, name, SYMBOL_EQU, expr_number(as, d->value, &at), &at);
    }
}

// An error in a statement comes back here, and the next line goes on.
static void run_line(struct assembler *as, const struct line *line)
{
    if (setjmp(as->statement) == 0) {
        stmt_line(as, line);
    }
}

static void run_defines(struct assembler *as)
{
    if (setjmp(as->statement) == 0) {
        define_symbols(as);
    }
}

static void read_source(struct assembler *as)
{
    struct loc start = {0};
    struct line line;
    section_begin(as);
    run_defines(as);
    source_push_file(as, &as->request->source, &start);
    for (;;) {
        // What fails while a line is fetched (an unclosed body) has no statement to give up: it is
        // over with that line.
        if (setjmp(as->statement) != 0) {
            continue;
        }
        if (!source_next(as, &line)) {
            break;
        }
        run_line(as, &line);
    }
}

// Writing and reading the image gives the result memory of its own, and proves that what we made
// can be loaded.
static void finish(struct assembler *as, struct asm_result *out)
{
    struct image img = {0};
    uint8_t *bytes;
    size_t size;
    char err[128];
    emit_image(as, &img);
    if (as->request->listing != ASM_LISTING_NONE && as->diagnostic_count == 0) {
        listing_make(as, &as->listing);
    }
    if (as->diagnostic_count > 0) {
        return;
    }
    if (!image_write(&img, &bytes, &size)) {
        asm_fatal(as, &as->last,
                  "the image cannot be made; this program and its names are too large");
    }
    bool ok = image_parse(&out->image, bytes, size, err, sizeof err);
    free(bytes);
    if (!ok) {
        asm_fatal(as, &as->last, "the image cannot be read back: %s", err);
    }
}

static void run(struct assembler *as, struct asm_result *out)
{
    if (setjmp(as->end) != 0) {
        return;
    }
    read_source(as);
    if (as->diagnostic_count == 0) {
        layout_run(as);
    }
    if (as->diagnostic_count == 0) {
        emit_sections(as);
    }
    if (as->diagnostic_count == 0) {
        finish(as, out);
    }
}

static uint64_t or_default(uint64_t value, uint64_t otherwise)
{
    return value ? value : otherwise;
}

bool asm_assemble(const struct asm_request *request, struct asm_result *out)
{
    static const struct asm_diagnostic no_memory = {
        "<memory>", 1, 1, "there is not enough memory on this computer; make the program smaller"};
    *out = (struct asm_result){.diagnostics = &no_memory, .diagnostic_count = 1};
    struct chunk *chunks = NULL;
    struct assembler *as = arena_alloc(&chunks, sizeof *as);
    if (!as) {
        return false;
    }
    as->request = request;
    as->chunks = chunks;
    as->max_lines = or_default(request->max_lines, DEFAULT_MAX_LINES);
    as->max_output = or_default(request->max_output, DEFAULT_MAX_OUTPUT);
    as->max_memory = or_default(request->max_memory, DEFAULT_MAX_MEMORY);
    run(as, out);
    out->diagnostics = as->diagnostics;
    out->diagnostic_count = as->diagnostic_count;
    out->listing = as->diagnostic_count == 0 ? as->listing.p : NULL;
    out->listing_size = out->listing ? as->listing.n : 0;
    out->storage = as->chunks;
    return as->diagnostic_count == 0;
}

void asm_result_free(struct asm_result *result)
{
    image_free(&result->image);
    arena_free(result->storage);
    *result = (struct asm_result){0};
}
