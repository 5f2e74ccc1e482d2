// From argv to a running command: the options before the command's name, the command, its options.
#include "cli/help.h"
#include "cli/options.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COMMAND(name) extern const struct command command_##name;
#include "cli/commands.def"
#undef COMMAND

const struct command *const cli_commands[] = {
#define COMMAND(name) &command_##name,
#include "cli/commands.def"
#undef COMMAND
    NULL};

const struct command *cli_find_command(const char *name)
{
    for (size_t i = 0; cli_commands[i]; i++) {
        if (strcmp(cli_commands[i]->name, name) == 0) {
            return cli_commands[i];
        }
    }
    return NULL;
}

// https://no-color.org: set and not empty means no colour, unless the command line says otherwise.
static bool want_color(int mode)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    if (mode != COLOR_AUTO) {
        return mode == COLOR_ALWAYS;
    }
    return isatty(STDOUT_FILENO) && !(no_color && no_color[0]) &&
           !(terminal && strcmp(terminal, "dumb") == 0);
}

static int check_operand_count(const struct command *command, size_t count)
{
    const char *operands = command->operands ? command->operands : "";
    if (count < command->min_args) {
        return cli_error(CLI_USAGE, "%s: an operand is missing: %s; see 'ringside %s --help'",
                         command->name, operands, command->name);
    }
    if (count > command->max_args) {
        return cli_error(CLI_USAGE, "%s takes no more than %zu operand%s; see 'ringside %s --help'",
                         command->name, command->max_args, command->max_args == 1 ? "" : "s",
                         command->name);
    }
    return CLI_OK;
}

// Parses the rest of the line by the command's table and runs it. argv[0] is the command's name.
static int run_command(const struct command *command, int argc, const char *const *argv,
                       struct common_options *common)
{
    void *values = calloc(1, command->options_size + 1);
    if (!values) {
        return cli_error(CLI_UNAVAILABLE, "no memory");
    }
    if (command->defaults) {
        memcpy(values, command->defaults, command->options_size);
    }
    const struct option_group groups[] = {{command->options, values}, {cli_common_options, common}};
    char name[64];
    snprintf(name, sizeof name, "ringside %s", command->name);
    struct parsed parsed;
    int status = options_parse(name, argc, argv, groups, 2, false, &parsed);
    if (status == CLI_OK && common->help) {
        help_print_command(stdout, command);
    } else if (status == CLI_OK && common->version) {
        help_print_version(stdout);
    } else if (status == CLI_OK) {
        status = check_operand_count(command, parsed.arg_count);
        if (status == CLI_OK) {
            const struct cli cli = {
                .command = command,
                .args = parsed.args,
                .arg_count = parsed.arg_count,
                .color = want_color(common->color),
                .ascii = common->ascii,
            };
            status = command->run(&cli, values);
        }
    }
    options_free(&parsed);
    free(values);
    return status;
}

int cli_unknown_command(const char *name)
{
    const char *names[sizeof cli_commands / sizeof *cli_commands] = {NULL};
    for (size_t i = 0; cli_commands[i]; i++) {
        names[i] = cli_commands[i]->name;
    }
    const char *nearest = cli_nearest(name, names);
    if (nearest) {
        return cli_error(CLI_USAGE,
                         "unknown command '%s'; did you mean '%s'? 'ringside help' lists them all",
                         name, nearest);
    }
    return cli_error(CLI_USAGE, "unknown command '%s'; 'ringside help' lists them all", name);
}

static int dispatch(int argc, const char *const *argv)
{
    struct common_options common = {0};
    const struct option_group group = {cli_common_options, &common};
    struct parsed parsed;
    int status = options_parse("ringside", argc, argv, &group, 1, true, &parsed);
    if (status == CLI_OK && common.help) {
        help_print_overview(stdout);
    } else if (status == CLI_OK && common.version) {
        help_print_version(stdout);
    } else if (status == CLI_OK && parsed.arg_count == 0) {
        status = cli_error(CLI_USAGE, "no command given; 'ringside help' lists them all");
    } else if (status == CLI_OK) {
        const struct command *command = cli_find_command(parsed.args[0]);
        status = command ? run_command(command, (int)parsed.arg_count, parsed.args, &common)
                         : cli_unknown_command(parsed.args[0]);
    }
    options_free(&parsed);
    return status;
}

int cli_main(int argc, char **argv)
{
    // A reader that goes away (`ringside list | head`) ends us quietly, even where our parent had the
    // signal ignored.
    signal(SIGPIPE, SIG_DFL);
    int status = dispatch(argc, (const char *const *)argv);
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return cli_error(CLI_UNAVAILABLE, "cannot write to standard output: %s",
                         strerror(errno ? errno : EIO));
    }
    return status;
}
