// The hardware-assisted technique: each exit is counted exactly when its cause happens and never else, under every kind of control; the guest
// ends as on the bare machine (tests/test_equivalence.c holds that for much more); and what cannot be combined is refused.
#include "cli/model.h"
#include "tests/test.h"
#include "tests/vm_help.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- one cause, N times ---------------------------------------------------------------------------

// s0: the APIC; s2: a device of the driver's; s3: fresh memory; t0: how often. Vector 6 skips the instruction, 64 ends its interrupt.
static const char before[] = "start: la a0, vectors\n lidt a0\n la sp, stack_top\n"
                             "       li s0, 0xfee00000\n li s2, 0xfeb00000\n li s3, 0x100000\n"
                             "       sti\n"
                             "       li t0, %u\n"
                             "again:\n";
static const char behind[] = "\n      addi t0, t0, -1\n bnez t0, again\n"
                             "       out zero, [zero+0xf4]\n"
                             "skip:  ldd a0, [sp+8]\n addi a0, a0, 4\n std a0, [sp+8]\n iret\n"
                             "handler: stw zero, [s0+0xb0]\n"
                             "back:  iret\n"
                             "       .align 16\n"
                             "vectors: .space 48\n .quad back, 1\n .space 32\n .quad skip, 1\n"
                             "       .space 912\n .quad handler, 1\n"
                             "       .space 256\n"
                             "stack_top: .quad 0\n";

#define HW            "type1/fullvirt-hw"
#define SHADOW        HW ",paging=shadow"
#define APICV         HW ",apicv=1"
#define SEND_ITSELF   "li a1, 0x40040\n stw a1, [s0+0x300]\n"
#define RAISE_AND_LET "li a0, 15\n ltpr a0\n" SEND_ITSELF "ltpr zero\n nop\n"
#define CLOSE_AND_LET "cli\n" SEND_ITSELF "sti\n nop\n nop\n"

static const struct cause {
    const char *body, *arch;
    struct {
        enum exit_reason reason;
        unsigned times; // each time round; 0: it does not exit
    } exit[2];
} causes[] = {
    {"li a0, 0x16\n cpuid", HW, {{EXIT_CPUID, 1}}},
    {"li a0, 0x16\n cpuid", SHADOW, {{EXIT_CPUID, 1}}},
    {"out zero, [zero+0x80]", HW, {{EXIT_IO_INSTRUCTION, 1}}},
    {"in a0, [zero+0x3fd]\n out a0, [zero+0x80]", APICV, {{EXIT_IO_INSTRUCTION, 2}}},
    {"li a0, 0x1b\n rdmsr a1, a0", HW, {{EXIT_MSR_READ, 1}}},
    {"li a0, 0x175\n rdmsr a1, a0\n wrmsr a0, a1", HW, {{0, 0}}},
    {"li a0, 0x6e0\n wrmsr a0, zero", HW, {{EXIT_MSR_WRITE, 1}}},
    {"rdtsc a1\n movi a1, 0", HW, {{0, 0}}},
    {"rdtsc a1\n movi a1, 0", HW ",rdtsc_exit=1", {{EXIT_RDTSC, 1}}},
    {"hcall", HW, {{EXIT_VMCALL, 1}}},
    {"invlpg s3", HW, {{0, 0}}},
    {"invlpg s3", SHADOW, {{EXIT_INVLPG, 1}}},
    {"sptbr a1\n lptbr a1\n lmsw zero\n smsw a1", HW, {{0, 0}}},
    {"sptbr a1\n lptbr a1\n lmsw zero\n smsw a1", SHADOW, {{EXIT_CR_ACCESS, 2}}},
    {"ldw a1, [s0+0x20]", HW, {{EXIT_APIC_ACCESS, 1}}},
    {"ldw a1, [s0+0x20]", SHADOW, {{EXIT_EXCEPTION_NMI, 1}}},
    {"ldw a1, [s0+0x20]", APICV, {{0, 0}}},
    {"ldw a1, [s0+0x390]", APICV, {{EXIT_APIC_ACCESS, 1}}},
    {"stw zero, [s0+0x310]", APICV, {{EXIT_APIC_WRITE, 1}}},
    {"ldw a1, [s2]", HW, {{EXIT_EPT_MISCONFIG, 1}}},
    {"ldw a1, [s2]", HW ",ept_levels=2", {{EXIT_EPT_VIOLATION, 1}}},
    {"ldw a1, [s2]", SHADOW, {{EXIT_EXCEPTION_NMI, 1}}},
    {"stw zero, [s3]\n li a1, 4096\n add s3, s3, a1", HW, {{EXIT_EPT_VIOLATION, 1}}},
    {"stw zero, [s3]\n li a1, 4096\n add s3, s3, a1", HW ",ept_huge=1", {{0, 0}}},
    {RAISE_AND_LET, HW, {{EXIT_TPR_BELOW_THRESHOLD, 1}, {EXIT_APIC_ACCESS, 2}}},
    {RAISE_AND_LET, SHADOW, {{EXIT_TPR_BELOW_THRESHOLD, 1}, {EXIT_EXCEPTION_NMI, 2}}},
    {RAISE_AND_LET, APICV, {{0, 0}}},
    {CLOSE_AND_LET, HW, {{EXIT_INTERRUPT_WINDOW, 1}, {EXIT_APIC_ACCESS, 2}}},
    {CLOSE_AND_LET, APICV, {{0, 0}}},
    {SEND_ITSELF "nop", HW, {{EXIT_APIC_ACCESS, 2}}},
    {SEND_ITSELF "nop", APICV ",posted=1", {{0, 0}}},
    {"pause", HW, {{0, 0}}},
};

static struct vm_test *times(const char *body, const char *arch, unsigned n)
{
    char source[2048];
    size_t at = (size_t)snprintf(source, sizeof source, before, n);
    snprintf(source + at, sizeof source - at, "%s%s", body, behind);
    return vm_test_source(source, &(struct vm_where){.arch = arch, .holes_open = true});
}

static void an_exit_is_counted_when_its_cause_happens(void)
{
    enum { FEW = 3, MORE = 28 };
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++) {
        const struct cause *c = &causes[i];
        struct vm_test *few = times(c->body, c->arch, FEW), *more = times(c->body, c->arch, MORE);
        struct vm_test *bare = times(c->body, "native", MORE);
        REQUIRE(few && more && bare);
        for (unsigned r = 0; r < EXIT_REASONS; r++) {
            uint64_t want = 0, got = more->result.exits[r] - few->result.exits[r];
            for (unsigned k = 0; k < 2; k++) {
                want += r == (unsigned)c->exit[k].reason ? c->exit[k].times * (MORE - FEW) : 0u;
            }
            if (got != want) {
                FAIL("%s: '%s' %d times: %" PRIu64 " exits %s, not %" PRIu64, c->arch, c->body,
                     MORE - FEW, got, exit_name(r), want);
            }
        }
        vm_test_same(&bare->result, &more->result, c->body);
        vm_test_free(few);
        vm_test_free(more);
        vm_test_free(bare);
    }
}

// ---- what a handler reads -------------------------------------------------------------------------

static void handlers_pay_for_the_fields_they_touch(void)
{
    struct vm_test *few = times("li a0, 0x16\n cpuid", HW, 10);
    struct vm_test *more = times("li a0, 0x16\n cpuid", HW, 11);
    struct vm_test *mmio = times("ldw a1, [s0+0x20]", HW, 11),
                   *less = times("ldw a1, [s0+0x20]", HW, 10);
    REQUIRE(few && more && mmio && less);
    // EXIT_REASON, IDT_VECTORING_INFO, RIP, RFLAGS, length, interruptibility; RIP written.
    CHECK_U64(more->result.stats.vmreads - few->result.stats.vmreads, 6);
    CHECK_U64(more->result.stats.vmwrites - few->result.stats.vmwrites, 1);
    // Beyond these the qualification, and to decode: ring, CR0, CR3, RSP.
    CHECK_U64(mmio->result.stats.vmreads - less->result.stats.vmreads, 11);
    const uint64_t *cost = more->vm->m->cpu[0].cost;
    uint64_t handling =
        more->result.cycles_by[CYC_EXIT_HANDLING] - few->result.cycles_by[CYC_EXIT_HANDLING];
    CHECK_U64(handling, cost[COST_HV_ENTER] + cost[COST_HV_EMULATE] + 6 * cost[COST_VMX_READ] +
                            cost[COST_VMX_WRITE]);
    CHECK_U64(more->result.cycles_by[CYC_WORLD_SWITCH] - few->result.cycles_by[CYC_WORLD_SWITCH],
              cost[COST_VMX_EXIT] + cost[COST_VMX_ENTRY]);
    vm_test_free(few);
    vm_test_free(more);
    vm_test_free(mmio);
    vm_test_free(less);
}

// Nothing of a port's own time is in a guest that is stopped in front of it, whatever stops it: exit, #GP in ring 1, translation.
static void a_port_that_is_not_reached_takes_no_time(void)
{
    static const char *const archs[] = {HW, SHADOW, "type1/fullvirt-trap"};
    static const char *const bodies[] = {"in a1, [zero+0x80]", "out a1, [zero+0x80]"};
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
        for (size_t k = 0; k < 2; k++) {
            struct vm_test *few = times(bodies[k], archs[i], 10);
            struct vm_test *more = times(bodies[k], archs[i], 20);
            REQUIRE(few && more);
            const uint64_t *cost = more->vm->m->cpu[0].cost;
            // The instruction itself, and the two of the loop.
            CHECK_U64(more->result.cycles_by[CYC_GUEST_KERNEL] -
                          few->result.cycles_by[CYC_GUEST_KERNEL],
                      10 * (2 * cost[COST_ALU] + cost[COST_BRANCH]));
            vm_test_free(few);
            vm_test_free(more);
        }
    }
    struct vm_test *few = times(bodies[0], "native", 10), *more = times(bodies[0], "native", 20);
    REQUIRE(few && more);
    const uint64_t *cost = more->vm->m->cpu[0].cost;
    CHECK_U64(more->result.cycles_by[CYC_GUEST_KERNEL] - few->result.cycles_by[CYC_GUEST_KERNEL],
              10 * (cost[COST_IN] + cost[COST_ALU] + cost[COST_BRANCH]));
    vm_test_free(few);
    vm_test_free(more);
}

static void cpuid_names_the_hypervisor(void)
{
    static const char source[] = "start: la s1, seen\n movi a0, 1\n cpuid\n std a2, [s1]\n"
                                 " li a0, 0x40000000\n cpuid\n std a0, [s1+8]\n stw a1, [s1+16]\n"
                                 " stw a2, [s1+20]\n stw a3, [s1+24]\n out zero, [zero+0xf4]\n"
                                 " .align 8\nseen: .space 32\n";
    struct vm_test *t = vm_test_source(source, &(struct vm_where){.arch = HW});
    REQUIRE(t != NULL);
    CHECK_U64(vm_test_word(t, "seen", 0) >> 31 & 1, 1);
    CHECK_U64(vm_test_word(t, "seen", 8), 0x40000000);
    const uint64_t name[] = {vm_test_word(t, "seen", 16), vm_test_word(t, "seen", 24)};
    CHECK_MEM(name, "Ringside T64", 12);
    vm_test_free(t);
}

// ---- time -----------------------------------------------------------------------------------------

// Counts 20 ticks while it computes, with a timer of 50,000 cycles.
static const char ticking[] = "start: la a0, vectors\n lidt a0\n la sp, stack_top\n"
                              " li s0, 0xfee00000\n movi a0, 0xb\n stw a0, [s0+0x3e0]\n"
                              " li a0, 0x20040\n stw a0, [s0+0x320]\n"
                              " li a0, 50000\n stw a0, [s0+0x380]\n"
                              " movi s1, 0\n movi s2, 20\n sti\n"
                              "wait: blt s1, s2, wait\n cli\n"
                              " out zero, [zero+0xf4]\n"
                              "handler: addi s1, s1, 1\n stw zero, [s0+0xb0]\n iret\n"
                              " .align 16\n"
                              "vectors: .space 1024\n .quad handler, 1\n .space 256\n"
                              "stack_top: .quad 0\n";

static void the_timer_comes_as_the_processor_can(void)
{
    static const struct {
        const char *cpu, *arch;
        unsigned preemption, external, posted; // for 20 ticks, and what was planned beyond
    } cases[] = {
        {"p4-672", SHADOW, 0, 20, 0},
        {"penryn", SHADOW, 0, 20, 0},
        {"nehalem", HW, 20, 0, 0},
        {"westmere", SHADOW, 20, 0, 0},
        {"xeon", HW, 20, 0, 0},
        {"xeon", APICV, 20, 0, 0},
        {"xeon", APICV ",posted=1", 0, 0, 20},
        {"opteron", HW, 0, 20, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vm_test *t =
            vm_test_source(ticking, &(struct vm_where){.arch = cases[i].arch, .cpu = cases[i].cpu});
        struct vm_test *bare = vm_test_source(ticking, &(struct vm_where){.cpu = cases[i].cpu});
        REQUIRE(t && bare);
        vm_test_same(&bare->result, &t->result, cases[i].arch);
        CHECK_U64(t->result.interrupts, 20);
        CHECK_U64(t->result.exits[EXIT_PREEMPTION_TIMER], cases[i].preemption);
        CHECK_U64(t->result.exits[EXIT_EXTERNAL_INTERRUPT], cases[i].external);
        CHECK_U64(t->result.stats.posted, cases[i].posted);
        vm_test_free(t);
        vm_test_free(bare);
    }
}

static void pause_loops_exit_where_the_processor_counts_them(void)
{
    static const char spin[] = "start: li t0, 20000\nagain: pause\n addi t0, t0, -1\n"
                               " bnez t0, again\n out zero, [zero+0xf4]\n";
    static const struct {
        const char *cpu, *arch;
        bool exits;
    } cases[] = {{"nehalem", HW, false},
                 {"westmere", HW, true},
                 {"xeon", HW, true},
                 {"xeon", HW ",ple=0", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vm_test *t =
            vm_test_source(spin, &(struct vm_where){.arch = cases[i].arch, .cpu = cases[i].cpu});
        REQUIRE(t != NULL);
        uint64_t n = t->result.exits[EXIT_PAUSE];
        CHECK_U64(n > 0, cases[i].exits);
        // A window of 4096 cycles each: no more than the loop's own time has room for.
        uint64_t guest = t->result.cycles_by[CYC_GUEST_KERNEL];
        CHECK(n <= guest / 4096 && (!cases[i].exits || n >= guest / 4096 / 2));
        vm_test_free(t);
    }
}

// ---- events whose delivery exits ------------------------------------------------------------------

// The stack of each event is in a page of its own that nothing has touched.
static void events_are_delivered_again(void)
{
    static const char source[] =
        "li sp, 0x200000\n int 64\n li sp, 0x210000\n brk\n li sp, 0x220000\n hcall\n"
        "li sp, 0x230000\n" SEND_ITSELF "nop";
    static const char *const archs[] = {HW, SHADOW, APICV, SHADOW ",unsync=0"};
    struct vm_test *bare = times(source, "native", 1);
    REQUIRE(bare != NULL);
    for (unsigned k = 0; k < sizeof archs / sizeof *archs; k++) {
        struct vm_test *t = times(source, archs[k], 1);
        REQUIRE(t != NULL);
        vm_test_same(&bare->result, &t->result, archs[k]);
        CHECK_U64(t->result.instructions, bare->result.instructions);
        CHECK_U64(t->result.interrupts, 1);
        CHECK_U64(t->result.exceptions, bare->result.exceptions);
        CHECK(t->result.exits[EXIT_EPT_VIOLATION] + t->result.exits[EXIT_EXCEPTION_NMI] >= 4);
        vm_test_free(t);
    }
    vm_test_free(bare);
}

// ---- the end --------------------------------------------------------------------------------------

// A page fault whose gate is absent makes a double fault, whose absent gate lies in a page that nobody has touched: delivering it exits, and delivering it
// again must still be the end, although #GP's gate is there.
static const char late_double[] = "start: la a0, vectors\n lidt a0\n la sp, stack_top\n"
                                  " la a0, top\n lptbr a0\n li a0, 0x80000000\n lmsw a0\n"
                                  " li a0, 0x40000000\n ldd a0, [a0]\n"
                                  "handler: out zero, [zero+0xf4]\n"
                                  " .align 4096\ntop: .quad middle + 3\n"
                                  " .align 4096\nmiddle: .quad low + 3\n"
                                  " .align 4096\nlow: .quad 0x83\n .space 256\nstack_top: .quad 0\n"
                                  " .align 4096\n .space 4096-144\nvectors: .space 144\n"
                                  " .space 64\n .quad handler, 1, 0, 0\n";

static void triple_faults_name_their_faults(void)
{
    // No vector table to speak of: #UD leads to #GP, #GP, and the end; with paging of nothing, to #PFs.
    static const char paging_of_nothing[] = "start: la a0, table\n lptbr a0\n li a0, 0x80000000\n"
                                            " lmsw a0\n .align 4096\ntable: .space 4096\n";
    static const char empty_table[] =
        "start: la a0, table\n lidt a0\n int 9\n .align 16\ntable: .space 64\n";
    static const char *const sources[] = {"start: hcall\n", empty_table, paging_of_nothing,
                                          late_double};
    static const char *const archs[] = {HW, SHADOW, APICV, HW ",ept_huge=1"};
    for (unsigned i = 0; i < sizeof sources / sizeof *sources; i++) {
        struct vm_test *bare = vm_test_source(sources[i], &(struct vm_where){.holes_open = true});
        REQUIRE(bare != NULL);
        CHECK_U64(bare->result.stop.reason, STOP_TRIPLE_FAULT);
        for (unsigned k = 0; k < sizeof archs / sizeof *archs; k++) {
            struct vm_test *t = vm_test_source(
                sources[i], &(struct vm_where){.arch = archs[k], .holes_open = true});
            REQUIRE(t != NULL);
            const struct stop_info *a = &bare->result.stop, *b = &t->result.stop;
            CHECK_U64(b->reason, a->reason);
            CHECK_MEM(b->vector, a->vector, sizeof a->vector);
            CHECK_U64(b->fault_addr, a->fault_addr);
            CHECK_U64(b->pc, a->pc);
            vm_test_free(t);
        }
        vm_test_free(bare);
    }
}

// ---- the toy OS -----------------------------------------------------------------------------------

static bool workload(const char *name, uint64_t n, const struct vm_where *where,
                     struct run_result *out)
{
    return CHECK(vm_test_workload(name, n, where, out));
}

static void system_calls_do_not_exit(void)
{
    static const char *const archs[] = {HW, SHADOW, "type2/fullvirt-hw"};
    for (unsigned k = 0; k < 3; k++) {
        struct run_result few, many;
        struct vm_where where = {.arch = archs[k], .tickless = true};
        REQUIRE(workload("nullcall", 1000, &where, &few));
        REQUIRE(workload("nullcall", 3000, &where, &many));
        CHECK_U64(many.syscalls - few.syscalls, 2000);
        CHECK_U64(many.exits_all, few.exits_all);
        run_result_free(&few);
        run_result_free(&many);
    }
}

static void every_processor_with_vtx_runs_it(void)
{
    static const char *const cpus[] = {"p4-672",   "merom",       "penryn", "nehalem",
                                       "westmere", "sandybridge", "xeon",   "epyc"};
    for (unsigned i = 0; i < sizeof cpus / sizeof *cpus; i++) {
        struct run_result native, guest;
        REQUIRE(workload("forkexec", 4, &(struct vm_where){.cpu = cpus[i], .holes_open = true},
                         &native));
        for (unsigned type = 1; type <= 2; type++) {
            char arch[80];
            snprintf(arch, sizeof arch, "type%u/fullvirt-hw,paging=%s", type,
                     i < 3 ? "shadow" : "nested");
            struct vm_where where = {.arch = arch, .cpu = cpus[i], .holes_open = true};
            REQUIRE(workload("forkexec", 4, &where, &guest));
            vm_test_same(&native, &guest, cpus[i]);
            run_result_free(&guest);
        }
        run_result_free(&native);
    }
}

static void several_processors_end_alike(void)
{
    static const char *const archs[] = {HW,
                                        SHADOW ",unsync=0",
                                        APICV,
                                        APICV ",posted=1",
                                        HW ",vpid=0,ple=0,ept_huge=1",
                                        "type2/fullvirt-hw,paging=shadow"};
    for (unsigned cpus = 2; cpus <= 4; cpus += 2) {
        struct run_result native, guest;
        REQUIRE(workload("threads", 300, &(struct vm_where){.cpus = cpus}, &native));
        for (unsigned k = 0; k < sizeof archs / sizeof *archs; k++) {
            struct vm_where where = {.arch = archs[k], .cpus = cpus};
            REQUIRE(workload("threads", 300, &where, &guest));
            CHECK_U64(guest.checksum, native.checksum);
            CHECK_U64(guest.state_hash, native.state_hash);
            CHECK_U64(guest.stop.status, native.stop.status);
            // A posted interrupt reaches a running processor without an exit.
            CHECK(!strstr(archs[k], "posted") || guest.stats.posted > 0);
            run_result_free(&guest);
        }
        run_result_free(&native);
    }
}

static void vpid_saves_misses_and_nothing_else(void)
{
    struct run_result with, without;
    REQUIRE(workload("compile", 3, &(struct vm_where){.arch = HW, .tickless = true}, &with));
    REQUIRE(workload("compile", 3, &(struct vm_where){.arch = HW ",vpid=0", .tickless = true},
                     &without));
    CHECK(without.tlb_misses > with.tlb_misses);
    CHECK_MEM(without.exits, with.exits, sizeof with.exits);
    run_result_free(&with);
    run_result_free(&without);
}

static void nested_paging_exits_far_less(void)
{
    struct run_result shadow, nested;
    REQUIRE(workload("compile", 10, &(struct vm_where){.arch = SHADOW, .tickless = true}, &shadow));
    REQUIRE(workload("compile", 10, &(struct vm_where){.arch = HW, .tickless = true}, &nested));
    CHECK(shadow.exits_all > 4 * nested.exits_all);
    CHECK(shadow.exits[EXIT_EXCEPTION_NMI] > 0 && shadow.exits[EXIT_CR_ACCESS] > 0);
    CHECK(nested.exits[EXIT_EXCEPTION_NMI] == 0 && nested.exits[EXIT_CR_ACCESS] == 0);
    CHECK(nested.exits[EXIT_EPT_VIOLATION] > 0 && nested.cycles_by[CYC_WALK_2D] > 0);
    CHECK(nested.cycles_by[CYC_WALK] == 0 && shadow.cycles_by[CYC_WALK_2D] == 0);
    run_result_free(&shadow);
    run_result_free(&nested);
}

// ---- what cannot be -------------------------------------------------------------------------------

static void impossible_options_are_refused(void)
{
    static const struct {
        const char *cpu, *arch, *says;
    } cases[] = {
        {"nehalem", APICV, "no virtual APIC"},
        {"xeon", SHADOW ",apicv=1", "set paging=nested"},
        {"xeon", HW ",posted=1", "set apicv=1"},
        {"sandybridge", HW ",posted=1", "cannot post"},
        {"risc", HW, "no VT-x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char err[300] = "";
        struct vm_test *t = times("nop", "native", 1);
        REQUIRE(t != NULL);
        struct cpu_model model;
        REQUIRE(model_load(cases[i].cpu, &model) == CLI_OK);
        struct run_spec spec = t->spec;
        spec.config.model = &model;
        REQUIRE(arch_parse(&spec.arch, cases[i].arch, err, sizeof err));
        CHECK(run_boot(&spec, err, sizeof err) == NULL);
        if (!strstr(err, cases[i].says)) {
            FAIL("%s on %s: '%s' says nothing of '%s'", cases[i].arch, cases[i].cpu, err,
                 cases[i].says);
        }
        cpu_model_free(&model);
        vm_test_free(t);
    }
}

TEST_SUITE(hw,
           {"an exit is counted exactly when its cause happens",
            an_exit_is_counted_when_its_cause_happens},
           {"exit handlers pay for the VMCS fields they touch",
            handlers_pay_for_the_fields_they_touch},
           {"a port that is not reached takes no time", a_port_that_is_not_reached_takes_no_time},
           {"CPUID names the hypervisor", cpuid_names_the_hypervisor},
           {"the guest's timer exits, interrupts or is posted as the processor can",
            the_timer_comes_as_the_processor_can},
           {"events whose delivery exits are delivered again", events_are_delivered_again},
           {"pause loops exit where the processor counts them",
            pause_loops_exit_where_the_processor_counts_them},
           {"a triple fault names its three faults", triple_faults_name_their_faults},
           {"system calls do not exit", system_calls_do_not_exit},
           {"the toy OS ends alike on every processor with VT-x", every_processor_with_vtx_runs_it},
           {"several processors end alike", several_processors_end_alike},
           {"VPID saves TLB misses and changes no exit", vpid_saves_misses_and_nothing_else},
           {"nested paging exits far less than shadow paging", nested_paging_exits_far_less},
           {"impossible options are refused with the reason", impossible_options_are_refused});
