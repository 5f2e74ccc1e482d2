// The parts of `ringside translate`: where tables come from (a demonstration, a description file, a dump
// of a machine's memory), and how one walk through them is shown.
#ifndef CLI_TRANSLATE_H
#define CLI_TRANSLATE_H

#include "cli/table.h"
#include "sim/space.h"

#include <jansson.h>

// One translation to show.
struct translation {
    uint64_t va;
    struct walk_access access;
    unsigned ring;
    struct walk_result result;
    struct walk_log log;
};

// Walks: the same walker as the machine's. With `commit`, accessed and dirty bits are set in the tables.
void translation_make(struct translation *t, struct space *space, uint64_t va,
                      struct walk_access access, unsigned ring, bool commit,
                      const struct cpu_model *model);

// "ring 3 reads 0x0000000000400123 (code+0x123)".
void translation_print_title(FILE *out, const struct style *style, const struct space *space,
                             const struct translation *t);
// Everything: the address taken apart, each reference, the count and the outcome.
void translation_print(FILE *out, const struct style *style, const struct space *space,
                       const struct translation *t, const struct cpu_model *model);
// The outcome only: the physical address and the count, or the fault, its error code and whose it is.
void translation_print_outcome(FILE *out, const struct style *style, const struct space *space,
                               const struct translation *t);
// What its references cost on the CPU model.
void translation_print_cost(FILE *out, const struct style *style, const struct translation *t,
                            const struct cpu_model *model);
// Calls a function that says something about a walk, and prints that wrapped to the terminal.
typedef void translation_say_fn(FILE *out, const struct style *style, const struct space *space,
                                const struct translation *t);
void translation_say(FILE *out, translation_say_fn *say, const struct style *style,
                     const struct space *space, const struct translation *t);
json_t *translation_json(const struct space *space, const struct translation *t);

// What dimension `dim` of `dims` is called: "" natively; "guest", "EPT"; "guest", "EPT12", "EPT01".
const char *dimension_name(unsigned dim, unsigned dims);

// What is mapped, as ranges; names where the space knows some.
void space_print_map(FILE *out, const struct style *style, const struct space *space);
// Every table's entries that are not zero, as memory shows them: the material of the homework.
void space_print_tables(FILE *out, const struct style *style, const struct space *space);

// Reads a description (docs/cli.md, "Address spaces of your own"). Returns CLI_OK and a space to be freed, or
// another status after an error line.
int space_read(const char *path, struct space *space);
// The same for a text at hand, which is cut into words; errors call it `path`.
int space_parse(const char *path, char *text, struct space *space);
// Takes a raw dump of memory, with the page-table base `ptbr` and for nested paging the root `eptp`
// (nested: dims 2) of tables of these levels.
int space_from_dump(const char *path, uint64_t ptbr, uint64_t eptp, unsigned dims,
                    const unsigned levels[WALK_DIMS_MAX], struct space *space);

#endif
