// disasm.h: T64 machine words back to assembly source. What it prints, the assembler turns into the
// same bytes again.
#ifndef RINGSIDE_SIM_DISASM_H
#define RINGSIDE_SIM_DISASM_H

#include "sim/image.h"
#include "sim/isa.h"
#include "sim/text_sink.h"
#include "sim/types.h"

enum { DISASM_LINE_MAX = 1200 }; // enough for any one instruction with the longest symbol

// The word at address pc as one instruction, "beq a0, zero, loop", or ".word 0x…" if it is none. A
// target is named by a symbol of img (which may be NULL) where one stands exactly there, else by
// its address. At most size bytes with the zero byte; returns what snprintf would.
int disasm_word(uint32_t word, uint64_t pc, const struct image *img, char *out, size_t size);

// A whole image as source: sections at their addresses, labels, data, entry. Assembling that source
// gives an image with the same segments, symbols and entry; with `lines`, .loc directives give the
// same line table too. With `addresses`, each line has a comment with its address and bytes.
struct disasm_options {
    bool addresses, lines;
};
void disasm_image(const struct image *img, const struct disasm_options *options,
                  const struct text_sink *sink);

#endif
