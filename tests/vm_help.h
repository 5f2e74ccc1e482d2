// Guests for tests of the architectures: a few lines of assembly, a generated program, or the toy OS, run under any of them.
#ifndef TESTS_VM_HELP_H
#define TESTS_VM_HELP_H

#include "models/run.h"
#include "tests/gen/gen.h"

// Where to run. Zero members: the default. `holes_open` is the option's negation, so that the default is a machine that can be virtualized.
struct vm_where {
    const char *arch; // "native"
    const char *cpu;  // model; xeon
    unsigned cpus;    // 1
    unsigned levels;  // 4
    bool holes_open;
    bool unit_costs;     // every cost is one
    bool tickless;       // the toy OS without its timer tick
    const uint8_t *disk; // for vm_test_source: a medium of disk_size bytes, or NULL
    size_t disk_size;
    const char *input; // typed at the toy OS before it starts, or NULL
};

// A program in a machine, from its sources to its end.
struct vm_test {
    struct cpu_model model;
    struct asm_result program;
    struct run_spec spec;
    struct vm *vm;
    struct run_result result;
};

// Assembles `source`, runs it to its end (or a generous limit) and looks at it. NULL after failed checks that say why.
struct vm_test *vm_test_source(const char *source, const struct vm_where *where);
void vm_test_free(struct vm_test *t);
// The 8 bytes at symbol + offset in guest memory; a failed check if it is not there.
uint64_t vm_test_word(const struct vm_test *t, const char *symbol, uint64_t offset);

// Runs a generated program; `where->cpu`, cpus and levels are the program's own. False after failed checks.
bool vm_test_generated(const struct gen_program *p, const struct vm_where *where,
                       struct run_result *out);

// The toy OS's workload with length n as something to run; owns what the spec points to. False after failed checks.
struct vm_workload {
    struct cpu_model model;
    struct run_spec spec;
    char line[96];
};
bool vm_workload_make(struct vm_workload *w, const char *workload, uint64_t n,
                      const struct vm_where *where);
void vm_workload_free(struct vm_workload *w);

// Runs the toy OS's workload with length n. False after failed checks.
bool vm_test_workload(const char *workload, uint64_t n, const struct vm_where *where,
                      struct run_result *out);

// Whether the two runs agree in all that a guest can see: how they ended, what they printed and computed, and their state.
bool vm_test_same(const struct run_result *a, const struct run_result *b, const char *what);

#endif
