// The assembler's view of the file system: included files, -D values, error lines.
#include "cli/asm_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCE_LIMIT = 64 << 20 };

// A file that was read, kept until the assembly is over.
struct loaded {
    struct loaded *next;
    char *name, *text;
    size_t size;
};

struct finder {
    const struct option_list *folders;
    struct loaded *loaded;
};

static char *join(const char *folder, size_t folder_length, const char *name)
{
    size_t n = strlen(name);
    char *path = malloc(folder_length + n + 2);
    if (path) {
        memcpy(path, folder, folder_length);
        path[folder_length] = '/';
        memcpy(path + folder_length + (folder_length > 0), name, n + 1);
    }
    return path;
}

// Reads the file at `path`, which it takes over, without a word on failure: the assembler reports it.
static const struct loaded *load(struct finder *f, char *path, char *err, size_t err_size)
{
    FILE *in = path ? fopen(path, "rb") : NULL;
    if (!in) {
        snprintf(err, err_size, "%s", strerror(path ? errno : ENOMEM));
        free(path);
        return NULL;
    }
    struct loaded *l = calloc(1, sizeof *l);
    size_t cap = 0;
    for (bool more = l != NULL; more;) {
        if (l->size == cap) {
            cap = cap ? cap * 2 : 16384;
            char *text = cap > SOURCE_LIMIT ? NULL : realloc(l->text, cap);
            if (!text) {
                snprintf(err, err_size, "it is larger than %d MiB", SOURCE_LIMIT >> 20);
                break;
            }
            l->text = text;
        }
        size_t n = fread(l->text + l->size, 1, cap - l->size, in);
        l->size += n;
        more = n > 0;
    }
    bool ok = l && !ferror(in) && feof(in);
    if (l && ferror(in)) {
        snprintf(err, err_size, "%s", strerror(errno ? errno : EIO));
    }
    fclose(in);
    if (!ok) {
        free(l ? l->text : NULL);
        free(l);
        free(path);
        return NULL;
    }
    l->name = path;
    l->next = f->loaded;
    f->loaded = l;
    return l;
}

static void finder_free(struct finder *f)
{
    while (f->loaded) {
        struct loaded *l = f->loaded;
        f->loaded = l->next;
        free(l->name);
        free(l->text);
        free(l);
    }
}

// First beside the including file, then in the -I folders in their order.
static bool include(void *ctx, const char *name, const char *from, struct asm_source *out,
                    char *err, size_t err_size)
{
    struct finder *f = ctx;
    const char *slash = strrchr(from, '/');
    size_t own = name[0] == '/' || !slash ? 0 : (size_t)(slash - from);
    const struct loaded *l = load(f, join(from, own, name), err, err_size);
    for (size_t i = 0; !l && f->folders && i < f->folders->count && name[0] != '/'; i++) {
        const char *folder = f->folders->items[i];
        char ignored[256];
        l = load(f, join(folder, strlen(folder), name), ignored, sizeof ignored);
    }
    if (l) {
        *out = (struct asm_source){l->name, l->text, l->size};
    }
    return l != NULL;
}

// "NAME" or "NAME=VALUE"; the value a number as in source, perhaps negative.
static int parse_define(const char *text, struct asm_define *out, char **name)
{
    const char *equals = strchr(text, '=');
    size_t n = equals ? (size_t)(equals - text) : strlen(text);
    uint64_t value = 1;
    bool minus = equals && equals[1] == '-';
    if (equals && !cli_parse_number(equals + 1 + minus, &value)) {
        return cli_error(
            CLI_USAGE, "-D %s: the value is not a number; write -D NAME=42 or -D NAME=0x2a", text);
    }
    *name = malloc(n + 1);
    if (!*name) {
        return cli_error(CLI_UNAVAILABLE, "no memory");
    }
    memcpy(*name, text, n);
    (*name)[n] = 0;
    *out = (struct asm_define){*name, (int64_t)(minus ? 0 - value : value)};
    return CLI_OK;
}

static int assemble(const char *path, const char *text, size_t size,
                    const struct option_list *defines, struct finder *finder,
                    enum asm_listing listing, struct asm_result *result)
{
    size_t count = defines ? defines->count : 0;
    struct asm_define *list = calloc(count + 1, sizeof *list);
    char **names = calloc(count + 1, sizeof *names);
    int status = list && names ? CLI_OK : cli_error(CLI_UNAVAILABLE, "no memory");
    for (size_t i = 0; status == CLI_OK && i < count; i++) {
        status = parse_define(defines->items[i], &list[i], &names[i]);
    }
    if (status == CLI_OK) {
        const struct asm_request request = {
            .source = {strcmp(path, "-") == 0 ? "<stdin>" : path, text, size},
            .defines = list,
            .define_count = count,
            .include = include,
            .include_ctx = finder,
            .listing = listing,
        };
        if (!asm_assemble(&request, result)) {
            status = CLI_BAD_INPUT;
        }
        for (size_t i = 0; i < result->diagnostic_count; i++) {
            const struct asm_diagnostic *d = &result->diagnostics[i];
            cli_input_error(d->file, d->line, d->column, "%s", d->text);
        }
    }
    for (size_t i = 0; names && i < count; i++) {
        free(names[i]);
    }
    free(names);
    free(list);
    return status;
}

int asm_source_assemble(const char *path, const struct option_list *defines,
                        const struct option_list *folders, enum asm_listing listing,
                        struct asm_result *result)
{
    size_t size;
    *result = (struct asm_result){0};
    char *text = cli_read_file(path, SOURCE_LIMIT, &size);
    if (!text) {
        return CLI_BAD_INPUT;
    }
    struct finder finder = {.folders = folders};
    int status = assemble(path, text, size, defines, &finder, listing, result);
    finder_free(&finder);
    free(text);
    return status;
}

int asm_source_load(const char *path, const struct option_list *defines,
                    const struct option_list *folders, struct image *image)
{
    static const char magic[] = "T64IMAGE";
    size_t size;
    *image = (struct image){0};
    char *bytes = cli_read_file(path, SOURCE_LIMIT * 2, &size);
    if (!bytes) {
        return CLI_BAD_INPUT;
    }
    int status = CLI_OK;
    struct finder finder = {.folders = folders};
    if (size >= sizeof magic - 1 && memcmp(bytes, magic, sizeof magic - 1) == 0) {
        char err[160];
        if (!image_parse(image, (const uint8_t *)bytes, size, err, sizeof err)) {
            status = cli_input_error(path, 0, 0, "%s", err);
        }
    } else {
        struct asm_result result = {0};
        status = assemble(path, bytes, size, defines, &finder, ASM_LISTING_NONE, &result);
        *image = result.image; // the rest of the result goes, the image stays
        result.image = (struct image){0};
        asm_result_free(&result);
        finder_free(&finder);
    }
    free(bytes);
    return status;
}
