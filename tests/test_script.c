// Scripts in their sandbox: what they can reach, what stops them, and what an error says.
#include "lua/script.h"

#include "tests/test.h"

#include <string.h>

// A host that only notes what it is told.
struct notes {
    char text[512];
    unsigned held, failed;
    int line;
};

static void note_text(void *self, enum script_text kind, const char *text)
{
    struct notes *n = self;
    size_t used = strlen(n->text);
    snprintf(n->text + used, sizeof n->text - used, "%d:%s|", (int)kind, text);
}
static const char *translation(void *self, const char *text)
{
    (void)self;
    return strcmp(text, "%d of %s") == 0 ? "%d von %s" : text;
}
static void note_expected(void *self, bool holds, const char *text, int line)
{
    struct notes *n = self;
    n->held += holds;
    n->failed += !holds;
    n->line = line;
    note_text(self, SCRIPT_PARAGRAPH, text);
}
static const struct script_runs *no_compare(void *self, const struct script_compare *what,
                                            char *err, size_t err_size)
{
    (void)self;
    snprintf(err, err_size, "no %s here", what->workload);
    return NULL;
}

static bool play(const char *script, struct notes *n, char err[static SCRIPT_ERROR_SIZE])
{
    *n = (struct notes){.text = ""};
    const struct script_host host = {.self = n,
                                     .text = note_text,
                                     .translation = translation,
                                     .expected = note_expected,
                                     .compare = no_compare};
    err[0] = '\0';
    return script_execute("t.lua", script, strlen(script), &host, err);
}

static void texts_and_expectations(void)
{
    struct notes n;
    char err[SCRIPT_ERROR_SIZE];
    CHECK(play("lesson 'A'\ntext [[ two\n   words ]]\nask ''\n"
               "expect(1 == 1, '%d of %s', 3, 'four')\nexpect(nil, 'no')",
               &n, err));
    CHECK_STR(n.text, "0:A|1:two words|2:|1:3 von four|1:no|");
    CHECK_U64(n.held, 1);
    CHECK_U64(n.failed, 1);
    CHECK_U64((uint64_t)n.line, 6);
}

static void nothing_outside(void)
{
    static const char *const closed[] = {"io",      "os",       "debug",     "require",
                                         "package", "load",     "print",     "collectgarbage",
                                         "dofile",  "loadfile", "coroutine", "string.dump"};
    struct notes n;
    char err[SCRIPT_ERROR_SIZE], script[128];
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
        snprintf(script, sizeof script, "expect(%s == nil, '%s')", closed[i], closed[i]);
        CHECK(play(script, &n, err) && n.held == 1);
    }
    CHECK(!play("\033Lua", &n, err)); // bytecode
}

static void what_goes_wrong(void)
{
    static const struct {
        const char *script, *want; // a part of the error
    } bad[] = {
        {"x = = 1", "t.lua:1: unexpected symbol near '='"},
        {"\nexpect()", "t.lua:2: bad argument #1 to 'expect'"},
        {"while true do end", "t.lua:1: the script takes too long"},
        {"while true do pcall(function() while true do end end) end",
         "t.lua:1: the script takes too long"},
        {"local t = 'x'\nwhile true do t = t .. t end", "t.lua: not enough memory"},
        {"compare { workload = 'w' }", "t.lua:1: compare needs a workload and a table 'archs'"},
        {"compare { workload = 'w', arch = {} }", "t.lua:1: compare has no field 'arch'"},
        {"compare { workload = 'w', archs = { {} } }", "t.lua:1: 'archs' must hold texts"},
        {"compare { workload = 'w', n = -1, archs = {} }", "t.lua:1: 'n' must be a whole number"},
        {"compare { workload = 'w', archs = {} }", "t.lua:1: no w here"},
        {"run { program = 7 }", "t.lua:1: 'program' must be a text"},
        {"show {}", "t.lua:1: show takes what compare and run give"},
        {"error {}", "t.lua: an error that is not a text"},
    };
    struct notes n;
    char err[SCRIPT_ERROR_SIZE];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(!play(bad[i].script, &n, err));
        if (strncmp(err, bad[i].want, strlen(bad[i].want)) != 0) {
            FAIL("\"%s\" says \"%s\"", bad[i].script, err);
        }
    }
}

TEST_SUITE(script,
           {"texts are folded and translated, expectations counted", texts_and_expectations},
           {"files, modules and bytecode are out of reach", nothing_outside},
           {"a mistake, a loop and a hoard end with their place", what_goes_wrong});
