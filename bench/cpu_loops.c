// The guest side of the loops.
#include "bench/cpu_loops.h"

const char *const cpu_loop_prologue = "        .equ A, 0x400000\n"
                                      "        .equ B, 0x820000\n"
                                      "        .equ PAGES, 0x1000000\n"
                                      "        .org 0x10000\n"
                                      "start:  li t0, 0x2800000\n"
                                      "        lptbr t0\n"
                                      "        li t0, 0x80010000      ; PG, WP\n"
                                      "        lmsw t0\n"
                                      "        li t0, 0x20000\n"
                                      "        lidt t0\n"
                                      "        li t0, 0x20ff0         ; three ring stacks\n"
                                      "        ltr t0\n"
                                      "        li t0, 0xc0000082      ; LSTAR\n"
                                      "        la t1, syscall_entry\n"
                                      "        wrmsr t0, t1\n"
                                      "        li sp, 0x38000\n"
                                      "        la t0, passes\n"
                                      "        ldd a5, [t0]           ; how many\n"
                                      "        jmp loop\n"
                                      "passes: .quad 0\n"
                                      "stop:   out zero, [zero+0xf4]\n"
                                      "syscall_entry: sysret\n"
                                      "int_entry: iret\n"
                                      "to_user:                       ; goes to a0 in ring 3\n"
                                      "        li sp, 0x37000\n"
                                      "        std zero, [sp]\n"
                                      "        std a0, [sp+8]\n"
                                      "        li t0, 3\n"
                                      "        std t0, [sp+16]\n"
                                      "        std zero, [sp+24]\n"
                                      "        li t0, 0x36000\n"
                                      "        std t0, [sp+32]\n"
                                      "        iret\n"
                                      "        .align 64\n";

static const char alu[] = "        .align 4096\n"
                          "loop:\n"
                          "inner:  addi a0, a0, 7\n"
                          "        xor a0, a0, a1\n"
                          "        shli a1, a0, 3\n"
                          "        add a1, a1, a0\n"
                          "        shri a0, a1, 5\n"
                          "        sub a0, a0, a1\n"
                          "        ori a1, a0, 12\n"
                          "        xor a1, a1, a0\n"
                          "        and a0, a0, a1\n"
                          "        addi a0, a0, 1\n"
                          "        addi a5, a5, -1\n"
                          "        bnez a5, inner\n"
                          "        jmp stop\n";

#define SUM(words)                        \
    "loop:   li s0, A\n"                  \
    "        li s1, A + 8 * " #words "\n" \
    "inner:  ldd t0, [s0]\n"              \
    "        add a0, a0, t0\n"            \
    "        addi s0, s0, 8\n"            \
    "        bne s0, s1, inner\n"         \
    "        addi a5, a5, -1\n"           \
    "        bnez a5, loop\n"             \
    "        jmp stop\n"

#define COPY(words)                       \
    "loop:   li s0, A\n"                  \
    "        li s1, A + 8 * " #words "\n" \
    "        li s2, B\n"                  \
    "inner:  ldd t0, [s0]\n"              \
    "        std t0, [s2]\n"              \
    "        addi s0, s0, 8\n"            \
    "        addi s2, s2, 8\n"            \
    "        bne s0, s1, inner\n"         \
    "        addi a5, a5, -1\n"           \
    "        bnez a5, loop\n"             \
    "        jmp stop\n"

#define PAGE(pages)                              \
    "loop:   li s0, PAGES\n"                     \
    "        li s1, PAGES + 4096 * " #pages "\n" \
    "        li t1, 4096\n"                      \
    "inner:  ldd t0, [s0]\n"                     \
    "        addi t0, t0, 1\n"                   \
    "        std t0, [s0]\n"                     \
    "        add s0, s0, t1\n"                   \
    "        bne s0, s1, inner\n"                \
    "        addi a5, a5, -1\n"                  \
    "        bnez a5, loop\n"                    \
    "        jmp stop\n"

static const char sieve[] = "        .equ SIZE, 8192\n"
                            "loop:   li s0, A\n"
                            "        li s1, A + SIZE\n"
                            "        li t0, 1\n"
                            "clear:  stb t0, [s0]\n"
                            "        addi s0, s0, 1\n"
                            "        bne s0, s1, clear\n"
                            "        li s0, A\n"
                            "        li s2, SIZE\n"
                            "        movi a1, 2\n"
                            "next:   add t0, s0, a1\n"
                            "        ldbu t1, [t0]\n"
                            "        beqz t1, composite\n"
                            "        addi a0, a0, 1\n"
                            "        add a2, a1, a1\n"
                            "mark:   bgeu a2, s2, composite\n"
                            "        add t0, s0, a2\n"
                            "        stb zero, [t0]\n"
                            "        add a2, a2, a1\n"
                            "        jmp mark\n"
                            "composite: addi a1, a1, 1\n"
                            "        bltu a1, s2, next\n"
                            "        addi a5, a5, -1\n"
                            "        bnez a5, loop\n"
                            "        jmp stop\n";

static const char crc[] = "loop:   li s0, A\n"
                          "        li s1, A + 4096\n"
                          "        li a0, 0xffffffff\n"
                          "        li s2, 0xedb88320\n"
                          "byte:   ldbu t0, [s0]\n"
                          "        xor a0, a0, t0\n"
                          "        movi t1, 8\n"
                          "bit:    andi t2, a0, 1\n"
                          "        shri a0, a0, 1\n"
                          "        beqz t2, even\n"
                          "        xor a0, a0, s2\n"
                          "even:   addi t1, t1, -1\n"
                          "        bnez t1, bit\n"
                          "        addi s0, s0, 1\n"
                          "        bne s0, s1, byte\n"
                          "        addi a5, a5, -1\n"
                          "        bnez a5, loop\n"
                          "        jmp stop\n";

static const char sort[] = "        .equ WORDS, 4096\n"
                           "loop:   li s0, A\n"
                           "        li s1, A + 8 * WORDS\n"
                           "        li a0, 88172645463325252\n"
                           "fill:   shli t0, a0, 13\n"
                           "        xor a0, a0, t0\n"
                           "        shri t0, a0, 7\n"
                           "        xor a0, a0, t0\n"
                           "        shli t0, a0, 17\n"
                           "        xor a0, a0, t0\n"
                           "        std a0, [s0]\n"
                           "        addi s0, s0, 8\n"
                           "        bne s0, s1, fill\n"
                           "        li a0, A\n"
                           "        addi a1, s1, -8\n"
                           "        call quick\n"
                           "        addi a5, a5, -1\n"
                           "        bnez a5, loop\n"
                           "        jmp stop\n"
                           "; Hoare's partition: a0 first, a1 last word\n"
                           "quick:  bgeu a0, a1, quick_done\n"
                           "        sub t0, a1, a0\n"
                           "        shri t0, t0, 4\n"
                           "        shli t0, t0, 3\n"
                           "        add t0, a0, t0\n"
                           "        ldd t0, [t0]           ; pivot\n"
                           "        addi a2, a0, -8\n"
                           "        addi a3, a1, 8\n"
                           "up:     addi a2, a2, 8\n"
                           "        ldd t1, [a2]\n"
                           "        bltu t1, t0, up\n"
                           "down:   addi a3, a3, -8\n"
                           "        ldd t2, [a3]\n"
                           "        bltu t0, t2, down\n"
                           "        bgeu a2, a3, split\n"
                           "        std t2, [a2]\n"
                           "        std t1, [a3]\n"
                           "        jmp up\n"
                           "split:  addi sp, sp, -24\n"
                           "        std lr, [sp]\n"
                           "        std a1, [sp+8]\n"
                           "        std a3, [sp+16]\n"
                           "        mov a1, a3\n"
                           "        call quick\n"
                           "        ldd a1, [sp+8]\n"
                           "        ldd a0, [sp+16]\n"
                           "        addi a0, a0, 8\n"
                           "        call quick\n"
                           "        ldd lr, [sp]\n"
                           "        addi sp, sp, 24\n"
                           "quick_done: ret\n";

static const char syscalls[] = "loop:   la a0, user\n"
                               "        jmp to_user\n"
                               "        .align 4096\n"
                               "user:   syscall\n"
                               "        addi a5, a5, -1\n"
                               "        bnez a5, user\n"
                               "        int 0x90\n";

static const char interrupts[] = "loop:   la a0, user\n"
                                 "        jmp to_user\n"
                                 "        .align 4096\n"
                                 "user:   int 0x80\n"
                                 "        addi a5, a5, -1\n"
                                 "        bnez a5, user\n"
                                 "        int 0x90\n";

const struct cpu_loop cpu_loops[] = {
    {"alu", "ten dependent register instructions", alu, native_alu, false},
    {"sum 32K", "adds the words of 32 KiB", SUM(4096), native_sum_small, false},
    {"sum 4M", "adds the words of 4 MiB", SUM(524288), native_sum_large, false},
    {"copy 32K", "copies 32 KiB by words", COPY(4096), native_copy_small, false},
    {"copy 4M", "copies 4 MiB by words", COPY(524288), native_copy_large, false},
    {"page256", "loads and stores a word a page, 256 pages", PAGE(256), native_page_256, false},
    {"page4096", "loads and stores a word a page, 4096 pages", PAGE(4096), native_page_4096, true},
    {"sieve", "primes below 8192", sieve, native_sieve, false},
    {"crc", "CRC-32, a branch a bit", crc, native_crc, false},
    {"sort", "quicksort of 4096 words", sort, native_sort, false},
    {"syscall", "ring 3: a system call that returns at once", syscalls, NULL, true},
    {"int", "ring 3: a software interrupt that returns at once", interrupts, NULL, true},
};

const size_t cpu_loop_count = sizeof cpu_loops / sizeof *cpu_loops;
