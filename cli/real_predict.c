// What the simulator says of a micro-operation: the toy program that does the same, under type2/fullvirt-hw, in two lengths.
#include "cli/real.h"

#include "cli/data.h"
#include "models/run.h"

#include <inttypes.h>
#include <string.h>

enum {
    LENGTH = 64
}; // operations; the exits of 2 x LENGTH less those of LENGTH are those of LENGTH operations, to the last one

static bool include(void *ctx, const char *name, const char *from, struct asm_source *out,
                    char *err, size_t err_size)
{
    char path[128];
    (void)ctx, (void)from;
    snprintf(path, sizeof path, "examples/%s", name);
    const struct data_file *file = data_find(path);
    if (file) {
        *out = (struct asm_source){file->name, file->text, file->size};
        return true;
    }
    snprintf(err, err_size, "no such file");
    return false;
}

static bool assemble(enum real_op op, uint64_t n, struct asm_result *out, char *err,
                     size_t err_size)
{
    const struct data_file *file = data_find("guest/real/micro.s");
    char symbol[40] = "OP_";
    snprintf(symbol + 3, sizeof symbol - 3, "%s", real_op_info(op)->name);
    for (char *c = symbol; *c; c++) {
        *c = *c == '-' ? '_' : *c;
    }
    const struct asm_define defines[] = {{symbol, 1}, {"N", (int64_t)n}};
    struct asm_request request = {.defines = defines, .define_count = 2, .include = include};
    if (!file) {
        snprintf(err, err_size, "the toy program is not built in");
        return false;
    }
    request.source = (struct asm_source){file->name, file->text, file->size};
    if (!asm_assemble(&request, out)) {
        const struct asm_diagnostic *d = out->diagnostics;
        snprintf(err, err_size, "%s:%u: %s", d ? d->file : file->name, d ? d->line : 0,
                 d ? d->text : "wrong");
        asm_result_free(out);
        return false;
    }
    return true;
}

static bool run_length(enum real_op op, uint64_t n, const struct arch_config *arch,
                       const struct cpu_model *model, struct run_result *r, char *err,
                       size_t err_size)
{
    struct asm_result built;
    if (!assemble(op, n, &built, err, err_size)) {
        return false;
    }
    struct run_spec spec = {
        .arch = *arch, .image = &built.image, .instructions = UINT64_C(1000000000)};
    machine_config_default(&spec.config);
    spec.config.model = model;
    spec.config.cpus = op == REAL_OP_IPI ? 2 : 1;
    bool ok = run_guest(&spec, r, err, err_size);
    asm_result_free(&built);
    if (ok && (r->stop.reason != STOP_POWEROFF || r->stop.status != 0)) {
        snprintf(err, err_size, "the toy guest did not come to its end (pc 0x%" PRIx64 ")",
                 r->stop.pc);
        run_result_free(r);
        ok = false;
    }
    return ok;
}

bool real_predict(enum real_op op, const struct real_platform *platform,
                  const struct cpu_model *model, struct real_prediction *out, char *err,
                  size_t err_size)
{
    struct arch_config arch;
    struct run_result once, twice;
    bool nested = platform->paging == REAL_NESTED;
    bool apicv = platform->apicv && nested && cpu_model_has(model, CPU_FEATURE_APICV);
    *out = (struct real_prediction){0};
    if (!arch_parse(&arch,
                    nested ? "type2/fullvirt-hw,paging=nested" : "type2/fullvirt-hw,paging=shadow",
                    err, err_size) ||
        (apicv && !arch_set(&arch, "apicv", "1", err, err_size)) ||
        !run_length(op, LENGTH, &arch, model, &once, err, err_size)) {
        return false;
    }
    bool ok = run_length(op, 2 * LENGTH, &arch, model, &twice, err, err_size);
    if (ok) {
        for (unsigned r = 0; r < EXIT_REASONS; r++) {
            uint64_t more = twice.exits[r] > once.exits[r] ? twice.exits[r] - once.exits[r] : 0;
            enum exit_reason reason = real_reason_fold(platform->vendor, (enum exit_reason)r);
            out->exits[reason] += (unsigned)((more + LENGTH / 2) / LENGTH);
        }
        out->milli = (twice.cycles - once.cycles) * 1000 / LENGTH;
        run_result_free(&twice);
    }
    run_result_free(&once);
    return ok;
}
