// observe.h: what a session remembers of a run while it goes: who had each processor, the path that control took, exits by reason, the last fault and
// the last walk. It listens to the machine's hooks (sim/watch.h), changes nothing but when a run pauses, and records the same however
// the run is cut, so that what it holds is a function of the position.
#ifndef RINGSIDE_MODELS_OBSERVE_H
#define RINGSIDE_MODELS_OBSERVE_H

#include "models/recording.h"
#include "models/snapshot.h"
#include "models/vm.h"

// Something on the way of an exit, a charge or (key COST_COUNT) the guest's turn: a step of its path once somebody asks for the path.
struct observe_note {
    uint64_t at, cycles;
    uint8_t category, key, who;
};
enum { OBSERVE_NOTES = 32 };

// One processor's.
struct observe_cpu {
    uint64_t mark;          // its time is accounted for up to here
    enum snapshot_who base; // who has had it since
    uint64_t entered;       // when the guest last got it
    int16_t reason;         // the exit that is being handled, or -1
    bool open;              // the path is not at its end
    bool exiting;           // an exit is being handled, since exit_at
    uint64_t exit_at;
    // The last path was a change of ring, of which only this is kept until somebody asks.
    bool ring_path;
    enum snapshot_who ring_from;
    uint64_t ring_entered, ring_pc; // it was at `entered`
    // Likewise of an exit: what it began with, if that has not been written out yet, and the notes since.
    bool exit_path, exit_hardware;
    enum snapshot_who exit_from;
    uint64_t exit_entered;
    uint32_t notes;
    struct observe_note note[OBSERVE_NOTES];
    struct snapshot_path path;
    struct insn insn;   // that began it
    uint64_t addr;      // and what the exit says of an address, port or number
    uint8_t vector;     // of an exception
    uint64_t call;      // number of a hypercall
    uint64_t path_done; // instructions that this processor had completed when it was last added to
    struct snapshot_segment *last;
    uint32_t segments; // ever; the latest ones end with `last`
    struct snapshot_segment segment[SNAP_SEGMENTS];
    uint64_t bucket[SNAP_BUCKETS][WHO_COUNT]; // cycles
    uint64_t bucket_end;                      // of the bucket in which it is now
    uint64_t in_bucket[WHO_COUNT];            // what is to be added to that one
};

struct observe_exit {
    uint64_t pc, time;
    struct insn insn;
    uint8_t cpu;
    uint64_t count;
    uint32_t trend[SNAP_TREND];
};

// When to pause.
struct observe_stop {
    bool at_position; // instructions, exits and events have all reached these
    uint64_t instructions, exits, events;
    bool on_event; // after every delivery and every exit
    bool on_ring;  // after every change between the guest's kernel and its program
    bool on_walk;
    int reason; // after an exit of this reason; -1: none, EXIT_REASONS: any
};

struct observer {
    struct vm *vm;
    struct recording *recording; // where all of it is written down, or NULL
    struct observe_stop stop;
    uint8_t who[CYC_COUNT]; // whose a charge of a category is
    bool paused_exit;       // it was one about exits
    bool paused;            // a condition held
    int last_reason;        // of the exit that was over last
    uint64_t exits, events;
    unsigned focus; // processor that something happened on last
    unsigned shift; // a bucket of the timeline is 1 << shift cycles, a trend's four times that
    uint64_t weight
        [16]
        [16]; // how often control went from one to another; a power of two for the address's sake
    struct observe_exit exit[EXIT_REASONS];
    struct snapshot_fault fault;
    // The last walk that was recorded.
    struct walk_log log;
    struct walk_result walk;
    struct snapshot_walk walk_head; // without its references
    uint64_t walk_at;               // instructions completed then
    struct observe_cpu cpu[];       // vm->vcpus of them
};

// Listens to the machine of `vm` from now on; NULL when memory is short. Free it before the machine.
struct observer *observer_attach(struct vm *vm);
void observer_free(struct observer *o);
// Whether walks are recorded, which costs: off at first.
void observer_walks(struct observer *o, bool on);
// Instructions completed by all processors.
uint64_t observer_instructions(const struct observer *o);
// Brings every processor's account up to its time.
void observer_flush(struct observer *o);
// The same, and what is open counts as over: for the recording's end.
void observer_close(struct observer *o);

#endif
