// CPU models: the shipped ones are complete and add up to the published figures they claim; every way to break a file gets one line with its
// place and its remedy.
#include "cli/data.h"
#include "cli/model.h"
#include "sim/prng.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- the shipped models --------------------------------------------------------------------------

static void all_parse(void)
{
    struct model_names names;
    model_names(&names);
    CHECK(names.count >= 9);
    for (size_t i = 0; i < names.count; i++) {
        struct cpu_model m;
        REQUIRE(CHECK(model_load(names.list[i], &m) == CLI_OK));
        CHECK_STR(m.name, names.list[i]);
        CHECK(strlen(m.vendor) > 0 && strlen(m.vendor) <= 12);
        for (unsigned k = 0; k < COST_COUNT; k++) {
            CHECK(m.cost[k].source[0] != '\0');
        }
        cpu_model_free(&m);
    }
}

// Only what was read or computed from PUBLISHED.md may call itself published or derived.
static void sources_are_keys(void)
{
    static const char *const papers[] = {"ADAMS06 ", "AGESEN12 ", "BHARGAVA08 ", "DISCO97 ", NULL};
    struct model_names names;
    model_names(&names);
    for (size_t i = 0; i < names.count; i++) {
        struct cpu_model m;
        REQUIRE(CHECK(model_load(names.list[i], &m) == CLI_OK));
        for (unsigned k = 0; k < COST_COUNT; k++) {
            bool paper = false;
            for (unsigned p = 0; papers[p]; p++) {
                paper |= strncmp(m.cost[k].source, papers[p], strlen(papers[p])) == 0;
            }
            // A line rate is arithmetic on the name of the network, not a figure of anybody's.
            bool line_rate = k == COST_NIC_KIB && strstr(m.cost[k].source, "Mbit/s Ethernet");
            line_rate |= k == COST_NIC_KIB && strstr(m.cost[k].source, "Gbit/s Ethernet");
            if (m.cost[k].kind == COST_PUBLISHED || m.cost[k].kind == COST_DERIVED) {
                if (!CHECK(paper || line_rate)) {
                    FAIL("%s: %s is %s by '%s'", m.name, cost_key_name((enum cost_key)k),
                         cost_kind_name(m.cost[k].kind), m.cost[k].source);
                }
            }
        }
        cpu_model_free(&m);
    }
}

static uint32_t value(const struct cpu_model *m, enum cost_key k)
{
    return m->cost[k].value;
}

// AGESEN12 Table 1: round trips by generation, whatever the division between in and out.
static void round_trips(void)
{
    static const struct {
        const char *cpu;
        unsigned cycles;
    } table[] = {{"p4-672", 3963},  {"merom", 1579},   {"penryn", 1266},
                 {"nehalem", 1009}, {"westmere", 761}, {"sandybridge", 784}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct cpu_model m;
        REQUIRE(CHECK(model_load(table[i].cpu, &m) == CLI_OK));
        CHECK_U64(value(&m, COST_VMX_ENTRY) + value(&m, COST_VMX_EXIT), table[i].cycles);
        cpu_model_free(&m);
    }
}

// ADAMS06 Table 1 and the native column of its raw data.
static void asplos_2006(void)
{
    struct cpu_model m;
    REQUIRE(CHECK(model_load("p4-672", &m) == CLI_OK));
    CHECK_U64(value(&m, COST_VMX_ENTRY), 2409);
    CHECK_U64(value(&m, COST_VMX_EXIT) + value(&m, COST_VMX_EXIT_FAULT), 1931);
    CHECK_U64(value(&m, COST_VMX_READ), 178);
    CHECK_U64(value(&m, COST_VMX_WRITE), 171);
    CHECK_U64(value(&m, COST_SYSCALL) + value(&m, COST_SYSRET), 242);
    CHECK_U64(value(&m, COST_CALL) + value(&m, COST_JALR), 11);
    CHECK_U64(value(&m, COST_IN), 3209);
    CHECK_U64(value(&m, COST_CR8), 150);
    const unsigned event = value(&m, COST_EXCEPTION) + value(&m, COST_IRET), handler = 4;
    CHECK_U64(value(&m, COST_DIV) + event + handler, 889);
    CHECK_U64(value(&m, COST_LOAD) + 4 * value(&m, COST_WALK_REF) + event +
                  value(&m, COST_PAGE_FAULT) + handler,
              1093);
    cpu_model_free(&m);
    REQUIRE(CHECK(model_load("merom", &m) == CLI_OK));
    CHECK_U64(value(&m, COST_VMX_ENTRY), 937);
    CHECK_U64(value(&m, COST_VMX_EXIT) + value(&m, COST_VMX_EXIT_FAULT), 1186);
    CHECK_U64(value(&m, COST_VMX_READ), 52);
    CHECK_U64(value(&m, COST_VMX_WRITE), 44);
    cpu_model_free(&m);
}

// History in the order it happened: whoever has a later feature has what it stands on.
static void features(void)
{
    static const struct {
        const char *cpu;
        bool vtx, ept, apicv, closed;
    } table[] = {{"p4-672", true, false, false, false},
                 {"penryn", true, false, false, false},
                 {"nehalem", true, true, false, false},
                 {"xeon", true, true, true, false},
                 {"risc", false, false, false, true}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct cpu_model m;
        REQUIRE(CHECK(model_load(table[i].cpu, &m) == CLI_OK));
        CHECK(cpu_model_has(&m, CPU_FEATURE_VTX) == table[i].vtx);
        CHECK(cpu_model_has(&m, CPU_FEATURE_EPT) == table[i].ept);
        CHECK(cpu_model_has(&m, CPU_FEATURE_APICV) == table[i].apicv);
        CHECK(cpu_model_has(&m, CPU_FEATURE_HOLES_CLOSED) == table[i].closed);
        cpu_model_free(&m);
    }
}

static void cycles(void)
{
    struct cpu_model m = {.mhz = 2500};
    m.cost[COST_ALU].value = 7;
    m.cost[COST_DISK_SEEK].value = 80000;
    m.cost[COST_LINK].value = 1;
    m.cost[COST_DISK_KIB].value = 342;
    CHECK_U64(cost_cycles(&m, COST_ALU), 7);
    CHECK_U64(cost_cycles(&m, COST_DISK_SEEK), 200000);
    CHECK_U64(cost_cycles(&m, COST_LINK), 3);                      // 2.5, rounded up
    CHECK_U64(cost_cycles_for(&m, COST_DISK_KIB, 512, 1024), 428); // 171 ns
    CHECK_U64(cost_cycles_for(&m, COST_DISK_KIB, 0, 1024), 0);
    m.mhz = 100000; // the largest of everything does not overflow
    m.cost[COST_DISK_KIB].value = 1000000000;
    CHECK_U64(cost_cycles_for(&m, COST_DISK_KIB, UINT32_MAX, 1), UINT64_C(100000000000000000));
}

// ---- broken files --------------------------------------------------------------------------------

static const struct data_file *shipped(void)
{
    return data_find("data/cpus/p4-672.cpu");
}

// Parses the shipped file with the first `from` replaced by `to`; returns the error ("" if there is none).
static const char *replaced(const char *from, const char *to)
{
    static char err[400];
    const struct data_file *f = shipped();
    const char *at = strstr(f->text, from);
    if (!CHECK(at != NULL)) {
        return "";
    }
    size_t size = f->size + strlen(to) - strlen(from), before = (size_t)(at - f->text);
    char *text = malloc(size + 1);
    if (!CHECK(text != NULL)) {
        return "";
    }
    memcpy(text, f->text, before);
    memcpy(text + before, to, strlen(to));
    memcpy(text + before + strlen(to), at + strlen(from), f->size - before - strlen(from));
    struct cpu_model m;
    err[0] = '\0';
    if (cpu_model_parse(&m, "my.cpu", text, size, err, sizeof err)) {
        cpu_model_free(&m);
    }
    free(text);
    return err;
}

// The error's text behind its place, which must be in the line that holds `at` in the shipped file.
static void check_error(const char *from, const char *to, unsigned column, const char *message)
{
    const char *err = replaced(from, to);
    unsigned line = 1;
    for (const char *c = shipped()->text; c < strstr(shipped()->text, from); c++) {
        line += *c == '\n';
    }
    char want[400];
    snprintf(want, sizeof want, "my.cpu:%u:%u: %s", line, column, message);
    CHECK_STR(err, want);
}

static void errors(void)
{
    check_error("insn.alu ", "insn.alu2 ", 1,
                "no cost is called 'insn.alu2'; did you mean 'insn.alu'?");
    check_error("insn.alu ", "fluxcapacitor ", 1,
                "no cost is called 'fluxcapacitor'; 'ringside costs' lists them");
    check_error("insn.mul         = 10      assumed", "insn.mul         = 10      asumed", 28,
                "no kind is called 'asumed'; did you mean 'assumed'?");
    check_error(
        "insn.mul         = 10      assumed", "insn.mul = 10 \"book\"", 15,
        "it is not said how the value is known; write published, derived, assumed or measured");
    check_error("insn.mul         = 10 ", "insn.mul = -1 ", 12,
                "'-1' is no whole number; write one from 0 to 1000000000");
    check_error("insn.mul         = 10 ", "insn.mul = 1000000001 ", 12,
                "insn.mul is 1000000001; it must be from 0 to 1000000000");
    check_error("insn.mul         = 10 ", "insn.mul = 99999999999999999999999999 ", 12,
                "insn.mul is 99999999999999999999999999; it must be from 0 to 1000000000");
    check_error("insn.mul         = 10 ", "insn.mul =\n", 11,
                "insn.mul has no value; write a number from 0 to 1000000000");
    check_error("insn.mul         = ", "insn.mul ", 10,
                "no '=' behind 'insn.mul'; write 'key = value'");
    check_error("insn.mul ", "insn.alu = 1 assumed \"twice\"\ninsn.mul ", 1,
                "'insn.alu' was given on line 21 already; remove one of them");
    check_error("\"ADAMS06 Raw data, cr8wr native 150\"", "\"\"", 38,
                "the source is empty; say where the value comes from");
    check_error("\"ADAMS06 Raw data, cr8wr native 150\"", "", 38,
                "no source here; write it between double quotes");
    check_error("cr8wr native 150\"", "cr8wr native 150", 73,
                "the source does not end on its line; close it with '\"'");
    check_error("cr8wr native 150\"", "cr8wr native 150\" x", 75,
                "more than the line should hold; remove it or put '#' before it");
    check_error("[tlb]", "[tbl]", 2, "no section is called 'tbl'; did you mean 'tlb'?");
    check_error("[tlb]", "[tlb", 5, "the section's name is not closed; write '[tlb]'");
    check_error("[tlb]", "[cache]", 2, "no section is called 'cache'; write tlb or cost");
    check_error(
        "features = vtx", "features = 3dnow", 12,
        "no feature is called '3dnow'; write holes_closed, vtx, vpid, ept, preemption_timer, ple, "
        "pcid, apicv or posted");
    check_error("l1i_4k = 64", "l1i_4k = 48", 10,
                "l1i_4k is 48, which is no power of two; take 32 or 64");
    check_error("l1i_4k = 64", "l1i_4k = 512", 10, "l1i_4k is 512; it must be from 1 to 256");
    CHECK_STR(
        replaced("l2_sets = 0", "l2_sets = 16"),
        "my.cpu:15:1: of l2_sets and l2_ways one is 0; set both to 0 (no second level) or none");
    check_error("mhz = 3800", "mhz = 0", 7, "mhz is 0; it must be from 1 to 100000");
    check_error("name = p4-672", "name = P4", 8,
                "a name holds lower-case letters, digits and '-' only; rename the model");
    check_error("\"GenuineIntel\"", "\"GenuineIntel!\"", 10,
                "vendor is 13 bytes long; shorten it to 12");
    check_error("features = vtx", "features = vmx", 12,
                "no feature is called 'vmx'; did you mean 'vtx'?");
    check_error("features = vtx", "features =", 11,
                "features has no value; name some, or write none");
    check_error("mhz = 3800", "mhz = 3800 \x1b[31m", 12,
                "byte 0x1b; a CPU model is plain ASCII text: replace it");
    check_error("mhz = 3800", "= 3800", 1, "'=' cannot begin a line; write 'key = value'");
}

static void harmless(void)
{
    CHECK_STR(replaced("mhz = 3800\n", "mhz=3800 # comment\r\n\r\n\t\n"), "");
    CHECK_STR(replaced("mhz = 3800", "mhz = 0003800"), "");
}

// Every line is needed: without it the error names what is missing.
static void every_line_counts(void)
{
    const char *text = shipped()->text;
    unsigned checked = 0;
    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        size_t size = (size_t)(strchr(line, '\n') + 1 - line), key = strcspn(line, " =");
        if (!strchr("#[\n", *line)) {
            char whole[400], name[64];
            snprintf(whole, sizeof whole, "\n%.*s", (int)size, line);
            snprintf(name, sizeof name, "does not give '%.*s'", (int)key, line);
            const char *err = replaced(whole, "\n");
            if (!CHECK(strstr(err, name) != NULL)) {
                FAIL("without '%.*s': %s", (int)key, line, err);
            }
            checked++;
        }
    }
    CHECK_U64(checked, 5 + 9 + COST_COUNT);
}

// One byte changed anywhere: it parses, or there is one line with place and remedy.
static void any_byte(void)
{
    const struct data_file *f = shipped();
    struct prng prng;
    prng_seed(&prng, 1);
    char *text = malloc(f->size), err[400];
    REQUIRE(text != NULL);
    for (unsigned i = 0; i < 5000; i++) {
        memcpy(text, f->text, f->size);
        text[prng_below(&prng, f->size)] = (char)prng_next(&prng);
        size_t size = prng_below(&prng, 4) ? f->size : prng_below(&prng, f->size);
        struct cpu_model m;
        if (cpu_model_parse(&m, "x", text, size, err, sizeof err)) {
            cpu_model_free(&m);
            continue;
        }
        unsigned line, column;
        int got = sscanf(err, "x:%u:%u: ", &line, &column);
        if (!CHECK_I64(got, 2) || !CHECK(strpbrk(err, ";?") != NULL) ||
            !CHECK(strchr(err, '\n') == NULL)) {
            FAIL("%s", err);
            break;
        }
    }
    free(text);
}

TEST_SUITE(cost, {"every shipped model parses and is named as its file", all_parse},
           {"what is called published or derived names its paper", sources_are_keys},
           {"VM round trips are those of AGESEN12 Table 1", round_trips},
           {"the Pentium 4 and Core 2 add up to ADAMS06", asplos_2006},
           {"each generation has what it had", features},
           {"nanoseconds become cycles, rounded up, without overflow", cycles},
           {"a broken file gets its place and its remedy", errors},
           {"comments, blanks and CRLF do no harm", harmless},
           {"leaving out any line is noticed", every_line_counts},
           {"any byte changed never breaks the parser", any_byte});
