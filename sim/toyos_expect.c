// toyos_expect.c: what the toy OS's workloads must print, computed once more in C from what the programs
// are meant to do. Written against the comments of scenarios/guest/user/*.s, not against their output.
#include "sim/toyos.h"

#include <stdlib.h>
#include <string.h>

// The checksum that all of them use: FNV-1a's step on 64 bits at a time.
#define HASH_START UINT64_C(0xcbf29ce484222325)

static uint64_t hash(uint64_t h, uint64_t value)
{
    return (h ^ value) * UINT64_C(0x100000001b3);
}

// Knuth's MMIX generator, from seed 1.
static uint64_t random_next(uint64_t x)
{
    return x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
}

static uint64_t expect_hello(uint64_t n)
{
    uint64_t h = HASH_START;
    for (uint64_t i = 0; i < n; i++) {
        h = hash(h, strlen("hello from the toy OS\n"));
    }
    return h;
}

static uint64_t expect_nullcall(uint64_t n)
{
    uint64_t h = HASH_START;
    for (uint64_t i = 0; i < n; i++) {
        h = hash(h, i);
    }
    return h;
}

static uint64_t expect_ctxsw(uint64_t n)
{
    uint64_t h = HASH_START;
    for (uint64_t i = 0; i < n; i++) {
        h = hash(h, 3 * i + 1);
    }
    return h;
}

// A fresh page is empty, so its number is all that is in it.
static uint64_t expect_pgfault(uint64_t n)
{
    return expect_nullcall(n);
}

static uint64_t expect_mmap(uint64_t n)
{
    uint64_t h = HASH_START;
    for (uint64_t i = 0; i < n; i++) {
        for (uint64_t page = 4; page >= 1; page--) {
            h = hash(h, i + page);
        }
    }
    return h;
}

static uint64_t expect_forkexec(uint64_t n)
{
    uint64_t h = HASH_START;
    for (uint64_t i = 0; i < n; i++) {
        h = hash(h, i * i + 7);
    }
    return h;
}

// Trial division by the primes found so far: slower than the sieve, and nothing like it.
static uint64_t expect_sieve(uint64_t n)
{
    uint64_t h = HASH_START;
    size_t count = 0;
    uint32_t *primes = malloc((size_t)(n / 2 + 2) * sizeof *primes);
    for (uint64_t i = 2; primes && i < n; i++) {
        bool prime = true;
        for (size_t k = 0; prime && k < count && (uint64_t)primes[k] * primes[k] <= i; k++) {
            prime = i % primes[k] != 0;
        }
        if (prime) {
            primes[count++] = (uint32_t)i;
            h = hash(h, i);
        }
    }
    free(primes);
    return h;
}

// Bit by bit, where the program has a table.
static uint64_t expect_crc(uint64_t n)
{
    uint32_t crc = UINT32_MAX;
    uint64_t x = 1;
    for (uint64_t i = 0; i < n; i++) {
        x = random_next(x);
        crc ^= (uint32_t)(x >> 56);
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? crc >> 1 ^ UINT32_C(0xedb88320) : crc >> 1;
        }
    }
    return hash(HASH_START, ~crc);
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static uint64_t expect_sort(uint64_t n)
{
    uint64_t h = HASH_START, x = 1;
    uint64_t *numbers = malloc((size_t)(n + 1) * sizeof *numbers);
    if (!numbers) {
        return 0;
    }
    for (uint64_t i = 0; i < n; i++) {
        x = random_next(x);
        numbers[i] = x >> 16;
    }
    qsort(numbers, (size_t)n, sizeof *numbers, compare_u64);
    for (uint64_t i = 0; i < n; i++) {
        h = hash(h, numbers[i]);
    }
    free(numbers);
    return h;
}

static uint64_t expect_matrix(uint64_t n)
{
    uint64_t h = HASH_START;
    for (uint64_t i = 0; i < n; i++) {
        for (uint64_t j = 0; j < n; j++) {
            uint64_t sum = 0;
            for (uint64_t k = 0; k < n; k++) {
                sum += (3 * i + k) * (k ^ 5 * j);
            }
            h = hash(h, sum);
        }
    }
    return h;
}

// All words are equal at any time, so one stands for them.
static uint64_t expect_memseq(uint64_t n)
{
    uint64_t h = HASH_START, word = 0;
    for (uint64_t i = 0; i < n; i++) {
        word = 3 * word + i + 1;
        h = hash(h, word);
    }
    return h;
}

static uint64_t expect_memrand(uint64_t n)
{
    uint64_t h = HASH_START, x = 1;
    uint64_t *words = calloc(1 << 21, sizeof *words);
    for (uint64_t i = 0; words && i < n; i++) {
        x = random_next(x);
        h = hash(h, words[x >> 43] += x);
    }
    free(words);
    return h;
}

enum { BLOCK_WORDS = 512, DISK_BLOCKS = 1024 };

static uint64_t expect_diskread(uint64_t n)
{
    uint64_t h = HASH_START;
    for (uint64_t i = 0; i < n; i++) {
        for (uint64_t k = 0; k < BLOCK_WORDS; k++) {
            h = hash(h, toyos_disk_word(i % DISK_BLOCKS * BLOCK_WORDS + k));
        }
    }
    return h;
}

// What block b holds after n writes is what the last write to it put there: its first word is that write's number, and words
// 64 apart follow from each other.
static uint64_t expect_diskwrite(uint64_t n)
{
    uint64_t h = HASH_START;
    for (uint64_t b = 0; b < n && b < DISK_BLOCKS; b++) {
        uint64_t last = b + (n - 1 - b) / DISK_BLOCKS * DISK_BLOCKS, word = last;
        for (int k = 0; k < 7; k++) {
            word = word * UINT64_C(0x100000001b3) + 1;
        }
        h = hash(hash(h, last), word);
    }
    return h;
}

static uint64_t expect_netrr(uint64_t n)
{
    uint64_t h = HASH_START;
    for (uint64_t i = 0; i < n; i++) {
        h = hash(h, TOYOS_NETRR_BYTES + i * i + 1);
    }
    return h;
}

// One compiler: cc.s.
static uint64_t expect_cc(uint64_t file, const char *text, size_t size)
{
    enum { SLOTS = 4096 };
    static const uint64_t page = 4096;
    uint64_t *table = calloc(SLOTS, sizeof *table);
    uint64_t h = HASH_START, word = 0;
    if (!table) {
        return 0;
    }
    for (size_t i = 0; i < size; i++) {
        if (text[i] == ' ') {
            table[(word ^ file) % SLOTS] += word;
            word = 0;
        } else {
            word = 31 * word + (unsigned char)text[i];
        }
    }
    for (size_t i = 0; i < SLOTS; i += 8) {
        h = hash(h, table[i]);
    }
    for (int i = 0; i < 16; i++) {
        h = hash(h, h + page);
    }
    for (size_t i = 0; i < SLOTS; i += 512) {
        h = hash(h, table[i] ^ h);
    }
    free(table);
    return h;
}

static uint64_t expect_compile(uint64_t n)
{
    char text[TOYOS_TEXT_SIZE];
    uint64_t total = 0;
    toyos_text(text);
    for (uint64_t i = 0; i < n; i++) {
        total += expect_cc(i, text, sizeof text);
    }
    return hash(HASH_START, total);
}

static uint64_t expect_web(uint64_t n)
{
    uint64_t h = HASH_START;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t page = HASH_START;
        for (uint64_t k = 0; k < 128; k++) {
            page = hash(page, toyos_disk_word(7 * i % 200 * 128 + k));
        }
        h = hash(h, page);
    }
    return h;
}

// The first thread hashes its own small numbers, then page p's word: 1 + 2 + 3 + 4 for every time that p's turn came.
static uint64_t expect_threads(uint64_t n)
{
    uint64_t h = HASH_START;
    for (uint64_t i = 0; i < n; i += 16) {
        h = hash(h, i);
    }
    for (uint64_t page = 0; page < 16; page++) {
        h = hash(h, 10 * ((n + 15 - page) / 16));
    }
    return h;
}

static uint64_t expect_mixed(uint64_t n)
{
    static const struct {
        uint64_t length;
        uint64_t (*expected)(uint64_t n);
    } parts[] = {
        {200, expect_nullcall}, {10, expect_ctxsw},   {20, expect_pgfault}, {5, expect_mmap},
        {1, expect_forkexec},   {1000, expect_sieve}, {1000, expect_crc},   {50, expect_sort},
        {500, expect_memrand},  {2, expect_diskread}, {5, expect_netrr},    {1, expect_compile},
        {4, expect_web},
    };
    uint64_t h = HASH_START;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        h = hash(h, parts[i].expected(n * parts[i].length));
    }
    return h;
}

// etc/script has four lines; count's status is 0, sum's is the sum.
static uint64_t expect_sh(uint64_t n)
{
    uint64_t h = HASH_START;
    for (uint64_t i = 0; i < n; i++) {
        h = hash(h, expect_hello(2));
        h = hash(h, 20 * 19 / 2);
        h = hash(h, 100 * 99 / 2);
        h = hash(h, expect_nullcall(500));
    }
    return h;
}

static const struct toyos_workload workloads[] = {
#define PROGRAM(name)
#define WORKLOAD(name, default_n, max_n, unit, summary) \
    {#name, summary, unit, default_n, max_n, expect_##name},
#include "sim/toyos.def"
#undef PROGRAM
#undef WORKLOAD
};

const struct toyos_workload *toyos_workloads(size_t *count)
{
    *count = sizeof workloads / sizeof *workloads;
    return workloads;
}

const struct toyos_workload *toyos_workload_find(const char *name)
{
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++) {
        if (strcmp(workloads[i].name, name) == 0) {
            return &workloads[i];
        }
    }
    return NULL;
}
