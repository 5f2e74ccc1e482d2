// Catalogues of translations: what a .po file says is found, and what is wrong in one is said with its place.
#include "sim/catalog.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static struct catalog *read_text(const char *text)
{
    char err[256] = "";
    struct catalog *c = catalog_create();
    if (!catalog_add(c, "t.po", text, strlen(text), err, sizeof err)) {
        FAIL("%s", err);
    }
    return c;
}

static void lookup(void)
{
    struct catalog *c =
        read_text("# a comment\n"
                  "msgid \"\"\nmsgstr \"Language: ko\\n\"\n\n"
                  "#: lesson.lua\nmsgid \"exit\"\nmsgstr \"\xec\xb6\x9c\xea\xb5\xac\"\r\n\n"
                  "msgctxt \"way out\"\nmsgid \"exit\"\nmsgstr \"way\"\n"
                  "msgid \"\"\n\"two \"\n\"pieces\\n\\\"\\\\\"\n"
                  "msgstr \"\"\n\"2 \"\n\"x\\t\"\n"
                  "#, c-format, fuzzy\nmsgid \"doubtful\"\nmsgstr \"no\"\n"
                  "msgid \"sure\"\nmsgstr \"yes\"\n"
                  "msgid \"not yet\"\nmsgstr \"\"\n"
                  "#~ msgid \"old\"\n#~ msgstr \"gone\"");
    CHECK_U64(catalog_count(c), 4);
    CHECK_STR(catalog_get(c, "exit"), "\xec\xb6\x9c\xea\xb5\xac");
    CHECK_STR(catalog_get_in(c, "way out", "exit"), "way");
    CHECK_STR(catalog_get_in(c, "elsewhere", "exit"), "exit");
    CHECK_STR(catalog_get(c, "two pieces\n\"\\"), "2 x\t");
    CHECK_STR(catalog_get(c, "doubtful"), "doubtful");
    CHECK_STR(catalog_get(c, "sure"), "yes");
    CHECK_STR(catalog_get(c, "not yet"), "not yet");
    CHECK_STR(catalog_get(NULL, "exit"), "exit");
    CHECK(catalog_has(c, "sure") && !catalog_has(c, "old"));
    catalog_free(c);
    catalog_free(NULL);
}

static void texts_that_printf_made(void)
{
    static const struct {
        const char *text, *want;
    } made[] = {
        {"unknown option 'x%s'; try 'y'", "[option] x%s -> y"},
        {"unknown tree 'a'; try ''", "[BAUM] a -> "},
        {"unknown tree 'a'; try", "unknown tree 'a'; try"}, // the end is missing
        {"a with tree=tree: the reason", "a, tree=tree; DER GRUND"},
        {"from 12 to 0x1f steps", "12..0x1f"},
        {"the reason", "DER GRUND"},
        {"x: y", "x: y"}, // "%s: %s" has too little of its own
        {"", ""},
    };
    struct catalog *c =
        read_text("msgid \"unknown %s '%.*s'; try '%s'\"\nmsgstr \"[%s] %.*s -> %s\"\n"
                  "msgid \"%s with tree=%s: %s\"\nmsgstr \"%s, tree=%s; %s\"\n"
                  "msgid \"from %llu to %llx steps\"\nmsgstr \"%llu..%llx\"\n"
                  "msgid \"%s: %s\"\nmsgstr \"%s! %s\"\n"
                  "msgid \"the reason\"\nmsgstr \"DER GRUND\"\n"
                  "msgid \"tree\"\nmsgstr \"BAUM\"\n");
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        char out[64];
        CHECK_STR(catalog_made(c, made[i].text, out, sizeof out), made[i].want);
        for (size_t size = 1; size < 12; size++) { // cut like snprintf's, and never beyond
            char *tight = malloc(size);
            REQUIRE(tight != NULL);
            const char *got = catalog_made(c, made[i].text, tight, size);
            CHECK(got != tight || strncmp(got, made[i].want, size - 1) == 0);
            free(tight);
        }
        CHECK_STR(catalog_made(NULL, made[i].text, out, sizeof out), made[i].text);
    }
    catalog_free(c);
}

static void several_files(void)
{
    struct catalog *c = read_text("msgid \"b\"\nmsgstr \"1\"\nmsgid \"d\"\nmsgstr \"1\"\n");
    const char *more =
        "msgid \"a\"\nmsgstr \"2\"\nmsgid \"b\"\nmsgstr \"2\"\nmsgid \"c\"\nmsgstr \"2\"\n";
    char err[256];
    CHECK(catalog_add(c, "u.po", more, strlen(more), err, sizeof err));
    CHECK(!catalog_add(c, "v.po", "msgid \"e\"", 9, err, sizeof err));
    const char *want[][2] = {{"a", "2"}, {"b", "1"}, {"c", "2"}, {"d", "1"}};
    CHECK_U64(catalog_count(c), 4);
    for (size_t i = 0; i < 4 && i < catalog_count(c); i++) {
        const char *key, *value;
        catalog_entry(c, i, &key, &value);
        CHECK_STR(key, want[i][0]);
        CHECK_STR(value, want[i][1]);
    }
    catalog_free(c);
}

static void errors(void)
{
    static const struct {
        const char *text, *want;
    } bad[] = {
        {"msgid \"a\"\n", "t.po:1:11: msgid without msgstr; give the translation, or msgstr \"\""},
        {"msgid \"a\nmsgstr \"b\"\n",
         "t.po:1:7: string without end; close it with \" on the same line"},
        {"msgid \"a\"\nmsgstr \"\\q\"\n",
         "t.po:2:10: unknown escape; write \\n, \\t, \\\" or \\\\"},
        {"msgstr \"a\"\n", "t.po:1:1: msgstr without msgid; write the English text first"},
        {"\"a\"\n", "t.po:1:1: a string that belongs to nothing; write msgid before it"},
        {"msgid \"a\"\nmsgid \"b\"\n",
         "t.po:2:1: msgstr is missing before this; give the translation, or \"\""},
        {"msgid \"a\" msgstr \"b\"\n",
         "t.po:1:11: more than one thing on a line; begin a new line"},
        {"msgid a\n", "t.po:1:7: expected a string in quotes"},
        {"msgid_plural \"a\"\n", "t.po:1:1: plural forms are not used here; make two entries"},
        {"hello\n", "t.po:1:1: expected msgid, msgstr, msgctxt, a string or a comment"},
        {"msgid \"a\"\nmsgstr \"b\"\n\nmsgid \"a\"\nmsgstr \"c\"\n",
         "t.po:4:1: this msgid stands in line 1 already; remove one of them"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char err[256] = "";
        struct catalog *c = catalog_create();
        CHECK(!catalog_add(c, "t.po", bad[i].text, strlen(bad[i].text), err, sizeof err));
        CHECK_STR(err, bad[i].want);
        CHECK_U64(catalog_count(c), 0);
        catalog_free(c);
    }
}

// Every beginning of a file is a file, or an error of one line; the block's bounds hold (the sanitizers look).
static void cut_anywhere(void)
{
    static const char text[] =
        "#, x\nmsgctxt \"a\"\nmsgid \"b\\n\"\n\"c\"\nmsgstr \"\\\"d\"\n\"e\"\n"
        "msgid \"x\"\nmsgstr \"y\"";
    for (size_t n = 0; n < sizeof text; n++) {
        char err[256] = "";
        char *copy = malloc(n + 1);
        REQUIRE(copy != NULL);
        memcpy(copy, text, n);
        struct catalog *c = catalog_create();
        bool ok = catalog_add(c, "t.po", copy, n, err, sizeof err);
        CHECK(ok ? err[0] == '\0' : strncmp(err, "t.po:", 5) == 0 && !strchr(err, '\n'));
        catalog_free(c);
        free(copy);
    }
}

TEST_SUITE(catalog,
           {"texts, contexts and escapes are found; fuzzy and obsolete ones are not", lookup},
           {"a text that printf made is found by what it was made from", texts_that_printf_made},
           {"a second file adds, and changes nothing", several_files},
           {"errors say where and how to mend it", errors},
           {"a file may end anywhere", cut_anywhere});
