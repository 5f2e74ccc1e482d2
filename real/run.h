// Runs a guest on the real processor, within a time bound, and accounts for its exits.
//
// The guest tells by OUT to its mark port when it is warm (1) and when it is done (2); what is counted is what happens in between. An OUT
// to its panic port ends it, and so does whatever a guest should not do.
#ifndef RINGSIDE_REAL_RUN_H
#define RINGSIDE_REAL_RUN_H

#include "real/kvm.h"
#include "real/stats.h"
#include "real/trace.h"

#include <signal.h>

struct real_run_config {
    enum real_vendor vendor;
    unsigned milliseconds;                    // after which a guest is ended
    const struct real_trace *trace;           // or NULL
    const volatile sig_atomic_t *interrupted; // becomes true when the user wants an end; or NULL
};

enum real_end {
    REAL_END_DONE,
    REAL_END_PANIC,       // an exception that its kernel did not expect
    REAL_END_SHUTDOWN,    // triple fault
    REAL_END_TIMEOUT,     // it goes on and on, or sleeps for good
    REAL_END_WILD_PORT,   // a port without a device
    REAL_END_WILD_MEMORY, // an address with neither memory nor device
    REAL_END_FAILED,      // KVM cannot go on with it
    REAL_END_INTERRUPTED, // by the user
};

enum { REAL_REPORT_SIZE = 240 };
struct real_run {
    enum real_end end;
    char report[REAL_REPORT_SIZE]; // one sentence on how it ended; "" if as intended
    // Between the marks, without the second mark's own exit.
    uint64_t port_exits, memory_exits; // that came out to user space
    bool has_stats;                    // the kernel has binary statistics
    struct real_stats stats;           // of all its processors
    uint64_t
        exits; // stats: all but those for interrupts that come when they come: external ones, and windows for them
    bool has_trace;
    struct real_trace_counts trace;
    uint64_t *samples; // cycles of each operation; owned
    size_t sample_count;
};

// False, with a line in err, if the machine could not be made. A guest that ends badly is a result.
bool real_run(const struct real_guest *g, const struct real_run_config *config,
              struct real_run *out, char *err);
void real_run_free(struct real_run *r);

#endif
