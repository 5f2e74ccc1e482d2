// The man page and the completions for bash and zsh, made from the commands' tables.
#include "cli/help.h"
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

// ---- the man page, in man(7) macros --------------------------------------------------------------

// Prints text so that roff shows it as it is: its escape character and, at the beginning of a line,
// its control characters are quoted, and an empty line begins a paragraph.
static void roff(FILE *out, const char *text)
{
    bool line_start = true;
    for (; *text; text++) {
        if (text[0] == '\n' && text[1] == '\n') {
            fputs("\n.PP\n", out);
            text++;
            line_start = true;
            continue;
        }
        if (line_start && (*text == '.' || *text == '\'')) {
            fputs("\\&", out);
        }
        switch (*text) {
        case '\\': fputs("\\e", out); break;
        case '-': fputs("\\-", out); break; // a hyphen that can be copied into a shell
        case '\'': fputs("\\(aq", out); break;
        default: fputc(*text, out); break;
        }
        line_start = *text == '\n';
    }
}

static void roff_options(FILE *out, const struct command *command, const struct option_row *rows)
{
    for (const struct option_row *row = rows; row && row->name; row++) {
        char buffer[HELP_DEFAULT_SIZE];
        const char *value = help_default(command, row, buffer);
        fputs(".TP\n", out);
        if (row->letter) {
            fprintf(out, "\\fB\\-%c\\fR, ", row->letter);
        }
        fputs("\\fB\\-\\-", out);
        roff(out, row->name);
        fputs("\\fR", out);
        if (row->arg) {
            fputs(" \\fI", out);
            roff(out, row->arg);
            fputs("\\fR", out);
        }
        fputc('\n', out);
        roff(out, row->help);
        if (value) {
            fputs(" (default: ", out);
            roff(out, value);
            fputc(')', out);
        }
        fputc('\n', out);
    }
}

static void roff_command(FILE *out, const struct command *command)
{
    fprintf(out, ".SS \"ringside %s\"\n", command->name);
    fprintf(out, "\\fBringside %s\\fR [\\fIOPTION\\fR]...", command->name);
    if (command->operands) {
        fputc(' ', out);
        roff(out, command->operands);
    }
    fputs("\n.PP\n", out);
    roff(out, command->description ? command->description : command->summary);
    fputc('\n', out);
    roff_options(out, command, command->options);
    for (const struct command_example *example = command->examples; example && example->line;
         example++) {
        fputs(".PP\nTo ", out);
        roff(out, example->what);
        fputs(":\n.PP\n.RS 4\n.EX\n", out);
        roff(out, example->line);
        fputs("\n.EE\n.RE\n", out);
    }
    char *appendix = command->appendix ? command->appendix() : NULL;
    if (appendix) {
        fputs(".PP\n.EX\n", out);
        roff(out, appendix);
        fputs("\n.EE\n", out);
    }
    free(appendix);
}

static void roff_statuses(FILE *out)
{
    static const struct {
        int value;
        const char *meaning;
    } statuses[] = {
#define STATUS(name, value, meaning) {value, meaning},
#include "cli/status.def"
#undef STATUS
    };
    fputs(".SH EXIT STATUS\n", out);
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        fprintf(out, ".TP\n.B %d\n", statuses[i].value);
        roff(out, statuses[i].meaning);
        fputc('\n', out);
    }
    fputs(".TP\n.RI 128+ n\nended by signal\n.I n\n", out);
}

void help_print_man(FILE *out)
{
    fprintf(out, ".TH RINGSIDE 1 \"\" \"Ringside %s\" \"User Commands\"\n", RINGSIDE_VERSION);
    fputs(".SH NAME\nringside \\- a teaching simulator of virtualization architectures\n", out);
    fputs(".SH SYNOPSIS\n.B ringside\n.I COMMAND\n[\\fIOPTION\\fR]... [\\fIOPERAND\\fR]...\n", out);
    fputs(".SH DESCRIPTION\n", out);
    roff(out, "Ringside runs one toy operating system on one toy machine under every way of "
              "virtualizing it, counts every cycle, says where each went, and puts the "
              "architectures side by side.\n\n"
              "Data goes to standard output and everything else to standard error. An operand of "
              "'-' stands for standard input, an output file of '-' for standard output, and '--' "
              "ends the options. The same command line and seed give the same bytes on every "
              "machine.\n");
    fputs(".SH COMMON OPTIONS\nEvery command takes these beside its own.\n", out);
    roff_options(out, NULL, cli_common_options);
    fputs(".SH COMMANDS\n", out);
    for (size_t i = 0; cli_commands[i]; i++) {
        roff_command(out, cli_commands[i]);
    }
    roff_statuses(out);
    fputs(".SH ENVIRONMENT\n.TP\n.B NO_COLOR\n", out);
    roff(out, "if set and not empty, --color=auto means never\n");
}

// ---- bash ----------------------------------------------------------------------------------------

static void bash_option_names(FILE *out, const struct option_row *rows)
{
    for (; rows && rows->name; rows++) {
        if (rows->letter) {
            fprintf(out, "-%c ", rows->letter);
        }
        fprintf(out, "--%s ", rows->name);
    }
}

// What completes the value of an option or an operand, as a bash command.
static void bash_values(FILE *out, const char *arg, const char *const *choices, const char *from)
{
    if (choices) {
        fputs("_ringside_words '", out);
        for (size_t i = 0; choices[i]; i++) {
            fprintf(out, "%s%s", i > 0 ? " " : "", choices[i]);
        }
        fputs("'", out);
    } else if (from) {
        fprintf(out, "_ringside_words \"$(\"${COMP_WORDS[0]}\" %s 2>/dev/null)\"", from);
    } else if (arg) {
        fputs("_ringside_files", out);
    } else {
        fputs(":", out);
    }
}

static void bash_option_values(FILE *out, const char *scope, const struct option_row *rows)
{
    for (; rows && rows->name; rows++) {
        if (!rows->arg) {
            continue;
        }
        fprintf(out, "    %s/--%s", scope, rows->name);
        if (rows->letter) {
            fprintf(out, " | %s/-%c", scope, rows->letter);
        }
        fputs(") ", out);
        bash_values(out, strstr(rows->arg, "FILE"), rows->choices, rows->values_from);
        fputs("; return ;;\n", out);
    }
}

void help_print_bash_completion(FILE *out)
{
    fputs(
        "# bash completion for ringside, made from its tables of options. -*- sh -*-\n"
        "_ringside_words() { COMPREPLY=($(compgen -W \"$1\" -- \"$word\")); }\n"
        "_ringside_files() { compopt -o default 2>/dev/null; COMPREPLY=($(compgen -f -- "
        "\"$word\")); }\n"
        "_ringside() {\n"
        "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= i\n"
        "    local operands=0\n"
        "    COMPREPLY=()\n"
        "    # bash takes --option=value apart into three words.\n"
        "    if [[ $word == = ]]; then word=; "
        "elif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD - 2]}; fi\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        if [[ ${COMP_WORDS[i]} == -* ]]; then continue; fi\n"
        "        if [[ $command ]]; then ((operands++)); else command=${COMP_WORDS[i]}; fi\n"
        "    done\n"
        "    case $command/$before in\n",
        out);
    bash_option_values(out, "*", cli_common_options);
    for (size_t i = 0; cli_commands[i]; i++) {
        bash_option_values(out, cli_commands[i]->name, cli_commands[i]->options);
    }
    fputs("    esac\n    case $command/$word in\n    /-*) _ringside_words '", out);
    bash_option_names(out, cli_common_options);
    fputs("' ;;\n    /*) _ringside_words '", out);
    for (size_t i = 0; cli_commands[i]; i++) {
        fprintf(out, "%s ", cli_commands[i]->name);
    }
    fputs("' ;;\n", out);
    for (size_t i = 0; cli_commands[i]; i++) {
        const struct command *command = cli_commands[i];
        fprintf(out, "    %s/-*) _ringside_words '", command->name);
        bash_option_names(out, command->options);
        bash_option_names(out, cli_common_options);
        fprintf(out, "' ;;\n    %s/*) ", command->name);
        if (command->first_operands) {
            fputs("if ((operands == 0)); then ", out);
            bash_values(out, NULL, command->first_operands, NULL);
            fputs("; return; fi; ", out);
        }
        bash_values(out, command->operands, NULL, command->operand_values_from);
        fputs(" ;;\n", out);
    }
    fputs("    esac\n}\ncomplete -F _ringside ringside\n", out);
}

// ---- zsh -----------------------------------------------------------------------------------------

// Prints text inside a single-quoted _arguments specification, which gives [ ] : a meaning.
static void zsh_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'') {
            fputs("'\\''", out);
        } else {
            if (strchr("[]:\\", *text)) {
                fputc('\\', out);
            }
            fputc(*text, out);
        }
    }
}

static void zsh_values(FILE *out, bool file, const char *const *choices, const char *from)
{
    if (choices) {
        fputc('(', out);
        for (size_t i = 0; choices[i]; i++) {
            fprintf(out, "%s%s", i > 0 ? " " : "", choices[i]);
        }
        fputc(')', out);
    } else if (from) {
        fprintf(out, "{compadd -- ${(f)\"$(ringside %s 2>/dev/null)\"}}", from);
    } else if (file) {
        fputs("_files", out);
    }
}

static void zsh_option(FILE *out, const struct option_row *row, char letter)
{
    fputs("            '", out);
    if (row->kind == OPTION_LIST) {
        fputc('*', out);
    }
    if (letter) {
        fprintf(out, "-%c[", letter);
    } else {
        fprintf(out, "--%s%s[", row->name, row->arg && option_value_count(row) == 1 ? "=" : "");
    }
    zsh_text(out, row->help);
    fputc(']', out);
    // A value for each word of "VAR MIN MAX".
    for (const char *word = row->arg; word && *word;) {
        size_t length = strcspn(word, " ");
        fprintf(out, ":%.*s:", (int)length, word);
        zsh_values(out, strncmp(word, "FILE", 4) == 0, row->choices, row->values_from);
        word += length + (word[length] == ' ');
    }
    fputs("' \\\n", out);
}

static void zsh_options(FILE *out, const struct option_row *rows)
{
    for (; rows && rows->name; rows++) {
        if (rows->letter) {
            zsh_option(out, rows, rows->letter);
        }
        zsh_option(out, rows, 0);
    }
}

void help_print_zsh_completion(FILE *out)
{
    fputs("#compdef ringside\n# zsh completion for ringside, made from its tables of options.\n"
          "_ringside() {\n"
          "    local -a commands=(\n",
          out);
    for (size_t i = 0; cli_commands[i]; i++) {
        fprintf(out, "        '%s:", cli_commands[i]->name);
        zsh_text(out, cli_commands[i]->summary);
        fputs("'\n", out);
    }
    fputs("    )\n"
          "    if ((CURRENT == 2)); then _describe command commands; return; fi\n"
          "    local command=$words[2]\n"
          "    shift words; ((CURRENT--))\n"
          "    case $command in\n",
          out);
    for (size_t i = 0; cli_commands[i]; i++) {
        const struct command *command = cli_commands[i];
        fprintf(out, "    %s)\n        _arguments -s -S \\\n", command->name);
        zsh_options(out, command->options);
        zsh_options(out, cli_common_options);
        if (command->first_operands) {
            fputs("            '1: :", out);
            zsh_values(out, false, command->first_operands, NULL);
            fputs("' \\\n", out);
        }
        fputs("            '*: :", out);
        zsh_values(out, command->operands != NULL, NULL, command->operand_values_from);
        fputs("' ;;\n", out);
    }
    fputs("    esac\n}\n_ringside \"$@\"\n", out);
}
