/* model.h: the space of architectures. An architecture is platform x technique x paging x I/O; a named one is a row of arch.def, a product a
 * row of alias.def. This header knows names and rules; vm.h builds a machine with one of them. */
#ifndef RINGSIDE_MODELS_MODEL_H
#define RINGSIDE_MODELS_MODEL_H

#include "sim/cost.h"
#include "sim/types.h"

/* Who owns the processors, and where the real device drivers sit. */
enum platform { PLATFORM_BARE, PLATFORM_TYPE1, PLATFORM_TYPE2, PLATFORM_COUNT };
/* How sensitive operations of the guest kernel are caught. */
enum technique {
    TECHNIQUE_NONE,
    TECHNIQUE_TRAP,
    TECHNIQUE_BT,
    TECHNIQUE_HW,
    TECHNIQUE_PARAVIRT,
    TECHNIQUE_CONTAINER,
    TECHNIQUE_COUNT
};
/* Whose page tables the processor walks. */
enum paging { PAGING_DIRECT, PAGING_SHADOW, PAGING_NESTED, PAGING_COUNT };
/* How a guest reaches a device. */
enum io_kind { IO_EMULATED, IO_PARAVIRT, IO_PASSTHROUGH, IO_SHARED, IO_COUNT };

enum arch_id {
#define ARCH(NAME, name, platform, technique, dpg, pgs, dio, ios, doc) ARCH_##NAME,
#include "models/arch.def"
#undef ARCH
    ARCH_COUNT
};

/* One row of arch.def. */
struct arch_row {
    const char *name;
    enum platform platform;
    enum technique technique;
    enum paging default_paging;
    unsigned pagings; /* set of 1 << enum paging */
    enum io_kind default_io;
    unsigned ios; /* set of 1 << enum io_kind */
    const char *doc;
};

/* One row of alias.def. */
struct arch_alias {
    const char *name;
    enum arch_id arch;
    enum paging paging;
    enum io_kind io;
    unsigned since; /* year */
    const char *doc;
};

/* A point to run: an architecture and every option that a user can set on it (key=value; option.def). */
struct arch_config {
    enum arch_id arch;
    enum paging paging;
    enum io_kind io;
    uint64_t option[32]; /* by enum arch_option */
};

/* Options beyond paging and I/O; option.def says what each means and where it applies. */
enum arch_option {
#define OPTION(NAME, key, min, max, def, applies, doc) OPTION_##NAME,
#include "models/option.def"
#undef OPTION
    OPTION_COUNT
};

const struct arch_row *arch_row(enum arch_id id);
const struct arch_alias *arch_alias(size_t i); /* NULL past the end */
const char *platform_name(enum platform p);
const char *technique_name(enum technique t);
const char *paging_name(enum paging p);
const char *io_name(enum io_kind k);
const char *arch_option_key(enum arch_option o);
const char *arch_option_doc(enum arch_option o);

/* "type1/fullvirt-hw", a product ("kvm"), each with options behind commas ("kvm,paging=shadow,vpid=0"). On error: false and one line (what,
 * did-you-mean, how to mend) in err. */
bool arch_parse(struct arch_config *out, const char *text, char *err, size_t err_size);
/* Set one option from "key" and "value"; the rest as arch_parse. */
bool arch_set(struct arch_config *c, const char *key, const char *value, char *err,
              size_t err_size);
/* Can it run on this processor? If not, why (one line: the rule, then what would do). */
bool arch_valid(const struct arch_config *c, const struct cpu_model *cpu, char *err,
                size_t err_size);
/* Canonical text: arch_parse of it gives the same point. */
void arch_format(const struct arch_config *c, char *out, size_t size);

#endif
