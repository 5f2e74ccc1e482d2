// The assembler's language: sections, macros and conditionals give the bytes that they should, hostile source costs limited time and memory, and two
// calls give the same.
#include "sim/asm.h"
#include "sim/isa.h"
#include "sim/prng.h"
#include "tests/asm_help.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    REQUIRE(
        asm_help_good(".section .text, addr=0x100000\n nop\n.data\n .byte 1\n.bss\nb: .space 100\n"
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
    CHECK_U64(asm_help_quad(segment(&r, "after")->bytes), 0xffff800000000000);
    CHECK_U64(image_find(&r.image, "a")->value, 0xffff800000000010);
    CHECK_U64(r.image.entry, 0x100000);
    asm_result_free(&r);
}

static void fill_goes_where_it_should(void)
{
    struct asm_result r;
    size_t n;
    REQUIRE(asm_help_good(
        " nop\n .align 16\n nop\n.data\n.byte 1\n.align 4\n.byte 2\n.org . + 3, 0xee\n.byte 3\n"
        ".align 16, 0x55\n.space 2, 7\n.space 20\n",
        &r));
    const uint8_t *b = asm_help_bytes(&r, ".text", &n);
    CHECK_U64(n, 20);
    CHECK_U64(asm_help_word(b + 12), 0x11000000); // nop
    b = asm_help_bytes(&r, ".data", &n);
    // The zeros at the end are not stored. .data is at 0x10020 for its .align 16.
    CHECK_U64(n, 18);
    CHECK_MEM(b, "\1\0\0\0\2\xee\xee\xee\3\x55\x55\x55\x55\x55\x55\x55\7\7", 18);
    CHECK_U64(segment(&r, ".data")->bss, 20);
    asm_result_free(&r);
    asm_help_same(".data\n.fill 3, 2, 0x1234\n", ".data\n.half 0x1234, 0x1234, 0x1234\n", ".data");
    asm_help_same(".data\n.incbin \"bytes.bin\", 2, 3\n.incbin \"bytes.bin\"\n",
                  ".data\n.ascii \"2340123456789\"\n", ".data");
    asm_help_same(".data\n.asciz \"a\\tb\", \"\"\n", ".data\n.byte 'a', 9, 'b', 0, 0\n", ".data");
    asm_help_same(".data\n.byte -1\n.half 0xffff\n.word -2\n",
                  ".data\n.byte 255, 255, 255, 254, 255, 255, 255\n", ".data");
}

static void entry_and_symbols(void)
{
    struct asm_result r;
    REQUIRE(
        asm_help_good(" nop\nstart: nop\n.loop: jmp .loop\n1: jmp 1b\nf: jmp .loop2\n.loop2: nop\n"
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
    REQUIRE(asm_help_good(" nop\nx: nop\n.entry x + 4\n", &r));
    CHECK_U64(r.image.entry, 0x10008);
    asm_result_free(&r);
}

// The line table names lines of the source: for a macro, where it was called.
static void lines_are_those_of_the_source(void)
{
    struct asm_result r;
    REQUIRE(asm_help_good(
        ".macro two\n nop\n nop\n.endm\n two\n nop\n.rept 2\n brk\n.endr\n.include \"five.inc\"\n"
        ".loc \"c.c\", 77\n nop\n",
        &r));
    // Where a .loc is used, code outside one has no line.
    CHECK_U64(r.image.line_count, 1);
    CHECK_U64(image_line_at(&r.image, 0x10014)->line, 77);
    asm_result_free(&r);
    REQUIRE(asm_help_good(".macro two\n nop\n nop\n.endm\n two\n nop\n.rept 2\n brk\n.endr\n", &r));
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
        asm_help_same(a, b, ".text");
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
    CHECK_I64((int64_t)asm_help_quad(asm_help_bytes(&r, ".text", NULL)), -3);
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

TEST_SUITE(asm, {"sections are placed", sections_are_placed},
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
