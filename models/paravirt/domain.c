// domain.c: the domain builder. A paravirtual kernel begins with paging on, so somebody must have made its first tables: this does, out of the
// guest's own memory, and leaves a note in the shared page saying where everything is.
#include "models/paravirt/paravirt.h"

#include <string.h>

enum { BOOT_RAMDISK = 24, BOOT_RAMDISK_SIZE = 32, ENTRY_BYTES = 8, INDEX_MASK = 511 };
// What a kernel without boot information may occupy from 0 on.
#define UNKNOWN_END HUGE_PAGE_SIZE
#define BOOT_MAGIC  UINT64_C(0x4f464e4949343654)

uint64_t pv_shared_get(const struct vcpu *v, unsigned offset)
{
    return mem_get(&v->vm->memory, pv_domain(v->vm)->shared + offset, 8);
}

void pv_shared_set(struct vcpu *v, unsigned offset, uint64_t value)
{
    vm_ram_write(v->vm, pv_domain(v->vm)->shared + offset, &value, sizeof value);
}

// Where memory that is loaded ends: behind the RAM disk, which is the last of it.
static uint64_t loaded_end(const struct vm *vm, uint64_t boot_info)
{
    if (!vm_has(vm, boot_info, 64) || mem_get(&vm->memory, boot_info, 8) != BOOT_MAGIC) {
        return UNKNOWN_END;
    }
    uint64_t end = mem_get(&vm->memory, boot_info + BOOT_RAMDISK, 8) +
                   mem_get(&vm->memory, boot_info + BOOT_RAMDISK_SIZE, 8);
    return (end + PAGE_MASK) & ~PAGE_MASK;
}

struct builder {
    struct vm *vm;
    uint64_t free, end; // guest-physical memory to take tables from
    uint64_t root;
    unsigned levels;
};

static uint64_t take(struct builder *b)
{
    static const uint8_t zeros[PAGE_SIZE];
    uint64_t page = b->free;
    if (page >= b->end) {
        return 0;
    }
    vm_ram_write(b->vm, page, zeros, sizeof zeros);
    b->free += PAGE_SIZE;
    return page;
}

// Guest-physical address of the level 1 entry for va, with the tables that are missing on the way; 0: memory is out.
static uint64_t leaf(struct builder *b, uint64_t va)
{
    uint64_t table = b->root;
    for (unsigned level = b->levels; level > 1; level--) {
        uint64_t at =
            table + ENTRY_BYTES * (va >> (PAGE_SHIFT + LEVEL_BITS * (level - 1)) & INDEX_MASK);
        uint64_t entry = mem_get(&b->vm->memory, at, ENTRY_BYTES);
        if (!(entry & PTE_P)) {
            uint64_t made = take(b);
            if (made == 0) {
                return 0;
            }
            entry = (b->vm->base + made) | PTE_P | PTE_W;
            vm_ram_write(b->vm, at, &entry, sizeof entry);
        }
        table = (entry & PTE_FRAME) - b->vm->base;
    }
    return table + ENTRY_BYTES * (va >> PAGE_SHIFT & INDEX_MASK);
}

static bool map(struct builder *b, uint64_t va, uint64_t gpa, uint64_t rights)
{
    uint64_t at = leaf(b, va), entry = (b->vm->base + gpa) | rights;
    return at != 0 && vm_ram_write(b->vm, at, &entry, sizeof entry);
}

// The direct map of 4 KiB pages. Tables are read-only in it; which frames those are is known once all are made.
static bool map_all(struct builder *b, uint64_t shared)
{
    uint64_t first = b->root;
    bool ok = map(b, PV_SHARED_INFO, shared, PTE_P | PTE_W);
    for (uint64_t gpa = 0; ok && gpa < b->end; gpa += PAGE_SIZE) {
        ok = map(b, PV_VIRT_BASE + gpa, gpa, PTE_P | PTE_W);
    }
    for (uint64_t gpa = first; ok && gpa < b->free; gpa += PAGE_SIZE) {
        ok = map(b, PV_VIRT_BASE + gpa, gpa, PTE_P);
    }
    return ok;
}

bool pv_build(struct vcpu *v)
{
    struct vm *vm = v->vm;
    struct cpu_state *s = &v->cpu->s;
    struct builder b = {.vm = vm,
                        .free = loaded_end(vm, s->r[REG_A0]),
                        .end = vm->ram < PV_DIRECT_MAX ? vm->ram : PV_DIRECT_MAX,
                        .levels = v->cpu->levels};
    uint64_t shared = pv_domain(vm)->shared = take(&b);
    b.root = take(&b);
    if (!shared || !b.root || !map_all(&b, shared)) {
        return false;
    }
    const struct {
        unsigned offset;
        uint64_t value;
    } words[] = {{SHARED_MASK, 1},
                 {SHARED_BASE, vm->base},
                 {SHARED_ROOT, b.root},
                 {SHARED_FREE, b.free},
                 {SHARED_END, b.end},
                 {SHARED_LEVELS, b.levels},
                 {SHARED_BATCH, vm->arch.option[OPTION_BATCH]}};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        pv_shared_set(v, words[i].offset, words[i].value);
    }
    // The builder's tables are held to the same rules as the guest's: one use for being loaded, one for the pin.
    uint64_t g = b.root >> PAGE_SHIFT;
    enum pv_type top = (enum pv_type)b.levels;
    pv_memory(vm)->building = true;
    bool ok = pv_get_type(v, g, top) && pv_get_type(v, g, top);
    pv_memory(vm)->building = false;
    assert(ok);
    pv_memory(vm)->frame[g].pinned = ok;
    s->ptbr = vm->base + b.root;
    return ok;
}
