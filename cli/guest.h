// The toy OS for commands: built from the sources that are part of Ringside, or from a folder of one's own.
#ifndef CLI_GUEST_H
#define CLI_GUEST_H

#include "cli/cli.h"
#include "sim/toyos.h"

// The shared option row of every command that boots it.
#define OPTION_ROW_GUEST(type, field)                                           \
    {                                                                           \
        .name = "guest", .kind = OPTION_STRING, .arg = "DIR",                   \
        .help = "take the toy OS's sources from DIR/kernel and DIR/user; what " \
                "is not there is built in",                                     \
        .offset = offsetof(type, field)                                         \
    }

// Builds it; folder is NULL for the built-in sources. Returns CLI_OK, or another status after printing the
// assembler's errors. Free with toyos_free().
int guest_build(const char *folder, bool paravirt, struct toyos *os);

// An image for showing addresses: the kernel's symbols and lines, and those of one user program (NULL:
// none) below them, with segments at virtual addresses. It borrows the texts from `os`. Free with
// guest_symbols_free().
int guest_symbols(const struct toyos *os, const char *program, struct image *out);
void guest_symbols_free(struct image *image);

#endif
