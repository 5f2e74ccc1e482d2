// emulate_system.c: the system instructions on a guest's virtual state. Privilege is the guest's own: its ring and IOPL, not the ring it really runs in.
#include "models/emulate.h"

#include "sim/acct.h"

#define APIC_BASE_BOOT UINT64_C(0x100)

enum msr {
#define MSR(NAME, number, access, doc) MSR_##NAME,
#include "sim/msr.def"
#undef MSR
    MSR_NONE
};

static enum msr msr_of(uint64_t number)
{
    static const uint64_t numbers[] = {
#define MSR(NAME, number, access, doc) number,
#include "sim/msr.def"
#undef MSR
    };
    unsigned k = 0;
    while (k < MSR_NONE && numbers[k] != number) {
        k++;
    }
    return (enum msr)k;
}

static bool good_target(const struct vcpu *v, uint64_t pc)
{
    return pc % 4 == 0 && vcpu_canonical(v, pc);
}

static bool privileged_here(const struct vcpu *v, unsigned op)
{
    switch (v->cpu->op_priv[op]) {
    case PRIV_RING0: return v->g.ring == 0;
    case PRIV_IOPL: return v->g.ring <= ((v->g.flags >> 12) & 3);
    default: return true;
    }
}

// ---- returns --------------------------------------------------------------------------------------

static bool do_iret(struct vcpu *v, struct cpu_fault *fault)
{
    uint64_t frame[5]; // error, pc, ring, flags, sp
    if (!vcpu_read(v, v->cpu->s.r[REG_SP], frame, sizeof frame, v->g.ring, fault)) {
        return false;
    }
    if (!good_target(v, frame[1]) || frame[2] > 3 || frame[2] < v->g.ring) {
        return emulate_fail(fault, VEC_GP, 0);
    }
    v->g.ring = (uint8_t)frame[2];
    v->g.flags = frame[3] & FLAGS_ALL;
    v->cpu->s.r[REG_SP] = frame[4];
    return emulate_go(v, frame[1]);
}

static bool do_sysret(struct vcpu *v, struct cpu_fault *fault)
{
    uint64_t *r = v->cpu->s.r;
    if (!good_target(v, r[REG_T0 + 1])) {
        return emulate_fail(fault, VEC_GP, 0);
    }
    v->g.ring = 3;
    v->g.flags = r[REG_T0 + 2] & FLAGS_ALL;
    r[REG_SP] = r[REG_T0];
    return emulate_go(v, r[REG_T0 + 1]);
}

// ---- registers ------------------------------------------------------------------------------------

static bool do_cpuid(struct vcpu *v)
{
    uint32_t out[4];
    cpu_cpuid(v->cpu, (uint32_t)v->cpu->s.r[REG_A0], out);
    for (unsigned k = 0; k < 4; k++) {
        emulate_put(v, REG_A0 + k, out[k]);
    }
    return emulate_next(v);
}

static bool do_rdmsr(struct vcpu *v, struct insn in, struct cpu_fault *fault)
{
    uint64_t value;
    switch (msr_of(v->cpu->s.r[in.ra])) {
    case MSR_TSC: value = cpu_now(v->cpu); break;
    case MSR_APIC_BASE: value = APIC_BASE | (v->index == 0 ? APIC_BASE_BOOT : 0); break;
    case MSR_KSTACK: value = v->g.kstack; break;
    case MSR_TSC_DEADLINE: value = apic_deadline(&v->vm->devices.apic[v->index]); break;
    case MSR_LSTAR: value = v->g.lstar; break;
    default: return emulate_fail(fault, VEC_GP, 0);
    }
    emulate_put(v, in.rd, value);
    return emulate_next(v);
}

static bool do_wrmsr(struct vcpu *v, struct insn in, struct cpu_fault *fault)
{
    struct devices *d = &v->vm->devices;
    uint64_t value = v->cpu->s.r[in.ra];
    enum msr number = msr_of(v->cpu->s.r[in.rd]);
    if (number == MSR_KSTACK) {
        v->g.kstack = value;
    } else if (number == MSR_TSC_DEADLINE) {
        apic_set_deadline(&d->apic[v->index], &d->env, value);
    } else if (number == MSR_LSTAR && good_target(v, value)) {
        v->g.lstar = value;
    } else {
        return emulate_fail(fault, VEC_GP, 0);
    }
    return emulate_next(v);
}

static bool do_wrflags(struct vcpu *v, uint64_t value)
{
    uint64_t keep = 0;
    if (v->g.ring > ((v->g.flags >> 12) & 3)) {
        keep |= FLAG_IF;
    }
    if (v->g.ring != 0) {
        keep |= FLAG_IOPL;
    }
    v->g.flags = (v->g.flags & keep) | (value & FLAGS_ALL & ~keep);
    return emulate_next(v);
}

static bool do_sti(struct vcpu *v)
{
    v->g.flags |= FLAG_IF;
    emulate_next(v);
    v->shadow_at = v->cpu->instructions;
    return true;
}

// ---- translation ----------------------------------------------------------------------------------

static bool do_lptbr(struct vcpu *v, uint64_t value)
{
    v->g.ptbr = value & (PTBR_FRAME | PTBR_ASID);
    emulate_next(v);
    v->vm->paging->load_base(v, (v->g.msw & MSW_PCIDE) && (value & PTBR_KEEP));
    return true;
}

static bool do_lmsw(struct vcpu *v, uint64_t value, struct cpu_fault *fault)
{
    if (value & ~MSW_ALL) {
        return emulate_fail(fault, VEC_GP, 0);
    }
    emulate_next(v);
    if (value != v->g.msw) {
        v->g.msw = value;
        v->vm->paging->load_base(v, false);
    }
    return true;
}

static bool do_invlpg(struct vcpu *v, uint64_t va)
{
    emulate_next(v);
    v->vm->paging->invlpg(v, va);
    return true;
}

// ---- ports ----------------------------------------------------------------------------------------

static unsigned port_of(const struct vcpu *v, struct insn in)
{
    return (unsigned)(v->cpu->s.r[in.ra] + (uint64_t)(int64_t)in.imm) & 0xffff;
}

static bool do_in(struct vcpu *v, struct insn in)
{
    emulate_put(v, in.rd, vm_port_read(v, port_of(v, in)));
    return emulate_next(v);
}

static bool do_out(struct vcpu *v, struct insn in)
{
    unsigned port = port_of(v, in);
    emulate_next(v); // first: a write to the stop port ends the machine behind this instruction
    vm_port_write(v, port, (uint32_t)v->cpu->s.r[in.rd]);
    return true;
}

// ---- dispatch -------------------------------------------------------------------------------------

static bool show(struct vcpu *v, unsigned rd, uint64_t value)
{
    emulate_put(v, rd, value);
    return emulate_next(v);
}

static bool set(struct vcpu *v, uint64_t *reg, uint64_t value)
{
    *reg = value;
    return emulate_next(v);
}

bool emulate_system(struct vcpu *v, struct insn in, struct cpu_fault *fault)
{
    struct cpu_state *g = &v->g;
    const uint64_t a = v->cpu->s.r[in.ra];
    if (!privileged_here(v, in.op)) {
        return emulate_fail(fault, VEC_GP, 0);
    }
    switch (in.op) {
    case OP_SYSRET: return do_sysret(v, fault);
    case OP_IRET: return do_iret(v, fault);
    case OP_HCALL: return emulate_fail(fault, VEC_UD, 0); // nobody listens
    case OP_CPUID: return do_cpuid(v);
    case OP_RDTSC: return show(v, in.rd, cpu_now(v->cpu));
    case OP_PAUSE: return emulate_next(v);
    case OP_RDFLAGS: return show(v, in.rd, g->flags);
    case OP_WRFLAGS: return do_wrflags(v, a);
    case OP_SIDT: return show(v, in.rd, g->vbar);
    case OP_SMSW: return show(v, in.rd, g->msw);
    case OP_RDRING: return show(v, in.rd, g->ring);
    case OP_CLI: return set(v, &g->flags, g->flags & ~FLAG_IF);
    case OP_STI: return do_sti(v);
    case OP_IN: return do_in(v, in);
    case OP_OUT: return do_out(v, in);
    case OP_HLT: g->halted = true; return emulate_next(v);
    case OP_LPTBR: return do_lptbr(v, a);
    case OP_SPTBR: return show(v, in.rd, g->ptbr);
    case OP_LMSW: return do_lmsw(v, a, fault);
    case OP_LIDT: return set(v, &g->vbar, a);
    case OP_LTR: return set(v, &g->tr, a);
    case OP_SFAR: return show(v, in.rd, g->far);
    case OP_LTPR: g->tpr = a & 15; return emulate_next(v);
    case OP_STPR: return show(v, in.rd, g->tpr);
    case OP_INVLPG: return do_invlpg(v, a);
    case OP_RDMSR: return do_rdmsr(v, in, fault);
    case OP_WRMSR: return do_wrmsr(v, in, fault);
    default: break;
    }
    assert(false && "SYSCALL, INT and BRK are the caller's");
    return emulate_fail(fault, VEC_UD, 0);
}
