// Keys: codes, their names, and what they do (keys.def).
#ifndef RINGSIDE_TUI_KEYS_H
#define RINGSIDE_TUI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A key is the Unicode character that it types, or one of these.
enum key_code {
    KEYCODE_NONE = 0,
    KEYCODE_BASE = 0x200000, // beyond Unicode
#define KEYNAME(NAME, name) KEYCODE_##NAME,
#include "tui/keyname.def"
#undef KEYNAME
    KEYCODES_END,
};

// What the user did. `x` and `y` are the cell of a mouse key.
struct key {
    uint32_t code;
    int x, y;
};

enum { KEY_WORD_SIZE = 48 };

enum action {
    ACTION_NONE,
#define KEY(ACTION, section, keys, doc) ACTION_##ACTION,
#include "tui/keys.def"
#undef KEY
    ACTION_COUNT
};
enum key_section { SECTION_VIEWS, SECTION_CONTROL, SECTION_MOVE, SECTION_OTHER, SECTION_COUNT };

struct key_row {
    enum action action;
    enum key_section section;
    const char *keys; // names, divided by blanks
    const char *doc;
};

// Row i of keys.def, or NULL.
const struct key_row *key_row(size_t i);
const char *key_section_name(enum key_section section);
// What a key does outside of text input.
enum action key_action(uint32_t code);
// The first key of an action, as it is shown: "Space", "F2", "s". Returns `out`.
const char *key_hint(enum action action, char out[static KEY_WORD_SIZE]);

// Reads one key from a script and moves *script behind it: a character, or <Name>, <C-x>, <F1>; <lt> is '<'. False, with one line
// of reason, for a name that is none; *key is KEYCODE_NONE at the end. A mouse click is <click:X,Y>. `unknown` names that the caller knows
// ("wait:20") are given back in `word`.
enum key_parse { KEYS_PARSED, KEYS_END, KEYS_WORD };
enum key_parse key_parse(const char **script, struct key *key, char word[static KEY_WORD_SIZE]);

#endif
