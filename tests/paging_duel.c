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

bool duel_create(struct duel *d, const struct duel_config *config)
{
    char err[256] = "";
    *d = (struct duel){.config = *config};
    uint64_t base = (config->pool + HUGE_PAGE_SIZE) & ~(HUGE_PAGE_SIZE - 1);
    d->native = make_machine(config, DUEL_RAM);
    d->vm = (struct vm){.m = make_machine(config, base + DUEL_RAM),
                        .arch = config->arch,
                        .paging = config->paging,
                        .base = base,
                        .ram = DUEL_RAM,
                        .vcpu = d->vcpu,
                        .vcpus = config->cpus,
                        .pool_next = PAGE_SIZE,
                        .pool_end = PAGE_SIZE + config->pool};
    if (!d->native || !d->vm.m) {
        return false;
    }
    d->vm.memory = (struct mem){.bytes = d->vm.m->mem.bytes + base,
                                .size = DUEL_RAM,
                                .frame = d->vm.m->mem.frame + (base >> PAGE_SHIFT)};
    for (unsigned k = 0; k < config->cpus; k++) {
        d->vcpu[k] = (struct vcpu){.vm = &d->vm, .cpu = &d->vm.m->cpu[k], .index = k};
        d->vcpu[k].cpu->s.parked = d->native->cpu[k].s.parked = false;
    }
    if (!config->paging->create(&d->vm, err, sizeof err)) {
        return FAIL("%s", err);
    }
    d->vm.pool_end = PAGE_SIZE * (1 + config->frames);
    return true;
}

void duel_destroy(struct duel *d)
{
    if (d->vm.paging_state) {
        d->config.paging->destroy(&d->vm);
    }
    for (unsigned k = 0; k < d->config.cpus && d->vm.m; k++) {
        d->vm.m->cpu[k].vmcs = NULL;
    }
    machine_destroy(d->native);
    machine_destroy(d->vm.m);
}

// ---- accesses -------------------------------------------------------------------------------------

bool duel_touch(struct cpu *c, const struct duel_access *a, uint64_t *value)
{
    uint64_t pa;
    if (a->system) {
        return a->kind == DUEL_LOAD ? cpu_read_system(c, a->va, value, a->n, false)
                                    : cpu_write_system(c, a->va, &a->value, a->n, false);
    }
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
static struct duel_result native_access(struct duel *d, unsigned k, const struct duel_access *a)
{
    struct cpu *c = &d->native->cpu[k];
    struct duel_result r = {0};
    c->s.ring = (uint8_t)a->ring;
    c->s.msw = d->vcpu[k].g.msw;
    c->s.ptbr = d->vcpu[k].g.ptbr;
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
static bool locate(struct duel *d, const struct vcpu *v, const struct duel_access *a, uint64_t va,
                   uint64_t *gpa, struct duel_result *r)
{
    *gpa = va;
    if (!(v->g.msw & MSW_PG)) {
        return true;
    }
    struct walk_dim dim = {
        .format = WALK_GUEST, .root = v->g.ptbr & PTBR_FRAME, .levels = d->config.levels};
    struct walk_access access = {.write = a->kind == DUEL_STORE || a->kind == DUEL_CAS,
                                 .fetch = a->kind == DUEL_FETCH,
                                 .user = a->ring == 3 && !a->system,
                                 .wp = v->g.msw & MSW_WP};
    struct walk_result walked = walk(&d->vm.memory, &dim, 1, va, access, true, NULL, NULL);
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

static void get(const struct duel *d, const struct piece *p, uint8_t *to)
{
    if (!mem_read(&d->vm.memory, p->gpa, to, p->n)) {
        memset(to, 0xff, p->n);
    }
}

static void put(struct duel *d, const struct piece *p, const uint8_t *from)
{
    if (mem_write(&d->vm.memory, p->gpa, from, p->n)) {
        d->config.paging->wrote(&d->vm, p->gpa, p->n);
    }
}

struct duel_result duel_emulate(struct duel *d, struct vcpu *v, const struct duel_access *a)
{
    struct duel_result r = {0};
    unsigned room = (unsigned)(PAGE_SIZE - (a->va & PAGE_MASK));
    struct piece low = {.n = a->n < room ? a->n : room}, high = {.n = a->n - low.n};
    if (!locate(d, v, a, a->va, &low.gpa, &r) ||
        (high.n && !locate(d, v, a, a->va + low.n, &high.gpa, &r))) {
        return r;
    }
    uint8_t bytes[8] = {0};
    r.ok = true;
    if (a->kind != DUEL_STORE) {
        get(d, &low, bytes);
        get(d, &high, bytes + low.n);
        memcpy(&r.value, bytes, sizeof r.value);
    }
    if (a->kind == DUEL_STORE || (a->kind == DUEL_CAS && r.value == a->expected)) {
        memcpy(bytes, &a->value, sizeof bytes);
        put(d, &low, bytes);
        put(d, &high, bytes + low.n);
    }
    return r;
}

// ---- comparing ------------------------------------------------------------------------------------

static bool same_frame(struct duel *d, uint64_t gpa, const char *what)
{
    const uint8_t *a = d->native->mem.bytes + gpa, *b = d->vm.memory.bytes + gpa;
    if (memcmp(a, b, PAGE_SIZE) == 0) {
        return true;
    }
    for (unsigned i = 0; i < PAGE_SIZE; i += 8) {
        uint64_t native = mem_get(&d->native->mem, gpa + i, 8);
        uint64_t other = mem_get(&d->vm.memory, gpa + i, 8);
        if (native != other) {
            return FAIL("%s seed %" PRIu64 " step %u after %s: %#" PRIx64 " holds %#" PRIx64
                        ", natively %#" PRIx64,
                        d->config.side->name, d->config.seed, d->steps, what, gpa + i, other,
                        native);
        }
    }
    return true;
}

static bool same_memory(struct duel *d, const char *what)
{
    bool same = true;
    for (unsigned i = 0; i < DUEL_TABLES && same; i++) {
        same = same_frame(d, d->table[i], what);
    }
    for (unsigned i = 0; i < DUEL_DATA && same; i++) {
        same = same_frame(d, d->data[i], what);
    }
    return same;
}

static bool same_result(struct duel *d, const struct duel_access *a, const struct duel_result *x,
                        const struct duel_result *y)
{
    bool same = x->ok == y->ok &&
                (x->ok ? x->value == y->value
                       : x->vector == y->vector && x->error == y->error && x->addr == y->addr);
    return same || FAIL("%s seed %" PRIu64 " step %u: access %d of %u at %#" PRIx64
                        " in ring %u: ok %d value %#" PRIx64 " vector %u error %#x at %#" PRIx64
                        "; natively ok %d value %#" PRIx64 " vector %u error %#x at %#" PRIx64,
                        d->config.side->name, d->config.seed, d->steps, (int)a->kind, a->n, a->va,
                        a->ring, y->ok, y->value, y->vector, y->error, y->addr, x->ok, x->value,
                        x->vector, x->error, x->addr);
}

// ---- what the guest does --------------------------------------------------------------------------

static bool access_both(struct duel *d, unsigned k, const struct duel_access *a)
{
    struct guest_ways ways;
    guest_note_ways(d, &ways);
    struct duel_result native = native_access(d, k, a);
    struct duel_result other = d->config.side->access(d, &d->vcpu[k], a);
    d->accesses++;
    d->succeeded += native.ok;
    d->table_stores += guest_find_changes(d, &ways) > 0;
    return same_result(d, a, &native, &other) && same_memory(d, "an access");
}

static bool random_access(struct duel *d, unsigned k)
{
    struct duel_access a;
    return !guest_choose_access(d, k, &a) || access_both(d, k, &a);
}

static bool table_store(struct duel *d, unsigned k)
{
    struct duel_access a;
    return !guest_choose_table_store(d, k, &a) || access_both(d, k, &a);
}

static bool flush_page(struct duel *d, unsigned k)
{
    uint64_t va = guest_choose_flush(d, k);
    d->config.side->invlpg(d, &d->vcpu[k], va);
    d->flushed_pages++;
    return same_memory(d, "INVLPG");
}

static bool load_base(struct duel *d, unsigned k)
{
    guest_choose_base(d, k);
    d->config.side->load(d, &d->vcpu[k]);
    d->loads++;
    return same_memory(d, "a page-table base");
}

static bool dma_write(struct duel *d)
{
    uint8_t bytes[64];
    unsigned n;
    struct guest_ways ways;
    guest_note_ways(d, &ways);
    uint64_t gpa = guest_choose_dma(d, bytes, &n);
    mem_write(&d->native->mem, gpa, bytes, n);
    mem_write(&d->vm.memory, gpa, bytes, n);
    d->config.paging->wrote(&d->vm, gpa, n);
    d->dma++;
    guest_find_changes(d, &ways);
    return same_memory(d, "DMA");
}

static bool step(struct duel *d)
{
    unsigned k = (unsigned)prng_below(&d->rng, d->config.cpus);
    unsigned what = (unsigned)prng_below(&d->rng, 100);
    if (what < 50) {
        return random_access(d, k);
    }
    if (what < 78) {
        return table_store(d, k);
    }
    if (what < 90) {
        return flush_page(d, k);
    }
    return what < 97 ? load_base(d, k) : dma_write(d);
}

// Fresh tables in both memories. What some page-table page of the sequence before left behind is told by DMA.
static void begin(struct duel *d)
{
    for (unsigned i = 0; i < DUEL_TABLES + DUEL_DATA && d->steps; i++) {
        uint64_t gpa = i < DUEL_TABLES ? d->table[i] : d->data[i - DUEL_TABLES];
        memset(d->native->mem.bytes + gpa, 0, PAGE_SIZE);
        memset(d->vm.memory.bytes + gpa, 0, PAGE_SIZE);
        d->config.paging->wrote(&d->vm, gpa, PAGE_SIZE);
    }
    guest_begin(d);
    for (unsigned i = 0; i < DUEL_TABLES + DUEL_DATA; i++) {
        uint64_t gpa = i < DUEL_TABLES ? d->table[i] : d->data[i - DUEL_TABLES];
        memcpy(d->vm.memory.bytes + gpa, d->native->mem.bytes + gpa, PAGE_SIZE);
        d->config.paging->wrote(&d->vm, gpa, PAGE_SIZE);
    }
    for (unsigned k = 0; k < d->config.cpus; k++) {
        load_base(d, k);
    }
}

bool duel_run(struct duel *d, uint64_t seed, unsigned steps)
{
    char err[256] = "";
    d->config.seed = seed;
    prng_seed(&d->rng, seed);
    begin(d);
    for (d->steps = 1; d->steps <= steps; d->steps++) {
        if (!step(d)) {
            return false;
        }
        if (d->steps % 16 == 0 && d->config.side->ok && !d->config.side->ok(d, err, sizeof err)) {
            return FAIL("%s seed %" PRIu64 " step %u: %s", d->config.side->name, seed, d->steps,
                        err);
        }
    }
    for (uint64_t frame = 0; frame < DUEL_RAM / PAGE_SIZE; frame++) {
        if (((d->native->mem.frame[frame] | d->vm.memory.frame[frame]) & FRAME_WRITTEN) &&
            !same_frame(d, frame * PAGE_SIZE, "everything")) {
            return false;
        }
    }
    return true;
}
