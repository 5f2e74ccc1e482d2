// The rig for tests of the processor.
#include "tests/cpu_rig.h"

#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

struct rig *rig_new(void)
{
    struct rig *r = calloc(1, sizeof *r);
    if (!r) {
        CHECK(r != NULL);
        return NULL;
    }
    strcpy(r->model.name, "rig");
    memcpy(r->model.vendor, "RigRigRigRig", 12);
    r->model.mhz = 1000;
    r->model.tlb = (struct tlb_geometry){
        .l1i_4k = 8, .l1i_2m = 2, .l1d_4k = 8, .l1d_2m = 2, .l2_sets = 8, .l2_ways = 4};
    for (unsigned k = 0; k < COST_COUNT; k++) {
        r->model.cost[k] = (struct cost_value){.value = 1, .kind = COST_ASSUMED, .source = "rig"};
    }
    machine_config_default(&r->config);
    r->config.ram = UINT64_C(16) << 20;
    r->free_frame = UINT64_C(1) << 20;
    return r;
}

void rig_free(struct rig *r)
{
    if (r) {
        machine_destroy(r->m);
        asm_result_free(&r->program);
        free(r);
    }
}

static bool assemble(struct rig *r, const char *source)
{
    struct asm_request request = {.source = {"test.s", source, strlen(source)}};
    if (asm_assemble(&request, &r->program)) {
        return true;
    }
    for (size_t k = 0; k < r->program.diagnostic_count; k++) {
        const struct asm_diagnostic *d = &r->program.diagnostics[k];
        FAIL("%s:%u:%u: %s", d->file, d->line, d->column, d->text);
    }
    return false;
}

bool rig_start(struct rig *r, const char *source)
{
    char err[256] = "";
    r->config.model = &r->model;
    r->m = machine_create(&r->config, err, sizeof err);
    if (!r->m) {
        return FAIL("no machine: %s", err);
    }
    r->c = &r->m->cpu[0];
    if (!source) {
        return true;
    }
    if (!assemble(r, source) || !machine_load(r->m, &r->program.image, 0, err, sizeof err)) {
        return FAIL("no program: %s", err);
    }
    const struct image_symbol *start = image_find(&r->program.image, "start");
    if (start) {
        r->c->s.pc = start->value;
    }
    return true;
}

uint64_t rig_symbol(const struct rig *r, const char *name)
{
    const struct image_symbol *s = image_find(&r->program.image, name);
    if (!s) {
        FAIL("the program has no symbol %s", name);
    }
    return s ? s->value : 0;
}

uint64_t rig_word(const struct rig *r, uint64_t addr)
{
    uint64_t v = 0;
    CHECK(machine_read(r->m, addr, &v, sizeof v));
    return v;
}

void rig_put(struct rig *r, uint64_t addr, uint64_t value)
{
    CHECK(machine_write(r->m, addr, &value, sizeof value));
}

uint64_t rig_table(struct rig *r)
{
    static const uint8_t zeros[PAGE_SIZE];
    uint64_t at = r->free_frame;
    r->free_frame += PAGE_SIZE;
    CHECK(machine_write(r->m, at, zeros, sizeof zeros));
    return at;
}

static void map(struct rig *r, uint64_t root, unsigned levels, uint64_t va, uint64_t leaf,
                uint64_t link, bool huge)
{
    uint64_t table = root;
    unsigned last = huge ? 2 : 1;
    for (unsigned level = levels;; level--) {
        uint64_t entry = table + 8 * (va >> (PAGE_SHIFT + LEVEL_BITS * (level - 1)) & 511);
        if (level == last) {
            rig_put(r, entry, leaf | (huge ? PTE_PS : 0));
            return;
        }
        uint64_t v = rig_word(r, entry);
        if (!v) {
            v = rig_table(r) | link;
            rig_put(r, entry, v);
        }
        table = v & PTE_FRAME;
    }
}

void rig_map(struct rig *r, uint64_t root, unsigned levels, uint64_t va, uint64_t pa,
             uint64_t flags, bool huge)
{
    map(r, root, levels, va, pa | flags, PTE_P | PTE_W | PTE_U, huge);
}

void rig_map_nested(struct rig *r, uint64_t root, unsigned levels, uint64_t gpa, uint64_t pa,
                    uint64_t flags, bool huge)
{
    map(r, root, levels, gpa, pa | flags, EPT_R | EPT_W | EPT_X, huge);
}

void rig_map_all(struct rig *r, uint64_t root, unsigned levels, uint64_t bytes, uint64_t flags)
{
    for (uint64_t at = 0; at < bytes; at += PAGE_SIZE) {
        rig_map(r, root, levels, at, at, flags, false);
    }
}
