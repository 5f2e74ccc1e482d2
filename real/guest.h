// What a real processor is to run: memory, processors' states and what may be touched, without a word of /dev/kvm. A second kind of guest
// is another function that fills a struct real_guest.
#ifndef RINGSIDE_REAL_GUEST_H
#define RINGSIDE_REAL_GUEST_H

#include "real/op.h"

enum { REAL_CPUS_MAX = 2, REAL_DEVICES_MAX = 4 };

// How a processor begins: 64-bit long mode, paging on.
struct real_start {
    uint64_t rip, rsp, cr3;
    bool ring3;   // else ring 0
    bool may_out; // IOPL 3: ports from ring 3 too
};

// A range of ports or of guest-physical addresses that a device in user space has: a read gives 0. What lies in no range is wild.
struct real_device {
    bool memory; // else ports
    uint64_t first, last;
};

// Everything is by guest-physical address. Made by a builder below, freed by real_guest_free.
struct real_guest {
    const char *name;
    uint8_t *ram; // initial content of [0, ram_size)
    uint64_t ram_size;
    uint64_t far_base,
        far_size; // more memory, which the host gives page by page as it is touched; size 0: none
    unsigned cpus;
    struct real_start start[REAL_CPUS_MAX];
    uint64_t gdt, gdt_limit, idt, idt_limit, tss; // descriptor tables, alike on all processors
    uint64_t syscall_entry;                       // of LSTAR
    struct real_device devices[REAL_DEVICES_MAX];
    unsigned device_count;
    uint64_t mark_port, panic_port; // see real/run.h
    uint64_t
        panic_record; // where the guest's panic puts vector, error code, rip and cr2: four words of 64 bits
    uint64_t samples; // where it leaves the cycles of each operation: words of 64 bits
    uint64_t sample_count;
};

// The selectors of the descriptor table that real_guest_micro makes.
enum {
    REAL_CS_KERNEL = 0x08,
    REAL_DS_KERNEL = 0x10,
    REAL_CS_USER32 = 0x18, // where SYSRET counts from
    REAL_DS_USER = 0x20,
    REAL_CS_USER = 0x28,
    REAL_TSS = 0x30,
};

enum { REAL_COUNT_MAX = 2000, REAL_WARM = 16 }; // operations of a run; before it

// The micro-guest that does `op` REAL_WARM + count times. False: this program was not built for x86-64, or no memory.
bool real_guest_micro(struct real_guest *g, enum real_op op, enum real_vendor vendor,
                      uint64_t count);
void real_guest_free(struct real_guest *g);

#endif
