// Frames for elsewhere: as text, equal to the screen, and as one SVG picture.
#include "tui/cells.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A text that grows. `failed` sticks.
struct growing {
    char *text;
    size_t used, size;
    bool failed;
};

static void grow(struct growing *g, const char *bytes, size_t n)
{
    if (g->used + n + 1 > g->size && !g->failed) {
        size_t size = 2 * (g->used + n + 1) + 1024;
        char *more = realloc(g->text, size);
        g->failed = !more;
        g->text = more ? more : g->text;
        g->size = more ? size : g->size;
    }
    if (!g->failed) {
        memcpy(g->text + g->used, bytes, n);
        g->used += n;
        g->text[g->used] = '\0';
    }
}

static void grow_text(struct growing *g, const char *text)
{
    grow(g, text, strlen(text));
}

static char *grown(struct growing *g)
{
    if (g->failed) {
        free(g->text);
        return NULL;
    }
    return g->text;
}

// The column behind the last one of row y that is not blank.
static int row_end(const struct cells *cells, int y)
{
    int end = cells->columns;
    while (end > 0 && cells_at(cells, end - 1, y)->code == ' ' &&
           cells_at(cells, end - 1, y)->width == 1) {
        end--;
    }
    return end;
}

char *cells_text(const struct cells *cells)
{
    struct growing g = {0};
    grow_text(&g, "");
    for (int y = 0; y < cells->rows; y++) {
        for (int x = 0, end = row_end(cells, y); x < end; x++) {
            const struct cell *cell = cells_at(cells, x, y);
            char bytes[4];
            if (cell->width > 0) {
                grow(&g, bytes, char_encode(bytes, cell->code));
            }
        }
        grow_text(&g, "\n");
    }
    return grown(&g);
}

// ---- SVG -------------------------------------------------------------------------------------------

enum { CELL_W = 9, CELL_H = 19, MARGIN = 10, BASELINE = 14 };

static const struct {
    const char *fg, *bg;
} svg_role[ROLE_COUNT] = {
#define ROLE(NAME, name, fg, bg, style, svg, svg_bg, doc) {svg, svg_bg},
#include "tui/role.def"
#undef ROLE
};

static void svg_char(struct growing *g, uint32_t code)
{
    char bytes[4];
    switch (code) {
    case '<': grow_text(g, "&lt;"); break;
    case '>': grow_text(g, "&gt;"); break;
    case '&': grow_text(g, "&amp;"); break;
    default: grow(g, bytes, char_encode(bytes, code));
    }
}

// Cells of one role from column x on, as a rectangle behind and a text before. Each text is given its length, so that
// columns line up in whatever font there is. Returns the column behind.
static int svg_run(struct growing *g, const struct cells *cells, int x, int y)
{
    unsigned role = cells_at(cells, x, y)->role;
    int end = x, last = x;
    for (; end < cells->columns && cells_at(cells, end, y)->role == role; end++) {
        last = cells_at(cells, end, y)->code != ' ' ? end + 1 : last;
    }
    char tag[256];
    if (strcmp(svg_role[role].bg, svg_role[ROLE_TEXT].bg) != 0) {
        snprintf(tag, sizeof tag, "<rect x='%d' y='%d' width='%d' height='%d' fill='%s'/>\n",
                 MARGIN + x * CELL_W, MARGIN + y * CELL_H, (end - x) * CELL_W, CELL_H,
                 svg_role[role].bg);
        grow_text(g, tag);
    }
    while (x < last && cells_at(cells, x, y)->code == ' ') {
        x++;
    }
    if (x < last) {
        snprintf(tag, sizeof tag,
                 "<text x='%d' y='%d' fill='%s' textLength='%d' lengthAdjust='spacingAndGlyphs'>",
                 MARGIN + x * CELL_W, MARGIN + y * CELL_H + BASELINE, svg_role[role].fg,
                 (last - x) * CELL_W);
        grow_text(g, tag);
        for (; x < last; x++) {
            if (cells_at(cells, x, y)->width > 0) {
                svg_char(g, cells_at(cells, x, y)->code);
            }
        }
        grow_text(g, "</text>\n");
    }
    return end;
}

char *cells_svg(const struct cells *cells, const char *title)
{
    struct growing g = {0};
    char head[512];
    int width = 2 * MARGIN + cells->columns * CELL_W, height = 2 * MARGIN + cells->rows * CELL_H;
    snprintf(head, sizeof head,
             "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' viewBox='0 0 %d %d' "
             "xml:space='preserve' font-family='DejaVu Sans Mono, Menlo, Consolas, monospace' "
             "font-size='15'>\n<title>",
             width, height, width, height);
    grow_text(&g, head);
    for (const char *at = title; *at;) {
        svg_char(&g, char_next(&at));
    }
    snprintf(head, sizeof head, "</title>\n<rect width='%d' height='%d' rx='8' fill='%s'/>\n",
             width, height, svg_role[ROLE_TEXT].bg);
    grow_text(&g, head);
    for (int y = 0; y < cells->rows; y++) {
        for (int x = 0; x < cells->columns;) {
            x = svg_run(&g, cells, x, y);
        }
    }
    grow_text(&g, "</svg>\n");
    return grown(&g);
}
