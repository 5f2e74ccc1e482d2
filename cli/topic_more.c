// What `ringside explain` adds to an item's row: what it is connected with, and what it costs.
#include "cli/model.h"
#include "cli/topic.h"
#include "sim/exit.h"
#include "sim/isa.h"
#include "sim/toyos.h"

#include <inttypes.h>
#include <string.h>

// A source in the style's language. Most estimates are one sentence with two numbers; publications are quoted as they are.
static const char *source_text(const struct style *style, const char *source, char *out,
                               size_t size)
{
    unsigned instructions;
    char whose[16], each[16];
    if (sscanf(source, "estimate: about %u instructions of %15s code at %15s cycles each",
               &instructions, whose, each) != 3) {
        return style_text(style, source);
    }
    snprintf(out, size,
             style_text(style, "estimate: about %u instructions of %s code at %s cycles each"),
             instructions, style_text(style, whose), each);
    return out;
}

// "key N cycles on model", and how that is known.
void topic_price(FILE *out, const struct style *style, const struct cpu_model *m, enum cost_key key)
{
    const struct cost_value *v = &m->cost[key];
    char source[640], text[512];
    fprintf(out, "  %-16s %6" PRIu32 " %s ", cost_key_name(key), v->value,
            style_text(style, cost_key_unit(key)));
    fprintf(out, style_text(style, "on %s"), m->name);
    fputs("\n    ", out);
    snprintf(source, sizeof source, "%s: %s", style_text(style, cost_kind_name(v->kind)),
             source_text(style, v->source, text, sizeof text));
    style_wrap(out, style, source, 4, 4);
}

// ---- exits ---------------------------------------------------------------------------------------

static unsigned exit_number(const char *name)
{
#define EXIT(NAME, text, number, group, doc) \
    if (strcmp(name, text) == 0) {           \
        return number;                       \
    }
#include "sim/exit.def"
#undef EXIT
    return UINT32_MAX;
}

void topic_more_exit(FILE *out, const struct style *style, const char *name,
                     const struct cpu_model *model)
{
    unsigned number = exit_number(name);
    bool by_hardware = number < EXIT_FIRST_TRAP;
    style_tell(out, style,
               by_hardware
                   ? TEXT("The processor leaves non-root mode, and the hypervisor handles it "
                          "in root mode. The number is Intel's.")
                   : TEXT("A hypervisor without VT-x is entered by an ordinary trap or by its "
                          "translated code. The number is ours."));
    const char *comma = style_text(style, "Instructions that may cause it: ");
    for (unsigned op = OP_INVALID + 1; op < OP_COUNT; op++) {
        if (isa_row(op)->exit == (int)number) {
            fprintf(out, "%s%s", comma, isa_row(op)->mnemonic);
            comma = ", ";
        }
    }
    fputs(strcmp(comma, ", ") == 0 ? "\n" : "", out);
    if (by_hardware) {
        style_tell(out, style,
                   "The way there and back, without what the hypervisor does in between:\n");
        topic_price(out, style, model, COST_VMX_EXIT);
        if (topic_exit_is_fault(number)) {
            topic_price(out, style, model, COST_VMX_EXIT_FAULT);
        }
        topic_price(out, style, model, COST_VMX_ENTRY);
    }
    topic_exit_handlers(out, style, number, model);
}

// ---- instructions --------------------------------------------------------------------------------

static unsigned find_instruction(const char *name)
{
    for (unsigned op = OP_INVALID + 1; op < OP_COUNT; op++) {
        if (strcmp(isa_row(op)->mnemonic, name) == 0) {
            return op;
        }
    }
    return OP_INVALID;
}

void topic_more_instruction(FILE *out, const struct style *style, const char *name,
                            const struct cpu_model *model)
{
    const struct isa_row *row = isa_row(find_instruction(name));
    switch (row->priv) {
    case PRIV_ANY: break;
    case PRIV_RING0: style_tell(out, style, "Privileged: outside ring 0 it is #GP(0).\n"); break;
    case PRIV_IOPL: style_tell(out, style, "Privileged above IOPL: there it is #GP(0).\n"); break;
    case PRIV_HOLE:
        style_tell(
            out, style,
            "A hole: sensitive, and yet it does not trap in outer rings. With --holes-closed it "
            "does.\n");
        break;
    }
    if (row->sens != SENS_NO) {
        style_tell(out, style,
                   row->sens == SENS_CONTROL
                       ? TEXT("Sensitive: it changes the machine's configuration or mode.")
                       : TEXT("Sensitive: its result depends on the machine's mode or place."));
    }
    if (row->exit >= 0) {
        fprintf(out, style_text(style, "In non-root mode it may exit: %s."),
                exit_name((unsigned)row->exit));
        fputc('\n', out);
    }
    fprintf(out, style_text(style, "Opcode 0x%02x. Price:"), row->opcode);
    fputc('\n', out);
    topic_price(out, style, model, (enum cost_key)row->cost);
}

// ---- costs ---------------------------------------------------------------------------------------

void topic_more_cost(FILE *out, const struct style *style, const char *name,
                     const struct cpu_model *model)
{
    enum cost_key key = cost_key_find(name);
    (void)model; // all of them are shown
    const char *first = style_text(style, "Paid by: "), *comma = first;
    for (unsigned op = OP_INVALID + 1; op < OP_COUNT; op++) {
        if (isa_row(op)->cost == (int)key) {
            fprintf(out, "%s%s", comma, isa_row(op)->mnemonic);
            comma = ", ";
        }
    }
    fputs(comma != first ? "\n" : "", out);
    struct table *table = table_new(
        (const struct table_column[]){{style_text(style, "cpu"), TABLE_LEFT},
                                      {style_text(style, cost_key_unit(key)), TABLE_RIGHT},
                                      {style_text(style, "known"), TABLE_LEFT},
                                      {style_text(style, "from"), TABLE_WRAP}},
        4);
    struct model_names names;
    model_names(&names);
    for (size_t i = 0; i < names.count; i++) {
        struct cpu_model m;
        if (model_load(names.list[i], &m) == CLI_OK) {
            table_cell(table, "%s", m.name);
            table_count(table, m.cost[key].value);
            char text[512];
            table_cell(table, "%s", style_text(style, cost_kind_name(m.cost[key].kind)));
            table_cell(table, "%s", source_text(style, m.cost[key].source, text, sizeof text));
            cpu_model_free(&m);
        }
    }
    table_print(out, style, table, 2);
    table_free(table);
}

// ---- vectors and categories ----------------------------------------------------------------------

void topic_more_vector(FILE *out, const struct style *style, const char *name,
                       const struct cpu_model *model)
{
    style_tell(out, style,
               "Delivered through the vector table, if the gate is there; a fault during that is a "
               "double fault.\n");
    if (strcmp(name, "#PF") == 0) {
        style_tell(
            out, style,
            "Its error code: bit 0 the page is there and refuses, 1 a write, 2 by ring 3, 3 a "
            "reserved bit, 4 a "
            "fetch.\n'ringside translate' shows where a walk ends.\n");
        topic_price(out, style, model, COST_PAGE_FAULT);
    }
    topic_price(out, style, model, COST_EXCEPTION);
}

void topic_more_category(FILE *out, const struct style *style, const char *name,
                         const struct cpu_model *model)
{
    style_tell(
        out, style,
        "Every cycle of a processor stands in exactly one category; their sum is the elapsed "
        "time, which is "
        "checked after every run. 'ringside list cycles' shows all.\n");
#define CYCLE(NAME, text, guest, doc)                        \
    if (strcmp(name, text) == 0) {                           \
        topic_category_costs(out, style, CYC_##NAME, model); \
    }
#include "sim/cycle.def"
#undef CYCLE
}

// ---- files ---------------------------------------------------------------------------------------

void topic_more_cpu(FILE *out, const struct style *style, const char *name,
                    const struct cpu_model *model)
{
    (void)model;
    fprintf(
        out,
        style_text(style,
                   "'ringside costs %s' prints its prices and their sources; '--cpu %s' runs on "
                   "it."),
        name, name);
    fputc('\n', out);
}

void topic_more_workload(FILE *out, const struct style *style, const char *name,
                         const struct cpu_model *model)
{
    (void)model;
    fprintf(out,
            style_text(style, "'ringside boot --workload %s' runs it; its source is "
                              "scenarios/guest/user/%s.s."),
            name, name);
    fputc('\n', out);
}

void topic_more_program(FILE *out, const struct style *style, const char *name,
                        const struct cpu_model *model)
{
    (void)model;
    fprintf(out,
            style_text(style, "'ringside exec %s' runs it, 'ringside asm %s -o %s.img -l -' shows "
                              "its source with what becomes of it."),
            name, name, name);
    fputc('\n', out);
}
