// Generated programs as guests of a hypervisor that does whatever it likes: any controls, changed at any exit and by a timer, nested tables
// that are filled, narrowed and dropped. None of that may be seen by the guest: a portable program ends with the registers and the memory that
// the reference interpreter gives it on a bare machine. And the fast path, the plain one and runs in pieces agree to the cycle.
#include "tests/diff/diff.h"
#include "tests/test.h"

#include "sim/machine_internal.h"
#include "sim/prng.h"
#include "sim/vmcs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#if defined RINGSIDE_SMALL_TABLES
enum { PROGRAMS = 300 };
#else
enum { PROGRAMS = TEST_SANITIZED ? 100 : 1000 };
#endif
enum { POOL = HUGE_PAGE_SIZE, SHOWN = 3 };
// Cycles: far more than any takes that goes on.
#define TIME_LIMIT UINT64_C(20000000)
// Where guest-physical addresses lead that would be the pool's own: nothing is there.
#define NOWHERE    (UINT64_C(1) << 38)

// The hypervisor. Its decisions follow from the seed and the order of exits.
struct host {
    struct machine *m;
    struct vmcs v;
    struct prng rng;
    uint64_t ram;       // the guest's; nested tables lie behind it
    uint64_t pool_next; // free frame
    bool ept;
    uint64_t exits;
};

static bool chance(struct host *h, unsigned percent)
{
    return prng_below(&h->rng, 100) < percent;
}

// ---- nested tables -------------------------------------------------------------------------------

static uint64_t new_table(struct host *h)
{
    static const uint8_t zero[PAGE_SIZE];
    uint64_t frame = h->pool_next;
    h->pool_next += PAGE_SIZE;
    CHECK(machine_write(h->m, frame, zero, PAGE_SIZE));
    return frame;
}

static void drop_tables(struct host *h)
{
    h->pool_next = h->ram;
    h->v.control.nested.root = new_table(h);
    vmcs_invalidate_nested(&h->m->cpu[0]);
}

// Gives the page at gpa the rights that are missing, and perhaps more.
static void allow(struct host *h, uint64_t gpa, uint32_t error)
{
    const unsigned levels = h->v.control.nested.levels;
    uint64_t bits = EPT_R | (error & PF_WRITE ? EPT_W : 0) | (error & PF_FETCH ? EPT_X : 0);
    bits |= prng_next(&h->rng) & (EPT_W | EPT_X);
    if (h->pool_next + levels * PAGE_SIZE > h->ram + POOL) {
        drop_tables(h);
    }
    uint64_t table = h->v.control.nested.root, entry = 0;
    for (unsigned level = levels; level >= 1; level--) {
        uint64_t at = table + 8 * (gpa >> (PAGE_SHIFT + LEVEL_BITS * (level - 1)) & 511);
        machine_read(h->m, at, &entry, 8);
        if (level == 1) {
            uint64_t to = gpa - h->ram < POOL ? gpa + NOWHERE : gpa;
            entry = (entry & (EPT_W | EPT_X)) | (to & ~PAGE_MASK) | bits;
        } else if (entry == 0) {
            entry = new_table(h) | EPT_R | EPT_W | EPT_X;
        }
        machine_write(h->m, at, &entry, 8);
        table = entry & PTE_FRAME;
    }
}

// ---- exits ---------------------------------------------------------------------------------------

static void set_controls(struct host *h, bool any)
{
    struct vmcs_control *k = &h->v.control;
    struct vmcs_control fresh = {.ept = k->ept, .nested = k->nested, .vpid = k->vpid};
    if (any) {
        fresh.interrupt_window = chance(h, 20);
        fresh.hlt = chance(h, 40);
        fresh.invlpg = chance(h, 40);
        fresh.ptbr_load = chance(h, 40);
        fresh.ptbr_store = chance(h, 40);
        fresh.tpr_load = chance(h, 40);
        fresh.tpr_store = chance(h, 40);
        fresh.descriptor_table = chance(h, 40);
        fresh.io_all = chance(h, 40);
        fresh.msr_all = chance(h, 40);
        fresh.exception_bitmap = chance(h, 60) ? (uint32_t)prng_next(&h->rng) : 0;
        fresh.pf_mask = chance(h, 30) ? PF_WRITE | PF_USER : 0;
        fresh.pf_match = fresh.pf_mask & (uint32_t)prng_next(&h->rng);
        fresh.msw_mask = chance(h, 40) ? MSW_PG | MSW_WP : 0;
        fresh.msw_shadow = h->m->cpu[0].s.msw;
    }
    fresh.preemption_timer = !any || chance(h, 50); // what was lifted comes back
    fresh.preemption_cycles = 1 + prng_below(&h->rng, chance(h, 30) ? 3000 : 150);
    *k = fresh;
    vmcs_arm_preemption(&h->v);
    vmcs_update(&h->v, &h->m->cpu[0]);
}

static bool mirrored(struct host *h, struct cpu *c, const struct vmexit *x)
{
    if (x->delivering || x->vector == VEC_BP || x->vector == VEC_DB || x->vector == VEC_DF ||
        chance(h, 30)) {
        return false;
    }
    if (x->vector == VEC_PF) {
        c->s.far = x->addr;
    }
    cpu_inject(c, x->vector, x->error);
    return true;
}

static void on_exit(struct cpu *c, const struct vmexit *x)
{
    struct host *h = c->m->monitor_state;
    h->exits++;
    switch (x->reason) {
    case EXIT_EPT_VIOLATION: allow(h, x->addr, x->error); break;
    case EXIT_PREEMPTION_TIMER:
        set_controls(h, true);
        if (h->ept && chance(h, 10)) {
            drop_tables(h);
        }
        break;
    case EXIT_VMCALL: cpu_inject(c, VEC_UD, 0); break; // what it is on a bare machine
    case EXIT_TRIPLE_FAULT: machine_stop(c->m, STOP_TRIPLE_FAULT, c->index, 0); break;
    case EXIT_EXCEPTION_NMI:
        if (mirrored(h, c, x)) {
            break;
        }
        set_controls(h, false);
        break;
    default: set_controls(h, false); break; // it runs by itself now
    }
    if (x->delivering) {
        h->v.inject = (struct vmcs_inject){true, x->delivering_vector, x->delivering_error,
                                           (enum event_class)x->delivering_class};
    }
}

static const struct monitor_ops host_ops = {.name = "whatever", .exit = on_exit};

// ---- running -------------------------------------------------------------------------------------

static bool load(struct host *h, const struct gen_program *p, enum diff_path path)
{
    char err[256] = "";
    struct machine_config config = p->config;
    *h = (struct host){.ram = config.ram};
    prng_seed(&h->rng, p->seed);
    h->ept = chance(h, 60);
    config.ram += h->ept ? POOL : 0;
    config.reference = path == DIFF_PLAIN;
    h->m = machine_create(&config, err, sizeof err);
    if (!h->m || !machine_load(h->m, &(struct image){.entry = p->entry}, 0, err, sizeof err)) {
        return FAIL("no machine: %s", err);
    }
    for (uint64_t f = 0; f < p->config.ram >> PAGE_SHIFT; f++) {
        if (p->touched[f]) {
            machine_write(h->m, f << PAGE_SHIFT, p->ram + (f << PAGE_SHIFT), PAGE_SIZE);
        }
    }
    h->m->monitor = &host_ops;
    h->m->monitor_state = h;
    h->v.virtual_intr = -1;
    h->v.control.vpid = (uint16_t)prng_below(&h->rng, 3);
    h->v.control.ept = h->ept;
    h->v.control.nested = (struct walk_dim){.format = WALK_EPT,
                                            .levels = 4 + (unsigned)prng_below(&h->rng, 2),
                                            .set_ad = chance(h, 50)};
    if (h->ept) {
        drop_tables(h);
    }
    set_controls(h, true);
    h->v.guest = h->m->cpu[0].s;
    vmcs_load(&h->m->cpu[0], &h->v);
    vmcs_start(&h->m->cpu[0]);
    return true;
}

static void run(struct host *h, const struct gen_program *p, enum diff_path path)
{
    uint64_t draw = p->seed, left = p->instructions;
    enum stop_reason why = STOP_LIMIT;
    while (why == STOP_LIMIT && left > 0 && machine_time(h->m) < TIME_LIMIT) {
        uint64_t step = path == DIFF_PIECES ? 1 + splitmix64(&draw) % 300 : left;
        why = machine_run(h->m, TIME_LIMIT, step < left ? step : left);
        left = p->instructions - machine_counters(h->m, 0)->instructions;
    }
}

// To the cycle, whatever the way: NULL, or what differs.
static const char *differs(const struct host *a, const struct host *b)
{
    const struct cpu_counters *n = machine_counters(a->m, 0), *k = machine_counters(b->m, 0);
    return a->exits != b->exits                                     ? "number of exits"
           : a->m->cpu[0].s.pc != b->m->cpu[0].s.pc                 ? "pc"
           : machine_cpu_time(a->m, 0) != machine_cpu_time(b->m, 0) ? "time"
           : memcmp(a->m->cpu[0].s.r, b->m->cpu[0].s.r, REG_COUNT * sizeof(uint64_t)) != 0
               ? "registers"
           : memcmp(n, k, sizeof *n) != 0                                  ? "counters"
           : memcmp(a->m->mem.bytes, b->m->mem.bytes, a->m->mem.size) != 0 ? "memory"
                                                                           : NULL;
}

// All that a portable program leaves.
static bool same_end(const struct host *a, const struct ref_machine *r)
{
    return a->m->stop.reason == r->stop.reason && a->m->stop.status == r->stop.status &&
           a->m->cpu[0].s.pc == r->cpu[0].pc &&
           memcmp(a->m->cpu[0].s.r, r->cpu[0].r, sizeof r->cpu[0].r) == 0 &&
           memcmp(a->m->mem.bytes, r->ram, r->config.ram) == 0;
}

static bool check(const struct gen_program *p, bool *ended, uint64_t *exits)
{
    struct host host[DIFF_PATHS] = {{0}};
    struct ref_machine *r = diff_reference(p, NULL);
    bool ok = CHECK(r != NULL);
    if (ok) {
        ref_run(r, UINT64_MAX, p->instructions);
        *ended = r->stop.reason == STOP_POWEROFF;
    }
    for (unsigned path = 0; ok && path < DIFF_PATHS; path++) {
        struct host *h = &host[path];
        if ((ok = load(h, p, (enum diff_path)path))) {
            run(h, p, (enum diff_path)path);
            if (*ended && !same_end(h, r)) {
                ok = FAIL("seed %" PRIu64 ", path %u: %" PRIu64
                          " exits later, the guest is not as on a bare machine "
                          "(pc 0x%" PRIx64 " and 0x%" PRIx64 ")",
                          p->seed, path, h->exits, h->m->cpu[0].s.pc, r->cpu[0].pc);
            } else if (differs(&host[0], h)) {
                ok = FAIL("seed %" PRIu64 ", path %u: another %s than on the fast one", p->seed,
                          path, differs(&host[0], h));
            }
        }
    }
    for (unsigned k = 0; ok && k < EXIT_REASONS; k++) {
        exits[k] += machine_counters(host[0].m, 0)->exits[k];
    }
    for (unsigned path = 0; path < DIFF_PATHS; path++) {
        machine_destroy(host[path].m);
    }
    ref_destroy(r);
    return ok;
}

static void no_guest_sees_its_hypervisor(void)
{
    static const enum exit_reason wanted[] = {
        EXIT_EXCEPTION_NMI, EXIT_INTERRUPT_WINDOW, EXIT_INVLPG,        EXIT_VMCALL,
        EXIT_CR_ACCESS,     EXIT_IO_INSTRUCTION,   EXIT_MSR_READ,      EXIT_MSR_WRITE,
        EXIT_GDTR_IDTR,     EXIT_LDTR_TR,          EXIT_EPT_VIOLATION, EXIT_PREEMPTION_TIMER};
    struct gen_program p;
    uint64_t exits[EXIT_REASONS] = {0};
    unsigned complete = 0, failures = 0;
    const char *one = getenv("RINGSIDE_DIFF_SEED");
    uint64_t first = one && *one ? strtoull(one, NULL, 0) : 0;
    REQUIRE(gen_init(&p));
    for (uint64_t seed = first; seed < (one ? first + 1 : PROGRAMS) && failures < SHOWN; seed++) {
        bool ended = false;
        gen_make(&p, gen_profile_find(seed % 2 ? "portable" : "portable-tables"), seed);
        failures += !check(&p, &ended, exits);
        complete += ended;
    }
    gen_free(&p);
    for (unsigned k = 0; !one && failures == 0 && k < sizeof wanted / sizeof *wanted; k++) {
        if (exits[wanted[k]] == 0) {
            FAIL("no guest met %s", exit_name(wanted[k]));
        }
    }
    CHECK(one || failures || complete > PROGRAMS / 3);
}

TEST_SUITE(diff_vmx,
           {"no guest sees its hypervisor, whatever exits", no_guest_sees_its_hypervisor});
