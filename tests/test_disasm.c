// There and back again: what the disassembler prints assembles to what it was made from, for words,
// images and generated programs.
#include "sim/disasm.h"
#include "sim/isa.h"
#include "sim/prng.h"
#include "tests/asm_help.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// How many random words are taken through text; RINGSIDE_TEST_WORDS asks for more.
static uint64_t word_count(void)
{
    const char *asked = getenv("RINGSIDE_TEST_WORDS");
    return asked ? strtoull(asked, NULL, 0) : 200000;
}

static uint32_t word_at(const uint8_t *b)
{
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

// Half of them any bits, half with a valid opcode and zeros where they belong.
static uint32_t random_word(struct prng *prng)
{
    uint64_t bits = prng_next(prng);
    uint32_t word = (uint32_t)bits;
    if (bits >> 63) {
        const struct isa_row *row = isa_row(1 + (unsigned)((bits >> 32) % (OP_COUNT - 1)));
        word = (uint32_t)row->opcode << 24 |
               (word & UINT32_C(0xffffff) & ~isa_format_zero_bits(row->format));
    }
    return word;
}

static void words_come_back(void)
{
    enum { BATCH = 20000 };
    static uint32_t words[BATCH];
    struct prng prng;
    prng_seed(&prng, 7);
    uint64_t instructions = 0, done = 0;
    for (uint64_t left = word_count(); left > 0;) {
        struct asm_help_text t = {0};
        uint64_t base = prng_next(&prng) & UINT64_C(0xffffffff0000);
        uint64_t n = left < BATCH ? left : BATCH;
        asm_help_add(&t, ".section .text, addr=0x%llx\n", (unsigned long long)base);
        for (uint64_t i = 0; i < n; i++) {
            char text[DISASM_LINE_MAX];
            words[i] = random_word(&prng);
            disasm_word(words[i], base + 4 * i, NULL, text, sizeof text);
            bool is_insn = isa_decode(words[i]).op != OP_INVALID;
            instructions += is_insn;
            // A word that is shown as data must be none, and the other way round.
            if (is_insn == (text[0] == '.')) {
                FAIL("0x%08x is shown as %s", words[i], text);
            }
            asm_help_add(&t, " %s\n", text);
        }
        struct asm_result r;
        if (!asm_help(t.p, &r)) {
            FAIL("line %u: %s", r.diagnostics[0].line, r.diagnostics[0].text);
            left = n;
        } else {
            for (uint64_t i = 0; i < n; i++) {
                uint32_t got = word_at(r.image.segments[0].bytes + 4 * i);
                if (got != words[i]) {
                    FAIL("0x%08x comes back as 0x%08x", words[i], got);
                    left = n;
                    break;
                }
            }
        }
        asm_result_free(&r);
        free(t.p);
        left -= n;
        done += n;
    }
    CHECK(instructions > done / 2);
}

// Assembles the source, disassembles the image, assembles that: both images must be the same, to the
// last byte of the line table.
static void check_round_trip(const char *source, bool addresses)
{
    struct asm_result first, second;
    if (!asm_help(source, &first)) {
        FAIL("%u: %s, in: %s", first.diagnostics[0].line, first.diagnostics[0].text, source);
        asm_result_free(&first);
        return;
    }
    struct asm_help_text t = {0};
    const struct disasm_options options = {.addresses = addresses, .lines = true};
    const struct text_sink sink = {asm_help_put, &t};
    disasm_image(&first.image, &options, &sink);
    if (!asm_help(t.p, &second)) {
        FAIL("%u: %s, in: %s", second.diagnostics[0].line, second.diagnostics[0].text, t.p);
    } else {
        size_t n, m;
        uint8_t *a = asm_help_image(&first.image, true, &n),
                *b = asm_help_image(&second.image, true, &m);
        if (n != m || memcmp(a, b, n) != 0) {
            FAIL("%zu and %zu bytes differ; source: %s\ndisassembly: %s", n, m, source, t.p);
        }
        free(a);
        free(b);
    }
    asm_result_free(&second);
    asm_result_free(&first);
    free(t.p);
}

static void images_come_back(void)
{
    static const char *const sources[] = {
        "",
        " nop\n",
        "start: li a0, 0x123456789\nloop: beqz a0, loop\n.data\nx: .quad start, x, 5\n.asciz \"a "
        "\\\"string\\\"\\n\"\n",
        ".data\na: .byte 1\nb: .byte 2, 3\n.bss\nc: .space 10\nd: .space 5\ne:\n",
        ".section high, exec, write, addr=0xffff800000000000, load=0x100000\nstart: jmp "
        "start\n.word 0\n.word -1\n",
        ".section .text, const, write, addr=8\n.quad 1\n.section text, exec\n nop\n",
        ".equ K, 0x8000000000000000\n.equ M, 0\n.global K, M\n nop\n.equ after, . + "
        "0x1000\n.global after\n",
        "only:\n.entry 0x4000\n",
        ".byte 1, 2, 3\nodd: .byte 4\n nop\n.byte 0xff\nend:\n",
        ".data\n.fill 100\n.asciz \"x\"\n.ascii \"no zero behind this one\"\n.fill 40\n.quad "
        "0\n.space 8\n",
        ".data\n.ascii \"a line\\nand one more\\n\\n\\ttabbed\", \"\\x7f\\x80\"\n",
        "add: add a0, a1, a2\ndefined: jmp add\n jmp defined\n",
        ".section b, addr=0x2000\ny: .quad x\n.section a, addr=0x1000\nx: .quad y\n",
    };
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        check_round_trip(sources[i], i % 2);
    }
}

// A program of labels, instructions of every kind, data and sections; not one to run.
static void random_program(struct prng *prng, struct asm_help_text *t)
{
    static const char *const sections[] = {".text", ".rodata",    ".data",
                                           ".bss",  "more, exec", "far, write, addr=0x40000000"};
    unsigned labels = 1 + (unsigned)prng_below(prng, 20), next = 0,
             lines = 5 + (unsigned)prng_below(prng, 80);
    bool bss = false;
    for (unsigned i = 0; i < lines || next < labels; i++) {
        unsigned target = (unsigned)prng_below(prng, labels);
        uint64_t n = prng_next(prng) >> prng_below(prng, 64);
        switch (prng_below(prng, bss ? 4 : 12)) {
        case 0:
            if (next < labels) {
                asm_help_add(t, "l%u:\n", next++);
            }
            break;
        case 1: {
            uint64_t s = prng_below(prng, 6);
            bss = s == 3;
            asm_help_add(t, ".section %s\n", sections[s]);
            break;
        }
        case 2: asm_help_add(t, ".align %u\n", 4U << prng_below(prng, 4)); break;
        case 3: asm_help_add(t, ".space %u\n", 4 * (unsigned)prng_below(prng, 9)); break;
        case 4: asm_help_add(t, " li a%u, 0x%llx\n", (unsigned)n % 6, (unsigned long long)n); break;
        case 5: asm_help_add(t, " la s%u, l%u\n", (unsigned)n % 4, target); break;
        case 6: asm_help_add(t, " li t0, l%u - l%u\n", target, labels - 1 - target); break;
        case 7: asm_help_add(t, " push a0, lr\n pop a0, lr\n"); break;
        case 8: asm_help_add(t, ".quad l%u, 0x%llx\n", target, (unsigned long long)n); break;
        case 9: asm_help_add(t, ".asciz \"text %u\\n\"\n.align 4\n", (unsigned)n); break;
        case 10:
            asm_help_add(t, "1: bne a0, a1, 1b\n.rept %u\n inc a0, \\+\n.endr\n", (unsigned)n % 4);
            break;
        default: {
            char text[DISASM_LINE_MAX];
            disasm_word(random_word(prng), 0x10000, NULL, text, sizeof text);
            // Targets are where the word was thought to be: give them one that is near.
            bool branches = strstr(text, "0x") && text[0] != '.';
            asm_help_add(t, " %s\n", branches ? "jmp ." : text);
            break;
        }
        }
    }
}

static void generated_programs_come_back(void)
{
    struct prng prng;
    prng_seed(&prng, 8);
    for (unsigned i = 0; i < 1000; i++) {
        struct asm_help_text t = {0};
        random_program(&prng, &t);
        check_round_trip(t.p, i % 2);
        free(t.p);
    }
}

static void words_are_shown_as_written(void)
{
    static const struct {
        uint32_t word;
        const char *text;
    } cases[] = {
        {0x01123000, "add a0, a1, a2"},    {0x1112ffff, "addi a0, a1, -1"},
        {0x16120005, "shli a0, a1, 5"},    {0x20120000, "ldb a0, [a1]"},
        {0x2b1ffff8, "std a0, [sp-8]"},    {0x30120002, "beq a0, a1, 0x1008"},
        {0x3812fffe, "jmp 0x4c0ff8"},      {0x38ffffff, "jmp 0xffc"},
        {0x1c1ffffc, "lea a0, 0xffc"},     {0x41000080, "int 128"},
        {0x45100000, "rdtsc a0"},          {0x58000000, "hlt"},
        {0x58000001, ".word 0x58000001"},  {0x00000000, ".word 0x00000000"},
        {0x1a1f8000, ".word 0x1a1f8000"},  {0x62120000, "rdmsr a0, a1"},
        {0x531203f8, "out a0, [a1+1016]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[DISASM_LINE_MAX], tiny[4];
        int n = disasm_word(cases[i].word, 0x1000, NULL, text, sizeof text);
        CHECK_STR(text, cases[i].text);
        CHECK_I64(n, (int64_t)strlen(text));
        CHECK_I64(disasm_word(cases[i].word, 0x1000, NULL, tiny, sizeof tiny), n);
        CHECK(strncmp(tiny, text, 3) == 0 && tiny[3] == 0);
    }
}

TEST_SUITE(disasm, {"random words come back through text", words_come_back},
           {"words are shown as written", words_are_shown_as_written},
           {"images come back, line table and all", images_come_back},
           {"generated programs come back", generated_programs_come_back});
