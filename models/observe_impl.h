// observe_impl.h: what the parts of the observer share: observe.c (hooks, life), observe_share.c (how time was shared), observe_path.c (the path that
// control took).
#ifndef RINGSIDE_MODELS_OBSERVE_IMPL_H
#define RINGSIDE_MODELS_OBSERVE_IMPL_H

#include "models/observe.h"
#include "sim/acct.h"

static inline struct observer *observer_of(const struct cpu *c)
{
    return c->watcher;
}

static inline enum snapshot_who guest_who(const struct cpu *c)
{
    return c->s.ring == 3 ? WHO_GUEST_USER : WHO_GUEST_KERNEL;
}

// observe_share.c
enum { TREND_SHIFT = 2 }; // SNAP_BUCKETS / SNAP_TREND buckets make a column
_Static_assert(SNAP_TREND << TREND_SHIFT == SNAP_BUCKETS, "both cover the same time");
// Whose the cycles of a category are; those of page walks are the guest's.
enum snapshot_who share_who(const struct observer *o, enum cycle_category category);
// The timeline reaches to `time`.
void share_room(struct observer *o, uint64_t time);
// Shares out what the accounts have gained since they were sampled. Only at what the simulation itself does, so that it is the same however a run is cut.
void share_sample(struct observer *o, struct observe_cpu *k, const struct cpu *c, uint64_t now);
static inline void share_sample_if_due(struct observer *o, struct observe_cpu *k,
                                       const struct cpu *c, uint64_t now)
{
    if (now >= k->bucket_end) {
        share_sample(o, k, c, now);
    }
}
// From `now` to `time` it waits. A wait is not mixed with what was before; and it may come in pieces.
void share_wait(struct observer *o, struct observe_cpu *k, const struct cpu *c,
                enum cycle_category category, uint64_t now, uint64_t time);

// observe_path.c
void path_begin(struct observe_cpu *k, const struct cpu *c, enum snapshot_who who, uint64_t now,
                uint64_t pc);
struct snapshot_step *path_step(struct observe_cpu *k, enum snapshot_step_kind kind,
                                enum snapshot_who who, enum cycle_category category, uint64_t at,
                                uint64_t cycles);
void path_guest_step(struct observe_cpu *k, enum snapshot_who who, uint64_t at, uint64_t cycles);
// Writes out what of the path has only been noted.
void path_write(struct observe_cpu *k, const struct cpu *c);

static inline void path_note(struct observe_cpu *k, const struct cpu *c, uint64_t at,
                             uint64_t cycles, enum cycle_category category, enum cost_key key,
                             enum snapshot_who who)
{
    if (k->notes == OBSERVE_NOTES) {
        path_write(k, c);
    }
    struct observe_note *n = &k->note[k->notes++];
    n->at = at, n->cycles = cycles;
    n->category = (uint8_t)category, n->key = (uint8_t)key, n->who = (uint8_t)who;
}

#endif
