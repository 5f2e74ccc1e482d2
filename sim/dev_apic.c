// dev_apic.c: the local APIC. Requests wait in IRR, move to ISR when the processor takes them, and leave ISR by EOI; the timer is
// one planned event, and its current count is computed from the clock when somebody looks.
#include "sim/dev_apic.h"

#include <assert.h>

enum {
    REG_ID = 0x20,
    REG_VERSION = 0x30,
    REG_TPR = 0x80,
    REG_PPR = 0xa0,
    REG_EOI = 0xb0,
    REG_ISR = 0x100,
    REG_IRR = 0x200,
    REG_ICR_LOW = 0x300,
    REG_ICR_HIGH = 0x310,
    REG_LVT_TIMER = 0x320,
    REG_INITIAL = 0x380,
    REG_CURRENT = 0x390,
    REG_DIVIDE = 0x3e0,

    VERSION = 0x14,
    VECTOR_FIRST = 32, // below are the exceptions
    LVT_MASKED = 1 << 16,
    LVT_MODE_SHIFT = 17,
    LVT_BITS = 0x700ff,
    ICR_BITS = 0xc07ff,
    DIVIDE_BITS = 0xb,
};

void apic_init(struct apic *a, unsigned id)
{
    *a = (struct apic){.id = id, .lvt_timer = LVT_MASKED};
}

static int highest(const uint64_t bits[4])
{
    for (int w = 3; w >= 0; w--) {
        for (int b = 63; bits[w] != 0 && b >= 0; b--) {
            if (bits[w] >> b & 1) {
                return w * 64 + b;
            }
        }
    }
    return -1;
}

int apic_serving(const struct apic *a)
{
    return highest(a->isr);
}

static bool has(const uint64_t bits[4], unsigned v)
{
    return bits[v / 64] >> v % 64 & 1;
}

int apic_offer(const struct apic *a)
{
    int requested = highest(a->irr), serving = highest(a->isr);
    if (requested < 0 || (serving >= 0 && requested / 16 <= serving / 16)) {
        return -1;
    }
    return requested;
}

static void offer(const struct apic *a, const struct dev_env *env)
{
    env->ops->interrupt(env->ctx, a->id, apic_offer(a));
}

void apic_request(struct apic *a, const struct dev_env *env, unsigned vector)
{
    assert(vector < 256);
    if (vector < VECTOR_FIRST || has(a->irr, vector)) {
        return;
    }
    a->irr[vector / 64] |= UINT64_C(1) << vector % 64;
    offer(a, env);
}

// ---- timer ---------------------------------------------------------------------------------------

static enum apic_timer_mode timer_mode(const struct apic *a)
{
    return (enum apic_timer_mode)(a->lvt_timer >> LVT_MODE_SHIFT & 3);
}

static uint64_t divider(const struct apic *a)
{
    unsigned code = (a->divide & 3) | (a->divide >> 1 & 4);
    return UINT64_C(1) << ((code + 1) & 7); // 2, 4, 8 … 128, and 1 for code 7
}

// Bring count and base up to `now`: past expiries of a periodic timer that nobody needed an event for are skipped in one go.
static void timer_settle(struct apic *a, sim_time_t now)
{
    if (!a->counting || now < a->base) {
        return;
    }
    uint64_t div = divider(a), left = a->count * div, gone = now - a->base;
    if (gone < left) {
        return;
    }
    if (timer_mode(a) != APIC_PERIODIC) {
        a->counting = false;
        a->count = 0;
        return;
    }
    uint64_t period = a->initial * div;
    a->base += left + (gone - left) / period * period;
    a->count = a->initial;
}

static uint32_t timer_current(const struct apic *a, sim_time_t now)
{
    struct apic copy = *a;
    timer_settle(&copy, now);
    if (!copy.counting) {
        return 0;
    }
    return copy.count - (uint32_t)((now < copy.base ? 0 : now - copy.base) / divider(&copy));
}

// Plan the next expiry, if anybody would notice it: a masked timer and one whose request still waits need no event.
static void timer_plan(struct apic *a, const struct dev_env *env)
{
    env->ops->cancel(env->ctx, a->timer);
    a->timer = EVENT_NONE;
    a->timer_idle = false;
    sim_time_t now = env->ops->now(env->ctx), when;
    if (timer_mode(a) == APIC_TSC_DEADLINE) {
        if (a->deadline == 0 || a->deadline == SIM_TIME_NEVER) {
            return;
        }
        when = a->deadline;
    } else {
        timer_settle(a, now);
        if (!a->counting || (a->lvt_timer & LVT_MASKED)) {
            return;
        }
        when = a->base + a->count * divider(a);
    }
    a->timer = env->ops->schedule(env->ctx, when < now ? now : when, DEV_EVENT_TIMER, a->id);
}

void apic_timer_fire(struct apic *a, const struct dev_env *env)
{
    unsigned vector = a->lvt_timer & 0xff;
    bool periodic = timer_mode(a) == APIC_PERIODIC;
    a->timer = EVENT_NONE;
    if (timer_mode(a) == APIC_TSC_DEADLINE) {
        a->deadline = 0;
    } else {
        timer_settle(a, env->ops->now(env->ctx));
    }
    if (!(a->lvt_timer & LVT_MASKED)) {
        apic_request(a, env, vector);
    }
    if (periodic && has(a->irr, vector)) {
        a->timer_idle = true;
    } else if (periodic && vector >= VECTOR_FIRST) {
        timer_plan(a, env);
    }
}

// An instruction may write a timer register at a time when the expiry is past but its event has not come yet: the request comes first.
static void timer_catch_up(struct apic *a, const struct dev_env *env)
{
    bool by_deadline = timer_mode(a) == APIC_TSC_DEADLINE;
    if (a->timer != EVENT_NONE &&
        (by_deadline ? a->deadline : a->base + a->count * divider(a)) <= env->ops->now(env->ctx)) {
        env->ops->cancel(env->ctx, a->timer);
        apic_timer_fire(a, env);
    }
}

static void timer_write_lvt(struct apic *a, const struct dev_env *env, uint32_t value)
{
    timer_catch_up(a, env);
    bool was_deadline = timer_mode(a) == APIC_TSC_DEADLINE;
    timer_settle(a, env->ops->now(env->ctx)); // by the old mode
    a->lvt_timer = value & LVT_BITS;
    if (was_deadline != (timer_mode(a) == APIC_TSC_DEADLINE)) {
        a->deadline = 0;
        a->counting = false;
        a->count = 0;
    }
    timer_plan(a, env);
}

static void timer_write_initial(struct apic *a, const struct dev_env *env, uint32_t value)
{
    timer_catch_up(a, env);
    a->initial = value;
    if (timer_mode(a) == APIC_TSC_DEADLINE) {
        return;
    }
    a->counting = value != 0;
    a->count = value;
    a->base = env->ops->now(env->ctx);
    timer_plan(a, env);
}

static void timer_write_divide(struct apic *a, const struct dev_env *env, uint32_t value)
{
    timer_catch_up(a, env);
    sim_time_t now = env->ops->now(env->ctx);
    uint32_t current = timer_current(a, now);
    timer_settle(a, now);
    a->divide = value & DIVIDE_BITS;
    if (a->counting) {
        a->count = current;
        a->base = now;
    }
    timer_plan(a, env);
}

uint64_t apic_deadline(const struct apic *a)
{
    return a->deadline;
}

void apic_set_deadline(struct apic *a, const struct dev_env *env, uint64_t tsc)
{
    timer_catch_up(a, env);
    if (timer_mode(a) == APIC_TSC_DEADLINE) {
        a->deadline = tsc;
        timer_plan(a, env);
    }
}

unsigned apic_ack(struct apic *a, const struct dev_env *env)
{
    int vector = apic_offer(a);
    assert(vector >= 0);
    unsigned v = (unsigned)vector;
    a->irr[v / 64] &= ~(UINT64_C(1) << v % 64);
    a->isr[v / 64] |= UINT64_C(1) << v % 64;
    if (a->timer_idle && v == (a->lvt_timer & 0xff)) {
        timer_plan(a, env);
    }
    offer(a, env);
    return v;
}

// ---- registers -----------------------------------------------------------------------------------

static uint32_t bits_register(const uint64_t bits[4], uint64_t offset)
{
    unsigned i = (unsigned)(offset >> 4 & 7);
    return (uint32_t)(bits[i / 2] >> i % 2 * 32);
}

static uint32_t processor_priority(const struct apic *a, const struct dev_env *env)
{
    uint32_t tpr = env->ops->tpr(env->ctx, a->id) << 4;
    int serving = highest(a->isr);
    uint32_t class = serving < 0 ? 0 : (uint32_t)serving & 0xf0;
    return tpr > class ? tpr : class;
}

uint64_t apic_read(const struct apic *a, const struct dev_env *env, uint64_t offset)
{
    if (offset % 16 != 0) {
        return UINT64_MAX;
    }
    if (offset >= REG_ISR && offset < REG_ISR + 0x80) {
        return bits_register(a->isr, offset);
    }
    if (offset >= REG_IRR && offset < REG_IRR + 0x80) {
        return bits_register(a->irr, offset);
    }
    switch (offset) {
    case REG_ID: return (uint64_t)a->id << 24;
    case REG_VERSION: return VERSION;
    case REG_TPR: return env->ops->tpr(env->ctx, a->id) << 4;
    case REG_PPR: return processor_priority(a, env);
    case REG_ICR_LOW: return a->icr_low;
    case REG_ICR_HIGH: return a->icr_high;
    case REG_LVT_TIMER: return a->lvt_timer;
    case REG_INITIAL: return a->initial;
    case REG_CURRENT: return timer_current(a, env->ops->now(env->ctx));
    case REG_DIVIDE: return a->divide;
    default: return UINT64_MAX;
    }
}

static int end_of_interrupt(struct apic *a, const struct dev_env *env)
{
    int vector = highest(a->isr);
    if (vector >= 0) {
        a->isr[vector / 64] &= ~(UINT64_C(1) << vector % 64);
        offer(a, env);
    }
    return vector;
}

bool apic_write(struct apic *a, const struct dev_env *env, uint64_t offset, uint32_t value,
                struct apic_ipi *ipi, int *eoi)
{
    *eoi = -1;
    switch (offset) {
    case REG_TPR: env->ops->set_tpr(env->ctx, a->id, value >> 4 & 15); break;
    case REG_EOI: *eoi = end_of_interrupt(a, env); break;
    case REG_ICR_HIGH: a->icr_high = value & 0xff000000; break;
    case REG_LVT_TIMER: timer_write_lvt(a, env, value); break;
    case REG_INITIAL: timer_write_initial(a, env, value); break;
    case REG_DIVIDE: timer_write_divide(a, env, value); break;
    case REG_ICR_LOW:
        a->icr_low = value & ICR_BITS;
        *ipi = (struct apic_ipi){.destinations = value >> 18 & 3,
                                 .cpu = a->icr_high >> 24,
                                 .mode = value >> 8 & 7,
                                 .vector = value & 0xff};
        return true;
    default: break;
    }
    return false;
}
