// cost_parse.c: reads CPU model files; docs/costs.md describes the format. A file must give everything, each once: a cost that
// was forgotten would be a hidden number.
#include "sim/cost.h"
#include "sim/cost_scan.h"

#include <stdlib.h>
#include <string.h>

// The largest value of a cost, and the bound of a clock: wide enough for a floppy's seek in nanoseconds, narrow enough
// that no sum of costs of one event can overflow.
#define COST_VALUE_MAX UINT32_C(1000000000)
enum { MHZ_MAX = 100000 };

static const char *const key_names[] = {
#define COST(NAME, key, unit, doc) key,
#include "sim/cost.def"
#undef COST
    NULL};

static const char *const kind_names[] = {
#define COST_KIND(NAME, name) name,
#include "sim/cost_kind.def"
#undef COST_KIND
    NULL};

static const char *const feature_names[] = {
#define CPU_FEATURE(NAME, name, doc) name,
#include "sim/cpu_feature.def"
#undef CPU_FEATURE
    NULL};

// ---- the fields that are not costs ---------------------------------------------------------------

// A numeric field: where it goes and what it may be.
struct number_field {
    const char *name;
    size_t offset; // of a uint32_t in struct cpu_model
    uint32_t min, max;
    bool power_of_two; // 0 is allowed as well if min is 0
    const char *doc;
};

static const struct number_field tlb_fields[] = {
#define TLB_FIELD(field, min, max, doc) \
    {#field, offsetof(struct cpu_model, tlb.field), min, max, true, doc},
#include "sim/tlb_field.def"
#undef TLB_FIELD
};
static const struct number_field mhz_field = {
    "mhz", offsetof(struct cpu_model, mhz), 1, MHZ_MAX, false, "clock"};

enum { TLB_FIELDS = sizeof tlb_fields / sizeof *tlb_fields };

enum head_field { HEAD_NAME, HEAD_VENDOR, HEAD_TITLE, HEAD_MHZ, HEAD_FEATURES, HEAD_COUNT };
static const char *const head_names[] = {"name", "vendor", "title", "mhz", "features", NULL};
static const char *const tlb_names[] = {
#define TLB_FIELD(field, min, max, doc) #field,
#include "sim/tlb_field.def"
#undef TLB_FIELD
    "source", NULL};
enum { TLB_SOURCE = TLB_FIELDS };

bool cpu_model_tlb_field(const struct cpu_model *m, unsigned i, const char **name, const char **doc,
                         uint32_t *value)
{
    if (i >= TLB_FIELDS) {
        return false;
    }
    *name = tlb_fields[i].name;
    *doc = tlb_fields[i].doc;
    memcpy(value, (const char *)m + tlb_fields[i].offset, sizeof *value);
    return true;
}

enum section { SECTION_HEAD, SECTION_TLB, SECTION_COST, SECTION_COUNT };
static const char *const section_names[] = {"head", "tlb", "cost", NULL};

// ---- the parser ----------------------------------------------------------------------------------

struct parser {
    struct scan s;
    struct cpu_model *model;
    enum section section;
    unsigned section_line[SECTION_COUNT]; // where it began; 0: not yet
    unsigned head_line[HEAD_COUNT], tlb_line[TLB_FIELDS + 1], cost_line[COST_COUNT];
    char *strings; // free space for sources
};

static bool take_kind(struct parser *p, enum cost_kind *out)
{
    struct word w = scan_word(&p->s);
    unsigned kind;
    if (w.size == 0) {
        return scan_fail(&p->s, w.column,
                         "it is not said how the value is known; write published, derived, "
                         "assumed or measured");
    }
    if (!scan_lookup(&p->s, w, "kind", kind_names, &kind)) {
        return false;
    }
    *out = (enum cost_kind)kind;
    return true;
}

// A kind and a source, as every value has them. The source is copied to the model's own memory.
static bool take_source(struct parser *p, enum cost_kind *kind, const char **source)
{
    struct word w;
    if (!take_kind(p, kind) || !scan_string(&p->s, "source", &w)) {
        return false;
    }
    memcpy(p->strings, w.text, w.size);
    p->strings[w.size] = '\0';
    *source = p->strings;
    p->strings += w.size + 1; // the quotes in the text paid for the zero byte
    return true;
}

// Marks a field as seen; an error if it was before.
static bool once(struct parser *p, struct word key, unsigned *line)
{
    if (*line) {
        return scan_fail(&p->s, key.column,
                         "'%.*s' was given on line %u already; remove one of them", word_shown(key),
                         key.text, *line);
    }
    *line = p->s.line;
    return true;
}

static bool take_field(struct parser *p, const struct number_field *f)
{
    unsigned column;
    uint32_t value;
    if (!scan_number(&p->s, f->name, f->min, f->max, &value, &column)) {
        return false;
    }
    if (f->power_of_two && (value & (value - 1)) != 0) {
        uint32_t below = value;
        while (below & (below - 1)) {
            below &= below - 1;
        }
        return scan_fail(&p->s, column, "%s is %u, which is no power of two; take %u or %u",
                         f->name, value, below, below * 2 > f->max ? below : below * 2);
    }
    memcpy((char *)p->model + f->offset, &value, sizeof value);
    return true;
}

// A bare word or a quoted string, copied to to[limit].
static bool take_name(struct parser *p, enum head_field field, char *to, size_t limit)
{
    struct word w;
    scan_blanks(&p->s);
    if (p->s.at < p->s.end && *p->s.at == '"') {
        if (!scan_string(&p->s, head_names[field], &w)) {
            return false;
        }
    } else {
        w = scan_word(&p->s);
        if (w.size == 0) {
            return scan_fail(&p->s, w.column, "%s has no value; write it behind the '='",
                             head_names[field]);
        }
    }
    if (w.size >= limit) {
        return scan_fail(&p->s, w.column, "%s is %zu bytes long; shorten it to %zu",
                         head_names[field], w.size, limit - 1);
    }
    for (size_t i = 0; i < w.size; i++) {
        bool plain = (w.text[i] >= 'a' && w.text[i] <= 'z') || w.text[i] == '-' ||
                     (w.text[i] >= '0' && w.text[i] <= '9');
        if (field == HEAD_NAME && !plain) {
            return scan_fail(&p->s, w.column,
                             "a name holds lower-case letters, digits and '-' only; "
                             "rename the model");
        }
    }
    memcpy(to, w.text, w.size);
    to[w.size] = '\0';
    return true;
}

// Names of features up to the end of the line, or "none".
static bool take_features(struct parser *p)
{
    struct word w = scan_word(&p->s);
    if (w.size == 0) {
        return scan_fail(&p->s, w.column, "features has no value; name some, or write none");
    }
    if (w.size == 4 && memcmp(w.text, "none", 4) == 0) {
        return true;
    }
    for (; w.size > 0; w = scan_word(&p->s)) {
        unsigned feature;
        if (!scan_lookup(&p->s, w, "feature", feature_names, &feature)) {
            return false;
        }
        p->model->features |= UINT32_C(1) << feature;
        scan_blanks(&p->s);
        if (scan_line_done(&p->s)) {
            break;
        }
    }
    return true;
}

static bool parse_head(struct parser *p, struct word key, unsigned field)
{
    enum { VENDOR_SIZE = 12 + 1 }; // what CPUID can say
    if (!once(p, key, &p->head_line[field])) {
        return false;
    }
    switch ((enum head_field)field) {
    case HEAD_NAME: return take_name(p, HEAD_NAME, p->model->name, sizeof p->model->name);
    case HEAD_VENDOR: return take_name(p, HEAD_VENDOR, p->model->vendor, VENDOR_SIZE);
    case HEAD_TITLE: return take_name(p, HEAD_TITLE, p->model->title, sizeof p->model->title);
    case HEAD_MHZ: return take_field(p, &mhz_field);
    case HEAD_FEATURES: return take_features(p);
    case HEAD_COUNT: break;
    }
    return false;
}

static bool parse_tlb(struct parser *p, struct word key, unsigned field)
{
    if (!once(p, key, &p->tlb_line[field])) {
        return false;
    }
    if (field == TLB_SOURCE) {
        return take_source(p, &p->model->tlb_kind, &p->model->tlb_source);
    }
    return take_field(p, &tlb_fields[field]);
}

static bool parse_cost(struct parser *p, struct word key, unsigned k)
{
    struct cost_value *v = &p->model->cost[k];
    unsigned column;
    return once(p, key, &p->cost_line[k]) &&
           scan_number(&p->s, cost_key_name((enum cost_key)k), 0, COST_VALUE_MAX, &v->value,
                       &column) &&
           take_source(p, &v->kind, &v->source);
}

// "[tlb]": the bracket is next.
static bool parse_section(struct parser *p)
{
    p->s.at++;
    struct word w = scan_word(&p->s);
    unsigned section;
    if (!scan_lookup(&p->s, w, "section", section_names + 1, &section)) {
        return false;
    }
    scan_blanks(&p->s);
    if (p->s.at == p->s.end || *p->s.at != ']') {
        return scan_fail(&p->s, scan_column(&p->s, p->s.at),
                         "the section's name is not closed; write '[%s]'",
                         section_names[section + 1]);
    }
    p->s.at++;
    p->section = (enum section)(section + 1);
    return once(p, w, &p->section_line[p->section]);
}

static bool parse_key(struct parser *p)
{
    static const struct {
        const char *what;
        const char *const *names;
        bool (*parse)(struct parser *, struct word, unsigned);
    } sections[SECTION_COUNT] = {{"field", head_names, parse_head},
                                 {"TLB field", tlb_names, parse_tlb},
                                 {"cost", key_names, parse_cost}};
    struct word key = scan_word(&p->s);
    unsigned index;
    if (key.size == 0) {
        return scan_fail(&p->s, key.column, "'%c' cannot begin a line; write 'key = value'",
                         *p->s.at);
    }
    if (!scan_lookup(&p->s, key, sections[p->section].what, sections[p->section].names, &index)) {
        return false;
    }
    scan_blanks(&p->s);
    if (p->s.at == p->s.end || *p->s.at != '=') {
        return scan_fail(&p->s, scan_column(&p->s, p->s.at),
                         "no '=' behind '%.*s'; write 'key = value'", word_shown(key), key.text);
    }
    p->s.at++;
    return sections[p->section].parse(p, key, index);
}

static bool parse_line(struct parser *p)
{
    if (!scan_check_bytes(&p->s)) {
        return false;
    }
    scan_blanks(&p->s);
    if (scan_line_done(&p->s)) {
        return true;
    }
    if (!(*p->s.at == '[' ? parse_section(p) : parse_key(p))) {
        return false;
    }
    scan_blanks(&p->s);
    return scan_line_done(&p->s) || scan_fail(&p->s, scan_column(&p->s, p->s.at),
                                              "more than the line should hold; remove it "
                                              "or put '#' before it");
}

// What a complete file has: called at its end.
static bool check_complete(struct parser *p)
{
    for (unsigned i = 0; i < HEAD_COUNT; i++) {
        if (!p->head_line[i]) {
            return scan_fail(&p->s, 1,
                             "the file does not give '%s'; add the line '%s = ...' at its top",
                             head_names[i], head_names[i]);
        }
    }
    for (unsigned i = 0; i <= TLB_FIELDS; i++) {
        if (!p->tlb_line[i]) {
            return scan_fail(&p->s, 1, "[tlb] does not give '%s'; add it", tlb_names[i]);
        }
    }
    for (unsigned i = 0; i < COST_COUNT; i++) {
        enum cost_key k = (enum cost_key)i;
        if (!p->cost_line[i]) {
            return scan_fail(&p->s, 1,
                             "[cost] does not give '%s' (%s, %s); add '%s = VALUE KIND \"SOURCE\"'",
                             cost_key_name(k), cost_key_doc(k), cost_key_unit(k), cost_key_name(k));
        }
    }
    const struct tlb_geometry *t = &p->model->tlb;
    if ((t->l2_sets == 0) != (t->l2_ways == 0)) {
        p->s.line = p->tlb_line[t->l2_sets == 0 ? 4 : 5];
        return scan_fail(
            &p->s, 1, "of l2_sets and l2_ways one is 0; set both to 0 (no second level) or none");
    }
    return true;
}

bool cpu_model_parse(struct cpu_model *out, const char *file, const char *text, size_t size,
                     char *err, size_t err_size)
{
    *out = (struct cpu_model){.strings = malloc(size + 1)};
    struct parser p = {.s = {.file = file,
                             .at = text,
                             .end = text + size,
                             .line_start = text,
                             .line = 1,
                             .err = err,
                             .err_size = err_size},
                       .model = out,
                       .strings = out->strings};
    bool ok = out->strings || scan_fail(&p.s, 1, "out of memory; close other programs");
    while (ok && p.s.at < p.s.end) {
        ok = parse_line(&p);
        if (ok) {
            scan_next_line(&p.s);
        }
    }
    if (!ok || !check_complete(&p)) {
        cpu_model_free(out);
        return false;
    }
    return true;
}

void cpu_model_free(struct cpu_model *m)
{
    free(m->strings);
    *m = (struct cpu_model){0};
}
