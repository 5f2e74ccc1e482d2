// nearest.c: edit distance by Levenshtein's method, on words short enough for one row on the stack.
#include "sim/nearest.h"

#include <string.h>

enum { LONGEST = 40 }; // no word of ours is longer; a longer one is near to nothing

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t row[LONGEST + 1]; // from the part of `a` read so far to each prefix of `b`
    for (size_t j = 0; j <= b_size; j++) {
        row[j] = j;
    }
    for (size_t i = 0; i < a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b_size; j++) {
            size_t change = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = min3(row[j + 1] + 1, row[j] + 1, change);
        }
    }
    return row[b_size];
}

const char *nearest_word(const char *word, size_t size, const char *const *list)
{
    const char *nearest = NULL;
    size_t least = size / 3 + 2; // further off, a guess would only confuse
    if (size > LONGEST) {
        return NULL;
    }
    for (; *list; list++) {
        size_t length = strlen(*list);
        if (length > LONGEST) {
            continue;
        }
        size_t d = distance(word, size, *list, length);
        if (d < least) {
            least = d;
            nearest = *list;
        }
    }
    return nearest;
}
