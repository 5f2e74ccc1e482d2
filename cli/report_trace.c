// Prints traces and registers.
#include "cli/report.h"
#include "sim/disasm.h"

#include <inttypes.h>

void report_print_trace(FILE *out, const struct style *style, const struct report *report,
                        const struct trace_entry *entries, size_t count)
{
    struct table *table = table_new((const struct table_column[]){{"cycle", TABLE_RIGHT},
                                                                  {"ring", TABLE_RIGHT},
                                                                  {"address", TABLE_RIGHT},
                                                                  {"instruction", TABLE_LEFT},
                                                                  {"where", TABLE_WRAP}},
                                    5);
    for (size_t i = 0; i < count; i++) {
        const struct trace_entry *e = &entries[i];
        char text[DISASM_LINE_MAX], place[PLACE_SIZE];
        table_count(table, e->time);
        table_cell(table, "%u", e->ring);
        table_cell(table, "0x%" PRIx64, e->pc);
        if (e->event > 0) {
            unsigned vector = e->event - 1u;
            const char *mnemonic = vector_mnemonic(vector);
            table_tone(table, TONE_MARK, "-- %s %u%s%s", vector < 32 ? "exception" : "interrupt",
                       vector, mnemonic ? ", " : "", mnemonic ? mnemonic : "");
        } else {
            disasm_word(e->word, e->pc, report->image, text, sizeof text);
            table_cell(table, "%s", text);
        }
        table_cell(table, "%s", report_place(place, report->image, e->pc));
    }
    table_print(out, style, table, 2);
    table_free(table);
}

void report_print_registers(FILE *out, const struct style *style, const struct report *report)
{
    for (unsigned i = 0; i < report->cpus; i++) {
        const struct cpu_state *s = &report->state[i];
        tone_printf(out, style, TONE_HEADING,
                    report->cpus > 1 ? "\nRegisters of processor %u\n" : "\nRegisters\n", i);
        for (unsigned r = 0; r < REG_COUNT; r++) {
            fprintf(out, "  %-4s %016" PRIx64 "%s", isa_reg_name(r), s->r[r],
                    r % 4 == 3 ? "\n" : "");
        }
        fprintf(out, "  pc   %016" PRIx64 "  ring %u  flags %" PRIx64 " (IF %u, TF %u, IOPL %u)\n",
                s->pc, s->ring, s->flags, (s->flags & FLAG_IF) != 0, (s->flags & FLAG_TF) != 0,
                (unsigned)(s->flags >> 12) & 3u);
        fprintf(out, "  machine word %" PRIx64 " (PG %u, WP %u, PCIDE %u)  task priority %u\n",
                s->msw, (s->msw & MSW_PG) != 0, (s->msw & MSW_WP) != 0, (s->msw & MSW_PCIDE) != 0,
                s->tpr);
        fprintf(out,
                "  page-table base 0x%" PRIx64 "  vector table 0x%" PRIx64
                "  task register 0x%" PRIx64 "\n  fault address 0x%" PRIx64 "  KSTACK 0x%" PRIx64
                "  LSTAR 0x%" PRIx64 "\n",
                s->ptbr, s->vbar, s->tr, s->far, s->kstack, s->lstar);
    }
}
