// The sandbox: which of Lua's own functions a script has, how much memory and time, and how its errors are told.
#include "lua/script.h"

#include "lua/impl.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// How much memory a state holds, so that it can be bounded.
struct budget {
    size_t used;
    uint64_t instructions;
};
enum { HOOK_EVERY = 10000 };

static void *allocate(void *context, void *old, size_t old_size, size_t size)
{
    struct budget *budget = context;
    size_t before = old ? old_size : 0; // else old_size says what kind of object it is
    if (size == 0) {
        budget->used -= before;
        free(old);
        return NULL;
    }
    if (size > before && size - before > SCRIPT_MEMORY - budget->used) {
        return NULL;
    }
    void *memory = realloc(old, size);
    if (memory) {
        budget->used = budget->used - before + size;
    }
    return memory;
}

static void count(lua_State *L, lua_Debug *where)
{
    void *context;
    lua_getallocf(L, &context);
    struct budget *budget = context;
    budget->instructions += HOOK_EVERY;
    if (budget->instructions >= SCRIPT_INSTRUCTIONS) {
        lua_sethook(L, count, LUA_MASKCOUNT, 1); // wherever pcall goes on, it comes again
        lua_getinfo(L, "Sl", where);
        luaL_error(L, "%s:%d: the script takes too long; is there a loop without end?",
                   where->short_src, where->currentline);
    }
}

// Files, modules, bytecode and other threads' stacks are not a script's business.
static void open_sandbox(lua_State *L)
{
    static const luaL_Reg libraries[] = {{"_G", luaopen_base},
                                         {LUA_TABLIBNAME, luaopen_table},
                                         {LUA_STRLIBNAME, luaopen_string},
                                         {LUA_MATHLIBNAME, luaopen_math},
                                         {LUA_UTF8LIBNAME, luaopen_utf8}};
    static const char *const removed[] = {"dofile",         "loadfile", "load",
                                          "collectgarbage", "print",    "warn"};
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        luaL_requiref(L, libraries[i].name, libraries[i].func, 1);
        lua_pop(L, 1);
    }
    for (size_t i = 0; i < sizeof removed / sizeof *removed; i++) {
        lua_pushnil(L);
        lua_setglobal(L, removed[i]);
    }
    lua_getglobal(L, LUA_STRLIBNAME);
    lua_pushnil(L);
    lua_setfield(L, -2, "dump");
    lua_pop(L, 1);
    // The same random numbers in every run.
    lua_getglobal(L, LUA_MATHLIBNAME);
    lua_getfield(L, -1, "randomseed");
    lua_pushinteger(L, 1);
    lua_call(L, 1, 0);
    lua_pop(L, 1);
}

struct job {
    const char *name, *text;
    size_t size;
    const struct script_host *host;
};

// Everything that may raise an error, under one protected call.
static int protected(lua_State *L)
{
    const struct job *job = lua_touserdata(L, 1);
    open_sandbox(L);
    api_open(L, job->host);
    lua_pushfstring(L, "@%s", job->name);
    if (luaL_loadbufferx(L, job->text, job->size, lua_tostring(L, -1), "t") != LUA_OK) {
        return lua_error(L);
    }
    lua_call(L, 0, 0);
    return 0;
}

bool script_execute(const char *name, const char *text, size_t size, const struct script_host *host,
                    char err[static SCRIPT_ERROR_SIZE])
{
    struct budget budget = {0};
    struct job job = {name, text, size, host};
    lua_State *L = lua_newstate(allocate, &budget);
    if (!L) {
        snprintf(err, SCRIPT_ERROR_SIZE, "%s: no memory to run it", name);
        return false;
    }
    lua_sethook(L, count, LUA_MASKCOUNT, HOOK_EVERY);
    lua_pushcfunction(L, protected);
    lua_pushlightuserdata(L, &job);
    bool ok = lua_pcall(L, 1, 0, 0) == LUA_OK;
    if (!ok) {
        const char *what = lua_tostring(L, -1);
        what = what ? what : "an error that is not a text";
        bool placed = strncmp(what, name, strlen(name)) == 0; // Lua's own shortage of memory is not
        snprintf(err, SCRIPT_ERROR_SIZE, "%s%s%s", placed ? "" : name, placed ? "" : ": ", what);
        err[strcspn(err, "\n")] = '\0';
    }
    lua_close(L);
    return ok;
}
