// Non-root mode: every execution control exits when it is set and not when it is not; exceptions, injection, what an exit costs.
#include "tests/test.h"
#include "tests/vmx_help.h"

#include "sim/acct.h"

#include <stdlib.h>
#include <string.h>

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

TEST_SUITE(vmx, {"every control exits when it is set, and only then", controls_exit_when_set},
           {"HLT exits, or the guest waits", hlt_exits_or_waits},
           {"a lack of privilege faults before it exits", privilege_comes_first},
           {"each exit costs a way out and a way in", each_exit_costs_a_world_switch},
           {"injected exceptions are delivered as the guest's own",
            injected_exceptions_are_delivered},
           {"the exception bitmap", the_exception_bitmap},
           {"the page-fault filter", page_fault_filter_counts},
           {"a triple fault exits", triple_fault_exits});
