// `ringside isa`: the ISA manual, one instruction's page, and the Popek-Goldberg analysis.
#include "cli/cli.h"
#include "sim/asm.h"
#include "sim/isa.h"
#include "sim/isa_manual.h"

#include <string.h>

struct isa_options {
    bool analysis, directives, names;
    int holes, format;
};

static void put_stdout(void *ctx, const char *text, size_t size)
{
    (void)ctx;
    fwrite(text, 1, size, stdout);
}

enum { PSEUDOS_MAX = 64, DIRECTIVES_MAX = 64 };

static int unknown(const char *name)
{
    const char *names[OP_COUNT + PSEUDOS_MAX + DIRECTIVES_MAX + 1];
    size_t n = 0;
    struct asm_pseudo_doc p;
    struct asm_directive_doc d;
    for (unsigned op = 1; op < OP_COUNT; op++) {
        names[n++] = isa_row(op)->mnemonic;
    }
    for (unsigned i = 0; i < PSEUDOS_MAX && asm_pseudo_doc(i, &p); i++) {
        names[n++] = p.mnemonic;
    }
    for (unsigned i = 0; i < DIRECTIVES_MAX && asm_directive_doc(i, &d); i++) {
        names[n++] = d.name;
    }
    names[n] = NULL;
    const char *nearest = cli_nearest(name, names);
    if (nearest) {
        return cli_error(CLI_USAGE,
                         "isa: there is no instruction or directive '%s'; did you mean '%s'?", name,
                         nearest);
    }
    return cli_error(
        CLI_USAGE,
        "isa: there is no instruction or directive '%s'; 'ringside isa --names' lists them "
        "all",
        name);
}

static void print_names(void)
{
    struct asm_pseudo_doc p;
    const char *before = "";
    for (unsigned op = 1; op < OP_COUNT; op++) {
        puts(isa_row(op)->mnemonic);
    }
    // Rows that share a mnemonic stand together.
    for (unsigned i = 0; asm_pseudo_doc(i, &p); i++) {
        if (strcmp(before, p.mnemonic) != 0) {
            puts(p.mnemonic);
        }
        before = p.mnemonic;
    }
    struct asm_directive_doc d;
    for (unsigned i = 0; asm_directive_doc(i, &d); i++) {
        puts(d.name);
    }
}

static int run_isa(const struct cli *cli, const void *options)
{
    const struct isa_options *o = options;
    const struct text_sink sink = {put_stdout, NULL};
    enum manual_format format = o->format == 0 ? MANUAL_TEXT : MANUAL_MARKDOWN;
    if (o->names) {
        print_names();
    } else if (cli->arg_count > 0) {
        return isa_manual_page(cli->args[0], format, &sink) ? CLI_OK : unknown(cli->args[0]);
    } else if (o->directives) {
        isa_manual_directives(format, &sink);
    } else if (o->analysis) {
        isa_manual_analysis(o->holes == 1, format, &sink);
    } else {
        isa_manual(format, &sink);
    }
    return CLI_OK;
}

const struct command command_isa = {
    .name = "isa",
    .summary = "the instruction set: its manual, and whether it can be virtualized",
    .operands = "[NAME]",
    .description =
        "Prints the manual of the T64 instruction set, made from the table that the machine itself "
        "works "
        "with: encodings, who may execute an instruction, whether it is sensitive in Popek and "
        "Goldberg's "
        "sense, which VM exit it can cause and what it costs. With an instruction's name, its page "
        "alone.\n\n"
        "--analysis applies Popek and Goldberg's theorem to the table: which instructions are "
        "sensitive "
        "and not privileged, what each lets through, and whether trap-and-emulate suffices.",
    .examples =
        (const struct command_example[]){
            {"ringside isa wrflags", "one instruction, and why it is a hole"},
            {"ringside isa --analysis", "can this machine be virtualized?"},
            {"ringside isa --analysis --holes=closed",
             "the same machine without its silent instructions"},
            {0}},
    .options =
        (const struct option_row[]){
            {.name = "analysis",
             .kind = OPTION_FLAG,
             .help = "the Popek-Goldberg analysis instead of the manual",
             .offset = offsetof(struct isa_options, analysis)},
            {.name = "directives",
             .kind = OPTION_FLAG,
             .help = "the assembler's directives instead of the manual",
             .offset = offsetof(struct isa_options, directives)},
            {.name = "holes",
             .kind = OPTION_CHOICE,
             .arg = "STATE",
             .help = "open: sensitive instructions that do not trap; closed: they do",
             .offset = offsetof(struct isa_options, holes),
             .choices = (const char *const[]){"open", "closed", NULL}},
            {.name = "format",
             .kind = OPTION_CHOICE,
             .arg = "FORMAT",
             .help = "text or Markdown",
             .offset = offsetof(struct isa_options, format),
             .choices = (const char *const[]){"text", "markdown", NULL}},
            {.name = "names",
             .kind = OPTION_FLAG,
             .help = "only the names, one a line",
             .offset = offsetof(struct isa_options, names)},
            {0}},
    .options_size = sizeof(struct isa_options),
    .max_args = 1,
    .operand_values_from = "isa --names",
    .run = run_isa,
};
