// type1.c: the hypervisor on the bare processors. It does exits, interrupt controllers and scheduling itself; a device with a driver is Dom0's, a virtual
// machine that is switched to on the same processor. Dom0 runs no toy code here: its switch and its work are priced (dom0.*).
#include "models/type1/type1.h"

#include "sim/acct.h"

static void enter(struct vcpu *v, const struct vmexit *e)
{
    (void)e;
    vm_charge(v, CYC_EXIT_HANDLING, COST_HV_ENTER, 1);
}

// Away from the guest, to Dom0, and back: two decisions of the scheduler, two switches.
static void to_dom0_and_back(struct vcpu *v)
{
    vm_charge(v, CYC_SCHED, COST_HV_SCHED, 2);
    vm_charge(v, CYC_DOM0, COST_DOM0_SWITCH, 2);
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
        to_dom0_and_back(v);
        vm_charge(v, CYC_DOM0, COST_DOM0_ACCESS, 1);
        break;
    }
}

// Dom0 is running already: the device model asks its kernel's driver.
static void device_start(struct vcpu *v, enum dev_event kind, uint64_t bytes)
{
    (void)kind;
    vm_charge(v, CYC_DOM0, COST_DOM0_REQUEST, 1);
    vm_charge(v, CYC_DOM0, COST_DOM0_KIB, (bytes + 1023) / 1024);
}

static void device_done(struct vcpu *v, enum dev_event kind)
{
    (void)kind;
    to_dom0_and_back(v);
    vm_charge(v, CYC_DOM0, COST_DOM0_COMPLETE, 1);
}

static void reschedule(struct vcpu *v)
{
    vm_charge(v, CYC_SCHED, COST_HV_SCHED, 1);
}

const struct platform_ops type1_platform = {.name = "type1",
                                            .enter = enter,
                                            .device_access = device_access,
                                            .device_start = device_start,
                                            .device_done = device_done,
                                            .idle = reschedule,
                                            .wake = reschedule};
