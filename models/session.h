/* session.h: one guest under control: run, stepped, stopped where one wants to look, and taken back in time; and several side by side. What a
 * session shows is a struct snapshot; nobody reaches through it into the machine. Pure, like everything in models/: a caller gives it time in
 * slices (session_work), and can answer keys in between, also while the session catches up after a step back.
 *
 * Time is deterministic: a position is a number of completed instructions, exits and delivered events, and leads to the same state
 * whichever way it was reached. Going back runs the guest again from its start, which is why it takes slices; docs/session.md. */
#ifndef RINGSIDE_MODELS_SESSION_H
#define RINGSIDE_MODELS_SESSION_H

#include "models/snapshot.h"

struct session;
struct run_spec;  /* models/run.h */
struct cpu_model; /* sim/cost.h */

/* The text of a line (from 1) of a source file of the guest, for snapshots. False: it is not at hand. */
typedef bool (*session_source_fn)(void *ctx, const char *file, unsigned line, char *out,
                                  size_t size);

/* A guest that has not run yet. `spec` is copied; what it points to is borrowed for the session's life (spec->until and instructions bound the run,
 * as ever). `source` may be NULL. NULL with a reason of one line in err. */
struct session *session_create(const struct run_spec *spec, session_source_fn source,
                               void *source_ctx, char *err, size_t err_size);
void session_destroy(struct session *s);

/* ---- going --------------------------------------------------------------------------------------- */

enum session_goal_kind {
    GOAL_NONE,
    GOAL_RUN,      /* to the end of the guest, or a breakpoint */
    GOAL_STEP,     /* n more instructions, of any processor (n = 1: one) */
    GOAL_STEP_CPU, /* n more instructions of processor `cpu` */
    GOAL_OVER, /* one instruction of `cpu`; a call, system call or exit is run to where it comes back */
    GOAL_EXIT, /* to the end of the next exit; n: of this reason; SESSION_ANY: any, and on the bare machine the next event or change of ring */
    GOAL_WALK, /* to the next page walk of a processor */
    GOAL_CYCLES,    /* n more cycles of time */
    GOAL_TIME,      /* to time n, forward or back */
    GOAL_SEEK,      /* to instruction n, forward or back */
    GOAL_SEEK_EXIT, /* to the end of exit number n (the first is 1), forward or back */
    GOAL_BACK,      /* n instructions back */
    GOAL_BACK_EXIT, /* to the exit before the last */
    GOAL_UNDO,      /* to where the session stood before its last goal */
};
#define SESSION_ANY UINT64_MAX
struct session_goal {
    enum session_goal_kind kind;
    uint64_t n;
    unsigned cpu;
};

enum session_state {
    SESSION_DONE,  /* stands where the last goal led */
    SESSION_BUSY,  /* on the way: call session_work again */
    SESSION_BREAK, /* stands at a breakpoint: session_hit says which */
    SESSION_ENDED, /* the guest has stopped for good (or its limit is reached) */
};

/* Sets a goal; the one before, if it was not reached, is forgotten. Does no work. */
void session_go(struct session *s, struct session_goal goal);
/* Works towards it for about `instructions` of the guest (which is what the time of this call depends on). */
enum session_state session_work(struct session *s, uint64_t instructions);
enum session_state session_state(const struct session *s);
/* Works until it is no longer busy. */
enum session_state session_finish(struct session *s);
/* Forget the goal and stay here; if the session was catching up, "here" is where it had got to. */
void session_halt(struct session *s);
/* While it catches up after going back: how far of 65536; else 65536. */
uint32_t session_caught_up(const struct session *s);

/* Where it stands: instructions completed by all processors, without a picture. */
uint64_t session_instructions(const struct session *s);
/* The picture of where it stands. Always allowed, also when busy. */
void session_snapshot(struct session *s, struct snapshot *out);
/* The address whose guest and shadow (or nested) entries snapshot.tables shows; `follow`: the address of the last walk or fault (as at first). */
void session_look(struct session *s, uint64_t va, bool follow);
/* Address range whose disassembly the snapshots show for processor `cpu`; `follow`: around the pc (as at first). */
void session_code(struct session *s, unsigned cpu, uint64_t addr, bool follow);
/* Bytes of guest memory, by guest-virtual address as processor `cpu` sees it now; how many could be read. */
size_t session_memory(struct session *s, unsigned cpu, uint64_t va, void *out, size_t n);
/* The address of a symbol of the guest; false if there is none. */
bool session_symbol(const struct session *s, const char *name, uint64_t *addr);

/* ---- stopping ------------------------------------------------------------------------------------- */

enum session_break_kind { BREAK_ADDRESS, BREAK_EXIT, BREAK_WRITE };
struct session_break {
    enum session_break_kind kind;
    uint64_t value; /* address (virtual) or exit reason */
    bool enabled;
    uint64_t hits;
    char text[SNAP_NAME]; /* as it was given */
};
/* "main", "0x10040" (before the instruction there), "exit:CPUID", "exit:any" (after it), "write:0x1000", "write:counter" (after 8 bytes there have changed,
 * as processor 0's tables map it). The breakpoint's number, or -1 with a reason of one line. */
int session_break(struct session *s, const char *text, char *err, size_t err_size);
void session_break_remove(struct session *s, unsigned i); /* those behind it move up */
void session_break_enable(struct session *s, unsigned i, bool on);
const struct session_break *session_break_at(const struct session *s,
                                             unsigned i); /* NULL past the end */
/* After SESSION_BREAK: which, else -1. */
int session_hit(const struct session *s);

/* ---- changing ------------------------------------------------------------------------------------- */

/* Run the same guest otherwise, and go to the same instruction: `what` is an architecture or product ("kvm,paging=shadow"), or options to change in the
 * present one ("paging=shadow", "vpid=0,ept_huge=1"). The session is busy afterwards. False, nothing changed, and one line in err. */
bool session_change(struct session *s, const char *what, char *err, size_t err_size);
/* Likewise the processor; `model` is borrowed as before. */
bool session_change_cpu(struct session *s, const struct cpu_model *model, char *err,
                        size_t err_size);

/* ---- side by side ---------------------------------------------------------------------------------- */

/* The same workload under several architectures, in step: each as far as the others in the guest program's own work, which is counted in
 * cycles of the guest's user mode (the same whatever stands below, since translation, exits and walks have categories of their own). */
enum { COMPARE_MAX = 6 };
struct compare_lane {
    char arch[64];
    bool ended;
    enum snapshot_stop stop;
    uint64_t work;   /* cycles of the guest's program so far */
    uint64_t cycles; /* elapsed since the program began, all processors; so are the counts below */
    uint64_t instructions, exits;
    uint64_t cycles_by[SNAP_CATEGORIES]; /* the bar */
    bool has_checksum;
    uint64_t checksum;
};
struct compare_view {
    uint32_t lanes;
    struct compare_lane lane[COMPARE_MAX];
    uint64_t work; /* that every lane has reached */
    uint64_t most; /* longest bar: cycles */
    uint32_t
        baseline; /* lane that the others are measured against: the native one if there is one, else the first */
    bool ended; /* all have */
};
struct comparison;
/* `archs`: 1 to COMPARE_MAX architectures or products with options; the rest is spec's. */
struct comparison *comparison_create(const struct run_spec *spec, const char *const *archs,
                                     unsigned count, char *err, size_t err_size);
void comparison_destroy(struct comparison *c);
/* Lets every lane do `work` more cycles of the program's own; for about `instructions` in this call. False when all have ended. */
bool comparison_work(struct comparison *c, uint64_t work, uint64_t instructions);
void comparison_view(struct comparison *c, struct compare_view *out);

#endif
