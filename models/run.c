// run.c: boots a guest under an architecture, runs it, and gathers what can be said of it.
#include "models/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- booting --------------------------------------------------------------------------------------

static bool write_guest(void *ctx, uint64_t addr, const void *from, size_t n)
{
    return vm_write(ctx, addr, from, n);
}

static bool load_os(struct vm *vm, const struct run_spec *spec, char *err, size_t err_size)
{
    bool paravirt = arch_row(vm->arch.arch)->technique == TECHNIQUE_PARAVIRT;
    const char *line = spec->command_line ? spec->command_line : "";
    char changed[TOYOS_COMMAND_LINE_MAX];
    const struct toyos *os = paravirt ? spec->os_paravirt : spec->os;
    if (!os) {
        snprintf(err, err_size, "%s needs the %s kernel", arch_row(vm->arch.arch)->name,
                 paravirt ? "paravirtual" : "native");
        return false;
    }
    if (vm->technique->command_line) {
        if (!vm->technique->command_line(vm, line, changed, sizeof changed)) {
            snprintf(err, err_size, "%s: the command line is too long; shorten it",
                     arch_row(vm->arch.arch)->name);
            return false;
        }
        line = changed;
    }
    const struct toyos_boot boot = {.ram = spec->config.ram,
                                    .cpus = spec->config.cpus,
                                    .seed = spec->config.seed,
                                    .command_line = line};
    return toyos_place(os, &boot, write_guest, vm, err, err_size) &&
           vm_disk_attach(vm, os->disk, os->disk_size, err, err_size) &&
           vm_load(vm, &os->kernel.image, TOYOS_BOOT_INFO, err, err_size);
}

static bool load_ram(struct vm *vm, const struct run_spec *spec)
{
    static const uint8_t zeros[PAGE_SIZE];
    for (uint64_t at = 0; at < spec->config.ram; at += PAGE_SIZE) {
        if (memcmp(spec->ram + at, zeros, PAGE_SIZE) != 0 &&
            !vm_write(vm, at, spec->ram + at, PAGE_SIZE)) {
            return false;
        }
    }
    vm_begin(vm, spec->entry, 0);
    return true;
}

static bool load(struct vm *vm, const struct run_spec *spec, char *err, size_t err_size)
{
    if (!spec->os && !spec->os_paravirt && vm->technique->no_kernel) {
        snprintf(err, err_size, "%s: %s", arch_row(vm->arch.arch)->name, vm->technique->no_kernel);
        return false;
    }
    if (spec->disk && !vm_disk_attach(vm, spec->disk, spec->disk_size, err, err_size)) {
        return false;
    }
    if (spec->input) {
        devices_type(vm_devices(vm), spec->input, spec->input_size);
    }
    if (spec->os || spec->os_paravirt) {
        return load_os(vm, spec, err, err_size);
    }
    if (spec->image) {
        return vm_load(vm, spec->image, spec->boot_info, err, err_size);
    }
    assert(spec->ram);
    return load_ram(vm, spec);
}

struct vm *run_boot(const struct run_spec *spec, char *err, size_t err_size)
{
    struct vm *vm = vm_create(&spec->config, &spec->arch, spec->pool, err, err_size);
    if (vm && !load(vm, spec, err, err_size)) {
        vm_destroy(vm);
        return NULL;
    }
    return vm;
}

// ---- state hash -----------------------------------------------------------------------------------

// FNV-1a, 64 bits (Fowler, Noll, Vo).
#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ bytes[i]) * FNV_PRIME;
    }
    return hash;
}

static uint64_t hash_word(uint64_t hash, uint64_t word)
{
    for (unsigned i = 0; i < 8; i++) {
        hash = (hash ^ (word >> 8 * i & 0xff)) * FNV_PRIME;
    }
    return hash;
}

static uint64_t hash_page(const struct mem *mem, uint64_t va, uint64_t at, uint64_t hash)
{
    if (!mem_has(mem, at, PAGE_SIZE)) {
        return hash; // a device's
    }
    return hash_bytes(hash_word(hash, va), mem->bytes + at, PAGE_SIZE);
}

// The user pages below one table. `va`: the first address that it maps. A huge page counts as its 512 pages.
static uint64_t hash_table(const struct mem *mem, uint64_t table, unsigned level, unsigned levels,
                           uint64_t va, uint64_t hash)
{
    uint64_t span = UINT64_C(1) << (PAGE_SHIFT + LEVEL_BITS * (level - 1));
    for (unsigned i = 0; i < 512; i++) {
        uint64_t at = va + i * span;
        uint64_t entry = mem_has(mem, table + 8 * i, 8) ? mem_get(mem, table + 8 * i, 8) : 0;
        if (!(entry & PTE_P) || !(entry & PTE_U) || (entry & PTE_RSVD)) {
            continue;
        }
        if (level == levels && i >= 256) { // the upper half of a canonical address
            at |= ~((UINT64_C(1) << (PAGE_SHIFT + LEVEL_BITS * levels)) - 1);
        }
        uint64_t frame = entry & PTE_FRAME;
        if (level == 2 && (entry & PTE_PS)) {
            for (uint64_t k = 0; k < HUGE_PAGE_SIZE; k += PAGE_SIZE) {
                hash = hash_page(mem, at + k, frame + k, hash);
            }
        } else if (level > 1) {
            hash = hash_table(mem, frame, level - 1, levels, at, hash);
        } else {
            hash = hash_page(mem, at, frame, hash);
        }
    }
    return hash;
}

static uint64_t hash_user(const struct vm *vm)
{
    struct cpu_state s;
    vm_state(vm, vm_stop_info(vm)->cpu, &s);
    uint64_t hash = FNV_BASIS;
    for (unsigned i = 1; i < REG_COUNT; i++) {
        hash = hash_word(hash, s.r[i]);
    }
    if (!(s.msw & MSW_PG)) {
        return hash;
    }
    // A paravirtual guest's tables hold the machine's own addresses.
    const struct mem *mem = vm->arch.paging == PAGING_DIRECT ? &vm->m->mem : &vm->memory;
    unsigned levels = vm->m->config.levels;
    return hash_table(mem, s.ptbr & PTBR_FRAME, levels, levels, 0, hash);
}

static uint64_t hash_machine(const struct vm *vm)
{
    uint64_t hash = FNV_BASIS;
    for (unsigned k = 0; k < vm->vcpus; k++) {
        struct cpu_state s;
        vm_state(vm, k, &s);
        const uint64_t words[] = {s.pc,     s.flags, s.msw,  s.ptbr, s.vbar,   s.tr,    s.far,
                                  s.kstack, s.lstar, s.ring, s.tpr,  s.halted, s.parked};
        for (unsigned i = 1; i < REG_COUNT; i++) {
            hash = hash_word(hash, s.r[i]);
        }
        for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
            hash = hash_word(hash, words[i]);
        }
    }
    return mem_hash(&vm->memory, hash);
}

uint64_t run_state_hash(const struct vm *vm, bool os)
{
    return os ? hash_user(vm) : hash_machine(vm);
}

// ---- result ---------------------------------------------------------------------------------------

static void add_processor(const struct vm *vm, unsigned cpu, struct run_result *r)
{
    const struct cpu_counters *n = machine_counters(vm->m, cpu);
    uint64_t time = machine_cpu_time(vm->m, cpu);
    r->cycles = time > r->cycles ? time : r->cycles;
    r->cycles_all += time;
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        r->cycles_by[k] += n->cycles[k];
    }
    for (unsigned k = 0; k < EXIT_REASONS; k++) {
        r->exits[k] += n->exits[k];
        r->exits_all += n->exits[k];
    }
    for (unsigned k = 0; k < VEC_IRQ_FIRST; k++) {
        r->exceptions += n->exceptions[k];
    }
    r->instructions += n->instructions;
    r->interrupts += n->interrupts;
    r->syscalls += n->syscalls;
    r->tlb_misses += n->walks_i + n->walks_d;
    r->l1_misses += n->l1i_miss + n->l1d_miss;
    r->l2_hits += n->l2i_hit + n->l2d_hit;
    r->walk_refs += n->walk_refs_i + n->walk_refs_d;
}

bool run_collect(const struct vm *vm, const struct run_spec *spec, struct run_result *out,
                 char *err, size_t err_size)
{
    *out = (struct run_result){.cpus = vm->vcpus, .stop = *vm_stop_info(vm), .stats = vm->stats};
    if (!machine_accounting_ok(vm->m, err, err_size)) {
        return false;
    }
    for (unsigned i = 0; i < vm->vcpus; i++) {
        add_processor(vm, i, out);
    }
    out->state_hash = run_state_hash(vm, spec->os || spec->os_paravirt);
    const char *console = vm_console(vm, &out->console_size);
    if (spec->workload) {
        out->has_checksum =
            toyos_checksum(console, out->console_size, spec->workload, &out->checksum);
    }
    out->console = malloc(out->console_size + 1);
    if (!out->console) {
        snprintf(err, err_size, "no memory for %zu bytes of console output", out->console_size);
        return false;
    }
    memcpy(out->console, console, out->console_size);
    return true;
}

bool run_guest(const struct run_spec *spec, struct run_result *out, char *err, size_t err_size)
{
    struct vm *vm = run_boot(spec, err, err_size);
    if (!vm) {
        return false;
    }
    if (spec->recording && !recording_begin(spec->recording, vm)) {
        vm_destroy(vm);
        snprintf(err, err_size, "no memory to record the run");
        return false;
    }
    vm_run(vm, spec->until ? spec->until : UINT64_MAX,
           spec->instructions ? spec->instructions : UINT64_MAX);
    if (spec->recording) {
        recording_end(spec->recording);
    }
    bool ok = run_collect(vm, spec, out, err, err_size);
    vm_destroy(vm);
    return ok;
}

void run_result_free(struct run_result *r)
{
    free(r->console);
    r->console = NULL;
}

struct cpu_model run_unit_costs(const struct cpu_model *model)
{
    struct cpu_model unit = *model;
    for (unsigned k = 0; k < COST_COUNT; k++) {
        unit.cost[k].value = 1;
    }
    unit.strings = NULL; // still the other's
    return unit;
}

// ---- what runs have in common, and not ------------------------------------------------------------

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

bool run_subtract(struct run_result *longer, const struct run_result *shorter, char *err,
                  size_t err_size)
{
    static const char *const category[CYC_COUNT] = {
#define CYCLE(NAME, name, guest, doc) [CYC_##NAME] = name,
#include "sim/cycle.def"
#undef CYCLE
    };
    for (unsigned k = 0; k < CYC_COUNT; k++) {
        if (longer->cycles_by[k] < shorter->cycles_by[k]) {
            snprintf(err, err_size,
                     "a steady run subtracts one of length n from one of length 2n, to be rid of "
                     "boot and warm-up; here the longer one spends less in '%s' than the "
                     "shorter, so n is too short to be steady: take ten times the length",
                     category[k]);
            return false;
        }
        longer->cycles_by[k] -= shorter->cycles_by[k];
    }
    longer->exits_all = 0;
    for (unsigned k = 0; k < EXIT_REASONS; k++) {
        struct vm_exit_stats *e = &longer->stats.exit[k];
        longer->exits[k] = less(longer->exits[k], shorter->exits[k]);
        longer->exits_all += longer->exits[k];
        e->count = less(e->count, shorter->stats.exit[k].count);
        e->total = less(e->total, shorter->stats.exit[k].total);
    }
    longer->cycles = less(longer->cycles, shorter->cycles);
    longer->cycles_all -= shorter->cycles_all;
    longer->instructions = less(longer->instructions, shorter->instructions);
    longer->tlb_misses = less(longer->tlb_misses, shorter->tlb_misses);
    longer->walk_refs = less(longer->walk_refs, shorter->walk_refs);
    longer->exceptions = less(longer->exceptions, shorter->exceptions);
    longer->interrupts = less(longer->interrupts, shorter->interrupts);
    longer->syscalls = less(longer->syscalls, shorter->syscalls);
    return true;
}

static const char *ending(const struct stop_info *stop)
{
    switch (stop->reason) {
    case STOP_POWEROFF:
        return stop->status == TOYOS_PANIC           ? "its kernel panicked"
               : stop->status == TOYOS_OUT_OF_MEMORY ? "its memory limit ended its container"
                                                     : "it gave up";
    case STOP_TRIPLE_FAULT: return "a triple fault ended it";
    case STOP_DEADLOCK: return "it waits for ever";
    case STOP_LIMIT: return "it runs on and on";
    default: return "it stopped";
    }
}

bool run_judge(const struct run_result *r, const struct toyos_workload *workload, uint64_t n,
               const struct run_result *native, char *why, size_t why_size)
{
    bool checked = workload && workload->expected != NULL;
    why[0] = '\0';
    if (r->stop.reason != STOP_POWEROFF || r->stop.status != 0) {
        snprintf(why, why_size, "%s (pc 0x%llx)", ending(&r->stop), (unsigned long long)r->stop.pc);
    } else if (checked && (!r->has_checksum || r->checksum != workload->expected(n))) {
        snprintf(why, why_size,
                 r->has_checksum ? "its checksum is wrong: 0x%016llx" : "it prints no checksum",
                 (unsigned long long)r->checksum);
    } else if (native && (r->console_size != native->console_size ||
                          memcmp(r->console, native->console, r->console_size) != 0)) {
        snprintf(why, why_size, "its console differs from native's");
    } else if (native && r->state_hash != native->state_hash) {
        snprintf(why, why_size,
                 "what its last program left in memory and registers differs from native's");
    }
    return why[0] == '\0';
}
