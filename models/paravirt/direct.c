// direct.c: direct paging. The processor walks the guest's own tables, so what is in them is the hypervisor's business: every frame has one
// type at a time, a frame becomes a table only after all its entries were checked, and stays one, read-only to the guest, as long
// as any table or pin leads to it.
#include "models/paravirt/paravirt.h"

#include "sim/acct.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 512, ENTRY_BYTES = 8, HUGE_FRAMES = 512 };
enum { WHERE_ENTRY = 0, WHERE_COMMAND = 1, WHERE_ADDRESS = 2, WHERE_KIND = 3 };

// ---- types ----------------------------------------------------------------------------------------

// Guest frame number behind a machine address; `frames` or more if it is not the guest's.
static uint64_t owned(const struct vm *vm, uint64_t machine)
{
    return machine < vm->base ? UINT64_MAX : (machine - vm->base) >> PAGE_SHIFT;
}

static bool is_table(enum pv_type type)
{
    return type >= PV_L1 && type <= PV_L5;
}

static void flush(struct vcpu *v)
{
    cpu_drop_vpid(v->cpu);
    vm_charge(v, CYC_HYPERCALL, COST_LPTBR, 1);
    pv_memory(v->vm)->epoch++;
}

static uint64_t entry_of(const struct vm *vm, uint64_t g, unsigned i)
{
    return mem_get(&vm->memory, (g << PAGE_SHIFT) + (uint64_t)ENTRY_BYTES * i, ENTRY_BYTES);
}

// How a present leaf uses frames: how many, from which on. False: it names what it must not.
static bool leaf_frames(const struct vm *vm, unsigned level, uint64_t entry, uint64_t *g,
                        uint64_t *n)
{
    *g = owned(vm, entry & PTE_FRAME);
    *n = level == 1 ? 1 : HUGE_FRAMES;
    return (level == 1 || !(entry & PTE_RSVD_2M)) && *g < pv_memory(vm)->frames &&
           *n <= pv_memory(vm)->frames - *g;
}

static bool is_leaf(unsigned level, uint64_t entry)
{
    return level == 1 || (level == 2 && (entry & PTE_PS));
}

static void put_entry(struct vcpu *v, unsigned level, uint64_t entry)
{
    uint64_t g, n;
    if (!(entry & PTE_P)) {
        return;
    }
    if (!is_leaf(level, entry)) {
        pv_put_type(v, owned(v->vm, entry & PTE_FRAME), (enum pv_type)(level - 1));
        return;
    }
    bool ok = leaf_frames(v->vm, level, entry, &g, &n);
    assert(ok);
    for (uint64_t i = 0; ok && (entry & PTE_W) && i < n; i++) {
        pv_put_type(v, g + i, PV_WRITABLE);
    }
}

// Every rule for an entry of a table of that level; if it may stand there, what it leads to is used once more.
static bool get_entry(struct vcpu *v, unsigned level, uint64_t entry)
{
    uint64_t g, n;
    pv_memory(v->vm)->validated++;
    if (!(entry & PTE_P)) {
        return true;
    }
    if (entry & PTE_RSVD) {
        return false;
    }
    if (!is_leaf(level, entry)) {
        g = owned(v->vm, entry & PTE_FRAME);
        return !(entry & PTE_PS) && g < pv_memory(v->vm)->frames &&
               pv_get_type(v, g, (enum pv_type)(level - 1));
    }
    if (!leaf_frames(v->vm, level, entry, &g, &n)) {
        return false;
    }
    for (uint64_t i = 0; (entry & PTE_W) && i < n; i++) {
        if (!pv_get_type(v, g + i, PV_WRITABLE)) {
            while (i-- > 0) {
                pv_put_type(v, g + i, PV_WRITABLE);
            }
            return false;
        }
    }
    return true;
}

// The frame holds a table of that level from now on, if all its entries may stand there.
static bool validate(struct vcpu *v, uint64_t g, unsigned level)
{
    uint64_t present = 0;
    unsigned i = 0;
    while (i < ENTRIES && get_entry(v, level, entry_of(v->vm, g, i))) {
        present += entry_of(v->vm, g, i) & PTE_P;
        i++;
    }
    if (!pv_memory(v->vm)->building) {
        vm_charge(v, CYC_HYPERCALL, COST_HC_SCAN, 1);
        vm_charge(v, CYC_HYPERCALL, COST_HC_ENTRY, present);
    }
    bool ok = i == ENTRIES;
    while (!ok && i-- > 0) {
        put_entry(v, level, entry_of(v->vm, g, i));
    }
    return ok;
}

bool pv_get_type(struct vcpu *v, uint64_t g, enum pv_type type)
{
    struct pv_memory *m = pv_memory(v->vm);
    struct pv_frame *f = &m->frame[g];
    if (f->uses > 0) {
        f->uses += f->type == type;
        return f->type == type;
    }
    // The tables have let go of what it was before; a TLB or a walk cache may not have.
    if (is_table(type) && f->type == PV_WRITABLE && f->stale == m->epoch) {
        flush(v);
    } else if (is_table((enum pv_type)f->type) && f->type != type && f->stale == m->epoch) {
        cpu_drop_page(v->cpu, PV_SHARED_INFO); // any address: the walk caches go altogether
        vm_charge(v, CYC_HYPERCALL, COST_INVLPG, 1);
    }
    uint8_t was = f->type;
    f->type = (uint8_t)type;
    f->uses = 1;
    if (is_table(type) && !validate(v, g, (unsigned)type)) {
        f->type = was;
        f->uses = 0;
        return false;
    }
    return true;
}

void pv_put_type(struct vcpu *v, uint64_t g, enum pv_type type)
{
    struct pv_memory *m = pv_memory(v->vm);
    struct pv_frame *f = &m->frame[g];
    assert(f->uses > 0 && f->type == type);
    if (--f->uses > 0) {
        return;
    }
    f->stale = m->epoch;
    if (is_table(type)) {
        for (unsigned i = 0; i < ENTRIES; i++) {
            put_entry(v, (unsigned)type, entry_of(v->vm, g, i));
        }
        vm_charge(v, CYC_HYPERCALL, COST_HC_SCAN, 1);
    }
}

// ---- requests -------------------------------------------------------------------------------------

// Write one entry of a table in use.
static int64_t update(struct vcpu *v, uint64_t machine, uint64_t value)
{
    const struct vm *vm = v->vm;
    uint64_t g = owned(vm, machine);
    vm_charge(v, CYC_HYPERCALL, COST_HC_ENTRY, 1);
    if (machine % ENTRY_BYTES || g >= pv_memory(vm)->frames) {
        return PV_INVALID;
    }
    const struct pv_frame *f = &pv_memory(vm)->frame[g];
    if (f->uses == 0 || !is_table((enum pv_type)f->type)) {
        return PV_INVALID; // memory of its own it can write itself
    }
    unsigned level = f->type;
    uint64_t old = mem_get(&vm->memory, machine - vm->base, ENTRY_BYTES);
    if (!get_entry(v, level, value)) {
        return PV_PERM;
    }
    vm_ram_write(v->vm, machine - vm->base, &value, sizeof value);
    put_entry(v, level, old);
    return 0;
}

// Machine address of the level 1 entry for va in the tables that are loaded; 0: there is none.
static uint64_t leaf_entry(const struct vcpu *v, uint64_t va)
{
    const struct mem *mem = &v->vm->m->mem;
    uint64_t table = v->cpu->s.ptbr & PTBR_FRAME;
    for (unsigned level = v->cpu->levels; level > 1; level--) {
        unsigned i = (unsigned)(va >> (PAGE_SHIFT + LEVEL_BITS * (level - 1))) & (ENTRIES - 1);
        uint64_t entry = mem_get(mem, table + (uint64_t)ENTRY_BYTES * i, ENTRY_BYTES);
        if (!(entry & PTE_P) || (entry & PTE_PS)) {
            return 0;
        }
        table = entry & PTE_FRAME;
    }
    return table + ENTRY_BYTES * (va >> PAGE_SHIFT & (ENTRIES - 1));
}

static int64_t update_address(struct vcpu *v, uint64_t va, uint64_t value)
{
    uint64_t entry = vcpu_canonical(v, va) ? leaf_entry(v, va) : 0;
    if (entry == 0) {
        return PV_INVALID;
    }
    uint64_t old = mem_get(&v->vm->m->mem, entry, ENTRY_BYTES);
    uint64_t g = owned(v->vm, old & PTE_FRAME);
    uint64_t stale = old & PTE_P ? pv_memory(v->vm)->frame[g].stale : 0;
    int64_t result = update(v, entry, value);
    if (result == 0) {
        cpu_drop_page(v->cpu, va);
        vm_charge(v, CYC_HYPERCALL, COST_INVLPG, 1);
        if (old & PTE_P) { // this use has left nothing behind in the TLB
            pv_memory(v->vm)->frame[g].stale = stale;
        }
    }
    return result;
}

static int64_t pin(struct vcpu *v, uint64_t g, enum pv_type type)
{
    struct pv_frame *f = &pv_memory(v->vm)->frame[g];
    if (f->pinned) {
        return PV_BUSY;
    }
    if ((unsigned)type > v->cpu->levels || !pv_get_type(v, g, type)) {
        return PV_PERM;
    }
    f->pinned = true;
    return 0;
}

static int64_t new_base(struct vcpu *v, uint64_t g)
{
    struct cpu *c = v->cpu;
    enum pv_type top = (enum pv_type)c->levels;
    uint64_t old = owned(v->vm, c->s.ptbr & PTBR_FRAME);
    if (!pv_get_type(v, g, top)) {
        return PV_PERM;
    }
    c->s.ptbr = v->vm->base + (g << PAGE_SHIFT);
    v->g.ptbr = c->s.ptbr;
    flush(v);
    pv_put_type(v, old, top);
    return 0;
}

static int64_t command(struct vcpu *v, uint64_t where, uint64_t value)
{
    vm_charge(v, CYC_HYPERCALL, COST_HC_ENTRY, 1);
    if (value == MMU_INVLPG) {
        cpu_drop_page(v->cpu, where);
        vm_charge(v, CYC_HYPERCALL, COST_INVLPG, 1);
        return 0;
    }
    if (value == MMU_FLUSH) {
        flush(v);
        return 0;
    }
    uint64_t g = owned(v->vm, where);
    if (g >= pv_memory(v->vm)->frames || where & PAGE_MASK) {
        return PV_INVALID;
    }
    struct pv_frame *f = &pv_memory(v->vm)->frame[g];
    switch (value) {
    case MMU_PIN_L1:
    case MMU_PIN_L2:
    case MMU_PIN_L3:
    case MMU_PIN_L4:
    case MMU_PIN_L5: return pin(v, g, (enum pv_type)value);
    case MMU_NEW_BASE: return new_base(v, g);
    case MMU_UNPIN:
        if (!f->pinned) {
            return PV_INVALID;
        }
        f->pinned = false;
        pv_put_type(v, g, (enum pv_type)f->type);
        return 0;
    default: return PV_INVALID;
    }
}

int64_t pv_mmu_request(struct vcpu *v, uint64_t where, uint64_t value)
{
    switch (where & WHERE_KIND) {
    case WHERE_ENTRY: return update(v, where, value);
    case WHERE_COMMAND: return command(v, where & ~(uint64_t)WHERE_KIND, value);
    case WHERE_ADDRESS: return update_address(v, where & ~(uint64_t)WHERE_KIND, value);
    default: return PV_INVALID;
    }
}

// ---- guest-virtual memory -------------------------------------------------------------------------

// Guest-physical address behind va for ring 1, and how many bytes its page has from there.
static bool find(const struct vcpu *v, uint64_t va, bool write, uint64_t *gpa, size_t *room)
{
    const struct walk_dim table = {
        .format = WALK_GUEST, .root = v->cpu->s.ptbr & PTBR_FRAME, .levels = v->cpu->levels};
    struct walk_result r = walk(&v->vm->m->mem, &table, 1, va,
                                (struct walk_access){.write = write, .wp = true}, true, NULL, NULL);
    *gpa = r.address - v->vm->base;
    *room = PAGE_SIZE - (va & PAGE_MASK);
    return r.status == WALK_OK && r.address >= v->vm->base;
}

bool pv_read(struct vcpu *v, uint64_t va, void *to, size_t n)
{
    uint64_t gpa;
    vm_charge(v, CYC_HYPERCALL, COST_HV_GUEST_ACCESS, 1);
    for (size_t done = 0, room = 0; done < n; done += room) {
        if (!find(v, va + done, false, &gpa, &room)) {
            return false;
        }
        room = room < n - done ? room : n - done;
        if (!vm_read(v->vm, gpa, (uint8_t *)to + done, room)) {
            return false;
        }
    }
    return true;
}

bool pv_write(struct vcpu *v, uint64_t va, const void *from, size_t n)
{
    uint64_t gpa;
    vm_charge(v, CYC_HYPERCALL, COST_HV_GUEST_ACCESS, 1);
    for (size_t done = 0, room = 0; done < n; done += room) {
        if (!find(v, va + done, true, &gpa, &room)) {
            return false;
        }
        room = room < n - done ? room : n - done;
        if (!vm_ram_write(v->vm, gpa, (const uint8_t *)from + done, room)) {
            return false;
        }
    }
    return true;
}

// ---- life -----------------------------------------------------------------------------------------

static bool create(struct vm *vm, char *err, size_t err_size)
{
    struct pv_memory *m = calloc(1, sizeof *m);
    if (m) {
        m->frames = vm->ram >> PAGE_SHIFT;
        m->epoch = 1;
        m->frame = calloc(m->frames, sizeof *m->frame);
    }
    vm->paging_state = m;
    if (!m || !m->frame) {
        snprintf(err, err_size, "no memory to keep the types of the guest's frames");
        return false;
    }
    return true;
}

static void destroy(struct vm *vm)
{
    if (vm->paging_state) {
        free(pv_memory(vm)->frame);
        free(vm->paging_state);
        vm->paging_state = NULL;
    }
}

// A page that was granted, and has become a table since, is no device's to write.
static bool dma(const struct vm *vm, uint64_t gpa, uint64_t n)
{
    const struct pv_memory *m = pv_memory(vm);
    bool ok = true;
    for (uint64_t g = gpa >> PAGE_SHIFT; ok && n > 0 && g <= (gpa + n - 1) >> PAGE_SHIFT; g++) {
        ok = m->frame[g].uses == 0 || !is_table((enum pv_type)m->frame[g].type);
    }
    return ok;
}

const struct paging_ops direct_paging = {
    .name = "direct", .create = create, .destroy = destroy, .dma = dma};
