// Assembling a source file for any command that takes one (asm, exec): finds what it includes, prints
// its errors.
#ifndef CLI_ASM_SOURCE_H
#define CLI_ASM_SOURCE_H

#include "cli/cli.h"
#include "sim/asm.h"

// Assembles the file at `path` ("-": standard input). `defines` are NAME or NAME=VALUE, `folders` are
// searched for included files after the including file's own; both may be NULL. Fills *result in any
// case (free it with asm_result_free). Returns CLI_OK, or another status after printing the errors.
int asm_source_assemble(const char *path, const struct option_list *defines,
                        const struct option_list *folders, enum asm_listing listing,
                        struct asm_result *result);

// Loads a program: an image, or, if it does not begin as one, source, which is assembled. Returns CLI_OK,
// or another status after printing the errors. Free the image with image_free.
int asm_source_load(const char *path, const struct option_list *defines,
                    const struct option_list *folders, struct image *image);

#endif
