// catalog.h: translations of texts, read from gettext's .po files: what a program or scenario says in English is the key (msgid), what it says in
// another language the value (msgstr). Pure: the caller brings the files' bytes. docs/scenarios.md shows a file.
#ifndef RINGSIDE_SIM_CATALOG_H
#define RINGSIDE_SIM_CATALOG_H

#include <stdbool.h>
#include <stddef.h>

struct catalog;

// Marks a text that reaches catalog_get by a variable, for tests/texts, which holds every such text to have its translation.
#define TEXT(english) english

// An empty catalogue; NULL when memory is short.
struct catalog *catalog_create(void);
void catalog_free(struct catalog *c); // NULL is allowed

// Adds a file's entries. `file` names it in errors. Understood: comments, `msgid`, `msgstr`, `msgctxt`, strings in several pieces, C's escapes.
// Entries marked `#, fuzzy`, empty translations, obsolete entries (`#~`) and the header (msgid "") add nothing. Plural forms are refused.
// An entry that another file has given already stays as it was; twice in one file is an error. On error: false, the catalogue as before, and
// "file:line:col: what; how to mend it" in err. Nothing of `text` is needed afterwards.
bool catalog_add(struct catalog *c, const char *file, const char *text, size_t size, char *err,
                 size_t err_size);

// The translation of `text`, or `text` itself if there is none or c is NULL. Valid until catalog_add or catalog_free.
const char *catalog_get(const struct catalog *c, const char *text);
// The translation of a text that printf made from one of the catalogue's ("unknown %s '%s'"), written to out: what the conversions became is found in it,
// and put where the translation has its own, in order; a part that is a text of the catalogue is translated, too. `text` itself if it
// was made from none. For errors, which those who find them put together without knowing the reader's language.
const char *catalog_made(const struct catalog *c, const char *text, char *out, size_t size);
// The same where one English word means two things: `context` is the entry's msgctxt.
const char *catalog_get_in(const struct catalog *c, const char *context, const char *text);
// Whether there is a translation.
bool catalog_has(const struct catalog *c, const char *text);

// How many entries there are, and each of them in the order of their keys (i < count): for tools and tests. A key with a context is
// "CONTEXT\4TEXT", as gettext has it.
size_t catalog_count(const struct catalog *c);
void catalog_entry(const struct catalog *c, size_t i, const char **key, const char **translation);

#endif
