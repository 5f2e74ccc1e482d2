// Non-root mode and time: interrupts, timers, pause loops, the virtual APIC; and the other kind of guest, deprivileged in root mode.
#include "tests/test.h"
#include "tests/vmx_help.h"

#include "sim/acct.h"

#include <stdlib.h>
#include <string.h>

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
    t->v.control.hlt = true;
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

TEST_SUITE(vmx_time,
           {"the interrupt window opens behind STI's shadow", window_opens_after_the_shadow},
           {"real interrupts exit or are delivered", real_interrupts_exit_or_are_delivered},
           {"the preemption timer is exact to the cycle", preemption_timer_is_exact},
           {"pause loops exit after their window", pause_loops_exit},
           {"the task priority threshold", task_priority_threshold},
           {"posted and virtual interrupts need no exit", virtual_interrupts_without_exits},
           {"the APIC page exits, or is virtual", apic_page_exits_or_is_virtual},
           {"a deprivileged guest's events go to the monitor",
            deprivileged_events_go_to_the_monitor},
           {"a monitor that waits is woken by a real interrupt", a_waiting_monitor_is_woken});
