// recording.h: what happened in a run, written down in order: who had each processor, exits, page walks, page faults that a hypervisor looked into,
// and events that were delivered. Bounded: the first ones from a time on are kept, the rest is counted. For exports as a trace; a picture of one
// moment is models/snapshot.h's. Changes nothing of the run.
#ifndef RINGSIDE_MODELS_RECORDING_H
#define RINGSIDE_MODELS_RECORDING_H

#include "models/snapshot.h"
#include "models/vm.h"

enum recorded_kind {
    RECORDED_WHO, // `who` had the processor
    RECORDED_EXIT, // from the way out to the way back in (or, if the guest waits, to the monitor's rest)
    RECORDED_WALK,  // page tables were walked
    RECORDED_FAULT, // a hypervisor found out whose a page fault or EPT violation was
    RECORDED_EVENT, // an exception or interrupt was delivered through the vector table
    RECORDED_KINDS
};

struct recorded {
    uint64_t from, to; // cycles of the processor
    uint64_t pc;       // EXIT, FAULT, WALK: of the instruction; EVENT: of the handler
    uint64_t va;       // WALK, FAULT: guest-virtual
    uint64_t addr;     // EXIT: struct vmexit's addr; FAULT: guest-physical
    struct insn insn;  // EXIT: that exits, or op OP_INVALID
    uint32_t error;    // FAULT, EVENT
    uint32_t refs;     // WALK: entries read
    int16_t reason;    // EXIT; WHO: the exit that is being handled, or -1
    uint8_t kind, cpu;
    uint8_t who;    // WHO: enum snapshot_who
    uint8_t vector; // EVENT, and EXIT of an exception or interrupt
    uint8_t owner;  // FAULT: enum snapshot_fault_owner
    uint8_t walk;   // WALK: enum snapshot_walk_kind
    bool ok;        // WALK: it came to its end
};

struct recording;
struct observer; // observe.h

// Keeps up to `limit` things that end at cycle `from` or later. NULL when memory is short.
struct recording *recording_create(size_t limit, uint64_t from);
void recording_free(struct recording *r); // NULL is allowed

// Records `vm` until the end, or until recording_end. One machine a recording; it must not have a watcher. Returns the one that it has then, the recording's
// own; NULL when memory is short.
struct observer *recording_begin(struct recording *r, struct vm *vm);
// No more, also before the machine goes away. What is open is closed at its time. Without a machine, nothing.
void recording_end(struct recording *r);

// What was kept, by the time at which it ended. Valid until recording_free.
const struct recorded *recording_items(const struct recording *r, size_t *count);
// How many of a kind there were in all (from the beginning of the run), kept or not; and whether some after `from` are left out.
uint64_t recording_count(const struct recording *r, enum recorded_kind kind);
uint64_t recording_left_out(const struct recording *r);
unsigned recording_cpus(const struct recording *r);

// For the observer: one more thing.
void recording_add(struct recording *r, const struct recorded *item);

#endif
