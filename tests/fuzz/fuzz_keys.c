// Fuzzes the dashboard with keys: any bytes as a script of keys, on a small guest under an architecture that the first byte chooses. No crash,
// no hang, no leak.
#include "cli/model.h"
#include "models/run.h"
#include "tui/loop.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// cpuid; addi a0, a0, 1; back: exits for ever, or until the limit.
static const uint32_t program[] = {0x44000000, 0x11110001, 0x38fffffe};
static const char *const archs[] = {"native", "type1/fullvirt-hw", "type1/fullvirt-bt", "kvm"};
enum { RAM = 2 << 20, KEYS_MOST = 80, ENTRY = 0x1000, INSTRUCTIONS = 20000 };

static const struct cpu_model *model(void)
{
    static struct cpu_model xeon;
    if (!xeon.name[0] && model_load(MODEL_DEFAULT, &xeon) != CLI_OK) {
        abort();
    }
    return &xeon;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t ram[RAM];
    struct run_spec spec = {.ram = ram, .entry = ENTRY, .instructions = INSTRUCTIONS};
    char err[256], keys[KEYS_MOST + 1] = "";
    if (size == 0) {
        return 0;
    }
    memcpy(ram + ENTRY, program, sizeof program);
    machine_config_default(&spec.config);
    spec.config.ram = RAM;
    spec.config.model = model();
    size = size - 1 < KEYS_MOST ? size - 1 : KEYS_MOST;
    memcpy(keys, data + 1, size);
    const char *arch = archs[data[0] % (sizeof archs / sizeof *archs)];
    const struct dashboard_config config = {
        .spec = &spec, .compare = {"native", "type1/fullvirt-hw"}, .compare_count = 2};
    struct dashboard *d = arch_parse(&spec.arch, arch, err, sizeof err)
                              ? dashboard_create(&config, err, sizeof err)
                              : NULL;
    if (!d) {
        abort();
    }
    loop_script(d, keys, 80, 24, NULL, NULL, err, sizeof err);
    dashboard_destroy(d);
    return 0;
}
