// A command's options with one of every kind: for the test of the parser and for its fuzzer.
#ifndef TESTS_OPTION_KINDS_H
#define TESTS_OPTION_KINDS_H

#include "cli/cli.h"

// What they are parsed into.
struct all_kinds {
    bool flag;
    const char *string;
    struct option_list list, triples;
    uint64_t number, size, seed;
    int choice;
};

static inline const struct option_row *option_kinds(void)
{
    static const char *const words[] = {"one", "two", NULL};
    static const struct option_row rows[] = {
        {.letter = 'f', .name = "flag", .offset = offsetof(struct all_kinds, flag)},
        {.letter = 'o',
         .name = "string",
         .kind = OPTION_STRING,
         .arg = "FILE",
         .offset = offsetof(struct all_kinds, string)},
        {.letter = 'L',
         .name = "list",
         .kind = OPTION_LIST,
         .arg = "X",
         .offset = offsetof(struct all_kinds, list)},
        {.letter = 'P',
         .name = "triple",
         .kind = OPTION_LIST,
         .arg = "VAR MIN MAX",
         .offset = offsetof(struct all_kinds, triples)},
        {.letter = 'n',
         .name = "number",
         .kind = OPTION_NUMBER,
         .arg = "N",
         .offset = offsetof(struct all_kinds, number),
         .min = 2,
         .max = 1000},
        {.name = "size",
         .kind = OPTION_SIZE,
         .arg = "SIZE",
         .offset = offsetof(struct all_kinds, size),
         .min = 4096},
        OPTION_ROW_SEED(struct all_kinds, seed),
        {.name = "choice",
         .kind = OPTION_CHOICE,
         .arg = "WORD",
         .offset = offsetof(struct all_kinds, choice),
         .choices = words},
        {0},
    };
    return rows;
}

#endif
