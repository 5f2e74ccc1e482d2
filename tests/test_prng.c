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

TEST_SUITE(prng, {"splitmix64 gives the published outputs for seed 1234567", splitmix_vectors},
           {"xoshiro256** gives the published outputs for state 1 2 3 4", xoshiro_vectors});
