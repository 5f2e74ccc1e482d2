// isa_analysis.c: Popek and Goldberg's theorem 1, applied to the instruction table.
#include "sim/isa.h"
#include "sim/isa_manual_impl.h"

#include <stdio.h>
#include <string.h>

static bool is_sensitive(unsigned op, bool closed)
{
    (void)closed;
    return isa_row(op)->sens != SENS_NO;
}

static bool is_privileged(unsigned op, bool closed)
{
    enum isa_priv p = isa_row(op)->priv;
    return p == PRIV_RING0 || p == PRIV_IOPL || (closed && p == PRIV_HOLE);
}

struct isa_analysis isa_analyse(bool holes_closed)
{
    struct isa_analysis a = {0};
    for (unsigned op = 1; op < OP_COUNT; op++) {
        a.sensitive += is_sensitive(op, holes_closed);
        a.privileged += is_privileged(op, holes_closed);
        a.holes += isa_is_hole(op, holes_closed);
    }
    a.virtualizable = a.holes == 0;
    return a;
}

static void print_set(enum manual_format format, const char *title, unsigned count,
                      bool (*holds)(unsigned, bool), bool closed, const struct text_sink *sink)
{
    char text[1000] = "";
    for (unsigned op = 1; op < OP_COUNT; op++) {
        if (holds(op, closed)) {
            size_t n = strlen(text);
            snprintf(text + n, sizeof text - n, "%s%s", n ? " " : "", isa_row(op)->mnemonic);
        }
    }
    if (format == MANUAL_MARKDOWN) {
        text_put(sink, "- %s (%u): %s\n", title, count, text[0] ? text : "none");
    } else {
        text_put(sink, "%s: %u\n  ", title, count);
        text_wrap(sink, text[0] ? text : "none", 2, 2, MANUAL_WIDTH);
        text_put(sink, "\n");
    }
}

static void print_holes(enum manual_format format, const struct text_sink *sink)
{
    for (unsigned op = 1; op < OP_COUNT; op++) {
        if (isa_is_hole(op, false)) {
            text_put(sink, format == MANUAL_MARKDOWN ? "\n### `%s`\n\n" : "\n%s\n",
                     isa_row(op)->mnemonic);
            manual_hole(op, format, sink);
        }
    }
}

void isa_manual_analysis(bool holes_closed, enum manual_format format, const struct text_sink *sink)
{
    struct isa_analysis a = isa_analyse(holes_closed);
    bool markdown = format == MANUAL_MARKDOWN;
    text_put(sink,
             markdown ? "**With the holes %s**\n\n"
                      : "The T64 instruction set with the holes %s\n\n",
             holes_closed ? "closed" : "open");
    print_set(format, "Sensitive", a.sensitive, is_sensitive, holes_closed, sink);
    print_set(format, "Privileged", a.privileged, is_privileged, holes_closed, sink);
    print_set(format, "Sensitive and not privileged", a.holes, isa_is_hole, holes_closed, sink);
    text_put(sink, "%s", markdown ? "\n" : "");
    manual_paragraph(
        format,
        "Theorem 1 of Popek and Goldberg (CACM 17(7), 1974): a virtual machine monitor can "
        "be built for "
        "a machine if its sensitive instructions are a subset of its privileged ones. The "
        "monitor then "
        "runs the guest's kernel outside ring 0, and all that could tell or change the "
        "difference traps "
        "to it.",
        sink);
    text_put(sink, "\n");
    manual_paragraph(
        format,
        a.virtualizable
            ? "VERDICT: they are. Trap-and-emulate suffices for this instruction set."
            : "VERDICT: they are not. A monitor that waits for traps never hears of the "
              "instructions "
              "above: the guest goes wrong silently. What is left is to translate the guest's code "
              "(binary translation), to change the guest (paravirtualization), or to change the "
              "processor (VT-x, or the holes closed).",
        sink);
    if (!a.virtualizable) {
        print_holes(format, sink);
        text_put(sink, "\n");
        manual_paragraph(
            format,
            "CPUID and RDTSC tell about the real processor and the real time in any ring. "
            "The theorem "
            "leaves time and the choice of the machine out; VT-x makes CPUID exit always and "
            "RDTSC on "
            "request, so that a monitor can answer for it.",
            sink);
    }
}
