// cost.c: reads CPU model files. A model gives every key of cost.def a value, says how each is known and from
// where, and lays out the TLB; docs/costs.md describes the format.
#include "sim/cost.h"

#include "sim/nearest.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The largest value of a cost, and the bounds of a clock: wide enough for a floppy's seek in nanoseconds, narrow
// enough that no sum of costs of one event can overflow.
#define COST_VALUE_MAX UINT32_C(1000000000)
enum { MHZ_MAX = 100000, TLB_L1_MAX = 256, TLB_SETS_MAX = 4096, TLB_WAYS_MAX = 16, NTLB_MAX = 256 };

static const struct {
    const char *name, *unit, *doc;
} keys[COST_COUNT] = {
#define COST(NAME, key, unit, doc) {key, unit, doc},
#include "sim/cost.def"
#undef COST
};

static const char *const key_names[] = {
#define COST(NAME, key, unit, doc) key,
#include "sim/cost.def"
#undef COST
    NULL};

static const char *const kind_names[] = {[COST_ASSUMED] = "assumed",
                                         [COST_DERIVED] = "derived",
                                         [COST_PUBLISHED] = "published",
                                         [COST_MEASURED] = "measured",
                                         NULL};

static const char *const feature_names[] = {
#define CPU_FEATURE(NAME, name, doc) name,
#include "sim/cpu_feature.def"
#undef CPU_FEATURE
    NULL};

static const char *const feature_docs[CPU_FEATURE_COUNT] = {
#define CPU_FEATURE(NAME, name, doc) doc,
#include "sim/cpu_feature.def"
#undef CPU_FEATURE
};

const char *cpu_feature_name(enum cpu_feature f)
{
    assert(f < CPU_FEATURE_COUNT);
    return feature_names[f];
}

const char *cpu_feature_doc(enum cpu_feature f)
{
    assert(f < CPU_FEATURE_COUNT);
    return feature_docs[f];
}

const char *cost_key_name(enum cost_key k)
{
    assert(k < COST_COUNT);
    return keys[k].name;
}

const char *cost_key_unit(enum cost_key k)
{
    assert(k < COST_COUNT);
    return keys[k].unit;
}

const char *cost_key_doc(enum cost_key k)
{
    assert(k < COST_COUNT);
    return keys[k].doc;
}

const char *cost_kind_name(enum cost_kind kind)
{
    assert(kind <= COST_MEASURED);
    return kind_names[kind];
}

enum cost_key cost_key_find(const char *name)
{
    unsigned k = 0;
    while (k < COST_COUNT && strcmp(keys[k].name, name) != 0) {
        k++;
    }
    return (enum cost_key)k;
}

uint64_t cost_cycles_for(const struct cpu_model *m, enum cost_key k, uint64_t count, uint64_t per)
{
    assert(k < COST_COUNT && per > 0 && count <= UINT32_MAX);
    uint64_t value = m->cost[k].value;
    if (keys[k].unit[0] == 'n') { // nanoseconds; 1e9 * 2^32 < 2^62
        const uint64_t longest =
            UINT64_C(1000000000000000); // 11 days, so that cycles cannot overflow
        uint64_t ns = (value * count + per - 1) / per;
        ns = ns < longest ? ns : longest;
        return ns / 1000 * m->mhz + (ns % 1000 * m->mhz + 999) / 1000;
    }
    return (value * count + per - 1) / per;
}

uint64_t cost_cycles(const struct cpu_model *m, enum cost_key k)
{
    return cost_cycles_for(m, k, 1, 1);
}

// ---- the fields that are not costs ---------------------------------------------------------------

// A numeric field: where it goes and what it may be.
struct number_field {
    const char *name;
    size_t offset; // of a uint32_t in struct cpu_model
    uint32_t min, max;
    bool power_of_two; // 0 is allowed as well if min is 0
    const char *doc;
};

#define TLB_FIELD(field, least, most, doc)                                        \
    {                                                                             \
#field, offsetof(struct cpu_model, tlb.field), (least), (most), true, doc \
    }
static const struct number_field tlb_fields[] = {
    TLB_FIELD(l1i_4k, 1, TLB_L1_MAX, "first level, instructions: entries for 4 KiB pages"),
    TLB_FIELD(l1i_2m, 0, TLB_L1_MAX, "the same for 2 MiB pages"),
    TLB_FIELD(l1d_4k, 1, TLB_L1_MAX, "first level, data: entries for 4 KiB pages"),
    TLB_FIELD(l1d_2m, 0, TLB_L1_MAX, "the same for 2 MiB pages"),
    TLB_FIELD(l2_sets, 0, TLB_SETS_MAX, "second level: sets"),
    TLB_FIELD(l2_ways, 0, TLB_WAYS_MAX, "second level: ways"),
    TLB_FIELD(pwc, 0, TLB_L1_MAX, "page-walk cache: entries a level"),
    TLB_FIELD(ntlb, 0, NTLB_MAX, "nested TLB: entries")};
static const struct number_field mhz_field = {
    "mhz", offsetof(struct cpu_model, mhz), 1, MHZ_MAX, false, "clock"};

enum { TLB_FIELDS = sizeof tlb_fields / sizeof *tlb_fields };

enum head_field { HEAD_NAME, HEAD_VENDOR, HEAD_TITLE, HEAD_MHZ, HEAD_FEATURES, HEAD_COUNT };
static const char *const head_names[] = {"name", "vendor", "title", "mhz", "features", NULL};
static const char *const tlb_names[] = {"l1i_4k",  "l1i_2m", "l1d_4k", "l1d_2m", "l2_sets",
                                        "l2_ways", "pwc",    "ntlb",   "source", NULL};
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

// A stretch of the text with the place where it begins.
struct word {
    const char *text;
    size_t size;
    unsigned column; // from 1, in bytes
};

struct parser {
    struct cpu_model *model;
    const char *file;
    const char *at, *end; // the rest of the text
    const char *line_start;
    unsigned line; // from 1
    enum section section;
    unsigned section_line[SECTION_COUNT]; // where it began; 0: not yet
    unsigned head_line[HEAD_COUNT], tlb_line[TLB_FIELDS + 1], cost_line[COST_COUNT];
    char *strings; // free space for sources
    char *err;
    size_t err_size;
};

static bool fail(struct parser *p, unsigned column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Writes the one line of the error; always false, so that a caller can return it.
static bool fail(struct parser *p, unsigned column, const char *format, ...)
{
    int n = snprintf(p->err, p->err_size, "%s:%u:%u: ", p->file, p->line, column);
    if (n >= 0 && (size_t)n < p->err_size) {
        va_list args;
        va_start(args, format);
        vsnprintf(p->err + n, p->err_size - (size_t)n, format, args);
        va_end(args);
    }
    return false;
}

static unsigned column_of(const struct parser *p, const char *at)
{
    return (unsigned)(at - p->line_start) + 1;
}

// Whether the line has no more to say: at its end, or at a comment.
static bool line_done(const struct parser *p)
{
    return p->at == p->end || *p->at == '\n' || *p->at == '#';
}

static void skip_blanks(struct parser *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\r')) {
        p->at++;
    }
}

static void next_line(struct parser *p)
{
    while (p->at < p->end && *p->at != '\n') {
        p->at++;
    }
    if (p->at < p->end) {
        p->at++;
    }
    p->line++;
    p->line_start = p->at;
}

// Up to the next blank, '=', ']', quote or comment; size 0 if one of them comes at once.
static struct word take_word(struct parser *p)
{
    skip_blanks(p);
    const char *start = p->at;
    while (p->at < p->end && !strchr(" \t\r\n=[]\"#", *p->at)) {
        p->at++;
    }
    return (struct word){start, (size_t)(p->at - start), column_of(p, start)};
}

// How much of a word to show: a word may be a megabyte of rubbish.
static int shown(struct word w)
{
    return w.size < 40 ? (int)w.size : 40;
}

// The index of w in the list; or an error that guesses what was meant.
static bool look_up(struct parser *p, struct word w, const char *what, const char *const *list,
                    unsigned *index)
{
    for (unsigned i = 0; list[i]; i++) {
        if (strlen(list[i]) == w.size && memcmp(list[i], w.text, w.size) == 0) {
            *index = i;
            return true;
        }
    }
    const char *guess = nearest_word(w.text, w.size, list);
    if (guess) {
        return fail(p, w.column, "no %s is called '%.*s'; did you mean '%s'?", what, shown(w),
                    w.text, guess);
    }
    return fail(p, w.column, "no %s is called '%.*s'; 'ringside costs' lists them", what, shown(w),
                w.text);
}

// "…" up to the closing quote on the same line; there is no escape.
static bool take_string(struct parser *p, const char *what, struct word *out)
{
    skip_blanks(p);
    unsigned column = column_of(p, p->at);
    if (p->at == p->end || *p->at != '"') {
        return fail(p, column, "no %s here; write it between double quotes", what);
    }
    const char *start = ++p->at;
    while (p->at < p->end && *p->at != '"' && *p->at != '\n') {
        p->at++;
    }
    if (p->at == p->end || *p->at != '"') {
        return fail(p, column_of(p, p->at), "the %s does not end on its line; close it with '\"'",
                    what);
    }
    *out = (struct word){start, (size_t)(p->at++ - start), column};
    if (out->size == 0) {
        return fail(p, column, "the %s is empty; say where the value comes from", what);
    }
    return true;
}

// A decimal number in min..max.
static bool take_number(struct parser *p, const char *what, uint32_t min, uint32_t max,
                        uint32_t *out, unsigned *column)
{
    struct word w = take_word(p);
    *column = w.column;
    if (w.size == 0) {
        return fail(p, w.column, "%s has no value; write a number from %u to %u", what, min, max);
    }
    uint64_t value = 0;
    for (size_t i = 0; i < w.size; i++) {
        if (w.text[i] < '0' || w.text[i] > '9') {
            return fail(p, w.column, "'%.*s' is no whole number; write one from %u to %u", shown(w),
                        w.text, min, max);
        }
        if (value <= max) { // beyond, more digits change nothing
            value = value * 10 + (uint64_t)(w.text[i] - '0');
        }
    }
    if (value < min || value > max) {
        return fail(p, w.column, "%s is %.*s; it must be from %u to %u", what, shown(w), w.text,
                    min, max);
    }
    *out = (uint32_t)value;
    return true;
}

static bool take_kind(struct parser *p, enum cost_kind *out)
{
    struct word w = take_word(p);
    unsigned kind;
    if (w.size == 0) {
        return fail(p, w.column,
                    "it is not said how the value is known; write published, derived, "
                    "assumed or measured");
    }
    if (!look_up(p, w, "kind", kind_names, &kind)) {
        return false;
    }
    *out = (enum cost_kind)kind;
    return true;
}

// A kind and a source, as every value has them. The source is copied to the model's own memory.
static bool take_source(struct parser *p, enum cost_kind *kind, const char **source)
{
    struct word w;
    if (!take_kind(p, kind) || !take_string(p, "source", &w)) {
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
        return fail(p, key.column, "'%.*s' was given on line %u already; remove one of them",
                    shown(key), key.text, *line);
    }
    *line = p->line;
    return true;
}

static bool take_field(struct parser *p, const struct number_field *f)
{
    unsigned column;
    uint32_t value;
    if (!take_number(p, f->name, f->min, f->max, &value, &column)) {
        return false;
    }
    if (f->power_of_two && (value & (value - 1)) != 0) {
        uint32_t below = value;
        while (below & (below - 1)) {
            below &= below - 1;
        }
        return fail(p, column, "%s is %u, which is no power of two; take %u or %u", f->name, value,
                    below, below * 2 > f->max ? below : below * 2);
    }
    memcpy((char *)p->model + f->offset, &value, sizeof value);
    return true;
}

// A bare word or a quoted string, copied to to[limit].
static bool take_name(struct parser *p, enum head_field field, char *to, size_t limit)
{
    struct word w;
    skip_blanks(p);
    if (p->at < p->end && *p->at == '"') {
        if (!take_string(p, head_names[field], &w)) {
            return false;
        }
    } else {
        w = take_word(p);
        if (w.size == 0) {
            return fail(p, w.column, "%s has no value; write it behind the '='", head_names[field]);
        }
    }
    if (w.size >= limit) {
        return fail(p, w.column, "%s is %zu bytes long; shorten it to %zu", head_names[field],
                    w.size, limit - 1);
    }
    for (size_t i = 0; i < w.size; i++) {
        bool plain = (w.text[i] >= 'a' && w.text[i] <= 'z') || w.text[i] == '-' ||
                     (w.text[i] >= '0' && w.text[i] <= '9');
        if (field == HEAD_NAME && !plain) {
            return fail(p, w.column,
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
    struct word w = take_word(p);
    if (w.size == 0) {
        return fail(p, w.column, "features has no value; name some, or write none");
    }
    if (w.size == 4 && memcmp(w.text, "none", 4) == 0) {
        return true;
    }
    for (; w.size > 0; w = take_word(p)) {
        unsigned feature;
        if (!look_up(p, w, "feature", feature_names, &feature)) {
            return false;
        }
        p->model->features |= UINT32_C(1) << feature;
        skip_blanks(p);
        if (line_done(p)) {
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
           take_number(p, keys[k].name, 0, COST_VALUE_MAX, &v->value, &column) &&
           take_source(p, &v->kind, &v->source);
}

// "[tlb]": the bracket is next.
static bool parse_section(struct parser *p)
{
    p->at++;
    struct word w = take_word(p);
    unsigned section;
    if (!look_up(p, w, "section", section_names + 1, &section)) {
        return false;
    }
    skip_blanks(p);
    if (p->at == p->end || *p->at != ']') {
        return fail(p, column_of(p, p->at), "the section's name is not closed; write '[%s]'",
                    section_names[section + 1]);
    }
    p->at++;
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
    struct word key = take_word(p);
    unsigned index;
    if (key.size == 0) {
        return fail(p, key.column, "'%c' cannot begin a line; write 'key = value'", *p->at);
    }
    if (!look_up(p, key, sections[p->section].what, sections[p->section].names, &index)) {
        return false;
    }
    skip_blanks(p);
    if (p->at == p->end || *p->at != '=') {
        return fail(p, column_of(p, p->at), "no '=' behind '%.*s'; write 'key = value'", shown(key),
                    key.text);
    }
    p->at++;
    return sections[p->section].parse(p, key, index);
}

// Sources go to terminals, CSV and JSON, and messages quote what they complain about: plain text only.
static bool check_bytes(struct parser *p)
{
    for (const char *c = p->at; c < p->end && *c != '\n'; c++) {
        bool blank = *c == '\t' || *c == '\r';
        if (!blank && ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)) {
            return fail(p, column_of(p, c),
                        "byte 0x%02x; a CPU model is plain ASCII text: replace it",
                        (unsigned char)*c);
        }
    }
    return true;
}

static bool parse_line(struct parser *p)
{
    if (!check_bytes(p)) {
        return false;
    }
    skip_blanks(p);
    if (line_done(p)) {
        return true;
    }
    if (!(*p->at == '[' ? parse_section(p) : parse_key(p))) {
        return false;
    }
    skip_blanks(p);
    return line_done(p) || fail(p, column_of(p, p->at),
                                "more than the line should hold; remove it "
                                "or put '#' before it");
}

// What a complete file has: called at its end.
static bool check_complete(struct parser *p)
{
    for (unsigned i = 0; i < HEAD_COUNT; i++) {
        if (!p->head_line[i]) {
            return fail(p, 1, "the file does not give '%s'; add the line '%s = ...' at its top",
                        head_names[i], head_names[i]);
        }
    }
    for (unsigned i = 0; i <= TLB_FIELDS; i++) {
        if (!p->tlb_line[i]) {
            return fail(p, 1, "[tlb] does not give '%s'; add it", tlb_names[i]);
        }
    }
    for (unsigned i = 0; i < COST_COUNT; i++) {
        if (!p->cost_line[i]) {
            return fail(p, 1,
                        "[cost] does not give '%s' (%s, %s); add '%s = VALUE KIND \"SOURCE\"'",
                        keys[i].name, keys[i].doc, keys[i].unit, keys[i].name);
        }
    }
    const struct tlb_geometry *t = &p->model->tlb;
    if ((t->l2_sets == 0) != (t->l2_ways == 0)) {
        p->line = p->tlb_line[t->l2_sets == 0 ? 4 : 5];
        return fail(p, 1,
                    "of l2_sets and l2_ways one is 0; set both to 0 (no second level) or none");
    }
    return true;
}

bool cpu_model_parse(struct cpu_model *out, const char *file, const char *text, size_t size,
                     char *err, size_t err_size)
{
    *out = (struct cpu_model){.strings = malloc(size + 1)};
    struct parser p = {.model = out,
                       .file = file,
                       .at = text,
                       .end = text + size,
                       .line_start = text,
                       .line = 1,
                       .strings = out->strings,
                       .err = err,
                       .err_size = err_size};
    bool ok = out->strings || fail(&p, 1, "out of memory; close other programs");
    while (ok && p.at < p.end) {
        ok = parse_line(&p);
        if (ok) {
            next_line(&p);
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
