// Keeping the fast tables in line with the modelled TLB: what the general path (cpu_tlb.c) and the short one for data (cpu_refill.c) share.
#ifndef RINGSIDE_SIM_CPU_FAST_H
#define RINGSIDE_SIM_CPU_FAST_H

#include "sim/cpu.h"

// What every miss runs is put together into one function for data and one for fetches: as calls it takes twice the time.
#define INLINE __attribute__((always_inline)) static inline

INLINE void forget_fast_slot(struct cpu *c, bool code, unsigned slot)
{
    for (unsigned mode = 0; mode < MODE_COUNT; mode++) {
        if (code) {
            c->fast_code[mode][slot].tag = FAST_NONE;
        } else {
            c->fast_data[mode][slot].read_tag = FAST_NONE;
            c->fast_data[mode][slot].write_tag = FAST_NONE;
        }
    }
}

// Of the cycles that a walk (or finding it in the second-level TLB) takes, those in ring 3 are counted once more: a timeline says whose they were.
INLINE void count_walk_cycles(struct cpu *c, uint64_t cycles)
{
    c->counters.walk_cycles_user += c->s.ring == 3 ? cycles : 0;
}

// Which rights suffice: what docs/machine.md says of an entry that "allows the access".
INLINE bool allows(const struct cpu *c, uint64_t data, enum cpu_access access, bool user)
{
    if (user && !(data & TLB_U)) {
        return false;
    }
    switch (access) {
    case ACC_READ: return !(data & TLB_NR);
    case ACC_FETCH: return !(data & (TLB_NX | TLB_NF));
    case ACC_WRITE: break;
    }
    return (data & TLB_D) && !(data & TLB_NW) &&
           ((data & TLB_W) || (!user && !(c->s.msw & MSW_WP)));
}

// Let the coming reads, and writes, of a page of RAM go the fast way. `tag`: the page's address and the address space.
INLINE void fill_fast_data(struct cpu *c, struct fast_data *f, uint64_t tag, uint64_t frame,
                           bool read, bool write)
{
    uint8_t *notes = &c->mem->frame[frame >> PAGE_SHIFT];
    f->addend = (uintptr_t)(c->mem->bytes + frame) - (uintptr_t)(tag & ~PAGE_MASK);
    f->read_tag = read ? tag : FAST_NONE;
    f->write_tag = FAST_NONE;
    if (!write) {
        return;
    }
    if (*notes != FRAME_WRITTEN) {
        if (*notes & (FRAME_CODE | FRAME_WATCHED)) {
            return;
        }
        *notes |= FRAME_WRITTEN;
    }
    f->write_tag = tag;
}

// A 4 KiB entry into the first level; the page whose place it takes is fast no longer.
INLINE void put_l1_small(struct cpu *c, struct tlb_l1 *l1, struct tlb_entry *e, uint64_t tag,
                         uint64_t data)
{
    if (e->tag) {
        unsigned slot = (unsigned)(e->tag >> PAGE_SHIFT) & FAST_MASK;
        forget_fast_slot(c, l1 == &c->tlb.i, slot);
    }
    *e = (struct tlb_entry){tag, data};
}

#endif
