// Runs micro-workloads under one architecture and takes differences; see validate.h.
#include "cli/validate.h"

#include "cli/data.h"

#include <inttypes.h>
#include <string.h>

enum { NANO_PASSES = 400, NAME_SIZE = 64 };

struct figures {
    uint64_t cycles, idle, walk, refs;
};

// What of the toy OS is run, and how.
struct os_run {
    char workload[NAME_SIZE];
    uint64_t n;
    char options[8]; // the program's letters, such as h for huge pages
};

// ---- assembling ----------------------------------------------------------------------------------

static bool include(void *ctx, const char *name, const char *from, struct asm_source *out,
                    char *err, size_t err_size)
{
    static const char *const folders[] = {"guest/nano/", "examples/"};
    (void)ctx, (void)from;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", folders[i], name);
        const struct data_file *file = data_find(path);
        if (file) {
            *out = (struct asm_source){file->name, file->text, file->size};
            return true;
        }
    }
    snprintf(err, err_size, "no such file");
    return false;
}

static bool assemble(const char *name, uint64_t passes, struct asm_result *out, char *err,
                     size_t err_size)
{
    char path[128];
    snprintf(path, sizeof path, "guest/nano/%s.s", name);
    const struct data_file *file = data_find(path);
    if (!file) {
        snprintf(err, err_size, "no nanobenchmark '%s'", name);
        return false;
    }
    const struct asm_define n = {"N", (int64_t)passes};
    const struct asm_request request = {.source = {file->name, file->text, file->size},
                                        .defines = &n,
                                        .define_count = 1,
                                        .include = include};
    if (!asm_assemble(&request, out)) {
        const struct asm_diagnostic *d = out->diagnostics;
        snprintf(err, err_size, "%s:%u: %s", d ? d->file : path, d ? d->line : 0,
                 d ? d->text : "wrong");
        asm_result_free(out);
        return false;
    }
    return true;
}

// ---- running -------------------------------------------------------------------------------------

static bool run(struct run_spec *spec, const struct cpu_model *model, struct figures *out,
                char *err, size_t err_size)
{
    struct run_result r;
    spec->config.model = model;
    spec->instructions = UINT64_C(1000000000);
    if (!run_guest(spec, &r, err, err_size)) {
        return false;
    }
    bool ok = r.stop.reason == STOP_POWEROFF && r.stop.status == 0;
    if (!ok) {
        snprintf(err, err_size, "the guest did not come to its end (pc 0x%" PRIx64 ")", r.stop.pc);
    }
    *out = (struct figures){r.cycles, r.cycles_by[CYC_IDLE],
                            r.cycles_by[CYC_WALK] + r.cycles_by[CYC_WALK_2D], r.walk_refs};
    run_result_free(&r);
    return ok;
}

static bool run_nano(const char *name, uint64_t passes, const struct arch_config *arch,
                     const struct cpu_model *model, struct figures *out, char *err, size_t err_size)
{
    struct asm_result built;
    if (!assemble(name, passes, &built, err, err_size)) {
        return false;
    }
    struct run_spec spec = {.arch = *arch, .image = &built.image};
    machine_config_default(&spec.config);
    // On the ISA as it is nothing here uses a hole; trap-and-emulate is then right.
    bool ok = run(&spec, model, out, err, err_size);
    asm_result_free(&built);
    return ok;
}

static bool run_os(struct validate_bench *b, const struct os_run *what, uint64_t n,
                   const struct arch_config *arch, const struct cpu_model *model,
                   struct figures *out, char *err, size_t err_size)
{
    bool paravirt = arch_row(arch->arch)->technique == TECHNIQUE_PARAVIRT;
    char line[160];
    if (!b->has_os) {
        b->has_os = guest_build(NULL, false, &b->os) == CLI_OK;
    }
    if (paravirt && !b->has_os_paravirt) {
        b->has_os_paravirt = guest_build(NULL, true, &b->os_paravirt) == CLI_OK;
    }
    if (!b->has_os || (paravirt && !b->has_os_paravirt)) {
        snprintf(err, err_size, "the toy OS cannot be built");
        return false;
    }
    snprintf(line, sizeof line, "workload=%s n=%" PRIu64 " opt=%s", what->workload, n,
             what->options);
    struct run_spec spec = {.arch = *arch,
                            .os = &b->os,
                            .os_paravirt = b->has_os_paravirt ? &b->os_paravirt : NULL,
                            .workload = what->workload,
                            .command_line = line};
    machine_config_default(&spec.config);
    return run(&spec, model, out, err, err_size);
}

void validate_bench_free(struct validate_bench *b)
{
    if (b->has_os) {
        toyos_free(&b->os);
    }
    if (b->has_os_paravirt) {
        toyos_free(&b->os_paravirt);
    }
}

// ---- differences ---------------------------------------------------------------------------------

static uint64_t per_unit(uint64_t longer, uint64_t shorter, uint64_t units)
{
    return longer > shorter ? ((longer - shorter) * 1000 + units / 2) / units : 0;
}

// Two lengths, so that boot and warm-up vanish; and the loop around it, likewise.
static bool nano(const char *name, const struct arch_config *arch, const struct cpu_model *model,
                 struct figures *out, char *err, size_t err_size)
{
    struct figures once, twice, empty[2];
    uint64_t n = NANO_PASSES;
    if (!run_nano(name, n, arch, model, &once, err, err_size) ||
        !run_nano(name, 2 * n, arch, model, &twice, err, err_size) ||
        !run_nano("empty", n, arch, model, &empty[0], err, err_size) ||
        !run_nano("empty", 2 * n, arch, model, &empty[1], err, err_size)) {
        return false;
    }
    uint64_t loop = per_unit(empty[1].cycles, empty[0].cycles, n);
    out->cycles = per_unit(twice.cycles, once.cycles, n);
    out->cycles -= loop < out->cycles ? loop : out->cycles;
    out->walk = per_unit(twice.walk, once.walk, n);
    out->refs = per_unit(twice.refs, once.refs, n);
    return true;
}

static bool os(struct validate_bench *b, const struct os_run *what, const struct arch_config *arch,
               const struct cpu_model *model, struct figures *out, char *err, size_t err_size)
{
    struct figures once, twice;
    uint64_t n = what->n;
    if (!run_os(b, what, n, arch, model, &once, err, err_size) ||
        !run_os(b, what, 2 * n, arch, model, &twice, err, err_size)) {
        return false;
    }
    out->cycles = per_unit(twice.cycles, once.cycles, n);
    out->idle = per_unit(twice.idle, once.idle, n);
    out->walk = per_unit(twice.walk, once.walk, n);
    out->refs = per_unit(twice.refs, once.refs, n);
    return true;
}

// A unit's time where many requests are under way at once, and the device does at most `rate` a second: while one waits for the device
// the processor works for others, so whichever of the two is busier sets the pace.
static uint64_t queued(const struct figures *f, uint64_t rate, const struct cpu_model *model)
{
    uint64_t busy = f->cycles - f->idle;
    uint64_t device = rate > 0 ? (uint64_t)model->mhz * UINT64_C(1000000000) / rate : 0;
    return busy > device ? busy : device;
}

// "os WORKLOAD N [LETTERS]" and "queued WORKLOAD N RATE".
static uint64_t measure_os(struct validate_bench *b, const char *measure,
                           const struct arch_config *arch, const struct cpu_model *model, char *err,
                           size_t err_size)
{
    struct os_run what = {.options = ""};
    char kind[NAME_SIZE], fourth[NAME_SIZE] = "";
    uint64_t rate = 0;
    struct figures f = {0};
    sscanf(measure, "%63s %63s %" SCNu64 " %63s", kind, what.workload, &what.n, fourth);
    bool is_queued = strcmp(kind, "queued") == 0;
    if (is_queued && sscanf(fourth, "%" SCNu64, &rate) != 1) {
        snprintf(err, err_size, "'%s': at most how many a second can the device do?", measure);
        return 0;
    }
    if (!is_queued) {
        snprintf(what.options, sizeof what.options, "%.7s", fourth);
    }
    if (!os(b, &what, arch, model, &f, err, err_size)) {
        return 0;
    }
    return is_queued ? queued(&f, rate, model) : f.cycles;
}

uint64_t validate_measure(struct validate_bench *b, const char *measure, const char *arch,
                          const struct cpu_model *model, char *err, size_t err_size)
{
    char kind[NAME_SIZE], name[NAME_SIZE];
    uint64_t n = 0;
    struct arch_config config;
    struct figures f = {0};
    int words = sscanf(measure, "%63s %63s %" SCNu64, kind, name, &n);
    if (!arch_parse(&config, arch, err, err_size) || !arch_valid(&config, model, err, err_size)) {
        return 0;
    }
    if (words == 3) {
        return measure_os(b, measure, &config, model, err, err_size);
    }
    if (words != 2 || !nano(name, &config, model, &f, err, err_size)) {
        return 0;
    }
    return strcmp(kind, "refs") == 0 ? f.refs : strcmp(kind, "walk") == 0 ? f.walk : f.cycles;
}
