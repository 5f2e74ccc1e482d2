// snapshot_cpu.c: a processor in a picture: registers, who has it, and the code around its pc with names and sources.
#include "models/snapshot_impl.h"

#include "sim/acct.h"
#include "sim/disasm.h"
#include "sim/machine_internal.h"

#include <stdio.h>

void snapshot_text(char *out, size_t size, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    n = n < size ? n : size - 1;
    memcpy(out, text ? text : "", n);
    out[n] = '\0';
}

// Code that runs where it was loaded and not where its symbols are: a kernel before it turns its paging on.
static uint64_t named_address(const struct image *img, uint64_t addr)
{
    for (size_t k = 0; k < img->segment_count; k++) {
        const struct image_segment *s = &img->segments[k];
        if (addr - s->addr < s->size + s->bss) {
            return addr + s->bias;
        }
    }
    return addr;
}

// Whether the image has anything at addr, so that a name is not taken from far away.
static bool covers(const struct image *img, uint64_t addr)
{
    for (size_t k = 0; k < img->segment_count; k++) {
        const struct image_segment *s = &img->segments[k];
        if (addr - (s->addr + s->bias) < s->size + s->bss) {
            return true;
        }
    }
    return false;
}

// An image by its name.
struct named {
    const struct image *image;
    const char *name;
};

// Whether what is in memory around pc is what the image has there.
static bool matches(const struct snapshot_view *v, unsigned i, uint64_t pc, const struct image *img)
{
    enum { BYTES = 16 };
    for (size_t k = 0; img && k < img->segment_count; k++) {
        const struct image_segment *s = &img->segments[k];
        uint64_t at = pc - s->addr;
        if (at < s->size && (s->flags & IMAGE_EXEC)) {
            uint8_t there[BYTES];
            size_t n = s->size - at < BYTES ? (size_t)(s->size - at) : BYTES;
            n = snapshot_read(v->vm, i, pc, there, n);
            return n >= 4 && memcmp(there, s->bytes + at, n) == 0;
        }
    }
    return false;
}

// Whose code is at pc: the kernel's, or the program's that is loaded, which is known by its bytes.
static struct named image_for(const struct snapshot_view *v, unsigned i, uint64_t pc, bool user)
{
    static const char *const programs[] = {
#define WORKLOAD(name, n, max, unit, summary) #name,
#define PROGRAM(name)                         #name,
#include "sim/toyos.def"
#undef WORKLOAD
#undef PROGRAM
    };
    const struct guest_symbols *y = &v->symbols;
    if (!user) {
        return (struct named){y->kernel, y->kernel_name};
    }
    const struct image *first = y->workload ? toyos_program(y->os, y->workload) : NULL;
    if (matches(v, i, pc, first)) {
        return (struct named){first, y->workload};
    }
    for (size_t k = 0; k < sizeof programs / sizeof *programs; k++) {
        const struct image *img = toyos_program(y->os, programs[k]);
        if (matches(v, i, pc, img)) {
            return (struct named){img, programs[k]};
        }
    }
    return (struct named){NULL, NULL};
}

static const struct image_symbol *symbol_at(const struct image *img, uint64_t addr, uint64_t *named)
{
    if (!img) {
        return NULL;
    }
    *named = named_address(img, addr);
    return covers(img, *named) ? image_near(img, *named) : NULL;
}

void snapshot_symbol(const struct snapshot_view *v, unsigned cpu, uint64_t pc, bool user, char *out,
                     size_t size)
{
    uint64_t named = pc;
    const struct image_symbol *s = symbol_at(image_for(v, cpu, pc, user).image, pc, &named);
    if (!s) {
        snapshot_text(out, size, "");
    } else if (named == s->value) {
        snapshot_text(out, size, s->name);
    } else {
        snprintf(out, size, "%.*s+%u", (int)size - 12, s->name, (unsigned)(named - s->value));
    }
}

static void name_position(const struct snapshot_view *v, const struct named *whose,
                          struct snapshot_cpu *out)
{
    const struct image *img = whose->image;
    uint64_t named = out->pc;
    const struct image_symbol *s = symbol_at(img, out->pc, &named);
    if (!s) {
        return;
    }
    snapshot_text(out->symbol, sizeof out->symbol, s->name);
    out->offset = named - s->value;
    snapshot_text(out->program, sizeof out->program, whose->name);
    const struct image_line *line = image_line_at(img, named);
    if (line) {
        snapshot_text(out->file, sizeof out->file, img->files[line->file]);
        out->line = line->line;
        if (!v->symbols.source || !v->symbols.source(v->symbols.source_ctx, img->files[line->file],
                                                     line->line, out->source, sizeof out->source)) {
            memset(out->source, 0, sizeof out->source);
        }
    }
}

static void code_line(const struct snapshot_view *v, unsigned i, const struct image *img,
                      uint64_t addr, struct snapshot_code *out)
{
    uint64_t named = addr;
    const struct image_symbol *s = symbol_at(img, addr, &named);
    out->addr = addr;
    if (s) {
        const struct image_line *line = image_line_at(img, named);
        if (named == s->value) {
            snapshot_text(out->symbol, sizeof out->symbol, s->name);
        }
        if (line) {
            snapshot_text(out->file, sizeof out->file, img->files[line->file]);
            out->line = line->line;
        }
    }
    for (unsigned k = 0; k < v->break_count; k++) {
        const struct session_break *b = &v->breaks[k];
        out->has_break =
            out->has_break || (b->enabled && b->kind == BREAK_ADDRESS && b->value == addr);
    }
    out->readable = snapshot_read(v->vm, i, addr, &out->word, 4) == 4;
    if (out->readable) {
        char text[DISASM_LINE_MAX];
        out->op = isa_decode(out->word).op;
        disasm_word(out->word, named, img, text, sizeof text);
        snapshot_text(out->text, sizeof out->text, text);
    }
}

static void code(const struct snapshot_view *v, unsigned i, const struct image *img,
                 struct snapshot_cpu *out)
{
    uint64_t first = v->code_fixed[i] ? v->code[i] : out->pc - 4 * (SNAP_CODE / 2);
    out->code_at = SNAP_CODE;
    for (unsigned k = 0; k < SNAP_CODE; k++) {
        uint64_t addr = first + 4 * k;
        code_line(v, i, img, addr, &out->code[k]);
        out->code_at = addr == out->pc ? k : out->code_at;
    }
    out->code_count = SNAP_CODE;
}

uint32_t snapshot_instruction(const struct snapshot_view *v, unsigned cpu, uint64_t pc,
                              const struct insn *in, char *text, size_t size)
{
    uint32_t word = 0;
    char line[DISASM_LINE_MAX];
    if ((in->op == OP_INVALID || !isa_encode(in, &word)) &&
        snapshot_read(v->vm, cpu, pc, &word, 4) != 4) {
        snapshot_text(text, size, "");
        return 0;
    }
    disasm_word(word, pc, NULL, line, sizeof line);
    snapshot_text(text, size, line);
    return word;
}

static void registers(const struct vm *vm, unsigned i, struct snapshot_cpu *out)
{
    const struct cpu *c = &vm->m->cpu[i];
    struct cpu_state s;
    vm_state(vm, i, &s);
    memcpy(out->r, s.r, sizeof out->r);
    out->pc = s.pc;
    out->flags = s.flags;
    out->msw = s.msw;
    out->ptbr = s.ptbr;
    out->vbar = s.vbar;
    out->tr = s.tr;
    out->far = s.far;
    out->kstack = s.kstack;
    out->lstar = s.lstar;
    out->tpr = s.tpr;
    out->ring = s.ring;
    out->halted = s.halted;
    out->parked = s.parked;
    out->real_ring = c->s.ring;
    out->real_ptbr = c->s.ptbr;
    out->non_root = c->vmcs != NULL;
    out->monitored = !vm_is_bare(vm);
    out->idle = c->idle || c->s.halted;
    out->offered = (int16_t)(vm_is_bare(vm) ? c->intr : vm->vcpu[i].offer);
}

void snapshot_cpu(const struct snapshot_view *v, unsigned i, struct snapshot_cpu *out)
{
    const struct vm *vm = v->vm;
    const struct cpu *c = &vm->m->cpu[i];
    const struct cpu_counters *n = machine_counters(vm->m, i);
    registers(vm, i, out);
    out->time = cpu_now(c);
    out->instructions = n->instructions;
    bool waits = !cpu_runnable(c);
    out->who = waits ? WHO_IDLE : v->observer->cpu[i].base;
    out->category = (uint8_t)(waits ? CYC_IDLE : c->category);
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        out->cycles[k] = n->cycles[k];
    }
    struct named whose = image_for(v, i, out->pc, out->ring == 3 && v->symbols.os);
    name_position(v, &whose, out);
    code(v, i, whose.image, out);
}
