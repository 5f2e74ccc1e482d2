// Translation in the reference interpreter: the TLB as arrays, the walk as a loop, both word for word after
// docs/machine.md.
#include "sim/cost.h"
#include "tests/ref/ref.h"

#include <string.h>

// Bits of a page-table entry.
#define PTE_P         (UINT64_C(1) << 0)
#define PTE_W         (UINT64_C(1) << 1)
#define PTE_U         (UINT64_C(1) << 2)
#define PTE_A         (UINT64_C(1) << 5)
#define PTE_D         (UINT64_C(1) << 6)
#define PTE_PS        (UINT64_C(1) << 7)
#define PTE_NX        (UINT64_C(1) << 63)
#define PTE_FRAME     UINT64_C(0xfffffff000)    // bits 12-39
#define PTE_RSVD      UINT64_C(0xfff0000000000) // bits 40-51
#define PTE_RSVD_HUGE UINT64_C(0x1ff000)        // bits 12-20, in a 2 MiB leaf

uint16_t ref_asid(const struct ref_cpu *c)
{
    return c->msw & REF_PCIDE ? (uint16_t)(c->ptbr & 0xfff) : 0;
}

bool ref_canonical(const struct ref_machine *m, uint64_t va)
{
    unsigned bits = 12 + 9 * m->config.levels;
    uint64_t above = va >> (bits - 1); // the highest address bit and all beyond
    return above == 0 || above == UINT64_MAX >> (bits - 1);
}

static unsigned shift_of(bool huge)
{
    return huge ? HUGE_PAGE_SHIFT : PAGE_SHIFT;
}

static uint32_t l1_size(const struct ref_machine *m, bool data, bool huge)
{
    const struct tlb_geometry *g = &m->config.model->tlb;
    return data ? (huge ? g->l1d_2m : g->l1d_4k) : (huge ? g->l1i_2m : g->l1i_4k);
}

static bool matches(const struct ref_tlb_entry *e, uint64_t va, bool huge, uint16_t asid)
{
    return e->valid && e->huge == huge && e->asid == asid && e->page == va >> shift_of(huge);
}

static struct ref_tlb_entry *find_l1(struct ref_machine *m, struct ref_cpu *c, uint64_t va,
                                     bool data, bool huge, uint16_t asid)
{
    uint32_t size = l1_size(m, data, huge);
    if (size == 0) {
        return NULL;
    }
    struct ref_tlb_entry *e = &c->l1[data][huge][(va >> shift_of(huge)) % size];
    return matches(e, va, huge, asid) ? e : NULL;
}

static struct ref_tlb_entry *find_l2(struct ref_machine *m, struct ref_cpu *c, uint64_t va,
                                     bool huge, uint16_t asid)
{
    const struct tlb_geometry *g = &m->config.model->tlb;
    for (uint32_t way = 0; g->l2_sets && way < g->l2_ways; way++) {
        struct ref_tlb_entry *e = &c->l2[(va >> shift_of(huge)) % g->l2_sets * g->l2_ways + way];
        if (matches(e, va, huge, asid)) {
            return e;
        }
    }
    return NULL;
}

static void fill_l1(struct ref_machine *m, struct ref_cpu *c, bool data,
                    const struct ref_tlb_entry *entry)
{
    uint32_t size = l1_size(m, data, entry->huge);
    if (size) {
        c->l1[data][entry->huge][entry->page % size] = *entry;
    }
}

static void fill_l2(struct ref_machine *m, struct ref_cpu *c, const struct ref_tlb_entry *entry)
{
    const struct tlb_geometry *g = &m->config.model->tlb;
    if (g->l2_sets == 0 || g->l2_ways == 0) {
        return;
    }
    uint64_t set = entry->page % g->l2_sets;
    struct ref_tlb_entry *ways = &c->l2[set * g->l2_ways];
    for (uint32_t way = 0; way < g->l2_ways; way++) {
        if (!ways[way].valid) {
            ways[way] = *entry;
            return;
        }
    }
    REF_COVER(m, L2_REPLACE);
    ways[c->l2_next[set]] = *entry;
    c->l2_next[set] = (c->l2_next[set] + 1) % g->l2_ways;
}

static void drop_if(struct ref_machine *m, struct ref_cpu *c, bool all_asids, uint16_t asid)
{
    const struct tlb_geometry *g = &m->config.model->tlb;
    for (int data = 0; data < 2; data++) {
        for (int huge = 0; huge < 2; huge++) {
            for (uint32_t i = 0; i < l1_size(m, data, huge); i++) {
                if (all_asids || c->l1[data][huge][i].asid == asid) {
                    c->l1[data][huge][i].valid = false;
                }
            }
        }
    }
    for (uint32_t i = 0; i < g->l2_sets * g->l2_ways; i++) {
        if (all_asids || c->l2[i].asid == asid) {
            c->l2[i].valid = false;
        }
    }
}

static void drop_pwc(struct ref_machine *m, struct ref_cpu *c, bool all_asids, uint16_t asid)
{
    for (unsigned level = 2; level <= m->config.levels; level++) {
        for (uint32_t i = 0; i < m->config.model->tlb.pwc; i++) {
            if (all_asids || c->pwc[level][i].asid == asid) {
                c->pwc[level][i].valid = false;
            }
        }
    }
}

void ref_tlb_drop_all(struct ref_machine *m, struct ref_cpu *c)
{
    drop_if(m, c, true, 0);
    drop_pwc(m, c, true, 0);
}

void ref_tlb_drop_asid(struct ref_machine *m, struct ref_cpu *c, uint16_t asid)
{
    drop_if(m, c, false, asid);
    drop_pwc(m, c, false, asid);
}

void ref_tlb_drop_address(struct ref_machine *m, struct ref_cpu *c, uint64_t va)
{
    uint16_t asid = ref_asid(c);
    for (int huge = 0; huge < 2; huge++) {
        struct ref_tlb_entry *e;
        for (int data = 0; data < 2; data++) {
            if ((e = find_l1(m, c, va, data, huge, asid)) != NULL) {
                e->valid = false;
            }
        }
        while ((e = find_l2(m, c, va, huge, asid)) != NULL) {
            e->valid = false;
        }
    }
    drop_pwc(m, c, false, asid);
}

// What the rights say, dirty bit apart.
static bool permitted(const struct ref_cpu *c, bool w, bool u, bool nx, enum ref_access access,
                      unsigned ring)
{
    if (ring == 3 && !u) {
        return false;
    }
    if (access == REF_WRITE && !w && (ring == 3 || (c->msw & REF_WP))) {
        return false;
    }
    return !(access == REF_FETCH && nx);
}

static void cover_denial(struct ref_machine *m, bool w, bool u, enum ref_access access,
                         unsigned ring)
{
    if (ring == 3 && !u) {
        REF_COVER(m, DENY_USER);
    } else if (access == REF_WRITE && !w) {
        ring == 3 ? REF_COVER(m, DENY_WRITE_USER) : REF_COVER(m, DENY_WRITE_WP);
    } else {
        REF_COVER(m, DENY_FETCH);
    }
}

static bool page_fault(struct ref_machine *m, struct ref_cpu *c, uint64_t va,
                       enum ref_access access, unsigned ring, bool present, bool reserved)
{
    drop_pwc(m, c, false, ref_asid(c));
    c->far = va;
    return ref_fault(c, REF_PF,
                     (present ? 1u : 0u) | (access == REF_WRITE ? 2u : 0u) | (ring == 3 ? 4u : 0u) |
                         (reserved ? 8u : 0u) | (access == REF_FETCH ? 16u : 0u));
}

static unsigned level_shift(unsigned level)
{
    return PAGE_SHIFT + LEVEL_BITS * (level - 1);
}

// A step of the walk: which entry was read, where, and what had been gathered with it.
struct step {
    uint64_t at, entry;
    bool w, u, nx;
};

static bool reserved_set(struct ref_machine *m, uint64_t entry, unsigned level)
{
    if (entry & PTE_RSVD) {
        REF_COVER(m, RESERVED_HIGH);
        return true;
    }
    if (entry & PTE_PS && level >= 3) {
        REF_COVER(m, RESERVED_PS);
        return true;
    }
    if (entry & PTE_PS && level == 2 && entry & PTE_RSVD_HUGE) {
        REF_COVER(m, RESERVED_HUGE);
        return true;
    }
    return false;
}

// Sets A along the walk and D in the leaf, as memory stands when each entry's turn comes.
static void set_accessed(struct ref_machine *m, struct ref_cpu *c, const struct step *steps,
                         unsigned top, unsigned leaf, bool write)
{
    for (unsigned level = top; level >= leaf; level--) {
        uint64_t now = ref_ram_get(m, steps[level].at, 8);
        uint64_t want = now | PTE_A | (write && level == leaf ? PTE_D : 0);
        if (want != now) {
            bool a = (want ^ now) & PTE_A, d = (want ^ now) & PTE_D;
            a ? d ? REF_COVER(m, WALK_SET_AD) : REF_COVER(m, WALK_SET_A) : REF_COVER(m, WALK_SET_D);
            ref_ram_put(m, steps[level].at, want);
            ref_charge(c, REF_CYCLES_WALK, ref_cost(m, COST_WALK_AD));
        }
    }
}

static void fill_pwc(struct ref_machine *m, struct ref_cpu *c, uint64_t va,
                     const struct step *steps, unsigned top, unsigned leaf)
{
    for (unsigned level = top; level > leaf && m->config.model->tlb.pwc; level--) {
        uint64_t prefix = va >> level_shift(level);
        c->pwc[level][prefix % m->config.model->tlb.pwc] = (struct ref_pwc_entry){
            .valid = true,
            .w = steps[level].w,
            .u = steps[level].u,
            .nx = steps[level].nx,
            .asid = ref_asid(c),
            .prefix = prefix,
            .table = steps[level].entry & PTE_FRAME,
        };
    }
}

static void cover_level(struct ref_machine *m, enum ref_cover_point first, unsigned further)
{
    if (m->cover) {
        m->cover->point[first + further]++;
    }
}

// The lowest level whose page-walk cache knows the address, or 0.
static unsigned find_pwc(struct ref_machine *m, struct ref_cpu *c, uint64_t va,
                         struct ref_pwc_entry *found)
{
    for (unsigned level = 2; level <= m->config.levels && m->config.model->tlb.pwc; level++) {
        uint64_t prefix = va >> level_shift(level);
        const struct ref_pwc_entry *e = &c->pwc[level][prefix % m->config.model->tlb.pwc];
        if (e->valid && e->asid == ref_asid(c) && e->prefix == prefix) {
            *found = *e;
            cover_level(m, REF_COVER_PWC_2, level - 2);
            return level;
        }
    }
    return 0;
}

static bool walk(struct ref_machine *m, struct ref_cpu *c, uint64_t va, enum ref_access access,
                 unsigned ring, struct ref_tlb_entry *out)
{
    bool fetch = access == REF_FETCH;
    struct step steps[LEVELS_MAX + 1];
    struct ref_pwc_entry from = {.w = true, .u = true, .nx = false, .table = c->ptbr & PTE_FRAME};
    unsigned known = find_pwc(m, c, va, &from);
    unsigned top = known ? known - 1 : m->config.levels, level = top;
    if (known) {
        ref_charge(c, REF_CYCLES_WALK, ref_cost(m, COST_WALK_PWC));
    }
    *(fetch ? &c->count.walks_i : &c->count.walks_d) += 1;
    struct step s = {.entry = from.table, .w = from.w, .u = from.u, .nx = from.nx};
    for (;; level--) {
        s.at = (s.entry & PTE_FRAME) + 8 * (va >> level_shift(level) & 511);
        s.entry = ref_ram_get(m, s.at, 8);
        *(fetch ? &c->count.walk_refs_i : &c->count.walk_refs_d) += 1;
        ref_charge(c, REF_CYCLES_WALK, ref_cost(m, COST_WALK_REF));
        if (s.at >= m->config.ram) {
            REF_COVER(m, TABLE_OUTSIDE);
        }
        if (!(s.entry & PTE_P)) {
            cover_level(m, REF_COVER_ABSENT_1, level - 1);
            return page_fault(m, c, va, access, ring, false, false);
        }
        if (reserved_set(m, s.entry, level)) {
            return page_fault(m, c, va, access, ring, true, true);
        }
        s.w = s.w && (s.entry & PTE_W);
        s.u = s.u && (s.entry & PTE_U);
        s.nx = s.nx || (s.entry & PTE_NX);
        steps[level] = s;
        if (level == 1 || (level == 2 && (s.entry & PTE_PS))) {
            break;
        }
    }
    if (!permitted(c, s.w, s.u, s.nx, access, ring)) {
        cover_denial(m, s.w, s.u, access, ring);
        return page_fault(m, c, va, access, ring, true, false);
    }
    set_accessed(m, c, steps, top, level, access == REF_WRITE);
    fill_pwc(m, c, va, steps, top, level);
    bool huge = level == 2;
    huge ? REF_COVER(m, WALK_2M) : REF_COVER(m, WALK_4K);
    if (access == REF_WRITE && !s.w) {
        REF_COVER(m, ALLOW_WRITE_WP);
    }
    *out = (struct ref_tlb_entry){
        .valid = true,
        .huge = huge,
        .w = s.w,
        .u = s.u,
        .d = access == REF_WRITE || (s.entry & PTE_D),
        .nx = s.nx,
        .asid = ref_asid(c),
        .page = va >> shift_of(huge),
        .frame = s.entry & PTE_FRAME,
    };
    return true;
}

static void cover_look_up(struct ref_machine *m, const struct ref_tlb_entry *e, bool data,
                          bool first, bool good, bool right)
{
    if (good && first) {
        data      ? e->huge ? REF_COVER(m, L1D_2M) : REF_COVER(m, L1D_4K)
             : e->huge ? REF_COVER(m, L1I_2M)
                  : REF_COVER(m, L1I_4K);
    } else if (good) {
        e->huge ? REF_COVER(m, L2_2M) : REF_COVER(m, L2_4K);
    } else if (first) {
        right ? REF_COVER(m, DROP_L1_DIRTY) : REF_COVER(m, DROP_L1_RIGHTS);
    } else {
        right ? REF_COVER(m, DROP_L2_DIRTY) : REF_COVER(m, DROP_L2_RIGHTS);
    }
}

// Looks the address up in both levels of the TLB. Leaves the entry in *out and returns true if there is one that
// allows the access; else everything about the address that may be stale is gone.
static bool look_up(struct ref_machine *m, struct ref_cpu *c, uint64_t va, enum ref_access access,
                    unsigned ring, struct ref_tlb_entry *out)
{
    bool data = access != REF_FETCH, found = false, first = true;
    uint16_t asid = ref_asid(c);
    for (int huge = 0; huge < 2 && !found; huge++) {
        struct ref_tlb_entry *e = find_l1(m, c, va, data, huge, asid);
        if (e) {
            *out = *e;
            found = true;
        }
    }
    for (int huge = 0; huge < 2 && !found; huge++) {
        struct ref_tlb_entry *e = find_l2(m, c, va, huge, asid);
        first = false;
        if (e) {
            *out = *e;
            found = true;
        }
    }
    bool good = found && permitted(c, out->w, out->u, out->nx, access, ring) &&
                (access != REF_WRITE || out->d);
    if (found) {
        cover_look_up(m, out, data, first, good,
                      permitted(c, out->w, out->u, out->nx, access, ring));
    }
    if (!(first && good)) {
        *(data ? &c->count.l1d_miss : &c->count.l1i_miss) += 1;
    }
    if (!first && found) {
        *(data ? &c->count.l2d_hit : &c->count.l2i_hit) += 1;
        ref_charge(c, REF_CYCLES_WALK, ref_cost(m, COST_TLB_L2));
    }
    if (found && !good) {
        ref_tlb_drop_address(m, c, va);
    } else if (found && !first) {
        fill_l1(m, c, data, out);
    }
    return good;
}

bool ref_translate(struct ref_machine *m, struct ref_cpu *c, uint64_t va, enum ref_access access,
                   unsigned ring, uint64_t *pa)
{
    if (!(c->msw & REF_PG)) {
        *pa = va;
        return true;
    }
    if (!ref_canonical(m, va)) {
        REF_COVER(m, NOT_CANONICAL);
        return ref_fault(c, REF_GP, 0);
    }
    struct ref_tlb_entry entry;
    if (!look_up(m, c, va, access, ring, &entry)) {
        if (!walk(m, c, va, access, ring, &entry)) {
            return false;
        }
        fill_l2(m, c, &entry);
        fill_l1(m, c, access != REF_FETCH, &entry);
    }
    *pa = entry.frame + (va & ((UINT64_C(1) << shift_of(entry.huge)) - 1));
    return true;
}
