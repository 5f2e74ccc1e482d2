// Snippets about the system: rings, tables, time, interrupts.
#include "tests/gen/gen_snippets.h"

static void system_call(struct gen *g)
{
    gen_op(g, OP_SYSCALL, 0, 0, 0, 0);
}

static void interrupt(struct gen *g)
{
    switch (gen_below(g, 6)) {
    case 0: gen_op(g, OP_BRK, 0, 0, 0, 0); break;
    case 1: gen_op(g, OP_HCALL, 0, 0, 0, 0); break;
    case 2: gen_op(g, OP_INT, 0, 0, 0, (int64_t)gen_below(g, 32)); break;
    default: {
        // Not the services: they want arguments.
        int64_t vector = 0xa0 + (int64_t)gen_below(g, 0x60);
        gen_op(g, OP_INT, 0, 0, 0, gen_chance(g, 80) ? vector : 0x20 + (int64_t)gen_below(g, 0x20));
        break;
    }
    }
    if (g->profile->traits & GEN_RINGS && gen_chance(g, 30)) {
        gen_op(g, OP_INT, 0, 0, 0, V_RING1 + (int64_t)gen_below(g, 3));
    }
}

static uint64_t some_flags(struct gen *g)
{
    uint64_t flags = gen_below(g, 4) << 12;
    if (g->profile->traits & GEN_TIME && gen_chance(g, 50)) {
        flags |= 0x200;
    }
    if (g->profile->traits & GEN_HOLE && gen_chance(g, 5)) {
        flags |= 0x100;
    }
    return flags;
}

static void go(struct gen *g, unsigned ring)
{
    gen_op(g, OP_MOVI, REG_A0, 0, 0, 0);
    gen_op(g, OP_MOVI, REG_A0 + 1, 0, 0, ring);
    gen_op(g, OP_MOVI, REG_A0 + 2, 0, 0, (int64_t)some_flags(g));
    uint64_t sp = gen_stack(g, ring) - (ring == 0 ? 1024 + 64 * gen_below(g, 8) : 0);
    bool own = ring < 3 && gen_chance(g, g->p->config.cpus > 1 ? 95 : 20); // what the service finds
    gen_li(g, REG_A0 + 3, own ? 0 : sp);
    gen_op(g, OP_INT, 0, 0, 0, V_STATE);
}

static void go_kernel(struct gen *g)
{
    go(g, 0);
}

static void go_user(struct gen *g)
{
    go(g, 3);
}

static void go_middle(struct gen *g)
{
    go(g, 1 + (unsigned)gen_below(g, 2));
}

static void iret(struct gen *g)
{
    bool exotic = g->profile->traits & GEN_WILD;
    uint64_t ring = gen_chance(g, 50) ? 0 : g->profile->traits & GEN_RINGS ? gen_below(g, 4) : 3;
    gen_li(g, 6, gen_stack(g, 0) - 2048 + (exotic ? gen_below(g, 64) : 0));
    unsigned at = gen_forward(g, OP_LEA, 5, 0);
    gen_op(g, OP_STD, REG_ZERO, 6, 0, 0);
    gen_op(g, OP_STD, 5, 6, 0, 8);
    gen_li(g, 5, exotic && gen_chance(g, 10) ? gen_value(g) : ring);
    gen_op(g, OP_STD, 5, 6, 0, 16);
    gen_li(g, 5, some_flags(g) | (gen_bits(g) & ~UINT64_C(0x3300)));
    gen_op(g, OP_STD, 5, 6, 0, 24);
    gen_li(g, 5, gen_stack(g, (unsigned)ring) - (ring == 0 ? 1024 : 0));
    gen_op(g, OP_STD, 5, 6, 0, 32);
    gen_op(g, OP_ADDI, REG_SP, 6, 0, 0);
    gen_op(g, OP_IRET, 0, 0, 0, 0);
    gen_op(g, OP_MOVI, 5, 0, 0, 1);
    gen_bind(g, at);
}

static void sysret(struct gen *g)
{
    bool exotic = g->profile->traits & GEN_WILD;
    unsigned at = gen_forward(g, OP_LEA, T1, 0);
    gen_li(g, T0, gen_stack(g, 3));
    gen_li(g, T2, some_flags(g));
    if (exotic && gen_chance(g, 15)) {
        gen_li(g, T1, gen_bits(g));
    }
    gen_op(g, OP_SYSRET, 0, 0, 0, 0);
    gen_bind(g, at);
}

static void holes(struct gen *g)
{
    static const uint8_t reads[] = {OP_RDFLAGS, OP_SIDT, OP_SMSW, OP_RDRING};
    if (gen_chance(g, 30)) {
        gen_li(g, 5, gen_chance(g, 50) ? some_flags(g) : gen_bits(g) & ~UINT64_C(0x100));
        gen_op(g, OP_WRFLAGS, 0, 5, 0, 0);
    } else {
        gen_op(g, reads[gen_below(g, sizeof reads)], gen_dest(g), 0, 0, 0);
    }
}

static void trace(struct gen *g)
{
    gen_op(g, OP_RDFLAGS, 5, 0, 0, 0);
    gen_op(g, OP_ORI, 5, 5, 0, 0x100);
    gen_op(g, OP_WRFLAGS, 0, 5, 0, 0);
    for (uint64_t n = 1 + gen_below(g, 3); n > 0; n--) {
        gen_inside(g);
    }
    if (gen_chance(g, 70)) {
        gen_op(g, OP_XORI, 5, 5, 0, 0x100);
        gen_op(g, OP_WRFLAGS, 0, 5, 0, 0);
    }
}

static void flags(struct gen *g)
{
    // Interrupts on without a reason make no difference.
    gen_op(g, gen_chance(g, 50) ? OP_STI : OP_CLI, 0, 0, 0, 0);
}

static void port(struct gen *g)
{
    static const uint16_t ports[] = {0x3f8, 0x3f8, 0x3f8, 0x80, 0x80, 0x3fd, 0x1234};
    int64_t p = ports[gen_below(g, 7)];
    gen_op(g, gen_chance(g, 65) ? OP_OUT : OP_IN, gen_chance(g, 65) ? 3u : gen_dest(g), REG_ZERO, 0,
           p);
}

static void cpuid(struct gen *g)
{
    static const uint64_t leaves[] = {0, 1, 0x16, 0x40000000, 0x80000008, 2};
    gen_li(g, REG_A0, leaves[gen_below(g, 6)] | (gen_chance(g, 30) ? gen_bits(g) << 32 : 0));
    gen_op(g, OP_CPUID, 0, 0, 0, 0);
}

static void read_clock(struct gen *g)
{
    gen_op(g, OP_RDTSC, gen_dest(g), 0, 0, 0);
    gen_op(g, OP_PAUSE, 0, 0, 0, 0);
}

static void msr(struct gen *g)
{
    static const uint64_t numbers[] = {0x1b, 0x175, 0xc0000082, 0x11, UINT64_C(0x1000000c0000082)};
    gen_li(g, 5, numbers[gen_below(g, 5)]);
    gen_op(g, OP_RDMSR, 6, 5, 0, 0);
    if (gen_chance(g, 60)) {
        if (gen_chance(g, g->profile->traits & GEN_WILD ? 10 : 0)) {
            gen_li(g, 6, gen_value(g));
        }
        gen_op(g, OP_WRMSR, 5, 6, 0, 0);
    }
}

static void msr_time(struct gen *g)
{
    gen_op(g, OP_MOVI, 5, 0, 0, gen_chance(g, 50) ? 0x10 : 0x6e0);
    gen_op(g, OP_RDMSR, gen_dest(g), 5, 0, 0);
    if (gen_chance(g, 30)) {
        gen_op(g, OP_WRMSR, 5, gen_reg(g), 0, 0);
    }
}

static void control_read(struct gen *g)
{
    static const uint8_t ops[] = {OP_SPTBR, OP_SFAR, OP_STPR};
    gen_op(g, ops[gen_below(g, 3)], gen_dest(g), 0, 0, 0);
}

static void task_priority(struct gen *g)
{
    gen_op(g, OP_MOVI, 5, 0, 0, (int64_t)(gen_chance(g, 70) ? gen_below(g, 6) : gen_below(g, 256)));
    gen_op(g, OP_LTPR, 0, 5, 0, 0);
    gen_op(g, OP_STPR, gen_dest(g), 0, 0, 0);
}

static void descriptors(struct gen *g)
{
    unsigned op = gen_chance(g, 50) ? OP_LIDT : OP_LTR;
    uint64_t good = op == OP_LIDT ? g->idt : g->kernel + K_DATA * PAGE_SIZE + D_TASK;
    gen_li(g, 5, gen_chance(g, 70) ? good : gen_place(g, gen_any_window(g)));
    gen_op(g, op, 0, 5, 0, 0);
    if (op == OP_LIDT) {
        gen_op(g, OP_SIDT, gen_dest(g), 0, 0, 0);
    }
}

static void mode(struct gen *g)
{
    uint64_t word = (gen_chance(g, 60) ? 1 << 16 : 0) | (gen_chance(g, 50) ? 1 << 17 : 0);
    unsigned off = g->layout == GEN_LAYOUT_IDENTITY ? 25 : g->layout == GEN_LAYOUT_BARE ? 95 : 2;
    if (!gen_chance(g, off)) {
        word |= UINT64_C(1) << 31;
    }
    gen_li(g, 5, gen_chance(g, 5) ? gen_bits(g) : word);
    gen_op(g, OP_LMSW, 0, 5, 0, 0);
}

static void invlpg(struct gen *g)
{
    gen_li(g, 5, gen_chance(g, 90) ? gen_place(g, gen_any_window(g)) : gen_bits(g));
    gen_op(g, OP_INVLPG, 0, 5, 0, 0);
}

static void space(struct gen *g)
{
    uint64_t root = g->root[gen_chance(g, 60) ? 0 : 1];
    uint64_t base = root | (gen_chance(g, 70) ? gen_below(g, 4) : gen_below(g, 4096));
    base |= gen_chance(g, 50) ? UINT64_C(1) << 63 : 0;
    base |= gen_chance(g, 10) ? UINT64_C(0x7fff) << 45 : 0; // bits that are dropped
    gen_li(g, 5, base);
    gen_op(g, OP_LPTBR, 0, 5, 0, 0);
    gen_op(g, OP_SPTBR, 6, 0, 0, 0);
    gen_inside(g);
}

// Changes one bit, or all, of the entry at [r6].
static void change_entry(struct gen *g)
{
    static const uint8_t bits[] = {0, 1, 1, 2, 2, 5, 6, 6, 7, 13, 45, 63, 63, 0};
    bool exotic = g->profile->traits & GEN_WILD;
    if (exotic && gen_chance(g, 15)) {
        gen_li(g, 5, gen_frame(g) | 7 | (gen_chance(g, 20) ? 0x80 : 0));
    } else {
        gen_op(g, OP_LDD, 5, 6, 0, 0);
        gen_li(g, 4, UINT64_C(1) << bits[gen_below(g, exotic ? 13 : 6)]);
        gen_op(g, OP_XOR, 5, 5, 4, 0);
    }
    gen_op(g, OP_STD, 5, 6, 0, 0);
}

// r6 = where an entry of the window's translation can be reached; false if there is none worth changing.
static bool entry_address(struct gen *g, const struct gen_window *w)
{
    bool body = w->va - g->body < 3 * PAGE_SIZE;
    unsigned level = w->huge ? 2 : 1;
    if (g->profile->traits & GEN_WILD && gen_chance(g, 25) && level < g->p->config.levels) {
        level++;
    }
    if (!w->entry[level] || (body && !(g->profile->traits & GEN_WILD))) {
        return false;
    }
    gen_li(g, 6, g->physical + w->entry[level]);
    return true;
}

static void edit_window(struct gen *g, bool told)
{
    const struct gen_window *w = gen_any_window(g);
    if (gen_chance(g, 40)) {
        gen_li(g, 4, w->va + 64);
        gen_op(g, OP_LDD, 3, 4, 0, 0); // so that there is something to be stale
    }
    if (!entry_address(g, w)) {
        return;
    }
    change_entry(g);
    if (told) {
        gen_li(g, 4, w->va);
        gen_op(g, OP_INVLPG, 0, 4, 0, 0);
    }
    gen_li(g, 4, w->va + 8 * gen_below(g, 500));
    gen_op(g, OP_LDD, 3, 4, 0, 0);
    gen_op(g, OP_STD, 3, 4, 0, 8);
}

static void edit(struct gen *g)
{
    edit_window(g, true);
}

static void edit_stale(struct gen *g)
{
    edit_window(g, false);
}

static void set_apic(struct gen *g, int64_t offset, uint64_t value)
{
    gen_li(g, 5, value);
    gen_op(g, gen_chance(g, 90) ? OP_STW : OP_STD, 5, 6, 0, offset);
}

static void arm(struct gen *g)
{
    uint64_t kind = gen_below(g, 3), vector = V_TIMER + gen_below(g, 16);
    if (gen_chance(g, 10)) {
        vector = gen_below(g, 256);
    }
    gen_li(g, 6, g->apic);
    set_apic(g, 0x320, vector | kind << 17 | (gen_chance(g, 10) ? 1 << 16 : 0));
    if (kind == 2) {
        gen_op(g, OP_RDTSC, 5, 0, 0, 0);
        gen_op(g, OP_ADDI, 5, 5, 0, (int64_t)gen_below(g, 4000) - 200);
        gen_op(g, OP_MOVI, 4, 0, 0, 0x6e0);
        gen_op(g, OP_WRMSR, 4, 5, 0, 0);
        return;
    }
    if (gen_chance(g, 60)) {
        set_apic(g, 0x3e0, gen_chance(g, 70) ? 0xb : gen_below(g, 16));
    }
    set_apic(g, 0x380,
             gen_chance(g, 5) ? UINT32_MAX : gen_below(g, gen_chance(g, 50) ? 200 : 3000));
}

static void timer(struct gen *g)
{
    arm(g);
    if (gen_chance(g, 70)) {
        gen_op(g, OP_STI, 0, 0, 0, 0);
    }
}

static void apic(struct gen *g)
{
    static const uint16_t registers[] = {0x20,  0x30,  0x80,  0xa0,  0xb0,  0x120,
                                         0x220, 0x300, 0x310, 0x320, 0x380, 0x390,
                                         0x390, 0x390, 0x3e0, 0x104, 0x400, 0x222};
    gen_li(g, 6, g->apic);
    if (gen_chance(g, 25)) {
        uint64_t to = gen_below(g, 4) << 18,
                 vector = gen_chance(g, 80) ? V_TIMER + gen_below(g, 16) : gen_below(g, 256);
        set_apic(g, 0x300, vector | to | (gen_chance(g, 10) ? gen_below(g, 8) << 8 : 0));
        return;
    }
    int64_t offset = registers[gen_below(g, sizeof registers / sizeof *registers)];
    if (gen_chance(g, 65)) {
        gen_op(g, gen_chance(g, 90) ? OP_LDWU : OP_LDD, gen_dest(g), 6, 0, offset);
    } else {
        set_apic(g, offset, gen_chance(g, 50) ? gen_below(g, 1024) : gen_bits(g));
    }
}

static void halt(struct gen *g)
{
    if (gen_chance(g, 85)) {
        arm(g);
        gen_op(g, OP_STI, 0, 0, 0, 0);
    }
    gen_op(g, OP_HLT, 0, 0, 0, 0);
}

static void stack(struct gen *g)
{
    gen_li(g, REG_SP, gen_chance(g, 60) ? gen_place(g, gen_any_window(g)) : gen_value(g));
    gen_inside(g);
    gen_op(g, OP_BRK, 0, 0, 0, 0);
    go(g, (unsigned)gen_below(g, 4));
}

void (*const gen_system_table[GEN_SNIPPETS])(struct gen *) = {
    [GEN_SYSCALL] = system_call,
    [GEN_INTERRUPT] = interrupt,
    [GEN_GO_KERNEL] = go_kernel,
    [GEN_GO_USER] = go_user,
    [GEN_GO_MIDDLE] = go_middle,
    [GEN_IRET] = iret,
    [GEN_SYSRET] = sysret,
    [GEN_HOLES] = holes,
    [GEN_TRACE] = trace,
    [GEN_FLAGS] = flags,
    [GEN_PORT] = port,
    [GEN_CPUID] = cpuid,
    [GEN_CLOCK] = read_clock,
    [GEN_MSR] = msr,
    [GEN_MSR_TIME] = msr_time,
    [GEN_CONTROL_READ] = control_read,
    [GEN_TASK_PRIORITY] = task_priority,
    [GEN_DESCRIPTORS] = descriptors,
    [GEN_MODE] = mode,
    [GEN_INVLPG] = invlpg,
    [GEN_SPACE] = space,
    [GEN_EDIT] = edit,
    [GEN_EDIT_STALE] = edit_stale,
    [GEN_TIMER] = timer,
    [GEN_APIC] = apic,
    [GEN_HALT] = halt,
    [GEN_STACK] = stack,
};
