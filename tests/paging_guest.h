// The guest's side of paging_duel.h: its tables, what it chooses to do, and which addresses it must flush before it may use them.
#ifndef TESTS_PAGING_GUEST_H
#define TESTS_PAGING_GUEST_H

#include "tests/paging_duel.h"

// By processor and address: the entries that a walk uses, as far as it gets; and all tables as they are.
struct guest_ways {
    uint64_t entry[DUEL_CPUS][DUEL_VAS][LEVELS_MAX];
    unsigned count[DUEL_CPUS][DUEL_VAS];
    bool huge[DUEL_CPUS][DUEL_VAS]; // the last is a 2 MiB leaf
    uint64_t before[DUEL_TABLES + DUEL_DATA][PAGE_SIZE / 8];
};

// Fresh tables, data and registers; in the native machine's memory, and v->g of both processors.
void guest_begin(struct duel *d);
void guest_note_ways(struct duel *d, struct guest_ways *ways);
// What has changed since: marks the addresses that may be cached otherwise. Returns how many entries of tables changed.
unsigned guest_find_changes(struct duel *d, const struct guest_ways *ways);

// False: nothing that may be done.
bool guest_choose_access(struct duel *d, unsigned k, struct duel_access *a);
bool guest_choose_table_store(struct duel *d, unsigned k, struct duel_access *a);
// The address to flush, which is then flushed for the guest.
uint64_t guest_choose_flush(struct duel *d, unsigned k);
// New v->g.ptbr and v->g.msw; flushed.
void guest_choose_base(struct duel *d, unsigned k);
// What a device writes: the address; n up to 64 bytes.
uint64_t guest_choose_dma(struct duel *d, uint8_t *bytes, unsigned *n);

#endif
