// dev_apic.h: one processor's local APIC: which interrupt it is offered next, its timer, and what it asks of other processors.
// docs/devices.md has the registers and the rules.
#ifndef RINGSIDE_SIM_DEV_APIC_H
#define RINGSIDE_SIM_DEV_APIC_H

#include "sim/dev_env.h"

#define APIC_BASE UINT64_C(0xfee00000)

enum apic_timer_mode { APIC_ONE_SHOT, APIC_PERIODIC, APIC_TSC_DEADLINE };

// All zero but for what apic_init() sets.
struct apic {
    uint32_t id;     // number of the processor
    uint64_t irr[4]; // requested, bit v % 64 of word v / 64
    uint64_t isr[4]; // in service
    uint32_t icr_low, icr_high;
    uint32_t lvt_timer; // vector, mask, mode
    uint32_t initial;   // initial count
    uint32_t divide;    // register 0x3e0
    bool counting;      // `count` at time `base`, less one every divider cycles
    uint32_t count;
    sim_time_t base;
    uint64_t deadline;    // TSC deadline; 0: none
    event_handle_t timer; // the event planned for the timer, or EVENT_NONE
    // A periodic timer that fired while its last request still waits needs no events: it goes on when that one is taken.
    bool timer_idle;
};

// What a write to the ICR asks for; the caller (who has all APICs) does it.
struct apic_ipi {
    uint32_t destinations; // kind of destination: ICR bits 18-19
    uint32_t cpu;          // destination 0: that processor, 0xff all
    uint32_t mode;         // ICR bits 8-10
    uint32_t vector;
};
enum { APIC_IPI_FIXED = 0, APIC_IPI_INIT = 5, APIC_IPI_STARTUP = 6 };

void apic_init(struct apic *a, unsigned id);

// A register access at `offset`. A read that has no register gives ones. A write may yield an IPI (returns true, *ipi is set) or finish
// an interrupt (*eoi receives its vector; else -1).
uint64_t apic_read(const struct apic *a, const struct dev_env *env, uint64_t offset);
bool apic_write(struct apic *a, const struct dev_env *env, uint64_t offset, uint32_t value,
                struct apic_ipi *ipi, int *eoi);

// Request interrupt `vector`; below 32 it is dropped.
void apic_request(struct apic *a, const struct dev_env *env, unsigned vector);
// The highest vector in service, -1 if there is none: what an EOI ends.
int apic_serving(const struct apic *a);
// The vector that the processor is offered: the highest requested, if its class is above all in service; else -1.
int apic_offer(const struct apic *a);
// The processor takes what it was offered, which must be something.
unsigned apic_ack(struct apic *a, const struct dev_env *env);

// The timer's event is due.
void apic_timer_fire(struct apic *a, const struct dev_env *env);
// MSR TSC_DEADLINE: 0 unless the timer is in that mode; writes in another mode are ignored.
uint64_t apic_deadline(const struct apic *a);
void apic_set_deadline(struct apic *a, const struct dev_env *env, uint64_t tsc);

#endif
