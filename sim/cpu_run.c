// The fast path: decoded blocks, run as threaded code. The time of a whole block is taken from the budget before its first instruction; if the
// budget does not suffice, the plain path takes the last steps to the exact instruction where the budget ends. Whatever may change what
// the loop relies on (mode, time, interrupts, decoded code) ends the budget, and so the loop.
#include "sim/acct.h"
#include "sim/alu.h"
#include "sim/block.h"
#include "sim/cpu.h"
#include "sim/cpu_trap.h"
#include "sim/machine_internal.h"
#include "sim/vmcs.h"

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

// Labels as values are an extension of gcc and clang; everything else here is plain C.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"

// What the loop keeps in registers is written back for everybody else before a call (SYNC_AT), and read again behind it. The
// instruction in question counts as executed: those behind it in its block are given back.
#define SYNC_AT(u)                                                 \
    do {                                                           \
        after = blk->after[(u)->at];                               \
        c->budget = budget + after;                                \
        c->instructions = count - (blk->count - (u)->at - 1u);     \
        c->s.pc = page_va + 4u * ((uint64_t)blk->start + (u)->at); \
    } while (0)

#define NEXT(n)        \
    do {               \
        u += (n);      \
        goto * u->run; \
    } while (0)

// Go on behind an instruction that was done by a call: unless it has used up the time of those behind it.
#define NEXT_AFTER_CALL              \
    do {                             \
        budget = c->budget - after;  \
        if (UNLIKELY(budget <= 0)) { \
            c->s.pc += 4;            \
            goto out;                \
        }                            \
        NEXT(1);                     \
    } while (0)

#define ENTER(link, word)          \
    do {                           \
        struct block *to = (link); \
        if (UNLIKELY(!to)) {       \
            slot = &(link);        \
            target = (word);       \
            goto resolve;          \
        }                          \
        blk = to;                  \
        goto enter;                \
    } while (0)

// Runs until the budget is spent or too small for the next block. With c NULL: tells the labels.
static const void *const *loop(struct cpu *c)
{
    static const void *const labels[UOP_COUNT] = {
#define ALU(NAME, e)    [UOP_##NAME] = &&do_##NAME,
#define ALUI(NAME, e)   [UOP_##NAME] = &&do_##NAME,
#define LOAD(NAME, t)   [UOP_##NAME] = &&do_##NAME,
#define STORE(NAME, t)  [UOP_##NAME] = &&do_##NAME,
#define BRANCH(NAME, e) [UOP_##NAME] = &&do_##NAME, [UOP_##NAME##_FAR] = &&do_##NAME##_FAR,
#include "sim/alu.def"
        [UOP_DIV] = &&do_DIV,
        [UOP_REM] = &&do_REM,
        [UOP_MOVI] = &&do_MOVI,
        [UOP_MOVK] = &&do_MOVK,
        [UOP_LEA] = &&do_LEA,
        [UOP_CAS] = &&do_CAS,
        [UOP_JMP] = &&do_JMP,
        [UOP_JMP_FAR] = &&do_JMP_FAR,
        [UOP_CALL] = &&do_CALL,
        [UOP_CALL_FAR] = &&do_CALL_FAR,
        [UOP_JALR] = &&do_JALR,
        [UOP_SYSTEM] = &&do_SYSTEM,
        [UOP_SYSCALL] = &&do_SYSCALL,
        [UOP_SYSRET] = &&do_SYSRET,
        [UOP_INT] = &&do_INT,
        [UOP_IRET] = &&do_IRET,
        [UOP_INVALID] = &&do_INVALID,
        [UOP_GO_ON] = &&do_GO_ON,
        [UOP_GO_ON_FAR] = &&do_GO_ON_FAR,
    };
    if (!c) {
        return labels;
    }
    int64_t budget;
    uint64_t count, space, pc, page_va;
    int64_t after;
    const struct fast_data *data;
    struct block *blk, **slot;
    unsigned target;
    const struct uop *u;
    uint64_t *const r = c->s.r;

reload:
    budget = c->budget;
    count = c->instructions;
    data = c->data;
    space = c->space;
    pc = c->s.pc;

find: // the block at pc, by way of the modelled L1 I
    if (UNLIKELY(budget <= 0)) {
        goto out_here;
    }
    {
        const struct fast_code *f = &c->code[(pc >> PAGE_SHIFT) & FAST_MASK];
        page_va = pc & ~PAGE_MASK;
        if (UNLIKELY(f->tag != (page_va | space))) {
            goto fetch;
        }
        blk = f->page->block[(pc & PAGE_MASK) >> 2];
        if (UNLIKELY(!blk)) {
            c->budget = budget, c->instructions = count, c->s.pc = pc;
            blk = block_at(c, f->page, (unsigned)(pc & PAGE_MASK) >> 2);
            if (!blk) {
                goto out;
            }
            goto reload; // whoever translates may have charged for it
        }
    }

enter:
    budget -= blk->cost;
    if (UNLIKELY(budget <= 0)) {
        budget += blk->cost;
        pc = page_va + 4u * (uint64_t)blk->start;
        goto out_here;
    }
    count += blk->count;
    u = blk->uop;
    goto * u->run;

#define ALU(NAME, e)                               \
    do_##NAME:                                     \
    {                                              \
        const uint64_t a = r[u->ra], b = r[u->rb]; \
        (void)a, (void)b;                          \
        r[u->rd] = (uint64_t)(e);                  \
        NEXT(1);                                   \
    }
#define ALUI(NAME, e)                                               \
    do_##NAME:                                                      \
    {                                                               \
        const uint64_t a = r[u->ra], b = (uint64_t)(int64_t)u->imm; \
        r[u->rd] = (uint64_t)(e);                                   \
        NEXT(1);                                                    \
    }
// The tag that an access must find in the fast table: of its last byte, so that none that crosses a page does.
#define TAG_OF(va, type) ((((va) + sizeof(type) - 1) & ~PAGE_MASK) | space)
#define LOAD(NAME, type)                                                   \
    do_##NAME:                                                             \
    {                                                                      \
        uint64_t va = r[u->ra] + (uint64_t)(int64_t)u->imm;                \
        const struct fast_data *f = &data[(va >> PAGE_SHIFT) & FAST_MASK]; \
        type value;                                                        \
        if (UNLIKELY(TAG_OF(va, type) != f->read_tag)) {                   \
            int64_t cycles = cpu_refill_read(c, va, TAG_OF(va, type));     \
            if (UNLIKELY(cycles < 0 || (budget -= cycles) <= 0)) {         \
                uint64_t wide;                                             \
                SYNC_AT(u);                                                \
                if (!cpu_load_slow(c, va, sizeof(type), &wide)) {          \
                    goto give_up;                                          \
                }                                                          \
                r[u->rd] = (uint64_t)(type)wide;                           \
                NEXT_AFTER_CALL;                                           \
            }                                                              \
        }                                                                  \
        memcpy(&value, (const void *)(f->addend + va), sizeof value);      \
        r[u->rd] = (uint64_t)value;                                        \
        NEXT(1);                                                           \
    }
#define STORE(NAME, type)                                                  \
    do_##NAME:                                                             \
    {                                                                      \
        uint64_t va = r[u->ra] + (uint64_t)(int64_t)u->imm;                \
        const struct fast_data *f = &data[(va >> PAGE_SHIFT) & FAST_MASK]; \
        type value = (type)r[u->rd];                                       \
        if (UNLIKELY(TAG_OF(va, type) != f->write_tag)) {                  \
            int64_t cycles = cpu_refill_write(c, va, TAG_OF(va, type));    \
            if (UNLIKELY(cycles < 0 || (budget -= cycles) <= 0 ||          \
                         TAG_OF(va, type) != f->write_tag)) {              \
                SYNC_AT(u);                                                \
                if (!cpu_store_slow(c, va, sizeof(type), value)) {         \
                    goto give_up;                                          \
                }                                                          \
                NEXT_AFTER_CALL;                                           \
            }                                                              \
        }                                                                  \
        memcpy((void *)(f->addend + va), &value, sizeof value);            \
        NEXT(1);                                                           \
    }
#define LINKS ((struct uop_links *)(void *)(uintptr_t)(u + 1))
#define BRANCH(NAME, e)                                 \
    do_##NAME:                                          \
    {                                                   \
        const uint64_t a = r[u->ra];                    \
        const uint64_t b = r[u->rb];                    \
        if (e) {                                        \
            ENTER(LINKS->taken, (unsigned)u->imm >> 2); \
        }                                               \
        ENTER(LINKS->next, blk->start + u->at + 1u);    \
    }                                                   \
    do_##NAME##_FAR:                                    \
    {                                                   \
        const uint64_t a = r[u->ra];                    \
        const uint64_t b = r[u->rb];                    \
        if (e) {                                        \
            pc = page_va + (uint64_t)(int64_t)u->imm;   \
            goto find;                                  \
        }                                               \
        ENTER(LINKS->next, blk->start + u->at + 1u);    \
    }
#include "sim/alu.def"

do_MOVI:
    r[u->rd] = (uint64_t)(int64_t)u->imm;
    NEXT(1);
do_MOVK:
    r[u->rd] = r[u->rd] << 16 | (uint64_t)u->imm;
    NEXT(1);
do_LEA:
    r[u->rd] = page_va + (uint64_t)(int64_t)u->imm;
    NEXT(1);
#define DIVIDE(NAME, result)                                                    \
    do_##NAME:                                                                  \
    {                                                                           \
        uint64_t quotient, remainder;                                           \
        if (UNLIKELY(!alu_divide(r[u->ra], r[u->rb], &quotient, &remainder))) { \
            SYNC_AT(u);                                                         \
            cpu_fail(c, VEC_DE, 0);                                             \
            goto give_up;                                                       \
        }                                                                       \
        r[u->rd] = (result);                                                    \
        NEXT(1);                                                                \
    }
    DIVIDE(DIV, quotient)
    DIVIDE(REM, remainder)
do_CAS : {
    uint64_t old;
    SYNC_AT(u);
    r[REG_COUNT] = 0; // here alone the bin may be read, for r0
    if (!cpu_compare_and_swap(c, r[u->ra], r[u->rd], r[u->rb], &old)) {
        goto give_up;
    }
    r[u->rd] = old;
    NEXT_AFTER_CALL;
}

do_CALL:
    r[REG_LR] = page_va + 4u * ((uint64_t)blk->start + u->at + 1u);
do_JMP:
    ENTER(LINKS->taken, (unsigned)u->imm >> 2);
do_CALL_FAR:
    r[REG_LR] = page_va + 4u * ((uint64_t)blk->start + u->at + 1u);
do_JMP_FAR:
    pc = page_va + (uint64_t)(int64_t)u->imm;
    goto find;
do_GO_ON:
    ENTER(LINKS->next, (unsigned)u->imm >> 2);
do_GO_ON_FAR:
    pc = page_va + PAGE_SIZE;
    goto find;
do_JALR:
    pc = r[u->ra] + (uint64_t)(int64_t)u->imm;
    if (UNLIKELY(!cpu_good_target(c, pc))) {
        SYNC_AT(u);
        cpu_fail(c, VEC_GP, 0);
        goto give_up;
    }
    r[u->rd] = page_va + 4u * ((uint64_t)blk->start + u->at + 1u);
    if (LIKELY((pc & ~PAGE_MASK) == page_va)) {
        struct block *to = blk->page->block[(pc & PAGE_MASK) >> 2];
        if (LIKELY(to)) {
            blk = to;
            goto enter;
        }
    }
    goto find;

do_SYSTEM:
    SYNC_AT(u);
    cpu_system(c, blk->last);
    goto reload;
do_SYSCALL:
    SYNC_AT(u);
    if (UNLIKELY(c->intercept[OP_SYSCALL])) {
        cpu_system(c, blk->last);
    } else {
        trap_syscall(c);
    }
    goto reload;
do_SYSRET:
    SYNC_AT(u);
    if (UNLIKELY(c->s.ring != 0)) {
        cpu_system(c, blk->last);
    } else {
        trap_sysret(c);
    }
    goto reload;
do_INT:
    SYNC_AT(u);
    if (UNLIKELY(c->intercept[OP_INT] || c->vmcs)) {
        cpu_system(c, blk->last);
    } else {
        trap_software_interrupt(c, (unsigned)u->imm);
    }
    goto reload;
do_IRET:
    SYNC_AT(u);
    if (UNLIKELY(c->s.ring != 0 || c->intercept[OP_IRET])) {
        cpu_system(c, blk->last);
    } else {
        acct_move(c, CYC_EVENT, c->op_cost[OP_IRET]);
        trap_iret(c);
    }
    goto reload;
do_INVALID:
    SYNC_AT(u);
    c->instructions = count; // it was not counted in the first place
    cpu_fail(c, VEC_UD, 0);
    cpu_take_fault(c);
    goto reload;

resolve
    : // a link within the page that is followed for the first time; at the page's end there is none
    pc = page_va + 4u * (uint64_t)target;
    if (target >= PAGE_WORDS) {
        goto find;
    }
    if (!blk->page->block[target]) {
        goto find; // makes it; the link is found next time
    }
    *slot = blk->page->block[target];
    blk = *slot;
    goto enter;

fetch
    : // L1 I must be asked. The time it takes belongs to the instruction, which is now certain to be executed.
    c->budget = budget, c->instructions = count, c->s.pc = pc;
    if (!c->tlb.i.has_huge) {
        // Then a huge page is looked up, and paid, at every instruction: only the plain path does that.
        cpu_step_instruction(c);
        goto reload;
    }
    {
        uint64_t pa;
        if (!cpu_translate(c, pc, ACC_FETCH, c->s.ring == 3, &pa)) {
            cpu_take_fault(c);
        } else if (c->budget <= 0 || !mem_has(c->mem, pa, 4) ||
                   c->code[(pc >> PAGE_SHIFT) & FAST_MASK].tag != (page_va | space)) {
            cpu_step_instruction(c);
        }
    }
    goto reload;

give_up:
    cpu_give_up(c);
    goto reload;

out_here:
    c->budget = budget;
    c->instructions = count;
    c->s.pc = pc;
out:
    return NULL;
}

#pragma GCC diagnostic pop

const void *const *cpu_run_labels(void)
{
    return loop(NULL);
}

// How far the fast loop may run if only `left` more instructions are wanted: each takes min_cost at least.
static bool limit(struct cpu *c, uint64_t left, uint64_t deadline)
{
    if (c->vmcs) {
        uint64_t guest = cpu_guest_deadline(c);
        deadline = guest < deadline ? guest : deadline;
    }
    enum { FEW = 2 * BLOCK_INSNS_MAX };
    if (left > UINT64_C(1) << 60) {
        cpu_set_deadline(c, deadline);
        return true;
    }
    if (c->min_cost == 0 || left < FEW) {
        return false;
    }
    uint64_t now = cpu_now(c), most = left * c->min_cost;
    cpu_set_deadline(c, most < deadline - now ? now + most : deadline);
    return true;
}

void cpu_run(struct cpu *c, uint64_t deadline, uint64_t instructions)
{
    assert(!c->running && !c->s.parked);
    uint64_t end =
        instructions < UINT64_MAX - c->instructions ? c->instructions + instructions : UINT64_MAX;
    bool plain = c->m->config.reference || c->trace;
    c->running = true;
    c->until = deadline;
    while (cpu_now(c) < c->until && c->instructions < end && cpu_runnable(c) &&
           c->m->stop.reason == STOP_NONE) {
        if (c->code_cache->dead || c->code_cache->full) {
            code_cache_tidy(c->code_cache);
        }
        bool fast = !plain && !c->translating && !(c->s.flags & FLAG_TF) && !c->s.halted &&
                    !c->idle && !cpu_in_shadow(c) && !cpu_event_pending(c);
        uint64_t before = c->instructions;
        if (fast && limit(c, end - before, c->until)) {
            loop(c);
            if (c->instructions != before) {
                continue;
            }
        }
        // Too little time for a block, or something that only the plain path does.
        cpu_set_deadline(c, c->until);
        if (cpu_now(c) < c->until && cpu_runnable(c) && c->m->stop.reason == STOP_NONE) {
            cpu_step(c);
        }
    }
    c->running = false;
}
