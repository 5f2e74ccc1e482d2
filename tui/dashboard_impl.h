// What the files of the dashboard share, and nobody else sees.
#ifndef RINGSIDE_TUI_DASHBOARD_IMPL_H
#define RINGSIDE_TUI_DASHBOARD_IMPL_H

#include "tui/dashboard.h"

enum { MESSAGE_SIZE = 256, INPUT_SIZE = 160, SPEEDS = 14, SPEED_FULL = SPEEDS - 1 };

// What takes the keys, if not the view.
enum overlay { OVERLAY_NONE, OVERLAY_TEXT, OVERLAY_SETUP };

// A line being typed: behind ':' a command, behind '/' or '\' a text to find or to filter by.
struct input {
    char mark; // 0: none
    char text[INPUT_SIZE];
    size_t size;
};

struct dashboard {
    struct dashboard_config config;
    struct session *session;
    struct comparison *comparison;
    struct compare_view compare;
    struct snapshot snapshot;
    bool stale; // the snapshot is not where the session is
    struct session_break breaks[SNAP_BREAKS];

    struct scene scene;
    enum view_id view;
    bool korean, maximized, over, anew;
    bool running;      // on and on, at `speed`; else the session works towards a goal, or stands
    bool paced;        // running slower than full: by steps
    bool comparing;    // the Compare view runs
    int columns, rows; // of the screen that was drawn last
    int speed;
    uint64_t carry;    // of paced running: microseconds x instructions a second not yet used
    uint64_t last_run; // instructions when the last run began
    int until;         // breakpoint of ':until', taken away when met; -1: none

    enum overlay overlay;
    char *text, *title;         // OVERLAY_TEXT
    char explained[INPUT_SIZE]; // what the text explains; "": it is the help
    bool help_commands;         // of the help, commands stand before keys
    int text_scroll;
    int setup_cursor;
    struct input input;
    char search[INPUT_SIZE];
    char pending[INPUT_SIZE]; // commands that wait for the end of the one before
    char message[MESSAGE_SIZE];
};

static inline const struct catalog *dashboard_words(const struct dashboard *d)
{
    return d->korean ? d->config.korean : NULL;
}

// A message for the bottom line; English in, to be translated.
void dashboard_say(struct dashboard *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// An error that somebody below has put together, in the language that is spoken.
void dashboard_complain(struct dashboard *d, const char *err);
// Brings snapshot and scene up to date.
void dashboard_refresh(struct dashboard *d);
void dashboard_go(struct dashboard *d, struct session_goal goal);
void dashboard_stop(struct dashboard *d);
void dashboard_run(struct dashboard *d, bool full);
void dashboard_show_text(struct dashboard *d, const char *title, char *text); // takes the text
void dashboard_show_view(struct dashboard *d, enum view_id view);
bool dashboard_compare(struct dashboard *d, const char *list); // NULL: what was configured
void dashboard_explain(struct dashboard *d, const char *name);
void dashboard_show_help(struct dashboard *d, bool commands); // which come first then
void dashboard_speak(struct dashboard *d, bool korean);
bool dashboard_export(struct dashboard *d, const char *path);
uint64_t speed_value(int speed); // instructions a second; UINT64_MAX: full

// What keys and the mouse share (dispatch.c).
void dashboard_move_to(struct dashboard *d, int line);
void dashboard_move_by(struct dashboard *d, int by);
void dashboard_sideways(struct dashboard *d, int by);
void dashboard_enter(struct dashboard *d);
// The mouse at a column and row of the screen; the wheel, -1 up and 1 down (mouse.c).
void dashboard_click(struct dashboard *d, int x, int y);
void dashboard_wheel(struct dashboard *d, int by);
// Whether the view has something to search or leave out, else a message; to the next line with d->search (search.c).
bool dashboard_may_search(struct dashboard *d);
bool dashboard_may_filter(struct dashboard *d);
void dashboard_find_next(struct dashboard *d);

// One command. A list, divided by semicolons: each begins when the one before has come to its end.
void dashboard_command(struct dashboard *d, const char *line);
void dashboard_commands(struct dashboard *d, const char *list);
// The setup menu: line i as session_change takes it, NULL past the end; and what it is about.
const char *setup_line(size_t i, const char **about);
void setup_apply(struct dashboard *d);
void setup_open(struct dashboard *d);                  // at what runs now
bool setup_is_now(const struct snapshot *s, size_t i); // whether line i says what runs

#endif
