// The space of architectures: names parse and print, and every rule gives its reason.
#include "models/model.h"
#include "tests/test.h"

#include <string.h>

static struct cpu_model processor(uint32_t features)
{
    struct cpu_model m = {.name = "test", .features = features};
    return m;
}

enum {
    VTX = 1 << CPU_FEATURE_VTX,
    VTX_EPT = 1 << CPU_FEATURE_VTX | 1 << CPU_FEATURE_EPT,
};

// What a user writes comes back as the same point, for every architecture and product.
static void names_round_trip(void)
{
    char err[200], text[200];
    struct arch_config a, b;
    for (unsigned i = 0; i < ARCH_COUNT; i++) {
        REQUIRE(arch_parse(&a, arch_row((enum arch_id)i)->name, err, sizeof err));
        CHECK_U64(a.arch, i);
        arch_format(&a, text, sizeof text);
        CHECK_STR(text, arch_row((enum arch_id)i)->name);
    }
    for (size_t i = 0; arch_alias(i); i++) {
        REQUIRE(arch_parse(&a, arch_alias(i)->name, err, sizeof err));
        arch_format(&a, text, sizeof text);
        REQUIRE(arch_parse(&b, text, err, sizeof err));
        CHECK_MEM(&a, &b, sizeof a);
    }
    CHECK(arch_parse(&a, "kvm,paging=shadow,vpid=0,ple=0", err, sizeof err));
    CHECK_U64(a.paging, PAGING_SHADOW);
    CHECK_U64(a.option[OPTION_VPID], 0);
    arch_format(&a, text, sizeof text);
    CHECK_STR(text, "type2/fullvirt-hw,paging=shadow,io=paravirt,vpid=0,ple=0");
}

static void mistakes_are_named(void)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"kvn", "did you mean 'kvm'"},
        {"type1/fullvirt-hv", "did you mean 'type1/fullvirt-hw'"},
        {"zzzzzzzzzzzz", "ringside list architectures"},
        {"", "unknown architecture"},
        {"kvm,pagin=shadow", "did you mean 'paging'"},
        {"kvm,paging=shadw", "did you mean 'shadow'"},
        {"kvm,vpid", "write key=value"},
        {"kvm,vpid=2", "from 0 to 1"},
        {"kvm,vpid=-1", "from 0 to 1"},
        {"kvm,vpid=", "from 0 to 1"},
        {"kvm,ple=99999999999999999999999999", "from 0 to 65536"},
        {"docker,vpid=1", "means nothing under container"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arch_config a;
        char err[200] = "";
        CHECK(!arch_parse(&a, cases[i].text, err, sizeof err));
        CHECK(NULL != strstr(err, cases[i].says));
    }
}

// Every combination is either allowed or says why; defaults are allowed wherever the processor can.
static void rules_have_reasons(void)
{
    struct cpu_model full = processor(VTX_EPT), old = processor(0), early = processor(VTX);
    char err[300];
    unsigned allowed = 0;
    for (unsigned i = 0; i < ARCH_COUNT; i++) {
        for (unsigned p = 0; p < PAGING_COUNT; p++) {
            for (unsigned k = 0; k < IO_COUNT; k++) {
                struct arch_config a;
                REQUIRE(arch_parse(&a, arch_row((enum arch_id)i)->name, err, sizeof err));
                a.paging = (enum paging)p;
                a.io = (enum io_kind)k;
                err[0] = '\0';
                bool ok = arch_valid(&a, &full, err, sizeof err);
                allowed += ok;
                CHECK_U64(ok, err[0] == '\0');
            }
        }
    }
    CHECK_U64(allowed, 1 + 4 * 3 + 2 * 2 * 3 + 2 * 1 + 1);
    struct arch_config hw;
    REQUIRE(arch_parse(&hw, "type1/fullvirt-hw", err, sizeof err));
    CHECK(!arch_valid(&hw, &old, err, sizeof err));
    CHECK(NULL != strstr(err, "no VT-x"));
    CHECK(!arch_valid(&hw, &early, err, sizeof err));
    CHECK(NULL != strstr(err, "without EPT"));
    hw.paging = PAGING_SHADOW;
    CHECK(arch_valid(&hw, &early, err, sizeof err));
}

TEST_SUITE(arch, {"names and products parse and print to the same point", names_round_trip},
           {"a mistake in a name or option gets one helpful line", mistakes_are_named},
           {"every combination is allowed or says why not", rules_have_reasons});
