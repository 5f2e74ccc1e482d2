// Paravirtualization: what the hypervisor refuses, that its bookkeeping of frames is exact whatever the guest asks, that each mechanism saves what it
// is there to save; and the toy OS's own tests of itself under it. Equality with native on all workloads is test_equivalence's.
#include "cli/data.h"
#include "models/paravirt/paravirt.h"
#include "sim/prng.h"
#include "tests/test.h"
#include "tests/vm_help.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct vm_where xen = {.arch = "type1/paravirt", .holes_open = true};

// ---- what is refused ------------------------------------------------------------------------------

// One hypercall after the other; their results in `results`. s0: machine address of guest frame 0, s1: where the next result goes.
#define PRELUDE                                            \
    ".equ SHARED, 0xffffffffff000000\n"                    \
    ".equ VIRT, 0xffffffffe0000000\n"                      \
    ".equ PAGE_X, 0x300000\n" /* an ordinary frame */      \
    ".macro NOTE\n"                                        \
    "    std t0, [s1]\n    addi s1, s1, 8\n"               \
    ".endm\n"                                              \
    ".macro CALL number\n"                                 \
    "    movi t2, \\number\n    hcall\n    NOTE\n"         \
    ".endm\n"                                              \
    ".macro MMU\n" /* request in a0, a1 */                 \
    "    la t0, request\n    std a0, [t0]\n"               \
    "    std a1, [t0+8]\n    movi t1, 1\n    CALL 1\n"     \
    ".endm\n"                                              \
    ".entry _start\n_start:\n"                             \
    "    li a5, SHARED\n    ldd s0, [a5+64]\n"             \
    "    ldd s2, [a5+72]\n    add s2, s2, s0\n" /* root */ \
    "    la s1, results\n"
#define ENDING                                                    \
    "    movi t0, 0\n    movi t1, 0\n    movi t2, 9\n    hcall\n" \
    "    .align 16\nrequest: .space 16\nresults: .space 256\n"    \
    "gates: .space 4096\n"

// What is asked, and what the answer must be.
static const struct {
    const char *what, *code;
    int64_t answer;
} asked[] = {
    {"a frame of the hypervisor's", "li a0, VIRT + PAGE_X + 2\n li a1, 0x1003\n MMU\n", PV_PERM},
    {"a frame beyond the guest's",
     "li a0, VIRT + PAGE_X + 2\n li a1, 0x400003\n add a1, a1, s0\n MMU\n", PV_PERM},
    {"its root table, writable", "li a0, VIRT + PAGE_X + 2\n ori a1, s2, 3\n MMU\n", PV_PERM},
    {"its root table, to read", "li a0, VIRT + PAGE_X + 2\n ori a1, s2, 1\n MMU\n", 0},
    {"reserved bits", "li a0, VIRT + PAGE_X + 2\n li a1, 0x200000300001\n add a1, a1, s0\n MMU\n",
     PV_PERM},
    {"its frame back", "li a0, VIRT + PAGE_X + 2\n li a1, PAGE_X + 3\n add a1, a1, s0\n MMU\n", 0},
    {"a table that it can write", "li a0, PAGE_X + 1\n add a0, a0, s0\n movi a1, 1\n MMU\n",
     PV_PERM},
    {"no right to write there",
     "li a0, VIRT + PAGE_X + 2\n li a1, PAGE_X + 1\n add a1, a1, s0\n MMU\n", 0},
    {"now the table", "li a0, PAGE_X + 1\n add a0, a0, s0\n movi a1, 1\n MMU\n", 0},
    {"the table a second time", "li a0, PAGE_X + 1\n add a0, a0, s0\n movi a1, 1\n MMU\n", PV_BUSY},
    {"the table writable again",
     "li a0, VIRT + PAGE_X + 2\n li a1, PAGE_X + 3\n add a1, a1, s0\n MMU\n", PV_PERM},
    {"a large page of a table", "mov a0, s2\n ori a1, s0, 0x81\n MMU\n", PV_PERM},
    {"a level 1 table in the highest", "mov a0, s2\n li a1, PAGE_X + 3\n add a1, a1, s0\n MMU\n",
     PV_PERM},
    {"that table as its base", "li a0, PAGE_X + 1\n add a0, a0, s0\n movi a1, 7\n MMU\n", PV_PERM},
    {"an entry of no table", "li a0, 0x310000\n add a0, a0, s0\n movi a1, 0\n MMU\n", PV_INVALID},
    {"an entry across two", "ori a0, s2, 4\n movi a1, 0\n MMU\n", PV_INVALID},
    {"a command that is none", "ori a0, s2, 1\n movi a1, 60\n MMU\n", PV_INVALID},
    {"to unpin what is not pinned", "li a0, 0x310001\n add a0, a0, s0\n movi a1, 6\n MMU\n",
     PV_INVALID},
    {"requests from nowhere", "movi t0, 0\n movi t1, 1\n CALL 1\n", PV_FAULT},
    {"too many requests", "la t0, request\n li t1, 1000000\n CALL 1\n", PV_INVALID},
    {"a gate to ring 0", "la t0, gates\n movi t1, 1\n std t1, [t0+24]\n CALL 3\n", PV_PERM},
    {"a ring in a table's frame", "movi t0, 1\n mov t1, s2\n CALL 16\n", PV_INVALID},
    {"events on a channel without ring", "movi t0, 1\n CALL 11\n", PV_INVALID},
    {"a multicall in itself", "la t0, request\n movi t1, 2\n std t1, [t0]\n movi t1, 1\n CALL 2\n",
     PV_INVALID},
    {"hypercall 60", "CALL 60\n", PV_NOSYS},
};
enum { ASKED = sizeof asked / sizeof *asked };

static void lies_are_refused(void)
{
    static char source[16384];
    size_t at = (size_t)snprintf(source, sizeof source, "%s", PRELUDE);
    for (unsigned i = 0; i < ASKED; i++) {
        at += (size_t)snprintf(source + at, sizeof source - at, "%s", asked[i].code);
    }
    snprintf(source + at, sizeof source - at, "%s", ENDING);
    struct vm_test *t = vm_test_source(source, &xen);
    REQUIRE(t != NULL);
    CHECK_U64(t->result.stop.reason, STOP_POWEROFF);
    for (unsigned i = 0; i < ASKED; i++) {
        int64_t answer = (int64_t)vm_test_word(t, "results", 8 * i);
        if (answer != asked[i].answer) {
            FAIL("asked for %s: %" PRId64 " instead of %" PRId64, asked[i].what, answer,
                 asked[i].answer);
        }
    }
    // Each counted once, by name; one way in for each.
    const uint64_t *n = t->result.stats.hypercalls;
    CHECK_U64(n[HC_MMU_UPDATE], 20);
    CHECK_U64(n[HC_SET_TRAP_TABLE] + n[HC_CHANNEL_BIND] + n[HC_EVENT_SEND] + n[HC_MULTICALL], 4);
    CHECK_U64(n[HC_SHUTDOWN], 1);
    CHECK_U64(t->result.exits[EXIT_HYPERCALL], ASKED + 1);
    vm_test_free(t);
}

static void tables_cannot_be_written(void)
{
    struct vm_test *t = vm_test_source(PRELUDE "li a0, VIRT\n ldd a1, [a5+72]\n add a0, a0, a1\n"
                                               "ldd a2, [a0]\n" // reading is no harm
                                               "std a2, [a0]\n" ENDING,
                                       &xen);
    REQUIRE(t != NULL);
    CHECK_U64(t->result.stop.reason, STOP_TRIPLE_FAULT); // it has no trap table
    CHECK_U64(t->result.stop.vector[0], VEC_PF);
    CHECK_U64(t->result.exits[EXIT_TRAP_PF], 1);
    vm_test_free(t);
}

// Nor by a device whose transfer began when the page was none yet.
static void devices_cannot_write_tables(void)
{
    struct vm_test *t = vm_test_source(PRELUDE ENDING, &xen);
    uint8_t before[PAGE_SIZE], now[PAGE_SIZE];
    static const uint8_t bytes[PAGE_SIZE] = {1, 2, 3};
    REQUIRE(t != NULL);
    const struct dev_env *env = &t->vm->devices.env;
    uint64_t root = t->vm->m->cpu[0].s.ptbr - t->vm->base, page = 0x300000;
    REQUIRE(vm_read(t->vm, root, before, sizeof before));
    CHECK(!env->ops->dma_write(env->ctx, root, bytes, sizeof bytes));
    CHECK(!env->ops->dma_write(env->ctx, root - 8, bytes, 16)); // half inside
    REQUIRE(vm_read(t->vm, root, now, sizeof now));
    CHECK_MEM(now, before, sizeof now);
    CHECK(env->ops->dma_write(env->ctx, page, bytes, sizeof bytes));
    REQUIRE(vm_read(t->vm, page, now, sizeof now));
    CHECK_MEM(now, bytes, sizeof now);
    CHECK(!env->ops->dma_write(env->ctx, t->vm->ram - 8, bytes, 16));
    vm_test_free(t);
}

// The guest's numbers are the hypervisor's.
static void both_sides_agree_on_numbers(void)
{
    static const struct {
        const char *name;
        unsigned number;
    } rows[] = {
#define HYPERCALL(NAME, text, number, t0, t1, doc) {"HC_" #NAME, number},
#include "models/paravirt/hypercall.def"
#undef HYPERCALL
#define MMU_COMMAND(NAME, number, doc) {"MMU_" #NAME, number},
#include "models/paravirt/mmu_command.def"
#undef MMU_COMMAND
        {"CHANNEL_TIMER", CHANNEL_TIMER}, {"CHANNEL_BLOCK", CHANNEL_BLOCK},
        {"CHANNEL_NET", CHANNEL_NET},     {"CHANNEL_CONSOLE", CHANNEL_CONSOLE},
        {"SI_PENDING", SHARED_PENDING},   {"SI_MASK", SHARED_MASK},
        {"SI_FAULT_ADDR", SHARED_FAULT},  {"SI_BASE", SHARED_BASE},
        {"SI_ROOT", SHARED_ROOT},         {"SI_FREE", SHARED_FREE},
        {"SI_END", SHARED_END},           {"SI_LEVELS", SHARED_LEVELS},
        {"SI_BATCH", SHARED_BATCH},
    };
    const struct data_file *file = data_find("guest/kernel/hypercall.inc");
    REQUIRE(file != NULL);
    const char *text = file->text;
    unsigned found = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[64];
        int n = snprintf(line, sizeof line, ".equ %s, ", rows[i].name);
        const char *at = strstr(text, line); // the kernel need not use all of them
        if (at) {
            found++;
            CHECK_U64(strtoul(at + n, NULL, 0), rows[i].number);
        }
        if (strncmp(rows[i].name, "HC_", 3) == 0) {
            CHECK(at != NULL);
            CHECK(hypercall_name(rows[i].number) != NULL);
        }
    }
    CHECK(found > 30);
    CHECK(hypercall_name(0) == NULL && hypercall_name(HYPERCALL_MAX) == NULL);
}

// ---- bookkeeping ----------------------------------------------------------------------------------

// Uses of each frame, counted once more from what is pinned and loaded.
struct recount {
    const struct vm *vm;
    uint32_t *uses;
    uint8_t *type;
    unsigned conflicts;
};

static void recount_use(struct recount *r, uint64_t g, unsigned type)
{
    r->conflicts += r->uses[g] > 0 && r->type[g] != type;
    r->type[g] = (uint8_t)type;
    if (r->uses[g]++ > 0 || type == PV_WRITABLE) {
        return;
    }
    for (unsigned i = 0; i < 512; i++) {
        uint64_t e = mem_get(&r->vm->memory, (g << PAGE_SHIFT) + (uint64_t)8 * i, 8);
        uint64_t to = ((e & PTE_FRAME) - r->vm->base) >> PAGE_SHIFT;
        bool huge = type == PV_L2 && (e & PTE_PS);
        if (!(e & PTE_P)) {
            continue;
        }
        for (unsigned k = 0; (type == PV_L1 || huge) && (e & PTE_W) && k < (huge ? 512u : 1u);
             k++) {
            recount_use(r, to + k, PV_WRITABLE);
        }
        if (type != PV_L1 && !huge) {
            recount_use(r, to, type - 1);
        }
    }
}

static bool books_are_right(const struct vm *vm)
{
    const struct pv_memory *m = pv_memory(vm);
    struct recount r = {.vm = vm,
                        .uses = calloc(m->frames, sizeof *r.uses),
                        .type = calloc(m->frames, sizeof *r.type)};
    bool ok = r.uses && r.type;
    for (uint64_t g = 0; ok && g < m->frames; g++) {
        if (m->frame[g].pinned) {
            recount_use(&r, g, m->frame[g].type);
        }
    }
    if (ok) {
        recount_use(&r, (vm->vcpu[0].cpu->s.ptbr - vm->base) >> PAGE_SHIFT, vm->m->config.levels);
    }
    for (uint64_t g = 0; ok && g < m->frames; g++) {
        if (m->frame[g].uses != r.uses[g] || (r.uses[g] && m->frame[g].type != r.type[g])) {
            ok = FAIL("frame %" PRIu64 ": %u uses as %u, counted again %u as %u", g,
                      m->frame[g].uses, m->frame[g].type, r.uses[g], r.type[g]);
        }
    }
    ok = ok && r.conflicts == 0;
    free(r.uses);
    free(r.type);
    return ok;
}

// A request that may be right: most of what a kernel does, on few frames, with every mistake that goes with it.
static void random_request(struct vcpu *v, struct prng *p, uint64_t *where, uint64_t *value)
{
    enum { FIRST = 0x300, FRAMES = 12 };
    uint64_t base = v->vm->base;
    uint64_t frame = base + ((uint64_t)(FIRST + prng_below(p, FRAMES)) << PAGE_SHIFT);
    uint64_t other = base + ((uint64_t)(FIRST + prng_below(p, FRAMES)) << PAGE_SHIFT);
    static const uint64_t rights[] = {0, 1, 1, 3, 3, 3, 7, 0x83};
    uint64_t entry = other | rights[prng_below(p, 8)];
    switch (prng_below(p, 6)) {
    case 0: *where = frame | 1, *value = 1 + prng_below(p, 5); break;
    case 1: *where = frame | 1, *value = MMU_UNPIN + prng_below(p, 2); break;
    case 2: *where = frame + 8 * prng_below(p, 4), *value = entry; break;
    case 3: // a table that the builder made
        *where = (v->cpu->s.ptbr & PTBR_FRAME) + 8 * prng_below(p, 4), *value = entry;
        break;
    default:
        *where = (PV_VIRT_BASE + (frame - base)) | 2;
        *value = frame | rights[prng_below(p, 6)];
        break;
    }
}

static void bookkeeping_is_exact(void)
{
    unsigned accepted = 0, refused = 0;
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct prng p;
        prng_seed(&p, seed);
        const struct vm_where where = {
            .arch = "type1/paravirt", .holes_open = true, .levels = 2 + (unsigned)(seed % 4)};
        struct vm_test *t =
            vm_test_source("    .entry _start\n_start: movi t2, 9\n    hcall\n", &where);
        REQUIRE(t != NULL);
        struct vcpu *v = &t->vm->vcpu[0];
        for (unsigned i = 0; i < 400; i++) {
            uint64_t at, value;
            random_request(v, &p, &at, &value);
            if (pv_mmu_request(v, at, value) == 0) {
                accepted++;
            } else {
                refused++;
            }
            if (i % 20 == 0 && !CHECK(books_are_right(t->vm))) {
                FAIL("seed %" PRIu64 ", request %u", seed, i);
                break;
            }
        }
        vm_test_free(t);
    }
    CHECK(accepted > 1000 && refused > 1000);
}

// ---- what the mechanisms save ---------------------------------------------------------------------

static void batches_save_hypercalls(void)
{
    struct run_result each, batched;
    REQUIRE(vm_test_workload(
        "forkexec", 5,
        &(struct vm_where){.arch = "type1/paravirt,batch=0", .tickless = true, .holes_open = true},
        &each));
    REQUIRE(vm_test_workload(
        "forkexec", 5,
        &(struct vm_where){.arch = "type1/paravirt", .tickless = true, .holes_open = true},
        &batched));
    vm_test_same(&each, &batched, "forkexec with and without batches");
    CHECK(batched.stats.hypercalls[HC_MMU_UPDATE] * 3 < each.stats.hypercalls[HC_MMU_UPDATE] * 2);
    CHECK(batched.cycles < each.cycles);
    CHECK(batched.stats.hypercalls[HC_MULTICALL] > 0 && each.stats.hypercalls[HC_MULTICALL] == 0);
    // Nothing else differs.
    for (unsigned k = 0; k < HYPERCALL_MAX; k++) {
        if (k != HC_MMU_UPDATE && k != HC_MULTICALL) {
            CHECK_U64(batched.stats.hypercalls[k], each.stats.hypercalls[k]);
        }
    }
    run_result_free(&each);
    run_result_free(&batched);
}

static void system_calls_need_no_hypervisor(void)
{
    struct run_result few, many;
    struct vm_where where = xen;
    where.tickless = true;
    REQUIRE(vm_test_workload("nullcall", 10, &where, &few));
    REQUIRE(vm_test_workload("nullcall", 1010, &where, &many));
    CHECK_U64(many.syscalls - few.syscalls, 1000);
    CHECK_U64(many.exits[EXIT_TRAP_SYSCALL], 0);
    CHECK_U64(many.exits_all, few.exits_all);
    run_result_free(&few);
    run_result_free(&many);
}

// One event for a write of any length; one for a request to the disk, and one interrupt that ends it.
static void split_drivers_are_notified_once(void)
{
    struct run_result few, many;
    struct vm_where where = xen;
    where.tickless = true;
    REQUIRE(vm_test_workload("diskread", 2, &where, &few));
    REQUIRE(vm_test_workload("diskread", 12, &where, &many));
    CHECK_U64(many.stats.hypercalls[HC_EVENT_SEND] - few.stats.hypercalls[HC_EVENT_SEND], 10);
    CHECK_U64(many.stats.kicks - few.stats.kicks, 10);
    CHECK_U64(many.stats.mmio + many.stats.port_io, 0);
    run_result_free(&few);
    run_result_free(&many);
}

// ---- the toy OS's own tests -----------------------------------------------------------------------

static void the_kernel_keeps_its_promises(void)
{
    for (unsigned n = 0; n <= 9; n++) { // the kinds of crash; then what a program may try
        struct run_result native, guest;
        const char *program = n == 9 ? "check" : "crash";
        REQUIRE(vm_test_workload(program, n == 9 ? 0 : n, &(struct vm_where){.holes_open = true},
                                 &native));
        REQUIRE(vm_test_workload(program, n == 9 ? 0 : n, &xen, &guest));
        char what[32];
        snprintf(what, sizeof what, "%s, n = %u", program, n);
        if (!vm_test_same(&native, &guest, what)) {
            FAIL("%.*s", (int)guest.console_size, guest.console);
        }
        run_result_free(&native);
        run_result_free(&guest);
    }
}

static void the_console_is_read(void)
{
    struct run_result native, guest;
    struct vm_where bare = {.holes_open = true, .input = "echo typed before it began\n\004"},
                    where = xen;
    where.input = bare.input;
    REQUIRE(vm_test_workload("sh", 1, &bare, &native));
    REQUIRE(vm_test_workload("sh", 1, &where, &guest));
    vm_test_same(&native, &guest, "a shell that reads the console");
    CHECK(guest.stats.hypercalls[HC_CONSOLE_READ] > 10);
    run_result_free(&native);
    run_result_free(&guest);
}

static void any_number_of_levels(void)
{
    for (unsigned levels = 2; levels <= 5; levels++) {
        struct run_result native, guest;
        REQUIRE(vm_test_workload("mixed", 1, &(struct vm_where){.levels = levels}, &native));
        REQUIRE(vm_test_workload(
            "mixed", 1,
            &(struct vm_where){.arch = "type2/paravirt", .levels = levels, .holes_open = true},
            &guest));
        vm_test_same(&native, &guest, "mixed");
        run_result_free(&native);
        run_result_free(&guest);
    }
}

TEST_SUITE(paravirt, {"a guest that lies to the hypervisor is refused", lies_are_refused},
           {"kernel and hypervisor have the same numbers", both_sides_agree_on_numbers},
           {"page tables cannot be written", tables_cannot_be_written},
           {"devices cannot write page tables", devices_cannot_write_tables},
           {"the types of frames are exact, whatever is asked", bookkeeping_is_exact},
           {"batches save hypercalls and change nothing", batches_save_hypercalls},
           {"a system call does not enter the hypervisor", system_calls_need_no_hypervisor},
           {"a split driver notifies once a request", split_drivers_are_notified_once},
           {"checks and crashes end as on the bare machine", the_kernel_keeps_its_promises},
           {"what is typed arrives", the_console_is_read},
           {"page tables may have two to five levels", any_number_of_levels});
