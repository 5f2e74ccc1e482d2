// session_impl.h: the inside of a session, for models/session*.c: session.c (life, going, going back), session_break.c (where to stop),
// session_change.c (running it otherwise).
#ifndef RINGSIDE_MODELS_SESSION_IMPL_H
#define RINGSIDE_MODELS_SESSION_IMPL_H

#include "models/snapshot_impl.h"

enum { SESSION_UNDO = 256 };
#define SESSION_REPLAY \
    UINT64_C(200000000) // instructions that are run again to see an end: about a second

// Where a run stands. Unique among the boundaries at which a session stops.
struct session_position {
    uint64_t instructions, exits, events;
};

struct session {
    struct run_spec spec;
    struct guest_symbols symbols;
    struct vm *vm;
    struct observer *observer;

    struct session_goal goal;
    enum session_state state;
    struct session_position target; // of goals that lead to a position
    bool seeking;                   // the target is all that counts
    bool backwards;                 // it lies behind: the guest must begin anew first
    bool clean;                     // it stands at the first boundary after its last instruction
    uint64_t began;                 // instructions when catching up began
    uint64_t until;                 // time
    uint64_t wanted;                // instructions of processor goal.cpu
    uint64_t over_pc, over_sp;      // GOAL_OVER: where it comes back
    uint8_t over_ring;
    bool over;

    struct session_position undo[SESSION_UNDO];
    unsigned undos; // ever

    struct session_break breaks[SNAP_BREAKS];
    uint64_t break_value[SNAP_BREAKS]; // BREAK_WRITE: the bytes as they were
    unsigned break_count;
    int hit;

    bool blind;   // it ended where what is fine was not watched
    bool careful; // so everything is, this time
    bool limit, hashed;
    uint64_t state_hash, checksum;
    bool has_checksum;

    bool look_follow;
    uint64_t look;
    uint64_t code[SNAP_CPUS];
    bool code_fixed[SNAP_CPUS];
};

struct session_position session_position(const struct session *s);
// Make the machine anew from s->spec. False, with the one there was still there, if that cannot be.
bool session_boot(struct session *s, char *err, size_t err_size);
// Go to a position; `anew`: from the start.
void session_seek(struct session *s, struct session_position to, bool anew);

// session_break.c
// Whether a breakpoint holds where the machine stands; s->hit says which.
bool session_break_holds(struct session *s);
// Whether there are any that can only be seen step by step; the exit reason to pause at, or -1.
bool session_break_steps(const struct session *s);
bool session_break_exits(const struct session *s);
// Remember what the watched bytes are now.
void session_break_prepare(struct session *s);

#endif
