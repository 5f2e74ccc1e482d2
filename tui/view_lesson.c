// Lesson: the scenario's text, page by page; a question waits for the class before Enter shows its answer.
#include "tui/view.h"

#include <stdio.h>

static void draw_lesson(const struct canvas *c, const struct scene *scene)
{
    const struct lesson *lesson = scene->lesson;
    const struct view_place *place = &scene->place[VIEW_LESSON];
    if (!lesson || lesson->pages == 0) {
        canvas_wrap(c, (struct rect){1, 1, c->area.w - 2, 5}, ROLE_DIM,
                    say(c, "There is no lesson: 'ringside tui SCENARIO' opens one."), 0);
        return;
    }
    int at = place->cursor < lesson->pages ? place->cursor : lesson->pages - 1;
    const struct lesson_page *page = &lesson->page[at];
    int w = c->area.w > 84 ? 80 : c->area.w - 4, x = (c->area.w - w) / 2, y = 2;
    canvas_put(c, x, 0, ROLE_HEADING, lesson->title ? lesson->title : "");
    char count[32];
    snprintf(count, sizeof count, "%d/%d", at + 1, lesson->pages);
    canvas_right(c, x + w, 0, ROLE_DIM, count);
    canvas_hline(c, x, 1, w, ROLE_FRAME);
    if (page->answer) {
        canvas_put(c, x, y, ROLE_HERE, say(c, " A question "));
        y += 2;
    }
    y += canvas_wrap(c, (struct rect){x, y, w, c->area.h - y - 2}, ROLE_TEXT, page->text,
                     place->scroll);
    if (page->answer && place->mode == 1) {
        canvas_put(c, x, y + 1, ROLE_GOOD, say(c, "Answer"));
        canvas_wrap(c, (struct rect){x, y + 2, w, c->area.h - y - 4}, ROLE_TEXT, page->answer, 0);
    }
    const char *hint = page->answer && place->mode == 0 ? TEXT("Enter: the answer")
                       : at + 1 < lesson->pages         ? TEXT("Enter: on")
                                                        : TEXT("The end. 1 to 6 show what runs.");
    canvas_right(c, x + w, c->area.h - 1, ROLE_KEY, say(c, hint));
}

static int lines_of_lesson(const struct scene *scene)
{
    return scene->lesson ? scene->lesson->pages : 0;
}

// Not the answer: a search shall not tell where it is.
static void text_of_page(const struct scene *scene, int line, char *out, size_t size)
{
    snprintf(out, size, "%s", scene->lesson->page[line].text);
}

const struct view view_lesson = {.id = VIEW_LESSON,
                                 .tab = "Lesson",
                                 .draw = draw_lesson,
                                 .lines = lines_of_lesson,
                                 .text = text_of_page,
                                 .modes = 2};
