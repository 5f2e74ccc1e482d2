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

// What each architecture is made of, where nothing else is asked for. Only equal or not counts here.
enum {
    TECHNIQUE_NONE,
    TECHNIQUE_TRAP,
    TECHNIQUE_BT,
    TECHNIQUE_HW,
    TECHNIQUE_PARAVIRT,
    TECHNIQUE_CONTAINER
};
#define PAGING_DIRECT  "paging=direct"
#define PAGING_SHADOW  "paging=shadow"
#define PAGING_NESTED  "paging=nested"
#define IO_EMULATED    "io=emulated"
#define IO_PARAVIRT    "io=paravirt"
#define IO_PASSTHROUGH "io=passthrough"
#define IO_SHARED      "io=shared"
static const struct {
    const char *paging, *io;
    unsigned technique;
} made[] = {
#define ARCH(NAME, name, platform, technique, dpg, pgs, dio, ios, doc) \
    {PAGING_##dpg, IO_##dio, TECHNIQUE_##technique},
#include "models/arch.def"
#undef ARCH
};

static const struct {
    const char *smallest, *largest, *about, *usual;
    unsigned techniques;
} options[] = {
#define OPTION(NAME, key, min, max, def, techniques, doc) \
    {key "=" #min, key "=" #max, doc, key "=" #def, techniques},
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

// Whether `what`, as "vpid=1", is the option's value: it is in the architecture's name, or usual and not in it.
static bool option_is_now(const char *arch, const char *what, const char *usual)
{
    size_t key = strcspn(what, "=") + 1, all = strlen(what);
    for (const char *at = strchr(arch, ','); at; at = strchr(at + 1, ',')) {
        if (strncmp(at + 1, what, key) == 0) {
            return strncmp(at + 1, what, all) == 0 && (!at[1 + all] || at[1 + all] == ',');
        }
    }
    return strcmp(what, usual) == 0;
}

bool setup_is_now(const struct snapshot *s, size_t i)
{
    size_t first = sizeof points / sizeof *points, archs = sizeof made / sizeof *made;
    const char *about, *what = setup_line(i, &about);
    if (!what || i < archs || s->arch_id >= archs) {
        return what && i == s->arch_id;
    }
    if (i >= first) {
        return options[(i - first) / 2].techniques >> made[s->arch_id].technique & 1 &&
               option_is_now(s->arch, what, options[(i - first) / 2].usual);
    }
    bool paging = strncmp(what, "paging", 6) == 0;
    return option_is_now(s->arch, what, paging ? made[s->arch_id].paging : made[s->arch_id].io);
}

void setup_open(struct dashboard *d)
{
    const char *about;
    d->setup_cursor = 0;
    for (size_t i = 0; setup_line(i, &about); i++) {
        if (setup_is_now(&d->snapshot, i)) {
            d->setup_cursor = (int)i;
            break; // the architecture: those come first
        }
    }
    d->overlay = OVERLAY_SETUP;
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
