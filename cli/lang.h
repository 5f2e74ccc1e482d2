// The language in which a command speaks: chosen by --lang or the environment, with the catalogues of scenarios/lang.
#ifndef RINGSIDE_CLI_LANG_H
#define RINGSIDE_CLI_LANG_H

#include "cli/cli.h"
#include "sim/catalog.h"

// The shared option row of every command that speaks more than English.
#define OPTION_ROW_LANG(type, field)                                                     \
    {                                                                                    \
        .name = "lang", .kind = OPTION_STRING, .arg = "LANG",                            \
        .help = "language, en or ko; default: what LC_ALL, LC_MESSAGES or LANG ask for", \
        .offset = offsetof(type, field)                                                  \
    }

struct lang {
    char code[4];            // "en", "ko"
    struct catalog *catalog; // NULL in English; for catalog_get
};

// Opens the language called `option`, or with NULL the environment's (English if that one is not there), with the program's own words from
// lang/CODE.po. CLI_OK, or another status after an error line. lang_close in either case.
int lang_open(struct lang *lang, const char *option);
// Adds the words of a built-in scenario (lang/CODE/NAME.po), if there are any.
int lang_add_scenario(struct lang *lang, const char *name);
// Adds those beside a script of the user's: dir/lesson.ko.po for dir/lesson.lua, if that file is there.
int lang_add_beside(struct lang *lang, const char *script);
void lang_close(struct lang *lang);

#endif
