// The part of the API that holds a guest by the hand: a virtual machine that is run piece by piece, with actions at a time or on a condition, and probes.
#include "lua/impl.h"
#include "models/observe.h"
#include "sim/exit.h"

#include <stdlib.h>
#include <string.h>

// What is printed is looked at every so many instructions; exits, faults and times are met exactly.
enum { GRAIN = 64, ACTIONS_MAX = 64 };
static const char metatable[] = "ringside.machine";

enum action_kind {
    ACTION_AT,
    ACTION_EVERY,
    ACTION_EXIT,
    ACTION_FAULT,
    ACTION_COUNT,
    ACTION_CONSOLE
};
struct action {
    enum action_kind kind;
    unsigned what;        // exit reason or exception vector; EXIT_REASONS: any exit
    uint64_t next, every; // time, or count that was seen
    const char *text;     // console: what to wait for; probes: the series
    bool done;
    int function; // in the registry
};

struct live {
    struct vm *vm;               // NULL once it is closed
    struct recording *recording; // of it, or NULL
    struct observer *observer;   // pauses at exits and faults; the recording's if there is one
    struct request request;
    struct action actions[ACTIONS_MAX];
    unsigned action_count;
    bool inside; // an action runs: it must not run the machine
};

static struct live *check_machine(lua_State *L)
{
    struct live *m = luaL_checkudata(L, 1, metatable);
    if (!m->vm) {
        mistake(L, "the machine has been closed");
    }
    return m;
}

static uint64_t count_exits(const struct vm *vm, unsigned reason)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < machine_cpus(vm->m); i++) {
        const struct cpu_counters *c = machine_counters(vm->m, i);
        for (unsigned k = 0; k < EXIT_REASONS; k++) {
            sum += reason == EXIT_REASONS || reason == k ? c->exits[k] : 0;
        }
    }
    return sum;
}

static uint64_t count_faults(const struct vm *vm, unsigned vector)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < machine_cpus(vm->m); i++) {
        sum += machine_counters(vm->m, i)->exceptions[vector];
    }
    return sum;
}

static bool console_has(const struct vm *vm, const char *text)
{
    size_t size, n = strlen(text);
    const char *console = vm_console(vm, &size);
    for (size_t i = 0; i + n <= size; i++) {
        if (memcmp(console + i, text, n) == 0) {
            return true;
        }
    }
    return false;
}

static unsigned check_reason(lua_State *L, const char *name)
{
    for (unsigned k = 0; k < EXIT_REASONS; k++) {
        if (exit_name(k) && strcmp(exit_name(k), name) == 0) {
            return k;
        }
    }
    if (strcmp(name, "any") != 0) {
        mistake(L, "no exit reason '%s'; 'ringside list exits' names them all, and \"any\" is any",
                name);
    }
    return EXIT_REASONS;
}

// ---- actions ----------------------------------------------------------------------------------------

// Whether the action is due; remembers what it has seen.
static bool due(struct live *m, struct action *a)
{
    const struct vm *vm = m->vm;
    uint64_t now;
    switch (a->kind) {
    case ACTION_AT: a->done = machine_time(vm->m) >= a->next; return a->done;
    case ACTION_EVERY:
        if (machine_time(vm->m) < a->next) {
            return false;
        }
        a->next += (machine_time(vm->m) - a->next) / a->every * a->every + a->every;
        return true;
    case ACTION_EXIT:
    case ACTION_FAULT:
        now = a->kind == ACTION_EXIT ? count_exits(vm, a->what) : count_faults(vm, a->what);
        if (now == a->next) {
            return false;
        }
        a->next = now;
        return true;
    case ACTION_COUNT: a->done = count_exits(vm, a->what) >= a->next; return a->done;
    case ACTION_CONSOLE: a->done = console_has(vm, a->text); return a->done;
    }
    return false;
}

static void act(lua_State *L, struct live *m, struct action *a)
{
    struct scenario *s = scenario_of(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, a->function);
    lua_pushvalue(L, 1);
    m->inside = true;
    uint64_t time = machine_time(m->vm->m);
    int status = lua_pcall(L, 1, 1, 0);
    m->inside = false;
    if (status != LUA_OK) {
        lua_error(L);
    }
    if (a->kind == ACTION_EVERY && lua_isnumber(L, -1)) {
        struct scenario_sample *sample = list_add(L, &s->samples, sizeof *sample);
        *sample = (struct scenario_sample){a->text, time, lua_tonumber(L, -1)};
    }
    lua_pop(L, 1);
}

static void act_all(lua_State *L, struct live *m)
{
    for (unsigned i = 0; i < m->action_count; i++) {
        if (!m->actions[i].done && due(m, &m->actions[i])) {
            act(L, m, &m->actions[i]);
        }
    }
}

static struct action *add_action(lua_State *L, struct live *m, int function)
{
    luaL_checktype(L, function, LUA_TFUNCTION);
    if (m->action_count == ACTIONS_MAX) {
        mistake(L, "a machine has at most %d actions and probes", ACTIONS_MAX);
    }
    lua_pushvalue(L, function);
    struct action *a = &m->actions[m->action_count];
    *a = (struct action){.function = luaL_ref(L, LUA_REGISTRYINDEX)};
    m->action_count++;
    return a;
}

static uint64_t check_count(lua_State *L, int index, uint64_t least)
{
    lua_Integer value = luaL_checkinteger(L, index);
    if (value < 0 || (uint64_t)value < least) {
        mistake(L, "argument %d must be at least %llu", index - 1, (unsigned long long)least);
    }
    return (uint64_t)value;
}

// m:at(cycles, function)
static int at(lua_State *L)
{
    struct live *m = check_machine(L);
    uint64_t time = check_count(L, 2, 0);
    struct action *a = add_action(L, m, 3);
    a->kind = ACTION_AT;
    a->next = time;
    return 0;
}

// m:every(cycles, series, function): the function's number is a sample
static int every(lua_State *L)
{
    struct live *m = check_machine(L);
    uint64_t time = check_count(L, 2, 1);
    const char *series = luaL_checkstring(L, 3);
    const char *kept = keep_text(L, series, strlen(series));
    struct action *a = add_action(L, m, 4);
    a->kind = ACTION_EVERY;
    a->next = machine_time(m->vm->m) + time;
    a->every = time;
    a->text = kept;
    return 0;
}

// m:on("exit", "CPUID", f), m:on("fault", 14, f), m:on("exits", 1000, f), m:on("console", text, f)
static int on(lua_State *L)
{
    static const char *const kinds[] = {"exit", "fault", "exits", "console", NULL};
    struct live *m = check_machine(L);
    int kind = luaL_checkoption(L, 2, NULL, kinds);
    struct action a = {.what = EXIT_REASONS};
    if (kind == 0) {
        a.kind = ACTION_EXIT;
        a.what = check_reason(L, luaL_checkstring(L, 3));
        a.next = count_exits(m->vm, a.what);
    } else if (kind == 1) {
        uint64_t vector = check_count(L, 3, 0);
        if (vector > 31) {
            return mistake(L, "a fault is an exception vector from 0 to 31; a page fault is 14");
        }
        a.kind = ACTION_FAULT;
        a.what = (unsigned)vector;
        a.next = count_faults(m->vm, a.what);
    } else if (kind == 2) {
        a.kind = ACTION_COUNT;
        a.next = check_count(L, 3, 1);
    } else {
        const char *text = luaL_checkstring(L, 3);
        a.kind = ACTION_CONSOLE;
        a.text = keep_text(L, text, strlen(text));
    }
    struct action *added = add_action(L, m, 4);
    a.function = added->function;
    *added = a;
    return 0;
}

// ---- running ----------------------------------------------------------------------------------------

static const char *stop_text(enum stop_reason why)
{
    switch (why) {
    case STOP_POWEROFF: return "power-off";
    case STOP_DEADLOCK: return "deadlock";
    case STOP_TRIPLE_FAULT: return "triple fault";
    default: return "limit";
    }
}

// How far the machine may run before somebody has to look.
struct leap {
    uint64_t time, instructions;
    bool on_event; // not beyond an exit or an event either
};

static struct leap next_leap(const struct live *m, uint64_t time, const char *until)
{
    struct leap leap = {.time = time, .instructions = 1u << 20, .on_event = until != NULL};
    for (unsigned i = 0; i < m->action_count; i++) {
        const struct action *a = &m->actions[i];
        if (a->done) {
            continue;
        }
        switch (a->kind) {
        case ACTION_AT:
        case ACTION_EVERY: leap.time = a->next < leap.time ? a->next : leap.time; break;
        case ACTION_EXIT:
        case ACTION_FAULT:
        case ACTION_COUNT: leap.on_event = true; break;
        case ACTION_CONSOLE: leap.instructions = GRAIN; break;
        }
    }
    return leap;
}

// Runs for up to `instructions`, or until `time`; pushes what ended it.
static int advance(lua_State *L, struct live *m, uint64_t instructions, uint64_t time,
                   const char *until)
{
    struct scenario *s = scenario_of(L);
    uint64_t exits = 0;
    unsigned reason = EXIT_REASONS;
    if (until) {
        reason = check_reason(L, until);
        exits = count_exits(m->vm, reason);
    }
    if (m->inside) {
        return mistake(L, "an action cannot run its own machine; it may look, type and print");
    }
    for (;;) {
        const struct leap leap = next_leap(m, time, until);
        uint64_t n = instructions < leap.instructions ? instructions : leap.instructions;
        uint64_t before = observer_instructions(m->observer);
        m->observer->stop.on_event = leap.on_event;
        enum stop_reason why = vm_run(m->vm, leap.time, n);
        uint64_t done = observer_instructions(m->observer) - before;
        s->instructions += done;
        instructions -= done < instructions ? done : instructions;
        if (s->instructions >= s->instruction_limit) {
            s->exhausted = "instructions";
        }
        sandbox_charge(L, 2);
        act_all(L, m);
        if (why != STOP_LIMIT && why != STOP_NONE) {
            lua_pushstring(L, stop_text(why));
            return 1;
        }
        if (until && count_exits(m->vm, reason) != exits) {
            lua_pushstring(L, "exit");
            return 1;
        }
        if (instructions == 0 || machine_time(m->vm->m) >= time) {
            lua_pushstring(L, "limit");
            return 1;
        }
    }
}

static uint64_t goal_field(lua_State *L, const char *key, uint64_t otherwise)
{
    lua_getfield(L, 2, key);
    uint64_t value = otherwise;
    if (!lua_isnil(L, -1)) {
        lua_Integer given = luaL_checkinteger(L, -1);
        value = given > 0 ? (uint64_t)given : 0;
    }
    lua_pop(L, 1);
    return value;
}

// m:run { cycles =, instructions =, exit = }: what ended it: "power-off", "deadlock", "triple fault", "exit", "limit"
static int run_machine(lua_State *L)
{
    struct live *m = check_machine(L);
    uint64_t instructions = m->request.spec.instructions, until = UINT64_MAX;
    const char *exit = NULL;
    if (!lua_isnoneornil(L, 2)) {
        luaL_checktype(L, 2, LUA_TTABLE);
        uint64_t cycles = goal_field(L, "cycles", 0);
        until = cycles ? machine_time(m->vm->m) + cycles : UINT64_MAX;
        instructions = goal_field(L, "instructions", instructions);
        if (lua_getfield(L, 2, "exit") != LUA_TNIL) {
            exit = luaL_checkstring(L, -1);
        }
    }
    return advance(L, m, instructions, until, exit);
}

// m:step([n])
static int step(lua_State *L)
{
    struct live *m = check_machine(L);
    uint64_t n = lua_isnoneornil(L, 2) ? 1 : check_count(L, 2, 1);
    return advance(L, m, n, UINT64_MAX, NULL);
}

// ---- looking ----------------------------------------------------------------------------------------

static int get_time(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)machine_time(check_machine(L)->vm->m));
    return 1;
}

static int get_console(lua_State *L)
{
    size_t size;
    const char *text = vm_console(check_machine(L)->vm, &size);
    lua_pushlstring(L, text, size);
    return 1;
}

static int type_text(lua_State *L)
{
    size_t size;
    struct live *m = check_machine(L);
    const char *text = luaL_checklstring(L, 2, &size);
    devices_type(vm_devices(m->vm), text, size);
    return 0;
}

// m:result(): as rs.run's, as far as it has come
static int get_result(lua_State *L)
{
    struct live *m = check_machine(L);
    char err[256], why[256];
    struct scenario_run run = {.name = m->request.name,
                               .workload =
                                   m->request.workload ? m->request.workload->name : "program",
                               .cpu = m->request.spec.config.model->name,
                               .spec = m->request.spec,
                               .n = m->request.n,
                               .vary = ""};
    if (!run_collect(m->vm, &m->request.spec, &run.result, err, sizeof err)) {
        return mistake(L, "%s", err);
    }
    run.right = run_judge(&run.result, m->request.workload, m->request.n, NULL, why, sizeof why);
    run.why = why;
    // A Lua error on the way would lose the copy of the console: m:console() has it.
    free(run.result.console);
    run.result.console = NULL;
    run.result.console_size = 0;
    push_run(L, &run, 0);
    return 1;
}

// m:registers([cpu]): { pc, ring, flags, r = { [0..15] } }
static int get_registers(lua_State *L)
{
    struct live *m = check_machine(L);
    struct cpu_state state;
    lua_Integer cpu = luaL_optinteger(L, 2, 0);
    if (cpu < 0 || cpu >= (lua_Integer)machine_cpus(m->vm->m)) {
        return mistake(L, "there is no processor %lld", (long long)cpu);
    }
    vm_state(m->vm, (unsigned)cpu, &state);
    lua_newtable(L);
    const struct {
        const char *name;
        uint64_t value;
    } fields[] = {{"pc", state.pc},     {"ring", state.ring}, {"flags", state.flags},
                  {"ptbr", state.ptbr}, {"msw", state.msw},   {"halted", state.halted}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        lua_pushinteger(L, (lua_Integer)fields[i].value);
        lua_setfield(L, -2, fields[i].name);
    }
    for (unsigned i = 0; i < REG_COUNT; i++) {
        lua_pushinteger(L, (lua_Integer)state.r[i]);
        lua_rawseti(L, -2, (lua_Integer)i);
    }
    return 1;
}

// m:memory(address, [bytes]): a number from guest-physical memory, little endian; 1 to 8 bytes
static int get_memory(lua_State *L)
{
    struct live *m = check_machine(L);
    uint64_t value = 0, address = (uint64_t)luaL_checkinteger(L, 2);
    lua_Integer n = luaL_optinteger(L, 3, 8);
    uint8_t bytes[8];
    if (n < 1 || n > 8 || !vm_read(m->vm, address, bytes, (size_t)n)) {
        return mistake(L, "memory: 1 to 8 bytes of the guest's RAM");
    }
    for (lua_Integer i = n; i-- > 0;) {
        value = value << 8 | bytes[i];
    }
    lua_pushinteger(L, (lua_Integer)value);
    return 1;
}

static int close_machine(lua_State *L)
{
    struct live *m = luaL_checkudata(L, 1, metatable);
    if (m->vm && !m->inside) {
        if (m->recording) {
            recording_end(m->recording);
        } else {
            observer_free(m->observer);
        }
        vm_destroy(m->vm);
        m->vm = NULL;
    }
    return 0;
}

// rs.machine(guest)
static int create_machine(lua_State *L)
{
    char err[512];
    lua_settop(L, 1);
    struct live *m = lua_newuserdatauv(L, sizeof *m, 0);
    *m = (struct live){0};
    luaL_setmetatable(L, metatable);
    request_read(L, 1, NULL, NULL, &m->request);
    m->request.spec.command_line = m->request.command_line;
    sandbox_charge(L, 5000);
    m->vm = run_boot(&m->request.spec, err, sizeof err);
    if (!m->vm) {
        return mistake(L, "%s", err);
    }
    m->recording = request_record(L, &m->request);
    m->observer = m->recording ? recording_begin(m->recording, m->vm) : observer_attach(m->vm);
    if (!m->observer) {
        return luaL_error(L, "out of memory");
    }
    return 1;
}

void api_machine(lua_State *L)
{
    static const luaL_Reg methods[] = {{"run", run_machine},
                                       {"step", step},
                                       {"at", at},
                                       {"on", on},
                                       {"every", every},
                                       {"time", get_time},
                                       {"console", get_console},
                                       {"type", type_text},
                                       {"result", get_result},
                                       {"memory", get_memory},
                                       {"registers", get_registers},
                                       {"close", close_machine},
                                       {NULL, NULL}};
    luaL_newmetatable(L, metatable);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, close_machine);
    lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    lua_pushcfunction(L, create_machine);
    lua_setfield(L, -2, "machine");
}
