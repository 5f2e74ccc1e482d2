// nested.c: builds the nested table, one entry an EPT violation, and drops it when frames run out. nested.h says what it is for.
#include "models/nested.h"

#include "sim/acct.h"

#include <stdio.h>
#include <stdlib.h>

enum { ENTRIES = 512 };
#define EPT_WRITE_BACK (UINT64_C(6) << 3) // memory type, bits 3-5
#define EPT_RWX        (EPT_R | EPT_W | EPT_X)

struct nested {
    unsigned levels;
    bool huge;
    uint64_t *frame;          // the tables; [0] is the root
    uint64_t used, had, room; // in use; ever taken from the hypervisor's pool; length of the array
};

static struct nested *nested_of(const struct vm *vm)
{
    return vm->paging_state;
}

// A zeroed table; 0 when the pool is used up.
static uint64_t take_table(struct vm *vm)
{
    struct nested *n = nested_of(vm);
    if (n->used < n->had) {
        uint64_t frame = n->frame[n->used++];
        memset(vm->m->mem.bytes + frame, 0, PAGE_SIZE);
        return frame;
    }
    uint64_t frame = n->had < n->room ? vm_frame(vm) : 0;
    if (frame) {
        n->frame[n->had++] = frame;
        n->used = n->had;
    }
    return frame;
}

// ---- life -----------------------------------------------------------------------------------------

static void destroy(struct vm *vm)
{
    struct nested *n = nested_of(vm);
    if (n) {
        free(n->frame);
        free(n);
        vm->paging_state = NULL;
    }
}

static bool options_ok(const struct vm *vm, unsigned levels, char *err, size_t err_size)
{
    uint64_t room = (vm->pool_end - vm->pool_next) >> PAGE_SHIFT;
    // An instruction may need eight pages of memory and, for each, the guest's tables on the way, all mapped at the same time.
    uint64_t needed = UINT64_C(8) * (vm->m->config.levels + 1) * levels;
    if ((vm->ram - 1) >> (PAGE_SHIFT + LEVEL_BITS * levels)) {
        snprintf(
            err, err_size,
            "ept_levels=%u reaches %llu MiB of guest memory, and there is more; set ept_levels=%u",
            levels, (unsigned long long)(UINT64_C(1) << (LEVEL_BITS * levels - 8)), levels + 1);
        return false;
    }
    if (room < needed) {
        snprintf(err, err_size,
                 "a pool of %llu frames for nested tables; give the hypervisor at least %llu",
                 (unsigned long long)room, (unsigned long long)needed);
        return false;
    }
    return true;
}

static bool create(struct vm *vm, char *err, size_t err_size)
{
    unsigned levels = (unsigned)vm->arch.option[OPTION_EPT_LEVELS];
    assert(levels >= LEVELS_MIN && levels <= LEVELS_MAX);
    if (!options_ok(vm, levels, err, err_size)) {
        return false;
    }
    struct nested *n = calloc(1, sizeof *n);
    uint64_t room = (vm->pool_end - vm->pool_next) >> PAGE_SHIFT;
    uint64_t *frame = calloc(room, sizeof *frame);
    if (!n || !frame) {
        free(n);
        free(frame);
        snprintf(err, err_size, "no memory for nested paging");
        return false;
    }
    *n = (struct nested){
        .levels = levels, .huge = vm->arch.option[OPTION_EPT_HUGE], .frame = frame, .room = room};
    vm->paging_state = n;
    uint64_t root = take_table(vm);
    assert(root != 0);
    (void)root;
    return true;
}

struct walk_dim nested_table(const struct vm *vm)
{
    const struct nested *n = nested_of(vm);
    return (struct walk_dim){.format = WALK_EPT, .root = n->frame[0], .levels = n->levels};
}

// ---- entries --------------------------------------------------------------------------------------

static uint64_t entry_at(uint64_t table, uint64_t gpa, unsigned level)
{
    return table + 8 * ((gpa >> (PAGE_SHIFT + LEVEL_BITS * (level - 1))) & (ENTRIES - 1));
}

static void put(struct vm *vm, uint64_t at, uint64_t value)
{
    mem_put(&vm->m->mem, at, 8, value);
    vm->m->mem.frame[at >> PAGE_SHIFT] |= FRAME_WRITTEN;
}

// Every processor forgets what it knows of the table: others by an interrupt.
static void forget(struct vcpu *v)
{
    struct vm *vm = v->vm;
    for (unsigned k = 0; k < vm->vcpus; k++) {
        if (k != v->index) {
            vm_charge(v, CYC_EXIT_HANDLING, COST_SHADOW_SHOOTDOWN, 1);
        }
        vmcs_invalidate_nested(vm->vcpu[k].cpu);
    }
}

static void drop_all(struct vcpu *v)
{
    struct nested *n = nested_of(v->vm);
    memset(v->vm->m->mem.bytes + n->frame[0], 0, PAGE_SIZE);
    n->used = 1;
    forget(v);
}

// The entry for gpa in a table of level `leaf`, with the tables on the way made. 0: no frame for one of them.
static uint64_t reach(struct vcpu *v, uint64_t gpa, unsigned leaf)
{
    struct vm *vm = v->vm;
    const struct nested *n = nested_of(vm);
    uint64_t table = n->frame[0];
    for (unsigned level = n->levels; level > leaf; level--) {
        uint64_t at = entry_at(table, gpa, level), entry = mem_get(&vm->m->mem, at, 8);
        if (!(entry & EPT_RWX)) {
            entry = take_table(vm);
            if (!entry) {
                return 0;
            }
            vm_charge(v, CYC_EXIT_HANDLING, COST_EPT_PAGE, 1);
            entry |= EPT_RWX;
            put(vm, at, entry);
        }
        table = entry & PTE_FRAME;
    }
    return entry_at(table, gpa, leaf);
}

// Map the page around gpa. False: no frame for a table on the way.
static bool map(struct vcpu *v, uint64_t gpa)
{
    struct vm *vm = v->vm;
    // The slot begins at a multiple of 2 MiB and is a multiple of that long: huge pages always fit.
    bool huge = nested_of(vm)->huge;
    uint64_t at = reach(v, gpa, huge ? 2 : 1), mask = huge ? HUGE_PAGE_SIZE - 1 : PAGE_MASK;
    if (!at) {
        return false;
    }
    put(vm, at, (vm->base + (gpa & ~mask)) | EPT_RWX | EPT_WRITE_BACK | (huge ? EPT_PS : 0));
    vm->stats.ept_pages++;
    return true;
}

bool nested_map_device(struct vcpu *v, uint64_t gpa, uint64_t page)
{
    struct vm *vm = v->vm;
    assert(!vm_has(vm, gpa, 1) && page % PAGE_SIZE == 0 && (!page || page >= vm->m->mem.size));
    if (gpa >> (PAGE_SHIFT + LEVEL_BITS * nested_of(vm)->levels)) {
        return false;
    }
    uint64_t at = reach(v, gpa, 1);
    if (at) {
        put(vm, at, page ? page | EPT_RWX : EPT_W); // W without R: misconfigured
    }
    return at != 0;
}

enum paging_outcome nested_violation(struct vcpu *v, uint64_t gpa)
{
    v->vm->stats.ept_violations++;
    vm_charge(v, CYC_EXIT_HANDLING, COST_EPT_VIOLATION, 1);
    if (!vm_has(v->vm, gpa, 1)) {
        return PAGING_DEVICE;
    }
    if (!map(v, gpa)) {
        drop_all(v);
        bool ok = map(v, gpa);
        assert(ok);
        (void)ok;
    }
    return PAGING_FIXED;
}

void nested_unmap(struct vcpu *v, uint64_t gpa, uint64_t n)
{
    struct vm *vm = v->vm;
    const struct nested *nested = nested_of(vm);
    unsigned leaf = nested->huge ? 2 : 1;
    uint64_t step = leaf == 2 ? HUGE_PAGE_SIZE : PAGE_SIZE, end = gpa + n;
    assert(n > 0 && vm_has(vm, gpa, n));
    for (uint64_t at = gpa & ~(step - 1); at < end; at += step) {
        uint64_t table = nested->frame[0], entry = EPT_RWX;
        for (unsigned level = nested->levels; level > leaf && (entry & EPT_RWX); level--) {
            entry = mem_get(&vm->m->mem, entry_at(table, at, level), 8);
            table = entry & PTE_FRAME;
        }
        if (entry & EPT_RWX) {
            put(vm, entry_at(table, at, leaf), 0);
        }
    }
    forget(v);
}

// ---- operations -----------------------------------------------------------------------------------

static void load_base(struct vcpu *v, bool keep)
{
    (void)v, (void)keep; // the guest loads its base into the real register
}

static void invlpg(struct vcpu *v, uint64_t va)
{
    (void)v, (void)va; // does not exit
}

static void wrote(struct vm *vm, uint64_t gpa, uint64_t n)
{
    (void)vm, (void)gpa, (void)n; // the nested table does not depend on what memory holds
}

const struct paging_ops nested_paging = {.name = "nested",
                                         .create = create,
                                         .destroy = destroy,
                                         .load_base = load_base,
                                         .invlpg = invlpg,
                                         .wrote = wrote};
