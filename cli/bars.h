// Stacked bars of cycles by category, for the terminal. Each category has a letter that opens its part of
// the bar and a pattern that fills it, so that nothing is said by colour alone.
#ifndef CLI_BARS_H
#define CLI_BARS_H

#include "cli/table.h"

#include "sim/cpu.h"

// One bar: its label, and its parts by enum cycle_category.
struct bar {
    const char *label;
    const uint64_t *parts; // CYC_COUNT of them
    uint64_t total;        // their sum
};

// Prints the bars below each other, one line each, the longest total as wide as there is room for, then a
// legend of the categories that occur. Where the output is no terminal the lines are 80 columns wide.
void bars_print(FILE *out, const struct style *style, const struct bar *bars, size_t count);

// The letter of a category, and the category's name as cycle.def has it.
char bar_letter(unsigned category);
const char *category_name(unsigned category);
// How many of `cells` columns the part of each category gets in a bar of `total` (which fills them all):
// boundaries are rounded, so parts below half a column may get none, and the sum is right.
void bar_cells(const uint64_t *parts, uint64_t total, unsigned cells, unsigned *by_category);

#endif
