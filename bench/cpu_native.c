// The loops in C, compiled for the host: what is lost by simulating at all. Statement by statement what the assembly does; the empty asm
// statements keep the compiler from finding out that a loop need not be run, and from vectorizing it.
#include "bench/cpu_loops.h"

#include <string.h>

#define KEEP(x) __asm__ volatile("" : "+r"(x))

static uint64_t a[524288], b[524288], pages[4096 * 512];

void native_alu(uint64_t passes)
{
    uint64_t x = 0, y = 0;
    for (; passes; passes--) {
        x += 7;
        KEEP(x);
        x ^= y;
        KEEP(x);
        y = x << 3;
        KEEP(y);
        y += x;
        KEEP(y);
        x = y >> 5;
        KEEP(x);
        x -= y;
        KEEP(x);
        y = x | 12;
        KEEP(y);
        y ^= x;
        KEEP(y);
        x &= y;
        KEEP(x);
        x += 1;
        KEEP(x);
    }
}

static void sum(uint64_t passes, size_t words)
{
    uint64_t x = 0;
    for (; passes; passes--) {
        for (size_t k = 0; k < words; k++) {
            x += a[k];
            KEEP(x);
        }
    }
}

void native_sum_small(uint64_t passes)
{
    sum(passes, 4096);
}

void native_sum_large(uint64_t passes)
{
    sum(passes, 524288);
}

static void copy(uint64_t passes, size_t words)
{
    for (; passes; passes--) {
        for (size_t k = 0; k < words; k++) {
            uint64_t x = a[k];
            KEEP(x);
            b[k] = x;
        }
    }
}

void native_copy_small(uint64_t passes)
{
    copy(passes, 4096);
}

void native_copy_large(uint64_t passes)
{
    copy(passes, 524288);
}

static void touch(uint64_t passes, size_t count)
{
    for (; passes; passes--) {
        for (size_t k = 0; k < count * 512; k += 512) {
            uint64_t x = pages[k];
            KEEP(x);
            pages[k] = x + 1;
        }
    }
}

void native_page_256(uint64_t passes)
{
    touch(passes, 256);
}

void native_page_4096(uint64_t passes)
{
    touch(passes, 4096);
}

void native_sieve(uint64_t passes)
{
    enum { SIZE = 8192 };
    uint8_t *is_prime = (uint8_t *)a;
    uint64_t primes = 0;
    for (; passes; passes--) {
        for (size_t k = 0; k < SIZE; k++) {
            is_prime[k] = 1;
            KEEP(is_prime);
        }
        for (size_t k = 2; k < SIZE; k++) {
            if (is_prime[k]) {
                primes++;
                KEEP(primes);
                for (size_t n = k + k; n < SIZE; n += k) {
                    is_prime[n] = 0;
                }
            }
        }
    }
}

void native_crc(uint64_t passes)
{
    const uint8_t *bytes = (const uint8_t *)a;
    for (; passes; passes--) {
        uint64_t crc = 0xffffffff;
        for (size_t k = 0; k < 4096; k++) {
            crc ^= bytes[k];
            for (int bit = 0; bit < 8; bit++) {
                uint64_t odd = crc & 1;
                crc >>= 1;
                KEEP(odd);
                if (odd) {
                    crc ^= 0xedb88320;
                    KEEP(crc);
                }
            }
        }
    }
}

static void quick(uint64_t *first, uint64_t *last)
{
    if (first >= last) {
        return;
    }
    uint64_t pivot = first[(last - first) / 2], *up = first - 1, *down = last + 1;
    for (;;) {
        while (*++up < pivot) {
        }
        while (pivot < *--down) {
        }
        if (up >= down) {
            break;
        }
        uint64_t swap = *up;
        *up = *down;
        *down = swap;
    }
    quick(first, down);
    quick(down + 1, last);
}

void native_sort(uint64_t passes)
{
    for (; passes; passes--) {
        uint64_t x = 88172645463325252u;
        for (size_t k = 0; k < 4096; k++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            a[k + 1] = x;
        }
        quick(a + 1, a + 4096);
    }
}
