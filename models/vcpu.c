// vcpu.c: a virtual processor's memory as its own tables show it, and its interrupts: how a real one becomes a virtual one.
#include "models/vm.h"

#include "sim/acct.h"
#include "sim/dev_machine.h"

enum { ACCESS_MAX = 48, APIC_EOI = 0xb0 };

// ---- guest-virtual memory -------------------------------------------------------------------------

bool vcpu_canonical(const struct vcpu *v, uint64_t va)
{
    return walk_canonical(va, v->cpu->levels);
}

bool vcpu_walk(struct vcpu *v, uint64_t va, enum cpu_access access, unsigned ring, uint64_t *gpa,
               struct cpu_fault *fault)
{
    if (!(v->g.msw & MSW_PG)) {
        *gpa = va;
        return true;
    }
    if (!vcpu_canonical(v, va)) {
        *fault = (struct cpu_fault){.vector = VEC_GP};
        return false;
    }
    const struct walk_dim table = {
        .format = WALK_GUEST, .root = v->g.ptbr & PTBR_FRAME, .levels = v->cpu->levels};
    struct walk_result r = walk(&v->vm->memory, &table, 1, va,
                                (struct walk_access){.write = access == ACC_WRITE,
                                                     .fetch = access == ACC_FETCH,
                                                     .user = ring == 3,
                                                     .wp = v->g.msw & MSW_WP},
                                true, NULL, NULL);
    if (r.status != WALK_OK) {
        *fault = (struct cpu_fault){.vector = VEC_PF, .error = r.error, .addr = va, .linear = va};
        return false;
    }
    *gpa = r.address;
    return true;
}

enum paging_outcome vcpu_page_fault(struct vcpu *v, uint64_t va, uint32_t error, uint64_t *gpa,
                                    struct cpu_fault *fault)
{
    *gpa = 0;
    enum paging_outcome outcome = v->vm->paging->fault(v, va, error, gpa, fault);
    vcpu_tell_fault(
        v, &(struct watch_fault){.va = va, .gpa = *gpa, .error = error, .outcome = outcome});
    return outcome;
}

// An access cut at the page's end: where its two parts lie. `second` bytes are in the second page.
struct span {
    uint64_t at[2];
    unsigned first, second;
};

static bool find_span(struct vcpu *v, uint64_t va, unsigned n, enum cpu_access access,
                      unsigned ring, struct span *s, struct cpu_fault *fault)
{
    uint64_t room = PAGE_SIZE - (va & PAGE_MASK);
    s->first = room < n ? (unsigned)room : n;
    s->second = n - s->first;
    return vcpu_walk(v, va, access, ring, &s->at[0], fault) &&
           (s->second == 0 || vcpu_walk(v, va + s->first, access, ring, &s->at[1], fault));
}

// Bytes of one page: ones where there is no RAM.
static void copy_from(const struct vm *vm, uint64_t gpa, uint8_t *to, unsigned n)
{
    if (vm_has(vm, gpa, n)) {
        memcpy(to, vm->memory.bytes + gpa, n);
    } else {
        memset(to, 0xff, n);
    }
}

bool vcpu_read(struct vcpu *v, uint64_t va, void *to, unsigned n, unsigned ring,
               struct cpu_fault *fault)
{
    struct span s;
    assert(n > 0 && n <= ACCESS_MAX);
    vm_charge(v, CYC_EXIT_HANDLING, COST_HV_GUEST_ACCESS, 1);
    if (!find_span(v, va, n, ACC_READ, ring, &s, fault)) {
        return false;
    }
    copy_from(v->vm, s.at[0], to, s.first);
    if (s.second > 0) {
        copy_from(v->vm, s.at[1], (uint8_t *)to + s.first, s.second);
    }
    return true;
}

bool vcpu_write(struct vcpu *v, uint64_t va, const void *from, unsigned n, unsigned ring,
                struct cpu_fault *fault)
{
    struct span s;
    assert(n > 0 && n <= ACCESS_MAX);
    vm_charge(v, CYC_EXIT_HANDLING, COST_HV_GUEST_ACCESS, 1);
    if (!find_span(v, va, n, ACC_WRITE, ring, &s, fault)) {
        return false;
    }
    vm_ram_write(v->vm, s.at[0], from, s.first); // dropped where there is no RAM
    if (s.second > 0) {
        vm_ram_write(v->vm, s.at[1], (const uint8_t *)from + s.first, s.second);
    }
    return true;
}

// ---- interrupts -----------------------------------------------------------------------------------

void vcpu_kick(struct vcpu *v)
{
    v->vm->stats.kicks++;
    devices_request(machine_devices(v->vm->m), v->index, HV_VECTOR);
}

void vcpu_real_interrupt(struct vcpu *v)
{
    struct devices *real = machine_devices(v->vm->m);
    unsigned vector = machine_lapic_ack(v->vm->m, v->index);
    vm_charge(v, CYC_EXIT_HANDLING, COST_HV_IRQ, 1);
    bool passed = v->vm->io->interrupt && v->vm->io->interrupt(v, vector);
    assert(passed || vector == HV_VECTOR || vector == POSTED_VECTOR);
    (void)passed;
    devices_write(real, BUS_MMIO, v->index, APIC_BASE + APIC_EOI, 4, 0);
    vm_devices_due(v);
}

bool vcpu_wants_interrupt(const struct vcpu *v)
{
    return v->offer >= 0 && (v->g.flags & FLAG_IF) && (v->offer >> 4) > v->g.tpr &&
           v->shadow_at != v->cpu->instructions;
}

void vcpu_take_interrupt(struct vcpu *v)
{
    assert(vcpu_wants_interrupt(v));
    unsigned vector = devices_ack(&v->vm->devices, v->index);
    vm_charge(v, CYC_INJECTION, COST_HV_INJECT, 1);
    v->vm->stats.injected++;
    vcpu_deliver(v, vector, 0, EVENT_EXTERNAL, v->cpu->s.pc);
}

void vcpu_wait(struct vcpu *v)
{
    if (v->vm->platform->idle) {
        v->vm->platform->idle(v);
    }
    v->waiting = true;
    cpu_monitor_wait(v->cpu, CYC_IDLE);
}
