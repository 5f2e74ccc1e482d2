// Shows one page walk: the address taken apart and every reference to a table entry; how it ended is in
// translate_outcome.c.
#include "cli/export.h"
#include "cli/translate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void translation_make(struct translation *t, struct space *space, uint64_t va,
                      struct walk_access access, unsigned ring, bool commit,
                      const struct cpu_model *model)
{
    *t = (struct translation){.va = va, .access = access, .ring = ring};
    t->result = walk(&space->mem, space->dim, space->dims, va, access, commit, model, &t->log);
}

const char *dimension_name(unsigned dim, unsigned dims)
{
    static const char *const names[WALK_DIMS_MAX][WALK_DIMS_MAX] = {
        {"", "", ""}, {"guest", "EPT", ""}, {"guest", "EPT12", "EPT01"}};
    return names[dims - 1][dim];
}

// ---- title ---------------------------------------------------------------------------------------

static const struct space_region *region_of(const struct space *space, uint64_t va)
{
    for (unsigned i = 0; i < space->regions; i++) {
        if (va - space->region[i].va < space->region[i].size) {
            return &space->region[i];
        }
    }
    return NULL;
}

void translation_print_title(FILE *out, const struct style *style, const struct space *space,
                             const struct translation *t)
{
    const char *verb = t->access.fetch ? "fetches from" : t->access.write ? "writes to" : "reads";
    tone_printf(out, style, TONE_HEADING, "ring %u %s 0x%016" PRIx64, t->ring, verb, t->va);
    const struct space_region *region = region_of(space, t->va);
    if (region && region->va == t->va) {
        fprintf(out, " (%s)", region->name);
    } else if (region) {
        fprintf(out, " (%s+0x%" PRIx64 ")", region->name, t->va - region->va);
    }
}

// ---- the address taken apart ---------------------------------------------------------------------

static void binary(char *to, uint64_t value, unsigned bits)
{
    for (unsigned i = bits; i-- > 0;) {
        *to++ = (value >> i) & 1 ? '1' : '0';
    }
    *to = '\0';
}

static void print_fields(FILE *out, const struct style *style, const struct space *space,
                         const struct translation *t)
{
    struct table *table = table_new((const struct table_column[]){{"bits", TABLE_RIGHT},
                                                                  {"field", TABLE_LEFT},
                                                                  {"binary", TABLE_LEFT},
                                                                  {"value", TABLE_RIGHT}},
                                    4);
    unsigned levels = space->dim[0].levels, top = PAGE_SHIFT + LEVEL_BITS * levels;
    bool huge =
        t->log.count > 0 && t->result.status == WALK_OK && t->result.page_shift == HUGE_PAGE_SHIFT;
    // With nested paging the smaller page counts; the guest's own leaf says how its address divides.
    for (unsigned i = 0; i < t->log.count; i++) {
        const struct walk_step *s = &t->log.step[i];
        huge = s->dim == 0 && s->leaf ? s->level == 2 : huge;
    }
    char digits[65];
    table_cell(table, "63-%u", top);
    table_cell(table, "copies of bit %u", top - 1);
    binary(digits, t->va >> top, 64 - top);
    table_cell(table, "%s", digits);
    table_cell(table, "%s", walk_canonical(t->va, levels) ? "canonical" : "not canonical");
    for (unsigned level = levels; level >= (huge ? 2u : 1u); level--) {
        unsigned low = PAGE_SHIFT + LEVEL_BITS * (level - 1);
        uint64_t index = (t->va >> low) & 511;
        table_cell(table, "%u-%u", low + LEVEL_BITS - 1, low);
        table_cell(table, "index into level %u", level);
        binary(digits, index, LEVEL_BITS);
        table_cell(table, "%s", digits);
        table_cell(table, "%" PRIu64, index);
    }
    unsigned shift = huge ? HUGE_PAGE_SHIFT : PAGE_SHIFT;
    uint64_t offset = t->va & ((UINT64_C(1) << shift) - 1);
    table_cell(table, "%u-0", shift - 1);
    table_cell(table, "offset in the %s page", huge ? "2 MiB" : "4 KiB");
    binary(digits, offset, shift);
    table_cell(table, "%s", digits);
    table_cell(table, "0x%" PRIx64, offset);
    table_print(out, style, table, 2);
    table_free(table);
}

// ---- entries -------------------------------------------------------------------------------------

static const struct flag {
    const char *name;
    uint64_t bit;
    const char *doc;
} guest_flags[] = {{"P", PTE_P, "present"},
                   {"W", PTE_W, "writable"},
                   {"U", PTE_U, "user: ring 3 too"},
                   {"A", PTE_A, "accessed"},
                   {"D", PTE_D, "dirty"},
                   {"PS", PTE_PS, "2 MiB leaf"},
                   {"NX", PTE_NX, "no execute"},
                   {"RSVD", PTE_RSVD, "a reserved bit"},
                   {NULL, 0, NULL}},
  ept_flags[] = {{"R", EPT_R, "readable"},
                 {"W", EPT_W, "writable"},
                 {"X", EPT_X, "executable"},
                 {"PS", EPT_PS, "2 MiB leaf"},
                 {"A", EPT_A, "accessed"},
                 {"D", EPT_D, "dirty"},
                 {"RSVD", PTE_RSVD, "a reserved bit"},
                 {NULL, 0, NULL}};

static const struct flag *flags_of(const struct space *space, unsigned dim)
{
    return space->dim[dim].format == WALK_EPT ? ept_flags : guest_flags;
}

// "P W U +A": the entry's flags, and with + those that this walk set.
enum { FLAGS_SIZE = 64 };
static void decode_flags(char to[static FLAGS_SIZE], const struct space *space,
                         const struct walk_step *step)
{
    size_t used = 0;
    to[0] = '\0';
    for (const struct flag *f = flags_of(space, step->dim); f->name; f++) {
        bool added = (step->set_a && strcmp(f->name, "A") == 0) ||
                     (step->set_d && strcmp(f->name, "D") == 0);
        if ((step->value & f->bit) || added) {
            used += (size_t)snprintf(to + used, FLAGS_SIZE - used, "%s%s%s", used ? " " : "",
                                     added ? "+" : "", f->name);
        }
    }
    if (used == 0) {
        snprintf(to, FLAGS_SIZE, "none");
    }
}

static bool failed_here(const struct translation *t, unsigned i)
{
    return t->result.status != WALK_OK && t->result.status != WALK_NOT_CANONICAL &&
           i + 1 == t->log.count;
}

static void add_step(struct table *table, const struct space *space, const struct translation *t,
                     unsigned i)
{
    const struct walk_step *s = &t->log.step[i];
    const char *dimension = dimension_name(s->dim, space->dims);
    char flags[FLAGS_SIZE];
    decode_flags(flags, space, s);
    enum tone tone = failed_here(t, i)                ? TONE_BAD
                     : s->dim == 0 && space->dims > 1 ? TONE_MARK
                                                      : TONE_PLAIN;
    table_tone(table, tone, "%u", i + 1);
    table_tone(table, tone, "%s%s%u", dimension, dimension[0] ? " L" : "level ", s->level);
    table_tone(table, tone, "%u", s->index);
    table_tone(table, tone, "0x%" PRIx64, s->entry_addr);
    table_tone(table, tone, "%016" PRIx64, s->value);
    table_tone(table, tone, "%s", flags);
    if (failed_here(t, i)) {
        table_tone(table, tone, "%s", space->dims > 1 ? "ends here" : "the walk ends here");
    } else {
        // Nested rows are long, and their titles say it.
        const char *what = space->dims > 1 ? "" : s->leaf ? "page " : "table ";
        table_tone(table, tone, "%s0x%" PRIx64, what, s->value & PTE_FRAME);
    }
}

static struct table *steps_table(const struct space *space)
{
    return table_new(
        (const struct table_column[]){{"ref", TABLE_RIGHT},
                                      {"table of", TABLE_LEFT},
                                      {"index", TABLE_RIGHT},
                                      {space->dims > 1 ? "host entry" : "entry at", TABLE_RIGHT},
                                      {"holds", TABLE_LEFT},
                                      {"flags", TABLE_LEFT},
                                      {"leads to", TABLE_LEFT}},
        7);
}

// Which of the guest's levels reference i serves; 0: the final address.
static unsigned group_of(const struct translation *t, unsigned i)
{
    for (; i < t->log.count; i++) {
        if (t->log.step[i].dim == 0) {
            return t->log.step[i].level;
        }
    }
    // No entry of the guest follows: the final address, or a fault on the way to an entry.
    const struct walk_step *last = NULL;
    for (unsigned k = 0; k < t->log.count; k++) {
        last = t->log.step[k].dim == 0 ? &t->log.step[k] : last;
    }
    return last && last->leaf ? 0 : last ? last->level - 1u : UINT32_MAX;
}

static void print_group_title(FILE *out, const struct style *style, const struct space *space,
                              const struct translation *t, unsigned first)
{
    unsigned group = group_of(t, first);
    unsigned level = group == UINT32_MAX ? space->dim[0].levels : group;
    const struct walk_step *named = NULL;
    for (unsigned i = first; !named && i < t->log.count && t->log.step[i].dim > 0; i++) {
        named = t->log.step[i].dim == 1 ? &t->log.step[i] : NULL;
    }
    char what[64] = "the data itself";
    if (level > 0) {
        snprintf(what, sizeof what, "the guest's level-%u entry", level);
    }
    if (named) {
        tone_printf(out, style, TONE_DIM,
                    "  %s is at guest-physical 0x%" PRIx64 ": where is that?\n", what,
                    named->input);
    } else {
        tone_printf(out, style, TONE_DIM, "  %s:\n", what);
    }
}

// A table's columns must line up over all groups, so it is built whole and printed in pieces by the rows.
static void print_steps(FILE *out, const struct style *style, const struct space *space,
                        const struct translation *t)
{
    struct table *table = steps_table(space);
    for (unsigned i = 0; i < t->log.count; i++) {
        add_step(table, space, t, i);
    }
    table_print_header(out, style, table, 2);
    for (unsigned i = 0; i < t->log.count; i++) {
        bool starts = i == 0 || t->log.step[i - 1].dim == 0;
        if (space->dims > 1 && starts) {
            print_group_title(out, style, space, t, i);
        }
        table_print_row(out, style, table, 2, i);
    }
    table_free(table);
}

static void say_legend(FILE *out, const struct style *style, const struct space *space,
                       const struct translation *t)
{
    bool plus = false;
    for (unsigned dim = 0; dim < space->dims && dim < 2; dim++) {
        const char *name = dimension_name(dim, space->dims);
        fputs("  ", out);
        tone_printf(out, style, TONE_DIM, "%s%s", name, name[0] ? " flags: " : "flags: ");
        const char *comma = "";
        for (const struct flag *f = flags_of(space, dim); f->name; f++) {
            bool seen = false;
            for (unsigned i = 0; i < t->log.count; i++) {
                const struct walk_step *s = &t->log.step[i];
                bool added = (s->set_a && f->name[0] == 'A') || (s->set_d && f->name[0] == 'D');
                seen = seen || ((s->dim == dim || (dim == 1 && s->dim > 1)) &&
                                ((s->value & f->bit) || added));
                plus = plus || s->set_a || s->set_d;
            }
            if (seen) {
                tone_printf(out, style, TONE_DIM, "%s%s %s", comma, f->name, f->doc);
                comma = ", ";
            }
        }
        fputc('\n', out);
    }
    if (plus) {
        fputs("  ", out);
        tone_printf(out, style, TONE_DIM, "+ set by this very walk");
        fputc('\n', out);
    }
}

// ---- the grid ------------------------------------------------------------------------------------

// The figure of the papers: a row for each of the guest's levels and one for the data, a column for each
// nested level, in each cell the number of the reference.
static void print_grid(FILE *out, const struct style *style, const struct space *space,
                       const struct translation *t)
{
    unsigned m = space->dim[1].levels, n = space->dim[0].levels;
    struct table_column columns[LEVELS_MAX + 2] = {{"reference number", TABLE_LEFT}};
    char titles[LEVELS_MAX + 1][16];
    for (unsigned c = 0; c < m; c++) {
        snprintf(titles[c], sizeof titles[c], "EPT %u", m - c);
        columns[c + 1] = (struct table_column){titles[c], TABLE_RIGHT};
    }
    columns[m + 1] = (struct table_column){"guest's own", TABLE_RIGHT};
    struct table *table = table_new(columns, m + 2);
    for (unsigned level = n + 1; level-- > 0;) {
        if (level > 0) {
            table_cell(table, "guest level %u", level);
        } else {
            table_cell(table, "the data");
        }
        for (unsigned c = 0; c <= m; c++) {
            unsigned number = 0;
            for (unsigned i = 0; i < t->log.count; i++) {
                const struct walk_step *s = &t->log.step[i];
                unsigned group = group_of(t, i);
                group = group == UINT32_MAX ? n : group;
                bool mine = c < m ? s->dim == 1 && s->level == m - c : s->dim == 0;
                number = mine && group == level ? i + 1 : number;
            }
            if (number > 0) {
                table_cell(table, "%u", number);
            } else {
                table_cell(table, "%s", "-");
            }
        }
    }
    fputc('\n', out);
    table_print(out, style, table, 2);
    table_free(table);
}

void translation_print(FILE *out, const struct style *style, const struct space *space,
                       const struct translation *t, const struct cpu_model *model)
{
    translation_print_title(out, style, space, t);
    fputs("\n\n", out);
    print_fields(out, style, space, t);
    if (t->log.count > 0) {
        fputc('\n', out);
        print_steps(out, style, space, t);
        translation_say(out, say_legend, style, space, t);
        if (space->dims == 2) {
            print_grid(out, style, space, t);
        }
    }
    fputc('\n', out);
    translation_print_outcome(out, style, space, t);
    translation_print_cost(out, style, t, model);
}

// ---- JSON ----------------------------------------------------------------------------------------

json_t *translation_json(const struct space *space, const struct translation *t)
{
    static const char *const outcomes[] = {"ok", "not canonical", "fault", "misconfiguration"};
    const struct walk_result *r = &t->result;
    json_t *o = json_object(), *steps = json_array();
    json_object_set_new(o, "address", export_hex(t->va));
    json_object_set_new(o, "ring", json_integer(t->ring));
    json_object_set_new(o, "access",
                        json_string(t->access.fetch   ? "fetch"
                                    : t->access.write ? "write"
                                                      : "read"));
    json_object_set_new(o, "outcome", json_string(outcomes[r->status]));
    if (r->status == WALK_OK) {
        json_object_set_new(o, "physical", export_hex(r->address));
        json_object_set_new(o, "page_size", json_integer((json_int_t)1 << r->page_shift));
    } else {
        json_object_set_new(o, "fault_dimension", json_integer(r->fault_dim));
        json_object_set_new(o, "fault_address", export_hex(r->fault_addr));
        json_object_set_new(o, "error_code", json_integer(r->error));
    }
    json_object_set_new(o, "references", json_integer(r->refs));
    json_object_set_new(o, "cycles", export_u64(r->cost));
    for (unsigned i = 0; i < t->log.count; i++) {
        const struct walk_step *s = &t->log.step[i];
        char flags[FLAGS_SIZE];
        decode_flags(flags, space, s);
        json_t *step = json_object();
        json_object_set_new(step, "reference", json_integer(i + 1));
        json_object_set_new(step, "dimension", json_integer(s->dim));
        json_object_set_new(step, "level", json_integer(s->level));
        json_object_set_new(step, "table", export_hex(s->table));
        json_object_set_new(step, "index", json_integer(s->index));
        json_object_set_new(step, "entry_address", export_hex(s->entry_addr));
        json_object_set_new(step, "value", export_hex(s->value));
        json_object_set_new(step, "flags", json_string(flags));
        json_array_append_new(steps, step);
    }
    json_object_set_new(o, "steps", steps);
    return o;
}
