// Decoding into blocks, and throwing them away when somebody writes where they came from.
#include "sim/block.h"

#include "sim/machine_internal.h"
#include "sim/vmcs.h"

#include <stdlib.h>

enum { CHUNK_BYTES = 4096 };

struct chunk {
    struct chunk *next;
    size_t used;
    _Alignas(16) uint8_t bytes[CHUNK_BYTES];
};

bool code_cache_init(struct code_cache *cache, struct machine *m)
{
    *cache = (struct code_cache){.mem = &m->mem, .m = m, .frames = m->mem.size >> PAGE_SHIFT};
    cache->page = calloc((size_t)cache->frames, sizeof *cache->page);
    return cache->page != NULL;
}

static void free_chunks(struct chunk *c)
{
    while (c) {
        struct chunk *next = c->next;
        free(c);
        c = next;
    }
}

static void empty(struct code_cache *cache)
{
    for (uint64_t f = 0; cache->pages && f < cache->frames; f++) {
        if (cache->page[f]) {
            free_chunks(cache->page[f]->chunks);
            free(cache->page[f]);
            cache->page[f] = NULL;
            cache->pages--;
            cache->mem->frame[f] &= (uint8_t)~FRAME_CODE;
        }
    }
    cache->full = false;
}

void code_cache_free(struct code_cache *cache)
{
    if (cache->page) {
        empty(cache);
    }
    free_chunks(cache->dead);
    free(cache->page);
    *cache = (struct code_cache){0};
}

void code_cache_tidy(struct code_cache *cache)
{
    free_chunks(cache->dead);
    cache->dead = NULL;
    if (cache->full) {
        empty(cache);
        for (unsigned k = 0; k < cache->m->config.cpus; k++) {
            cpu_forget_fast(&cache->m->cpu[k]);
        }
    }
}

struct code_page *code_page_at(struct code_cache *cache, uint64_t frame)
{
    assert(frame % PAGE_SIZE == 0 && frame >> PAGE_SHIFT < cache->frames);
    if (cache->m->config.reference) {
        return NULL;
    }
    struct code_page **slot = &cache->page[frame >> PAGE_SHIFT];
    if (!*slot) {
        if (cache->pages >= CODE_PAGES_MAX) {
            cache->full = true; // emptied at the next tidy; until then one more does no harm
        }
        *slot = calloc(1, sizeof **slot);
        if (*slot) {
            (*slot)->frame = frame;
            cache->pages++;
        }
    }
    return *slot;
}

// ---- decoding -------------------------------------------------------------------------------------

static void *chunk_alloc(struct code_page *page, size_t n)
{
    n = (n + 15) & ~(size_t)15;
    assert(n <= CHUNK_BYTES);
    struct chunk *c = page->chunks;
    if (!c || c->used + n > CHUNK_BYTES) {
        c = malloc(sizeof *c);
        if (!c) {
            return NULL;
        }
        c->used = 0;
        c->next = page->chunks;
        page->chunks = c;
    }
    void *p = c->bytes + c->used;
    c->used += n;
    return p;
}

// Some code of this page is about to be kept: from now on stores to the frame must be seen.
static void watch(struct code_cache *cache, struct code_page *page, unsigned first, unsigned words)
{
    for (unsigned w = first; w < first + words; w++) {
        page->lines |= UINT64_C(1) << (w * 4 >> LINE_SHIFT);
    }
    uint8_t *notes = &cache->mem->frame[page->frame >> PAGE_SHIFT];
    if (!(*notes & FRAME_CODE)) {
        *notes |= FRAME_CODE;
        for (unsigned k = 0; k < cache->m->config.cpus; k++) {
            cpu_forget_writes(&cache->m->cpu[k], page->frame);
        }
    }
}

static const uint8_t kind_of_op[OP_COUNT] = {
#define ALU(NAME, e)    [OP_##NAME] = UOP_##NAME,
#define ALUI(NAME, e)   [OP_##NAME] = UOP_##NAME,
#define LOAD(NAME, t)   [OP_##NAME] = UOP_##NAME,
#define STORE(NAME, t)  [OP_##NAME] = UOP_##NAME,
#define BRANCH(NAME, e) [OP_##NAME] = UOP_##NAME,
#include "sim/alu.def"
    [OP_DIV] = UOP_DIV,         [OP_REM] = UOP_REM,       [OP_MOVI] = UOP_MOVI,
    [OP_MOVK] = UOP_MOVK,       [OP_LEA] = UOP_LEA,       [OP_CAS] = UOP_CAS,
    [OP_JMP] = UOP_JMP,         [OP_CALL] = UOP_CALL,     [OP_JALR] = UOP_JALR,
    [OP_SYSCALL] = UOP_SYSCALL, [OP_SYSRET] = UOP_SYSRET, [OP_INT] = UOP_INT,
    [OP_IRET] = UOP_IRET,
};

// What one instruction becomes.
struct decoded {
    struct insn in;
    enum uop_kind kind;
    bool ends;  // nothing follows in this block
    bool links; // a slot for links follows
};

static bool stays_in_page(unsigned word, int32_t offset)
{
    int64_t to = (int64_t)word * 4 + offset;
    return to >= 0 && to < (int64_t)PAGE_SIZE;
}

static struct decoded decode_one(struct cpu *c, struct code_page *page, unsigned word)
{
    uint32_t bits = (uint32_t)mem_get(c->mem, page->frame + 4u * word, 4);
    struct decoded d = {.in = isa_decode(bits)};
    const struct isa_row *row = isa_row(d.in.op);
    if (d.in.op == OP_INVALID) {
        d.kind = UOP_INVALID;
        d.ends = true;
        return d;
    }
    d.kind = kind_of_op[d.in.op];
    switch (row->flow) {
    case FLOW_NEXT: break;
    case FLOW_BRANCH:
        d.ends = d.links = true;
        if (!stays_in_page(word, d.in.imm)) {
            d.kind = (enum uop_kind)(d.kind + 1); // the _FAR form
        }
        break;
    case FLOW_JUMP:
        d.ends = true;
        d.links = d.in.op != OP_JALR;
        if (d.links && !stays_in_page(word, d.in.imm)) {
            d.kind = d.in.op == OP_JMP ? UOP_JMP_FAR : UOP_CALL_FAR;
        }
        break;
    case FLOW_SERIAL: d.ends = true; break;
    }
    return d;
}

static void emit(struct uop *u, const struct decoded *d, unsigned at, unsigned word)
{
    *u = (struct uop){.run = cpu_run_labels()[d->kind],
                      .rd = d->in.rd == REG_ZERO ? REG_COUNT : d->in.rd,
                      .ra = d->in.ra,
                      .rb = d->in.rb,
                      .at = (uint8_t)at,
                      .imm = d->in.imm};
    switch (d->kind) {
    case UOP_STB:
    case UOP_STH:
    case UOP_STW:
    case UOP_STD:
        u->rd = d->in.rd;
        break; // read, not written
    // What is relative to the instruction is made relative to the page.
    case UOP_LEA:
    case UOP_CALL:
    case UOP_CALL_FAR:
    case UOP_JMP:
    case UOP_JMP_FAR: u->imm += (int32_t)word * 4; break;
    default:
        if (d->links) {
            u->imm += (int32_t)word * 4; // a branch
        }
        break;
    }
}

struct block *block_at(struct cpu *c, struct code_page *page, unsigned at)
{
    assert(at < PAGE_WORDS && !page->block[at]);
    struct decoded d[BLOCK_INSNS_MAX];
    uint64_t cost = 0;
    unsigned n = 0, word = at, slots = 0;
    for (bool ends = false; !ends && n < BLOCK_INSNS_MAX && word < PAGE_WORDS; n++, word++) {
        d[n] = decode_one(c, page, word);
        uint64_t with = cost + c->op_cost[d[n].in.op];
        if (with > UINT32_MAX && n > 0) {
            break; // so that `after` fits
        }
        cost = with;
        ends = d[n].ends;
        slots += d[n].links ? 2 : 1;
    }
    bool open = !d[n - 1].ends;
    struct block *b = chunk_alloc(page, sizeof *b + (slots + (open ? 2u : 0u)) * sizeof *b->uop);
    uint32_t *after = chunk_alloc(page, n * sizeof *after);
    if (!b || !after) {
        return NULL;
    }
    bool invalid = d[n - 1].kind == UOP_INVALID; // completes nothing and costs nothing
    *b = (struct block){.cost = (int64_t)cost,
                        .count = n - (invalid ? 1 : 0),
                        .start = (uint16_t)at,
                        .covers = (uint16_t)n,
                        .page = page,
                        .after = after,
                        .last = d[n - 1].in};
    struct uop *u = b->uop;
    for (unsigned k = 0; k < n; k++) {
        emit(u, &d[k], k, at + k);
        u++;
        if (d[k].links) {
            *(struct uop_links *)(void *)u++ = (struct uop_links){NULL, NULL};
        }
        cost -= c->op_cost[d[k].in.op];
        after[k] = (uint32_t)cost;
    }
    if (open) {
        enum uop_kind kind = word < PAGE_WORDS ? UOP_GO_ON : UOP_GO_ON_FAR;
        *u++ =
            (struct uop){.run = cpu_run_labels()[kind], .at = (uint8_t)n, .imm = (int32_t)word * 4};
        *(struct uop_links *)(void *)u = (struct uop_links){NULL, NULL};
    }
    watch(c->code_cache, page, at, n);
    page->block[at] = b;
    c->code_cache->decoded++;
    return b;
}

// ---- stores to code -------------------------------------------------------------------------------

static void drop_page(struct code_cache *cache, struct code_page *page)
{
    // The page itself stays: fast tables of processors point at it. Its blocks may be running, so their memory lives on a little.
    memset(page->block, 0, sizeof page->block);
    struct chunk **end = &page->chunks;
    while (*end) {
        end = &(*end)->next;
    }
    *end = cache->dead;
    cache->dead = page->chunks;
    page->chunks = NULL;
    page->lines = 0;
    cache->dropped++;
}

void code_cache_stored(struct code_cache *cache, uint64_t addr, uint64_t n)
{
    for (uint64_t at = addr, end = addr + n; at < end;) {
        uint64_t frame = at & ~PAGE_MASK, stop = frame + PAGE_SIZE < end ? frame + PAGE_SIZE : end;
        struct code_page *page = cache->page[frame >> PAGE_SHIFT];
        unsigned first = (unsigned)(at & PAGE_MASK) >> LINE_SHIFT;
        unsigned last = (unsigned)((stop - 1) & PAGE_MASK) >> LINE_SHIFT;
        uint64_t lines = (UINT64_MAX >> (63 - last)) & (UINT64_MAX << first);
        if (page && (page->lines & lines)) {
            drop_page(cache, page);
        }
        if (!page || !page->lines) {
            cache->mem->frame[frame >> PAGE_SHIFT] &= (uint8_t)~FRAME_CODE;
        }
        at = stop;
    }
}
