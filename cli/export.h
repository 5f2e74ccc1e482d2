// Results as files for other programs: JSON documents, and tables as CSV (RFC 4180) or Markdown.
#ifndef CLI_EXPORT_H
#define CLI_EXPORT_H

#include "cli/table.h"

#include <jansson.h>

// A new document with "schema", "tool_version" and "seed" set, in that order; never NULL.
json_t *export_document(const char *schema, uint64_t seed);

// An integer of up to 64 bits. JSON's readers take integers for signed or floating: what does not fit a
// signed 64-bit number becomes a string in decimal. Never NULL.
json_t *export_u64(uint64_t value);
// An address or bit pattern as a string "0x…". Never NULL.
json_t *export_hex(uint64_t value);
// Text of any bytes; what is not UTF-8 becomes U+FFFD. Never NULL.
json_t *export_text(const char *bytes, size_t size);

// Writes the document to `path` ("-" is standard output), members in the order they were set, and
// releases it. Returns CLI_OK, or another status after an error line.
int export_json(const char *path, json_t *document);

// A table's header and rows. Counts stand without digit groups, cells without their tones. CSV: lines
// end in CRLF as RFC 4180 says, a field with a comma, quote or line break is quoted. Markdown: `|` is
// escaped. Return CLI_OK, or another status after an error line.
int export_csv(const char *path, const struct table *table);
int export_markdown(const char *path, const struct table *table);
// The same on a stream.
void table_write_csv(FILE *out, const struct table *table);
void table_write_markdown(FILE *out, const struct table *table);

#endif
