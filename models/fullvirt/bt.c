// bt.c: binary translation: the translation cache, how code in it is executed, and what makes a unit come and go.
//
// A unit is a straight run of up to 16 guest instructions of one page. It is found by its guest address; whether that address still leads
// to the same memory is checked once after each load of the page-table base and each INVLPG. Identical instructions are executed by the
// processor itself, in ring 1, on the guest's memory through the shadow tables, so they fault and miss the TLB as ever. Fetches are not
// looked up in L1 I: translated code lies in the monitor's own memory, mapped by large pages.
#include "models/fullvirt/bt.h"

#include "models/fullvirt/trap.h"
#include "sim/acct.h"
#include "sim/devices.h"

#include <stdio.h>
#include <stdlib.h>

enum { NONE = -1, LINKS = 2, HASH_SIZE = 4096 };

struct unit {
    uint64_t pc;         // guest address of the first instruction
    uint64_t gpa;        // where it was when it was translated
    uint64_t generation; // of the address space for which that was last checked
    bool valid;
    uint8_t count;
    uint32_t bytes;
    int32_t next_hash;
    int32_t link[LINKS]; // the units behind it: [0] fall-through, [1] taken; NONE until first used
    struct insn insn[BT_UNIT_MAX];
    uint8_t kind[BT_UNIT_MAX];   // enum bt_kind
    uint8_t faults[BT_UNIT_MAX]; // stores: write faults on guest page tables so far
};

// How translated code came to its next unit.
enum arrival {
    FROM_MONITOR,  // an event, a callout, another mode: by the dispatcher
    FROM_UNIT,     // by the direct way `way` out of unit `from`
    FROM_INDIRECT, // by an indirect jump
};

// A translation cache belongs to one virtual processor.
struct bt_vcpu {
    struct trap_vcpu trap; // user code runs as under trap-and-emulate
    struct unit *unit;     // BT_UNITS_MAX of them
    int32_t units, hash[HASH_SIZE];
    uint32_t bytes;
    uint64_t generation; // of the guest's address space
    int32_t now;         // the unit being executed, or NONE
    unsigned at;         // and the place in it of the next instruction
    enum arrival arrival;
    int32_t from;
    unsigned way;
};

static struct bt_vcpu *bt_of(const struct vcpu *v)
{
    return v->technique;
}

// Back to the guest: its kernel is executed out of the cache, its programs directly (unless they are translated as well).
static void enter(struct vcpu *v)
{
    struct cpu *c = v->cpu;
    c->translating = v->g.ring < 3 || v->vm->arch.option[OPTION_BT_USER];
    if (!c->translating) {
        trap_enter(v);
        return;
    }
    c->s.ring = (uint8_t)trap_real_ring(v->g.ring);
    c->s.flags = FLAG_IF;
    cpu_sync(c);
}

// ---- translation ----------------------------------------------------------------------------------

enum bt_kind bt_kind_of(unsigned op)
{
    const struct isa_row *row = isa_row(op);
    switch (op) {
    case OP_JALR: return BT_INDIRECT;
    case OP_CLI:
    case OP_STI:
    case OP_RDFLAGS:
    case OP_WRFLAGS:
    case OP_SIDT:
    case OP_SMSW:
    case OP_RDRING:
    case OP_LTPR:
    case OP_STPR:
    case OP_SPTBR:
    case OP_SFAR:
    case OP_RDTSC:
    case OP_PAUSE: return BT_IN_TC;
    default: break;
    }
    if (row->flow == FLOW_SERIAL) {
        return BT_CALL_OUT;
    }
    return row->flow == FLOW_NEXT ? BT_IDENT : BT_DIRECT;
}

// Bytes of translated code: a direct way out needs a stub until it is chained, a callout passes its operands.
static uint32_t bytes_of(enum bt_kind kind)
{
    static const uint8_t words[] = {
        [BT_IDENT] = 1, [BT_DIRECT] = 4, [BT_INDIRECT] = 8, [BT_IN_TC] = 6, [BT_CALL_OUT] = 5};
    return words[kind] * UINT32_C(4);
}

static unsigned hash_of(uint64_t pc)
{
    return (unsigned)((pc >> 2) * UINT64_C(0x9e3779b97f4a7c15) >> 52) & (HASH_SIZE - 1);
}

static void leave_unit(struct bt_vcpu *t)
{
    t->now = NONE;
    t->arrival = FROM_MONITOR;
}

// Throw the whole cache away.
static void flush(struct bt_vcpu *t)
{
    t->units = 0;
    t->bytes = 0;
    for (unsigned i = 0; i < HASH_SIZE; i++) {
        t->hash[i] = NONE;
    }
    leave_unit(t);
}

// Decodes guest code from gpa on into a unit: up to a way out, a callout, a word that is no instruction, or the page's end.
static void decode(struct vcpu *v, struct unit *u)
{
    uint64_t room = (PAGE_SIZE - (u->pc & PAGE_MASK)) / 4;
    unsigned most = room < BT_UNIT_MAX ? (unsigned)room : BT_UNIT_MAX;
    bool ends = false;
    u->bytes = bytes_of(BT_DIRECT); // what falls out at its end
    for (u->count = 0; u->count < most && !ends; u->count++) {
        uint64_t at = u->gpa + 4u * u->count;
        uint32_t word =
            vm_has(v->vm, at, 4) ? (uint32_t)mem_get(&v->vm->memory, at, 4) : UINT32_MAX;
        struct insn in = isa_decode(word);
        enum bt_kind kind = in.op == OP_INVALID ? BT_CALL_OUT : bt_kind_of(in.op);
        u->insn[u->count] = in;
        u->kind[u->count] = (uint8_t)kind;
        u->faults[u->count] = 0;
        u->bytes += bytes_of(kind);
        ends = kind == BT_CALL_OUT || isa_row(in.op)->flow == FLOW_JUMP ||
               isa_row(in.op)->flow == FLOW_BRANCH;
    }
}

// The unit for pc, whose code is at gpa, made now and paid for.
static int32_t translate(struct vcpu *v, uint64_t pc, uint64_t gpa)
{
    struct bt_vcpu *t = bt_of(v);
    struct vm_stats *stats = &v->vm->stats;
    if (t->units == BT_UNITS_MAX || t->bytes + 8 * BT_UNIT_MAX * 4 + 16 > BT_CACHE_BYTES) {
        stats->bt_invalidated += (uint64_t)t->units;
        flush(t);
    }
    int32_t n = t->units++;
    struct unit *u = &t->unit[n];
    *u = (struct unit){.pc = pc,
                       .gpa = gpa,
                       .generation = t->generation,
                       .valid = true,
                       .link = {NONE, NONE},
                       .next_hash = t->hash[hash_of(pc)]};
    t->hash[hash_of(pc)] = n;
    decode(v, u);
    t->bytes += u->bytes;
    stats->bt_units++;
    stats->bt_instructions += u->count;
    stats->bt_bytes += u->bytes;
    vm_charge(v, CYC_BT, COST_BT_TRANSLATE, u->count);
    if (vm_has(v->vm, gpa, 4)) {
        uint64_t frame = (v->vm->base + gpa) & ~PAGE_MASK;
        v->vm->m->mem.frame[frame >> PAGE_SHIFT] |= FRAME_WATCHED;
        for (unsigned i = 0; i < v->vm->vcpus; i++) {
            cpu_forget_writes(v->vm->vcpu[i].cpu, frame);
        }
    }
    return n;
}

// Stores to code: every unit that holds some of these bytes is no more.
static void stored(struct machine *m, uint64_t addr, uint64_t n)
{
    struct vm *vm = vcpu_of(&m->cpu[0])->vm;
    if (addr + n <= vm->base) {
        return;
    }
    uint64_t gpa = addr - vm->base;
    for (unsigned i = 0; i < vm->vcpus; i++) {
        struct bt_vcpu *t = bt_of(&vm->vcpu[i]);
        for (int32_t k = 0; k < t->units; k++) {
            struct unit *u = &t->unit[k];
            if (u->valid && u->gpa < gpa + n && gpa < u->gpa + 4u * u->count) {
                u->valid = false;
                vm->stats.bt_invalidated++;
            }
        }
    }
}

// ---- finding the next unit ------------------------------------------------------------------------

// Whether pc still leads to the code that the unit was made from. False: `fault` if the guest may not fetch there at all.
static bool current(struct vcpu *v, struct unit *u, bool *faults, struct cpu_fault *fault)
{
    uint64_t gpa;
    *faults = false;
    if (!u->valid) {
        return false;
    }
    if (u->generation == bt_of(v)->generation) {
        return true;
    }
    if (!vcpu_walk(v, u->pc, ACC_FETCH, v->g.ring, &gpa, fault)) {
        *faults = true;
        return false;
    }
    u->generation = bt_of(v)->generation;
    u->valid = gpa == u->gpa;
    return u->valid;
}

// The unit for pc in the cache, or NONE.
static int32_t find(struct vcpu *v, uint64_t pc, bool *faults, struct cpu_fault *fault)
{
    struct bt_vcpu *t = bt_of(v);
    *faults = false;
    for (int32_t n = t->hash[hash_of(pc)]; n != NONE; n = t->unit[n].next_hash) {
        struct unit *u = &t->unit[n];
        if (u->pc == pc && (current(v, u, faults, fault) || *faults)) {
            return *faults ? NONE : n;
        }
    }
    return NONE;
}

static void ask_monitor(struct vcpu *v, enum exit_reason reason, struct insn in)
{
    exit_take(v->cpu, &(struct vmexit){.reason = reason, .pc = v->cpu->s.pc, .insn = in});
}

// What translated code does beside the guest's own instructions: part of their stream, and too frequent to tell a watcher each time.
static void charge_in_stream(struct vcpu *v, enum cost_key cost)
{
    acct_charge(v->cpu, CYC_BT, cost, 1);
}

// Goes to the unit at pc, by the way that was taken, at its price. False: the guest may not fetch there, or the monitor has moved it.
static bool arrive(struct vcpu *v)
{
    struct bt_vcpu *t = bt_of(v);
    struct vm_stats *stats = &v->vm->stats;
    uint64_t pc = v->cpu->s.pc;
    bool faults = false;
    struct cpu_fault fault;
    struct unit *from = t->arrival == FROM_UNIT ? &t->unit[t->from] : NULL;
    if (from && from->link[t->way] != NONE) {
        int32_t n = from->link[t->way];
        if (t->unit[n].pc == pc && current(v, &t->unit[n], &faults, &fault)) {
            t->now = n;
            t->at = 0;
            return true; // chained: free
        }
        from->link[t->way] = NONE;
    }
    if (t->arrival == FROM_INDIRECT) {
        charge_in_stream(v, COST_BT_INDIRECT);
        stats->bt_lookups++;
    } else {
        charge_in_stream(v, COST_BT_DISPATCH);
    }
    int32_t n = faults ? NONE : find(v, pc, &faults, &fault);
    if (n == NONE) {
        ask_monitor(v, EXIT_BT_TRANSLATE, (struct insn){.op = OP_INVALID});
        return false;
    }
    stats->bt_lookup_hits += t->arrival == FROM_INDIRECT;
    if (from && v->vm->arch.option[OPTION_BT_CHAIN]) {
        from->link[t->way] = n;
        stats->bt_chained++;
    }
    t->now = n;
    t->at = 0;
    return true;
}

// ---- executing translated code --------------------------------------------------------------------

// The processor executes one of the guest's instructions itself.
static void execute(struct cpu *c, struct insn in)
{
    acct_advance(c, c->op_cost[in.op]);
    c->instructions++;
    cpu_execute(c, in);
}

// A sensitive instruction by code in the cache: on the virtual processor's state in memory, without the monitor.
static void execute_in_tc(struct vcpu *v, struct insn in)
{
    struct cpu_fault fault;
    charge_in_stream(v, COST_BT_IN_TC);
    if (in.op == OP_RDTSC || in.op == OP_PAUSE) { // these it really executes
        acct_advance(v->cpu, v->cpu->op_cost[in.op]);
    }
    v->vm->stats.bt_in_tc++;
    if (!vcpu_perform(v, in, &fault)) {
        vcpu_fault(v, &fault);
        leave_unit(bt_of(v));
        enter(v); // the handler may be in another ring
    }
}

// Where translated code stands after an instruction of unit `n` that completed without the monitor.
static void advance(struct vcpu *v, int32_t n, unsigned at, enum bt_kind kind)
{
    struct bt_vcpu *t = bt_of(v);
    const struct unit *u = &t->unit[n];
    bool falls = v->cpu->s.pc == u->pc + 4u * (at + 1);
    if (falls && at + 1u < u->count) {
        t->at = at + 1;
        return;
    }
    t->now = NONE;
    t->from = n;
    t->way = falls ? 0 : 1;
    t->arrival = kind == BT_INDIRECT ? FROM_INDIRECT : FROM_UNIT;
}

static bool runs_in_tc(const struct vcpu *v, struct insn in)
{
    // A latch without side effects needs no monitor, but only the port that the registers hold tells.
    return (in.op == OP_IN || in.op == OP_OUT) &&
           (uint16_t)(v->cpu->s.r[in.ra] + (uint64_t)(int64_t)in.imm) == LATCH_PORT;
}

static void step(struct cpu *c)
{
    struct vcpu *v = vcpu_of(c);
    struct bt_vcpu *t = bt_of(v);
    if (vcpu_wants_interrupt(v)) {
        vcpu_take_interrupt(v); // units end early for it
        leave_unit(t);
        trap_resume(v, enter);
        return;
    }
    bool inside = t->now != NONE && t->unit[t->now].valid &&
                  c->s.pc == t->unit[t->now].pc + 4u * t->at &&
                  t->unit[t->now].generation == t->generation;
    if (!inside) {
        if (t->now != NONE) {
            leave_unit(t);
        }
        if (!arrive(v)) {
            return;
        }
    }
    int32_t n = t->now;
    unsigned at = t->at;
    struct insn in = t->unit[n].insn[at];
    enum bt_kind kind = (enum bt_kind)t->unit[n].kind[at];
    uint64_t before = c->instructions;
    bool stepping = v->g.flags & FLAG_TF;
    if (kind == BT_CALL_OUT && !runs_in_tc(v, in)) {
        ask_monitor(v, EXIT_BT_CALLOUT, in);
        return;
    }
    if (kind == BT_IN_TC || kind == BT_CALL_OUT) {
        execute_in_tc(v, in);
    } else {
        execute(c, in);
    }
    if (c->instructions == before || vcpu_stopped(v)) {
        return; // it faulted: the monitor has seen to it
    }
    if (t->now == n) {
        advance(v, n, at, kind);
    }
    if (stepping) {
        vcpu_deliver(v, VEC_DB, 0, EVENT_FAULT, c->s.pc);
        leave_unit(t);
        enter(v);
    }
}

// ---- exits ----------------------------------------------------------------------------------------

static void do_translate(struct vcpu *v)
{
    struct bt_vcpu *t = bt_of(v);
    uint64_t gpa, pc = v->cpu->s.pc;
    struct cpu_fault fault;
    if (!vcpu_walk(v, pc, ACC_FETCH, v->g.ring, &gpa, &fault)) {
        vcpu_fault(v, &fault);
        leave_unit(t);
        return;
    }
    int32_t n = translate(v, pc, gpa);
    if (t->arrival == FROM_UNIT && v->vm->arch.option[OPTION_BT_CHAIN]) {
        t->unit[t->from].link[t->way] = n;
        v->vm->stats.bt_chained++;
    }
    t->now = n;
    t->at = 0;
}

static void perform_callout(struct vcpu *v, struct insn in)
{
    struct cpu_fault fault = {.vector = VEC_UD};
    switch (in.op) {
    case OP_INVALID: vcpu_fault(v, &fault); return;
    case OP_SYSCALL: vcpu_syscall(v); return;
    case OP_INT: vcpu_software_interrupt(v, (unsigned)in.imm); return;
    case OP_BRK: vcpu_software_interrupt(v, VEC_BP); return;
    default: break;
    }
    if (!vcpu_emulate(v, in, &fault)) {
        vcpu_fault(v, &fault);
    } else if (in.op == OP_LPTBR || in.op == OP_LMSW || in.op == OP_INVLPG) {
        bt_of(v)->generation++;
    }
}

static void do_callout(struct vcpu *v, struct insn in)
{
    struct bt_vcpu *t = bt_of(v);
    struct cpu *c = v->cpu;
    int32_t n = t->now;
    unsigned at = t->at;
    uint64_t before = c->instructions, next = c->s.pc + 4;
    bool stepping = v->g.flags & FLAG_TF;
    unsigned ring = v->g.ring;
    v->vm->stats.bt_callouts++;
    vm_charge(v, CYC_BT, COST_BT_CALLOUT, 1);
    perform_callout(v, in);
    leave_unit(t);
    if (c->instructions != before && !vcpu_stopped(v)) {
        if (stepping) {
            vcpu_deliver(v, VEC_DB, 0, EVENT_FAULT, c->s.pc);
        } else if (c->s.pc == next && v->g.ring == ring && !v->g.halted && n < t->units) {
            advance(v, n, at, BT_CALL_OUT); // the callout returns to translated code
        }
    }
}

// A trap in translated code; a store that keeps hitting page tables is worth a callout.
static void do_trap(struct vcpu *v, const struct vmexit *e)
{
    struct bt_vcpu *t = bt_of(v);
    int32_t n = t->now;
    uint64_t writes = v->vm->stats.shadow_write_faults;
    trap_act(v, e);
    if (n == NONE || e->reason != EXIT_TRAP_PF || v->vm->stats.shadow_write_faults == writes) {
        return;
    }
    struct unit *u = &t->unit[n];
    if (!u->valid || u->kind[t->at] != BT_IDENT || u->pc + 4u * t->at != e->pc) {
        return;
    }
    if (++u->faults[t->at] >= BT_ADAPT_AFTER && v->vm->arch.option[OPTION_BT_ADAPT]) {
        u->kind[t->at] = BT_CALL_OUT;
        v->vm->stats.bt_adapted++;
        vm_charge(v, CYC_BT, COST_BT_TRANSLATE, u->count);
    }
}

// Traps of user code that runs directly: trap-and-emulate's.
static void direct_exit(struct vcpu *v, const struct vmexit *e)
{
    struct trap_vcpu *t = v->technique;
    const struct cpu *c = v->cpu;
    bool stepping = c->s.flags & FLAG_TF;
    uint64_t before = c->instructions;
    if (!t->own_step && !t->debug_next) {
        v->g.flags = (v->g.flags & ~FLAG_TF) | (c->s.flags & FLAG_TF);
    }
    trap_act(v, e);
    t->debug_next = stepping && c->instructions != before;
    leave_unit(bt_of(v));
}

static void on_exit(struct vcpu *v, const struct vmexit *e)
{
    struct bt_vcpu *t = bt_of(v);
    bool hardware = e->reason != EXIT_BT_CALLOUT && e->reason != EXIT_BT_TRANSLATE;
    if (!v->cpu->translating) {
        direct_exit(v, e);
    } else if (e->reason == EXIT_BT_TRANSLATE) {
        do_translate(v);
    } else if (e->reason == EXIT_BT_CALLOUT) {
        do_callout(v, e->insn);
    } else {
        do_trap(v, e);
    }
    if (t->trap.debug_next) {
        return; // the single-step trap of the instruction that was emulated comes first
    }
    trap_resume(v, enter);
    if (hardware && v->cpu->translating && !v->waiting) {
        vm_charge(v, CYC_WORLD_SWITCH, COST_IRET, 1); // from the trap back to ring 1
    }
}

// ---- life -----------------------------------------------------------------------------------------

static void destroy(struct vm *vm)
{
    struct bt_vcpu *t = vm->technique_state;
    for (unsigned i = 0; t && i < vm->vcpus; i++) {
        free(t[i].unit);
    }
    free(t);
    vm->technique_state = NULL;
}

static bool create(struct vm *vm, char *err, size_t err_size)
{
    struct bt_vcpu *t = calloc(vm->vcpus, sizeof *t);
    vm->technique_state = t;
    bool ok = t != NULL;
    for (unsigned i = 0; ok && i < vm->vcpus; i++) {
        t[i].unit = calloc(BT_UNITS_MAX, sizeof *t[i].unit);
        ok = t[i].unit != NULL;
        vm->vcpu[i].technique = &t[i];
    }
    if (!ok) {
        destroy(vm);
        snprintf(err, err_size, "no memory for the translation caches of %u virtual processors",
                 vm->vcpus);
    }
    return ok;
}

static void start(struct vcpu *v)
{
    struct bt_vcpu *t = bt_of(v);
    t->trap = (struct trap_vcpu){0};
    flush(t);
    t->generation++;
    v->cpu->translating = false;
    if (trap_begin(v)) {
        enter(v);
    }
}

static void wake(struct vcpu *v)
{
    if (v->g.parked) {
        vcpu_wait(v);
    } else {
        trap_resume(v, enter);
    }
}

static const struct monitor_ops monitor = {.name = "binary translation",
                                           .exit = vm_on_exit,
                                           .wake = vm_on_wake,
                                           .event = vm_on_event,
                                           .step = step,
                                           .stored = stored};

const struct technique_ops bt_technique = {.name = "bt",
                                           .deprivileged = true,
                                           .monitor = &monitor,
                                           .create = create,
                                           .destroy = destroy,
                                           .start = start,
                                           .exit = on_exit,
                                           .wake = wake,
                                           .state = trap_state};
