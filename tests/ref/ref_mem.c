// Memory accesses of the reference interpreter: pages of an access, RAM, what lies beyond it, and devices.
#include "sim/cost.h"
#include "tests/ref/ref.h"

#include <string.h>

// An access is one or two pieces, each inside a page.
struct piece {
    uint64_t pa;
    size_t size;
};

static bool in_ram(const struct ref_machine *m, uint64_t pa, size_t size)
{
    return pa < m->config.ram && size <= m->config.ram - pa;
}

void ref_ram_read(const struct ref_machine *m, uint64_t pa, void *to, size_t size)
{
    if (in_ram(m, pa, size)) {
        memcpy(to, m->ram + pa, size);
    } else {
        memset(to, 0xff, size);
    }
}

void ref_ram_write(struct ref_machine *m, uint64_t pa, const void *from, size_t size)
{
    if (in_ram(m, pa, size)) {
        memcpy(m->ram + pa, from, size);
    }
}

// Little endian on any host.
static uint64_t to_word(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;) {
        value = value << 8 | bytes[i];
    }
    return value;
}

static void from_word(uint8_t *bytes, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
}

uint64_t ref_ram_get(const struct ref_machine *m, uint64_t pa, size_t size)
{
    uint8_t bytes[8];
    ref_ram_read(m, pa, bytes, size);
    return to_word(bytes, size);
}

void ref_ram_put(struct ref_machine *m, uint64_t pa, uint64_t value)
{
    uint8_t bytes[8];
    from_word(bytes, sizeof bytes, value);
    ref_ram_write(m, pa, bytes, sizeof bytes);
}

// Translates all pages of an access, low first. Returns how many there are, 0 if one faults.
static int translate(struct ref_machine *m, struct ref_cpu *c, uint64_t va, size_t size,
                     enum ref_access access, unsigned ring, struct piece piece[2])
{
    size_t room = PAGE_SIZE - (va & PAGE_MASK);
    piece[0].size = size < room ? size : room;
    piece[1].size = size - piece[0].size;
    if (!ref_translate(m, c, va, access, ring, &piece[0].pa)) {
        return 0;
    }
    if (piece[1].size == 0) {
        return 1;
    }
    if (!ref_translate(m, c, va + room, access, ring, &piece[1].pa)) {
        REF_COVER(m, SPLIT_SECOND_FAULTS);
        return 0;
    }
    if (in_ram(m, piece[0].pa, 1) != in_ram(m, piece[1].pa, 1)) {
        REF_COVER(m, SPLIT_OUTSIDE);
    }
    return 2;
}

static void copy_in(const struct ref_machine *m, const struct piece piece[2], int pieces,
                    uint8_t *to)
{
    ref_ram_read(m, piece[0].pa, to, piece[0].size);
    if (pieces == 2) {
        ref_ram_read(m, piece[1].pa, to + piece[0].size, piece[1].size);
    }
}

static void copy_out(struct ref_machine *m, const struct piece piece[2], int pieces,
                     const uint8_t *from)
{
    ref_ram_write(m, piece[0].pa, from, piece[0].size);
    if (pieces == 2) {
        ref_ram_write(m, piece[1].pa, from + piece[0].size, piece[1].size);
    }
}

bool ref_system_read(struct ref_machine *m, struct ref_cpu *c, uint64_t va, unsigned ring,
                     uint64_t *words, size_t count)
{
    struct piece piece[2];
    uint8_t bytes[64];
    int pieces = translate(m, c, va, 8 * count, REF_READ, ring, piece);
    if (pieces == 0) {
        return false;
    }
    copy_in(m, piece, pieces, bytes);
    for (size_t i = 0; i < count; i++) {
        words[i] = to_word(bytes + 8 * i, 8);
    }
    return true;
}

bool ref_system_write(struct ref_machine *m, struct ref_cpu *c, uint64_t va, unsigned ring,
                      const uint64_t *words, size_t count)
{
    struct piece piece[2];
    uint8_t bytes[64];
    int pieces = translate(m, c, va, 8 * count, REF_WRITE, ring, piece);
    if (pieces == 0) {
        return false;
    }
    if (pieces == 2) {
        REF_COVER(m, FRAME_SPLIT);
    }
    if (!in_ram(m, piece[0].pa, 1)) {
        REF_COVER(m, FRAME_OUTSIDE);
    }
    for (size_t i = 0; i < count; i++) {
        from_word(bytes + 8 * i, 8, words[i]);
    }
    copy_out(m, piece, pieces, bytes);
    return true;
}

// Whether the access goes to a device's registers; charges what that costs.
static bool to_device(struct ref_machine *m, struct ref_cpu *c, uint64_t pa, unsigned size)
{
    if (!ref_is_device(m, pa)) {
        return false;
    }
    if ((size != 4 && size != 8) || pa % size) {
        REF_COVER(m, DEVICE_MISFIT);
        return false;
    }
    REF_COVER(m, DEVICE);
    ref_charge(c, ref_guest(c->ring), ref_cost(m, COST_MMIO));
    c->count.mmio++;
    return true;
}

static void charge_split(struct ref_machine *m, struct ref_cpu *c, int pieces)
{
    if (pieces == 2) {
        REF_COVER(m, SPLIT);
        ref_charge(c, ref_guest(c->ring), ref_cost(m, COST_SPLIT));
    }
}

bool ref_load(struct ref_machine *m, struct ref_cpu *c, uint64_t va, unsigned size, uint64_t *value)
{
    struct piece piece[2];
    uint8_t bytes[8];
    int pieces = translate(m, c, va, size, REF_READ, c->ring, piece);
    if (pieces == 0) {
        return false;
    }
    charge_split(m, c, pieces);
    if (pieces == 1 && to_device(m, c, piece[0].pa, size)) {
        *value = ref_device_read(m, c, piece[0].pa, size);
        return true;
    }
    if (!in_ram(m, piece[0].pa, 1)) {
        REF_COVER(m, OUTSIDE_READ);
    }
    copy_in(m, piece, pieces, bytes);
    *value = to_word(bytes, size);
    return true;
}

bool ref_store(struct ref_machine *m, struct ref_cpu *c, uint64_t va, unsigned size, uint64_t value)
{
    struct piece piece[2];
    uint8_t bytes[8];
    int pieces = translate(m, c, va, size, REF_WRITE, c->ring, piece);
    if (pieces == 0) {
        return false;
    }
    charge_split(m, c, pieces);
    if (pieces == 1 && to_device(m, c, piece[0].pa, size)) {
        ref_device_write(m, c, piece[0].pa, size, value);
        return true;
    }
    if (!in_ram(m, piece[0].pa, 1)) {
        REF_COVER(m, OUTSIDE_WRITE);
    }
    from_word(bytes, size, value);
    copy_out(m, piece, pieces, bytes);
    return true;
}

bool ref_cas(struct ref_machine *m, struct ref_cpu *c, uint64_t va, uint64_t expect, uint64_t put,
             uint64_t *old)
{
    uint64_t pa;
    if (va % 8) {
        REF_COVER(m, CAS_ALIGN);
        return ref_fault(c, REF_GP, 0);
    }
    if (!ref_translate(m, c, va, REF_WRITE, c->ring, &pa)) {
        return false;
    }
    *old = ref_ram_get(m, pa, 8);
    *old == expect ? REF_COVER(m, CAS_SWAP) : REF_COVER(m, CAS_KEEP);
    if (*old == expect) {
        ref_ram_put(m, pa, put);
    }
    return true;
}
