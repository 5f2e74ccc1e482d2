// Shows whole address spaces: what is mapped, and the tables as memory holds them.
#include "cli/translate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 1000, MOST_ENTRIES = 1 << 22 }; // tables may form cycles: someone must stop

// ---- ranges --------------------------------------------------------------------------------------

struct range {
    uint64_t va, size, to;
    unsigned level;  // of the leaves: 1, or 2 for 2 MiB pages
    uint64_t rights; // W, U (over all levels) and NX
};

struct mapper {
    const struct space *space;
    struct table *table;
    struct range open; // being extended; size 0: none
    unsigned entries;
    bool nested;
};

static const struct space_region *name_of(const struct space *space, uint64_t va)
{
    for (unsigned i = 0; i < space->regions; i++) {
        if (va - space->region[i].va < space->region[i].size) {
            return &space->region[i];
        }
    }
    return NULL;
}

static void close_range(struct mapper *m)
{
    const struct range *r = &m->open;
    if (r->size == 0 || table_rows(m->table) >= MOST_ROWS) {
        m->open.size = 0;
        return;
    }
    char bytes[FORMAT_SIZE];
    const struct space_region *region = name_of(m->space, r->va);
    table_cell(m->table, "0x%016" PRIx64, r->va);
    table_cell(m->table, "%s", format_bytes(bytes, r->size));
    table_cell(m->table, "%s", r->level == 2 ? "2 MiB" : "4 KiB");
    table_cell(m->table, "0x%" PRIx64, r->to);
    if (m->nested) {
        uint64_t host;
        if (space_host(m->space, 1, r->to, &host)) {
            table_cell(m->table, "0x%" PRIx64, host);
        } else {
            table_cell(m->table, "nowhere");
        }
    }
    table_cell(m->table, "%c%c%c%c", 'r', r->rights & PTE_W ? 'w' : '-',
               r->rights & PTE_NX ? '-' : 'x', r->rights & PTE_U ? 'u' : '-');
    table_cell(m->table, "%s", region ? region->name : "");
    table_cell(m->table, "%s", region && region->doc ? region->doc : "");
    m->open.size = 0;
}

static void add_leaf(struct mapper *m, uint64_t va, unsigned level, uint64_t entry, uint64_t rights)
{
    uint64_t size = level == 2 ? HUGE_PAGE_SIZE : PAGE_SIZE;
    uint64_t to = entry & PTE_FRAME & ~(size - 1);
    struct range *r = &m->open;
    bool same = r->size > 0 && va == r->va + r->size && to == r->to + r->size &&
                level == r->level && rights == r->rights &&
                name_of(m->space, va) == name_of(m->space, r->va);
    if (same) {
        r->size += size;
        return;
    }
    close_range(m);
    *r = (struct range){va, size, to, level, rights};
}

static void map_table(struct mapper *m, uint64_t table, unsigned level, uint64_t va,
                      uint64_t rights)
{
    for (unsigned i = 0; i < 512; i++) {
        uint64_t host, entry;
        if (m->entries++ > MOST_ENTRIES ||
            !space_host(m->space, 1, table + 8 * (uint64_t)i, &host) ||
            !mem_has(&m->space->mem, host, 8)) {
            return;
        }
        entry = mem_get(&m->space->mem, host, 8);
        if (!(entry & PTE_P)) {
            continue;
        }
        uint64_t here = va | (uint64_t)i << (PAGE_SHIFT + LEVEL_BITS * (level - 1));
        unsigned top = PAGE_SHIFT + LEVEL_BITS * m->space->dim[0].levels - 1;
        if (level == m->space->dim[0].levels && ((here >> top) & 1)) {
            here |= ~UINT64_C(0) << top; // canonical: copies of the top bit
        }
        uint64_t both = (rights & entry & (PTE_W | PTE_U)) | ((rights | entry) & PTE_NX);
        if (level == 1 || (level == 2 && (entry & PTE_PS))) {
            add_leaf(m, here, level, entry, both);
        } else {
            map_table(m, entry & PTE_FRAME, level - 1, here, both);
        }
    }
}

void space_print_map(FILE *out, const struct style *style, const struct space *space)
{
    bool nested = space->dims > 1;
    struct table_column columns[] = {
        {"virtual from", TABLE_RIGHT}, {"size", TABLE_RIGHT},
        {"pages", TABLE_RIGHT},        {nested ? "guest-physical" : "physical", TABLE_RIGHT},
        {"host", TABLE_RIGHT},         {"rights", TABLE_LEFT},
        {"name", TABLE_LEFT},          {"", TABLE_WRAP}};
    if (!nested) {
        memmove(&columns[4], &columns[5], 3 * sizeof *columns);
    }
    struct mapper m = {
        .space = space, .nested = nested, .table = table_new(columns, nested ? 8 : 7)};
    map_table(&m, space->dim[0].root, space->dim[0].levels, 0, PTE_W | PTE_U);
    close_range(&m);
    table_print(out, style, m.table, 0);
    if (table_rows(m.table) >= MOST_ROWS || m.entries > MOST_ENTRIES) {
        fprintf(out, "... there is more.\n");
    }
    table_free(m.table);
}

// ---- tables as memory ----------------------------------------------------------------------------

struct dumper {
    const struct space *space;
    unsigned dim;
    uint64_t *tables; // addresses in the dimension's own space, owned
    size_t count, room;
    uint8_t *seen; // a byte a frame of memory, owned
};

static void collect(struct dumper *d, uint64_t table, unsigned level)
{
    uint64_t host;
    const struct space *space = d->space;
    if (!space_host(space, d->dim + 1, table, &host) || !mem_has(&space->mem, host, PAGE_SIZE) ||
        d->seen[host >> PAGE_SHIFT]) {
        return;
    }
    d->seen[host >> PAGE_SHIFT] = 1;
    if (d->count == d->room) {
        d->room = d->room ? 2 * d->room : 64;
        uint64_t *more = realloc(d->tables, d->room * sizeof *more);
        if (!more) {
            exit(cli_error(CLI_UNAVAILABLE, "no memory for the list of tables"));
        }
        d->tables = more;
    }
    d->tables[d->count++] = table;
    for (uint64_t i = 0; level > 1 && i < 512; i++) {
        uint64_t entry = mem_get(&space->mem, host + 8 * i, 8);
        if ((entry & PTE_P) && !(level == 2 && (entry & PTE_PS))) {
            collect(d, entry & PTE_FRAME, level - 1);
        }
    }
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void print_table(FILE *out, const struct style *style, const struct space *space,
                        unsigned dim, uint64_t table)
{
    uint64_t host;
    if (!space_host(space, dim + 1, table, &host)) {
        return;
    }
    tone_printf(out, style, TONE_HEADING, "page at 0x%" PRIx64 "\n", table);
    for (uint64_t i = 0; i < 512;) {
        uint64_t entry = mem_get(&space->mem, host + 8 * i, 8), run = 1;
        if (entry == 0) {
            i++;
            continue;
        }
        // A run of entries that go on frame by frame, as 4 KiB pages of a contiguous block do.
        while (i + run < 512 &&
               mem_get(&space->mem, host + 8 * (i + run), 8) == entry + run * PAGE_SIZE) {
            run++;
        }
        fprintf(out, "  [%3" PRIu64 "] %016" PRIx64 "\n", i, entry);
        if (run > 3) {
            fprintf(out,
                    "  ... each 0x1000 more than the one before, up to\n  [%3" PRIu64
                    "] %016" PRIx64 "\n",
                    i + run - 1, entry + (run - 1) * PAGE_SIZE);
            i += run;
        } else {
            i++;
        }
    }
}

void space_print_tables(FILE *out, const struct style *style, const struct space *space)
{
    for (unsigned dim = 0; dim < space->dims; dim++) {
        struct dumper d = {.space = space, .dim = dim};
        d.seen = calloc(1, (size_t)(space->mem.size >> PAGE_SHIFT));
        if (!d.seen) {
            exit(cli_error(CLI_UNAVAILABLE, "no memory for the list of tables"));
        }
        collect(&d, space->dim[dim].root, space->dim[dim].levels);
        if (d.count > 0) {
            qsort(d.tables, d.count, sizeof *d.tables, by_value);
        }
        if (space->dims > 1) {
            tone_printf(out, style, TONE_HEADING, "%sTables of the %s, at their %s addresses\n",
                        dim > 0 ? "\n" : "", dimension_name(dim, space->dims),
                        dim + 1 == space->dims ? "host-physical"
                        : dim == 0             ? "guest-physical"
                                               : "L1-physical");
        }
        for (size_t i = 0; i < d.count; i++) {
            print_table(out, style, space, dim, d.tables[i]);
        }
        free(d.tables);
        free(d.seen);
    }
}
