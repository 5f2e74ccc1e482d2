// text_sink.h: where the pure core's long texts go, piece by piece: whoever asked decides what to
// do with them.
#ifndef RINGSIDE_SIM_TEXT_SINK_H
#define RINGSIDE_SIM_TEXT_SINK_H

#include <stddef.h>

struct text_sink {
    void (*put)(void *ctx, const char *text, size_t size);
    void *ctx;
};

// One piece of at most TEXT_PIECE_MAX bytes; what is longer is cut.
enum { TEXT_PIECE_MAX = 4000 };
void text_put(const struct text_sink *sink, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// `text` in lines of at most `width` columns, each but the first after `indent` blanks; the first
// begins at column `at`. Ends with a newline.
void text_wrap(const struct text_sink *sink, const char *text, unsigned at, unsigned indent,
               unsigned width);

#endif
