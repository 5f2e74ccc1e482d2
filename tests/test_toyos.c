// The toy OS on the bare machine: its workloads compute what they should on every machine, its kernel keeps its promises, and its
// failures are reported.
#include "cli/data.h"
#include "cli/guest.h"
#include "cli/model.h"
#include "sim/cpu.h"
#include "sim/isa.h"
#include "sim/world.h"
#include "tests/test.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// ---- booting -------------------------------------------------------------------------------------

// A machine that the toy OS can be booted on.
struct setting {
    const char *cpu;
    unsigned cpus, levels;
    uint64_t ram, quantum; // 0: the defaults
    bool holes_closed;
};

struct booted {
    struct cpu_model model;
    struct machine *machine;
    enum stop_reason reason;
    const char *console;
    size_t console_size;
};

// Ends of runs that never end by themselves.
#define LIMIT UINT64_C(300000000)

static bool boot_prepare(struct booted *b, const struct toyos *os, const struct setting *s,
                         const char *line)
{
    char err[256];
    *b = (struct booted){0};
    if (!CHECK(model_load(s->cpu ? s->cpu : MODEL_DEFAULT, &b->model) == CLI_OK)) {
        return false;
    }
    struct machine_config config;
    machine_config_default(&config);
    config.model = &b->model;
    config.ram = s->ram ? s->ram : TOYOS_RAM_DEFAULT;
    config.cpus = s->cpus ? s->cpus : 1;
    config.levels = s->levels ? s->levels : 4;
    config.holes_closed = s->holes_closed;
    config.quantum = s->quantum ? s->quantum : config.quantum;
    b->machine = machine_create(&config, err, sizeof err);
    const struct toyos_boot boot = {
        .ram = config.ram, .cpus = config.cpus, .seed = 1, .command_line = line};
    if (!b->machine || !toyos_load(os, &boot, b->machine, err, sizeof err)) {
        return FAIL("%s: %s", line, err);
    }
    return true;
}

static void boot_look(struct booted *b)
{
    char err[256];
    b->reason = machine_stop_info(b->machine)->reason;
    b->console = machine_console(b->machine, &b->console_size);
    if (!machine_accounting_ok(b->machine, err, sizeof err)) {
        FAIL("%s", err);
    }
}

static bool boot(struct booted *b, const struct toyos *os, const struct setting *s,
                 const char *line)
{
    if (!boot_prepare(b, os, s, line)) {
        return false;
    }
    machine_run(b->machine, UINT64_MAX, LIMIT);
    boot_look(b);
    return true;
}

static void boot_free(struct booted *b)
{
    machine_destroy(b->machine);
    cpu_model_free(&b->model);
}

static bool said(const struct booted *b, const char *text)
{
    size_t n = strlen(text);
    for (size_t at = 0; at + n <= b->console_size; at++) {
        if (memcmp(b->console + at, text, n) == 0) {
            return true;
        }
    }
    return false;
}

// The built-in system, built once for all tests.
static const struct toyos *native(void)
{
    static struct toyos os;
    static bool built;
    if (!built) {
        built = CHECK(guest_build(NULL, false, &os) == CLI_OK);
    }
    return built ? &os : NULL;
}

// Boots workload w with length n; its checksum must be right and the end in order.
static bool right(const struct toyos *os, const struct setting *s, const struct toyos_workload *w,
                  uint64_t n, struct booted *b)
{
    char line[96];
    uint64_t checksum = 0;
    snprintf(line, sizeof line, "workload=%s n=%" PRIu64, w->name, n);
    if (!boot(b, os, s, line)) {
        return false;
    }
    const struct stop_info *stop = machine_stop_info(b->machine);
    bool there = toyos_checksum(b->console, b->console_size, w->name, &checksum);
    if (b->reason != STOP_POWEROFF || stop->status != 0 || !there || checksum != w->expected(n)) {
        return FAIL("%s, n = %" PRIu64 ", %u processors, %u levels, %s: reason %d, status %u, "
                    "checksum %016" PRIx64 " instead of %016" PRIx64 "; console:\n%.*s",
                    w->name, n, s->cpus, s->levels, b->model.name, b->reason, stop->status,
                    checksum, w->expected(n), (int)b->console_size, b->console);
    }
    return true;
}

// ---- workloads -----------------------------------------------------------------------------------

static void check_lengths(void)
{
    const struct toyos *os = native();
    const struct setting setting = {.cpus = 1, .levels = 4};
    size_t count;
    const struct toyos_workload *list = toyos_workloads(&count);
    REQUIRE(os != NULL);
    for (size_t i = 0; i < count; i++) {
        static const uint64_t lengths[] = {0, 1, 2, 17};
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            struct booted b;
            right(os, &setting, &list[i], lengths[k], &b);
            boot_free(&b);
        }
    }
}

static void check_default_lengths(void)
{
    const struct toyos *os = native();
    const struct setting setting = {.cpus = 1, .levels = 4};
    size_t count;
    const struct toyos_workload *list = toyos_workloads(&count);
    REQUIRE(os != NULL);
    for (size_t i = 0; i < count; i++) {
        struct booted b;
        if (right(os, &setting, &list[i], list[i].default_n, &b)) {
            uint64_t instructions = machine_counters(b.machine, 0)->instructions;
            bool small = strcmp(list[i].name, "hello") == 0;
            if (instructions > 20000000 || (!small && instructions < 1000000)) {
                FAIL("%s: %" PRIu64 " instructions", list[i].name, instructions);
            }
        }
        boot_free(&b);
    }
}

// All machines worth telling apart; the last ones interleave processors finely, oddly and coarsely.
static const struct setting settings[] = {
    {.cpus = 1, .levels = 2},
    {.cpus = 2, .levels = 3, .cpu = "p4-672"},
    {.cpus = 3, .levels = 5, .cpu = "merom"},
    {.cpus = 8, .levels = 4, .ram = UINT64_C(16) << 20, .cpu = "nehalem"},
    {.cpus = 1, .levels = 3, .ram = UINT64_C(1) << 30, .holes_closed = true},
    {.cpus = 4, .levels = 2, .cpu = "risc"},
    {.cpus = 64, .levels = 4},
    {.cpus = 4, .levels = 4, .quantum = 1},
    {.cpus = 4, .levels = 4, .quantum = 37},
    {.cpus = 5, .levels = 4, .quantum = 100000},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

// Small lengths; those whose interest lies in concurrency get longer ones.
static uint64_t short_length(const struct toyos_workload *w)
{
    bool busy = strcmp(w->name, "threads") == 0 || strcmp(w->name, "compile") == 0 ||
                strcmp(w->name, "ctxsw") == 0;
    uint64_t n = w->default_n / (busy ? 5 : 40);
    return n ? n : 1;
}

// ---- what a run leaves ---------------------------------------------------------------------------

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 32;
}

// Mixes in the pages below a table that ring 3 may use: their addresses and contents, not their frames.
static uint64_t hash_table(const struct machine *m, uint64_t table, unsigned level, uint64_t va,
                           unsigned entries, uint64_t h)
{
    uint64_t row[512], words[512];
    machine_read(m, table, row, sizeof row);
    for (unsigned i = 0; i < entries; i++) {
        uint64_t at = va | (uint64_t)i << (PAGE_SHIFT + LEVEL_BITS * (level - 1));
        uint64_t frame = row[i] & UINT64_C(0xfffffff000);
        if (!(row[i] & 1) || !(row[i] & 4)) {
            continue;
        }
        if (level > 1) {
            h = hash_table(m, frame, level - 1, at, 512, h);
            continue;
        }
        machine_read(m, frame, words, sizeof words);
        h = mix(h, at);
        for (unsigned k = 0; k < 512; k++) {
            h = mix(h, words[k]);
        }
    }
    return h;
}

// What the last program could see when the machine stopped: its registers and its memory.
static uint64_t user_state(const struct booted *b, unsigned levels)
{
    const struct cpu_state *s = machine_registers(b->machine, machine_stop_info(b->machine)->cpu);
    uint64_t h = 0;
    for (unsigned r = 0; r < REG_COUNT; r++) {
        h = mix(h, s->r[r]);
    }
    return hash_table(b->machine, s->ptbr & UINT64_C(0xfffffff000), levels, 0, 256, h);
}

static void check_machines(void)
{
    const struct toyos *os = native();
    size_t count;
    const struct toyos_workload *list = toyos_workloads(&count);
    REQUIRE(os != NULL);
    for (size_t i = 0; i < count; i++) {
        uint64_t first = 0;
        for (size_t k = 0; k < SETTINGS; k++) {
            struct booted b;
            if (right(os, &settings[k], &list[i], short_length(&list[i]), &b)) {
                uint64_t state = user_state(&b, settings[k].levels);
                first = k == 0 ? state : first;
                if (state != first) {
                    FAIL("%s: what init leaves depends on the machine (setting %zu)", list[i].name,
                         k);
                }
            }
            boot_free(&b);
        }
    }
}

static void check_twice(void)
{
    const struct toyos *os = native();
    const struct setting setting = {.cpus = 3, .levels = 4};
    uint64_t hash[2] = {0, 1};
    REQUIRE(os != NULL);
    for (int i = 0; i < 2; i++) {
        struct booted b;
        if (boot(&b, os, &setting, "workload=mixed n=1")) {
            hash[i] = machine_state_hash(b.machine);
        }
        boot_free(&b);
    }
    CHECK_U64(hash[0], hash[1]);
}

// ---- the kernel's promises -----------------------------------------------------------------------

static void check_promises(void)
{
    const struct toyos *os = native();
    REQUIRE(os != NULL);
    for (size_t k = 0; k < SETTINGS; k++) {
        struct booted b;
        struct setting setting = settings[k];
        setting.holes_closed = false; // it uses WRFLAGS
        if (boot(&b, os, &setting, "workload=check") &&
            (!said(&b, "check: all is well\n") || machine_stop_info(b.machine)->status != 0)) {
            FAIL("setting %zu: %.*s", k, (int)b.console_size, b.console);
        }
        boot_free(&b);
    }
}

static void check_crashes(void)
{
    static const char *const messages[] = {
        "killed: #PF at 0x0000000000000000, pc 0x00000000004", // a null pointer
        "killed: #PF at 0xffffffffe0010000, pc",               // the kernel's memory
        "killed: #PF at 0x00000000004",                        // its own code
        "killed: #PF at 0x00000000004",                        // jumped into data
        "killed: #DE, pc",
        "killed: #GP, pc", // a privileged instruction
        "killed: #UD, pc",
        "killed: #GP, pc", // a vector that is not for programs
        "killed: out of memory, pc",
    };
    const struct toyos *os = native();
    const struct setting setting = {.cpus = 2, .levels = 4, .ram = TOYOS_RAM_MIN};
    REQUIRE(os != NULL);
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        char line[64];
        struct booted b;
        snprintf(line, sizeof line, "workload=crash:%zu,hello:1", i);
        if (boot(&b, os, &setting, line)) {
            CHECK(said(&b, messages[i]));
            CHECK(said(&b, "hello: checksum 0x")); // the others go on
            CHECK_U64(machine_stop_info(b.machine)->status, 1);
        }
        boot_free(&b);
    }
}

static void check_missing_program(void)
{
    const struct toyos *os = native();
    const struct setting setting = {.cpus = 1, .levels = 4};
    struct booted b;
    REQUIRE(os != NULL);
    if (boot(&b, os, &setting, "workload=nothing")) {
        CHECK(said(&b, "init: there is no program bin/nothing\n"));
        CHECK_U64(machine_stop_info(b.machine)->status, 1);
    }
    boot_free(&b);
}

static void check_shell(void)
{
    const struct toyos *os = native();
    const struct setting setting = {.cpus = 2, .levels = 4};
    static const char typed[] =
        "count 9 | sum\nnothing\n# no command\ncount 3000 | sum | sum\n\004";
    struct booted b;
    REQUIRE(os != NULL);
    if (boot_prepare(&b, os, &setting, "workload=sh opt=i")) {
        machine_console_input(b.machine, typed, strlen(typed));
        machine_run(b.machine, UINT64_MAX, LIMIT);
        boot_look(&b);
        CHECK(said(&b, "$ sum 36\n"));
        CHECK(said(&b, "bin/nothing: there is no such program\n"));
        CHECK(said(&b, "sum 4498500\n"));
        CHECK_U64(machine_stop_info(b.machine)->status, 0);
    }
    boot_free(&b);
}

static void check_two_machines(void)
{
    static const char *const lines[] = {"workload=netrr n=50 opt=c peer=2",
                                        "workload=netrr n=50 opt=s peer=1"};
    const struct toyos *os = native();
    const struct setting setting = {.cpus = 1, .levels = 4};
    struct world *w = world_create();
    struct booted b[2];
    uint64_t checksum = 0;
    REQUIRE(os != NULL && w != NULL);
    for (int i = 0; i < 2; i++) {
        REQUIRE(boot_prepare(&b[i], os, &setting, lines[i]));
        CHECK_I64(world_add(w, b[i].machine), i);
    }
    CHECK_U64(world_run(w, UINT64_C(1000000000)), 2);
    boot_look(&b[0]);
    boot_look(&b[1]);
    CHECK(toyos_checksum(b[0].console, b[0].console_size, "netrr", &checksum));
    CHECK_U64(checksum, toyos_workload_find("netrr")->expected(50));
    CHECK(machine_stop_info(b[1].machine)->reason == STOP_POWEROFF);
    world_destroy(w);
    boot_free(&b[0]);
    boot_free(&b[1]);
}

// ---- broken kernels ------------------------------------------------------------------------------

// A source with one text replaced.
struct patch {
    const char *file, *from, *to;
    char *text; // the result
    unsigned errors;
    char first[256]; // the first of them
};

static bool find_patched(void *ctx, const char *name, struct asm_source *out)
{
    struct patch *p = ctx;
    char path[128];
    snprintf(path, sizeof path, "guest/%s", name);
    const struct data_file *file = data_find(path);
    if (!file || (!p->from && strcmp(name, p->file) == 0)) {
        return false;
    }
    *out = (struct asm_source){.name = file->name, .text = file->text, .size = file->size};
    const char *at = strcmp(name, p->file) == 0 ? strstr(file->text, p->from) : NULL;
    if (at) {
        size_t before = (size_t)(at - file->text), room = file->size + strlen(p->to) + 1;
        free(p->text);
        p->text = malloc(room);
        if (!CHECK(p->text != NULL)) {
            return false;
        }
        int n = snprintf(p->text, room, "%.*s%s%s", (int)before, file->text, p->to,
                         at + strlen(p->from));
        *out = (struct asm_source){.name = file->name, .text = p->text, .size = (size_t)n};
    }
    return true;
}

static void take_error(void *ctx, const struct asm_diagnostic *error)
{
    struct patch *p = ctx;
    if (p->errors++ == 0) {
        snprintf(p->first, sizeof p->first, "%s:%u: %s", error->file, error->line, error->text);
    }
}

// Boots hello on a kernel changed in one place.
static bool boot_patched(struct patch *p, struct booted *b, unsigned cpus)
{
    const struct toyos_sources sources = {find_patched, take_error, p};
    const struct setting setting = {.cpus = cpus, .levels = 4};
    struct toyos os;
    char err[256];
    if (!toyos_build(&os, &sources, false, err, sizeof err)) {
        return FAIL("%s: %s", err, p->first);
    }
    CHECK(p->text != NULL); // the place was found
    bool ok = boot(b, &os, &setting, "workload=nullcall n=1");
    toyos_free(&os);
    free(p->text);
    return ok;
}

static void check_panic(void)
{
    struct patch load = {.file = "kernel/syscall.s",
                         .from = "sys_getpid:\n",
                         .to = "sys_getpid:\n li a0, 0xffffffffffff0000\n std a0, [a0]\n"};
    struct booted b;
    if (boot_patched(&load, &b, 2)) {
        CHECK(b.reason == STOP_POWEROFF);
        CHECK_U64(machine_stop_info(b.machine)->status, TOYOS_PANIC);
        CHECK(said(&b, "kernel panic: page fault in the kernel\n"));
        CHECK(said(&b, "address 0xffffffffffff0000\n"));
        CHECK(said(&b, "  a0 0xffffffffffff0000"));
    }
    boot_free(&b);
    struct patch divide = {.file = "kernel/syscall.s",
                           .from = "sys_getpid:\n",
                           .to = "sys_getpid:\n div a0, a0, zero\n"};
    if (boot_patched(&divide, &b, 1)) {
        CHECK_U64(machine_stop_info(b.machine)->status, TOYOS_PANIC);
        CHECK(said(&b, "kernel panic: exception in the kernel\n  vector #DE"));
    }
    boot_free(&b);
    // A stack that is used up is found at the next switch, before it does harm elsewhere.
    struct patch stack = {.file = "kernel/syscall.s",
                          .from = "sys_getpid:\n",
                          .to = "sys_getpid:\n CURRENT a0\n std zero, [a0+T_MAGIC]\n"};
    if (boot_patched(&stack, &b, 1)) {
        CHECK_U64(machine_stop_info(b.machine)->status, TOYOS_PANIC);
        CHECK(said(&b, "kernel panic: a kernel stack has overflowed\n  pc 0xffffffff"));
    }
    boot_free(&b);
}

static void check_triple_fault(void)
{
    struct patch p = {.file = "kernel/boot.s", .from = "    ARCH_LOAD_VECTORS a0\n", .to = ""};
    struct booted b;
    if (boot_patched(&p, &b, 1)) {
        CHECK(b.reason == STOP_TRIPLE_FAULT);
    }
    boot_free(&b);
}

static void check_bad_sources(void)
{
    struct patch wrong = {
        .file = "user/hello.s", .from = "    MAIN\n", .to = "    MAIN\n frobnicate a0\n"};
    struct patch missing = {.file = "kernel/vm.s"};
    const struct toyos_sources with_wrong = {find_patched, take_error, &wrong},
                               without = {find_patched, take_error, &missing};
    struct toyos os;
    char err[256];
    CHECK(!toyos_build(&os, &with_wrong, false, err, sizeof err));
    CHECK_U64(wrong.errors, 1);
    CHECK_STR(err, "1 error in user/hello.s");
    CHECK(strstr(wrong.first, "guest/user/hello.s:6: ") == wrong.first);
    free(wrong.text);
    CHECK(!toyos_build(&os, &without, false, err, sizeof err));
    CHECK(missing.errors > 0 && strstr(missing.first, "guest/kernel/kernel.s:") == missing.first);
    missing.file = "user/sieve.s";
    CHECK(!toyos_build(&os, &without, false, err, sizeof err));
    CHECK_STR(err, "the toy OS's source user/sieve.s is missing");
}

// ---- building ------------------------------------------------------------------------------------

static bool refuse(void *ctx, uint64_t addr, const void *from, size_t n)
{
    (void)from;
    const uint64_t *ram = ctx;
    return addr + n <= *ram;
}

static void check_placing(void)
{
    const struct toyos *os = native();
    char err[256], line[TOYOS_COMMAND_LINE_MAX + 1];
    uint64_t ram = TOYOS_RAM_DEFAULT;
    struct toyos_boot boot = {.ram = ram, .cpus = 1, .command_line = "workload=hello"};
    REQUIRE(os != NULL);
    CHECK(toyos_place(os, &boot, refuse, &ram, err, sizeof err));
    ram = 1 << 20;
    CHECK(!toyos_place(os, &boot, refuse, &ram, err, sizeof err));
    CHECK_STR(err, "the toy OS does not fit into memory");
    boot.ram = 8 << 20;
    CHECK(!toyos_place(os, &boot, refuse, &ram, err, sizeof err));
    CHECK_STR(err, "8 MiB of memory; the toy OS wants 16 at least");
    boot.ram = TOYOS_RAM_DEFAULT;
    memset(line, 'x', TOYOS_COMMAND_LINE_MAX);
    line[TOYOS_COMMAND_LINE_MAX] = '\0';
    boot.command_line = line;
    CHECK(!toyos_place(os, &boot, refuse, &ram, err, sizeof err));
}

// How many instructions a kernel has that only ring 0, or not every ring, may execute, or that are holes.
// `but`: an instruction that does not count.
static unsigned privileged(const struct image *img, enum isa_op but)
{
    unsigned found = 0;
    for (size_t i = 0; i < img->segment_count; i++) {
        const struct image_segment *s = &img->segments[i];
        for (size_t at = 0; s->flags & IMAGE_EXEC && at + 4 <= s->size; at += 4) {
            uint32_t word;
            memcpy(&word, s->bytes + at, sizeof word);
            struct insn in = isa_decode(word);
            found += in.op != OP_INVALID && in.op != but && isa_row(in.op)->priv != PRIV_ANY;
        }
    }
    return found;
}

static void check_paravirtual(void)
{
    struct toyos os;
    REQUIRE(native() != NULL);
    REQUIRE(guest_build(NULL, true, &os) == CLI_OK);
    CHECK(privileged(&native()->kernel.image, OP_INVALID) > 50);
    // But IRET, once: the hypervisor lets the kernel return outward by itself (docs/paravirt.md).
    CHECK_U64(privileged(&os.kernel.image, OP_IRET), 0);
    CHECK_U64(privileged(&os.kernel.image, OP_INVALID), 1);
    toyos_free(&os);
}

TEST_SUITE(toyos, {"workloads compute what they should, from length 0 on", check_lengths},
           {"their default lengths take 1 to 20 million instructions", check_default_lengths},
           {"checksums and what init leaves are the same on every machine", check_machines},
           {"two runs are the same to the last bit", check_twice},
           {"the kernel answers right and wrong calls as it should", check_promises},
           {"a fault ends its process only, with a message", check_crashes},
           {"init says that a program is missing", check_missing_program},
           {"the shell takes commands from the console", check_shell},
           {"two machines talk over the switch", check_two_machines},
           {"a fault in the kernel shows registers and stops the machine", check_panic},
           {"without vectors the first fault is a triple fault", check_triple_fault},
           {"errors in the sources are reported with their place", check_bad_sources},
           {"what does not fit is refused", check_placing},
           {"the paravirtual kernel has no privileged instruction", check_paravirtual});
