// The part of the API that speaks to the class: paragraphs, questions and answers, expectations, tables.
#include "lua/impl.h"

#include <string.h>

enum { COLUMNS_MAX = 32, ROWS_MAX = 4096 };

static const char *check_text(lua_State *L, int index)
{
    size_t size;
    const char *text = luaL_checklstring(L, index, &size);
    return keep_paragraph(L, text, size);
}

// rs.lesson(title)
static int set_title(lua_State *L)
{
    say(L, SCENARIO_TITLE, check_text(L, 1));
    return 0;
}

// rs.text(paragraph)
static int add_text(lua_State *L)
{
    say(L, SCENARIO_LESSON, check_text(L, 1));
    return 0;
}

// rs.look(text): where to look in what was shown; rs.try(text): what to change next
static int add_look(lua_State *L)
{
    say(L, SCENARIO_LOOK, check_text(L, 1));
    return 0;
}
static int add_try(lua_State *L)
{
    say(L, SCENARIO_TRY, check_text(L, 1));
    return 0;
}

// rs.scene(commands): what the dashboard does before the page that follows; rs.see(text): what to see there
static int add_scene(lua_State *L)
{
    say(L, SCENARIO_SCENE, check_text(L, 1));
    return 0;
}
static int add_see(lua_State *L)
{
    say(L, SCENARIO_SEE, check_text(L, 1));
    return 0;
}

// rs.answer(text): to the last question; question:answer(text): to that one
static int give_answer(lua_State *L)
{
    struct scenario *s = scenario_of(L);
    size_t number = s->questions.count;
    bool method = lua_istable(L, 1);
    if (method) {
        lua_getfield(L, 1, "number");
        number = (size_t)lua_tointeger(L, -1);
    }
    const char *text = check_text(L, method ? 2 : 1);
    if (number < 1 || number > s->questions.count) {
        return mistake(L, "an answer belongs to a question; ask(text) comes first");
    }
    ((struct scenario_question *)s->questions.items)[number - 1].answer = text;
    say(L, SCENARIO_ANSWER, text);
    return 0;
}

// rs.ask(text) gives { number, prediction, answer = function }
static int ask(lua_State *L)
{
    struct scenario *s = scenario_of(L);
    char prediction[256] = "";
    const char *text = check_text(L, 1);
    struct scenario_question *q = list_add(L, &s->questions, sizeof *q);
    q->question = text;
    size_t number = s->questions.count;
    say(L, SCENARIO_QUESTION, text);
    lua_newtable(L);
    lua_pushinteger(L, (lua_Integer)number);
    lua_setfield(L, -2, "number");
    lua_pushcfunction(L, give_answer);
    lua_setfield(L, -2, "answer");
    if (s->host.predict && s->host.predict(s->host.ctx, prediction, sizeof prediction)) {
        const char *kept = keep_text(L, prediction, strlen(prediction));
        ((struct scenario_question *)s->questions.items)[number - 1].prediction = kept;
        lua_pushstring(L, kept);
        lua_setfield(L, -2, "prediction");
    }
    return 1;
}

// rs.expect(condition, text, ...): the text is a format as string.format's; gives the condition
static int expect(lua_State *L)
{
    struct scenario *s = scenario_of(L);
    luaL_checkany(L, 1);
    bool held = lua_toboolean(L, 1);
    const char *text = translated(s, check_text(L, 2));
    lua_Debug ar = {0};
    if (lua_getstack(L, 1, &ar)) {
        lua_getinfo(L, "l", &ar);
    }
    if (lua_gettop(L) > 2) {
        int arguments = lua_gettop(L) - 2;
        lua_pushstring(L, text);
        lua_getfield(L, -1, "format"); // strings know their functions
        lua_insert(L, 3);
        lua_insert(L, 4);
        lua_call(L, arguments + 1, 1);
        text = lua_tostring(L, -1);
    }
    text = keep_text(L, text, strlen(text));
    struct scenario_expectation *e = list_add(L, &s->expectations, sizeof *e);
    *e = (struct scenario_expectation){text, ar.currentline > 0 ? (unsigned)ar.currentline : 0,
                                       held};
    s->failed += !held;
    if (s->host.expected) {
        s->host.expected(s->host.ctx, held, text, e->line);
    }
    lua_pushboolean(L, held);
    return 1;
}

// The cell at the top of the stack as a kept text; taken off.
static const char *cell_text(lua_State *L, struct scenario *s)
{
    char number[64];
    const char *text;
    if (lua_isinteger(L, -1)) {
        snprintf(number, sizeof number, "%lld", (long long)lua_tointeger(L, -1));
        text = number;
    } else if (lua_type(L, -1) == LUA_TNUMBER) {
        snprintf(number, sizeof number, "%.3f", lua_tonumber(L, -1));
        text = number;
    } else if (lua_type(L, -1) == LUA_TSTRING) {
        text = translated(s, lua_tostring(L, -1));
    } else if (lua_isboolean(L, -1)) {
        text = translated(s, lua_toboolean(L, -1) ? "yes" : "no");
    } else {
        text = "-";
    }
    const char *kept = keep_text(L, text, strlen(text));
    lua_pop(L, 1);
    return kept;
}

// rs.table(title, { heading, ... }, { { cell, ... }, ... })
static int add_table(lua_State *L)
{
    struct scenario *s = scenario_of(L);
    const char *title = luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_checktype(L, 3, LUA_TTABLE);
    size_t columns = lua_rawlen(L, 2), rows = lua_rawlen(L, 3);
    if (columns < 1 || columns > COLUMNS_MAX || rows > ROWS_MAX) {
        return mistake(L, "a table has 1 to %d columns and up to %d rows", COLUMNS_MAX, ROWS_MAX);
    }
    sandbox_charge(L, columns * (rows + 1) * 4);
    // Kept as text is: aligned as its list's head, which is a pointer.
    size_t bytes = columns * (rows + 1) * sizeof(const char *);
    void *blank = memset(lua_newuserdatauv(L, bytes, 0), 0, bytes);
    const char **cells = (const char **)(uintptr_t)keep_text(L, blank, bytes);
    for (size_t r = 0; r <= rows; r++) {
        if (r == 0) {
            lua_pushvalue(L, 2);
        } else if (lua_rawgeti(L, 3, (lua_Integer)r) != LUA_TTABLE) {
            return mistake(L, "row %d of the table is not a list of cells", (int)r);
        }
        for (size_t c = 0; c < columns; c++) {
            lua_rawgeti(L, -1, (lua_Integer)c + 1);
            cells[r * columns + c] = cell_text(L, s);
        }
        lua_pop(L, 1);
    }
    const char *shown = translated(s, title);
    shown = keep_text(L, shown, strlen(shown));
    struct scenario_table *t = list_add(L, &s->tables, sizeof *t);
    *t = (struct scenario_table){shown, columns, rows, cells};
    if (s->host.table) {
        s->host.table(s->host.ctx, t);
    }
    return 0;
}

void api_lesson(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"lesson", set_title}, {"text", add_text},   {"ask", ask},         {"answer", give_answer},
        {"look", add_look},    {"try", add_try},     {"scene", add_scene}, {"see", add_see},
        {"expect", expect},    {"table", add_table}, {NULL, NULL}};
    luaL_setfuncs(L, functions, 0);
}
