// The key table and the commands as text.
#include "tui/dashboard_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELP_SIZE = 32 << 10, KEYS_COLUMN = 18 };

struct writer {
    char *text;
    size_t used;
    const struct catalog *words;
    bool markdown;
};

static void out(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void out(struct writer *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(w->text + w->used, HELP_SIZE - w->used, format, args);
    va_end(args);
    w->used += n > 0 && (size_t)n < HELP_SIZE - w->used ? (size_t)n : 0;
}

// "Space r" from "<Space> r": as keys are shown. In Markdown each is code.
static void keys_text(const struct writer *w, const char *keys, char *to)
{
    const char *quote = w->markdown ? "`" : "";
    while (*keys) {
        size_t n = strcspn(keys, " ");
        bool named = n > 2 && keys[0] == '<';
        const char *pipe = w->markdown && n == 1 && *keys == '|' ? "\\" : "";
        to += sprintf(to, "%s%s%.*s%s", quote, pipe, (int)(n - 2 * named), keys + named, quote);
        keys += n;
        if (*keys == ' ') {
            keys++;
            *to++ = ' ';
        }
    }
    *to = '\0';
}

static void row(struct writer *w, const char *left, const char *doc)
{
    doc = catalog_get(w->words, doc);
    if (w->markdown) {
        out(w, "| %s | %s |\n", left, doc);
    } else {
        int pad = KEYS_COLUMN - text_columns(left);
        out(w, "  %s%*s%s\n", left, pad > 0 ? pad : 1, "", doc);
    }
}

static void heading(struct writer *w, const char *title, const char *left, const char *right)
{
    const char *blank = w->used > 0 ? "\n" : "";
    if (w->markdown) {
        out(w, "%s| %s | %s |\n|---|---|\n", blank, left, right);
    } else {
        out(w, "%s%s\n", blank, catalog_get(w->words, title));
    }
}

char *dashboard_help(const struct catalog *words, bool markdown)
{
    struct writer w = {malloc(HELP_SIZE), 0, words, markdown};
    char left[160];
    if (!w.text) {
        return NULL;
    }
    w.text[0] = '\0';
    for (int section = 0; section < SECTION_COUNT; section++) {
        const char *title = key_section_name((enum key_section)section);
        heading(&w, title, title, "what it does");
        for (size_t i = 0; key_row(i); i++) {
            if (key_row(i)->section == (enum key_section)section) {
                keys_text(&w, key_row(i)->keys, left);
                row(&w, left, key_row(i)->doc);
            }
        }
    }
    heading(&w, "Commands", "Command", "what it does");
#define COMMAND(name, operands, doc)                                                               \
    snprintf(left, sizeof left, markdown ? "`:%s%s%s`" : ":%s%s%s", #name, operands[0] ? " " : "", \
             operands);                                                                            \
    row(&w, left, doc);
#include "tui/command.def"
#undef COMMAND
    return w.text;
}
