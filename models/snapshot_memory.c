// snapshot_memory.c: memory in a picture: the last walk, the guest's tables beside those behind them, the TLB, the last fault.
#include "models/snapshot_impl.h"

#include "sim/machine_internal.h"

// The space in which the guest's table addresses lie: a paravirtual guest's hold the machine's own.
static struct mem *guest_space(const struct vm *vm)
{
    struct vm *w = vm->vcpu[0].vm; // walks that commit nothing change nothing
    return vm_is_bare(vm) || vm->arch.paging == PAGING_DIRECT ? &w->m->mem : &w->memory;
}

static bool guest_walk(const struct vm *vm, const struct cpu_state *s, uint64_t va,
                       struct walk_log *log, uint64_t *out)
{
    const struct walk_dim table = {
        .format = WALK_GUEST, .root = s->ptbr & PTBR_FRAME, .levels = vm->m->config.levels};
    if (!(s->msw & MSW_PG)) {
        *out = va;
        return true;
    }
    struct walk_result r = walk(guest_space(vm), &table, 1, va, (struct walk_access){0}, false,
                                vm->m->config.model, log);
    *out = r.address;
    return r.status == WALK_OK;
}

size_t snapshot_read(const struct vm *vm, unsigned i, uint64_t va, void *out, size_t n)
{
    struct cpu_state s;
    size_t done = 0;
    vm_state(vm, i, &s);
    // A paravirtual guest runs with its hypervisor's paging from the start.
    if (vm->arch.paging == PAGING_DIRECT && !vm_is_bare(vm)) {
        s.msw |= MSW_PG;
        s.ptbr = vm->m->cpu[i].s.ptbr;
    }
    while (done < n) {
        uint64_t at, room = PAGE_SIZE - ((va + done) & PAGE_MASK);
        size_t part = n - done < room ? n - done : (size_t)room;
        if (!guest_walk(vm, &s, va + done, NULL, &at) ||
            !mem_read(guest_space(vm), at, (uint8_t *)out + done, part)) {
            break;
        }
        done += part;
    }
    return done;
}

// ---- the walk -------------------------------------------------------------------------------------

static void copy_steps(const struct walk_log *log, struct snapshot_walk *w)
{
    for (unsigned k = 0; k < log->count && k < SNAP_WALK; k++) {
        const struct walk_step *s = &log->step[k];
        struct snapshot_ref *r = &w->ref[k];
        r->dim = s->dim, r->level = s->level;
        r->for_dim = s->for_dim, r->for_level = s->for_level;
        r->index = (uint16_t)s->index;
        r->leaf = s->leaf, r->set_a = s->set_a, r->set_d = s->set_d;
        r->table = s->table, r->entry = s->entry_addr, r->value = s->value;
        r->cost = s->cost;
        r->running = k + 1;
        w->count = k + 1;
    }
}

static void result(const struct walk_result *r, struct snapshot_walk *w)
{
    w->ok = r->status == WALK_OK;
    w->fault_dim = (uint8_t)r->fault_dim;
    w->error = r->error;
    w->address = w->ok ? r->address : r->fault_addr;
    w->page_shift = (uint8_t)(w->ok ? r->page_shift : 0);
    w->cycles = r->cost;
    w->refs = r->refs;
    unsigned n = w->levels, m = w->nested_levels;
    w->full = (n + 1) * (m + 1) - 1;
}

// The walk that the processor would make now for `va`, setting nothing.
static void would_walk(const struct snapshot_view *v, unsigned i, uint64_t va,
                       struct snapshot_walk *w)
{
    const struct vm *vm = v->vm;
    const struct cpu *c = &vm->m->cpu[i];
    struct walk_dim chain[2];
    struct walk_log log = {.count = 0};
    unsigned dims = 0;
    if (c->s.msw & MSW_PG) {
        chain[dims++] = (struct walk_dim){
            .format = WALK_GUEST, .root = c->s.ptbr & PTBR_FRAME, .levels = c->levels};
        w->levels = (uint8_t)c->levels;
    }
    if (c->vmcs && c->vmcs->control.ept) {
        chain[dims++] = c->vmcs->control.nested;
        w->nested_levels = (uint8_t)c->vmcs->control.nested.levels;
    }
    if (dims == 0) {
        return;
    }
    w->kind = w->nested_levels                   ? SNAP_WALK_NESTED
              : vm_is_bare(vm)                   ? SNAP_WALK_NATIVE
              : vm->arch.paging == PAGING_SHADOW ? SNAP_WALK_SHADOW
                                                 : SNAP_WALK_DIRECT;
    w->cpu = (uint8_t)i;
    w->dims = (uint8_t)dims;
    w->va = va, w->pc = c->s.pc, w->time = cpu_now(c);
    struct walk_result r =
        walk(&vm->m->mem, chain, dims, va, (struct walk_access){0}, false, c->model, &log);
    result(&r, w);
    copy_steps(&log, w);
}

static void last_walk(const struct snapshot_view *v, struct snapshot_walk *w)
{
    const struct observer *o = v->observer;
    if (o->walk_head.kind != SNAP_WALK_NONE && observer_shows(o, o->walk_epoch)) {
        memcpy(w, &o->walk_head, offsetof(struct snapshot_walk, ref));
        result(&o->walk, w);
        copy_steps(&o->log, w);
        return;
    }
    would_walk(v, o->focus, v->look_follow ? v->vm->m->cpu[o->focus].s.pc : v->look, w);
}

// ---- tables side by side --------------------------------------------------------------------------

static uint32_t entries(const struct walk_log *log, enum walk_format format,
                        struct snapshot_entry *out)
{
    uint32_t n = 0;
    for (; n < log->count && n < SNAP_TABLE; n++) {
        const struct walk_step *s = &log->step[n];
        struct snapshot_entry *e = &out[n];
        bool guest = format == WALK_GUEST;
        e->level = s->level;
        e->index = (uint16_t)s->index;
        e->table = s->table;
        e->value = s->value;
        e->present = s->value & (guest ? PTE_P : EPT_R | EPT_W | EPT_X);
        e->leaf = s->leaf;
        e->huge = s->leaf && s->level == 2;
        e->writable = s->value & (guest ? PTE_W : EPT_W);
        e->user = guest && (s->value & PTE_U);
        e->no_execute = guest ? (s->value & PTE_NX) != 0 : !(s->value & EPT_X);
        e->accessed = s->value & (guest ? PTE_A : EPT_A);
        e->dirty = s->value & (guest ? PTE_D : EPT_D);
    }
    return n;
}

static void other_table(const struct snapshot_view *v, const struct cpu *c,
                        struct snapshot_tables *t)
{
    struct walk_log log = {.count = 0};
    struct walk_dim dim;
    uint64_t at;
    if (c->vmcs && c->vmcs->control.ept) {
        t->kind = SNAP_WALK_NESTED;
        if (!t->guest_ok) {
            return;
        }
        dim = c->vmcs->control.nested;
        at = t->gpa;
    } else if (v->vm->arch.paging == PAGING_SHADOW) {
        t->kind = SNAP_WALK_SHADOW;
        dim = (struct walk_dim){
            .format = WALK_GUEST, .root = c->s.ptbr & PTBR_FRAME, .levels = c->levels};
        at = t->va;
    } else {
        t->kind = SNAP_WALK_DIRECT;
        return;
    }
    struct walk_result r =
        walk(&v->vm->m->mem, &dim, 1, at, (struct walk_access){0}, false, c->model, &log);
    t->other_ok = r.status == WALK_OK;
    t->hpa = t->other_ok ? r.address : 0;
    t->other_count = entries(&log, dim.format, t->other);
}

static void tables(const struct snapshot_view *v, const struct snapshot *shot,
                   struct snapshot_tables *t)
{
    unsigned i = shot->focus;
    struct walk_log log = {.count = 0};
    struct cpu_state s;
    vm_state(v->vm, i, &s);
    t->valid = true;
    t->va = !v->look_follow                        ? v->look
            : shot->walk.recorded                  ? shot->walk.va
            : shot->fault.owner != SNAP_FAULT_NONE ? shot->fault.va
                                                   : s.pc;
    t->guest_ok = guest_walk(v->vm, &s, t->va, &log, &t->gpa);
    t->gpa = t->guest_ok ? t->gpa : 0;
    t->guest_count = entries(&log, WALK_GUEST, t->guest);
    if (vm_is_bare(v->vm)) {
        t->kind = SNAP_WALK_NATIVE;
        t->hpa = t->gpa;
        t->other_ok = t->guest_ok;
        return;
    }
    other_table(v, &v->vm->m->cpu[i], t);
}

// ---- TLB ------------------------------------------------------------------------------------------

static const struct tlb_space *space_of(const struct tlb *t, uint64_t tag)
{
    unsigned number = (unsigned)(tag & SPACE_MAX_MASK);
    if (tag == 0 || !t->alive[number]) {
        return NULL;
    }
    for (unsigned k = 0; k < t->space_count; k++) {
        if (t->space[k].number == number) {
            return &t->space[k];
        }
    }
    return NULL;
}

static void tlb_entry(const struct cpu *c, enum snapshot_tlb_array array, uint64_t tag,
                      uint64_t data, struct snapshot_tlb *out)
{
    const struct tlb_space *s = space_of(&c->tlb, tag);
    if (!s) {
        return;
    }
    out->used[array]++;
    if (out->count == SNAP_TLB) {
        return;
    }
    struct snapshot_tlb_entry *e = &out->entry[out->count++];
    e->array = array;
    e->huge = tlb_tag_is_huge(tag);
    e->va = tlb_tag_address(tag);
    e->pa = data & PTE_FRAME;
    e->vpid = s->vpid, e->asid = s->asid;
    e->w = data & TLB_W, e->u = data & TLB_U, e->nx = data & TLB_NX, e->d = data & TLB_D;
    e->nested_r = !(data & TLB_NR), e->nested_w = !(data & TLB_NW), e->nested_x = !(data & TLB_NF);
}

static void tlb_level1(const struct cpu *c, enum snapshot_tlb_array array, const struct tlb_l1 *l1,
                       struct snapshot_tlb *out)
{
    out->size[array] = (uint32_t)(l1->small_mask + 1 + (l1->has_huge ? l1->huge_mask + 1 : 0));
    for (uint64_t k = 0; k <= l1->small_mask; k++) {
        tlb_entry(c, array, l1->small[k].tag, l1->small[k].data, out);
    }
    for (uint64_t k = 0; l1->has_huge && k <= l1->huge_mask; k++) {
        tlb_entry(c, array, l1->huge[k].tag, l1->huge[k].data, out);
    }
}

static void tlb(const struct cpu *c, struct snapshot_tlb *out)
{
    const struct tlb *t = &c->tlb;
    tlb_level1(c, SNAP_TLB_L1I, &t->i, out);
    tlb_level1(c, SNAP_TLB_L1D, &t->d, out);
    if (t->has_l2) {
        out->size[SNAP_TLB_L2] = (t->l2_set_mask + 1) * t->l2_ways;
        for (uint32_t set = 0; set <= t->l2_set_mask; set++) {
            for (uint32_t k = set; k <= t->l2_slot_mask; k += t->l2_set_mask + 1) {
                tlb_entry(c, SNAP_TLB_L2, t->l2_tag[k], t->l2_data[k], out);
            }
        }
    }
}

static void fault(const struct snapshot_fault *f, struct snapshot_fault *out)
{
    out->owner = f->owner;
    out->cpu = f->cpu, out->vector = f->vector;
    out->error = f->error;
    out->user = f->user, out->write = f->write, out->fetch = f->fetch;
    out->va = f->va, out->gpa = f->gpa;
    out->pc = f->pc, out->time = f->time;
}

void snapshot_memory(const struct snapshot_view *v, struct snapshot *out)
{
    fault(&v->observer->fault, &out->fault);
    last_walk(v, &out->walk);
    tables(v, out, &out->tables);
    for (unsigned i = 0; i < out->cpus; i++) {
        tlb(&v->vm->m->cpu[i], &out->tlb[i]);
    }
}
