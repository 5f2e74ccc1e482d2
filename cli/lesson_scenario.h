// Lessons of the dashboard: a scenario in Lua, whose texts become pages and whose first comparison or run the guest; or what is known of a workload.
#ifndef RINGSIDE_CLI_LESSON_SCENARIO_H
#define RINGSIDE_CLI_LESSON_SCENARIO_H

#include "cli/run.h"
#include "models/session.h"
#include "tui/lesson.h"

enum { LESSON_ARCH_SIZE = 256 };

// The guest that a scenario shows first. What it borrows lives as long as the lesson.
struct lesson_scene {
    struct run_spec spec;        // config.model NULL: nothing has run; image NULL: the toy OS, with
    const char *workload;        // this (NULL: none)
    uint64_t n;                  // its length; 0: its own
    const char *append;          // or NULL
    const char *source;          // of a program that the script holds, or NULL
    char arch[LESSON_ARCH_SIZE]; // to begin with; "": none
    char compare[COMPARE_MAX][LESSON_ARCH_SIZE];
    unsigned lanes;
};

struct lesson_script {
    struct lesson english, korean; // the second has no pages if nothing is translated
    struct lesson_scene scene;
    struct run_world world;
    struct run_script script;
    struct scenario *scenario;
};

// Whether `name` stands for a scenario: one that is part of Ringside, or a path that ends in ".lua".
bool lesson_is_scenario(const char *name);
// Runs it, which takes a second or two, and makes its lesson. CLI_OK, or another status after an error line (a mistake in the script: its file:line);
// lesson_close in either case.
int lesson_from_scenario(const char *name, uint64_t seed, struct lesson_script *out);
// One page about a workload: what it does, and which scenarios use it. Likewise.
int lesson_from_workload(const struct toyos_workload *workload, struct lesson_script *out);
void lesson_close(struct lesson_script *lesson);

#endif
