// What `list` and `explain` know of the space of architectures: its points, options and products; and what
// pays into a category.
#include "cli/topic.h"
#include "models/axes.h"
#include "models/model.h"
#include "sim/exit.h"

#include <inttypes.h>
#include <string.h>

// ---- lists ---------------------------------------------------------------------------------------

// The names of a set of 1 << i, the default first.
static void names_of(char *out, size_t size, unsigned set, unsigned count, unsigned first,
                     const char *(*name)(unsigned))
{
    int used = snprintf(out, size, "%s", name(first));
    for (unsigned i = 0; i < count; i++) {
        if (i != first && (set >> i & 1) && used >= 0 && (size_t)used < size) {
            used += snprintf(out + used, size - (size_t)used, " %s", name(i));
        }
    }
}
static const char *paging_word(unsigned i)
{
    return paging_name((enum paging)i);
}
static const char *io_word(unsigned i)
{
    return io_name((enum io_kind)i);
}

int topic_fill_architectures(struct table *table)
{
    for (unsigned i = 0; i < ARCH_COUNT; i++) {
        const struct arch_row *row = arch_row((enum arch_id)i);
        char text[128];
        table_cell(table, "%s", row->name);
        names_of(text, sizeof text, row->pagings, PAGING_COUNT, row->default_paging, paging_word);
        table_cell(table, "%s", text);
        names_of(text, sizeof text, row->ios, IO_COUNT, row->default_io, io_word);
        table_cell(table, "%s", text);
        table_cell(table, "%s", row->doc);
    }
    return CLI_OK;
}

struct option_facts {
    const char *key;
    uint64_t min, max, def;
    unsigned techniques;
    const char *doc;
};
static const struct option_facts options[] = {
#define OPTION(NAME, key, min, max, def, techniques, doc) {key, min, max, def, techniques, doc},
#include "models/option.def"
#undef OPTION
};

int topic_fill_options(struct table *table)
{
    static const char *const axes[][4] = {
        {"paging", "direct, shadow, nested", "whose page tables the processor walks"},
        {"io", "emulated, paravirt, passthrough, shared", "how a guest reaches a device"}};
    for (size_t i = 0; i < sizeof axes / sizeof *axes; i++) {
        table_cell(table, "%s", axes[i][0]);
        table_cell(table, "%s", axes[i][1]);
        table_cell(table, "its own");
        table_cell(table, "all");
        table_cell(table, "%s", axes[i][2]);
    }
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        char names[64] = "";
        for (unsigned t = 0; t < TECHNIQUE_COUNT; t++) {
            if (options[i].techniques >> t & 1) {
                size_t used = strlen(names);
                snprintf(names + used, sizeof names - used, "%s%s", used ? " " : "",
                         technique_name((enum technique)t));
            }
        }
        table_cell(table, "%s", options[i].key);
        table_cell(table, "%" PRIu64 " to %" PRIu64, options[i].min, options[i].max);
        table_count(table, options[i].def);
        table_cell(table, "%s", names);
        table_cell(table, "%s", options[i].doc);
    }
    return CLI_OK;
}

int topic_fill_aliases(struct table *table)
{
    for (size_t i = 0; arch_alias(i); i++) {
        const struct arch_alias *a = arch_alias(i);
        table_cell(table, "%s", a->name);
        table_cell(table, "%u", a->since);
        table_cell(table, "%s", arch_row(a->arch)->name);
        table_cell(table, "%s", paging_name(a->paging));
        table_cell(table, "%s", io_name(a->io));
        table_cell(table, "%s", a->doc);
    }
    return CLI_OK;
}

int topic_fill_hypercalls(struct table *table)
{
#define HYPERCALL(NAME, name, number, t0, t1, doc) \
    table_cell(table, "%s", name);                 \
    table_count(table, number);                    \
    table_cell(table, "%s", t0);                   \
    table_cell(table, "%s", t1);                   \
    table_cell(table, "%s", doc);
#include "models/paravirt/hypercall.def"
#undef HYPERCALL
    return CLI_OK;
}

// ---- explanations --------------------------------------------------------------------------------

// How a technique catches what the guest kernel must not do itself, and what each time costs.
static const struct {
    const char *text;
    enum cost_key price[6];
    size_t prices;
} by_technique[TECHNIQUE_COUNT] = {
    [TECHNIQUE_NONE] = {TEXT("Nobody stands between the kernel and the machine: no exits."),
                        {0},
                        0},
    [TECHNIQUE_TRAP] =
        {TEXT("The guest's kernel runs in ring 1. What is privileged there raises #GP, which the "
              "hypervisor takes in ring 0, decodes and does on the virtual processor's state. What "
              "is sensitive and not privileged, a hole, goes wrong silently."),
         {COST_EXCEPTION, COST_HV_ENTER, COST_HV_DECODE, COST_HV_EMULATE, COST_IRET},
         5},
    [TECHNIQUE_BT] =
        {TEXT("The guest kernel's code is translated as it is met, into a cache of units from "
              "which it runs; sensitive instructions become short sequences or calls of the "
              "monitor. User code runs as it is. A system call must bounce through the monitor."),
         {COST_BT_TRANSLATE, COST_BT_IN_TC, COST_BT_CALLOUT, COST_BT_INDIRECT, COST_BT_DISPATCH,
          COST_HV_BOUNCE},
         6},
    [TECHNIQUE_HW] =
        {TEXT("The guest's kernel runs in ring 0 of non-root mode. The processor leaves it for "
              "root mode by itself where the VMCS says so: a VM exit, with its reason. System "
              "calls and faults of the guest's programs need none."),
         {COST_VMX_EXIT, COST_VMX_ENTRY, COST_VMX_READ, COST_HV_ENTER},
         4},
    [TECHNIQUE_PARAVIRT] = {TEXT("The guest's kernel is changed: instead of what is sensitive it "
                                 "makes hypercalls, several at once where it can. Its page tables "
                                 "are the processor's own, validated at each update."),
                            {COST_HCALL, COST_EXCEPTION, COST_HV_ENTER, COST_IRET},
                            4},
    [TECHNIQUE_CONTAINER] =
        {TEXT("There is one kernel, the host's: a system call goes to it directly, and there are "
              "no exits. Namespaces limit what a process sees (processes, host name, files, "
              "ports), control groups what it may use (cpu_shares, cpu_quota, memory). An image is "
              "layers of files: containers of one image share its pages, and the first write "
              "copies a file up.\n\nNo other kernel can run: the Ubuntu in your container is not a "
              "kernel. Nothing is emulated; what it costs is the kernel's own bookkeeping, at "
              "switches between processes and at new pages. As all share that kernel, a mistake in "
              "any system call is open to every container, and a panic ends them all; a virtual "
              "machine's guest panics alone."),
         {COST_SYSCALL, COST_SYSRET},
         2},
};

static const char *const by_platform[PLATFORM_COUNT] = {
    [PLATFORM_BARE] = TEXT("The kernel has the machine to itself."),
    [PLATFORM_TYPE1] =
        TEXT("Type 1: the hypervisor owns the processors; exits end there. Devices belong to Dom0, "
             "a privileged virtual machine: to reach its drivers the processor is switched to it."),
    [PLATFORM_TYPE2] =
        TEXT("Type 2: a host system owns the machine. Exits end in a module of its kernel, devices "
             "are modelled by a process: reaching it means leaving the module, and a whole world "
             "switch where the monitor has a world of its own (without VT-x)."),
};

static void print_prices(FILE *out, const struct style *style, const struct cpu_model *model,
                         const enum cost_key *keys, size_t count)
{
    if (count > 0) {
        style_tell(out, style, "What it pays for, and from where each price is:");
    }
    for (size_t i = 0; i < count; i++) {
        topic_price(out, style, model, keys[i]);
    }
}

static void print_validity(FILE *out, const struct style *style, const struct arch_config *c,
                           const struct cpu_model *model)
{
    char err[256], made[400], text[480];
    bool can = arch_valid(c, model, err, sizeof err);
    snprintf(text, sizeof text, style_text(style, "On %s: %s"), model->name,
             can ? style_text(style, "it can run.")
                 : catalog_made(style->words, err, made, sizeof made));
    style_wrap(out, style, text, 2, 0);
}

void topic_more_architecture(FILE *out, const struct style *style, const char *name,
                             const struct cpu_model *model)
{
    struct arch_config c;
    char err[256];
    if (!arch_parse(&c, name, err, sizeof err)) {
        return;
    }
    const struct arch_row *row = arch_row(c.arch);
    style_tell(out, style, by_technique[row->technique].text);
    fputs("\n", out);
    style_tell(out, style, by_platform[row->platform]);
    fputs("\n", out);
    for (size_t i = 0; arch_alias(i); i++) {
        if (arch_alias(i)->arch == c.arch) {
            char text[512];
            snprintf(text, sizeof text, style_text(style, "%s is such a point: %s"),
                     arch_alias(i)->name, style_text(style, arch_alias(i)->doc));
            style_wrap(out, style, text, 2, 0);
        }
    }
    print_validity(out, style, &c, model);
    print_prices(out, style, model, by_technique[row->technique].price,
                 by_technique[row->technique].prices);
}

void topic_more_alias(FILE *out, const struct style *style, const char *name,
                      const struct cpu_model *model)
{
    struct arch_config c;
    char err[256], text[160];
    if (!arch_parse(&c, name, err, sizeof err)) {
        return;
    }
    arch_format(&c, text, sizeof text);
    fprintf(out, style_text(style, "It stands for %s with paging=%s and io=%s."), text,
            paging_name(c.paging), io_name(c.io));
    fputc('\n', out);
    print_validity(out, style, &c, model);
    if (strncmp(name, "esxi", 4) == 0) {
        style_tell(out, style,
                   "A caveat: ESXi has no Dom0, its drivers are in the hypervisor. The model "
                   "charges every type 1 "
                   "a driver domain for disk and network, which is too much here; trust the rest.");
    }
    fprintf(out, style_text(style, "'ringside explain %s' says how it works."),
            arch_row(c.arch)->name);
    fputc('\n', out);
}

// What the values of an axis are, and what else there is to say of an option.
static const struct {
    const char *option, *value, *text;
} option_notes[] = {
    {"paging", "direct",
     TEXT("the guest's own tables: the bare machine, a container, and a paravirtual kernel, whose "
          "updates are checked")},
    {"paging", "shadow",
     TEXT("tables that the hypervisor merges from the guest's and its own: short walks, and an "
          "exit for what the guest changes")},
    {"paging", "nested",
     TEXT("the guest's and the hypervisor's, one after the other: no exits for changes, and walks "
          "in two dimensions")},
    {"io", "emulated",
     TEXT("a model of a real device: each register that the driver touches is an exit")},
    {"io", "paravirt",
     TEXT(
         "rings of requests in shared memory (virtio, split drivers): one exit for many requests")},
    {"io", "passthrough", TEXT("the real device itself, behind an IOMMU: registers without exits")},
    {"io", "shared", TEXT("a container's: the host kernel's own drivers")},
    {"apicv", "1",
     TEXT("reads, the task priority and most ends of interrupts (EOI) do not exit; the EOI of a "
          "level-triggered interrupt still does (APIC_WRITE), for the I/O APIC must hear of it")},
    {"posted", "1",
     TEXT("with apicv=1: interrupts from other processors and the timer arrive without an exit; an "
          "emulated device's still exits, and so does the EOI of a level-triggered interrupt")},
};

void topic_more_option(FILE *out, const struct style *style, const char *name,
                       const struct cpu_model *model)
{
    (void)model;
    char text[512];
    for (size_t i = 0; i < sizeof option_notes / sizeof *option_notes; i++) {
        if (strcmp(option_notes[i].option, name) == 0) {
            snprintf(text, sizeof text, "%s=%s: %s", name, option_notes[i].value,
                     style_text(style, option_notes[i].text));
            fputs("  ", out);
            style_wrap(out, style, text, 4, 2);
        }
    }
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (strcmp(options[i].key, name) == 0) {
            fprintf(out, style_text(style, "A number from %llu to %llu, by default %llu."),
                    (unsigned long long)options[i].min, (unsigned long long)options[i].max,
                    (unsigned long long)options[i].def);
            fputc('\n', out);
        }
    }
    snprintf(text, sizeof text,
             style_text(style, "'ringside compare WORKLOAD --set %s=VALUE' sets it for every "
                               "architecture that has it, '-L %s A,B' tries several."),
             name, name);
    style_wrap(out, style, text, 0, 0);
}

// ---- categories ------------------------------------------------------------------------

// Costs whose name begins with the prefix.
static void print_prefix(FILE *out, const struct style *style, const struct cpu_model *model,
                         const char *prefix)
{
    for (unsigned k = 0; k < COST_COUNT; k++) {
        if (strncmp(cost_key_name((enum cost_key)k), prefix, strlen(prefix)) == 0) {
            topic_price(out, style, model, (enum cost_key)k);
        }
    }
}

void topic_category_costs(FILE *out, const struct style *style, unsigned category,
                          const struct cpu_model *model)
{
    static const char *const prefix[CYC_COUNT][3] = {
        [CYC_WALK] = {"walk.", "tlb."},
        [CYC_WALK_2D] = {"walk."},
        [CYC_EVENT] = {"event."},
        [CYC_WORLD_SWITCH] = {"vmx.entry", "vmx.exit", "host.switch"},
        [CYC_EXIT_HANDLING] = {"hv.", "vmx.vm"},
        [CYC_SHADOW] = {"shadow."},
        [CYC_BT] = {"bt."},
        [CYC_HYPERCALL] = {"hc."},
        [CYC_INJECTION] = {"hv.inject", "hv.deliver", "vmx.inject"},
        [CYC_DEVICE] = {"hv.device", "hv.apic", "host.access"},
        [CYC_DOM0] = {"dom0."},
        [CYC_HOST] = {"host."},
        [CYC_SCHED] = {"hv.sched", "host.sched"},
    };
    if (prefix[category][0]) {
        style_tell(out, style, "What is paid into it:");
    }
    for (unsigned i = 0; i < 3 && prefix[category][i]; i++) {
        print_prefix(out, style, model, prefix[category][i]);
    }
}
