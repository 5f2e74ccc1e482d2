// emulate.c: one guest instruction by software. The whole instruction set is here, because a monitor meets more than privileged instructions: loads
// and stores that reach devices or guarded page tables, and code that the real processor cannot be pointed at.
#include "models/emulate.h"

#include "sim/acct.h"
#include "sim/alu.h"

bool emulate_fail(struct cpu_fault *fault, unsigned vector, uint32_t error)
{
    *fault = (struct cpu_fault){.vector = (uint8_t)vector, .error = error};
    return false;
}

void emulate_put(struct vcpu *v, unsigned rd, uint64_t value)
{
    v->cpu->s.r[rd] = value;
    v->cpu->s.r[REG_ZERO] = 0;
}

bool emulate_go(struct vcpu *v, uint64_t pc)
{
    v->cpu->s.pc = pc;
    v->cpu->instructions++;
    return true;
}

bool emulate_next(struct vcpu *v)
{
    return emulate_go(v, v->cpu->s.pc + 4);
}

// ---- memory ---------------------------------------------------------------------------------------

// Where an access lies: one place, or two if it crosses a page.
struct place {
    uint64_t at[2];
    unsigned first; // bytes in the first page
};

static bool find(struct vcpu *v, uint64_t va, unsigned n, enum cpu_access access, struct place *p,
                 struct cpu_fault *fault)
{
    uint64_t room = PAGE_SIZE - (va & PAGE_MASK);
    p->first = room < n ? (unsigned)room : n;
    return vcpu_walk(v, va, access, v->g.ring, &p->at[0], fault) &&
           (p->first == n || vcpu_walk(v, va + p->first, access, v->g.ring, &p->at[1], fault));
}

static bool load(struct vcpu *v, struct insn in, unsigned n, uint64_t sign, struct cpu_fault *fault)
{
    struct place p;
    uint64_t value = UINT64_MAX, va = v->cpu->s.r[in.ra] + (uint64_t)(int64_t)in.imm;
    if (!find(v, va, n, ACC_READ, &p, fault)) {
        return false;
    }
    if (p.first == n) {
        value = vm_physical_read(v, p.at[0], n);
    } else { // across pages no device is reached
        unsigned bits = 8 * p.first;
        uint64_t low = vm_has(v->vm, p.at[0], p.first) ? mem_get(&v->vm->memory, p.at[0], p.first)
                                                       : (UINT64_C(1) << bits) - 1;
        uint64_t high = vm_has(v->vm, p.at[1], n - p.first)
                            ? mem_get(&v->vm->memory, p.at[1], n - p.first)
                            : (UINT64_C(1) << 8 * (n - p.first)) - 1;
        value = low | high << bits;
    }
    emulate_put(v, in.rd, (value ^ sign) - sign);
    return emulate_next(v);
}

static bool store(struct vcpu *v, struct insn in, unsigned n, struct cpu_fault *fault)
{
    struct place p;
    uint64_t value = v->cpu->s.r[in.rd], va = v->cpu->s.r[in.ra] + (uint64_t)(int64_t)in.imm;
    if (!find(v, va, n, ACC_WRITE, &p, fault)) {
        return false;
    }
    emulate_next(v); // a device may end the run behind this instruction
    if (p.first == n) {
        vm_physical_write(v, p.at[0], n, value);
    } else {
        vm_ram_write(v->vm, p.at[0], &value, p.first);
        value >>= 8 * p.first;
        vm_ram_write(v->vm, p.at[1], &value, n - p.first);
    }
    return true;
}

static bool compare_and_swap(struct vcpu *v, struct insn in, struct cpu_fault *fault)
{
    uint64_t *r = v->cpu->s.r, at, va = r[in.ra];
    if (va % 8) {
        return emulate_fail(fault, VEC_GP, 0);
    }
    if (!vcpu_walk(v, va, ACC_WRITE, v->g.ring, &at, fault)) {
        return false;
    }
    uint64_t old = vm_has(v->vm, at, 8) ? mem_get(&v->vm->memory, at, 8) : UINT64_MAX;
    if (old == r[in.rd]) {
        vm_ram_write(v->vm, at, &r[in.rb], 8);
    }
    emulate_put(v, in.rd, old);
    return emulate_next(v);
}

// ---- arithmetic and control flow ------------------------------------------------------------------

static bool divide(struct vcpu *v, struct insn in, struct cpu_fault *fault)
{
    uint64_t quotient, remainder;
    if (!alu_divide(v->cpu->s.r[in.ra], v->cpu->s.r[in.rb], &quotient, &remainder)) {
        return emulate_fail(fault, VEC_DE, 0);
    }
    emulate_put(v, in.rd, in.op == OP_DIV ? quotient : remainder);
    return emulate_next(v);
}

static bool jump_register(struct vcpu *v, struct insn in, struct cpu_fault *fault)
{
    uint64_t target = v->cpu->s.r[in.ra] + (uint64_t)(int64_t)in.imm;
    if (target % 4 || !vcpu_canonical(v, target)) {
        return emulate_fail(fault, VEC_GP, 0);
    }
    emulate_put(v, in.rd, v->cpu->s.pc + 4);
    return emulate_go(v, target);
}

// The sign bit of a signed type, 0 for an unsigned one: what load() extends by.
#define SIGN_BIT(type) ((type)-1 < (type)1 ? UINT64_C(1) << (8 * sizeof(type) - 1) : UINT64_C(0))

static bool emulate_plain(struct vcpu *v, struct insn in, struct cpu_fault *fault)
{
    const struct cpu_state *s = &v->cpu->s;
    const uint64_t a = s->r[in.ra], b = s->r[in.rb], imm = (uint64_t)(int64_t)in.imm;
    switch (in.op) {
#define ALU(NAME, expression)                          \
    case OP_##NAME:                                    \
        emulate_put(v, in.rd, (uint64_t)(expression)); \
        return emulate_next(v);
#define BRANCH(NAME, condition) \
    case OP_##NAME:             \
        return emulate_go(v, (condition) ? s->pc + imm : s->pc + 4);
#define LOAD(NAME, type) \
    case OP_##NAME:      \
        return load(v, in, sizeof(type), SIGN_BIT(type), fault);
#define STORE(NAME, type) \
    case OP_##NAME:       \
        return store(v, in, sizeof(type), fault);
#include "sim/alu.def"
#define b imm
#define ALUI(NAME, expression)                         \
    case OP_##NAME:                                    \
        emulate_put(v, in.rd, (uint64_t)(expression)); \
        return emulate_next(v);
#include "sim/alu.def"
#undef b
    case OP_DIV:
    case OP_REM: return divide(v, in, fault);
    case OP_MOVI: emulate_put(v, in.rd, imm); return emulate_next(v);
    case OP_MOVK: emulate_put(v, in.rd, s->r[in.rd] << 16 | imm); return emulate_next(v);
    case OP_LEA: emulate_put(v, in.rd, s->pc + imm); return emulate_next(v);
    case OP_CAS: return compare_and_swap(v, in, fault);
    case OP_JMP: return emulate_go(v, s->pc + imm);
    case OP_CALL: emulate_put(v, REG_LR, s->pc + 4); return emulate_go(v, s->pc + imm);
    case OP_JALR: return jump_register(v, in, fault);
    default: return emulate_system(v, in, fault);
    }
}

bool vcpu_fetch(struct vcpu *v, struct insn *in, struct cpu_fault *fault)
{
    uint64_t gpa, pc = v->cpu->s.pc;
    vm_charge(v, CYC_EXIT_HANDLING, COST_HV_DECODE, 1);
    if (!vcpu_walk(v, pc, ACC_FETCH, v->g.ring, &gpa, fault)) {
        return false;
    }
    // Where there is no RAM a fetch reads ones, which is no instruction.
    *in =
        isa_decode(vm_has(v->vm, gpa, 4) ? (uint32_t)mem_get(&v->vm->memory, gpa, 4) : UINT32_MAX);
    return in->op != OP_INVALID || emulate_fail(fault, VEC_UD, 0);
}

bool vcpu_perform(struct vcpu *v, struct insn in, struct cpu_fault *fault)
{
    return emulate_plain(v, in, fault);
}

bool vcpu_emulate(struct vcpu *v, struct insn in, struct cpu_fault *fault)
{
    vm_charge(v, CYC_EXIT_HANDLING, COST_HV_EMULATE, 1);
    v->vm->stats.emulated++;
    return emulate_plain(v, in, fault);
}
