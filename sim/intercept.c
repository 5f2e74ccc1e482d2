// Instructions that leave a guest: the table that the controls make, and the exits.
#include "sim/acct.h"
#include "sim/cpu_trap.h"
#include "sim/machine_internal.h"
#include "sim/vmcs.h"

// A deprivileged guest: what would enter ring 0 without faulting first.
const uint8_t monitor_intercepts[OP_COUNT] = {
    [OP_SYSCALL] = INTERCEPT_FIRST, [OP_INT] = INTERCEPT_FIRST,  [OP_BRK] = INTERCEPT_FIRST,
    [OP_HCALL] = INTERCEPT_FIRST,   [OP_IRET] = INTERCEPT_FIRST,
};

void vmcs_update(struct vmcs *v, struct cpu *c)
{
    const struct vmcs_control *k = &v->control;
    uint8_t *i = v->intercept;
    memset(v->intercept, INTERCEPT_NONE, sizeof v->intercept);
    i[OP_CPUID] = i[OP_HCALL] = INTERCEPT_FIRST;
    // BRK is x86's INT3: an exception in the bitmap's eyes, which INT n is not.
    i[OP_BRK] = k->exception_bitmap >> VEC_BP & 1 ? INTERCEPT_FIRST : INTERCEPT_NONE;
    bool io = k->io_all || k->io_bitmap;
    const struct {
        enum isa_op op;
        bool on;
    } table[] = {
        {OP_HLT, k->hlt},
        {OP_INVLPG, k->invlpg},
        {OP_RDTSC, k->rdtsc},
        {OP_LPTBR, k->ptbr_load},
        {OP_SPTBR, k->ptbr_store},
        {OP_LTPR, k->tpr_load || k->tpr_shadow},
        {OP_STPR, k->tpr_store},
        {OP_LIDT, k->descriptor_table},
        {OP_SIDT, k->descriptor_table},
        {OP_LTR, k->descriptor_table},
        {OP_PAUSE, k->pause || k->ple_window},
        {OP_LMSW, k->msw_mask != 0},
        {OP_IN, io},
        {OP_OUT, io},
        {OP_RDMSR, k->msr_all || k->msr_read || k->rdtsc},
        {OP_WRMSR, k->msr_all || k->msr_write},
    };
    for (size_t n = 0; n < sizeof table / sizeof *table; n++) {
        i[table[n].op] = table[n].on ? INTERCEPT_ALLOWED : INTERCEPT_NONE;
    }
    if (c && c->vmcs == v) {
        cpu_sync(c);
    }
}

static bool listed(const uint32_t *list, uint64_t number)
{
    for (; list && *list; list++) {
        if (*list == number) {
            return true;
        }
    }
    return false;
}

// PAUSE in a loop of PAUSEs that has run longer than its window (Intel SDM 25.1.3).
static bool pause_exits(struct cpu *c)
{
    struct vmcs *v = c->vmcs;
    if (v->control.pause) {
        return true;
    }
    if (c->s.ring != 0) {
        return false;
    }
    uint64_t now = cpu_now(c);
    if (v->ple_last == 0 || now - v->ple_last > v->control.ple_gap) {
        v->ple_first = now;
    }
    v->ple_last = now;
    if (now - v->ple_first <= v->control.ple_window) {
        return false;
    }
    v->ple_last = 0; // the next one begins a new loop
    return true;
}

// LTPR on the virtual APIC: done without an exit, unless the priority falls below the threshold.
static bool virtual_tpr(struct cpu *c, struct insn in)
{
    const struct vmcs_control *k = &c->vmcs->control;
    unsigned tpr = (unsigned)c->s.r[in.ra] & 15;
    c->s.tpr = (uint8_t)tpr;
    c->s.pc += 4;
    if (!k->virtual_interrupts && tpr < k->tpr_threshold) {
        exit_take(c, &(struct vmexit){.reason = EXIT_TPR_BELOW_THRESHOLD, .pc = c->s.pc});
    }
    cpu_break(c);
    return true;
}

// Whether this instruction exits although its operands are as they are; fills in what the exit says of them.
static bool operands_exit(struct cpu *c, struct insn in, struct vmexit *x)
{
    const struct vmcs_control *k = &c->vmcs->control;
    const uint64_t *r = c->s.r;
    switch (in.op) {
    case OP_IN:
    case OP_OUT:
        x->addr = (r[in.ra] + (uint64_t)(int64_t)in.imm) & 0xffff;
        x->value = in.op == OP_OUT ? r[in.rd] & UINT32_MAX : 0;
        return k->io_all || (k->io_bitmap[x->addr / 8] >> (x->addr % 8) & 1);
    case OP_RDMSR: x->addr = r[in.ra]; return k->msr_all || listed(k->msr_read, x->addr);
    case OP_WRMSR:
        x->addr = r[in.rd];
        x->value = r[in.ra];
        return k->msr_all || listed(k->msr_write, x->addr);
    case OP_LMSW: x->value = r[in.ra]; return ((x->value ^ k->msw_shadow) & k->msw_mask) != 0;
    case OP_PAUSE: return pause_exits(c);
    case OP_INVLPG: x->addr = r[in.ra]; return true;
    case OP_LPTBR:
    case OP_LTPR:
    case OP_LIDT:
    case OP_LTR: x->value = r[in.ra]; return true;
    default: return true;
    }
}

static enum exit_reason trap_reason(unsigned op)
{
    switch (op) {
    case OP_SYSCALL: return EXIT_TRAP_SYSCALL;
    case OP_HCALL: return EXIT_HYPERCALL;
    case OP_IRET: return EXIT_TRAP_IRET;
    default: return EXIT_TRAP_SOFTINT;
    }
}

// What a hypervisor can let the processor do for a deprivileged kernel without its help, as x86's gates can lead from ring 3 to ring 1 and its IRET
// back: a system call, and the return from the kernel's ring outward. The real IF stays set.
static bool system_call_gate(struct cpu *c, struct insn in)
{
    uint64_t frame[FRAME_WORDS];
    if (in.op == OP_SYSCALL && c->s.ring == 3) {
        trap_syscall(c);
        c->s.flags |= FLAG_IF;
        cpu_set_ring(c, c->system_call_ring);
        return true;
    }
    if (in.op != OP_IRET || c->s.ring != c->system_call_ring) {
        return false;
    }
    if (!cpu_read_system(c, c->s.r[REG_SP], frame, FRAME_BYTES, false)) {
        return !cpu_give_up(c);
    }
    if (!cpu_good_target(c, frame[1]) || frame[2] > 3 || frame[2] < c->s.ring) {
        trap_fail(c, VEC_GP, 0);
        return true;
    }
    c->s.pc = frame[1];
    c->s.flags = FLAG_IF | (frame[3] & FLAG_TF);
    c->s.r[REG_SP] = frame[4];
    cpu_set_ring(c, (unsigned)frame[2]);
    trap_look_again(c);
    return true;
}

bool cpu_intercept(struct cpu *c, struct insn in)
{
    if (!c->vmcs && c->system_call_ring && system_call_gate(c, in)) {
        return true;
    }
    struct vmexit x = {.pc = c->s.pc, .insn = in};
    if (!c->vmcs) {
        x.reason = trap_reason(in.op);
        x.vector = in.op == OP_INT ? (uint8_t)in.imm : in.op == OP_BRK ? VEC_BP : 0;
    } else {
        x.reason = in.op == OP_BRK ? EXIT_EXCEPTION_NMI : (enum exit_reason)isa_row(in.op)->exit;
        x.vector = in.op == OP_BRK ? VEC_BP : 0;
        if (in.op == OP_LTPR && c->vmcs->control.tpr_shadow && !c->vmcs->control.tpr_load) {
            return virtual_tpr(c, in);
        }
        if (!operands_exit(c, in, &x)) {
            return false;
        }
    }
    // It has not completed: the monitor emulates it and steps over it (cpu_skip), or lets the guest try again.
    c->instructions--;
    exit_take(c, &x);
    return true;
}
