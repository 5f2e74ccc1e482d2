// paravirt.h: paravirtualization after Xen (Barham et al., SOSP 2003): the guest's kernel knows that it runs in ring 1, and calls the hypervisor
// instead of being caught. Its page tables hold machine addresses and are walked as they are, so every one is checked before it is
// used; interrupts are event channels; the block and network drivers are split. docs/paravirt.md tells it in order.
#ifndef RINGSIDE_MODELS_PARAVIRT_H
#define RINGSIDE_MODELS_PARAVIRT_H

#include "models/ring.h"

extern const struct technique_ops paravirt_technique;
extern const struct paging_ops direct_paging;

enum hypercall {
#define HYPERCALL(NAME, text, number, t0, t1, doc) HC_##NAME = number,
#include "models/paravirt/hypercall.def"
#undef HYPERCALL
    HYPERCALL_MAX = 64
};
enum mmu_command {
#define MMU_COMMAND(NAME, number, doc) MMU_##NAME = number,
#include "models/paravirt/mmu_command.def"
#undef MMU_COMMAND
};
// Name of a hypercall, NULL if there is none of that number.
const char *hypercall_name(unsigned number);

// Where the domain builder maps guest RAM (all of it below PV_DIRECT_MAX), and the page shared with the hypervisor.
#define PV_VIRT_BASE   UINT64_C(0xffffffffe0000000)
#define PV_DIRECT_MAX  UINT64_C(0x1ea00000)
#define PV_SHARED_INFO UINT64_C(0xffffffffff000000)

// Offsets in the shared page.
enum pv_shared {
    SHARED_PENDING = 0, // event channels with an event: one bit each
    SHARED_MASK = 8,    // not 0: the kernel wants no events now; means nothing while ring 3 runs
    SHARED_FAULT = 16,  // address of the last page fault
    SHARED_TIME = 24,   // nanoseconds since the start, at:
    SHARED_TSC = 32,    // this time stamp
    SHARED_BASE = 64,   // start information: machine address of guest frame 0
    SHARED_ROOT = 72,   // guest address of the highest page table
    SHARED_FREE = 80,   // first guest address that nothing occupies
    SHARED_END = 88,    // end of the memory that is mapped
    SHARED_LEVELS = 96,
    SHARED_BATCH = 104, // 1: the kernel should batch its page-table updates
};

// Event channels that exist from the start.
enum pv_channel { CHANNEL_TIMER, CHANNEL_BLOCK, CHANNEL_NET, CHANNEL_CONSOLE, CHANNELS };

// What a hypercall answers if it refuses: x86 kernels' numbers.
enum pv_error { PV_FAULT = -14, PV_BUSY = -16, PV_INVALID = -22, PV_NOSYS = -38, PV_PERM = -1 };

// ---- frames and tables (direct.c) -----------------------------------------------------------------

// What a frame is used as. A type is kept until its last use ends: a frame is never both writable to the guest and a table.
enum pv_type { PV_NONE, PV_L1, PV_L2, PV_L3, PV_L4, PV_L5, PV_WRITABLE };
struct pv_frame {
    uint8_t type; // of the uses it has; after the last, what it was
    bool pinned;
    uint32_t uses;
    uint64_t
        stale; // epoch in which a TLB may have begun to hold a right that the tables no longer give
};
struct pv_memory {
    struct pv_frame *frame; // of guest RAM
    uint64_t frames;
    uint64_t epoch;     // counts flushes of the whole TLB
    bool building;      // by the domain builder, before the guest's time begins
    uint64_t validated; // entries looked at, since boot
};
static inline struct pv_memory *pv_memory(const struct vm *vm)
{
    return vm->paging_state;
}
// A use of guest frame number g as `type`, begun and ended. False: it is in use as something else, or its contents are no such table.
bool pv_get_type(struct vcpu *v, uint64_t g, enum pv_type type);
void pv_put_type(struct vcpu *v, uint64_t g, enum pv_type type);
// One request of mmu_update. 0 or an error; after an error nothing has changed.
int64_t pv_mmu_request(struct vcpu *v, uint64_t where, uint64_t value);
// Guest-virtual memory as the guest's kernel may use it, by the tables that are loaded; up to a page's end and beyond. False: not mapped so.
bool pv_read(struct vcpu *v, uint64_t va, void *to, size_t n);
bool pv_write(struct vcpu *v, uint64_t va, const void *from, size_t n);

// ---- the domain (domain.c) ------------------------------------------------------------------------

struct pv_domain {
    uint64_t shared;       // guest-physical address of the shared page
    uint64_t gate[256][2]; // trap table
    uint64_t event_entry;  // 0: none yet
    uint64_t restart, restart_end;
    uint64_t timer_due;           // ns; 0: none
    uint64_t grants, grant_count; // guest-physical
};
static inline struct pv_domain *pv_domain(const struct vm *vm)
{
    return vm->technique_state;
}
// Make the first page tables and the shared page of a new domain, in its own memory, and load them. False: it is too small.
bool pv_build(struct vcpu *v);

// A word of the shared page.
uint64_t pv_shared_get(const struct vcpu *v, unsigned offset);
void pv_shared_set(struct vcpu *v, unsigned offset, uint64_t value);

// ---- traps and events (paravirt.c) ----------------------------------------------------------------

// Give the guest's kernel an exception: by its trap table, onto its stack.
void pv_bounce(struct vcpu *v, unsigned vector, uint32_t error, bool software);
// An event on a channel. It reaches the guest as soon as it lets events in.
void pv_notify(struct vcpu *v, enum pv_channel channel);
// Registers, pc, ring and mask from a frame as HC_IRET has it. False: no such return.
bool pv_iret(struct vcpu *v);

// ---- hypercalls (hypercall.c), back ends (backend.c) ----------------------------------------------

void pv_hypercall(struct vcpu *v);
extern const struct ring_transport pv_transport;
int64_t pv_connect(struct vcpu *v, enum pv_channel channel, uint64_t ring);
int64_t pv_send(struct vcpu *v, enum pv_channel channel);
int64_t pv_set_grants(struct vcpu *v, uint64_t table, uint64_t count);
// Interrupts of the devices behind the back ends, and of the timer.
void pv_interrupts(struct vcpu *v);
// What the real console has for the guest.
int64_t pv_console_read(struct vcpu *v, uint64_t to, uint64_t room);

#endif
