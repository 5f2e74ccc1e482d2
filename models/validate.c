// validate.c: reads published tables; see validate.h.
#include "models/validate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = VALIDATE_COLUMNS + 4 };

// The line being read, for errors.
struct reader {
    struct validate_table *t;
    const char *name;
    unsigned line;
    char *err;
    size_t err_size;
};

static bool fail(const struct reader *r, const char *what)
{
    snprintf(r->err, r->err_size, "%s:%u: %s", r->name, r->line, what);
    return false;
}

// "84044", "0.45": thousandths. False if it is no such number.
static bool parse_milli(const char *text, uint64_t *milli)
{
    uint64_t whole = 0, part = 0, scale = 100;
    const char *c = text;
    for (; *c >= '0' && *c <= '9' && whole < UINT64_C(1000000000000); c++) {
        whole = whole * 10 + (uint64_t)(*c - '0');
    }
    if (c == text) {
        return false;
    }
    if (*c == '.') {
        for (c++; *c >= '0' && *c <= '9'; c++) {
            part += scale * (uint64_t)(*c - '0');
            scale /= 10;
        }
    }
    *milli = whole * 1000 + part;
    return *c == '\0';
}

static bool parse_as(struct reader *r, char *const *f, size_t n)
{
    static const char *const words[] = {"cycles", "us", "ratio", "rate"};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(f[1], words[i]) == 0) {
            uint64_t mhz = 0;
            r->t->as = (enum validate_as)i;
            if (i == VALIDATE_US && (n < 3 || !parse_milli(f[2], &mhz) || mhz < 1000)) {
                return fail(r, "us without a clock; write 'as us 733'");
            }
            r->t->mhz = mhz / 1000;
            return true;
        }
    }
    return fail(r, "unknown comparison; use cycles, us, ratio or rate");
}

static bool parse_row(struct reader *r, char *const *f, size_t n)
{
    struct validate_table *t = r->t;
    if (t->rows == VALIDATE_ROWS || n != t->columns + 3) {
        return fail(r, "a row has a name, a measure and a value for each column");
    }
    struct validate_row *row = &t->row[t->rows++];
    *row = (struct validate_row){.name = f[1], .measure = f[2]};
    for (size_t i = 0; i < t->columns; i++) {
        struct validate_cell *cell = &row->cell[i];
        cell->text = f[3 + i];
        cell->known = strcmp(cell->text, "-") != 0;
        if (cell->known && !parse_milli(cell->text, &cell->milli)) {
            return fail(r, "no number; write 12, 0.45 or -");
        }
    }
    return true;
}

static bool note_kind(const char *word, enum validate_note_kind *kind)
{
    static const char *const words[] = {
        [VALIDATE_NOTE] = "note", [VALIDATE_CITE] = "cite", [VALIDATE_ORDER] = "order"};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i]) == 0) {
            *kind = (enum validate_note_kind)i;
            return true;
        }
    }
    return false;
}

static bool parse_fields(struct reader *r, char *const *f, size_t n)
{
    struct validate_table *t = r->t;
    enum validate_note_kind kind;
    if (n >= 2 && strcmp(f[0], "title") == 0) {
        t->title = f[1];
    } else if (n >= 2 && strcmp(f[0], "paper") == 0) {
        t->paper = f[1];
    } else if (n >= 2 && strcmp(f[0], "cpu") == 0) {
        t->cpu = f[1];
    } else if (n >= 2 && strcmp(f[0], "as") == 0) {
        return parse_as(r, f, n);
    } else if (n >= 3 && strcmp(f[0], "column") == 0 && t->columns < VALIDATE_COLUMNS) {
        t->column[t->columns++] = (struct validate_column){f[1], f[2], n > 3 ? f[3] : NULL};
    } else if (n >= 3 && strcmp(f[0], "row") == 0) {
        return parse_row(r, f, n);
    } else if (n == 2 && strcmp(f[0], "caches") == 0 && strcmp(f[1], "off") == 0) {
        t->no_caches = true;
    } else if (n == 4 && t->notes < VALIDATE_NOTES && note_kind(f[0], &kind)) {
        t->note[t->notes++] = (struct validate_note){kind, f[1], f[2], f[3]};
    } else {
        return fail(r, "no such statement, or too many; see models/validate.h");
    }
    return true;
}

static bool parse_line(struct reader *r, char *line)
{
    char *f[FIELDS_MAX] = {line};
    size_t n = 1;
    if (line[0] == '\0' || line[0] == '#') {
        return true;
    }
    for (char *c = line; *c; c++) {
        if (*c == '\t') {
            if (n == FIELDS_MAX) {
                return fail(r, "too many fields");
            }
            *c = '\0';
            f[n++] = c + 1;
        }
    }
    return parse_fields(r, f, n);
}

bool validate_parse(struct validate_table *out, const char *name, const char *text, size_t size,
                    char *err, size_t err_size)
{
    *out = (struct validate_table){.text = malloc(size + 1)};
    struct reader r = {out, name, 0, err, err_size};
    if (!out->text) {
        return fail(&r, "no memory");
    }
    memcpy(out->text, text, size);
    out->text[size] = '\0';
    bool ok = true;
    for (char *line = out->text; ok && line;) {
        char *end = strchr(line, '\n');
        if (end) {
            *end = '\0';
        }
        r.line++;
        ok = parse_line(&r, line);
        line = end ? end + 1 : NULL;
    }
    if (ok && !(out->title && out->paper && out->cpu && out->columns > 0 && out->rows > 0)) {
        ok = fail(&r, "title, paper, cpu, a column and a row must be there");
    }
    if (!ok) {
        validate_free(out);
    }
    return ok;
}

void validate_free(struct validate_table *t)
{
    free(t->text);
    t->text = NULL;
}

static bool source_names(const struct cost_value *v, const char *paper, const char *what)
{
    const char *at = strstr(v->source, what);
    if (strncmp(v->source, paper, strlen(paper)) != 0 || !at) {
        return false;
    }
    // "… 11" must not be found in "… 1176".
    char behind = at[strlen(what)];
    return behind < '0' || behind > '9';
}

const char *validate_calibrated(const struct validate_table *t, size_t row, size_t column,
                                const struct cpu_model *model)
{
    const char *name = t->row[row].name, *under = t->column[column].name;
    char own[160];
    snprintf(own, sizeof own, "%s %s %s", name, under, t->row[row].cell[column].text);
    for (unsigned k = 0; k < COST_COUNT; k++) {
        if (source_names(&model->cost[k], t->paper, own)) {
            return cost_key_name((enum cost_key)k);
        }
        for (size_t i = 0; i < t->notes; i++) {
            const struct validate_note *n = &t->note[i];
            if (n->kind == VALIDATE_CITE && strcmp(n->row, name) == 0 &&
                strcmp(n->column, under) == 0 && source_names(&model->cost[k], t->paper, n->text)) {
                return cost_key_name((enum cost_key)k);
            }
        }
    }
    return NULL;
}

uint64_t validate_compared(const struct validate_table *t, const uint64_t *figures, size_t column,
                           bool simulated)
{
    uint64_t here = figures[column], base = figures[0];
    if (here == 0) {
        return 0;
    }
    switch (t->as) {
    case VALIDATE_CYCLES: return here;
    case VALIDATE_US: return simulated ? (here + t->mhz / 2) / t->mhz : here;
    case VALIDATE_RATIO: return base == 0 ? 0 : (here * 1000 + base / 2) / base;
    // Published as throughput, simulated as time.
    case VALIDATE_RATE:
        if (base == 0) {
            return 0;
        }
        return simulated ? (here * 1000 + base / 2) / base : (base * 1000 + here / 2) / here;
    }
    return 0;
}
