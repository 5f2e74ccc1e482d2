// observe_path.c: the path that control took: from the guest to whoever had to work, and back. While it goes on, what happens is only noted; the
// steps are made when somebody looks.
#include "models/observe_impl.h"

static inline struct snapshot_step *new_step(struct snapshot_path *p, enum snapshot_step_kind kind,
                                             enum snapshot_who who, enum cycle_category category,
                                             uint64_t at, uint64_t cycles)
{
    struct snapshot_step *s = &p->step[p->count++];
    s->kind = kind, s->who = who, s->category = (uint8_t)category;
    s->at = at, s->cycles = cycles, s->reason = -1;
    return s;
}

struct snapshot_step *path_step(struct observe_cpu *k, enum snapshot_step_kind kind,
                                enum snapshot_who who, enum cycle_category category, uint64_t at,
                                uint64_t cycles)
{
    struct snapshot_path *p = &k->path;
    p->cycles += cycles;
    struct snapshot_step *s = p->count > 0 ? &p->step[p->count - 1] : NULL;
    if (s && (s->kind == kind || p->count == SNAP_STEPS)) {
        s->cycles += cycles;
        return s;
    }
    return new_step(p, kind, who, category, at, cycles);
}

void path_guest_step(struct observe_cpu *k, enum snapshot_who who, uint64_t at, uint64_t cycles)
{
    bool user = who == WHO_GUEST_USER;
    path_step(k, user ? STEP_GUEST_USER : STEP_GUEST_KERNEL, who,
              user ? CYC_GUEST_USER : CYC_GUEST_KERNEL, at, cycles);
}

void path_begin(struct observe_cpu *k, const struct cpu *c, enum snapshot_who who, uint64_t now,
                uint64_t pc)
{
    struct snapshot_path *p = &k->path;
    bool user = who == WHO_GUEST_USER;
    k->ring_path = k->path_over = false;
    k->path_epoch = observer_of(c)->epoch;
    p->valid = true;
    p->cpu = (uint8_t)c->index;
    p->pc = pc;
    p->reason = p->vector = -1;
    p->count = 0;
    p->cycles = now - k->entered;
    k->insn.op = OP_INVALID;
    k->path_done = c->instructions;
    new_step(p, user ? STEP_GUEST_USER : STEP_GUEST_KERNEL, who,
             user ? CYC_GUEST_USER : CYC_GUEST_KERNEL, k->entered, now - k->entered);
}

static enum snapshot_step_kind switch_kind(enum cost_key key)
{
    switch (key) {
    case COST_VMX_EXIT:
    case COST_VMX_EXIT_FAULT: return STEP_EXIT;
    case COST_VMX_ENTRY: return STEP_ENTRY;
    case COST_VMX_INJECT:
        return STEP_INJECTION; // what an entry that delivers an event takes beyond any other
    case COST_EXCEPTION:
    case COST_PAGE_FAULT:
    case COST_INTERRUPT: return STEP_TRAP;
    case COST_HOST_SWITCH: return STEP_SWITCH;
    default: return STEP_RETURN;
    }
}

static enum snapshot_step_kind charge_kind(enum cycle_category category, enum cost_key key)
{
    switch (category) {
    case CYC_WORLD_SWITCH: return switch_kind(key);
    case CYC_SHADOW: return STEP_SHADOW;
    case CYC_BT: return STEP_TRANSLATOR;
    case CYC_HYPERCALL: return STEP_HYPERCALL;
    case CYC_INJECTION: return STEP_INJECTION;
    case CYC_DEVICE: return STEP_DEVICE;
    case CYC_DOM0: return STEP_DOM0;
    case CYC_HOST: return STEP_HOST;
    case CYC_SCHED: return STEP_SCHEDULER;
    default: return STEP_HYPERVISOR;
    }
}

// The first two steps of an exit's path.
static void write_exit(struct observe_cpu *k, const struct cpu *c)
{
    struct insn insn = k->insn;
    int16_t reason = k->path.reason;
    uint64_t entered = k->entered, done = k->path_done;
    k->exit_path = false;
    k->entered = k->exit_entered;
    path_begin(k, c, k->exit_from, k->exit_at, k->path.pc);
    k->entered = entered;
    k->path_done = done;
    k->insn = insn;
    k->path.reason = reason;
    path_step(k, k->exit_hardware ? STEP_EXIT : STEP_TRAP, WHO_PROCESSOR, CYC_WORLD_SWITCH,
              k->exit_at, 0)
        ->reason = reason;
}

void path_write(struct observe_cpu *k, const struct cpu *c)
{
    if (k->ring_path) {
        uint64_t entered = k->entered, done = k->path_done;
        k->entered = k->ring_entered;
        path_begin(k, c, k->ring_from, entered, k->ring_pc);
        path_guest_step(k, k->base, entered, 0);
        k->entered = entered;
        k->path_done = done;
    }
    if (k->exit_path) {
        write_exit(k, c);
    }
    for (unsigned i = 0; i < k->notes; i++) {
        const struct observe_note *n = &k->note[i];
        enum cycle_category category = (enum cycle_category)n->category;
        if (n->key == COST_COUNT) {
            path_guest_step(k, (enum snapshot_who)n->who, n->at, 0);
        } else {
            path_step(k, charge_kind(category, (enum cost_key)n->key), (enum snapshot_who)n->who,
                      category, n->at, n->cycles);
        }
    }
    k->notes = 0;
}
