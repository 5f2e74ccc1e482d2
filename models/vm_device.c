// vm_device.c: the guest's devices: the same models that the bare machine has, in other surroundings. DMA goes to the guest's slot, interrupts
// to virtual local APICs, and what a device plans comes back as a real interrupt of the processor that has to see to it.
#include "models/vm.h"

#include "sim/acct.h"

#include <assert.h>

// ---- surroundings ---------------------------------------------------------------------------------

static sim_time_t env_now(void *ctx)
{
    return machine_now(((struct vm *)ctx)->m);
}

// What a transfer that is about to be planned moves.
static uint64_t transfer_size(const struct vm *vm, enum dev_event kind)
{
    const struct disk *d = &vm->devices.disk;
    switch (kind) {
    case DEV_EVENT_DISK: return d->command == DISK_FLUSH ? 0 : d->running_count * DISK_SECTOR;
    case DEV_EVENT_NIC_TX: return vm->devices.nic.tx_length;
    case DEV_EVENT_TIMER:
    case DEV_EVENT_NIC_RX: break;
    }
    return 0;
}

// A device plans: on the host's queue, named by virtual machine and kind. A transfer begins when the driver has done its part.
static event_handle_t env_schedule(void *ctx, sim_time_t when, enum dev_event kind, uint32_t target)
{
    struct vm *vm = ctx;
    bool transfer = kind == DEV_EVENT_DISK || kind == DEV_EVENT_NIC_TX;
    if (transfer && vm->acting && vm->platform->device_start) {
        sim_time_t before = env_now(vm);
        vm->platform->device_start(vm->acting, kind, transfer_size(vm, kind));
        when += env_now(vm) - before;
    }
    return machine_schedule(vm->m, when, MEVENT_MONITOR, target, (uint64_t)vm->id << 8 | kind);
}

static void env_cancel(void *ctx, event_handle_t handle)
{
    struct vm *vm = ctx;
    if (handle == EVENT_NONE || machine_cancel(vm->m, handle)) {
        return;
    }
    for (unsigned i = 0; i < vm->due_count; i++) { // it is due, and only waits to be seen to
        if (vm->due[i].handle == handle) {
            vm->due_count--;
            memmove(&vm->due[i], &vm->due[i + 1], (vm->due_count - i) * sizeof *vm->due);
            return;
        }
    }
}

static bool env_dma_read(void *ctx, uint64_t addr, void *to, size_t n)
{
    const struct vm *vm = ctx;
    return vm_has(vm, addr, n) && machine_dma_read(vm->m, vm->base + addr, to, n);
}

static bool env_dma_write(void *ctx, uint64_t addr, const void *from, size_t n)
{
    struct vm *vm = ctx;
    bool allowed = vm_has(vm, addr, n) && (!vm->paging->dma || vm->paging->dma(vm, addr, n));
    return allowed && vm_ram_write(vm, addr, from, n);
}

static void env_interrupt(void *ctx, unsigned cpu, int vector)
{
    struct vm *vm = ctx;
    struct vcpu *v = &vm->vcpu[cpu];
    if (v->offer == vector) {
        return;
    }
    v->offer = vector;
    if (vm->technique->interrupt) {
        vm->technique->interrupt(v);
    } else if (!v->cpu->in_monitor && vector >= 0) {
        vcpu_kick(v);
    }
}

static unsigned env_tpr(void *ctx, unsigned cpu)
{
    struct cpu_state s;
    vm_state(ctx, cpu, &s);
    return s.tpr;
}

static void env_set_tpr(void *ctx, unsigned cpu, unsigned tpr)
{
    const struct vm *vm = ctx;
    vm->vcpu[cpu].g.tpr = (uint8_t)tpr;
    if (!vm->technique->deprivileged) {
        vm->vcpu[cpu].cpu->s.tpr = (uint8_t)tpr;
    }
}

static void env_start_cpu(void *ctx, unsigned cpu, unsigned vector)
{
    const struct vm *vm = ctx;
    struct vcpu *v = &vm->vcpu[cpu];
    if (v->g.parked) {
        v->g = (struct cpu_state){.pc = (uint64_t)vector << PAGE_SHIFT};
        v->starting = true;
        vcpu_kick(v);
    }
}

static void env_stop(void *ctx, unsigned cpu, uint32_t status)
{
    machine_stop(((struct vm *)ctx)->m, STOP_POWEROFF, cpu, status);
}

static void env_transmit(void *ctx, const uint8_t *frame, size_t size)
{
    struct vm *vm = ctx;
    sim_time_t now = env_now(vm);
    if (vm->transmit) {
        vm->transmit(vm->transmit_ctx, now, frame, size);
    } else {
        uint64_t link = cost_cycles(vm->m->config.model, COST_LINK);
        devices_deliver_frame(&vm->devices, now + link, frame, size);
    }
}

static const struct dev_env_ops env_ops = {.now = env_now,
                                           .schedule = env_schedule,
                                           .cancel = env_cancel,
                                           .dma_read = env_dma_read,
                                           .dma_write = env_dma_write,
                                           .interrupt = env_interrupt,
                                           .tpr = env_tpr,
                                           .set_tpr = env_set_tpr,
                                           .start_cpu = env_start_cpu,
                                           .stop = env_stop,
                                           .transmit = env_transmit};

void vm_devices_init(struct vm *vm)
{
    struct dev_env env = {.ops = &env_ops, .ctx = vm, .model = vm->m->config.model};
    devices_init(&vm->devices, &env, vm->vcpus, nic_mac(0));
}

// ---- events ---------------------------------------------------------------------------------------

// The hypervisor's timer or a device that works for it interrupts: the event waits until the processor is in the monitor.
void vm_on_event(struct machine *m, const struct event *e)
{
    struct vm *vm = m->monitor_state;
    enum dev_event kind = (enum dev_event)(e->arg & 0xff);
    unsigned cpu = kind == DEV_EVENT_TIMER ? e->target : 0; // devices' interrupts go to the first
    assert(e->kind == MEVENT_MONITOR && vm->due_count < VM_DUE_MAX && cpu < vm->vcpus);
    vm->due[vm->due_count++] = (struct vm_due){.handle = e->handle, .kind = kind, .cpu = cpu};
    if (kind == DEV_EVENT_TIMER && vm->technique->timer && vm->technique->timer(&vm->vcpu[cpu])) {
        return;
    }
    vcpu_kick(&vm->vcpu[cpu]);
}

void vm_devices_due(struct vcpu *v)
{
    struct vm *vm = v->vm;
    struct vcpu *before = vm->acting;
    vm->acting = v;
    for (unsigned i = 0; i < vm->due_count;) {
        struct vm_due due = vm->due[i];
        if (due.cpu != v->index) {
            i++;
            continue;
        }
        vm->due_count--;
        memmove(&vm->due[i], &vm->due[i + 1], (vm->due_count - i) * sizeof *vm->due);
        if (due.kind != DEV_EVENT_TIMER && vm->platform->device_done) {
            vm->platform->device_done(v, due.kind);
        }
        devices_fire(&vm->devices, due.kind, due.kind == DEV_EVENT_TIMER ? due.cpu : 0);
        if (due.kind != DEV_EVENT_TIMER && vm->io->done) {
            vm->io->done(v);
        }
        i = 0; // firing may have taken others back
    }
    vm->acting = before;
}

enum { APIC_EOI = 0xb0 };

// ---- accesses -------------------------------------------------------------------------------------

// Which device answers at a guest-physical address or port.
static enum vm_device device_at(const struct vm *vm, enum bus_space space, uint64_t addr)
{
    if (space == BUS_PORT) {
        return addr - CONSOLE_PORT < CONSOLE_PORTS       ? VM_DEVICE_CONSOLE
               : addr == LATCH_PORT || addr == STOP_PORT ? VM_DEVICE_OTHER
                                                         : VM_DEVICE_NONE;
    }
    switch (addr & ~PAGE_MASK) {
    case APIC_BASE: return VM_DEVICE_APIC;
    case IOAPIC_BASE: return VM_DEVICE_IOAPIC;
    default: return vm->io->at(addr);
    }
}

static void charge_access(struct vcpu *v, enum vm_device device, bool write)
{
    if (v->vm->io->direct && (device == VM_DEVICE_DISK || device == VM_DEVICE_NIC)) {
        vm_charge(v, CYC_DEVICE, COST_MMIO, 1);
    } else if (v->vm->platform->device_access) {
        v->vm->platform->device_access(v, device, write);
    }
}

// A disk or card, or what should look like one, whose registers are not those of the machine's own models. Where vm->io says that nothing is,
// nothing is, although the models behind it exist.
static bool is_drivers(enum bus_space space, enum vm_device device)
{
    return space == BUS_MMIO && device != VM_DEVICE_APIC && device != VM_DEVICE_IOAPIC;
}

static bool fits(uint64_t addr, unsigned n)
{
    return (n == 4 || n == 8) && addr % n == 0;
}

static uint64_t device_read(struct vcpu *v, enum bus_space space, uint64_t addr, unsigned n)
{
    struct vm *vm = v->vm;
    uint64_t value = UINT64_MAX;
    enum vm_device device = device_at(vm, space, addr);
    charge_access(v, device, false);
    vm->acting = v;
    if (is_drivers(space, device) && (device == VM_DEVICE_NONE || vm->io->read)) {
        value = device != VM_DEVICE_NONE && fits(addr, n) ? vm->io->read(v, addr, n) : UINT64_MAX;
    } else {
        devices_read(&vm->devices, space, v->index, addr, n, &value);
    }
    vm->acting = NULL;
    return value;
}

static void device_write(struct vcpu *v, enum bus_space space, uint64_t addr, unsigned n,
                         uint64_t value)
{
    struct vm *vm = v->vm;
    enum vm_device device = device_at(vm, space, addr);
    charge_access(v, device, true);
    if (device == VM_DEVICE_APIC && (addr & PAGE_MASK) == APIC_EOI && vm->io->eoi) {
        int serving = apic_serving(&vm->devices.apic[v->index]);
        if (serving >= 0) {
            vm->io->eoi(v, (unsigned)serving);
        }
    }
    vm->acting = v;
    if (is_drivers(space, device) && (device == VM_DEVICE_NONE || vm->io->write)) {
        if (device != VM_DEVICE_NONE && fits(addr, n)) {
            vm->io->write(v, addr, n, value);
        }
    } else {
        devices_write(&vm->devices, space, v->index, addr, n, value);
    }
    vm->acting = NULL;
}

static uint64_t low_bytes(uint64_t value, unsigned n)
{
    return n >= 8 ? value : value & ((UINT64_C(1) << 8 * n) - 1);
}

uint64_t vm_physical_read(struct vcpu *v, uint64_t gpa, unsigned n)
{
    struct vm *vm = v->vm;
    if (vm_has(vm, gpa, n)) {
        return mem_get(&vm->memory, gpa, n);
    }
    vm->stats.mmio++;
    return low_bytes(device_read(v, BUS_MMIO, gpa, n), n);
}

void vm_physical_write(struct vcpu *v, uint64_t gpa, unsigned n, uint64_t value)
{
    struct vm *vm = v->vm;
    if (vm_has(vm, gpa, n)) {
        vm_ram_write(vm, gpa, &value, n);
        return;
    }
    vm->stats.mmio++;
    device_write(v, BUS_MMIO, gpa, n, low_bytes(value, n));
}

uint32_t vm_port_read(struct vcpu *v, unsigned port)
{
    v->vm->stats.port_io++;
    return (uint32_t)device_read(v, BUS_PORT, port, 4);
}

void vm_port_write(struct vcpu *v, unsigned port, uint32_t value)
{
    v->vm->stats.port_io++;
    device_write(v, BUS_PORT, port, 4, value);
}

bool vm_ram_write(struct vm *vm, uint64_t gpa, const void *from, size_t n)
{
    if (!vm_has(vm, gpa, n) || !machine_dma_write(vm->m, vm->base + gpa, from, n)) {
        return false;
    }
    if (vm->paging && vm->paging->wrote) {
        vm->paging->wrote(vm, gpa, n);
    }
    return true;
}
