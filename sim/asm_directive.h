// asm_directive.h: the functions behind the directives of asm_directive.def. Each finds its own
// name as the current token, and leaves the line read to its end.
#ifndef RINGSIDE_SIM_ASM_DIRECTIVE_H
#define RINGSIDE_SIM_ASM_DIRECTIVE_H

#include "sim/asm_impl.h"

// asm_directive.c
void directive_text(struct assembler *as, const struct token *directive);
void directive_section(struct assembler *as, const struct token *directive);
void directive_pushsection(struct assembler *as, const struct token *directive);
void directive_popsection(struct assembler *as, const struct token *directive);
void directive_org(struct assembler *as, const struct token *directive);
void directive_align(struct assembler *as, const struct token *directive);
void directive_equ(struct assembler *as, const struct token *directive);
void directive_global(struct assembler *as, const struct token *directive);
void directive_entry(struct assembler *as, const struct token *directive);
void directive_assert_(struct assembler *as, const struct token *directive);
void directive_error(struct assembler *as, const struct token *directive);
void directive_loc(struct assembler *as, const struct token *directive);

// asm_data.c
void directive_data(struct assembler *as, const struct token *directive);
void directive_ascii(struct assembler *as, const struct token *directive);
void directive_space(struct assembler *as, const struct token *directive);
void directive_fill(struct assembler *as, const struct token *directive);
void directive_incbin(struct assembler *as, const struct token *directive);
void directive_include(struct assembler *as, const struct token *directive);
bool data_fits(int64_t value, unsigned size);
int16_t data_fill_byte(struct assembler *as);

// asm_condition.c
void directive_if_(struct assembler *as, const struct token *directive);
void directive_elif(struct assembler *as, const struct token *directive);
void directive_else_(struct assembler *as, const struct token *directive);
void directive_endif(struct assembler *as, const struct token *directive);

// asm_macro.c
void directive_macro(struct assembler *as, const struct token *directive);
void directive_rept(struct assembler *as, const struct token *directive);
void directive_irp(struct assembler *as, const struct token *directive);
void directive_stray_end(struct assembler *as, const struct token *directive);

#endif
