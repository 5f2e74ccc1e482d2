// Reads address spaces from files: a description, line by line, or the raw memory of a machine.
#include "cli/translate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    LARGEST_TEXT = 1 << 20,
    LARGEST_DUMP = 1 << 30,
    MOST_LINES = 1000, // that map something
    MOST_WORDS = 16,
};

// A line that maps or pokes, kept until the tables' shape is known.
struct entry_line {
    enum { MAP, EPT, POKE } kind;
    unsigned line;
    const char *name; // MAP; points into the text
    uint64_t from, size, to;
    bool any; // MAP: `to` is to be chosen
    unsigned flags;
};

struct reader {
    const char *path;
    unsigned line;
    char *word[MOST_WORDS];
    unsigned column[MOST_WORDS], words;
    struct space_config config;
    struct entry_line *entries;
    size_t count;
};

static int bad(const struct reader *r, unsigned word, const char *format, const char *text)
{
    char message[256];
    snprintf(message, sizeof message, format, text);
    return cli_input_error(r->path, r->line, r->column[word], "%s", message);
}

// Splits a line into words, in place; `#` begins a comment.
static int split(struct reader *r, char *text)
{
    char *start = text;
    text[strcspn(text, "#")] = '\0';
    r->words = 0;
    for (;;) {
        text += strspn(text, " \t\r");
        if (*text == '\0') {
            return CLI_OK;
        }
        if (r->words == MOST_WORDS) {
            return cli_input_error(r->path, r->line, (unsigned)(text - start) + 1,
                                   "too many words; a line has at most %d", MOST_WORDS);
        }
        r->column[r->words] = (unsigned)(text - start) + 1;
        r->word[r->words++] = text;
        text += strcspn(text, " \t\r");
        if (*text) {
            *text++ = '\0';
        }
    }
}

static int number(const struct reader *r, unsigned word, uint64_t *value)
{
    if (word >= r->words) {
        return cli_input_error(r->path, r->line, 0, "'%s' lacks a number; see docs/cli.md",
                               r->word[0]);
    }
    if (!cli_parse_size(r->word[word], value)) {
        return bad(r, word, "'%s' is not a number; write 4096, 0x1000, 64K or 2M", r->word[word]);
    }
    return CLI_OK;
}

static int levels(struct reader *r, unsigned dim)
{
    uint64_t value = 0;
    int status = number(r, 1, &value);
    if (status == CLI_OK && (value < LEVELS_MIN || value > LEVELS_MAX)) {
        return bad(r, 1, "%s levels are impossible; choose 2 to 5", r->word[1]);
    }
    r->config.levels[dim] = (unsigned)value;
    r->config.dims = dim + 1 > r->config.dims ? dim + 1 : r->config.dims;
    return status;
}

static int ram(struct reader *r)
{
    int status = number(r, 1, &r->config.ram);
    if (status == CLI_OK && (r->config.ram % HUGE_PAGE_SIZE || r->config.ram < 16 << 20 ||
                             r->config.ram > UINT64_C(8) << 30)) {
        return bad(r, 1, "%s of memory is impossible; choose a multiple of 2M from 16M to 8G",
                   r->word[1]);
    }
    return status;
}

static int map_flags(const struct reader *r, unsigned first, unsigned *flags)
{
    static const char *const names[] = {"write",  "user",     "noexec", "huge",
                                        "absent", "reserved", NULL};
    static const unsigned bits[] = {SPACE_W, SPACE_U, SPACE_NX, SPACE_HUGE, 0, SPACE_RESERVED};
    *flags = SPACE_P;
    for (unsigned w = first; w < r->words; w++) {
        size_t i = 0;
        while (names[i] && strcmp(names[i], r->word[w]) != 0) {
            i++;
        }
        if (!names[i]) {
            return bad(r, w,
                       "'%s' is no flag; there are write, user, noexec, huge, absent, reserved",
                       r->word[w]);
        }
        *flags = strcmp(names[i], "absent") == 0 ? *flags & ~(unsigned)SPACE_P : *flags | bits[i];
    }
    return CLI_OK;
}

// "rwx" with "-" for what is not allowed, then perhaps "huge".
static int ept_flags(const struct reader *r, unsigned first, unsigned *flags)
{
    const char *rights = first < r->words ? r->word[first] : "";
    bool form = strlen(rights) == 3 && strchr("r-", rights[0]) && strchr("w-", rights[1]) &&
                strchr("x-", rights[2]);
    if (!form) {
        return first < r->words
                   ? bad(r, first, "'%s' are no rights; write rwx, r-x, --- or such", rights)
                   : cli_input_error(r->path, r->line, 0,
                                     "'ept' lacks its rights; write rwx at the end");
    }
    *flags = (rights[0] == 'r' ? SPACE_P : 0) | (rights[1] == 'w' ? SPACE_W : 0) |
             (rights[2] == 'x' ? 0 : SPACE_NX);
    if (rights[0] == '-' && rights[1] == 'w') {
        *flags |= SPACE_RESERVED; // the misconfiguration W without R
    }
    for (unsigned w = first + 1; w < r->words; w++) {
        if (strcmp(r->word[w], "huge") != 0) {
            return bad(r, w, "'%s' is no flag; there is only huge", r->word[w]);
        }
        *flags |= SPACE_HUGE;
    }
    return CLI_OK;
}

static int entry_line(struct reader *r)
{
    struct entry_line e = {.line = r->line};
    int status;
    if (r->count == MOST_LINES) {
        return cli_input_error(r->path, r->line, 1, "too many lines; at most %d may map",
                               MOST_LINES);
    }
    if (strcmp(r->word[0], "poke") == 0) {
        e.kind = POKE;
        status = number(r, 1, &e.from);
        status = status == CLI_OK ? number(r, 2, &e.to) : status;
    } else if (strcmp(r->word[0], "ept") == 0) {
        e.kind = EPT;
        status = number(r, 1, &e.from);
        status = status == CLI_OK ? number(r, 2, &e.size) : status;
        status = status == CLI_OK ? number(r, 3, &e.to) : status;
        status = status == CLI_OK ? ept_flags(r, 4, &e.flags) : status;
    } else {
        e.kind = MAP;
        e.name = r->words > 1 ? r->word[1] : "";
        e.any = r->words > 4 && strcmp(r->word[4], "any") == 0;
        status = number(r, 2, &e.from);
        status = status == CLI_OK ? number(r, 3, &e.size) : status;
        status = status == CLI_OK && !e.any ? number(r, 4, &e.to) : status;
        status = status == CLI_OK ? map_flags(r, 5, &e.flags) : status;
    }
    r->entries[r->count++] = e;
    return status;
}

static int one_line(struct reader *r, char *text)
{
    static const char *const words[] = {"levels", "ept-levels", "ept-huge", "memory",
                                        "map",    "ept",        "poke",     NULL};
    int status = split(r, text);
    if (status != CLI_OK || r->words == 0) {
        return status;
    }
    const char *what = r->word[0];
    if (strcmp(what, "levels") == 0) {
        return levels(r, 0);
    }
    if (strcmp(what, "ept-levels") == 0) {
        return levels(r, 1);
    }
    if (strcmp(what, "memory") == 0) {
        return ram(r);
    }
    if (strcmp(what, "ept-huge") == 0) {
        r->config.back_huge = true;
        return CLI_OK;
    }
    if (strcmp(what, "map") == 0 || strcmp(what, "ept") == 0 || strcmp(what, "poke") == 0) {
        return entry_line(r);
    }
    const char *nearest = cli_nearest(what, words);
    return cli_input_error(
        r->path, r->line, r->column[0], "unknown word '%s'; %s%s%s", what,
        nearest ? "did you mean '"
                : "a line "
                  "begins with levels, ept-levels, ept-huge, memory, map, ept or poke",
        nearest ? nearest : "", nearest ? "'?" : "");
}

// ---- building ------------------------------------------------------------------------------------

static int apply(struct reader *r, struct space *space, const struct entry_line *e)
{
    char error[256] = "";
    bool ok = true;
    uint64_t page = (e->flags & SPACE_HUGE) ? HUGE_PAGE_SIZE : PAGE_SIZE;
    r->line = e->line;
    if (e->kind == EPT && space->dims < 2) {
        return cli_input_error(r->path, e->line, 0, "there is no EPT; add a line 'ept-levels 4'");
    }
    if (e->kind == POKE) {
        ok = e->from % 8 == 0 && mem_write(&space->mem, e->from, &e->to, 8);
        snprintf(error, sizeof error, "0x%" PRIx64 " is not a multiple of 8 inside the memory",
                 e->from);
    } else if (e->kind == EPT) {
        ok = space_map(space, 1, e->from, e->to, e->size, e->flags, error, sizeof error);
    } else if (e->any && (e->size == 0 || e->size % page)) {
        ok = false;
        snprintf(error, sizeof error, "the size must be a multiple of the page size");
    } else {
        uint64_t step = e->any ? page : e->size;
        for (uint64_t offset = 0; ok && offset < e->size; offset += step) {
            uint64_t to = e->to + offset;
            ok = (!e->any ||
                  space_take(space, 1, (e->flags & SPACE_HUGE) != 0, &to, error, sizeof error)) &&
                 space_map(space, 0, e->from + offset, to, step, e->flags, error, sizeof error);
        }
        ok = ok && space_name(space, e->name, e->from, e->size, e->flags, NULL);
    }
    return ok ? CLI_OK
              : cli_input_error(r->path, e->line, 0, "%s",
                                error[0] ? error : "too many maps; at most 128");
}

static int build(struct reader *r, struct space *space)
{
    char error[256];
    if (!space_create(space, &r->config, error, sizeof error)) {
        return cli_error(CLI_UNAVAILABLE, "%s: %s", r->path, error);
    }
    int status = CLI_OK;
    // What the file names is not free for tables. Then EPT lines before the maps that may rest on them.
    for (size_t i = 0; i < r->count; i++) {
        const struct entry_line *e = &r->entries[i];
        if (e->kind == MAP && !e->any) {
            space_reserve(space, 1, e->to, e->size);
        } else if (e->kind == EPT) {
            space_reserve(space, 1, e->from, e->size);
            space_reserve(space, space->dims, e->to, e->size);
        }
    }
    for (int kind = EPT; status == CLI_OK && kind >= MAP; kind--) {
        for (size_t i = 0; i < r->count && status == CLI_OK; i++) {
            if ((int)r->entries[i].kind == kind) {
                status = apply(r, space, &r->entries[i]);
            }
        }
    }
    for (size_t i = 0; i < r->count && status == CLI_OK; i++) {
        if (r->entries[i].kind == POKE) {
            status = apply(r, space, &r->entries[i]);
        }
    }
    if (status != CLI_OK) {
        space_free(space);
    }
    return status;
}

int space_parse(const char *path, char *text, struct space *space)
{
    struct reader r = {.path = path,
                       .config = {.ram = 64 << 20, .dims = 1, .levels = {4, 4, 4}},
                       .entries = calloc(MOST_LINES, sizeof *r.entries)};
    int status = r.entries ? CLI_OK : cli_error(CLI_UNAVAILABLE, "no memory for %s", path);
    for (char *line = text; line && status == CLI_OK;) {
        char *newline = strchr(line, '\n');
        if (newline) {
            *newline = '\0';
        }
        r.line++;
        status = one_line(&r, line);
        line = newline ? newline + 1 : NULL;
    }
    if (status == CLI_OK) {
        status = build(&r, space);
    }
    free(r.entries);
    return status;
}

int space_read(const char *path, struct space *space)
{
    size_t size;
    char *text = cli_read_file(path, LARGEST_TEXT, &size);
    if (!text) {
        return CLI_BAD_INPUT;
    }
    int status = space_parse(path, text, space);
    free(text);
    return status;
}

int space_from_dump(const char *path, uint64_t ptbr, uint64_t eptp, unsigned dims,
                    const unsigned of_levels[WALK_DIMS_MAX], struct space *space)
{
    size_t size;
    char *bytes = cli_read_file(path, LARGEST_DUMP, &size);
    if (!bytes) {
        return CLI_BAD_INPUT;
    }
    *space = (struct space){.dims = dims};
    uint64_t whole = (size + HUGE_PAGE_SIZE - 1) & ~(HUGE_PAGE_SIZE - 1);
    if (size == 0 || !mem_init(&space->mem, whole)) {
        free(bytes);
        return size == 0 ? cli_input_error(path, 0, 0,
                                           "the file is empty; write one with "
                                           "'ringside exec --dump-memory'")
                         : cli_error(CLI_UNAVAILABLE, "no memory for %s", path);
    }
    mem_write(&space->mem, 0, bytes, size);
    // What is not RAM reads as ones.
    memset(space->mem.bytes + size, 0xff, (size_t)(whole - size));
    free(bytes);
    const uint64_t roots[WALK_DIMS_MAX] = {ptbr & PTE_FRAME, eptp & PTE_FRAME, 0};
    for (unsigned d = 0; d < dims; d++) {
        space->dim[d] = (struct walk_dim){
            .format = d == 0 ? WALK_GUEST : WALK_EPT, .root = roots[d], .levels = of_levels[d]};
    }
    return CLI_OK;
}
