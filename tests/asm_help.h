// asm_help.h: assembling a string, for the tests of assembler and disassembler.
#ifndef TESTS_ASM_HELP_H
#define TESTS_ASM_HELP_H

#include "sim/asm.h"

// Files that the source may include, ended by a row without name.
extern const struct asm_source asm_help_files[];

// Assembles `text` as the file "t.s". Free *out with asm_result_free.
bool asm_help(const char *text, struct asm_result *out);
bool asm_help_request(const char *text, struct asm_request *request, struct asm_result *out);

// Assembles what must be right; the first error is the test's.
bool asm_help_good(const char *text, struct asm_result *out);
// Both sources must give the same bytes in the section.
void asm_help_same(const char *a, const char *b, const char *section);

// Words of the guest's order.
static inline uint32_t asm_help_word(const uint8_t *b)
{
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}
static inline uint64_t asm_help_quad(const uint8_t *b)
{
    return asm_help_word(b) | (uint64_t)asm_help_word(b + 4) << 32;
}

// The bytes of the section of that name, NULL if there is none; *size may be NULL.
const uint8_t *asm_help_bytes(const struct asm_result *r, const char *section, size_t *size);

// Growing text, for generated sources and disassemblies. Freed by the caller.
struct asm_help_text {
    char *p;
    size_t n, cap;
};
void asm_help_add(struct asm_help_text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Fits struct text_sink; ctx is a struct asm_help_text.
void asm_help_put(void *ctx, const char *text, size_t size);

// The image as a file's bytes; without its line table if asked. Freed by the caller.
uint8_t *asm_help_image(const struct image *img, bool lines, size_t *size);

#endif
