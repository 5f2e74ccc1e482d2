// Data accesses beyond the fast path: page crossings, devices, pages with decoded code; the processor's own accesses; and fetching.
#include "sim/acct.h"
#include "sim/block.h"
#include "sim/cpu.h"
#include "sim/machine_internal.h"
#include "sim/vmcs.h"

static uint64_t ones(unsigned n)
{
    return UINT64_MAX >> (64 - 8 * n);
}

// ---- devices --------------------------------------------------------------------------------------

// The device register that [pa, pa + n) is, or NULL: naturally aligned, 4 or 8 bytes.
static const struct bus_range *device_at(const struct cpu *c, uint64_t pa, unsigned n)
{
    if ((n != 4 && n != 8) || pa % n) {
        return NULL;
    }
    return bus_find(&c->m->bus, BUS_MMIO, pa);
}

// A guest's APIC page: the virtual APIC answers, or it is an exit (*ok false, c->fault set).
static bool virtual_apic(struct cpu *c, uint64_t pa, bool write, unsigned n, uint64_t *value,
                         bool *ok)
{
    if (!c->vmcs || !c->vmcs->control.apic_access ||
        (pa & ~PAGE_MASK) != c->vmcs->control.apic_page) {
        return false;
    }
    const struct monitor_ops *ops = c->m->monitor;
    unsigned offset = (unsigned)(pa & PAGE_MASK);
    bool registers = c->vmcs->control.apic_registers && n == 4 && offset % 4 == 0;
    *ok = registers && (write ? ops->apic_write && ops->apic_write(c, offset, *value)
                              : ops->apic_read && ops->apic_read(c, offset, value));
    if (!*ok) {
        c->fault =
            (struct cpu_fault){.vector = FAULT_EXIT,
                               .exit = registers && write ? EXIT_APIC_WRITE : EXIT_APIC_ACCESS,
                               .error = write ? PF_WRITE : 0,
                               .addr = offset};
    }
    return true;
}

static bool load_device(struct cpu *c, uint64_t pa, unsigned n, uint64_t *value)
{
    bool ok;
    if (virtual_apic(c, pa, false, n, value, &ok)) {
        return ok;
    }
    const struct bus_range *range = device_at(c, pa, n);
    if (!range) {
        *value = ones(n);
        return true;
    }
    acct_charge(c, c->category, COST_MMIO, 1);
    c->counters.mmio++;
    *value = range->read(c->m, range->dev, c->index, pa - range->base, n) & ones(n);
    return true;
}

static bool store_device(struct cpu *c, uint64_t pa, unsigned n, uint64_t value)
{
    bool ok;
    value &= ones(n);
    if (virtual_apic(c, pa, true, n, &value, &ok)) {
        return ok;
    }
    const struct bus_range *range = device_at(c, pa, n);
    if (range) {
        acct_charge(c, c->category, COST_MMIO, 1);
        c->counters.mmio++;
        range->write(c->m, range->dev, c->index, pa - range->base, n, value);
    }
    return true;
}

// ---- RAM ------------------------------------------------------------------------------------------

// Bytes [pa, pa + n), all in one page: ones where there is no RAM.
static void copy_from(const struct cpu *c, uint64_t pa, void *to, unsigned n)
{
    if (mem_has(c->mem, pa, n)) {
        memcpy(to, c->mem->bytes + pa, n);
    } else {
        memset(to, 0xff, n);
    }
}

static void copy_to(struct cpu *c, uint64_t pa, const void *from, unsigned n)
{
    if (!mem_has(c->mem, pa, n)) {
        return;
    }
    memcpy(c->mem->bytes + pa, from, n);
    uint8_t *notes = &c->mem->frame[pa >> PAGE_SHIFT];
    if (*notes & (FRAME_CODE | FRAME_WATCHED)) {
        machine_stored(c->m, pa, n);
    }
    *notes |= FRAME_WRITTEN;
}

// ---- loads and stores -----------------------------------------------------------------------------

// How many of the n bytes at va lie in its page.
static unsigned in_first_page(uint64_t va, unsigned n)
{
    uint64_t room = PAGE_SIZE - (va & PAGE_MASK);
    return room < n ? (unsigned)room : n;
}

// n little-endian bytes; every size a copy of its own, so that none calls a function.
static inline uint64_t get(const void *from, unsigned n)
{
    uint64_t v = 0;
    switch (n) {
    case 1: memcpy(&v, from, 1); break;
    case 2: memcpy(&v, from, 2); break;
    case 4: memcpy(&v, from, 4); break;
    default: memcpy(&v, from, 8); break;
    }
    return v;
}

bool cpu_load(struct cpu *c, uint64_t va, unsigned n, uint64_t *value)
{
    const uint8_t *fast = cpu_fast_read(c, va, n, cpu_mode(c));
    if (!fast) {
        return cpu_load_slow(c, va, n, value);
    }
    *value = get(fast, n);
    return true;
}

bool cpu_load_slow(struct cpu *c, uint64_t va, unsigned n, uint64_t *value)
{
    bool user = c->s.ring == 3;
    uint64_t pa, pa2;
    unsigned first = in_first_page(va, n);
    if (!cpu_translate(c, va, ACC_READ, user, &pa)) {
        return false;
    }
    if (first == n) {
        if (!mem_has(c->mem, pa, n)) {
            return load_device(c, pa, n, value);
        }
        *value = get(c->mem->bytes + pa, n);
        return true;
    }
    if (!cpu_translate(c, va + first, ACC_READ, user, &pa2)) {
        return false;
    }
    acct_charge(c, c->category, COST_SPLIT, 1);
    *value = 0;
    copy_from(c, pa, value, first);
    copy_from(c, pa2, (uint8_t *)value + first, n - first);
    return true;
}

bool cpu_store(struct cpu *c, uint64_t va, unsigned n, uint64_t value)
{
    uint8_t *fast = cpu_fast_write(c, va, n, cpu_mode(c));
    if (!fast) {
        return cpu_store_slow(c, va, n, value);
    }
    memcpy(fast, &value, n);
    return true;
}

bool cpu_store_slow(struct cpu *c, uint64_t va, unsigned n, uint64_t value)
{
    bool user = c->s.ring == 3;
    uint64_t pa, pa2;
    unsigned first = in_first_page(va, n);
    if (!cpu_translate(c, va, ACC_WRITE, user, &pa)) {
        return false;
    }
    if (first == n) {
        if (!mem_has(c->mem, pa, n)) {
            return store_device(c, pa, n, value);
        }
        copy_to(c, pa, &value, n);
        return true;
    }
    if (!cpu_translate(c, va + first, ACC_WRITE, user, &pa2)) {
        return false;
    }
    acct_charge(c, c->category, COST_SPLIT, 1);
    copy_to(c, pa, &value, first);
    copy_to(c, pa2, (const uint8_t *)&value + first, n - first);
    return true;
}

bool cpu_compare_and_swap(struct cpu *c, uint64_t va, uint64_t expected, uint64_t value,
                          uint64_t *old)
{
    uint64_t pa;
    if (va % 8) {
        return cpu_fail(c, VEC_GP, 0);
    }
    uint8_t *fast = cpu_fast_write(c, va, 8, cpu_mode(c));
    if (fast) {
        memcpy(old, fast, 8);
        memcpy(fast, *old == expected ? &value : old, 8);
        return true;
    }
    if (!cpu_translate(c, va, ACC_WRITE, c->s.ring == 3, &pa)) {
        return false;
    }
    copy_from(c, pa, old, 8);
    if (*old == expected) {
        copy_to(c, pa, &value, 8);
    }
    return true;
}

// ---- the processor's own accesses -----------------------------------------------------------------

enum { SYSTEM_MAX = 48 };

bool cpu_read_system_slow(struct cpu *c, uint64_t va, void *to, unsigned n, bool user)
{
    assert(n > 0 && n <= SYSTEM_MAX);
    uint64_t pa, pa2 = 0;
    unsigned first = in_first_page(va, n);
    if (!cpu_translate(c, va, ACC_READ, user, &pa) ||
        (first < n && !cpu_translate(c, va + first, ACC_READ, user, &pa2))) {
        return false;
    }
    copy_from(c, pa, to, first);
    if (first < n) {
        copy_from(c, pa2, (uint8_t *)to + first, n - first);
    }
    return true;
}

bool cpu_write_system_slow(struct cpu *c, uint64_t va, const void *from, unsigned n, bool user)
{
    assert(n > 0 && n <= SYSTEM_MAX);
    uint64_t pa, pa2 = 0;
    unsigned first = in_first_page(va, n);
    if (!cpu_translate(c, va, ACC_WRITE, user, &pa) ||
        (first < n && !cpu_translate(c, va + first, ACC_WRITE, user, &pa2))) {
        return false;
    }
    copy_to(c, pa, from, first);
    if (first < n) {
        copy_to(c, pa2, (const uint8_t *)from + first, n - first);
    }
    return true;
}

bool cpu_fetch(struct cpu *c, uint32_t *word)
{
    uint64_t pa;
    assert(c->s.pc % 4 == 0);
    if (!cpu_translate(c, c->s.pc, ACC_FETCH, c->s.ring == 3, &pa)) {
        return false;
    }
    copy_from(c, pa, word, 4);
    return true;
}
