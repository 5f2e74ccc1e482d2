// text_sink.c: formatted and wrapped text into a sink.
#include "sim/text_sink.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_put(const struct text_sink *sink, const char *format, ...)
{
    char text[TEXT_PIECE_MAX + 1];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n > 0) {
        sink->put(sink->ctx, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
    }
}

void text_wrap(const struct text_sink *sink, const char *text, unsigned at, unsigned indent,
               unsigned width)
{
    unsigned column = at;
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, " ");
        if (column > indent && column > at && column + 1 + n > width) {
            text_put(sink, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > at || (column > indent && p > text)) {
            text_put(sink, " ");
            column++;
        }
        text_put(sink, "%.*s", (int)n, p);
        column += (unsigned)n;
        at = indent; // from the second line on, lines begin there
        p += n + strspn(p + n, " ");
    }
    text_put(sink, "\n");
}
