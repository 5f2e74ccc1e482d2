// Popek and Goldberg's theorem on one machine: trap-and-emulate is right where every sensitive instruction traps, and goes wrong at just those that do not.
#include "models/fullvirt/trap.h"
#include "tests/test.h"
#include "tests/vm_help.h"

#include <inttypes.h>
#include <stdlib.h>

// Each hole once, in a kernel with interrupts off and paging off; the answers go to `seen`.
static const char holes[] = "start: la a0, vectors\n lidt a0\n la s1, seen\n"
                            "       cli\n"
                            "       rdflags a2\n std a2, [s1]\n"
                            "       sidt a2\n std a2, [s1+8]\n"
                            "       smsw a2\n std a2, [s1+16]\n"
                            "       rdring a2\n std a2, [s1+24]\n"
                            "       li a1, 0xf4\n out zero, [a1]\n"
                            "       .align 16\n"
                            "vectors: .space 512\n"
                            "seen:  .space 32\n";

// The kernel's way to switch interrupts off for a while: save the flags, POPF without IF, do it, POPF the saved ones. An interrupt is
// pending all the time; it must not come between. `seen`: how often it came within, and in all.
static const char critical[] = "start: la a0, vectors\n lidt a0\n la sp, stack_top\n la s1, seen\n"
                               "       li s0, 0xfee00000\n"
                               "       sti\n"
                               "       movi s2, 0\n"
                               "       rdflags s3\n"
                               "       wrflags s2\n"
                               "       movi s2, 1\n"
                               "       li a1, 0x40040\n stw a1, [s0+0x300]\n"
                               "       movi a3, 100\n"
                               "within: addi a3, a3, -1\n bnez a3, within\n"
                               "       movi s2, 0\n"
                               "       wrflags s3\n"
                               "       movi a3, 100\n"
                               "after: addi a3, a3, -1\n bnez a3, after\n"
                               "       li a1, 0xf4\n out zero, [a1]\n"
                               "handler: ldd a2, [s1]\n add a2, a2, s2\n std a2, [s1]\n"
                               "       ldd a2, [s1+8]\n addi a2, a2, 1\n std a2, [s1+8]\n"
                               "       stw zero, [s0+0xb0]\n iret\n"
                               "       .align 16\n"
                               "vectors: .space 1024\n .quad handler, 1\n"
                               "seen:  .quad 0, 0\n"
                               "       .space 256\n"
                               "stack_top: .quad 0\n";

static struct vm_test *under(const char *source, const char *arch, bool open)
{
    return vm_test_source(source, &(struct vm_where){.arch = arch, .holes_open = open});
}

static void a_guest_sees_through_open_holes(void)
{
    struct vm_test *bare = under(holes, "native", true);
    struct vm_test *open = under(holes, "type1/fullvirt-trap", true);
    REQUIRE(bare != NULL && open != NULL);
    // What the kernel believes, and what it is shown: IF set although it executed CLI, the hypervisor's vectors, paging and write protection on, ring 1.
    CHECK_U64(vm_test_word(bare, "seen", 0), 0);
    CHECK_U64(vm_test_word(open, "seen", 0), FLAG_IF);
    CHECK_U64(vm_test_word(bare, "seen", 8), image_find(&bare->program.image, "vectors")->value);
    CHECK_U64(vm_test_word(open, "seen", 8), TRAP_VECTORS);
    CHECK_U64(vm_test_word(bare, "seen", 16), 0);
    CHECK_U64(vm_test_word(open, "seen", 16), MSW_PG | MSW_WP);
    CHECK_U64(vm_test_word(bare, "seen", 24), 0);
    CHECK_U64(vm_test_word(open, "seen", 24), 1);
    vm_test_free(bare);
    vm_test_free(open);
}

static void closed_holes_show_nothing(void)
{
    static const char *const sources[] = {holes, critical};
    for (unsigned i = 0; i < 2; i++) {
        struct vm_test *bare = under(sources[i], "native", false);
        struct vm_test *closed = under(sources[i], "type1/fullvirt-trap", false);
        REQUIRE(bare != NULL && closed != NULL);
        vm_test_same(&bare->result, &closed->result, "holes closed");
        CHECK(closed->result.exits[EXIT_TRAP_GP] > 0);
        vm_test_free(bare);
        vm_test_free(closed);
    }
}

// x86's POPF, the textbook case: the interrupt comes in the middle of what must not be interrupted, and nobody notices but the data.
static void a_lost_popf_breaks_a_critical_section(void)
{
    struct vm_test *bare = under(critical, "native", true);
    struct vm_test *open = under(critical, "type1/fullvirt-trap", true);
    REQUIRE(bare != NULL && open != NULL);
    CHECK_U64(bare->result.stop.reason, STOP_POWEROFF);
    CHECK_U64(open->result.stop.reason, STOP_POWEROFF);
    CHECK_U64(vm_test_word(bare, "seen", 0), 0);
    CHECK_U64(vm_test_word(bare, "seen", 8), 1);
    CHECK_U64(vm_test_word(open, "seen", 0), 1);
    CHECK_U64(vm_test_word(open, "seen", 8), 1);
    CHECK(bare->result.state_hash != open->result.state_hash);
    vm_test_free(bare);
    vm_test_free(open);
}

// Programs that use no hole are right in either case, and programs that are wrong with open holes are right with closed ones.
static void only_holes_make_a_difference(void)
{
    struct gen_profile with_holes = *gen_profile_find("portable");
    with_holes.traits = GEN_HOLE;
    struct gen_program p;
    unsigned wrong = 0;
    REQUIRE(gen_init(&p));
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct run_result bare, open, closed;
        struct vm_where native = {.holes_open = true},
                        leaky = {.arch = "type1/fullvirt-trap", .holes_open = true},
                        tight = {.arch = "type1/fullvirt-trap"};
        gen_make(&p, gen_profile_find("portable"), seed);
        REQUIRE(vm_test_generated(&p, &native, &bare));
        REQUIRE(vm_test_generated(&p, &leaky, &open));
        vm_test_same(&bare, &open, "a program without holes");
        run_result_free(&bare);
        run_result_free(&open);

        gen_make(&p, &with_holes, seed);
        REQUIRE(vm_test_generated(&p, &native, &bare));
        REQUIRE(vm_test_generated(&p, &leaky, &open));
        wrong += bare.state_hash != open.state_hash;
        run_result_free(&bare);
        run_result_free(&open);
        native.holes_open = false;
        REQUIRE(vm_test_generated(&p, &native, &bare));
        REQUIRE(vm_test_generated(&p, &tight, &closed));
        vm_test_same(&bare, &closed, "a program with holes, closed");
        run_result_free(&bare);
        run_result_free(&closed);
    }
    CHECK(wrong > 10);
    gen_free(&p);
}

// The ADAMS06 figure that the Pentium 4's costs were set by: one RDTSC by trap-and-emulate takes 2030 cycles. RDFLAGS stands for it here, which traps.
static void one_trapped_instruction_costs_what_its_parts_do(void)
{
    static const char source[] = "start: rdflags a0\n rdflags a0\n li a1, 0xf4\n out zero, [a1]\n";
    struct vm_where where = {.arch = "type1/fullvirt-trap", .cpu = "p4-672"};
    struct vm_test *t = vm_test_source(source, &where);
    REQUIRE(t != NULL);
    const struct cpu_model *m = &t->model;
    const struct vm_exit_stats *s = &t->result.stats.exit[EXIT_TRAP_GP];
    uint64_t handling = cost_cycles(m, COST_HV_ENTER) + cost_cycles(m, COST_HV_DECODE) +
                        cost_cycles(m, COST_HV_EMULATE) + cost_cycles(m, COST_IRET);
    CHECK_U64(s->count, 3);
    CHECK_U64(s->max, handling); // the OUT that ends the run is not followed by an IRET
    CHECK_U64(cost_cycles(m, COST_RDTSC) + cost_cycles(m, COST_EXCEPTION) + handling, 2030);
    vm_test_free(t);
}

TEST_SUITE(trap, {"a guest sees through open holes", a_guest_sees_through_open_holes},
           {"closed holes show nothing", closed_holes_show_nothing},
           {"a lost POPF breaks a critical section", a_lost_popf_breaks_a_critical_section},
           {"only holes make a difference", only_holes_make_a_difference},
           {"one trapped instruction costs what its parts do",
            one_trapped_instruction_costs_what_its_parts_do});
