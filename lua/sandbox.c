// The sandbox: which of Lua's own functions a script may use, and bounds on memory and work. A bound that is reached stays reached: pcall cannot
// catch its way around it. No function works long inside the C library without its work being charged.
#include "lua/impl.h"

#include <lua5.4/lualib.h>
#include <stdlib.h>
#include <string.h>

enum { HOOK_EVERY = 1000, STRING_MAX = 1 << 20, UNIT = 64, PATTERN_WORK = 20000000 };

static void *allocate(void *ctx, void *old, size_t old_size, size_t new_size)
{
    struct scenario *s = ctx;
    old_size = old ? old_size : 0; // for a new object it is the kind
    if (new_size == 0) {
        s->memory -= old_size;
        free(old);
        return NULL;
    }
    // Shrinking never fails, as Lua demands.
    if (new_size > old_size) {
        if (s->memory - old_size + new_size > s->memory_limit) {
            return NULL;
        }
        s->allocated += new_size;
    }
    void *now = realloc(old, new_size);
    if (now) {
        s->memory = s->memory - old_size + new_size;
    }
    return now;
}

static void check(lua_State *L, struct scenario *s)
{
    if (!s->exhausted && s->steps > s->step_limit) {
        s->exhausted = "steps";
    }
    if (!s->exhausted && s->allocated > s->allocate_limit) {
        s->exhausted = "copying";
    }
    if (s->exhausted) {
        lua_sethook(L, lua_gethook(L), LUA_MASKCOUNT, 1);
        if (strcmp(s->exhausted, "copying") == 0) {
            mistake(L, "the script copies too much text or too many tables; build them once, or "
                       "raise --steps");
        }
        if (strcmp(s->exhausted, "instructions") == 0) {
            mistake(L, "the script's guests have executed all the instructions that they may; "
                       "shorten its runs, or raise --instructions");
        }
        mistake(L, "the script works for too long, in an endless loop perhaps; end it, or raise "
                   "--steps");
    }
}

static void hook(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    struct scenario *s = scenario_of(L);
    s->steps += s->exhausted ? 0 : HOOK_EVERY;
    check(L, s);
}

void sandbox_charge(lua_State *L, uint64_t n)
{
    struct scenario *s = scenario_of(L);
    s->steps += n;
    check(L, s);
}

// ---- functions that stand in for Lua's own -----------------------------------------------------------

static uint64_t units(size_t bytes)
{
    return 1 + bytes / UNIT;
}

// The original is the closure's first upvalue.
static int pass_on(lua_State *L)
{
    int n = lua_gettop(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, n, LUA_MULTRET);
    return lua_gettop(L);
}

// Matching backtracks: with k repetitions it can take about length^k steps.
static int match(lua_State *L)
{
    size_t text_size, pattern_size;
    luaL_checklstring(L, 1, &text_size);
    const char *pattern = luaL_checklstring(L, 2, &pattern_size);
    double work = (double)text_size + 1;
    double times = 1;
    for (size_t i = 0; i < pattern_size; i++) {
        times *= strchr("*+-?", pattern[i]) && pattern[i] ? (double)text_size + 1 : 1;
    }
    work = times > work ? times : work;
    if (work > PATTERN_WORK) {
        return luaL_error(L,
                          "this pattern could take too long on a text of %d bytes; use fewer of "
                          "* + - ?, or a shorter text",
                          (int)text_size);
    }
    sandbox_charge(L, units((size_t)work));
    return pass_on(L);
}

static int repeat(lua_State *L)
{
    size_t size, between = 0;
    luaL_checklstring(L, 1, &size);
    lua_Integer n = luaL_checkinteger(L, 2);
    luaL_optlstring(L, 3, "", &between);
    if (n > 0 && ((lua_Integer)(size + between) > STRING_MAX / n || n > STRING_MAX)) {
        return luaL_error(L, "string.rep would make more than 1 MiB; make less");
    }
    sandbox_charge(L, n > 0 ? units((size_t)n * (size + between + 1)) : 1);
    return pass_on(L);
}

// What runs over a table in C: no metamethods, and its length is work.
static int over_table(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    if (lua_getmetatable(L, 1)) {
        return luaL_error(L, "the table functions take plain tables, without a metatable");
    }
    sandbox_charge(L, units(lua_rawlen(L, 1) * 16));
    return pass_on(L);
}

static int compare_keys(lua_State *L, int a, int b)
{
    int ta = lua_type(L, a), tb = lua_type(L, b);
    if (ta != tb) {
        return ta == LUA_TNUMBER || (ta == LUA_TSTRING && tb == LUA_TBOOLEAN);
    }
    if (ta == LUA_TBOOLEAN) {
        return lua_toboolean(L, a) < lua_toboolean(L, b);
    }
    return lua_compare(L, a, b, LUA_OPLT);
}
static int key_before(lua_State *L)
{
    lua_pushboolean(L, compare_keys(L, 1, 2));
    return 1;
}

// The iterator of pairs: upvalues are the sorted keys and the place.
static int next_pair(lua_State *L)
{
    for (;;) {
        lua_Integer i = lua_tointeger(L, lua_upvalueindex(2)) + 1;
        lua_pushinteger(L, i);
        lua_replace(L, lua_upvalueindex(2));
        if (lua_rawgeti(L, lua_upvalueindex(1), i) == LUA_TNIL) {
            return 1;
        }
        lua_pushvalue(L, -1);
        if (lua_rawget(L, 1) != LUA_TNIL) {
            return 2;
        }
        lua_pop(L, 2); // taken out meanwhile
    }
}

// pairs() in the order of the keys: Lua's own order changes from run to run.
static int sorted_pairs(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1)); // table.sort
    lua_newtable(L);
    lua_Integer n = 0;
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        int type = lua_type(L, -2);
        if (type != LUA_TNUMBER && type != LUA_TSTRING && type != LUA_TBOOLEAN) {
            return luaL_error(L,
                              "pairs: a key is a %s, which has no order; use numbers, texts or "
                              "booleans as keys",
                              lua_typename(L, type));
        }
        lua_pushvalue(L, -2);
        lua_rawseti(L, 3, ++n);
    }
    sandbox_charge(L, (uint64_t)n + 1);
    lua_pushvalue(L, 3);
    lua_insert(L, 2); // keys, sort, keys
    lua_pushcfunction(L, key_before);
    lua_call(L, 2, 0);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_pair, 2);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

// math.random by the simulator's own generator.
static int random_number(lua_State *L)
{
    struct scenario *s = scenario_of(L);
    if (lua_gettop(L) == 0) {
        lua_pushnumber(L, (lua_Number)(prng_next(&s->prng) >> 11) * 0x1p-53);
        return 1;
    }
    lua_Integer high = luaL_checkinteger(L, lua_gettop(L) >= 2 ? 2 : 1);
    lua_Integer low = lua_gettop(L) >= 2 ? luaL_checkinteger(L, 1) : 1;
    luaL_argcheck(L, low <= high, lua_gettop(L), "the interval is empty");
    uint64_t span = (uint64_t)high - (uint64_t)low;
    uint64_t drawn = span == UINT64_MAX ? prng_next(&s->prng) : prng_below(&s->prng, span + 1);
    lua_pushinteger(L, (lua_Integer)((uint64_t)low + drawn));
    return 1;
}

// A value as text. Lua's own shows addresses, which change from run to run.
static void push_text(lua_State *L, int index)
{
    int type = lua_type(L, index);
    bool has_address = type == LUA_TTABLE || type == LUA_TFUNCTION || type == LUA_TUSERDATA;
    if (has_address && luaL_getmetafield(L, index, "__tostring") == LUA_TNIL) {
        lua_pushstring(L, lua_typename(L, type));
        return;
    }
    lua_pop(L, has_address);
    luaL_tolstring(L, index, NULL);
}

static int to_text(lua_State *L)
{
    luaL_checkany(L, 1);
    push_text(L, 1);
    return 1;
}

static int format(lua_State *L)
{
    size_t size;
    const char *form = luaL_checklstring(L, 1, &size);
    for (size_t i = 0; i + 1 < size; i++) {
        if (form[i] == '%') {
            i += 1 + strspn(form + i + 1, "-+ #0123456789.");
            if (form[i] == 'p') {
                return luaL_error(L, "%%p would show an address, which changes; leave it out");
            }
        }
    }
    for (int i = 2; i <= lua_gettop(L); i++) {
        if (lua_type(L, i) != LUA_TNUMBER && lua_type(L, i) != LUA_TSTRING) {
            push_text(L, i);
            lua_replace(L, i);
        }
    }
    sandbox_charge(L, units(size));
    return pass_on(L);
}

// No finalizers: they would run when memory is collected, with nobody counting their steps.
static int set_metatable(lua_State *L)
{
    if (lua_type(L, 2) == LUA_TTABLE && lua_getfield(L, 2, "__gc") != LUA_TNIL) {
        return luaL_error(L, "setmetatable: __gc is not to be had here; leave it out");
    }
    lua_settop(L, 2);
    return pass_on(L);
}

static int print(lua_State *L)
{
    struct scenario *s = scenario_of(L);
    luaL_Buffer b;
    int n = lua_gettop(L);
    luaL_buffinit(L, &b);
    for (int i = 1; i <= n; i++) {
        if (i > 1) {
            luaL_addchar(&b, '\t');
        }
        if (lua_type(L, i) == LUA_TSTRING) {
            lua_pushstring(L, translated(s, lua_tostring(L, i)));
        } else {
            push_text(L, i);
        }
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    if (s->host.say) {
        s->host.say(s->host.ctx, SCENARIO_PRINT, lua_tostring(L, -1));
    }
    sandbox_charge(L, 100);
    return 0;
}

// ---- what there is ---------------------------------------------------------------------------------

static void drop(lua_State *L, const char *const *names)
{
    for (; *names; names++) {
        lua_pushnil(L);
        lua_setfield(L, -2, *names);
    }
}

static void wrap(lua_State *L, lua_CFunction by, const char *const *names)
{
    for (; *names; names++) {
        lua_getfield(L, -1, *names);
        lua_pushcclosure(L, by, 1);
        lua_setfield(L, -2, *names);
    }
}

lua_State *sandbox_open(struct scenario *s)
{
    static const luaL_Reg libraries[] = {{LUA_GNAME, luaopen_base},
                                         {LUA_TABLIBNAME, luaopen_table},
                                         {LUA_STRLIBNAME, luaopen_string},
                                         {LUA_MATHLIBNAME, luaopen_math},
                                         {LUA_UTF8LIBNAME, luaopen_utf8}};
    lua_State *L = lua_newstate(allocate, s);
    if (!L) {
        return NULL;
    }
    *(struct scenario **)lua_getextraspace(L) = s;
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        luaL_requiref(L, libraries[i].name, libraries[i].func, 1);
        lua_pop(L, 1);
    }
    lua_getglobal(L, LUA_TABLIBNAME);
    lua_getfield(L, -1, "sort");
    lua_pushcclosure(L, sorted_pairs, 1);
    lua_setglobal(L, "pairs");
    wrap(L, over_table,
         (const char *const[]){"concat", "insert", "remove", "sort", "unpack", NULL});
    drop(L, (const char *const[]){"move", NULL});
    lua_getglobal(L, LUA_STRLIBNAME);
    wrap(L, match, (const char *const[]){"find", "match", "gmatch", "gsub", NULL});
    wrap(L, repeat, (const char *const[]){"rep", NULL});
    wrap(L, format, (const char *const[]){"format", NULL});
    drop(L, (const char *const[]){"dump", "pack", "unpack", "packsize", NULL});
    lua_getglobal(L, LUA_MATHLIBNAME);
    lua_pushcfunction(L, random_number);
    lua_setfield(L, -2, "random");
    drop(L, (const char *const[]){"randomseed", NULL});
    lua_pushglobaltable(L);
    drop(L, (const char *const[]){"dofile", "loadfile", "load", "collectgarbage", "next", "warn",
                                  "rawequal", "rawlen", "rawget", "rawset", "getmetatable", NULL});
    wrap(L, set_metatable, (const char *const[]){"setmetatable", NULL});
    lua_pushcfunction(L, print);
    lua_setfield(L, -2, "print");
    lua_pushcfunction(L, to_text);
    lua_setfield(L, -2, "tostring");
    lua_settop(L, 0);
    lua_sethook(L, hook, LUA_MASKCOUNT, HOOK_EVERY);
    return L;
}
