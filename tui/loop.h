// Loops that bring keys and time to a dashboard: at a terminal, and from a script.
#ifndef RINGSIDE_TUI_LOOP_H
#define RINGSIDE_TUI_LOOP_H

#include "tui/dashboard.h"
#include "tui/screen.h"

// What a loop did, for benchmarks: microseconds in all, of them drawing, and the longest that a key waited for its answer on the screen.
struct loop_times {
    uint64_t all, drawing, slowest_key;
    uint64_t keys, frames;
};

// Until the user leaves. While the guest runs, the screen is drawn anew every `delay` microseconds; a key is answered at once.
// False without memory.
bool loop_run(struct dashboard *d, struct screen *screen, uint64_t delay, struct loop_times *times);

// Keys from a script: what --keys says. Beside keys it knows <frame>, which hands a frame to `frame`, <wait:N>, which lets N slices of time
// pass (of 50 ms at speeds below full, else of 100,000 instructions), and <size:80x24>. What a key starts comes to its end before the next
// one, unless it is to run on. At the end the last frame is handed over. False, with a reason, for a script that is wrong.
typedef void (*loop_frame_fn)(void *ctx, const struct cells *cells);
bool loop_script(struct dashboard *d, const char *keys, int columns, int rows, loop_frame_fn frame,
                 void *ctx, char *err, size_t err_size);

#endif
