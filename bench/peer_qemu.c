// Starts QEMU and talks to the kernel in it.
#include "bench/peer_qemu.h"

#include "bench/bench.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef RINGSIDE_BENCH_KERNEL
#define RINGSIDE_BENCH_KERNEL "build/bench-kernel"
#endif

enum { START_MS = 10000, ANSWER_MS = 120000 };

// Waits for the end of a line; false if none comes in time.
static bool answered(const struct qemu *q, int ms)
{
    for (char c = 0; c != '\n';) {
        struct pollfd p = {.fd = q->from, .events = POLLIN};
        if (poll(&p, 1, ms) != 1 || read(q->from, &c, 1) != 1) {
            return false;
        }
    }
    return true;
}

static void become_qemu(int in, int out, bool icount)
{
    int nothing = open("/dev/null", O_WRONLY);
    dup2(in, 0);
    dup2(out, 1);
    dup2(nothing, 2);
    const char *args[20] = {"qemu-system-x86_64",
                            "-accel",
                            "tcg",
                            "-m",
                            "128",
                            "-display",
                            "none",
                            "-nodefaults",
                            "-no-reboot",
                            "-serial",
                            "stdio",
                            "-kernel",
                            RINGSIDE_BENCH_KERNEL};
    unsigned n = 13;
    if (icount) {
        args[n++] = "-icount";
        args[n++] = "shift=0,sleep=off";
    }
    execvp(args[0], (char *const *)args);
    _exit(127);
}

bool qemu_start(struct qemu *q, bool icount)
{
    int to[2], from[2];
    struct stat kernel;
    *q = (struct qemu){0};
    if (stat(RINGSIDE_BENCH_KERNEL, &kernel) != 0 || kernel.st_size == 0 || pipe(to) != 0) {
        return false;
    }
    if (pipe(from) != 0) {
        close(to[0]);
        close(to[1]);
        return false;
    }
    signal(SIGPIPE, SIG_IGN); // a QEMU that dies is an answer that does not come
    q->pid = fork();
    if (q->pid == 0) {
        close(to[1]);
        close(from[0]);
        become_qemu(to[0], from[1], icount);
    }
    close(to[0]);
    close(from[1]);
    q->to = to[1];
    q->from = from[0];
    if (q->pid < 0 || !answered(q, START_MS)) {
        qemu_stop(q);
        return false;
    }
    kill(q->pid, SIGSTOP);
    return true;
}

void qemu_stop(struct qemu *q)
{
    if (q->pid > 0) {
        kill(q->pid, SIGKILL);
        waitpid(q->pid, NULL, 0);
    }
    if (q->to) {
        close(q->to);
        close(q->from);
    }
    *q = (struct qemu){0};
}

bool qemu_run(struct qemu *q, unsigned loop, uint64_t passes)
{
    char line[64];
    int n = snprintf(line, sizeof line, "%u %" PRIu64 "\n", loop, passes);
    kill(q->pid, SIGCONT);
    bool ok = write(q->to, line, (size_t)n) == n && answered(q, ANSWER_MS);
    kill(q->pid, SIGSTOP);
    return ok;
}

uint64_t qemu_used(const struct qemu *q)
{
    clockid_t clock;
    return clock_getcpuclockid(q->pid, &clock) == 0 ? bench_clock(clock) : 0;
}
