// Devices as programs see them: short drivers in assembly on the bare machine, checked to the cycle where time matters.
#include "sim/acct.h"
#include "tests/guest.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

#define NEVER UINT64_MAX

// Registers, vectors, and an I/O APIC pin, as every driver needs them. s0 is left alone.
#define PRELUDE                                \
    "        .equ APIC, 0xfee00000\n"          \
    "        .equ IOAPIC, 0xfec00000\n"        \
    "        .equ POWER, 0xf4\n"               \
    "        .macro vector number, handler\n"  \
    "        la t0, vectors + 16 * \\number\n" \
    "        la t1, \\handler\n"               \
    "        std t1, [t0]\n"                   \
    "        movi t1, 1\n"                     \
    "        std t1, [t0+8]\n"                 \
    "        .endm\n"                          \
    "        .macro pin number, vec\n"         \
    "        li t0, IOAPIC\n"                  \
    "        movi t1, 0x10 + 2 * \\number\n"   \
    "        stw t1, [t0]\n"                   \
    "        li t1, 0x8000 | \\vec\n"          \
    "        stw t1, [t0+0x10]\n"              \
    "        .endm\n"                          \
    "        .macro eoi\n"                     \
    "        li t0, APIC\n"                    \
    "        stw zero, [t0+0xb0]\n"            \
    "        .endm\n"                          \
    "        .bss\n"                           \
    "        .align 16\n"                      \
    "vectors: .space 4096\n"                   \
    "        .align 16\n"                      \
    "        .space 4096\n"                    \
    "stack:\n"                                 \
    "        .text\n"

#define BEGIN                  \
    "start: la sp, stack\n"    \
    "        la t0, vectors\n" \
    "        lidt t0\n"

static const struct stop_info *run(struct guest *g, enum stop_reason want)
{
    enum stop_reason why = machine_run(g->machine, UINT64_C(100000000000), NEVER);
    CHECK_U64(why, want);
    return machine_stop_info(g->machine);
}

// ---- timer ---------------------------------------------------------------------------------------

static void one_shot(void)
{
    static const char source[] = PRELUDE BEGIN "        vector 0x50, tick\n"
                                               "        li s0, APIC\n"
                                               "        li a0, 0xb\n"
                                               "        stw a0, [s0+0x3e0]\n" // by 1
                                               "        li a0, 0x50\n"
                                               "        stw a0, [s0+0x320]\n"
                                               "        li a0, COUNT\n"
                                               "        rdtsc s1\n"
                                               "        stw a0, [s0+0x380]\n"
                                               "        sti\n"
                                               "        hlt\n"
                                               "        jmp .\n"
                                               "tick:   rdtsc s2\n"
                                               "        la t0, times\n"
                                               "        std s1, [t0]\n"
                                               "        std s2, [t0+8]\n"
                                               "        out zero, [zero+POWER]\n"
                                               "        jmp .\n"
                                               "        .bss\n"
                                               "times:  .space 16\n";
    static const char *const cpus[] = {"xeon", "p4-672", "risc"};
    for (unsigned c = 0; c < 3; c++) {
        for (int64_t count = 1000; count < 1010; count++) {
            const struct asm_define define = {"COUNT", count};
            struct guest *g = guest_new(
                source,
                &(struct guest_options){.cpu = cpus[c], .defines = &define, .define_count = 1});
            REQUIRE(g);
            run(g, STOP_POWEROFF);
            // The count begins when the store has reached the device; the handler begins when delivery is paid.
            CHECK_U64(guest_word(g, "times", 8) - guest_word(g, "times", 0),
                      guest_cost(g, COST_RDTSC) + guest_cost(g, COST_STORE) +
                          guest_cost(g, COST_MMIO) + (uint64_t)count +
                          guest_cost(g, COST_INTERRUPT));
            guest_free(g);
        }
    }
}

static void periodic(void)
{
    enum { TICKS = 200, PERIOD = 4001 };
    static const char source[] = PRELUDE BEGIN "        vector 0x50, tick\n"
                                               "        la s1, times\n"
                                               "        movi s2, 200\n"
                                               "        li s0, APIC\n"
                                               "        li a0, 0xb\n"
                                               "        stw a0, [s0+0x3e0]\n"
                                               "        li a0, 0x20050\n"
                                               "        stw a0, [s0+0x320]\n"
                                               "        movi a0, 4001\n"
                                               "        stw a0, [s0+0x380]\n"
                                               "wait:   sti\n"
                                               "        hlt\n"
                                               "        bnez s2, wait\n"
                                               "        out zero, [zero+POWER]\n"
                                               "        jmp .\n"
                                               "tick:   rdtsc a1\n"
                                               "        std a1, [s1]\n"
                                               "        inc s1, 8\n"
                                               "        dec s2\n"
                                               "        eoi\n"
                                               "        iret\n"
                                               "        .bss\n"
                                               "times:  .space 8 * 200\n";
    struct guest *g = guest_new(source, NULL);
    REQUIRE(g);
    run(g, STOP_POWEROFF);
    for (unsigned i = 1; i < TICKS; i++) {
        if (!CHECK_U64(guest_word(g, "times", i * 8) - guest_word(g, "times", i * 8 - 8), PERIOD)) {
            break;
        }
    }
    CHECK_U64(machine_counters(g->machine, 0)->interrupts, TICKS);
    guest_free(g);
}

static void deadline(void)
{
    static const char source[] = PRELUDE BEGIN "        vector 0x50, tick\n"
                                               "        li s0, APIC\n"
                                               "        li a0, 0x40050\n"
                                               "        stw a0, [s0+0x320]\n"
                                               "        rdtsc s1\n"
                                               "        li a0, 123457\n"
                                               "        add s1, s1, a0\n"
                                               "        li a1, 0x6e0\n"
                                               "        wrmsr a1, s1\n"
                                               "        rdmsr s3, a1\n"
                                               "        sti\n"
                                               "        hlt\n"
                                               "        jmp .\n"
                                               "tick:   rdtsc s2\n"
                                               "        rdmsr a0, a1\n"
                                               "        la t0, times\n"
                                               "        std s1, [t0]\n"
                                               "        std s2, [t0+8]\n"
                                               "        std s3, [t0+16]\n"
                                               "        std a0, [t0+24]\n"
                                               "        out zero, [zero+POWER]\n"
                                               "        jmp .\n"
                                               "        .bss\n"
                                               "times:  .space 32\n";
    struct guest *g = guest_new(source, NULL);
    REQUIRE(g);
    run(g, STOP_POWEROFF);
    CHECK_U64(guest_word(g, "times", 8) - guest_word(g, "times", 0), guest_cost(g, COST_INTERRUPT));
    CHECK_U64(guest_word(g, "times", 16), guest_word(g, "times", 0)); // armed: reads back
    CHECK_U64(guest_word(g, "times", 24), 0);                         // fired: 0
    guest_free(g);
}

// ---- priorities ----------------------------------------------------------------------------------

// Five interrupts requested with IF clear come highest first; a low one does not interrupt a higher one's handler, a high one does; and the
// task priority holds back what is not above it.
static void priorities(void)
{
    static const char source[] =
        PRELUDE BEGIN "        .macro handler number\n"
                      "h\\number: movi t2, 0x\\number\n"
                      "        stb t2, [s1]\n"
                      "        inc s1\n"
                      "        eoi\n"
                      "        iret\n"
                      "        .endm\n"
                      "        vector 0x40, h40\n"
                      "        vector 0x41, h41\n"
                      "        vector 0x52, h52\n"
                      "        vector 0x63, nest\n"
                      "        vector 0x70, h70\n"
                      "        la s1, order\n"
                      "        li s0, APIC\n"
                      "        li s2, 0x40000\n" // to myself
                      "        .irp v, 0x52, 0x40, 0x63, 0x41, 0x40\n"
                      "        ori a0, s2, \\v\n"
                      "        stw a0, [s0+0x300]\n"
                      "        .endr\n"
                      "        movi a0, 4\n"
                      "        ltpr a0\n"
                      "        sti\n"
                      "        nop\n"
                      "        movi a0, 0x99\n"
                      "        stb a0, [s1]\n"
                      "        inc s1\n"
                      "        ltpr zero\n"
                      "        nop\n"
                      "        out zero, [zero+POWER]\n"
                      "        jmp .\n"
                      "nest:   movi t2, 0x63\n"
                      "        stb t2, [s1]\n"
                      "        inc s1\n"
                      "        ori a0, s2, 0x70\n"
                      "        stw a0, [s0+0x300]\n" // above: comes at once
                      "        ori a0, s2, 0x62\n"
                      "        sti\n"
                      "        nop\n"
                      "        movi t2, 0x64\n"
                      "        stb t2, [s1]\n"
                      "        inc s1\n"
                      "        cli\n"
                      "        eoi\n"
                      "        iret\n"
                      "        handler 40\n"
                      "        handler 41\n"
                      "        handler 52\n"
                      "        handler 70\n"
                      "        .bss\n"
                      "order:  .space 16\n";
    static const uint8_t want[16] = {0x63, 0x70, 0x64, 0x52, 0x99, 0x41, 0x40};
    struct guest *g = guest_new(source, NULL);
    REQUIRE(g);
    run(g, STOP_POWEROFF);
    const uint64_t got[2] = {guest_word(g, "order", 0), guest_word(g, "order", 8)};
    CHECK_MEM(got, want, sizeof want);
    guest_free(g);
}

// ---- interrupts between processors ---------------------------------------------------------------

static void ping_pong(void)
{
    static const char source[] =
        PRELUDE "        .equ ROUNDS, 500\n" BEGIN "        vector 0x61, ping\n"
                "        vector 0x62, pong\n"
                "        li s0, APIC\n"
                "        li a0, 1 << 24\n"
                "        stw a0, [s0+0x310]\n"
                "        li a0, 6 << 8 | 0x40\n" // start-up IPI to processor 1: 0x40 << 12
                "        stw a0, [s0+0x300]\n"
                "        la s1, ready\n"
                ".wait:  ldd a0, [s1]\n"
                "        beqz a0, .wait\n"
                "        movi a0, 0x62\n"
                "        stw a0, [s0+0x300]\n"
                ".idle:  sti\n"
                "        hlt\n"
                "        jmp .idle\n"
                "ping:   inc s2\n" // processor 0 is answered
                "        eoi\n"
                "        movi a0, ROUNDS\n"
                "        beq s2, a0, .done\n"
                "        movi a0, 0x62\n"
                "        stw a0, [s0+0x300]\n"
                "        iret\n"
                ".done:  out s2, [zero+POWER]\n"
                "        jmp .\n"
                "pong:   eoi\n" // processor 1 is asked
                "        la t0, count\n"
                "        ldd a0, [t0]\n"
                "        inc a0\n"
                "        std a0, [t0]\n"
                "        movi a0, 0x61\n"
                "        stw zero, [s0+0x310]\n"
                "        stw a0, [s0+0x300]\n"
                "        iret\n"
                "        .bss\n"
                "ready:  .space 8\n"
                "count:  .space 8\n"
                "        .section .second, exec, addr=0x40000\n"
                "        la sp, second_stack\n"
                "        la t0, vectors\n"
                "        lidt t0\n"
                "        li s0, APIC\n"
                "        la s1, ready\n"
                "        movi a0, 1\n"
                "        std a0, [s1]\n"
                ".idle2: sti\n"
                "        hlt\n"
                "        jmp .idle2\n"
                "        .bss\n"
                "        .align 16\n"
                "        .space 1024\n"
                "second_stack:\n";
    uint64_t hash[2], time[2];
    for (unsigned i = 0; i < 2; i++) {
        struct guest *g = guest_new(source, &(struct guest_options){.cpus = 2});
        REQUIRE(g);
        CHECK_U64(run(g, STOP_POWEROFF)->status, 500);
        CHECK_U64(guest_word(g, "count", 0), 500);
        CHECK_U64(machine_counters(g->machine, 1)->interrupts, 500);
        hash[i] = machine_state_hash(g->machine);
        time[i] = machine_cpu_time(g->machine, 0);
        guest_free(g);
    }
    CHECK_U64(hash[0], hash[1]);
    CHECK_U64(time[0], time[1]);
}

// ---- disk ----------------------------------------------------------------------------------------

// Reads sector 3, adds one to every byte, writes it to sector 5, by interrupts.
static void disk_driver(void)
{
    static const char source[] =
        PRELUDE "        .equ DISK, 0xfeb00000\n" BEGIN "        vector 0x45, done\n"
                "        pin 5, 0x45\n"
                "        li s0, DISK\n"
                "        movi a0, 1\n"
                "        std a0, [s0+0x38]\n" // interrupts, please
                "        std a0, [s0+0x18]\n" // one sector
                "        li s1, 0x30000\n"
                "        std s1, [s0+0x20]\n"
                "        movi a0, 3\n"
                "        std a0, [s0+0x10]\n"
                "        movi a0, 1\n" // read
                "        call command\n"
                "        movi a1, 512\n"
                ".add:   ldbu a0, [s1]\n"
                "        inc a0\n"
                "        stb a0, [s1]\n"
                "        inc s1\n"
                "        dec a1\n"
                "        bnez a1, .add\n"
                "        movi a0, 5\n"
                "        std a0, [s0+0x10]\n"
                "        movi a0, 2\n" // write
                "        call command\n"
                "        out zero, [zero+POWER]\n"
                "        jmp .\n"
                "command: movi s3, 0\n"
                "        std a0, [s0+0x28]\n"
                "        sti\n"
                ".sleep: hlt\n"
                "        beqz s3, .sleep\n"
                "        ret\n"
                "done:   ldd s3, [s0+0x30]\n"
                "        movi t2, 2\n"
                "        std t2, [s0+0x30]\n"
                "        eoi\n"
                "        iret\n";
    uint8_t medium[8 * 512];
    char err[200];
    size_t size;
    for (unsigned i = 0; i < sizeof medium; i++) {
        medium[i] = (uint8_t)(i * 5 + i / 512);
    }
    struct guest *g = guest_new(source, NULL);
    REQUIRE(g);
    CHECK(!machine_disk_attach(g->machine, medium, 100, err, sizeof err));
    CHECK_STR(err, "a disk of 100 bytes; make it a multiple of 512 bytes, up to 4 GiB");
    REQUIRE(CHECK(machine_disk_attach(g->machine, medium, sizeof medium, err, sizeof err)));
    run(g, STOP_POWEROFF);
    for (unsigned i = 0; i < 512; i++) {
        medium[5 * 512 + i] = (uint8_t)(medium[3 * 512 + i] + 1);
    }
    const uint8_t *got = machine_disk(g->machine, &size);
    REQUIRE(CHECK_U64(size, sizeof medium));
    CHECK_MEM(got, medium, sizeof medium);
    const uint64_t *by = machine_counters(g->machine, 0)->cycles;
    CHECK(by[CYC_IDLE] >=
          2 * guest_cost(g, COST_DISK_SEEK) - 10000); // the processor slept meanwhile
    guest_free(g);
}

// DMA over code that has run already must take effect: the copy that the processor has decoded is stale.
static void dma_over_code(void)
{
    static const char source[] =
        PRELUDE "        .equ DISK, 0xfeb00000\n" BEGIN "        la s1, victim\n"
                "        callr s1\n"
                "        mov s2, a5\n"
                "        li s0, DISK\n"
                "        movi a0, 1\n"
                "        std a0, [s0+0x18]\n"
                "        std s1, [s0+0x20]\n"
                "        std a0, [s0+0x28]\n"
                ".poll:  ldd a0, [s0+0x30]\n"
                "        andi a0, a0, 2\n"
                "        beqz a0, .poll\n"
                "        callr s1\n"
                "        shli a5, a5, 8\n"
                "        or a5, a5, s2\n"
                "        out a5, [zero+POWER]\n"
                "        jmp .\n"
                "        .align 4096\n"
                "victim: movi a5, 1\n"
                "        ret\n"
                "        .space 504\n"
                "other:  movi a5, 2\n"
                "        ret\n";
    uint8_t medium[512] = {0};
    char err[200];
    struct guest *g = guest_new(source, NULL);
    REQUIRE(g);
    const struct image_symbol *other = image_find(&g->program.image, "other");
    REQUIRE(other && machine_read(g->machine, other->value, medium, 8));
    REQUIRE(CHECK(machine_disk_attach(g->machine, medium, sizeof medium, err, sizeof err)));
    CHECK_U64(run(g, STOP_POWEROFF)->status, 0x201);
    guest_free(g);
}

// ---- console -------------------------------------------------------------------------------------

// Echoes by interrupt; sleeps in between. Nothing to wait for is a deadlock, which typing ends.
static void console_echo(void)
{
    static const char source[] = PRELUDE BEGIN "        vector 0x44, input\n"
                                               "        pin 4, 0x44\n"
                                               "        movi a0, 1\n"
                                               "        out a0, [zero+0x3f9]\n"
                                               "idle:   sti\n"
                                               "        hlt\n"
                                               "        jmp idle\n"
                                               "input:  in a0, [zero+0x3f8]\n"
                                               "        movi a1, 0x71\n" // 'q'
                                               "        beq a0, a1, .quit\n"
                                               "        out a0, [zero+0x3f8]\n"
                                               "        eoi\n"
                                               "        iret\n"
                                               ".quit:  out zero, [zero+POWER]\n"
                                               "        jmp .\n";
    struct guest *g = guest_new(source, NULL);
    REQUIRE(g);
    size_t size;
    run(g, STOP_DEADLOCK);
    machine_console_input(g->machine, "Hello", 5);
    run(g, STOP_DEADLOCK);
    machine_console_input(g->machine, ", bus\nqx", 8);
    run(g, STOP_POWEROFF);
    const char *text = machine_console(g->machine, &size);
    CHECK_U64(size, 11);
    CHECK_MEM(text, "Hello, bus\n", 11);
    guest_free(g);
}

TEST_SUITE(dev_machine, {"a one-shot timer interrupts at the cycle, on three models", one_shot},
           {"a periodic timer ticks without drift", periodic},
           {"the TSC deadline interrupts at its cycle", deadline},
           {"interrupts come by priority, nest, and wait for the task priority", priorities},
           {"500 interrupts go back and forth between two processors, the same each time",
            ping_pong},
           {"a driver reads and writes the disk by interrupts", disk_driver},
           {"DMA over code that has run takes effect", dma_over_code},
           {"the console echoes what is typed, and wakes a sleeping machine", console_echo});
