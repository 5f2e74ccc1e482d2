// `ringside help`: the list of commands, one command's help, and the same tables as a man page or as
// completions for the shells.
#include "cli/help.h"

enum help_format { FORMAT_TEXT, FORMAT_MAN, FORMAT_BASH, FORMAT_ZSH, FORMAT_COMMANDS };

struct help_options {
    int format; // enum help_format
};

static void print_names(void)
{
    for (size_t i = 0; cli_commands[i]; i++) {
        puts(cli_commands[i]->name);
    }
}

static int run_help(const struct cli *cli, const void *options)
{
    const struct help_options *o = options;
    if (o->format != FORMAT_TEXT && cli->arg_count > 0) {
        return cli_error(CLI_USAGE, "help: --format covers all commands at once; "
                                    "leave out the operand");
    }
    switch ((enum help_format)o->format) {
    case FORMAT_MAN: help_print_man(stdout); return CLI_OK;
    case FORMAT_BASH: help_print_bash_completion(stdout); return CLI_OK;
    case FORMAT_ZSH: help_print_zsh_completion(stdout); return CLI_OK;
    case FORMAT_COMMANDS: print_names(); return CLI_OK;
    case FORMAT_TEXT: break;
    }
    if (cli->arg_count == 0) {
        help_print_overview(stdout);
        return CLI_OK;
    }
    const struct command *command = cli_find_command(cli->args[0]);
    if (!command) {
        return cli_unknown_command(cli->args[0]);
    }
    help_print_command(stdout, command);
    return CLI_OK;
}

const struct command command_help = {
    .name = "help",
    .summary = "explain the commands",
    .operands = "[COMMAND]",
    .description = "Lists the commands, or explains one of them. The same tables are printed as a "
                   "man page or as completions for a shell with --format.",
    .examples = (const struct command_example[]){{"ringside help", "list all commands"},
                                                 {"ringside help help", "explain this command"},
                                                 {"ringside help --format=man | man -l -",
                                                  "read the manual of an uninstalled build"},
                                                 {"source <(ringside help --format=bash)",
                                                  "complete commands and options in this shell"},
                                                 {0}},
    .options =
        (const struct option_row[]){
            {.name = "format",
             .kind = OPTION_CHOICE,
             .arg = "FORMAT",
             .help =
                 "text for a person; man, bash, zsh: the files that 'make install' puts in place; "
                 "commands: their names, one a line",
             .offset = offsetof(struct help_options, format),
             .choices = (const char *const[]){"text", "man", "bash", "zsh", "commands", NULL}},
            {0}},
    .defaults = &(const struct help_options){.format = FORMAT_TEXT},
    .options_size = sizeof(struct help_options),
    .max_args = 1,
    .operand_values_from = "help --format=commands",
    .run = run_help,
};
