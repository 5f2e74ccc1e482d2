// Finds, reads and assembles programs; see program.h.
#include "cli/program.h"
#include "cli/data.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST_FILE = 64 << 20 }; // bytes of a source, an image or an included file

// A file that has been read for this program.
struct loaded {
    char *name;      // as diagnostics call it
    char *text;      // owned, unless built in
    const char *use; // the text, owned or not
    size_t size;
    struct loaded *next;
};

struct program_store {
    struct loaded *files;
    struct asm_result result; // when assembled
    struct image image;       // when read
    bool assembled;
    const struct program_request *request; // while assembling
};

static void *must(void *memory)
{
    if (!memory) {
        exit(cli_error(CLI_UNAVAILABLE, "no memory for the program"));
    }
    return memory;
}

static struct loaded *remember(struct program_store *store, const char *name, char *owned,
                               const char *text, size_t size)
{
    struct loaded *file = must(calloc(1, sizeof *file));
    *file = (struct loaded){must(strdup(name)), owned, text, size, store->files};
    store->files = file;
    return file;
}

// ---- the files that are part of the program
// ------------------------------------------------------

static const char prefix[] = "scenarios/";

// A built-in file by its full name ("scenarios/guest/x.inc") or below `folder`
// of scenarios/.
static struct loaded *find_built_in(struct program_store *store, const char *folder,
                                    const char *name)
{
    char path[256];
    const char *below = name;
    if (folder) {
        if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
            return NULL;
        }
        below = path;
    } else if (strncmp(name, prefix, strlen(prefix)) == 0) {
        below = name + strlen(prefix);
    }
    const struct data_file *data = data_find(below);
    if (!data) {
        return NULL;
    }
    char shown[288];
    snprintf(shown, sizeof shown, "%s%s", prefix, data->name);
    return remember(store, shown, NULL, data->text, data->size);
}

// ---- includes
// ------------------------------------------------------------------------------------

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISDIR(status.st_mode);
}

// "DIR/NAME"; an empty DIR gives NAME. To be freed.
static char *join(const char *dir, size_t dir_length, const char *name)
{
    size_t size = dir_length + strlen(name) + 2;
    char *path = must(malloc(size));
    bool slash = dir_length > 0 && dir[dir_length - 1] != '/';
    snprintf(path, size, "%.*s%s%s", (int)dir_length, dir, slash ? "/" : "", name);
    return path;
}

// Reads `path` if it is there, as an included file.
static struct loaded *try_file(struct program_store *store, char *path)
{
    struct loaded *file = NULL;
    if (is_file(path)) {
        size_t size;
        char *text = cli_read_file(path, LARGEST_FILE, &size);
        file = text ? remember(store, path, text, text, size) : NULL;
    }
    free(path);
    return file;
}

static struct loaded *find_include(struct program_store *store, const char *name, const char *from)
{
    if (name[0] == '/') {
        return try_file(store, must(strdup(name)));
    }
    const char *slash = strrchr(from, '/');
    size_t dir = slash ? (size_t)(slash - from) + 1 : 0;
    struct loaded *file = try_file(store, join(from, dir, name));
    const struct option_list *folders = &store->request->includes;
    for (size_t i = 0; !file && i < folders->count; i++) {
        file = try_file(store, join(folders->items[i], strlen(folders->items[i]), name));
    }
    if (file) {
        return file;
    }
    char *beside = join(from, dir, name);
    file = find_built_in(store, NULL, beside);
    free(beside);
    file = file ? file : find_built_in(store, "guest", name);
    file = file ? file : find_built_in(store, "examples", name);
    return file ? file : find_built_in(store, NULL, name);
}

// The assembler's callback.
static bool include(void *ctx, const char *name, const char *from, struct asm_source *out,
                    char *err, size_t err_size)
{
    struct program_store *store = ctx;
    struct loaded *file = find_include(store, name, from);
    if (!file) {
        snprintf(err, err_size, "no such file, neither beside %s nor below -I nor built in", from);
        return false;
    }
    *out = (struct asm_source){file->name, file->use, file->size};
    return true;
}

// ---- defines
// -------------------------------------------------------------------------------------

// -D NAME=VALUE; VALUE as cli_parse_number has it, with an optional sign.
static int parse_define(const char *text, struct asm_define *define, char **name)
{
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : strlen(text);
    const char *value = equals ? equals + 1 : "1";
    bool negative = value[0] == '-';
    uint64_t number;
    if (length == 0) {
        return cli_error(CLI_USAGE, "-D '%s': a name is missing; write -D NAME=VALUE", text);
    }
    if (!cli_parse_number(value + negative, &number)) {
        return cli_error(CLI_USAGE, "-D '%s': '%s' is not a number such as 42 or 0x2a", text,
                         value);
    }
    *name = must(strndup(text, length));
    define->name = *name;
    define->value = (int64_t)(negative ? 0 - number : number);
    return CLI_OK;
}

// ---- loading
// -------------------------------------------------------------------------------------

static int print_diagnostics(const struct asm_result *result)
{
    fflush(stdout);
    for (size_t i = 0; i < result->diagnostic_count; i++) {
        const struct asm_diagnostic *d = &result->diagnostics[i];
        cli_input_error(d->file, d->line, d->column, "%s", d->text);
    }
    return CLI_BAD_INPUT;
}

static int assemble(struct program *program, const struct program_request *request,
                    const struct loaded *file)
{
    struct program_store *store = program->store;
    size_t count = request->defines.count, filled = 0;
    struct asm_define *defines = must(calloc(count + 1, sizeof *defines));
    char **names = must(calloc(count + 1, sizeof *names));
    int status = CLI_OK;
    for (; filled < count && status == CLI_OK; filled++) {
        status = parse_define(request->defines.items[filled], &defines[filled], &names[filled]);
    }
    if (status == CLI_OK) {
        const struct asm_request what = {
            .source = {file->name, file->use, file->size},
            .defines = defines,
            .define_count = count,
            .include = include,
            .include_ctx = store,
            .listing = request->listing,
        };
        store->request = request;
        store->assembled = true;
        if (!asm_assemble(&what, &store->result)) {
            status = print_diagnostics(&store->result);
        }
        program->image = &store->result.image;
        program->listing = store->result.listing;
        program->listing_size = store->result.listing_size;
    }
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
    free(defines);
    return status;
}

// Everything that `ringside exec NAME` can find among the examples, for the
// guess at a mistyped one.
static const char *nearest_example(const char *name, char *buffer, size_t size)
{
    enum { MOST = 256 };
    char *names[MOST + 1] = {NULL};
    size_t count = 0;
    static const char folder[] = "examples/";
    for (const struct data_file *data = data_files; data->name && count < MOST; data++) {
        size_t length = strlen(data->name);
        if (strncmp(data->name, folder, strlen(folder)) == 0 && length > 2 &&
            strcmp(data->name + length - 2, ".s") == 0) {
            names[count++] =
                must(strndup(data->name + strlen(folder), length - strlen(folder) - 2));
        }
    }
    const char *nearest = cli_nearest(name, (const char *const *)names);
    if (nearest) {
        snprintf(buffer, size, "%s", nearest);
    }
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    return nearest ? buffer : NULL;
}

// The file that the user means: on disk, or built in. NULL after an error line.
static struct loaded *find_program(struct program_store *store, const char *path)
{
    bool on_disk = strcmp(path, "-") == 0 || is_file(path);
    struct loaded *file = NULL;
    if (!on_disk) {
        file = find_built_in(store, NULL, path);
        char source[256];
        snprintf(source, sizeof source, "%s.s", path);
        file = file ? file : find_built_in(store, "examples", path);
        file = file ? file : find_built_in(store, "examples", source);
    }
    bool plain = !strpbrk(path, "./");
    if (!file && !on_disk && plain) {
        char buffer[128];
        const char *nearest = nearest_example(path, buffer, sizeof buffer);
        cli_error(CLI_BAD_INPUT,
                  "no file and no example '%s'; %s%s%s'ringside list programs' "
                  "shows the examples",
                  path, nearest ? "did you mean '" : "", nearest ? nearest : "",
                  nearest ? "'? " : "");
        return NULL;
    }
    if (!file) {
        size_t size;
        char *text = cli_read_file(path, LARGEST_FILE, &size);
        file = text ? remember(store, strcmp(path, "-") == 0 ? "<stdin>" : path, text, text, size)
                    : NULL;
    }
    return file;
}

int program_load(const struct program_request *request, struct program *program)
{
    *program = (struct program){.store = must(calloc(1, sizeof(struct program_store)))};
    struct loaded *file = find_program(program->store, request->path);
    if (!file) {
        return CLI_BAD_INPUT;
    }
    program->name = must(strdup(file->name));
    if (file->size >= 8 && memcmp(file->use, "T64IMAGE", 8) == 0) {
        char error[256];
        if (!image_parse(&program->store->image, (const uint8_t *)file->use, file->size, error,
                         sizeof error)) {
            return cli_input_error(file->name, 0, 0, "%s", error);
        }
        program->image = &program->store->image;
        return CLI_OK;
    }
    if (memchr(file->use, 0, file->size)) {
        return cli_input_error(file->name, 0, 0,
                               "neither a T64 image nor a text; give a source file, "
                               "or an image made by 'ringside asm'");
    }
    program->source = file->use;
    program->source_size = file->size;
    return assemble(program, request, file);
}

void program_free(struct program *program)
{
    struct program_store *store = program->store;
    if (!store) {
        return;
    }
    if (store->assembled) {
        asm_result_free(&store->result);
    } else {
        image_free(&store->image);
    }
    while (store->files) {
        struct loaded *file = store->files;
        store->files = file->next;
        free(file->name);
        free(file->text);
        free(file);
    }
    free(store);
    free(program->name);
}

const char *program_line(const struct program *program, const char *file, unsigned line,
                         size_t *length)
{
    const struct loaded *loaded = program->store->files;
    while (loaded && strcmp(loaded->name, file) != 0) {
        loaded = loaded->next;
    }
    if (!loaded || line == 0) {
        return NULL;
    }
    const char *at = loaded->use, *end = at + loaded->size;
    for (unsigned i = 1; i < line; i++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline) {
            return NULL;
        }
        at = newline + 1;
    }
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    *length = (size_t)((newline ? newline : end) - at);
    return at;
}
