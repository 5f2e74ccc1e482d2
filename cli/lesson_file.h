// Lessons as text files: those that are part of the program (scenarios/lessons/NAME.LANG.lesson), or a file of one's own.
#ifndef RINGSIDE_CLI_LESSON_FILE_H
#define RINGSIDE_CLI_LESSON_FILE_H

#include "cli/cli.h"
#include "tui/lesson.h"

enum { LESSON_VALUE_SIZE = 256 };

// What the lines before the first page ask for; "" where nothing is asked.
struct lesson_scene {
    char workload[LESSON_VALUE_SIZE], arch[LESSON_VALUE_SIZE], compare[LESSON_VALUE_SIZE];
};

// Whether `name` stands for a lesson: a built-in one, or a path that ends in ".lesson".
bool lesson_exists(const char *name);
// Reads it in a language; if a built-in one is not there in that language, *out stays empty. CLI_OK or another status after an
// error line; lesson_free in either case. `scene` may be NULL.
int lesson_read(const char *name, const char *lang, struct lesson *out, struct lesson_scene *scene);

#endif
