// The assembler's language: values, sections, macros and conditionals give the bytes that they should,
// hostile source costs limited time and memory, and two calls give the same.
#include "sim/asm.h"
#include "sim/isa.h"
#include "sim/prng.h"
#include "tests/asm_help.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Assembles what must be right; the first error is the test's.
static bool good(const char *text, struct asm_result *r)
{
    if (asm_help(text, r)) {
        return true;
    }
    FAIL("%s:%u:%u: %s, in: %s", r->diagnostics[0].file, r->diagnostics[0].line,
         r->diagnostics[0].column, r->diagnostics[0].text, text);
    asm_result_free(r);
    return false;
}

static uint64_t quad(const uint8_t *b)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++) {
        v |= (uint64_t)b[i] << (8 * i);
    }
    return v;
}

static uint32_t word(const uint8_t *b)
{
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

// Both sources must give the same bytes in the section.
static void check_same(const char *a, const char *b, const char *section)
{
    struct asm_result x, y;
    size_t n = 0, m = 0;
    if (!good(a, &x)) {
        return;
    }
    if (good(b, &y)) {
        const uint8_t *p = asm_help_bytes(&x, section, &n), *q = asm_help_bytes(&y, section, &m);
        if (!p || !q || n != m || memcmp(p, q, n) != 0) {
            FAIL("%zu and %zu bytes differ: %s and %s", n, m, a, b);
        }
        asm_result_free(&y);
    }
    asm_result_free(&x);
}

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
        if (!good(text, &r)) {
            continue;
        }
        uint64_t got = quad(asm_help_bytes(&r, ".data", NULL));
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
    if (good(t.p, &r)) {
        const uint8_t *b = asm_help_bytes(&r, ".text", NULL);
        for (unsigned i = 0; i < N; i++) {
            if (!CHECK_I64((int64_t)quad(b + 8 * (size_t)i), want[i])) {
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
        struct insn in = isa_decode(word(b + 4 * (size_t)i));
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
        if (!good(text, &r)) {
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
        if (good(text, &r)) {
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
    REQUIRE(good(".section .text, addr=0\n.rept 20\n li a0, x\n.endr\n.space 0x7fb0\nx: .quad x\n",
                 &r));
    const uint8_t *b = asm_help_bytes(&r, ".text", &n);
    uint64_t x = quad(b + n - 8);
    CHECK_U64(x, n - 8);
    CHECK_U64(run_li(b, 1, REG_A0, 0) & 0xffff, x & 0xffff);
    asm_result_free(&r);
    // .align between moves with them.
    REQUIRE(good(" li a0, y - z\nz: .align 4096\ny: li a1, y\n.quad y\n", &r));
    b = asm_help_bytes(&r, ".text", &n);
    CHECK_U64(quad(b + n - 8) % 4096, 0);
    asm_result_free(&r);
    // A later section is not taken to be at 0 while it has no address yet.
    REQUIRE(good(" li a0, y - x\nx:\n.data\ny: .byte 1\n", &r));
    asm_help_bytes(&r, ".text", &n);
    CHECK_U64(n, 4);
    asm_result_free(&r);
    // A size that depends on itself the wrong way round never settles, and is said so.
    CHECK(!asm_help(" .space 100 - (b - a)\na: li a0, b\n .space 80000 * (b - a < 40)\nb:\n", &r) ||
          r.diagnostic_count == 0);
    asm_result_free(&r);
}

// ---- sections ------------------------------------------------------------------------------------

static const struct image_segment *segment(const struct asm_result *r, const char *name)
{
    for (size_t i = 0; i < r->image.segment_count; i++) {
        if (strcmp(r->image.segments[i].name, name) == 0) {
            return &r->image.segments[i];
        }
    }
    static const struct image_segment none = {.name = ""};
    FAIL("there is no segment %s", name);
    return &none;
}

static void sections_are_placed(void)
{
    struct asm_result r;
    REQUIRE(good(".section .text, addr=0x100000\n nop\n.data\n .byte 1\n.bss\nb: .space 100\n"
                 ".section high, exec, addr=0xffff800000000000, load=0x200000\nh: nop\n"
                 ".section after, write\n .quad h\na:\n.text\n nop\n",
                 &r));
    CHECK_U64(segment(&r, ".text")->addr, 0x100000);
    CHECK_U64(segment(&r, ".text")->size, 8);
    CHECK_U64(segment(&r, ".text")->flags, IMAGE_EXEC);
    CHECK_U64(segment(&r, ".data")->addr, 0x100008);
    CHECK_U64(segment(&r, ".data")->flags, IMAGE_WRITE);
    CHECK_U64(segment(&r, ".bss")->addr, 0x100010);
    CHECK_U64(segment(&r, ".bss")->size, 0);
    CHECK_U64(segment(&r, ".bss")->bss, 100);
    CHECK_U64(segment(&r, "high")->addr, 0x200000);
    CHECK_U64(segment(&r, "high")->bias, 0xffff800000000000 - 0x200000);
    // What follows follows in both respects.
    CHECK_U64(segment(&r, "after")->addr, 0x200008);
    CHECK_U64(segment(&r, "after")->addr + segment(&r, "after")->bias, 0xffff800000000008);
    CHECK_U64(quad(segment(&r, "after")->bytes), 0xffff800000000000);
    CHECK_U64(image_find(&r.image, "a")->value, 0xffff800000000010);
    CHECK_U64(r.image.entry, 0x100000);
    asm_result_free(&r);
}

static void fill_goes_where_it_should(void)
{
    struct asm_result r;
    size_t n;
    REQUIRE(good(
        " nop\n .align 16\n nop\n.data\n.byte 1\n.align 4\n.byte 2\n.org . + 3, 0xee\n.byte 3\n"
        ".align 16, 0x55\n.space 2, 7\n.space 20\n",
        &r));
    const uint8_t *b = asm_help_bytes(&r, ".text", &n);
    CHECK_U64(n, 20);
    CHECK_U64(word(b + 12), 0x11000000); // nop
    b = asm_help_bytes(&r, ".data", &n);
    // The zeros at the end are not stored. .data is at 0x10020 for its .align 16.
    CHECK_U64(n, 18);
    CHECK_MEM(b, "\1\0\0\0\2\xee\xee\xee\3\x55\x55\x55\x55\x55\x55\x55\7\7", 18);
    CHECK_U64(segment(&r, ".data")->bss, 20);
    asm_result_free(&r);
    check_same(".data\n.fill 3, 2, 0x1234\n", ".data\n.half 0x1234, 0x1234, 0x1234\n", ".data");
    check_same(".data\n.incbin \"bytes.bin\", 2, 3\n.incbin \"bytes.bin\"\n",
               ".data\n.ascii \"2340123456789\"\n", ".data");
    check_same(".data\n.asciz \"a\\tb\", \"\"\n", ".data\n.byte 'a', 9, 'b', 0, 0\n", ".data");
    check_same(".data\n.byte -1\n.half 0xffff\n.word -2\n",
               ".data\n.byte 255, 255, 255, 254, 255, 255, 255\n", ".data");
}

static void entry_and_symbols(void)
{
    struct asm_result r;
    REQUIRE(good(" nop\nstart: nop\n.loop: jmp .loop\n1: jmp 1b\nf: jmp .loop2\n.loop2: nop\n"
                 ".equ K, 7\n.equ L, 8\n.equ P, start + 4\n.global K, P\n",
                 &r));
    CHECK_U64(r.image.entry, 0x10004);
    CHECK_U64(image_find(&r.image, "start.loop")->value, 0x10008);
    CHECK(image_find(&r.image, "f.loop2") && image_find(&r.image, "start"));
    CHECK(image_find(&r.image, "K") && !image_find(&r.image, "K")->is_address);
    CHECK(image_find(&r.image, "P") && image_find(&r.image, "P")->is_address);
    CHECK(!image_find(&r.image, "L"));
    CHECK_U64(r.image.symbol_count, 6);
    asm_result_free(&r);
    REQUIRE(good(" nop\nx: nop\n.entry x + 4\n", &r));
    CHECK_U64(r.image.entry, 0x10008);
    asm_result_free(&r);
}

// The line table names lines of the source: for a macro, where it was called.
static void lines_are_those_of_the_source(void)
{
    struct asm_result r;
    REQUIRE(good(
        ".macro two\n nop\n nop\n.endm\n two\n nop\n.rept 2\n brk\n.endr\n.include \"five.inc\"\n"
        ".loc \"c.c\", 77\n nop\n",
        &r));
    // Where a .loc is used, code outside one has no line.
    CHECK_U64(r.image.line_count, 1);
    CHECK_U64(image_line_at(&r.image, 0x10014)->line, 77);
    asm_result_free(&r);
    REQUIRE(good(".macro two\n nop\n nop\n.endm\n two\n nop\n.rept 2\n brk\n.endr\n", &r));
    CHECK_U64(image_line_at(&r.image, 0x10000)->line, 5);
    CHECK_U64(image_line_at(&r.image, 0x10004)->line, 5);
    CHECK_U64(image_line_at(&r.image, 0x10008)->line, 6);
    CHECK_U64(image_line_at(&r.image, 0x1000c)->line, 8);
    CHECK_U64(image_line_at(&r.image, 0x10010)->line, 8);
    asm_result_free(&r);
}

// ---- what stands for something else --------------------------------------------------------------

static const struct {
    const char *a, *b;
} equivalents[] = {
    {"nop", "addi zero, zero, 0"},
    {"mov a0, a1", "addi a0, a1, 0"},
    {"neg a0, a1", "sub a0, zero, a1"},
    {"not a0, a1", "sub a0, zero, a1\n addi a0, a0, -1"},
    {"subi a0, a1, 5", "addi a0, a1, -5"},
    {"inc a0", "addi a0, a0, 1"},
    {"inc a0, 9", "addi a0, a0, 9"},
    {"dec a0", "addi a0, a0, -1"},
    {"dec a0, 0x10", "addi a0, a0, -16"},
    {"seqz a0, a1", "sltu a0, zero, a1\n xori a0, a0, 1"},
    {"snez a0, a1", "sltu a0, zero, a1"},
    {"sgt a0, a1, a2", "slt a0, a2, a1"},
    {"sgtu a0, a1, a2", "sltu a0, a2, a1"},
    {"ret", "jalr zero, lr, 0"},
    {"jr t0", "jalr zero, t0, 0"},
    {"callr t0", "jalr lr, t0, 0"},
    {"x: beqz a0, x", "x: beq a0, zero, x"},
    {"x: bnez a0, x", "x: bne a0, zero, x"},
    {"x: bltz a0, x", "x: blt a0, zero, x"},
    {"x: bgez a0, x", "x: bge a0, zero, x"},
    {"x: bgtz a0, x", "x: blt zero, a0, x"},
    {"x: blez a0, x", "x: bge zero, a0, x"},
    {"x: bgt a0, a1, x", "x: blt a1, a0, x"},
    {"x: ble a0, a1, x", "x: bge a1, a0, x"},
    {"x: bgtu a0, a1, x", "x: bltu a1, a0, x"},
    {"x: bleu a0, a1, x", "x: bgeu a1, a0, x"},
    {"push a0, lr", "addi sp, sp, -16\n std a0, [sp]\n std lr, [sp+8]"},
    {"pop a0, lr", "ldd a0, [sp]\n ldd lr, [sp+8]\n addi sp, sp, 16"},
    {"ldd a0, [16]", "ldd a0, [zero+16]"},
    {"ldd a0, [sp-8*2+1]", "ldd a0, [sp+-15]"},
    {"1: jmp 1b\n jmp 1f\n1: jmp 1b", "x: jmp x\n jmp y\ny: jmp y"},
    {"jmp .", "x: jmp x"},
    {".macro m a, b=2, c:req, d:rest\n.byte \\a, \\b, \\c, \\d\n.endm\n m 1, , 3, 4, 5\n m 1, c=3, "
     "d=4\n",
     ".byte 1, 2, 3, 4, 5\n .byte 1, 2, 3, 4"},
    {".macro m msg\n.ascii \\msg\n.endm\n.macro k text\n.ascii \"<\\text>\\n\"\n.endm\n"
     " m \"a, b\"\n k x, \n",
     ".ascii \"a, b\", \"<x>\\n\""},
    {".macro m n\nl\\@\\(): .byte \\n\n.if \\n > 0\n m \\n - 1\n.endif\n.endm\n m 3",
     ".byte 3, 2, 1, 0"},
    {".macro m r\n mov \\r, a\\()0\n.endm\n m a1", "mov a1, a0"},
    {".rept 3\n.byte \\+\n.endr", ".byte 0, 1, 2"},
    {".rept 2\n.rept 2\n.byte 1\n.endr\n.endr", ".byte 1, 1, 1, 1"},
    {".irp r, a0, s1, lr\n mov \\r, zero\n.endr", "mov a0, zero\n mov s1, zero\n mov lr, zero"},
    {".rept 0\n junk\n.endr\n.byte 1", ".byte 1"},
    {".set n, 1\n.rept 3\n.byte n\nn = n * 2\n.endr", ".byte 1, 2, 4"},
    {".if 0\n.byte 1\n.if 1\n.byte 2\n.else\n.byte 3\n.endif\n.elif 1\n.byte 4\n.else\n.byte "
     "5\n.endif",
     ".byte 4"},
    {".if 1\n.byte 1\n.elif 1\n.byte 2\n.else\n.byte 3\n.endif", ".byte 1"},
    {".if 0\n junk 'x\n.elif 0\n.else\n.byte 3\n.endif", ".byte 3"},
    {".ifdef X\n.byte 1\n.else\n.byte 2\n.endif\n.equ X, 1\n.ifdef X\n.byte 3\n.endif\n.ifndef "
     "X\n.byte 4\n.endif",
     ".byte 2, 3"},
    {".include \"five.inc\"\n.byte FIVE", ".byte 5"},
    {".include \"macros.inc\"\n.include \"macros.inc\"\n twice 8", ".byte 8, 8"},
    {".pushsection .data\n.byte 1\n.popsection\n.byte 2", ".byte 2"},
    {".byte 1 ; , 2\n.byte 2 # x\n.byte 3 // 'y", ".byte 1, 2, 3"},
    {".equ a, b\n.equ b, c + 1\n.equ c, 1\n.byte a", ".byte 2"},
    {".quad x - y\ny: .space 24\nx:", ".quad 24\n .space 24"},
    {".assert end - start == 4\nstart: nop\nend:", "nop"},
};

static void equivalents_are_the_same(void)
{
    for (size_t i = 0; i < sizeof equivalents / sizeof *equivalents; i++) {
        char a[400], b[400];
        snprintf(a, sizeof a, " %s\n", equivalents[i].a);
        snprintf(b, sizeof b, " %s\n", equivalents[i].b);
        check_same(a, b, ".text");
    }
}

// Every pseudo-instruction of the table is in the list above or is li or la, which have tests of their own.
static void no_pseudo_is_forgotten(void)
{
    struct asm_pseudo_doc p;
    for (unsigned i = 0; asm_pseudo_doc(i, &p); i++) {
        size_t n = strlen(p.mnemonic);
        bool found = strcmp(p.mnemonic, "li") == 0 || strcmp(p.mnemonic, "la") == 0;
        for (size_t j = 0; j < sizeof equivalents / sizeof *equivalents; j++) {
            const char *a = equivalents[j].a;
            a += strncmp(a, "x: ", 3) == 0 ? 3 : 0;
            found |= strncmp(a, p.mnemonic, n) == 0 && (a[n] == ' ' || a[n] == 0);
        }
        if (!found) {
            FAIL("%s is not tested", p.mnemonic);
        }
    }
}

static void defines_come_from_outside(void)
{
    const struct asm_define defines[] = {{"PV", 1}, {"N", -3}};
    struct asm_request request = {.defines = defines, .define_count = 2};
    struct asm_result r;
    REQUIRE(asm_help_request(".ifdef PV\n.quad N\n.endif\n", &request, &r));
    CHECK_I64((int64_t)quad(asm_help_bytes(&r, ".text", NULL)), -3);
    asm_result_free(&r);
    request.defines = &(struct asm_define){"a0", 1};
    request.define_count = 1;
    CHECK(!asm_help_request("nop\n", &request, &r));
    asm_result_free(&r);
}

// ---- bounds --------------------------------------------------------------------------------------

static void hostile_source_is_bounded(void)
{
    static const char *const sources[] = {
        ".macro m\n m\n.endm\n m\n",
        ".macro m x\n m \\x\\x\n.endm\n m aaaaaaaa\n",
        ".include \"self.inc\"\n",
        ".rept 0x7fffffffffffffff\n nop\n.endr\n",
        ".rept 1000000\n.rept 1000000\n nop\n.endr\n.endr\n",
        ".space 0x7fffffffffffffff\n",
        ".data\n.space 0x100000000, 1\n",
        ".fill 0x1000000, 8, 1\n",
        ".equ a, b + b\n.equ b, a + a\n.quad a\n",
        ".align 0x8000000000000000\n",
        ".org 0xffffffffffffffff\n nop\n nop\n",
        ".section x, addr=0xfffffffffffffff8\n.quad 1, 2\n",
    };
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        struct asm_request request = {.max_lines = 100000, .max_memory = 64 << 20};
        struct asm_result r;
        if (asm_help_request(sources[i], &request, &r)) {
            FAIL("assembled: %s", sources[i]);
        }
        asm_result_free(&r);
    }
    // Doubling definitions, used before they are there: exponential unless values are kept.
    struct asm_help_text t = {0};
    for (unsigned i = 0; i < 200; i++) {
        asm_help_add(&t, ".equ v%u, v%u + v%u\n", i, i + 1, i + 1);
    }
    asm_help_add(&t, ".equ v200, 0\n.quad v0\n");
    struct asm_result r;
    CHECK(asm_help(t.p, &r));
    asm_result_free(&r);
    free(t.p);
    // A chain of definitions too long to follow, given in the wrong order.
    t = (struct asm_help_text){0};
    for (unsigned i = 0; i < 1500; i++) {
        asm_help_add(&t, ".equ v%u, v%u + 1\n", i, i + 1);
    }
    asm_help_add(&t, ".equ v1500, 0\n");
    CHECK(!asm_help(t.p, &r));
    CHECK_STR(r.diagnostics[0].text,
              "symbols are defined by symbols too many times over; define them "
              "in their order of use");
    asm_result_free(&r);
    free(t.p);
    // Brackets and signs without end.
    for (unsigned i = 0; i < 2; i++) {
        char line[7000] = ".quad ";
        memset(line + 6, i ? '(' : '-', 6000);
        CHECK(!asm_help(line, &r));
        CHECK(strstr(r.diagnostics[0].text, "nested too deeply") != NULL);
        asm_result_free(&r);
    }
}

static void errors_are_counted(void)
{
    struct asm_help_text t = {0};
    for (unsigned i = 0; i < 100; i++) {
        asm_help_add(&t, " bogus\n");
    }
    struct asm_result r;
    CHECK(!asm_help(t.p, &r));
    CHECK_U64(r.diagnostic_count, ASM_DIAGNOSTICS_MAX);
    CHECK(!r.listing && !r.image.storage);
    asm_result_free(&r);
    free(t.p);
}

// ---- the same every time -------------------------------------------------------------------------

// Calls the assembler from within its own callback: nothing may be shared between the two.
static bool nested_include(void *ctx, const char *name, const char *from, struct asm_source *out,
                           char *err, size_t err_size)
{
    struct asm_result r;
    (void)name, (void)from, (void)err, (void)err_size;
    *(bool *)ctx =
        asm_help(".macro m\n nop\n.endm\nx: m\n m\n", &r) && r.image.segments[0].size == 8;
    asm_result_free(&r);
    *out = (struct asm_source){"inner", "x: nop\n", 7};
    return true;
}

static void calls_do_not_meet(void)
{
    bool inner = false;
    static const char text[] = ".include \"any\"\n jmp x\n";
    struct asm_request request = {
        .source = {"t.s", text, sizeof text - 1}, .include = nested_include, .include_ctx = &inner};
    struct asm_result r;
    CHECK(asm_assemble(&request, &r));
    CHECK(inner && r.image.segments[0].size == 8);
    asm_result_free(&r);
}

// The diff form must not change where only addresses do.
static void listings_of_two_builds_compare(void)
{
    static const char source[] =
        "; comment\n.ifdef PV\n li a0, 1 ; call\n hcall\n.else\n cli\n.endif\n"
        "l: jmp l\n.macro m\n nop\n.endm\n m\n";
    static const char native[] = "; file t.s\n cli\nl: jmp l\n m\n+  nop\n";
    static const char para[] = "; file t.s\n li a0, 1\n hcall\nl: jmp l\n m\n+  nop\n";
    struct asm_define define = {"PV", 1};
    struct asm_request request = {.listing = ASM_LISTING_DIFF};
    struct asm_result r;
    REQUIRE(asm_help_request(source, &request, &r));
    CHECK_STR(r.listing, native);
    asm_result_free(&r);
    request.defines = &define;
    request.define_count = 1;
    REQUIRE(asm_help_request(source, &request, &r));
    CHECK_STR(r.listing, para);
    asm_result_free(&r);
}

TEST_SUITE(asm, {"expressions have C's values", expressions_have_their_values},
           {"generated expressions agree with C", generated_expressions_agree_with_c},
           {"li loads any number, in few instructions", li_loads_any_number},
           {"la takes lea where it reaches", la_takes_lea_where_it_reaches},
           {"sizes that depend on addresses settle", sizes_settle},
           {"sections are placed", sections_are_placed},
           {"fill and data give their bytes", fill_goes_where_it_should},
           {"entry and symbols", entry_and_symbols},
           {"the line table names lines of the source", lines_are_those_of_the_source},
           {"what stands for something else is the same", equivalents_are_the_same},
           {"every pseudo-instruction is tested", no_pseudo_is_forgotten},
           {"symbols can be defined from outside", defines_come_from_outside},
           {"hostile source costs limited time and memory", hostile_source_is_bounded},
           {"twenty errors are enough", errors_are_counted},
           {"two calls share nothing", calls_do_not_meet},
           {"the diff listing shows what a build changes", listings_of_two_builds_compare});
