// Exit reasons of real processors in the simulator's words, so that both can stand side by side.
#ifndef RINGSIDE_REAL_REASON_H
#define RINGSIDE_REAL_REASON_H

#include "sim/exit.h"

enum real_vendor { REAL_INTEL, REAL_AMD };
enum real_paging { REAL_NESTED, REAL_SHADOW };

// What decides which exits an operation takes.
struct real_platform {
    enum real_vendor vendor;
    enum real_paging paging;
    bool apicv; // virtual interrupt delivery: the end of an interrupt does not exit
    bool
        preemption_timer; // VT-x: the APIC's timer ends the stay in the guest by an exit of its own
    bool
        decodes; // AMD-V without nrip_save: of a port access alone the exit says where the next instruction is; KVM decodes the others to know
};

// The reason that the processor's number stands for; EXIT_REASONS if it is none of the simulator's. AMD has one code for both directions of MSR access: it
// counts as MSR_WRITE here, see real_reason_fold.
unsigned real_reason(enum real_vendor vendor, unsigned code);

// The reason under which an access to where no memory is comes out: a nested-table entry marked for it (Intel), a nested page fault (AMD), a page
// fault (shadow paging).
enum exit_reason real_reason_mmio(const struct real_platform *platform);

// Reasons that this vendor's processors cannot tell apart become one, for comparing.
enum exit_reason real_reason_fold(enum real_vendor vendor, enum exit_reason reason);

// Whether an exit of this reason depends on when an interrupt happens to come, so that no count of it can be expected.
bool real_reason_by_chance(unsigned reason);

const char *real_vendor_name(enum real_vendor vendor); // "Intel VT-x"
const char *real_paging_name(enum real_paging paging); // "nested"

#endif
