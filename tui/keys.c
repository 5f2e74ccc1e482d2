// The key table, and keys by name.
#include "tui/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tui/cells.h"

static const struct key_row rows[] = {
#define KEY(ACTION, section, keys, doc) {ACTION_##ACTION, SECTION_##section, keys, doc},
#include "tui/keys.def"
#undef KEY
};
static const char *const names[] = {
#define KEYNAME(NAME, name) name,
#include "tui/keyname.def"
#undef KEYNAME
};

const struct key_row *key_row(size_t i)
{
    return i < sizeof rows / sizeof *rows ? &rows[i] : NULL;
}

const char *key_section_name(enum key_section section)
{
    static const char *const section_names[] = {"Views", "Control", "Moving", "Other"};
    return section_names[section];
}

// The code of the name in [name, name + n), or KEYCODE_NONE.
static uint32_t find_name(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i]) == n && strncmp(names[i], name, n) == 0) {
            return KEYCODE_BASE + 1 + (uint32_t)i;
        }
    }
    if (n == 3 && name[0] == 'C' && name[1] == '-') {
        return (uint32_t)name[2] & 0x1f;
    }
    return n == 5 && strncmp(name, "Space", n) == 0 ? ' '
           : n == 2 && strncmp(name, "lt", n) == 0  ? '<'
                                                    : KEYCODE_NONE;
}

static bool parse_click(const char *word, struct key *key)
{
    char *end;
    if (strncmp(word, "click:", 6) != 0) {
        return false;
    }
    key->x = (int)strtol(word + 6, &end, 10);
    key->y = *end == ',' ? (int)strtol(end + 1, &end, 10) : 0;
    key->code = KEYCODE_CLICK;
    return *end == '\0';
}

enum key_parse key_parse(const char **script, struct key *key, char word[static KEY_WORD_SIZE])
{
    const char *text = *script, *end = *text == '<' ? text + 1 + strcspn(text + 1, " <>") : NULL;
    end = end && *end == '>' ? end : NULL;
    *key = (struct key){0};
    if (!*text) {
        return KEYS_END;
    }
    // "<" alone is a key too, and so is "<" before something that is no name.
    if (!end || end == text + 1 || end - text > KEY_WORD_SIZE) {
        key->code = char_next(script);
        return KEYS_PARSED;
    }
    size_t n = (size_t)(end - text) - 1;
    memcpy(word, text + 1, n);
    word[n] = '\0';
    *script = end + 1;
    key->code = find_name(word, n);
    return key->code != KEYCODE_NONE || parse_click(word, key) ? KEYS_PARSED : KEYS_WORD;
}

enum action key_action(uint32_t code)
{
    char word[KEY_WORD_SIZE];
    struct key key;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (const char *at = rows[i].keys; *at; at += *at == ' ') {
            key_parse(&at, &key, word);
            if (key.code == code) {
                return rows[i].action;
            }
        }
    }
    return ACTION_NONE;
}

const char *key_hint(enum action action, char out[static KEY_WORD_SIZE])
{
    out[0] = '\0';
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *keys = rows[i].keys;
        size_t n = strcspn(keys, " ");
        bool named = n > 2 && keys[0] == '<';
        if (rows[i].action == action) {
            snprintf(out, KEY_WORD_SIZE, "%.*s", (int)(n - 2 * named), keys + named);
            break;
        }
    }
    return out;
}
