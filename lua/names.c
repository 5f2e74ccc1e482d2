// The names that results have: a slip of the pen must not read as 0, for then an expectation could hold by mistake.
#include "lua/impl.h"
#include "sim/exit.h"
#include "sim/nearest.h"

#include <stdio.h>
#include <string.h>

static const char *const result_names[] = {
    "run",        "name",         "arch",       "workload",        "n",          "cycles",
    "cycles_all", "instructions", "exit_count", "hypercall_count", "tlb_misses", "walk_refs",
    "exceptions", "interrupts",   "syscalls",   "status",          "stop",       "hash",
    "console",    "right",        "why",        "slowdown",        "cycles_by",  "exits",
    "hypercalls", "stat",
    "checksum", // only of programs that print one
    "value",    // only of scans
    NULL};
static const char *const category_names[] = {
#define CYCLE(NAME, name, guest, doc) name,
#include "sim/cycle.def"
#undef CYCLE
    NULL};
static const char *const exit_names[] = {
#define EXIT(NAME, name, number, group, doc) name,
#include "sim/exit.def"
#undef EXIT
    NULL};
static const char *const hypercall_names[] = {
#define HYPERCALL(NAME, name, number, a, b, doc) name,
#include "models/paravirt/hypercall.def"
#undef HYPERCALL
    NULL};
static const char *const stat_names[] = {
#define STAT(field) #field,
#include "lua/stat.def"
#undef STAT
    NULL};

static const struct {
    const char *const *names;
    const char *what, *where;
} known[] = {
    [NAMES_RESULT] = {result_names, "a result has no", "docs/scenarios.md names what it has"},
    [NAMES_CATEGORY] = {category_names, "there is no category of cycles", "'ringside list cycles'"},
    [NAMES_EXIT] = {exit_names, "there is no exit", "'ringside list exits'"},
    [NAMES_HYPERCALL] = {hypercall_names, "there is no hypercall", "'ringside list hypercalls'"},
    [NAMES_STAT] = {stat_names, "there is no count", "docs/scenarios.md names them"},
};

const char *guess_text(const char *word, const char *const *list, char *out, size_t size)
{
    const char *nearest = nearest_word(word, strlen(word), list);
    snprintf(out, size, "%s%s%s", nearest ? " (did you mean '" : "", nearest ? nearest : "",
             nearest ? "'?)" : "");
    return out;
}

// __index of a table with names: what is not in it, though it could be.
static int absent(lua_State *L)
{
    enum names kind = (enum names)lua_tointeger(L, lua_upvalueindex(1));
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : NULL;
    bool is = false;
    for (size_t i = 0; name && known[kind].names[i] && !is; i++) {
        is = strcmp(known[kind].names[i], name) == 0;
    }
    if (name && !is) {
        char guess[80];
        guess_text(name, known[kind].names, guess, sizeof guess);
        return mistake(L, "%s '%s'%s%s", known[kind].what, name, guess[0] ? guess : "; see ",
                       guess[0] ? "" : known[kind].where);
    }
    if (kind == NAMES_RESULT) {
        lua_pushnil(L);
    } else {
        lua_pushinteger(L, 0);
    }
    return 1;
}

void know_names(lua_State *L, enum names names)
{
    lua_newtable(L);
    lua_pushinteger(L, names);
    lua_pushcclosure(L, absent, 1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

void guess_function(char *message, size_t size)
{
    // "attempt to call a nil value (global 'lessn')"; of rs.lessn it says "field", of m:stepp "method".
    static const char *const functions[] = {
        "lesson", "text",  "ask",    "answer",   "look",     "try",       "scene", "see",
        "expect", "table", "run",    "compare",  "scan",     "translate", "show",  "machine",
        "print",  "pairs", "ipairs", "tostring", "tonumber", "require",   NULL};
    const char *at = strstr(message, "attempt to call a nil value (");
    const char *word = at ? strchr(at, '\'') : NULL, *end = word ? strchr(word + 1, '\'') : NULL;
    if (!end || strncmp(strchr(at, '('), "(method", 7) == 0) {
        return;
    }
    const char *nearest = nearest_word(word + 1, (size_t)(end - word) - 1, functions);
    size_t used = strlen(message);
    if (nearest) {
        snprintf(message + used, size - used, "; did you mean '%s'?", nearest);
    }
}
