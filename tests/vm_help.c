// Builds and runs guests for tests of the architectures.
#include "tests/vm_help.h"

#include "cli/guest.h"
#include "cli/model.h"
#include "tests/test.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CODE_LIMIT = 5000000 };
#define TIME_LIMIT (UINT64_C(1) << 40)

static bool set_arch(struct run_spec *spec, const struct vm_where *where)
{
    char err[256];
    return arch_parse(&spec->arch, where->arch ? where->arch : "native", err, sizeof err) ||
           FAIL("%s", err);
}

static bool set_where(struct run_spec *spec, struct cpu_model *model, const struct vm_where *where)
{
    if (!CHECK(model_load(where->cpu ? where->cpu : MODEL_DEFAULT, model) == CLI_OK)) {
        return false;
    }
    for (unsigned k = 0; where->unit_costs && k < COST_COUNT; k++) {
        model->cost[k].value = 1;
    }
    machine_config_default(&spec->config);
    spec->config.model = model;
    spec->config.cpus = where->cpus ? where->cpus : 1;
    spec->config.levels = where->levels ? where->levels : 4;
    spec->config.holes_closed = !where->holes_open;
    return set_arch(spec, where);
}

// ---- assembly -------------------------------------------------------------------------------------

static bool run_source(struct vm_test *t, const char *source, const struct vm_where *where)
{
    char err[256];
    const struct asm_request request = {.source = {"guest.s", source, strlen(source)}};
    if (!asm_assemble(&request, &t->program)) {
        const struct asm_diagnostic *d = t->program.diagnostics;
        return FAIL("%s:%u:%u: %s", d->file, d->line, d->column, d->text);
    }
    if (!set_where(&t->spec, &t->model, where)) {
        return false;
    }
    t->spec.config.ram = UINT64_C(4) << 20;
    t->spec.image = &t->program.image;
    t->spec.disk = where->disk;
    t->spec.disk_size = where->disk_size;
    t->vm = run_boot(&t->spec, err, sizeof err);
    if (!t->vm) {
        return FAIL("%s", err);
    }
    vm_run(t->vm, TIME_LIMIT, CODE_LIMIT);
    return run_collect(t->vm, &t->spec, &t->result, err, sizeof err) || FAIL("%s", err);
}

struct vm_test *vm_test_source(const char *source, const struct vm_where *where)
{
    struct vm_test *t = calloc(1, sizeof *t);
    if (t && !run_source(t, source, where)) {
        vm_test_free(t);
        return NULL;
    }
    return t;
}

void vm_test_free(struct vm_test *t)
{
    vm_destroy(t->vm);
    run_result_free(&t->result);
    asm_result_free(&t->program);
    cpu_model_free(&t->model);
    free(t);
}

uint64_t vm_test_word(const struct vm_test *t, const char *symbol, uint64_t offset)
{
    uint64_t word = 0;
    const struct image_symbol *s = image_find(&t->program.image, symbol);
    if (!s || !vm_read(t->vm, s->value + offset, &word, sizeof word)) {
        FAIL("no word at %s + %" PRIu64, symbol, offset);
    }
    return word;
}

// ---- generated programs ---------------------------------------------------------------------------

bool vm_test_generated(const struct gen_program *p, const struct vm_where *where,
                       struct run_result *out)
{
    char err[256];
    struct cpu_model model = where->unit_costs ? run_unit_costs(&p->model) : p->model;
    model.features |= (1u << CPU_FEATURE_COUNT) - 1u; // the program does not ask what there is
    struct run_spec spec = {.config = p->config,
                            .ram = p->ram,
                            .entry = p->entry,
                            .until = TIME_LIMIT,
                            .instructions = p->instructions};
    spec.config.model = &model;
    spec.config.holes_closed = !where->holes_open;
    if (!set_arch(&spec, where)) {
        return false;
    }
    return run_guest(&spec, out, err, sizeof err) ||
           FAIL("seed %" PRIu64 ", %s: %s", p->seed, where->arch, err);
}

// ---- the toy OS -----------------------------------------------------------------------------------

// Built once for all tests.
static const struct toyos *built_os(bool paravirt)
{
    static struct toyos os[2];
    static bool built[2];
    if (!built[paravirt]) {
        built[paravirt] = CHECK(guest_build(NULL, paravirt, &os[paravirt]) == CLI_OK);
    }
    return built[paravirt] ? &os[paravirt] : NULL;
}

bool vm_workload_make(struct vm_workload *w, const char *workload, uint64_t n,
                      const struct vm_where *where)
{
    *w = (struct vm_workload){.spec = {.os = built_os(false),
                                       .os_paravirt = built_os(true),
                                       .workload = workload,
                                       .input = where->input,
                                       .input_size = where->input ? strlen(where->input) : 0,
                                       .until = TIME_LIMIT,
                                       .instructions = UINT64_C(500000000)}};
    snprintf(w->line, sizeof w->line, "workload=%s n=%" PRIu64 "%s%s", workload, n,
             where->tickless ? " tickless=1" : "", where->input ? " opt=i" : "");
    w->spec.command_line = w->line;
    return w->spec.os && w->spec.os_paravirt && set_where(&w->spec, &w->model, where);
}

void vm_workload_free(struct vm_workload *w)
{
    cpu_model_free(&w->model);
}

bool vm_test_workload(const char *workload, uint64_t n, const struct vm_where *where,
                      struct run_result *out)
{
    char err[256];
    struct vm_workload w;
    if (!vm_workload_make(&w, workload, n, where)) {
        return false;
    }
    bool ok = run_guest(&w.spec, out, err, sizeof err) || FAIL("%s: %s", workload, err);
    vm_workload_free(&w);
    return ok;
}

// ---- comparing ------------------------------------------------------------------------------------

bool vm_test_same(const struct run_result *a, const struct run_result *b, const char *what)
{
    const char *differs =
        a->stop.reason != b->stop.reason   ? "reason to stop"
        : a->stop.status != b->stop.status ? "status"
        : memcmp(a->stop.vector, b->stop.vector, sizeof a->stop.vector) != 0
            ? "vectors of the triple fault"
        : a->console_size != b->console_size || memcmp(a->console, b->console, a->console_size) != 0
            ? "console"
        : a->has_checksum != b->has_checksum || a->checksum != b->checksum ? "checksum"
        : a->state_hash != b->state_hash                                   ? "state"
                                                                           : NULL;
    return !differs || FAIL("%s: %s differs; stop %d and %d at 0x%" PRIx64 " and 0x%" PRIx64, what,
                            differs, a->stop.reason, b->stop.reason, a->stop.pc, b->stop.pc);
}
