// The one function through which every exit passes, and the names of the reasons.
#include "sim/exit.h"

#include "sim/acct.h"
#include "sim/machine_internal.h"
#include "sim/vmcs.h"

struct exit_row {
    const char *name, *doc;
    enum exit_group group;
};

static const struct exit_row rows[EXIT_REASONS] = {
#define EXIT(NAME, text, number, grp, about) [number] = {text, about, EXIT_GROUP_##grp},
#include "sim/exit.def"
#undef EXIT
};

const char *exit_name(unsigned reason)
{
    return reason < EXIT_REASONS ? rows[reason].name : NULL;
}

const char *exit_doc(unsigned reason)
{
    return reason < EXIT_REASONS ? rows[reason].doc : NULL;
}

int exit_group(unsigned reason)
{
    return exit_name(reason) ? (int)rows[reason].group : -1;
}

// What the processor takes to get out. A deprivileged guest's way out is an exception, or the system call that was paid as an instruction.
static void charge_way_out(struct cpu *c, const struct vmexit *x)
{
    switch (x->reason) {
    case EXIT_TRAP_GP:
    case EXIT_TRAP_PF:
    case EXIT_TRAP_SOFTINT:
    case EXIT_TRAP_EXCEPTION:
    case EXIT_TRAP_IRET:
        acct_charge_told(c, CYC_WORLD_SWITCH, COST_EXCEPTION, 1);
        if (x->reason == EXIT_TRAP_PF) {
            acct_charge_told(c, CYC_WORLD_SWITCH, COST_PAGE_FAULT, 1);
        }
        return;
    case EXIT_EXTERNAL_INTERRUPT:
        if (!c->vmcs) {
            acct_charge_told(c, CYC_WORLD_SWITCH, COST_INTERRUPT, 1);
            return;
        }
        break;
    case EXIT_EXCEPTION_NMI:
    case EXIT_EPT_VIOLATION:
    case EXIT_EPT_MISCONFIG: acct_charge_told(c, CYC_WORLD_SWITCH, COST_VMX_EXIT_FAULT, 1); break;
    default: break;
    }
    if ((unsigned)x->reason < EXIT_FIRST_TRAP) {
        acct_charge_told(c, CYC_WORLD_SWITCH, COST_VMX_EXIT, 1);
    }
}

void exit_take(struct cpu *c, const struct vmexit *x)
{
    const struct monitor_ops *ops = c->m->monitor;
    assert(exit_name((unsigned)x->reason));
    assert(ops && ops->exit && !c->in_monitor);
    assert(c->vmcs || c->trap_guest);
    c->counters.exits[x->reason]++;
    bool hardware = c->vmcs != NULL;
    if (c->watch) {
        c->watch->exit(c, x);
    }
    charge_way_out(c, x);
    c->in_monitor = true;
    if (hardware) {
        vmx_left(c);
    }
    if (ops->trace) {
        ops->trace(c, x);
    }
    ops->exit(c, x);
    if (c->vmcs && !c->idle) {
        vmx_enter(c);
    }
    c->in_monitor = false;
    cpu_sync(c);
    if (c->watch) {
        c->watch->done(c);
    }
}
