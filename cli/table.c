// Fills and prints tables; see table.h.
#include "cli/table.h"
#include "cli/export.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { NARROWEST = 40, WIDEST = 120, USUAL = 80, NARROWEST_WRAP = 24 };

// ---- style ---------------------------------------------------------------------------------------

static bool locale_has_utf8(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (locale == (locale_t)0) {
        return false;
    }
    bool utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    freelocale(locale);
    return utf8;
}

static unsigned terminal_width(void)
{
    struct winsize size;
    unsigned width = USUAL;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        width = size.ws_col;
    }
    return width < NARROWEST ? NARROWEST : width > WIDEST ? WIDEST : width;
}

struct style style_of(const struct cli *cli)
{
    return (struct style){
        .color = cli->color,
        .utf8 = !cli->ascii && locale_has_utf8(),
        .width = isatty(STDOUT_FILENO) ? terminal_width() : 0,
    };
}

// The foreground colours are the standard eight: they show on light and dark backgrounds alike, and
// cyan/yellow/magenta stay apart for eyes that do not tell red from green.
static const char *tone_code(enum tone tone)
{
    switch (tone) {
    case TONE_HEADING: return "\033[36m";
    case TONE_DIM: return "\033[2m";
    case TONE_GOOD: return "\033[32m";
    case TONE_BAD: return "\033[31m";
    case TONE_MARK: return "\033[33m";
    case TONE_PLAIN: break;
    }
    return "";
}

static void tone_begin(FILE *out, const struct style *style, enum tone tone)
{
    if (style->color) {
        fputs(tone_code(tone), out);
    }
}

static void tone_end(FILE *out, const struct style *style, enum tone tone)
{
    if (style->color && tone != TONE_PLAIN) {
        fputs("\033[0m", out);
    }
}

void tone_printf(FILE *out, const struct style *style, enum tone tone, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tone_begin(out, style, tone);
    vfprintf(out, format, args);
    tone_end(out, style, tone);
    va_end(args);
}

// ---- numbers and bars ----------------------------------------------------------------------------

const char *format_count(char buffer[static FORMAT_SIZE], uint64_t value)
{
    char digits[FORMAT_SIZE];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, value);
    char *to = buffer;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            *to++ = ',';
        }
        *to++ = digits[i];
    }
    *to = '\0';
    return buffer;
}

// part/whole x scale, rounded half up, without overflow for any counts: both are halved until the
// product fits, which moves the result by less than one in 2^40.
static uint64_t scaled(uint64_t part, uint64_t whole, uint64_t scale)
{
    while (part > (UINT64_MAX - whole / 2) / scale || whole > UINT64_MAX / 4) {
        part /= 2;
        whole /= 2;
    }
    return (part * scale + whole / 2) / whole;
}

const char *format_share(char buffer[static FORMAT_SIZE], uint64_t part, uint64_t whole)
{
    if (whole == 0) {
        snprintf(buffer, FORMAT_SIZE, "-");
        return buffer;
    }
    uint64_t permille = scaled(part, whole, 1000);
    snprintf(buffer, FORMAT_SIZE, "%" PRIu64 ".%" PRIu64 " %%", permille / 10, permille % 10);
    return buffer;
}

const char *format_bytes(char buffer[static FORMAT_SIZE], uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    for (; unit + 1 < sizeof units / sizeof *units && bytes > 0 && bytes % 1024 == 0; unit++) {
        bytes /= 1024;
    }
    snprintf(buffer, FORMAT_SIZE, "%" PRIu64 " %s", bytes, units[unit]);
    return buffer;
}

const char *format_bar(char buffer[static BAR_SIZE], const struct style *style, uint64_t part,
                       uint64_t whole, unsigned cells)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    char *to = buffer;
    *to = '\0';
    if (whole == 0 || part == 0) {
        return buffer;
    }
    if (!style->utf8) {
        uint64_t full = scaled(part, whole, cells);
        // Something is never shown as nothing.
        full = full == 0 ? 1 : full > cells ? cells : full;
        memset(buffer, '#', (size_t)full);
        buffer[full] = '\0';
        return buffer;
    }
    uint64_t steps = scaled(part, whole, 8 * (uint64_t)cells);
    steps = steps == 0 ? 1 : steps > 8 * (uint64_t)cells ? 8 * (uint64_t)cells : steps;
    for (uint64_t i = 0; i < steps / 8; i++) {
        to = stpcpy(to, "█");
    }
    stpcpy(to, eighths[steps % 8]);
    return buffer;
}

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

// Columns that a text takes: its characters, as none of ours is wide or combining.
static int columns_of(const char *text)
{
    int columns = 0;
    for (; *text; text++) {
        if (*text == '\033') {
            text += strcspn(text, "m"); // the tones' codes take none
            if (*text == '\0') {
                break;
            }
            continue;
        }
        columns += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return columns;
}

static const char *cell_text(const struct table *table, size_t row, size_t column)
{
    size_t i = row * table->column_count + column;
    return i < table->count ? table->cells[i].text : "";
}

void style_wrap(FILE *out, const struct style *style, const char *text, int indent, int at)
{
    bool first = true;
    while (*text) {
        size_t length = strcspn(text, " \n");
        char word[256];
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        if (!first && style->width > 0 && at + 1 + columns_of(word) > (int)style->width) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
            first = true;
        }
        fprintf(out, "%s%.*s", first ? "" : " ", (int)length, text);
        at += columns_of(word) + !first;
        first = false;
        text += length;
        for (; *text == ' ' || *text == '\n'; text++) {
            if (*text == '\n') {
                fprintf(out, "\n%*s", indent, "");
                at = indent;
                first = true;
            }
        }
    }
    fputc('\n', out);
}

void style_wrap_lines(FILE *out, const struct style *style, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        char *line = must(strndup(text, length));
        size_t indent = strspn(line, " ");
        fprintf(out, "%*s", (int)indent, "");
        style_wrap(out, style, line + indent, (int)indent, (int)indent);
        free(line);
        text += length + (text[length] == '\n');
    }
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
        int used = columns_of(text), pad = widths[c] - used;
        if (align == TABLE_RIGHT) {
            pending += pad;
        }
        if (used > 0) {
            fprintf(out, "%*s", pending, "");
            at += pending - (c == 0 ? indent : 0);
            pending = 0;
            tone_begin(out, style, tone);
            if (align == TABLE_WRAP && !header) {
                // Where little room is left, the text goes below its row.
                bool below = style->width > 0 && at + used > (int)style->width &&
                             at + NARROWEST_WRAP > (int)style->width;
                at = below ? indent + 4 : at;
                fprintf(out, below ? "\n%*s" : "%*s", below ? at : 0, "");
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
        int widest = columns_of(title);
        for (size_t r = 0; r < table_rows(table); r++) {
            int used = columns_of(cell_text(table, r, c));
            widest = used > widest ? used : widest;
        }
        table->widths[c] = widest;
    }
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
