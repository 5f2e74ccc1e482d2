// Lessons as data.
#include "tui/lesson.h"

#include <stdlib.h>
#include <string.h>

static bool copy(char **to, const char *text)
{
    *to = text ? strdup(text) : NULL;
    return *to || !text;
}

bool lesson_add(struct lesson *lesson, const char *text, const char *answer, const char *run)
{
    if (lesson->pages == LESSON_PAGES_MAX) {
        return false;
    }
    struct lesson_page *page = &lesson->page[lesson->pages++];
    *page = (struct lesson_page){0};
    return copy(&page->text, text) && copy(&page->answer, answer) && copy(&page->run, run);
}

bool lesson_title(struct lesson *lesson, const char *title)
{
    free(lesson->title);
    return copy(&lesson->title, title);
}

void lesson_free(struct lesson *lesson)
{
    for (int i = 0; i < lesson->pages; i++) {
        free(lesson->page[i].text);
        free(lesson->page[i].answer);
        free(lesson->page[i].run);
    }
    free(lesson->title);
    *lesson = (struct lesson){0};
}
