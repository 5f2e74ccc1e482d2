// The plain path: one instruction at a time, fetched, decoded and executed, no shortcut taken. It runs whatever the fast path leaves over:
// the last instructions before an event, single-stepping, tracing; and everything, if the machine is told so.
#include "sim/acct.h"
#include "sim/alu.h"
#include "sim/cpu.h"
#include "sim/machine_internal.h"
#include "sim/vmcs.h"

static void put(struct cpu *c, unsigned rd, uint64_t value)
{
    c->s.r[rd] = value;
    c->s.r[REG_ZERO] = 0;
}

static bool do_load(struct cpu *c, struct insn in, unsigned n, uint64_t sign)
{
    uint64_t value;
    if (!cpu_load(c, c->s.r[in.ra] + (uint64_t)(int64_t)in.imm, n, &value)) {
        return cpu_give_up(c);
    }
    put(c, in.rd, (value ^ sign) - sign);
    return true;
}

static bool do_store(struct cpu *c, struct insn in, unsigned n)
{
    return cpu_store(c, c->s.r[in.ra] + (uint64_t)(int64_t)in.imm, n, c->s.r[in.rd]) ||
           cpu_give_up(c);
}

static bool do_divide(struct cpu *c, struct insn in)
{
    uint64_t quotient, remainder;
    if (!alu_divide(c->s.r[in.ra], c->s.r[in.rb], &quotient, &remainder)) {
        cpu_fail(c, VEC_DE, 0);
        return cpu_give_up(c);
    }
    put(c, in.rd, in.op == OP_DIV ? quotient : remainder);
    return true;
}

static bool do_cas(struct cpu *c, struct insn in)
{
    uint64_t old;
    if (!cpu_compare_and_swap(c, c->s.r[in.ra], c->s.r[in.rd], c->s.r[in.rb], &old)) {
        return cpu_give_up(c);
    }
    put(c, in.rd, old);
    return true;
}

static bool do_jalr(struct cpu *c, struct insn in)
{
    uint64_t target = c->s.r[in.ra] + (uint64_t)(int64_t)in.imm;
    if (!cpu_good_target(c, target)) {
        cpu_fail(c, VEC_GP, 0);
        return cpu_give_up(c);
    }
    put(c, in.rd, c->s.pc + 4);
    c->s.pc = target;
    return true;
}

// A sign bit of 0 for unsigned types: what do_load extends by.
#define SIGN_BIT(type) ((type)-1 < (type)1 ? UINT64_C(1) << (8 * sizeof(type) - 1) : UINT64_C(0))

void cpu_execute(struct cpu *c, struct insn in)
{
    const uint64_t a = c->s.r[in.ra], b = c->s.r[in.rb], imm = (uint64_t)(int64_t)in.imm;
    uint64_t to = c->s.pc + 4;
    bool ok = true;
    switch (in.op) {
#define ALU(NAME, expression)                  \
    case OP_##NAME:                            \
        put(c, in.rd, (uint64_t)(expression)); \
        break;
#define BRANCH(NAME, condition)                \
    case OP_##NAME:                            \
        to = (condition) ? c->s.pc + imm : to; \
        break;
#define LOAD(NAME, type)                                   \
    case OP_##NAME:                                        \
        ok = do_load(c, in, sizeof(type), SIGN_BIT(type)); \
        break;
#define STORE(NAME, type)                   \
    case OP_##NAME:                         \
        ok = do_store(c, in, sizeof(type)); \
        break;
#include "sim/alu.def"
#define b imm
#define ALUI(NAME, expression)                 \
    case OP_##NAME:                            \
        put(c, in.rd, (uint64_t)(expression)); \
        break;
#include "sim/alu.def"
#undef b
    case OP_DIV:
    case OP_REM: ok = do_divide(c, in); break;
    case OP_MOVI: put(c, in.rd, imm); break;
    case OP_MOVK: put(c, in.rd, c->s.r[in.rd] << 16 | imm); break;
    case OP_LEA: put(c, in.rd, c->s.pc + imm); break;
    case OP_CAS: ok = do_cas(c, in); break;
    case OP_JMP: to = c->s.pc + imm; break;
    case OP_CALL:
        put(c, REG_LR, to);
        to = c->s.pc + imm;
        break;
    case OP_JALR: do_jalr(c, in); return;
    default: cpu_system(c, in); return;
    }
    if (ok) {
        c->s.pc = to;
    }
}

void cpu_step_instruction(struct cpu *c)
{
    uint32_t word;
    if (!cpu_fetch(c, &word)) {
        cpu_take_fault(c);
        return;
    }
    struct insn in = isa_decode(word);
    if (in.op == OP_INVALID) {
        cpu_fail(c, VEC_UD, 0);
        cpu_take_fault(c);
        return;
    }
    acct_advance(c, c->op_cost[in.op]);
    uint64_t pc = c->s.pc, time = cpu_now(c) - c->op_cost[in.op];
    unsigned ring = c->s.ring;
    c->instructions++;
    uint64_t counted = c->instructions;
    bool stepping = c->s.flags & FLAG_TF;
    cpu_execute(c, in);
    bool completed = c->instructions == counted;
    if (completed) {
        cpu_trace(c, time, pc, word, ring, 0);
    }
    if (stepping && completed && c->m->stop.reason == STOP_NONE) {
        c->fault.addr = 0;
        cpu_raise(c, VEC_DB, 0, c->s.pc);
    }
}

void cpu_step(struct cpu *c)
{
    assert(cpu_runnable(c));
    if (c->idle) {
        cpu_wake_monitor(c);
    } else if (cpu_event_pending(c)) {
        cpu_take_event(c);
    } else if (c->translating) {
        c->m->monitor->step(c);
    } else {
        cpu_step_instruction(c);
    }
}
