// observe.h: what a session remembers of a run while it goes. It listens to the machine's hooks (sim/watch.h), changes nothing but when a run pauses, and
// records the same however the run is cut, so that what it holds is a function of the position.
//
// Some of it is of the whole run: exits by reason, the last fault, and how the processors' time was shared, stretch by stretch, which the accounts of cycles
// say. The rest is fine: the path that control took, who had the processor from when to when, how often control went from one to another, walks. That costs, and a
// picture shows only the latest of it; so it is watched only near where a run stops. Time is cut into epochs of EPOCH instructions; a picture shows what
// is fine of the epoch that it lies in and of the one before, whether more was watched or not.
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

enum { OBSERVE_EPOCH = 16384 }; // instructions of all processors

// One processor's.
struct observe_cpu {
    // How its time was shared: what lies in buckets is the accounts' state at `sampled`.
    uint64_t sampled_at;
    uint64_t sampled[CYC_COUNT];
    uint64_t bucket_end;                      // of the bucket in which that lies
    uint64_t bucket[SNAP_BUCKETS][WHO_COUNT]; // cycles

    // What is fine, of this epoch and the one before.
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
    enum snapshot_who came_from; // who had it before
    bool path_over;              // the path belongs to an earlier epoch
    bool cut;                    // an epoch has begun: the last segment is over
    uint32_t older;              // segments of epochs before the one before this: not to be shown
    uint32_t this_epoch;         // segments before this epoch
    uint64_t path_epoch;         // in which the path began
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
    bool fine;            // it is watched
    uint64_t epoch;       // that the last boundary began, if it is
    unsigned focus;       // processor that something happened on last
    uint64_t focus_epoch; // in this epoch

    unsigned shift; // a bucket of the timeline is 1 << shift cycles, a trend's four times that
    // By epoch, odd or even: how often control went from one to another. Powers of two for the address's sake.
    uint64_t weight[2][16][16];
    struct observe_exit exit[EXIT_REASONS];
    struct snapshot_fault fault;
    // The last walk that was recorded.
    struct walk_log log;
    struct walk_result walk;
    struct snapshot_walk walk_head; // without its references
    uint64_t walk_epoch;
    struct observe_cpu cpu[]; // vm->vcpus of them
};

// Listens to the machine of `vm` from now on; NULL when memory is short. Free it before the machine.
struct observer *observer_attach(struct vm *vm);
void observer_free(struct observer *o);
// From here on what is fine is watched, or no longer (as at first). Begun anywhere but at the beginning of an epoch (or of the run), it is the whole of it only
// from the epoch after the next on.
void observer_fine(struct observer *o, bool on);
// A new epoch begins here: number `epoch`.
void observer_epoch(struct observer *o, uint64_t epoch);
// Whether something of that epoch is shown.
static inline bool observer_shows(const struct observer *o, uint64_t epoch)
{
    return o->fine && epoch + 1 >= o->epoch;
}
// Instructions completed by all processors.
uint64_t observer_instructions(const struct observer *o);
// Brings every processor's account up to its time.
void observer_flush(struct observer *o);
// How the time of processor i was shared until now: bucket[k], of SNAP_BUCKETS, is of the cycles [k << shift, (k + 1) << shift). Returns shift.
unsigned observer_shares(const struct observer *o, unsigned i, uint64_t (*bucket)[WHO_COUNT]);
// The same, and what is open counts as over: for the recording's end.
void observer_close(struct observer *o);

#endif
