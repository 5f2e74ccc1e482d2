// What show() of a scenario prints: runs beside each other.
#include "cli/bars.h"
#include "cli/run.h"
#include "sim/exit.h"

#include <inttypes.h>
#include <string.h>

static bool is_guests(unsigned category)
{
    static const bool guest[CYC_COUNT] = {
#define YES                              true
#define NO                               false
#define CYCLE(NAME, name, is_guest, doc) [CYC_##NAME] = is_guest,
#include "sim/cycle.def"
#undef CYCLE
#undef YES
#undef NO
    };
    return guest[category];
}

// "world switch 41.2 %, shadow paging 12.0 %": the largest three of what is not the guest's own, of its time.
static void overhead(const struct catalog *words, const struct run_result *r, char *out,
                     size_t size)
{
    bool taken[CYC_COUNT] = {false};
    out[0] = '\0';
    for (unsigned n = 0; n < 3; n++) {
        char share[FORMAT_SIZE];
        unsigned most = CYC_COUNT;
        for (unsigned k = 0; k < CYC_COUNT; k++) {
            if (!taken[k] && !is_guests(k) && r->cycles_by[k] &&
                (most == CYC_COUNT || r->cycles_by[k] > r->cycles_by[most])) {
                most = k;
            }
        }
        if (most == CYC_COUNT || r->cycles_by[most] * 1000 < r->cycles_all) {
            return;
        }
        taken[most] = true;
        size_t used = strlen(out);
        snprintf(out + used, size - used, "%s%s %s", used ? ", " : "",
                 catalog_get(words, category_name(most)),
                 format_share(share, r->cycles_by[most], r->cycles_all));
    }
}

static void show_compared(const struct style *style, const struct catalog *words,
                          const struct scenario_run *const *runs, size_t count)
{
    const struct table_column columns[] = {
        {catalog_get(words, "architecture"), TABLE_LEFT},
        {catalog_get(words, "cycles"), TABLE_RIGHT},
        {catalog_get(words, "slowdown"), TABLE_RIGHT},
        {catalog_get(words, "exits"), TABLE_RIGHT},
        {catalog_get(words, "outside the guest, of its time"), TABLE_WRAP}};
    struct table *table = table_new(columns, 5);
    for (size_t i = 0; i < count; i++) {
        const struct run_result *r = &runs[i]->result;
        char text[256];
        overhead(words, r, text, sizeof text);
        table_cell(table, "%s%s%s%s", runs[i]->name, runs[i]->vary[0] ? " (" : "", runs[i]->vary,
                   runs[i]->vary[0] ? ")" : "");
        table_count(table, r->cycles);
        if (runs[i]->baseline) {
            table_cell(table, "%.3f", (double)r->cycles / (double)runs[i]->baseline);
        } else {
            table_cell(table, "%s", "");
        }
        table_count(table, r->exits_all);
        table_cell(table, "%s", runs[i]->right ? text : runs[i]->why);
    }
    table_print(stdout, style, table, 2);
    table_free(table);
}

// Bare programs: what each printed, and how often control left it.
static void show_programs(const struct style *style, const struct catalog *words,
                          const struct scenario_run *const *runs, size_t count)
{
    const struct table_column columns[] = {{catalog_get(words, "architecture"), TABLE_LEFT},
                                           {catalog_get(words, "cycles"), TABLE_RIGHT},
                                           {catalog_get(words, "exits"), TABLE_RIGHT},
                                           {catalog_get(words, "console"), TABLE_LEFT}};
    struct table *table = table_new(columns, 4);
    for (size_t i = 0; i < count; i++) {
        const struct run_result *r = &runs[i]->result;
        const char *text = r->console ? r->console : "";
        size_t size = r->console_size;
        table_cell(table, "%s%s", runs[i]->name,
                   runs[i]->spec.config.holes_closed ? catalog_get(words, ", holes closed") : "");
        table_count(table, r->cycles);
        table_count(table, r->exits_all);
        for (bool first = true; first || size > 0; first = false) {
            size_t n = 0;
            while (n < size && text[n] != '\n') {
                n++;
            }
            for (int blank = 0; !first && blank < 3; blank++) {
                table_cell(table, "%s", "");
            }
            table_cell(table, "%.*s", (int)n, text);
            n += n < size;
            text += n;
            size -= n;
        }
        if (r->stop.reason == STOP_LIMIT) {
            for (int blank = 0; blank < 3; blank++) {
                table_cell(table, "%s", "");
            }
            table_cell(table, "[%s]", catalog_get(words, "not ended: limit"));
        }
    }
    table_print(stdout, style, table, 2);
    table_free(table);
}

// In perf kvm's columns.
static void show_exits(const struct style *style, const struct catalog *words,
                       const struct scenario_run *run)
{
    const struct table_column columns[] = {{"VM-EXIT", TABLE_LEFT},
                                           {catalog_get(words, "Samples"), TABLE_RIGHT},
                                           {catalog_get(words, "Samples%"), TABLE_RIGHT},
                                           {catalog_get(words, "Time%"), TABLE_RIGHT},
                                           {catalog_get(words, "Average cycles"), TABLE_RIGHT}};
    const struct run_result *r = &run->result;
    bool shown[EXIT_REASONS] = {false};
    uint64_t time = 0;
    for (unsigned k = 0; k < EXIT_REASONS; k++) {
        time += r->stats.exit[k].total;
    }
    if (r->exits_all == 0) {
        return;
    }
    struct table *table = table_new(columns, 5);
    for (;;) {
        unsigned most = EXIT_REASONS;
        for (unsigned k = 0; k < EXIT_REASONS; k++) {
            if (!shown[k] && r->exits[k] &&
                (most == EXIT_REASONS || r->exits[k] > r->exits[most])) {
                most = k;
            }
        }
        if (most == EXIT_REASONS) {
            break;
        }
        char share[FORMAT_SIZE];
        const struct vm_exit_stats *e = &r->stats.exit[most];
        shown[most] = true;
        table_cell(table, "%s", exit_name(most));
        table_count(table, r->exits[most]);
        table_cell(table, "%s", format_share(share, r->exits[most], r->exits_all));
        table_cell(table, "%s", format_share(share, e->total, time));
        table_count(table, e->count ? e->total / e->count : 0);
    }
    printf("\n  %s %s\n", catalog_get(words, "Exits under"), run->name);
    table_print(stdout, style, table, 2);
    table_free(table);
}

void run_show(const struct style *style, const struct catalog *words, const char *title,
              const struct scenario_run *const *runs, size_t count)
{
    bool programs = strcmp(runs[0]->workload, "program") == 0;
    putchar('\n');
    if (title[0]) {
        tone_printf(stdout, style, TONE_HEADING, "  %s\n", title);
    }
    (programs ? show_programs : show_compared)(style, words, runs, count);
    for (size_t i = 0; i < count; i++) {
        if (runs[i]->exits) {
            show_exits(style, words, runs[i]);
        }
    }
}
