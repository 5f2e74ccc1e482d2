// Help texts and the version, for people at a terminal.
#include "cli/help.h"

#include "cli/options.h"

#include <inttypes.h>
#include <string.h>

enum { WIDTH = 80, COLUMN = 28 }; // the terminal we may count on, and where the explanations begin

const char *help_default(const struct command *command, const struct option_row *row,
                         char buffer[static HELP_DEFAULT_SIZE])
{
    if (!command || !command->defaults || row->kind == OPTION_FLAG || row->kind == OPTION_LIST) {
        return NULL;
    }
    const void *field = (const char *)command->defaults + row->offset;
    if (row->kind == OPTION_STRING) {
        return *(const char *const *)field;
    }
    if (row->kind == OPTION_CHOICE) {
        return row->choices[*(const int *)field];
    }
    uint64_t value = *(const uint64_t *)field;
    const char *unit = "";
    if (value < row->min || (value == 0 && row->decided_later)) {
        return NULL; // none: what is not given is decided later
    }
    if (row->kind == OPTION_SIZE) {
        static const char *const units[] = {"", "K", "M", "G", "T"};
        size_t power = 0;
        for (; power < 4 && value > 0 && value % 1024 == 0; power++) {
            value /= 1024;
        }
        unit = units[power];
    }
    snprintf(buffer, HELP_DEFAULT_SIZE, "%" PRIu64 "%s", value, unit);
    return buffer;
}

// Prints text in lines of at most WIDTH, each but the first indented; `at` is the column the cursor
// is in. Words are divided by blanks; newlines in the text are kept.
static void print_wrapped(FILE *out, const char *text, int indent, int at)
{
    bool first = true;
    while (*text) {
        size_t length = strcspn(text, " \n");
        if (!first && at + 1 + (int)length > WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
            first = true;
        }
        at += fprintf(out, "%s%.*s", first ? "" : " ", (int)length, text);
        first = false;
        text += length;
        for (; *text == ' ' || *text == '\n'; text++) {
            if (*text == '\n') {
                fputc('\n', out);
                at = 0;
                first = true;
            }
        }
    }
    fputc('\n', out);
}

static void print_option(FILE *out, const struct command *command, const struct option_row *row)
{
    char head[96], text[512], buffer[HELP_DEFAULT_SIZE];
    char letter[8] = "    ";
    if (row->letter) {
        snprintf(letter, sizeof letter, "-%c, ", row->letter);
    }
    int used = snprintf(head, sizeof head, "  %s--%s%s%s", letter, row->name, row->arg ? " " : "",
                        row->arg ? row->arg : "");
    const char *value = help_default(command, row, buffer);
    snprintf(text, sizeof text, "%s%s%s%s", row->help, value ? " (default: " : "",
             value ? value : "", value ? ")" : "");
    if (used >= COLUMN) {
        fprintf(out, "%s\n%*s", head, COLUMN, "");
    } else {
        fprintf(out, "%-*s", COLUMN, head);
    }
    print_wrapped(out, text, COLUMN, COLUMN);
}

static void print_options(FILE *out, const struct command *command, const struct option_row *rows)
{
    for (; rows && rows->name; rows++) {
        print_option(out, command, rows);
    }
}

void help_print_overview(FILE *out)
{
    fprintf(out, "Ringside %s: watch virtualization happen, ring by ring.\n\n", RINGSIDE_VERSION);
    fputs("Usage: ringside COMMAND [OPTION]... [OPERAND]...\n\nCommands:\n", out);
    for (size_t i = 0; cli_commands[i]; i++) {
        fprintf(out, "  %-*s", 12, cli_commands[i]->name);
        print_wrapped(out, cli_commands[i]->summary, 14, 14);
    }
    fputs("\nOptions:\n", out);
    print_options(out, NULL, cli_common_options);
    fputs("\n'ringside COMMAND --help' explains a command and gives examples.\n", out);
}

void help_print_command(FILE *out, const struct command *command)
{
    fprintf(out, "Usage: ringside %s [OPTION]...%s%s\n\n", command->name,
            command->operands ? " " : "", command->operands ? command->operands : "");
    print_wrapped(out, command->description ? command->description : command->summary, 0, 0);
    fputs("\nOptions:\n", out);
    print_options(out, command, command->options);
    print_options(out, NULL, cli_common_options);
    if (command->examples) {
        fputs("\nExamples:\n", out);
        for (const struct command_example *example = command->examples; example->line; example++) {
            fprintf(out, "  %s\n      ", example->line);
            print_wrapped(out, example->what, 6, 6);
        }
    }
}

// The optional parts; the Makefile defines each macro when the part's folder is built in.
#ifdef RINGSIDE_HAVE_LUA
#define LUA_PART "built in"
#else
#define LUA_PART "not built in"
#endif
#ifdef RINGSIDE_HAVE_TUI
#define TUI_PART "built in"
#else
#define TUI_PART "not built in"
#endif
#ifdef RINGSIDE_HAVE_REAL
#define REAL_PART "built in"
#else
#define REAL_PART "not built in"
#endif

void help_print_version(FILE *out)
{
    fprintf(out, "ringside %s\n", RINGSIDE_VERSION);
    fputs("Lua scenarios: " LUA_PART "\n", out);
    fputs("dashboard: " TUI_PART "\n", out);
    fputs("real path (/dev/kvm): " REAL_PART "\n", out);
}
