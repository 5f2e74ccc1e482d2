// QEMU's system emulation as a contender: one process that runs a small kernel with the same loops (bench/peers/qemu_kernel.c) and takes its orders on the
// serial port.
#ifndef BENCH_PEER_QEMU_H
#define BENCH_PEER_QEMU_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct qemu {
    pid_t pid; // 0: not running
    int to, from;
};

// Starts it; with `icount`, in its deterministic mode. False if there is no qemu-system-x86_64, no kernel for it, or it does not come up.
bool qemu_start(struct qemu *q, bool icount);
void qemu_stop(struct qemu *q);
// Runs that loop so many passes; returns when it is done. False if QEMU is gone.
// Between runs it is stopped, for its kernel waits for orders in a loop and would take a processor from the others.
bool qemu_run(struct qemu *q, unsigned loop, uint64_t passes);
// Nanoseconds of processor time that it has had.
uint64_t qemu_used(const struct qemu *q);

#endif
