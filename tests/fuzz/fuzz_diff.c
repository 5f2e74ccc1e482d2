// Fuzzes the processor: bytes decide how a guest program is generated, and the simulator must do with it what the reference
// interpreter does. The first byte also says by which path.
#include "tests/diff/diff.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gen_program program; // made once: its memory is reused
    static char report[8192];
    if (size == 0 || (!program.ram && !gen_init(&program))) {
        return 0;
    }
    enum diff_path path = (enum diff_path)(data[0] % DIFF_PATHS);
    gen_make_from(&program, data + 1, size - 1);
    program.instructions = 800; // many short ones find more than few long ones
    if (!diff_run(&program, path, NULL, report, sizeof report)) {
        diff_explain(&program, path, report, sizeof report);
        fprintf(stderr, "%s", report);
        abort();
    }
    return 0;
}
