// Starts emulators and talks to the kernel in them.
#include "bench/peer_machine.h"

#include "bench/bench.h"
#include "bench/cpu_loops.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#ifndef RINGSIDE_BENCH_KERNEL
#define RINGSIDE_BENCH_KERNEL "build/bench-kernel"
#endif
#define FLOPPY RINGSIDE_BENCH_KERNEL ".floppy"

enum { ANSWER_MS = 120000 };

// ---- the emulators --------------------------------------------------------------------------------

#define QEMU_ARGUMENTS                                                                     \
    "qemu-system-x86_64", "-accel", "tcg", "-m", "128", "-display", "none", "-nodefaults", \
        "-no-reboot", "-serial", "stdio", "-kernel", RINGSIDE_BENCH_KERNEL

static void become_qemu(const char *terminal)
{
    (void)terminal;
    execlp("qemu-system-x86_64", QEMU_ARGUMENTS, (char *)NULL);
}

static void become_qemu_icount(const char *terminal)
{
    (void)terminal;
    execlp("qemu-system-x86_64", QEMU_ARGUMENTS, "-icount", "shift=0,sleep=off", (char *)NULL);
}

// Everything is on its command line, but without a file it would ask: hence the empty one. RFB is the only display in Debian's package `bochs`
// that needs none, given that nobody is waited for.
static void become_bochs(const char *terminal)
{
    char port[96];
    snprintf(port, sizeof port, "com1: enabled=1, mode=term, dev=%s", terminal);
    execlp("bochs", "bochs", "-q", "-f", "/dev/null", "display_library: rfb, options=\"timeout=0\"",
           "boot: floppy", "floppya: 1_44=" FLOPPY ", status=inserted, write_protected=1",
           "memory: guest=128, host=128", "speaker: enabled=0", "sound: driver=dummy",
           "log: /dev/null", "panic: action=fatal", port, (char *)NULL);
}

const struct peer_kind peer_kinds[PEER_KINDS] = {
    {.name = "qemu",
     .program = "qemu-system-x86_64",
     .package = "qemu-system-x86",
     .boot_seconds = 10,
     .easy_share = 8,
     .hard_share = 0.25,
     .become = become_qemu},
    // QEMU's table of translations grows when it is flushed, if it was full: as it will be under an operating system.
    {.name = "qemu, flushed",
     .program = "qemu-system-x86_64",
     .package = "qemu-system-x86",
     .boot_seconds = 10,
     .easy_share = 8,
     .hard_share = 0.25,
     .flushes = true,
     .become = become_qemu},
    {.name = "qemu -icount",
     .program = "qemu-system-x86_64 -icount",
     .package = "qemu-system-x86",
     .boot_seconds = 10,
     .easy_share = 8,
     .hard_share = 0.25,
     .become = become_qemu_icount},
    {.name = "bochs",
     .program = "bochs",
     .package = "bochs",
     .boot_seconds = 30,
     .easy_share = 0.5,
     .hard_share = 0.125,
     .terminal = true,
     .typed = "c\n", // Debian's is built with its debugger, which wants to be told to continue
     .become = become_bochs},
};

// ---- starting one ---------------------------------------------------------------------------------

// A terminal that passes bytes on as they are, without echo. Its controlling end, or -1; *device is what it is called.
static int open_terminal(struct peer_machine *p, const char **device)
{
    struct termios mode;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        return master;
    }
    *device = ptsname(master);
    // Kept open: with nobody on the other side, reading would fail.
    p->held[0] = *device ? open(*device, O_RDWR | O_NOCTTY) : -1;
    if (p->held[0] >= 0 && tcgetattr(p->held[0], &mode) == 0) {
        mode.c_iflag = 0;
        mode.c_oflag = 0;
        mode.c_lflag = 0;
        mode.c_cflag |= CS8;
        tcsetattr(p->held[0], TCSANOW, &mode);
    }
    return master;
}

// Waits for the end of a line; false if none comes in time.
static bool answered(const struct peer_machine *p, int ms)
{
    for (char c = 0; c != '\n';) {
        struct pollfd f = {.fd = p->from, .events = POLLIN};
        if (poll(&f, 1, ms) != 1 || read(p->from, &c, 1) != 1) {
            return false;
        }
    }
    return true;
}

static void become(const struct peer_kind *kind, int in, int out, const char *device)
{
    int nothing = open("/dev/null", O_WRONLY);
    dup2(in, 0);
    dup2(kind->terminal ? nothing : out, 1);
    dup2(nothing, 2);
    kind->become(device);
    _exit(127);
}

// Makes the pipes and the process; what is to be closed afterwards is in *p, whatever happens.
static bool launch(struct peer_machine *p)
{
    const struct peer_kind *kind = p->kind;
    const char *device = NULL;
    int in[2], out[2];
    if (pipe(in) != 0) {
        return false;
    }
    p->to = in[1];
    if (kind->terminal) {
        p->held[1] = in[1];
        p->to = p->from = open_terminal(p, &device);
        out[1] = -1;
    } else if (pipe(out) == 0) {
        p->from = out[0];
    } else {
        close(in[0]);
        return false;
    }
    signal(SIGPIPE, SIG_IGN); // a peer that dies is an answer that does not come
    p->pid = fork();
    if (p->pid == 0) {
        for (int fd = 3; fd < 64; fd++) { // those of the other peers, too
            if (fd != in[0] && fd != out[1]) {
                close(fd);
            }
        }
        become(kind, in[0], out[1], device);
    }
    close(in[0]);
    if (out[1] >= 0) {
        close(out[1]);
    }
    size_t n = kind->typed ? strlen(kind->typed) : 0;
    return p->pid > 0 && p->from >= 0 && (n == 0 || write(in[1], kind->typed, n) == (ssize_t)n);
}

bool peer_start(struct peer_machine *p, const struct peer_kind *kind)
{
    struct stat kernel;
    *p = (struct peer_machine){.kind = kind, .to = -1, .from = -1, .held = {-1, -1}};
    if (stat(FLOPPY, &kernel) != 0 || kernel.st_size == 0 || !launch(p) ||
        !answered(p, (int)kind->boot_seconds * 1000)) {
        peer_stop(p);
        return false;
    }
    kill(p->pid, SIGSTOP);
    return true;
}

void peer_stop(struct peer_machine *p)
{
    if (p->pid > 0) {
        kill(p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
    }
    const int ends[] = {p->to, p->from == p->to ? -1 : p->from, p->held[0], p->held[1]};
    for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
        if (ends[k] >= 0) {
            close(ends[k]);
        }
    }
    *p = (struct peer_machine){.to = -1, .from = -1, .held = {-1, -1}};
}

// ---- giving orders --------------------------------------------------------------------------------

bool peer_run(struct peer_machine *p, unsigned loop, uint64_t passes)
{
    char line[64];
    unsigned order = p->kind->flushes ? LOOP_FLUSHED + loop : loop;
    int n = snprintf(line, sizeof line, "%u %" PRIu64 "\n", order, passes);
    kill(p->pid, SIGCONT);
    bool ok = write(p->to, line, (size_t)n) == n && answered(p, ANSWER_MS);
    kill(p->pid, SIGSTOP);
    return ok;
}

uint64_t peer_used(const struct peer_machine *p)
{
    clockid_t clock;
    return clock_getcpuclockid(p->pid, &clock) == 0 ? bench_clock(clock) : 0;
}
