// The parts of the real path that need no /dev/kvm: the guests as they are built, what is read from the kernel, statistics, the doctor.
#include "cli/model.h"
#include "cli/real.h"
#include "real/calibrate.h"
#include "real/doctor.h"
#include "real/guest.h"
#include "real/layout.h"
#include "real/sample.h"
#include "real/stats.h"
#include "real/trace.h"
#include "sim/prng.h"
#include "tests/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- guests ------------------------------------------------------------------------------------------------

#if defined __x86_64__

static uint64_t word(const struct real_guest *g, uint64_t at)
{
    uint64_t value;
    memcpy(&value, g->ram + at, sizeof value);
    return value;
}

// As a processor walks four levels; UINT64_MAX if nothing is mapped.
static uint64_t translate(const struct real_guest *g, uint64_t va)
{
    uint64_t table = g->start[0].cr3;
    for (int shift = 39; shift >= 12; shift -= 9) {
        uint64_t entry = word(g, table + 8 * (va >> shift & 511));
        if (!(entry & 1)) {
            return UINT64_MAX;
        }
        table = entry & 0xffffffffff000;
    }
    return table | (va & 0xfff);
}

static void test_tables(void)
{
    struct real_guest g;
    REQUIRE(real_guest_micro(&g, REAL_OP_EPT, REAL_INTEL, 100));
    CHECK_U64(translate(&g, 0), UINT64_MAX);
    CHECK_U64(translate(&g, LAYOUT_ABSENT), UINT64_MAX);
    for (uint64_t page = 1; page < LAYOUT_RAM / 4096; page++) {
        if (!CHECK_U64(translate(&g, page * 4096 + 8), page * 4096 + 8)) {
            break;
        }
    }
    for (uint64_t page = 0; page < LAYOUT_FAR_MAX; page++) {
        if (!CHECK_U64(translate(&g, LAYOUT_FAR + page * 4096), LAYOUT_FAR + page * 4096)) {
            break;
        }
    }
    CHECK_U64(translate(&g, LAYOUT_WINDOW), LAYOUT_FRAME_X);
    CHECK_U64(translate(&g, LAYOUT_DEVICE), LAYOUT_DEVICE);
    CHECK_U64(translate(&g, LAYOUT_WILD), LAYOUT_WILD);
    CHECK_U64(word(&g, LAYOUT_FRAME_Y), LAYOUT_FRAME_Y);
    CHECK_MEM(g.ram + LAYOUT_ROOT_A, g.ram + LAYOUT_ROOT_B, 4096);
    CHECK(g.far_size >= (uint64_t)(REAL_WARM + REAL_COUNT_MAX) * 4096);
    real_guest_free(&g);
}

static void test_guests(void)
{
    for (unsigned op = 0; op < REAL_OP_COUNT; op++) {
        struct real_guest g;
        REQUIRE(real_guest_micro(&g, (enum real_op)op, REAL_AMD, REAL_COUNT_MAX));
        uint64_t code = word(&g, LAYOUT_MAILBOX + MAIL_OP);
        CHECK(code > LAYOUT_CODE && code < LAYOUT_STACK_0 - 0x1000);
        CHECK(g.samples + 8 * (uint64_t)REAL_COUNT_MAX <= LAYOUT_FRAME_X);
        CHECK_U64(g.cpus, op == REAL_OP_IPI ? 2 : 1);
        CHECK(g.start[0].ring3 == (op == REAL_OP_SYSCALL));
        for (unsigned v = 0; v < 32; v++) { // every exception has a handler within the code
            uint64_t low = word(&g, g.idt + 16 * v);
            uint64_t handler = (low & 0xffff) | (low >> 48) << 16;
            CHECK(handler > LAYOUT_CODE && handler < LAYOUT_STACK_0 - 0x1000);
        }
        real_guest_free(&g);
    }
    struct real_guest intel, amd;
    REQUIRE(real_guest_micro(&intel, REAL_OP_HYPERCALL, REAL_INTEL, 1));
    REQUIRE(real_guest_micro(&amd, REAL_OP_HYPERCALL, REAL_AMD, 1));
    // Behind a MOV of 5 bytes: VMCALL is 0f 01 c1, VMMCALL 0f 01 d9.
    CHECK_U64(intel.ram[word(&intel, LAYOUT_MAILBOX + MAIL_OP) + 7], 0xc1);
    CHECK_U64(amd.ram[word(&amd, LAYOUT_MAILBOX + MAIL_OP) + 7], 0xd9);
    real_guest_free(&intel);
    real_guest_free(&amd);
}

#else
static void test_tables(void)
{
}
static void test_guests(void)
{
}
#endif

static void test_expected(void)
{
    unsigned e[EXIT_REASONS];
    struct real_platform p = {.vendor = REAL_INTEL, .paging = REAL_NESTED};
    CHECK_U64(real_op_expected(REAL_OP_MMIO, &p, e), 1);
    CHECK_U64(e[EXIT_EPT_MISCONFIG], 1);
    CHECK_U64(real_op_expected(REAL_OP_PTE_FLUSH, &p, e), 0);
    CHECK_U64(real_op_expected(REAL_OP_IPI, &p, e), 6);
    CHECK_U64(e[EXIT_MSR_WRITE], 4);
    p.apicv = true;
    CHECK_U64(real_op_expected(REAL_OP_IPI, &p, e), 4);
    p = (struct real_platform){.vendor = REAL_AMD, .paging = REAL_SHADOW};
    CHECK_U64(real_op_expected(REAL_OP_MMIO, &p, e), 1);
    CHECK_U64(e[EXIT_EXCEPTION_NMI], 1);
    CHECK_U64(real_op_expected(REAL_OP_RDMSR, &p, e), 1);
    CHECK_U64(e[EXIT_MSR_WRITE], 1);
    // Every word of every row is understood: the sum is what the numbers in it add up to.
    for (unsigned op = 0; op < REAL_OP_COUNT; op++) {
        for (int paging = 0; paging < 2; paging++) {
            const struct real_op_info *info = real_op_info((enum real_op)op);
            unsigned sum = info->eois;
            for (const char *at = info->exits[paging]; *at; at++) {
                sum += at[0] >= '0' && at[0] <= '9' && at[-1] == ' ' ? (unsigned)(at[0] - '0') : 0;
            }
            p = (struct real_platform){.vendor = REAL_INTEL,
                                       .paging = paging ? REAL_SHADOW : REAL_NESTED};
            CHECK_U64(real_op_expected((enum real_op)op, &p, e), sum);
            CHECK(real_op_find(info->name) == (enum real_op)op);
        }
    }
    CHECK_U64(real_op_find("nosuch"), REAL_OP_COUNT);
}

static void test_reasons(void)
{
    CHECK_U64(real_reason(REAL_INTEL, 30), EXIT_IO_INSTRUCTION);
    CHECK_U64(real_reason(REAL_INTEL, 0x80000021 & 0xffff0000),
              EXIT_EXCEPTION_NMI); // flags above bit 15
    CHECK_U64(real_reason(REAL_INTEL, 9), EXIT_REASONS);
    CHECK_U64(real_reason(REAL_INTEL, EXIT_TRAP_GP), EXIT_REASONS); // ours, not Intel's
    CHECK_U64(real_reason(REAL_AMD, 0x7b), EXIT_IO_INSTRUCTION);
    CHECK_U64(real_reason(REAL_AMD, 0x4e), EXIT_EXCEPTION_NMI);
    CHECK_U64(real_reason(REAL_AMD, 0x400), EXIT_EPT_VIOLATION);
    CHECK_U64(real_reason(REAL_AMD, 0xffff), EXIT_REASONS);
}

// ---- what the kernel says --------------------------------------------------------------------------------------

// A file of two counters and a histogram, as api.rst lays it out.
static size_t stats_file(uint8_t *out, uint64_t exits, uint64_t irqs)
{
    enum { NAME = 48, STEP = 16 + NAME, DESC = 24 + 48, DATA = DESC + 3 * STEP };
    static const char *const names[] = {"exits", "halt_wait_ns_hist", "irq_exits"};
    const uint32_t header[] = {0, NAME, 3, 24, DESC, DATA};
    memset(out, 0, DATA + 5 * 8);
    memcpy(out, header, sizeof header);
    const uint64_t data[] = {exits, 7, 7, 7, irqs};
    memcpy(out + DATA, data, sizeof data);
    for (uint32_t i = 0; i < 3; i++) {
        uint8_t *d = out + DESC + i * STEP;
        const uint32_t flags = i == 1 ? 4 : 0, offset = i == 2 ? 32 : i * 8;
        const uint16_t size = i == 1 ? 3 : 1;
        memcpy(d, &flags, 4);
        memcpy(d + 6, &size, 2);
        memcpy(d + 8, &offset, 4);
        memcpy(d + 16, names[i], strlen(names[i]) + 1);
    }
    return DATA + 5 * 8;
}

static void test_stats(void)
{
    uint8_t file[1024];
    struct real_stats before, after;
    size_t size = stats_file(file, 100, 3);
    REQUIRE(real_stats_parse(&before, file, size));
    CHECK_U64(before.count, 2);
    CHECK_U64(real_stats_get(&before, "exits"), 100);
    stats_file(file, 150, 5);
    REQUIRE(real_stats_parse(&after, file, size));
    real_stats_subtract(&after, &before);
    CHECK_U64(real_stats_get(&after, "exits"), 50);
    real_stats_add(&after, &before);
    CHECK_U64(real_stats_get(&after, "irq_exits"), 5);
    CHECK_U64(real_stats_get(&after, "nosuch"), 0);
    for (size_t n = 0; n < size; n++) { // cut anywhere: refused
        if (!CHECK(!real_stats_parse(&after, file, n))) {
            break;
        }
    }
    struct prng r;
    prng_seed(&r, 1);
    for (unsigned i = 0; i < 20000;
         i++) { // damaged anywhere: any answer, no crash (sanitizers look on)
        uint8_t bad[1024];
        memcpy(bad, file, size);
        bad[prng_next(&r) % size] = (uint8_t)prng_next(&r);
        bad[prng_next(&r) % 24] = (uint8_t)prng_next(&r);
        uint8_t *exact = malloc(size);
        REQUIRE(exact != NULL);
        memcpy(exact, bad, size);
        real_stats_parse(&after, exact, size);
        free(exact);
    }
}

static void test_trace(void)
{
    static const char text[] =
        "# event histogram\n#\n\n"
        "{ common_pid:        101, exit_reason:         30 } hitcount:          5\n"
        "{ common_pid:        102, exit_reason:         30 } hitcount:          7\n"
        "{ common_pid:        101, exit_reason:         48 } hitcount:          1\n"
        "{ common_pid:        103, exit_reason:         10 } hitcount:         90\n"
        "{ common_pid:        101, exit_reason:       9999 } hitcount:          2\n"
        "\nTotals:\n    Hits: 105\n    Entries: 5\n    Dropped: 0\n";
    struct real_trace_counts c;
    real_trace_parse(text, REAL_INTEL, (const pid_t[]){101, 102}, 2, &c);
    CHECK_U64(c.exits[EXIT_IO_INSTRUCTION], 12);
    CHECK_U64(c.exits[EXIT_EPT_VIOLATION], 1);
    CHECK_U64(c.exits[EXIT_CPUID], 0); // somebody else's
    CHECK_U64(c.exits[REAL_TRACE_OTHER], 2);
    real_trace_parse("{ common_pid: 101, exit_reason", REAL_INTEL, (const pid_t[]){101}, 1, &c);
    CHECK_U64(c.exits[REAL_TRACE_OTHER], 0);
}

// ---- statistics --------------------------------------------------------------------------------------------------

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void test_summary(void)
{
    struct prng r;
    prng_seed(&r, 2);
    for (size_t n = 1; n < 200; n++) { // against the plain definitions
        uint64_t samples[200], distances[200];
        for (size_t i = 0; i < n; i++) {
            samples[i] =
                1000 + prng_next(&r) % 50 + (prng_next(&r) % 10 == 0 ? prng_next(&r) % 100000 : 0);
        }
        struct real_summary s = real_summarize(samples, n);
        for (size_t i = 0; i < n; i++) {
            distances[i] = samples[i] > s.median ? samples[i] - s.median : s.median - samples[i];
        }
        qsort(distances, n, sizeof distances[0], ascending);
        uint64_t low = distances[(n - 1) / 2], high = distances[n / 2];
        if (!CHECK_U64(s.mad, low + (high - low) / 2) ||
            !CHECK(s.min <= s.low && s.low <= s.median && s.median <= s.high && s.high <= s.max) ||
            !CHECK_U64(s.median,
                       samples[(n - 1) / 2] + (samples[n / 2] - samples[(n - 1) / 2]) / 2)) {
            break;
        }
    }
    uint64_t with[] = {100, 101, 102, 103, 104, 9000};
    struct real_summary s = real_summarize(with, 6);
    CHECK_U64(s.outliers, 1);
    CHECK_U64(s.mean, 102);
    uint64_t same[] = {5, 5, 5};
    CHECK_U64(real_summarize(same, 3).outliers, 0);
    CHECK_U64(real_summarize(same, 0).count, 0);
}

// ---- the doctor --------------------------------------------------------------------------------------------------

static char root[64];

static void put_file(const char *path, const char *text)
{
    char name[256];
    for (const char *at = path + 1; (at = strchr(at, '/')); at++) {
        snprintf(name, sizeof name, "%s%.*s", root, (int)(at - path), path);
        mkdir(name, 0700);
    }
    snprintf(name, sizeof name, "%s%s", root, path);
    FILE *file = fopen(name, "w");
    if (CHECK(file != NULL)) {
        fputs(text, file);
        fclose(file);
    }
}

static bool new_root(void)
{
    snprintf(root, sizeof root, "/tmp/ringside-test-XXXXXX");
    return CHECK(mkdtemp(root) != NULL);
}

static void remove_root(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    CHECK_I64(system(command), 0);
}

static const struct real_finding *finding(const struct real_finding *list, size_t n,
                                          const char *title)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].title, title) == 0) {
            return &list[i];
        }
    }
    static const struct real_finding none;
    return &none;
}

static void test_doctor(void)
{
    struct real_probe p;
    struct real_finding list[REAL_FINDINGS_MAX];
    REQUIRE(new_root());
    put_file("/proc/cpuinfo",
             "processor\t: 0\nmodel name\t: Some CPU @ 2.90GHz\ncpu MHz\t\t: 2899.9\n"
             "flags\t\t: fpu lm vmx sse\nvmx flags\t: vnmi ept vpid\n\nprocessor\t: 1\n");
    put_file("/proc/sys/kernel/osrelease", "6.1.0-test\n");
    put_file("/sys/module/kvm_intel/parameters/ept", "N\n");
    put_file("/sys/module/kvm_intel/parameters/enable_apicv", "Y\n");
    put_file("/sys/module/kvm/parameters/x", "0\n");
    put_file("/dev/kvm", "not a device");
    real_probe(root, &p);
    CHECK(p.x86 && p.vmx && !p.svm && p.ept && p.vpid && !p.hypervisor);
    CHECK_STR(p.cpu, "Some CPU @ 2.90GHz");
    CHECK_STR(p.kernel, "6.1.0-test");
    CHECK_U64(p.mhz, 2900);
    CHECK_I64(p.nested_paging, 0);
    CHECK_I64(p.apicv, 1);
    CHECK_I64(p.nesting, -1);
    CHECK(real_probe_platform(&p).paging == REAL_SHADOW && real_probe_platform(&p).apicv);
    CHECK(!real_probe_usable(&p));
    size_t n = real_diagnose(&p, list);
    CHECK(finding(list, n, "CPU flags")->verdict == REAL_GOOD);
    CHECK_STR(finding(list, n, "paging")->found, "shadow (ept=0)");
    CHECK(strstr(finding(list, n, "paging")->remedy, "ept=1") != NULL);
    CHECK(finding(list, n, "/dev/kvm")->verdict == REAL_BAD);
    remove_root();

    REQUIRE(new_root()); // a virtual machine without anything
    put_file("/proc/cpuinfo", "flags : lm hypervisor svm_lock\n");
    real_probe(root, &p);
    n = real_diagnose(&p, list);
    CHECK(!p.svm && p.hypervisor && !p.node && !p.kvm_module);
    CHECK(strstr(finding(list, n, "CPU flags")->remedy, "itself a virtual machine") != NULL);
    remove_root();
}

// ---- the simulator's word ----------------------------------------------------------------------------------------

static void test_predicted(void)
{
    struct cpu_model model;
    REQUIRE(model_load(MODEL_DEFAULT, &model) == CLI_OK);
    for (unsigned i = 0; i < 2 * REAL_OP_COUNT; i++) {
        enum real_op op = (enum real_op)(i / 2);
        struct real_platform p = {.vendor = REAL_INTEL,
                                  .paging = i % 2 ? REAL_SHADOW : REAL_NESTED};
        struct real_prediction predicted;
        unsigned expected[EXIT_REASONS];
        char err[256];
        if (real_op_info(op)->rogue) {
            continue;
        }
        if (!real_predict(op, &p, &model, &predicted, err, sizeof err)) {
            FAIL("%s: %s", real_op_info(op)->name, err);
            continue;
        }
        real_op_expected(op, &p, expected);
        bool same = true;
        for (unsigned r = 0; r < EXIT_REASONS; r++) {
            bool agree = real_reason_by_chance(r) || predicted.exits[r] == expected[r];
            if (!agree && !real_differs(op, p.paging)) {
                FAIL("%s, %s paging: %u exits %s, expected %u", real_op_info(op)->name,
                     real_paging_name(p.paging), predicted.exits[r], exit_name(r), expected[r]);
            }
            same = same && agree;
        }
        CHECK(!same || !real_differs(op, p.paging)); // an excuse that is not needed hides something
    }
    cpu_model_free(&model);
}

// ---- the model that is written ---------------------------------------------------------------------------------

static char *model_text(const struct cpu_model *m, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    if (CHECK(out != NULL)) {
        real_model_write(out, m, "first line\nsecond \"line\" \xc3\xbc\n");
        fclose(out);
    }
    return text;
}

static void test_model_file(void)
{
    struct cpu_model model, again;
    char err[512];
    size_t size = 0;
    REQUIRE(model_load("p4-672", &model) == CLI_OK);
    model.cost[COST_VMX_EXIT] = (struct cost_value){4711, COST_MEASURED, "a \"quoted\" source"};
    char *text = model_text(&model, &size);
    REQUIRE(text != NULL);
    if (CHECK(cpu_model_parse(&again, "t.cpu", text, size, err, sizeof err))) {
        CHECK_STR(again.name, model.name);
        CHECK_STR(again.title, model.title);
        CHECK_U64(again.mhz, model.mhz);
        CHECK_U64(again.features, model.features);
        CHECK_MEM(&again.tlb, &model.tlb, sizeof again.tlb);
        CHECK_STR(again.cost[COST_VMX_EXIT].source, "a ?quoted? source");
        for (unsigned k = 0; k < COST_COUNT; k++) {
            CHECK_U64(again.cost[k].value, model.cost[k].value);
            CHECK(again.cost[k].kind == model.cost[k].kind);
        }
        cpu_model_free(&again);
    } else {
        FAIL("%s", err);
    }
    for (size_t cut = size - 2; cut > 0;
         cut -= cut < 97 ? cut : 97) { // cut short: refused, with a line
        if (cpu_model_parse(&again, "t.cpu", text, cut, err, sizeof err)) {
            FAIL("%zu of %zu bytes are taken for a model", cut, size);
            cpu_model_free(&again);
            break;
        }
        CHECK(strncmp(err, "t.cpu:", 6) == 0 && !strchr(err, '\n'));
    }
    free(text);
    cpu_model_free(&model);
}

static void test_calibrate(void)
{
    struct cpu_model m;
    REQUIRE(model_load(MODEL_DEFAULT, &m) == CLI_OK);
    const struct real_calibration
        two = {REAL_OP_CPUID, {COST_VMX_EXIT, COST_VMX_ENTRY}, true, true, true, true},
        one = {REAL_OP_PIO_USER, {COST_HOST_USER, COST_HOST_USER}, true, true, true, true};
    m.cost[COST_VMX_EXIT].value = 300;
    m.cost[COST_VMX_ENTRY].value = 600;
    CHECK_I64(real_calibrate(&two, &m, 2000, 1100000, 1000),
              0); // 900 cycles are missing: one third, two thirds
    CHECK_U64(m.cost[COST_VMX_EXIT].value, 600);
    CHECK_U64(m.cost[COST_VMX_ENTRY].value, 1200);
    CHECK_I64(real_calibrate(&two, &m, 100, 3000000, 1000), -1100); // no cost is less than nothing
    CHECK_U64(m.cost[COST_VMX_EXIT].value + m.cost[COST_VMX_ENTRY].value, 0);
    m.cost[COST_HOST_USER].value = 10;
    CHECK_I64(real_calibrate(&one, &m, 1000, 500000, 2000), 0); // paid twice in each operation
    CHECK_U64(m.cost[COST_HOST_USER].value, 260);
    CHECK_I64(real_calibrate(&one, &m, 1000, 500000, 0), 500); // it does not depend on the cost
    const struct real_calibration insn = {
        REAL_OP_CR3_LOAD, {COST_LPTBR, COST_LPTBR}, true, true, true, true};
    m.cost[COST_LPTBR].value = 100;
    CHECK_I64(real_calibrate(&insn, &m, 2, 120000, 1000), -19); // no instruction is free
    CHECK_U64(m.cost[COST_LPTBR].value, 1);
    cpu_model_free(&m);
    // Every platform sets the way there and back once, from an exit that has no decoder in it.
    for (unsigned k = 0; k < 4; k++) {
        struct real_platform p = {.paging = k & 1 ? REAL_SHADOW : REAL_NESTED, .decodes = k & 2};
        unsigned ways = 0;
        for (size_t i = 0; real_calibration(i); i++) {
            const struct real_calibration *row = real_calibration(i);
            if (row->cost[0] == COST_VMX_EXIT && real_calibration_holds(row, &p)) {
                ways++;
                CHECK(row->op == (p.decodes ? REAL_OP_PIO_KERNEL : REAL_OP_CPUID));
            }
        }
        CHECK_U64(ways, 1);
    }
    for (size_t i = 0; real_calibration(i); i++) {
        CHECK(!real_op_info(real_calibration(i)->op)->rogue);
    }
}

TEST_SUITE(real, {"a micro-guest's page tables lead where its code looks", test_tables},
           {"every operation has its guest, within its memory", test_guests},
           {"the expected exits are understood, and depend on the platform as they must",
            test_expected},
           {"exit codes of both vendors have the simulator's names", test_reasons},
           {"the kernel's binary statistics are read, and damaged ones refused", test_stats},
           {"the histogram of a trace event is read, for the threads asked for", test_trace},
           {"medians, deviations and outliers are what their definitions say", test_summary},
           {"the doctor reads another computer's files and says what they mean", test_doctor},
           {"the simulator predicts the exits of every operation, but where it is known why not",
            test_predicted},
           {"a written model is read again as it was, and refused if it was cut short",
            test_model_file},
           {"a cost makes up what is missing, within its bounds", test_calibrate});
