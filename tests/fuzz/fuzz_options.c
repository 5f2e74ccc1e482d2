// Fuzzes the command line: the input's lines become the arguments of a command that has an option of
// every kind. Nothing a user types may crash the parser or touch memory out of bounds.
#include "cli/options.h"
#include "tests/option_kinds.h"

#include <stdlib.h>
#include <string.h>

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
    const struct option_group groups[] = {{option_kinds(), &values}, {cli_common_options, &common}};
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
