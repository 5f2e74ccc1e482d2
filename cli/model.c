// Finds and parses CPU models.
#include "cli/model.h"
#include "cli/data.h"

#include <stdlib.h>
#include <string.h>

static const char folder[] = "data/cpus/";
static const char suffix[] = ".cpu";

enum { LARGEST_MODEL = 1 << 20 }; // bytes of a model file; ours have 10 KiB

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

void model_names(struct model_names *names)
{
    *names = (struct model_names){0};
    for (const struct data_file *file = data_files; file->name; file++) {
        if (strncmp(file->name, folder, strlen(folder)) != 0 || !ends_with(file->name, suffix)) {
            continue;
        }
        size_t length = strlen(file->name) - strlen(folder) - strlen(suffix);
        if (names->count < MODELS_MAX && length < MODEL_NAME_SIZE) {
            memcpy(names->text[names->count], file->name + strlen(folder), length);
            names->list[names->count] = names->text[names->count];
            names->count++;
        }
    }
}

static int parse(const char *path, const char *text, size_t size, struct cpu_model *model)
{
    char error[512];
    if (!cpu_model_parse(model, path, text, size, error, sizeof error)) {
        fflush(stdout);
        fprintf(stderr, "%s\n", error); // it begins with file:line:col
        return CLI_BAD_INPUT;
    }
    return CLI_OK;
}

static int load_file(const char *path, struct cpu_model *model)
{
    size_t size;
    char *text = cli_read_file(path, LARGEST_MODEL, &size);
    if (!text) {
        return CLI_BAD_INPUT;
    }
    int status = parse(path, text, size, model);
    free(text);
    return status;
}

int model_load(const char *name, struct cpu_model *model)
{
    if (strchr(name, '/') || ends_with(name, suffix)) {
        return load_file(name, model);
    }
    char path[128];
    int length = snprintf(path, sizeof path, "%s%s%s", folder, name, suffix);
    const struct data_file *file = length < (int)sizeof path ? data_find(path) : NULL;
    if (file) {
        return parse(path, file->text, file->size, model);
    }
    struct model_names names;
    model_names(&names);
    const char *nearest = cli_nearest(name, names.list);
    return cli_error(CLI_USAGE, "no CPU model '%s'; %s%s%s'ringside list cpus' shows them", name,
                     nearest ? "did you mean '" : "", nearest ? nearest : "", nearest ? "'? " : "");
}
