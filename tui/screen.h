// Where the dashboard shows itself: a terminal (screen_ncurses.c), or nowhere, for tests and benchmarks.
#ifndef RINGSIDE_TUI_SCREEN_H
#define RINGSIDE_TUI_SCREEN_H

#include "tui/cells.h"
#include "tui/keys.h"

struct screen;

struct screen_ops {
    void (*size)(struct screen *s, int *columns, int *rows);
    // Shows the cells, of the size that was told last. `anew`: whatever is there already.
    void (*show)(struct screen *s, const struct cells *cells, bool anew);
    // The next key, or code KEYCODE_NONE when `milliseconds` have passed without (negative: waits for ever).
    struct key (*poll)(struct screen *s, int milliseconds);
    uint64_t (*now)(struct screen *s); // microseconds of a clock that never goes back
    void (*close)(struct screen *s);   // and frees
};
struct screen {
    const struct screen_ops *ops;
};

// Takes the terminal of standard input and output. It is restored by close, and by every signal that ends the process. NULL with a
// reason of one line.
struct screen *screen_ncurses(bool color, char *err, size_t err_size);

#endif
