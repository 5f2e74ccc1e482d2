// Guests, processors and scripts for `ringside run`.
#include "cli/run.h"

#include "cli/data.h"
#include "cli/model.h"

#include <stdlib.h>
#include <string.h>

enum { LARGEST_SCRIPT = 1 << 20 };

const struct toyos *run_world_os(void *ctx, bool paravirt, char *err, size_t err_size)
{
    struct run_world *w = ctx;
    if (!w->built[paravirt]) {
        w->built[paravirt] = guest_build(NULL, paravirt, &w->os[paravirt]) == CLI_OK;
    }
    snprintf(err, err_size, "the toy OS cannot be built");
    return w->built[paravirt] ? &w->os[paravirt] : NULL;
}

const struct cpu_model *run_world_cpu(void *ctx, const char *name, char *err, size_t err_size)
{
    struct run_world *w = ctx;
    for (size_t i = 0; i < w->model_count; i++) {
        if (strcmp(w->names[i], name) == 0) {
            return &w->models[i];
        }
    }
    // Scripts may not open files: only the models that are part of Ringside.
    struct model_names names;
    model_names(&names);
    bool known = false;
    for (size_t i = 0; i < names.count && !known; i++) {
        known = strcmp(names.list[i], name) == 0;
    }
    if (!known) {
        const char *meant = cli_nearest(name, names.list);
        snprintf(err, err_size, "no CPU model '%s'; %s%s%s'ringside list cpus' names them all",
                 name, meant ? "did you mean '" : "", meant ? meant : "", meant ? "'? " : "");
        return NULL;
    }
    struct cpu_model *model = &w->models[w->model_count];
    if (w->model_count == RUN_MODELS_MAX || model_load(name, model) != CLI_OK) {
        snprintf(err, err_size, "the CPU model '%s' cannot be read", name);
        return NULL;
    }
    w->names[w->model_count++] = strdup(name);
    return model;
}

bool run_world_program(void *ctx, const char *name, struct asm_source *out)
{
    char path[256];
    (void)ctx;
    const struct data_file *file = NULL;
    static const char *const forms[] = {"examples/%s", "examples/%s.s", "%s"};
    for (size_t i = 0; i < 3 && !file; i++) {
        if (i == 2 && strncmp(name, "examples/", 9) != 0 && strncmp(name, "guest/", 6) != 0) {
            break; // nothing but sources
        }
        snprintf(path, sizeof path, forms[i], name); // NOLINT: the forms are ours
        file = data_find(path);
    }
    if (!file) {
        return false;
    }
    *out = (struct asm_source){file->name, file->text, file->size};
    return true;
}

void run_world_free(struct run_world *w)
{
    for (size_t i = 0; i < 2; i++) {
        if (w->built[i]) {
            toyos_free(&w->os[i]);
        }
    }
    for (size_t i = 0; i < w->model_count; i++) {
        cpu_model_free(&w->models[i]);
        free((void *)(uintptr_t)w->names[i]);
    }
}

// ---- scripts ----------------------------------------------------------------------------------------

bool run_script_name(size_t i, char *name, size_t size, struct run_script *script)
{
    for (const struct data_file *f = data_files; f->name; f++) {
        size_t n = strlen(f->name);
        if (strchr(f->name, '/') || n < 5 || strcmp(f->name + n - 4, ".lua") != 0 || i-- > 0) {
            continue;
        }
        snprintf(name, size, "%.*s", (int)(n - 4), f->name);
        *script =
            (struct run_script){.text = f->text, .size = f->size, .shown = f->name, .name = name};
        return true;
    }
    return false;
}

void run_script_title(const struct run_script *script, char *title, size_t size)
{
    static const char begins[] = "lesson \"";
    const char *text = strstr(script->text, begins);
    text = text ? text + strlen(begins) : "";
    snprintf(title, size, "%.*s", (int)strcspn(text, "\"\n"), text);
}

static bool names_file(const char *operand)
{
    size_t n = strlen(operand);
    return strcmp(operand, "-") == 0 || strchr(operand, '/') ||
           (n > 4 && strcmp(operand + n - 4, ".lua") == 0);
}

int run_script_load(const char *operand, struct run_script *script)
{
    enum { NAMES = 128, NAME_SIZE = 64 };
    static char names[NAMES][NAME_SIZE];
    const char *list[NAMES + 1] = {NULL};
    *script = (struct run_script){.shown = operand};
    if (names_file(operand)) {
        script->shown = strcmp(operand, "-") == 0 ? "<stdin>" : operand;
        script->owned = cli_read_file(operand, LARGEST_SCRIPT, &script->size);
        script->text = script->owned;
        return script->owned ? CLI_OK : CLI_BAD_INPUT;
    }
    for (size_t i = 0; i < NAMES && run_script_name(i, names[i], NAME_SIZE, script); i++) {
        if (strcmp(names[i], operand) == 0) {
            return CLI_OK;
        }
        list[i] = names[i];
    }
    const char *meant = cli_nearest(operand, list);
    return cli_error(
        CLI_USAGE,
        "run: no scenario '%s'; %s%s%s'ringside list scenarios' names them, and a file "
        "of your own ends in .lua",
        operand, meant ? "did you mean '" : "", meant ? meant : "", meant ? "'? " : "");
}

void run_script_free(struct run_script *script)
{
    free(script->owned);
    script->owned = NULL;
}
