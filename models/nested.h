// nested.h: nested (two-dimensional) paging: the tables that translate guest-physical addresses, in Intel's EPT format, built in the
// hypervisor's frames one page at a time as violations ask for them. The guest keeps its own tables, and the processor walks both.
#ifndef RINGSIDE_MODELS_NESTED_H
#define RINGSIDE_MODELS_NESTED_H

#include "models/vm.h"

// Needs the options ept_levels and ept_huge. fault is NULL: page faults are the guest's own; the technique hands EPT violations to
// nested_violation. load_base, invlpg and wrote have nothing to do: the guest's registers are the processor's.
extern const struct paging_ops nested_paging;

// The table, for vmcs_control.nested.
struct walk_dim nested_table(const struct vm *vm);

// An EPT violation at guest-physical `gpa`. PAGING_FIXED: the page is mapped now, try again. PAGING_DEVICE: no RAM is there, emulate the
// instruction. Charged to exit handling. When the hypervisor has no frame left, the whole table is dropped and grows again.
enum paging_outcome nested_violation(struct vcpu *v, uint64_t gpa);

// Map the page at gpa, where no RAM is, to host-physical `page` (outside RAM: the APIC-access page); 0: mark it as a device's, by an entry that is an
// EPT misconfiguration. False, and nothing done, if the table does not reach so far or there is no frame for it.
bool nested_map_device(struct vcpu *v, uint64_t gpa, uint64_t page);

// Take [gpa, gpa + n) out of the table (whole pages; a huge page goes as a whole, what is still wanted of it comes back by violations),
// and have every processor forget it. Charged to v.
void nested_unmap(struct vcpu *v, uint64_t gpa, uint64_t n);

#endif
