// The generator against its authors' published outputs, and its variates against their distributions.
#include "sim/prng.h"
#include "tests/test.h"

static void splitmix_vectors(void)
{
    uint64_t state = 1234567;
    const uint64_t want[] = {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                             4593380528125082431u, 16408922859458223821u};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        CHECK_U64(splitmix64(&state), want[i]);
    }
}

static void xoshiro_vectors(void)
{
    struct prng prng = {{1, 2, 3, 4}};
    const uint64_t want[] = {11520u,
                             0u,
                             1509978240u,
                             1215971899390074240u,
                             1216172134540287360u,
                             607988272756665600u,
                             16172922978634559625u,
                             8476171486693032832u,
                             10595114339597558777u,
                             2904607092377533576u};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        CHECK_U64(prng_next(&prng), want[i]);
    }
}

static void seeding(void)
{
    // The four words of the state are splitmix64's outputs for the seed.
    struct prng prng;
    prng_seed(&prng, 1234567);
    CHECK_U64(prng.s[0], 6457827717110365317u);
    CHECK_U64(prng.s[3], 4593380528125082431u);
    struct prng a, b;
    prng_seed(&a, 0);
    prng_seed(&b, 1);
    CHECK(prng_next(&a) != prng_next(&b));
}

static void below_is_uniform(void)
{
    static const uint64_t bounds[] = {1, 2, 3, 10, 100};
    struct prng prng;
    prng_seed(&prng, 42);
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        enum { DRAWS = 100000 };
        uint64_t counts[100] = {0}, bound = bounds[i];
        for (int k = 0; k < DRAWS; k++) {
            uint64_t drawn = prng_below(&prng, bound);
            REQUIRE(drawn < bound);
            counts[drawn]++;
        }
        // Chi-squared times DRAWS / bound. Its mean is bound - 1 and its variance twice that, so for
        // these bounds a value beyond 2 * bound + 20 has a probability below 10^-4.
        uint64_t expected = DRAWS / bound, squares = 0;
        for (uint64_t v = 0; v < bound; v++) {
            int64_t off = (int64_t)counts[v] - (int64_t)expected;
            squares += (uint64_t)(off * off);
        }
        if (squares > expected * (2 * bound + 20)) {
            FAIL("bound %llu: chi-squared %llu", (unsigned long long)bound,
                 (unsigned long long)(squares / expected));
        }
    }
}

// With a bound of 3 * 2^62, a plain multiplication or remainder gives some values twice as often; the
// shares of the three thirds show it.
static void below_is_unbiased(void)
{
    enum { DRAWS = 30000 };
    const uint64_t third = (uint64_t)1 << 62;
    int counts[3] = {0};
    struct prng prng;
    prng_seed(&prng, 7);
    for (int i = 0; i < DRAWS; i++) {
        counts[prng_below(&prng, 3 * third) / third]++;
    }
    for (int i = 0; i < 3; i++) {
        CHECK(counts[i] > DRAWS / 3 - 500 && counts[i] < DRAWS / 3 + 500); // 6 standard deviations
    }
}

static void range_is_inclusive(void)
{
    struct prng prng;
    prng_seed(&prng, 3);
    unsigned seen = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t drawn = prng_range(&prng, 10, 14);
        REQUIRE(drawn >= 10 && drawn <= 14);
        seen |= 1u << (drawn - 10);
    }
    CHECK_U64(seen, 31);
    CHECK_U64(prng_range(&prng, UINT64_MAX, UINT64_MAX), UINT64_MAX);
    uint64_t ones = 0;
    for (int i = 0; i < 64; i++) {
        ones |= prng_range(&prng, 0, UINT64_MAX);
    }
    CHECK_U64(ones, UINT64_MAX);
}

// The state that makes the next output `next`, found by undoing the scrambler's multiplications.
static struct prng about_to_give(uint64_t next)
{
    const uint64_t ninth = 0x8e38e38e38e38e39, fifth = 0xcccccccccccccccd; // inverses modulo 2^64
    uint64_t x = next * ninth;
    return (struct prng){{1, ((x >> 7) | (x << 57)) * fifth, 3, 4}};
}

static void exponential_values(void)
{
    // round(-ln((draw + 1) / 2^64) * 2^57), computed with 60 decimal digits. To see one for yourself:
    //     echo 'scale=60; -l((DRAW + 1) / 2^64) * 2^57' | bc -l
    static const struct {
        uint64_t draw, want;
    } cases[] = {
        {0u, 6393154322601327830u},
        {1u, 6293261286310682083u},
        {2u, 6234827605997476739u},
        {3u, 6193368250020036335u},
        {4294967296u, 3196577161267109483u},
        {4611686018427387903u, 199786072581291495u},
        {9223372036854775807u, 99893036290645747u},
        {9223372036854775808u, 99893036290645747u},
        {6786177901268887396u, 144115188075855827u},
        {16045690984503111693u, 20096508871629364u},
        {18446744073708503040u, 8192u},
        {18446744073709551613u, 0u},
        {18446744073709551614u, 0u},
        {18446744073709551615u, 0u},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct prng prng = about_to_give(cases[i].draw);
        uint64_t got = prng_exponential(&prng, (uint64_t)1 << 57);
        uint64_t error = got > cases[i].want ? got - cases[i].want : cases[i].want - got;
        if (error > 4) { // the 2^-55 that prng.h promises
            FAIL("draw %llu: %llu, expected %llu", (unsigned long long)cases[i].draw,
                 (unsigned long long)got, (unsigned long long)cases[i].want);
        }
    }
    struct prng prng = about_to_give(0);
    CHECK_U64(prng_exponential(&prng, 0), 0);
}

static void exponential_moments(void)
{
    enum { DRAWS = 20000, MEAN = 1000 };
    struct prng prng;
    prng_seed(&prng, 99);
    uint64_t sum = 0, above = 0;
    for (int i = 0; i < DRAWS; i++) {
        uint64_t drawn = prng_exponential(&prng, MEAN);
        sum += drawn;
        above += drawn > MEAN;
    }
    // The mean's standard error is MEAN / sqrt(DRAWS) = 7; e^-1 of all draws, 7358, exceed the mean,
    // with a standard deviation of 68. Five of each are allowed.
    CHECK(sum > (uint64_t)DRAWS * (MEAN - 35) && sum < (uint64_t)DRAWS * (MEAN + 35));
    CHECK(above > 7358 - 340 && above < 7358 + 340);
}

TEST_SUITE(prng, {"splitmix64 gives the published outputs for seed 1234567", splitmix_vectors},
           {"xoshiro256** gives the published outputs for state 1 2 3 4", xoshiro_vectors},
           {"a seed fills the state with splitmix64's outputs", seeding},
           {"every value below a bound is as likely", below_is_uniform},
           {"no value is favoured when the bound does not divide 2^64", below_is_unbiased},
           {"a range includes both its ends and may be all 64 bits", range_is_inclusive},
           {"exponential variates are exact to 2^-55", exponential_values},
           {"exponential variates have their mean and their tail", exponential_moments});
