// The texts that are part of the program: the toy OS, its workloads and the scenarios, taken from
// scenarios/ when Ringside is built, so that the installed program needs no search path.
#ifndef RINGSIDE_CLI_DATA_H
#define RINGSIDE_CLI_DATA_H

#include <stddef.h>

struct data_file {
    const char *name; // below scenarios/, e.g. "guest/kernel.s"
    const char *text; // its bytes, with a NUL after them
    size_t size;      // without that NUL
};

// All of them in the order of their names, ended by a row with a NULL name.
extern const struct data_file data_files[];

// The file of that name, or NULL.
const struct data_file *data_find(const char *name);

#endif
