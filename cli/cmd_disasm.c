// `ringside disasm`: a program image, or bytes from anywhere, as source that assembles to the same.
#include "cli/cli.h"
#include "sim/disasm.h"
#include "sim/image.h"

#include <stdlib.h>

struct disasm_command_options {
    bool raw, addresses, lines;
    uint64_t base;
};

enum { FILE_LIMIT = 128 << 20 };

static void put_stdout(void *ctx, const char *text, size_t size)
{
    (void)ctx;
    fwrite(text, 1, size, stdout);
}

static void print_image(const struct disasm_command_options *o, const struct image *img)
{
    const struct text_sink sink = {put_stdout, NULL};
    const struct disasm_options form = {.addresses = o->addresses, .lines = o->lines};
    disasm_image(img, &form, &sink);
}

// Bytes without any form are one section of code that begins at its first byte.
static void print_raw(const struct disasm_command_options *o, const char *bytes, size_t size)
{
    const struct image_segment text = {.name = ".text",
                                       .addr = o->base,
                                       .bytes = (const uint8_t *)bytes,
                                       .size = size,
                                       .flags = IMAGE_EXEC};
    const struct image img = {.entry = o->base, .segments = &text, .segment_count = size > 0};
    print_image(o, &img);
}

static int run_disasm(const struct cli *cli, const void *options)
{
    const struct disasm_command_options *o = options;
    const char *path = cli->args[0];
    size_t size;
    struct image img;
    char err[200];
    if (o->base % 4 != 0 || (o->base != 0 && !o->raw)) {
        return cli_error(CLI_USAGE,
                         o->raw ? "disasm: --base must be a multiple of 4"
                                : "disasm: --base goes with --raw; an image has its own addresses");
    }
    char *bytes = cli_read_file(path, FILE_LIMIT, &size);
    if (!bytes) {
        return CLI_BAD_INPUT;
    }
    int status = CLI_OK;
    if (o->raw) {
        print_raw(o, bytes, size);
    } else if (image_parse(&img, (const uint8_t *)bytes, size, err, sizeof err)) {
        print_image(o, &img);
        image_free(&img);
    } else {
        status = cli_input_error(path, 0, 0, "%s", err);
    }
    free(bytes);
    return status;
}

const struct command command_disasm = {
    .name = "disasm",
    .summary = "show a program image as assembly source",
    .operands = "IMAGE",
    .description = "Prints an image as T64 source: sections, labels, instructions, data. Assembled "
                   "again it gives the "
                   "same bytes, symbols and entry. With --raw the file is not an image but plain "
                   "bytes, taken as "
                   "code; a word that is no instruction is shown as .word.",
    .examples =
        (const struct command_example[]){
            {"ringside disasm -a hello.t64", "with the address and bytes of each line"},
            {"ringside disasm hello.t64 | ringside asm -o same.t64 -", "there and back again"},
            {"ringside disasm --raw --base=0x7c00 boot.bin", "bytes without a header"},
            {0}},
    .options =
        (const struct option_row[]){
            {.letter = 'a',
             .name = "addresses",
             .kind = OPTION_FLAG,
             .help = "a comment on each line: its address and bytes",
             .offset = offsetof(struct disasm_command_options, addresses)},
            {.name = "lines",
             .kind = OPTION_FLAG,
             .help = "keep the line table, as .loc directives: assembling gives the very same file",
             .offset = offsetof(struct disasm_command_options, lines)},
            {.name = "raw",
             .kind = OPTION_FLAG,
             .help = "the file is plain bytes",
             .offset = offsetof(struct disasm_command_options, raw)},
            {.name = "base",
             .kind = OPTION_NUMBER,
             .arg = "ADDR",
             .help = "with --raw: the address of the first byte",
             .offset = offsetof(struct disasm_command_options, base)},
            {0}},
    .options_size = sizeof(struct disasm_command_options),
    .min_args = 1,
    .max_args = 1,
    .run = run_disasm,
};
