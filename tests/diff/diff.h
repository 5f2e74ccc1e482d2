// Runs one program on the simulator and on the reference interpreter and finds the first thing in which they differ.
#ifndef TESTS_DIFF_DIFF_H
#define TESTS_DIFF_DIFF_H

#include "tests/gen/gen.h"
#include "tests/ref/ref.h"

// How the simulator is to run a program.
enum diff_path {
    DIFF_FAST,   // as it does by default
    DIFF_PLAIN,  // machine_config.reference
    DIFF_PIECES, // fast, but stopped and resumed many times at odd limits
    DIFF_PATHS
};

// The reference interpreter with the program loaded, ready to run; with `model` instead of the program's own, unless NULL.
// NULL when memory is out; else the caller's, for ref_destroy().
struct ref_machine *diff_reference(const struct gen_program *p, const struct cpu_model *model);

// Runs the program on both, up to its limits. True if all is equal: registers, memory, time, counters, console, reason
// to stop. Else `why` gets one line for each of the first few differences. `cover` (or NULL) gets what was reached.
bool diff_run(const struct gen_program *p, enum diff_path path, struct ref_cover *cover, char *why,
              size_t size);

// Finds the first moment, by time and by instructions, at which the two differ, and writes a report about it: from which
// state, what came next, and the differences. The program must be one for which diff_run() failed.
void diff_explain(const struct gen_program *p, enum diff_path path, char *report, size_t size);

#endif
