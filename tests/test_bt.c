// Binary translation: each of its events happens as often as the guest's code causes it, to the last one.
#include "models/fullvirt/bt.h"
#include "tests/test.h"
#include "tests/vm_help.h"

#include <stdio.h>

enum { TURNS = 100 };

static struct vm_test *translated(const char *source, const char *arch)
{
    return vm_test_source(source, &(struct vm_where){.arch = arch, .holes_open = true});
}

// Both ways of passing on: a backward branch is chained after its first passage, a call through a register and its return are looked
// up every time.
static const char calls[] = "start: li s0, 100\n la s1, leaf\n"
                            "again: callr s1\n"
                            "       addi s0, s0, -1\n bnez s0, again\n"
                            "       li a1, 0xf4\n out zero, [a1]\n"
                            "leaf:  ret\n";

static void indirect_jumps_are_looked_up_and_direct_ones_chained(void)
{
    struct vm_test *t = translated(calls, "type1/fullvirt-bt");
    REQUIRE(t != NULL);
    const struct vm_stats *s = &t->result.stats;
    CHECK_U64(s->bt_lookups, 2 * TURNS);
    CHECK_U64(s->bt_lookup_hits, 2 * TURNS - 2); // the first time there is nothing to find
    // Units: from start, from again, behind the call, the leaf, from the power switch on.
    CHECK_U64(s->bt_units, 5);
    CHECK_U64(t->result.exits[EXIT_BT_TRANSLATE], 5);
    CHECK_U64(s->bt_callouts, 1); // OUT
    CHECK_U64(t->result.exits[EXIT_BT_CALLOUT], 1);
    CHECK_U64(s->bt_invalidated, 0);
    vm_test_free(t);
    t = translated(calls, "type1/fullvirt-bt,bt_chain=0");
    REQUIRE(t != NULL);
    CHECK_U64(t->result.stats.bt_chained, 0);
    CHECK_U64(t->result.stats.bt_lookups, 2 * TURNS);
    vm_test_free(t);
}

static void sensitive_instructions_stay_in_the_cache(void)
{
    struct vm_test *t =
        translated("start: li s0, 100\n"
                   "again: cli\n rdflags a0\n rdring a1\n sidt a2\n wrflags a0\n"
                   "       addi s0, s0, -1\n bnez s0, again\n"
                   "       la s1, seen\n std a0, [s1]\n std a1, [s1+8]\n std a2, [s1+16]\n"
                   "       li a1, 0xf4\n out zero, [a1]\n"
                   "       .align 8\n"
                   "seen:  .space 24\n",
                   "type1/fullvirt-bt");
    REQUIRE(t != NULL);
    CHECK_U64(t->result.stats.bt_in_tc, 5 * TURNS);
    CHECK_U64(t->result.exits_all, t->result.exits[EXIT_BT_CALLOUT] +
                                       t->result.exits[EXIT_BT_TRANSLATE] +
                                       t->result.exits[EXIT_TRAP_PF]);
    // Through the very holes that trap-and-emulate cannot close, the guest sees what it must.
    CHECK_U64(vm_test_word(t, "seen", 0), 0);
    CHECK_U64(vm_test_word(t, "seen", 8), 0);
    CHECK_U64(vm_test_word(t, "seen", 16), 0);
    vm_test_free(t);
}

static void callouts_are_counted_one_by_one(void)
{
    struct vm_test *t = translated("start: li s0, 100\n"
                                   "again: movi a0, 0\n cpuid\n invlpg s0\n"
                                   "       addi s0, s0, -1\n bnez s0, again\n"
                                   "       li a1, 0xf4\n out zero, [a1]\n",
                                   "type1/fullvirt-bt");
    REQUIRE(t != NULL);
    CHECK_U64(t->result.stats.bt_callouts, 2 * TURNS + 1);
    CHECK_U64(t->result.exits[EXIT_TRAP_GP], 0);
    vm_test_free(t);
}

// The instruction at `patch` is overwritten between two passages: movi a0, 1 becomes movi a0, 2.
static void a_store_to_code_invalidates_its_unit(void)
{
    struct vm_test *t = translated("start: la s1, patch\n la s2, other\n la s3, seen\n movi s0, 0\n"
                                   "again:\n"
                                   "patch: movi a0, 1\n"
                                   "       add s0, s0, a0\n"
                                   "       addi a0, a0, -2\n beqz a0, done\n"
                                   "       ldw a1, [s2]\n stw a1, [s1]\n"
                                   "       jmp again\n"
                                   "done:  std s0, [s3]\n"
                                   "       li a1, 0xf4\n out zero, [a1]\n"
                                   "other: movi a0, 2\n"
                                   "       .align 8\n"
                                   "seen:  .quad 0\n",
                                   "type1/fullvirt-bt");
    REQUIRE(t != NULL);
    CHECK_U64(vm_test_word(t, "seen", 0), 3);
    CHECK(t->result.stats.bt_invalidated >= 1);
    vm_test_free(t);
}

// A kernel that stores to one page table again and again, as mmap and munmap do: after a few faults the store becomes a callout.
static void stores_that_keep_hitting_page_tables_are_adapted(void)
{
    struct run_result adapted, plain;
    REQUIRE(vm_test_workload("mmap", 60, &(struct vm_where){.arch = "type1/fullvirt-bt,unsync=0"},
                             &adapted));
    REQUIRE(vm_test_workload(
        "mmap", 60, &(struct vm_where){.arch = "type1/fullvirt-bt,unsync=0,bt_adapt=0"}, &plain));
    CHECK_U64(plain.stats.bt_adapted, 0);
#ifndef RINGSIDE_SMALL_TABLES // there units are thrown away before a store has faulted often enough
    CHECK(adapted.stats.bt_adapted > 0);
    CHECK(adapted.stats.shadow_write_faults * 2 < plain.stats.shadow_write_faults);
    CHECK(adapted.cycles < plain.cycles);
#endif
    vm_test_same(&adapted, &plain, "adaptive translation");
    run_result_free(&adapted);
    run_result_free(&plain);
}

static void user_code_runs_as_it_is(void)
{
    struct run_result direct, all;
    REQUIRE(vm_test_workload("sieve", 1, &(struct vm_where){.arch = "type1/fullvirt-bt"}, &direct));
    REQUIRE(vm_test_workload("sieve", 1, &(struct vm_where){.arch = "type1/fullvirt-bt,bt_user=1"},
                             &all));
    CHECK(direct.stats.bt_instructions < all.stats.bt_instructions);
    CHECK(direct.exits[EXIT_TRAP_SYSCALL] > 0);
    CHECK_U64(all.exits[EXIT_TRAP_SYSCALL], 0); // translated, it never executes SYSCALL
    run_result_free(&direct);
    run_result_free(&all);
}

// Every instruction of the table is translated in one of the ways, and nothing that is sensitive is left as it is.
static void nothing_sensitive_is_left_as_it_is(void)
{
    for (unsigned op = OP_INVALID + 1; op < OP_COUNT; op++) {
        const struct isa_row *row = isa_row(op);
        enum bt_kind kind = bt_kind_of(op);
        if (row->sens != SENS_NO || row->priv != PRIV_ANY) {
            if (kind != BT_IN_TC && kind != BT_CALL_OUT) {
                FAIL("%s is executed as it is", row->mnemonic);
            }
        }
        CHECK((kind == BT_IDENT) == (row->flow == FLOW_NEXT));
    }
}

TEST_SUITE(bt,
           {"indirect jumps are looked up and direct ones chained",
            indirect_jumps_are_looked_up_and_direct_ones_chained},
           {"sensitive instructions stay in the cache", sensitive_instructions_stay_in_the_cache},
           {"callouts are counted one by one", callouts_are_counted_one_by_one},
           {"a store to code invalidates its unit", a_store_to_code_invalidates_its_unit},
           {"stores that keep hitting page tables are adapted",
            stores_that_keep_hitting_page_tables_are_adapted},
           {"user code runs as it is", user_code_runs_as_it_is},
           {"nothing sensitive is left as it is", nothing_sensitive_is_left_as_it_is});
