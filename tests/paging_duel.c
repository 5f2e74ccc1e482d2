// The duel of paging_duel.h: both machines, and the sequences.
#include "tests/paging_duel.h"

#include "tests/paging_guest.h"
#include "tests/test.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// ---- making ---------------------------------------------------------------------------------------

static struct machine *make_machine(const struct duel_config *config, uint64_t ram)
{
    char err[256] = "";
    struct machine_config mc;
    machine_config_default(&mc);
    mc.ram = ram;
    mc.cpus = config->cpus;
    mc.levels = config->levels;
    mc.model = config->model;
    struct machine *m = machine_create(&mc, err, sizeof err);
    if (!m) {
        FAIL("%s", err);
    }
    return m;
}

bool duel_create(struct duel *w, const struct duel_config *config)
{
    char err[256] = "";
    *w = (struct duel){.config = *config};
    uint64_t base = (config->pool + HUGE_PAGE_SIZE) & ~(HUGE_PAGE_SIZE - 1);
    w->native = make_machine(config, DUEL_RAM);
    w->vm = (struct vm){.m = make_machine(config, base + DUEL_RAM),
                        .arch = config->arch,
                        .paging = config->paging,
                        .base = base,
                        .ram = DUEL_RAM,
                        .vcpu = w->vcpu,
                        .vcpus = config->cpus,
                        .pool_next = PAGE_SIZE,
                        .pool_end = PAGE_SIZE + config->pool};
    if (!w->native || !w->vm.m) {
        return false;
    }
    w->vm.memory = (struct mem){.bytes = w->vm.m->mem.bytes + base,
                                .size = DUEL_RAM,
                                .frame = w->vm.m->mem.frame + (base >> PAGE_SHIFT)};
    for (unsigned k = 0; k < config->cpus; k++) {
        w->vcpu[k] = (struct vcpu){.vm = &w->vm, .cpu = &w->vm.m->cpu[k], .index = k};
        w->vcpu[k].cpu->s.parked = w->native->cpu[k].s.parked = false;
    }
    if (!config->paging->create(&w->vm, err, sizeof err)) {
        return FAIL("%s", err);
    }
    w->vm.pool_end = PAGE_SIZE * (1 + config->frames);
    return true;
}

void duel_destroy(struct duel *w)
{
    if (w->vm.paging_state) {
        w->config.paging->destroy(&w->vm);
    }
    for (unsigned k = 0; k < w->config.cpus && w->vm.m; k++) {
        w->vm.m->cpu[k].vmcs = NULL;
    }
    machine_destroy(w->native);
    machine_destroy(w->vm.m);
}

// ---- accesses -------------------------------------------------------------------------------------

bool duel_touch(struct cpu *c, const struct duel_access *a, uint64_t *value)
{
    uint64_t pa;
    switch (a->kind) {
    case DUEL_LOAD: return cpu_load(c, a->va, a->n, value);
    case DUEL_STORE: return cpu_store(c, a->va, a->n, a->value);
    case DUEL_CAS: return cpu_compare_and_swap(c, a->va, a->expected, a->value, value);
    case DUEL_FETCH: break;
    }
    if (!cpu_translate(c, a->va, ACC_FETCH, c->s.ring == 3, &pa)) {
        return false;
    }
    *value = mem_has(c->mem, pa, 4) ? mem_get(c->mem, pa, 4) : UINT32_MAX;
    return true;
}

// On the bare machine, whose TLB has just been emptied.
static struct duel_result native_access(struct duel *w, unsigned k, const struct duel_access *a)
{
    struct cpu *c = &w->native->cpu[k];
    struct duel_result r = {0};
    c->s.ring = (uint8_t)a->ring;
    c->s.msw = w->vcpu[k].g.msw;
    c->s.ptbr = w->vcpu[k].g.ptbr;
    cpu_sync(c);
    cpu_drop_vpid(c);
    r.ok = duel_touch(c, a, &r.value);
    if (!r.ok) {
        r.vector = c->fault.vector;
        r.error = c->fault.error;
        r.addr = r.vector == VEC_PF ? c->fault.addr : 0;
    }
    return r;
}

struct piece {
    uint64_t gpa;
    unsigned n;
};

// Translate one page's worth by software. False: *r is the fault.
static bool locate(struct duel *w, const struct vcpu *v, const struct duel_access *a, uint64_t va,
                   uint64_t *gpa, struct duel_result *r)
{
    *gpa = va;
    if (!(v->g.msw & MSW_PG)) {
        return true;
    }
    struct walk_dim dim = {
        .format = WALK_GUEST, .root = v->g.ptbr & PTBR_FRAME, .levels = w->config.levels};
    struct walk_access access = {.write = a->kind == DUEL_STORE || a->kind == DUEL_CAS,
                                 .fetch = a->kind == DUEL_FETCH,
                                 .user = a->ring == 3,
                                 .wp = v->g.msw & MSW_WP};
    struct walk_result walked = walk(&w->vm.memory, &dim, 1, va, access, true, NULL, NULL);
    *gpa = walked.address;
    if (walked.status == WALK_OK) {
        return true;
    }
    *r = (struct duel_result){.vector = VEC_PF, .error = walked.error, .addr = va};
    if (walked.status == WALK_NOT_CANONICAL) {
        *r = (struct duel_result){.vector = VEC_GP};
    }
    return false;
}

static void get(const struct duel *w, const struct piece *p, uint8_t *to)
{
    if (!mem_read(&w->vm.memory, p->gpa, to, p->n)) {
        memset(to, 0xff, p->n);
    }
}

static void put(struct duel *w, const struct piece *p, const uint8_t *from)
{
    if (mem_write(&w->vm.memory, p->gpa, from, p->n)) {
        w->config.paging->wrote(&w->vm, p->gpa, p->n);
    }
}

struct duel_result duel_emulate(struct duel *w, struct vcpu *v, const struct duel_access *a)
{
    struct duel_result r = {0};
    unsigned room = (unsigned)(PAGE_SIZE - (a->va & PAGE_MASK));
    struct piece low = {.n = a->n < room ? a->n : room}, high = {.n = a->n - low.n};
    if (!locate(w, v, a, a->va, &low.gpa, &r) ||
        (high.n && !locate(w, v, a, a->va + low.n, &high.gpa, &r))) {
        return r;
    }
    uint8_t bytes[8] = {0};
    r.ok = true;
    if (a->kind != DUEL_STORE) {
        get(w, &low, bytes);
        get(w, &high, bytes + low.n);
        memcpy(&r.value, bytes, sizeof r.value);
    }
    if (a->kind == DUEL_STORE || (a->kind == DUEL_CAS && r.value == a->expected)) {
        memcpy(bytes, &a->value, sizeof bytes);
        put(w, &low, bytes);
        put(w, &high, bytes + low.n);
    }
    return r;
}

// ---- comparing ------------------------------------------------------------------------------------

static bool same_frame(struct duel *w, uint64_t gpa, const char *what)
{
    const uint8_t *a = w->native->mem.bytes + gpa, *b = w->vm.memory.bytes + gpa;
    if (memcmp(a, b, PAGE_SIZE) == 0) {
        return true;
    }
    for (unsigned i = 0; i < PAGE_SIZE; i += 8) {
        uint64_t native = mem_get(&w->native->mem, gpa + i, 8);
        uint64_t other = mem_get(&w->vm.memory, gpa + i, 8);
        if (native != other) {
            return FAIL("%s seed %" PRIu64 " step %u after %s: %#" PRIx64 " holds %#" PRIx64
                        ", natively %#" PRIx64,
                        w->config.side->name, w->config.seed, w->steps, what, gpa + i, other,
                        native);
        }
    }
    return true;
}

static bool same_memory(struct duel *w, const char *what)
{
    bool same = true;
    for (unsigned i = 0; i < DUEL_TABLES && same; i++) {
        same = same_frame(w, w->table[i], what);
    }
    for (unsigned i = 0; i < DUEL_DATA && same; i++) {
        same = same_frame(w, w->data[i], what);
    }
    return same;
}

static bool same_result(struct duel *w, const struct duel_access *a, const struct duel_result *x,
                        const struct duel_result *y)
{
    bool same = x->ok == y->ok &&
                (x->ok ? x->value == y->value
                       : x->vector == y->vector && x->error == y->error && x->addr == y->addr);
    return same || FAIL("%s seed %" PRIu64 " step %u: access %d of %u at %#" PRIx64
                        " in ring %u: ok %d value %#" PRIx64 " vector %u error %#x at %#" PRIx64
                        "; natively ok %d value %#" PRIx64 " vector %u error %#x at %#" PRIx64,
                        w->config.side->name, w->config.seed, w->steps, (int)a->kind, a->n, a->va,
                        a->ring, y->ok, y->value, y->vector, y->error, y->addr, x->ok, x->value,
                        x->vector, x->error, x->addr);
}

// ---- what the guest does --------------------------------------------------------------------------

static bool access_both(struct duel *w, unsigned k, const struct duel_access *a)
{
    struct guest_ways ways;
    guest_note_ways(w, &ways);
    struct duel_result native = native_access(w, k, a);
    struct duel_result other = w->config.side->access(w, &w->vcpu[k], a);
    w->accesses++;
    w->succeeded += native.ok;
    w->table_stores += guest_find_changes(w, &ways) > 0;
    return same_result(w, a, &native, &other) && same_memory(w, "an access");
}

static bool random_access(struct duel *w, unsigned k)
{
    struct duel_access a;
    return !guest_choose_access(w, k, &a) || access_both(w, k, &a);
}

static bool table_store(struct duel *w, unsigned k)
{
    struct duel_access a;
    return !guest_choose_table_store(w, k, &a) || access_both(w, k, &a);
}

static bool flush_page(struct duel *w, unsigned k)
{
    uint64_t va = guest_choose_flush(w, k);
    w->config.side->invlpg(w, &w->vcpu[k], va);
    w->flushed_pages++;
    return same_memory(w, "INVLPG");
}

static bool load_base(struct duel *w, unsigned k)
{
    guest_choose_base(w, k);
    w->config.side->load(w, &w->vcpu[k]);
    w->loads++;
    return same_memory(w, "a page-table base");
}

static bool dma_write(struct duel *w)
{
    uint8_t bytes[64];
    unsigned n;
    struct guest_ways ways;
    guest_note_ways(w, &ways);
    uint64_t gpa = guest_choose_dma(w, bytes, &n);
    mem_write(&w->native->mem, gpa, bytes, n);
    mem_write(&w->vm.memory, gpa, bytes, n);
    w->config.paging->wrote(&w->vm, gpa, n);
    w->dma++;
    guest_find_changes(w, &ways);
    return same_memory(w, "DMA");
}

static bool step(struct duel *w)
{
    unsigned k = (unsigned)prng_below(&w->rng, w->config.cpus);
    unsigned what = (unsigned)prng_below(&w->rng, 100);
    if (what < 50) {
        return random_access(w, k);
    }
    if (what < 78) {
        return table_store(w, k);
    }
    if (what < 90) {
        return flush_page(w, k);
    }
    return what < 97 ? load_base(w, k) : dma_write(w);
}

// Fresh tables in both memories. What some page-table page of the sequence before left behind is told by DMA.
static void begin(struct duel *w)
{
    for (unsigned i = 0; i < DUEL_TABLES + DUEL_DATA && w->steps; i++) {
        uint64_t gpa = i < DUEL_TABLES ? w->table[i] : w->data[i - DUEL_TABLES];
        memset(w->native->mem.bytes + gpa, 0, PAGE_SIZE);
        memset(w->vm.memory.bytes + gpa, 0, PAGE_SIZE);
        w->config.paging->wrote(&w->vm, gpa, PAGE_SIZE);
    }
    guest_begin(w);
    for (unsigned i = 0; i < DUEL_TABLES + DUEL_DATA; i++) {
        uint64_t gpa = i < DUEL_TABLES ? w->table[i] : w->data[i - DUEL_TABLES];
        memcpy(w->vm.memory.bytes + gpa, w->native->mem.bytes + gpa, PAGE_SIZE);
        w->config.paging->wrote(&w->vm, gpa, PAGE_SIZE);
    }
    for (unsigned k = 0; k < w->config.cpus; k++) {
        load_base(w, k);
    }
}

bool duel_run(struct duel *w, uint64_t seed, unsigned steps)
{
    char err[256] = "";
    w->config.seed = seed;
    prng_seed(&w->rng, seed);
    begin(w);
    for (w->steps = 1; w->steps <= steps; w->steps++) {
        if (!step(w)) {
            return false;
        }
        if (w->steps % 16 == 0 && w->config.side->ok && !w->config.side->ok(w, err, sizeof err)) {
            return FAIL("%s seed %" PRIu64 " step %u: %s", w->config.side->name, seed, w->steps,
                        err);
        }
    }
    for (uint64_t frame = 0; frame < DUEL_RAM / PAGE_SIZE; frame++) {
        if (((w->native->mem.frame[frame] | w->vm.memory.frame[frame]) & FRAME_WRITTEN) &&
            !same_frame(w, frame * PAGE_SIZE, "everything")) {
            return false;
        }
    }
    return true;
}
