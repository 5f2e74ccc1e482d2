// The cell buffer and drawing in it.
#include "tui/cells.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 1000, ROWS_MAX = 500, LINE_SIZE = 1024 };

bool cells_init(struct cells *cells, int columns, int rows)
{
    *cells = (struct cells){0};
    if (columns < 1 || rows < 1 || columns > COLUMNS_MAX || rows > ROWS_MAX) {
        return false;
    }
    cells->at = malloc((size_t)columns * (size_t)rows * sizeof *cells->at);
    cells->line = malloc((size_t)rows * sizeof *cells->line);
    if (!cells->at || !cells->line) {
        cells_free(cells);
        return false;
    }
    cells->columns = columns;
    cells->rows = rows;
    cells_clear(cells);
    return true;
}

void cells_free(struct cells *cells)
{
    free(cells->at);
    free(cells->line);
    *cells = (struct cells){0};
}

void cells_clear(struct cells *cells)
{
    for (size_t i = 0; i < (size_t)cells->columns * (size_t)cells->rows; i++) {
        cells->at[i] = (struct cell){' ', 1, ROLE_TEXT};
    }
    for (int y = 0; y < cells->rows; y++) {
        cells->line[y] = 0;
    }
}

static int least(int a, int b)
{
    return a < b ? a : b;
}
static int most(int a, int b)
{
    return a > b ? a : b;
}

struct canvas canvas_part(const struct canvas *c, struct rect part)
{
    struct canvas inner = *c;
    int left = most(part.x, 0), top = most(part.y, 0);
    inner.area = (struct rect){c->area.x + left, c->area.y + top,
                               most(0, least(part.x + part.w, c->area.w) - left),
                               most(0, least(part.y + part.h, c->area.h) - top)};
    return inner;
}

// A cell that is about to be written: if it is half of a wide character, the other half becomes blank.
static void release(struct cells *cells, int x, int y)
{
    struct cell *cell = cells_at(cells, x, y);
    if (cell->width == 2 && x + 1 < cells->columns) {
        *cells_at(cells, x + 1, y) = (struct cell){' ', 1, cell->role};
    } else if (cell->width == 0 && x > 0) {
        *cells_at(cells, x - 1, y) = (struct cell){' ', 1, cell->role};
    }
}

void canvas_char(const struct canvas *c, int x, int y, enum role role, uint32_t code)
{
    unsigned width = char_width(code);
    if (c->ascii && code > 0x7e) {
        code = (unsigned char)char_ascii(code);
        width = 1;
    }
    if (width == 0 || x < 0 || y < 0 || y >= c->area.h || x + (int)width > c->area.w) {
        return;
    }
    int column = c->area.x + x, row = c->area.y + y;
    release(c->cells, column, row);
    *cells_at(c->cells, column, row) = (struct cell){code, (uint8_t)width, (uint8_t)role};
    if (width == 2) {
        release(c->cells, column + 1, row);
        *cells_at(c->cells, column, row) = (struct cell){code, 2, (uint8_t)role};
        *cells_at(c->cells, column + 1, row) = (struct cell){0, 0, (uint8_t)role};
    }
}

// Up to `end`, or a NUL.
static int put_until(const struct canvas *c, int x, int y, enum role role, const char *text,
                     const char *end)
{
    while (*text && text < end) {
        uint32_t code = char_next(&text);
        canvas_char(c, x, y, role, code);
        x += c->ascii ? char_width(code) > 0 : (int)char_width(code);
    }
    return x;
}

int canvas_put(const struct canvas *c, int x, int y, enum role role, const char *text)
{
    return put_until(c, x, y, role, text, text + strlen(text));
}

int canvas_printf(const struct canvas *c, int x, int y, enum role role, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    return canvas_put(c, x, y, role, line);
}

void canvas_right(const struct canvas *c, int right, int y, enum role role, const char *text)
{
    canvas_put(c, right - text_columns(text), y, role, text);
}

void canvas_centre(const struct canvas *c, int x, int w, int y, enum role role, const char *text)
{
    canvas_put(c, x + most(0, (w - text_columns(text)) / 2), y, role, text);
}

// The end of what fits into w columns from `text` on: behind a word, or inside one that is longer than a line.
static const char *line_end(const char *text, int w)
{
    const char *at = text, *good = NULL;
    int columns = 0;
    while (*at && *at != '\n') {
        const char *before = at;
        columns += (int)char_width(char_next(&at));
        if (columns > w) {
            return *before == ' ' ? before : good ? good : before > text ? before : at;
        }
        if (*before != ' ' && (*at == ' ' || *at == '\n' || !*at)) {
            good = at;
        }
    }
    return at;
}

int canvas_wrap(const struct canvas *c, struct rect area, enum role role, const char *text,
                int skip)
{
    struct canvas part = canvas_part(c, area);
    int line = 0;
    while (*text && area.w > 0) {
        const char *end = line_end(text, area.w);
        if (line >= skip && line - skip < area.h) {
            put_until(&part, 0, line - skip, role, text, end);
        }
        line++;
        bool broken = *end == ' ';
        text = end + (*end == '\n');
        while (broken && *text == ' ') {
            text++;
        }
    }
    return line;
}

void canvas_fill(const struct canvas *c, struct rect area, enum role role, uint32_t code)
{
    for (int y = area.y; y < area.y + area.h; y++) {
        for (int x = area.x; x < area.x + area.w; x++) {
            canvas_char(c, x, y, role, code);
        }
    }
}

void canvas_hline(const struct canvas *c, int x, int y, int w, enum role role)
{
    canvas_fill(c, (struct rect){x, y, w, 1}, role, 0x2500);
}

void canvas_box(const struct canvas *c, struct rect a, enum role role, const char *title)
{
    int right = a.x + a.w - 1, bottom = a.y + a.h - 1;
    if (a.w < 2 || a.h < 2) {
        return;
    }
    canvas_hline(c, a.x + 1, a.y, a.w - 2, role);
    canvas_hline(c, a.x + 1, bottom, a.w - 2, role);
    for (int y = a.y + 1; y < bottom; y++) {
        canvas_char(c, a.x, y, role, 0x2502);
        canvas_char(c, right, y, role, 0x2502);
    }
    canvas_char(c, a.x, a.y, role, 0x250c);
    canvas_char(c, right, a.y, role, 0x2510);
    canvas_char(c, a.x, bottom, role, 0x2514);
    canvas_char(c, right, bottom, role, 0x2518);
    if (title && a.w > 6) {
        struct canvas part = canvas_part(c, (struct rect){a.x + 2, a.y, a.w - 4, 1});
        canvas_put(&part, canvas_put(&part, canvas_put(&part, 0, 0, role, " "), 0, role, title), 0,
                   role, " ");
    }
}

uint64_t scale_part(uint64_t part, uint64_t whole, uint64_t scale)
{
    assert(scale > 0);
    if (whole == 0) {
        return 0;
    }
    while (part > (UINT64_MAX - whole / 2) / scale || whole > UINT64_MAX / 4) {
        part /= 2;
        whole /= 2;
    }
    return whole ? (part * scale + whole / 2) / whole : 0;
}

void canvas_bar(const struct canvas *c, int x, int y, int w, enum role role, uint64_t part,
                uint64_t whole)
{
    if (part == 0 || whole == 0 || w <= 0) {
        return;
    }
    uint64_t most_steps = 8 * (uint64_t)w, steps = scale_part(part, whole, most_steps);
    steps = steps == 0 ? 1 : steps > most_steps ? most_steps : steps;
    for (uint64_t i = 0; i < steps / 8; i++) {
        canvas_char(c, x++, y, role, 0x2588);
    }
    if (steps % 8 > 0) {
        canvas_char(c, x, y, role, 0x2590 - (uint32_t)(steps % 8));
    }
}
