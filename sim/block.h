// The cache of decoded code. A block is a straight run of instructions inside one physical page, decoded into micro-operations, with its
// cost summed in advance; blocks of one page are chained to each other. A page's blocks live and die together.
#ifndef RINGSIDE_SIM_BLOCK_H
#define RINGSIDE_SIM_BLOCK_H

#include "sim/cpu.h"

enum {
    PAGE_WORDS = 4096 / 4,
#ifdef RINGSIDE_SMALL_TABLES
    BLOCK_INSNS_MAX = 3,
    CODE_PAGES_MAX = 2,
#else
    BLOCK_INSNS_MAX = 48,     // longer runs are split: an event in the middle costs plain steps
    CODE_PAGES_MAX = 1 << 13, // decoded pages kept before all are thrown away
#endif
    LINE_SHIFT = 6, // a store beside decoded code is told from one into it by 64-byte lines
};

// A micro-operation: where its code in cpu_run is, its registers, and its immediate. Conditional branches and jumps within the page are followed by
// one more slot that holds their links.
struct uop {
    const void *run;
    uint8_t rd, ra, rb; // rd: the bin (REG_COUNT) instead of r0
    uint8_t at;         // index of its instruction in the block
    int32_t imm;
};

struct block;
struct uop_links {
    struct block *taken, *next; // NULL: not yet known
};
_Static_assert(sizeof(struct uop_links) == sizeof(struct uop), "links take one slot");

struct block {
    int64_t cost;   // of all instructions
    uint32_t count; // instructions
    uint16_t start; // word in the page
    uint16_t
        covers; // words whose decoding made this block: an invalid word ends one and counts here
    struct code_page *page;
    uint32_t *after;  // by instruction: base cost of those behind it
    struct insn last; // the instruction that ends it, if it is a system instruction
    struct uop uop[];
};

struct chunk; // memory for blocks

struct code_page {
    struct block *block[PAGE_WORDS]; // by first word
    uint64_t frame;                  // physical address of the page
    uint64_t lines;                  // 64-byte lines from which something was decoded
    struct chunk *chunks;
};

// One cache serves all processors of a machine.
struct code_cache {
    struct mem *mem;
    struct machine *m;
    struct code_page **page; // by frame; NULL where nothing was decoded
    uint64_t frames;
    unsigned pages;
    bool full;          // throw everything away before going on
    struct chunk *dead; // blocks of pages that were written to: freed when nobody can be inside
    uint64_t decoded;   // blocks made, for the statistics
    uint64_t dropped;   // pages dropped because of a store
};

bool code_cache_init(struct code_cache *cache, struct machine *m);
void code_cache_free(struct code_cache *cache);

// The decoded page of a frame, made if need be. NULL when memory is short, or in a machine that runs the plain path only.
struct code_page *code_page_at(struct code_cache *cache, uint64_t frame);

// The block that starts at word `at` of the page; made if need be. NULL when memory is short.
struct block *block_at(struct cpu *c, struct code_page *page, unsigned at);

// Bytes [addr, addr + n) of RAM were written, in frames with FRAME_CODE or FRAME_WATCHED.
void code_cache_stored(struct code_cache *cache, uint64_t addr, uint64_t n);

// Free what is dead; empty the cache if it is full. Only between stretches of cpu_run, on no processor.
void code_cache_tidy(struct code_cache *cache);

// ---- with cpu_run ---------------------------------------------------------------------------------

// Micro-operations: instructions of isa.def that the fast loop does itself, and some of its own.
enum uop_kind {
    UOP_SYSTEM, // 0: what a system instruction is unless it has one of its own
#define ALU(NAME, e)    UOP_##NAME,
#define ALUI(NAME, e)   UOP_##NAME,
#define LOAD(NAME, t)   UOP_##NAME,
#define STORE(NAME, t)  UOP_##NAME,
#define BRANCH(NAME, e) UOP_##NAME, UOP_##NAME##_FAR, // within the page; to another
#include "sim/alu.def"
    UOP_DIV,
    UOP_REM,
    UOP_MOVI,
    UOP_MOVK,
    UOP_LEA,
    UOP_CAS,
    UOP_JMP,
    UOP_JMP_FAR,
    UOP_CALL,
    UOP_CALL_FAR,
    UOP_JALR,
    UOP_SYSCALL,
    UOP_SYSRET,
    UOP_INT,
    UOP_IRET,
    UOP_INVALID,
    UOP_GO_ON,     // the block is full: the next one follows
    UOP_GO_ON_FAR, // the page ends
    UOP_COUNT
};

// Addresses of their code, by kind.
const void *const *cpu_run_labels(void);

#endif
