// A T64 processor, for those who build machines and hypervisors: its architectural state as a plain value, its clock, its TLB and the
// tables that make it fast. docs/machine.md is the contract; machine.h is what everybody else sees.
#ifndef RINGSIDE_SIM_CPU_H
#define RINGSIDE_SIM_CPU_H

#include "sim/isa.h"
#include "sim/machine.h"
#include "sim/tlb.h"
#include "sim/walk.h"

#include <assert.h>
#include <string.h>

struct code_cache;
struct code_page;
struct vmcs;
struct watch_ops;

// flags
#define FLAG_TF      (UINT64_C(1) << 8)
#define FLAG_IF      (UINT64_C(1) << 9)
#define FLAG_IOPL    (UINT64_C(3) << 12)
#define FLAGS_ALL    (FLAG_TF | FLAG_IF | FLAG_IOPL)

// machine word
#define MSW_WP       (UINT64_C(1) << 16)
#define MSW_PCIDE    (UINT64_C(1) << 17)
#define MSW_PG       (UINT64_C(1) << 31)
#define MSW_ALL      (MSW_WP | MSW_PCIDE | MSW_PG)

#define PTBR_FRAME   UINT64_C(0x000000fffffff000)
#define PTBR_ASID    UINT64_C(0xfff)
#define PTBR_KEEP    (UINT64_C(1) << 63)

// One gate of the vector table: 16 bytes.
#define GATE_P       (UINT64_C(1) << 0)
#define GATE_DPL(w)  ((unsigned)((w) >> 1) & 3u)
#define GATE_RING(w) ((unsigned)((w) >> 3) & 3u)
#define GATE_TRAP    (UINT64_C(1) << 5)

enum vector {
    VEC_DE = 0,
    VEC_DB = 1,
    VEC_BP = 3,
    VEC_UD = 6,
    VEC_DF = 8,
    VEC_GP = 13,
    VEC_PF = 14
};
enum { VEC_IRQ_FIRST = 32 };

enum cycle_category {
#define CYCLE(NAME, name, guest, doc) CYC_##NAME,
#include "sim/cycle.def"
#undef CYCLE
    CYC_COUNT
};
_Static_assert(CYC_COUNT <= sizeof((struct cpu_counters *)0)->cycles / sizeof(uint64_t),
               "every category has its counter");

// Everything of a processor that software can see, and nothing else: a value, to be copied, compared, saved and given to a virtual CPU.
struct cpu_state {
    uint64_t r
        [REG_COUNT +
         1]; // r[0] stays 0; r[16] takes what is written to r0 and is always stored as 0 in a snapshot
    uint64_t pc;
    uint64_t flags;
    uint64_t msw;  // machine word
    uint64_t ptbr; // page-table base: frame and, with PCIDE, ASID
    uint64_t vbar; // vector table base
    uint64_t tr;   // task register
    uint64_t far;  // fault address
    uint64_t kstack, lstar;
    uint8_t ring;
    uint8_t tpr; // task priority, 0-15
    bool halted; // HLT: waits for an interrupt
    bool parked; // waits for a start-up IPI
};

// What an access that failed has to say, between the place that saw it and the one that acts on it.
struct cpu_fault {
    uint8_t vector; // VEC_*; FAULT_EXIT: not an exception but a VM exit, described by the rest
    uint32_t error;
    uint64_t addr;   // #PF: the address; EPT: the guest-physical one
    uint64_t linear; // EPT: the guest-virtual one
    uint16_t exit;   // reason, with FAULT_EXIT
};
enum { FAULT_EXIT = 0xff };

enum { FAST_PAGES = 256, FAST_MASK = FAST_PAGES - 1 };
#define FAST_NONE UINT64_MAX // a tag that no access has

// The fast path of data: what the modelled L1 TLB allows right now, one entry a page, for one mode. A tag is the page's address with
// the address space's number in its low 12 bits; it is there only if an access needs no model code at all: L1 hits, rights and D allow,
// the page is RAM, and (to write) holds no decoded code. host = addend + address.
struct fast_data {
    uint64_t read_tag, write_tag;
    uintptr_t addend;
    uint64_t unused; // 32 bytes: index by shift
};
// Likewise for fetches: the page's decoded code.
struct fast_code {
    uint64_t tag;
    struct code_page *page;
};

enum { MODE_KERNEL, MODE_USER, MODE_COUNT }; // what the TLB distinguishes: rings 0-2, ring 3

struct cpu {
    struct cpu_state s; // first: cpu_run reaches the registers without an offset

    // The clock. now = deadline - budget; the processor runs without looking left or right while budget > 0.
    int64_t budget;
    uint64_t deadline;
    int64_t mark;                 // budget when the running category was last brought up to date
    enum cycle_category category; // where instructions' cycles go in this mode
    uint64_t instructions;        // completed
    uint64_t shadow_at;           // STI's shadow: active while `instructions` is still this

    struct fast_data *data; // fast_data[mode]
    struct fast_code *code; // fast_code[mode]
    uint64_t space;         // low 12 bits of every tag of the current address space
    bool
        short_refill; // this address space and this TLB are what cpu_refill_read() and _write() know
    const struct tlb_need (*need)[2]; // what they ask of an entry, by mode: to read, to write
    const uint8_t
        *intercept; // by enum isa_op: nonzero, the instruction goes to cpu_intercept() first

    int intr;        // vector that the local APIC offers, or -1
    uint64_t until;  // where cpu_run is to stop; the deadline may lie before it
    bool running;    // inside cpu_run
    bool idle;       // waits in the monitor: cpu_monitor_wait
    bool kicked;     // cpu_kick: idle no longer
    bool in_monitor; // between an exit and the next entry
    enum cycle_category idle_category;
    uint8_t double_of[2]; // the two faults behind the last double fault
    bool
        translating; // the monitor executes the guest's code itself, out of its translation cache (monitor_ops.step)
    uint8_t
        system_call_ring; // 1: SYSCALL of a deprivileged guest's program enters its kernel at once, and its kernel may IRET outward
    bool trap_guest;      // a monitor without VT-x owns ring 0: events go to it
    struct cpu_fault fault; // of the access that just failed

    unsigned index;
    unsigned levels;          // of page tables
    unsigned canonical_shift; // bits above those that an address of so many levels has
    struct machine *m;
    struct mem *mem;
    const struct cpu_model *model;
    uint64_t cost[COST_COUNT];  // the model's, in cycles
    uint64_t op_cost[OP_COUNT]; // of every attempt
    uint64_t min_cost;          // the cheapest instruction's
    uint8_t op_priv[OP_COUNT];  // enum isa_priv, PRIV_HOLE resolved by the machine's option

    struct code_cache *code_cache; // where decoded code is kept; a translating monitor has its own
    struct vmcs *vmcs;             // non-root mode: what controls it; NULL in root mode
    void *monitor_cpu;             // whatever the monitor hangs here
    const struct watch_ops *watch; // who is told what happens (sim/watch.h), or NULL
    const struct watch_ops
        *watch_fine;           // the same, if it is to be told what is frequent as well, or NULL
    void *watcher;             // its own
    struct walk_log *walk_log; // where walks leave their steps while somebody watches, or NULL

    struct tlb tlb;
    struct fast_data fast_data[MODE_COUNT][FAST_PAGES];
    struct fast_code fast_code[MODE_COUNT][FAST_PAGES];
    struct cpu_counters counters;
    uint64_t born; // time at reset: categories sum to now - born

    struct trace_entry *trace; // ring of trace_size entries, or NULL
    size_t trace_size;
    uint64_t trace_count;
};

static inline uint64_t cpu_now(const struct cpu *c)
{
    return c->deadline - (uint64_t)c->budget;
}

static inline unsigned cpu_mode(const struct cpu *c)
{
    return c->s.ring == 3 ? MODE_USER : MODE_KERNEL;
}

// ---- life (cpu.c) ---------------------------------------------------------------------------------
bool cpu_init(struct cpu *c, struct machine *m, unsigned index, char *err, size_t err_size);
void cpu_free(struct cpu *c);
// Bring everything that is derived from c->s (mode, fast tables, address space) in line, after it was changed from outside.
void cpu_sync(struct cpu *c);
// (cpu_set_ring(), which also switches the account, is in acct.h.)
// The address space may be another one: paging, page-table base, VPID or nested tables have changed.
void cpu_enter_space(struct cpu *c);
// Empty the fast tables; they fill again from the model.
void cpu_forget_fast(struct cpu *c);
// The VPID that tags this processor's translations now: 0 in root mode.
unsigned cpu_vpid(const struct cpu *c);
// Whether the guest is in STI's shadow.
static inline bool cpu_in_shadow(const struct cpu *c)
{
    return c->shadow_at == c->instructions;
}
// End the current stretch of cpu_run at the next instruction boundary.
void cpu_break(struct cpu *c);
// The next thing that others want of this processor comes at `time`: not run beyond it unasked.
void cpu_lower_deadline(struct cpu *c, uint64_t time);
// Set a new end for the stretch that begins now.
void cpu_set_deadline(struct cpu *c, uint64_t time);

// ---- running (cpu_step.c, cpu_run.c) --------------------------------------------------------------
// One step (docs/machine.md, "Fine points"): the delivery of an interrupt, or one instruction with what it leads to. The processor
// must not be halted or parked.
void cpu_step(struct cpu *c);
// The second half of it: the instruction, whatever else is due.
void cpu_step_instruction(struct cpu *c);
// Run until now >= deadline, `instructions` completed, the processor halts or stops, or cpu_break().
void cpu_run(struct cpu *c, uint64_t deadline, uint64_t instructions);
// Execute one instruction that was fetched at c->s.pc. The caller has charged its base cost and counted it; if it faults, it is taken
// out of the count again, and the fault is acted on.
void cpu_execute(struct cpu *c, struct insn in);
// The system instructions among them (FLOW_SERIAL), also for cpu_run.
void cpu_system(struct cpu *c, struct insn in);
// The instruction that was counted has faulted: c->fault. Always false.
bool cpu_give_up(struct cpu *c);
// CPUID's four words on the bare machine.
void cpu_cpuid(const struct cpu *c, uint32_t leaf, uint32_t out[4]);

// ---- memory (cpu_mem.c) ---------------------------------------------------------------------------
enum cpu_access { ACC_READ, ACC_WRITE, ACC_FETCH };
// Through TLB and walk. False: c->fault says why.
bool cpu_translate(struct cpu *c, uint64_t va, enum cpu_access access, bool user, uint64_t *pa);
// Drop what INVLPG of va drops; everything of the current address space; everything of the current VPID.
void cpu_drop_page(struct cpu *c, uint64_t va);
void cpu_drop_space(struct cpu *c);
void cpu_drop_vpid(struct cpu *c);
// RAM frames are about to hold decoded code or be watched: stores there must be seen.
void cpu_forget_writes(struct cpu *c, uint64_t frame);
// A data access of 1, 2, 4 or 8 bytes in the current ring, with everything that it may meet: page crossing, devices, code. False: c->fault.
bool cpu_load(struct cpu *c, uint64_t va, unsigned n, uint64_t *value);
bool cpu_store(struct cpu *c, uint64_t va, unsigned n, uint64_t value);
// The same, for an access that the fast tables do not allow.
bool cpu_load_slow(struct cpu *c, uint64_t va, unsigned n, uint64_t *value);
bool cpu_store_slow(struct cpu *c, uint64_t va, unsigned n, uint64_t value);
// An access to one page that the fast tables do not know; `tag` is the one that was looked for. If no more than a TLB entry is missing, puts that
// right, in the model and in the tables, and returns how many cycles it took; they are booked, and the caller's to take from the budget. Else
// does nothing and returns -1.
int64_t cpu_refill_read(struct cpu *c, uint64_t va, uint64_t tag);
int64_t cpu_refill_write(struct cpu *c, uint64_t va, uint64_t tag);
// CAS at a multiple of 8 (else #GP): *old is what was there.
bool cpu_compare_and_swap(struct cpu *c, uint64_t va, uint64_t expected, uint64_t value,
                          uint64_t *old);
// Where the fast tables let n bytes at va be read or written in that mode; NULL: they do not.
static inline uint8_t *cpu_fast_read(const struct cpu *c, uint64_t va, unsigned n, unsigned mode)
{
    const struct fast_data *f = &c->fast_data[mode][(va >> PAGE_SHIFT) & FAST_MASK];
    return f->read_tag == (((va + n - 1) & ~PAGE_MASK) | c->space) ? (uint8_t *)(f->addend + va)
                                                                   : NULL;
}
static inline uint8_t *cpu_fast_write(const struct cpu *c, uint64_t va, unsigned n, unsigned mode)
{
    const struct fast_data *f = &c->fast_data[mode][(va >> PAGE_SHIFT) & FAST_MASK];
    return f->write_tag == (((va + n - 1) & ~PAGE_MASK) | c->space) ? (uint8_t *)(f->addend + va)
                                                                    : NULL;
}
// The processor's own accesses: up to 48 bytes, translated page by page before anything moves; no device is reached. False: c->fault.
bool cpu_read_system_slow(struct cpu *c, uint64_t va, void *to, unsigned n, bool user);
bool cpu_write_system_slow(struct cpu *c, uint64_t va, const void *from, unsigned n, bool user);
static inline bool cpu_read_system(struct cpu *c, uint64_t va, void *to, unsigned n, bool user)
{
    const uint8_t *fast = cpu_fast_read(c, va, n, user ? MODE_USER : MODE_KERNEL);
    if (!fast) {
        return cpu_read_system_slow(c, va, to, n, user);
    }
    memcpy(to, fast, n);
    return true;
}
static inline bool cpu_write_system(struct cpu *c, uint64_t va, const void *from, unsigned n,
                                    bool user)
{
    uint8_t *fast = cpu_fast_write(c, va, n, user ? MODE_USER : MODE_KERNEL);
    if (!fast) {
        return cpu_write_system_slow(c, va, from, n, user);
    }
    memcpy(fast, from, n);
    return true;
}
// The instruction word at pc. False: c->fault.
bool cpu_fetch(struct cpu *c, uint32_t *word);

// ---- events (cpu_event.c) -------------------------------------------------------------------------
enum event_class { EVENT_FAULT, EVENT_SOFTWARE, EVENT_EXTERNAL };
// Set c->fault.
static inline bool cpu_fail(struct cpu *c, unsigned vector, uint32_t error)
{
    c->fault = (struct cpu_fault){.vector = (uint8_t)vector, .error = error};
    return false;
}
// An exception, at its owner: the vector table, or the monitor of a deprivileged guest. A #PF's address is in c->fault.addr.
void cpu_raise(struct cpu *c, unsigned vector, uint32_t error, uint64_t return_pc);
// Act on c->fault for the instruction at c->s.pc: exception, VM exit or trap to the monitor.
void cpu_take_fault(struct cpu *c);
// Deliver an event through the vector table; `return_pc` is what is pushed. True if this very event (and not a fault on the way to it) was
// delivered.
bool cpu_deliver(struct cpu *c, unsigned vector, uint32_t error, enum event_class class,
                 uint64_t return_pc);
// What may happen at an instruction boundary, beside the next instruction: an interrupt; in a guest also what its hypervisor asked for. The
// two parts: whether anything is due once STI's shadow is over, and whether it is due now.
bool cpu_guest_event(const struct cpu *c, bool shadow); // vmx.c: for guests
static inline bool cpu_event_after_shadow(const struct cpu *c)
{
    if (c->vmcs || c->trap_guest) {
        return cpu_guest_event(c, false);
    }
    return c->intr >= 0 && (c->s.flags & FLAG_IF) && (c->intr >> 4) > c->s.tpr;
}
static inline bool cpu_event_pending(const struct cpu *c)
{
    if (c->vmcs || c->trap_guest) {
        return cpu_guest_event(c, cpu_in_shadow(c));
    }
    return cpu_event_after_shadow(c) && !cpu_in_shadow(c);
}
// As cpu_deliver, for what a hypervisor injects: it does not exit by the exception bitmap, whatever may happen on the way.
bool cpu_deliver_injected(struct cpu *c, unsigned vector, uint32_t error, enum event_class class,
                          uint64_t return_pc);
// Take it.
void cpu_take_event(struct cpu *c);

// Whether there is anything for it to do now.
static inline bool cpu_runnable(const struct cpu *c)
{
    if (c->s.parked) {
        return false;
    }
    if (c->idle) {
        return c->kicked || c->intr >= 0;
    }
    return !c->s.halted || cpu_event_pending(c);
}

void cpu_trace_note(struct cpu *c, uint64_t time, uint64_t pc, uint32_t word, unsigned ring,
                    unsigned event);
static inline void cpu_trace(struct cpu *c, uint64_t time, uint64_t pc, uint32_t word,
                             unsigned ring, unsigned event)
{
    if (c->trace) {
        cpu_trace_note(c, time, pc, word, ring, event);
    }
}
static inline bool cpu_canonical(const struct cpu *c, uint64_t va)
{
    return (uint64_t)((int64_t)(va << c->canonical_shift) >> c->canonical_shift) == va;
}
// Whether control may go to pc, paging or not: canonical, and a multiple of 4.
static inline bool cpu_good_target(const struct cpu *c, uint64_t pc)
{
    return pc % 4 == 0 && cpu_canonical(c, pc);
}

#endif
