// `ringside asm`: assembles a T64 program into an image, and writes its listing.
#include "cli/program.h"

#include <stdlib.h>
#include <string.h>

struct asm_options {
    const char *output;
    struct option_list defines, folders;
    const char *listing;
    int form;
};

static int write_file(const char *path, const void *bytes, size_t size)
{
    struct cli_output output;
    int status = cli_output_open(&output, path);
    if (status != CLI_OK) {
        return status;
    }
    fwrite(bytes, 1, size, output.stream);
    return cli_output_commit(&output);
}

// "dir/name.s" gives "name.t64" in the current folder, as compilers do; "-" gives "a.t64".
static char *default_output(const char *source)
{
    const char *slash = strrchr(source, '/');
    const char *base = strcmp(source, "-") == 0 ? "a" : slash ? slash + 1 : source;
    const char *dot = strrchr(base, '.');
    size_t n = dot && dot > base ? (size_t)(dot - base) : strlen(base);
    char *name = malloc(n + sizeof ".t64");
    if (name) {
        memcpy(name, base, n);
        strcpy(name + n, ".t64");
    }
    return name;
}

static int write_results(const struct asm_options *o, const char *source,
                         const struct program *program)
{
    uint8_t *bytes;
    size_t size;
    char *chosen = o->output ? NULL : default_output(source);
    if ((!o->output && !chosen) || !image_write(program->image, &bytes, &size)) {
        free(chosen);
        return cli_error(CLI_UNAVAILABLE, "no memory");
    }
    int status = write_file(o->output ? o->output : chosen, bytes, size);
    free(bytes);
    free(chosen);
    if (status == CLI_OK && o->listing) {
        status = write_file(o->listing, program->listing, program->listing_size);
    }
    return status;
}

static int run_asm(const struct cli *cli, const void *options)
{
    const struct asm_options *o = options;
    const struct program_request request = {
        .path = cli->args[0],
        .defines = o->defines,
        .includes = o->folders,
        .listing = !o->listing    ? ASM_LISTING_NONE
                   : o->form == 0 ? ASM_LISTING_FULL
                                  : ASM_LISTING_DIFF,
    };
    struct program program;
    int status = program_load(&request, &program);
    if (status == CLI_OK && !program.source) {
        status = cli_input_error(cli->args[0], 0, 0, "this is an image already; give its source");
    }
    if (status == CLI_OK) {
        status = write_results(o, cli->args[0], &program);
    }
    program_free(&program);
    return status;
}

const struct command command_asm = {
    .name = "asm",
    .summary = "assemble a T64 program",
    .operands = "FILE",
    .description =
        "Reads T64 assembly source and writes a program image that 'ringside exec' runs and "
        "'ringside disasm' shows. The language is described in docs/assembler.md, its directives "
        "by 'ringside isa --directives', the instructions by 'ringside isa'.\n\n"
        "Every error is one line, file:line:column: what is wrong; how to mend it. Up to 20 are "
        "shown at once, and no image is written if there is one.",
    .examples =
        (const struct command_example[]){
            {"ringside asm hello.s", "writes hello.t64"},
            {"ringside asm -o - -l hello.lst hello.s | wc -c",
             "the image to a pipe, the listing to a file"},
            {"ringside asm -D PV=1 --listing-form=diff -l pv.lst kernel.s",
             "a listing that compares well with another build's"},
            {0}},
    .options =
        (const struct option_row[]){
            {.letter = 'o',
             .name = "output",
             .kind = OPTION_STRING,
             .arg = "FILE",
             .help = "the image; '-' is standard output; without it FILE.t64 in this folder",
             .offset = offsetof(struct asm_options, output)},
            OPTION_ROW_DEFINE(struct asm_options, defines),
            OPTION_ROW_INCLUDE(struct asm_options, folders),
            {.letter = 'l',
             .name = "listing",
             .kind = OPTION_STRING,
             .arg = "FILE",
             .help = "write a listing: address, bytes and source of each line, sections, symbols",
             .offset = offsetof(struct asm_options, listing)},
            {.name = "listing-form",
             .kind = OPTION_CHOICE,
             .arg = "FORM",
             .help = "full; diff: only the lines assembled, without what differs between any two "
                     "builds",
             .offset = offsetof(struct asm_options, form),
             .choices = (const char *const[]){"full", "diff", NULL}},
            {0}},
    .options_size = sizeof(struct asm_options),
    .min_args = 1,
    .max_args = 1,
    .run = run_asm,
};
