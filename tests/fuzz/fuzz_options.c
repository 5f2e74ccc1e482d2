// Fuzzes the command line: the input's lines become the arguments of a command that has an option of
// every kind. Nothing a user types may crash the parser or touch memory out of bounds.
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

struct all_kinds {
    bool flag;
    const char *string;
    struct option_list list, triples;
    uint64_t number, size, seed;
    int choice;
};

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
     .choices = (const char *const[]){"one", "two", NULL}},
    {0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MOST_ARGS = 20 };
    char *text = malloc(size + 1);
    const char *argv[MOST_ARGS + 1] = {"fuzz"};
    int argc = 1;
    if (!text) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *word = strtok(text, "\n"); word && argc < MOST_ARGS; word = strtok(NULL, "\n")) {
        argv[argc++] = word;
    }
    struct all_kinds values = {.number = 2, .size = 4096};
    struct common_options common = {0};
    const struct option_group groups[] = {{rows, &values}, {cli_common_options, &common}};
    struct parsed parsed;
    int status = options_parse("fuzz", argc, argv, groups, 2, size % 2 == 0, &parsed);
    // What was accepted lies within the bounds that the table gives, and is complete.
    if (values.number < 2 || values.number > 1000 || values.size < 4096 || values.choice > 1 ||
        (status == CLI_OK && values.triples.count % 3 != 0)) {
        abort();
    }
    options_free(&parsed);
    free(text);
    return 0;
}
