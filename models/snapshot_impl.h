// snapshot_impl.h: what the parts share that take a picture: snapshot_take.c (head, counts), snapshot_cpu.c (processors, code), snapshot_memory.c
// (walk, tables, TLB), snapshot_story.c (the sentence).
#ifndef RINGSIDE_MODELS_SNAPSHOT_IMPL_H
#define RINGSIDE_MODELS_SNAPSHOT_IMPL_H

#include "models/observe.h"
#include "models/run.h"
#include "models/session.h"

// Whose names stand for the guest's addresses.
struct guest_symbols {
    const struct image *kernel; // or the only program there is
    const char *kernel_name;
    const struct toyos *os; // whose programs run in ring 3; NULL: there is none
    const char *workload;   // the program that is looked for first
    session_source_fn source;
    void *source_ctx;
};

// What is pictured, and how.
struct snapshot_view {
    const struct run_spec *spec;
    struct vm *vm;
    struct observer *observer;
    struct guest_symbols symbols;
    const struct session_break *breaks;
    unsigned break_count;
    bool look_follow;
    uint64_t look;
    uint64_t code[SNAP_CPUS];
    bool code_fixed[SNAP_CPUS];
    bool limit;          // the run's own limit is reached
    uint64_t state_hash; // when it has stopped
    bool has_checksum;
    uint64_t checksum;
};

void snapshot_take(const struct snapshot_view *v, struct snapshot *out);

// snapshot_cpu.c
void snapshot_cpu(const struct snapshot_view *v, unsigned i, struct snapshot_cpu *out);
// The instruction at pc, or the one given if it is one, as text; its word, 0 if it cannot be read.
uint32_t snapshot_instruction(const struct snapshot_view *v, unsigned cpu, uint64_t pc,
                              const struct insn *in, char *text, size_t size);
void snapshot_symbol(const struct snapshot_view *v, unsigned cpu, uint64_t pc, bool user, char *out,
                     size_t size);

// snapshot_memory.c
// Bytes at a guest-virtual address as processor i's guest maps it now; how many could be read.
size_t snapshot_read(const struct vm *vm, unsigned i, uint64_t va, void *out, size_t n);
void snapshot_memory(const struct snapshot_view *v, struct snapshot *out);

// snapshot_story.c
void snapshot_story(const struct snapshot_view *v, struct snapshot *out);

// Copies a text, cut to fit.
void snapshot_text(char *out, size_t size, const char *text);

#endif
