// The demonstration address space: what a lecture wants to translate, and what homework asks about.
#include "sim/space.h"

#include <stdio.h>

// Where a region lies.
enum place {
    LOW,    // at its own address, the same for every seed: easy to type
    RANDOM, // somewhere in the lower half
    TOP,    // ends at the top of the lower half
    KERNEL, // in the upper half
};

// What is done to the nested entry behind a region's first page.
enum nested_trick { BACKED, ABSENT, READ_ONLY, MISCONFIGURED, TABLE_ABSENT };

static const struct demo_region {
    const char *name;
    enum place place;
    uint64_t address; // LOW: its address
    unsigned pages, flags;
    bool grows; // of 2 MiB pages on demand
    enum nested_trick trick;
    const char *doc;
} demo[] = {
    {"code", LOW, 0x400000, 2, SPACE_P | SPACE_U, false, BACKED,
     "a program's instructions: nobody may write here"},
    {"data", LOW, 0x600000, 2, SPACE_P | SPACE_W | SPACE_U | SPACE_NX, false, BACKED,
     "its variables: no instructions"},
    {"heap", RANDOM, 0, 2, SPACE_P | SPACE_W | SPACE_U | SPACE_NX, true, BACKED,
     "memory it asked for; by 2 MiB pages with --huge"},
    {"corrupt", RANDOM, 0, 1, SPACE_P | SPACE_W | SPACE_U | SPACE_RESERVED, false, BACKED,
     "an entry with a reserved bit set"},
    {"unbacked", RANDOM, 0, 1, SPACE_P | SPACE_W | SPACE_U, false, ABSENT,
     "the guest maps it, its hypervisor does not (yet)"},
    {"shared", RANDOM, 0, 1, SPACE_P | SPACE_W | SPACE_U, false, READ_ONLY,
     "the hypervisor shares the page and keeps it read-only"},
    {"device", RANDOM, 0, 1, SPACE_P | SPACE_W | SPACE_U, false, MISCONFIGURED,
     "the hypervisor marks device memory by a misconfigured entry"},
    {"lost", RANDOM, 0, 1, SPACE_P | SPACE_W | SPACE_U, false, TABLE_ABSENT,
     "the guest's own table is not backed: the walk ends inside it"},
    {"stack", TOP, 0, 2, SPACE_P | SPACE_W | SPACE_U | SPACE_NX, false, BACKED,
     "grows down toward a page that is not there"},
    {"kernel", KERNEL, 0, 2, SPACE_P | SPACE_W, false, BACKED, "rings 0 to 2 only"},
};

static uint64_t half_size(const struct space *s)
{
    return UINT64_C(1) << (PAGE_SHIFT + LEVEL_BITS * s->dim[0].levels - 1);
}

// A random address for `size` bytes (a 2 MiB block of its own, or more), away from the others.
static uint64_t random_place(struct space *s, uint64_t low, uint64_t high, uint64_t size)
{
    for (;;) {
        uint64_t blocks = (high - low) / HUGE_PAGE_SIZE;
        uint64_t va = low + prng_below(&s->prng, blocks) * HUGE_PAGE_SIZE;
        bool free = va + size <= high;
        for (unsigned i = 0; i < s->regions; i++) {
            const struct space_region *r = &s->region[i];
            // A block's distance keeps the pages beside a region unmapped.
            free = free &&
                   (va + size + HUGE_PAGE_SIZE <= r->va || r->va + r->size + HUGE_PAGE_SIZE <= va);
        }
        if (free) {
            return va;
        }
    }
}

static uint64_t place(struct space *s, const struct demo_region *d, uint64_t size)
{
    uint64_t half = half_size(s);
    switch (d->place) {
    case LOW: return d->address;
    case TOP: return half - size;
    case KERNEL: return 0 - half + random_place(s, 0, half, size);
    case RANDOM: break;
    }
    // Above the program; below 16 GiB where there is room, so that addresses stay short. 2 levels have 512 MiB.
    uint64_t high = half < UINT64_C(16) << 30 ? half - HUGE_PAGE_SIZE : UINT64_C(16) << 30;
    return random_place(s, UINT64_C(16) << 20, high, size);
}

// The guest-physical address of the guest's level-1 table for va.
static bool level1_table(const struct space *s, uint64_t va, uint64_t *table)
{
    uint64_t at = s->dim[0].root;
    for (unsigned level = s->dim[0].levels; level > 1; level--) {
        uint64_t host, index = (va >> (PAGE_SHIFT + LEVEL_BITS * (level - 1))) & 511;
        if (!space_host(s, 1, at + 8 * index, &host)) {
            return false;
        }
        at = mem_get(&s->mem, host, 8) & PTE_FRAME;
    }
    *table = at;
    return true;
}

// Changes the nested entry behind the region's page, or behind the guest's own level-1 table for it.
static void play_trick(struct space *s, const struct demo_region *d, uint64_t va)
{
    uint64_t leaf, entry, target = 0;
    if (d->trick == TABLE_ABSENT ? !level1_table(s, va, &target) : !space_leaf(s, 0, va, &leaf)) {
        return;
    }
    target = d->trick == TABLE_ABSENT ? target : mem_get(&s->mem, leaf, 8) & PTE_FRAME;
    if (!space_leaf(s, 1, target, &entry)) {
        return; // with 2 MiB leaves the frame was never backed: absent already
    }
    uint64_t value = mem_get(&s->mem, entry, 8);
    switch (d->trick) {
    case BACKED: break;
    case ABSENT:
    case TABLE_ABSENT: value = 0; break;
    case READ_ONLY: value &= ~EPT_W; break;
    case MISCONFIGURED: value = (value & ~(EPT_R | EPT_X)) | EPT_W; break;
    }
    mem_write(&s->mem, entry, &value, 8);
}

// A guest-physical frame that nothing backs, out of the way of the others; within 2 levels' reach.
static uint64_t unbacked_frame(const struct space *s)
{
    return (UINT64_C(256) << 20) + s->regions * PAGE_SIZE;
}

static bool add_region(struct space *s, const struct demo_region *d, bool huge, char *err,
                       size_t err_size)
{
    bool big = huge && d->grows;
    unsigned flags = d->flags | (big ? SPACE_HUGE : 0);
    uint64_t page = big ? HUGE_PAGE_SIZE : PAGE_SIZE, pages = big ? 1 : d->pages;
    uint64_t va = place(s, d, pages * page);
    for (uint64_t i = 0; i < pages; i++) {
        uint64_t frame = unbacked_frame(s);
        bool bare = d->trick == ABSENT && s->back_huge;
        if ((!bare && !space_take(s, 1, big, &frame, err, err_size)) ||
            !space_map(s, 0, va + i * page, frame, page, flags, err, err_size)) {
            return false;
        }
    }
    return space_name(s, d->name, va, pages * page, flags, d->doc);
}

bool space_demo(struct space *s, const struct space_config *config, bool huge, char *err,
                size_t err_size)
{
    const struct demo_region *added[SPACE_REGIONS_MAX];
    if (!space_create(s, config, err, err_size)) {
        return false;
    }
    for (size_t i = 0; i < sizeof demo / sizeof *demo; i++) {
        const struct demo_region *d = &demo[i];
        // To change a 2 MiB nested leaf would change the neighbours as well.
        bool needs_small = d->trick != BACKED && d->trick != ABSENT;
        if ((d->trick != BACKED && s->dims == 1) || (needs_small && s->back_huge)) {
            continue;
        }
        added[s->regions] = d;
        if (!add_region(s, d, huge, err, err_size)) {
            space_free(s);
            return false;
        }
    }
    // Last, when nothing needs backing any more.
    for (unsigned i = 0; i < s->regions; i++) {
        if (added[i]->trick != BACKED) {
            play_trick(s, added[i], s->region[i].va);
        }
    }
    return true;
}
