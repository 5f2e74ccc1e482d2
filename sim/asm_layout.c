// asm_layout.c: gives every item its place. `li` and `la` take as few instructions as their values
// allow, but their sizes move the labels that their values come from: all begin at one instruction
// and only grow, pass by pass, until nothing moves any more.
#include "sim/asm_impl.h"

#include <string.h>

enum { PASSES_MAX = 100 };

// Beyond this nothing can be stored or reserved; it also keeps sums of sizes far from overflow.
#define SIZE_MAX_BYTES (UINT64_C(1) << 40)

static bool grow_li(struct assembler *as, struct item *item, uint64_t min)
{
    struct insn plan[4];
    if (item->size == 0) { // in the first pass, while most addresses are not even nearly right
        item->size = 4;
        return true;
    }
    struct value v = expr_value(as, item->expr);
    uint64_t need = v.known ? 4 * insn_plan_li(item->insn.rd, (uint64_t)v.number, plan) : 4;
    uint64_t before = item->size;
    item->size = need > item->size ? need : item->size;
    item->size = min > item->size ? min : item->size;
    return item->size != before;
}

bool layout_lea_reaches(uint64_t target, uint64_t at)
{
    int64_t distance = (int64_t)(target - at);
    return distance >= -(1 << 19) && distance < 1 << 19;
}

static bool grow_la(struct assembler *as, const struct section *s, struct item *item, uint64_t min)
{
    struct value v = item->size == 0 ? (struct value){0} : expr_value(as, item->expr);
    bool reaches = v.known && layout_lea_reaches((uint64_t)v.number, s->addr + item->offset);
    if (reaches || (!v.known && item->size > 0)) {
        return false;
    }
    return grow_li(as, item, min);
}

// How far the item moves what follows; `min` is what li and la take at least.
static bool place_item(struct assembler *as, const struct section *s, struct item *item,
                       uint64_t min)
{
    uint64_t before = item->size;
    struct value v;
    switch (item->kind) {
    case ITEM_LI: return grow_li(as, item, min);
    case ITEM_LA: return grow_la(as, s, item, min);
    case ITEM_ALIGN:
        item->size = (0 - (s->addr + item->offset)) & ((uint64_t)item->expr->number - 1);
        break;
    case ITEM_ORG:
        v = expr_value(as, item->expr);
        item->size = (uint64_t)v.number - (s->addr + item->offset);
        item->size = v.known && item->size <= SIZE_MAX_BYTES ? item->size : 0;
        break;
    case ITEM_SPACE:
        v = expr_value(as, item->expr);
        item->size = v.known && v.number >= 0 && (uint64_t)v.number <= SIZE_MAX_BYTES
                         ? (uint64_t)v.number
                         : 0;
        break;
    default: break;
    }
    return item->size != before;
}

bool layout_fills_with_nops(const struct section *s, const struct item *item)
{
    return item->kind == ITEM_ALIGN && item->fill < 0 && (s->flags & IMAGE_EXEC) && !s->no_bytes;
}

static bool is_zero_fill(const struct section *s, const struct item *item)
{
    bool fill = item->kind == ITEM_ALIGN || item->kind == ITEM_ORG || item->kind == ITEM_SPACE;
    return fill && item->fill <= 0 && !layout_fills_with_nops(s, item);
}

static bool place_section(struct assembler *as, struct section *s, uint64_t min,
                          const struct loc **moved)
{
    bool changed = false;
    uint64_t offset = 0;
    s->stored = 0;
    for (size_t i = 0; i < s->count; i++) {
        struct item *item = &s->items[i];
        changed |= item->offset != offset;
        item->offset = offset;
        if (place_item(as, s, item, min)) {
            changed = true;
            *moved = &item->at;
        }
        offset += item->size;
        if (offset > SIZE_MAX_BYTES) {
            asm_fatal(as, &item->at,
                      "section '%s' becomes larger than 2^40 bytes; make this smaller", s->name);
        }
        if (!is_zero_fill(s, item)) {
            s->stored = offset;
        }
    }
    changed |= s->size != offset;
    s->size = offset;
    return changed;
}

// One pass over all sections; true if anything moved.
static bool pass(struct assembler *as, uint64_t min, const struct loc **moved)
{
    uint64_t base = as->request->base ? as->request->base : ASM_DEFAULT_BASE, load = base,
             stored = 0;
    bool changed = false;
    as->stamp++;
    for (size_t i = 0; i < as->section_count; i++) {
        struct section *s = as->sections[i];
        if (s->count == 0 && !s->has_addr && !s->has_load) {
            // Never used: must not move what follows, but labels may stand in it.
            changed |= s->addr != base;
            s->addr = base;
            s->load = load;
            continue;
        }
        uint64_t mask = (s->align > 8 ? s->align : 8) - 1;
        // What follows a section that is loaded elsewhere follows it in both respects.
        uint64_t addr = s->has_addr ? s->addr : (base + mask) & ~mask;
        uint64_t at = s->has_load ? s->load : s->has_addr ? addr : load + (addr - base);
        changed |= s->addr != addr || s->load != at;
        s->addr = addr;
        s->load = at;
        changed |= place_section(as, s, min, moved);
        base = s->addr + s->size;
        load = s->load + s->size;
        stored += s->stored;
    }
    if (stored > as->max_output) {
        asm_fatal(as, &as->last,
                  "the image becomes %llu bytes, and %llu are the limit; use .bss or .space for "
                  "what is zero",
                  (unsigned long long)stored, (unsigned long long)as->max_output);
    }
    return changed;
}

static void check_place(struct assembler *as, const struct section *s)
{
    if (s->count > 0 && s->has_addr && (s->addr & (s->align - 1)) != 0) {
        asm_report(
            as, &s->opened,
            "section '%s' is at 0x%llx but has something aligned to %llu; move it or align less",
            s->name, (unsigned long long)s->addr, (unsigned long long)s->align);
    }
    if (s->addr + s->size < s->addr || s->load + s->size < s->load) {
        asm_report(as, &s->opened,
                   "section '%s' goes beyond the end of the address space; move it down", s->name);
    }
}

static void check_overlap(struct assembler *as, size_t i)
{
    const struct section *s = as->sections[i];
    for (size_t j = 0; j < i; j++) {
        const struct section *o = as->sections[j];
        if (s->size > 0 && o->size > 0 && s->load < o->load + o->size &&
            o->load < s->load + s->size) {
            asm_report(as, &s->opened,
                       "section '%s' at 0x%llx overlaps '%s' at 0x%llx to 0x%llx; move one of them",
                       s->name, (unsigned long long)s->load, o->name, (unsigned long long)o->load,
                       (unsigned long long)(o->load + o->size - 1));
            return;
        }
    }
}

void layout_run(struct assembler *as)
{
    const struct loc *moved = &as->last;
    as->layout = true;
    bool moving = true;
    for (unsigned i = 0; i < PASSES_MAX && moving; i++) {
        moving = pass(as, 0, &moved);
    }
    // A program that does not settle (each growth makes another value longer) gets the longest form
    // everywhere.
    for (unsigned i = 0; i < PASSES_MAX && moving; i++) {
        moving = pass(as, 16, &moved);
    }
    as->stamp++;
    as->final = true;
    if (moving) {
        asm_report(as, moved, "this size depends on itself; use numbers, or labels before it");
    }
    for (size_t i = 0; i < as->section_count; i++) {
        check_place(as, as->sections[i]);
        check_overlap(as, i);
    }
}
