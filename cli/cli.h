// What a command of `ringside` needs: how it declares itself, what it gets, and the helpers for
// errors, files and numbers. A new command is a file cli/cmd_NAME.c with a `const struct command
// command_NAME`, and a row in cli/commands.def; parsing, --help, the man page and the completions
// follow from its table of options.
#ifndef RINGSIDE_CLI_CLI_H
#define RINGSIDE_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define RINGSIDE_VERSION "0.1.0"

// Every simulation that draws random numbers starts from this seed unless told otherwise.
enum { CLI_DEFAULT_SEED = 1 };

enum cli_status {
#define STATUS(name, value, meaning) name = value,
#include "cli/status.def"
#undef STATUS
};

// ---- options -------------------------------------------------------------------------------------

// What an option's value may be, and with that the type of the field that receives it.
enum option_kind {
    OPTION_FLAG,   // no value; field: bool, set to true
    OPTION_STRING, // anything; field: const char *
    OPTION_LIST,   // anything, repeatable; field: struct option_list
    OPTION_NUMBER, // a count: 42, 0x2a, 10k, 5M (powers of 1000); field: uint64_t
    OPTION_SIZE,   // bytes: 4096, 64K, 64M, 1G (powers of 1024); field: uint64_t
    OPTION_SEED,   // a number, or `random`, which draws one; field: uint64_t
    OPTION_CHOICE, // one of `choices`; field: int, the index in `choices`
};

// The values of an option that may be repeated, in order. An option whose `arg` has several words
// ("VAR MIN MAX") takes that many values each time; they stand here one after the other.
struct option_list {
    const char *const *items;
    size_t count;
};

// One option of a command. A table of them ends with a row whose `name` is NULL.
struct option_row {
    char letter;      // short form, or 0
    const char *name; // long form without its dashes
    enum option_kind kind;
    const char *arg;  // what help calls the value, by convention "FILE" for one; NULL for a flag
    const char *help; // a phrase, no full stop; the default is appended by the help itself
    size_t offset;    // of the receiving field in the command's option struct
    const char *const *choices; // OPTION_CHOICE: the words, ended by NULL
    uint64_t min, max;          // OPTION_NUMBER, OPTION_SIZE: inclusive; max 0 means no limit
    const char *values_from;    // arguments for `ringside` that print possible values, one a line:
                                // what the shell completes; NULL if there are none
    bool decided_later;         // a default of 0 says nothing of what is taken then
};

// Rows that several commands share, so that they read alike everywhere.
#define OPTION_ROW_SEED(type, field)                                            \
    {                                                                           \
        .letter = 's', .name = "seed", .kind = OPTION_SEED, .arg = "N",         \
        .help = "seed of the random numbers; 'random' draws one and prints it", \
        .offset = offsetof(type, field)                                         \
    }
#define OPTION_ROW_EXPORT_JSON(type, field)                              \
    {                                                                    \
        .name = "export-json", .kind = OPTION_STRING, .arg = "FILE",     \
        .help = "also write the result as JSON; '-' is standard output", \
        .offset = offsetof(type, field)                                  \
    }
// `what` is written: "every number", "the runs".
#define OPTION_ROW_EXPORT_CSV(type, field, what)                      \
    {                                                                 \
        .name = "export-csv", .kind = OPTION_STRING, .arg = "FILE",   \
        .help = "also write " what " as CSV; '-' is standard output", \
        .offset = offsetof(type, field)                               \
    }
#define OPTION_ROW_EXPORT_MARKDOWN(type, field, what)                              \
    {                                                                              \
        .name = "export-markdown", .kind = OPTION_STRING, .arg = "FILE",           \
        .help = "also write " what " as a Markdown table; '-' is standard output", \
        .offset = offsetof(type, field)                                            \
    }

// ---- commands ------------------------------------------------------------------------------------

// What a running command gets beside its options.
struct cli {
    const struct command *command;
    const char *const *args; // operands, after the options
    size_t arg_count;
    bool color; // escape codes are wanted on standard output
    bool ascii; // no character beyond ASCII is wanted, whatever the locale
};

struct command_example {
    const char *line; // what to type
    const char *what; // what it shows
};

struct command {
    const char *name;
    const char *summary;     // one line for the list of commands, no full stop
    const char *operands;    // as in the usage line, e.g. "PROGRAM.s [ARG]..."; NULL for none
    const char *description; // paragraphs divided by an empty line
    const struct command_example *examples; // ended by a row with a NULL line
    const struct option_row *options;       // ended by a row with a NULL name; NULL for none
    const void *defaults;      // what the option struct holds before parsing; NULL means all zero
    size_t options_size;       // of the option struct, 0 for none
    size_t min_args, max_args; // bounds on the number of operands
    const char *operand_values_from; // as option_row.values_from, for the operands
    const char *const
        *first_operands; // what the first one may be, if it is another sort of word; ended by NULL
    char *(*appendix)(
        void); // plain lines for the man page, behind the examples; to be freed; NULL: none
    // Does the work and returns an enum cli_status. `options` points to the filled option struct.
    // Data goes to standard output, all else to standard error through the helpers below.
    int (*run)(const struct cli *cli, const void *options);
};

#define CLI_ANY_ARGS SIZE_MAX // for max_args: no upper bound

// All commands in the order of cli/commands.def, ended by NULL.
extern const struct command *const cli_commands[];

// The command of that name, or NULL.
const struct command *cli_find_command(const char *name);

// Says that there is no such command, and what it may have been meant for; returns CLI_USAGE.
int cli_unknown_command(const char *name);

// Parses the command line, runs the command, flushes standard output; returns the exit status.
int cli_main(int argc, char **argv);

// ---- helpers: errors (cli/io.c) ------------------------------------------------------------------

// Prints "ringside: " and the message as one line on standard error; returns `status`, so that a
// command can say `return cli_error(CLI_UNAVAILABLE, ...)`.
int cli_error(enum cli_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Prints "file:line:col: " and the message, which says what is wrong and, after a semicolon, how to
// mend it. `path` is as the user gave it ("-" shows as <stdin>); a column or line of 0 is left out.
// Returns CLI_BAD_INPUT.
int cli_input_error(const char *path, unsigned line, unsigned column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// ---- helpers: files (cli/io.c) -------------------------------------------------------------------

// Reads a whole file, or standard input if `path` is "-". At most `limit` bytes are accepted. Returns
// a buffer with a NUL after its *size bytes, to be freed by the caller; or NULL when it could not,
// after an error line has been printed: the command then returns CLI_BAD_INPUT.
char *cli_read_file(const char *path, size_t limit, size_t *size);

// A file being written under a temporary name beside its own, so that a run that fails or is
// interrupted leaves the old file whole. "-" is standard output; a device or pipe is written directly.
struct cli_output {
    FILE *stream;    // where to write
    char *path;      // the final name, NULL for standard output
    char *temporary; // the name until then, NULL if written directly
};

// Opens `path` for writing. Returns CLI_OK, or another status after printing an error line.
int cli_output_open(struct cli_output *output, const char *path);
// Closes and puts the file in its place. Returns CLI_OK, or another status after an error line.
int cli_output_commit(struct cli_output *output);
// Closes and removes what was written so far.
void cli_output_abandon(struct cli_output *output);

// ---- helpers: values (cli/values.c) --------------------------------------------------------------

// Each parses the whole of `text` into *value; false if it is not of that form or beyond 64 bits.
bool cli_parse_number(const char *text, uint64_t *value); // 42, 0x2a, 10k, 5M, 1G: powers of 1000
bool cli_parse_size(const char *text, uint64_t *value);   // 4096, 64K, 64KiB, 1G: powers of 1024
bool cli_parse_seed(const char *text, uint64_t *value);   // a number, or `random`

// The word of the NULL-terminated list that `word` was probably meant to be, or NULL if none is near.
const char *cli_nearest(const char *word, const char *const *list);

#endif
