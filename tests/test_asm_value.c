// The assembler's values: expressions, numbers and addresses in instructions give what they should.
#include "sim/asm.h"
#include "sim/isa.h"
#include "sim/prng.h"
#include "tests/asm_help.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- expressions ---------------------------------------------------------------------------------

static const struct {
    const char *text;
    uint64_t value;
} expressions[] = {
    {"1 + 2 * 3", 7},
    {"(1 + 2) * 3", 9},
    {"10 - 3 - 2", 5},
    {"-7 / 2", (uint64_t)-3},
    {"-7 % 2", (uint64_t)-1},
    {"1 << 4 + 1", 32},
    {"1 << 63", UINT64_C(1) << 63},
    {"-1 >> 60", UINT64_MAX},
    {"0x7fffffffffffffff >> 62", 1},
    {"-9223372036854775807 - 1", UINT64_C(1) << 63},
    {"(-9223372036854775807 - 1) / -1", UINT64_C(1) << 63},
    {"(-9223372036854775807 - 1) % -1", 0},
    {"0xffffffffffffffff", UINT64_MAX},
    {"0xffff_8000_0000_0000", UINT64_C(0xffff800000000000)},
    {"0b1011 + 0o17", 26},
    {"1 | 6 ^ 3 & 2", 5},
    {"1 < 2 == 1", 1},
    {"-1 < 1", 1},
    {"2 >= 3 || 2 <= 3 && 1 != 1", 0},
    {"0 && 1 / 0", 0},
    {"1 || 1 / 0", 1},
    {"1 ? 2 : 3 ? 4 : 5", 2},
    {"0 ? 1 / 0 : 7", 7},
    {"~0 & !0 | !5", 1},
    {"- - 3 + +4", 7},
    {"'A' + '\\n'", 75},
    {"'\\x7f'", 127},
    {"'\\''", 39},
    {"defined(here) + 2 * defined(NOWHERE)", 1},
    {"here", 0x10000},
    {". - here", 0},
    {"end - here", 8},
    {"far * 2", 84},
    {"here == 0x10000 && end > here", 1},
};

static void expressions_have_their_values(void)
{
    for (size_t i = 0; i < sizeof expressions / sizeof *expressions; i++) {
        char text[300];
        struct asm_result r;
        snprintf(text, sizeof text, ".data\nhere: .quad %s\nend:\n.equ far, 42\n",
                 expressions[i].text);
        if (!asm_help_good(text, &r)) {
            continue;
        }
        uint64_t got = asm_help_quad(asm_help_bytes(&r, ".data", NULL));
        if (got != expressions[i].value) {
            FAIL("%s is 0x%llx, expected 0x%llx", expressions[i].text, (unsigned long long)got,
                 (unsigned long long)expressions[i].value);
        }
        asm_result_free(&r);
    }
}

// A random expression over small numbers, with its value as C computes it.
static int64_t random_expression(struct prng *prng, struct asm_help_text *t, unsigned depth)
{
    static const char *const ops[] = {"+",  "-",  "*",  "&",  "|", "^", "<",
                                      ">=", "==", "&&", "||", "/", "<<"};
    uint64_t op = prng_below(prng, depth > 5 ? 1 : 16);
    if (depth > 5 || op >= 13) {
        int64_t v = (int64_t)prng_below(prng, 1000);
        asm_help_add(t, "%s%d", op == 14 ? "-" : op == 15 ? "~" : "", (int)v);
        return op == 14 ? -v : op == 15 ? ~v : v;
    }
    asm_help_add(t, "(");
    int64_t a = random_expression(prng, t, depth + 1);
    if (op == 11 || op == 12) { // a divisor or count that is allowed
        int64_t b = (int64_t)prng_range(prng, 1, 9);
        asm_help_add(t, " %s %d)", ops[op], (int)b);
        return op == 11 ? a / b : (int64_t)((uint64_t)a << b);
    }
    asm_help_add(t, "%s", ops[op]);
    int64_t b = random_expression(prng, t, depth + 1);
    asm_help_add(t, ")");
    uint64_t x = (uint64_t)a, y = (uint64_t)b;
    switch (op) {
    case 0: return (int64_t)(x + y);
    case 1: return (int64_t)(x - y);
    case 2: return (int64_t)(x * y);
    case 3: return a & b;
    case 4: return a | b;
    case 5: return a ^ b;
    case 6: return a < b;
    case 7: return a >= b;
    case 8: return a == b;
    case 9: return a && b;
    default: return a || b;
    }
}

static void generated_expressions_agree_with_c(void)
{
    struct prng prng;
    prng_seed(&prng, 5);
    enum { N = 2000 };
    static int64_t want[N];
    struct asm_help_text t = {0};
    for (unsigned i = 0; i < N; i++) {
        struct asm_help_text one = {0};
        want[i] = random_expression(&prng, &one, 0);
        asm_help_add(&t, ".quad %s\n", one.n < 4000 ? one.p : "0");
        want[i] = one.n < 4000 ? want[i] : 0;
        free(one.p);
    }
    struct asm_result r;
    if (asm_help_good(t.p, &r)) {
        const uint8_t *b = asm_help_bytes(&r, ".text", NULL);
        for (unsigned i = 0; i < N; i++) {
            if (!CHECK_I64((int64_t)asm_help_quad(b + 8 * (size_t)i), want[i])) {
                break;
            }
        }
        asm_result_free(&r);
    }
    free(t.p);
}

// ---- li and la -----------------------------------------------------------------------------------

// What the instructions at b leave in register rd; stops behind n of them.
static uint64_t run_li(const uint8_t *b, unsigned n, unsigned rd, uint64_t pc)
{
    uint64_t r[REG_COUNT] = {0};
    for (unsigned i = 0; i < n; i++, pc += 4) {
        struct insn in = isa_decode(asm_help_word(b + 4 * (size_t)i));
        uint64_t imm = (uint64_t)(int64_t)in.imm;
        switch (in.op) {
        case OP_MOVI: r[in.rd] = imm; break;
        case OP_MOVK: r[in.rd] = r[in.rd] << 16 | imm; break;
        case OP_ORI: r[in.rd] = r[in.ra] | imm; break;
        case OP_SHLI: r[in.rd] = r[in.ra] << imm; break;
        case OP_ADDI: r[in.rd] = r[in.ra] + imm; break;
        case OP_LEA: r[in.rd] = pc + imm; break;
        default: FAIL("%s is not for li", isa_row(in.op)->mnemonic); break;
        }
        r[0] = 0;
    }
    return r[rd];
}

// Numbers of all widths, with runs of ones and zeros at either end.
static uint64_t random_number(struct prng *prng)
{
    uint64_t v = prng_next(prng) >> prng_below(prng, 64);
    v = prng_below(prng, 3) ? v : v << prng_below(prng, 64);
    return prng_below(prng, 3) ? v : ~v;
}

static void li_loads_any_number(void)
{
    struct prng prng;
    prng_seed(&prng, 6);
    for (unsigned i = 0; i < 3000; i++) {
        uint64_t v = random_number(&prng), w;
        char text[120];
        struct asm_result r;
        size_t n = 0, m = 0;
        // Known at once, and known only in the end.
        snprintf(text, sizeof text, " li a0, 0x%llx\n.section x, exec\n li a0, v\n.equ v, 0x%llx\n",
                 (unsigned long long)v, (unsigned long long)v);
        if (!asm_help_good(text, &r)) {
            return;
        }
        const uint8_t *b = asm_help_bytes(&r, ".text", &n), *c = asm_help_bytes(&r, "x", &m);
        w = run_li(b, (unsigned)n / 4, REG_A0, 0);
        CHECK_U64(w, v);
        CHECK(n == m && n <= 16 && memcmp(b, c, n) == 0);
        // One instruction if one can do it.
        bool one = v + 0x8000 < 0x10000 || v < 0x10000, two = (int64_t)v == (int32_t)v;
        CHECK((n == 4) == one && (n <= 8 || !two));
        asm_result_free(&r);
    }
}

static void la_takes_lea_where_it_reaches(void)
{
    static const struct {
        uint64_t at;
        unsigned size;
    } cases[] = {{0x10000, 4},
                 {0x8ffff, 4},
                 {0x90000, 8},
                 {0xffffffffffffff00, 4},
                 {0xffff800000000000, 8},
                 {0x123456789abc, 12}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[120];
        struct asm_result r;
        size_t n;
        snprintf(text, sizeof text,
                 " la a1, x\n.section .data, addr=0x%llx, load=0x1000000\nx: .byte 1\n",
                 (unsigned long long)cases[i].at);
        if (asm_help_good(text, &r)) {
            const uint8_t *b = asm_help_bytes(&r, ".text", &n);
            CHECK_U64(n, cases[i].size);
            CHECK_U64(run_li(b, (unsigned)n / 4, REG_A0 + 1, 0x10000), cases[i].at);
            asm_result_free(&r);
        }
    }
}

// The sizes of li and la depend on labels that they themselves move.
static void sizes_settle(void)
{
    struct asm_result r;
    size_t n;
    // 0x7ffc bytes in, the label's own address decides whether each li takes one or two instructions.
    REQUIRE(asm_help_good(
        ".section .text, addr=0\n.rept 20\n li a0, x\n.endr\n.space 0x7fb0\nx: .quad x\n", &r));
    const uint8_t *b = asm_help_bytes(&r, ".text", &n);
    uint64_t x = asm_help_quad(b + n - 8);
    CHECK_U64(x, n - 8);
    CHECK_U64(run_li(b, 1, REG_A0, 0) & 0xffff, x & 0xffff);
    asm_result_free(&r);
    // .align between moves with them.
    REQUIRE(asm_help_good(" li a0, y - z\nz: .align 4096\ny: li a1, y\n.quad y\n", &r));
    b = asm_help_bytes(&r, ".text", &n);
    CHECK_U64(asm_help_quad(b + n - 8) % 4096, 0);
    asm_result_free(&r);
    // A later section is not taken to be at 0 while it has no address yet.
    REQUIRE(asm_help_good(" li a0, y - x\nx:\n.data\ny: .byte 1\n", &r));
    asm_help_bytes(&r, ".text", &n);
    CHECK_U64(n, 4);
    asm_result_free(&r);
    // A size that depends on itself the wrong way round never settles, and is said so.
    CHECK(!asm_help(" .space 100 - (b - a)\na: li a0, b\n .space 80000 * (b - a < 40)\nb:\n", &r) ||
          r.diagnostic_count == 0);
    asm_result_free(&r);
}

TEST_SUITE(asm_value, {"expressions have C's values", expressions_have_their_values},
           {"generated expressions agree with C", generated_expressions_agree_with_c},
           {"li loads any number, in few instructions", li_loads_any_number},
           {"la takes lea where it reaches", la_takes_lea_where_it_reaches},
           {"sizes that depend on addresses settle", sizes_settle});
