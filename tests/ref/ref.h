// The second opinion: a T64 machine interpreted as plainly as docs/machine.md can be read, one instruction at a time.
// Tests compare the simulator with it. It shares with sim/ the instruction table, the cost tables and the counters'
// struct, and no code that computes anything; where the two disagree, docs/machine.md decides.
#ifndef TESTS_REF_REF_H
#define TESTS_REF_REF_H

#include "sim/isa.h"
#include "sim/machine.h"

enum { REF_CPUS_MAX = 8, REF_CONSOLE_MAX = 4096, REF_PINS = 24, REF_FLIGHTS = 64 };

enum ref_category {
#define CYCLE(NAME, name, guest, doc) REF_CYCLES_##NAME,
#include "sim/cycle.def"
#undef CYCLE
};

enum ref_cover_point {
#define COVER(NAME, what) REF_COVER_##NAME,
#include "tests/ref/cover.def"
#undef COVER
    REF_COVER_POINTS
};

// How often what happened, in all machines that share it.
struct ref_cover {
    uint64_t point[REF_COVER_POINTS];
    uint64_t done[OP_COUNT], faulted[OP_COUNT], taken[OP_COUNT]; // by instruction; branches taken
    uint64_t vector[256];                                        // delivered
};

// Notes that point NAME was reached by machine m.
#define REF_COVER(m, NAME) ((m)->cover ? (void)(m)->cover->point[REF_COVER_##NAME]++ : (void)0)

enum ref_access { REF_READ, REF_WRITE, REF_FETCH };

// Bits of the flags and of the machine word.
#define REF_TF    (UINT64_C(1) << 8)
#define REF_IF    (UINT64_C(1) << 9)
#define REF_IOPL  (UINT64_C(3) << 12)
#define REF_FLAGS (REF_TF | REF_IF | REF_IOPL)
#define REF_WP    (UINT64_C(1) << 16)
#define REF_PCIDE (UINT64_C(1) << 17)
#define REF_PG    (UINT64_C(1) << 31)

enum { REF_DE = 0, REF_DB = 1, REF_BP = 3, REF_UD = 6, REF_DF = 8, REF_GP = 13, REF_PF = 14 };

// A TLB entry. `page` is the address shifted right by 12, or by 21 for a huge page.
struct ref_tlb_entry {
    bool valid, huge;
    bool w, u, d, nx;
    uint16_t asid;
    uint64_t page;
    uint64_t frame; // physical address of the page's first byte
};

// A page-walk cache entry for one level: where the next lower table is, and what was gathered so far.
struct ref_pwc_entry {
    bool valid;
    bool w, u, nx;
    uint16_t asid;
    uint64_t prefix; // the address's bits above those that the next table translates
    uint64_t table;
};

// The local APIC, as far as programs can see it.
struct ref_apic {
    bool irr[256], isr[256];
    uint32_t lvt_timer, initial, divide, icr_high, icr_low;
    uint64_t expiry;   // when the count reaches 0 next; UINT64_MAX: it does not run
    uint64_t deadline; // IA32_TSC_DEADLINE; 0: not armed
    uint64_t planned;  // when it is acted on: not before it was written
    bool parked;       // periodic, and its vector already waits: no event that could end a deadlock
};

struct ref_ioapic {
    unsigned index;
    uint64_t entry[REF_PINS];
    bool high[REF_PINS]; // the lines
};

struct ref_disk {
    uint8_t *bytes; // the medium; the machine's
    uint64_t sectors;
    uint64_t sector, count, address, command, control; // registers
    uint64_t status;
    uint64_t now_sector, now_count, now_address; // of the command that runs
    uint64_t after;                              // the sector behind the last command's
    uint64_t done_at, done_order;                // when the command ends; UINT64_MAX: none runs
};

struct ref_ring {
    uint64_t base;
    uint32_t size, head, tail; // size 0: not set up
};

struct ref_frame {
    uint64_t when; // it arrives
    uint32_t size;
    uint8_t bytes[1518];
};

struct ref_nic {
    uint32_t control, status;
    struct ref_ring tx, rx;
    uint64_t address; // of the frame being sent
    uint32_t length;
    uint64_t sent_at, arrives_at;       // events; UINT64_MAX: none
    uint64_t sent_order, arrives_order; // of two at one time, that planned first is first
    uint64_t dropped;
    unsigned flights;
    struct ref_frame flight[REF_FLIGHTS];
};

struct ref_cpu {
    uint64_t r[REG_COUNT], pc;
    unsigned ring;
    uint64_t flags, msw, ptbr, idt, task, far, kstack, lstar;
    unsigned tpr;
    uint64_t time;
    bool halted;  // by HLT
    bool waiting; // for a start-up IPI
    bool shadow;  // STI's
    struct cpu_counters count;
    struct ref_apic apic;

    struct ref_tlb_entry *l1[2][2]; // [instruction, data][4 KiB, 2 MiB]
    struct ref_tlb_entry *l2;       // set by set
    uint32_t *l2_next;              // round-robin counter of each set
    struct ref_pwc_entry *pwc[LEVELS_MAX + 1];

    // The exception that a function which returned false has found.
    unsigned vector;
    uint64_t error;
};

struct ref_machine {
    struct machine_config config;
    uint8_t *ram;
    struct ref_cpu cpu[REF_CPUS_MAX];
    struct stop_info stop;
    struct ref_cover *cover; // may be NULL; ref_reset() leaves it
    uint64_t until;          // of the run in progress
    bool in_turn;            // a turn was cut by the limit on instructions
    struct ref_cpu *turn;    // whose it is or was
    uint64_t turn_end;
    uint64_t completed; // instructions, all processors
    struct ref_ioapic io;
    struct ref_disk disk;
    struct ref_nic nic;
    uint64_t planned;        // events of disk and card so far
    uint32_t latch;          // port 0x80
    uint32_t console_enable; // port 0x3f9
    char console[REF_CONSOLE_MAX];
    size_t console_size;
};

// Makes a machine like machine_create(): the configuration must be a possible one, with at most REF_CPUS_MAX
// processors. NULL when memory is out.
struct ref_machine *ref_create(const struct machine_config *config);
void ref_destroy(struct ref_machine *m);
// Puts in a disk with these bytes, copied; size a multiple of 512. False when memory is out.
bool ref_disk_attach(struct ref_machine *m, const uint8_t *bytes, size_t size);
// Back to the state after ref_create(), RAM zeroed.
void ref_reset(struct ref_machine *m);
// As machine_run(): until every processor's time is at or past `until`, or `instructions` more have completed.
enum stop_reason ref_run(struct ref_machine *m, uint64_t until, uint64_t instructions);

// --- between the interpreter's files ------------------------------------------------------------------------------

// Time passes on `c`, in one category.
void ref_charge(struct ref_cpu *c, enum ref_category category, uint64_t cycles);
// The category of what a program does in `ring`.
enum ref_category ref_guest(unsigned ring);
uint64_t ref_cost(const struct ref_machine *m, int key); // enum cost_key
// Whether the bits above the machine's virtual addresses repeat the highest of them.
bool ref_canonical(const struct ref_machine *m, uint64_t va);
// Notes an exception in `c`; always false, so that a caller can return it.
bool ref_fault(struct ref_cpu *c, unsigned vector, uint64_t error);

// Translates one address for an access with the rights of `ring`. False with an exception noted.
bool ref_translate(struct ref_machine *m, struct ref_cpu *c, uint64_t va, enum ref_access access,
                   unsigned ring, uint64_t *pa);
void ref_tlb_drop_all(struct ref_machine *m, struct ref_cpu *c);
void ref_tlb_drop_asid(struct ref_machine *m, struct ref_cpu *c, uint16_t asid);
void ref_tlb_drop_address(struct ref_machine *m, struct ref_cpu *c, uint64_t va);
uint16_t ref_asid(const struct ref_cpu *c);

// RAM by physical address; outside of it ones are read and nothing is written.
void ref_ram_read(const struct ref_machine *m, uint64_t pa, void *to, size_t size);
void ref_ram_write(struct ref_machine *m, uint64_t pa, const void *from, size_t size);
uint64_t ref_ram_get(const struct ref_machine *m, uint64_t pa, size_t size); // up to 8 bytes
void ref_ram_put(struct ref_machine *m, uint64_t pa, uint64_t value);

// The processor's own accesses (gates, stacks): up to 8 words at once, no devices, nothing charged but translation.
bool ref_system_read(struct ref_machine *m, struct ref_cpu *c, uint64_t va, unsigned ring,
                     uint64_t *words, size_t count);
bool ref_system_write(struct ref_machine *m, struct ref_cpu *c, uint64_t va, unsigned ring,
                      const uint64_t *words, size_t count);
// A program's load or store of 1, 2, 4 or 8 bytes with the current ring's rights, with all its charges.
bool ref_load(struct ref_machine *m, struct ref_cpu *c, uint64_t va, unsigned size,
              uint64_t *value);
bool ref_store(struct ref_machine *m, struct ref_cpu *c, uint64_t va, unsigned size,
               uint64_t value);
bool ref_cas(struct ref_machine *m, struct ref_cpu *c, uint64_t va, uint64_t expect, uint64_t put,
             uint64_t *old);

// How an exception or interrupt came about, where that makes a difference.
enum ref_cause { REF_BY_FAULT, REF_BY_TRAP, REF_BY_INT, REF_BY_INTERRUPT };
// Delivers, or whatever follows from failing to: another exception, a double fault, the end of the machine.
// `pc` is what the frame says for `vector`, `fault_pc` for exceptions in its place. Returns whether `vector` itself
// was delivered.
bool ref_deliver(struct ref_machine *m, struct ref_cpu *c, enum ref_cause cause, unsigned vector,
                 uint64_t error, uint64_t pc, uint64_t fault_pc);

// One instruction, with the exception it leads to.
void ref_instruction(struct ref_machine *m, struct ref_cpu *c);

// Devices. Whether physical address `pa` belongs to one; reading and writing it; ports likewise.
bool ref_is_device(const struct ref_machine *m, uint64_t pa);
uint64_t ref_device_read(struct ref_machine *m, struct ref_cpu *c, uint64_t pa, unsigned size);
void ref_device_write(struct ref_machine *m, struct ref_cpu *c, uint64_t pa, unsigned size,
                      uint64_t value);
uint32_t ref_port_read(struct ref_machine *m, struct ref_cpu *c, unsigned port);
void ref_port_write(struct ref_machine *m, struct ref_cpu *c, unsigned port, uint32_t value);
// The I/O APIC's and the disk's part of that; `from` and `c` are the processor that accesses it.
void ref_ioapic_reset(struct ref_machine *m);
uint64_t ref_ioapic_read(const struct ref_machine *m, uint64_t offset);
void ref_ioapic_write(struct ref_machine *m, const struct ref_cpu *from, uint64_t offset,
                      uint32_t value);
void ref_ioapic_eoi(struct ref_machine *m, const struct ref_cpu *from, unsigned vector);
void ref_disk_reset(struct ref_machine *m);
uint64_t ref_disk_read(const struct ref_machine *m, uint64_t offset, unsigned size);
void ref_disk_write(struct ref_machine *m, const struct ref_cpu *c, uint64_t offset, unsigned size,
                    uint64_t value);
void ref_ioapic_line(struct ref_machine *m, const struct ref_cpu *from, uint64_t time, int pin,
                     bool high);
void ref_nic_reset(struct ref_machine *m);
uint64_t ref_nic_read(const struct ref_machine *m, uint64_t offset, unsigned size);
void ref_nic_write(struct ref_machine *m, const struct ref_cpu *c, uint64_t offset, unsigned size,
                   uint64_t value);
// Their events, at m->nic.sent_at and arrives_at.
void ref_nic_sent(struct ref_machine *m, uint64_t time);
void ref_nic_arrived(struct ref_machine *m, uint64_t time);
// Whether all n bytes at pa are RAM.
bool ref_in_ram(const struct ref_machine *m, uint64_t pa, uint64_t n);
// The disk's command ends, at m->disk.done_at.
void ref_disk_finish(struct ref_machine *m, uint64_t time);
// MSRs; false if there is no such one, or it may not be written, or not so.
bool ref_msr_read(struct ref_machine *m, struct ref_cpu *c, uint64_t number, uint64_t now,
                  uint64_t *value);
bool ref_msr_write(struct ref_machine *m, struct ref_cpu *c, uint64_t number, uint64_t value);
// Fires the processor's timer if it is due at `now`; says when it will be, UINT64_MAX: never.
void ref_timer(struct ref_machine *m, struct ref_cpu *c, uint64_t now);
uint64_t ref_next_event(const struct ref_cpu *c);
// Whether the processor has something to do: it does not wait, or would take an interrupt.
bool ref_runnable(const struct ref_cpu *c);
// The processor has been idle until `time`.
void ref_wait(struct ref_cpu *c, uint64_t time);
// The turn of the running processor must not go beyond `time`.
void ref_end_turn(struct ref_machine *m, uint64_t time);
// The vector of the interrupt that would be delivered now, IF apart, or -1; and taking it.
int ref_apic_pending(const struct ref_cpu *c);
void ref_apic_take(struct ref_cpu *c, unsigned vector);
void ref_apic_reset(struct ref_machine *m, struct ref_cpu *c);

#endif
