// Building address spaces; see space.h. Taking a frame of an inner space backs it by mapping it in the next dimension, which may take
// frames there for tables: the recursion ends at memory itself, which needs no backing.
#include "sim/space.h"

#include <assert.h>
#include <stdio.h>

enum {
    BLOCK_SHIFT = HUGE_PAGE_SHIFT,
    FIRST_BLOCK = 4
}; // blocks below 8 MiB are divided into small frames

static bool fail(char *err, size_t err_size, const char *text)
{
    snprintf(err, err_size, "%s", text);
    return false;
}

static uint64_t entry_get(const struct space *s, uint64_t host)
{
    return mem_get(&s->mem, host, 8);
}

static void entry_put(struct space *s, uint64_t host, uint64_t value)
{
    mem_write(&s->mem, host, &value, 8);
}

static unsigned index_at(uint64_t addr, unsigned level)
{
    return (unsigned)(addr >> (PAGE_SHIFT + LEVEL_BITS * (level - 1))) & 511;
}

// An entry that leads on or maps: a nested entry without rights still does for us, as it has a frame.
static bool entry_used(uint64_t entry)
{
    return (entry & PTE_FRAME) != 0 || (entry & PTE_P) != 0;
}

static bool entry_is_leaf(uint64_t entry, unsigned level)
{
    return level == 1 || (level == 2 && (entry & PTE_PS));
}

// ---- looking things up ----------------------------------------------------------------------------

// The entry of dimension `dim` that ends the way to addr, and its level; false if one on the way is empty.
static bool find_leaf(const struct space *s, unsigned dim, uint64_t addr, uint64_t *host,
                      unsigned *leaf_level)
{
    uint64_t table = s->dim[dim].root;
    for (unsigned level = s->dim[dim].levels; level >= 1; level--) {
        uint64_t at;
        if (!space_host(s, dim + 1, table + 8 * (uint64_t)index_at(addr, level), &at) ||
            !mem_has(&s->mem, at, 8)) {
            return false;
        }
        uint64_t entry = entry_get(s, at);
        if (!entry_used(entry)) {
            return false;
        }
        if (entry_is_leaf(entry, level)) {
            *host = at;
            *leaf_level = level;
            return true;
        }
        table = entry & PTE_FRAME;
    }
    return false;
}

bool space_host(const struct space *s, unsigned k, uint64_t addr, uint64_t *host)
{
    for (; k < s->dims; k++) {
        uint64_t at;
        unsigned level;
        if (!find_leaf(s, k, addr, &at, &level)) {
            return false;
        }
        uint64_t mask = level == 2 ? HUGE_PAGE_SIZE - 1 : PAGE_MASK;
        addr = (entry_get(s, at) & PTE_FRAME & ~mask) | (addr & mask);
    }
    *host = addr;
    return true;
}

bool space_leaf(const struct space *s, unsigned dim, uint64_t addr, uint64_t *host)
{
    unsigned level;
    return find_leaf(s, dim, addr, host, &level);
}

// ---- taking frames --------------------------------------------------------------------------------

// How many blocks space k has: as many as memory.
static uint64_t blocks_of(const struct space *s)
{
    uint64_t blocks = s->mem.size >> BLOCK_SHIFT;
    return blocks < sizeof s->block[0] ? blocks : sizeof s->block[0];
}

void space_reserve(struct space *s, unsigned k, uint64_t addr, uint64_t size)
{
    if (size == 0) {
        return;
    }
    for (uint64_t f = addr >> PAGE_SHIFT;
         f < SPACE_SMALL_FRAMES && f <= (addr + size - 1) >> PAGE_SHIFT; f++) {
        s->small[k][f] = 1;
    }
    for (uint64_t b = addr >> BLOCK_SHIFT;
         b < sizeof s->block[k] && b <= (addr + size - 1) >> BLOCK_SHIFT; b++) {
        s->block[k][b] = 1;
    }
}

// A free place of `taken`, in [first, count), at random or the first one.
static bool pick(struct space *s, uint8_t *taken, uint64_t first, uint64_t count, uint64_t *place)
{
    uint64_t start = s->shuffle ? first + prng_below(&s->prng, count - first) : first;
    for (uint64_t i = 0; i < count - first; i++) {
        uint64_t at = first + (start - first + i) % (count - first);
        if (!taken[at]) {
            taken[at] = 1;
            *place = at;
            return true;
        }
    }
    return false;
}

// Maps the frame of space k to memory of the next space, unless k is memory itself.
static bool back(struct space *s, unsigned k, uint64_t addr, bool huge, char *err, size_t err_size)
{
    if (k == s->dims) {
        return true;
    }
    uint64_t target, ignored;
    if (space_host(s, k, addr, &ignored)) {
        return true; // by a 2 MiB leaf that is there already
    }
    // A huge page always gets a block of its own below, even where 512 small leaves map that.
    bool block = huge || s->back_huge;
    uint64_t size = block ? HUGE_PAGE_SIZE : PAGE_SIZE;
    return space_take(s, k + 1, block, &target, err, err_size) &&
           space_map(s, k, addr & ~(size - 1), target, size,
                     SPACE_P | SPACE_W | (s->back_huge ? SPACE_HUGE : 0), err, err_size);
}

bool space_take(struct space *s, unsigned k, bool huge, uint64_t *addr, char *err, size_t err_size)
{
    uint64_t place;
    // The first frames stay free: a table at 0 would look like none. Then as few blocks as possible.
    bool found = huge ? pick(s, s->block[k], FIRST_BLOCK, blocks_of(s), &place)
                      : pick(s, s->small[k], 16, 512, &place) ||
                            pick(s, s->small[k], 512, SPACE_SMALL_FRAMES, &place);
    if (!found) {
        return fail(err, err_size,
                    huge ? "no free 2 MiB block is left; give it more memory"
                         : "no free frame is left for the tables; map less");
    }
    *addr = place << (huge ? BLOCK_SHIFT : PAGE_SHIFT);
    return back(s, k, *addr, huge, err, err_size);
}

// ---- mapping --------------------------------------------------------------------------------------

static uint64_t guest_entry(unsigned flags, bool leaf)
{
    uint64_t bits = PTE_P | PTE_W | PTE_U | PTE_A;
    if (leaf) {
        bits = ((flags & SPACE_P) ? PTE_P : 0) | ((flags & SPACE_W) ? PTE_W : 0) |
               ((flags & SPACE_U) ? PTE_U : 0) | ((flags & SPACE_NX) ? PTE_NX : 0) |
               ((flags & SPACE_HUGE) ? PTE_PS : 0) |
               ((flags & SPACE_RESERVED) ? UINT64_C(1) << 45 : 0);
    }
    return bits;
}

static uint64_t nested_entry(unsigned flags, bool leaf)
{
    if (!leaf) {
        return EPT_R | EPT_W | EPT_X;
    }
    if (flags & SPACE_RESERVED) {
        return EPT_W |
               ((flags & SPACE_HUGE) ? EPT_PS : 0); // writable and not readable: a misconfiguration
    }
    return ((flags & SPACE_P) ? EPT_R : 0) | ((flags & SPACE_W) ? EPT_W : 0) |
           ((flags & SPACE_P) && !(flags & SPACE_NX) ? EPT_X : 0) |
           ((flags & SPACE_HUGE) ? EPT_PS : 0);
}

static uint64_t make_entry(const struct space *s, unsigned dim, unsigned flags, bool leaf)
{
    return s->dim[dim].format == WALK_EPT ? nested_entry(flags, leaf) : guest_entry(flags, leaf);
}

static bool map_page(struct space *s, unsigned dim, uint64_t from, uint64_t to, unsigned flags,
                     char *err, size_t err_size)
{
    unsigned leaf_level = (flags & SPACE_HUGE) ? 2 : 1;
    uint64_t table = s->dim[dim].root, at = 0;
    for (unsigned level = s->dim[dim].levels;; level--) {
        bool there = space_host(s, dim + 1, table + 8 * (uint64_t)index_at(from, level), &at) &&
                     mem_has(&s->mem, at, 8);
        assert(there); // we made and backed every table ourselves
        (void)there;
        uint64_t entry = entry_get(s, at);
        if (level == leaf_level) {
            break;
        }
        if (entry_used(entry) && entry_is_leaf(entry, level)) {
            return fail(err, err_size, "a 2 MiB page is mapped there already");
        }
        if (!entry_used(entry)) {
            if (!space_take(s, dim + 1, false, &table, err, err_size)) {
                return false;
            }
            entry_put(s, at, table | make_entry(s, dim, 0, false));
        } else {
            table = entry & PTE_FRAME;
        }
    }
    if (entry_used(entry_get(s, at))) {
        return fail(err, err_size, "something is mapped there already");
    }
    entry_put(s, at, (to & PTE_FRAME) | make_entry(s, dim, flags, true));
    return true;
}

bool space_map(struct space *s, unsigned dim, uint64_t from, uint64_t to, uint64_t size,
               unsigned flags, char *err, size_t err_size)
{
    assert(dim < s->dims);
    uint64_t page = (flags & SPACE_HUGE) ? HUGE_PAGE_SIZE : PAGE_SIZE;
    if (from % page || to % page || size % page || size == 0) {
        return fail(err, err_size,
                    page == PAGE_SIZE ? "addresses and size must be multiples of 4 KiB"
                                      : "addresses and size must be multiples of 2 MiB");
    }
    bool nested = s->dim[dim].format == WALK_EPT;
    unsigned bits = PAGE_SHIFT + LEVEL_BITS * s->dim[dim].levels;
    bool fits =
        nested ? bits >= 64 || (from < UINT64_C(1) << bits && size <= (UINT64_C(1) << bits) - from)
               : walk_canonical(from, s->dim[dim].levels) &&
                     walk_canonical(from + size - 1, s->dim[dim].levels);
    if (!fits) {
        return fail(
            err, err_size,
            nested
                ? "the address is beyond what that many levels can translate; use more levels"
                : "the address is not canonical with that many levels; use another or more levels");
    }
    if (to >= UINT64_C(1) << PHYS_BITS || size > (UINT64_C(1) << PHYS_BITS) - to) {
        return fail(err, err_size, "the target is beyond 40 bits; choose a smaller address");
    }
    for (uint64_t offset = 0; offset < size; offset += page) {
        if (!map_page(s, dim, from + offset, to + offset, flags, err, err_size)) {
            return false;
        }
    }
    return true;
}

bool space_name(struct space *s, const char *name, uint64_t va, uint64_t size, unsigned flags,
                const char *doc)
{
    if (s->regions == SPACE_REGIONS_MAX) {
        return false;
    }
    struct space_region *r = &s->region[s->regions++];
    *r = (struct space_region){.va = va, .size = size, .flags = flags, .doc = doc};
    snprintf(r->name, sizeof r->name, "%s", name);
    return true;
}

// ---- creation -------------------------------------------------------------------------------------

bool space_create(struct space *s, const struct space_config *config, char *err, size_t err_size)
{
    assert(config->dims >= 1 && config->dims <= WALK_DIMS_MAX);
    *s = (struct space){
        .dims = config->dims, .back_huge = config->back_huge, .shuffle = config->shuffle};
    prng_seed(&s->prng, config->seed);
    if (!mem_init(&s->mem, config->ram)) {
        return fail(err, err_size, "no memory for the address space; make it smaller");
    }
    for (unsigned d = 0; d < config->dims; d++) {
        s->dim[d] = (struct walk_dim){.format = d == 0 ? WALK_GUEST : WALK_EPT,
                                      .levels = config->levels[d],
                                      .set_ad = d == 0};
    }
    // From memory upwards: a root must be backed by the dimensions below it.
    for (unsigned d = config->dims; d-- > 0;) {
        if (!space_take(s, d + 1, false, &s->dim[d].root, err, err_size)) {
            space_free(s);
            return false;
        }
    }
    return true;
}

void space_free(struct space *s)
{
    mem_free(&s->mem);
}
