// type2.c: a hosted hypervisor. A module in the host's kernel handles exits; devices are the work of a user-space process, which asks the host's drivers by
// system calls. A monitor without VT-x lives in a world of its own, with its own tables and vectors: reaching the host from there is a
// world switch each way (SUGER01), also for every real interrupt, which is the host's. Under VT-x an exit lands in the host's kernel at once.
#include "models/type2/type2.h"

#include "sim/acct.h"

// Out of the monitor's world into the host's, and back.
static void visit_host(struct vcpu *v)
{
    if (v->vm->technique->deprivileged) {
        vm_charge(v, CYC_WORLD_SWITCH, COST_HOST_SWITCH, 2);
    }
}

static void enter(struct vcpu *v, const struct vmexit *e)
{
    vm_charge(v, CYC_EXIT_HANDLING, COST_HV_ENTER, 1);
    if (e->reason == EXIT_EXTERNAL_INTERRUPT) {
        visit_host(v);
        vm_charge(v, CYC_HOST, COST_HOST_IRQ, 1);
    }
}

static void device_access(struct vcpu *v, enum vm_device device, bool write)
{
    (void)write;
    switch (device) {
    case VM_DEVICE_APIC:
    case VM_DEVICE_IOAPIC: vm_charge(v, CYC_DEVICE, COST_HV_APIC, 1); break;
    case VM_DEVICE_NONE:
    case VM_DEVICE_OTHER: vm_charge(v, CYC_DEVICE, COST_HV_DEVICE, 1); break;
    case VM_DEVICE_CONSOLE:
    case VM_DEVICE_DISK:
    case VM_DEVICE_NIC:
        visit_host(v);
        vm_charge(v, CYC_HOST, COST_HOST_USER, 1);
        vm_charge(v, CYC_DEVICE, COST_HOST_ACCESS, 1);
        break;
    }
}

static void device_start(struct vcpu *v, enum dev_event kind, uint64_t bytes)
{
    (void)kind;
    vm_charge(v, CYC_HOST, COST_HOST_REQUEST, 1);
    vm_charge(v, CYC_HOST, COST_HOST_KIB, (bytes + 1023) / 1024);
}

// The interrupt has brought us to the host already (enter, wake): its driver, then the process that waits for it.
static void device_done(struct vcpu *v, enum dev_event kind)
{
    (void)kind;
    vm_charge(v, CYC_HOST, COST_HOST_COMPLETE, 1);
    vm_charge(v, CYC_HOST, COST_HOST_USER, 1);
}

// The process sleeps in the host's kernel, or is woken there.
static void reschedule(struct vcpu *v)
{
    if (v->vm->technique->deprivileged) {
        vm_charge(v, CYC_WORLD_SWITCH, COST_HOST_SWITCH, 1);
    }
    vm_charge(v, CYC_SCHED, COST_HOST_SCHED, 1);
}

const struct platform_ops type2_platform = {.name = "type2",
                                            .enter = enter,
                                            .device_access = device_access,
                                            .device_start = device_start,
                                            .device_done = device_done,
                                            .idle = reschedule,
                                            .wake = reschedule};
