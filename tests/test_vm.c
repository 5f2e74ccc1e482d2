// Virtual machines: what a guest sees of its processor and devices is what the bare machine shows, and every cycle is accounted for.
#include "models/emulate.h"
#include "sim/acct.h"
#include "tests/test.h"
#include "tests/vm_help.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const virtual[] = {"type1/fullvirt-trap",     "type2/fullvirt-trap",
                                      "type1/fullvirt-bt",       "type2/fullvirt-bt",
                                      "type1/fullvirt-hw",       "type2/fullvirt-hw,paging=shadow",
                                      "type2/fullvirt-hw,vpid=0"};
enum { VIRTUAL_COUNT = sizeof virtual / sizeof *virtual };

// ---- bare programs --------------------------------------------------------------------------------

// What every program begins and ends with: gates for the vectors it has handlers for, a stack for each ring, a log of words.
#define PROLOGUE                \
    "start: la a0, vectors\n"   \
    "       lidt a0\n"          \
    "       la a0, stacks\n"    \
    "       ltr a0\n"           \
    "       la sp, stack_top\n" \
    "       la s1, log\n"       \
    "       li s0, 0xfee00000\n"
#define POWEROFF              \
    "finish: cli\n"           \
    "       li a1, 0xf4\n"    \
    "       out zero, [a1]\n" \
    "stop:  jmp stop\n"
#define EPILOGUE                                      \
    "       .align 16\n"                              \
    "stacks: .quad stack_top, stack_top, stack_top\n" \
    "log:   .space 512\n"                             \
    "       .align 16\n"                              \
    "stack: .space 1024\n"                            \
    "stack_top: .quad 0\n"
// A gate: ring 0, callable from ring 3; cleared IF.
#define GATE(handler) ".quad " handler ", 7\n"
#define NO_GATES(n)   ".space 16 * " #n "\n"

// Writes s2 to the log, then ends the interrupt.
#define LOGGER                     \
    "logger: std s2, [s1]\n"       \
    "       addi s1, s1, 8\n"      \
    "       stw zero, [s0+0xb0]\n" \
    "       iret\n"

// Vector 64 is requested from itself with interrupts off; s2 counts instructions from then on.
#define REQUEST                   \
    "       li a1, 0x40040\n"     \
    "       stw a1, [s0+0x300]\n" \
    "       movi s2, 0\n"

// STI's shadow covers one instruction; IRET, WRFLAGS and LTPR cast none; CLI in the shadow wins; HLT in it does not sleep for ever; an exception ends it, here by a gate that leaves IF set.
static const char shadows[] = PROLOGUE REQUEST
    "sti\n addi s2, s2, 1\n addi s2, s2, 1\n cli\n" REQUEST
    "sti\n cli\n addi s2, s2, 16\n sti\n addi s2, s2, 1\n addi s2, s2, 1\n cli\n" REQUEST
    "rdflags a2\n ori a2, a2, 512\n wrflags a2\n addi s2, s2, 1\n cli\n" REQUEST
    "movi a3, 5\n ltpr a3\n sti\n addi s2, s2, 1\n stpr a3\n addi s2, s2, 1\n"
    "movi a3, 3\n ltpr a3\n addi s2, s2, 1\n cli\n" REQUEST
    "sti\n hlt\n addi s2, s2, 1\n cli\n" REQUEST "sti\n div a4, a4, zero\n cli\n" POWEROFF LOGGER
    "fault: addi s2, s2, 1\n ldd a2, [sp+8]\n addi a2, a2, 4\n std a2, [sp+8]\n iret\n"
    ".align 16\n vectors: .quad fault, 39\n" NO_GATES(63) GATE("logger") EPILOGUE;

static void interrupts_come_when_they_may(void)
{
    static const uint64_t expected[] = {1, 17, 0, 2, 0, 0};
    struct vm_test *native = vm_test_source(shadows, &(struct vm_where){0});
    REQUIRE(native != NULL);
    for (unsigned i = 0; i < 6; i++) {
        CHECK_U64(vm_test_word(native, "log", 8 * i), expected[i]);
    }
    for (unsigned k = 0; k < VIRTUAL_COUNT; k++) {
        struct vm_test *t = vm_test_source(shadows, &(struct vm_where){.arch = virtual[k]});
        REQUIRE(t != NULL);
        vm_test_same(&native->result, &t->result, virtual[k]);
        CHECK_U64(t->result.interrupts, 6);
        CHECK_U64(t->result.instructions, native->result.instructions);
        vm_test_free(t);
    }
    vm_test_free(native);
}

// A periodic timer wakes a sleeping guest four times.
static const char timer[] = PROLOGUE "       li a1, 0x20040\n"
                                     "       stw a1, [s0+0x320]\n"
                                     "       li a1, 50000\n"
                                     "       stw a1, [s0+0x380]\n"
                                     "       la a3, log + 32\n"
                                     "sleep: sti\n hlt\n cli\n"
                                     "       addi s2, s2, 1\n"
                                     "       bne s1, a3, sleep\n"
                                     "       stw zero, [s0+0x380]\n" POWEROFF LOGGER ".align 16\n"
                                     "vectors:" NO_GATES(64) GATE("logger") EPILOGUE;

// The real interrupt of the hypervisor's timer wakes the processor; what it does then is priced, what it waits is idle time.
static void timers_wake_a_sleeping_guest(void)
{
    struct vm_test *native = vm_test_source(timer, &(struct vm_where){0});
    REQUIRE(native != NULL);
    for (unsigned k = 0; k < VIRTUAL_COUNT; k++) {
        struct vm_test *t = vm_test_source(timer, &(struct vm_where){.arch = virtual[k]});
        REQUIRE(t != NULL);
        vm_test_same(&native->result, &t->result, virtual[k]);
        CHECK_U64(t->result.interrupts, 4);
        CHECK_U64(t->result.stats.kicks, 4);
        CHECK(t->result.cycles_by[CYC_IDLE] > 0 &&
              t->result.cycles_by[CYC_IDLE] < native->result.cycles_by[CYC_IDLE]);
        CHECK(t->result.cycles_by[CYC_SCHED] > 0);
        CHECK(t->result.cycles_by[CYC_INJECTION] > 0);
        vm_test_free(t);
    }
    vm_test_free(native);
}

// The timer interrupts a guest that computes: an exit for each, counted as the real interrupt that it is.
static const char preempted[] =
    PROLOGUE "       li a1, 0x20040\n"
             "       stw a1, [s0+0x320]\n"
             "       li a1, 50000\n"
             "       stw a1, [s0+0x380]\n"
             "       la a3, log + 32\n"
             "       sti\n"
             "spin:  bne s1, a3, spin\n"
             "       cli\n"
             "       stw zero, [s0+0x380]\n" POWEROFF LOGGER ".align 16\n"
             "vectors:" NO_GATES(64) GATE("logger") EPILOGUE;

static void timers_interrupt_a_busy_guest(void)
{
    for (unsigned k = 0; k < VIRTUAL_COUNT; k++) {
        struct vm_test *t = vm_test_source(preempted, &(struct vm_where){.arch = virtual[k]});
        REQUIRE(t != NULL);
        CHECK_U64(t->result.stop.reason, STOP_POWEROFF);
        // VT-x's preemption timer does without the real interrupt.
        CHECK_U64(t->result.exits[EXIT_EXTERNAL_INTERRUPT] + t->result.exits[EXIT_PREEMPTION_TIMER],
                  4);
        CHECK_U64(t->result.interrupts, 4);
        CHECK_U64(t->result.cycles_by[CYC_IDLE], 0);
        vm_test_free(t);
    }
}

// Faults on the way to a handler: no gate for #DF either.
static const char triple[] = PROLOGUE "       div a0, a0, zero\n" POWEROFF ".align 16\n"
                                      "vectors:" NO_GATES(32) EPILOGUE;
// A double fault that is delivered: #GP's gate is missing, #DF's is there.
static const char twice[] =
    PROLOGUE "       div a0, a0, zero\n" POWEROFF
             "handler: ldd a2, [sp]\n std a2, [s1]\n ldd a2, [sp+8]\n std a2, [s1+8]\n jmp finish\n"
             ".align 16\n vectors:" NO_GATES(8) GATE("handler") NO_GATES(24) EPILOGUE;
// A gate to an outer ring, which there is not; INT from ring 3 through a gate, HCALL and a word that is no instruction, IRET to ring 3 and system calls.
static const char rings[] =
    PROLOGUE "       la a0, kernel\n li a1, 0xc0000082\n wrmsr a1, a0\n"
             "       la a0, stacks\n li a1, 0x175\n wrmsr a1, a0\n"
             "       int 65\n"
             "       addi sp, sp, -40\n"
             "       la a2, user\n std a2, [sp+8]\n"
             "       movi a2, 3\n std a2, [sp+16]\n"
             "       std zero, [sp+24]\n"
             "       la a2, stack + 512\n std a2, [sp+32]\n"
             "       iret\n"
             "user:  syscall\n int 64\n hcall\n .word 0\n hlt\n in a0, [zero]\n brk\n"
             "       movi a0, -1\n syscall\n"
             "kernel: ldd sp, [sp]\n std t2, [s1]\n addi s1, s1, 8\n"
             "       movi t2, -1\n beq a0, t2, finish\n movi t2, 0\n"
             "       la t0, stack + 512\n sysret\n" POWEROFF
             "skip:  ldd a2, [sp+8]\n std a2, [s1]\n addi s1, s1, 8\n addi a2, a2, 4\n std a2, "
             "[sp+8]\n iret\n"
             "on:    ldd a2, [sp+16]\n std a2, [s1]\n addi s1, s1, 8\n iret\n"
             ".align 16\n vectors:" NO_GATES(3) GATE("on") NO_GATES(2) GATE("skip") NO_GATES(6)
                 GATE("skip") NO_GATES(50) GATE("on") ".quad on, 31\n" EPILOGUE;

static void exceptions_take_the_guests_own_way(void)
{
    static const struct {
        const char *name, *source;
        enum stop_reason end;
    } all[] = {{"triple fault", triple, STOP_TRIPLE_FAULT},
               {"double fault", twice, STOP_POWEROFF},
               {"rings", rings, STOP_POWEROFF}};
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
        struct vm_test *native = vm_test_source(all[i].source, &(struct vm_where){0});
        REQUIRE(native != NULL);
        CHECK_U64(native->result.stop.reason, all[i].end);
        for (unsigned k = 0; k < VIRTUAL_COUNT; k++) {
            struct vm_test *t =
                vm_test_source(all[i].source, &(struct vm_where){.arch = virtual[k]});
            REQUIRE(t != NULL);
            vm_test_same(&native->result, &t->result, all[i].name);
            CHECK_U64(t->result.exceptions, native->result.exceptions);
            CHECK_U64(t->result.syscalls, native->result.syscalls);
            CHECK_U64(t->result.instructions, native->result.instructions);
            vm_test_free(t);
        }
        vm_test_free(native);
    }
}

// Processor 0 starts processor 1 at 0x20000, sends it an interrupt when it is ready, and waits until that was answered.
static const char two[] =
    PROLOGUE "       li a1, 0x1000000\n stw a1, [s0+0x310]\n"
             "       li a1, 0x620\n stw a1, [s0+0x300]\n"
             "       la a2, flags\n"
             "wait1: ldd a3, [a2]\n beqz a3, wait1\n"
             "       li a1, 0x40\n stw a1, [s0+0x300]\n"
             "wait2: ldd a3, [a2+8]\n beqz a3, wait2\n" POWEROFF
             "answer: movi a3, 1\n std a3, [a2+8]\n stw zero, [s0+0xb0]\n iret\n"
             ".align 16\n vectors:" NO_GATES(64) GATE("answer") EPILOGUE
    "flags: .quad 0, 0\n"
    ".section second\n"
    ".org 0x20000\n"
    "second: li s0, 0xfee00000\n"
    "       li a0, vectors\n lidt a0\n li sp, stack + 512\n"
    "       li a2, flags\n movi a3, 1\n std a3, [a2]\n"
    "       sti\n"
    "idle:  hlt\n jmp idle\n";

static void processors_start_and_call_each_other(void)
{
    for (unsigned k = 0; k < VIRTUAL_COUNT; k++) {
        struct vm_test *t = vm_test_source(two, &(struct vm_where){.arch = virtual[k], .cpus = 2});
        REQUIRE(t != NULL);
        CHECK_U64(t->result.stop.reason, STOP_POWEROFF);
        CHECK_U64(t->result.stop.cpu, 0);
        CHECK_U64(vm_test_word(t, "flags", 8), 1);
        struct cpu_state s;
        vm_state(t->vm, 1, &s);
        CHECK(!s.parked && s.ring == 0);
        vm_test_free(t);
    }
}

// ---- generated programs ---------------------------------------------------------------------------

enum { PROGRAMS = 150 };

// Rings 0 and 3, tables, exceptions, self-modifying code, privileged and sensitive instructions, single steps.
static struct gen_profile sensitive(void)
{
    struct gen_profile p = *gen_profile_find("portable");
    p.traits = GEN_HOLE;
    p.layout = GEN_LAYOUT_ANY;
    return p;
}

static void generated_guests_end_as_on_the_bare_machine(void)
{
    struct gen_program p;
    const struct gen_profile profile = sensitive();
    unsigned ended = 0;
    REQUIRE(gen_init(&p));
    for (uint64_t seed = 0; seed < PROGRAMS; seed++) {
        struct run_result native, guest;
        char what[64];
        gen_make(&p, seed % 2 ? &profile : gen_profile_find("portable"), seed);
        REQUIRE(vm_test_generated(&p, &(struct vm_where){0}, &native));
        REQUIRE(vm_test_generated(&p, &(struct vm_where){.arch = virtual[seed / 2 % VIRTUAL_COUNT]},
                                  &guest));
        snprintf(what, sizeof what, "seed %" PRIu64, seed);
        vm_test_same(&native, &guest, what);
        CHECK_U64(guest.instructions, native.instructions);
        ended += native.stop.reason == STOP_POWEROFF;
        run_result_free(&native);
        run_result_free(&guest);
    }
    CHECK(ended > PROGRAMS / 3);
    gen_free(&p);
}

// Counts come from the mechanisms; costs only price them.
static void counts_do_not_depend_on_costs(void)
{
    struct gen_program p;
    const struct gen_profile profile = sensitive();
    REQUIRE(gen_init(&p));
    for (uint64_t seed = 0; seed < PROGRAMS / 3; seed++) {
        struct run_result priced, unit;
        struct vm_where where = {.arch = virtual[seed % VIRTUAL_COUNT]};
        gen_make(&p, &profile, seed);
        REQUIRE(vm_test_generated(&p, &where, &priced));
        where.unit_costs = true;
        REQUIRE(vm_test_generated(&p, &where, &unit));
        CHECK(priced.cycles > unit.cycles);
        for (unsigned r = 0; r < EXIT_REASONS; r++) {
            if (priced.exits[r] != unit.exits[r] || priced.exits[r] != priced.stats.exit[r].count) {
                FAIL("seed %" PRIu64 ", %s: %" PRIu64 " exits, %" PRIu64
                     " with unit costs, %" PRIu64 " handled",
                     seed, exit_name(r), priced.exits[r], unit.exits[r],
                     priced.stats.exit[r].count);
            }
        }
        CHECK_U64(priced.stats.emulated, unit.stats.emulated);
        CHECK_U64(priced.stats.shadow_fills, unit.stats.shadow_fills);
        run_result_free(&priced);
        run_result_free(&unit);
    }
    gen_free(&p);
}

// The emulator alone, on every instruction of a program: no real processor executes any of them.
static void interpret(struct vm *vm, const struct run_result *native)
{
    struct vcpu *v = &vm->vcpu[0];
    struct cpu *c = v->cpu;
    bool whole = native->stop.reason != STOP_LIMIT;
    while (vm->m->stop.reason == STOP_NONE && (whole || c->instructions < native->instructions)) {
        struct insn in;
        struct cpu_fault fault;
        if (!vcpu_fetch(v, &in, &fault)) {
            vcpu_fault(v, &fault);
        } else if (in.op == OP_SYSCALL) {
            vcpu_syscall(v);
        } else if (in.op == OP_INT || in.op == OP_BRK) {
            vcpu_software_interrupt(v, in.op == OP_INT ? (unsigned)in.imm : VEC_BP);
        } else if (!vcpu_emulate(v, in, &fault)) {
            vcpu_fault(v, &fault);
        }
    }
}

static void the_emulator_knows_every_instruction(void)
{
    char err[200];
    struct gen_program p;
    REQUIRE(gen_init(&p));
    for (uint64_t seed = 0; seed < 2 * PROGRAMS; seed++) {
        struct run_result native;
        gen_make(&p, gen_profile_find(seed % 2 ? "portable-tables" : "portable"), seed);
        REQUIRE(vm_test_generated(&p, &(struct vm_where){0}, &native));
        struct cpu_model model = p.model;
        struct run_spec spec = {.config = p.config, .ram = p.ram, .entry = p.entry};
        spec.config.model = &model;
        spec.config.holes_closed = true;
        REQUIRE(arch_parse(&spec.arch, virtual[0], err, sizeof err));
        struct vm *vm = run_boot(&spec, err, sizeof err);
        REQUIRE(vm != NULL);
        interpret(vm, &native);
        if (run_state_hash(vm, false) != native.state_hash) {
            FAIL("seed %" PRIu64 ": the emulator ends otherwise", seed);
        }
        vm_destroy(vm);
        run_result_free(&native);
    }
    gen_free(&p);
}

// ---- the toy OS -----------------------------------------------------------------------------------

static void the_toy_os_runs_as_on_the_bare_machine(void)
{
    size_t count;
    const struct toyos_workload *list = toyos_workloads(&count);
    for (size_t i = 0; i < count; i++) {
        struct run_result native, guest;
        uint64_t n = list[i].default_n / 20 + 1;
        unsigned cpus = i % 3 == 2 ? 2 : 1;
        struct vm_where where = {.cpus = cpus, .levels = 2 + (unsigned)i % 4};
        REQUIRE(vm_test_workload(list[i].name, n, &where, &native));
        where.arch = virtual[i % VIRTUAL_COUNT];
        REQUIRE(vm_test_workload(list[i].name, n, &where, &guest));
        vm_test_same(&native, &guest, list[i].name);
        CHECK(native.has_checksum && native.checksum == list[i].expected(n));
        CHECK(guest.cycles > native.cycles);
        CHECK_U64(guest.syscalls, native.syscalls);
        run_result_free(&native);
        run_result_free(&guest);
    }
}

// ---- the book-keeping -----------------------------------------------------------------------------

static void results_add_up(void)
{
    struct run_result r;
    REQUIRE(vm_test_workload("mixed", 1, &(struct vm_where){.arch = virtual[0], .cpus = 2}, &r));
    uint64_t sum = 0, exits = 0;
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        sum += r.cycles_by[k];
    }
    for (unsigned k = 0; k < EXIT_REASONS; k++) {
        const struct vm_exit_stats *s = &r.stats.exit[k];
        exits += r.exits[k];
        CHECK_U64(s->count, r.exits[k]);
        CHECK(s->count == 0 ||
              (s->min <= s->max && s->min * s->count <= s->total && s->total <= s->max * s->count));
    }
    CHECK_U64(sum, r.cycles_all);
    CHECK_U64(exits, r.exits_all);
    CHECK(r.cycles <= r.cycles_all && r.cycles_all <= 2 * r.cycles);
    CHECK_U64(r.interrupts, r.stats.injected);
    run_result_free(&r);
}

static void what_cannot_be_set_up_is_refused(void)
{
    static const struct {
        const char *arch, *cpu, *word;
    } all[] = {
        {"type1/fullvirt-trap,paging=nested", NULL, "paging=shadow"},
        {"type1/fullvirt-hw", "risc", "VT-x"},
        {"native,io=emulated", NULL, "passthrough"},
    };
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
        char err[256] = "";
        struct run_spec spec = {0};
        struct run_result r;
        struct gen_program p;
        REQUIRE(gen_init(&p));
        gen_make(&p, NULL, 1);
        p.model.features = 0;
        spec.config = p.config;
        spec.ram = p.ram;
        REQUIRE(arch_parse(&spec.arch, all[i].arch, err, sizeof err));
        CHECK(!run_guest(&spec, &r, err, sizeof err));
        if (!strstr(err, all[i].word) || strchr(err, '\n')) {
            FAIL("%s: '%s' does not speak of %s", all[i].arch, err, all[i].word);
        }
        gen_free(&p);
    }
}

// A program that does not fit is refused with its section's name, under every architecture alike.
static void too_large_programs_are_refused(void)
{
    static const uint8_t bytes[8] = {0};
    const struct image_segment far = {
        .name = "far", .addr = UINT64_C(4) << 20, .bytes = bytes, .size = sizeof bytes};
    const struct image image = {.entry = far.addr, .segments = &far, .segment_count = 1};
    struct gen_program p;
    REQUIRE(gen_init(&p));
    gen_make(&p, NULL, 1);
    p.model.features = (1u << CPU_FEATURE_COUNT) - 1u;
    for (unsigned k = 0; k < VIRTUAL_COUNT; k++) {
        char err[256] = "";
        struct run_result r;
        struct run_spec spec = {.config = p.config, .image = &image};
        spec.config.ram = far.addr;
        REQUIRE(arch_parse(&spec.arch, virtual[k], err, sizeof err));
        CHECK(!run_guest(&spec, &r, err, sizeof err));
        CHECK(strstr(err, "far") != NULL);
    }
    gen_free(&p);
}

TEST_SUITE(vm, {"interrupts come when the guest allows them", interrupts_come_when_they_may},
           {"timers wake a guest that sleeps", timers_wake_a_sleeping_guest},
           {"timers interrupt a guest that computes", timers_interrupt_a_busy_guest},
           {"exceptions go through the guest's own table", exceptions_take_the_guests_own_way},
           {"processors start and interrupt each other", processors_start_and_call_each_other},
           {"generated guests end as on the bare machine",
            generated_guests_end_as_on_the_bare_machine},
           {"counts do not depend on costs", counts_do_not_depend_on_costs},
           {"the emulator alone can run whole programs", the_emulator_knows_every_instruction},
           {"the toy OS runs as on the bare machine", the_toy_os_runs_as_on_the_bare_machine},
           {"results add up", results_add_up},
           {"what cannot be set up is refused with its reason", what_cannot_be_set_up_is_refused},
           {"a program that does not fit is refused", too_large_programs_are_refused});
