// Writes results as files; see export.h. Every file is put in place only when it is complete.
#include "cli/export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static json_t *must(json_t *value)
{
    if (!value) {
        exit(cli_error(CLI_UNAVAILABLE, "no memory for a JSON document"));
    }
    return value;
}

json_t *export_u64(uint64_t value)
{
    if (value <= INT64_MAX) {
        return must(json_integer((json_int_t)value));
    }
    char text[FORMAT_SIZE];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return must(json_string(text));
}

json_t *export_hex(uint64_t value)
{
    char text[FORMAT_SIZE];
    snprintf(text, sizeof text, "0x%" PRIx64, value);
    return must(json_string(text));
}

// Length of the well-formed UTF-8 sequence at `bytes`, of `size` bytes at least 1; 0 if there is none.
static size_t utf8_length(const unsigned char *bytes, size_t size)
{
    unsigned char b = bytes[0];
    size_t length = b < 0x80 ? 1 : b >= 0xc2 && b < 0xe0 ? 2 : b >= 0xe0 && b < 0xf0 ? 3 : 0;
    length = b >= 0xf0 && b < 0xf5 ? 4 : length;
    if (length == 0 || length > size) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    // Overlong forms, surrogates, and what lies beyond U+10FFFF.
    bool bad = (b == 0xe0 && bytes[1] < 0xa0) || (b == 0xed && bytes[1] >= 0xa0) ||
               (b == 0xf0 && bytes[1] < 0x90) || (b == 0xf4 && bytes[1] >= 0x90);
    return bad ? 0 : length;
}

json_t *export_text(const char *bytes, size_t size)
{
    static const char replacement[] = "\xef\xbf\xbd";
    char *text = malloc(3 * size + 1);
    if (!text) {
        return must(NULL);
    }
    size_t used = 0;
    for (size_t i = 0; i < size;) {
        size_t length = utf8_length((const unsigned char *)bytes + i, size - i);
        memcpy(text + used, length ? bytes + i : replacement, length ? length : 3);
        used += length ? length : 3;
        i += length ? length : 1;
    }
    json_t *value = must(json_stringn(text, used));
    free(text);
    return value;
}

json_t *export_document(const char *schema, uint64_t seed)
{
    json_t *document = must(json_object());
    json_object_set_new(document, "schema", must(json_string(schema)));
    json_object_set_new(document, "tool_version", must(json_string(RINGSIDE_VERSION)));
    json_object_set_new(document, "seed", export_u64(seed));
    return document;
}

int export_json(const char *path, json_t *document)
{
    struct cli_output output;
    int status = cli_output_open(&output, path);
    if (status == CLI_OK) {
        errno = 0;
        if (json_dumpf(document, output.stream, JSON_INDENT(2)) != 0) {
            cli_output_abandon(&output);
            status = cli_error(CLI_UNAVAILABLE, "cannot write %s: %s", path,
                               errno ? strerror(errno) : "the JSON cannot be encoded");
        } else {
            fputc('\n', output.stream);
            status = cli_output_commit(&output);
        }
    }
    json_decref(document);
    return status;
}

static int export_table(const char *path, const struct table *table,
                        void (*write)(FILE *, const struct table *))
{
    struct cli_output output;
    int status = cli_output_open(&output, path);
    if (status != CLI_OK) {
        return status;
    }
    write(output.stream, table);
    return cli_output_commit(&output);
}

int export_csv(const char *path, const struct table *table)
{
    return export_table(path, table, table_write_csv);
}

int export_markdown(const char *path, const struct table *table)
{
    return export_table(path, table, table_write_markdown);
}
