// The I/O axis of full virtualization. Paravirtual devices: what a batch costs in exits and interrupts, what nonsense does, and who sees which device.
// Passthrough: that the device is reached without an exit, what its interrupts cost, and that the IOMMU keeps its DMA inside the guest.
// That every workload ends as on the bare machine is test_equivalence's.
#include "models/ring.h"
#include "models/virtio.h"
#include "tests/test.h"
#include "tests/vm_help.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HW       "type1/fullvirt-hw"
#define PARAVIRT HW ",io=paravirt"

enum { SECTORS = 128, BATCH = 8 };

// Sector k holds bytes k.
static const uint8_t *disk(void)
{
    static uint8_t bytes[SECTORS * DISK_SECTOR];
    for (unsigned k = 0; k < SECTORS; k++) {
        memset(bytes + k * DISK_SECTOR, (int)k, DISK_SECTOR);
    }
    return bytes;
}

static struct vm_test *run(const char *arch, const char *body)
{
    // s0: the block device; s1: its ring; interrupt 64 counts in s3 and is finished at the APIC. Slot n reads sector 8n to page 2 MiB + n pages.
    static const char before[] = "start: la a0, vectors\n lidt a0\n la sp, stack_top\n"
                                 "       li s0, 0xfeb20000\n la s1, ring\n mov s3, zero\n"
                                 "       li a0, 0xfec00000\n li a1, 0x1e\n stw a1, [a0]\n"
                                 "       li a1, 64\n stw a1, [a0+0x10]\n"
                                 "       .macro SLOT n\n"
                                 "       movi a0, 1\n std a0, [s1+64+64*\\n]\n"
                                 "       li a0, 8*\\n\n std a0, [s1+72+64*\\n]\n"
                                 "       movi a0, 8\n std a0, [s1+80+64*\\n]\n"
                                 "       li a0, 0x200000+4096*\\n\n std a0, [s1+88+64*\\n]\n"
                                 "       .endm\n";
    static const char behind[] = "done:  out s3, [zero+0xf4]\n"
                                 "back:  push a0, a1\n li a0, 0xfee00000\n stw zero, [a0+0xb0]\n"
                                 "       addi s3, s3, 1\n pop a0, a1\n iret\n"
                                 "       .align 4096\n"
                                 "ring:  .space 4096\n"
                                 "vectors: .space 1024\n .quad back, 1\n"
                                 "       .space 512\n"
                                 "stack_top: .quad 0\n";
    char source[4096];
    snprintf(source, sizeof source, "%s%s%s", before, body, behind);
    return vm_test_source(source, &(struct vm_where){.arch = arch,
                                                     .holes_open = true,
                                                     .disk = disk(),
                                                     .disk_size = SECTORS * DISK_SECTOR});
}

#define CONNECT "std s1, [s0+0x10]\n"

// ---- batches --------------------------------------------------------------------------------------

static void a_batch_is_one_exit_and_one_interrupt(void)
{
    static const char *const archs[] = {
        PARAVIRT, HW ",paging=shadow,io=paravirt", "type2/fullvirt-hw,io=paravirt,apicv=1",
        "type1/fullvirt-bt,io=paravirt", "type2/fullvirt-trap,io=paravirt"};
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
        struct vm_test *t =
            run(archs[i], CONNECT "SLOT 0\n SLOT 1\n SLOT 2\n SLOT 3\n SLOT 4\n SLOT 5\n"
                                  "SLOT 6\n SLOT 7\n movi a0, 8\n std a0, [s1+16]\n std a0, [s1]\n"
                                  "std zero, [s0+0x18]\n"
                                  "wait: cli\n bnez s3, done\n sti\n hlt\n jmp wait\n");
        REQUIRE(t != NULL);
        CHECK_U64(t->result.stop.status, 1); // interrupts
        CHECK_U64(t->result.stats.ring_bells, 1);
        CHECK_U64(t->result.stats.ring_requests, BATCH);
        CHECK_U64(t->result.stats.ring_notified, 1);
        // I/O APIC twice, ring, bell; and the end of the interrupt, unless the processor sees to that.
        CHECK_U64(t->result.stats.mmio, strstr(archs[i], "apicv") ? 4 : 5);
        CHECK_U64(vm_test_word(t, "ring", RING_DONE), BATCH);
        for (unsigned n = 0; n < BATCH; n++) {
            uint8_t page[PAGE_SIZE];
            REQUIRE(vm_read(t->vm, 0x200000 + n * PAGE_SIZE, page, sizeof page));
            CHECK_MEM(page, disk() + n * PAGE_SIZE, PAGE_SIZE);
            CHECK_U64(vm_test_word(t, "ring", RING_FIRST + 64 * n + SLOT_STATUS), DISK_DONE);
        }
        vm_test_free(t);
    }
}

// How many of a reason one more unit of a workload makes.
static uint64_t each(const struct run_result *less, const struct run_result *more,
                     enum exit_reason reason)
{
    return more->exits[reason] - less->exits[reason];
}

static void the_toy_os_saves_exits_by_it(void)
{
    enum { FEW = 10, MORE = 50 };
    static const char *const archs[] = {HW, PARAVIRT};
    uint64_t device[2] = {0, 0};
    for (unsigned i = 0; i < 2; i++) {
        struct run_result few, more;
        struct vm_where where = {.arch = archs[i], .holes_open = true, .tickless = true};
        REQUIRE(vm_test_workload("diskread", FEW, &where, &few));
        REQUIRE(vm_test_workload("diskread", MORE, &where, &more));
        uint64_t requests = more.stats.ring_requests - few.stats.ring_requests;
        device[i] = each(&few, &more, EXIT_EPT_MISCONFIG);
        if (i == 1) {
            CHECK(requests > 0);
            CHECK_U64(device[i], requests); // the bell, and nothing else
            CHECK_U64(more.stats.ring_notified - few.stats.ring_notified, requests);
        }
        run_result_free(&few);
        run_result_free(&more);
    }
    CHECK_U64(device[0],
              6 * device[1]); // sector, count, address, command; status, and its acknowledgement
}

static void buffers_for_frames_need_no_bell(void)
{
    enum { FEW = 10, MORE = 50 };
    struct run_result few, more;
    struct vm_where where = {.arch = PARAVIRT, .holes_open = true, .tickless = true};
    REQUIRE(vm_test_workload("netrr", FEW, &where, &few));
    REQUIRE(vm_test_workload("netrr", MORE, &where, &more));
    // A request and a response: a bell and a notification each. New empty buffers are found when the next frame comes.
    CHECK_U64(more.stats.ring_bells - few.stats.ring_bells, 2 * (MORE - FEW));
    CHECK_U64(more.stats.ring_notified - few.stats.ring_notified, 2 * (MORE - FEW));
    run_result_free(&few);
    run_result_free(&more);
}

// ---- nonsense -------------------------------------------------------------------------------------

static void nonsense_is_refused(void)
{
    static const struct {
        const char *body;
        uint64_t done; // answers in the ring
        uint64_t status;
    } cases[] = {
        {"std zero, [s0+0x18]\n", 0, 0},                                               // no ring
        {"addi a0, s1, 8\n std a0, [s0+0x10]\n SLOT 0\n std zero, [s0+0x18]\n", 0, 0}, // not a page
        {"li a0, 0x10000000\n std a0, [s0+0x10]\n std zero, [s0+0x18]\n", 0, 0},       // not RAM
        {CONNECT "SLOT 0\n li a0, 33\n std a0, [s1]\n std zero, [s0+0x18]\n", 0, 0},   // beyond 32
        {CONNECT "SLOT 0\n li a0, -1\n std a0, [s1]\n std zero, [s0+0x18]\n", 0, 0},
        {CONNECT "stw s1, [s0+0x10]\n movi a0, 1\n std a0, [s1]\n stb zero, [s0+0x18]\n", 0, 0},
        // Slot 0 is empty: no such command.
        {CONNECT "movi a0, 1\n std a0, [s1]\n std zero, [s0+0x18]\n", 1, DISK_DONE | DISK_ERROR},
        {CONNECT "SLOT 0\n movi a0, 9\n std a0, [s1+80]\n movi a0, 1\n std a0, [s1]\n"
                 "std zero, [s0+0x18]\n",
         1, DISK_DONE | DISK_ERROR}, // more than a page
        {CONNECT "SLOT 0\n li a0, 0x10000000\n std a0, [s1+88]\n movi a0, 1\n std a0, [s1]\n"
                 "std zero, [s0+0x18]\n",
         1, DISK_DONE | DISK_ERROR}, // no RAM
        {CONNECT "SLOT 0\n li a0, 1000\n std a0, [s1+72]\n movi a0, 1\n std a0, [s1]\n"
                 "std zero, [s0+0x18]\n",
         1, DISK_DONE | DISK_ERROR | DISK_BAD_SECTOR << 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vm_test *t = run(PARAVIRT, cases[i].body);
        REQUIRE(t != NULL);
        CHECK_I64((int)t->result.stop.reason, STOP_POWEROFF);
        uint64_t status = vm_test_word(t, "ring", RING_FIRST + SLOT_STATUS);
        // A command that is not known carries the disk's own code.
        if (vm_test_word(t, "ring", RING_DONE) != cases[i].done ||
            (status & 7) != (cases[i].status & 7)) {
            FAIL("'%s': %" PRIu64 " answers, status 0x%" PRIx64, cases[i].body,
                 vm_test_word(t, "ring", RING_DONE), status);
        }
        vm_test_free(t);
    }
}

// ---- passthrough ----------------------------------------------------------------------------------

#define PASSTHROUGH HW ",io=passthrough"

// A guest that reads n times one sector by the disk's own registers into `address`, and spins until the interrupt has come: it never waits.
static struct vm_test *read_sectors(const char *arch, unsigned n, const char *address)
{
    static const char before[] = "start: la a0, vectors\n lidt a0\n la sp, stack_top\n"
                                 "       li s0, 0xfeb00000\n mov s3, zero\n"
                                 "       li a0, 0xfec00000\n li a1, 0x1a\n stw a1, [a0]\n"
                                 "       li a1, 64 | 1 << 15\n stw a1, [a0+0x10]\n"
                                 "       movi a1, 1\n std a1, [s0+0x38]\n sti\n mov s2, zero\n";
    static const char behind[] = "       ldd a4, [s0+0x30]\n ldd a4, [s0+0x30]\n"
                                 "       addi s2, s2, 1\n"
                                 "spin:  bne s3, s2, spin\n"
                                 "       bne s2, a5, again\n"
                                 "       out zero, [zero+0xf4]\n"
                                 "back:  push a0, a1\n ldd a0, [s0+0x30]\n la a1, status\n"
                                 "       std a0, [a1]\n movi a0, 2\n std a0, [s0+0x30]\n"
                                 "       li a0, 0xfee00000\n stw zero, [a0+0xb0]\n"
                                 "       addi s3, s3, 1\n pop a0, a1\n iret\n"
                                 "       .align 16\nvectors: .space 1024\n .quad back, 1\n"
                                 "       .space 512\nstack_top: .quad 0\nstatus: .quad 0\n";
    char source[4096];
    snprintf(source, sizeof source,
             "%s li a5, %u\nagain: movi a0, 3\n std a0, [s0+0x10]\n movi a0, 1\n"
             "std a0, [s0+0x18]\n li a1, %s\n std a1, [s0+0x20]\n std a0, [s0+0x28]\n%s",
             before, n, address, behind);
    return vm_test_source(source, &(struct vm_where){.arch = arch,
                                                     .holes_open = true,
                                                     .disk = disk(),
                                                     .disk_size = SECTORS * DISK_SECTOR});
}

static void a_real_device_is_reached_without_an_exit(void)
{
    enum { FEW = 5, MORE = 25 };
    static const struct {
        const char *arch;
        struct {
            enum exit_reason reason;
            unsigned times;
        } exit[2];
    } points[] = {
        {"native", {{0, 0}}},
        {PASSTHROUGH, {{EXIT_EXTERNAL_INTERRUPT, 1}, {EXIT_APIC_ACCESS, 1}}},
        {PASSTHROUGH ",apicv=1", {{EXIT_EXTERNAL_INTERRUPT, 1}, {EXIT_APIC_WRITE, 1}}},
        {PASSTHROUGH ",apicv=1,posted=1", {{EXIT_APIC_WRITE, 1}}},
        {PASSTHROUGH ",paging=shadow", {{EXIT_EXTERNAL_INTERRUPT, 1}, {EXIT_EXCEPTION_NMI, 1}}},
        // Nine registers on the way, no exit for any: the interrupt, its end, and the handler's IRET.
        {"type1/fullvirt-trap,io=passthrough", {{EXIT_EXTERNAL_INTERRUPT, 1}, {EXIT_TRAP_PF, 1}}},
    };
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        struct vm_test *few = read_sectors(points[i].arch, FEW, "0x200000");
        struct vm_test *more = read_sectors(points[i].arch, MORE, "0x200000");
        uint8_t page[DISK_SECTOR];
        REQUIRE(few && more);
        CHECK_I64((int)more->result.stop.reason, STOP_POWEROFF);
        CHECK_U64(vm_test_word(more, "status", 0), DISK_DONE);
        REQUIRE(vm_read(more->vm, 0x200000, page, sizeof page));
        CHECK_MEM(page, disk() + 3 * DISK_SECTOR, DISK_SECTOR);
        for (unsigned r = 0; r < EXIT_REASONS; r++) {
            uint64_t want = r == EXIT_TRAP_IRET && strstr(points[i].arch, "trap") ? MORE - FEW : 0;
            for (unsigned k = 0; k < 2; k++) {
                bool named = points[i].exit[k].times && r == (unsigned)points[i].exit[k].reason;
                want += named ? points[i].exit[k].times * (MORE - FEW) : 0u;
            }
            if (more->result.exits[r] - few->result.exits[r] != want) {
                FAIL("%s: %" PRIu64 " exits %s, not %" PRIu64, points[i].arch,
                     more->result.exits[r] - few->result.exits[r], exit_name(r), want);
            }
        }
        vm_test_free(few);
        vm_test_free(more);
    }
}

static void the_iommu_keeps_dma_inside_the_guest(void)
{
    static const char *const archs[] = {PASSTHROUGH, PASSTHROUGH ",paging=shadow",
                                        "type2/fullvirt-bt,io=passthrough"};
    for (size_t i = 0; i < sizeof archs / sizeof *archs; i++) {
        // The guest has 4 MiB; the machine has more. Half inside, too, is outside.
        static const char *const addresses[] = {"0x400000", "0x3fff00", "0x600000", "-256"};
        for (size_t k = 0; k < sizeof addresses / sizeof *addresses; k++) {
            struct vm_test *t = read_sectors(archs[i], 1, addresses[k]);
            REQUIRE(t != NULL);
            CHECK_U64(vm_test_word(t, "status", 0), DISK_DONE | DISK_ERROR | DISK_BAD_ADDRESS << 8);
            CHECK_U64(t->vm->m->iommu.translated, 0);
            CHECK_U64(t->vm->m->iommu.blocked, 1);
            vm_test_free(t);
        }
    }
}

static void memory_that_hides_the_devices_is_refused(void)
{
    char err[200];
    struct vm_test *t = read_sectors("native", 1, "0x200000");
    REQUIRE(t != NULL);
    struct machine_config config = t->spec.config;
    struct arch_config arch;
    config.ram = UINT64_C(4) << 30;
    REQUIRE(arch_parse(&arch, PASSTHROUGH, err, sizeof err));
    struct vm *vm = vm_create(&config, &arch, 0, err, sizeof err);
    CHECK(vm == NULL);
    CHECK(vm == NULL && strstr(err, "take less --ram") != NULL);
    vm_destroy(vm);
    vm_test_free(t);
}

// ---- who sees what --------------------------------------------------------------------------------

static void each_kind_of_io_shows_its_own_devices(void)
{
    static const struct {
        const char *arch;
        bool real, ring;
    } points[] = {{"native", true, false},
                  {HW, true, false},
                  {"type2/fullvirt-bt", true, false},
                  {PARAVIRT, false, true},
                  {PASSTHROUGH, true, false},
                  {"type2/fullvirt-trap,io=passthrough", true, false},
                  {"type2/fullvirt-bt,io=paravirt", false, true}};
    static const uint64_t ids[] = {DISK_ID, NIC_ID, VIRTIO_BLOCK_ID, VIRTIO_NET_ID};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        struct vm_test *t =
            run(points[i].arch, "la a1, ring\n li a0, 0xfeb00000\n movi a3, 4\n"
                                "next: ldd a2, [a0]\n std a2, [a1]\n"
                                "li a2, 0x10000\n add a0, a0, a2\n"
                                "addi a1, a1, 8\n addi a3, a3, -1\n bnez a3, next\n");
        REQUIRE(t != NULL);
        for (unsigned k = 0; k < 4; k++) {
            bool there = k < 2 ? points[i].real : points[i].ring;
            CHECK_U64(vm_test_word(t, "ring", 8 * k), there ? ids[k] : UINT64_MAX);
        }
        vm_test_free(t);
    }
}

TEST_SUITE(io,
           {"eight requests of a paravirtual disk are one exit and one interrupt",
            a_batch_is_one_exit_and_one_interrupt},
           {"the toy OS's driver exits once a request, not six times",
            the_toy_os_saves_exits_by_it},
           {"empty buffers for the network need no exit", buffers_for_frames_need_no_bell},
           {"nonsense in a ring is refused", nonsense_is_refused},
           {"a real device is reached without an exit", a_real_device_is_reached_without_an_exit},
           {"the IOMMU keeps DMA inside the guest", the_iommu_keeps_dma_inside_the_guest},
           {"passthrough refuses memory that hides the devices",
            memory_that_hides_the_devices_is_refused},
           {"each kind of I/O shows its own devices", each_kind_of_io_shows_its_own_devices});
