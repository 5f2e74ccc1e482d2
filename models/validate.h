// validate.h: published tables as data, and which of their cells went into the cost model. Pure: reads text, runs nothing.
// Format, fields divided by tabs, one statement a line, '#' begins a comment line:
//   title TEXT | paper KEY | cpu MODEL | as HOW [MHZ] | column NAME ARCH [CPU] | row NAME MEASURE VALUE... | cite ROW COLUMN TEXT | note ROW COLUMN TEXT | order ROW FASTER SLOWER | caches off
// HOW: cycles; us (at MHZ); ratio (to the first column; more is worse); rate (the same of throughputs; less is worse).
// ARCH "-": cannot be simulated; "A|B": B where this build has no A. VALUE "-": not published. COLUMN "*": all of the row. order: what is known although no figure is published; ROW "*": every row. caches off: the
// CPU models do without their page-walk caches and nested TLB. MEASURE: see cli/validate.h.
#ifndef RINGSIDE_MODELS_VALIDATE_H
#define RINGSIDE_MODELS_VALIDATE_H

#include "sim/cost.h"

enum validate_as { VALIDATE_CYCLES, VALIDATE_US, VALIDATE_RATIO, VALIDATE_RATE };
enum { VALIDATE_COLUMNS = 6, VALIDATE_ROWS = 32, VALIDATE_NOTES = 48 };

// One published figure.
struct validate_cell {
    const char *text; // as printed in the paper, "-" if unknown
    uint64_t milli;   // in thousandths
    bool known;
};
struct validate_column {
    const char *name, *arch, *cpu; // cpu: NULL for the table's
};
struct validate_row {
    const char *name, *measure;
    struct validate_cell cell[VALIDATE_COLUMNS];
};
// A citation or a remark on one cell (or row), or an order (`column` is the faster, `text` the slower).
struct validate_note {
    enum validate_note_kind { VALIDATE_NOTE, VALIDATE_CITE, VALIDATE_ORDER } kind;
    const char *row, *column, *text;
};
// One table; its strings are in `text`, which it owns.
struct validate_table {
    char *text;
    const char *title, *paper, *cpu;
    enum validate_as as;
    uint64_t mhz; // VALIDATE_US: of the machine that was measured
    struct validate_column column[VALIDATE_COLUMNS];
    struct validate_row row[VALIDATE_ROWS];
    struct validate_note note[VALIDATE_NOTES];
    size_t columns, rows, notes;
    bool no_caches;
};

// Parses. False: "name:line: what; how to mend it" in err; *out then needs no freeing.
bool validate_parse(struct validate_table *out, const char *name, const char *text, size_t size,
                    char *err, size_t err_size);
void validate_free(struct validate_table *t);

// Whether this very figure set a cost of the model: one of the model's sources begins with the paper's key and names "ROW COLUMN VALUE", or the
// text that a cite line gives for the cell. Then a match is no merit: it was put in. NULL, or the name of such a cost.
const char *validate_calibrated(const struct validate_table *t, size_t row, size_t column,
                                const struct cpu_model *model);

// What a cell is compared as, in thousandths: the figure itself, or how many times as much time as in the first column. `figures`: the row's
// figures in thousandths, by column, 0 where not known. 0 if that is not to be had.
uint64_t validate_compared(const struct validate_table *t, const uint64_t *figures, size_t column,
                           bool simulated);

#endif
