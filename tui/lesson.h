// A lesson: pages of text and questions, in the language of the class. Who runs scenarios makes it; the Lesson view shows it.
#ifndef RINGSIDE_TUI_LESSON_H
#define RINGSIDE_TUI_LESSON_H

#include <stdbool.h>
#include <stddef.h>

struct lesson_page {
    char *text;   // paragraphs divided by newlines
    char *answer; // NULL: the page is no question
    char *run;    // a command (as behind ':') that opens the page's scene, or NULL
};
enum { LESSON_PAGES_MAX = 64 };
struct lesson {
    char *title;
    struct lesson_page page[LESSON_PAGES_MAX];
    int pages;
};

// Texts are copied. False without memory or room.
bool lesson_add(struct lesson *lesson, const char *text, const char *answer, const char *run);
bool lesson_title(struct lesson *lesson, const char *title);
void lesson_free(struct lesson *lesson);

#endif
