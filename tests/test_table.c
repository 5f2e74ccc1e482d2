// Numbers, tables and exports as the commands print them.
#include "cli/export.h"
#include "cli/table.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static const struct style ascii = {.utf8 = false};
static const struct style utf8 = {.utf8 = true};

static void formats_numbers(void)
{
    char b[FORMAT_SIZE];
    CHECK_STR(format_count(b, 0), "0");
    CHECK_STR(format_count(b, 999), "999");
    CHECK_STR(format_count(b, 1000), "1,000");
    CHECK_STR(format_count(b, UINT64_MAX), "18,446,744,073,709,551,615");
    CHECK_STR(format_share(b, 1, 3), "33.3 %");
    CHECK_STR(format_share(b, 2, 3), "66.7 %");
    CHECK_STR(format_share(b, 1, 2000), "0.1 %");
    CHECK_STR(format_share(b, 0, 7), "0.0 %");
    CHECK_STR(format_share(b, 5, 0), "-");
    CHECK_STR(format_share(b, UINT64_MAX, UINT64_MAX), "100.0 %");
    CHECK_STR(format_share(b, UINT64_MAX / 2, UINT64_MAX), "50.0 %");
    CHECK_STR(format_bytes(b, 64 << 20), "64 MiB");
    CHECK_STR(format_bytes(b, 4097), "4097 bytes");
    CHECK_STR(format_bytes(b, 0), "0 bytes");
}

static void draws_bars(void)
{
    char b[BAR_SIZE];
    CHECK_STR(format_bar(b, &ascii, 1, 2, 10), "#####");
    CHECK_STR(format_bar(b, &utf8, 1, 2, 3), "█▌");
    CHECK_STR(format_bar(b, &utf8, 1, 1000000, 10), "▏");
    CHECK_STR(format_bar(b, &ascii, 1, 1000000, 10), "#");
    CHECK_STR(format_bar(b, &utf8, 0, 10, 10), "");
    CHECK_STR(format_bar(b, &utf8, 5, 0, 10), "");
    CHECK_U64(strlen(format_bar(b, &utf8, 9, 9, 80)), 240);
}

// What `print` writes, as a string to be freed.
static char *printed(struct table *table, void (*print)(FILE *, struct table *))
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out) {
        print(out, table);
        fclose(out);
    }
    return text;
}

static void as_ascii(FILE *out, struct table *table)
{
    table_print(out, &ascii, table, 2);
}
static void as_wrapped(FILE *out, struct table *table)
{
    const struct style narrow = {.width = 40};
    table_print(out, &narrow, table, 0);
}
static void as_below(FILE *out, struct table *table)
{
    const struct style narrower = {.width = 30};
    table_print(out, &narrower, table, 0);
}
static void as_csv(FILE *out, struct table *table)
{
    table_write_csv(out, table);
}
static void as_markdown(FILE *out, struct table *table)
{
    table_write_markdown(out, table);
}

static void check_text(struct table *table, void (*print)(FILE *, struct table *), const char *want)
{
    char *got = printed(table, print);
    CHECK_STR(got ? got : "", want);
    free(got);
}

static void prints_tables(void)
{
    const struct table_column columns[] = {
        {"name", TABLE_LEFT}, {"n", TABLE_RIGHT}, {"what", TABLE_WRAP}};
    struct table *table = table_new(columns, 3);
    table_cell(table, "é");
    table_count(table, 12345);
    table_cell(table, "a, \"b\" and | c, all of it");
    table_cell(table, "longer");
    table_end_row(table);
    check_text(table, as_ascii,
               "  name         n  what\n"
               "  é       12,345  a, \"b\" and | c, all of it\n"
               "  longer\n");
    check_text(table, as_wrapped,
               "name         n  what\n"
               "é       12,345  a, \"b\" and | c, all of\n"
               "                it\n"
               "longer\n");
    check_text(table, as_below,
               "name         n  what\n"
               "é       12,345\n"
               "    a, \"b\" and | c, all of it\n"
               "longer\n");
    check_text(table, as_csv,
               "name,n,what\r\n"
               "é,12345,\"a, \"\"b\"\" and | c, all of it\"\r\n"
               "longer,,\r\n");
    check_text(table, as_markdown,
               "| name | n | what |\n"
               "|---|---:|---|\n"
               "| é | 12345 | a, \"b\" and \\| c, all of it |\n"
               "| longer |  |  |\n");
    table_free(table);
}

static void repairs_text(void)
{
    static const struct {
        const char *bytes, *want;
    } cases[] = {{"plain", "plain"},
                 {"\xc3\xa9", "é"},
                 {"a\xff", "a\xef\xbf\xbd"},
                 {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd"},
                 {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
                 {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
                 {"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *value = export_text(cases[i].bytes, strlen(cases[i].bytes));
        CHECK_STR(json_string_value(value), cases[i].want);
        json_decref(value);
    }
    json_t *zero = export_text("a\0b", 3);
    CHECK_U64(json_string_length(zero), 3);
    json_decref(zero);
    json_t *large = export_u64(UINT64_MAX);
    CHECK_STR(json_string_value(large), "18446744073709551615");
    json_decref(large);
}

// Hangul takes two columns, blocks and codes for colours one and none.
static void counts_columns(void)
{
    CHECK_I64(style_columns("VM exit"), 7);
    CHECK_I64(style_columns("\xec\xa7\x88\xeb\xac\xb8 1"), 6);
    CHECK_I64(style_columns("\xe2\x96\x88\033[36mx\033[0m"), 2);
    CHECK_I64(style_columns("\xec\xa7"), 1);
}

TEST_SUITE(table, {"columns of wide characters are counted", counts_columns},
           {"counts, shares and sizes are formatted exactly", formats_numbers},
           {"bars have eighths, and something is never nothing", draws_bars},
           {"tables align, wrap and are exported", prints_tables},
           {"text of any bytes becomes valid JSON", repairs_text});
