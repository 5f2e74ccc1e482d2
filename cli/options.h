// Turns a table of our options into values: between the commands' tables and libpopt, which does the
// splitting of the command line.
#ifndef RINGSIDE_CLI_OPTIONS_H
#define RINGSIDE_CLI_OPTIONS_H

#include "cli/cli.h"

enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

// What every command accepts beside its own options.
struct common_options {
    bool help;
    bool version;
    int color; // enum color_mode
    bool ascii;
};
extern const struct option_row cli_common_options[];

// A table and the struct that its values go to.
struct option_group {
    const struct option_row *rows; // may be NULL: no options
    void *values;
};

// A parsed command line; it owns the strings that the values point to.
struct parsed {
    const char *const *args; // operands
    size_t arg_count;
    void *context; // libpopt's, owner of `args`
    struct parse_memory *memory;
};

// Parses argv[1..] into the groups' structs. With `stop_at_operand` the first operand ends the
// options: it and all after it are left as operands. `name` is what an error line calls the program,
// e.g. "ringside boot". Returns CLI_OK, or CLI_USAGE after printing an error line; free with
// options_free in either case.
int options_parse(const char *name, int argc, const char *const *argv,
                  const struct option_group *groups, size_t group_count, bool stop_at_operand,
                  struct parsed *parsed);
void options_free(struct parsed *parsed);

// How many values the option takes each time: the words of its `arg`.
size_t option_value_count(const struct option_row *row);

#endif
