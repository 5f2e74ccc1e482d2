// What clicks and the wheel do.
#include "tui/dashboard_impl.h"

enum { WHEEL = 3 };

// The line of a list at row y of the screen as it looks now, or -1.
static int line_at(struct dashboard *d, int y)
{
    struct cells cells;
    int line = -1;
    if (y >= 0 && y < d->rows && cells_init(&cells, d->columns, d->rows)) {
        dashboard_draw(d, &cells);
        line = cells.line[y] - 1;
        cells_free(&cells);
    }
    return line;
}

static void click_tab(struct dashboard *d, int x)
{
    int at = 0;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        int end = at + 4 + text_columns(catalog_get(dashboard_words(d), views[v]->tab));
        if (x >= at && x < end) {
            dashboard_show_view(d, (enum view_id)v);
        }
        at = end;
    }
}

// Selects; what is selected already is as if Enter had been pressed.
void dashboard_click(struct dashboard *d, int x, int y)
{
    int line = line_at(d, y);
    if (d->overlay == OVERLAY_TEXT || (d->overlay == OVERLAY_SETUP && line < 0)) {
        d->overlay = OVERLAY_NONE;
    } else if (d->overlay == OVERLAY_SETUP) {
        if (line == d->setup_cursor) {
            setup_apply(d);
        } else {
            d->setup_cursor = line;
        }
    } else if (y == 1 && !d->maximized) {
        click_tab(d, x);
    } else if (line >= 0) {
        if (line == d->scene.place[d->view].cursor) {
            dashboard_enter(d);
        } else {
            dashboard_move_to(d, line);
        }
    }
}

void dashboard_wheel(struct dashboard *d, int by)
{
    bool list =
        d->overlay == OVERLAY_TEXT || (d->overlay == OVERLAY_NONE && d->view != VIEW_LESSON);
    if (d->overlay == OVERLAY_NONE && d->view == VIEW_TIMELINE) {
        dashboard_sideways(d, by);
    } else {
        dashboard_move_by(d, list ? WHEEL * by : by);
    }
}
