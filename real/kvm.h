// A virtual machine of Linux's /dev/kvm, as much of it as Ringside needs. kvm.c is the only file that knows the interface itself.
// Functions that can fail return false and say in `err` (REAL_ERROR_SIZE bytes) which step failed and why.
#ifndef RINGSIDE_REAL_KVM_H
#define RINGSIDE_REAL_KVM_H

#include "real/guest.h"

enum { REAL_ERROR_SIZE = 256 };

// Whether a virtual machine can be made here. If not, `err` says in one line what is missing.
bool real_kvm_usable(char *err);
// The version of the interface that the device answers with, 0 if it does not answer as KVM.
int real_kvm_version(const char *device);

// Why a processor came back from the guest.
enum real_way_out {
    REAL_OUT_PORT,     // IN or OUT: addr is the port
    REAL_OUT_MEMORY,   // an access where no memory is
    REAL_OUT_HLT,      // only without a local APIC in the kernel
    REAL_OUT_SHUTDOWN, // triple fault
    REAL_OUT_KICKED,   // by real_vm_kick or a signal
    REAL_OUT_FAILED,   // KVM cannot go on; `code` and `text` say why
};

struct real_out {
    enum real_way_out why;
    bool write;
    uint64_t addr;
    uint64_t value; // that is written, up to 8 bytes
    unsigned size, repeat;
    uint64_t code;
    char text[96];
};

struct real_vm;

// A virtual machine with the guest in its memory and its processors ready to begin. NULL and err if it cannot be made.
struct real_vm *real_vm_new(const struct real_guest *g, char *err);
void real_vm_free(struct real_vm *vm); // no processor may be running; NULL is allowed

// Runs processor `cpu` in the calling thread until it comes out to user space. A read is answered by `answer` of the call
// before.
void real_vm_run(struct real_vm *vm, unsigned cpu, uint64_t answer, struct real_out *out);
// Makes real_vm_run return, soon; from another thread. The thread that runs must also be sent a signal that it catches.
void real_vm_kick(struct real_vm *vm, unsigned cpu);
// The guest's memory [0, ram_size), to be read while no processor runs.
const uint8_t *real_vm_ram(const struct real_vm *vm);
// Where the processor stands; false if KVM does not say.
bool real_vm_rip(struct real_vm *vm, unsigned cpu, uint64_t *rip);
// A file descriptor with the binary statistics of a processor, owned by the machine; also while it runs. -1: this kernel has none.
int real_vm_stats(const struct real_vm *vm, unsigned cpu);

#endif
