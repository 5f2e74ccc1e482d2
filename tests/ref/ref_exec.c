// The instructions of the reference interpreter: one switch.
#include "sim/cost.h"
#include "tests/ref/ref.h"

// What an instruction works with.
struct run {
    struct ref_machine *m;
    struct ref_cpu *c;
    struct insn in;
    uint64_t a, b, d; // values of ra, rb, rd before the instruction
    uint64_t imm;     // sign-extended
    uint64_t before;  // the time before its base cost
    uint64_t next;    // where it goes on
    bool delivered;   // its exception has been dealt with
};

static void put(struct run *x, uint64_t value)
{
    if (x->in.rd != REG_ZERO) {
        x->c->r[x->in.rd] = value;
    }
}

static bool gp0(struct run *x)
{
    return ref_fault(x->c, REF_GP, 0);
}

static uint64_t extend(uint64_t value, unsigned bytes)
{
    uint64_t sign = UINT64_C(1) << (8 * bytes - 1);
    return (value ^ sign) - sign;
}

static bool less(uint64_t a, uint64_t b)
{
    uint64_t sign = UINT64_C(1) << 63;
    return (a ^ sign) < (b ^ sign);
}

static uint64_t sar(uint64_t value, unsigned count)
{
    uint64_t fill = value >> 63 && count ? ~(UINT64_MAX >> count) : 0;
    return value >> count | fill;
}

// High half of the product, by 32-bit parts.
static uint64_t mulhu(uint64_t a, uint64_t b)
{
    uint64_t a0 = a & UINT32_MAX, a1 = a >> 32, b0 = b & UINT32_MAX, b1 = b >> 32;
    uint64_t middle = a1 * b0 + (a0 * b0 >> 32);
    uint64_t other = a0 * b1 + (middle & UINT32_MAX);
    return a1 * b1 + (middle >> 32) + (other >> 32);
}

static bool divide(struct run *x, bool remainder)
{
    uint64_t sign = UINT64_C(1) << 63;
    if (x->b == 0 || (x->a == sign && x->b == UINT64_MAX)) {
        return ref_fault(x->c, REF_DE, 0);
    }
    uint64_t a = x->a & sign ? 0 - x->a : x->a, b = x->b & sign ? 0 - x->b : x->b;
    bool negative = remainder ? x->a & sign : (x->a ^ x->b) & sign;
    uint64_t result = remainder ? a % b : a / b;
    put(x, negative ? 0 - result : result);
    return true;
}

static bool load(struct run *x, unsigned size, bool is_signed)
{
    uint64_t value;
    if (!ref_load(x->m, x->c, x->a + x->imm, size, &value)) {
        return false;
    }
    put(x, is_signed ? extend(value, size) : value);
    return true;
}

static bool store(struct run *x, unsigned size)
{
    return ref_store(x->m, x->c, x->a + x->imm, size, x->d);
}

static bool cas(struct run *x)
{
    uint64_t old;
    if (!ref_cas(x->m, x->c, x->a, x->d, x->b, &old)) {
        return false;
    }
    put(x, old);
    return true;
}

static void branch(struct run *x, bool taken)
{
    if (taken) {
        if (x->m->cover) {
            x->m->cover->taken[x->in.op]++;
        }
        x->next = x->c->pc + x->imm;
    }
}

static bool good_target(const struct run *x, uint64_t target)
{
    return target % 4 == 0 && ref_canonical(x->m, target);
}

static bool jalr(struct run *x)
{
    uint64_t target = x->a + x->imm;
    if (!good_target(x, target)) {
        return gp0(x);
    }
    put(x, x->next);
    x->next = target;
    return true;
}

static void syscall(struct run *x)
{
    struct ref_cpu *c = x->c;
    c->r[REG_T0] = c->r[REG_SP];
    c->r[REG_T0 + 1] = x->next;
    c->r[REG_T0 + 2] = c->flags;
    c->r[REG_SP] = c->kstack;
    c->ring = 0;
    c->flags &= ~(REF_IF | REF_TF);
    c->count.syscalls++;
    x->next = c->lstar;
}

static bool sysret(struct run *x)
{
    struct ref_cpu *c = x->c;
    uint64_t target = c->r[REG_T0 + 1];
    if (!good_target(x, target)) {
        REF_COVER(x->m, IRET_TARGET);
        return gp0(x);
    }
    c->r[REG_SP] = c->r[REG_T0];
    c->flags = c->r[REG_T0 + 2] & REF_FLAGS;
    c->ring = 3;
    x->next = target;
    return true;
}

static bool iret(struct run *x)
{
    struct ref_cpu *c = x->c;
    uint64_t frame[5];
    if (!ref_system_read(x->m, c, c->r[REG_SP], c->ring, frame, 5)) {
        return false;
    }
    if (!good_target(x, frame[1]) || frame[2] > 3 || frame[2] < c->ring) {
        frame[2] > 3 ? REF_COVER(x->m, IRET_RING) : REF_COVER(x->m, IRET_TARGET);
        return gp0(x);
    }
    frame[2] ? REF_COVER(x->m, IRET_OUTER) : REF_COVER(x->m, IRET_SAME);
    x->next = frame[1];
    c->ring = (unsigned)frame[2];
    c->flags = frame[3] & REF_FLAGS;
    c->r[REG_SP] = frame[4];
    return true;
}

// INT and BRK: the delivery is the instruction. Whether it completed.
static bool software_interrupt(struct run *x, unsigned vector)
{
    bool done = ref_deliver(x->m, x->c, REF_BY_INT, vector, 0, x->next, x->c->pc);
    x->delivered = true;
    x->next = x->c->pc;
    return done;
}

static void cpuid(struct run *x)
{
    const struct cpu_model *model = x->m->config.model;
    uint32_t word[4] = {0};
    uint32_t index = (uint32_t)(x->c - x->m->cpu);
    switch ((uint32_t)x->c->r[REG_A0]) {
    case 0:
        word[0] = 0x16;
        for (unsigned i = 0; i < 12; i++) {
            static const unsigned place[3] = {1, 3, 2};
            word[place[i / 4]] |= (uint32_t)(uint8_t)model->vendor[i] << (8 * (i % 4));
        }
        break;
    case 1:
        word[0] = 0x64;
        word[1] = index << 24 | x->m->config.cpus << 16;
        word[3] = 1u << 4 | 1u << 9;
        break;
    case 0x16: word[0] = model->mhz; break;
    case 0x80000008: word[0] = PHYS_BITS | (12 + 9 * x->m->config.levels) << 8; break;
    default: break;
    }
    for (unsigned i = 0; i < 4; i++) {
        x->c->r[REG_A0 + i] = word[i];
    }
}

static void wrflags(struct run *x)
{
    struct ref_cpu *c = x->c;
    uint64_t keep = 0;
    if (c->ring > (c->flags >> 12 & 3)) {
        keep |= REF_IF;
    }
    if (c->ring != 0) {
        keep |= REF_IOPL;
    }
    c->flags = (c->flags & keep) | (x->a & REF_FLAGS & ~keep);
}

static void lptbr(struct run *x)
{
    struct ref_cpu *c = x->c;
    c->ptbr = x->a & UINT64_C(0xffffffffff);
    if (!(c->msw & REF_PCIDE)) {
        REF_COVER(x->m, LPTBR_ALL);
        ref_tlb_drop_all(x->m, c);
    } else if (x->a >> 63) {
        REF_COVER(x->m, LPTBR_KEEP);
    } else {
        REF_COVER(x->m, LPTBR_ASID);
        ref_tlb_drop_asid(x->m, c, ref_asid(c));
    }
}

static bool lmsw(struct run *x)
{
    if (x->a & ~(REF_WP | REF_PCIDE | REF_PG)) {
        return gp0(x);
    }
    uint64_t changed = x->a ^ x->c->msw;
    if (changed & REF_PG) {
        x->a &REF_PG ? REF_COVER(x->m, LMSW_PG_ON) : REF_COVER(x->m, LMSW_PG_OFF);
    }
    changed &REF_WP ? REF_COVER(x->m, LMSW_WP) : (void)0;
    changed &REF_PCIDE ? REF_COVER(x->m, LMSW_PCIDE) : (void)0;
    changed ? (void)0 : REF_COVER(x->m, LMSW_SAME);
    if (changed) {
        ref_tlb_drop_all(x->m, x->c);
    }
    x->c->msw = x->a;
    return true;
}

static bool rdmsr(struct run *x)
{
    uint64_t value;
    if (!ref_msr_read(x->m, x->c, x->a, x->before, &value)) {
        return gp0(x);
    }
    put(x, value);
    return true;
}

// IN and OUT: the port's number, and count it.
static unsigned port(struct run *x)
{
    x->c->count.port_io++;
    return (unsigned)((x->a + x->imm) & 0xffff);
}

// Does it. False with an exception noted, or, for INT and BRK that did not complete, already delivered.
static bool execute(struct run *x)
{
    struct ref_cpu *c = x->c;
    switch (x->in.op) {
    case OP_ADD: put(x, x->a + x->b); break;
    case OP_SUB: put(x, x->a - x->b); break;
    case OP_AND: put(x, x->a & x->b); break;
    case OP_OR: put(x, x->a | x->b); break;
    case OP_XOR: put(x, x->a ^ x->b); break;
    case OP_SHL: put(x, x->a << (x->b % 64)); break;
    case OP_SHR: put(x, x->a >> (x->b % 64)); break;
    case OP_SAR: put(x, sar(x->a, x->b % 64)); break;
    case OP_SLT: put(x, less(x->a, x->b)); break;
    case OP_SLTU: put(x, x->a < x->b); break;
    case OP_MUL: put(x, x->a * x->b); break;
    case OP_MULHU: put(x, mulhu(x->a, x->b)); break;
    case OP_DIV: return divide(x, false);
    case OP_REM: return divide(x, true);
    case OP_ADDI: put(x, x->a + x->imm); break;
    case OP_ANDI: put(x, x->a & x->imm); break;
    case OP_ORI: put(x, x->a | x->imm); break;
    case OP_XORI: put(x, x->a ^ x->imm); break;
    case OP_SHLI: put(x, x->a << x->imm); break;
    case OP_SHRI: put(x, x->a >> x->imm); break;
    case OP_SARI: put(x, sar(x->a, (unsigned)x->imm)); break;
    case OP_SLTI: put(x, less(x->a, x->imm)); break;
    case OP_MOVI: put(x, x->imm); break;
    case OP_MOVK: put(x, x->d << 16 | x->imm); break;
    case OP_LEA: put(x, c->pc + x->imm); break;
    case OP_LDB: return load(x, 1, true);
    case OP_LDBU: return load(x, 1, false);
    case OP_LDH: return load(x, 2, true);
    case OP_LDHU: return load(x, 2, false);
    case OP_LDW: return load(x, 4, true);
    case OP_LDWU: return load(x, 4, false);
    case OP_LDD: return load(x, 8, false);
    case OP_STB: return store(x, 1);
    case OP_STH: return store(x, 2);
    case OP_STW: return store(x, 4);
    case OP_STD: return store(x, 8);
    case OP_CAS: return cas(x);
    case OP_BEQ: branch(x, x->a == x->b); break;
    case OP_BNE: branch(x, x->a != x->b); break;
    case OP_BLT: branch(x, less(x->a, x->b)); break;
    case OP_BGE: branch(x, !less(x->a, x->b)); break;
    case OP_BLTU: branch(x, x->a < x->b); break;
    case OP_BGEU: branch(x, x->a >= x->b); break;
    case OP_JMP: branch(x, true); break;
    case OP_CALL:
        c->r[REG_LR] = x->next;
        branch(x, true);
        break;
    case OP_JALR: return jalr(x);
    case OP_SYSCALL: syscall(x); break;
    case OP_INT: return software_interrupt(x, (unsigned)x->imm);
    case OP_BRK: return software_interrupt(x, REF_BP);
    case OP_HCALL: return ref_fault(c, REF_UD, 0); // on the bare machine nobody listens
    case OP_CPUID: cpuid(x); break;
    case OP_RDTSC: put(x, x->before); break;
    case OP_PAUSE: break;
    case OP_RDFLAGS: put(x, c->flags); break;
    case OP_WRFLAGS: wrflags(x); break;
    case OP_SIDT: put(x, c->idt); break;
    case OP_SMSW: put(x, c->msw); break;
    case OP_RDRING: put(x, c->ring); break;
    case OP_CLI: c->flags &= ~REF_IF; break;
    case OP_STI: c->flags |= REF_IF; break;
    case OP_IN: put(x, ref_port_read(x->m, c, port(x))); break;
    case OP_OUT: ref_port_write(x->m, c, port(x), (uint32_t)x->d); break;
    case OP_HLT: c->halted = true; break;
    case OP_LPTBR: lptbr(x); break;
    case OP_SPTBR: put(x, c->ptbr); break;
    case OP_LMSW: return lmsw(x);
    case OP_LIDT: c->idt = x->a; break;
    case OP_LTR: c->task = x->a; break;
    case OP_SFAR: put(x, c->far); break;
    case OP_LTPR: c->tpr = x->a & 15; break;
    case OP_STPR: put(x, c->tpr); break;
    case OP_INVLPG: ref_tlb_drop_address(x->m, c, x->a); break;
    case OP_RDMSR: return rdmsr(x);
    case OP_WRMSR: return ref_msr_write(x->m, c, x->d, x->a) ? true : gp0(x);
    case OP_IRET: return iret(x);
    case OP_SYSRET: return sysret(x);
    default: return ref_fault(c, REF_UD, 0);
    }
    return true;
}

static bool privileged_enough(struct ref_machine *m, const struct ref_cpu *c, unsigned op)
{
    bool within_iopl = c->ring <= (c->flags >> 12 & 3);
    switch (isa_row(op)->priv) {
    case PRIV_RING0: return c->ring == 0;
    case PRIV_IOPL:
        if (c->ring != 0 && within_iopl) {
            REF_COVER(m, IOPL_ALLOWS);
        }
        return within_iopl;
    case PRIV_HOLE:
        if (c->ring != 0) {
            m->config.holes_closed ? REF_COVER(m, HOLE_CLOSED) : REF_COVER(m, HOLE_OPEN);
        }
        return !m->config.holes_closed || (op == OP_WRFLAGS ? within_iopl : c->ring == 0);
    default: return true;
    }
}

static bool reaches_port(enum isa_op op)
{
    return op == OP_IN || op == OP_OUT;
}

// An IN or OUT costs what an addition costs until it is known to be allowed.
static uint64_t attempt_cost(const struct ref_machine *m, enum isa_op op)
{
    uint64_t all = ref_cost(m, isa_row(op)->cost), least = ref_cost(m, COST_ALU);
    return reaches_port(op) && least < all ? least : all;
}

// Fetches, decodes, charges, checks, executes.
static bool attempt(struct run *x)
{
    struct ref_machine *m = x->m;
    struct ref_cpu *c = x->c;
    uint64_t pa;
    if (!ref_translate(m, c, c->pc, REF_FETCH, c->ring, &pa)) {
        return false;
    }
    x->in = isa_decode((uint32_t)ref_ram_get(m, pa, 4));
    x->before = c->time;
    if (x->in.op == OP_INVALID) {
        pa < m->config.ram ? REF_COVER(m, INVALID_WORD) : REF_COVER(m, FETCH_OUTSIDE);
        return ref_fault(c, REF_UD, 0);
    }
    ref_charge(c, x->in.op == OP_IRET ? REF_CYCLES_EVENT : ref_guest(c->ring),
               attempt_cost(m, x->in.op));
    if (!privileged_enough(m, c, x->in.op)) {
        REF_COVER(m, NO_PRIVILEGE);
        return gp0(x);
    }
    if (reaches_port(x->in.op)) {
        ref_charge(c, ref_guest(c->ring),
                   ref_cost(m, isa_row(x->in.op)->cost) - attempt_cost(m, x->in.op));
    }
    x->a = c->r[x->in.ra];
    x->b = c->r[x->in.rb];
    x->d = c->r[x->in.rd];
    x->imm = (uint64_t)(int64_t)x->in.imm;
    return execute(x);
}

static void cover_done(struct ref_machine *m, unsigned op, bool traced)
{
    if (m->cover) {
        m->cover->done[op]++;
    }
    if (traced) {
        op == OP_SYSCALL               ? REF_COVER(m, TRACE_SYSCALL)
        : op == OP_INT || op == OP_BRK ? REF_COVER(m, TRACE_INT)
                                       : REF_COVER(m, TRACE);
    }
}

void ref_instruction(struct ref_machine *m, struct ref_cpu *c)
{
    struct run x = {.m = m, .c = c, .next = c->pc + 4};
    bool traced = c->flags & REF_TF;
    if (!attempt(&x)) {
        if (m->cover) {
            m->cover->faulted[x.in.op]++;
        }
        if (!x.delivered) {
            ref_deliver(m, c, REF_BY_FAULT, c->vector, c->error, c->pc, c->pc);
        }
        return;
    }
    c->pc = x.next;
    c->count.instructions++;
    cover_done(m, x.in.op, traced);
    m->completed++;
    c->shadow = x.in.op == OP_STI;
    if (traced && m->stop.reason == STOP_NONE) {
        ref_deliver(m, c, REF_BY_TRAP, REF_DB, 0, c->pc, c->pc);
    }
}
