// Running scenarios: the host of lua/script.h on the command line.
#ifndef RINGSIDE_CLI_SCENARIO_H
#define RINGSIDE_CLI_SCENARIO_H

#include "cli/lang.h"
#include "cli/table.h"
#include "lua/script.h"

// One thing that a script has run; the comparison or program that `runs` points into.
struct scenario_work;

struct scenario {
    const char *name;   // for errors: the path, or "scenarios/NAME.lua"
    struct style style; // of what is printed
    struct lang *lang;
    uint64_t seed;
    bool quiet;                 // only expectations that fail
    bool wait;                  // after a question, until Enter is typed
    struct scenario_work *work; // what has been run so far
    uint64_t held, failed;      // expectations
    bool begun;                 // something has been printed
    bool check_texts;           // say which texts have no translation
    uint64_t untranslated;
    char **used; // with check_texts: the texts that were looked up
    size_t used_count;
};

// The functions that a script of this scenario gets.
void scenario_host(struct scenario *s, struct script_host *host);
// Whether the script has said that text.
bool scenario_used(const struct scenario *s, const char *text);
// Frees what was run and kept.
void scenario_free(struct scenario *s);

#endif
