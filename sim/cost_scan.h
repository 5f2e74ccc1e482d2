// cost_scan.h: reads the words of a line of a CPU model file, for cost_parse.c only.
#ifndef RINGSIDE_SIM_COST_SCAN_H
#define RINGSIDE_SIM_COST_SCAN_H

#include "sim/types.h"

// A stretch of the text with the place where it begins.
struct word {
    const char *text;
    size_t size;
    unsigned column; // from 1, in bytes
};

struct scan {
    const char *file;
    const char *at, *end; // the rest of the text
    const char *line_start;
    unsigned line; // from 1
    char *err;     // receives the one line of an error
    size_t err_size;
};

// Writes "file:line:column: " and the message, which says what is wrong and, after a semicolon, how to mend it. Always false, so that
// a caller can return it.
bool scan_fail(struct scan *p, unsigned column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

unsigned scan_column(const struct scan *p, const char *at);
void scan_blanks(struct scan *p);
// Whether the line has no more to say: at its end, or at a comment.
bool scan_line_done(const struct scan *p);
void scan_next_line(struct scan *p);
// Whether the line at hand is plain ASCII text; sources go to terminals, CSV and JSON, and messages quote what they complain about.
bool scan_check_bytes(struct scan *p);

// Up to the next blank, '=', bracket, quote or comment; size 0 if one of them comes at once.
struct word scan_word(struct scan *p);
// How many of its bytes to show: a word may be a megabyte of rubbish.
int word_shown(struct word w);
// The index of w in the NULL-terminated list of `what`s; else an error that guesses what was meant.
bool scan_lookup(struct scan *p, struct word w, const char *what, const char *const *list,
                 unsigned *index);
// A text between double quotes, not empty, closed on its line; there is no escape.
bool scan_string(struct scan *p, const char *what, struct word *out);
// A decimal number in min..max, and its place.
bool scan_number(struct scan *p, const char *what, uint32_t min, uint32_t max, uint32_t *out,
                 unsigned *column);

#endif
