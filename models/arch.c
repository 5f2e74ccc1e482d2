/* arch.c: names, parsing and rules of the space of architectures (model.h). */
#include "models/model.h"
#include "sim/catalog.h"

#include "sim/nearest.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct arch_row rows[ARCH_COUNT] = {
#define ARCH(NAME, name, platform, technique, dpg, pgs, dio, ios, doc) \
    {name, PLATFORM_##platform, TECHNIQUE_##technique, PAGING_##dpg, pgs, IO_##dio, ios, doc},
#include "models/arch.def"
#undef ARCH
};

static const struct arch_alias aliases[] = {
#define ALIAS(name, arch, paging, io, since, doc) \
    {name, ARCH_##arch, PAGING_##paging, IO_##io, since, doc},
#include "models/alias.def"
#undef ALIAS
};
enum { ALIAS_COUNT = sizeof aliases / sizeof aliases[0] };

struct option_row {
    const char *key;
    uint64_t min, max, def;
    unsigned techniques; /* set of 1 << enum technique */
    const char *doc;
};
static const struct option_row options[OPTION_COUNT] = {
#define OPTION(NAME, key, min, max, def, techniques, doc) {key, min, max, def, techniques, doc},
#include "models/option.def"
#undef OPTION
};

static const char *const platforms[PLATFORM_COUNT] = {"bare", "type1", "type2"};
static const char *const techniques[TECHNIQUE_COUNT] = {"none", "trap",     "bt",
                                                        "hw",   "paravirt", "container"};
static const char *const pagings[PAGING_COUNT] = {"direct", "shadow", "nested"};
static const char *const ios[IO_COUNT] = {"emulated", "paravirt", "passthrough", "shared"};

const struct arch_row *arch_row(enum arch_id id)
{
    assert(id < ARCH_COUNT);
    return &rows[id];
}
const struct arch_alias *arch_alias(size_t i)
{
    return i < ALIAS_COUNT ? &aliases[i] : NULL;
}
const char *platform_name(enum platform p)
{
    assert(p < PLATFORM_COUNT);
    return platforms[p];
}
const char *technique_name(enum technique t)
{
    assert(t < TECHNIQUE_COUNT);
    return techniques[t];
}
const char *paging_name(enum paging p)
{
    assert(p < PAGING_COUNT);
    return pagings[p];
}
const char *io_name(enum io_kind k)
{
    assert(k < IO_COUNT);
    return ios[k];
}
const char *arch_option_key(enum arch_option o)
{
    assert(o < OPTION_COUNT);
    return options[o].key;
}
const char *arch_option_doc(enum arch_option o)
{
    assert(o < OPTION_COUNT);
    return options[o].doc;
}

/* Index of the word of length n in names, or -1. */
static int find_name(const char *word, size_t n, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(names[i]) == n && memcmp(names[i], word, n) == 0)
            return (int)i;
    return -1;
}

static bool unknown(const char *what, const char *word, size_t n, const char *const *names,
                    size_t count, char *err, size_t err_size)
{
    const char *list[ARCH_COUNT + ALIAS_COUNT + 1] = {NULL};
    assert(count < sizeof list / sizeof list[0]);
    memcpy(list, names, count * sizeof list[0]);
    const char *near = nearest_word(word, n, list);
    int shown = n > 40 ? 40 : (int)n;
    if (near)
        snprintf(err, err_size, TEXT("unknown %s '%.*s'; did you mean '%s'?"), what, shown, word,
                 near);
    else
        snprintf(err, err_size,
                 TEXT("unknown %s '%.*s'; 'ringside list architectures' shows them all"), what,
                 shown, word);
    return false;
}

static void set_point(struct arch_config *c, enum arch_id id, enum paging paging, enum io_kind io)
{
    memset(c, 0, sizeof *c);
    c->arch = id;
    c->paging = paging;
    c->io = io;
    for (size_t i = 0; i < OPTION_COUNT; i++)
        c->option[i] = options[i].def;
}

/* The architecture or product of that name, with its defaults. */
static bool parse_name(struct arch_config *out, const char *word, size_t n, char *err,
                       size_t err_size)
{
    const char *names[ARCH_COUNT + ALIAS_COUNT];
    for (size_t i = 0; i < ARCH_COUNT; i++)
        names[i] = rows[i].name;
    for (size_t i = 0; i < ALIAS_COUNT; i++)
        names[ARCH_COUNT + i] = aliases[i].name;
    int at = find_name(word, n, names, ARCH_COUNT + ALIAS_COUNT);
    if (at < 0)
        return unknown("architecture", word, n, names, ARCH_COUNT + ALIAS_COUNT, err, err_size);
    if (at < ARCH_COUNT) {
        set_point(out, (enum arch_id)at, rows[at].default_paging, rows[at].default_io);
    } else {
        const struct arch_alias *a = &aliases[at - ARCH_COUNT];
        set_point(out, a->arch, a->paging, a->io);
    }
    return true;
}

static bool set_number(struct arch_config *c, size_t o, const char *value, size_t n, char *err,
                       size_t err_size)
{
    const struct option_row *row = &options[o];
    char digits[24];
    char *end = digits;
    unsigned long long v = 0;
    bool ok = n > 0 && n < sizeof digits;
    if (ok) {
        memcpy(digits, value, n);
        digits[n] = '\0';
        ok = digits[0] >= '0' && digits[0] <= '9';
        v = strtoull(digits, &end, 0);
    }
    if (!ok || *end != '\0' || v < row->min || v > row->max) {
        snprintf(err, err_size, TEXT("%s takes a number from %llu to %llu, not '%.*s'"), row->key,
                 (unsigned long long)row->min, (unsigned long long)row->max, n > 40 ? 40 : (int)n,
                 value);
        return false;
    }
    if (!(row->techniques >> rows[c->arch].technique & 1)) {
        snprintf(err, err_size, TEXT("%s means nothing under %s; leave it out there"), row->key,
                 rows[c->arch].name);
        return false;
    }
    c->option[o] = v;
    return true;
}

static bool set_pair(struct arch_config *c, const char *key, size_t kn, const char *value,
                     size_t vn, char *err, size_t err_size)
{
    const char *keys[OPTION_COUNT + 2];
    for (size_t i = 0; i < OPTION_COUNT; i++)
        keys[i] = options[i].key;
    keys[OPTION_COUNT] = "paging";
    keys[OPTION_COUNT + 1] = "io";
    int at = find_name(key, kn, keys, OPTION_COUNT + 2);
    if (at < 0)
        return unknown("option", key, kn, keys, OPTION_COUNT + 2, err, err_size);
    if (at < OPTION_COUNT)
        return set_number(c, (size_t)at, value, vn, err, err_size);
    bool is_paging = at == OPTION_COUNT;
    const char *const *values = is_paging ? pagings : ios;
    size_t count = is_paging ? (size_t)PAGING_COUNT : (size_t)IO_COUNT;
    int v = find_name(value, vn, values, count);
    if (v < 0)
        return unknown(is_paging ? "paging" : "io", value, vn, values, count, err, err_size);
    if (is_paging)
        c->paging = (enum paging)v;
    else
        c->io = (enum io_kind)v;
    return true;
}

bool arch_set(struct arch_config *c, const char *key, const char *value, char *err, size_t err_size)
{
    return set_pair(c, key, strlen(key), value, strlen(value), err, err_size);
}

bool arch_parse(struct arch_config *out, const char *text, char *err, size_t err_size)
{
    size_t n = strcspn(text, ",");
    if (!parse_name(out, text, n, err, err_size))
        return false;
    for (text += n; *text == ','; text += n) {
        text++;
        n = strcspn(text, ",");
        size_t kn = strcspn(text, "=,");
        if (kn == n) {
            snprintf(err, err_size, TEXT("'%.*s' is no option; write key=value"),
                     n > 40 ? 40 : (int)n, text);
            return false;
        }
        if (!set_pair(out, text, kn, text + kn + 1, n - kn - 1, err, err_size))
            return false;
    }
    return true;
}

/* Why this paging does not go with this technique. */
static const char *paging_reason(enum technique t, enum paging p)
{
    switch (t) {
    case TECHNIQUE_NONE:
        return TEXT("the bare machine walks its kernel's own tables: paging=direct");
    case TECHNIQUE_CONTAINER:
        return TEXT("a container has no kernel and so no page tables of its own: paging=direct");
    case TECHNIQUE_PARAVIRT:
        return TEXT("a paravirtual kernel's tables are validated and then walked as they are: "
                    "paging=direct");
    case TECHNIQUE_TRAP:
    case TECHNIQUE_BT:
        return p == PAGING_NESTED
                   ? TEXT("nested paging belongs to non-root mode, which this technique "
                          "does without: paging=shadow")
                   : TEXT("an unmodified guest's tables hold guest-physical addresses "
                          "that no processor may walk: paging=shadow");
    case TECHNIQUE_HW:
        return TEXT("an unmodified guest's tables hold guest-physical addresses: paging=shadow or "
                    "paging=nested");
    case TECHNIQUE_COUNT: break;
    }
    return "no such technique";
}

static const char *io_reason(enum technique t, enum io_kind k)
{
    switch (t) {
    case TECHNIQUE_NONE: return TEXT("the bare machine has its devices to itself: io=passthrough");
    case TECHNIQUE_CONTAINER:
        return TEXT("a container uses the shared kernel's drivers: io=shared");
    case TECHNIQUE_PARAVIRT:
        return TEXT("a paravirtual kernel has the front halves of split drivers and no others: "
                    "io=paravirt");
    default: break;
    }
    return k == IO_SHARED ? TEXT("a guest with its own kernel shares no driver with the host: "
                                 "io=emulated, paravirt or passthrough")
                          : TEXT("this kind of I/O does not go with it");
}

bool arch_valid(const struct arch_config *c, const struct cpu_model *cpu, char *err,
                size_t err_size)
{
    const struct arch_row *row = &rows[c->arch];
    const char *why = NULL;
    if (!(row->pagings >> c->paging & 1))
        why = paging_reason(row->technique, c->paging);
    else if (!(row->ios >> c->io & 1))
        why = io_reason(row->technique, c->io);
    else if (c->option[OPTION_KERNEL])
        why = TEXT(
            "it has no kernel of its own, its programs call the host's (the Ubuntu in your "
            "container is not a kernel): leave kernel=1 out, or take a virtual machine such as "
            "type2/fullvirt-hw");
    else if (row->technique == TECHNIQUE_HW && !cpu_model_has(cpu, CPU_FEATURE_VTX))
        why = TEXT("this processor has no VT-x: use fullvirt-bt, paravirt or a later --cpu");
    else if (c->paging == PAGING_NESTED && !cpu_model_has(cpu, CPU_FEATURE_EPT))
        why = TEXT("this processor has VT-x without EPT: use paging=shadow or a later --cpu");
    if (why) {
        snprintf(err, err_size, TEXT("%s with paging=%s, io=%s on %s: %s"), row->name,
                 pagings[c->paging], ios[c->io], cpu->name, why);
        return false;
    }
    return true;
}

void arch_format(const struct arch_config *c, char *out, size_t size)
{
    const struct arch_row *row = &rows[c->arch];
    int n = snprintf(out, size, "%s", row->name);
    if (c->paging != row->default_paging && n >= 0 && (size_t)n < size)
        n += snprintf(out + n, size - (size_t)n, ",paging=%s", pagings[c->paging]);
    if (c->io != row->default_io && n >= 0 && (size_t)n < size)
        n += snprintf(out + n, size - (size_t)n, ",io=%s", ios[c->io]);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (c->option[i] != options[i].def && n >= 0 && (size_t)n < size)
            n += snprintf(out + n, size - (size_t)n, ",%s=%llu", options[i].key,
                          (unsigned long long)c->option[i]);
}
