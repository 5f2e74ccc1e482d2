// What the differential tests do not reach: code that changes under the fast path, by stores and by DMA; limits and turns of several processors;
// and guests that go wrong, which must end in a report.
#include "tests/cpu_rig.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

// ---- code that changes ----------------------------------------------------------------------------

static uint64_t run_to_end(struct rig *r)
{
    char err[256] = "";
    CHECK_U64(machine_run(r->m, 10000000, UINT64_MAX), STOP_POWEROFF);
    if (!machine_accounting_ok(r->m, err, sizeof err)) {
        FAIL("%s", err);
    }
    return r->c->s.r[REG_A0];
}

// The same program on both paths: its a0.
static void both_paths(const char *source, uint64_t want)
{
    uint64_t time[2] = {0, 0};
    for (unsigned plain = 0; plain < 2; plain++) {
        struct rig *r = rig_new();
        REQUIRE(r != NULL);
        r->config.reference = plain;
        if (rig_start(r, source)) {
            CHECK_U64(run_to_end(r), want);
            time[plain] = machine_time(r->m);
        }
        rig_free(r);
    }
    CHECK_U64(time[0], time[1]);
}

static void stores_into_the_running_block(void)
{
    // Adds 1, and rewrites the next instruction of its own block, alternately to +2 and +4, 100 times.
    both_paths("start:  la s0, patch\n"
               "        la s1, two\n"
               "        ldwu s1, [s1]\n"
               "        la s2, four\n"
               "        ldwu s2, [s2]\n"
               "        movi a5, 100\n"
               "loop:   addi a0, a0, 1\n"
               "        stw s1, [s0]\n"
               "patch:  nop\n"
               "        mov t0, s1\n"
               "        mov s1, s2\n"
               "        mov s2, t0\n"
               "        addi a5, a5, -1\n"
               "        bnez a5, loop\n"
               "        out zero, [zero+0xf4]\n"
               "two:    addi a0, a0, 2\n"
               "four:   addi a0, a0, 4\n",
               100 + 50 * 2 + 50 * 4);
}

static void data_beside_code(void)
{
    // Stores to the code's own page, but not to what was decoded, must not make it decode again.
    struct rig *r = rig_new();
    REQUIRE(r && rig_start(r, "start:  la s0, data\n"
                              "        movi a5, 1000\n"
                              "loop:   std a5, [s0]\n"
                              "        addi a5, a5, -1\n"
                              "        bnez a5, loop\n"
                              "        out zero, [zero+0xf4]\n"
                              "        .align 64\n"
                              "data:   .quad 0\n"));
    run_to_end(r);
    CHECK_U64(rig_word(r, rig_symbol(r, "data")), 1);
    CHECK_U64(r->m->code.dropped, 0);
    CHECK(r->m->code.decoded < 8);
    rig_free(r);
}

static void writes_from_outside(void)
{
    // A device (or a loader) writes code that has been decoded.
    struct rig *r = rig_new();
    uint32_t word = 0;
    REQUIRE(r && rig_start(r, "start:  addi a0, a0, 1\n"
                              "        jmp start\n"
                              "stop:   out zero, [zero+0xf4]\n"));
    machine_run(r->m, UINT64_MAX, 1000);
    CHECK_U64(r->c->s.r[REG_A0], 500);
    CHECK(machine_read(r->m, rig_symbol(r, "stop"), &word, sizeof word));
    CHECK(machine_dma_write(r->m, rig_symbol(r, "start"), &word, sizeof word));
    CHECK_U64(run_to_end(r), 500);
    rig_free(r);
}

static void code_in_many_pages(void)
{
    // A jump per page over more pages than the cache keeps when tables are small; each adds 1.
    char source[16384];
    size_t n = (size_t)snprintf(source, sizeof source, "start:  movi a5, 20\nagain:  jmp p0\n");
    for (unsigned k = 0; k < 40; k++) {
        n += (size_t)snprintf(source + n, sizeof source - n,
                              "        .align 4096\np%u: addi a0, a0, 1\n        jmp p%u\n", k,
                              k + 1);
    }
    snprintf(source + n, sizeof source - n,
             "        .align 4096\np40: addi a5, a5, -1\n        beqz a5, off\n        jmp p0\n"
             "off:    out zero, [zero+0xf4]\n");
    both_paths(source, 800);
}

static void a_page_at_two_addresses(void)
{
    // One physical page of code, run at two virtual addresses: LEA and CALL must see where they are.
    struct rig *r = rig_new();
    REQUIRE(r && rig_start(r, "start:  li t0, 0x200000\n"
                              "        lptbr t0\n"
                              "        li t0, 0x80000000\n"
                              "        lmsw t0\n"
                              "        li s0, 0x20000\n"
                              "        callr s0\n"
                              "        mov s1, a0\n"
                              "        li s0, 0x55000\n"
                              "        callr s0\n"
                              "        sub a0, a0, s1\n"
                              "        out zero, [zero+0xf4]\n"
                              "        .org 0x20000\n"
                              "sub:    lea a0, sub\n"
                              "        mov a1, lr\n"
                              "        call inner\n"
                              "inner:  add a0, a0, lr\n"
                              "        mov lr, a1\n"
                              "        ret\n"));
    r->free_frame = 0x201000;
    rig_map_all(r, 0x200000, 4, 0x40000, PTE_P | PTE_W);
    rig_map(r, 0x200000, 4, 0x55000, 0x20000, PTE_P, false);
    CHECK_U64(run_to_end(r), 2 * (0x55000 - 0x20000));
    rig_free(r);
}

// ---- limits and processors ------------------------------------------------------------------------

static void instruction_limits_are_exact(void)
{
    static const char source[] = "start:  addi a0, a0, 1\n"
                                 "        addi a1, a1, 1\n"
                                 "        xor a2, a0, a1\n"
                                 "        beqz a2, start\n"
                                 "        out zero, [zero+0xf4]\n";
    struct rig *r = rig_new();
    uint64_t done = 0;
    REQUIRE(r && rig_start(r, source));
    for (unsigned k = 1; k < 700; k++) {
        CHECK_U64(machine_run(r->m, UINT64_MAX, k), STOP_LIMIT);
        done += k;
        if (!CHECK_U64(machine_counters(r->m, 0)->instructions, done)) {
            break;
        }
    }
    rig_free(r);
}

static const char four_processors[] =
    "        .org 0x10000\n"
    "work:   la s0, counter\n"
    "        la s1, done\n"
    "        movi a5, 300\n"
    "again:  ldd t0, [s0]\n"
    "        addi t1, t0, 1\n"
    "        mov t2, t0\n"
    "        cas t2, s0, t1\n"
    "        bne t2, t0, again\n"
    "        addi a5, a5, -1\n"
    "        bnez a5, again\n"
    "finish: ldd t0, [s1]\n"
    "        addi t1, t0, 1\n"
    "        mov t2, t0\n"
    "        cas t2, s1, t1\n"
    "        bne t2, t0, finish\n"
    "wait:   ldd t0, [s1]\n"
    "        movi t1, 4\n"
    "        bne t0, t1, wait\n"
    "        ldd a0, [s0]\n"
    "        out zero, [zero+0xf4]\n"
    "start:  li t0, 0xfee00000\n"
    "        movi s0, 3\n"
    "wake:   shli t1, s0, 56\n" // start-up IPIs to 1, 2, 3: they begin at `work`
    "        shri t1, t1, 32\n"
    "        stw t1, [t0+0x310]\n"
    "        li t1, 0x610\n"
    "        stw t1, [t0+0x300]\n"
    "        addi s0, s0, -1\n"
    "        bnez s0, wake\n"
    "        jmp work\n"
    "        .align 4096\n"
    "counter: .quad 0\n"
    "done:   .quad 0\n";

// Runs four processors that count together; in pieces of `piece` instructions (0: in one go). Their final state's hash and time.
static void run_four(uint64_t piece, bool plain, uint64_t quantum, uint64_t *hash, uint64_t *time)
{
    char err[256];
    struct rig *r = rig_new();
    REQUIRE(r != NULL);
    r->config.cpus = 4;
    r->config.reference = plain;
    r->config.quantum = quantum;
    if (rig_start(r, four_processors)) {
        enum stop_reason why;
        do {
            why = machine_run(r->m, 100000000, piece ? piece : UINT64_MAX);
        } while (piece && why == STOP_LIMIT);
        CHECK_U64(why, STOP_POWEROFF);
        CHECK_U64(rig_word(r, rig_symbol(r, "counter")), 1200);
        if (!machine_accounting_ok(r->m, err, sizeof err)) {
            FAIL("%s", err);
        }
        *hash = machine_state_hash(r->m);
        *time = machine_cpu_time(r->m, 0) * 31 + machine_cpu_time(r->m, 3);
    }
    rig_free(r);
}

static void interleaving_is_a_function_of_state(void)
{
    static const uint64_t pieces[] = {1, 7, 64, 1000};
    for (uint64_t quantum = 1; quantum <= 1000; quantum *= 10) {
        uint64_t hash, time, again, time2;
        run_four(0, false, quantum, &hash, &time);
        run_four(0, true, quantum, &again, &time2);
        CHECK_U64(again, hash);
        CHECK_U64(time2, time);
        for (unsigned k = 0; k < 4; k++) {
            run_four(pieces[k], false, quantum, &again, &time2);
            CHECK_U64(again, hash);
            CHECK_U64(time2, time);
        }
    }
}

// ---- guests that go wrong -------------------------------------------------------------------------

static const struct stop_info *run_wrong(struct rig *r, const char *source)
{
    char err[256];
    if (!r || !rig_start(r, source)) {
        return NULL;
    }
    machine_run(r->m, 1000000, UINT64_MAX);
    if (!machine_accounting_ok(r->m, err, sizeof err)) {
        FAIL("%s", err);
    }
    return machine_stop_info(r->m);
}

static void a_jump_into_nowhere(void)
{
    struct rig *r = rig_new();
    const struct stop_info *s = run_wrong(r, "start:  li s0, 0x7000000000\n"
                                             "        li t0, 0x7ff0000000\n"
                                             "        lidt t0\n" // a vector table in nowhere, too
                                             "        jr s0\n");
    REQUIRE(s != NULL);
    CHECK_U64(s->reason, STOP_TRIPLE_FAULT);
    CHECK_U64(s->vector[0], VEC_GP); // #UD's gate is all ones: a handler that is no address
    CHECK_U64(s->vector[1], VEC_GP);
    CHECK_U64(s->vector[2], VEC_GP);
    CHECK_U64(s->pc, 0x7000000000);
    rig_free(r);
}

static void a_stack_that_overflows(void)
{
    // Calls itself; below the stack nothing is mapped; the fault's own frame has no room either.
    struct rig *r = rig_new();
    REQUIRE(r && rig_start(r, "start:  li t0, 0x200000\n"
                              "        lptbr t0\n"
                              "        li t0, 0x80000000\n"
                              "        lmsw t0\n"
                              "        li sp, 0x31000\n"
                              "again:  addi sp, sp, -16\n"
                              "        std lr, [sp]\n"
                              "        call again\n"));
    r->free_frame = 0x201000;
    rig_map_all(r, 0x200000, 4, 0x20000, PTE_P | PTE_W);
    rig_map(r, 0x200000, 4, 0x30000, 0x30000, PTE_P | PTE_W, false);
    rig_put(r, 16 * VEC_PF, rig_symbol(r, "again"));
    rig_put(r, 16 * VEC_PF + 8, GATE_P);
    CHECK_U64(machine_run(r->m, 1000000, UINT64_MAX), STOP_TRIPLE_FAULT);
    const struct stop_info *s = machine_stop_info(r->m);
    CHECK_U64(s->vector[0], VEC_PF);
    CHECK_U64(s->vector[1], VEC_PF);
    CHECK_U64(s->fault_addr >> PAGE_SHIFT, 0x2f);
    rig_free(r);
}

static void page_tables_rewritten(void)
{
    // The guest zeroes its own top table and drops the TLB.
    struct rig *r = rig_new();
    REQUIRE(r && rig_start(r, "start:  li s0, 0x200000\n"
                              "        lptbr s0\n"
                              "        li t0, 0x80000000\n"
                              "        lmsw t0\n"
                              "        std zero, [s0]\n"
                              "        lptbr s0\n"
                              "lost:   nop\n"));
    r->free_frame = 0x201000;
    rig_map_all(r, 0x200000, 4, 0x210000, PTE_P | PTE_W);
    CHECK_U64(machine_run(r->m, 1000000, UINT64_MAX), STOP_TRIPLE_FAULT);
    CHECK_U64(machine_stop_info(r->m)->pc, rig_symbol(r, "lost"));
    rig_free(r);
}

static void nobody_can_go_on(void)
{
    struct rig *r = rig_new();
    const struct stop_info *s = run_wrong(r, "start:  cli\n        hlt\n");
    REQUIRE(s != NULL);
    CHECK_U64(s->reason, STOP_DEADLOCK);
    rig_free(r);
}

static void a_trace_of_the_last(void)
{
    struct rig *r = rig_new();
    struct trace_entry t[4];
    REQUIRE(r && rig_start(r, "start:  addi a0, a0, 1\n"
                              "        addi a0, a0, 2\n"
                              "        addi a0, a0, 3\n"
                              "        out zero, [zero+0xf4]\n"));
    CHECK(machine_trace(r->m, 3));
    CHECK_U64(run_to_end(r), 6);
    CHECK_U64(machine_trace_get(r->m, 0, t, 4), 3);
    for (unsigned k = 0; k < 3; k++) {
        CHECK_U64(t[k].pc, rig_symbol(r, "start") + 4 * (k + 1));
        CHECK_U64(t[k].time, k + 1);
        CHECK_U64(t[k].event, 0);
    }
    CHECK_U64(machine_trace_get(r->m, 0, t, 1), 1);
    CHECK_U64(t[0].pc, rig_symbol(r, "start") + 12);
    rig_free(r);
}

static void trace_shows_every_vector(void)
{
    static const uint64_t gate[2] = {0x11000, 1 | 3 << 1}; // present, for every ring
    const uint64_t table = 0x20000, code = 0x11000;
    for (unsigned vector = 32; vector < 256; vector += vector < 254 ? 37 : 1) {
        struct rig *r = rig_new();
        struct trace_entry t[4];
        char text[256];
        snprintf(text, sizeof text,
                 "start:  li a0, 0x20000\n"
                 "        lidt a0\n"
                 "        li sp, 0x30000\n"
                 "        int %u\n"
                 "        .org 0x11000\n"
                 "        out zero, [zero+0xf4]\n",
                 vector);
        REQUIRE(r && rig_start(r, text));
        CHECK(machine_write(r->m, table + 16 * vector, gate, sizeof gate));
        CHECK(machine_trace(r->m, 4));
        run_to_end(r);
        size_t n = machine_trace_get(r->m, 0, t, 4);
        bool seen = false;
        for (size_t k = 0; k < n; k++) {
            seen = seen || t[k].event == vector + 1;
        }
        CHECK(seen);
        CHECK_U64(t[n - 1].pc, code);
        rig_free(r);
    }
}

static void impossible_machines(void)
{
    struct rig *r = rig_new();
    REQUIRE(r != NULL);
    const struct {
        uint64_t ram;
        unsigned cpus, levels;
    } wrong[] = {{0, 1, 4},
                 {UINT64_C(3) << 20, 1, 4},
                 {UINT64_C(128) << 30, 1, 4},
                 {UINT64_C(2) << 20, 0, 4},
                 {UINT64_C(2) << 20, 65, 4},
                 {UINT64_C(2) << 20, 1, 1},
                 {UINT64_C(2) << 20, 1, 6}};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        char err[128] = "";
        r->config.ram = wrong[k].ram;
        r->config.cpus = wrong[k].cpus;
        r->config.levels = wrong[k].levels;
        r->config.model = &r->model;
        CHECK(machine_create(&r->config, err, sizeof err) == NULL);
        CHECK(err[0] != 0);
    }
    rig_free(r);
}

TEST_SUITE(cpu, {"a block that rewrites itself", stores_into_the_running_block},
           {"data beside code does not throw code away", data_beside_code},
           {"code written from outside is decoded anew", writes_from_outside},
           {"code in more pages than are kept", code_in_many_pages},
           {"one page of code at two addresses", a_page_at_two_addresses},
           {"instruction limits are exact", instruction_limits_are_exact},
           {"turns of processors do not depend on where a run is cut",
            interleaving_is_a_function_of_state},
           {"a jump into nowhere is reported", a_jump_into_nowhere},
           {"a stack overflow is reported", a_stack_that_overflows},
           {"a guest that loses its page tables is reported", page_tables_rewritten},
           {"a deadlock is reported", nobody_can_go_on},
           {"the trace keeps the last instructions", a_trace_of_the_last},
           {"the trace shows interrupts by every vector", trace_shows_every_vector},
           {"impossible machines are refused with a reason", impossible_machines});
