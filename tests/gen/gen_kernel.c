// The little kernel of a generated program: start-up, vector table, and handlers that count, mend and go on.
#include "tests/gen/gen_impl.h"

enum { H_SKIP, H_RETURN, H_FAULT_PAGE, H_TRACE, H_TIMER, H_DEVICE, H_STATE, H_EXIT, H_OUTER };

enum { STUB_WORDS = 2 };

static uint64_t data(const struct gen *g, uint64_t offset)
{
    return g->kernel + K_DATA * PAGE_SIZE + offset;
}

static void lea(struct gen *g, unsigned rd, uint64_t target)
{
    gen_op(g, OP_LEA, rd, 0, 0, (int64_t)(target - gen_here(g)));
}

// Adds one to the counter of the vector in t2.
static void count(struct gen *g)
{
    lea(g, T1, data(g, D_COUNT));
    gen_op(g, OP_SHLI, T2, T2, 0, 3);
    gen_op(g, OP_ADD, T1, T1, T2, 0);
    gen_op(g, OP_LDD, T0, T1, 0, 0);
    gen_op(g, OP_ADDI, T0, T0, 0, 1);
    gen_op(g, OP_STD, T0, T1, 0, 0);
}

// Goes on behind the instruction if that lies in the program's code, else at its home.
static void skip(struct gen *g)
{
    gen_op(g, OP_LDD, T0, REG_SP, 0, 8);
    gen_li(g, T1, g->body);
    gen_op(g, OP_SUB, T1, T0, T1, 0);
    gen_op(g, OP_SHRI, T1, T1, 0, PAGE_SHIFT);
    gen_op(g, OP_ADDI, T0, T0, 0, 4);
    gen_op(g, OP_SLTI, T1, T1, 0, 3); // signed: the page number is small, or far away
    unsigned inside = gen_forward(g, OP_BNE, T1, REG_ZERO);
    gen_op(g, OP_ADDI, T0, GEN_HOME, 0, 0);
    gen_bind(g, inside);
    gen_op(g, OP_STD, T0, REG_SP, 0, 8);
    gen_op(g, OP_IRET, 0, 0, 0, 0);
}

static void handle_page_fault(struct gen *g)
{
    count(g);
    gen_op(g, OP_LDD, T0, REG_SP, 0, 0);
    gen_op(g, OP_ANDI, T0, T0, 0, 16);
    unsigned data_access = gen_forward(g, OP_BEQ, T0, REG_ZERO);
    gen_op(g, OP_STD, GEN_HOME, REG_SP, 0, 8); // lost: a fetch
    gen_op(g, OP_IRET, 0, 0, 0, 0);
    gen_bind(g, data_access);
    lea(g, T2, data(g, D_FIXUP));
    for (unsigned i = 0; i < GEN_FIXUPS; i++) {
        gen_op(g, OP_SFAR, T0, 0, 0, 0);
        gen_op(g, OP_SHRI, T0, T0, 0, PAGE_SHIFT);
        gen_op(g, OP_LDD, T1, T2, 0, 24 * i);
        unsigned other = gen_forward(g, OP_BNE, T0, T1);
        gen_op(g, OP_STD, REG_ZERO, T2, 0, 24 * i); // only once
        gen_op(g, OP_LDD, T0, T2, 0, 24 * i + 8);
        gen_op(g, OP_LDD, T1, T2, 0, 24 * i + 16);
        gen_op(g, OP_STD, T1, T0, 0, 0);
        gen_op(g, OP_SFAR, T0, 0, 0, 0);
        gen_op(g, OP_INVLPG, 0, T0, 0, 0);
        gen_op(g, OP_IRET, 0, 0, 0, 0); // and again
        gen_bind(g, other);
    }
    skip(g);
}

// Goes on tracing, but every eighth time.
static void handle_trace(struct gen *g)
{
    count(g);
    gen_op(g, OP_ANDI, T0, T0, 0, 7);
    unsigned go_on = gen_forward(g, OP_BNE, T0, REG_ZERO);
    gen_op(g, OP_LDD, T0, REG_SP, 0, 24);
    gen_op(g, OP_MOVI, T1, 0, 0, 0x100);
    gen_op(g, OP_OR, T0, T0, T1, 0);
    gen_op(g, OP_XOR, T0, T0, T1, 0);
    gen_op(g, OP_STD, T0, REG_SP, 0, 24);
    gen_bind(g, go_on);
    gen_op(g, OP_IRET, 0, 0, 0, 0);
}

static void handle_timer(struct gen *g)
{
    count(g);
    if (gen_chance(g, 30)) {
        gen_op(g, OP_STI, 0, 0, 0, 0); // higher classes may come in between
        gen_op(g, OP_ADD, T0, T0, T1, 0);
    }
    gen_li(g, T1, g->apic);
    gen_op(g, OP_STW, REG_ZERO, T1, 0, 0xb0);
    gen_op(g, OP_IRET, 0, 0, 0, 0);
}

static void handle_device(struct gen *g)
{
    if (!(g->profile->traits & GEN_DEVICE)) {
        return;
    }
    count(g);
    gen_li(g, T1, g->disk);
    gen_op(g, OP_LDD, T0, T1, 0, 0x30);
    gen_op(g, OP_STD, T0, T1, 0, 0x30);
    gen_li(g, T1, g->nic);
    gen_op(g, OP_LDD, T0, T1, 0, 0x18);
    gen_op(g, OP_STD, T0, T1, 0, 0x18);
    gen_li(g, T1, g->apic);
    gen_op(g, OP_STW, REG_ZERO, T1, 0, 0xb0);
    gen_op(g, OP_IRET, 0, 0, 0, 0);
}

static void handle_state(struct gen *g)
{
    unsigned keep = gen_forward(g, OP_BEQ, REG_A0, REG_ZERO);
    gen_op(g, OP_STD, REG_A0, REG_SP, 0, 8);
    gen_bind(g, keep);
    unsigned given = gen_forward(g, OP_BNE, REG_A0 + 3, REG_ZERO);
    gen_op(g, OP_ADDI, REG_A0 + 3, REG_SP, 0, 40); // none: stay on this stack
    gen_bind(g, given);
    for (unsigned i = 1; i < 4; i++) {
        gen_op(g, OP_STD, REG_A0 + i, REG_SP, 0, 8 + 8 * i);
    }
    gen_op(g, OP_IRET, 0, 0, 0, 0);
}

// A handler outside ring 0 may not IRET: it asks the service to do it.
static void handle_outer(struct gen *g)
{
    for (unsigned i = 0; i < 4; i++) {
        gen_op(g, OP_LDD, REG_A0 + i, REG_SP, 0, 8 + 8 * i);
    }
    gen_op(g, OP_INT, 0, 0, 0, V_STATE);
}

// Which handler a vector gets.
static unsigned handler_of(const struct gen *g, unsigned vector)
{
    switch (vector) {
    case 1: return H_TRACE;
    case 3: return H_RETURN;
    case 14: return H_FAULT_PAGE;
    case V_DEVICE: return g->profile->traits & GEN_DEVICE ? H_DEVICE : H_RETURN;
    case V_STATE: return H_STATE;
    case V_EXIT: return H_EXIT;
    case V_RING1:
    case V_RING2:
    case V_RING3: return H_OUTER;
    default: return vector < 32 ? H_SKIP : vector - V_TIMER < 16 ? H_TIMER : H_RETURN;
    }
}

static unsigned ring_of(unsigned vector)
{
    return vector >= V_RING1 && vector <= V_RING3 ? vector - V_RING1 + 1 : 0;
}

static uint64_t gate_bits(struct gen *g, unsigned vector)
{
    bool service = vector == V_STATE || vector == V_EXIT || ring_of(vector);
    bool exotic = g->profile->traits & GEN_WILD;
    uint64_t dpl = service ? 3 : gen_below(g, 4), ring = ring_of(vector);
    bool present = service || vector < 32 ? !(exotic && gen_chance(g, 1)) : gen_chance(g, 85);
    bool trap = vector >= 32 && !service && exotic && gen_chance(g, 20);
    if (exotic && gen_chance(g, 2)) {
        ring = gen_below(g, 4);
    }
    return (present ? 1 : 0) | dpl << 1 | ring << 3 | (trap ? 32 : 0);
}

// The table may cross into its second page, at any alignment.
static void poke_table(struct gen *g, uint64_t offset, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++) {
        uint64_t at = g->idt - g->kernel - K_IDT * PAGE_SIZE + offset + i;
        uint64_t pa = g->kernel_frame[K_IDT + (at >> PAGE_SHIFT)] + (at & PAGE_MASK);
        g->p->ram[pa] = (uint8_t)(value >> (8 * i));
        g->p->touched[pa >> PAGE_SHIFT] = true;
    }
}

static void make_table(struct gen *g)
{
    bool exotic = g->profile->traits & GEN_WILD;
    for (unsigned v = 0; v < 256; v++) {
        uint64_t handler = g->kernel + 4 * STUB_WORDS * v;
        if (ring_of(v) || v == V_STATE) {
            handler = g->kernel + 4 * g->handler[handler_of(g, v)];
        }
        if (exotic && gen_chance(g, 1)) {
            handler ^= UINT64_C(1) << gen_below(g, 64);
        }
        poke_table(g, 16 * v, handler);
        poke_table(g, 16 * v + 8, gate_bits(g, v) | (gen_bits(g) & ~UINT64_C(0x3f)));
    }
}

// Ring 0's stack of processor 0 has two pages and begins near their border, so that frames lie across it. The other
// processors have one page for ring 0 and one for rings 1 and 2.
static uint64_t stack_top(const struct gen *g, unsigned cpu, unsigned ring)
{
    static const unsigned page[4] = {K_STACK0 + 1, K_STACK1 + 1, K_STACK2 + 1, K_STACK3 + 1};
    unsigned other = K_OTHERS + 2 * (cpu - 1) + (ring == 0 ? 1 : 2);
    return g->kernel + (cpu > 0 && ring < 3 ? other : page[ring]) * PAGE_SIZE -
           (cpu > 0 && ring == 2 ? 2048 : 0);
}

uint64_t gen_stack(const struct gen *g, unsigned ring)
{
    return stack_top(g, 0, ring) - 64;
}

// What the page-fault handler may mend: windows that lack something, once each.
static void make_fixups(struct gen *g)
{
    uint64_t at = g->kernel_frame[K_DATA] + D_FIXUP;
    for (unsigned i = 0; i < GEN_FIXUPS; i++, at += 24) {
        struct gen_window *w = &g->window[gen_below(g, g->windows)];
        unsigned level = w->huge ? 2 : 1;
        if (g->layout == GEN_LAYOUT_BARE || w->good || !w->entry[level]) {
            continue;
        }
        uint64_t better = (w->leaf & UINT64_C(0xfffffff0e0)) | 7; // all rights, no reserved bits
        gen_poke(g, at, w->va >> PAGE_SHIFT);
        gen_poke(g, at + 8, g->physical + w->entry[level]);
        gen_poke(g, at + 16, better);
    }
}

static void system_call(struct gen *g)
{
    gen_op(g, OP_LDD, REG_SP, REG_SP, 0, 0);
    gen_op(g, OP_MOVI, REG_A0, 0, 0, 0x80);
    gen_op(g, OP_SHLI, REG_A0, REG_A0, 0, 3);
    lea(g, REG_A0 + 1, data(g, D_COUNT));
    gen_op(g, OP_ADD, REG_A0, REG_A0, REG_A0 + 1, 0);
    gen_op(g, OP_LDD, REG_A0 + 1, REG_A0, 0, 0);
    gen_op(g, OP_ADDI, REG_A0 + 1, REG_A0 + 1, 0, 1);
    gen_op(g, OP_STD, REG_A0 + 1, REG_A0, 0, 0);
    gen_op(g, OP_SYSRET, 0, 0, 0, 0);
}

void gen_kernel_make(struct gen *g)
{
    static void (*const handlers[])(struct gen *) = {
        [H_FAULT_PAGE] = handle_page_fault, [H_TRACE] = handle_trace, [H_TIMER] = handle_timer,
        [H_DEVICE] = handle_device,         [H_STATE] = handle_state, [H_OUTER] = handle_outer,
    };
    g->base = g->kernel;
    g->at = 256 * STUB_WORDS;
    for (unsigned h = 0; h <= H_OUTER; h++) {
        g->handler[h] = g->at;
        switch (h) {
        case H_SKIP:
            count(g);
            skip(g);
            break;
        case H_RETURN:
            count(g);
            gen_op(g, OP_IRET, 0, 0, 0, 0);
            break;
        case H_EXIT: gen_op(g, OP_OUT, REG_A0, REG_ZERO, 0, 0xf4); break;
        default: handlers[h](g); break;
        }
    }
    g->system_call = g->at;
    system_call(g);
    unsigned end = g->at;
    for (unsigned v = 0; v < 256; v++) {
        g->at = v * STUB_WORDS;
        gen_op(g, OP_MOVI, T2, 0, 0, v);
        gen_op(g, OP_JMP, 0, 0, 0, 4 * ((int64_t)g->handler[handler_of(g, v)] - (int64_t)g->at));
    }
    g->at = end;
    gen_flush(g, g->kernel_frame, 0);
    make_table(g);
    make_fixups(g);
    for (unsigned i = 0; i < 3 * g->p->config.cpus; i++) {
        unsigned cpu = i / 3, ring = i % 3;
        uint64_t top = stack_top(g, cpu, ring) + (i == 0 ? 16 * gen_below(g, 4) : 0);
        gen_poke(g, g->kernel_frame[K_DATA] + D_TASK + 32 * cpu + 8 * ring, top);
    }
}

static void write_msr(struct gen *g, uint64_t number, uint64_t value)
{
    gen_li(g, REG_A0, number);
    gen_li(g, REG_A0 + 1, value);
    gen_op(g, OP_WRMSR, REG_A0, REG_A0 + 1, 0, 0);
}

// Wakes the others: by number, at various moments.
static void start_others(struct gen *g)
{
    gen_li(g, REG_A0, UINT64_C(0xfee00000));
    for (unsigned i = 1; i < g->p->config.cpus; i++) {
        gen_li(g, REG_A0 + 1, (uint64_t)i << 24);
        gen_op(g, OP_STW, REG_A0 + 1, REG_A0, 0, 0x310);
        gen_li(g, REG_A0 + 1, 6 << 8 | g->boot[i] >> PAGE_SHIFT);
        gen_op(g, OP_STW, REG_A0 + 1, REG_A0, 0, 0x300);
    }
}

static void boot_one(struct gen *g, unsigned cpu)
{
    uint64_t task = data(g, D_TASK) + 32 * cpu;
    g->base = g->boot[cpu];
    g->at = 0;
    gen_li(g, REG_A0, g->idt);
    gen_op(g, OP_LIDT, 0, REG_A0, 0, 0);
    gen_li(g, REG_A0, task);
    gen_op(g, OP_LTR, 0, REG_A0, 0, 0);
    write_msr(g, 0x175, task);
    write_msr(g, UINT64_C(0xc0000082), g->kernel + 4 * g->system_call);
    if (cpu == 0) {
        start_others(g);
    }
    if (g->layout != GEN_LAYOUT_BARE) {
        gen_li(g, REG_A0, g->root[0] | (gen_chance(g, 50) ? gen_below(g, 4) : 0));
        gen_op(g, OP_LPTBR, 0, REG_A0, 0, 0);
        gen_li(g, REG_A0,
               UINT64_C(1) << 31 | (gen_chance(g, 70) ? 1 << 16 : 0) |
                   (gen_chance(g, 50) ? 1 << 17 : 0));
        gen_op(g, OP_LMSW, 0, REG_A0, 0, 0);
    }
    for (unsigned r = REG_A0; r < GEN_POINTER; r++) {
        gen_li(g, r, gen_value(g));
    }
    gen_li(g, GEN_POINTER, g->window[0].va + 8 * gen_below(g, 512));
    gen_op(g, OP_MOVI, GEN_OUTER, 0, 0, (int64_t)gen_below(g, 4));
    gen_li(g, GEN_HOME, g->body_entry);
    gen_li(g, REG_SP, cpu == 0 ? gen_stack(g, 0) - 512 : stack_top(g, cpu, 0) - 512);
    gen_op(g, OP_JALR, 0, GEN_HOME, 0, 0);
    gen_flush(g, &g->boot[cpu], 0);
}

void gen_boot_make(struct gen *g)
{
    for (unsigned i = 0; i < g->p->config.cpus; i++) {
        boot_one(g, i);
    }
    g->p->entry = g->boot[0];
}
