// Full-system emulators as contenders: one process each that runs a small kernel with the same loops (bench/peers/kernel.c) and takes its orders
// on the serial port.
#ifndef BENCH_PEER_MACHINE_H
#define BENCH_PEER_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// One emulator in one mode.
struct peer_kind {
    const char *name;
    const char *program;
    const char *package;   // Debian's
    unsigned boot_seconds; // that it may take on a busy machine
    // How much a round of it is, beside one of ours: long enough that starting and answering do not show, short enough to wait for.
    double easy_share, hard_share; // loops that trap or miss the TLB all the time are hard
    bool flushes;      // reloads its page-table base now and then: only for loops that miss the TLB
    bool terminal;     // its serial port is a terminal's device; else standard input and output
    const char *typed; // on its standard input, if that is not the serial port
    void (*become)(const char *terminal); // exec it; returns only if that failed
};

extern const struct peer_kind peer_kinds[];
enum { PEER_KINDS = 4 };

struct peer_machine {
    const struct peer_kind *kind;
    pid_t pid;    // 0: not running
    int to, from; // its serial port
    int held[2];  // ends that only have to stay open, or -1
};

// Starts it. False if it is not installed, there is no kernel for it, or it does not come up.
bool peer_start(struct peer_machine *p, const struct peer_kind *kind);
void peer_stop(struct peer_machine *p);
// Runs that loop so many passes; returns when it is done. False if the peer is gone.
// Between runs it is stopped, for its kernel waits for orders in a loop and would take a processor from the others.
bool peer_run(struct peer_machine *p, unsigned loop, uint64_t passes);
// Nanoseconds of processor time that it has had.
uint64_t peer_used(const struct peer_machine *p);

#endif
