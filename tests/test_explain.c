// What `ringside explain` says of the tables has a Korean translation. (The sentences around it are held by tests/texts.)
#include "cli/data.h"
#include "cli/model.h"
#include "cli/topic.h"
#include "tests/test.h"

#include <ctype.h>
#include <string.h>

static const struct catalog *words;

static void has_translation(const struct topic *topic, const char *name, const char *text)
{
    if (!catalog_has(words, text)) {
        FAIL("%s: %s: no Korean for '%s'", topic->name, name, text);
    }
}

static bool is_text(const char *cell)
{
    return isalpha((unsigned char)cell[0]) || strchr(cell, ' ');
}

static void check_topic(const struct topic *topic)
{
    size_t last = topic->column_count - 1;
    struct table *table = table_new(topic->columns, topic->column_count);
    CHECK(topic->fill(table) == CLI_OK);
    CHECK(table_rows(table) > 0);
    has_translation(topic, "the topic itself", topic->singular);
    for (size_t r = 0; r < table_rows(table); r++) {
        const char *name = table_text(table, r, 0);
        has_translation(topic, name, table_text(table, r, last));
        for (size_t c = 1; c < last && !topic->more; c++) { // shown line by line
            has_translation(topic, name, topic->columns[c].title);
            if (is_text(table_text(table, r, c))) {
                has_translation(topic, name, table_text(table, r, c));
            }
        }
    }
    table_free(table);
}

static struct catalog *read_korean(void)
{
    struct catalog *korean = catalog_create();
    const char *const files[] = {"lang/ko.po", "lang/ko/explain.po"};
    for (size_t i = 0; i < 2; i++) {
        const struct data_file *file = data_find(files[i]);
        char err[256];
        if (CHECK(file != NULL)) {
            CHECK(catalog_add(korean, file->name, file->text, file->size, err, sizeof err));
        }
    }
    return korean;
}

static void tables_have_korean(void)
{
    struct catalog *korean = read_korean();
    words = korean;
    for (const struct topic *topic = topics; topic->name; topic++) {
        if (strcmp(topic->name, "scenarios") != 0) { // each has a catalogue of its own
            check_topic(topic);
        }
    }
    for (unsigned k = 0; k < COST_COUNT; k++) {
        CHECK(catalog_has(korean, cost_key_unit((enum cost_key)k)));
    }
#define COST_KIND(NAME, name) CHECK(catalog_has(korean, name));
#include "sim/cost_kind.def"
#undef COST_KIND
    words = NULL;
    catalog_free(korean);
}

// Where the usual model's prices are from. (Estimates are one sentence with two numbers, translated as a format.)
static void sources_have_korean(void)
{
    struct cpu_model model;
    struct catalog *korean = read_korean();
    REQUIRE(model_load(MODEL_DEFAULT, &model) == CLI_OK);
    for (unsigned k = 0; k < COST_COUNT; k++) {
        const char *source = model.cost[k].source;
        if (!strstr(source, "estimate: about ") && !catalog_has(korean, source)) {
            FAIL("%s: no Korean for '%s'", cost_key_name((enum cost_key)k), source);
        }
    }
    cpu_model_free(&model);
    catalog_free(korean);
}

TEST_SUITE(explain, {"every table that is explained is there in Korean", tables_have_korean},
           {"so is where the prices come from", sources_have_korean});
