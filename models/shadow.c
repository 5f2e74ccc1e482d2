// shadow.c: the operations of shadow paging, and the question behind every page fault of a guest that runs on shadow tables: is it the
// guest's own, or one that only the shadow causes? shadow.h says what they are.
#include "models/shadow_impl.h"

#include <stdio.h>
#include <stdlib.h>

static void destroy(struct vm *vm)
{
    struct shadow *s = shadow_of(vm);
    if (s) {
        shadow_pool_destroy(s);
        free(s);
        vm->paging_state = NULL;
    }
}

static bool create(struct vm *vm, char *err, size_t err_size)
{
    struct shadow *s = calloc(1, sizeof *s);
    if (!s) {
        snprintf(err, err_size, "no memory for shadow paging");
        return false;
    }
    vm->paging_state = s;
    s->levels = vm->m->config.levels;
    s->root_limit = (unsigned)vm->arch.option[OPTION_SHADOW_ROOTS];
    s->huge = vm->arch.option[OPTION_SHADOW_HUGE];
    s->unsync = vm->arch.option[OPTION_UNSYNC];
    if (!shadow_pool_create(vm, err, err_size)) {
        destroy(vm);
        return false;
    }
    return true;
}

// ---- roots ----------------------------------------------------------------------------------------

// Keep no more roots than the option says, but for those that processors are using.
static void limit_roots(struct vcpu *v)
{
    struct shadow *s = shadow_of(v->vm);
    while (s->roots > (int32_t)s->root_limit) {
        int32_t oldest = NONE;
        for (int32_t p = 0; p < s->pages_made; p++) {
            const struct shadow_page *page = &s->page[p];
            if (page->live && page->key.level == s->levels && !shadow_in_use(v->vm, p) &&
                (oldest == NONE || page->used < s->page[oldest].used)) {
                oldest = p;
            }
        }
        if (oldest == NONE) {
            return;
        }
        shadow_free(v, oldest, true);
    }
}

static int32_t root_for(struct vcpu *v)
{
    struct shadow *s = shadow_of(v->vm);
    struct shadow_key key = shadow_root_key(v);
    int32_t p = shadow_find(s, &key);
    v->vm->stats.shadow_root_hits += p != NONE;
    v->vm->stats.shadow_root_misses += p == NONE;
    if (p == NONE) {
        p = shadow_make(v, &key);
    }
    if (p == NONE) {
        shadow_drop_all(v);
        p = shadow_make(v, &key);
    }
    assert(p != NONE); // the pool has room for a root a processor, and more
    s->page[p].used = ++s->clock;
    return p;
}

static void load_base(struct vcpu *v, bool keep)
{
    // `keep` is about translations that the guest has not changed; shadow entries of that sort are kept in any case.
    (void)keep;
    struct shadow *s = shadow_of(v->vm);
    int32_t root = root_for(v);
    s->vcpu[v->index].root = root;
    shadow_charge(v, COST_SHADOW_ROOT, 1);
    shadow_resync_below(v, root);
    limit_roots(v);

    struct cpu *c = v->cpu;
    c->s.ptbr = s->page[root].frame;
    c->s.msw = MSW_PG | MSW_WP;
    cpu_sync(c);
    cpu_drop_space(c);
    s->vcpu[v->index].stale = s->vcpu[v->index].pieces = false;
    shadow_charge(v, COST_LPTBR, 1);
}

static void invlpg(struct vcpu *v, uint64_t va)
{
    struct vm *vm = v->vm;
    const struct shadow *s = shadow_of(vm);
    int32_t p = s->vcpu[v->index].root;
    for (unsigned level = s->levels; p != NONE; level--) {
        unsigned i = shadow_index(va, level);
        uint64_t entry = shadow_entry(vm, p, i);
        if (s->page[p].unsync) {
            shadow_charge(v, COST_SHADOW_SYNC, 1);
            shadow_sync_entry(v, p, i);
        }
        p = !(entry & PTE_P) || shadow_is_leaf(entry, level) ? NONE : shadow_child(s, entry);
    }
    struct shadow_vcpu *sv = &s->vcpu[v->index];
    if (sv->pieces) {
        cpu_drop_space(v->cpu);
        sv->stale = sv->pieces = false;
        shadow_charge(v, COST_LPTBR, 1);
    } else {
        cpu_drop_page(v->cpu, va);
        shadow_charge(v, COST_INVLPG, 1);
    }
}

// ---- faults ---------------------------------------------------------------------------------------

// What the guest's own tables say of the access, by walking them as the processor would, A and D included. False: it is the guest's fault.
static bool translate(struct vcpu *v, uint32_t error, struct shadow_path *path,
                      struct cpu_fault *fault)
{
    struct vm *vm = v->vm;
    struct walk_log log;
    path->gpa = path->va;
    path->leaf = 0;
    if (!(v->g.msw & MSW_PG)) {
        return true;
    }
    struct walk_dim tables = {
        .format = WALK_GUEST, .root = v->g.ptbr & PTBR_FRAME, .levels = vm->m->config.levels};
    struct walk_access access = {.write = path->write,
                                 .fetch = error & PF_FETCH,
                                 .user = error & PF_USER,
                                 .wp = v->g.msw & MSW_WP};
    struct walk_result r = walk(&vm->memory, &tables, 1, path->va, access, true, NULL, &log);
    shadow_charge(v, COST_SHADOW_WALK, r.refs);
    if (r.status != WALK_OK) {
        *fault = (struct cpu_fault){.vector = VEC_PF, .error = r.error, .addr = path->va};
        if (r.status == WALK_NOT_CANONICAL) {
            *fault = (struct cpu_fault){.vector = VEC_GP};
        }
        return false;
    }
    for (unsigned k = 0; k < log.count; k++) {
        const struct walk_step *step = &log.step[k];
        path->table[step->level] = step->table;
        // Again from memory: the walk has set bits since it read the entry.
        path->entry[step->level] = mem_get(&vm->memory, step->entry_addr, 8);
        path->leaf = step->level;
    }
    path->gpa = r.address;
    return true;
}

static enum paging_outcome fault(struct vcpu *v, uint64_t va, uint32_t error, uint64_t *gpa,
                                 struct cpu_fault *guest_fault)
{
    struct vm_stats *stats = &v->vm->stats;
    struct shadow_path path = {.va = va, .write = error & PF_WRITE};
    shadow_charge(v, COST_SHADOW_FAULT, 1);
    if (!translate(v, error, &path, guest_fault)) {
        stats->shadow_true_faults++;
        return PAGING_GUEST_FAULT;
    }
    *gpa = path.gpa;
    if (!vm_has(v->vm, path.gpa, 1) && !vm_direct(v->vm, path.gpa)) {
        return PAGING_DEVICE;
    }
    enum paging_outcome outcome = shadow_fill(v, &path);
    stats->shadow_hidden_faults += outcome == PAGING_FIXED;
    stats->shadow_write_faults += outcome == PAGING_TABLE_WRITE;
    return outcome;
}

const struct paging_ops shadow_paging = {.name = "shadow",
                                         .create = create,
                                         .destroy = destroy,
                                         .load_base = load_base,
                                         .invlpg = invlpg,
                                         .fault = fault,
                                         .wrote = shadow_wrote};
