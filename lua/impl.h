// What the files of lua/ share: the scenario behind scenario.h, and the registration of the parts of the API.
#ifndef RINGSIDE_LUA_IMPL_H
#define RINGSIDE_LUA_IMPL_H

#include "lua/scenario.h"
#include "sim/prng.h"

#include <lua5.4/lauxlib.h>
#include <lua5.4/lua.h>

// Memory that lives as long as the scenario: pieces on a list.
struct piece {
    struct piece *next;
};

// A vector that grows; items of one size.
struct list {
    void *items;
    size_t count, room;
};

struct scenario {
    lua_State *L;
    const char *name, *text;
    size_t size;
    struct scenario_host host;
    uint64_t seed;
    struct prng prng; // math.random

    uint64_t memory, memory_limit;      // held now; may be held
    uint64_t allocated, allocate_limit; // in all: copying takes time, too
    uint64_t steps, step_limit;
    uint64_t instructions, instruction_limit; // of guests
    uint64_t recorded, recorded_from;         // as struct scenario_limits
    const char *exhausted;                    // which bound was reached, or NULL

    bool read, performing, args_checked;
    unsigned groups, runs_begun;
    size_t failed, told; // told: of `said`, what the host has said
    const char *title;
    struct list said, questions, runs, tables, expectations, samples, recordings;
    struct scenario_stage stage;
    const struct scenario_arg *args;
    size_t arg_count;
    struct piece *pieces;
    struct asm_result *programs[16]; // assembled in the script: kept for the run's life
    unsigned program_count;
};

// ---- life (scenario.c) -----------------------------------------------------------------------------
struct scenario *scenario_of(lua_State *L);
// Each raises a Lua error when memory is short.
const char *keep_text(lua_State *L, const char *text, size_t size);
void *list_add(lua_State *L, struct list *list, size_t item);
// A paragraph, kept: every run of white space is one blank, so that how a script breaks its lines is its own affair.
const char *keep_paragraph(lua_State *L, const char *text, size_t size);
// Notes that the text was said, and has the host say it if the scenario runs.
void say(lua_State *L, enum scenario_text kind, const char *kept);
// Has the host say what it has not said yet; while it is open whether the script has the arguments that --set names, that waits.
void say_rest(struct scenario *s);
// The same text in the reader's language.
const char *translated(struct scenario *s, const char *text);
// A mistake of the script at the line that called us: file:line: message.
int mistake(lua_State *L, const char *format, ...) __attribute__((format(printf, 2, 3)));

// ---- arguments (args.c) -----------------------------------------------------------------------------
// From now on args_spec, when the script sets that global, is changed by --set at once: a script without main() reads it there.
void args_watch(lua_State *L);
// The script is about to say or run something: what --set names has to be known by now.
void args_due(lua_State *L);
// Pushes the arguments for main(): args_spec's defaults, changed by --set.
void args_push(lua_State *L);

// ---- names (names.c) ---------------------------------------------------------------------------------
enum names { NAMES_RESULT, NAMES_CATEGORY, NAMES_EXIT, NAMES_HYPERCALL, NAMES_STAT };
// The table on top of the stack is one that knows its names: what it lacks is 0 (of a result: nil) if there is such a name, else a mistake.
void know_names(lua_State *L, enum names names);
// " (did you mean 'sieve'?)", or "" if nothing is near; `list` ends by NULL.
const char *guess_text(const char *word, const char *const *list, char *out, size_t size);
// Adds a guess to Lua's message about a function that there is not.
void guess_function(char *message, size_t size);

// ---- the sandbox (sandbox.c) -----------------------------------------------------------------------
lua_State *sandbox_open(struct scenario *s);
// `n` units of work of ours count as steps of the script's; raises an error at the limit.
void sandbox_charge(lua_State *L, uint64_t n);

// ---- the API: each adds its functions to the table on top of the stack ------------------------------
void api_lesson(lua_State *L);  // title, lesson, ask, expect, table
void api_run(lua_State *L);     // run, compare, scan, walk, list
void api_machine(lua_State *L); // machine

// ---- runs (spec.c) ----------------------------------------------------------------------------------
// What a table of the script asks for.
struct request {
    struct run_spec spec;
    const struct toyos_workload *workload; // NULL: a program
    const char *name, *vary, *append, *source;
    uint64_t n;
    bool steady, exits;
    char command_line[TOYOS_COMMAND_LINE_MAX + 1];
};
// Reads the table at `index` of the stack; `arch`: NULL, or the architecture instead of the table's.
void request_read(lua_State *L, int index, const char *name, const char *arch, struct request *out);
// A new recording of the request's guest on the scenario's list, or NULL if nothing is recorded.
struct recording *request_record(lua_State *L, const struct request *request);
// Runs it, judges it and pushes the result's table; `native`: what it is held to, or NULL. Returns its place in s->runs.
size_t request_run(lua_State *L, const struct request *request, unsigned group,
                   const struct scenario_run *native);
// Pushes the table that describes a run; `place`: its place in s->runs and 1, by which show() finds it, or 0.
void push_run(lua_State *L, const struct scenario_run *run, size_t place);
const char *category_text(unsigned category);

#endif
