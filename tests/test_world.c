// Machines that talk through the switch: by drivers in assembly, on processors of different clocks, the same however the run is cut up.
#include "sim/dev_machine.h"
#include "sim/world.h"
#include "tests/guest.h"
#include "tests/test.h"

// A driver and the two ends of a ping-pong. Machine 0 begins by broadcasting 0; whoever receives n answers n + 1 to its sender; LAST is
// not answered. Everything happens in the interrupt handler. s0 card, s1 next to receive, s2 next to send, s3 the next to expect.
static const char talker[] =
    "        .equ NIC, 0xfeb10000\n"
    "        .equ TX, 0x40000\n"
    "        .equ RX, 0x41000\n"
    "        .equ BUFFERS, 0x42000\n"
    "        .equ FRAMES, 0x50000\n"
    "start:  la sp, stack\n"
    "        la t0, vectors\n"
    "        lidt t0\n"
    "        la t1, on_nic\n"
    "        std t1, [t0 + 16 * 0x46]\n"
    "        movi t1, 1\n"
    "        std t1, [t0 + 16 * 0x46 + 8]\n"
    "        li t0, 0xfec00000\n"
    "        movi t1, 0x1c\n"
    "        stw t1, [t0]\n"
    "        li t1, 0x8046\n" // pin 6, level
    "        stw t1, [t0+0x10]\n"
    "        li s0, NIC\n"
    "        li a0, TX\n"
    "        std a0, [s0+0x20]\n"
    "        li a1, RX\n"
    "        std a1, [s0+0x40]\n"
    "        movi a0, 8\n"
    "        std a0, [s0+0x28]\n"
    "        std a0, [s0+0x48]\n"
    "        li a2, BUFFERS\n"
    "        li a3, 2048\n"
    ".post:  std a2, [a1]\n"
    "        std a3, [a1+8]\n"
    "        inc a1, 16\n"
    "        add a2, a2, a3\n"
    "        dec a0\n"
    "        bnez a0, .post\n"
    "        movi a0, 7\n"
    "        std a0, [s0+0x50]\n"
    "        movi a0, 3\n" // receiver on, interrupts
    "        std a0, [s0+0x10]\n"
    "        .if FIRST\n"
    "        movi a0, -1\n" // broadcast
    "        mov a1, a0\n"
    "        movi a5, 0\n"
    "        call send\n"
    "        .endif\n"
    ".idle:  sti\n"
    "        hlt\n"
    "        jmp .idle\n"
    "on_nic: movi a0, 1\n"
    "        std a0, [s0+0x18]\n"
    "next:   ldd a0, [s0+0x58]\n"
    "        beq a0, s1, done\n"
    "        shli a2, s1, 4\n"
    "        li a3, RX\n"
    "        add a3, a3, a2\n" // descriptor
    "        ldd a4, [a3]\n"   // buffer
    "        li a0, 2048\n"
    "        std a0, [a3+8]\n" // for the next round
    "        ldd a5, [a4+14]\n"
    "        ldwu a0, [a4+6]\n"
    "        ldhu a1, [a4+10]\n"
    "        std s1, [s0+0x50]\n" // all but this one are the card's again
    "        inc s1\n"
    "        andi s1, s1, 7\n"
    "        la t0, log\n"
    "        ldd t1, [t0]\n"
    "        inc t1\n"
    "        std t1, [t0]\n" // how many came
    "        std a5, [t0+8]\n"
    "        rdtsc t1\n"
    "        std t1, [t0+16]\n" // and when the last
    "        inc a5\n"
    "        li a2, LAST + 1\n"
    "        bne a5, a2, .answer\n"
    "        out a5, [zero+0xf4]\n"
    "        jmp .\n"
    ".answer: call send\n"
    "        li a2, LAST\n"
    "        bne a5, a2, next\n"
    ".sent:  ldd a0, [s0+0x38]\n" // the last word: wait until it has left, then switch off
    "        bne a0, s2, .sent\n"
    "        out a5, [zero+0xf4]\n"
    "        jmp .\n"
    "done:   li a0, 0xfee00000\n"
    "        stw zero, [a0+0xb0]\n"
    "        iret\n"
    "send:   shli a2, s2, 11\n" // a5 to the address in a0 (4 bytes), a1 (2 bytes)
    "        li a3, FRAMES\n"
    "        add a3, a3, a2\n"
    "        stw a0, [a3]\n"
    "        sth a1, [a3+4]\n"
    "        ldd a2, [s0+8]\n"
    "        stw a2, [a3+6]\n"
    "        shri a2, a2, 32\n"
    "        sth a2, [a3+10]\n"
    "        li a2, 0xb588\n"
    "        sth a2, [a3+12]\n"
    "        std a5, [a3+14]\n"
    "        shli a2, s2, 4\n"
    "        li a4, TX\n"
    "        add a4, a4, a2\n"
    "        std a3, [a4]\n"
    "        movi a2, 64\n"
    "        std a2, [a4+8]\n"
    "        inc s2\n"
    "        andi s2, s2, 7\n"
    "        std s2, [s0+0x30]\n"
    "        ret\n"
    "        .bss\n"
    "        .align 16\n"
    "vectors: .space 4096\n"
    "        .space 4096\n"
    "stack:\n"
    "log:    .space 24\n";

static struct guest *new_talker(const char *cpu, bool first, int64_t last)
{
    const struct asm_define defines[] = {{"FIRST", first}, {"LAST", last}};
    return guest_new(talker,
                     &(struct guest_options){.cpu = cpu, .defines = defines, .define_count = 2});
}

// Alone, the loop-back plug: the machine answers itself.
static void loop_back(void)
{
    struct guest *g = new_talker("xeon", true, 20);
    REQUIRE(g);
    CHECK_U64(machine_run(g->machine, UINT64_C(1000000000), UINT64_MAX), STOP_POWEROFF);
    CHECK_U64(machine_stop_info(g->machine)->status, 20);
    CHECK_U64(guest_word(g, "log", 0), 20); // 0 to 19; the last word is still on its way
    guest_free(g);
}

// What a conversation leaves behind.
struct outcome {
    uint64_t hash[2], time[2];
};

static struct outcome converse(const char *cpu, const char *other, uint64_t piece_ns)
{
    enum { LAST = 51, LIMIT_NS = 20000000 };
    struct outcome out = {{0}, {0}};
    struct guest *g[2] = {new_talker(cpu, true, LAST), new_talker(other, false, LAST)};
    struct world *w = world_create();
    if (!CHECK(g[0] && g[1] && w)) {
        return out;
    }
    CHECK_I64(world_add(w, g[0]->machine), 0);
    CHECK_I64(world_add(w, g[1]->machine), 1);
    unsigned stopped = 0;
    while (stopped < 2 && world_time(w) < LIMIT_NS) {
        stopped = world_run(w, world_time(w) + piece_ns);
    }
    CHECK_U64(stopped, 2);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_U64(world_stopped(w, i), STOP_POWEROFF);
        // Even numbers reach machine 1, odd ones machine 0: of 0 to 51 each gets 26.
        CHECK_U64(guest_word(g[i], "log", 0), 26);
        CHECK_U64(guest_word(g[i], "log", 8), LAST - i);
        out.hash[i] = machine_state_hash(g[i]->machine);
        out.time[i] = guest_word(g[i], "log", 16);
    }
    CHECK_U64(world_switch(w)->flooded, 1);
    CHECK_U64(world_switch(w)->forwarded, LAST);
    CHECK_U64(world_overflows(w), 0);
    world_destroy(w);
    guest_free(g[0]);
    guest_free(g[1]);
    return out;
}

static void two_machines(void)
{
    static const char *const pairs[][2] = {{"xeon", "xeon"}, {"xeon", "p4-672"}, {"risc", "epyc"}};
    static const uint64_t pieces[] = {20000000, 7777, 997};
    for (unsigned p = 0; p < 3; p++) {
        struct outcome first = converse(pairs[p][0], pairs[p][1], pieces[0]);
        for (unsigned i = 1; i < (p == 0 ? 3 : 2); i++) {
            struct outcome again = converse(pairs[p][0], pairs[p][1], pieces[i]);
            CHECK_MEM(&again, &first, sizeof first);
        }
    }
}

// A silent crowd: whoever nobody talks to sleeps until the end of time, and the world ends there.
static void crowd(void)
{
    struct guest *g[5];
    struct world *w = world_create();
    REQUIRE(w);
    for (unsigned i = 0; i < 5; i++) {
        g[i] = new_talker("xeon", false, 5);
        REQUIRE(g[i]);
        CHECK_I64(world_add(w, g[i]->machine), i);
    }
    CHECK_U64(world_run(w, 1000000), 0);
    CHECK_U64(world_time(w), 1000000);
    for (unsigned i = 0; i < 5; i++) {
        CHECK_U64(world_stopped(w, i), STOP_LIMIT);
        CHECK_U64(machine_time(g[i]->machine), UINT64_C(2500000));
    }
    world_destroy(w);
    for (unsigned i = 0; i < 5; i++) {
        guest_free(g[i]);
    }
}

TEST_SUITE(world, {"alone, a machine talks to itself through the loop-back plug", loop_back},
           {"two machines of any clocks talk, the same however the run is cut", two_machines},
           {"machines that nobody talks to sleep until the end", crowd});
