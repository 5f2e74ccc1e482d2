// xoshiro256**, splitmix64 and the variates made from them; see prng.h for the sources.
#include "sim/prng.h"

#include <assert.h>

// Every 64-bit compiler we build with has it; ISO C17 has no name for it.
__extension__ typedef unsigned __int128 uint128_t;

static uint64_t rotate_left(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

void prng_seed(struct prng *prng, uint64_t seed)
{
    // splitmix64 is a bijection of a counter, so four outputs in a row are never all zero: the one
    // state xoshiro cannot leave is out of reach.
    for (int i = 0; i < 4; i++) {
        prng->s[i] = splitmix64(&seed);
    }
}

uint64_t prng_next(struct prng *prng)
{
    uint64_t *s = prng->s;
    assert((s[0] | s[1] | s[2] | s[3]) != 0);
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t prng_below(struct prng *prng, uint64_t bound)
{
    assert(bound != 0);
    // D. Lemire, "Fast random integer generation in an interval", ACM TOMACS 29(1), 2019: the high
    // half of a product is the result, and the low half tells the few draws that would bias it.
    uint128_t product = (uint128_t)prng_next(prng) * bound;
    if ((uint64_t)product < bound) {
        uint64_t threshold = (0 - bound) % bound; // 2^64 mod bound
        while ((uint64_t)product < threshold) {
            product = (uint128_t)prng_next(prng) * bound;
        }
    }
    return (uint64_t)(product >> 64);
}

uint64_t prng_range(struct prng *prng, uint64_t low, uint64_t high)
{
    assert(low <= high);
    uint64_t span = high - low;
    return span == UINT64_MAX ? prng_next(prng) : low + prng_below(prng, span + 1);
}

// Fraction bits of the fixed-point logarithms: 64 - log2(v) is at most 64, which fits 64 bits at 57.
enum { LOG_BITS = 57 };

// log2(v) for v >= 1, digit by digit: squaring x in [1, 2) doubles its logarithm, and the carry out
// of [1, 2) is the next binary digit. A truncated square errs by 2^-63 relative, weighted by the
// place of its digit, so all of them together stay below the last digit kept.
static uint64_t log2_fixed(uint64_t v)
{
    int whole = 63;
    while (!(v >> 63)) {
        v <<= 1;
        whole--;
    }
    uint64_t digits = (uint64_t)whole;
    for (int i = 0; i < LOG_BITS; i++) {
        uint128_t square = (uint128_t)v * v; // x^2, with 126 fraction bits
        unsigned carry = (unsigned)(square >> 127);
        digits = digits << 1 | carry;
        v = (uint64_t)(square >> (63 + carry));
    }
    return digits;
}

uint64_t prng_exponential(struct prng *prng, uint64_t mean)
{
    assert(mean < (uint64_t)1 << 58);
    uint64_t v = prng_next(prng) + 1; // u = v / 2^64
    if (v == 0) {
        return 0; // the draw wrapped: u = 1, and -ln(1) = 0
    }
    const uint64_t ln2 = 0xb17217f7d1cf79ab; // ln(2) * 2^64, truncated
    uint64_t minus_log2 = ((uint64_t)64 << LOG_BITS) - log2_fixed(v);
    uint64_t minus_ln = (uint64_t)(((uint128_t)minus_log2 * ln2) >> 64);
    uint128_t scaled = (uint128_t)minus_ln * mean + ((uint128_t)1 << (LOG_BITS - 1));
    return (uint64_t)(scaled >> LOG_BITS);
}
