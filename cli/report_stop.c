// Says in plain words how a run ended and, where it ended badly, what most likely went wrong.
#include "cli/report.h"
#include "sim/walk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// ---- what memory tells ---------------------------------------------------------------------------

// The physical address of `va` as the tables say, all rights ignored. False, with the entry that is
// missing in words, if they do not map it.
static bool look_up(const struct machine *m, const struct cpu_state *s, unsigned levels,
                    uint64_t va, uint64_t *pa, char *text, size_t size)
{
    *pa = va;
    text[0] = '\0';
    if (!(s->msw & MSW_PG)) {
        return true;
    }
    uint64_t table = s->ptbr & PTBR_FRAME;
    for (unsigned level = levels; level >= 1; level--) {
        uint64_t entry = UINT64_MAX; // what is not RAM reads as ones
        unsigned shift = PAGE_SHIFT + LEVEL_BITS * (level - 1),
                 index = (unsigned)(va >> shift) & 511;
        machine_read(m, table + 8 * (uint64_t)index, &entry, sizeof entry);
        if (!(entry & PTE_P)) {
            snprintf(text, size, "entry %u of the level-%u table at 0x%" PRIx64 " is not present",
                     index, level, table);
            return false;
        }
        table = entry & PTE_FRAME;
        if (level == 1 || (level == 2 && (entry & PTE_PS))) {
            uint64_t offset = va & ((UINT64_C(1) << shift) - 1);
            *pa = (table & ~((UINT64_C(1) << shift) - 1)) | offset;
            snprintf(text, size,
                     "the page is mapped (level-%u entry 0x%" PRIx64 "), but not for this", level,
                     entry);
            return true;
        }
    }
    return false;
}

void report_take_notes(struct report *report, const struct machine *m)
{
    const struct stop_info *stop = &report->stop;
    const struct cpu_state *s = &report->state[stop->cpu];
    struct report_notes *n = &report->notes;
    uint64_t pa;
    n->has_word = look_up(m, s, report->levels, s->pc, &pa, n->pc_page, sizeof n->pc_page);
    if (n->has_word) {
        n->pc_page[0] = '\0';
        n->has_word = machine_read(m, pa, &n->word, sizeof n->word);
    }
    for (unsigned v = 0; v < 32; v++) {
        uint64_t gate[2] = {0};
        bool there = look_up(m, s, report->levels, s->vbar + 16 * (uint64_t)v, &pa, n->page,
                             sizeof n->page) &&
                     machine_read(m, pa, gate, sizeof gate);
        n->gates = n->gates || (there && (gate[1] & GATE_P) && gate[0] != 0);
    }
    look_up(m, s, report->levels, stop->fault_addr, &pa, n->page, sizeof n->page);
}

// ---- helpers -------------------------------------------------------------------------------------

// Where the address lies in the program: in code, elsewhere in it, or outside.
static bool in_image(const struct image *image, uint64_t addr, bool *code)
{
    for (size_t i = 0; image && i < image->segment_count; i++) {
        const struct image_segment *s = &image->segments[i];
        if (addr >= s->addr && addr - s->addr < s->size + s->bss) {
            *code = (s->flags & IMAGE_EXEC) != 0 && addr - s->addr < s->size;
            return true;
        }
    }
    *code = false;
    return false;
}

static void print_at(FILE *out, const struct report *report, uint64_t pc)
{
    char place[PLACE_SIZE];
    report_place(place, report->image, pc);
    fprintf(out, "0x%" PRIx64 "%s%s", pc, place[0] ? ", " : "", place);
}

// Where a processor was that powered off: its pc is already behind the OUT.
uint64_t report_stop_pc(const struct report *report)
{
    const struct stop_info *stop = &report->stop;
    return stop->reason == STOP_POWEROFF ? stop->pc - 4 : report->state[stop->cpu].pc;
}

static void print_vector(FILE *out, unsigned vector, bool titled)
{
    const char *mnemonic = vector_mnemonic(vector);
    if (mnemonic && titled) {
        fprintf(out, "%s (%s)", mnemonic, vector_title(vector));
    } else if (mnemonic) {
        fputs(mnemonic, out);
    } else {
        fprintf(out, "vector %u", vector);
    }
}

// The instruction before the last one of the trace; NULL if there is none.
static const struct trace_entry *last_instruction(const struct report *report)
{
    for (size_t i = report->trace_count; i-- > 0;) {
        if (report->trace[i].event == 0) {
            return &report->trace[i];
        }
    }
    return NULL;
}

// ---- the stack -----------------------------------------------------------------------------------

// The word that the program was loaded with at `addr`; false if it has none there.
static bool loaded_word(const struct image *image, uint64_t addr, uint32_t *word)
{
    for (size_t i = 0; image && i < image->segment_count; i++) {
        const struct image_segment *s = &image->segments[i];
        uint64_t at = addr - s->addr;
        if (addr >= s->addr && at < s->size && s->size - at >= sizeof *word) {
            *word = (uint32_t)s->bytes[at] | (uint32_t)s->bytes[at + 1] << 8 |
                    (uint32_t)s->bytes[at + 2] << 16 | (uint32_t)s->bytes[at + 3] << 24;
            return true;
        }
    }
    return false;
}

// A program can say where its stack is, by the labels stack_bottom and stack_top: then it is known to have left it, whatever lies below.
static bool below_its_stack(FILE *out, const struct report *report, uint64_t sp)
{
    const struct image_symbol *bottom = NULL, *top = NULL;
    if (report->image) {
        bottom = image_find(report->image, "stack_bottom");
        top = image_find(report->image, "stack_top");
    }
    if (!bottom || !top || bottom->value >= top->value || sp >= bottom->value) {
        return false;
    }
    fprintf(out,
            "The stack pointer is 0x%" PRIx64 ", %" PRIu64
            " bytes below the program's stack, 0x%" PRIx64 " (stack_bottom) to 0x%" PRIx64
            " (stack_top): the stack has overflowed.\n",
            sp, bottom->value - sp, bottom->value, top->value);
    return true;
}

// Without page tables nothing stops a stack: it runs over the program, or on where there is no memory. Says so if it did.
static bool hint_stack(FILE *out, const struct report *report, const struct cpu_state *s)
{
    uint64_t sp = s->r[REG_SP];
    uint32_t loaded;
    if (s->msw & MSW_PG || sp == 0) { // 0: what it is at the start
        return false;
    }
    if (below_its_stack(out, report, sp)) {
        return true;
    }
    if (sp > report->ram) {
        fprintf(out,
                "The stack pointer is 0x%" PRIx64
                ", and no memory is there: the stack has overflowed, or "
                "was never set up.\n",
                sp);
        return true;
    }
    if (!report->notes.has_word || !loaded_word(report->image, s->pc, &loaded) ||
        loaded == report->notes.word) {
        return false;
    }
    fprintf(out,
            "The word there is 0x%08" PRIx32 ", and was 0x%08" PRIx32
            " when the program was loaded: it has been "
            "overwritten.\n",
            report->notes.word, loaded);
    if (sp - s->pc < PAGE_SIZE || s->pc - sp < PAGE_SIZE) {
        fprintf(out,
                "The stack pointer is 0x%" PRIx64
                ": the stack has overflowed, and grown over the program.\n",
                sp);
    }
    return true;
}

// ---- triple faults -------------------------------------------------------------------------------

static void hint_fetch(FILE *out, const struct report *report, uint64_t pc)
{
    bool code, inside = in_image(report->image, pc, &code);
    const struct trace_entry *from = last_instruction(report);
    struct insn in = from ? isa_decode(from->word) : (struct insn){0};
    if (!report->image || code) {
        fputs("The word there is no instruction, or HCALL where no hypervisor listens.\n", out);
    } else if (inside) {
        fputs("That is data of the program, not code.\n", out);
    } else if (from && from->pc + 4 == pc) {
        fputs("The program ran on past the end of its code: it must loop, halt or power off "
              "('out zero, [zero+0xf4]').\n",
              out);
    } else if (from) {
        fputs("That is outside the program: it jumped into nowhere, from ", out);
        print_at(out, report, from->pc);
        fputs(in.op == OP_SYSCALL ? " (MSR LSTAR says where SYSCALL goes).\n" : ".\n", out);
    } else {
        fputs("That is outside the program: a jump into nowhere.\n", out);
    }
}

static void hint_page_fault(FILE *out, const struct report *report, const struct cpu_state *s)
{
    uint64_t far = report->stop.fault_addr, sp = s->r[REG_SP];
    if (report->notes.pc_page[0]) {
        fprintf(out, "The instruction itself is not mapped: %s.\n", report->notes.pc_page);
        return;
    }
    if (report->stop.vector[1] == VEC_PF) {
        // The register holds the last of three addresses: that of the fault itself is lost.
        fprintf(out,
                "The delivery needs the vector table at 0x%" PRIx64 " and a stack (sp is 0x%" PRIx64
                "): both must be mapped.\n",
                s->vbar, sp);
        return;
    }
    fprintf(out, "It touched 0x%" PRIx64 "%s%s.\n", far, report->notes.page[0] ? ": " : "",
            report->notes.page);
    if (sp != 0 && far - (sp - PAGE_SIZE) < 2 * PAGE_SIZE) {
        fprintf(out,
                "The stack pointer is 0x%" PRIx64 ": the stack has overflowed, or was never set up "
                "there.\n",
                sp);
    }
}

// Whether this instruction can raise #GP by itself in ring 0.
static bool may_raise_gp(unsigned op)
{
    switch (op) {
    case OP_JALR:
    case OP_INT:
    case OP_BRK:
    case OP_CAS:
    case OP_LMSW:
    case OP_IRET:
    case OP_SYSRET:
    case OP_RDMSR:
    case OP_WRMSR: return true;
    default: return false;
    }
}

static void hint_protection(FILE *out, const struct report *report, const struct cpu_state *s)
{
    struct insn in = isa_decode(report->notes.word);
    const struct isa_row *row = isa_row(in.op);
    bool known = report->notes.has_word && in.op != OP_INVALID;
    if (known && s->ring > 0 && (row->priv == PRIV_RING0 || row->priv == PRIV_IOPL)) {
        fprintf(out, "%s is privileged, and this was ring %u%s.\n", row->mnemonic, s->ring,
                row->priv == PRIV_IOPL ? ", outside of IOPL" : "");
    } else if (known && (in.op == OP_INT || in.op == OP_BRK)) {
        fprintf(out, "%s asked for vector %u, which has no gate that lets this ring in.\n",
                row->mnemonic, in.op == OP_BRK ? (unsigned)VEC_BP : (unsigned)in.imm);
    } else if (known && in.op == OP_JALR) {
        fputs("A jump must lead to a multiple of 4, and to a canonical address.\n", out);
    } else if (known && in.op == OP_CAS) {
        fputs("CAS needs an address that is a multiple of 8.\n", out);
    } else if (known && !may_raise_gp(in.op) && (s->flags & FLAG_IF)) {
        fputs("That instruction raises none in ring 0; but interrupts were on (IF): one that has "
              "no gate "
              "ends so.\n",
              out);
    } else {
        fputs("In ring 0 that is an address that is not canonical, an unknown MSR, a reserved bit "
              "in LMSW, or "
              "a bad frame for IRET.\n",
              out);
    }
}

// #UD whose delivery failed at once shows as #GP: the first of the three vectors is then not the origin.
static bool began_as_invalid(const struct report *report)
{
    const struct report_notes *n = &report->notes;
    unsigned op = n->has_word ? isa_decode(n->word).op : OP_INVALID;
    return report->stop.vector[0] == VEC_GP && (op == OP_INVALID || op == OP_HCALL);
}

static void hint_first_fault(FILE *out, const struct report *report, const struct cpu_state *s)
{
    unsigned vector = report->stop.vector[0];
    vector = began_as_invalid(report) ? (unsigned)VEC_UD : vector;
    switch (vector) {
    case VEC_UD:
        if (!hint_stack(out, report, s)) {
            hint_fetch(out, report, s->pc);
        }
        break;
    case VEC_PF: hint_page_fault(out, report, s); break;
    case VEC_DE: fputs("DIV or REM by zero, or -2^63 / -1.\n", out); break;
    case VEC_GP: hint_protection(out, report, s); break;
    default: break;
    }
}

static void hint_delivery(FILE *out, const struct report *report, const struct cpu_state *s)
{
    if (s->vbar == 0 && !report->notes.gates) {
        fputs("There is no vector table (LIDT was never executed): every exception is fatal.\n",
              out);
    } else if (!report->notes.gates) {
        fprintf(out, "The vector table at 0x%" PRIx64 " holds no gate that is present.\n", s->vbar);
    } else if (s->ring > 0 && s->tr == 0) {
        fputs(
            "The task register is 0: delivery to ring 0 found no stack (LTR was never executed).\n",
            out);
    } else {
        fprintf(out,
                "Its delivery failed: look at the gates at 0x%" PRIx64
                ", and at the stack that the handler "
                "would get.\n",
                s->vbar);
    }
}

static void print_triple_fault(FILE *out, const struct style *style, const struct report *report)
{
    const struct stop_info *stop = &report->stop;
    const struct cpu_state *s = &report->state[stop->cpu];
    tone_printf(out, style, TONE_BAD, "Triple fault");
    if (report->cpus > 1) {
        fprintf(out, " on processor %u", stop->cpu);
    }
    fputs(": the machine cannot go on.\n", out);
    bool hidden = began_as_invalid(report);
    print_vector(out, hidden ? (unsigned)VEC_UD : stop->vector[0], true);
    fputs(" at ", out);
    print_at(out, report, s->pc);
    fputs(".\nDelivering it gave ", out);
    if (hidden) {
        print_vector(out, stop->vector[0], false);
        fputs(", delivering that gave ", out);
    }
    print_vector(out, stop->vector[1], false);
    fputs(": a double fault. Delivering that gave ", out);
    print_vector(out, stop->vector[2], false);
    fputs(".\n", out);
    hint_first_fault(out, report, s);
    hint_delivery(out, report, s);
}

// ---- other ends ----------------------------------------------------------------------------------

static void print_deadlock(FILE *out, const struct style *style, const struct report *report)
{
    tone_printf(out, style, TONE_BAD, "Deadlock");
    fputs(": every processor waits, and nothing is pending that could wake one.\n", out);
    bool masked = false;
    for (unsigned i = 0; i < report->cpus; i++) {
        const struct cpu_state *s = &report->state[i];
        if (s->parked) {
            fprintf(out, "Processor %u was never started.\n", i);
            continue;
        }
        fprintf(out, "Processor %u halted just before ", i);
        print_at(out, report, s->pc);
        bool open = s->flags & FLAG_IF;
        masked = masked || !open;
        fprintf(out, ", interrupts %s.\n", open ? "on" : "off (IF is clear)");
    }
    if (masked) {
        fputs("A program ends well by powering off: 'out zero, [zero+0xf4]'. One that waits for an "
              "interrupt "
              "needs STI before HLT, and a timer or device that will interrupt.\n",
              out);
    } else {
        fputs("No timer runs and no device is busy: arm one before HLT.\n", out);
    }
}

static void print_limit(FILE *out, const struct style *style, const struct report *report)
{
    char count[FORMAT_SIZE];
    struct cpu_counters total = report_total(report);
    tone_printf(out, style, TONE_MARK, "Stopped");
    fprintf(out, " at the limit, after %s instructions, at ",
            format_count(count, total.instructions));
    print_at(out, report, report_stop_pc(report));
    fputs(".\n", out);
    // A loop shows as few distinct addresses in the last steps.
    uint64_t low = UINT64_MAX, high = 0;
    for (size_t i = 0; i < report->trace_count; i++) {
        low = report->trace[i].pc < low ? report->trace[i].pc : low;
        high = report->trace[i].pc > high ? report->trace[i].pc : high;
    }
    if (report->trace_count > 1 && high - low < 4 * report->trace_count / 2) {
        fputs("It goes round between ", out);
        print_at(out, report, low);
        fputs(" and ", out);
        print_at(out, report, high);
        fputs(".\n", out);
    }
    if (!hint_stack(out, report, &report->state[report->stop.cpu])) {
        fputs("If it only needs more time, give a higher --limit.\n", out);
    }
}

static void explain_stop(FILE *out, const struct style *style, const struct report *report)
{
    const struct stop_info *stop = &report->stop;
    switch (stop->reason) {
    case STOP_POWEROFF:
        tone_printf(out, style, stop->status == 0 ? TONE_GOOD : TONE_BAD, "Powered off");
        fprintf(out, " with status %" PRIu32 ", at ", stop->status);
        print_at(out, report, report_stop_pc(report));
        fputs(".\n", out);
        break;
    case STOP_TRIPLE_FAULT: print_triple_fault(out, style, report); break;
    case STOP_DEADLOCK: print_deadlock(out, style, report); break;
    case STOP_LIMIT: print_limit(out, style, report); break;
    case STOP_BREAKPOINT:
        fputs("Stopped at ", out);
        print_at(out, report, stop->pc);
        fputs(".\n", out);
        break;
    case STOP_NONE: break;
    }
}

void report_print_stop(FILE *out, const struct style *style, const struct report *report)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory) {
        explain_stop(out, style, report); // not wrapped, but said
        return;
    }
    explain_stop(memory, style, report);
    fclose(memory);
    style_wrap_lines(out, style, text ? text : "");
    free(text);
}

const char *report_stop_name(enum stop_reason reason)
{
    switch (reason) {
    case STOP_LIMIT: return "limit";
    case STOP_POWEROFF: return "power-off";
    case STOP_DEADLOCK: return "deadlock";
    case STOP_TRIPLE_FAULT: return "triple-fault";
    case STOP_BREAKPOINT: return "breakpoint";
    case STOP_NONE: break;
    }
    return "none";
}
