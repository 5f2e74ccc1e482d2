// isa_manual.h: the ISA manual and the Popek-Goldberg analysis, made from the instruction table.
#ifndef RINGSIDE_SIM_ISA_MANUAL_H
#define RINGSIDE_SIM_ISA_MANUAL_H

#include "sim/text_sink.h"
#include "sim/types.h"

enum manual_format { MANUAL_TEXT, MANUAL_MARKDOWN };

// All of it: registers, formats, instructions by group, pseudo-instructions, and (in Markdown) the
// analysis.
void isa_manual(enum manual_format format, const struct text_sink *sink);

// The assembler's directives.
void isa_manual_directives(enum manual_format format, const struct text_sink *sink);

// One instruction, pseudo-instruction or directive in full. False if there is none of that name.
bool isa_manual_page(const char *mnemonic, enum manual_format format, const struct text_sink *sink);

// Popek and Goldberg's theorem 1 on this instruction set, with the silent instructions as they are
// or trapping.
void isa_manual_analysis(bool holes_closed, enum manual_format format,
                         const struct text_sink *sink);

// What the analysis counts; for tests and for whoever shows the verdict elsewhere.
struct isa_analysis {
    unsigned sensitive, privileged, holes;
    bool virtualizable; // sensitive is a subset of privileged
};
struct isa_analysis isa_analyse(bool holes_closed);

#endif
