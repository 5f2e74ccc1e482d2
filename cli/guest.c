// Finds the toy OS's sources for commands, and puts its symbols together.
#include "cli/guest.h"

#include "cli/data.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGEST_SOURCE = 4 << 20 };

// Texts read from the user's folder; they must live as long as the assembler runs.
struct folder_text {
    struct folder_text *next;
    char *path, *text;
};

struct finder {
    const char *folder;
    struct folder_text *texts;
    bool failed; // a file was there and could not be read: an error line is out
};

static bool find_in_folder(struct finder *f, const char *name, struct asm_source *out)
{
    size_t length = strlen(f->folder) + strlen(name) + 2, size;
    struct folder_text *t = calloc(1, sizeof *t);
    if (!t || !(t->path = malloc(length))) {
        free(t);
        return false;
    }
    snprintf(t->path, length, "%s/%s", f->folder, name);
    bool there = access(t->path, F_OK) == 0;
    if (there) {
        t->text = cli_read_file(t->path, LARGEST_SOURCE, &size);
        f->failed |= !t->text;
    }
    if (!there || !t->text) {
        free(t->path);
        free(t);
        return false;
    }
    t->next = f->texts;
    f->texts = t;
    *out = (struct asm_source){.name = t->path, .text = t->text, .size = size};
    return true;
}

static bool find_source(void *ctx, const char *name, struct asm_source *out)
{
    struct finder *f = ctx;
    if (f->folder && find_in_folder(f, name, out)) {
        return true;
    }
    char built_in[128];
    snprintf(built_in, sizeof built_in, "guest/%s", name);
    const struct data_file *file = data_find(built_in);
    if (file) {
        *out = (struct asm_source){.name = file->name, .text = file->text, .size = file->size};
    }
    return file != NULL;
}

static void diagnose(void *ctx, const struct asm_diagnostic *error)
{
    (void)ctx;
    cli_input_error(error->file, error->line, error->column, "%s", error->text);
}

int guest_build(const char *folder, bool paravirt, struct toyos *os)
{
    struct finder f = {.folder = folder};
    const struct toyos_sources sources = {find_source, diagnose, &f};
    char reason[256];
    if (folder && access(folder, R_OK | X_OK) != 0) {
        return cli_error(CLI_BAD_INPUT, "no folder '%s'; --guest wants one like scenarios/guest",
                         folder);
    }
    bool ok = toyos_build(os, &sources, paravirt, reason, sizeof reason);
    while (f.texts) {
        struct folder_text *t = f.texts;
        f.texts = t->next;
        free(t->path);
        free(t->text);
        free(t);
    }
    if (ok && f.failed) {
        toyos_free(os);
        ok = false;
        snprintf(reason, sizeof reason, "a source of the toy OS cannot be read");
    }
    return ok ? CLI_OK : cli_error(CLI_BAD_INPUT, "%s", reason);
}

// ---- symbols -------------------------------------------------------------------------------------

int guest_symbols(const struct toyos *os, const char *program, struct image *out)
{
    const struct image *kernel = &os->kernel.image;
    const struct image *user = program ? toyos_program(os, program) : NULL;
    const struct image *parts[] = {user, kernel}; // in the order of their addresses
    size_t segments = 0, symbols = 0, files = 0, lines = 0;
    for (size_t i = 0; i < 2; i++) {
        segments += parts[i] ? parts[i]->segment_count : 0;
        symbols += parts[i] ? parts[i]->symbol_count : 0;
        files += parts[i] ? parts[i]->file_count : 0;
        lines += parts[i] ? parts[i]->line_count : 0;
    }
    struct image_segment *segment = calloc(segments + 1, sizeof *segment);
    struct image_symbol *symbol = calloc(symbols + 1, sizeof *symbol);
    const char **file = calloc(files + 1, sizeof *file);
    struct image_line *line = calloc(lines + 1, sizeof *line);
    *out = (struct image){.segments = segment, .symbols = symbol, .files = file, .lines = line};
    if (!segment || !symbol || !file || !line) {
        guest_symbols_free(out);
        return cli_error(CLI_UNAVAILABLE, "no memory for the toy OS's symbols");
    }
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; parts[i] && k < parts[i]->segment_count; k++) {
            segment[out->segment_count] = parts[i]->segments[k];
            segment[out->segment_count++].addr += parts[i] == kernel ? TOYOS_DIRECT_MAP : 0;
        }
        for (size_t k = 0; parts[i] && k < parts[i]->symbol_count; k++) {
            if (parts[i]->symbols[k].is_address) {
                symbol[out->symbol_count++] = parts[i]->symbols[k];
            }
        }
        for (size_t k = 0; parts[i] && k < parts[i]->line_count; k++) {
            line[out->line_count] = parts[i]->lines[k];
            line[out->line_count++].file += (uint32_t)out->file_count;
        }
        for (size_t k = 0; parts[i] && k < parts[i]->file_count; k++) {
            file[out->file_count++] = parts[i]->files[k];
        }
    }
    return CLI_OK;
}

void guest_symbols_free(struct image *image)
{
    free((void *)(uintptr_t)image->segments);
    free((void *)(uintptr_t)image->symbols);
    free((void *)(uintptr_t)image->files);
    free((void *)(uintptr_t)image->lines);
    *image = (struct image){0};
}
