// Scripts from anywhere: run within small bounds, or refused with a line; never a crash, a hang, a leak or a way out.
#include "cli/run.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct run_world world; // its toy OS is built once
    const struct scenario_host host = {
        .ctx = &world, .os = run_world_os, .cpu = run_world_cpu, .program = run_world_program};
    const struct scenario_limits limits = {
        .steps = 50000, .memory = 4 << 20, .instructions = 3000000};
    struct scenario_facts facts;
    char err[512];
    struct scenario *s = scenario_create("fuzz.lua", (const char *)data, size, &host, &limits, 1);
    if (!s) {
        return 0;
    }
    if (scenario_perform(s, NULL, 0, err, sizeof err) == SCENARIO_ERROR && !err[0]) {
        abort();
    }
    scenario_facts(s, &facts);
    for (size_t i = 0; i < facts.run_count; i++) {
        if (facts.runs[i].result.cycles_all < facts.runs[i].result.cycles) {
            abort();
        }
    }
    scenario_free(s);
    return 0;
}
