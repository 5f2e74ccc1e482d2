// observe_share.c: how each processor's time was shared, over the whole run, in stretches that grow with it. The accounts of cycles say it: they are sampled
// when a stretch is over, and what they gained is spread evenly over the time since.
#include "models/observe_impl.h"

#include <string.h>

enum snapshot_who share_who(const struct observer *o, enum cycle_category category)
{
    switch (category) {
    case CYC_GUEST_USER: return WHO_GUEST_USER;
    case CYC_GUEST_KERNEL: return WHO_GUEST_KERNEL;
    case CYC_WALK: return WHO_GUEST_KERNEL; // see account()
    case CYC_WALK_2D: return WHO_GUEST_USER;
    case CYC_EVENT:
    case CYC_WORLD_SWITCH: return WHO_PROCESSOR;
    case CYC_DEVICE: return WHO_DEVICE;
    case CYC_DOM0: return WHO_DOM0;
    case CYC_HOST: return WHO_HOST;
    case CYC_SCHED:
        return arch_row(o->vm->arch.arch)->platform == PLATFORM_TYPE2 ? WHO_HOST : WHO_HYPERVISOR;
    case CYC_STEAL: return WHO_OTHER;
    case CYC_IDLE: return WHO_IDLE;
    default: return WHO_HYPERVISOR;
    }
}

// The end of the bucket in which `time` lies.
static uint64_t bucket_end(const struct observer *o, uint64_t time)
{
    return ((time >> o->shift) + 1) << o->shift;
}

static void halve(uint64_t (*b)[WHO_COUNT])
{
    for (unsigned k = 0; k < SNAP_BUCKETS; k++) {
        for (unsigned w = 0; w < WHO_COUNT; w++) {
            b[k][w] = k < SNAP_BUCKETS / 2 ? b[2 * k][w] + b[2 * k + 1][w] : 0;
        }
    }
}

// Twice as much time fits into the same number of buckets.
static void widen(struct observer *o)
{
    o->shift++;
    for (unsigned i = 0; i < o->vm->vcpus; i++) {
        halve(o->cpu[i].bucket);
        o->cpu[i].bucket_end = bucket_end(o, o->cpu[i].sampled_at);
    }
    for (unsigned r = 0; r < EXIT_REASONS; r++) {
        uint32_t *t = o->exit[r].trend;
        for (unsigned k = 0; k < SNAP_TREND; k++) {
            t[k] = k < SNAP_TREND / 2 ? t[2 * k] + t[2 * k + 1] : 0;
        }
    }
}

void share_room(struct observer *o, uint64_t time)
{
    while (time >> o->shift >= SNAP_BUCKETS) {
        widen(o);
    }
}

// `cycles` of [from, to) are somebody's, evenly. Of two halves of a bucket each gets what, added up, the whole would get.
static void spread(uint64_t (*bucket)[WHO_COUNT], unsigned shift, uint64_t from, uint64_t to,
                   uint64_t cycles, unsigned who)
{
    uint64_t given = 0;
    unsigned rough = 0; // so many bits less, that products fit 64
    while ((to - from) >> rough >> 31) {
        rough++;
    }
    for (uint64_t b = from >> shift; given < cycles; b++) {
        uint64_t end = (b + 1) << shift, due = cycles;
        if (end < to) {
            due = ((cycles >> rough) * ((end - from) >> rough) / ((to - from) >> rough)) << rough;
        }
        bucket[b][who] += due - given;
        given = due;
    }
}

// The accounts' state, by category; but walks, which have one each for one and two dimensions, are told apart by whose they are: in the place of the one
// stand the kernel's, in that of the other the program's.
static uint64_t account(const struct cpu *c, unsigned n)
{
    const struct cpu_counters *k = &c->counters;
    uint64_t running = c->category == n ? (uint64_t)(c->mark - c->budget) : 0;
    switch (n) {
    case CYC_WALK: return k->cycles[CYC_WALK] + k->cycles[CYC_WALK_2D] - k->walk_cycles_user;
    case CYC_WALK_2D: return k->walk_cycles_user;
    default: return k->cycles[n] + running;
    }
}

// Shares out what the accounts have gained since they were sampled.
static void share_out(const struct observer *o, const struct observe_cpu *k, const struct cpu *c,
                      uint64_t now, uint64_t (*bucket)[WHO_COUNT], unsigned shift)
{
    for (unsigned n = 0; n < CYC_COUNT && now > k->sampled_at; n++) {
        uint64_t gained = account(c, n) - k->sampled[n];
        if (gained > 0) {
            spread(bucket, shift, k->sampled_at, now, gained, o->who[n]);
        }
    }
}

void share_sample(struct observer *o, struct observe_cpu *k, const struct cpu *c, uint64_t now)
{
    share_room(o, now);
    share_out(o, k, c, now, k->bucket, o->shift);
    for (unsigned n = 0; n < CYC_COUNT; n++) {
        k->sampled[n] = account(c, n);
    }
    k->sampled_at = now;
    k->bucket_end = bucket_end(o, now);
}

unsigned observer_shares(const struct observer *o, unsigned i, uint64_t (*bucket)[WHO_COUNT])
{
    const struct observe_cpu *k = &o->cpu[i];
    const struct cpu *c = &o->vm->m->cpu[i];
    unsigned shift = o->shift;
    memcpy(bucket, k->bucket, sizeof k->bucket);
    for (; cpu_now(c) >> shift >= SNAP_BUCKETS; shift++) {
        halve(bucket);
    }
    share_out(o, k, c, cpu_now(c), bucket, shift);
    return shift;
}

void share_wait(struct observer *o, struct observe_cpu *k, const struct cpu *c,
                enum cycle_category category, uint64_t now, uint64_t time)
{
    if (now > k->sampled_at) {
        share_sample(o, k, c, now);
    }
    share_room(o, time);
    spread(k->bucket, o->shift, now, time, time - now, o->who[category]);
    k->sampled[category] += time - now;
    k->sampled_at = time;
    k->bucket_end = bucket_end(o, time);
}
