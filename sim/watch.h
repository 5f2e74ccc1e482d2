// watch.h: what a processor tells whoever watches it: for pictures and counts beyond the counters, never for the simulation itself. Hooks
// stand where model code runs anyway (a change of ring, an exit, a charge of a hypervisor, an event), none on the path of plain
// instructions; without a watcher each is one test of a pointer. A watcher changes nothing but by machine_pause().
#ifndef RINGSIDE_SIM_WATCH_H
#define RINGSIDE_SIM_WATCH_H

#include "sim/cpu.h"

struct vmexit;

// What became of a page fault or EPT violation that its hypervisor looked into.
struct watch_fault {
    uint64_t va, gpa; // gpa: if it got so far as to know
    uint32_t error;
    unsigned outcome; // enum paging_outcome, models/vm.h
    bool nested;      // an EPT violation
};

// Every member is there. The time is cpu_now(c); what a charge costs passes after the call. Those marked (fine) come so often that watching them costs: only
// c->watch_fine is told.
struct watch_ops {
    // (fine) The guest goes on in c->s.ring: from another ring, or back from its monitor.
    void (*ring)(struct cpu *c);
    // Nothing happens until `time`.
    void (*wait)(struct cpu *c, enum cycle_category category, uint64_t time);
    // An exit or trap begins (not yet charged), or, x NULL, a processor that waited in its monitor is woken.
    void (*exit)(struct cpu *c, const struct vmexit *x);
    // ... and is over: the guest, if there still is one and it does not wait, is on the processor again.
    void (*done)(struct cpu *c);
    // (fine) The way out, the way in, or a monitor charges for `key`.
    void (*charge)(struct cpu *c, enum cycle_category category, enum cost_key key, uint64_t cycles);
    // An event was delivered through the vector table; it came at `pc`.
    void (*event)(struct cpu *c, unsigned vector, uint32_t error, enum event_class class,
                  uint64_t pc);
    // Page tables were walked, and c->walk_log, which must be set for this to be called, holds the steps.
    void (*walk)(struct cpu *c, uint64_t va, enum cpu_access access, bool user,
                 const struct walk_result *r);
    // Whose a page fault was.
    void (*fault)(struct cpu *c, const struct watch_fault *f);
};

#endif
