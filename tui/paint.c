// What views share: numbers, trends, names, and how those who can have a processor look.
#include "tui/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct view *const views[VIEW_COUNT] = {
#define VIEW(NAME, name, tab) &view_##name,
#include "tui/view.def"
#undef VIEW
};

// ---- numbers ---------------------------------------------------------------------------------------

const char *number(char out[static NUMBER_SIZE], uint64_t value)
{
    char digits[NUMBER_SIZE];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, value);
    char *to = out;
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) {
            *to++ = ',';
        }
        *to++ = digits[i];
    }
    *to = '\0';
    return out;
}

const char *number_short(char out[static NUMBER_SIZE], uint64_t value)
{
    static const char units[] = "kMGTPE";
    if (value < 10000) {
        return number(out, value);
    }
    unsigned unit = 0;
    uint64_t size = 1000;
    for (; value / size >= 1000; size *= 1000) {
        unit++;
    }
    uint64_t whole = value / size, hundredths = value % size / (size / 100);
    if (whole < 10) {
        snprintf(out, NUMBER_SIZE, "%" PRIu64 ".%02" PRIu64 "%c", whole, hundredths, units[unit]);
    } else if (whole < 100) {
        snprintf(out, NUMBER_SIZE, "%" PRIu64 ".%" PRIu64 "%c", whole, hundredths / 10,
                 units[unit]);
    } else {
        snprintf(out, NUMBER_SIZE, "%" PRIu64 "%c", whole, units[unit]);
    }
    return out;
}

const char *percent(char out[static NUMBER_SIZE], uint64_t part, uint64_t whole)
{
    uint64_t permille = scale_part(part, whole, 1000);
    snprintf(out, NUMBER_SIZE, "%" PRIu64 ".%" PRIu64 " %%", permille / 10, permille % 10);
    return out;
}

void put_number(const struct canvas *c, int right, int y, enum role role, uint64_t value)
{
    char text[NUMBER_SIZE];
    canvas_right(c, right, y, role, number(text, value));
}

void put_percent(const struct canvas *c, int right, int y, enum role role, uint64_t part,
                 uint64_t whole)
{
    char text[NUMBER_SIZE];
    canvas_right(c, right, y, role, percent(text, part, whole));
}

void put_trend(const struct canvas *c, int x, int y, int w, enum role role, const uint32_t *values,
               int count)
{
    // Where there are fewer columns than values, neighbours are added up.
    int columns = count < w ? count : w;
    uint64_t sums[SNAP_TREND] = {0}, highest = 0;
    for (int i = 0; i < count && columns > 0 && columns <= SNAP_TREND; i++) {
        uint64_t *sum = &sums[i * columns / count];
        *sum += values[i];
        highest = *sum > highest ? *sum : highest;
    }
    for (int i = 0; i < columns && i < SNAP_TREND; i++) {
        uint32_t step = (uint32_t)scale_part(sums[i], highest, 8);
        step = step == 0 && sums[i] > 0 ? 1 : step;
        canvas_char(c, x + i, y, step ? role : ROLE_DIM, step ? 0x2580 + step : 0xb7);
    }
}

void put_line(const struct canvas *c, int y, int line, bool selected)
{
    if (y < 0 || y >= c->area.h) {
        return;
    }
    c->cells->line[c->area.y + y] = line + 1;
    if (!selected) {
        return;
    }
    for (int x = 0; x < c->area.w; x++) {
        cells_at(c->cells, c->area.x + x, c->area.y + y)->role = ROLE_SELECT;
    }
    canvas_char(c, 0, y, ROLE_SELECT, 0x25b6);
}

static char folded(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_has(const char *text, const char *part)
{
    for (;; text++) {
        size_t i = 0;
        while (part[i] && folded(text[i]) == folded(part[i])) {
            i++;
        }
        if (!part[i] || !*text) {
            return !part[i];
        }
    }
}

int scroll_to(int scroll, int cursor, int lines, int rows)
{
    scroll = cursor < scroll ? cursor : cursor >= scroll + rows ? cursor - rows + 1 : scroll;
    scroll = scroll > lines - rows ? lines - rows : scroll;
    return scroll < 0 ? 0 : scroll;
}

void story_text_in(const struct canvas *c, const struct snapshot_story *story, char *out,
                   size_t size)
{
    story_format(story, say(c, story_text(story->id)), out, size);
}

// ---- names -----------------------------------------------------------------------------------------

static const struct {
    unsigned number;
    const char *name, *group, *doc;
} exits[] = {
#define EXIT(NAME, name, number, group, doc) {number, name, #group, doc},
#include "sim/exit.def"
#undef EXIT
};

static size_t find_exit(unsigned reason)
{
    size_t i = 0;
    while (i < sizeof exits / sizeof *exits && exits[i].number != reason) {
        i++;
    }
    return i;
}

const char *exit_reason_name(unsigned reason)
{
    size_t i = find_exit(reason);
    return i < sizeof exits / sizeof *exits ? exits[i].name : "?";
}

const char *exit_reason_doc(unsigned reason)
{
    size_t i = find_exit(reason);
    return i < sizeof exits / sizeof *exits ? exits[i].doc : "";
}

const char *exit_reason_group(unsigned reason)
{
    size_t i = find_exit(reason);
    return i < sizeof exits / sizeof *exits ? exits[i].group : "";
}

const char *cycle_name(unsigned category)
{
    static const char *const names[] = {
#define CYCLE(NAME, name, guest, doc) name,
#include "sim/cycle.def"
#undef CYCLE
    };
    return category < CYCLE_COUNT ? names[category] : "?";
}

// ---- looks -----------------------------------------------------------------------------------------

struct look who_look(enum snapshot_who who)
{
    static const struct look looks[WHO_COUNT] = {
        [WHO_GUEST_USER] = {ROLE_USER, 'u', 0x2588},
        [WHO_GUEST_KERNEL] = {ROLE_KERNEL, 'k', 0x2593},
        [WHO_PROCESSOR] = {ROLE_WALK, 'p', 0x2592},
        [WHO_HYPERVISOR] = {ROLE_MONITOR, 'h', 0x2588},
        [WHO_DEVICE] = {ROLE_DRIVER, 'd', 0x2592},
        [WHO_DOM0] = {ROLE_DRIVER, '0', 0x2593},
        [WHO_HOST] = {ROLE_DRIVER, 'H', 0x2588},
        [WHO_OTHER] = {ROLE_DIM, 't', 0x2591},
        [WHO_IDLE] = {ROLE_IDLE, '.', 0xb7},
    };
    return looks[who];
}

// The letters are those of the bars that `ringside compare` prints.
struct look cycle_look(unsigned category)
{
    static const struct look looks[CYCLE_COUNT] = {
        [CYCLE_GUEST_USER] = {ROLE_USER, 'u', 0x2588},
        [CYCLE_GUEST_KERNEL] = {ROLE_KERNEL, 'k', 0x2593},
        [CYCLE_WALK] = {ROLE_WALK, 'w', 0x2592},
        [CYCLE_WALK_2D] = {ROLE_WALK, '2', 0x2591},
        [CYCLE_EVENT] = {ROLE_WALK, 'e', 0x2593},
        [CYCLE_WORLD_SWITCH] = {ROLE_BAD, 'x', 0x2588},
        [CYCLE_EXIT_HANDLING] = {ROLE_MONITOR, 'h', 0x2592},
        [CYCLE_SHADOW] = {ROLE_MONITOR, 's', 0x2593},
        [CYCLE_BT] = {ROLE_MONITOR, 'b', 0x2591},
        [CYCLE_HYPERCALL] = {ROLE_MONITOR, 'y', 0x2593},
        [CYCLE_INJECTION] = {ROLE_MONITOR, 'i', 0x2592},
        [CYCLE_DEVICE] = {ROLE_DRIVER, 'd', 0x2591},
        [CYCLE_DOM0] = {ROLE_DRIVER, '0', 0x2593},
        [CYCLE_HOST] = {ROLE_DRIVER, 'H', 0x2592},
        [CYCLE_SCHED] = {ROLE_MONITOR, 'c', 0x2591},
        [CYCLE_STEAL] = {ROLE_DIM, 't', 0x2592},
        [CYCLE_IDLE] = {ROLE_IDLE, 'z', 0xb7},
    };
    return looks[category < CYCLE_COUNT ? category : CYCLE_IDLE];
}

enum snapshot_who cycle_who(unsigned category)
{
    switch (category) {
    case CYCLE_GUEST_USER: return WHO_GUEST_USER;
    case CYCLE_GUEST_KERNEL: return WHO_GUEST_KERNEL;
    case CYCLE_WALK:
    case CYCLE_WALK_2D:
    case CYCLE_EVENT:
    case CYCLE_WORLD_SWITCH: return WHO_PROCESSOR;
    case CYCLE_DEVICE: return WHO_DEVICE;
    case CYCLE_DOM0: return WHO_DOM0;
    case CYCLE_HOST: return WHO_HOST;
    case CYCLE_STEAL: return WHO_OTHER;
    case CYCLE_IDLE: return WHO_IDLE;
    default: return WHO_HYPERVISOR;
    }
}
