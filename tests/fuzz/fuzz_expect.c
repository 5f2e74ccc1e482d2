// Expectations in comments from anywhere: refused with a line, or held against an empty run without harm.
#include "cli/expect.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool no_memory(const void *ctx, uint64_t addr, void *to, size_t n)
{
    (void)ctx, (void)addr, (void)to, (void)n;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct image_symbol symbols[] = {{.name = "start", .value = 0x10000}};
    static char name[] = "fuzzed", console[] = "one line\nand another";
    const struct image image = {.symbols = symbols, .symbol_count = 1};
    const struct program program = {
        .name = name, .image = &image, .source = (const char *)data, .source_size = size};
    struct cpu_counters counters = {0};
    struct cpu_state state = {0};
    const struct report report = {.cpus = 1,
                                  .counters = &counters,
                                  .state = &state,
                                  .console = console,
                                  .console_size = sizeof console - 1};
    struct expectations expectations;
    if (expect_parse(&program, &expectations) == 0) {
        expect_check(&expectations, &report, no_memory, NULL);
        json_decref(expect_json(&expectations));
    }
    expect_free(&expectations);
    return 0;
}
