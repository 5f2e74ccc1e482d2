// A processor's life: creation, reset, and keeping what is derived from its state in line with it.
#include "sim/cpu.h"

#include "sim/acct.h"
#include "sim/block.h"
#include "sim/machine_internal.h"
#include "sim/vmcs.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t no_intercepts[OP_COUNT];

void cpu_forget_fast(struct cpu *c)
{
    for (unsigned mode = 0; mode < MODE_COUNT; mode++) {
        for (unsigned k = 0; k < FAST_PAGES; k++) {
            c->fast_data[mode][k].read_tag = c->fast_data[mode][k].write_tag = FAST_NONE;
            c->fast_code[mode][k].tag = FAST_NONE;
        }
    }
}

static uint8_t effective_priv(unsigned op, bool holes_closed)
{
    enum isa_priv priv = isa_row(op)->priv;
    if (priv != PRIV_HOLE) {
        return (uint8_t)priv;
    }
    if (!holes_closed) {
        return PRIV_ANY;
    }
    return op == OP_WRFLAGS ? PRIV_IOPL : PRIV_RING0;
}

// What every attempt at it costs. What a port takes to answer is the port's time, paid where it is reached (sim/cpu_system.c), and not by an IN or
// OUT that faults or exits.
static uint64_t base_cost(const struct cpu *c, enum isa_op op)
{
    uint64_t cost = c->cost[isa_row(op)->cost], own = c->cost[COST_ALU];
    return (op == OP_IN || op == OP_OUT) && own < cost ? own : cost;
}

static void load_costs(struct cpu *c)
{
    for (unsigned k = 0; k < COST_COUNT; k++) {
        c->cost[k] = cost_cycles(c->model, (enum cost_key)k);
    }
    c->min_cost = UINT64_MAX;
    for (unsigned op = 1; op < OP_COUNT; op++) {
        c->op_cost[op] = base_cost(c, (enum isa_op)op);
        c->min_cost = c->op_cost[op] < c->min_cost ? c->op_cost[op] : c->min_cost;
        c->op_priv[op] = effective_priv(op, c->m->config.holes_closed);
    }
    // A word that is no instruction has no base cost (op_cost[OP_INVALID] is 0), but it completes nothing either.
}

bool cpu_init(struct cpu *c, struct machine *m, unsigned index, char *err, size_t err_size)
{
    *c = (struct cpu){0};
    c->m = m;
    c->mem = &m->mem;
    c->index = index;
    c->levels = m->config.levels;
    c->canonical_shift = 64 - (PAGE_SHIFT + LEVEL_BITS * c->levels);
    c->model = m->config.model;
    c->intr = -1;
    c->shadow_at = UINT64_MAX;
    c->s.parked = index != 0;
    c->code_cache = &m->code;
    load_costs(c);
    if (!tlb_init(&c->tlb, &c->model->tlb, err, err_size)) {
        return false;
    }
    cpu_forget_fast(c);
    c->category = CYC_GUEST_KERNEL;
    cpu_sync(c);
    return true;
}

void cpu_free(struct cpu *c)
{
    tlb_free(&c->tlb);
    free(c->trace);
    c->trace = NULL;
}

// What an entry must allow for the short refill, by MSW_WP, mode and access. Nothing may be forbidden by a nested table, which is another way.
#define NEED(rights)                                         \
    {                                                        \
        (rights) | TLB_P | TLB_NR | TLB_NW, (rights) | TLB_P \
    }
static const struct tlb_need needs[2][MODE_COUNT][2] = {
    {[MODE_KERNEL] = {[ACC_READ] = NEED(0u), [ACC_WRITE] = NEED(TLB_D)},
     [MODE_USER] = {[ACC_READ] = NEED(TLB_U), [ACC_WRITE] = NEED(TLB_U | TLB_W | TLB_D)}},
    {[MODE_KERNEL] = {[ACC_READ] = NEED(0u), [ACC_WRITE] = NEED(TLB_W | TLB_D)},
     [MODE_USER] = {[ACC_READ] = NEED(TLB_U), [ACC_WRITE] = NEED(TLB_U | TLB_W | TLB_D)}}};

void cpu_enter_space(struct cpu *c)
{
    bool paging = c->s.msw & MSW_PG, nested = c->vmcs && c->vmcs->control.ept;
    c->short_refill = paging && !nested && c->tlb.has_l2 && c->tlb.has_pwc;
    c->need = needs[(c->s.msw & MSW_WP) != 0];
    if (!paging && !nested) {
        c->space = SPACE_NONE;
        return;
    }
    unsigned asid = c->s.msw & MSW_PCIDE ? (unsigned)(c->s.ptbr & PTBR_ASID) : 0;
    if (tlb_enter(&c->tlb, cpu_vpid(c), asid)) {
        cpu_forget_fast(c);
    }
    c->space = tlb_current(&c->tlb);
}

void cpu_sync(struct cpu *c)
{
    assert(c->s.r[0] == 0);
    assert(!(c->s.flags & ~FLAGS_ALL) && !(c->s.msw & ~MSW_ALL));
    cpu_set_ring(c, c->s.ring);
    cpu_enter_space(c);
    c->intercept = c->vmcs         ? c->vmcs->intercept
                   : c->trap_guest ? monitor_intercepts
                                   : no_intercepts;
    cpu_break(c);
}

void cpu_set_deadline(struct cpu *c, uint64_t time)
{
    // The budget is signed; what is further away than this is looked at again when it is spent.
    uint64_t now = cpu_now(c), limit = now + (UINT64_C(1) << 62);
    uint64_t to = time < limit ? time : limit;
    int64_t shift = (int64_t)(to - c->deadline);
    c->deadline = to;
    c->budget += shift;
    c->mark += shift;
    assert(cpu_now(c) == now);
}

void cpu_break(struct cpu *c)
{
    if (c->budget > 0) {
        cpu_set_deadline(c, cpu_now(c));
    }
}

void cpu_lower_deadline(struct cpu *c, uint64_t time)
{
    if (time < c->deadline) {
        cpu_set_deadline(c, time);
    }
    if (time < c->until) {
        c->until = time;
    }
}

void cpu_trace_note(struct cpu *c, uint64_t time, uint64_t pc, uint32_t word, unsigned ring,
                    unsigned event)
{
    c->trace[c->trace_count++ % c->trace_size] =
        (struct trace_entry){time, pc, word, (uint8_t)ring, (uint16_t)event};
}
