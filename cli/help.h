// What `ringside` says about itself, all made from the commands' tables: help texts, the version, the
// man page and the shells' completions.
#ifndef RINGSIDE_CLI_HELP_H
#define RINGSIDE_CLI_HELP_H

#include "cli/cli.h"

void help_print_overview(FILE *out);
void help_print_command(FILE *out, const struct command *command);
void help_print_version(FILE *out);

// A man page in man(7) macros: one page for the program with all its commands.
void help_print_man(FILE *out);
void help_print_bash_completion(FILE *out);
void help_print_zsh_completion(FILE *out);

// The default of an option as text ("64M"), or NULL if it has none worth telling. `buffer` is used
// for the text if needed.
enum { HELP_DEFAULT_SIZE = 64 };
const char *help_default(const struct command *command, const struct option_row *row,
                         char buffer[static HELP_DEFAULT_SIZE]);

#endif
