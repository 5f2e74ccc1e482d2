// Aligned tables, bars and colours for the terminal, and the same tables as CSV and Markdown. What is
// printed depends on the style only: with no colour and no UTF-8 it is plain ASCII.
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "cli/cli.h"
#include "sim/catalog.h"

// How to print on this output.
struct style {
    bool color;     // escape codes are wanted
    bool utf8;      // the locale can show blocks and lines; else ASCII
    unsigned width; // columns to wrap long texts at; 0: never (the output is not a terminal)
    const struct catalog *words; // of the reader's language; NULL: English
};

// The text in the style's language.
static inline const char *style_text(const struct style *style, const char *english)
{
    return catalog_get(style->words, english);
}

// The style of standard output for this command line and environment.
struct style style_of(const struct cli *cli);

// What a text means; each becomes one of the 16 colours. Never the only carrier of a meaning.
enum tone { TONE_PLAIN, TONE_HEADING, TONE_DIM, TONE_GOOD, TONE_BAD, TONE_MARK };

// Prints printf-style text in the tone.
void tone_printf(FILE *out, const struct style *style, enum tone tone, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// The same for more than one call: what lies between has the tone.
void tone_begin(FILE *out, const struct style *style, enum tone tone);
void tone_end(FILE *out, const struct style *style, enum tone tone);

// Columns that a text takes on the terminal: one a character, two for the wide ones of East Asia, none
// for the tones' codes. (Combining characters are not used.)
int style_columns(const char *text);

// Prints text wrapped to the style's width, each line after the first indented; `at` is the column
// in which the cursor stands.
void style_wrap(FILE *out, const struct style *style, const char *text, int indent, int at);

// Prints whole lines of text, each wrapped to the style's width.
void style_wrap_lines(FILE *out, const struct style *style, const char *text);
// The same, of a text in the style's language.
void style_tell(FILE *out, const struct style *style, const char *english);

// A count with its digits in groups of three ("1,234,567"). The buffer must hold FORMAT_SIZE bytes.
enum { FORMAT_SIZE = 32 };
const char *format_count(char buffer[static FORMAT_SIZE], uint64_t value);
// part/whole in per cent with one decimal, rounded half up ("45.6 %"); "-" if whole is 0. Integer
// arithmetic, so the same everywhere.
const char *format_share(char buffer[static FORMAT_SIZE], uint64_t part, uint64_t whole);
// Bytes in the largest unit that divides them ("64 MiB").
const char *format_bytes(char buffer[static FORMAT_SIZE], uint64_t bytes);

// A bar of part/whole of `cells` columns (at most 80), in eighths of a column where UTF-8 allows.
// Padding is not added.
enum { BAR_SIZE = 256 };
const char *format_bar(char buffer[static BAR_SIZE], const struct style *style, uint64_t part,
                       uint64_t whole, unsigned cells);

enum table_align {
    TABLE_LEFT,
    TABLE_RIGHT,
    TABLE_WRAP, // left; the last column only: wrapped to the style's width
};

struct table_column {
    const char *title; // NULL in the first column: the table has no header
    enum table_align align;
};

// Text cells filled row by row, left to right.
struct table;

// A table of `count` columns; the titles must outlive it. Ends the program if memory runs out, as do
// the functions that add to it.
struct table *table_new(const struct table_column *columns, size_t count);
void table_free(struct table *table);

// Fills the next cell; the first after a full row begins the next row.
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The same with a tone.
void table_tone(struct table *table, enum tone tone, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// A count in groups of three; exports show it without the groups.
void table_count(struct table *table, uint64_t value);
// Leaves the rest of a begun row empty.
void table_end_row(struct table *table);
size_t table_rows(const struct table *table);
// A cell's text as exported (counts without groups), "" where there is none; owned by the table.
const char *table_text(const struct table *table, size_t row, size_t column);

// The columns and what is between them.
int table_width(struct table *table);

// Prints with each line indented by `indent` blanks, columns two blanks apart, no trailing blanks.
void table_print(FILE *out, const struct style *style, struct table *table, int indent);
// The same in pieces, for a text between the rows; complete the table first.
void table_print_header(FILE *out, const struct style *style, struct table *table, int indent);
void table_print_row(FILE *out, const struct style *style, struct table *table, int indent,
                     size_t row);

#endif
