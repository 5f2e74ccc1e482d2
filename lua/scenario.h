// scenario.h: a scenario in Lua, run. The script lives in a sandbox (no files, no clock, bounded memory and work) and speaks to the simulator by the API
// of docs/scenarios.md, version 1. What it found is collected here as plain values, so that what had been computed is there after a mistake too.
// This folder is the only place that knows Lua; the caller brings guests, CPU models and translations, and prints.
#ifndef RINGSIDE_LUA_SCENARIO_H
#define RINGSIDE_LUA_SCENARIO_H

#include "models/run.h"

enum { SCENARIO_API = 1 };

// How text that the script says is meant.
enum scenario_text {
    SCENARIO_TITLE,
    SCENARIO_LESSON, // a paragraph
    SCENARIO_PRINT,  // a line of print()
    SCENARIO_QUESTION,
    SCENARIO_ANSWER,
    SCENARIO_LOOK, // where to look in what was shown
    SCENARIO_TRY,  // what to change next
    // For the dashboard only:
    SCENARIO_SEE,   // what to see there
    SCENARIO_SCENE, // commands (as behind ':', divided by semicolons) that set up what the next page is about; no text: never translated, never told
};

struct scenario;
struct scenario_table;
struct scenario_run;

// What the caller does for a scenario. Any of the functions from `translate` on may be NULL.
struct scenario_host {
    void *ctx;
    // The toy OS, native or paravirtual; a CPU model by name. Borrowed for the scenario's life. NULL with one line in err.
    const struct toyos *(*os)(void *ctx, bool paravirt, char *err, size_t err_size);
    const struct cpu_model *(*cpu)(void *ctx, const char *name, char *err, size_t err_size);
    // The text of a program that comes with Ringside ("rings"), or of a file that one includes ("bare.inc"); false: there is none.
    bool (*program)(void *ctx, const char *name, struct asm_source *out);
    // A text of the script in the reader's language; the text itself if there is no translation.
    const char *(*translate)(void *ctx, const char *text);
    // As it comes: text (translated), a finished table, an expectation.
    void (*say)(void *ctx, enum scenario_text kind, const char *text);
    void (*table)(void *ctx, const struct scenario_table *table);
    // Runs that are to be shown beside each other.
    void (*show)(void *ctx, const char *title, const struct scenario_run *const *runs,
                 size_t count);
    void (*expected)(void *ctx, bool held, const char *text, unsigned line);
    // After a question: waits for the class. Writes a prediction (may be "") and returns true, or false where nobody can be asked.
    bool (*predict)(void *ctx, char *out, size_t size);
    // A run begins: `number` from 1.
    void (*progress)(void *ctx, unsigned number, const char *what);
};

// Bounds; 0: the default.
struct scenario_limits {
    uint64_t steps; // of Lua's virtual machine, and of our library in units of 64 bytes; 20 million
    uint64_t memory;       // bytes that the script may hold; 64 MiB
    uint64_t instructions; // that its guests may execute, all together; 20,000 million
    // Not bounds but how much of each run is recorded: so many things that happen, from a time (cycles) on; 0: nothing.
    uint64_t recorded, recorded_from;
};

struct scenario_arg {
    const char *key, *value; // --set key=value
};

// ---- what came of it ------------------------------------------------------------------------------

// One run of one guest. Strings are owned by the scenario.
struct scenario_run {
    unsigned group; // runs of one call of compare() or run() have one number, from 1
    const char *name, *workload, *cpu, *vary; // vary: "n=1000" in a scan, else ""
    struct run_spec
        spec; // what it borrowed lives as long as the scenario; the command line is not kept
    const char *source; // of a program that the script holds, or NULL: lines of "program"
    const char *append; // words for the toy kernel beyond workload and length, or NULL
    uint64_t n;
    struct run_result result;
    bool steady, right;
    bool exits;        // to be shown with its exits by reason
    const char *why;   // what is wrong, "" if it is right
    uint64_t baseline; // cycles of the run it is compared with; 0: none
};
// What happened in a run, or in a machine that the script drives itself. Of a steady run: the longer one, whole.
struct scenario_recording {
    const char *name, *workload, *vary;
    uint32_t mhz;
    struct recording *recording;
};
struct scenario_table {
    const char *title;
    size_t columns, rows;
    const char **cells; // columns * (rows + 1), the headings first
};
struct scenario_expectation {
    const char *text;
    unsigned line;
    bool held;
};
struct scenario_question {
    const char *question, *answer, *prediction; // answer and prediction may be NULL
};
// All that was said, in order: title, paragraphs, questions, answers.
struct scenario_said {
    enum scenario_text kind;
    const char *text; // not translated
};
// A probe's value at a time.
struct scenario_sample {
    const char *series;
    uint64_t time; // cycles
    double value;
};

// What the dashboard opens on: the returned table's `stage`.
struct scenario_stage {
    const char *workload; // NULL: the scenario has none
    const char *cpu;      // NULL: the default
    uint64_t n;           // 0: the default
    const char *arch[8];
    unsigned archs;
};

struct scenario_facts {
    const char *title;
    const struct scenario_said *said;
    size_t said_count;
    const struct scenario_question *questions;
    size_t question_count;
    const struct scenario_run *runs;
    size_t run_count;
    const struct scenario_table *tables;
    size_t table_count;
    const struct scenario_expectation *expectations;
    size_t expectation_count, failed;
    const struct scenario_sample *samples;
    size_t sample_count;
    const struct scenario_recording *recordings; // as they began, if limits asked for them
    size_t recording_count;
    struct scenario_stage stage;
};

enum scenario_status {
    SCENARIO_OK,
    SCENARIO_ERROR,     // a mistake in the script, or a bound was reached: err says file:line
    SCENARIO_BAD_ARG,   // --set names no argument of this script, or a wrong value
    SCENARIO_NO_MEMORY, // of ours
};

// `name` stands in messages ("file:line:"); `text` is source, never bytecode. Everything is borrowed until scenario_free. NULL: no memory.
struct scenario *scenario_create(const char *name, const char *text, size_t size,
                                 const struct scenario_host *host,
                                 const struct scenario_limits *limits, uint64_t seed);
// Reads the script without running its main(): title, lesson, stage, questions of the returned table.
enum scenario_status scenario_read(struct scenario *s, char *err, size_t err_size);
// All of it, once. scenario_read need not come before.
enum scenario_status scenario_perform(struct scenario *s, const struct scenario_arg *args,
                                      size_t count, char *err, size_t err_size);
void scenario_facts(const struct scenario *s, struct scenario_facts *out);
void scenario_free(struct scenario *s); // NULL is allowed

#endif
