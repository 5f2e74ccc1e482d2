// Exits by reason from the kernel's trace events: exact, of whatever reason, but only for those who may use tracefs. A private instance
// with a histogram on the event kvm:kvm_exit, which is removed again.
#ifndef RINGSIDE_REAL_TRACE_H
#define RINGSIDE_REAL_TRACE_H

#include "real/reason.h"

#include <sys/types.h>

struct real_trace {
    bool on;
    char instance[64]; // its folder
};

enum { REAL_TRACE_OTHER = EXIT_REASONS }; // exits whose code is unknown here
struct real_trace_counts {
    uint64_t exits[EXIT_REASONS + 1]; // by reason; the last: REAL_TRACE_OTHER
};

// Makes ready to count this process's exits, paused. False where tracing is not permitted or not built in: then nothing has been left behind.
bool real_trace_begin(struct real_trace *t);
void real_trace_end(struct real_trace *t);
// Stops counting, and goes on: where it counts an exit takes longer, so times are taken while it does not.
void real_trace_pause(const struct real_trace *t);
bool real_trace_resume(const struct real_trace *t);
// What was counted since it began or went on.
bool real_trace_read(const struct real_trace *t, enum real_vendor vendor,
                     struct real_trace_counts *counts);
// The same from the text of a `hist` file, for the threads given.
void real_trace_parse(const char *text, enum real_vendor vendor, const pid_t *threads,
                      unsigned thread_count, struct real_trace_counts *counts);

#endif
