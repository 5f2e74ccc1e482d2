// The dashboard's parts: characters and cells, keys, views at any size, translations. Its screens are held by tests/golden.
#include "cli/data.h"
#include "sim/catalog.h"
#include "tests/test.h"
#include "tui/dashboard.h"

#include <stdlib.h>
#include <string.h>

// ---- characters ------------------------------------------------------------------------------------

static void every_character_round_trips(void)
{
    for (uint32_t code = 1; code < 0x110000; code += code < 0x3000 ? 1 : 37) {
        char bytes[5] = "";
        if (code >= 0xd800 && code < 0xe000) {
            continue;
        }
        unsigned n = char_encode(bytes, code);
        const char *at = bytes;
        uint32_t back = char_next(&at);
        if (!CHECK_U64(back, code) || !CHECK_U64((uint64_t)(at - bytes), n)) {
            return;
        }
    }
}

static void bad_bytes_are_replaced(void)
{
    static const char *const bad[] = {"\xff", "\xc0\x80", "\xe2\x82", "\xed\xa0\x80", "\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *at = bad[i];
        CHECK_U64(char_next(&at), 0xfffd);
        CHECK(at == bad[i] + 1);
    }
}

static void widths_are_known(void)
{
    CHECK_U64(char_width('a'), 1);
    CHECK_U64(char_width(0xac00), 2); // a Hangul syllable
    CHECK_U64(char_width(0x2588), 1); // a block
    CHECK_U64(char_width(0x301), 0);  // a combining accent
    CHECK_I64(text_columns("링 3: 게스트"), 12);
}

// ---- cells -----------------------------------------------------------------------------------------

static struct canvas canvas_of(struct cells *cells, int columns, int rows)
{
    if (!cells_init(cells, columns, rows)) {
        abort();
    }
    return (struct canvas){.cells = cells, .area = {0, 0, columns, rows}};
}

static void wide_characters_keep_their_columns(void)
{
    struct cells cells;
    struct canvas c = canvas_of(&cells, 6, 2);
    canvas_put(&c, 0, 0, ROLE_TEXT, "가나다");
    canvas_put(&c, 3, 0, ROLE_TEXT, "x"); // on the right half of one: its left half goes
    canvas_put(&c, 1, 1, ROLE_TEXT, "가나다라");
    char *text = cells_text(&cells);
    CHECK_STR(text, "가 x다\n 가나\n");
    free(text);
    cells_free(&cells);
}

static void text_is_wrapped_at_blanks(void)
{
    struct cells cells;
    struct canvas c = canvas_of(&cells, 8, 4);
    CHECK_I64(
        canvas_wrap(&c, (struct rect){0, 0, 8, 4}, ROLE_TEXT, "one two  three\n\nunbreakable", 0),
        5);
    char *text = cells_text(&cells);
    CHECK_STR(text, "one two\nthree\n\nunbreaka\n");
    free(text);
    cells_free(&cells);
}

static void something_is_never_nothing(void)
{
    struct cells cells;
    struct canvas c = canvas_of(&cells, 10, 1);
    canvas_bar(&c, 0, 0, 10, ROLE_TEXT, 1, UINT64_MAX);
    CHECK_U64(cells_at(&cells, 0, 0)->code, 0x258f);
    canvas_bar(&c, 0, 0, 10, ROLE_TEXT, UINT64_MAX, UINT64_MAX);
    CHECK_U64(cells_at(&cells, 9, 0)->code, 0x2588);
    CHECK_U64(scale_part(UINT64_MAX, UINT64_MAX, 1000), 1000);
    cells_free(&cells);
}

static void svg_holds_the_text(void)
{
    struct cells cells;
    struct canvas c = canvas_of(&cells, 12, 1);
    canvas_put(&c, 0, 0, ROLE_TEXT, "a<b&c 가");
    char *svg = cells_svg(&cells, "x<y");
    CHECK(strstr(svg, ">a&lt;b&amp;c 가</text>") != NULL);
    CHECK(strstr(svg, "<title>x&lt;y</title>") != NULL);
    free(svg);
    cells_free(&cells);
}

// ---- keys ------------------------------------------------------------------------------------------

static void every_key_does_what_its_row_says(void)
{
    for (size_t i = 0; key_row(i); i++) {
        for (const char *at = key_row(i)->keys; *at; at += *at == ' ') {
            char word[KEY_WORD_SIZE];
            struct key key;
            CHECK_U64(key_parse(&at, &key, word), KEYS_PARSED);
            CHECK_U64(key_action(key.code), key_row(i)->action);
        }
        char hint[KEY_WORD_SIZE];
        CHECK(key_hint(key_row(i)->action, hint)[0] != '\0');
    }
}

// ---- views -----------------------------------------------------------------------------------------

// A view draws whatever is in a snapshot within the bounds of its arrays, at any size, in both languages.
static void views_draw_at_any_size(void)
{
    static const int sizes[][2] = {{80, 22}, {1, 1}, {20, 5}, {120, 38}, {200, 60}, {79, 21}};
    struct snapshot *s = calloc(1, sizeof *s);
    struct lesson lesson = {0};
    lesson_title(&lesson, "A lesson");
    lesson_add(&lesson, "What costs a walk?", "24 references", NULL);
    struct compare_view compare = {
        .lanes = 2, .most = 100, .lane = {{.cycles = 100, .cycles_by = {60, 40}}, {.cycles = 90}}};
    s->cpus = s->cpus_all = 2;
    s->cycles_all = 1;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (unsigned v = 0; v < VIEW_COUNT; v++) {
            for (int ascii = 0; ascii < 2; ascii++) {
                struct cells cells;
                struct canvas c = canvas_of(&cells, sizes[i][0], sizes[i][1]);
                c.ascii = ascii;
                s->platform = (uint8_t)(i % 3);
                s->technique = (uint8_t)(i % 6);
                struct scene scene = {.now = s, .compare = &compare, .lesson = &lesson};
                views[v]->draw(&c, &scene);
                for (int k = 0; ascii && k < cells.columns * cells.rows; k++) {
                    if (!CHECK(cells.at[k].code < 0x7f)) {
                        k = cells.columns * cells.rows;
                    }
                }
                cells_free(&cells);
            }
        }
    }
    lesson_free(&lesson);
    free(s);
}

// ---- translations ----------------------------------------------------------------------------------

static void check_word(const struct catalog *korean, const char *text)
{
    if (text[0] && !catalog_has(korean, text)) {
        FAIL("lang/ko/*.po have no '%s'", text);
    }
}

static void korean_is_complete(void)
{
    const struct data_file *files[] = {data_find("lang/ko.po"), data_find("lang/ko/dashboard.po"),
                                       data_find("lang/ko/explain.po")};
    struct catalog *korean = catalog_create();
    char err[256] = "";
    for (size_t i = 0; i < 3; i++) {
        REQUIRE(files[i] != NULL);
        CHECK(catalog_add(korean, files[i]->name, files[i]->text, files[i]->size, err, sizeof err));
    }
    CHECK_STR(err, "");
#define WHO(NAME, name, doc)  check_word(korean, name);
#define PATH(NAME, name, doc) check_word(korean, name);
#define STORY(NAME, text)     check_word(korean, text);
#include "models/path.def"
#include "models/story.def"
#include "models/who.def"
#undef WHO
#undef PATH
#undef STORY
#define CYCLE(NAME, name, guest, doc)        check_word(korean, name);
#define EXIT(NAME, name, number, group, doc) check_word(korean, doc);
#include "sim/cycle.def"
#include "sim/exit.def"
#undef CYCLE
#undef EXIT
#define ARCH(NAME, name, platform, technique, paging, pagings, io, ios, doc) \
    check_word(korean, doc);
#define OPTION(NAME, key, min, max, usual, techniques, doc) check_word(korean, doc);
#include "models/arch.def"
#include "models/option.def"
#undef ARCH
#undef OPTION
#define KEY(ACTION, section, keys, doc) check_word(korean, doc);
#define COMMAND(name, operands, doc)    check_word(korean, doc);
#define VIEW(NAME, name, tab)           check_word(korean, tab);
#include "tui/command.def"
#include "tui/keys.def"
#include "tui/view.def"
#undef KEY
#undef COMMAND
#undef VIEW
    catalog_free(korean);
}

TEST_SUITE(tui, {"a character encodes to bytes that decode to it", every_character_round_trips},
           {"bytes that are no UTF-8 are replaced one by one", bad_bytes_are_replaced},
           {"wide, narrow and combining characters have their widths", widths_are_known},
           {"a wide character overwritten by half leaves a blank",
            wide_characters_keep_their_columns},
           {"text is wrapped at blanks, long words are broken", text_is_wrapped_at_blanks},
           {"a bar shows something for anything above zero", something_is_never_nothing},
           {"SVG escapes what it must", svg_holds_the_text},
           {"each key of the table parses, and does what its row says",
            every_key_does_what_its_row_says},
           {"every view draws at any size, and only ASCII when asked", views_draw_at_any_size},
           {"everything that tables name has a Korean name", korean_is_complete});
