// The part of the API that runs guests to their end: one, several beside the bare machine, scans over a parameter; and single page walks.
#include "lua/impl.h"
#include "sim/space.h"

#include <string.h>

enum { ARCHS_MAX = 32, VALUES_MAX = 64 };

// rs.run(guest)
static int run(lua_State *L)
{
    struct scenario *s = scenario_of(L);
    struct request *request = lua_newuserdatauv(L, sizeof *request, 0);
    request_read(L, 1, NULL, NULL, request);
    size_t at = request_run(L, request, ++s->groups, NULL);
    push_run(L, &((struct scenario_run *)s->runs.items)[at], at + 1);
    return 1;
}

// The result at the top of the stack becomes list[i] and list[name]; it is taken off.
static void put(lua_State *L, int list, lua_Integer i, const char *name)
{
    lua_pushvalue(L, -1);
    lua_rawseti(L, list, i);
    lua_setfield(L, list, name);
}

static const char *kept_string(lua_State *L, int index)
{
    return keep_text(L, lua_tostring(L, index), lua_rawlen(L, index));
}

// The entry at the top of the stack, number i of archs: "kvm", or { "name", "kvm,paging=shadow" }.
static void read_arch(lua_State *L, lua_Integer i, const char **name, const char **arch)
{
    if (lua_type(L, -1) == LUA_TSTRING) {
        *name = *arch = kept_string(L, -1);
    } else if (lua_istable(L, -1) && lua_rawgeti(L, -1, 1) == LUA_TSTRING &&
               lua_rawgeti(L, -2, 2) == LUA_TSTRING) {
        *name = kept_string(L, -2);
        *arch = kept_string(L, -1);
    } else {
        mistake(L, "entry %d of 'archs' must be an architecture, or { name, architecture }",
                (int)i);
    }
}

// Pushes the list of results of the guest at `guest` under all of its archs.
static void compare_guest(lua_State *L, int guest, const char *vary)
{
    struct scenario *s = scenario_of(L);
    unsigned group = ++s->groups;
    luaL_checkstack(L, 20, NULL);
    if (lua_getfield(L, guest, "archs") != LUA_TTABLE) {
        mistake(L, "compare needs 'archs', a list such as { \"kvm\", \"xen-pv\" }");
    }
    int archs = lua_gettop(L), list = archs + 1;
    lua_newtable(L);
    size_t count = lua_rawlen(L, archs);
    if (count < 1 || count > ARCHS_MAX) {
        mistake(L, "'archs' has 1 to %d entries", ARCHS_MAX);
    }
    struct request *request = lua_newuserdatauv(L, sizeof *request, 0);
    int keep = lua_gettop(L);
    request_read(L, guest, "native", "native", request);
    request->vary = vary;
    size_t native = request_run(L, request, group, NULL);
    ((struct scenario_run *)s->runs.items)[native].baseline =
        ((struct scenario_run *)s->runs.items)[native].result.cycles;
    push_run(L, &((struct scenario_run *)s->runs.items)[native], native + 1);
    put(L, list, 1, "native");
    lua_Integer place = 1;
    for (lua_Integer i = 1; i <= (lua_Integer)count; i++) {
        const char *name = "", *arch = "";
        lua_settop(L, keep);
        lua_rawgeti(L, archs, i);
        read_arch(L, i, &name, &arch);
        lua_settop(L, keep);
        if (strcmp(arch, "native") == 0) {
            continue; // always there
        }
        request_read(L, guest, name, arch, request);
        request->vary = vary;
        const struct scenario_run *base = &((struct scenario_run *)s->runs.items)[native];
        size_t at = request_run(L, request, group, base);
        push_run(L, &((struct scenario_run *)s->runs.items)[at], at + 1);
        put(L, list, ++place, name);
    }
    lua_settop(L, list);
    lua_remove(L, archs);
}

// rs.compare(guest)
static int compare(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    compare_guest(L, 1, "");
    return 1;
}

// A copy of the guest at index 1 with key = the value at the top of the stack (which stays); options of an architecture go into `set`.
static void push_variant(lua_State *L, const char *key)
{
    static const char *const own[] = {"workload", "n",    "cpu",     "cpus",  "ram", "levels",
                                      "seed",     "arch", "program", "holes", NULL};
    int value = lua_gettop(L);
    bool is_own = false;
    for (size_t i = 0; own[i] && !is_own; i++) {
        is_own = strcmp(own[i], key) == 0;
    }
    lua_newtable(L);
    int copy = value + 1;
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, copy);
    }
    if (is_own) {
        lua_pushvalue(L, value);
        lua_setfield(L, copy, key);
        return;
    }
    lua_newtable(L);
    if (lua_getfield(L, 1, "set") == LUA_TTABLE) {
        for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
            lua_pushvalue(L, -2);
            lua_pushvalue(L, -2);
            lua_rawset(L, copy + 1);
        }
    }
    lua_settop(L, copy + 1);
    lua_pushvalue(L, value);
    lua_setfield(L, copy + 1, key);
    lua_setfield(L, copy, "set");
}

// rs.scan(guest, key, { value, ... }): a list of results (or of lists of results, if the guest has archs), each with its `value`
static int scan(lua_State *L)
{
    struct scenario *s = scenario_of(L);
    char vary[128];
    luaL_checktype(L, 1, LUA_TTABLE);
    const char *key = luaL_checkstring(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    size_t count = lua_rawlen(L, 3);
    if (count < 1 || count > VALUES_MAX) {
        return mistake(L, "a scan has 1 to %d values", VALUES_MAX);
    }
    bool several = lua_getfield(L, 1, "archs") == LUA_TTABLE;
    lua_settop(L, 3);
    lua_newtable(L);
    for (lua_Integer i = 1; i <= (lua_Integer)count; i++) {
        lua_settop(L, 4);
        lua_rawgeti(L, 3, i);
        lua_pushvalue(L, -1);
        const char *text = lua_tostring(L, -1);
        snprintf(vary, sizeof vary, "%s=%s", key, text ? text : "?");
        lua_pop(L, 1);
        const char *kept = keep_text(L, vary, strlen(vary));
        push_variant(L, key); // value, variant
        if (several) {
            compare_guest(L, 6, kept);
        } else {
            struct request *request = lua_newuserdatauv(L, sizeof *request, 0);
            request_read(L, 6, NULL, NULL, request);
            request->vary = kept;
            size_t at = request_run(L, request, ++s->groups, NULL);
            push_run(L, &((struct scenario_run *)s->runs.items)[at], at + 1);
        }
        lua_pushvalue(L, 5);
        lua_setfield(L, -2, "value");
        lua_rawseti(L, 4, i);
    }
    lua_settop(L, 4);
    return 1;
}

// ---- showing results -----------------------------------------------------------------------------------

enum { SHOWN_MAX = 64 };
struct shown {
    const struct scenario_run *run[SHOWN_MAX];
    size_t count;
};

// A result, or a list of them, at the top of the stack. A list may hold its results by number only once: names are the same ones.
static void add_shown(lua_State *L, struct scenario *s, struct shown *shown)
{
    if (!lua_istable(L, -1)) {
        mistake(L, "show takes a title, and what run(), compare() and scan() give");
    }
    int type = lua_getfield(L, -1, "run");
    size_t place = (size_t)lua_tointeger(L, -1);
    lua_pop(L, 1);
    if (type == LUA_TNUMBER) {
        if (place < 1 || place > s->runs.count || shown->count == SHOWN_MAX) {
            mistake(L, "show takes up to %d results of run() and compare()", SHOWN_MAX);
        }
        shown->run[shown->count++] = &((const struct scenario_run *)s->runs.items)[place - 1];
        return;
    }
    luaL_checkstack(L, 8, "lists in lists");
    sandbox_charge(L, 10);
    for (lua_Integer i = 1; lua_rawgeti(L, -1, i) == LUA_TTABLE; i++, lua_pop(L, 1)) {
        add_shown(L, s, shown);
    }
    lua_pop(L, 1);
}

// rs.show([title,] results ...): beside each other; without results those of the last run() or compare()
static int show(lua_State *L)
{
    struct scenario *s = scenario_of(L);
    const struct scenario_run *runs = s->runs.items;
    const char *title = lua_type(L, 1) == LUA_TSTRING ? translated(s, lua_tostring(L, 1)) : "";
    int first = lua_type(L, 1) == LUA_TSTRING ? 2 : 1, last = lua_gettop(L);
    struct shown *shown = lua_newuserdatauv(L, sizeof *shown, 0);
    shown->count = 0;
    if (s->runs.count == 0) {
        return mistake(L, "show: nothing has run yet");
    }
    for (size_t i = 0; first > last && i < s->runs.count && shown->count < SHOWN_MAX; i++) {
        if (runs[i].group == runs[s->runs.count - 1].group) {
            shown->run[shown->count++] = &runs[i];
        }
    }
    for (int i = first; i <= last; i++) {
        luaL_checktype(L, i, LUA_TTABLE);
        lua_pushvalue(L, i);
        add_shown(L, s, shown);
        lua_pop(L, 1);
    }
    if (s->host.show && shown->count > 0) {
        s->host.show(s->host.ctx, title, shown->run, shown->count);
    }
    return 0;
}

// ---- a single walk -------------------------------------------------------------------------------------

static unsigned level_field(lua_State *L, const char *key, unsigned otherwise, unsigned least)
{
    int type = lua_getfield(L, 1, key);
    lua_Integer value = type == LUA_TNIL ? (lua_Integer)otherwise : lua_tointeger(L, -1);
    lua_pop(L, 1);
    if (value < least || value > 5) {
        mistake(L, "translate: '%s' is a number of levels from %u to 5", key, least);
    }
    return (unsigned)value;
}

static void push_steps(lua_State *L, const struct walk_log *log)
{
    lua_newtable(L);
    for (unsigned i = 0; i < log->count; i++) {
        const struct walk_step *step = &log->step[i];
        lua_newtable(L);
        lua_pushstring(L, step->dim == 0 ? "guest" : "nested");
        lua_setfield(L, -2, "table");
        lua_pushinteger(L, step->level);
        lua_setfield(L, -2, "level");
        lua_pushinteger(L, step->for_level);
        lua_setfield(L, -2, "for_level");
        lua_pushinteger(L, (lua_Integer)step->index);
        lua_setfield(L, -2, "index");
        lua_pushinteger(L, (lua_Integer)step->entry_addr);
        lua_setfield(L, -2, "address");
        lua_pushinteger(L, (lua_Integer)step->value);
        lua_setfield(L, -2, "value");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

// rs.translate { levels = 4, ept_levels = 4, ept_huge = false, address = 0x400123 }: { references, ok, steps }
static int translate(lua_State *L)
{
    char err[256];
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    unsigned levels = level_field(L, "levels", 4, 2), ept = level_field(L, "ept_levels", 0, 0);
    if (ept == 1) {
        return mistake(L, "translate: a nested table has 2 to 5 levels; 0: there is none");
    }
    lua_getfield(L, 1, "address");
    uint64_t address = lua_isinteger(L, -1) ? (uint64_t)lua_tointeger(L, -1) : 0x400123;
    lua_getfield(L, 1, "ept_huge");
    const struct space_config config = {.ram = UINT64_C(16) << 20,
                                        .dims = ept ? 2 : 1,
                                        .levels = {levels, ept},
                                        .back_huge = lua_toboolean(L, -1),
                                        .seed = scenario_of(L)->seed};
    struct space *space = lua_newuserdatauv(L, sizeof *space, 0);
    struct walk_log *log = lua_newuserdatauv(L, sizeof *log, 0);
    sandbox_charge(L, 2000);
    log->count = 0;
    if (!space_demo(space, &config, false, err, sizeof err)) {
        return mistake(L, "translate: %s", err);
    }
    struct walk_result result = walk(&space->mem, space->dim, space->dims, address,
                                     (struct walk_access){.user = true}, false, NULL, log);
    space_free(space);
    lua_newtable(L);
    lua_pushinteger(L, (lua_Integer)result.refs);
    lua_setfield(L, -2, "references");
    lua_pushboolean(L, result.status == WALK_OK);
    lua_setfield(L, -2, "ok");
    push_steps(L, log);
    lua_setfield(L, -2, "steps");
    return 1;
}

void api_run(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"run", run}, {"compare", compare}, {"scan", scan}, {"translate", translate}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
    lua_pushvalue(L, -1); // show() needs table()
    lua_pushcclosure(L, show, 1);
    lua_setfield(L, -2, "show");
}
