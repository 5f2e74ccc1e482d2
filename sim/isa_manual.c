// isa_manual.c: the manual's layout. All facts come from isa.def, its formats, and the other
// tables.
#include "sim/isa_manual_impl.h"

#include "sim/asm.h"
#include "sim/cost.h"
#include "sim/isa.h"

#include <stdio.h>
#include <string.h>

// ---- groups -------------------------------------------------------------------------------------

struct group {
    const char *title;
    bool (*holds)(const struct isa_row *row);
};

static bool is_arithmetic(const struct isa_row *r)
{
    return r->opcode < 0x20;
}
static bool is_memory(const struct isa_row *r)
{
    return r->opcode >= 0x20 && r->opcode < 0x30;
}
static bool is_flow(const struct isa_row *r)
{
    return r->opcode >= 0x30 && r->opcode < 0x40;
}
static bool is_system(const struct isa_row *r)
{
    return r->opcode >= 0x40 && r->priv == PRIV_ANY;
}
static bool is_silent(const struct isa_row *r)
{
    return r->priv == PRIV_HOLE;
}
static bool is_iopl(const struct isa_row *r)
{
    return r->priv == PRIV_IOPL;
}
static bool is_ring0(const struct isa_row *r)
{
    return r->priv == PRIV_RING0;
}

static const struct group groups[] = {
    {"Arithmetic and logic", is_arithmetic},
    {"Loads and stores", is_memory},
    {"Control flow", is_flow},
    {"System: for every ring", is_system},
    {"Sensitive and silent: the holes", is_silent},
    {"Allowed up to IOPL", is_iopl},
    {"Ring 0 only", is_ring0},
};

// ---- words for the columns ----------------------------------------------------------------------

static const char *priv_word(enum isa_priv priv)
{
    static const char *const words[] = {[PRIV_ANY] = "any",
                                        [PRIV_RING0] = "ring 0",
                                        [PRIV_IOPL] = "IOPL",
                                        [PRIV_HOLE] = "any (hole)"};
    return words[priv];
}

static const char *priv_sentence(enum isa_priv priv)
{
    switch (priv) {
    case PRIV_RING0: return "ring 0; elsewhere #GP(0)";
    case PRIV_IOPL: return "ring <= IOPL; elsewhere #GP(0)";
    case PRIV_HOLE:
        return "any ring, without a trap; with the holes closed it traps like the privileged "
               "instructions";
    default: return "any ring";
    }
}

static const char *sens_word(enum isa_sens sens)
{
    static const char *const words[] = {
        [SENS_NO] = "-", [SENS_CONTROL] = "control", [SENS_BEHAVIOUR] = "behaviour"};
    return words[sens];
}

static const char *exit_word(int number)
{
    switch (number) {
#define EXIT(NAME, name, number, group, doc) \
    case number:                             \
        return name;
#include "sim/exit.def"
#undef EXIT
    default: return "-";
    }
}

static const char *exit_doc(int number)
{
    switch (number) {
#define EXIT(NAME, name, number, group, doc) \
    case number:                             \
        return doc;
#include "sim/exit.def"
#undef EXIT
    default: return "";
    }
}

static const char *cost_word(int key)
{
    static const char *const words[] = {
#define COST(NAME, key, unit, doc) key,
#include "sim/cost.def"
#undef COST
    };
    return words[key];
}

static const char *cost_doc(int key)
{
    static const char *const words[] = {
#define COST(NAME, key, unit, doc) doc,
#include "sim/cost.def"
#undef COST
    };
    return words[key];
}

// ---- encoding diagrams --------------------------------------------------------------------------

// A stretch of an instruction word.
struct cell {
    unsigned high, low;
    char label[24];
};

// The word from bit 31 down: opcode, fields, and what must be zero. Returns how many cells.
static unsigned make_cells(unsigned format, const char *opcode, struct cell cells[8])
{
    unsigned n = 0, bit = 24;
    cells[n] = (struct cell){31, 24, ""};
    snprintf(cells[n++].label, sizeof cells[0].label, "%s", opcode);
    while (bit > 0) {
        const struct isa_field *f = isa_format(format)->field;
        while (f->kind != FIELD_END && f->low + f->width != bit) {
            f++;
        }
        struct cell *c = &cells[n++];
        unsigned low = 0;
        if (f->kind != FIELD_END) {
            static const char *const labels[] = {
                [FIELD_RD] = "rd",     [FIELD_RA] = "ra",     [FIELD_RB] = "rb",
                [FIELD_SIMM] = "simm", [FIELD_UIMM] = "uimm", [FIELD_TARGET] = "offset"};
            low = f->low;
            snprintf(c->label, sizeof c->label, "%s%s", labels[f->kind], f->scale ? " / 4" : "");
        } else {
            // Up to the next field below, if there is one.
            for (f = isa_format(format)->field; f->kind != FIELD_END; f++) {
                unsigned top = (unsigned)f->low + f->width;
                low = top < bit && top > low ? top : low;
            }
            snprintf(c->label, sizeof c->label, "0");
        }
        c->high = bit - 1;
        c->low = low;
        bit = low;
    }
    return n;
}

static unsigned cell_width(const struct cell *c)
{
    unsigned bits = c->high - c->low + 1, width = bits + bits / 2,
             label = (unsigned)strlen(c->label);
    unsigned numbers = 7;
    width = width < label + 2 ? label + 2 : width;
    return width < numbers ? numbers : width;
}

static void print_diagram(unsigned format, const char *opcode, const char *indent,
                          const struct text_sink *sink)
{
    struct cell cells[8];
    unsigned n = make_cells(format, opcode, cells);
    text_put(sink, "%s ", indent);
    for (unsigned i = 0; i < n; i++) {
        char high[8], low[8];
        snprintf(high, sizeof high, "%u", cells[i].high);
        snprintf(low, sizeof low, "%u", cells[i].low);
        text_put(sink, "%-*s%s%s", (int)(cell_width(&cells[i]) - strlen(low)), high, low,
                 i + 1 < n ? " " : "\n");
    }
    for (unsigned row = 0; row < 3; row++) {
        text_put(sink, "%s", indent);
        for (unsigned i = 0; i < n; i++) {
            unsigned width = cell_width(&cells[i]), label = (unsigned)strlen(cells[i].label);
            unsigned left = (width - label) / 2;
            if (row == 1) {
                text_put(sink, "|%*s%s%*s", (int)left, "", cells[i].label,
                         (int)(width - label - left), "");
            } else {
                text_put(sink, "+");
                for (unsigned j = 0; j < width; j++) {
                    text_put(sink, "-");
                }
            }
        }
        text_put(sink, row == 1 ? "|\n" : "+\n");
    }
}

static const char *operand_of(const struct isa_row *row)
{
    return isa_format(row->format)->syntax;
}

static void instruction_syntax(const struct isa_row *row, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s", row->mnemonic, operand_of(row)[0] ? " " : "", operand_of(row));
}

// ---- the manual ---------------------------------------------------------------------------------

void manual_heading(enum manual_format format, const char *title, const struct text_sink *sink)
{
    if (format == MANUAL_MARKDOWN) {
        text_put(sink, "\n## %s\n\n", title);
    } else {
        text_put(sink, "\n%s\n", title);
    }
}

// In a Markdown table a bar would end the cell, and a backslash would vanish.
static void markdown_cell(const char *text, const struct text_sink *sink)
{
    for (const char *p = text; *p; p++) {
        text_put(sink, *p == '|' || *p == '\\' ? "\\%c" : "%c", *p);
    }
}

void manual_paragraph(enum manual_format format, const char *text, const struct text_sink *sink)
{
    if (format == MANUAL_MARKDOWN) {
        text_put(sink, "%s\n", text);
    } else {
        text_put(sink, "  ");
        text_wrap(sink, text, 2, 2, MANUAL_WIDTH);
    }
}

static void print_registers(enum manual_format format, const struct text_sink *sink)
{
    manual_heading(format, "Registers", sink);
    char text[600] = "Sixteen of 64 bits:";
    for (unsigned r = 0; r < REG_COUNT; r++) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, " r%u %s%s", r, isa_reg_name(r),
                 r + 1 < REG_COUNT ? "," : ".");
    }
    manual_paragraph(format, text, sink);
    text_put(sink, "\n");
    manual_paragraph(
        format,
        "zero reads 0 and ignores writes. By convention a0-a5 hold arguments and results (a0 the "
        "number of a system call), s0-s3 are kept across calls, t0-t2 are scratch (SYSCALL puts "
        "sp, "
        "address and flags there), lr is the link register, sp the stack pointer, which grows "
        "down.",
        sink);
}

static void print_formats(enum manual_format format, const struct text_sink *sink)
{
    manual_heading(format, "Formats", sink);
    manual_paragraph(
        format,
        "An instruction is a word of 32 bits, little endian, at a multiple of 4. A word "
        "whose opcode "
        "is in no table below, or that has a bit set where a format shows 0, is no "
        "instruction: #UD. "
        "simm is sign-extended, uimm is not; an offset is signed, counts from the "
        "instruction itself, "
        "in bytes or (\"/ 4\") in words.",
        sink);
    for (unsigned f = 0; f < FMT_COUNT; f++) {
        const struct isa_format_row *row = isa_format(f);
        bool markdown = format == MANUAL_MARKDOWN;
        text_put(sink, markdown ? "\n`%s`: `op%s%s`\n\n```text\n" : "\n  %s: op%s%s\n", row->name,
                 row->syntax[0] ? " " : "", row->syntax);
        print_diagram(f, "opcode", markdown ? "" : "  ", sink);
        text_put(sink, "%s", markdown ? "```\n" : "");
    }
}

static void print_row(enum manual_format format, const struct isa_row *row,
                      const struct text_sink *sink)
{
    char syntax[64];
    instruction_syntax(row, syntax, sizeof syntax);
    if (format == MANUAL_MARKDOWN) {
        text_put(sink, "| `%s` | 0x%02x | %s | %s | %s | %s | `%s` | ", syntax, row->opcode,
                 isa_format(row->format)->name, priv_word(row->priv), sens_word(row->sens),
                 exit_word(row->exit), cost_word(row->cost));
        markdown_cell(row->doc, sink);
        text_put(sink, " |\n");
        return;
    }
    char text[1000];
    bool plain = row->priv == PRIV_ANY && row->sens == SENS_NO;
    snprintf(text, sizeof text, "%s [%s%s%s%s%s%s%s]", row->doc, plain ? "" : priv_word(row->priv),
             row->sens != SENS_NO ? "; sensitive: " : "",
             row->sens != SENS_NO ? sens_word(row->sens) : "", plain ? "" : "; ",
             row->exit >= 0 ? "exit " : "", row->exit >= 0 ? exit_word(row->exit) : "",
             row->exit >= 0 ? "; " : "");
    size_t n = strlen(text) - 1;
    snprintf(text + n, sizeof text - n, "%s]", cost_word(row->cost));
    text_put(sink, "  %02x %-4s %-21s ", row->opcode, isa_format(row->format)->name, syntax);
    text_wrap(sink, text, 32, 32, MANUAL_WIDTH);
}

static void print_group(enum manual_format format, const struct group *group,
                        const struct text_sink *sink)
{
    manual_heading(format, group->title, sink);
    if (format == MANUAL_MARKDOWN) {
        text_put(sink,
                 "| instruction | opcode | format | who | sensitive | VM exit | cost | meaning |\n"
                 "|---|---|---|---|---|---|---|---|\n");
    }
    for (unsigned op = 1; op < OP_COUNT; op++) {
        if (group->holds(isa_row(op))) {
            print_row(format, isa_row(op), sink);
        }
    }
}

static void print_pseudos(enum manual_format format, const struct text_sink *sink)
{
    struct asm_pseudo_doc p;
    manual_heading(format, "Pseudo-instructions", sink);
    manual_paragraph(format, "The assembler makes these from the instructions above.", sink);
    text_put(sink,
             format == MANUAL_MARKDOWN ? "\n| written | becomes | meaning |\n|---|---|---|\n" : "");
    for (unsigned i = 0; asm_pseudo_doc(i, &p); i++) {
        char syntax[64];
        snprintf(syntax, sizeof syntax, "%s%s%s", p.mnemonic, p.operands[0] ? " " : "", p.operands);
        if (format == MANUAL_MARKDOWN) {
            text_put(sink, "| `%s` | %s | %s |\n", syntax, p.expansion, p.doc);
        } else {
            text_put(sink, "  %-15s %-34s ", syntax, p.expansion);
            text_wrap(sink, p.doc, 53, 53, MANUAL_WIDTH);
        }
    }
}

void isa_manual_directives(enum manual_format format, const struct text_sink *sink)
{
    struct asm_directive_doc d;
    text_put(sink, "%s",
             format == MANUAL_MARKDOWN ? "| directive | meaning |\n|---|---|\n"
                                       : "The assembler's directives (E: an expression)\n\n");
    for (unsigned i = 0; asm_directive_doc(i, &d); i++) {
        if (format == MANUAL_MARKDOWN) {
            text_put(sink, "| `%s%s%s` | ", d.name, d.operands[0] ? " " : "", d.operands);
            markdown_cell(d.doc, sink);
            text_put(sink, " |\n");
        } else {
            text_put(sink, "  %s%s%s\n      ", d.name, d.operands[0] ? " " : "", d.operands);
            text_wrap(sink, d.doc, 6, 6, MANUAL_WIDTH);
        }
    }
}

void isa_manual(enum manual_format format, const struct text_sink *sink)
{
    if (format == MANUAL_MARKDOWN) {
        text_put(sink,
                 "# The T64 instruction set\n\n"
                 "Made by `ringside isa --format=markdown` from `sim/isa.def`; do not edit. The "
                 "machine around it is in [machine.md](machine.md), the assembler's language in "
                 "[assembler.md](assembler.md).\n");
    } else {
        text_put(sink, "The T64 instruction set: %d instructions\n", OP_COUNT - 1);
    }
    print_registers(format, sink);
    print_formats(format, sink);
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        print_group(format, &groups[i], sink);
    }
    print_pseudos(format, sink);
    if (format == MANUAL_MARKDOWN) {
        manual_heading(format, "Can it be virtualized?", sink);
        isa_manual_analysis(false, format, sink);
        text_put(sink, "\n");
        isa_manual_analysis(true, format, sink);
    }
}

// ---- one instruction ----------------------------------------------------------------------------

void manual_fact(enum manual_format format, const char *name, const char *text,
                 const struct text_sink *sink)
{
    if (format == MANUAL_MARKDOWN) {
        text_put(sink, "- %s: %s\n", name, text);
    } else {
        text_put(sink, "  %-10s ", name);
        text_wrap(sink, text, 13, 13, MANUAL_WIDTH);
    }
}

void manual_hole(unsigned op, enum manual_format format, const struct text_sink *sink)
{
    switch (op) {
#define HOLE(NAME, x86, lets, wrong)              \
    case OP_##NAME:                               \
        manual_fact(format, "on x86", x86, sink); \
        manual_fact(format, "hole", lets, sink);  \
        manual_fact(format, "so", wrong, sink);   \
        break;
#include "sim/hole.def"
#undef HOLE
    default: break;
    }
}

static void print_page(unsigned op, enum manual_format format, const struct text_sink *sink)
{
    const struct isa_row *row = isa_row(op);
    char text[400], opcode[8];
    bool markdown = format == MANUAL_MARKDOWN;
    instruction_syntax(row, text, sizeof text);
    text_put(sink, markdown ? "## `%s`\n\n" : "%s\n\n", text);
    manual_paragraph(format, row->doc, sink);
    text_put(sink, markdown ? "\n```text\n" : "\n");
    snprintf(opcode, sizeof opcode, "0x%02x", row->opcode);
    print_diagram(row->format, opcode, markdown ? "" : "  ", sink);
    text_put(sink, markdown ? "```\n\n" : "\n");
    manual_fact(format, "who", priv_sentence(row->priv), sink);
    manual_fact(format, "sensitive",
                row->sens == SENS_NO ? "no"
                : row->sens == SENS_CONTROL
                    ? "control: it changes the machine's mode or configuration"
                    : "behaviour: what it does depends on mode or place",
                sink);
    if (row->exit >= 0) {
        snprintf(text, sizeof text, "%s (%d), if the execution controls ask for it: %s",
                 exit_word(row->exit), row->exit, exit_doc(row->exit));
        manual_fact(format, "VM exit", text, sink);
    }
    snprintf(text, sizeof text, "%s: %s", cost_word(row->cost), cost_doc(row->cost));
    manual_fact(format, "cost", text, sink);
    manual_hole(op, format, sink);
}

bool isa_manual_page(const char *mnemonic, enum manual_format format, const struct text_sink *sink)
{
    unsigned op = isa_find(mnemonic, strlen(mnemonic));
    struct asm_pseudo_doc p;
    bool found = op != OP_INVALID;
    if (found) {
        print_page(op, format, sink);
    }
    for (unsigned i = 0; asm_pseudo_doc(i, &p); i++) {
        if (strcmp(p.mnemonic, mnemonic) == 0) {
            bool markdown = format == MANUAL_MARKDOWN;
            text_put(sink, markdown ? "%s## `%s%s%s`\n\n" : "%s%s%s%s\n\n", found ? "\n" : "",
                     p.mnemonic, p.operands[0] ? " " : "", p.operands);
            manual_paragraph(format, p.doc, sink);
            text_put(sink, "\n");
            manual_fact(format, "becomes", p.expansion, sink);
            found = true;
        }
    }
    struct asm_directive_doc d;
    for (unsigned i = 0; asm_directive_doc(i, &d); i++) {
        if (strcmp(d.name, mnemonic) == 0) {
            bool markdown = format == MANUAL_MARKDOWN;
            text_put(sink, markdown ? "## `%s%s%s`\n\n" : "%s%s%s\n\n", d.name,
                     d.operands[0] ? " " : "", d.operands);
            manual_paragraph(format, d.doc, sink);
            found = true;
        }
    }
    return found;
}
