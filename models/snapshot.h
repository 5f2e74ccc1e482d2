/* snapshot.h: one picture of a run, flat: no pointer into a machine, so it can be copied, kept in a ring, compared and drawn. Everything that the
 * dashboard shows is here; models/session.h takes it. Includes nothing of the machine: numbers that are enums of the machine world are indices
 * into the tables that name them (sim/cycle.def, sim/exit.def, models/who.def, models/story.def, models/path.def, models/arch.def).
 *
 * A snapshot of a position is a function of guest, options and position alone: it is the same to the last byte however the session came
 * there (run, steps, back and forth).
 *
 * Everything is filled. What a count says there is, is valid; what lies behind it is 0. */
#ifndef RINGSIDE_MODELS_SNAPSHOT_H
#define RINGSIDE_MODELS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SNAP_CPUS = 8,        /* processors shown; a machine may have more, see cpus_all */
    SNAP_CATEGORIES = 24, /* by sim/cycle.def */
    SNAP_EXITS = 48,      /* reasons that have occurred, most frequent first */
    SNAP_CODE = 33,       /* lines of disassembly around the pc */
    SNAP_STEPS = 24,      /* of the path */
    SNAP_WALK = 124,      /* references of one walk */
    SNAP_TABLE = 6,       /* levels */
    SNAP_TLB = 128,       /* entries shown of each processor's TLB */
    SNAP_SEGMENTS = 128,  /* of the timeline, exact, the latest */
    SNAP_BUCKETS = 128,   /* of the timeline, all of it, coarse */
    SNAP_WEIGHTS = 32,    /* edges of the Rings view */
    SNAP_CONSOLE = 2048,  /* tail of the console */
    SNAP_TREND = 32,      /* columns of a trend */
    SNAP_COUNTERS = 64,
    SNAP_BREAKS = 16,
    SNAP_NAME = 48,
    SNAP_LINE = 96,
};

enum snapshot_who {
#define WHO(NAME, name, doc) WHO_##NAME,
#include "models/who.def"
#undef WHO
    WHO_COUNT
};

/* What is happening, as a sentence that can be translated. */
enum story {
#define STORY(NAME, text) STORY_##NAME,
#include "models/story.def"
#undef STORY
    STORY_COUNT
};
enum { STORY_ARGS = 4 };
enum story_arg_kind { STORY_ARG_NONE, STORY_ARG_NUMBER, STORY_ARG_HEX, STORY_ARG_TEXT };
struct story_arg {
    enum story_arg_kind kind;
    uint64_t number;
    char text[24]; /* a name that is not translated: a mnemonic, a symbol, an exit reason */
};
struct snapshot_story {
    enum story id;
    struct story_arg arg[STORY_ARGS];
};
/* The English text, with %1 to %4: the key of its translations. */
const char *story_text(enum story id);
/* `text` (a translation of story_text, or NULL for the English) with the arguments put in; as snprintf. */
int story_format(const struct snapshot_story *story, const char *text, char *out, size_t size);
const char *who_name(enum snapshot_who who);

/* One line of disassembly. */
struct snapshot_code {
    uint64_t addr;
    uint32_t word;
    bool readable;          /* there is memory, and it may be looked at */
    bool has_break;         /* a breakpoint stands here */
    uint8_t op;             /* sim/isa.def's row */
    uint32_t line;          /* of `file`; 0: unknown */
    char symbol[SNAP_NAME]; /* that begins here, or "" */
    char file[SNAP_NAME];
    char text[SNAP_NAME];
};

/* One processor, as its guest sees it where that differs from the real one. */
struct snapshot_cpu {
    uint64_t time;         /* cycles */
    uint64_t instructions; /* completed */
    enum snapshot_who who; /* has it now */
    uint8_t category;      /* where its cycles go now */
    bool non_root;         /* in a guest under VT-x */
    bool monitored;        /* a guest of any kind: there is a hypervisor */
    bool halted, parked, idle;
    uint8_t ring;      /* that the guest believes to be in */
    uint8_t real_ring; /* that it is in: 1 for a deprivileged kernel */
    uint64_t r[16], pc, flags, msw, ptbr, vbar, tr, far, kstack, lstar;
    uint64_t real_ptbr; /* what the real processor's page-table base holds (shadow tables) */
    uint8_t tpr;
    int16_t offered; /* vector of the interrupt that its (virtual) local APIC offers, or -1 */
    char symbol[SNAP_NAME];  /* nearest at or below pc, or "" */
    uint64_t offset;         /* pc - symbol */
    char program[SNAP_NAME]; /* whose symbols: "kernel", "hello" */
    char file[SNAP_NAME];    /* source of the instruction at pc, or "" */
    uint32_t line;
    char source
        [SNAP_LINE]; /* the source line's text, if the session was given the sources; else "" */
    struct snapshot_code code[SNAP_CODE];
    uint32_t code_count, code_at; /* code[code_at] is the instruction at pc */
    uint64_t cycles[SNAP_CATEGORIES];
};

/* A step of the path that control took. */
enum snapshot_step_kind {
#define PATH(NAME, name, doc) STEP_##NAME,
#include "models/path.def"
#undef PATH
    STEP_COUNT
};
struct snapshot_step {
    enum snapshot_step_kind kind;
    enum snapshot_who who;
    uint8_t category;
    uint64_t cycles;
    uint64_t at;    /* processor time when it began */
    int16_t reason; /* VM exit or trap: its reason; else -1 */
};
struct snapshot_path {
    bool valid;
    uint8_t cpu;
    uint64_t pc; /* of the instruction that exited; without an exit: where it has led */
    char instruction[SNAP_NAME]; /* that exited, or "" */
    int16_t reason;              /* exit that it is about, or -1 */
    int16_t vector;              /* event that was delivered on it, or -1 */
    uint64_t cycles;             /* in all */
    uint32_t count;              /* steps; those behind SNAP_STEPS were merged into the last */
    struct snapshot_step step[SNAP_STEPS];
};

/* A reason for which control left the guest. */
struct snapshot_exit {
    uint8_t reason; /* sim/exit.def's number */
    uint64_t count;
    uint64_t
        cycles; /* of handling, from the hypervisor's first instruction to its last, as perf kvm measures */
    uint64_t min, max;
    uint64_t last_pc; /* of the last such exit */
    uint64_t last_time;
    uint32_t last_word; /* its instruction; 0: none caused it */
    uint8_t last_cpu;
    char last_text[SNAP_NAME];
    char last_symbol[SNAP_NAME];
    uint32_t trend[SNAP_TREND]; /* exits by equal stretches of trend_span cycles, oldest first */
};

/* One reference of a walk. */
struct snapshot_ref {
    uint8_t dim, level;         /* whose table, which level of it */
    uint8_t for_dim, for_level; /* for whose sake: sim/walk.h's words */
    uint16_t index;
    bool leaf, set_a, set_d;
    uint64_t table; /* address of the table in its own space */
    uint64_t entry; /* host-physical address of the entry */
    uint64_t value;
    uint32_t cost;
    uint32_t running; /* references so far, this one included */
};
enum snapshot_walk_kind {
    SNAP_WALK_NONE,
    SNAP_WALK_NATIVE,
    SNAP_WALK_SHADOW,
    SNAP_WALK_NESTED,
    SNAP_WALK_DIRECT
};
struct snapshot_walk {
    enum snapshot_walk_kind kind;
    uint8_t cpu;
    bool
        recorded; /* the processor made it; else it was made for the picture, of the address that is looked at, and set nothing */
    uint8_t dims, levels, nested_levels;
    bool write, fetch, user;
    bool ok;
    uint8_t fault_dim; /* whose table ended it, if not ok */
    uint32_t error;
    uint64_t va;
    uint64_t address; /* that came out */
    uint64_t time, pc;
    uint8_t page_shift;
    uint64_t cycles;
    uint32_t
        refs; /* counted by the walker from real loads; equals `count` unless caches of walks (or SNAP_WALK) cut it */
    uint32_t full; /* what it takes with no cache of walks: (n+1)(m+1)-1 */
    uint32_t count;
    struct snapshot_ref ref[SNAP_WALK];
};

/* The guest's table and the one that stands behind it, for one address. */
struct snapshot_entry {
    uint8_t level;
    uint16_t index;
    bool present, leaf, writable, user, no_execute, accessed, dirty, huge;
    uint64_t table, value;
};
struct snapshot_tables {
    bool valid;
    uint64_t va;   /* looked up */
    bool guest_ok; /* the guest's tables map it */
    uint64_t gpa;  /* to where */
    bool other_ok; /* shadow: va is mapped there; nested: gpa is */
    uint64_t hpa;
    enum snapshot_walk_kind
        kind; /* what the other one is: shadow or nested; native and direct: there is none */
    uint32_t guest_count, other_count;
    struct snapshot_entry guest[SNAP_TABLE], other[SNAP_TABLE];
};

enum snapshot_tlb_array { SNAP_TLB_L1I, SNAP_TLB_L1D, SNAP_TLB_L2 };
struct snapshot_tlb_entry {
    enum snapshot_tlb_array array;
    bool huge; /* 2 MiB */
    uint16_t vpid, asid;
    uint64_t va, pa;
    bool w, u, nx, d; /* the guest's rights */
    bool nested_r, nested_w, nested_x;
};
struct snapshot_tlb {
    uint32_t used[3], size[3]; /* by array */
    uint32_t count;            /* shown */
    struct snapshot_tlb_entry entry[SNAP_TLB];
};

/* Whose fault it was. */
enum snapshot_fault_owner {
    SNAP_FAULT_NONE,
    SNAP_FAULT_GUEST, /* the guest's: delivered to its kernel */
    SNAP_FAULT_SHADOW, /* the shadow's: an entry was missing or protected only there; the guest never sees it */
    SNAP_FAULT_NESTED, /* the nested table's: likewise */
    SNAP_FAULT_TABLE_WRITE, /* a store to a guest page table that shadow paging (or direct paging) guards */
    SNAP_FAULT_DEVICE, /* no RAM is there: a device's register */
};
struct snapshot_fault {
    enum snapshot_fault_owner owner;
    uint8_t cpu, vector;
    uint32_t error;
    bool user, write, fetch;
    uint64_t va;  /* guest-virtual, if known */
    uint64_t gpa; /* guest-physical, if known */
    uint64_t pc, time;
};

/* Who had a processor from when to when. */
struct snapshot_segment {
    uint64_t from, to; /* cycles */
    enum snapshot_who who;
    int16_t reason; /* the exit that it is about, or -1 */
};
struct snapshot_timeline {
    uint32_t count; /* exact segments, the latest, oldest first, without gaps */
    struct snapshot_segment segment[SNAP_SEGMENTS];
    uint64_t span; /* cycles of a bucket; bucket k is [k x span, (k+1) x span) */
    uint32_t buckets;
    uint32_t share[SNAP_BUCKETS][WHO_COUNT]; /* of 65536: who had how much of it */
};

/* An edge of the Rings view: how often control went from one to another. */
struct snapshot_weight {
    enum snapshot_who from, to;
    uint64_t count;
};

struct snapshot_counter {
    char name[SNAP_NAME];
    uint64_t value;
};

enum snapshot_stop { SNAP_RUNNABLE, SNAP_POWEROFF, SNAP_DEADLOCK, SNAP_TRIPLE_FAULT, SNAP_LIMIT };

struct snapshot {
    /* What runs. */
    char arch[64];                           /* "type1/fullvirt-hw", with its options */
    uint8_t arch_id;                         /* models/arch.def's row */
    uint8_t platform, technique, paging, io; /* models/model.h */
    bool vpid;
    char cpu_model[32];
    char workload[32];
    uint32_t mhz;
    uint8_t levels, nested_levels;
    uint64_t ram;

    /* Where it is: the position in deterministic time. */
    uint64_t instructions; /* completed by all processors */
    uint64_t exits_taken;  /* likewise */
    uint64_t events;       /* exceptions and interrupts delivered by the processors */
    uint64_t time;         /* cycles, of the processor that got furthest */
    enum snapshot_stop stop;
    uint32_t status; /* SNAP_POWEROFF: the guest's value */
    uint8_t stop_vector[3];
    uint32_t
        progress; /* of 65536; of the run's length, as far as it is known (a full run of it has been seen); else 0 */
    uint64_t state_hash; /* once it has stopped */
    bool has_checksum;
    uint64_t checksum;

    uint32_t cpus, cpus_all; /* shown, there */
    uint32_t focus;          /* the processor that did something last */
    struct snapshot_cpu cpu[SNAP_CPUS];

    struct snapshot_story story;
    struct snapshot_path path;
    struct snapshot_walk walk;
    struct snapshot_tables tables;
    struct snapshot_fault fault;
    struct snapshot_tlb tlb[SNAP_CPUS];
    struct snapshot_timeline timeline[SNAP_CPUS];

    uint64_t cycles[SNAP_CATEGORIES]; /* all processors */
    uint64_t cycles_all;
    uint32_t exits;
    uint64_t trend_span;
    struct snapshot_exit exit[SNAP_EXITS];
    uint64_t exits_all;
    uint32_t weights;
    struct snapshot_weight weight[SNAP_WEIGHTS];
    uint32_t counters;
    struct snapshot_counter
        counter[SNAP_COUNTERS]; /* TLB misses, walks, interrupts, the mechanisms' own */

    uint32_t console_size; /* of the tail */
    uint64_t console_all;
    char console[SNAP_CONSOLE];
};

#endif
