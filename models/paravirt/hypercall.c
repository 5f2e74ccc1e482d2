// hypercall.c: the hypercalls, one function each, and the table that finds them by number.
#include "models/paravirt/paravirt.h"

#include "sim/acct.h"
#include "sim/devices.h"

#include <string.h>

enum { REQUESTS_MAX = 1024, CALLS_MAX = 32, CONSOLE_MAX = 4096, GATES = 256 };

const char *hypercall_name(unsigned number)
{
    static const char *const names[HYPERCALL_MAX] = {
#define HYPERCALL(NAME, text, number, t0, t1, doc) [number] = text,
#include "models/paravirt/hypercall.def"
#undef HYPERCALL
    };
    return number < HYPERCALL_MAX ? names[number] : NULL;
}

// ---- page tables ----------------------------------------------------------------------------------

static int64_t mmu_update(struct vcpu *v, uint64_t requests, uint64_t count)
{
    if (count > REQUESTS_MAX) {
        return PV_INVALID;
    }
    int64_t result = 0;
    for (uint64_t i = 0; i < count && result == 0; i++) {
        uint64_t request[2];
        result = pv_read(v, requests + sizeof request * i, request, sizeof request)
                     ? pv_mmu_request(v, request[0], request[1])
                     : PV_FAULT;
    }
    return result;
}

// ---- traps ----------------------------------------------------------------------------------------

static int64_t set_trap_table(struct vcpu *v, uint64_t table, uint64_t unused)
{
    struct pv_domain *d = pv_domain(v->vm);
    uint64_t gate[GATES][2];
    (void)unused;
    if (!pv_read(v, table, gate, sizeof gate)) {
        return PV_FAULT;
    }
    for (unsigned i = 0; i < GATES; i++) {
        // Ring 0 is the hypervisor's: no gate leads there, nor to ring 3, where it would not be a kernel's.
        bool good =
            GATE_RING(gate[i][1]) == 1 && gate[i][0] % 4 == 0 && vcpu_canonical(v, gate[i][0]);
        if ((gate[i][1] & GATE_P) && !good) {
            return PV_PERM;
        }
    }
    memcpy(d->gate, gate, sizeof gate);
    return 0;
}

static int64_t stack_switch(struct vcpu *v, uint64_t sp, uint64_t unused)
{
    (void)unused;
    v->cpu->s.kstack = sp;
    return 0;
}

static int64_t set_callbacks(struct vcpu *v, uint64_t at, uint64_t unused)
{
    struct pv_domain *d = pv_domain(v->vm);
    uint64_t w[4];
    (void)unused;
    if (!pv_read(v, at, w, sizeof w)) {
        return PV_FAULT;
    }
    for (unsigned i = 0; i < 4; i++) {
        if (w[i] % 4 || !vcpu_canonical(v, w[i])) {
            return PV_INVALID;
        }
    }
    d->event_entry = w[0];
    v->cpu->s.lstar = w[1];
    d->restart = w[2];
    d->restart_end = w[3];
    return 0;
}

// ---- scheduling -----------------------------------------------------------------------------------

static int64_t block(struct vcpu *v, uint64_t unused, uint64_t unused2)
{
    (void)unused, (void)unused2;
    pv_shared_set(v, SHARED_MASK, 0);
    v->g.halted = true; // until there is an event; if there is one, not at all
    return 0;
}

static int64_t yield(struct vcpu *v, uint64_t unused, uint64_t unused2)
{
    (void)unused, (void)unused2;
    vm_charge(v, CYC_SCHED, COST_HV_SCHED, 1); // and finds nobody else
    return 0;
}

// Layout of the kernel's trap frame as far as a program's registers are in it: 6 of arguments, 4 saved, t0-t2, lr; then pc, flags, sp.
enum {
    FRAME_A1 = 1,
    FRAME_LR = 13,
    FRAME_PC = 16,
    FRAME_FLAGS = 18,
    FRAME_SP = 19,
    FRAME_ALL = 20
};

static int64_t shutdown(struct vcpu *v, uint64_t status, uint64_t frame)
{
    uint64_t *r = v->cpu->s.r, w[FRAME_ALL];
    if (frame != 0) {
        if (!pv_read(v, frame, w, sizeof w)) {
            return PV_FAULT;
        }
        r[REG_A0] = status;
        memcpy(&r[REG_A0 + 1], &w[FRAME_A1], 5 * sizeof *w);
        r[REG_LR] = w[FRAME_LR];
        r[REG_T0] = r[REG_SP] = w[FRAME_SP];
        r[REG_T0 + 1] = w[FRAME_PC];
        r[REG_T0 + 2] = w[FRAME_FLAGS];
    }
    machine_stop(v->vm->m, STOP_POWEROFF, v->index, (uint32_t)status);
    return 0;
}

// ---- events and time ------------------------------------------------------------------------------

static int64_t event_deliver(struct vcpu *v, uint64_t unused, uint64_t unused2)
{
    (void)v, (void)unused, (void)unused2;
    return 0; // the way back to the guest looks for itself
}

static int64_t event_send(struct vcpu *v, uint64_t channel, uint64_t unused)
{
    (void)unused;
    vm_charge(v, CYC_HYPERCALL, COST_HC_EVENT, 1);
    return channel < CHANNELS ? pv_send(v, (enum pv_channel)channel) : PV_INVALID;
}

static int64_t channel_bind(struct vcpu *v, uint64_t channel, uint64_t ring)
{
    return channel < CHANNELS ? pv_connect(v, (enum pv_channel)channel, ring) : PV_INVALID;
}

static int64_t set_timer(struct vcpu *v, uint64_t after, uint64_t unused)
{
    enum { LVT_TIMER = 0x320, LVT_DEADLINE = 2 << 17, TIMER_VECTOR = 0xe0 };
    struct pv_domain *d = pv_domain(v->vm);
    struct devices *dev = &v->vm->devices;
    uint64_t cycles = after / 1000 * v->vm->m->config.model->mhz +
                      after % 1000 * v->vm->m->config.model->mhz / 1000;
    (void)unused;
    if (after == 0 || d->timer_due == 0) {
        d->timer_due = cpu_now(v->cpu);
    }
    d->timer_due = after == 0 ? 0 : d->timer_due + cycles;
    devices_write(dev, BUS_MMIO, v->index, APIC_BASE + LVT_TIMER, 4, LVT_DEADLINE | TIMER_VECTOR);
    apic_set_deadline(&dev->apic[v->index], &dev->env, d->timer_due);
    pv_interrupts(v);
    return 0;
}

// ---- console --------------------------------------------------------------------------------------

static int64_t console_out(struct vcpu *v, uint64_t from, uint64_t count)
{
    char bytes[CONSOLE_MAX];
    if (count > sizeof bytes) {
        return PV_INVALID;
    }
    if (!pv_read(v, from, bytes, count)) {
        return PV_FAULT;
    }
    if (v->vm->platform->device_access) { // one visit to the driver however many bytes
        v->vm->platform->device_access(v, VM_DEVICE_CONSOLE, true);
    }
    for (uint64_t i = 0; i < count; i++) {
        devices_write(&v->vm->devices, BUS_PORT, v->index, CONSOLE_PORT, 1, (uint8_t)bytes[i]);
    }
    return (int64_t)count;
}

// ---- dispatch -------------------------------------------------------------------------------------

typedef int64_t (*handler)(struct vcpu *v, uint64_t t0, uint64_t t1);

static int64_t multicall(struct vcpu *v, uint64_t calls, uint64_t count);

// IRET is done by pv_hypercall itself: it has no result.
static const handler handlers[HYPERCALL_MAX] = {
    [HC_MMU_UPDATE] = mmu_update,
    [HC_MULTICALL] = multicall,
    [HC_SET_TRAP_TABLE] = set_trap_table,
    [HC_STACK_SWITCH] = stack_switch,
    [HC_SET_CALLBACKS] = set_callbacks,
    [HC_BLOCK] = block,
    [HC_YIELD] = yield,
    [HC_SHUTDOWN] = shutdown,
    [HC_EVENT_DELIVER] = event_deliver,
    [HC_EVENT_SEND] = event_send,
    [HC_SET_TIMER] = set_timer,
    [HC_CONSOLE_WRITE] = console_out,
    [HC_CONSOLE_READ] = pv_console_read,
    [HC_GRANT_TABLE] = pv_set_grants,
    [HC_CHANNEL_BIND] = channel_bind,
};

static int64_t call(struct vcpu *v, uint64_t number, uint64_t t0, uint64_t t1)
{
    vm_charge(v, CYC_HYPERCALL, COST_HC_CALL, 1);
    if (number >= HYPERCALL_MAX || !handlers[number]) {
        return PV_NOSYS;
    }
    v->vm->stats.hypercalls[number]++;
    return handlers[number](v, t0, t1);
}

static int64_t multicall(struct vcpu *v, uint64_t calls, uint64_t count)
{
    if (count > CALLS_MAX) {
        return PV_INVALID;
    }
    for (uint64_t i = 0; i < count; i++) {
        uint64_t w[4] = {0}, at = calls + sizeof w * i;
        if (!pv_read(v, at, w, sizeof w) || w[0] == HC_MULTICALL) {
            return w[0] == HC_MULTICALL ? PV_INVALID : PV_FAULT;
        }
        w[3] = (uint64_t)call(v, w[0], w[1], w[2]);
        if (!pv_write(v, at + 24, &w[3], sizeof w[3])) {
            return PV_FAULT;
        }
    }
    return 0;
}

void pv_hypercall(struct vcpu *v)
{
    uint64_t *r = v->cpu->s.r;
    uint64_t number = r[REG_T0 + 2];
    cpu_skip(v->cpu);
    if (number == HC_IRET) {
        v->vm->stats.hypercalls[HC_IRET]++;
        vm_charge(v, CYC_HYPERCALL, COST_HC_CALL, 1);
        if (!pv_iret(v)) {
            pv_bounce(v, VEC_GP, 0, false);
        }
        return;
    }
    bool leaves = number == HC_SHUTDOWN && r[REG_T0 + 1] != 0;
    int64_t result = call(v, number, r[REG_T0], r[REG_T0 + 1]);
    if (!leaves || result < 0) {
        r[REG_T0] = (uint64_t)result;
    }
}
