// What a script can say: the lesson's texts, machines to run, tables to show, and expectations.
#include "lua/impl.h"

#include "sim/exit.h"

#include <lauxlib.h>
#include <lua.h>
#include <string.h>

static const struct script_host *host_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

static int line_of(lua_State *L)
{
    lua_Debug at;
    return lua_getstack(L, 1, &at) && lua_getinfo(L, "l", &at) ? at.currentline : 0;
}

// ---- texts ---------------------------------------------------------------------------------------

// The text at 1 with every run of white space as one blank: how the script breaks its lines is its own affair.
static const char *paragraph(lua_State *L)
{
    luaL_Buffer b;
    const char *text = luaL_checkstring(L, 1);
    luaL_buffinit(L, &b);
    for (bool begun = false; *text;) {
        size_t blank = strspn(text, " \t\r\n"), word = strcspn(text + blank, " \t\r\n");
        if (blank && begun && word) {
            luaL_addchar(&b, ' ');
        }
        luaL_addlstring(&b, text + blank, word);
        begun |= word > 0;
        text += blank + word;
    }
    luaL_pushresult(&b);
    return lua_tostring(L, -1);
}

static int say(lua_State *L, enum script_text kind)
{
    const struct script_host *host = host_of(L);
    host->text(host->self, kind, host->translation(host->self, paragraph(L)));
    return 0;
}

static int say_title(lua_State *L)
{
    return say(L, SCRIPT_TITLE);
}
static int say_text(lua_State *L)
{
    return say(L, SCRIPT_PARAGRAPH);
}
static int say_ask(lua_State *L)
{
    return say(L, SCRIPT_QUESTION);
}
static int say_answer(lua_State *L)
{
    return say(L, SCRIPT_ANSWER);
}
static int say_look(lua_State *L)
{
    return say(L, SCRIPT_LOOK);
}
static int say_try(lua_State *L)
{
    return say(L, SCRIPT_TRY);
}

// expect(condition, format, ...): the format is translated, then filled as string.format does.
static int expect(lua_State *L)
{
    const struct script_host *host = host_of(L);
    luaL_checkany(L, 1);
    const char *format = host->translation(host->self, luaL_checkstring(L, 2));
    int rest = lua_gettop(L) - 2;
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_getfield(L, -1, "string");
    lua_getfield(L, -1, "format");
    lua_pushstring(L, format);
    for (int i = 0; i < rest; i++) {
        lua_pushvalue(L, 3 + i);
    }
    lua_call(L, rest + 1, 1);
    host->expected(host->self, lua_toboolean(L, 1), lua_tostring(L, -1), line_of(L));
    return 0;
}

// ---- results -------------------------------------------------------------------------------------

static void set_count(lua_State *L, const char *field, uint64_t value)
{
    lua_pushinteger(L, (lua_Integer)value);
    lua_setfield(L, -2, field);
}

static int none(lua_State *L)
{
    lua_pushinteger(L, 0);
    return 1;
}

// A table of counts in which what did not occur is 0.
static void push_exits(lua_State *L, const struct run_result *r)
{
    lua_newtable(L);
    for (unsigned k = 0; k < EXIT_REASONS; k++) {
        if (exit_name(k) && r->exits[k]) {
            set_count(L, exit_name(k), r->exits[k]);
        }
    }
    lua_newtable(L);
    lua_pushcfunction(L, none);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

static const char *const categories[CYC_COUNT] = {
#define CYCLE(name, title, ...) [CYC_##name] = title,
#include "sim/cycle.def"
#undef CYCLE
};

static void push_result(lua_State *L, const struct script_runs *runs, const struct script_run *run)
{
    const struct run_result *r = run->result;
    lua_newtable(L);
    lua_pushlightuserdata(L, (void *)(uintptr_t)runs); // what show() shows
    lua_setfield(L, -2, "_runs");
    lua_pushstring(L, run->name);
    lua_setfield(L, -2, "name");
    set_count(L, "cycles", r->cycles);
    set_count(L, "instructions", r->instructions);
    set_count(L, "syscalls", r->syscalls);
    set_count(L, "exceptions", r->exceptions);
    set_count(L, "interrupts", r->interrupts);
    set_count(L, "tlb_misses", r->tlb_misses);
    set_count(L, "walk_refs", r->walk_refs);
    set_count(L, "exit_count", r->exits_all);
    if (run->native) {
        lua_pushnumber(L, (lua_Number)r->cycles / (lua_Number)run->native);
        lua_setfield(L, -2, "slowdown");
    }
    lua_pushlstring(L, r->console ? r->console : "", r->console_size);
    lua_setfield(L, -2, "console");
    push_exits(L, r);
    lua_setfield(L, -2, "exits");
    lua_newtable(L);
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        set_count(L, categories[k], r->cycles_by[k]);
    }
    lua_setfield(L, -2, "cycles_by");
}

// ---- machines ------------------------------------------------------------------------------------

// The field of the table at 1; a member that nobody knows is a mistake in the script.
static void check_fields(lua_State *L, const char *what, const char *const *known)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        bool found = false;
        for (size_t i = 0; known[i] && lua_type(L, -2) == LUA_TSTRING; i++) {
            found |= strcmp(known[i], lua_tostring(L, -2)) == 0;
        }
        if (!found) {
            lua_pushvalue(L, -2);
            luaL_error(L, "%s has no field '%s'; docs/scenarios.md lists them", what,
                       luaL_tolstring(L, -1, NULL));
        }
        lua_pop(L, 1);
    }
}

// Stays on the stack, so that the text lives until the function returns.
static const char *text_field(lua_State *L, const char *field, const char *if_absent)
{
    int type = lua_getfield(L, 1, field);
    if (type != LUA_TNIL && type != LUA_TSTRING) {
        luaL_error(L, "'%s' must be a text", field);
    }
    return type == LUA_TNIL ? if_absent : lua_tostring(L, -1);
}

static uint64_t number_field(lua_State *L, const char *field, lua_Integer most)
{
    int is_integer = 1;
    lua_Integer n = lua_getfield(L, 1, field) == LUA_TNIL ? 0 : lua_tointegerx(L, -1, &is_integer);
    if (!is_integer || n < 0 || n > most) {
        luaL_error(L, "'%s' must be a whole number from 0 to %I", field, (LUAI_UACINT)most);
    }
    lua_pop(L, 1);
    return (uint64_t)n;
}

static bool flag_field(lua_State *L, const char *field)
{
    lua_getfield(L, 1, field);
    bool flag = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return flag;
}

// compare{ workload =, archs = { ... }, n =, cpu =, steady =, exits = }: a table by architecture, and `native`.
static int compare(lua_State *L)
{
    enum { ARCHS_MAX = 32 };
    static const char *const fields[] = {"workload", "archs", "n", "cpu", "steady", "exits", NULL};
    const struct script_host *host = host_of(L);
    const char *archs[ARCHS_MAX];
    char err[SCRIPT_ERROR_SIZE];
    check_fields(L, "compare", fields);
    struct script_compare what = {.arch = archs};
    what.workload = text_field(L, "workload", NULL);
    what.cpu = text_field(L, "cpu", NULL);
    what.n = number_field(L, "n", 1000000000);
    what.steady = flag_field(L, "steady");
    what.exits = flag_field(L, "exits");
    if (!what.workload || lua_getfield(L, 1, "archs") != LUA_TTABLE) {
        return luaL_error(L, "compare needs a workload and a table 'archs'");
    }
    lua_Integer count = luaL_len(L, -1);
    luaL_checkstack(L, ARCHS_MAX, NULL);
    for (lua_Integer i = 1, list = lua_gettop(L); i <= count && i <= ARCHS_MAX; i++) {
        if (lua_geti(L, (int)list, i) != LUA_TSTRING) {
            return luaL_error(L, "'archs' must hold texts");
        }
        archs[what.archs++] = lua_tostring(L, -1);
    }
    const struct script_runs *runs = host->compare(host->self, &what, err, sizeof err);
    if (!runs) {
        return luaL_error(L, "%s", err);
    }
    lua_newtable(L);
    for (size_t i = 0; i < runs->count; i++) {
        push_result(L, runs, &runs->run[i]);
        lua_setfield(L, -2, runs->run[i].name);
    }
    lua_pushlightuserdata(L, (void *)(uintptr_t)runs);
    lua_setfield(L, -2, "_runs");
    return 1;
}

// run{ program =, arch =, cpu =, holes_closed = }: one result.
static int run(lua_State *L)
{
    static const char *const fields[] = {"program", "arch", "cpu", "holes_closed", NULL};
    const struct script_host *host = host_of(L);
    char err[SCRIPT_ERROR_SIZE];
    check_fields(L, "run", fields);
    struct script_program what = {.source = text_field(L, "program", NULL),
                                  .arch = text_field(L, "arch", "native"),
                                  .cpu = text_field(L, "cpu", NULL),
                                  .holes_closed = flag_field(L, "holes_closed")};
    if (!what.source) {
        return luaL_error(L, "run needs a program, in assembly");
    }
    const struct script_runs *runs = host->program(host->self, &what, err, sizeof err);
    if (!runs) {
        return luaL_error(L, "%s", err);
    }
    push_result(L, runs, runs->run);
    return 1;
}

// translate{ levels =, ept_levels = }: how many references one translation takes.
static int translate(lua_State *L)
{
    static const char *const fields[] = {"levels", "ept_levels", NULL};
    const struct script_host *host = host_of(L);
    char err[SCRIPT_ERROR_SIZE];
    unsigned references;
    check_fields(L, "translate", fields);
    unsigned levels = (unsigned)number_field(L, "levels", 5);
    unsigned ept_levels = (unsigned)number_field(L, "ept_levels", 5);
    if (!host->translate(host->self, levels ? levels : 4, ept_levels, &references, err,
                         sizeof err)) {
        return luaL_error(L, "%s", err);
    }
    lua_newtable(L);
    set_count(L, "references", references);
    return 1;
}

// show(...): a comparison, or results of programs beside each other.
static int show(lua_State *L)
{
    enum { SHOWN_MAX = 32 };
    const struct script_host *host = host_of(L);
    const struct script_runs *runs[SHOWN_MAX];
    size_t count = 0;
    for (int i = 1; i <= lua_gettop(L) && count < SHOWN_MAX; i++) {
        luaL_checktype(L, i, LUA_TTABLE);
        if (lua_getfield(L, i, "_runs") != LUA_TLIGHTUSERDATA) {
            return luaL_error(L, "show takes what compare and run give");
        }
        runs[count++] = lua_touserdata(L, -1);
        lua_pop(L, 1);
    }
    host->show(host->self, runs, count);
    return 0;
}

void api_open(lua_State *L, const struct script_host *host)
{
    static const luaL_Reg functions[] = {
        {"lesson", say_title}, {"text", say_text}, {"ask", say_ask},        {"answer", say_answer},
        {"look", say_look},    {"try", say_try},   {"expect", expect},      {"compare", compare},
        {"run", run},          {"show", show},     {"translate", translate}};
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        lua_pushlightuserdata(L, (void *)(uintptr_t)host);
        lua_pushcclosure(L, functions[i].func, 1);
        lua_setglobal(L, functions[i].name);
    }
    lua_pushinteger(L, 1);
    lua_setglobal(L, "API_VERSION");
}
