// A scenario's life: reads the script, calls its main, keeps what it found, and turns every way in which it can end into a status.
#include "lua/impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- memory -----------------------------------------------------------------------------------------

struct scenario *scenario_of(lua_State *L)
{
    return *(struct scenario **)lua_getextraspace(L);
}

const char *keep_text(lua_State *L, const char *text, size_t size)
{
    struct scenario *s = scenario_of(L);
    struct piece *p = malloc(sizeof *p + size + 1);
    if (!p) {
        luaL_error(L, "out of memory");
        abort(); // luaL_error does not return
    }
    p->next = s->pieces;
    s->pieces = p;
    char *kept = (char *)(p + 1);
    memcpy(kept, text, size);
    kept[size] = '\0';
    return kept;
}

const char *keep_paragraph(lua_State *L, const char *text, size_t size)
{
    char *kept = (char *)(uintptr_t)keep_text(L, text, size), *to = kept;
    for (const char *from = kept + strspn(kept, " \t\r\n"); *from;) {
        size_t word = strcspn(from, " \t\r\n"), blank = strspn(from + word, " \t\r\n");
        memmove(to, from, word);
        to += word;
        from += word + blank;
        if (*from) {
            *to++ = ' ';
        }
    }
    *to = '\0';
    return kept;
}

void say_rest(struct scenario *s)
{
    const struct scenario_said *said = s->said.items;
    while (s->told < s->said.count && (s->arg_count == 0 || s->args_checked)) {
        const struct scenario_said *next = &said[s->told++];
        if (s->performing && s->host.say && next->kind != SCENARIO_SCENE) {
            s->host.say(s->host.ctx, next->kind, translated(s, next->text));
        }
    }
}

void say(lua_State *L, enum scenario_text kind, const char *kept)
{
    struct scenario *s = scenario_of(L);
    struct scenario_said *said = list_add(L, &s->said, sizeof *said);
    *said = (struct scenario_said){kind, kept};
    if (kind == SCENARIO_TITLE) {
        s->title = kept;
    }
    args_due(L);
    say_rest(s);
}

void *list_add(lua_State *L, struct list *list, size_t item)
{
    sandbox_charge(L, 20); // also bounds how many there can be
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 16;
        void *items = realloc(list->items, room * item);
        if (!items) {
            luaL_error(L, "out of memory");
        }
        list->items = items;
        list->room = room;
    }
    void *added = (char *)list->items + list->count++ * item;
    memset(added, 0, item);
    return added;
}

const char *translated(struct scenario *s, const char *text)
{
    return s->host.translate ? s->host.translate(s->host.ctx, text) : text;
}

int mistake(lua_State *L, const char *format, ...)
{
    char text[600];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    // The line of the script that we were called from, at whatever depth of our own functions.
    lua_Debug ar;
    for (int level = 0; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.currentline > 0) {
            lua_pushfstring(L, "%s:%d: %s", ar.short_src, ar.currentline, text);
            return lua_error(L);
        }
    }
    return luaL_error(L, "%s", text);
}

// ---- life -------------------------------------------------------------------------------------------

struct scenario *scenario_create(const char *name, const char *text, size_t size,
                                 const struct scenario_host *host,
                                 const struct scenario_limits *limits, uint64_t seed)
{
    struct scenario *s = calloc(1, sizeof *s);
    if (!s) {
        return NULL;
    }
    const struct scenario_limits l = limits ? *limits : (struct scenario_limits){0};
    s->name = name;
    s->text = text;
    s->size = size;
    s->host = *host;
    s->seed = seed;
    prng_seed(&s->prng, seed);
    s->step_limit = l.steps ? l.steps : 20000000;
    s->memory_limit = l.memory ? l.memory : UINT64_C(64) << 20;
    s->allocate_limit = s->step_limit * 200;
    s->instruction_limit = l.instructions ? l.instructions : UINT64_C(20000000000);
    s->recorded = l.recorded;
    s->recorded_from = l.recorded_from;
    s->L = sandbox_open(s);
    if (!s->L) {
        free(s);
        return NULL;
    }
    return s;
}

void scenario_free(struct scenario *s)
{
    if (!s) {
        return;
    }
    lua_close(s->L);
    struct scenario_run *runs = s->runs.items;
    for (size_t i = 0; i < s->runs.count; i++) {
        run_result_free(&runs[i].result);
    }
    for (unsigned i = 0; i < s->program_count; i++) {
        asm_result_free(s->programs[i]);
        free(s->programs[i]);
    }
    const struct scenario_recording *recordings = s->recordings.items;
    for (size_t i = 0; i < s->recordings.count; i++) {
        recording_free(recordings[i].recording);
    }
    const struct list lists[] = {s->said,         s->questions, s->runs,      s->tables,
                                 s->expectations, s->samples,   s->recordings};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        free(lists[i].items);
    }
    while (s->pieces) {
        struct piece *p = s->pieces;
        s->pieces = p->next;
        free(p);
    }
    free(s);
}

void scenario_facts(const struct scenario *s, struct scenario_facts *out)
{
    *out = (struct scenario_facts){
        .title = s->title ? s->title : s->name,
        .said = s->said.items,
        .said_count = s->said.count,
        .questions = s->questions.items,
        .question_count = s->questions.count,
        .runs = s->runs.items,
        .run_count = s->runs.count,
        .tables = s->tables.items,
        .table_count = s->tables.count,
        .expectations = s->expectations.items,
        .expectation_count = s->expectations.count,
        .failed = s->failed,
        .samples = s->samples.items,
        .sample_count = s->samples.count,
        .recordings = s->recordings.items,
        .recording_count = s->recordings.count,
        .stage = s->stage,
    };
}

// ---- the returned table ------------------------------------------------------------------------------

static const char *text_field(lua_State *L, int index, const char *key)
{
    const char *kept = NULL;
    size_t size;
    int type = lua_getfield(L, index, key);
    if (type == LUA_TSTRING) {
        const char *text = lua_tolstring(L, -1, &size);
        kept = keep_text(L, text, size);
    } else if (type != LUA_TNIL) {
        mistake(L, "'%s' must be a text, not a %s", key, lua_typename(L, type));
    }
    lua_pop(L, 1);
    return kept;
}

static void read_lesson(lua_State *L, int index)
{
    int type = lua_getfield(L, index, "lesson");
    size_t size;
    if (type == LUA_TSTRING) {
        const char *text = lua_tolstring(L, -1, &size);
        say(L, SCENARIO_LESSON, keep_paragraph(L, text, size));
    } else if (type == LUA_TTABLE) {
        for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++, lua_pop(L, 1)) {
            const char *text = lua_tolstring(L, -1, &size);
            if (!text) {
                mistake(L, "paragraph %d of 'lesson' must be a text", (int)i);
            }
            say(L, SCENARIO_LESSON, keep_paragraph(L, text, size));
        }
        lua_pop(L, 1);
    } else if (type != LUA_TNIL && type != LUA_TFUNCTION) { // lesson() itself, among the globals
        mistake(L, "'lesson' must be a text or a list of texts, not a %s", lua_typename(L, type));
    }
    lua_pop(L, 1);
}

static void read_stage(lua_State *L, struct scenario *s, int index)
{
    if (lua_getfield(L, index, "stage") != LUA_TTABLE) {
        if (!lua_isnil(L, -1)) {
            mistake(L, "'stage' must be a table such as { workload = \"pgfault\", "
                       "archs = { \"kvm\" } }");
        }
        lua_pop(L, 1);
        return;
    }
    int stage = lua_gettop(L);
    s->stage.workload = text_field(L, stage, "workload");
    s->stage.cpu = text_field(L, stage, "cpu");
    if (!s->stage.workload || !toyos_workload_find(s->stage.workload)) {
        mistake(L, "'stage' needs a workload that there is; 'ringside list workloads' names them");
    }
    lua_getfield(L, stage, "n");
    s->stage.n =
        lua_isinteger(L, -1) && lua_tointeger(L, -1) > 0 ? (uint64_t)lua_tointeger(L, -1) : 0;
    lua_pop(L, 1);
    if (lua_getfield(L, stage, "archs") == LUA_TTABLE) {
        for (lua_Integer i = 1; lua_rawgeti(L, -1, i) == LUA_TSTRING; i++, lua_pop(L, 1)) {
            struct arch_config arch;
            char err[256];
            if (s->stage.archs == 8) {
                mistake(L, "'stage' has more than 8 architectures");
            }
            if (!arch_parse(&arch, lua_tostring(L, -1), err, sizeof err)) {
                mistake(L, "%s", err);
            }
            s->stage.arch[s->stage.archs++] = keep_text(L, lua_tostring(L, -1), lua_rawlen(L, -1));
        }
        lua_pop(L, 1);
    }
    lua_settop(L, stage - 1);
}

// ---- running the script -------------------------------------------------------------------------------

static int get_api(lua_State *L)
{
    lua_Integer version = luaL_checkinteger(L, 1);
    if (version != SCENARIO_API) {
        return mistake(L,
                       "this Ringside has version %d of the scenario API, not %lld; write "
                       "ringside.api(%d)",
                       SCENARIO_API, (long long)version, SCENARIO_API);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    return 1;
}

static void open_api(lua_State *L)
{
    lua_newtable(L); // ringside
    lua_newtable(L); // the functions
    api_lesson(L);
    api_run(L);
    api_machine(L);
    // Short scripts call them without further ado: each is a global as well, but for `table`, which is Lua's.
    lua_pushglobaltable(L);
    for (lua_pushnil(L); lua_next(L, -3); lua_pop(L, 1)) {
        if (strcmp(lua_tostring(L, -2), "table") != 0) {
            lua_pushvalue(L, -2);
            lua_pushvalue(L, -2);
            lua_rawset(L, -5);
        }
    }
    lua_pop(L, 1);
    lua_pushcclosure(L, get_api, 1);
    lua_setfield(L, -2, "api");
    lua_setglobal(L, "ringside");
}

// Leaves main() (or nil) and args_spec (or nil) in the registry.
static int read_script(lua_State *L)
{
    struct scenario *s = scenario_of(L);
    char chunk[512];
    snprintf(chunk, sizeof chunk, "@%s", s->name);
    open_api(L);
    if (luaL_loadbufferx(L, s->text, s->size, chunk, "t") != LUA_OK) {
        return lua_error(L);
    }
    args_watch(L);
    lua_call(L, 0, 1);
    bool returned = lua_istable(L, 1);
    if (!returned) { // main and args_spec are globals
        lua_settop(L, 0);
        lua_pushglobaltable(L);
    }
    lua_getfield(L, 1, "args_spec");
    lua_setfield(L, LUA_REGISTRYINDEX, "args_spec");
    if (s->performing) { // refuses what is wrong before anything is said
        args_push(L);
        lua_pop(L, 1);
    }
    if (returned) {
        const char *title = text_field(L, 1, "title");
        if (title) {
            say(L, SCENARIO_TITLE, keep_paragraph(L, title, strlen(title)));
        }
        read_lesson(L, 1);
        read_stage(L, s, 1);
    }
    int type = lua_getfield(L, 1, "main");
    if (type != LUA_TFUNCTION && type != LUA_TNIL) {
        mistake(L, "'main' must be a function, not a %s", lua_typename(L, type));
    }
    lua_setfield(L, LUA_REGISTRYINDEX, "main");
    return 0;
}

static int perform_script(lua_State *L)
{
    struct scenario *s = scenario_of(L);
    if (!s->read) {
        lua_pushcfunction(L, read_script);
        lua_call(L, 0, 0);
        s->read = true;
    }
    lua_getfield(L, LUA_REGISTRYINDEX, "main");
    args_push(L);
    if (!lua_isnil(L, 1)) {
        lua_call(L, 1, 0);
    }
    return 0;
}

// "file:line: what"; Lua calls a long name "[string ...]" only for strings, ours is a file.
static enum scenario_status finish(struct scenario *s, int status, char *err, size_t err_size)
{
    bool argument = s->exhausted && strcmp(s->exhausted, "argument") == 0;
    if (status == LUA_OK) {
        return SCENARIO_OK;
    }
    const char *text = lua_tostring(s->L, -1);
    if (status == LUA_ERRMEM) {
        snprintf(err, err_size,
                 "%s: the script holds more than its %llu MiB of memory; keep less, "
                 "or raise --memory",
                 s->name, (unsigned long long)(s->memory_limit >> 20));
    } else {
        snprintf(err, err_size, "%s", text ? text : "the script ended by error() without a text");
        guess_function(err, err_size);
    }
    lua_settop(s->L, 0);
    return argument ? SCENARIO_BAD_ARG : SCENARIO_ERROR;
}

static enum scenario_status call(struct scenario *s, lua_CFunction function, char *err,
                                 size_t err_size)
{
    lua_pushcfunction(s->L, function);
    return finish(s, lua_pcall(s->L, 0, 0, 0), err, err_size);
}

enum scenario_status scenario_read(struct scenario *s, char *err, size_t err_size)
{
    enum scenario_status status = call(s, read_script, err, err_size);
    s->read = status == SCENARIO_OK;
    return status;
}

enum scenario_status scenario_perform(struct scenario *s, const struct scenario_arg *args,
                                      size_t count, char *err, size_t err_size)
{
    s->args = args;
    s->arg_count = count;
    s->performing = true;
    enum scenario_status status = call(s, perform_script, err, err_size);
    const struct scenario_recording *recordings = s->recordings.items;
    for (size_t i = 0; i < s->recordings.count; i++) {
        recording_end(recordings[i].recording); // machines that the script left open
    }
    return status;
}
