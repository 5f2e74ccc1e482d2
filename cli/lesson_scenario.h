// Scenarios in Lua as lessons of the dashboard: their texts as pages, their first comparison as what it opens on.
#ifndef RINGSIDE_CLI_LESSON_SCENARIO_H
#define RINGSIDE_CLI_LESSON_SCENARIO_H

#include "cli/lesson_file.h"

// Whether `name` stands for a scenario: one that is part of Ringside, or a path that ends in ".lua".
bool lesson_is_scenario(const char *name);
// Runs it, which takes a second or two, and makes its pages in English and Korean (`korean` stays empty if nothing is translated). CLI_OK, or another
// status after an error line (a mistake in the script: its file:line); lesson_free both in either case.
int lesson_from_scenario(const char *name, struct lesson *english, struct lesson *korean,
                         struct lesson_scene *scene);

#endif
