// Prints what `ringside compare` found: the table, the bars, the sums behind them, exits, and notes.
#include "cli/compare.h"

#include "cli/bars.h"
#include "sim/exit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *compare_ratio(char buffer[static FORMAT_SIZE], uint64_t cycles, uint64_t base)
{
    while (cycles > UINT64_MAX / 2001) {
        cycles /= 2, base /= 2;
    }
    uint64_t thousandths = base == 0 ? 0 : (cycles * 2000 + base) / (base * 2);
    snprintf(buffer, FORMAT_SIZE, "%" PRIu64 ".%03" PRIu64, thousandths / 1000, thousandths % 1000);
    return buffer;
}

// ---- where the overhead went ---------------------------------------------------------------------

// What a category took beyond what it took on the bare machine; with `less`, how much it took less.
struct delta {
    unsigned category;
    uint64_t cycles;
    bool less;
};

static int larger_first(const void *a, const void *b)
{
    const struct delta *x = a, *y = b;
    if (x->less != y->less) {
        return x->less ? 1 : -1;
    }
    if (x->cycles != y->cycles) {
        return x->cycles < y->cycles ? 1 : -1;
    }
    return x->category < y->category ? -1 : 1;
}

// Every category whose time is not the bare machine's: the largest excess first, savings last.
static size_t deltas(const struct run_result *r, const struct run_result *native,
                     struct delta out[static CYC_COUNT])
{
    size_t count = 0;
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        uint64_t here = r->cycles_by[k], there = native->cycles_by[k];
        if (here != there) {
            out[count++] = (struct delta){.category = k,
                                          .cycles = here > there ? here - there : there - here,
                                          .less = here < there};
        }
    }
    qsort(out, count, sizeof *out, larger_first);
    return count;
}

enum { TOP = 3, WHERE_SIZE = 256 };
static const char *where(char text[static WHERE_SIZE], const struct run_result *r,
                         const struct run_result *native)
{
    struct delta d[CYC_COUNT];
    size_t count = deltas(r, native, d);
    char share[FORMAT_SIZE], *to = text;
    *to = '\0';
    for (size_t i = 0; i < count && i < TOP && !d[i].less; i++) {
        to += snprintf(to, WHERE_SIZE - (size_t)(to - text), "%s%s +%s", i > 0 ? ", " : "",
                       category_name(d[i].category),
                       format_share(share, d[i].cycles, native->cycles_all));
    }
    return text;
}

// The equation that explains the slowdown: exact, because every cycle stands in one category.
static void print_sum(const struct compare *c, const struct style *style,
                      const struct compare_run *run)
{
    const struct run_result *r = &run->result, *native = &compare_native(c, run)->result;
    struct delta d[CYC_COUNT];
    size_t count = deltas(r, native, d);
    char number[FORMAT_SIZE], text[1600], *to = text;
    to += snprintf(to, 240, "%s: %s", run->name, format_count(number, r->cycles_all));
    to += snprintf(to, 64, " = %s native", format_count(number, native->cycles_all));
    for (size_t i = 0; i < count; i++) {
        to += snprintf(to, 72, " %c %s %s", d[i].less ? '-' : '+',
                       format_count(number, d[i].cycles), category_name(d[i].category));
    }
    style_wrap(stdout, style, text, 4, 0);
}

// ---- the table -----------------------------------------------------------------------------------

static void add_row(const struct compare *c, struct table *table, const struct compare_run *run)
{
    const struct run_result *native = &compare_native(c, run)->result, *r = &run->result;
    char text[WHERE_SIZE], ratio[FORMAT_SIZE];
    table_tone(table, run->outcome == COMPARE_WRONG ? TONE_BAD : TONE_PLAIN, "%s%s", run->name,
               run->closed ? " *" : "");
    table_count(table, r->cycles);
    table_cell(table, "%s", compare_ratio(ratio, r->cycles, native->cycles));
    table_count(table, r->exits_all);
    table_cell(table, "%s", run->outcome == COMPARE_WRONG ? "goes wrong" : where(text, r, native));
}

// The table of one group.
static struct table *compare_table(const struct compare *c, const struct compare_group *group)
{
    static const struct table_column columns[] = {{"architecture", TABLE_LEFT},
                                                  {"cycles", TABLE_RIGHT},
                                                  {"slowdown", TABLE_RIGHT},
                                                  {"exits", TABLE_RIGHT},
                                                  {"overhead in % of native", TABLE_WRAP}};
    struct table *table = table_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = group->first; i < group->first + group->count; i++) {
        if (compare_measured(&c->runs[i])) {
            add_row(c, table, &c->runs[i]);
        }
    }
    return table;
}

static void print_bars(const struct compare *c, const struct style *style,
                       const struct compare_group *group)
{
    struct bar *bars = calloc(group->count, sizeof *bars);
    size_t count = 0;
    for (size_t i = group->first; bars && i < group->first + group->count; i++) {
        const struct compare_run *run = &c->runs[i];
        if (compare_measured(run)) {
            bars[count++] = (struct bar){.label = run->name,
                                         .parts = run->result.cycles_by,
                                         .total = run->result.cycles_all};
        }
    }
    if (bars) {
        bars_print(stdout, style, bars, count);
    }
    free(bars);
}

// ---- exits ---------------------------------------------------------------------------------------

static void exit_row(struct table *table, unsigned reason, uint64_t samples, uint64_t all,
                     const struct vm_exit_stats *s, uint64_t time, bool narrow)
{
    char share[FORMAT_SIZE];
    table_cell(table, "%s", exit_name(reason));
    table_count(table, samples);
    table_cell(table, "%s", format_share(share, samples, all));
    table_cell(table, "%s", format_share(share, s->total, time));
    if (!narrow) {
        table_count(table, s->min);
        table_count(table, s->max);
    }
    table_count(table, s->count > 0 ? (s->total + s->count / 2) / s->count : 0);
}

// In perf kvm's columns, the most time first; `narrow` is without the smallest and the largest.
static struct table *exits_table(const struct run_result *r, bool narrow)
{
    static const struct table_column columns[] = {
        {"VM-EXIT", TABLE_LEFT}, {"Samples", TABLE_RIGHT}, {"Samples%", TABLE_RIGHT},
        {"Time%", TABLE_RIGHT},  {"Min", TABLE_RIGHT},     {"Max", TABLE_RIGHT},
        {"Average", TABLE_RIGHT}};
    static const struct table_column few[] = {{"VM-EXIT", TABLE_LEFT},
                                              {"Samples", TABLE_RIGHT},
                                              {"Samples%", TABLE_RIGHT},
                                              {"Time%", TABLE_RIGHT},
                                              {"Average", TABLE_RIGHT}};
    bool shown[EXIT_REASONS] = {false};
    uint64_t time = 0;
    for (unsigned k = 0; k < EXIT_REASONS; k++) {
        time += r->stats.exit[k].total;
    }
    struct table *table = narrow ? table_new(few, sizeof few / sizeof *few)
                                 : table_new(columns, sizeof columns / sizeof *columns);
    for (;;) {
        unsigned next = EXIT_REASONS;
        for (unsigned k = 0; k < EXIT_REASONS; k++) {
            if (r->exits[k] > 0 && !shown[k] &&
                (next == EXIT_REASONS || r->stats.exit[k].total > r->stats.exit[next].total)) {
                next = k;
            }
        }
        if (next == EXIT_REASONS) {
            break;
        }
        shown[next] = true;
        exit_row(table, next, r->exits[next], r->exits_all, &r->stats.exit[next], time, narrow);
    }
    return table;
}

static void print_exits(const struct style *style, const struct compare_run *run)
{
    struct table *table = exits_table(&run->result, false);
    if (style->width > 0 && table_width(table) > (int)style->width) {
        table_free(table);
        table = exits_table(&run->result, true);
    }
    tone_printf(stdout, style, TONE_HEADING, "\nExits under %s", run->name);
    puts(", in cycles of handling");
    table_print(stdout, style, table, 0);
    table_free(table);
    style_wrap(stdout, style,
               "The cycles go from the hypervisor's first instruction to its last. The processor's "
               "own VM exit and entry, or trap, are not in them: the category world switch has "
               "those.",
               0, 0);
}

// ---- notes ---------------------------------------------------------------------------------------

static void print_note(const struct style *style, const struct compare_run *run)
{
    char text[2 * COMPARE_WHY_SIZE + COMPARE_NAME_SIZE + 200] = "";
    if (run->closed) {
        snprintf(
            text, sizeof text,
            "* %s: measured with the ISA's five holes closed. With them open, as on x86 before "
            "VT-x, the guest goes wrong (%s): Popek and Goldberg's theorem at work.",
            run->name, run->open_why);
    } else if (run->outcome == COMPARE_INVALID || run->outcome == COMPARE_REFUSED) {
        snprintf(text, sizeof text, "- %s: not run: %s", run->name, run->why);
    }
    if (run->outcome == COMPARE_WRONG) {
        tone_printf(stdout, style, TONE_BAD, "! %s goes wrong: %s\n", run->name, run->why);
    }
    if (text[0]) {
        style_wrap(stdout, style, text, 2, 0);
    }
}

// ---- a group, all --------------------------------------------------------------------------------

static void print_title(const struct compare *c, const struct style *style,
                        const struct compare_group *g)
{
    char n[FORMAT_SIZE], ram[FORMAT_SIZE];
    tone_printf(stdout, style, TONE_HEADING, "%s", g->workload->name);
    printf(": %s\n", g->workload->summary);
    char text[512];
    snprintf(text, sizeof text,
             "%s %s, seed %" PRIu64 ", %" PRIu64 " processor%s, %s, %s%s%s%s%s%s",
             format_count(n, g->n), g->workload->unit, g->seed, g->cpus, g->cpus == 1 ? "" : "s",
             format_bytes(ram, g->ram), g->model->title, c->o->steady ? ", without the boot" : "",
             c->o->unit_costs ? ", every cost one cycle" : "",
             c->o->holes_closed ? ", holes closed" : "", g->title[0] ? "; " : "", g->title);
    style_wrap(stdout, style, text, 0, 0);
    putchar('\n');
}

void compare_print_group(const struct compare *c, const struct style *style,
                         const struct compare_group *group)
{
    const struct compare_run *runs = &c->runs[group->first];
    print_title(c, style, group);
    struct table *table = compare_table(c, group);
    table_print(stdout, style, table, 0);
    table_free(table);
    putchar('\n');
    if (!c->o->quiet) {
        print_bars(c, style, group);
        tone_printf(stdout, style, TONE_HEADING, "\nThe sums, exact to the cycle%s\n",
                    group->cpus > 1 ? " (of all processors)" : "");
        for (size_t i = 1; i < group->count; i++) {
            if (compare_measured(&runs[i])) {
                print_sum(c, style, &runs[i]);
            }
        }
    }
    for (size_t i = 1; i < group->count && c->o->exits; i++) {
        if (compare_measured(&runs[i]) && runs[i].result.exits_all > 0) {
            print_exits(style, &runs[i]);
        }
    }
    bool noted = false;
    for (size_t i = 1; i < group->count; i++) {
        if (runs[i].outcome != COMPARE_DONE || runs[i].closed) {
            fputs(noted || (c->o->quiet && !c->o->exits) ? "" : "\n", stdout);
            noted = true;
            print_note(style, &runs[i]);
        }
    }
    fputs(noted ? "\n" : c->o->quiet && !c->o->exits ? "" : "\n", stdout);
}

// ---- all groups in one table ---------------------------------------------------------------------

enum { GROUP_NAME_SIZE = 320 };

// What tells this group from the others.
static void group_name(const struct compare *c, const struct compare_group *g, char *out,
                       size_t size)
{
    bool models = false;
    for (size_t i = 0; i < c->group_count; i++) {
        models = models || c->groups[i].model != g->model;
    }
    models = models && !strstr(g->title, "cpu=");
    bool named = c->workload_count > 1 || c->group_count == 1;
    snprintf(out, size, "%s%s%s%s%s", named ? g->workload->name : "",
             named && (models || g->title[0]) ? " " : "", models ? g->model->name : "",
             models && g->title[0] ? " " : "", g->title);
}

// The run of that name in a group, if it was measured.
static const struct compare_run *find_run(const struct compare *c, const struct compare_group *g,
                                          const char *name)
{
    for (size_t i = g->first; i < g->first + g->count; i++) {
        if (compare_measured(&c->runs[i]) && strcmp(c->runs[i].name, name) == 0) {
            return &c->runs[i];
        }
    }
    return NULL;
}

static void summary_cell(const struct compare *c, struct table *table,
                         const struct compare_run *run)
{
    char ratio[FORMAT_SIZE];
    if (!run) {
        table_cell(table, "-");
    } else if (run->outcome == COMPARE_WRONG) {
        table_tone(table, TONE_BAD, "wrong");
    } else {
        table_cell(table, "%s%s",
                   compare_ratio(ratio, run->result.cycles, compare_native(c, run)->result.cycles),
                   run->closed ? "*" : "");
    }
}

static void fill_summary(const struct compare *c, struct table *table)
{
    for (size_t i = 0; i < c->run_count; i++) {
        const char *name = c->runs[i].name;
        size_t first = 0;
        while (first < i && strcmp(c->runs[first].name, name) != 0) {
            first++;
        }
        bool measured = false;
        for (size_t g = 0; g < c->group_count; g++) {
            measured = measured || find_run(c, &c->groups[g], name);
        }
        if (first < i || !measured) {
            continue;
        }
        table_cell(table, "%s", name);
        for (size_t g = 0; g < c->group_count; g++) {
            summary_cell(c, table, find_run(c, &c->groups[g], name));
        }
    }
}

void compare_print_summary(const struct compare *c, const struct style *style)
{
    size_t count = c->group_count + 1;
    struct table_column *columns = calloc(count, sizeof *columns);
    char(*names)[GROUP_NAME_SIZE] = calloc(count, sizeof *names);
    if (columns && names) {
        columns[0] = (struct table_column){"slowdown", TABLE_LEFT};
        for (size_t g = 0; g < c->group_count; g++) {
            group_name(c, &c->groups[g], names[g], sizeof names[g]);
            columns[g + 1] = (struct table_column){names[g], TABLE_RIGHT};
        }
        struct table *table = table_new(columns, count);
        fill_summary(c, table);
        table_print(stdout, style, table, 0);
        table_free(table);
        putchar('\n');
        style_wrap(stdout, style,
                   "How many times as long as on the bare machine: 1.000 is native's speed, 2.000 "
                   "twice the time.",
                   0, 0);
    }
    for (size_t w = 0; w < c->workload_count && c->workload_count > 1; w++) {
        printf("  %-10s", c->workloads[w]->name);
        style_wrap(stdout, style, c->workloads[w]->summary, 12, 12);
    }
    free(columns);
    free(names);
}

void compare_print_verdict(const struct compare *c, const struct style *style)
{
    size_t right = 0, wrong = 0;
    for (size_t i = 0; i < c->run_count; i++) {
        right += c->runs[i].outcome == COMPARE_DONE;
        wrong += c->runs[i].outcome == COMPARE_WRONG;
    }
    if (wrong > 0) {
        tone_printf(stdout, style, TONE_BAD, "%zu of %zu runs went wrong.\n", wrong, right + wrong);
        return;
    }
    char text[256];
    if (right == 1) {
        snprintf(text, sizeof text,
                 "The run gives the right checksum; its categories sum to the elapsed cycles.");
    } else {
        snprintf(text, sizeof text,
                 "All %zu runs give the right checksum, and native's console, memory and "
                 "registers; their categories sum to the elapsed cycles.",
                 right);
    }
    style_wrap(stdout, style, text, 0, 0);
}

int compare_status(const struct compare *c)
{
    size_t refused = 0, asked = c->run_count - c->group_count;
    for (size_t i = 0; i < c->run_count; i++) {
        if (c->runs[i].outcome == COMPARE_WRONG) {
            return CLI_CHECK_FAILED;
        }
        refused += !compare_measured(&c->runs[i]);
    }
    // Of several, some may be impossible here; when all that were named are, the question was wrong.
    return c->o->arch.count > 0 && asked > 0 && refused == asked
               ? cli_error(CLI_USAGE, "none of the architectures asked for can be run here")
               : CLI_OK;
}
