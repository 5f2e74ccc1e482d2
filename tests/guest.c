// Builds and inspects machines for tests that run a few lines of assembly.
#include "tests/guest.h"

#include "cli/model.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static bool build(struct guest *g, const char *source, const struct guest_options *o)
{
    char err[256];
    const struct asm_request request = {.source = {"guest.s", source, strlen(source)},
                                        .defines = o->defines,
                                        .define_count = o->define_count};
    if (!CHECK(model_load(o->cpu ? o->cpu : MODEL_DEFAULT, &g->model) == CLI_OK)) {
        return false;
    }
    if (!asm_assemble(&request, &g->program)) {
        const struct asm_diagnostic *d = g->program.diagnostics;
        return FAIL("%s:%u:%u: %s", d->file, d->line, d->column, d->text);
    }
    struct machine_config config;
    machine_config_default(&config);
    config.model = &g->model;
    config.cpus = o->cpus ? o->cpus : 1;
    g->machine = machine_create(&config, err, sizeof err);
    if (!g->machine || !machine_load(g->machine, &g->program.image, 0x1000, err, sizeof err)) {
        return FAIL("%s", err);
    }
    return true;
}

struct guest *guest_new(const char *source, const struct guest_options *options)
{
    static const struct guest_options none = {0};
    struct guest *g = calloc(1, sizeof *g);
    if (g && build(g, source, options ? options : &none)) {
        return g;
    }
    if (g) {
        guest_free(g);
    }
    return NULL;
}

void guest_free(struct guest *g)
{
    if (g->machine) {
        char err[256];
        if (!machine_accounting_ok(g->machine, err, sizeof err)) {
            FAIL("%s", err);
        }
        machine_destroy(g->machine);
    }
    asm_result_free(&g->program);
    cpu_model_free(&g->model);
    free(g);
}

uint64_t guest_word(const struct guest *g, const char *symbol, uint64_t offset)
{
    uint64_t word = 0;
    const struct image_symbol *s = image_find(&g->program.image, symbol);
    if (!s || !machine_read(g->machine, s->value + offset, &word, sizeof word)) {
        FAIL("no word at %s + %llu", symbol, (unsigned long long)offset);
    }
    return word;
}

uint64_t guest_cost(const struct guest *g, enum cost_key k)
{
    return cost_cycles(&g->model, k);
}
