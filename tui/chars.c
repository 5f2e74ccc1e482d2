// Characters: UTF-8, widths in columns, and what stands for them in ASCII.
#include "tui/cells.h"

struct range {
    uint32_t first, last;
};

// East Asian wide and fullwidth (Unicode's EastAsianWidth.txt, W and F), merged where what lies between is not assigned.
static const struct range wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
    {0x23f0, 0x23f0},   {0x23f3, 0x23f3},   {0x25fd, 0x25fe},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x26a1, 0x26a1},   {0x2705, 0x2705},   {0x2728, 0x2728},
    {0x274c, 0x274c},   {0x2753, 0x2755},   {0x2795, 0x2797},   {0x2e80, 0x303e},
    {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0xa4cf},   {0xa960, 0xa97f},
    {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},   {0xfe30, 0xfe6f},
    {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
    {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};
// Marks that stand on the character before, and invisible ones.
static const struct range none[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x0300, 0x036f}, {0x0483, 0x0489},   {0x0591, 0x05bd},
    {0x0610, 0x061a}, {0x064b, 0x065f}, {0x1160, 0x11ff}, {0x1ab0, 0x1aff},   {0x1dc0, 0x1dff},
    {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x2064}, {0x20d0, 0x20ff},   {0xd7b0, 0xd7ff},
    {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0000, 0xe0fff},
};

static bool in_ranges(const struct range *ranges, size_t count, uint32_t code)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code > ranges[middle].last) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && code >= ranges[low].first;
}

unsigned char_width(uint32_t code)
{
    if (code >= 0x20 && code < 0x7f) {
        return 1;
    }
    if (in_ranges(none, sizeof none / sizeof *none, code)) {
        return 0;
    }
    return in_ranges(wide, sizeof wide / sizeof *wide, code) ? 2 : 1;
}

uint32_t char_next(const char **text)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)*text;
    unsigned more = *p < 0x80 ? 0 : *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : 1;
    uint32_t code = *p < 0x80 ? *p : *p & (0x3fu >> more);
    bool good = *p < 0x80 || (*p >= 0xc0 && *p < 0xf8);
    unsigned taken = 1;
    for (; good && taken <= more; taken++) {
        good = (p[taken] & 0xc0) == 0x80;
        code = code << 6 | (p[taken] & 0x3fu);
    }
    if (!good || code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
        *text += 1;
        return 0xfffd;
    }
    *text += taken;
    return code;
}

unsigned char_encode(char out[4], uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    unsigned more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    out[0] = (char)((0xff00u >> (more + 1) & 0xffu) | code >> 6 * more);
    for (unsigned i = 1; i <= more; i++) {
        out[i] = (char)(0x80 | (code >> 6 * (more - i) & 0x3f));
    }
    return more + 1;
}

char char_ascii(uint32_t code)
{
    static const struct {
        uint32_t code;
        char ascii;
    } table[] = {
        {0x2500, '-'}, {0x2502, '|'}, {0x2550, '='}, {0x2551, '|'},  {0x2190, '<'}, {0x2191, '^'},
        {0x2192, '>'}, {0x2193, 'v'}, {0x25b6, '>'}, {0x25c0, '<'},  {0x25b2, '^'}, {0x25bc, 'v'},
        {0x25cf, '*'}, {0x25cb, 'o'}, {0x2588, '#'}, {0x2593, '%'},  {0x2592, ':'}, {0x2591, '.'},
        {0x00b7, '.'}, {0x00d7, 'x'}, {0x2026, '~'}, {0x2019, '\''}, {0x2014, '-'}, {0x2013, '-'},
        {0x2581, '.'}, {0x2582, '.'}, {0x2583, ':'}, {0x2584, ':'},  {0x2585, '+'}, {0x2586, '*'},
        {0x2587, '#'}, {0x258f, '#'}, {0x258e, '#'}, {0x258d, '#'},  {0x258c, '#'}, {0x258b, '#'},
        {0x258a, '#'}, {0x2589, '#'}, {0x2713, '+'}, {0x2717, 'x'},  {0x23f8, '='},
    };
    if (code >= 0x20 && code < 0x7f) {
        return (char)code;
    }
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].code == code) {
            return table[i].ascii;
        }
    }
    return code >= 0x2500 && code < 0x2580 ? '+' : '?'; // corners and crossings of boxes
}

int text_columns(const char *text)
{
    unsigned columns = 0;
    while (*text) {
        columns += char_width(char_next(&text));
    }
    return (int)columns;
}
