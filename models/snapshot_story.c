// snapshot_story.c: what is happening, as a sentence: chosen from what the processor in focus did last.
#include "models/snapshot_impl.h"

#include "models/paravirt/paravirt.h"
#include "sim/machine_internal.h"

static void hex(struct snapshot_story *s, unsigned i, uint64_t value)
{
    s->arg[i].kind = STORY_ARG_HEX;
    s->arg[i].number = value;
}

static void number(struct snapshot_story *s, unsigned i, uint64_t value)
{
    s->arg[i].kind = STORY_ARG_NUMBER;
    s->arg[i].number = value;
}

static void text(struct snapshot_story *s, unsigned i, const char *value)
{
    s->arg[i].kind = STORY_ARG_TEXT;
    snapshot_text(s->arg[i].text, sizeof s->arg[i].text, value);
}

static bool passes(const struct snapshot_path *p, enum snapshot_step_kind kind)
{
    for (unsigned k = 0; k < p->count; k++) {
        if (p->step[k].kind == kind) {
            return true;
        }
    }
    return false;
}

// One of three sentences, by who had to work for it.
static void by_helper(struct snapshot_story *s, const struct snapshot_path *p, enum story alone,
                      enum story dom0, enum story host)
{
    s->id = passes(p, STEP_DOM0) ? dom0 : passes(p, STEP_HOST) ? host : alone;
}

// A page fault that a hypervisor looked into.
static void fault_story(const struct snapshot *shot, struct snapshot_story *s)
{
    switch (shot->fault.owner) {
    case SNAP_FAULT_SHADOW: s->id = STORY_SHADOW_FILL; break;
    case SNAP_FAULT_TABLE_WRITE: s->id = STORY_SHADOW_WRITE; break;
    case SNAP_FAULT_DEVICE:
        by_helper(s, &shot->path, STORY_EXIT_MMIO, STORY_EXIT_MMIO_DOM0, STORY_EXIT_MMIO_HOST);
        break;
    case SNAP_FAULT_NESTED:
        s->id = STORY_EXIT_EPT_FILL;
        hex(s, 0, shot->fault.gpa);
        return;
    case SNAP_FAULT_NONE:
    case SNAP_FAULT_GUEST: s->id = STORY_SHADOW_GUEST; break;
    }
    hex(s, 0, shot->fault.va);
}

// Exits whose sentence needs nothing else.
static enum story plain_story(unsigned reason)
{
    switch (reason) {
    case EXIT_CPUID: return STORY_EXIT_CPUID;
    case EXIT_HLT: return STORY_EXIT_HLT;
    case EXIT_EXTERNAL_INTERRUPT: return STORY_EXIT_INTERRUPT;
    case EXIT_PREEMPTION_TIMER: return STORY_EXIT_TIMER;
    case EXIT_INTERRUPT_WINDOW:
    case EXIT_TPR_BELOW_THRESHOLD: return STORY_EXIT_WINDOW;
    case EXIT_INVLPG: return STORY_EXIT_INVLPG;
    case EXIT_RDTSC: return STORY_EXIT_RDTSC;
    case EXIT_PAUSE: return STORY_EXIT_PAUSE;
    case EXIT_VMCALL: return STORY_EXIT_VMCALL;
    case EXIT_APIC_ACCESS:
    case EXIT_APIC_WRITE: return STORY_EXIT_APIC;
    case EXIT_TRAP_SYSCALL: return STORY_TRAP_SYSCALL;
    case EXIT_TRAP_SOFTINT: return STORY_TRAP_SOFTINT;
    case EXIT_TRAP_IRET: return STORY_TRAP_IRET;
    case EXIT_TRIPLE_FAULT: return STORY_TRIPLE;
    default: return STORY_NONE;
    }
}

static void exit_story(const struct snapshot_view *v, const struct observe_cpu *k,
                       const struct snapshot *shot, struct snapshot_story *s)
{
    const struct snapshot_path *p = &shot->path;
    s->id = plain_story((unsigned)p->reason);
    switch (p->reason) {
    case EXIT_IO_INSTRUCTION:
        by_helper(s, p, STORY_EXIT_IO, STORY_EXIT_IO_DOM0, STORY_EXIT_IO_HOST);
        hex(s, 0, k->addr);
        break;
    case EXIT_CR_ACCESS:
        s->id = v->vm->arch.paging == PAGING_SHADOW && k->insn.op == OP_LPTBR ? STORY_EXIT_PTBR
                                                                              : STORY_EXIT_CR;
        break;
    case EXIT_MSR_READ:
    case EXIT_MSR_WRITE:
        s->id = STORY_EXIT_MSR;
        hex(s, 0, k->addr);
        break;
    case EXIT_EPT_MISCONFIG:
        by_helper(s, p, STORY_EXIT_MMIO, STORY_EXIT_MMIO_DOM0, STORY_EXIT_MMIO_HOST);
        hex(s, 0, k->addr);
        break;
    case EXIT_EPT_VIOLATION:
    case EXIT_TRAP_PF:
    case EXIT_EXCEPTION_NMI: fault_story(shot, s); break;
    case EXIT_TRAP_GP:
        s->id = STORY_TRAP_GP;
        text(s, 0, p->instruction);
        number(s, 1, 1);
        break;
    case EXIT_TRAP_EXCEPTION:
        s->id = STORY_TRAP_EXCEPTION;
        number(s, 0, k->vector);
        break;
    case EXIT_BT_TRANSLATE:
        s->id = STORY_BT_TRANSLATE;
        hex(s, 0, p->pc);
        break;
    case EXIT_BT_CALLOUT:
        s->id = STORY_BT_CALLOUT;
        text(s, 0, p->instruction);
        break;
    case EXIT_HYPERCALL:
        s->id = STORY_HYPERCALL;
        text(s, 0, hypercall_name((unsigned)k->call));
        break;
    default:
        if (s->id == STORY_NONE) {
            s->id = STORY_EXIT_OTHER;
            text(s, 0, exit_name((unsigned)p->reason));
        }
    }
}

// Something other than plain instructions has just happened on the processor.
static bool event_story(const struct snapshot_view *v, const struct observe_cpu *k,
                        const struct snapshot *shot, struct snapshot_story *s)
{
    const struct snapshot_path *p = &shot->path;
    if (p->reason >= 0) {
        exit_story(v, k, shot, s);
        return true;
    }
    if (p->vector == VEC_PF) {
        s->id = STORY_PAGE_FAULT_OWN;
        hex(s, 0, shot->fault.va);
        return true;
    }
    if (p->vector >= 0) {
        s->id = p->vector >= VEC_IRQ_FIRST ? STORY_INTERRUPT : STORY_EXCEPTION;
        number(s, 0, (uint64_t)p->vector);
        return true;
    }
    if (p->count < 2 || p->step[p->count - 1].who == p->step[0].who) {
        return false;
    }
    s->id = p->step[p->count - 1].who == WHO_GUEST_USER ? STORY_TO_USER : STORY_SYSCALL;
    return true;
}

static void running_story(const struct snapshot_view *v, const struct snapshot_cpu *c,
                          struct snapshot_story *s)
{
    if (c->ring == 3) {
        s->id = STORY_USER_RUNS;
        number(s, 0, 3);
        return;
    }
    switch (arch_row(v->vm->arch.arch)->technique) {
    case TECHNIQUE_NONE:
    case TECHNIQUE_CONTAINER: s->id = STORY_BARE_KERNEL; break;
    case TECHNIQUE_HW: s->id = STORY_KERNEL_NONROOT; break;
    case TECHNIQUE_BT: s->id = STORY_KERNEL_BT; break;
    case TECHNIQUE_PARAVIRT:
        s->id = STORY_KERNEL_PV;
        number(s, 0, c->real_ring);
        break;
    case TECHNIQUE_TRAP:
        s->id = STORY_KERNEL_RING1;
        number(s, 0, c->real_ring);
        break;
    case TECHNIQUE_COUNT: break;
    }
}

void snapshot_story(const struct snapshot_view *v, struct snapshot *out)
{
    const struct observe_cpu *k = &v->observer->cpu[out->focus];
    const struct cpu *c = &v->vm->m->cpu[out->focus];
    struct snapshot_story *s = &out->story;
    bool fresh = out->path.valid && c->instructions - k->path_done <= 1;
    if (out->stop == SNAP_POWEROFF) {
        s->id = STORY_STOPPED;
    } else if (out->stop == SNAP_TRIPLE_FAULT) {
        s->id = STORY_DEAD;
    } else if (out->instructions == 0) {
        s->id = STORY_NONE;
    } else if (out->stop == SNAP_DEADLOCK) {
        s->id = STORY_IDLE;
    } else if (fresh && event_story(v, k, out, s)) {
        return;
    } else if (out->cpu[out->focus].who == WHO_IDLE) {
        s->id = c->s.parked ? STORY_PARKED : STORY_IDLE;
    } else {
        running_story(v, &out->cpu[out->focus], s);
    }
}
