// isa_manual_impl.h: how the pages of the manual and of the analysis are laid out, for both.
#ifndef RINGSIDE_SIM_ISA_MANUAL_IMPL_H
#define RINGSIDE_SIM_ISA_MANUAL_IMPL_H

#include "sim/isa_manual.h"

enum { MANUAL_WIDTH = 80 }; // columns of the text form

void manual_heading(enum manual_format format, const char *title, const struct text_sink *sink);
void manual_paragraph(enum manual_format format, const char *text, const struct text_sink *sink);
// "name: text", as an item of a list.
void manual_fact(enum manual_format format, const char *name, const char *text,
                 const struct text_sink *sink);
// What hole.def says of the instruction; nothing if it is no hole.
void manual_hole(unsigned op, enum manual_format format, const struct text_sink *sink);

#endif
