// Plans what `ringside compare` runs: machines x architectures x options, each point once.
#include "cli/compare.h"
#include "cli/model.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SCANS_MAX = 8, VALUES_MAX = 256, RUNS_MAX = 4096 };

// What a scan can vary beyond the options of architectures.
enum machine_var { VAR_CPU, VAR_N, VAR_CPUS, VAR_MEM, VAR_LEVELS, VAR_SEED, VAR_ARCH };
static const char *const machine_vars[] = {"cpu", "n", "cpus", "mem", "levels", "seed", NULL};

// One -P or -L: a variable and the values that it takes.
struct scan {
    const char *name;
    enum machine_var var; // VAR_ARCH: an option of architectures
    char *text;           // owns the values
    const char *values[VALUES_MAX];
    size_t count;
};
struct plan {
    struct compare *c;
    struct scan scans[SCANS_MAX];
    size_t scan_count;
    char *archs; // every architecture of --arch, one a line; NULL: all
};

// ---- scans ---------------------------------------------------------------------------------------

static enum machine_var find_var(const char *name)
{
    for (unsigned v = 0; machine_vars[v]; v++) {
        if (strcmp(machine_vars[v], name) == 0) {
            return (enum machine_var)v;
        }
    }
    return VAR_ARCH;
}

static struct scan *new_scan(struct plan *p, const char *name, size_t text_size)
{
    if (p->scan_count == SCANS_MAX) {
        cli_error(CLI_USAGE, "more than %d scans", SCANS_MAX);
        return NULL;
    }
    struct scan *s = &p->scans[p->scan_count++];
    *s = (struct scan){.name = name, .var = find_var(name), .text = malloc(text_size)};
    if (!s->text) {
        cli_error(CLI_UNAVAILABLE, "no memory for a scan");
        return NULL;
    }
    return s;
}

static int scan_range(struct plan *p, const char *const *words)
{
    uint64_t min, max, step = p->c->o->step;
    if (!cli_parse_number(words[1], &min) || !cli_parse_number(words[2], &max) || min > max) {
        return cli_error(CLI_USAGE, "--parameter-scan %s: '%s' to '%s' is no range of numbers",
                         words[0], words[1], words[2]);
    }
    if ((max - min) / step >= VALUES_MAX) {
        return cli_error(CLI_USAGE, "--parameter-scan %s: more than %d values; a larger --step",
                         words[0], VALUES_MAX);
    }
    enum { DIGITS = 24 };
    struct scan *s = new_scan(p, words[0], ((max - min) / step + 1) * DIGITS);
    if (!s) {
        return CLI_USAGE;
    }
    for (char *to = s->text; s->count <= (max - min) / step; to += DIGITS) {
        snprintf(to, DIGITS, "%" PRIu64, min + s->count * step);
        s->values[s->count++] = to;
    }
    return CLI_OK;
}

static int scan_list(struct plan *p, const char *const *words)
{
    struct scan *s = new_scan(p, words[0], strlen(words[1]) + 1);
    if (!s) {
        return CLI_USAGE;
    }
    strcpy(s->text, words[1]);
    for (char *word = strtok(s->text, ","); word; word = strtok(NULL, ",")) {
        if (s->count == VALUES_MAX) {
            return cli_error(CLI_USAGE, "--parameter-list %s: more than %d values", words[0],
                             VALUES_MAX);
        }
        s->values[s->count++] = word;
    }
    return s->count > 0
               ? CLI_OK
               : cli_error(CLI_USAGE, "--parameter-list %s: no values; write a,b,c", words[0]);
}

static int take_scans(struct plan *p)
{
    const struct compare_options *o = p->c->o;
    int status = CLI_OK;
    for (size_t i = 0; i + 2 < o->scan.count && status == CLI_OK; i += 3) {
        status = scan_range(p, o->scan.items + i);
    }
    for (size_t i = 0; i + 1 < o->list.count && status == CLI_OK; i += 2) {
        status = scan_list(p, o->list.items + i);
    }
    return status;
}

// ---- architectures -------------------------------------------------------------------------------

char *compare_split_archs(const char *text)
{
    char *copy = strdup(text);
    for (char *comma = copy ? strchr(copy, ',') : NULL; comma; comma = strchr(comma + 1, ',')) {
        size_t n = strcspn(comma + 1, ",=");
        if (comma[1 + n] != '=') {
            *comma = '\n';
        }
    }
    return copy;
}

static int take_archs(struct plan *p)
{
    const struct option_list *list = &p->c->o->arch;
    size_t size = 1;
    for (size_t i = 0; i < list->count; i++) {
        size += strlen(list->items[i]) + 1;
    }
    p->archs = list->count > 0 ? calloc(1, size) : NULL;
    for (size_t i = 0; i < list->count; i++) {
        char *split = compare_split_archs(list->items[i]);
        if (!split || !p->archs) {
            return cli_error(CLI_UNAVAILABLE, "no memory for the architectures");
        }
        strcat(strcat(p->archs, split), "\n");
        free(split);
    }
    return CLI_OK;
}

// Sets one option if it means something to this architecture. A paging or I/O that it cannot have is as an
// option that means nothing. False with the reason.
static bool set_if_meant(struct arch_config *a, const char *key, const char *value, char *err,
                         size_t size)
{
    struct arch_config with = *a;
    const struct arch_row *row = arch_row(a->arch);
    if (!arch_set(&with, key, value, err, size)) {
        return false;
    }
    if (!(row->pagings >> with.paging & 1) || !(row->ios >> with.io & 1)) {
        snprintf(err, size, "%s=%s is nothing for %s; see 'ringside explain %s'", key, value,
                 row->name, row->name);
        return false;
    }
    *a = with;
    return true;
}

// An option that no architecture here takes is a mistake: its reason is printed.
struct taken {
    bool any;
    char why[COMPARE_WHY_SIZE];
};

static void apply(struct arch_config *a, const char *key, const char *value, struct taken *taken)
{
    char err[COMPARE_WHY_SIZE];
    if (set_if_meant(a, key, value, err, sizeof err)) {
        taken->any = true;
    } else if (!taken->why[0] || strncmp(err, "unknown", 7) == 0) {
        snprintf(taken->why, sizeof taken->why, "%s", err);
    }
}

static int apply_sets(const struct compare_options *o, struct arch_config *a, struct taken *taken)
{
    for (size_t i = 0; i < o->set.count; i++) {
        char key[64];
        const char *pair = o->set.items[i], *equals = strchr(pair, '=');
        if (!equals || equals == pair || (size_t)(equals - pair) >= sizeof key) {
            return cli_error(CLI_USAGE, "--set %s; write key=value, as in --set vpid=0", pair);
        }
        snprintf(key, sizeof key, "%.*s", (int)(equals - pair), pair);
        apply(a, key, equals + 1, &taken[i]);
    }
    return CLI_OK;
}

// ---- runs ----------------------------------------------------------------------------------------

static void why_invalid(struct compare_run *run, const struct cpu_model *model)
{
    char err[COMPARE_WHY_SIZE];
    if (!arch_valid(&run->arch, model, err, sizeof err)) {
        run->outcome = COMPARE_INVALID;
        snprintf(run->why, sizeof run->why, "%s", err);
    }
}

// Adds a run to the last group, unless it is there already.
static int add_run(struct plan *p, const struct arch_config *a, const char *name)
{
    struct compare *c = p->c;
    struct compare_group *g = &c->groups[c->group_count - 1];
    char text[COMPARE_NAME_SIZE], other[COMPARE_NAME_SIZE];
    arch_format(a, text, sizeof text);
    for (size_t i = g->first; i < c->run_count; i++) {
        arch_format(&c->runs[i].arch, other, sizeof other);
        if (strcmp(other, text) == 0) {
            return CLI_OK;
        }
    }
    struct compare_run *more = realloc(c->runs, (c->run_count + 1) * sizeof *more);
    if (!more || c->run_count == RUNS_MAX) {
        return cli_error(CLI_USAGE, "more than %d runs; scan less at once", RUNS_MAX);
    }
    c->runs = more;
    struct compare_run *run = &c->runs[c->run_count++];
    *run = (struct compare_run){.group = c->group_count - 1, .arch = *a};
    snprintf(run->name, sizeof run->name, "%s", name ? name : text);
    why_invalid(run, g->model);
    g->count++;
    return CLI_OK;
}

// One architecture with every combination of the scanned options that it takes. `name`: how to call it as it
// stands, NULL for its canonical name; with an option scanned the canonical name says more.
static int add_arch(struct plan *p, const struct arch_config *base, const char *name,
                    struct taken *scanned)
{
    size_t combinations = 1;
    int status = CLI_OK;
    for (size_t s = 0; s < p->scan_count; s++) {
        combinations *= p->scans[s].var == VAR_ARCH ? p->scans[s].count : 1;
    }
    for (size_t k = 0; k < combinations && status == CLI_OK; k++) {
        struct arch_config a = *base;
        size_t digit = k;
        for (size_t s = 0; s < p->scan_count; s++) {
            const struct scan *scan = &p->scans[s];
            if (scan->var == VAR_ARCH) {
                apply(&a, scan->name, scan->values[digit % scan->count], &scanned[s]);
                digit /= scan->count;
            }
        }
        status = add_run(p, &a, memcmp(&a, base, sizeof a) == 0 ? name : NULL);
    }
    return status;
}

static int refuse_untaken(const struct taken *taken, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!taken[i].any) {
            return cli_error(CLI_USAGE, "%s", taken[i].why);
        }
    }
    return CLI_OK;
}

// Where nobody chose: another paging, if this processor lacks what the architecture's usual one needs.
static void make_valid(struct arch_config *a, const struct cpu_model *model)
{
    char err[COMPARE_WHY_SIZE];
    for (unsigned k = 0; k < PAGING_COUNT && !arch_valid(a, model, err, sizeof err); k++) {
        struct arch_config other = *a;
        other.paging = (enum paging)k;
        *a = arch_valid(&other, model, err, sizeof err) ? other : *a;
    }
}

// The runs of one group.
static int add_runs(struct plan *p)
{
    enum { SETS_MAX = 32 };
    struct taken set[SETS_MAX] = {{false, ""}}, scanned[SCANS_MAX] = {{false, ""}};
    const struct compare_options *o = p->c->o;
    struct arch_config a;
    char err[COMPARE_WHY_SIZE], word[COMPARE_NAME_SIZE];
    if (o->set.count > SETS_MAX) {
        return cli_error(CLI_USAGE, "more than %d times --set", SETS_MAX);
    }
    arch_parse(&a, arch_row(ARCH_NATIVE)->name, err, sizeof err);
    int status = add_run(p, &a, NULL);
    const char *at = p->archs;
    for (unsigned i = 0; status == CLI_OK && (p->archs ? *at != '\0' : i < ARCH_COUNT); i++) {
        snprintf(word, sizeof word, "%s", arch_row(i < ARCH_COUNT ? (enum arch_id)i : 0)->name);
        if (p->archs) {
            size_t n = strcspn(at, "\n");
            snprintf(word, sizeof word, "%.*s", (int)n, at);
            at += n + (at[n] == '\n');
        }
        if (!arch_parse(&a, word, err, sizeof err)) {
            return cli_error(CLI_USAGE, "%s", err);
        }
        struct arch_config parsed = a;
        if (!p->archs) {
            make_valid(&a, p->c->groups[p->c->group_count - 1].model);
        }
        status = apply_sets(o, &a, set);
        bool as_typed = memcmp(&a, &parsed, sizeof a) == 0;
        status = status == CLI_OK ? add_arch(p, &a, as_typed ? word : NULL, scanned) : status;
    }
    for (size_t s = 0; s < p->scan_count; s++) {
        scanned[s].any = scanned[s].any || p->scans[s].var != VAR_ARCH;
    }
    status = status == CLI_OK ? refuse_untaken(set, o->set.count) : status;
    return status == CLI_OK ? refuse_untaken(scanned, p->scan_count) : status;
}

// ---- machines ------------------------------------------------------------------------------------

static int load_model(struct compare *c, const char *name, const struct cpu_model **out)
{
    for (size_t i = 0; i < c->model_count; i++) {
        if (strcmp(c->models[i].name, name) == 0) {
            *out = &c->models[i];
            return CLI_OK;
        }
    }
    int status = c->model_count < MODELS_MAX
                     ? model_load(name, &c->models[c->model_count])
                     : cli_error(CLI_USAGE, "more than %d CPU models", MODELS_MAX);
    if (status == CLI_OK) {
        struct cpu_model *m = &c->models[c->model_count++];
        *out = m;
        if (c->o->unit_costs) {
            char *strings = m->strings;
            *m = run_unit_costs(m);
            m->strings = strings;
        }
    }
    return status;
}

static int set_machine(struct compare *c, struct compare_group *g, const struct scan *s,
                       const char *value)
{
    static const struct {
        uint64_t min, max;
    } range[] = {[VAR_N] = {1, UINT64_MAX},
                 [VAR_CPUS] = {1, 64},
                 [VAR_MEM] = {TOYOS_RAM_MIN, UINT64_C(64) << 30},
                 [VAR_LEVELS] = {LEVELS_MIN, LEVELS_MAX},
                 [VAR_SEED] = {0, UINT64_MAX}};
    uint64_t *field[] = {[VAR_CPU] = NULL,    [VAR_N] = &g->n,           [VAR_CPUS] = &g->cpus,
                         [VAR_MEM] = &g->ram, [VAR_LEVELS] = &g->levels, [VAR_SEED] = &g->seed};
    size_t used = strlen(g->title);
    snprintf(g->title + used, sizeof g->title - used, "%s%s=%s", used ? ", " : "", s->name, value);
    if (s->var == VAR_CPU) {
        return load_model(c, value, &g->model);
    }
    uint64_t number;
    bool parsed =
        s->var == VAR_MEM ? cli_parse_size(value, &number) : cli_parse_number(value, &number);
    if (!parsed || number < range[s->var].min || number > range[s->var].max) {
        return cli_error(CLI_USAGE, "%s=%s: a number from %" PRIu64 " to %" PRIu64 " is wanted",
                         s->name, value, range[s->var].min, range[s->var].max);
    }
    *field[s->var] = number;
    return CLI_OK;
}

static int check_length(const struct compare *c, const struct compare_group *g)
{
    return compare_length(c, g) <= g->workload->max_n && g->n <= g->workload->max_n
               ? CLI_OK
               : cli_error(CLI_USAGE, "%s with n = %" PRIu64 "; at most %" PRIu64 " %s fit",
                           g->workload->name, compare_length(c, g), g->workload->max_n,
                           g->workload->unit);
}

// One group for each combination of the machine's scans, for one of the workloads on one of the models.
static int add_groups(struct plan *p, const struct toyos_workload *workload, const char *cpu)
{
    struct compare *c = p->c;
    size_t combinations = 1;
    int status = CLI_OK;
    for (size_t s = 0; s < p->scan_count; s++) {
        combinations *= p->scans[s].var != VAR_ARCH ? p->scans[s].count : 1;
    }
    for (size_t k = 0; k < combinations && status == CLI_OK; k++) {
        struct compare_group *more = realloc(c->groups, (c->group_count + 1) * sizeof *more);
        if (!more) {
            return cli_error(CLI_UNAVAILABLE, "no memory for the plan");
        }
        c->groups = more;
        struct compare_group *g = &c->groups[c->group_count++];
        *g = (struct compare_group){.workload = workload,
                                    .n = c->o->n ? c->o->n : workload->default_n,
                                    .cpus = c->o->cpus,
                                    .ram = c->o->ram,
                                    .levels = c->o->levels,
                                    .seed = c->o->seed,
                                    .first = c->run_count};
        status = load_model(c, cpu, &g->model);
        size_t digit = k;
        for (size_t s = 0; s < p->scan_count && status == CLI_OK; s++) {
            const struct scan *scan = &p->scans[s];
            if (scan->var != VAR_ARCH) {
                status = set_machine(c, g, scan, scan->values[digit % scan->count]);
                digit /= scan->count;
            }
        }
        status = status == CLI_OK ? check_length(c, g) : status;
        status = status == CLI_OK ? add_runs(p) : status;
    }
    return status;
}

int compare_plan(struct compare *c)
{
    struct plan p = {.c = c};
    c->models = calloc(MODELS_MAX, sizeof *c->models);
    int status = c->models ? take_scans(&p) : cli_error(CLI_UNAVAILABLE, "no memory");
    status = status == CLI_OK ? take_archs(&p) : status;
    const struct option_list *cpus = &c->o->cpu;
    bool scanned = false;
    for (size_t s = 0; s < p.scan_count; s++) {
        scanned = scanned || p.scans[s].var == VAR_CPU;
    }
    if (status == CLI_OK && scanned && cpus->count > 0) {
        status = cli_error(CLI_USAGE, "--cpu and a scan of cpu; one of them says which");
    }
    size_t models = cpus->count > 0 ? cpus->count : 1;
    for (size_t i = 0; status == CLI_OK && i < c->workload_count * models; i++) {
        status = add_groups(&p, c->workloads[i / models],
                            cpus->count ? cpus->items[i % models] : MODEL_DEFAULT);
    }
    for (size_t s = 0; s < p.scan_count; s++) {
        free(p.scans[s].text);
    }
    free(p.archs);
    return status;
}

void compare_free(struct compare *c)
{
    for (size_t i = 0; i < c->run_count; i++) {
        run_result_free(&c->runs[i].result);
    }
    for (size_t i = 0; i < c->model_count; i++) {
        cpu_model_free(&c->models[i]);
    }
    if (c->has_os) {
        toyos_free(&c->os);
    }
    if (c->has_os_paravirt) {
        toyos_free(&c->os_paravirt);
    }
    free(c->models);
    free(c->groups);
    free(c->runs);
}
