// CPU models by name: those that are part of the program (scenarios/data/cpus), or a file of one's own.
#ifndef CLI_MODEL_H
#define CLI_MODEL_H

#include "cli/cli.h"
#include "sim/cost.h"

// The model that a machine has unless told otherwise, and what completes --cpu.
#define MODEL_DEFAULT    "xeon"
#define MODEL_NAMES_FROM "list cpus --names"

// The shared option row of every command that builds a machine.
#define OPTION_ROW_CPU(type, field)                                         \
    {                                                                       \
        .name = "cpu", .kind = OPTION_STRING, .arg = "MODEL",               \
        .help = "CPU model, by name ('ringside list cpus') or a .cpu file", \
        .offset = offsetof(type, field), .values_from = MODEL_NAMES_FROM    \
    }

// Loads a built-in model by its name, or a file if `name` has a slash or ends in ".cpu". Returns CLI_OK
// and a model to be freed with cpu_model_free(), or another status after an error line.
int model_load(const char *name, struct cpu_model *model);

// The names of the built-in models in alphabetic order, ended by NULL.
enum { MODELS_MAX = 64, MODEL_NAME_SIZE = 32 };
struct model_names {
    const char *list[MODELS_MAX + 1];
    char text[MODELS_MAX][MODEL_NAME_SIZE];
    size_t count;
};
void model_names(struct model_names *names);

#endif
