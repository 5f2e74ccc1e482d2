// What `ringside explain` adds to an item's row: what it is connected with, and what it costs.
#include "cli/data.h"
#include "cli/model.h"
#include "cli/topic.h"
#include "sim/exit.h"
#include "sim/isa.h"
#include "sim/toyos.h"

#include <inttypes.h>
#include <string.h>

// "key N cycles on model", and how that is known.
void topic_price(FILE *out, const struct style *style, const struct cpu_model *m, enum cost_key key)
{
    const struct cost_value *v = &m->cost[key];
    char source[512];
    fprintf(out, "  %-16s %6" PRIu32 " %s on %s\n    ", cost_key_name(key), v->value,
            cost_key_unit(key), m->name);
    snprintf(source, sizeof source, "%s: %s", cost_kind_name(v->kind), v->source);
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
    style_wrap_lines(out, style,
                     by_hardware
                         ? "The processor leaves non-root mode, and the hypervisor handles it "
                           "in root mode. The number is Intel's."
                         : "A hypervisor without VT-x is entered by an ordinary trap or by its "
                           "translated code. The number is ours.");
    const char *comma = "Instructions that may cause it: ";
    for (unsigned op = OP_INVALID + 1; op < OP_COUNT; op++) {
        if (isa_row(op)->exit == (int)number) {
            fprintf(out, "%s%s", comma, isa_row(op)->mnemonic);
            comma = ", ";
        }
    }
    fputs(comma[0] == ',' ? "\n" : "", out);
    if (by_hardware) {
        bool fault = strncmp(name, "EPT_", 4) == 0 || strncmp(name, "EXCEPTION", 9) == 0;
        style_wrap_lines(out, style,
                         "The way there and back, without what the hypervisor does in between:\n");
        topic_price(out, style, model, COST_VMX_EXIT);
        if (fault) {
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
    case PRIV_RING0:
        style_wrap_lines(out, style, "Privileged: outside ring 0 it is #GP(0).\n");
        break;
    case PRIV_IOPL:
        style_wrap_lines(out, style, "Privileged above IOPL: there it is #GP(0).\n");
        break;
    case PRIV_HOLE:
        style_wrap_lines(
            out, style,
            "A hole: sensitive, and yet it does not trap in outer rings. With --holes-closed it "
            "does.\n");
        break;
    }
    if (row->sens != SENS_NO) {
        fprintf(out, "Sensitive: %s\n",
                row->sens == SENS_CONTROL ? "it changes the machine's configuration or mode."
                                          : "its result depends on the machine's mode or place.");
    }
    if (row->exit >= 0) {
        fprintf(out, "In non-root mode it may exit: %s.\n", exit_name((unsigned)row->exit));
    }
    fprintf(out, "Opcode 0x%02x. Price:\n", row->opcode);
    topic_price(out, style, model, (enum cost_key)row->cost);
}

// ---- costs ---------------------------------------------------------------------------------------

void topic_more_cost(FILE *out, const struct style *style, const char *name,
                     const struct cpu_model *model)
{
    enum cost_key key = cost_key_find(name);
    (void)model; // all of them are shown
    const char *comma = "Paid by: ";
    for (unsigned op = OP_INVALID + 1; op < OP_COUNT; op++) {
        if (isa_row(op)->cost == (int)key) {
            fprintf(out, "%s%s", comma, isa_row(op)->mnemonic);
            comma = ", ";
        }
    }
    fputs(comma[0] == ',' ? "\n" : "", out);
    struct table *table = table_new((const struct table_column[]){{"cpu", TABLE_LEFT},
                                                                  {cost_key_unit(key), TABLE_RIGHT},
                                                                  {"known", TABLE_LEFT},
                                                                  {"from", TABLE_WRAP}},
                                    4);
    struct model_names names;
    model_names(&names);
    for (size_t i = 0; i < names.count; i++) {
        struct cpu_model m;
        if (model_load(names.list[i], &m) == CLI_OK) {
            table_cell(table, "%s", m.name);
            table_count(table, m.cost[key].value);
            table_cell(table, "%s", cost_kind_name(m.cost[key].kind));
            table_cell(table, "%s", m.cost[key].source);
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
    style_wrap_lines(
        out, style,
        "Delivered through the vector table, if the gate is there; a fault during that is a "
        "double fault.\n");
    if (strcmp(name, "#PF") == 0) {
        style_wrap_lines(
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
    style_wrap_lines(
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
    (void)style, (void)model;
    fprintf(out,
            "'ringside costs %s' prints its prices and their sources; '--cpu %s' runs on it.\n",
            name, name);
}

void topic_more_workload(FILE *out, const struct style *style, const char *name,
                         const struct cpu_model *model)
{
    (void)style, (void)model;
    fprintf(out,
            "'ringside boot --workload %s' runs it; its source is scenarios/guest/user/%s.s.\n",
            name, name);
}

void topic_more_program(FILE *out, const struct style *style, const char *name,
                        const struct cpu_model *model)
{
    char path[128];
    (void)style, (void)model;
    snprintf(path, sizeof path, "examples/%s.s", name);
    const struct data_file *file = data_find(path);
    fprintf(out, "'ringside exec %s' runs it. Its source:\n\n%s", name, file ? file->text : "");
}
