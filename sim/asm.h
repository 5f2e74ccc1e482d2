// asm.h: the T64 assembler as a function: source text in, an image, a listing and diagnostics out.
// It reads no file itself (a callback finds what `.include` and `.incbin` name), keeps nothing
// between calls, and may be called from several threads at once. docs/assembler.md is the language.
#ifndef RINGSIDE_SIM_ASM_H
#define RINGSIDE_SIM_ASM_H

#include "sim/image.h"
#include "sim/types.h"

// A piece of source: `name` is what diagnostics and the line table call it. Need not end in a zero
// byte.
struct asm_source {
    const char *name;
    const char *text;
    size_t size;
};

// A symbol defined from outside, as `-D NAME=VALUE` does.
struct asm_define {
    const char *name;
    int64_t value;
};

enum asm_listing {
    ASM_LISTING_NONE,
    ASM_LISTING_FULL, // address, bytes, line, source, macro expansions; then sections and symbols
    // Only what was assembled, without addresses, bytes and line numbers: two builds of one source
    // compare well.
    ASM_LISTING_DIFF,
};

struct asm_request {
    struct asm_source source;
    const struct asm_define *defines;
    size_t define_count;
    // Finds the file that `name` means inside the file `from`. Fills *out, whose memory must stay
    // valid until asm_assemble returns, or returns false with a reason ("no such file") in err. May
    // be NULL: then nothing can be included.
    bool (*include)(void *ctx, const char *name, const char *from, struct asm_source *out,
                    char *err, size_t err_size);
    void *include_ctx;
    enum asm_listing listing;
    uint64_t base; // where the first section goes if it does not say; 0: ASM_DEFAULT_BASE
    // Bounds, so that hostile source costs limited time and memory. 0: the default.
    uint64_t max_output; // bytes stored in the image; 64 MiB
    uint64_t max_lines;  // lines processed, those of expansions included; 4 million
    uint64_t max_memory; // bytes that the assembler may allocate; 1 GiB
};

#define ASM_DEFAULT_BASE UINT64_C(0x10000)
enum { ASM_DIAGNOSTICS_MAX = 20 };

// One error: "file:line:col: text" is the line to print.
struct asm_diagnostic {
    const char *file;
    unsigned line, column; // from 1
    // what is wrong; how to mend it; then, in brackets, which macros and includes led here
    const char *text;
};

struct asm_result {
    struct image image;  // empty if there were errors
    const char *listing; // NULL if none was asked for, or after errors
    size_t listing_size;
    const struct asm_diagnostic *diagnostics; // in the order of the source as far as possible
    size_t diagnostic_count;
    void *storage; // owns listing and diagnostics
};

// Assemble. True if there was no error. In either case *out is filled; free it with
// asm_result_free.
bool asm_assemble(const struct asm_request *request, struct asm_result *out);
void asm_result_free(struct asm_result *result);

// IMAGE_ flags that a section of this name has if its directive gives none, and whether it then
// holds zero bytes only.
uint32_t asm_section_flags(const char *name, bool *no_bytes);

// The assembler's own vocabulary, for the manual: row `index` from 0; false beyond the last.
struct asm_pseudo_doc {
    const char *mnemonic, *operands, *expansion, *doc;
};
bool asm_pseudo_doc(unsigned index, struct asm_pseudo_doc *out);

struct asm_directive_doc {
    const char *name, *operands, *doc;
};
bool asm_directive_doc(unsigned index, struct asm_directive_doc *out);

#endif
