// Parts of `ringside compare` that its transcript cannot reach: bars, ratios, and how lists of architectures divide.
#include "cli/bars.h"
#include "cli/compare.h"
#include "sim/prng.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

// Whatever the parts: no column is lost or added, and no part is off by a whole column.
static void bars_fill_their_width(void)
{
    struct prng random;
    prng_seed(&random, 7);
    for (unsigned round = 0; round < 2000; round++) {
        uint64_t parts[CYC_COUNT], total = 0;
        unsigned cells = 1 + (unsigned)prng_below(&random, 120), got[CYC_COUNT], sum = 0;
        for (unsigned k = 0; k < CYC_COUNT; k++) {
            parts[k] = prng_below(&random, UINT64_C(1) << prng_below(&random, 58));
            total += parts[k];
        }
        total += total == 0;
        parts[0] += total == 1 && parts[0] == 0;
        bar_cells(parts, total, cells, got);
        for (unsigned k = 0; k < CYC_COUNT; k++) {
            sum += got[k];
            double exact = (double)parts[k] / (double)total * cells;
            CHECK(got[k] + 1.0 >= exact && (double)got[k] <= exact + 1.0);
        }
        if (total > 1) {
            CHECK_U64(sum, cells);
        }
    }
}

static void letters_are_distinct(void)
{
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        CHECK(bar_letter(k) > ' ');
        for (unsigned other = 0; other < k; other++) {
            CHECK(bar_letter(k) != bar_letter(other));
        }
    }
}

static void ratios_round(void)
{
    static const struct {
        uint64_t cycles, base;
        const char *text;
    } cases[] = {
        {1, 1, "1.000"},    {1, 3, "0.333"}, {2, 3, "0.667"}, {1, 2000, "0.001"},
        {1, 2001, "0.000"}, {0, 5, "0.000"}, {5, 0, "0.000"}, {UINT64_MAX, UINT64_MAX, "1.000"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[FORMAT_SIZE];
        CHECK_STR(compare_ratio(text, cases[i].cycles, cases[i].base), cases[i].text);
    }
}

static void lists_divide_at_architectures(void)
{
    static const char *const cases[][2] = {
        {"kvm", "kvm"},
        {"kvm,native", "kvm\nnative"},
        {"kvm,vpid=0,native", "kvm,vpid=0\nnative"},
        {"kvm,vpid=0,paging=shadow", "kvm,vpid=0,paging=shadow"},
        {"a,b,c,x=1,d", "a\nb\nc,x=1\nd"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *split = compare_split_archs(cases[i][0]);
        REQUIRE(split != NULL);
        CHECK_STR(split, cases[i][1]);
        free(split);
    }
}

TEST_SUITE(compare, {"bars fill their width", bars_fill_their_width},
           {"every category has a letter of its own", letters_are_distinct},
           {"ratios round to the nearest thousandth", ratios_round},
           {"lists divide where an architecture begins", lists_divide_at_architectures});
