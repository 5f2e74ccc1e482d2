// Non-root mode under a tiny hypervisor: every execution control exits when it is set and not when it is not; injection, nested paging,
// VPID, timers, the virtual APIC; and the other kind of guest, deprivileged in root mode.
#include "tests/cpu_rig.h"
#include "tests/test.h"

#include "sim/acct.h"

#include <stdlib.h>
#include <string.h>

enum { EXITS_KEPT = 64, POWEROFF_LIMIT = 100000 };

// The hypervisor: writes down what it sees, steps over what an instruction did, and asks the test for anything else.
struct tiny {
    struct rig *r;
    struct vmcs v;
    struct vmexit seen[EXITS_KEPT];
    uint64_t when[EXITS_KEPT];
    unsigned count;
    void (*handle)(struct tiny *t, struct cpu *c, const struct vmexit *x); // NULL: step over
    int virtual_irr;     // vector waiting in the virtual APIC, or -1
    uint32_t apic_value; // its one register
    unsigned posted, woken;
};

static struct tiny *tiny_of(struct cpu *c)
{
    return c->m->monitor_state;
}

static void on_exit(struct cpu *c, const struct vmexit *x)
{
    struct tiny *t = tiny_of(c);
    if (t->count < EXITS_KEPT) {
        t->seen[t->count] = *x;
        t->when[t->count] = cpu_now(c);
    }
    t->count++;
    if (t->handle) {
        t->handle(t, c, x);
    } else if (x->insn.op != OP_INVALID) {
        cpu_skip(c);
    }
}

static void on_wake(struct cpu *c)
{
    tiny_of(c)->woken++;
}

static unsigned on_virtual_ack(struct cpu *c)
{
    struct tiny *t = tiny_of(c);
    unsigned vector = (unsigned)t->virtual_irr;
    t->virtual_irr = t->v.virtual_intr = -1;
    return vector;
}

static bool on_apic_read(struct cpu *c, unsigned offset, uint64_t *value)
{
    *value = tiny_of(c)->apic_value;
    return offset == 0x80;
}

static bool on_apic_write(struct cpu *c, unsigned offset, uint64_t value)
{
    tiny_of(c)->apic_value = (uint32_t)value;
    return offset == 0x80;
}

static void on_posted(struct cpu *c)
{
    struct tiny *t = tiny_of(c);
    t->posted++;
    t->virtual_irr = t->v.virtual_intr = 0x55;
}

static const struct monitor_ops tiny_ops = {.name = "tiny",
                                            .exit = on_exit,
                                            .wake = on_wake,
                                            .virtual_ack = on_virtual_ack,
                                            .apic_read = on_apic_read,
                                            .apic_write = on_apic_write,
                                            .posted = on_posted};

// The guest's program begins with a prologue that most tests want: vectors at 0x4000 that all lead to `trap`, unless the program sets others.
static const char prologue[] = "        .org 0x10000\n"
                               "start:  li t0, 0x4000\n"
                               "        lidt t0\n"
                               "        li sp, 0x9000\n"
                               "        jmp body\n"
                               "off:    out zero, [zero+0xf4]\n"
                               "trap:   ldd a5, [sp+8]\n"
                               "        addi a4, a4, 1\n"
                               "        jmp off\n";

static void tiny_free(struct tiny *t)
{
    if (t) {
        rig_free(t->r);
        free(t);
    }
}

static struct tiny *tiny_new(void)
{
    struct tiny *t = calloc(1, sizeof *t);
    if (t) {
        t->r = rig_new();
        t->virtual_irr = t->v.virtual_intr = -1;
    }
    if (!t || !t->r) {
        CHECK(false && "memory");
        tiny_free(t);
        return NULL;
    }
    return t;
}

static bool tiny_load(struct tiny *t, const char *body)
{
    char source[8192];
    snprintf(source, sizeof source, "%s%s", prologue, body);
    if (!rig_start(t->r, source)) {
        return false;
    }
    for (unsigned v = 0; v < 256; v++) {
        rig_put(t->r, 0x4000 + 16 * v, rig_symbol(t->r, "trap"));
        rig_put(t->r, 0x4000 + 16 * v + 8, GATE_P | 3 << 1);
    }
    t->r->m->monitor = &tiny_ops;
    t->r->m->monitor_state = t;
    return true;
}

// Put the program into non-root mode with the controls that t->v has.
static void tiny_enter(struct tiny *t)
{
    t->v.guest = t->r->c->s;
    vmcs_update(&t->v, NULL);
    vmcs_load(t->r->c, &t->v);
    vmcs_start(t->r->c);
}

static bool tiny_run(struct tiny *t)
{
    char err[256] = "";
    enum stop_reason why = machine_run(t->r->m, POWEROFF_LIMIT, UINT64_MAX);
    bool ok = CHECK(machine_accounting_ok(t->r->m, err, sizeof err));
    return CHECK_U64(why, STOP_POWEROFF) && ok;
}

static uint64_t exits(const struct tiny *t, enum exit_reason reason)
{
    return machine_counters(t->r->m, 0)->exits[reason];
}

static uint64_t all_exits(const struct tiny *t)
{
    uint64_t sum = 0;
    for (unsigned k = 0; k < EXIT_REASONS; k++) {
        sum += machine_counters(t->r->m, 0)->exits[k];
    }
    return sum;
}

// ---- one control, one instruction -----------------------------------------------------------------

static uint8_t io_port_80[8192] = {[0x80 / 8] = 1};
static const uint32_t list_kstack[] = {0x175, 0};

#define SET(NAME, statement)                 \
    static void NAME(struct vmcs_control *k) \
    {                                        \
        statement;                           \
    }
SET(set_hlt, k->hlt = true)
SET(set_invlpg, k->invlpg = true)
SET(set_rdtsc, k->rdtsc = true)
SET(set_ptbr_load, k->ptbr_load = true)
SET(set_ptbr_store, k->ptbr_store = true)
SET(set_tpr_load, k->tpr_load = true)
SET(set_tpr_store, k->tpr_store = true)
SET(set_table, k->descriptor_table = true)
SET(set_pause, k->pause = true)
SET(set_msw, k->msw_mask = MSW_WP)
SET(set_io_all, k->io_all = true)
SET(set_io_map, k->io_bitmap = io_port_80)
SET(set_msr_all, k->msr_all = true)
SET(set_msr_read, k->msr_read = list_kstack)
SET(set_msr_write, k->msr_write = list_kstack)
SET(set_bp, k->exception_bitmap = 1u << VEC_BP)
SET(set_nothing, (void)k)

static const struct {
    enum exit_reason reason;
    const char *instruction;
    void (*set)(struct vmcs_control *k);
    bool always; // exits without any control
} controls[] = {
    {EXIT_CPUID, "cpuid", set_nothing, true},
    {EXIT_VMCALL, "hcall", set_nothing, true},
    {EXIT_INVLPG, "invlpg a0", set_invlpg, false},
    {EXIT_RDTSC, "rdtsc a1", set_rdtsc, false},
    {EXIT_CR_ACCESS, "lptbr a0", set_ptbr_load, false},
    {EXIT_CR_ACCESS, "sptbr a1", set_ptbr_store, false},
    {EXIT_CR_ACCESS, "ltpr a0", set_tpr_load, false},
    {EXIT_CR_ACCESS, "stpr a1", set_tpr_store, false},
    {EXIT_CR_ACCESS, "li a0, 0x10000\n lmsw a0", set_msw, false},
    {EXIT_GDTR_IDTR, "sidt a1", set_table, false},
    {EXIT_LDTR_TR, "ltr a0", set_table, false},
    {EXIT_PAUSE, "pause", set_pause, false},
    {EXIT_IO_INSTRUCTION, "out a0, [zero+0x80]", set_io_map, false},
    {EXIT_IO_INSTRUCTION, "in a1, [zero+0x80]", set_io_all, false},
    {EXIT_MSR_READ, "li a2, 0x175\n rdmsr a1, a2", set_msr_read, false},
    {EXIT_MSR_READ, "movi a2, 0x10\n rdmsr a1, a2", set_msr_all, false},
    {EXIT_MSR_WRITE, "li a2, 0x175\n wrmsr a2, a0", set_msr_write, false},
    {EXIT_EXCEPTION_NMI, "brk", set_bp, false},
};

// Runs the instruction with the control on or off; returns the exits of its reason.
static uint64_t exits_with(unsigned row, bool on, bool plain)
{
    char body[256];
    struct tiny *t = tiny_new();
    if (!t) {
        return 99;
    }
    snprintf(body, sizeof body, "body:   movi a5, 7\n %s\n jmp off\n", controls[row].instruction);
    t->r->config.reference = plain;
    uint64_t n = 99;
    if (tiny_load(t, body)) {
        if (on) {
            controls[row].set(&t->v.control);
        }
        // With io_all the stop port exits too: end there.
        tiny_enter(t);
        machine_run(t->r->m, 1000, UINT64_MAX);
        n = exits(t, controls[row].reason);
    }
    tiny_free(t);
    return n;
}

static void controls_exit_when_set(void)
{
    for (unsigned k = 0; k < sizeof controls / sizeof *controls; k++) {
        for (unsigned plain = 0; plain < 2; plain++) {
            uint64_t off = exits_with(k, false, plain), on = exits_with(k, true, plain);
            if (off != (controls[k].always ? 1 : 0) || on == 0) {
                FAIL("%s: %u exits without its control, %u with it", controls[k].instruction,
                     (unsigned)off, (unsigned)on);
            }
        }
    }
}

// ---- the rest, one by one -------------------------------------------------------------------------

static void hlt_exits_or_waits(void)
{
    struct tiny *t = tiny_new();
    REQUIRE(t && tiny_load(t, "body:   hlt\n jmp off\n"));
    set_hlt(&t->v.control);
    tiny_enter(t);
    CHECK(tiny_run(t));
    CHECK_U64(exits(t, EXIT_HLT), 1);
    tiny_free(t);
    t = tiny_new();
    REQUIRE(t && tiny_load(t, "body:   hlt\n jmp off\n"));
    tiny_enter(t);
    CHECK_U64(machine_run(t->r->m, 1000, UINT64_MAX), STOP_DEADLOCK); // it waits, for nothing
    CHECK_U64(all_exits(t), 0);
    CHECK(t->r->c->s.halted);
    tiny_free(t);
}

static void user_to_ring_3(struct tiny *t)
{
    t->v.guest.ring = 3;
    t->r->c->s.ring = 3;
    t->r->c->s.pc = rig_symbol(t->r, "body");
    t->r->c->s.vbar = 0x4000;
    t->r->c->s.tr = 0x5000;
    rig_put(t->r, 0x5000, 0x9000);
}

static void privilege_comes_first(void)
{
    struct tiny *t = tiny_new();
    REQUIRE(t && tiny_load(t, "body:   hlt\n jmp off\n"));
    set_hlt(&t->v.control);
    user_to_ring_3(t);
    tiny_enter(t);
    CHECK(tiny_run(t)); // the handler of #GP turns the machine off
    CHECK_U64(all_exits(t), 0);
    CHECK_U64(machine_counters(t->r->m, 0)->exceptions[VEC_GP], 1);
    tiny_free(t);
}

static void each_exit_costs_a_world_switch(void)
{
    struct tiny *t = tiny_new();
    REQUIRE(t != NULL);
    t->r->model.cost[COST_VMX_EXIT].value = 1000;
    t->r->model.cost[COST_VMX_ENTRY].value = 300;
    t->r->model.cost[COST_VMX_INJECT].value = 20;
    REQUIRE(tiny_load(t, "body:   cpuid\n cpuid\n cpuid\n jmp off\n"));
    tiny_enter(t);
    CHECK(tiny_run(t));
    const struct cpu_counters *n = machine_counters(t->r->m, 0);
    CHECK_U64(n->cycles[CYC_WORLD_SWITCH], 300 + 3 * 1300);
    CHECK_U64(n->cycles[CYC_GUEST_KERNEL], machine_time(t->r->m) - (300 + 3 * 1300));
    tiny_free(t);
}

static void inject_page_fault(struct tiny *t, struct cpu *c, const struct vmexit *x)
{
    if (x->reason == EXIT_CPUID) {
        c->s.far = 0x1234567;
        cpu_inject(c, VEC_PF, PF_WRITE);
    }
    (void)t;
}

static void injected_exceptions_are_delivered(void)
{
    struct tiny *t = tiny_new();
    REQUIRE(t && tiny_load(t, "body:   cpuid\n"
                              "        jmp off\n"));
    t->handle = inject_page_fault;
    t->v.control.exception_bitmap = ~0u; // what is injected does not exit
    tiny_enter(t);
    CHECK(tiny_run(t));
    CHECK_U64(t->r->c->s.r[REG_A0 + 4], 1);                        // `trap` ran
    CHECK_U64(t->r->c->s.r[REG_A0 + 5], rig_symbol(t->r, "body")); // the fault is CPUID's
    CHECK_U64(t->r->c->s.far, 0x1234567);
    CHECK_U64(rig_word(t->r, t->r->c->s.r[REG_SP]), PF_WRITE);
    CHECK_U64(machine_counters(t->r->m, 0)->exceptions[VEC_PF], 1);
    CHECK_U64(all_exits(t), 1);
    tiny_free(t);
}

static void step_over_faults(struct tiny *t, struct cpu *c, const struct vmexit *x)
{
    (void)t;
    if (x->reason == EXIT_EXCEPTION_NMI || x->insn.op != OP_INVALID) {
        cpu_skip(c);
    }
}

static void the_exception_bitmap(void)
{
    for (unsigned on = 0; on < 2; on++) {
        struct tiny *t = tiny_new();
        REQUIRE(t && tiny_load(t, "body:   div a0, a0, zero\n jmp off\n"));
        t->v.control.exception_bitmap = on ? 1u << VEC_DE : ~(1u << VEC_DE);
        t->handle = step_over_faults;
        tiny_enter(t);
        CHECK(tiny_run(t));
        CHECK_U64(exits(t, EXIT_EXCEPTION_NMI), on);
        CHECK_U64(machine_counters(t->r->m, 0)->exceptions[VEC_DE], !on);
        tiny_free(t);
    }
}

static void page_fault_filter_counts(void)
{
    static const char body[] = "body:   li t0, 0x200000\n"
                               "        lptbr t0\n"
                               "        li t0, 0x80000000\n"
                               "        lmsw t0\n"
                               "        li t0, 0x700000\n"
                               "        std t0, [t0]\n"
                               "        ldd t1, [t0]\n"
                               "        ldd t1, [t0]\n"
                               "        jmp off\n";
    static const struct {
        uint32_t bitmap, mask, match;
        unsigned
            exits; // of the write and the two reads, before one is delivered and ends the guest
    } cases[] = {
        {1u << VEC_PF, 0, 0, 3},
        {1u << VEC_PF, PF_WRITE, PF_WRITE, 1},
        {0, PF_WRITE, 0, 1}, // mask selects reads, the bit says no: the opposite is writes
        {0, 0, 0, 0},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct tiny *t = tiny_new();
        REQUIRE(t && tiny_load(t, body));
        t->r->free_frame = 0x201000;
        rig_map_all(t->r, 0x200000, 4, 0x600000, PTE_P | PTE_W | PTE_U);
        t->v.control.exception_bitmap = cases[k].bitmap;
        t->v.control.pf_mask = cases[k].mask;
        t->v.control.pf_match = cases[k].match;
        t->handle = step_over_faults;
        tiny_enter(t);
        CHECK(tiny_run(t));
        CHECK_U64(exits(t, EXIT_EXCEPTION_NMI), cases[k].exits);
        tiny_free(t);
    }
}

static void triple_fault_exits(void)
{
    struct tiny *t = tiny_new();
    REQUIRE(t && tiny_load(t, "body:   li t0, 0x300000\n"
                              "        lidt t0\n" // empty gates
                              "        div a0, a0, zero\n"));
    tiny_enter(t);
    machine_run(t->r->m, 300, UINT64_MAX);
    CHECK(exits(t, EXIT_TRIPLE_FAULT) >= 1);
    CHECK_U64(t->seen[0].reason, EXIT_TRIPLE_FAULT);
    CHECK_U64(machine_stop_info(t->r->m)->reason, STOP_LIMIT);
    tiny_free(t);
}

// ---- time and interrupts --------------------------------------------------------------------------

static void no_more_window(struct tiny *t, struct cpu *c, const struct vmexit *x)
{
    if (x->reason == EXIT_INTERRUPT_WINDOW) {
        t->v.control.interrupt_window = false;
        t->v.inject = (struct vmcs_inject){true, 0x44, 0, EVENT_EXTERNAL};
        vmcs_update(&t->v, c);
    }
}

static void window_opens_after_the_shadow(void)
{
    struct tiny *t = tiny_new();
    REQUIRE(t && tiny_load(t, "body:   movi a0, 1\n"
                              "        sti\n"
                              "in_shadow: movi a0, 2\n"
                              "behind: movi a0, 3\n"
                              "        jmp off\n"));
    t->v.control.interrupt_window = true;
    t->handle = no_more_window;
    tiny_enter(t);
    CHECK(tiny_run(t));
    CHECK_U64(exits(t, EXIT_INTERRUPT_WINDOW), 1);
    CHECK_U64(t->seen[0].pc, rig_symbol(t->r, "behind"));
    CHECK_U64(t->r->c->s.r[REG_A0], 2); // the interrupt came before `behind`
    CHECK_U64(machine_counters(t->r->m, 0)->interrupts, 1);
    tiny_free(t);
}

static void take_real_interrupt(struct tiny *t, struct cpu *c, const struct vmexit *x)
{
    (void)t;
    if (x->reason == EXIT_EXTERNAL_INTERRUPT) {
        machine_lapic_ack(c->m, c->index);
    } else if (x->insn.op != OP_INVALID) {
        cpu_skip(c);
    }
}

static void real_interrupts_exit_or_are_delivered(void)
{
    // The timer's deadline is the real machine's: MSR writes do not exit here.
    static const char body[] = "body:   li t0, 0xfee00000\n"
                               "        li t1, 0x40050\n" // TSC deadline mode, vector 0x50
                               "        stw t1, [t0+0x320]\n"
                               "        li t0, 0x6e0\n"
                               "        li t1, 500\n"
                               "        wrmsr t0, t1\n"
                               "        sti\n"
                               "loop:   addi a0, a0, 1\n"
                               "        li t0, 1000\n"
                               "        bltu a0, t0, loop\n"
                               "        jmp off\n";
    for (unsigned exiting = 0; exiting < 2; exiting++) {
        struct tiny *t = tiny_new();
        REQUIRE(t && tiny_load(t, body));
        t->v.control.external_interrupt = exiting;
        t->handle = take_real_interrupt;
        tiny_enter(t);
        CHECK(tiny_run(t));
        CHECK_U64(exits(t, EXIT_EXTERNAL_INTERRUPT), exiting);
        CHECK_U64(machine_counters(t->r->m, 0)->interrupts, !exiting);
        if (exiting) {
            CHECK_U64(t->seen[0].vector, 0x50);
            CHECK(t->when[0] >= 500 && t->when[0] < 504); // at the boundary, plus the way out
            CHECK_U64(t->r->c->s.r[REG_A0 + 4], 0);
        }
        tiny_free(t);
    }
}

static void preemption_timer_is_exact(void)
{
    for (unsigned plain = 0; plain < 2; plain++) {
        struct tiny *t = tiny_new();
        REQUIRE(t != NULL);
        t->r->config.reference = plain;
        REQUIRE(tiny_load(t, "body:   addi a0, a0, 1\n"
                             "        li t0, 1000\n"
                             "        bltu a0, t0, body\n"
                             "        jmp off\n"));
        t->v.control.preemption_timer = true;
        t->v.control.preemption_cycles = 777;
        tiny_enter(t);
        uint64_t entered = cpu_now(t->r->c);
        machine_run(t->r->m, 2000, UINT64_MAX);
        CHECK(t->count >= 1);
        CHECK_U64(t->seen[0].reason, EXIT_PREEMPTION_TIMER);
        // One cycle an instruction: the exit comes on the spot, and has cost its cycle when the monitor looks.
        CHECK_U64(t->when[0], entered + 777 + 1);
        tiny_free(t);
    }
}

static void pause_loops_exit(void)
{
    static const char body[] = "body:   movi a0, 100\n"
                               "spin:   pause\n"
                               "        addi a0, a0, -1\n"
                               "        bnez a0, spin\n"
                               "        jmp off\n";
    struct tiny *t = tiny_new();
    REQUIRE(t && tiny_load(t, body));
    t->v.control.ple_gap = 10;
    t->v.control.ple_window = 60;
    tiny_enter(t);
    CHECK(tiny_run(t));
    CHECK(exits(t, EXIT_PAUSE) >= 4 && exits(t, EXIT_PAUSE) <= 5); // 300 cycles of spinning
    tiny_free(t);
    t = tiny_new();
    REQUIRE(t && tiny_load(t, body));
    t->v.control.ple_gap = 2; // each PAUSE begins a new loop
    t->v.control.ple_window = 60;
    tiny_enter(t);
    CHECK(tiny_run(t));
    CHECK_U64(exits(t, EXIT_PAUSE), 0);
    tiny_free(t);
}

static void task_priority_threshold(void)
{
    struct tiny *t = tiny_new();
    REQUIRE(t && tiny_load(t, "body:   movi a0, 9\n"
                              "        ltpr a0\n"
                              "        movi a0, 5\n"
                              "        ltpr a0\n"
                              "        movi a0, 2\n"
                              "        ltpr a0\n"
                              "        stpr a3\n"
                              "        jmp off\n"));
    t->v.control.tpr_shadow = true;
    t->v.control.tpr_threshold = 5;
    tiny_enter(t);
    CHECK(tiny_run(t));
    CHECK_U64(exits(t, EXIT_TPR_BELOW_THRESHOLD), 1);
    CHECK_U64(all_exits(t), 1);
    CHECK_U64(t->r->c->s.r[REG_A0 + 3], 2);
    tiny_free(t);
}

static void virtual_interrupts_without_exits(void)
{
    static const char body[] = "body:   sti\n"
                               "loop:   addi a0, a0, 1\n"
                               "        li t0, 1000\n"
                               "        bltu a0, t0, loop\n"
                               "        jmp off\n";
    struct tiny *t = tiny_new();
    REQUIRE(t && tiny_load(t, body));
    t->v.control.virtual_interrupts = true;
    t->v.control.posted = true;
    t->v.control.posted_vector = 0xf2;
    t->v.control.external_interrupt = true;
    tiny_enter(t);
    machine_run(t->r->m, 200, UINT64_MAX);
    // Another processor's notification: the local APIC requests the vector.
    bus_find(&t->r->m->bus, BUS_MMIO, 0xfee00000)
        ->write(t->r->m, bus_find(&t->r->m->bus, BUS_MMIO, 0xfee00000)->dev, 0, 0x300, 4,
                1 << 18 | 0xf2);
    CHECK(tiny_run(t));
    CHECK_U64(t->posted, 1);
    CHECK_U64(all_exits(t), 0);
    CHECK_U64(machine_counters(t->r->m, 0)->interrupts, 1);
    tiny_free(t);
}

static void apic_page_exits_or_is_virtual(void)
{
    static const char body[] = "body:   li t0, 0xfee00000\n"
                               "        movi t1, 0x60\n"
                               "        stw t1, [t0+0x80]\n"
                               "        ldwu a0, [t0+0x80]\n"
                               "        ldwu a1, [t0+0x20]\n"
                               "        jmp off\n";
    for (unsigned registers = 0; registers < 2; registers++) {
        struct tiny *t = tiny_new();
        REQUIRE(t && tiny_load(t, body));
        t->v.control.apic_access = true;
        t->v.control.apic_registers = registers;
        t->v.control.apic_page = 0xfee00000;
        t->handle = NULL;
        tiny_enter(t);
        machine_run(t->r->m, 60, UINT64_MAX); // nobody emulates: the first exit repeats for ever
        CHECK(exits(t, EXIT_APIC_ACCESS) > 0);
        CHECK_U64(t->seen[0].addr, registers ? 0x20 : 0x80);
        CHECK_U64(t->r->c->s.r[REG_A0], registers ? 0x60 : 0);
        tiny_free(t);
    }
}

// ---- nested paging --------------------------------------------------------------------------------

enum { GUEST_BASE = 0x400000, GUEST_SIZE = 0x200000 };

// Guest-physical memory [0, GUEST_SIZE) lies at GUEST_BASE; the program has been loaded at its guest-physical address too, so move it there.
static uint64_t make_nested(struct tiny *t, unsigned levels)
{
    static uint8_t page[PAGE_SIZE];
    uint64_t ept = rig_table(t->r);
    for (uint64_t at = 0; at < GUEST_SIZE; at += PAGE_SIZE) {
        rig_map_nested(t->r, ept, levels, at, GUEST_BASE + at, EPT_R | EPT_W | EPT_X, false);
        CHECK(machine_read(t->r->m, at, page, sizeof page));
        CHECK(machine_write(t->r->m, GUEST_BASE + at, page, sizeof page));
    }
    t->v.control.ept = true;
    t->v.control.nested = (struct walk_dim){.format = WALK_EPT, .root = ept, .levels = levels};
    return ept;
}

static void map_what_is_missing(struct tiny *t, struct cpu *c, const struct vmexit *x)
{
    (void)c;
    if (x->reason == EXIT_EPT_VIOLATION) {
        rig_map_nested(t->r, t->v.control.nested.root, t->v.control.nested.levels,
                       x->addr & ~PAGE_MASK, GUEST_BASE + (x->addr & ~PAGE_MASK),
                       EPT_R | EPT_W | EPT_X, false);
    }
}

static void ept_violations_can_be_repaired(void)
{
    struct tiny *t = tiny_new();
    REQUIRE(t && tiny_load(t, "body:   li t0, 0x180010\n"
                              "        li t1, 0x1234\n"
                              "        std t1, [t0]\n"
                              "        ldd a0, [t0]\n"
                              "        jmp off\n"));
    rig_put(t->r, 0x180018, 0x77);
    uint64_t ept = make_nested(t, 4);
    rig_map_nested(t->r, ept, 4, 0x180000, 0, 0, false);
    t->handle = map_what_is_missing;
    tiny_enter(t);
    CHECK(tiny_run(t));
    CHECK_U64(exits(t, EXIT_EPT_VIOLATION), 1);
    CHECK_U64(t->seen[0].addr, 0x180010);
    CHECK_U64(t->seen[0].linear, 0x180010);
    CHECK_U64(t->seen[0].error, PF_WRITE | EPT_FAULT_FINAL);
    CHECK_U64(t->r->c->s.r[REG_A0], 0x1234);
    CHECK_U64(rig_word(t->r, GUEST_BASE + 0x180010), 0x1234);
    CHECK_U64(rig_word(t->r, 0x180010), 0); // the host's own memory there is untouched
    tiny_free(t);
}

static void misconfigurations_have_their_own_exit(void)
{
    struct tiny *t = tiny_new();
    REQUIRE(t && tiny_load(t, "body:   li t0, 0x180010\n"
                              "        ldd a0, [t0]\n"
                              "        jmp off\n"));
    uint64_t ept = make_nested(t, 4);
    rig_map_nested(t->r, ept, 4, 0x180000, 0, EPT_W, false);
    t->handle = map_what_is_missing; // does nothing about it
    tiny_enter(t);
    machine_run(t->r->m, 400, UINT64_MAX);
    CHECK_U64(t->seen[0].reason, EXIT_EPT_MISCONFIG);
    CHECK_U64(t->seen[0].addr, 0x180010);
    tiny_free(t);
}

// References counted by the processor for one data access that misses everything.
static void count_nested(unsigned n, unsigned m)
{
    static const char body[] = "body:   li t0, 0x100000\n"
                               "        lptbr t0\n"
                               "        li t0, 0x80000000\n"
                               "        lmsw t0\n"
                               "        li t0, 0x15000\n"
                               "warm:   ldd t1, [t0]\n"
                               "        cpuid\n"
                               "        li t0, 0x16000\n"
                               "probe:  ldd a0, [t0]\n"
                               "        jmp off\n";
    struct tiny *t = tiny_new();
    REQUIRE(t != NULL);
    t->r->config.levels = n;
    t->r->free_frame = 0x101000;
    REQUIRE(tiny_load(t, body));
    rig_map_all(t->r, 0x100000, n, 0x20000, PTE_P | PTE_W | PTE_U | PTE_A);
    rig_put(t->r, 0x16000, 0xfeed);
    t->r->free_frame = 0xa00000;
    make_nested(t, m);
    t->v.control.vpid = 1;
    tiny_enter(t);
    machine_run(t->r->m, UINT64_MAX, 14); // up to the probe
    while (t->r->c->s.pc != rig_symbol(t->r, "probe")) {
        REQUIRE(machine_step(t->r->m, 0) == STOP_NONE);
    }
    const struct cpu_counters before = *machine_counters(t->r->m, 0);
    machine_step(t->r->m, 0);
    const struct cpu_counters *after = machine_counters(t->r->m, 0);
    CHECK_U64(t->r->c->s.r[REG_A0], 0xfeed);
    CHECK_U64(after->walks_d - before.walks_d, 1);
    CHECK_U64(after->walk_refs_d - before.walk_refs_d, (n + 1) * (m + 1) - 1);
    CHECK(after->cycles[CYC_WALK_2D] - before.cycles[CYC_WALK_2D] >= (n + 1) * (m + 1) - 1);
    CHECK_U64(after->cycles[CYC_WALK], before.cycles[CYC_WALK]);
    tiny_free(t);
}

static void nested_references_on_the_processor(void)
{
    for (unsigned n = LEVELS_MIN; n <= LEVELS_MAX; n++) {
        for (unsigned m = LEVELS_MIN; m <= LEVELS_MAX; m++) {
            count_nested(n, m);
        }
    }
}

static uint64_t misses_with_vpid(unsigned vpid)
{
    static const char body[] = "body:   li t0, 0x100000\n"
                               "        lptbr t0\n"
                               "        li t0, 0x80000000\n"
                               "        lmsw t0\n"
                               "        movi a5, 50\n"
                               "        li t0, 0x15000\n"
                               "loop:   ldd t1, [t0]\n"
                               "        cpuid\n"
                               "        addi a5, a5, -1\n"
                               "        bnez a5, loop\n"
                               "        jmp off\n";
    struct tiny *t = tiny_new();
    uint64_t misses = 0;
    if (t) {
        t->r->free_frame = 0x101000;
        if (tiny_load(t, body)) {
            rig_map_all(t->r, 0x100000, 4, 0x20000, PTE_P | PTE_W | PTE_U);
            t->v.control.vpid = (uint16_t)vpid;
            tiny_enter(t);
            CHECK(tiny_run(t));
            CHECK_U64(exits(t, EXIT_CPUID), 50);
            misses = machine_counters(t->r->m, 0)->walks_d;
        }
    }
    tiny_free(t);
    return misses;
}

static void vpid_keeps_translations(void)
{
    CHECK_U64(misses_with_vpid(7), 1);
    CHECK_U64(misses_with_vpid(0), 50);
}

// ---- the other kind of guest ----------------------------------------------------------------------

static void deprivileged_events_go_to_the_monitor(void)
{
    static const struct {
        const char *instruction;
        enum exit_reason reason;
    } cases[] = {
        {"hlt", EXIT_TRAP_GP},          {"lptbr a0", EXIT_TRAP_GP},
        {"syscall", EXIT_TRAP_SYSCALL}, {"int 0x80", EXIT_TRAP_SOFTINT},
        {"brk", EXIT_TRAP_SOFTINT},     {"hcall", EXIT_HYPERCALL},
        {"iret", EXIT_TRAP_IRET},       {"div a0, a0, zero", EXIT_TRAP_EXCEPTION},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        for (unsigned ring = 1; ring <= 3; ring += 2) {
            struct tiny *t = tiny_new();
            char body[128];
            snprintf(body, sizeof body, "body:   %s\nforever: jmp forever\n", cases[k].instruction);
            REQUIRE(t && tiny_load(t, body));
            t->r->c->s.ring = (uint8_t)ring;
            t->r->c->s.pc = rig_symbol(t->r, "body");
            t->handle = step_over_faults;
            cpu_set_trap_guest(t->r->c, true);
            machine_run(t->r->m, 30, UINT64_MAX);
            CHECK_U64(t->seen[0].reason, cases[k].reason);
            CHECK_U64(t->seen[0].pc, rig_symbol(t->r, "body"));
            uint64_t delivered = 0;
            for (unsigned v = 0; v < 32; v++) {
                delivered += machine_counters(t->r->m, 0)->exceptions[v];
            }
            CHECK_U64(delivered, 0);
            tiny_free(t);
        }
    }
}

static void wait_in_the_monitor(struct tiny *t, struct cpu *c, const struct vmexit *x)
{
    (void)t;
    if (x->reason == EXIT_HLT) {
        cpu_skip(c);
        cpu_monitor_wait(c, CYC_IDLE);
    } else {
        take_real_interrupt(t, c, x);
    }
}

// A guest that halts: its hypervisor has nothing else to run, and sleeps until the real timer.
static void a_waiting_monitor_is_woken(void)
{
    struct tiny *t = tiny_new();
    REQUIRE(t && tiny_load(t, "body:   li t0, 0xfee00000\n"
                              "        li t1, 0x40050\n"
                              "        stw t1, [t0+0x320]\n"
                              "        li t0, 0x6e0\n"
                              "        li t1, 5000\n"
                              "        wrmsr t0, t1\n"
                              "        hlt\n"
                              "        jmp off\n"));
    set_hlt(&t->v.control);
    t->v.control.external_interrupt = true;
    t->handle = wait_in_the_monitor;
    tiny_enter(t);
    CHECK(tiny_run(t));
    CHECK_U64(t->woken, 1);
    CHECK(machine_counters(t->r->m, 0)->cycles[CYC_IDLE] > 4900);
    CHECK_U64(exits(t, EXIT_EXTERNAL_INTERRUPT),
              1); // it is still on offer when the guest is entered
    tiny_free(t);
}

TEST_SUITE(vmx, {"every control exits when it is set, and only then", controls_exit_when_set},
           {"HLT exits, or the guest waits", hlt_exits_or_waits},
           {"a lack of privilege faults before it exits", privilege_comes_first},
           {"each exit costs a way out and a way in", each_exit_costs_a_world_switch},
           {"injected exceptions are delivered as the guest's own",
            injected_exceptions_are_delivered},
           {"the exception bitmap", the_exception_bitmap},
           {"the page-fault filter", page_fault_filter_counts},
           {"a triple fault exits", triple_fault_exits},
           {"the interrupt window opens behind STI's shadow", window_opens_after_the_shadow},
           {"real interrupts exit or are delivered", real_interrupts_exit_or_are_delivered},
           {"the preemption timer is exact to the cycle", preemption_timer_is_exact},
           {"pause loops exit after their window", pause_loops_exit},
           {"the task priority threshold", task_priority_threshold},
           {"posted and virtual interrupts need no exit", virtual_interrupts_without_exits},
           {"the APIC page exits, or is virtual", apic_page_exits_or_is_virtual},
           {"an EPT violation can be repaired and retried", ept_violations_can_be_repaired},
           {"EPT misconfigurations", misconfigurations_have_their_own_exit},
           {"(n+1)(m+1)-1 references on the processor", nested_references_on_the_processor},
           {"VPID keeps translations across exits", vpid_keeps_translations},
           {"a deprivileged guest's events go to the monitor",
            deprivileged_events_go_to_the_monitor},
           {"a monitor that waits is woken by a real interrupt", a_waiting_monitor_is_woken});
