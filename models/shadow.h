// shadow.h: shadow page tables: real tables in the hypervisor's frames, made from the guest's, walked by the processor. What every
// technique uses that runs an unmodified kernel without nested paging. docs/paging.md explains them.
//
// A shadow page stands for one guest table at one level, or for a stretch of guest-physical memory that the guest maps by a huge page or
// without paging. Its entries carry the guest's own W, U and NX, so the processor combines the levels as it always does. They are made
// one at a time, when a fault asks for them. Guest tables are write-protected: a store to one faults, is emulated, and zaps the entries
// that it changed. A leaf table may instead go out of sync: it becomes writable, and is compared when the guest flushes.
#ifndef RINGSIDE_MODELS_SHADOW_H
#define RINGSIDE_MODELS_SHADOW_H

#include "models/vm.h"

// What techniques must know beyond vm.h's description of each operation:
// - The real processor must run the guest with PG and WP set and PCIDE clear: load_base sees to c->s.msw and c->s.ptbr, and calls
//   cpu_sync. Call it once at the start, and after every change of the guest's page-table base or machine word.
// - fault: `error` is the real #PF's; bit 2 (PF_USER) says whether ring 3's rights were asked for. PAGING_DEVICE for a fetch: what is
//   there reads as ones, which is #UD for the guest. With the guest's paging off, an access to an address that is not canonical is a
//   real #GP: no device and no RAM is there either (beyond RAM that a page table of so few levels can map), emulate it.
// - PAGING_TABLE_WRITE where there is no instruction to emulate (the processor was pushing an event's frame): shadow_unprotect.
// - wrote: after the emulated store is in memory.
extern const struct paging_ops shadow_paging;

// Give up every shadow page that stands for the guest table at gpa, so that it can be written without a fault until it is used as a
// table again. False if a virtual processor's root is among them (that one stays, emptied and protected).
bool shadow_unprotect(struct vcpu *v, uint64_t gpa);

// Whether every structure agrees with every other, by looking at all of it: for tests. False: why, in err.
bool shadow_ok(const struct vm *vm, char *err, size_t err_size);

#endif
