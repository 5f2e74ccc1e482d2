// The arguments of a script: its args_spec, changed by --set. A wrong one is refused before the script has said or run anything.
#include "lua/impl.h"

#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 64 };

// "it has ept_huge, n" of the table at `spec`, in the order of pairs(), and a guess.
static void say_names(lua_State *L, int spec, const char *wrong, char *out, size_t size)
{
    const char *names[NAMES_MAX + 1] = {NULL};
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, spec); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING || count == NAMES_MAX) {
            continue;
        }
        const char *name = lua_tostring(L, -2);
        size_t at = count++;
        for (; at > 0 && strcmp(names[at - 1], name) > 0; at--) {
            names[at] = names[at - 1];
        }
        names[at] = name;
    }
    char guess[80];
    size_t used =
        (size_t)snprintf(out, size, "%s; it has ", guess_text(wrong, names, guess, sizeof guess));
    for (size_t i = 0; i < count && used < size; i++) {
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "", names[i]);
    }
}

static void refuse(lua_State *L, const char *text)
{
    scenario_of(L)->exhausted = "argument";
    lua_pushstring(L, text); // of the command line, no line of the script is to blame
    lua_error(L);
}

// One --set on the table at `spec`. The kind of a default is the kind of its value.
static void set_one(lua_State *L, int spec, const struct scenario_arg *a)
{
    struct scenario *s = scenario_of(L);
    char text[600], names[400];
    lua_pushstring(L, a->key);
    int type = lua_rawget(L, spec);
    bool yes = strcmp(a->value, "true") == 0, good = true;
    if (type == LUA_TNIL) {
        say_names(L, spec, a->key, names, sizeof names);
        snprintf(text, sizeof text, "%s has no argument '%s'%s", s->name, a->key, names);
        refuse(L, text);
    }
    lua_pushstring(L, a->key);
    if (type == LUA_TNUMBER) {
        good = lua_stringtonumber(L, a->value) != 0;
    } else if (type == LUA_TBOOLEAN) {
        good = yes || strcmp(a->value, "false") == 0;
        lua_pushboolean(L, yes);
    } else {
        lua_pushstring(L, a->value);
    }
    if (!good) {
        snprintf(text, sizeof text, "argument '%s' of %s is a %s, which '%s' is not", a->key,
                 s->name, lua_typename(L, type), a->value);
        refuse(L, text);
    }
    lua_rawset(L, spec);
    lua_pop(L, 1);
}

static void set_all(lua_State *L, int spec)
{
    struct scenario *s = scenario_of(L);
    luaL_checkstack(L, 10, NULL);
    for (size_t i = 0; i < s->arg_count; i++) {
        set_one(L, spec, &s->args[i]);
    }
    s->args_checked = true;
    say_rest(s);
}

static void refuse_all(lua_State *L)
{
    struct scenario *s = scenario_of(L);
    char text[600];
    snprintf(text, sizeof text,
             "%s takes no arguments, and so no '%s': it has no args_spec ('ringside explain "
             "args_spec')",
             s->name, s->args[0].key);
    refuse(L, text);
}

// __newindex of the globals.
static int new_global(lua_State *L)
{
    if (lua_type(L, 2) == LUA_TSTRING && lua_istable(L, 3) &&
        strcmp(lua_tostring(L, 2), "args_spec") == 0) {
        set_all(L, 3);
    }
    lua_settop(L, 3);
    lua_rawset(L, 1);
    return 0;
}

void args_watch(lua_State *L)
{
    lua_pushglobaltable(L);
    lua_newtable(L);
    lua_pushcfunction(L, new_global);
    lua_setfield(L, -2, "__newindex");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

void args_due(lua_State *L)
{
    struct scenario *s = scenario_of(L);
    // A script that mentions args_spec may yet return it with its table.
    if (s->performing && s->arg_count > 0 && !s->args_checked && !strstr(s->text, "args_spec")) {
        refuse_all(L);
    }
}

void args_push(lua_State *L)
{
    struct scenario *s = scenario_of(L);
    lua_newtable(L);
    int args = lua_gettop(L);
    bool has_spec = lua_getfield(L, LUA_REGISTRYINDEX, "args_spec") == LUA_TTABLE;
    for (lua_pushnil(L); has_spec && lua_next(L, args + 1); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_settable(L, args);
    }
    lua_settop(L, args);
    if (!has_spec && s->arg_count > 0) {
        refuse_all(L);
    }
    set_all(L, args);
}
