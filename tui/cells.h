// The cell buffer: what a screen shows, as data. Views draw into it through a canvas; terminals, text and SVG are made from it, so that
// they are equal. A cell has a character and a role; colours belong to roles (role.def), and a screen has its own way to show them.
#ifndef RINGSIDE_TUI_CELLS_H
#define RINGSIDE_TUI_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum role {
#define ROLE(NAME, name, fg, bg, style, svg, svg_bg, doc) ROLE_##NAME,
#include "tui/role.def"
#undef ROLE
    ROLE_COUNT
};

// One column of one row. The right half of a wide character has width 0 and no character of its own.
struct cell {
    uint32_t code; // Unicode
    uint8_t width; // 1, 2, or 0
    uint8_t role;
};

struct cells {
    int columns, rows;
    struct cell *at; // rows x columns, owned
    int *line;       // of each row: the line of a list that is drawn there, and 1; 0: none
};

// All blank. False without memory, or for a size beyond 1000 x 500 (then there is nothing to free).
bool cells_init(struct cells *cells, int columns, int rows);
void cells_free(struct cells *cells);
void cells_clear(struct cells *cells);
static inline struct cell *cells_at(const struct cells *cells, int x, int y)
{
    return &cells->at[(size_t)y * (size_t)cells->columns + (size_t)x];
}

// ---- characters ------------------------------------------------------------------------------------

// Columns of a character: 2 for East Asian wide ones, 0 for combining marks and controls, else 1. From a table of our own: the C
// library's depends on the locale.
unsigned char_width(uint32_t code);
// The character at the start of text, which ends at a NUL; *text moves behind it. A byte that is not UTF-8 gives U+FFFD.
uint32_t char_next(const char **text);
// Encodes; returns the number of bytes (1 to 4), not terminated.
unsigned char_encode(char out[4], uint32_t code);
// What stands for a character where only ASCII is wanted.
char char_ascii(uint32_t code);
// Columns that a text takes.
int text_columns(const char *text);

// ---- drawing ---------------------------------------------------------------------------------------

struct rect {
    int x, y, w, h;
};

struct catalog;

// A window onto cells in which drawing is clipped; coordinates begin at its upper left corner.
struct canvas {
    struct cells *cells;
    struct rect area;            // in the cells
    bool ascii;                  // only ASCII: other characters are replaced
    const struct catalog *words; // translations, or NULL: English
};

// The part of a canvas inside `part` (which may stand out: it is clipped).
struct canvas canvas_part(const struct canvas *c, struct rect part);
static inline struct rect canvas_rect(const struct canvas *c)
{
    return (struct rect){0, 0, c->area.w, c->area.h};
}

// One character.
void canvas_char(const struct canvas *c, int x, int y, enum role role, uint32_t code);
// Text on one line; returns the column behind it (also where it was clipped). A wide character that does not fit is left out.
int canvas_put(const struct canvas *c, int x, int y, enum role role, const char *text);
int canvas_printf(const struct canvas *c, int x, int y, enum role role, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
// Ends at column `right` (exclusive); centred in [x, x + w).
void canvas_right(const struct canvas *c, int right, int y, enum role role, const char *text);
void canvas_centre(const struct canvas *c, int x, int w, int y, enum role role, const char *text);
// Text over several lines, broken at blanks and newlines. Returns the lines it takes, those below the area included. `skip`: lines to
// leave out at the top.
int canvas_wrap(const struct canvas *c, struct rect area, enum role role, const char *text,
                int skip);
void canvas_fill(const struct canvas *c, struct rect area, enum role role, uint32_t code);
void canvas_hline(const struct canvas *c, int x, int y, int w, enum role role);
// A frame with a title in its upper line (NULL: none).
void canvas_box(const struct canvas *c, struct rect area, enum role role, const char *title);
// A bar of part/whole over `w` columns; something is never shown as nothing.
void canvas_bar(const struct canvas *c, int x, int y, int w, enum role role, uint64_t part,
                uint64_t whole);
// part * scale / whole, rounded half up, for any counts; 0 if whole is 0.
uint64_t scale_part(uint64_t part, uint64_t whole, uint64_t scale);

// ---- elsewhere -------------------------------------------------------------------------------------

// The buffer as lines of text, blanks at their ends left out; as one SVG picture. Owned by the caller, NULL without memory.
char *cells_text(const struct cells *cells);
char *cells_svg(const struct cells *cells, const char *title);

#endif
