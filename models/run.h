// run.h: one function that runs a guest under an architecture and says what came of it: what compare, the tests, Lua and the dashboard call.
// A guest is the toy OS, an image, or a whole RAM.
#ifndef RINGSIDE_MODELS_RUN_H
#define RINGSIDE_MODELS_RUN_H

#include "models/recording.h"
#include "models/vm.h"
#include "sim/toyos.h"

// What to run. Everything is borrowed. Exactly one of os, image and ram is given.
struct run_spec {
    struct arch_config arch;
    struct machine_config config; // of the machine that the guest sees; a host has more RAM
    uint64_t pool;                // as vm_create

    // The toy OS: the native build, and the paravirtual one for techniques that need it (may be NULL else).
    const struct toyos *os, *os_paravirt;
    const char *command_line; // "workload=hello n=3 …"
    const char *workload;     // whose checksum line to look for, or NULL

    const struct image *image; // a bare program, begins at its entry with a0 = boot_info
    uint64_t boot_info;

    const uint8_t *ram; // config.ram bytes; begins at `entry`
    uint64_t entry;

    const uint8_t *disk; // of a guest without OS (the toy OS brings its own), or NULL
    size_t disk_size;
    const char *input; // typed before the start, or NULL
    size_t input_size;
    uint64_t until;        // cycles after which to stop; 0: none
    uint64_t instructions; // likewise

    struct recording *recording; // run_guest writes down in it what happens, or NULL
};

// What came of it. `cycles_by` sums to `cycles_all` exactly, and each processor's categories to its own time.
struct run_result {
    struct stop_info stop;
    unsigned cpus;
    uint64_t cycles;     // elapsed: the time of the processor that got furthest
    uint64_t cycles_all; // the processors' times added up; with one processor the same
    uint64_t cycles_by[CYC_COUNT];
    uint64_t instructions;                     // of the guest, completed (emulated ones included)
    uint64_t exceptions, interrupts, syscalls; // delivered to the guest; its system calls
    uint64_t tlb_misses;                       // walks
    uint64_t l1_misses, l2_hits, walk_refs;
    uint64_t
        exits[EXIT_REASONS]; // ways into the hypervisor, by reason, as the processors counted them
    uint64_t exits_all;
    struct vm_stats stats; // what handling them took, and the mechanisms' own counts
    uint64_t state_hash;   // see run_state_hash
    bool has_checksum;
    uint64_t checksum; // that the workload printed
    char *console;     // owned, not terminated
    size_t console_size;
};

// Runs it to its end or limit. False, with a reason of one line in err, if it cannot be set up (*out needs no freeing then). How the guest ended is in
// out->stop: a panic or a triple fault is a result.
bool run_guest(const struct run_spec *spec, struct run_result *out, char *err, size_t err_size);
void run_result_free(struct run_result *r);

// The same in parts, for who wants to look in between: a machine that has not run yet (vm_destroy is the caller's), and what came of it so far.
struct vm *run_boot(const struct run_spec *spec, char *err, size_t err_size);
bool run_collect(const struct vm *vm, const struct run_spec *spec, struct run_result *out,
                 char *err, size_t err_size);

// longer - shorter, of every count: what the further length took, without boot and warm-up. False, with a reason in err, if some category shrank:
// then there is no steady state to speak of.
bool run_subtract(struct run_result *longer, const struct run_result *shorter, char *err,
                  size_t err_size);

// Looks at a finished run: "" if the workload came to its end with the checksum that it must print for length n, and with native's console and state (NULL:
// not compared); else why is what is wrong, one line.
bool run_judge(const struct run_result *r, const struct toyos_workload *workload, uint64_t n,
               const struct run_result *native, char *why, size_t why_size);

// What two runs of a guest must agree in. With an operating system: the user program that is loaded when the machine stops, that is registers r1 to r15 of the
// processor that stopped it, and contents of the pages that the loaded page table lets ring 3 use, in the order of their addresses.
// Without: every register of every processor, and all of the guest's RAM. Independent of host, build, and what the guest's pages are made of.
uint64_t run_state_hash(const struct vm *vm, bool os);

// A model with every cost one unit: mechanisms must count the same as with any other.
struct cpu_model run_unit_costs(const struct cpu_model *model);

#endif
