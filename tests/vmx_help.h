// vmx_help.h: a tiny hypervisor for tests of non-root mode: it writes down the exits that it sees, steps over what an instruction did, and asks the test for
// anything else.
#ifndef TESTS_VMX_HELP_H
#define TESTS_VMX_HELP_H

#include "tests/cpu_rig.h"

enum { EXITS_KEPT = 64, POWEROFF_LIMIT = 100000 };

struct tiny {
    struct rig *r;
    struct vmcs v;
    struct vmexit seen[EXITS_KEPT];
    uint64_t when[EXITS_KEPT];
    unsigned count;
    void (*handle)(struct tiny *t, struct cpu *c, const struct vmexit *x); // NULL: step over
    int virtual_irr;     // vector waiting in the virtual APIC, or -1
    uint32_t apic_value; // its one register
    unsigned posted, woken;
};

// NULL after a failed check: no memory.
struct tiny *tiny_new(void);
void tiny_free(struct tiny *t);
// Assembles `body` behind a prologue that sets a stack and 256 vectors, all of which lead to `trap`; `off` powers off.
bool tiny_load(struct tiny *t, const char *body);
// Puts the program into non-root mode with the controls that t->v has.
void tiny_enter(struct tiny *t);
// To the power-off; checks that it comes and that the accounts agree.
bool tiny_run(struct tiny *t);
struct tiny *tiny_of(struct cpu *c);
uint64_t exits(const struct tiny *t, enum exit_reason reason);
uint64_t all_exits(const struct tiny *t);
// For tiny.handle: steps over faults as well.
void step_over_faults(struct tiny *t, struct cpu *c, const struct vmexit *x);

#endif
