// Prints stacked bars; see bars.h.
#include "cli/bars.h"

#include <string.h>

enum { LABEL_WIDEST = 34, CELLS_FEWEST = 16, BAR_WIDTH_USUAL = 80 };

// How a category looks in a bar. Neighbours in cycle.def differ in pattern, and every letter is one of a kind.
struct look {
    char letter, ascii;
    const char *utf8;
    enum tone tone;
};
static const struct look looks[CYC_COUNT] = {
    [CYC_GUEST_USER] = {'u', '=', "█", TONE_GOOD},
    [CYC_GUEST_KERNEL] = {'k', '-', "▓", TONE_HEADING},
    [CYC_WALK] = {'w', '~', "▒", TONE_DIM},
    [CYC_WALK_2D] = {'2', '%', "░", TONE_MARK},
    [CYC_EVENT] = {'e', '+', "▓", TONE_DIM},
    [CYC_WORLD_SWITCH] = {'x', '#', "█", TONE_BAD},
    [CYC_EXIT_HANDLING] = {'h', ':', "▒", TONE_MARK},
    [CYC_SHADOW] = {'s', '*', "▓", TONE_BAD},
    [CYC_BT] = {'b', '/', "░", TONE_HEADING},
    [CYC_HYPERCALL] = {'y', '^', "▓", TONE_MARK},
    [CYC_INJECTION] = {'i', '!', "▒", TONE_BAD},
    [CYC_DEVICE] = {'d', '@', "░", TONE_GOOD},
    [CYC_DOM0] = {'0', 'o', "▓", TONE_GOOD},
    [CYC_HOST] = {'H', '&', "▒", TONE_HEADING},
    [CYC_SCHED] = {'c', ';', "░", TONE_BAD},
    [CYC_STEAL] = {'t', ',', "▒", TONE_DIM},
    [CYC_IDLE] = {'z', '.', "·", TONE_DIM},
};

char bar_letter(unsigned category)
{
    return looks[category].letter;
}

const char *category_name(unsigned category)
{
    static const char *const names[CYC_COUNT] = {
#define CYCLE(NAME, name, guest, doc) name,
#include "sim/cycle.def"
#undef CYCLE
    };
    return names[category];
}

// part * cells / whole, rounded half up. The product of 64 bits and a width needs more than 64.
static unsigned scaled(uint64_t part, uint64_t whole, unsigned cells)
{
    while (whole > UINT64_MAX / 512) {
        part /= 2, whole /= 2;
    }
    return whole == 0 ? 0 : (unsigned)((part * cells * 2 + whole) / (whole * 2));
}

void bar_cells(const uint64_t *parts, uint64_t total, unsigned cells, unsigned *by_category)
{
    uint64_t sum = 0;
    unsigned before = 0;
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        sum += parts[k];
        unsigned here = scaled(sum, total, cells);
        by_category[k] = here - before;
        before = here;
    }
}

static void print_parts(FILE *out, const struct style *style, const struct bar *bar, unsigned cells)
{
    unsigned width[CYC_COUNT];
    bar_cells(bar->parts, bar->total, cells, width);
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        char text[4 * BAR_WIDTH_USUAL * 2] = {looks[k].letter}, *to = text + 1;
        const char fill[2] = {looks[k].ascii, '\0'};
        for (unsigned i = 1; i < width[k]; i++) {
            to = stpcpy(to, style->utf8 ? looks[k].utf8 : fill);
        }
        if (width[k] > 0) {
            tone_printf(out, style, looks[k].tone, "%s", text);
        }
    }
}

static void print_legend(FILE *out, const struct style *style, const struct bar *bars, size_t count)
{
    char text[640] = "", *to = text;
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        bool used = false;
        for (size_t i = 0; i < count; i++) {
            used = used || bars[i].parts[k] > 0;
        }
        if (used) {
            to += sprintf(to, "%s%c %s", to > text ? ", " : "", looks[k].letter, category_name(k));
        }
    }
    style_wrap(out, style, text, 0, 0);
}

void bars_print(FILE *out, const struct style *style, const struct bar *bars, size_t count)
{
    uint64_t longest = 0;
    size_t label = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(bars[i].label);
        longest = bars[i].total > longest ? bars[i].total : longest;
        label = length > label ? length : label;
    }
    label = label > LABEL_WIDEST ? LABEL_WIDEST : label;
    unsigned line = style->width > 0 ? style->width : BAR_WIDTH_USUAL;
    unsigned room = line - (unsigned)label - 2;
    room = room < CELLS_FEWEST || room > line ? CELLS_FEWEST : room;
    for (size_t i = 0; i < count; i++) {
        unsigned cells = scaled(bars[i].total, longest, room);
        fprintf(out, "%-*.*s  ", (int)label, (int)label, bars[i].label);
        print_parts(out, style, &bars[i], cells > 0 ? cells : 1);
        putc('\n', out);
    }
    print_legend(out, style, bars, count);
}
