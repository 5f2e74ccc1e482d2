// What this computer has for the real path, read from /proc, /sys and /dev below a root folder ("" for the computer itself; a test's own
// elsewhere).
#ifndef RINGSIDE_REAL_DOCTOR_H
#define RINGSIDE_REAL_DOCTOR_H

#include "real/reason.h"

enum { REAL_TEXT_SIZE = 128 };

struct real_probe {
    bool x86;                    // an x86-64 processor
    char cpu[REAL_TEXT_SIZE];    // its name
    char kernel[REAL_TEXT_SIZE]; // release
    unsigned mhz;                // as /proc/cpuinfo says
    bool vmx, svm;               // CPU flags
    bool ept, npt, vpid;
    bool hypervisor; // this computer is a guest itself
    bool node, can_open;
    int open_error;             // errno, if it cannot be opened
    char owner[REAL_TEXT_SIZE]; // group that may open the node, "" if only root
    int version;                // of KVM's interface, 0 if unknown
    bool software;              // KVM is there, and does without VT-x and AMD-V
    bool kvm_module;
    bool vendor_module; // kvm_intel or kvm_amd
    int nested_paging;  // module parameter: 1, 0; -1 unknown
    int apicv, preemption_timer, nesting, next_rip;
    bool tracefs;      // its instances may be made
    char why_not[256]; // no virtual machine can be made, because; "" if one can
};

void real_probe(const char *root, struct real_probe *p);
// Whether guests can run on the real processor.
static inline bool real_probe_usable(const struct real_probe *p)
{
    return p->why_not[0] == '\0';
}
struct real_platform real_probe_platform(const struct real_probe *p);

// What was looked at, in order: a title, what was found, whether that is good enough, and what to do if not.
enum real_verdict { REAL_GOOD, REAL_NOTE, REAL_BAD };
struct real_finding {
    enum real_verdict verdict;
    char title[24], found[200], remedy[320];
};
enum { REAL_FINDINGS_MAX = 16 };
size_t real_diagnose(const struct real_probe *p, struct real_finding findings[REAL_FINDINGS_MAX]);

// "real" if guests can run on this computer's own processor, "simulated" if not: what the dashboard shows.
const char *real_mode_word(void);

#endif
