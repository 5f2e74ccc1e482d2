// The inside of shadow paging, for models/shadow*.c: what a shadow page is, and who does what.
//
//   shadow.c       the operations that techniques call; whose a fault is
//   shadow_fill.c  the way from the root to a page, made entry by entry
//   shadow_page.c  the pool of shadow pages, their entries, what points where; write protection
//   shadow_sync.c  comparing shadow entries with the guest's after those changed
//   shadow_check.c every invariant, checked the slow way
//
// What always holds between two operations:
// 1. A shadow entry is present only if the guest's entry was when it was made, with A set; a leaf has W only if D was set as well.
// 2. Every present entry is in exactly one list: of the frame or 2 MiB region that it maps, or of the page that it points to.
// 3. No entry maps a frame writable for which there is a shadow page that is in sync; no huge entry maps a region with such a frame.
// 4. What a processor's TLB may hold beyond the present entries, it holds only while it is marked stale: before a frame is protected or a
//    shadow page used again, stale processors drop everything. (What the guest itself has to drop, it drops: INVLPG, page-table base.)
#ifndef RINGSIDE_MODELS_SHADOW_IMPL_H
#define RINGSIDE_MODELS_SHADOW_IMPL_H

#include "models/shadow.h"

enum {
    ENTRIES = 512,
    NONE = -1,
#ifdef RINGSIDE_SMALL_TABLES
    HASH_BITS = 2,
#else
    HASH_BITS = 10,
#endif
    FLOOD_LIMIT =
        3, // stores to a table, with no use of it in between, after which it is taken for a table no more
};

// In which surroundings a page's entries are valid. With the guest's WP set, a leaf table needs to know nothing of the levels above it:
// the processor combines. Without, supervisor writes ignore W, which a real entry can say only by W=1 and U=0 in the leaf; then no level
// above may forbid writing, and the page must know what they said.
enum shadow_kind {
    KIND_DIRECT,  // no guest table: guest-physical addresses from key.guest on
    KIND_WP,      // the guest's WP is set
    KIND_NOWP_W,  // it is clear, and every level above has W
    KIND_NOWP_RO, // it is clear, and some level above has not
};

struct shadow_key {
    uint64_t guest; // address of the guest's table; KIND_DIRECT: of the memory that entry 0 maps
    uint8_t level;  // 1: its entries are leaves
    uint8_t kind;   // enum shadow_kind
};

struct shadow_page {
    struct shadow_key key;
    uint64_t frame;    // host-physical address of the table; fixed for a place in the pool
    int32_t hash_next; // in its chain, or in the list of free pages
    int32_t parents;   // first of the entries that point here
    uint64_t used;     // clock of its last use as a root
    uint16_t present;  // entries
    uint8_t stores;    // to the guest's table since it was last passed on the way to a page
    bool live;
    bool unsync;       // the guest's table may be written without a fault
    int32_t unsync_at; // if so: its place in the list of such pages
};

// Entry `e & 511` of page `e >> 9`, in the list that it belongs to by what it holds.
struct shadow_link {
    int32_t next, prev;
};

struct shadow_vcpu {
    int32_t root; // NONE: no base loaded yet
    bool stale;   // invariant 4
    // A way through the tables is gone: the TLB may hold several pieces of one huge page of the guest, all of which one INVLPG must drop.
    bool pieces;
};

struct shadow {
    unsigned levels, root_limit;
    bool huge, unsync;

    struct shadow_page *page;
    int32_t pages, pages_made, free_page; // room; places with a frame; first free one
    int32_t hash[1 << HASH_BITS];         // by guest address
    struct shadow_link *link;             // by entry
    uint64_t *
        copy; // by entry: the guest's entry of which it was made, for those present in pages of guest tables
    int32_t *place;       // by host frame below the slot: which page has it
    int32_t *unsync_list; // pages that are out of sync
    int32_t unsync_pages; // how many
    int32_t roots;        // live pages of the highest level
    uint64_t clock;

    uint64_t frames;         // of guest RAM
    int32_t *frame_list;     // by guest frame: first 4 KiB entry that maps it
    int32_t device_list;     // entries that map a page of a real device's registers
    int32_t *region_list;    // by guest 2 MiB region: first huge entry that maps it
    uint16_t *frame_tables;  // by guest frame: pages in sync that stand for it
    uint16_t *region_tables; // by region: frames with such pages

    struct shadow_vcpu *vcpu;
};

static inline struct shadow *shadow_of(const struct vm *vm)
{
    return vm->paging_state;
}

static inline unsigned shadow_index(uint64_t va, unsigned level)
{
    return (unsigned)(va >> (PAGE_SHIFT + LEVEL_BITS * (level - 1))) & (ENTRIES - 1);
}

// Bytes that one entry of this level maps.
static inline uint64_t shadow_span(unsigned level)
{
    return UINT64_C(1) << (PAGE_SHIFT + LEVEL_BITS * (level - 1));
}

static inline void shadow_charge(struct vcpu *v, enum cost_key key, uint64_t count)
{
    vm_charge(v, CYC_SHADOW, key, count);
}

static inline uint64_t shadow_entry(const struct vm *vm, int32_t p, unsigned i)
{
    return mem_get(&vm->m->mem, shadow_of(vm)->page[p].frame + 8u * i, 8);
}

static inline uint64_t *shadow_copy(const struct shadow *s, int32_t p, unsigned i)
{
    return &s->copy[(size_t)p * ENTRIES + i];
}

// Whether an entry of this level maps memory, rather than pointing to a page.
static inline bool shadow_is_leaf(uint64_t entry, unsigned level)
{
    return level == 1 || (level == 2 && (entry & PTE_PS));
}

// The page to which an entry points that is no leaf.
static inline int32_t shadow_child(const struct shadow *s, uint64_t entry)
{
    return s->place[(entry & PTE_FRAME) >> PAGE_SHIFT];
}

// ---- shadow_page.c; v pays for the work ------------------------------------------------------------
bool shadow_pool_create(struct vm *vm, char *err, size_t err_size);
void shadow_pool_destroy(struct shadow *s);

// The page for a key, or NONE.
int32_t shadow_find(const struct shadow *s, const struct shadow_key *key);
// The next page after `p` (NONE: the first) that stands for the guest table at `guest`.
int32_t shadow_find_table(const struct shadow *s, uint64_t guest, int32_t p);
// A new, empty page for a key that has none; protects the guest's table. NONE if the pool is used up.
int32_t shadow_make(struct vcpu *v, const struct shadow_key *key);
// Free a page: out of everything that points to it, and its entries. `with_children`: those pages that only it pointed to as well.
void shadow_free(struct vcpu *v, int32_t p, bool with_children);
// Free all pages but the roots that processors are using, which are emptied.
void shadow_drop_all(struct vcpu *v);
// Whether a processor has it as its root.
bool shadow_in_use(const struct vm *vm, int32_t p);

// Replace an entry (0: none); pays nothing.
void shadow_set(struct vm *vm, int32_t p, unsigned i, uint64_t value);

// A guest table's page is in sync from now on, or no longer.
void shadow_protect(struct vcpu *v, int32_t p);
void shadow_unprotect_page(struct shadow *s, int32_t p);
void shadow_set_unsync(struct shadow *s, int32_t p, bool unsync);
// Whether the frame at gpa must not be mapped writable; whether the region at gpa must not be mapped huge.
bool shadow_protected(const struct shadow *s, uint64_t gpa);
bool shadow_region_protected(const struct shadow *s, uint64_t gpa);

// Every stale processor drops its translations.
void shadow_flush_stale(struct vcpu *v);

// ---- shadow_fill.c --------------------------------------------------------------------------------
// What the guest's tables say of an address.
struct shadow_path {
    uint64_t va, gpa;
    unsigned leaf;                  // level of the leaf; 0: paging is off
    uint64_t table[LEVELS_MAX + 1]; // by level: guest address
    uint64_t entry[LEVELS_MAX + 1]; // by level: as it stands after the walk
    bool write;
};
// Map it for v. gpa is RAM, or vm_direct. PAGING_FIXED or PAGING_TABLE_WRITE.
enum paging_outcome shadow_fill(struct vcpu *v, const struct shadow_path *path);
// The key of the root for what v->g says.
struct shadow_key shadow_root_key(const struct vcpu *v);

// ---- shadow_sync.c --------------------------------------------------------------------------------
// If nothing but tables of leaves stands for the guest table at gpa, let it go out of sync.
bool shadow_unsync(struct vcpu *v, uint64_t gpa);
// Compare one entry of a page with the guest's, zap it if that has changed.
void shadow_sync_entry(struct vcpu *v, int32_t p, unsigned i);
// All entries of all pages out of sync below `top` (or it itself).
void shadow_sync_below(struct vcpu *v, int32_t top);
// The same, and they are in sync from now on; those without entries are freed.
void shadow_resync_below(struct vcpu *v, int32_t top);
// The guest's memory changed.
void shadow_wrote(struct vm *vm, uint64_t gpa, uint64_t n);

#endif
