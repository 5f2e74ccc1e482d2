// Reads .po files, and looks texts up in them.
#include "sim/catalog.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    const char *key, *value; // in a block of the catalogue
    unsigned line;           // where its msgid stands
};

// The unescaped strings of one file.
struct block {
    struct block *next;
    char bytes[];
};

struct catalog {
    struct entry *entries; // sorted by key
    size_t count;
    struct block *blocks;
};

struct catalog *catalog_create(void)
{
    return calloc(1, sizeof(struct catalog));
}

void catalog_free(struct catalog *c)
{
    if (!c) {
        return;
    }
    while (c->blocks) {
        struct block *b = c->blocks;
        c->blocks = b->next;
        free(b);
    }
    free(c->entries);
    free(c);
}

// ---- look-up -------------------------------------------------------------------------------------

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

static const struct entry *find(const struct catalog *c, const char *key)
{
    const struct entry wanted = {.key = key};
    return c && c->count > 0 ? bsearch(&wanted, c->entries, c->count, sizeof wanted, by_key) : NULL;
}

const char *catalog_get(const struct catalog *c, const char *text)
{
    const struct entry *e = find(c, text);
    return e ? e->value : text;
}

// Bytes of the conversion that begins at a '%', 0 if none does; "%%" is none.
static size_t conversion(const char *at)
{
    size_t n = 1 + strspn(at + 1, "0123456789.*lz");
    return at[0] == '%' && at[n] && strchr("sducx", at[n]) ? n + 1 : 0;
}

// Bytes before the next conversion, or all.
static size_t plain(const char *format)
{
    size_t n = 0;
    while (format[n] && !conversion(format + n)) {
        n++;
    }
    return n;
}

enum { PARTS_MAX = 8 };
struct part {
    const char *text;
    size_t size;
};

// What became of the conversions of `format` in `text`: how many parts, and in *own the bytes that are the format's. -1: not made from it.
static int take_apart(const char *format, const char *text, struct part part[PARTS_MAX],
                      size_t *own)
{
    int parts = 0;
    size_t n = plain(format);
    *own = n;
    if (strncmp(format, text, n) != 0) {
        return -1;
    }
    for (format += n, text += n; *format; parts++) {
        format += conversion(format);
        n = plain(format);
        const char *end = text + strlen(text);
        for (const char *at = text; format[n] && at < end; at++) { // the first place that fits
            end = strncmp(at, format, n) == 0 ? at : end;
        }
        if (!format[n]) { // the last piece stands at the end
            end = strlen(text) < n ? text : end - n;
        }
        if (parts == PARTS_MAX || strncmp(end, format, n) != 0 || (n == 0 && format[0])) {
            return -1;
        }
        part[parts] = (struct part){text, (size_t)(end - text)};
        text = end + n;
        format += n;
        *own += n;
    }
    return *text ? -1 : parts;
}

// Writes a translation with the parts in the places of its conversions.
static void put_together(const struct catalog *c, const char *format, const struct part *part,
                         int parts, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; used < size; i++) {
        char text[256];
        size_t n = plain(format);
        snprintf(out + used, size - used, "%.*s", (int)n, format);
        used += strlen(out + used);
        format += n;
        if (!*format || i == parts || used + 1 >= size) {
            return;
        }
        format += conversion(format);
        snprintf(text, sizeof text, "%.*s", (int)part[i].size, part[i].text);
        // What is assigned is a name, not a word: "paging=nested".
        bool name = used > 0 && out[used - 1] == '=';
        snprintf(out + used, size - used, "%s", name ? text : catalog_get(c, text));
        used += strlen(out + used);
    }
}

const char *catalog_made(const struct catalog *c, const char *text, char *out, size_t size)
{
    enum { ENOUGH = 8 }; // bytes of its own that a format must have, to be told from chance
    const struct entry *best = NULL;
    struct part part[PARTS_MAX];
    size_t most = ENOUGH, own;
    for (size_t i = 0; c && i < c->count; i++) {
        if (take_apart(c->entries[i].key, text, part, &own) > 0 && own > most) {
            most = own;
            best = &c->entries[i];
        }
    }
    if (!best || catalog_has(c, text)) {
        return catalog_get(c, text);
    }
    int parts = take_apart(best->key, text, part, &own);
    put_together(c, best->value, part, parts, out, size);
    return out;
}

const char *catalog_get_in(const struct catalog *c, const char *context, const char *text)
{
    // No key to build: the entries of a context stand together, and are few.
    size_t n = strlen(context);
    for (size_t i = 0; c && i < c->count; i++) {
        const char *key = c->entries[i].key;
        if (strncmp(key, context, n) == 0 && key[n] == '\4' && strcmp(key + n + 1, text) == 0) {
            return c->entries[i].value;
        }
    }
    return text;
}

bool catalog_has(const struct catalog *c, const char *text)
{
    return find(c, text) != NULL;
}

size_t catalog_count(const struct catalog *c)
{
    return c ? c->count : 0;
}

void catalog_entry(const struct catalog *c, size_t i, const char **key, const char **translation)
{
    assert(i < c->count);
    *key = c->entries[i].key;
    *translation = c->entries[i].value;
}

// ---- reading -------------------------------------------------------------------------------------

enum word { WORD_NONE, WORD_CONTEXT, WORD_ID, WORD_STR };

struct reader {
    const char *file, *at, *end, *line_start;
    unsigned line;
    char *out; // the next free byte of the block
    char *err;
    size_t err_size;
    // The entry being read: where its parts begin, NULL for one not seen.
    const char *context, *id, *str;
    unsigned id_line;
    bool fuzzy, next_fuzzy;
    enum word last; // what a string on a line of its own continues
    struct entry *entries;
    size_t count, room;
};

static bool complain(struct reader *r, const char *at, const char *what)
{
    if (r->err_size > 0) {
        snprintf(r->err, r->err_size, "%s:%u:%u: %s", r->file, r->line,
                 (unsigned)(at - r->line_start) + 1, what);
    }
    return false;
}

static bool put_escape(struct reader *r, char c)
{
    static const char letters[] = "ntr\"\\abfv", values[] = "\n\t\r\"\\\a\b\f\v";
    const char *found = c ? strchr(letters, c) : NULL;
    if (!found) {
        return complain(r, r->at, "unknown escape; write \\n, \\t, \\\" or \\\\");
    }
    *r->out++ = values[found - letters];
    return true;
}

// A string in quotes at r->at; its bytes go to the end of the block, without a NUL.
static bool read_string(struct reader *r)
{
    const char *open = r->at++;
    for (; r->at < r->end && *r->at != '"'; r->at++) {
        if (*r->at == '\n') {
            break;
        }
        if (*r->at == '\0' || *r->at == '\4') {
            return complain(r, r->at, "a control character in a string; write plain text");
        }
        if (*r->at != '\\') {
            *r->out++ = *r->at;
        } else if (++r->at == r->end) {
            break;
        } else if (!put_escape(r, *r->at)) {
            return false;
        }
    }
    if (r->at == r->end || *r->at != '"') {
        return complain(r, open, "string without end; close it with \" on the same line");
    }
    r->at++;
    return true;
}

static bool grow(struct reader *r)
{
    size_t room = r->room ? 2 * r->room : 64;
    struct entry *more = realloc(r->entries, room * sizeof *more);
    if (!more) {
        return complain(r, r->line_start, "no memory for so many entries; make the file shorter");
    }
    r->entries = more;
    r->room = room;
    return true;
}

// The entry is complete: keep it, if it says something.
static bool finish(struct reader *r)
{
    bool begun = r->context || r->id;
    if (!begun) {
        return true;
    }
    *r->out++ = '\0';
    if (!r->str) {
        return complain(r, r->at, "msgid without msgstr; give the translation, or msgstr \"\"");
    }
    // The key is one string: context and msgid follow each other, parted by \4, which stands there already.
    const char *key = r->context ? r->context : r->id;
    if (*r->id && *r->str && !r->fuzzy) {
        if (r->count == r->room && !grow(r)) {
            return false;
        }
        r->entries[r->count++] = (struct entry){key, r->str, r->id_line};
    }
    r->context = r->id = r->str = NULL;
    r->fuzzy = false;
    r->last = WORD_NONE;
    return true;
}

static bool begin_part(struct reader *r, enum word word, const char *at)
{
    if (word == WORD_STR) {
        if (r->last != WORD_ID) {
            return complain(r, at, "msgstr without msgid; write the English text first");
        }
        *r->out++ = '\0';
        r->str = r->out;
    } else if (word == WORD_ID && r->last == WORD_CONTEXT) {
        *r->out++ = '\4';
        r->id = r->out;
    } else {
        if (r->last == WORD_ID || r->last == WORD_CONTEXT) {
            return complain(r, at, "msgstr is missing before this; give the translation, or \"\"");
        }
        if (!finish(r)) {
            return false;
        }
        r->fuzzy = r->next_fuzzy;
        r->next_fuzzy = false;
        *(word == WORD_ID ? &r->id : &r->context) = r->out;
    }
    r->id_line = word == WORD_ID ? r->line : r->id_line;
    r->last = word;
    return true;
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r')) {
        r->at++;
    }
}

static bool read_keyword(struct reader *r)
{
    static const struct {
        const char *name;
        enum word word;
    } words[] = {{"msgctxt", WORD_CONTEXT}, {"msgid", WORD_ID}, {"msgstr", WORD_STR}};
    const char *begin = r->at;
    while (r->at < r->end && ((*r->at >= 'a' && *r->at <= 'z') || *r->at == '_')) {
        r->at++;
    }
    size_t n = (size_t)(r->at - begin);
    if ((n == 12 && memcmp(begin, "msgid_plural", n) == 0) || (r->at < r->end && *r->at == '[')) {
        return complain(r, begin, "plural forms are not used here; make two entries");
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i].name) == n && memcmp(begin, words[i].name, n) == 0) {
            skip_blanks(r);
            return begin_part(r, words[i].word, begin) &&
                   ((r->at < r->end && *r->at == '"') ||
                    complain(r, r->at, "expected a string in quotes")) &&
                   read_string(r);
        }
    }
    return complain(r, begin, "expected msgid, msgstr, msgctxt, a string or a comment");
}

static void read_comment(struct reader *r)
{
    const char *begin = r->at;
    while (r->at < r->end && *r->at != '\n') {
        r->at++;
    }
    if (begin + 1 < r->at && begin[1] == ',') {
        for (const char *p = begin; p + 5 <= r->at; p++) {
            r->next_fuzzy |= memcmp(p, "fuzzy", 5) == 0;
        }
    }
}

static bool read_line(struct reader *r)
{
    r->line_start = r->at;
    skip_blanks(r);
    if (r->at < r->end && *r->at == '#') {
        read_comment(r);
    } else if (r->at < r->end && *r->at == '"') {
        if (r->last == WORD_NONE) {
            return complain(r, r->at, "a string that belongs to nothing; write msgid before it");
        }
        if (!read_string(r)) {
            return false;
        }
    } else if (r->at < r->end && *r->at != '\n' && !read_keyword(r)) {
        return false;
    }
    skip_blanks(r);
    if (r->at < r->end && *r->at != '\n') {
        return complain(r, r->at, "more than one thing on a line; begin a new line");
    }
    return true;
}

static bool read_all(struct reader *r)
{
    static const char mark[] = "\xef\xbb\xbf"; // some editors' sign for UTF-8
    if (r->end - r->at >= 3 && memcmp(r->at, mark, 3) == 0) {
        r->at += 3;
    }
    for (r->line = 1; r->at < r->end; r->line++) {
        if (!read_line(r)) {
            return false;
        }
        if (r->at < r->end) {
            r->at++;
        }
    }
    r->line -= r->line > 1;
    return finish(r);
}

// No key twice within the file (sorted here).
static bool check_twice(struct reader *r)
{
    if (r->count > 1) {
        qsort(r->entries, r->count, sizeof *r->entries, by_key);
    }
    for (size_t i = 1; i < r->count; i++) {
        const struct entry *a = &r->entries[i - 1], *b = &r->entries[i];
        if (strcmp(a->key, b->key) == 0) {
            bool later = a->line > b->line;
            if (r->err_size > 0) {
                snprintf(r->err, r->err_size,
                         "%s:%u:1: this msgid stands in line %u already; remove one of them",
                         r->file, later ? a->line : b->line, later ? b->line : a->line);
            }
            return false;
        }
    }
    return true;
}

// Adds what is new in the sorted entries.
static bool merge(struct catalog *c, struct reader *r)
{
    struct entry *all = malloc((c->count + r->count + 1) * sizeof *all);
    if (!all) {
        return complain(r, r->line_start, "no memory for its entries");
    }
    size_t a = 0, b = 0, n = 0;
    while (a < c->count || b < r->count) {
        int order = a == c->count ? 1 : b == r->count ? -1 : by_key(&c->entries[a], &r->entries[b]);
        all[n++] = order <= 0 ? c->entries[a] : r->entries[b];
        a += order <= 0;
        b += order >= 0;
    }
    free(c->entries);
    c->entries = all;
    c->count = n;
    return true;
}

bool catalog_add(struct catalog *c, const char *file, const char *text, size_t size, char *err,
                 size_t err_size)
{
    // Unescaping never lengthens; each part's NUL or \4 has its keyword's letters for room.
    struct block *block = malloc(sizeof *block + size + 1);
    struct reader r = {.file = file,
                       .at = text,
                       .end = text + size,
                       .line_start = text,
                       .line = 1,
                       .err = err,
                       .err_size = err_size};
    if (!block) {
        return complain(&r, text, "no memory to read it; make it shorter");
    }
    r.out = block->bytes;
    bool ok = read_all(&r) && check_twice(&r) && merge(c, &r);
    free(r.entries);
    if (!ok) {
        free(block);
        return false;
    }
    block->next = c->blocks;
    c->blocks = block;
    return true;
}
