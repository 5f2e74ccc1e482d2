// Fills and prints tables; see table.h.
#include "cli/table.h"
#include "cli/export.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { NARROWEST_WRAP = 24 };

// ---- tables --------------------------------------------------------------------------------------

struct cell {
    char *text;  // as shown
    char *plain; // as exported, NULL: the same
    enum tone tone;
};

struct table {
    const struct table_column *columns;
    size_t column_count;
    struct cell *cells;
    size_t count, room;
    int *widths; // of the columns, once printing has begun
};

static void *must(void *memory)
{
    if (!memory) {
        exit(cli_error(CLI_UNAVAILABLE, "no memory for a table"));
    }
    return memory;
}

struct table *table_new(const struct table_column *columns, size_t count)
{
    struct table *table = must(calloc(1, sizeof *table));
    struct table_column *copy = must(calloc(count, sizeof *copy));
    memcpy(copy, columns, count * sizeof *copy);
    table->columns = copy;
    table->column_count = count;
    return table;
}

void table_free(struct table *table)
{
    if (!table) {
        return;
    }
    for (size_t i = 0; i < table->count; i++) {
        free(table->cells[i].text);
        free(table->cells[i].plain);
    }
    free(table->cells);
    free(table->widths);
    free((void *)(uintptr_t)table->columns);
    free(table);
}

static struct cell *add_cell(struct table *table, enum tone tone, const char *format, va_list args)
{
    if (table->count == table->room) {
        table->room = table->room ? 2 * table->room : 64;
        table->cells = must(realloc(table->cells, table->room * sizeof *table->cells));
    }
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    char *text = must(malloc((size_t)length + 1));
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    struct cell *cell = &table->cells[table->count++];
    *cell = (struct cell){.text = text, .tone = tone};
    return cell;
}

void table_cell(struct table *table, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_cell(table, TONE_PLAIN, format, args);
    va_end(args);
}

void table_tone(struct table *table, enum tone tone, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_cell(table, tone, format, args);
    va_end(args);
}

void table_count(struct table *table, uint64_t value)
{
    char grouped[FORMAT_SIZE], plain[FORMAT_SIZE];
    snprintf(plain, sizeof plain, "%" PRIu64, value);
    table_cell(table, "%s", format_count(grouped, value));
    table->cells[table->count - 1].plain = must(strdup(plain));
}

void table_end_row(struct table *table)
{
    while (table->count % table->column_count != 0) {
        table_cell(table, "%s", "");
    }
}

size_t table_rows(const struct table *table)
{
    return (table->count + table->column_count - 1) / table->column_count;
}

static const char *cell_text(const struct table *table, size_t row, size_t column)
{
    size_t i = row * table->column_count + column;
    return i < table->count ? table->cells[i].text : "";
}

// One row from its texts; widths[] holds the columns' widths.
static void print_row(FILE *out, const struct style *style, const struct table *table,
                      const int *widths, int indent, size_t row, bool header)
{
    int at = indent, pending = indent; // blanks not yet written: none must end a line
    for (size_t c = 0; c < table->column_count; c++) {
        enum table_align align = table->columns[c].align;
        const char *text = header ? table->columns[c].title : cell_text(table, row, c);
        text = text ? text : "";
        size_t i = row * table->column_count + c;
        enum tone tone = header             ? TONE_HEADING
                         : i < table->count ? table->cells[i].tone
                                            : TONE_PLAIN;
        int used = style_columns(text), pad = widths[c] - used;
        if (align == TABLE_RIGHT) {
            pending += pad;
        }
        if (used > 0) {
            at += pending - (c == 0 ? indent : 0);
            bool wraps = align == TABLE_WRAP;
            // Where little room is left, the text goes below its row.
            bool below = wraps && style->width > 0 && at + used > (int)style->width &&
                         at + NARROWEST_WRAP > (int)style->width;
            at = below ? indent + 4 : at;
            fprintf(out, below ? "\n%*s" : "%*s", below ? at : pending, "");
            pending = 0;
            tone_begin(out, style, tone);
            if (wraps) {
                style_wrap(out, style, text, at, at);
                tone_end(out, style, tone);
                return;
            }
            fputs(text, out);
            tone_end(out, style, tone);
            at += used;
        }
        pending += (align == TABLE_RIGHT ? 0 : pad) + 2;
    }
    fputc('\n', out);
}

static void measure(struct table *table)
{
    table->widths =
        table->widths ? table->widths : must(calloc(table->column_count, sizeof *table->widths));
    for (size_t c = 0; c < table->column_count; c++) {
        const char *title = table->columns[0].title ? table->columns[c].title : "";
        int widest = style_columns(title);
        for (size_t r = 0; r < table_rows(table); r++) {
            int used = style_columns(cell_text(table, r, c));
            widest = used > widest ? used : widest;
        }
        table->widths[c] = widest;
    }
}

int table_width(struct table *table)
{
    int width = 0;
    measure(table);
    for (size_t c = 0; c < table->column_count; c++) {
        width += table->widths[c] + (c > 0 ? 2 : 0);
    }
    return width;
}

void table_print_header(FILE *out, const struct style *style, struct table *table, int indent)
{
    measure(table);
    if (table->columns[0].title) {
        print_row(out, style, table, table->widths, indent, 0, true);
    }
}

void table_print_row(FILE *out, const struct style *style, struct table *table, int indent,
                     size_t row)
{
    if (!table->widths) {
        measure(table);
    }
    print_row(out, style, table, table->widths, indent, row, false);
}

void table_print(FILE *out, const struct style *style, struct table *table, int indent)
{
    table_print_header(out, style, table, indent);
    for (size_t r = 0; r < table_rows(table); r++) {
        table_print_row(out, style, table, indent, r);
    }
}

// ---- the same as files ---------------------------------------------------------------------------

const char *table_text(const struct table *table, size_t row, size_t column)
{
    size_t i = row * table->column_count + column;
    if (i >= table->count) {
        return "";
    }
    const struct cell *cell = &table->cells[i];
    return cell->plain ? cell->plain : cell->text;
}

static void write_csv_field(FILE *out, const char *text, bool last)
{
    bool quote = strpbrk(text, ",\"\r\n") != NULL;
    if (quote) {
        fputc('"', out);
    }
    for (; *text; text++) {
        if (*text == '"') {
            fputc('"', out);
        }
        fputc(*text, out);
    }
    if (quote) {
        fputc('"', out);
    }
    fputs(last ? "\r\n" : ",", out);
}

void table_write_csv(FILE *out, const struct table *table)
{
    size_t last = table->column_count - 1;
    for (size_t c = 0; table->columns[0].title && c <= last; c++) {
        write_csv_field(out, table->columns[c].title, c == last);
    }
    for (size_t r = 0; r < table_rows(table); r++) {
        for (size_t c = 0; c <= last; c++) {
            write_csv_field(out, table_text(table, r, c), c == last);
        }
    }
}

static void write_markdown_cell(FILE *out, const char *text)
{
    fputs("| ", out);
    for (; *text; text++) {
        if (*text == '|') {
            fputs("\\|", out);
        } else if (*text == '\n') {
            fputs("<br>", out);
        } else {
            fputc(*text, out);
        }
    }
    fputc(' ', out);
}

void table_write_markdown(FILE *out, const struct table *table)
{
    for (size_t c = 0; c < table->column_count; c++) {
        const char *title = table->columns[c].title;
        write_markdown_cell(out, title ? title : "");
    }
    fputs("|\n", out);
    for (size_t c = 0; c < table->column_count; c++) {
        fputs(table->columns[c].align == TABLE_RIGHT ? "|---:" : "|---", out);
    }
    fputs("|\n", out);
    for (size_t r = 0; r < table_rows(table); r++) {
        for (size_t c = 0; c < table->column_count; c++) {
            write_markdown_cell(out, table_text(table, r, c));
        }
        fputs("|\n", out);
    }
}
