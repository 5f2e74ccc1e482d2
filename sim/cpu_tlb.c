// What a processor does when the fast tables do not know an address: the modelled TLB's look-up, the walk, and filling and dropping
// entries. Every rule here is docs/machine.md's, "Translation".
#include "sim/acct.h"
#include "sim/block.h"
#include "sim/cpu_fast.h"
#include "sim/vmcs.h"

// Which access it is, unpacked once.
struct lookup {
    uint64_t va;
    enum cpu_access access;
    bool user, paging, nested;
    struct tlb_l1 *l1;
};

// ---- fast tables ----------------------------------------------------------------------------------

// Let the coming accesses of this sort to this page go the fast way. `data`: frame of the 4 KiB page and rights.
INLINE void fill_fast(struct cpu *c, const struct lookup *l, uint64_t frame, uint64_t rights)
{
    uint64_t page = l->va & ~PAGE_MASK, tag = page | c->space;
    unsigned slot = (unsigned)(l->va >> PAGE_SHIFT) & FAST_MASK;
    unsigned mode = l->user ? MODE_USER : MODE_KERNEL;
    if (!mem_has(c->mem, frame, PAGE_SIZE)) {
        return; // devices, and addresses with nothing behind them, are never fast
    }
    if (l->access == ACC_FETCH) {
        struct fast_code *f = &c->fast_code[mode][slot];
        f->page = code_page_at(c->code_cache, frame);
        f->tag = f->page ? tag : FAST_NONE;
        if (c->code_cache->full) {
            cpu_break(c);
        }
        return;
    }
    fill_fast_data(c, &c->fast_data[mode][slot], tag, frame, allows(c, rights, ACC_READ, l->user),
                   allows(c, rights, ACC_WRITE, l->user));
}

void cpu_forget_writes(struct cpu *c, uint64_t frame)
{
    uintptr_t host = (uintptr_t)(c->mem->bytes + frame);
    for (unsigned mode = 0; mode < MODE_COUNT; mode++) {
        for (unsigned k = 0; k < FAST_PAGES; k++) {
            struct fast_data *f = &c->fast_data[mode][k];
            if (f->write_tag != FAST_NONE && f->addend + (f->write_tag & ~PAGE_MASK) == host) {
                f->write_tag = FAST_NONE;
            }
        }
    }
}

// ---- first level ----------------------------------------------------------------------------------

static void forget_derived(struct cpu *c, struct tlb_l1 *l1, uint64_t index)
{
    for (unsigned word = 0; word < 4; word++) {
        for (uint64_t bits = l1->derived[index][word]; bits; bits &= bits - 1) {
            unsigned slot = word * 64 + (unsigned)__builtin_ctzll(bits);
            forget_fast_slot(c, l1 == &c->tlb.i, slot);
        }
        l1->derived[index][word] = 0;
    }
}

INLINE void put_l1(struct cpu *c, const struct lookup *l, uint64_t tag, uint64_t data, bool huge)
{
    struct tlb_l1 *l1 = l->l1;
    if (huge) {
        if (!l1->has_huge) {
            return;
        }
        uint64_t index = (l->va >> HUGE_PAGE_SHIFT) & l1->huge_mask;
        forget_derived(c, l1, index);
        l1->huge[index] = (struct tlb_entry){tag, data};
        return;
    }
    put_l1_small(c, l1, &l1->small[(l->va >> PAGE_SHIFT) & l1->small_mask], tag, data);
}

// An entry satisfied the look-up: its frame for this page, and the fast tables' share of it.
INLINE void use_entry(struct cpu *c, const struct lookup *l, uint64_t data, bool huge, uint64_t *pa)
{
    uint64_t frame = data & PTE_FRAME;
    if (huge) {
        frame |= l->va & (HUGE_PAGE_SIZE - 1) & ~PAGE_MASK;
        if (!l->l1->has_huge) {
            // Nothing in the first level vouches for this page: it is looked up every time.
            *pa = frame | (l->va & PAGE_MASK);
            return;
        }
        unsigned slot = (unsigned)(l->va >> PAGE_SHIFT) & FAST_MASK;
        uint64_t index = (l->va >> HUGE_PAGE_SHIFT) & l->l1->huge_mask;
        l->l1->derived[index][slot / 64] |= UINT64_C(1) << (slot % 64);
    }
    fill_fast(c, l, frame, data & TLB_RIGHTS);
    *pa = frame | (l->va & PAGE_MASK);
}

static void drop_l1(struct cpu *c, struct tlb_l1 *l1, uint64_t va)
{
    struct tlb_entry *small = &l1->small[(va >> PAGE_SHIFT) & l1->small_mask];
    if (small->tag == tlb_tag(va, false, c->space)) {
        small->tag = 0;
        forget_fast_slot(c, l1 == &c->tlb.i, (unsigned)(va >> PAGE_SHIFT) & FAST_MASK);
    }
    uint64_t index = (va >> HUGE_PAGE_SHIFT) & l1->huge_mask;
    if (l1->has_huge && l1->huge[index].tag == tlb_tag(va, true, c->space)) {
        l1->huge[index].tag = 0;
        forget_derived(c, l1, index);
    }
}

static void drop_l2(struct tlb *t, uint64_t tag)
{
    int64_t at = t->has_l2 ? tlb_l2_find(t, tag) : -1;
    if (at >= 0) {
        tlb_l2_put(t, (size_t)at, 0, 0);
        t->drops++;
    }
}

static void drop_small(struct cpu *c, uint64_t va)
{
    drop_l1(c, &c->tlb.i, va);
    drop_l1(c, &c->tlb.d, va);
    drop_l2(&c->tlb, tlb_tag(va, false, c->space));
}

void cpu_drop_page(struct cpu *c, uint64_t va)
{
    if (c->space == SPACE_NONE) {
        return;
    }
    tlb_drop_walk_cache(&c->tlb);
    if ((c->s.msw & MSW_PG) && !cpu_canonical(c, va)) {
        return; // a tag has no room for what tells it from a canonical one
    }
    if (c->tlb.space[c->tlb.current].pieces) {
        // All pieces of the page go with it (Intel SDM 4.10.4.1): the guest knows nothing of them.
        uint64_t first = va & ~(HUGE_PAGE_SIZE - 1);
        for (uint64_t piece = 0; piece < HUGE_PAGE_SIZE; piece += PAGE_SIZE) {
            drop_small(c, first + piece);
        }
    }
    drop_small(c, va);
    drop_l2(&c->tlb, tlb_tag(va, true, c->space));
    // The running block relies on its page being in L1 I: if that may be gone, the next instruction must be looked up.
    if ((va ^ c->s.pc) >> HUGE_PAGE_SHIFT == 0) {
        cpu_break(c);
    }
}

void cpu_drop_space(struct cpu *c)
{
    unsigned asid = c->s.msw & MSW_PCIDE ? (unsigned)(c->s.ptbr & PTBR_ASID) : 0;
    if (tlb_drop_space(&c->tlb, cpu_vpid(c), asid)) {
        cpu_forget_fast(c);
    }
    cpu_enter_space(c);
}

void cpu_drop_vpid(struct cpu *c)
{
    if (tlb_drop_vpid(&c->tlb, cpu_vpid(c))) {
        cpu_forget_fast(c);
    }
    cpu_enter_space(c);
}

// ---- the walk -------------------------------------------------------------------------------------

// The lowest level whose cached point covers va goes into w->start.
static bool find_point(const struct cpu *c, uint64_t va, struct walker *w)
{
    const struct tlb *t = &c->tlb;
    for (unsigned level = 2; level <= c->levels; level++) {
        uint64_t prefix = va >> (PAGE_SHIFT + LEVEL_BITS * (level - 1));
        const struct pwc_entry *e = &t->pwc[level][prefix & t->pwc_mask];
        if (e->key == prefix + 1 && e->epoch == t->epoch) {
            w->start_level = level;
            w->start = e->point;
            return true;
        }
    }
    return false;
}

static void keep_points(struct cpu *c, uint64_t va, const struct walker *w)
{
    struct tlb *t = &c->tlb;
    const struct tlb_space *s = &t->space[t->current];
    for (unsigned level = w->leaf_level + 1; level <= w->top_read; level++) {
        uint64_t prefix = va >> (PAGE_SHIFT + LEVEL_BITS * (level - 1));
        const struct walk_point *point = &w->point[level];
        t->pwc[level][prefix & t->pwc_mask] =
            (struct pwc_entry){.key = prefix + 1,
                               .space = s->number,
                               .epoch = s->epoch,
                               .point = *point,

                               .keep = PTE_FRAME | TLB_P | TLB_D | TLB_NX | (point->w ? TLB_W : 0) |
                                       (point->u ? TLB_U : 0),
                               .add = point->nx ? TLB_NX : 0};
    }
}

// The walk ended in a fault: what the instruction will be told.
static bool walk_failed(struct cpu *c, const struct lookup *l, const struct walk_result *r)
{
    if (r->fault_dim == 0 && l->paging) {
        assert(r->status == WALK_FAULT);
        tlb_drop_walk_cache(&c->tlb);
        c->fault =
            (struct cpu_fault){.vector = VEC_PF, .error = r->error, .addr = l->va, .linear = l->va};
        return false;
    }
    c->fault = (struct cpu_fault){
        .vector = FAULT_EXIT,
        .exit = r->status == WALK_MISCONFIG ? EXIT_EPT_MISCONFIG : EXIT_EPT_VIOLATION,
        .error = r->error | (r->fault_final ? EPT_FAULT_FINAL : 0u),
        .addr = r->fault_addr,
        .linear = l->va,
    };
    return false;
}

INLINE void charge_walk(struct cpu *c, bool nested, uint64_t cycles)
{
    acct_charge_cycles(c, nested ? CYC_WALK_2D : CYC_WALK, cycles);
    count_walk_cycles(c, cycles);
}

// Walks; *w keeps the result and what the walk passed. Always inlined: `nested` is a constant, and the native walk straight code.
INLINE bool do_walk(struct cpu *c, const struct lookup *l, bool nested, struct walker *w,
                    struct walk_log *log)
{
    assert(nested || l->paging);
    struct walk_dim chain[2] = {
        {.format = WALK_GUEST, .root = c->s.ptbr & PTBR_FRAME, .levels = c->levels}};
    unsigned dims = l->paging;
    if (nested) {
        chain[dims++] = c->vmcs->control.nested;
    }
    struct walk_access access = {.write = l->access == ACC_WRITE,
                                 .fetch = l->access == ACC_FETCH,
                                 .user = l->user,
                                 .wp = c->s.msw & MSW_WP};
    walker_init(w, c->mem, chain, dims, access, log);
    if (log) {
        log->count = 0;
    }
    w->ref_cost = (uint32_t)c->cost[COST_WALK_REF];
    w->ad_cost = (uint32_t)c->cost[COST_WALK_AD];
    if (c->tlb.has_pwc && l->paging && find_point(c, l->va, w)) {
        w->result.cost += c->cost[COST_WALK_PWC];
    }
    bool ok;
    if (nested) {
        w->ntlb = c->tlb.ntlb.entry ? &c->tlb.ntlb : NULL;
        ok = walk_chain(w, l->va, true);
    } else {
        ok = walk_native(w, l->va);
    }
    bool fetch = l->access == ACC_FETCH;
    *(fetch ? &c->counters.walks_i : &c->counters.walks_d) += 1;
    *(fetch ? &c->counters.walk_refs_i : &c->counters.walk_refs_d) += w->result.refs;
    if (log) {
        c->watch->walk(c, l->va, l->access, l->user, &w->result);
    }
    charge_walk(c, nested, w->result.cost);
    if (!ok) {
        return walk_failed(c, l, &w->result);
    }
    if (c->tlb.has_pwc && l->paging) {
        keep_points(c, l->va, w);
    }
    return true;
}

// A translation was found by walking: into all levels.
INLINE void fill_all(struct cpu *c, const struct lookup *l, bool huge, uint64_t data, uint64_t *pa)
{
    uint64_t tag = tlb_tag(l->va, huge, c->space);
    if (c->tlb.has_l2) {
        tlb_l2_fill(&c->tlb, tag, data);
    }
    put_l1(c, l, tag, data, huge);
    use_entry(c, l, data, huge, pa);
}

INLINE bool walk_and_fill(struct cpu *c, const struct lookup *l, bool nested, uint64_t *pa,
                          struct walk_log *log)
{
    struct walker w;
    if (!do_walk(c, l, nested, &w, log)) {
        return false;
    }
    const struct walk_result *r = &w.result;
    uint64_t data = (r->address & PTE_FRAME & ~((UINT64_C(1) << r->page_shift) - 1)) | TLB_P |
                    (r->w ? TLB_W : 0u) | (r->u ? TLB_U : 0u) | (r->nx ? TLB_NX : 0u) |
                    (r->d ? TLB_D : 0u) | (r->nested_r ? 0u : TLB_NR) |
                    (r->nested_w ? 0u : TLB_NW) | (r->nested_x ? 0u : TLB_NF);
    if (nested && l->paging && r->guest_shift > r->page_shift) {
        c->tlb.space[c->tlb.current].pieces = true;
    }
    fill_all(c, l, r->page_shift == HUGE_PAGE_SHIFT, data, pa);
    return true;
}

// The look-up by value: so that it need not be in memory for those who do not walk.
static bool walk_native_and_fill(struct cpu *c, struct lookup l, uint64_t *pa)
{
    return walk_and_fill(c, &l, false, pa, NULL);
}

static bool walk_nested_and_fill(struct cpu *c, struct lookup l, uint64_t *pa)
{
    return walk_and_fill(c, &l, true, pa, NULL);
}

// Somebody wants to see the steps. Apart, so that the others know at compile time that nobody does.
static bool walk_watched_and_fill(struct cpu *c, struct lookup l, uint64_t *pa)
{
    assert(c->watch);
    return walk_and_fill(c, &l, l.nested, pa, c->walk_log);
}

// The walk that most misses need: every entry present, nothing reserved, large, forbidden or to be set, nothing new for the walk caches. Whatever
// is otherwise ends it with nothing charged and nothing changed, and the walker does it all.
INLINE bool quick_walk(struct cpu *c, const struct lookup *l, uint64_t *pa)
{
    const uint64_t bad = PTE_RSVD, need = PTE_P | PTE_A;
    const struct tlb *t = &c->tlb;
    uint64_t table = c->s.ptbr & PTBR_FRAME, all = PTE_W | PTE_U, any = 0, v = 0, cost = 0;
    unsigned level = c->levels;
    if (t->has_pwc) {
        uint64_t prefix = l->va >> HUGE_PAGE_SHIFT;
        const struct pwc_entry *e = &t->pwc[2][prefix & t->pwc_mask];
        if (e->key != prefix + 1 || e->epoch != t->epoch) {
            return false;
        }
        table = e->point.table;
        all = (e->point.w ? PTE_W : 0) | (e->point.u ? PTE_U : 0);
        any = e->point.nx ? PTE_NX : 0;
        cost = c->cost[COST_WALK_PWC];
        level = 1;
    }
    unsigned refs = level;
    for (; level >= 1; level--) {
        uint64_t entry = table + 8 * (l->va >> (PAGE_SHIFT + LEVEL_BITS * (level - 1)) & 511);
        if (!mem_has(c->mem, entry, 8)) {
            return false;
        }
        v = mem_get(c->mem, entry, 8);
        if ((v & need) != need || (v & bad) || (level > 1 && (v & PTE_PS))) {
            return false;
        }
        all &= v;
        any |= v;
        table = v & PTE_FRAME;
    }
    uint64_t data = table | TLB_P | (all & (TLB_W | TLB_U)) | (any & TLB_NX) | (v & TLB_D);
    if (!allows(c, data, l->access, l->user)) {
        return false;
    }
    *(l->access == ACC_FETCH ? &c->counters.walks_i : &c->counters.walks_d) += 1;
    *(l->access == ACC_FETCH ? &c->counters.walk_refs_i : &c->counters.walk_refs_d) += refs;
    charge_walk(c, false, cost + refs * c->cost[COST_WALK_REF]);
    fill_all(c, l, false, data, pa);
    return true;
}

// ---- look-up --------------------------------------------------------------------------------------

// The second level, behind a first-level miss: the slot that has the translation, or -1.
INLINE int64_t find_l2(const struct cpu *c, const struct lookup *l, uint64_t small_tag, bool *huge)
{
    const struct tlb *t = &c->tlb;
    *huge = false;
    if (!t->has_l2) {
        return -1;
    }
    int64_t at = tlb_l2_find(t, small_tag);
    if (at < 0 && t->l2_huge) {
        *huge = true;
        at = tlb_l2_find(t, tlb_tag(l->va, true, c->space));
    }
    return at;
}

// The first level does not have it, or not so.
INLINE bool missed(struct cpu *c, const struct lookup *l, uint64_t small_tag, bool drop,
                   uint64_t *pa)
{
    *(l->access == ACC_FETCH ? &c->counters.l1i_miss : &c->counters.l1d_miss) += 1;
    bool huge;
    int64_t at = drop ? -1 : find_l2(c, l, small_tag, &huge);
    if (at >= 0) {
        *(l->access == ACC_FETCH ? &c->counters.l2i_hit : &c->counters.l2d_hit) += 1;
        charge_walk(c, l->nested, c->cost[COST_TLB_L2]);
        uint64_t data = c->tlb.l2_data[at];
        if (allows(c, data, l->access, l->user)) {
            put_l1(c, l, c->tlb.l2_tag[at], data, huge);
            use_entry(c, l, data, huge, pa);
            return true;
        }
        drop = true;
    }
    if (drop) {
        cpu_drop_page(c, l->va);
    }
    if (c->walk_log) {
        return walk_watched_and_fill(c, *l, pa);
    }
    if (l->nested) {
        return walk_nested_and_fill(c, *l, pa);
    }
    return quick_walk(c, l, pa) || walk_native_and_fill(c, *l, pa);
}

INLINE bool look_up(struct cpu *c, const struct lookup *l, uint64_t *pa)
{
    struct tlb_l1 *l1 = l->l1;
    bool huge = false;
    uint64_t tag = tlb_tag(l->va, false, c->space);
    const struct tlb_entry *e = &l1->small[(l->va >> PAGE_SHIFT) & l1->small_mask];
    if (e->tag != tag) {
        huge = true;
        e = &l1->huge[(l->va >> HUGE_PAGE_SHIFT) & l1->huge_mask];
        e = e->tag == tlb_tag(l->va, true, c->space) ? e : NULL;
    }
    if (e && allows(c, e->data, l->access, l->user)) {
        use_entry(c, l, e->data, huge, pa);
        return true;
    }
    return missed(c, l, tag, e != NULL, pa);
}

INLINE bool translate(struct cpu *c, uint64_t va, enum cpu_access access, bool user, uint64_t *pa)
{
    struct lookup l = {.va = va,
                       .access = access,
                       .user = user,
                       .paging = c->s.msw & MSW_PG,
                       .nested = c->vmcs && c->vmcs->control.ept,
                       .l1 = access == ACC_FETCH ? &c->tlb.i : &c->tlb.d};
    if (l.paging) {
        if (!cpu_canonical(c, va)) {
            return cpu_fail(c, VEC_GP, 0);
        }
    } else if (!l.nested || va >> PHYS_BITS) {
        *pa = va;
        fill_fast(c, &l, va & ~PAGE_MASK, TLB_W | TLB_U | TLB_D);
        return true;
    }
    assert(c->space != SPACE_NONE && c->tlb.alive[c->space]);
    return look_up(c, &l, pa);
}

static bool translate_fetch(struct cpu *c, uint64_t va, bool user, uint64_t *pa)
{
    return translate(c, va, ACC_FETCH, user, pa);
}

bool cpu_translate(struct cpu *c, uint64_t va, enum cpu_access access, bool user, uint64_t *pa)
{
    if (access == ACC_FETCH) {
        return translate_fetch(c, va, user, pa);
    }
    return access == ACC_READ ? translate(c, va, ACC_READ, user, pa)
                              : translate(c, va, ACC_WRITE, user, pa);
}
