// cost_scan.c: words, strings and numbers of a CPU model file, and its one kind of error.
#include "sim/cost_scan.h"

#include "sim/nearest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// Writes the one line of the error; always false, so that a caller can return it.
bool scan_fail(struct scan *p, unsigned column, const char *format, ...)
{
    int n = snprintf(p->err, p->err_size, "%s:%u:%u: ", p->file, p->line, column);
    if (n >= 0 && (size_t)n < p->err_size) {
        va_list args;
        va_start(args, format);
        vsnprintf(p->err + n, p->err_size - (size_t)n, format, args);
        va_end(args);
    }
    return false;
}

unsigned scan_column(const struct scan *p, const char *at)
{
    return (unsigned)(at - p->line_start) + 1;
}

// Whether the line has no more to say: at its end, or at a comment.
bool scan_line_done(const struct scan *p)
{
    return p->at == p->end || *p->at == '\n' || *p->at == '#';
}

void scan_blanks(struct scan *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\r')) {
        p->at++;
    }
}

void scan_next_line(struct scan *p)
{
    while (p->at < p->end && *p->at != '\n') {
        p->at++;
    }
    if (p->at < p->end) {
        p->at++;
    }
    p->line++;
    p->line_start = p->at;
}

// Up to the next blank, '=', ']', quote or comment; size 0 if one of them comes at once.
struct word scan_word(struct scan *p)
{
    scan_blanks(p);
    const char *start = p->at;
    while (p->at < p->end && !strchr(" \t\r\n=[]\"#", *p->at)) {
        p->at++;
    }
    return (struct word){start, (size_t)(p->at - start), scan_column(p, start)};
}

// How much of a word to show: a word may be a megabyte of rubbish.
int word_shown(struct word w)
{
    return w.size < 40 ? (int)w.size : 40;
}

// "write a, b or c"; false if that would be too long.
static bool join(char *to, size_t size, const char *const *list)
{
    size_t used = (size_t)snprintf(to, size, "write ");
    for (size_t i = 0; list[i] && used < size; i++) {
        const char *after = !list[i + 1] ? "" : list[i + 2] ? ", " : " or ";
        used += (size_t)snprintf(to + used, size - used, "%s%s", list[i], after);
    }
    return used < size;
}

// The index of w in the list; or an error that guesses what was meant.
bool scan_lookup(struct scan *p, struct word w, const char *what, const char *const *list,
                 unsigned *index)
{
    for (unsigned i = 0; list[i]; i++) {
        if (strlen(list[i]) == w.size && memcmp(list[i], w.text, w.size) == 0) {
            *index = i;
            return true;
        }
    }
    const char *guess = nearest_word(w.text, w.size, list);
    if (guess) {
        return scan_fail(p, w.column, "no %s is called '%.*s'; did you mean '%s'?", what,
                         word_shown(w), w.text, guess);
    }
    char all[160]; // a short list is its own remedy
    if (!join(all, sizeof all, list)) {
        snprintf(all, sizeof all, "'ringside costs' lists them");
    }
    return scan_fail(p, w.column, "no %s is called '%.*s'; %s", what, word_shown(w), w.text, all);
}

// "…" up to the closing quote on the same line; there is no escape.
bool scan_string(struct scan *p, const char *what, struct word *out)
{
    scan_blanks(p);
    unsigned column = scan_column(p, p->at);
    if (p->at == p->end || *p->at != '"') {
        return scan_fail(p, column, "no %s here; write it between double quotes", what);
    }
    const char *start = ++p->at;
    while (p->at < p->end && *p->at != '"' && *p->at != '\n') {
        p->at++;
    }
    if (p->at == p->end || *p->at != '"') {
        return scan_fail(p, scan_column(p, p->at),
                         "the %s does not end on its line; close it with '\"'", what);
    }
    *out = (struct word){start, (size_t)(p->at++ - start), column};
    if (out->size == 0) {
        return scan_fail(p, column, "the %s is empty; say where the value comes from", what);
    }
    return true;
}

// A decimal number in min..max.
bool scan_number(struct scan *p, const char *what, uint32_t min, uint32_t max, uint32_t *out,
                 unsigned *column)
{
    struct word w = scan_word(p);
    *column = w.column;
    if (w.size == 0) {
        return scan_fail(p, w.column, "%s has no value; write a number from %u to %u", what, min,
                         max);
    }
    uint64_t value = 0;
    for (size_t i = 0; i < w.size; i++) {
        if (w.text[i] < '0' || w.text[i] > '9') {
            return scan_fail(p, w.column, "'%.*s' is no whole number; write one from %u to %u",
                             word_shown(w), w.text, min, max);
        }
        if (value <= max) { // beyond, more digits change nothing
            value = value * 10 + (uint64_t)(w.text[i] - '0');
        }
    }
    if (value < min || value > max) {
        return scan_fail(p, w.column, "%s is %.*s; it must be from %u to %u", what, word_shown(w),
                         w.text, min, max);
    }
    *out = (uint32_t)value;
    return true;
}

// Sources go to terminals, CSV and JSON, and messages quote what they complain about: plain text only.
bool scan_check_bytes(struct scan *p)
{
    for (const char *c = p->at; c < p->end && *c != '\n'; c++) {
        bool blank = *c == '\t' || *c == '\r';
        if (!blank && ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)) {
            return scan_fail(p, scan_column(p, c),
                             "byte 0x%02x; a CPU model is plain ASCII text: replace it",
                             (unsigned char)*c);
        }
    }
    return true;
}
