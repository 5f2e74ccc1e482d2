// A guest as a script describes it: reads the table, runs the guest, and makes a table of what came of it.
#include "lua/impl.h"
#include "sim/exit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// The keys that a description may have; anything else is a slip of the pen, and said to be one.
static const char *const keys[] = {"arch",   "archs",        "workload", "n",      "cpu",
                                   "cpus",   "ram",          "levels",   "seed",   "holes",
                                   "steady", "set",          "limit",    "append", "program",
                                   "input",  "holes_closed", "exits",    "name",   NULL};

const char *category_text(unsigned category)
{
    static const char *const names[CYC_COUNT] = {
#define CYCLE(NAME, name, guest, doc) [CYC_##NAME] = name,
#include "sim/cycle.def"
#undef CYCLE
    };
    return names[category];
}

// ---- reading ----------------------------------------------------------------------------------------

static uint64_t number_field(lua_State *L, int index, const char *key, uint64_t otherwise,
                             uint64_t least, uint64_t most)
{
    int type = lua_getfield(L, index, key);
    int exact = 0;
    lua_Integer value = lua_tointegerx(L, -1, &exact);
    lua_pop(L, 1);
    if (type == LUA_TNIL) {
        return otherwise;
    }
    if (type != LUA_TNUMBER || !exact || value < 0 || (uint64_t)value < least ||
        (uint64_t)value > most) {
        mistake(L, "'%s' must be a whole number from %llu to %llu", key, (unsigned long long)least,
                (unsigned long long)most);
    }
    return (uint64_t)value;
}

// "64M", "1G" or a number of bytes.
static uint64_t size_field(lua_State *L, int index, const char *key, uint64_t otherwise)
{
    if (lua_getfield(L, index, key) == LUA_TSTRING) {
        char *end;
        unsigned long long value = strtoull(lua_tostring(L, -1), &end, 10);
        unsigned shift = *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
        if (!shift || (strcmp(end + 1, "") != 0 && strcmp(end + 1, "iB") != 0) || value > 4096) {
            mistake(L, "'%s' must be a size such as \"64M\" or \"1G\"", key);
        }
        lua_pop(L, 1);
        return (uint64_t)value << shift;
    }
    lua_pop(L, 1);
    return number_field(L, index, key, otherwise, 0, UINT64_C(1) << 36);
}

static const char *string_field(lua_State *L, int index, const char *key)
{
    const char *kept = NULL;
    int type = lua_getfield(L, index, key);
    if (type == LUA_TSTRING) {
        kept = keep_text(L, lua_tostring(L, -1), lua_rawlen(L, -1));
    } else if (type != LUA_TNIL) {
        mistake(L, "'%s' must be a text, not a %s", key, lua_typename(L, type));
    }
    lua_pop(L, 1);
    return kept;
}

static void check_keys(lua_State *L, int index)
{
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        bool known = false;
        for (size_t i = 0; lua_type(L, -2) == LUA_TSTRING && keys[i] && !known; i++) {
            known = strcmp(lua_tostring(L, -2), keys[i]) == 0;
        }
        if (!known) {
            char guess[80] = "";
            lua_pushvalue(L, -2);
            const char *key = lua_tostring(L, -1);
            mistake(
                L,
                "a guest has no '%s'%s; it has workload, program, n, arch, archs, cpu, cpus, ram, "
                "levels, seed, holes, holes_closed, steady, exits, set, append, input, limit, name",
                key ? key : "such key", key ? guess_text(key, keys, guess, sizeof guess) : "");
        }
    }
}

static bool include_program(void *ctx, const char *name, const char *from, struct asm_source *out,
                            char *err, size_t err_size)
{
    struct scenario *s = ctx;
    (void)from;
    if (s->host.program && s->host.program(s->host.ctx, name, out)) {
        return true;
    }
    snprintf(err, err_size, "no such file among the examples that are part of Ringside");
    return false;
}

// Source in the script (it has white space), or the name of an example.
static void read_program(lua_State *L, struct scenario *s, const char *text, struct run_spec *spec)
{
    struct asm_source source = {.name = "program", .text = text, .size = strlen(text)};
    if (!strpbrk(text, " \t\n") &&
        (!s->host.program || !s->host.program(s->host.ctx, text, &source))) {
        mistake(L,
                "no program '%s'; 'ringside list programs' names those there are, and source "
                "has white space",
                text);
    }
    if (s->program_count == sizeof s->programs / sizeof *s->programs) {
        mistake(L, "more than 16 programs in one scenario; assemble fewer");
    }
    struct asm_result *result = calloc(1, sizeof *result);
    if (!result) {
        luaL_error(L, "out of memory");
        abort();
    }
    s->programs[s->program_count++] = result;
    const struct asm_request request = {.source = source,
                                        .include = include_program,
                                        .include_ctx = s,
                                        .max_lines = 100000,
                                        .max_output = 16 << 20,
                                        .max_memory = 256 << 20};
    sandbox_charge(L, 1000 + source.size);
    if (!asm_assemble(&request, result)) {
        const struct asm_diagnostic *d = &result->diagnostics[0];
        mistake(L, "%s:%u:%u: %s", d->file, d->line, d->column, d->text);
    }
    spec->image = &result->image;
}

static void read_set(lua_State *L, int index, struct arch_config *arch)
{
    int type = lua_getfield(L, index, "set");
    if (type == LUA_TTABLE) {
        for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
            char err[256];
            // The key must not be converted in place, and the value need not be: copies.
            const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
            if (lua_isboolean(L, -1)) {
                lua_pushinteger(L, lua_toboolean(L, -1));
            } else {
                lua_pushvalue(L, -1);
            }
            const char *value = lua_tostring(L, -1);
            if (!arch_set(arch, key, value ? value : "", err, sizeof err)) {
                mistake(L, "%s", err);
            }
            lua_pop(L, 1);
        }
    } else if (type != LUA_TNIL) {
        mistake(L, "'set' must be a table of options, such as { vpid = 0 }");
    }
    lua_pop(L, 1);
}

static bool holes_closed(lua_State *L, int index)
{
    lua_getfield(L, index, "holes_closed");
    bool closed = lua_toboolean(L, -1);
    lua_pop(L, 1);
    if (lua_getfield(L, index, "holes") != LUA_TNIL) {
        const char *word = lua_tostring(L, -1);
        closed = word && strcmp(word, "closed") == 0;
        if (!closed && !(word && strcmp(word, "open") == 0)) {
            mistake(L, "'holes' is \"open\" or \"closed\"");
        }
    }
    lua_pop(L, 1);
    return closed;
}

static void no_workload(lua_State *L, const char *name)
{
    const char *names[64] = {NULL};
    char guess[80];
    size_t count;
    const struct toyos_workload *list = toyos_workloads(&count);
    for (size_t i = 0; i < count && i < 63; i++) {
        names[i] = list[i].name;
    }
    mistake(L, "no workload '%s'%s; 'ringside list workloads' names them all", name,
            guess_text(name, names, guess, sizeof guess));
}

// The guest's system: the toy OS with a workload, or a program on the bare processor.
static void read_guest(lua_State *L, struct scenario *s, int index, struct request *out)
{
    struct run_spec *spec = &out->spec;
    const char *workload = string_field(L, index, "workload");
    const char *program = string_field(L, index, "program");
    const char *append = string_field(L, index, "append");
    char err[256];
    if (!workload == !program) {
        mistake(L, "a guest runs either a 'workload' of the toy OS or a 'program'");
    }
    if (program) {
        read_program(L, s, program, spec);
        out->source = strpbrk(program, " \t\n") ? program : NULL;
        return;
    }
    out->workload = toyos_workload_find(workload);
    if (!out->workload) {
        no_workload(L, workload);
    }
    out->n = number_field(L, index, "n", out->workload->default_n, 0, out->workload->max_n);
    out->steady = lua_getfield(L, index, "steady") == LUA_TBOOLEAN && lua_toboolean(L, -1);
    lua_pop(L, 1);
    if (out->steady && out->n > out->workload->max_n / 2) {
        mistake(L, "a steady run takes twice the length; let n be at most %llu",
                (unsigned long long)out->workload->max_n / 2);
    }
    bool paravirt = arch_row(spec->arch.arch)->technique == TECHNIQUE_PARAVIRT;
    const struct toyos *os = s->host.os(s->host.ctx, paravirt, err, sizeof err);
    if (!os) {
        mistake(L, "%s", err);
    }
    spec->os = paravirt ? NULL : os;
    spec->os_paravirt = paravirt ? os : NULL;
    spec->workload = out->workload->name;
    out->append = append;
    if (snprintf(out->command_line, sizeof out->command_line, "workload=%s n=%" PRIu64 "%s%s",
                 out->workload->name, out->n, append ? " " : "",
                 append ? append : "") >= (int)sizeof out->command_line) {
        mistake(L, "'append' is too long");
    }
}

void request_read(lua_State *L, int index, const char *name, const char *arch, struct request *out)
{
    struct scenario *s = scenario_of(L);
    char err[512];
    index = lua_absindex(L, index);
    luaL_checktype(L, index, LUA_TTABLE);
    check_keys(L, index);
    *out = (struct request){.vary = ""};
    struct run_spec *spec = &out->spec;
    machine_config_default(&spec->config);
    const char *own = string_field(L, index, "arch");
    arch = arch ? arch : own ? own : "native";
    const char *called = string_field(L, index, "name");
    lua_getfield(L, index, "exits");
    out->exits = lua_toboolean(L, -1);
    lua_pop(L, 1);
    out->name = name ? name : called ? called : arch;
    if (!arch_parse(&spec->arch, arch, err, sizeof err)) {
        mistake(L, "%s", err);
    }
    const char *cpu = string_field(L, index, "cpu");
    spec->config.model = s->host.cpu(s->host.ctx, cpu ? cpu : "xeon", err, sizeof err);
    if (!spec->config.model) {
        mistake(L, "%s", err);
    }
    spec->config.cpus = (unsigned)number_field(L, index, "cpus", 1, 1, 64);
    bool bare = lua_getfield(L, index, "program") != LUA_TNIL; // small, so that it starts at once
    lua_pop(L, 1);
    spec->config.ram = size_field(L, index, "ram", bare ? UINT64_C(4) << 20 : TOYOS_RAM_DEFAULT);
    spec->config.levels = (unsigned)number_field(L, index, "levels", spec->config.levels, 2, 5);
    spec->config.seed = number_field(L, index, "seed", s->seed, 0, INT64_MAX);
    spec->config.holes_closed =
        holes_closed(L, index) || cpu_model_has(spec->config.model, CPU_FEATURE_HOLES_CLOSED);
    spec->instructions = number_field(L, index, "limit", UINT64_C(2000000000), 1, INT64_MAX);
    read_set(L, index, &spec->arch);
    if (!arch_valid(&spec->arch, spec->config.model, err, sizeof err)) {
        mistake(L, "%s", err);
    }
    read_guest(L, s, index, out);
    spec->input = string_field(L, index, "input");
    spec->input_size = spec->input ? strlen(spec->input) : 0;
}

// ---- running ----------------------------------------------------------------------------------------

struct recording *request_record(lua_State *L, const struct request *request)
{
    struct scenario *s = scenario_of(L);
    if (s->recorded == 0) {
        return NULL;
    }
    struct scenario_recording *r = list_add(L, &s->recordings, sizeof *r);
    r->name = request->name;
    r->workload = request->workload ? request->workload->name : "program";
    r->vary = request->vary ? request->vary : "";
    r->mhz = request->spec.config.model->mhz;
    r->recording = recording_create(s->recorded, s->recorded_from);
    if (!r->recording) {
        s->recordings.count--;
        luaL_error(L, "out of memory");
    }
    return r->recording;
}

static void run_once(lua_State *L, const struct request *request, uint64_t n,
                     struct recording *recording, struct run_result *result)
{
    struct scenario *s = scenario_of(L);
    char err[512], line[sizeof request->command_line + 24];
    struct run_spec spec = request->spec;
    const char *rest = request->workload ? strchr(request->command_line, '=') : NULL;
    rest = rest ? strstr(rest, " n=") + 3 : "";
    rest += strspn(rest, "0123456789");
    snprintf(line, sizeof line, "workload=%s n=%" PRIu64 "%s",
             request->workload ? request->workload->name : "", n, rest);
    spec.command_line = line;
    spec.recording = recording;
    uint64_t left = s->instruction_limit - s->instructions;
    spec.instructions = spec.instructions < left ? spec.instructions : left;
    if (!run_guest(&spec, result, err, sizeof err)) {
        mistake(L, "%s", err);
    }
    s->instructions += result->instructions;
    if (s->instructions >= s->instruction_limit) {
        s->exhausted = "instructions";
    }
}

size_t request_run(lua_State *L, const struct request *request, unsigned group,
                   const struct scenario_run *native)
{
    struct scenario *s = scenario_of(L);
    args_due(L);
    char why[512];
    struct run_result shorter;
    const struct run_result none = {0}, *held = native ? &native->result : NULL;
    struct run_result held_copy = held ? *held : none; // the list may move
    if (s->host.progress) {
        s->host.progress(s->host.ctx, ++s->runs_begun, request->name);
    }
    size_t place = s->runs.count;
    uint64_t n = request->n * (request->steady ? 2 : 1);
    uint64_t baseline = native ? native->result.cycles : 0;
    struct scenario_run *run = list_add(L, &s->runs, sizeof *run);
    run->group = group;
    run->name = request->name;
    run->vary = request->vary;
    run->workload = request->workload ? request->workload->name : "program";
    run->cpu = request->spec.config.model->name;
    run->spec = request->spec;
    run->append = request->append;
    run->source = request->source;
    run->n = request->n;
    run->steady = request->steady;
    run->exits = request->exits;
    run->why = "";
    struct run_result result;
    s->runs.count--; // it counts once it has run
    run_once(L, request, n, request_record(L, request), &result);
    ((struct scenario_run *)s->runs.items)[place].result = result;
    s->runs.count++;
    run = &((struct scenario_run *)s->runs.items)[place];
    run->right =
        run_judge(&run->result, request->workload, n, held ? &held_copy : NULL, why, sizeof why);
    if (run->result.stop.reason == STOP_LIMIT) {
        snprintf(why, sizeof why,
                 "not ended: limit (%" PRIu64 " instructions; it goes on at pc 0x%" PRIx64 ")",
                 run->result.instructions, run->result.stop.pc);
    }
    if (!run->right) {
        run->why = keep_text(L, why, strlen(why));
    }
    if (request->steady && run->result.stop.reason == STOP_POWEROFF) {
        run_once(L, request, request->n, NULL, &shorter);
        bool ok = run_subtract(&run->result, &shorter, why, sizeof why);
        run_result_free(&shorter);
        if (!ok) {
            mistake(L, "%s", why);
        }
    }
    run->baseline = baseline;
    sandbox_charge(L, 1000);
    return place;
}

// ---- describing -------------------------------------------------------------------------------------

static void set_count(lua_State *L, const char *key, uint64_t value)
{
    lua_pushinteger(L, value > INT64_MAX ? INT64_MAX : (lua_Integer)value);
    lua_setfield(L, -2, key);
}

static void set_hex(lua_State *L, const char *key, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "0x%016" PRIx64, value);
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}

static const char *stop_name(enum stop_reason reason)
{
    switch (reason) {
    case STOP_POWEROFF: return "power-off";
    case STOP_DEADLOCK: return "deadlock";
    case STOP_TRIPLE_FAULT: return "triple fault";
    case STOP_LIMIT: return "limit";
    default: return "none";
    }
}

static void push_counts(lua_State *L, const struct run_result *r)
{
    lua_newtable(L);
    know_names(L, NAMES_CATEGORY);
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        set_count(L, category_text(k), r->cycles_by[k]);
    }
    lua_setfield(L, -2, "cycles_by");
    lua_newtable(L);
    know_names(L, NAMES_EXIT);
    for (unsigned k = 0; k < EXIT_REASONS; k++) {
        if (r->exits[k]) {
            set_count(L, exit_name(k), r->exits[k]);
        }
    }
    lua_setfield(L, -2, "exits");
    lua_newtable(L);
    know_names(L, NAMES_HYPERCALL);
#define HYPERCALL(NAME, name, number, a, b, doc)         \
    if (r->stats.hypercalls[number]) {                   \
        set_count(L, name, r->stats.hypercalls[number]); \
    }
#include "models/paravirt/hypercall.def"
#undef HYPERCALL
    lua_setfield(L, -2, "hypercalls");
    lua_newtable(L);
    know_names(L, NAMES_STAT);
#define STAT(field) set_count(L, #field, r->stats.field);
#include "lua/stat.def"
#undef STAT
    lua_setfield(L, -2, "stat");
}

void push_run(lua_State *L, const struct scenario_run *run, size_t place)
{
    const struct run_result *r = &run->result;
    uint64_t hypercalls = 0;
    for (size_t i = 0; i < sizeof r->stats.hypercalls / sizeof *r->stats.hypercalls; i++) {
        hypercalls += r->stats.hypercalls[i];
    }
    lua_newtable(L);
    set_count(L, "run", place);
    lua_pushstring(L, run->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, arch_row(run->spec.arch.arch)->name);
    lua_setfield(L, -2, "arch");
    lua_pushstring(L, run->workload);
    lua_setfield(L, -2, "workload");
    set_count(L, "n", run->n);
    set_count(L, "cycles", r->cycles);
    set_count(L, "cycles_all", r->cycles_all);
    set_count(L, "instructions", r->instructions);
    set_count(L, "exit_count", r->exits_all);
    set_count(L, "hypercall_count", hypercalls);
    set_count(L, "tlb_misses", r->tlb_misses);
    set_count(L, "walk_refs", r->walk_refs);
    set_count(L, "exceptions", r->exceptions);
    set_count(L, "interrupts", r->interrupts);
    set_count(L, "syscalls", r->syscalls);
    set_count(L, "status", r->stop.status);
    lua_pushstring(L, stop_name(r->stop.reason));
    lua_setfield(L, -2, "stop");
    set_hex(L, "hash", r->state_hash);
    if (r->has_checksum) {
        set_hex(L, "checksum", r->checksum);
    }
    lua_pushlstring(L, r->console, r->console_size);
    lua_setfield(L, -2, "console");
    lua_pushboolean(L, run->right);
    lua_setfield(L, -2, "right");
    lua_pushstring(L, run->why);
    lua_setfield(L, -2, "why");
    lua_pushnumber(L, run->baseline ? (double)r->cycles / (double)run->baseline : 1.0);
    lua_setfield(L, -2, "slowdown");
    push_counts(L, r);
    know_names(L, NAMES_RESULT);
}
