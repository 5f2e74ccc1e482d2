// Ways out of a guest: the reasons, what an exit says, and the one function through which every exit passes.
#ifndef RINGSIDE_SIM_EXIT_H
#define RINGSIDE_SIM_EXIT_H

#include "sim/cpu.h"

enum exit_reason {
#define EXIT(NAME, name, number, group, doc) EXIT_##NAME = number,
#include "sim/exit.def"
#undef EXIT
    EXIT_REASONS = 192 // more than any number above
};

enum exit_group {
    EXIT_GROUP_CPU,
    EXIT_GROUP_MEMORY,
    EXIT_GROUP_IO,
    EXIT_GROUP_INTERRUPT,
    EXIT_GROUP_CALL
};

// First reason of ours: ways into a hypervisor that does without VT-x.
enum { EXIT_FIRST_TRAP = 128 };

// What an exit says to the hypervisor: Intel's exit-information fields, as far as they mean something here.
struct vmexit {
    enum exit_reason reason;
    uint64_t pc;      // of the instruction that exits; a fault's too
    struct insn insn; // the instruction, where one caused it (op OP_INVALID otherwise)
    // EXCEPTION_NMI, EXTERNAL_INTERRUPT, TRAP_*: which vector; TRIPLE_FAULT: the last of the three, with
    // the first two in bits 0-15 of `value`
    uint8_t vector;
    uint32_t error; // exceptions: error code; EPT_VIOLATION: PF_* bits, EPT_FAULT_FINAL
    // page fault: the address; EPT_*: guest-physical; IO: port; APIC_ACCESS: offset; INVLPG: the address;
    // MSR_*: number
    uint64_t addr;
    uint64_t linear; // EPT_*: guest-virtual
    uint64_t value;  // what a CR_ACCESS, MSR_WRITE, OUT or APIC write wants to write
    // it happened while an event was being delivered: that event must be delivered again
    bool delivering;
    uint8_t delivering_vector;
    uint32_t delivering_error;
    uint8_t delivering_class; // enum event_class
};
enum { EPT_FAULT_FINAL = 1u << 8 }; // the address itself, not a guest table entry on the way

// Every exit: counts it, charges the way out, tells the tracer, calls the monitor's handler, and, if the processor is to go on in a guest,
// charges the way in and delivers what is to be injected. `c->s` is the guest's state throughout and may be changed by the handler.
void exit_take(struct cpu *c, const struct vmexit *x);

const char *exit_name(unsigned reason); // "CPUID"; NULL if there is no such reason
const char *exit_doc(unsigned reason);
int exit_group(unsigned reason); // enum exit_group, -1 if there is no such reason

#endif
