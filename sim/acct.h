// Where cycles go. At every moment each cycle of a processor stands in one category: the running mode's cycles are brought up to date
// when the mode changes, everything else is charged as it happens, by the functions below and nowhere else.
#ifndef RINGSIDE_SIM_ACCT_H
#define RINGSIDE_SIM_ACCT_H

#include "sim/watch.h"

// Bring the running category up to date.
static inline void acct_flush(struct cpu *c)
{
    assert(c->mark >= c->budget);
    c->counters.cycles[c->category] += (uint64_t)(c->mark - c->budget);
    c->mark = c->budget;
}

// From now on, instructions' cycles go to `category`.
static inline void acct_switch(struct cpu *c, enum cycle_category category)
{
    acct_flush(c);
    c->category = category;
}

// `cycles` pass now, in the running category.
static inline void acct_advance(struct cpu *c, uint64_t cycles)
{
    c->budget -= (int64_t)cycles;
}

// `cycles` pass now, for `category`.
static inline void acct_charge_cycles(struct cpu *c, enum cycle_category category, uint64_t cycles)
{
    assert(cycles <= INT64_MAX / 2);
    c->budget -= (int64_t)cycles;
    c->mark -= (int64_t)cycles;
    c->counters.cycles[category] += cycles;
}

// As acct_charge_cycles, for a caller that keeps the budget itself: it takes `cycles` from it.
static inline void acct_charge_ahead(struct cpu *c, enum cycle_category category, uint64_t cycles)
{
    c->mark -= (int64_t)cycles;
    c->counters.cycles[category] += cycles;
}

// `count` times the cost of `key` pass now, for `category`.
static inline void acct_charge(struct cpu *c, enum cycle_category category, enum cost_key key,
                               uint64_t count)
{
    acct_charge_cycles(c, category, c->cost[key] * count);
}

// As acct_charge, for what hypervisors and the processor's ways to and from them take: whoever watches is told.
static inline void acct_charge_told(struct cpu *c, enum cycle_category category, enum cost_key key,
                                    uint64_t count)
{
    uint64_t cycles = c->cost[key] * count;
    if (c->watch_fine) {
        c->watch_fine->charge(c, category, key, cycles);
    }
    acct_charge_cycles(c, category, cycles);
}

// `cycles` that have just passed in the running mode belong to `category` after all.
static inline void acct_move(struct cpu *c, enum cycle_category category, uint64_t cycles)
{
    c->mark -= (int64_t)cycles;
    assert(c->mark >= c->budget);
    c->counters.cycles[category] += cycles;
}

// The processor goes to another ring: other fast tables, and another account.
static inline void cpu_set_ring(struct cpu *c, unsigned ring)
{
    assert(ring <= 3);
    c->s.ring = (uint8_t)ring;
    unsigned mode = cpu_mode(c);
    acct_switch(c, mode == MODE_USER ? CYC_GUEST_USER : CYC_GUEST_KERNEL);
    c->data = c->fast_data[mode];
    c->code = c->fast_code[mode];
    if (c->watch_fine && !c->in_monitor) {
        c->watch_fine->ring(c);
    }
}

// Nothing happens on this processor until `time`, if that is in the future.
static inline void acct_wait(struct cpu *c, enum cycle_category category, uint64_t time)
{
    uint64_t now = cpu_now(c);
    if (time > now) {
        if (c->watch) {
            c->watch->wait(c, category, time);
        }
        acct_charge_cycles(c, category, time - now);
    }
}

// Whether the categories sum to the time that has passed since reset. The sum comes from the charges, the time from the clock.
bool acct_ok(const struct cpu *c, char *err, size_t err_size);

#endif
