// asm_diag.c: errors: noting them with their place and the trail of macros and includes that led
// there, and guessing what a mistyped name was meant to be.
#include "sim/asm_impl.h"

#include "sim/asm_memory.h"
#include "sim/nearest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

// Text for people: long enough for any message of ours; what is longer is cut.
enum { MESSAGE_MAX = 1024, TRAIL_MAX = 4 };

// " (in macro 'x' called at f.s:3, in ...)": the innermost few, so that a runaway recursion stays
// readable.
static void add_trail(char *text, size_t size, const struct loc *at)
{
    unsigned shown = 0;
    for (const struct frame *f = at->in; f && f->called_at.file; f = f->called_at.in) {
        size_t n = strlen(text);
        if (shown == TRAIL_MAX) {
            snprintf(text + n, size - n, ", and so on");
            break;
        }
        const char *lead = shown++ == 0 ? " (" : ", ";
        if (f->kind == FRAME_MACRO) {
            snprintf(text + n, size - n, "%sin macro '%s' called at %s:%u", lead, f->name,
                     f->called_at.file, (unsigned)f->called_at.line);
        } else if (f->kind == FRAME_FILE) {
            snprintf(text + n, size - n, "%sincluded at %s:%u", lead, f->called_at.file,
                     (unsigned)f->called_at.line);
        } else {
            snprintf(text + n, size - n, "%srepeated at %s:%u", lead, f->called_at.file,
                     (unsigned)f->called_at.line);
        }
    }
    if (shown > 0) {
        size_t n = strlen(text);
        snprintf(text + n, size - n, ")");
    }
}

static void note(struct assembler *as, const struct loc *at, const char *format, va_list args)
{
    char text[MESSAGE_MAX + 1024];
    vsnprintf(text, MESSAGE_MAX, format, args);
    add_trail(text, sizeof text, at);
    for (char *p = text; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            *p = '?'; // bytes of the source must not reach a terminal as commands
        }
    }
    assert(as->diagnostic_count < ASM_DIAGNOSTICS_MAX);
    // Straight from the arena: an error about a lack of memory must still find room.
    char *copy = arena_alloc(&as->chunks, strlen(text) + 1);
    if (copy) {
        memcpy(copy, text, strlen(text) + 1);
    }
    as->diagnostics[as->diagnostic_count++] = (struct asm_diagnostic){
        .file = at->file ? at->file : "<command line>",
        .line = at->line,
        .column = at->column,
        .text =
            copy ? copy : "there is not enough memory on this computer; make the program smaller",
    };
}

// More than the limit would help nobody: the first ones are the causes.
static void stop_if_full(struct assembler *as)
{
    if (as->diagnostic_count == ASM_DIAGNOSTICS_MAX) {
        longjmp(as->end, 1);
    }
}

void asm_report(struct assembler *as, const struct loc *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(as, at, format, args);
    va_end(args);
    stop_if_full(as);
}

void asm_fail(struct assembler *as, const struct loc *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(as, at, format, args);
    va_end(args);
    stop_if_full(as);
    longjmp(as->statement, 1);
}

void asm_fatal(struct assembler *as, const struct loc *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(as, at, format, args);
    va_end(args);
    longjmp(as->end, 1);
}

// ---- did you mean -------------------------------------------------------------------------------

void nearest_try(struct assembler *as, struct nearest *n, struct str candidate)
{
    n->list = asm_grow(as, n->list, n->count, &n->cap, sizeof *n->list);
    n->list[n->count++] = asm_copy(as, candidate);
}

const char *nearest_hint(struct assembler *as, struct nearest *n, struct str wanted,
                         const char *otherwise)
{
    struct text hint = {0};
    n->list = asm_grow(as, n->list, n->count, &n->cap, sizeof *n->list);
    n->list[n->count] = NULL;
    const char *best = nearest_word(wanted.p, wanted.n, n->list);
    text_printf(as, &hint, best ? "; did you mean '%s'?" : "; %s", best ? best : otherwise);
    return hint.p;
}
