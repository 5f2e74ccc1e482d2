// nearest.h: guesses what a mistyped word was meant to be, for error messages of the pure core's parsers.
#ifndef RINGSIDE_SIM_NEAREST_H
#define RINGSIDE_SIM_NEAREST_H

#include <stddef.h>

// The word of the NULL-terminated list nearest to the `size` bytes at `word` (fewest letters inserted,
// removed or changed; the first of equals), or NULL if none is near enough to be helpful.
const char *nearest_word(const char *word, size_t size, const char *const *list);

#endif
