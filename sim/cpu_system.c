// The system instructions: those that read or change mode, translation, interrupts or time. Both paths of the processor come here for them.
#include "sim/acct.h"
#include "sim/cpu.h"
#include "sim/cpu_trap.h"
#include "sim/machine_internal.h"
#include "sim/vmcs.h"

enum { CPUID_LEAF_MAX = 0x16, CPUID_SIGNATURE = 0x64 };
#define APIC_BASE_ADDRESS UINT64_C(0xfee00000)
#define APIC_BASE_BOOT    UINT64_C(0x100)

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

bool cpu_give_up(struct cpu *c)
{
    c->instructions--;
    cpu_take_fault(c);
    return false;
}

static void put(struct cpu *c, unsigned rd, uint64_t value)
{
    c->s.r[rd] = value;
    c->s.r[REG_ZERO] = 0;
}

static void next(struct cpu *c)
{
    c->s.pc += 4;
}

// ---- calls and returns ----------------------------------------------------------------------------

static void software_interrupt(struct cpu *c, unsigned vector)
{
    // Completed only if this very gate was entered: what was delivered instead is a fault of the instruction.
    c->instructions--;
    if (cpu_deliver(c, vector, 0, EVENT_SOFTWARE, c->s.pc + 4)) {
        c->instructions++;
    }
}

// ---- identification and model-specific registers --------------------------------------------------

static uint32_t vendor_word(const char *vendor, unsigned at)
{
    uint32_t word;
    memcpy(&word, vendor + at, sizeof word);
    return word;
}

void cpu_cpuid(const struct cpu *c, uint32_t leaf, uint32_t out[4])
{
    const struct cpu_model *model = c->model;
    memset(out, 0, 4 * sizeof *out);
    switch (leaf) {
    case 0:
        out[0] = CPUID_LEAF_MAX;
        out[1] = vendor_word(model->vendor, 0);
        out[3] = vendor_word(model->vendor, 4);
        out[2] = vendor_word(model->vendor, 8);
        break;
    case 1:
        out[0] = CPUID_SIGNATURE;
        out[1] = c->index << 24 | c->m->config.cpus << 16;
        out[3] = 1u << 4 | 1u << 9; // TSC, APIC
        break;
    case 0x16: out[0] = model->mhz; break;
    case 0x80000008: out[0] = PHYS_BITS | (PAGE_SHIFT + LEVEL_BITS * c->levels) << 8; break;
    default: break;
    }
}

static void do_cpuid(struct cpu *c)
{
    uint32_t out[4];
    cpu_cpuid(c, (uint32_t)c->s.r[REG_A0], out);
    for (unsigned k = 0; k < 4; k++) {
        c->s.r[REG_A0 + k] = out[k];
    }
    next(c);
}

// What this instruction's processor shows as its time: that before its own base cost.
static uint64_t time_stamp(const struct cpu *c, unsigned op)
{
    return cpu_now(c) - c->op_cost[op] + (c->vmcs ? c->vmcs->control.tsc_offset : 0);
}

static void do_rdmsr(struct cpu *c, struct insn in)
{
    uint64_t value;
    switch (msr_of(c->s.r[in.ra])) {
    case MSR_TSC: value = time_stamp(c, OP_RDMSR); break;
    case MSR_APIC_BASE: value = APIC_BASE_ADDRESS | (c->index == 0 ? APIC_BASE_BOOT : 0); break;
    case MSR_KSTACK: value = c->s.kstack; break;
    case MSR_TSC_DEADLINE: value = machine_lapic_deadline(c->m, c->index); break;
    case MSR_LSTAR: value = c->s.lstar; break;
    default: trap_fail(c, VEC_GP, 0); return;
    }
    put(c, in.rd, value);
    next(c);
}

static void do_wrmsr(struct cpu *c, struct insn in)
{
    uint64_t value = c->s.r[in.ra];
    switch (msr_of(c->s.r[in.rd])) {
    case MSR_KSTACK: c->s.kstack = value; break;
    case MSR_TSC_DEADLINE: machine_lapic_set_deadline(c->m, c->index, value); break;
    case MSR_LSTAR:
        if (cpu_good_target(c, value)) {
            c->s.lstar = value;
            break;
        }
        trap_fail(c, VEC_GP, 0);
        return;
    default: trap_fail(c, VEC_GP, 0); return;
    }
    next(c);
}

// ---- configuration --------------------------------------------------------------------------------

static void do_wrflags(struct cpu *c, uint64_t value)
{
    uint64_t keep = 0;
    unsigned iopl = (unsigned)(c->s.flags >> 12) & 3;
    if (c->s.ring > iopl) {
        keep |= FLAG_IF; // silently: this is the hole
    }
    if (c->s.ring != 0) {
        keep |= FLAG_IOPL;
    }
    c->s.flags = (c->s.flags & keep) | (value & FLAGS_ALL & ~keep);
    next(c);
    trap_look_again(c);
}

static void do_sti(struct cpu *c)
{
    c->s.flags |= FLAG_IF;
    c->shadow_at = c->instructions;
    next(c);
    trap_look_again(c);
}

static void do_lptbr(struct cpu *c, uint64_t value)
{
    c->s.ptbr = value & (PTBR_FRAME | PTBR_ASID);
    if (!(c->s.msw & MSW_PCIDE)) {
        cpu_drop_vpid(c);
    } else if (value & PTBR_KEEP) {
        cpu_enter_space(c);
    } else {
        cpu_drop_space(c);
    }
    next(c);
}

static void do_lmsw(struct cpu *c, uint64_t value)
{
    if (value & ~MSW_ALL) {
        trap_fail(c, VEC_GP, 0);
        return;
    }
    if (c->vmcs) { // bits that the hypervisor owns stay as they are
        uint64_t mask = c->vmcs->control.msw_mask;
        value = (value & ~mask) | (c->s.msw & mask);
    }
    if (value != c->s.msw) {
        c->s.msw = value;
        cpu_drop_vpid(c);
    }
    next(c);
}

static uint64_t show_msw(const struct cpu *c)
{
    if (!c->vmcs) {
        return c->s.msw;
    }
    uint64_t mask = c->vmcs->control.msw_mask;
    return (c->s.msw & ~mask) | (c->vmcs->control.msw_shadow & mask);
}

static void do_hlt(struct cpu *c)
{
    c->s.halted = true;
    next(c);
    cpu_break(c);
}

// ---- ports ----------------------------------------------------------------------------------------

// The processor waits for the port.
static void reach_port(struct cpu *c, struct insn in)
{
    acct_advance(c, c->cost[isa_row(in.op)->cost] - c->op_cost[in.op]);
    c->counters.port_io++;
}

static void do_in(struct cpu *c, struct insn in)
{
    reach_port(c, in);
    uint64_t port = (c->s.r[in.ra] + (uint64_t)(int64_t)in.imm) & 0xffff;
    const struct bus_range *range = bus_find(&c->m->bus, BUS_PORT, port);
    uint64_t value =
        range ? range->read(c->m, range->dev, c->index, port - range->base, 4) : UINT32_MAX;
    put(c, in.rd, value & UINT32_MAX);
    next(c);
}

static void do_out(struct cpu *c, struct insn in)
{
    reach_port(c, in);
    uint64_t port = (c->s.r[in.ra] + (uint64_t)(int64_t)in.imm) & 0xffff;
    const struct bus_range *range = bus_find(&c->m->bus, BUS_PORT, port);
    uint64_t value = c->s.r[in.rd] & UINT32_MAX;
    next(c); // first: a write to the stop port ends the machine behind this instruction
    if (range) {
        range->write(c->m, range->dev, c->index, port - range->base, 4, value);
    }
}

// ---- dispatch -------------------------------------------------------------------------------------

static bool privileged_here(const struct cpu *c, unsigned op)
{
    switch (c->op_priv[op]) {
    case PRIV_RING0: return c->s.ring == 0;
    case PRIV_IOPL: return c->s.ring <= ((c->s.flags >> 12) & 3);
    default: return true;
    }
}

static void do_system(struct cpu *c, struct insn in)
{
    uint64_t *r = c->s.r;
    switch (in.op) {
    case OP_SYSCALL: trap_syscall(c); break;
    case OP_SYSRET: trap_sysret(c); break;
    case OP_INT: software_interrupt(c, (unsigned)in.imm); break;
    case OP_BRK: software_interrupt(c, VEC_BP); break;
    case OP_IRET: trap_iret(c); break;
    case OP_HCALL:
        trap_fail(c, VEC_UD, 0);
        break; // nobody listens, or it would have been intercepted
    case OP_CPUID: do_cpuid(c); break;
    case OP_RDTSC: put(c, in.rd, time_stamp(c, OP_RDTSC)), next(c); break;
    case OP_PAUSE: next(c); break;
    case OP_RDFLAGS: put(c, in.rd, c->s.flags), next(c); break;
    case OP_WRFLAGS: do_wrflags(c, r[in.ra]); break;
    case OP_SIDT: put(c, in.rd, c->s.vbar), next(c); break;
    case OP_SMSW: put(c, in.rd, show_msw(c)), next(c); break;
    case OP_RDRING: put(c, in.rd, c->s.ring), next(c); break;
    case OP_CLI: c->s.flags &= ~FLAG_IF, next(c); break;
    case OP_STI: do_sti(c); break;
    case OP_IN: do_in(c, in); break;
    case OP_OUT: do_out(c, in); break;
    case OP_HLT: do_hlt(c); break;
    case OP_LPTBR: do_lptbr(c, r[in.ra]); break;
    case OP_SPTBR: put(c, in.rd, c->s.ptbr), next(c); break;
    case OP_LMSW: do_lmsw(c, r[in.ra]); break;
    case OP_LIDT: c->s.vbar = r[in.ra], next(c); break;
    case OP_LTR: c->s.tr = r[in.ra], next(c); break;
    case OP_SFAR: put(c, in.rd, c->s.far), next(c); break;
    case OP_LTPR: c->s.tpr = r[in.ra] & 15, next(c), trap_look_again(c); break;
    case OP_STPR: put(c, in.rd, c->s.tpr), next(c); break;
    case OP_INVLPG: next(c), cpu_drop_page(c, r[in.ra]); break;
    case OP_RDMSR: do_rdmsr(c, in); break;
    case OP_WRMSR: do_wrmsr(c, in); break;
    default: assert(false && "a system instruction without an arm"); break;
    }
}

void cpu_system(struct cpu *c, struct insn in)
{
    if (in.op == OP_IRET) {
        acct_move(c, CYC_EVENT, c->op_cost[OP_IRET]);
    }
    unsigned intercept = c->intercept[in.op];
    if (intercept == INTERCEPT_FIRST && cpu_intercept(c, in)) {
        return;
    }
    if (!privileged_here(c, in.op)) {
        trap_fail(c, VEC_GP, 0);
        return;
    }
    if (intercept == INTERCEPT_ALLOWED && cpu_intercept(c, in)) {
        return;
    }
    do_system(c, in);
}
