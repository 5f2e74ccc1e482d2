// Searching the lists of views, and where that goes.
#include "tui/dashboard_impl.h"

#include <stdio.h>
#include <string.h>

static const char *words(const struct dashboard *d, const char *english)
{
    return catalog_get(dashboard_words(d), english);
}

// The views with lists, as the messages name them.
static void say_views(struct dashboard *d, const char *message, bool filters)
{
    char names[MESSAGE_SIZE] = "";
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        if (filters ? views[v]->filters : views[v]->text != NULL) {
            size_t used = strlen(names);
            snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                     words(d, views[v]->tab));
        }
    }
    dashboard_say(d, words(d, message), names);
}

static void find_in_setup(struct dashboard *d)
{
    const char *about, *what;
    int lines = 0;
    while (setup_line((size_t)lines, &about)) {
        lines++;
    }
    for (int i = 1; i <= lines; i++) {
        int at = (d->setup_cursor + i) % lines;
        what = setup_line((size_t)at, &about);
        if (text_has(what, d->search) || text_has(words(d, about), d->search)) {
            d->setup_cursor = at;
            return;
        }
    }
    dashboard_say(d, words(d, "Nothing has the text '%s'."), d->search);
}

void dashboard_find_next(struct dashboard *d)
{
    if (d->overlay == OVERLAY_SETUP) {
        find_in_setup(d);
        return;
    }
    const struct view *view = views[d->view];
    int lines = view->text ? view->lines(&d->scene) : 0, from = d->scene.place[d->view].cursor;
    for (int i = 1; i <= lines; i++) {
        char text[4096];
        view->text(&d->scene, (from + i) % lines, text, sizeof text);
        if (text_has(text, d->search)) {
            dashboard_move_to(d, (from + i) % lines);
            return;
        }
    }
    dashboard_say(d, words(d, "Nothing has the text '%s'."), d->search);
}

bool dashboard_may_search(struct dashboard *d)
{
    if (d->overlay == OVERLAY_SETUP) {
        return true;
    }
    if (d->overlay == OVERLAY_TEXT || !views[d->view]->text) {
        say_views(d, TEXT("Nothing to search here; lists are in: %s."), false);
        return false;
    }
    return true;
}

bool dashboard_may_filter(struct dashboard *d)
{
    if (d->overlay != OVERLAY_NONE || !views[d->view]->filters) {
        say_views(d, TEXT("Nothing to leave out here; lists are in: %s."), true);
        return false;
    }
    return true;
}
