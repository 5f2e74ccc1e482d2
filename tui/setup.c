// The setup menu: every architecture and option, made from the tables that name them.
#include "tui/dashboard_impl.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *what, *about;
} points[] = {
#define ARCH(NAME, name, platform, technique, dpg, pgs, dio, ios, doc) {name, doc},
#include "models/arch.def"
#undef ARCH
    {"paging=shadow", TEXT("shadow tables, built by the hypervisor from the guest's")},
    {"paging=nested",
     TEXT("the guest's tables and the hypervisor's, both walked by the processor")},
    {"io=emulated", TEXT("devices are modelled register by register")},
    {"io=paravirt", TEXT("requests in shared rings, many with one exit")},
    {"io=passthrough", TEXT("the guest has the real devices")},
};

// Each option with its smallest and its largest value.
static const struct {
    const char *smallest, *largest, *about;
} options[] = {
#define OPTION(NAME, key, min, max, def, techniques, doc) {key "=" #min, key "=" #max, doc},
#include "models/option.def"
#undef OPTION
};

const char *setup_line(size_t i, const char **about)
{
    size_t first = sizeof points / sizeof *points, more = 2 * sizeof options / sizeof *options;
    if (i < first) {
        *about = points[i].about;
        return points[i].what;
    }
    if (i - first < more) {
        *about = options[(i - first) / 2].about;
        return (i - first) % 2 ? options[(i - first) / 2].largest
                               : options[(i - first) / 2].smallest;
    }
    return NULL;
}

void setup_apply(struct dashboard *d)
{
    const char *about, *what = setup_line((size_t)d->setup_cursor, &about);
    char line[INPUT_SIZE];
    if (what) {
        snprintf(line, sizeof line, "set %s", what);
        d->overlay = OVERLAY_NONE;
        dashboard_command(d, line);
    }
}
