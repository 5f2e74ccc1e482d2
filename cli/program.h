// Programs by name: assembled from a source file, read from an image file, or taken from those that are
// part of Ringside (scenarios/examples). All commands that take a PROGRAM find it here.
#ifndef CLI_PROGRAM_H
#define CLI_PROGRAM_H

#include "cli/cli.h"
#include "sim/asm.h"
#include "sim/image.h"

// Where a program may come from and with what it is assembled.
struct program_request {
    const char *path;            // FILE.s, IMAGE, "-", or the name of an example ("hello")
    struct option_list defines;  // -D NAME=VALUE or NAME (which means 1)
    struct option_list includes; // -I folders, searched after the including file's own
    enum asm_listing listing;    // what the assembler writes down, if it is a source
};

// A loaded program; owns everything it points to.
struct program {
    char *name; // as to be shown: the path, or "scenarios/examples/hello.s"
    const struct image *image;
    const char *source; // text of the main source file, NULL if an image was read
    size_t source_size;
    const char *listing; // as the assembler made it, or NULL
    size_t listing_size;
    struct program_store *store;
};

// Loads. Returns CLI_OK, or another status after printing the errors (one line each). program_free()
// in either case.
int program_load(const struct program_request *request, struct program *program);
void program_free(struct program *program);

// The text of line `line` (from 1) of the source file `file`, as the program was assembled from, without
// its newline; NULL if it is not at hand (a program read from an image).
const char *program_line(const struct program *program, const char *file, unsigned line,
                         size_t *length);

#define OPTION_ROW_DEFINE(type, field)                                               \
    {                                                                                \
        .letter = 'D', .name = "define", .kind = OPTION_LIST, .arg = "NAME[=VALUE]", \
        .help = "define a symbol, 1 if no value is given; may be repeated",          \
        .offset = offsetof(type, field)                                              \
    }
#define OPTION_ROW_INCLUDE(type, field)                                          \
    {                                                                            \
        .letter = 'I', .name = "include-dir", .kind = OPTION_LIST, .arg = "DIR", \
        .help = "look for included files in DIR too; may be repeated",           \
        .offset = offsetof(type, field)                                          \
    }

#endif
