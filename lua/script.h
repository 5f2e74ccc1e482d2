// Scenarios: Lua scripts that run machines, in a sandbox. What a script asks for is done by its host, a struct of functions, so that nothing here
// knows of commands, files or terminals. docs/scenarios.md is the reference of what a script can say.
#ifndef RINGSIDE_LUA_SCRIPT_H
#define RINGSIDE_LUA_SCRIPT_H

#include "models/run.h"

// What a lesson's text is.
enum script_text {
    SCRIPT_TITLE,
    SCRIPT_PARAGRAPH,
    SCRIPT_QUESTION, // to the class, before the answer is shown
    SCRIPT_ANSWER,
    SCRIPT_LOOK, // where to look in what was shown
    SCRIPT_TRY,  // what to change next
};

// A workload of the toy OS on the bare machine and under some architectures.
struct script_compare {
    const char *workload, *cpu; // cpu NULL: the default
    uint64_t n;                 // its length; 0: its own default
    bool steady;                // without boot and warm-up
    bool exits;                 // show exits by reason, too
    const char *const *arch;
    size_t archs;
};

// A bare program, and where to run it.
struct script_program {
    const char *source, *arch, *cpu; // assembly; NULL: native; NULL: the default
    bool holes_closed;
};

// What came of it, in the order in which it was asked for. Belongs to the host, and lives as long as that.
struct script_run {
    const char *name; // of the architecture, as the script named it
    const struct run_result *result;
    uint64_t native; // cycles on the bare machine; 0: not measured
};
struct script_runs {
    const struct script_run *run;
    size_t count;
};

// Who runs the script. Functions that can fail give NULL or false, with one line in err: what; how to mend it.
struct script_host {
    void *self;
    void (*text)(void *self, enum script_text kind, const char *text);
    const char *(*translation)(void *self, const char *text); // in the class's language
    void (*expected)(void *self, bool holds, const char *text, int line);
    const struct script_runs *(*compare)(void *self, const struct script_compare *what, char *err,
                                         size_t err_size);
    const struct script_runs *(*program)(void *self, const struct script_program *what, char *err,
                                         size_t err_size);
    bool (*translate)(void *self, unsigned levels, unsigned ept_levels, unsigned *references,
                      char *err, size_t err_size);
    void (*show)(void *self, const struct script_runs *const *runs, size_t count);
};

enum {
    SCRIPT_MEMORY = 64 << 20,        // bytes that a script may hold
    SCRIPT_INSTRUCTIONS = 100000000, // Lua instructions that it may take
    SCRIPT_ERROR_SIZE = 512,
};

// Runs a script to its end; `name` is what its errors call it. False, with "name:line: what" in err, if it failed; what it had said before
// has been said.
bool script_execute(const char *name, const char *text, size_t size, const struct script_host *host,
                    char err[static SCRIPT_ERROR_SIZE]);

#endif
