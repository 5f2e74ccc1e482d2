// Views: each draws a scene into a canvas, and is a pure function of it. What changes a scene is the dashboard's affair (dashboard.h).
#ifndef RINGSIDE_TUI_VIEW_H
#define RINGSIDE_TUI_VIEW_H

#include "models/session.h"
#include "models/snapshot.h"
#include "sim/catalog.h"
#include "tui/cells.h"
#include "tui/lesson.h"

enum view_id {
#define VIEW(NAME, name, tab) VIEW_##NAME,
#include "tui/view.def"
#undef VIEW
    VIEW_COUNT
};

// Cycle categories by the names of cycle.def.
enum cycle_id {
#define CYCLE(NAME, name, guest, doc) CYCLE_##NAME,
#include "sim/cycle.def"
#undef CYCLE
    CYCLE_COUNT
};

// Where the user is in a view.
struct view_place {
    int cursor; // selected line
    int scroll; // first line shown
    int column; // sorted by; processor or lane
    int mode;   // which of its faces it shows
};

enum { FILTER_SIZE = 32, TIMELINE_ZOOMS = 40 };

// What is drawn: all of it, and nothing else.
struct scene {
    const struct snapshot *now;
    const struct compare_view *compare; // NULL: no comparison
    const struct lesson *lesson;        // NULL: none
    const struct session_break *breaks; // set ones
    unsigned break_count;
    struct view_place place[VIEW_COUNT];
    char filter[FILTER_SIZE];    // only lines with this text; "" for all
    const struct catalog *words; // translations, for what lines say; NULL: English
    bool running;
    int zoom;      // of the timeline: the whole run divided by 2^zoom
    int64_t shift; // of the timeline: columns back from its end
};

struct view {
    enum view_id id;
    const char *tab; // English, to be translated
    void (*draw)(const struct canvas *c, const struct scene *scene);
    int (*lines)(const struct scene *scene); // that the cursor can be on; NULL: none
    // What line i says, to be searched; NULL: nothing to search.
    void (*text)(const struct scene *scene, int line, char *out, size_t size);
    bool filters; // it leaves out lines without scene.filter
    int modes;    // how many faces it has
    int columns;  // that it can be sorted by
};
extern const struct view *const views[VIEW_COUNT];
#define VIEW(NAME, name, tab) extern const struct view view_##name;
#include "tui/view.def"
#undef VIEW

// The exit reason that the cursor of the Exits view is on, or -1.
int exits_selected(const struct scene *scene);

// ---- shared by views (paint.c) ---------------------------------------------------------------------

// The text in the canvas's language.
static inline const char *say(const struct canvas *c, const char *english)
{
    return catalog_get(c->words, english);
}

enum { NUMBER_SIZE = 32 };
const char *number(char out[static NUMBER_SIZE], uint64_t value); // 1,234,567
const char *number_short(char out[static NUMBER_SIZE],
                         uint64_t value); // at most six columns: 1.23M
const char *percent(char out[static NUMBER_SIZE], uint64_t part, uint64_t whole); // 12.3 %
// A number that ends at column `right` (exclusive).
void put_number(const struct canvas *c, int right, int y, enum role role, uint64_t value);
void put_percent(const struct canvas *c, int right, int y, enum role role, uint64_t part,
                 uint64_t whole);
// One column per value, as high as its part of the highest.
void put_trend(const struct canvas *c, int x, int y, int w, enum role role, const uint32_t *values,
               int count);
// Row y shows that line of the view's list, where a click finds it. The selected one has its whole width in another role, and a mark for screens
// without colours.
void put_line(const struct canvas *c, int y, int line, bool selected);
// Whether a text has a part, small and large letters alike; "" is in all.
bool text_has(const char *text, const char *part);
// The story of the snapshot in the canvas's language.
void story_text_in(const struct canvas *c, const struct snapshot_story *story, char *out,
                   size_t size);
// First line of a list of `lines` such that `cursor` is among the `rows` shown.
int scroll_to(int scroll, int cursor, int lines, int rows);

const char *exit_reason_name(unsigned reason); // "CPUID"; "?" if there is none
const char *exit_reason_doc(unsigned reason);
const char *exit_reason_group(unsigned reason);
const char *cycle_name(unsigned category);

// How somebody who can have a processor, or a category, looks: its role, a letter, and a pattern.
struct look {
    enum role role;
    char letter;
    uint32_t pattern;
};
struct look who_look(enum snapshot_who who);
struct look cycle_look(unsigned category);
// Whose time a category is.
enum snapshot_who cycle_who(unsigned category);

#endif
