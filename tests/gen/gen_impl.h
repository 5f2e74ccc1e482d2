// Between the generator's files.
#ifndef TESTS_GEN_GEN_IMPL_H
#define TESTS_GEN_GEN_IMPL_H

#include "sim/isa.h"
#include "sim/prng.h"
#include "tests/gen/gen.h"

enum {
    GEN_CODE_WORDS = 2048,
    GEN_WINDOWS = 32,

    // Registers with a purpose; the rest is the programs'. Handlers use t0 to t2.
    GEN_POINTER = REG_S0,   // a good data page, most of the time
    GEN_OUTER = REG_S0 + 1, // counts runs of the whole body
    GEN_INNER = REG_S0 + 2, // counts a loop
    GEN_HOME = REG_S0 + 3,  // where handlers send a program that got lost
    T0 = REG_T0,
    T1 = REG_T0 + 1,
    T2 = REG_T0 + 2,

    // Pages of the kernel's region.
    K_TEXT = 0,
    K_DATA = 1,
    K_IDT = 2, // two pages: the table may begin anywhere in the first
    K_STACK0 = 4,
    K_STACK1 = 6,
    K_STACK2 = 7,
    K_STACK3 = 8,
    K_OTHERS = 9, // the ring stacks of the other processors, two pages each
    GEN_OTHERS = 3,
    K_PAGES = K_OTHERS + 2 * GEN_OTHERS,

    // In K_DATA.
    D_COUNT = 0,    // 256 counters
    D_FIXUP = 2048, // GEN_FIXUPS of page, address of its entry, new entry
    D_TASK = 2560,  // the ring stacks, 32 bytes for each processor
    GEN_FIXUPS = 4,

    // Vectors with a purpose.
    V_STATE = 0x81, // service: change pc, ring, flags, sp of the caller (a0 to a3)
    V_EXIT = 0x82,  // service: stop the machine
    V_RING1 = 0x90, // handlers in rings 1, 2, 3
    V_RING2 = 0x91,
    V_RING3 = 0x92,
    V_TIMER = 0x40,  // 16 of them
    V_DEVICE = 0x60, // its handler acknowledges at disk and card as well
};

// A piece of the address space that a program knows of.
struct gen_window {
    uint64_t va;
    bool huge;
    bool good;                      // ring 0 can read and write it
    bool user;                      // and ring 3
    uint64_t entry[LEVELS_MAX + 1]; // physical address of its table entries, 0: there is none
    uint64_t leaf;                  // what the leaf holds at the start
};

struct gen {
    struct gen_program *p;
    struct prng rng;
    const uint8_t *bytes; // decisions from outside, while there are any
    size_t left;
    const struct gen_profile *profile;
    enum gen_layout layout;
    uint32_t weight[GEN_SNIPPETS];

    bool taken[GEN_FRAMES];
    uint64_t root[2]; // physical addresses of two page tables
    uint64_t kernel;  // address of the kernel's region
    uint64_t kernel_frame[K_PAGES];
    uint64_t physical;          // address at which RAM's first 2 MiB are seen
    uint64_t apic;              // address of the local APIC
    uint64_t disk, nic, ioapic; // addresses of their registers, in programs that may use them
    uint64_t ring[2];           // physical addresses of the card's rings, to send and to receive
    uint64_t idt;               // address of the vector table
    uint64_t body;              // address of the program
    uint64_t body_frame[3];
    uint64_t body_entry;           // where in it the code begins
    uint64_t boot[1 + GEN_OTHERS]; // frames of the boot code, mapped at their own addresses
    struct gen_window window[GEN_WINDOWS];
    unsigned windows;

    // Code being written.
    uint64_t base;
    uint32_t code[GEN_CODE_WORDS];
    unsigned at;    // words
    unsigned depth; // of snippets in snippets

    unsigned handler[9], system_call; // offsets in the kernel's text, in words: see gen_kernel.c
};

// Decisions.
uint64_t gen_below(struct gen *g, uint64_t n);
bool gen_chance(struct gen *g, unsigned percent);
uint64_t gen_bits(struct gen *g);  // 64 random bits
uint64_t gen_value(struct gen *g); // a number worth trying
unsigned gen_reg(struct gen *g);   // a register to read
unsigned gen_dest(struct gen *g);  // a register to write

// Memory.
uint64_t gen_frame(struct gen *g);                         // a free frame; its physical address
uint64_t gen_frames(struct gen *g, unsigned n);            // n in a row
void gen_poke(struct gen *g, uint64_t pa, uint64_t value); // 8 bytes
uint64_t gen_peek(const struct gen *g, uint64_t pa);

// Page tables. `bits` are changed in the upper entries that have to be made; the leaf is put as it is. `entry`, if
// not NULL, gets the physical addresses of the entries by level.
void gen_map(struct gen *g, uint64_t root, uint64_t va, uint64_t leaf, bool huge, uint64_t bits,
             uint64_t *entry);
uint64_t gen_canonical(const struct gen *g, uint64_t va); // sign-extended
void gen_layout_make(struct gen *g);

// Code.
void gen_op(struct gen *g, unsigned op, unsigned rd, unsigned ra, unsigned rb, int64_t imm);
void gen_li(struct gen *g, unsigned rd, uint64_t value);
uint64_t gen_here(const struct gen *g);
unsigned gen_forward(struct gen *g, unsigned op, unsigned ra,
                     unsigned rb);         // a branch or lea to be bound
void gen_bind(struct gen *g, unsigned at); // to here
void gen_word(struct gen *g, uint32_t word);
void gen_flush(struct gen *g, const uint64_t *frames, uint64_t offset); // copies the code to memory

void gen_kernel_make(struct gen *g);
// A good stack pointer for the ring; of processor 0, except in ring 3.
uint64_t gen_stack(const struct gen *g, unsigned ring);
void gen_boot_make(struct gen *g);
void gen_devices_make(struct gen *g);
void gen_body_make(struct gen *g);
void gen_snippet(struct gen *g, enum gen_snippet s);

#endif
