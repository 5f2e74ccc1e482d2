// Fuzzes the CPU model parser: any bytes either make a model that is within its bounds, or one line that says where and how to mend it.
#include "sim/cost.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok) {
        abort();
    }
}

static bool power_of_two_or_0(uint32_t v)
{
    return (v & (v - 1)) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cpu_model m;
    char err[300] = "";
    if (!cpu_model_parse(&m, "f", (const char *)data, size, err, sizeof err)) {
        require(strncmp(err, "f:", 2) == 0 && !strchr(err, '\n') && !m.strings);
        return 0;
    }
    const char *name, *doc;
    uint32_t value;
    for (unsigned i = 0; cpu_model_tlb_field(&m, i, &name, &doc, &value); i++) {
        require(power_of_two_or_0(value) && value <= 4096);
    }
    require(m.tlb.l1i_4k && m.tlb.l1d_4k && m.mhz && m.name[0] &&
            m.features >> CPU_FEATURE_COUNT == 0);
    for (unsigned k = 0; k < COST_COUNT; k++) {
        require(m.cost[k].source && m.cost[k].source[0] && m.cost[k].value <= 1000000000);
        require(cost_cycles(&m, (enum cost_key)k) <= UINT64_C(100000000000));
    }
    cpu_model_free(&m);
    return 0;
}
