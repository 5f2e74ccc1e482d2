// Says how a page walk ended: where it led, or which fault it was, why, and whose it is.
#include "cli/translate.h"

#include <inttypes.h>
#include <stdlib.h>

// What the addresses of space k are called.
static const char *space_name_of(unsigned k, unsigned dims)
{
    if (k == dims) {
        return dims == 1 ? "physical" : "host-physical";
    }
    return k == 0 ? "virtual" : k == 1 ? "guest-physical" : "L1-physical";
}

// "0x7:" and a line for each bit that says something.
static void print_error_code(FILE *out, uint32_t error)
{
    static const struct {
        unsigned bit;
        const char *set, *clear;
    } bits[] = {{0, "the page is there and refuses", "the page is not present"},
                {1, "a write", "a read"},
                {2, "by ring 3", "by rings 0 to 2"},
                {3, "a reserved bit is set", NULL},
                {4, "an instruction fetch", NULL}};
    fprintf(out, "0x%" PRIx32 ":\n", error);
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        unsigned set = (error >> bits[i].bit) & 1;
        bool fetch = bits[i].bit == 1 && (error & PF_FETCH); // neither a write nor a read
        const char *text = set ? bits[i].set : fetch ? NULL : bits[i].clear;
        if (text) {
            fprintf(out, "  bit %u = %u  %s\n", bits[i].bit, set, text);
        }
    }
}

// The first of the guest's entries on this walk that lacks `bit` (or has it, for NX).
static const struct walk_step *denier(const struct translation *t, uint64_t bit)
{
    for (unsigned i = 0; i < t->log.count; i++) {
        const struct walk_step *s = &t->log.step[i];
        if (s->dim == 0 && ((s->value & bit) != 0) == (bit == PTE_NX)) {
            return s;
        }
    }
    return NULL;
}

// Which of the guest's entries refuses, and why: the rights of all levels count.
static void print_guest_reason(FILE *out, const struct translation *t)
{
    const struct walk_step *s = &t->log.step[t->log.count - 1];
    const char *why = "P is clear: nothing is mapped there";
    if (t->result.error & PF_RESERVED) {
        why = "a bit is set in it that must be zero";
    } else if (t->result.error & PF_PRESENT) {
        const struct walk_step *user = t->access.user ? denier(t, PTE_U) : NULL;
        const struct walk_step *write = t->access.write ? denier(t, PTE_W) : NULL;
        const struct walk_step *fetch = t->access.fetch ? denier(t, PTE_NX) : NULL;
        s = user ? user : write ? write : fetch ? fetch : s;
        why = user    ? "it lacks U: ring 3 must stay out"
              : write ? "it lacks W: nobody may write"
                      : "it has NX: no instructions are fetched there";
    }
    fprintf(out, "Level-%u entry %u decides: %s.\n", s->level, s->index, why);
}

// Likewise for a nested table, and what a hypervisor then does.
static void print_nested_reason(FILE *out, const struct translation *t)
{
    const struct walk_step *s = &t->log.step[t->log.count - 1];
    bool absent = (s->value & (EPT_R | EPT_W | EPT_X)) == 0;
    if (s->dim != t->result.fault_dim) {
        return; // the address was too wide for the table: nothing was read
    }
    fprintf(out, "Its level-%u entry %u decides: %s.\n", s->level, s->index,
            t->result.status == WALK_MISCONFIG
                ? (s->value & EPT_R ? "it has a reserved bit set"
                                    : "it has W without R, which means nothing")
            : absent ? "R, W and X are clear: nothing is mapped there"
                     : "its levels do not allow this access");
    fputs(t->result.status == WALK_MISCONFIG ? "Hypervisors mark device memory so: the exit is "
                                               "cheap to recognize, and they emulate the "
                                               "access.\n"
          : absent
              ? "The hypervisor handles it: it finds memory for the page, maps it and resumes.\n"
              : "The hypervisor handles it: it copies a shared page, or notes it as dirty, allows "
                "the "
                "access and resumes.\n",
          out);
    fputs("The guest never learns of it.\n", out);
}

static void print_fault(FILE *out, const struct style *style, const struct space *space,
                        const struct translation *t)
{
    const struct walk_result *r = &t->result;
    if (r->status == WALK_NOT_CANONICAL && r->fault_dim == 0) {
        tone_printf(out, style, TONE_BAD, "#GP(0)");
        fprintf(out, ": the address is not canonical, no table is read, 0 references.\n"
                     "It is the program's fault; its own kernel gets vector 13.\n");
        return;
    }
    if (r->fault_dim == 0) {
        tone_printf(out, style, TONE_BAD, "#PF");
        fprintf(out, ", vector 14, after %u reference%s. Error code ", r->refs,
                r->refs == 1 ? "" : "s");
        print_error_code(out, r->error);
        fprintf(out, "Fault address register: 0x%016" PRIx64 ".\n", r->fault_addr);
        print_guest_reason(out, t);
        if (space->dims > 1) {
            fprintf(
                out,
                "A guest page fault: the guest's own tables refuse, and its own kernel handles it. "
                "No VM exit "
                "(under shadow paging it would be one, for the hypervisor must look "
                "first).\n");
        } else {
            fprintf(out,
                    "The kernel decides: it brings the page, copies it, or ends the program.\n");
        }
        return;
    }
    bool misconfigured = r->status == WALK_MISCONFIG;
    tone_printf(out, style, TONE_BAD, "EPT %s", misconfigured ? "misconfiguration" : "violation");
    fprintf(out, ", a VM exit (reason %s), after %u reference%s.\n",
            misconfigured ? "49 EPT_MISCONFIG" : "48 EPT_VIOLATION", r->refs,
            r->refs == 1 ? "" : "s");
    fprintf(out, "%s could not translate %s 0x%" PRIx64 ", where %s would be.\n",
            dimension_name(r->fault_dim, space->dims), space_name_of(r->fault_dim, space->dims),
            r->fault_addr, r->fault_final ? "the data" : "an entry of the guest's own tables");
    if (t->log.count > 0) {
        print_nested_reason(out, t);
    }
}

static void say_outcome(FILE *out, const struct style *style, const struct space *space,
                        const struct translation *t)
{
    const struct walk_result *r = &t->result;
    if (r->status != WALK_OK) {
        print_fault(out, style, space, t);
        return;
    }
    tone_printf(out, style, TONE_GOOD, "%s 0x%" PRIx64, space_name_of(space->dims, space->dims),
                r->address);
    fprintf(out, ", %u reference%s", r->refs, r->refs == 1 ? "" : "s");
    // Each dimension multiplies, if its levels were all of the same number each time.
    unsigned seen[WALK_DIMS_MAX] = {0}, expected = 1;
    uint64_t product = 1;
    for (unsigned i = 0; i < t->log.count; i++) {
        seen[t->log.step[i].dim]++;
    }
    char formula[96] = "";
    size_t used = 0;
    for (unsigned d = 0; d < space->dims; d++) {
        expected = (unsigned)(seen[d] / product);
        used += (size_t)snprintf(formula + used, sizeof formula - used, "%s(%u + 1)",
                                 d ? " x " : "", expected);
        product *= expected + 1;
    }
    if (space->dims > 1 && product - 1 == r->refs) {
        fprintf(out, " = %s - 1", formula);
    }
    fputs(".\n", out);
}

void translation_print_cost(FILE *out, const struct style *style, const struct translation *t,
                            const struct cpu_model *model)
{
    const struct walk_result *r = &t->result;
    uint64_t ref = cost_cycles(model, COST_WALK_REF), ad = cost_cycles(model, COST_WALK_AD);
    char updates[96] = "", text[256];
    if (r->refs == 0) {
        return;
    }
    if (r->ad_sets > 0) {
        snprintf(updates, sizeof updates, " + %u accessed/dirty update%s x %" PRIu64, r->ad_sets,
                 r->ad_sets == 1 ? "" : "s", ad);
    }
    snprintf(text, sizeof text,
             "Cost on %s: %u x %" PRIu64 " cycles%s = %" PRIu64
             " cycles, when no TLB and no walk cache helps.",
             model->name, r->refs, ref, updates, r->cost);
    style_wrap(out, style, text, 0, 0);
}

void translation_say(FILE *out, translation_say_fn *say, const struct style *style,
                     const struct space *space, const struct translation *t)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory) {
        exit(cli_error(CLI_UNAVAILABLE, "no memory for a text"));
    }
    say(memory, style, space, t);
    fclose(memory);
    style_wrap_lines(out, style, text ? text : "");
    free(text);
}

void translation_print_outcome(FILE *out, const struct style *style, const struct space *space,
                               const struct translation *t)
{
    translation_say(out, say_outcome, style, space, t);
}
