// The simulator's own random numbers: xoshiro256** seeded by splitmix64, so that a seed means the
// same bits on every machine and with every compiler and C library.
//
// Algorithms: D. Blackman and S. Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS
// 47(4), 2021 (xoshiro256**); G. Steele, D. Lea and C. Flood, "Fast splittable pseudorandom number
// generators", OOPSLA 2014 (splitmix64).
#ifndef RINGSIDE_SIM_PRNG_H
#define RINGSIDE_SIM_PRNG_H

#include <stdint.h>

// A generator is a value: copying it forks the stream at that point. Never all zero.
struct prng {
    uint64_t s[4];
};

// One step of splitmix64: advances *state and returns the next output. Any state is a good one.
uint64_t splitmix64(uint64_t *state);

// Starts the stream of `seed`; every seed, zero included, gives a valid and different stream.
void prng_seed(struct prng *prng, uint64_t seed);

// The next 64 random bits.
uint64_t prng_next(struct prng *prng);

// Uniform in [0, bound), without modulo bias. `bound` must not be 0.
uint64_t prng_below(struct prng *prng, uint64_t bound);

// Uniform in [low, high], both ends included; `low` <= `high`. The full 64-bit range is allowed.
uint64_t prng_range(struct prng *prng, uint64_t low, uint64_t high);

// Exponentially distributed with the given mean, rounded to the nearest integer (ties up): the time
// to the next event of a Poisson process. Integer arithmetic only. The variate before scaling by the
// mean is -ln(u), u uniform on the multiples of 2^-64 in (0, 1], with an absolute error below 2^-55;
// so it is at most 44.4 times the mean. `mean` must be below 2^58, which keeps the result in 64 bits.
uint64_t prng_exponential(struct prng *prng, uint64_t mean);

#endif
