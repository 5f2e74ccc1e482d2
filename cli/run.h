// What `ringside run` and its exports share.
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/guest.h"
#include "cli/lang.h"
#include "cli/table.h"
#include "lua/scenario.h"

enum { RUN_MODELS_MAX = 32 };

// What scenarios need from us: the toy OS, CPU models, programs; made when first asked for.
struct run_world {
    struct toyos os[2]; // native, paravirtual
    bool built[2];
    struct cpu_model models[RUN_MODELS_MAX];
    const char *names[RUN_MODELS_MAX];
    size_t model_count;
};

// The parts of a scenario_host that give a script its guests; `ctx` of the host is the world's then, or begins with it.
const struct toyos *run_world_os(void *ctx, bool paravirt, char *err, size_t err_size);
const struct cpu_model *run_world_cpu(void *ctx, const char *name, char *err, size_t err_size);
bool run_world_program(void *ctx, const char *name, struct asm_source *out);
void run_world_free(struct run_world *world);

// A scenario's text: built in ("shadow-or-nested") or a file. *shown is what messages call it.
struct run_script {
    char *owned; // the file's text
    const char *text;
    size_t size;
    const char *shown;
    const char *name; // of a built-in one, else NULL
};
int run_script_load(const char *operand, struct run_script *script);
void run_script_free(struct run_script *script);
// Scenario i that is part of Ringside, by its name; false past the end.
bool run_script_name(size_t i, char *name, size_t size, struct run_script *script);
// The title that a script gives itself by lesson "...", without running it; "" if it does not.
void run_script_title(const struct run_script *script, char *title, size_t size);

// Prints runs beside each other: those of the toy OS with slowdown and overhead, bare programs with what they printed; then exits by reason of
// those that ask for it. Words by the catalogue, which may be NULL.
void run_show(const struct style *style, const struct catalog *words, const char *title,
              const struct scenario_run *const *runs, size_t count);

// Files. `why` is the script's error, or NULL.
int run_export_json(const char *path, const struct run_script *script,
                    const struct scenario_facts *facts, uint64_t seed, const char *why);
int run_export_trace(const char *path, const struct run_script *script,
                     const struct scenario_facts *facts, uint64_t seed);
int run_export_table(const struct scenario_facts *facts, const char *csv, const char *markdown);

#endif
