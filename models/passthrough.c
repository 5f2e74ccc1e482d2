// passthrough.c: sets up the IOMMU and the real I/O APIC for a guest that has the real devices, and passes their interrupts on. passthrough.h says more.
#include "models/passthrough.h"

#include "sim/dev_machine.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    PINS = 2,
    FIRST_VECTOR = 0xf4, // real vectors of the two, the hypervisor's own
    ENTRY_LEVEL = 1 << 15,
    ENTRY_MASKED = 1 << 16,
    IOAPIC_ENTRY = 0x10,
    IOAPIC_DATA = 0x10,
    TABLE_LEVELS = 4,
};
static const unsigned pins[PINS] = {DISK_PIN, NIC_PIN};

struct passthrough {
    bool posted;
    bool waiting[PINS]; // the guest has been told, and has not said EOI yet
};

static struct passthrough *passthrough_of(const struct vm *vm)
{
    return vm->io_state;
}

// ---- making ---------------------------------------------------------------------------------------

static void put_entry(struct vm *vm, uint64_t at, uint64_t value)
{
    mem_put(&vm->m->mem, at, 8, value);
    vm->m->mem.frame[at >> PAGE_SHIFT] |= FRAME_WRITTEN;
}

// The table below entry i of `table`; 0: no frame.
static uint64_t below(struct vm *vm, uint64_t table, uint64_t i)
{
    uint64_t at = table + 8 * (i & 511), entry = mem_get(&vm->m->mem, at, 8);
    if (!(entry & EPT_R)) {
        entry = vm_frame(vm);
        if (!entry) {
            return 0;
        }
        put_entry(vm, at, entry | EPT_R | EPT_W);
    }
    return entry & PTE_FRAME;
}

// Guest-physical to host-physical, by 2 MiB entries: the guest's memory is one piece. 0: no frames.
static uint64_t make_table(struct vm *vm)
{
    uint64_t root = vm_frame(vm);
    for (uint64_t gpa = 0; root && gpa < vm->ram; gpa += HUGE_PAGE_SIZE) {
        uint64_t l3 = below(vm, root, gpa >> 39), l2 = l3 ? below(vm, l3, gpa >> 30) : 0;
        if (!l2) {
            return 0;
        }
        put_entry(vm, l2 + 8 * (gpa >> HUGE_PAGE_SHIFT & 511),
                  (vm->base + gpa) | EPT_PS | EPT_R | EPT_W);
    }
    return root;
}

// The pin of the real I/O APIC, as the hypervisor programs it: level-triggered, to processor 0.
static void set_pin(struct vm *vm, unsigned k, bool masked)
{
    struct devices *real = machine_devices(vm->m);
    unsigned low = IOAPIC_ENTRY + 2 * pins[k];
    devices_write(real, BUS_MMIO, 0, IOAPIC_BASE, 4, low);
    devices_write(real, BUS_MMIO, 0, IOAPIC_BASE + IOAPIC_DATA, 4,
                  (FIRST_VECTOR + k) | ENTRY_LEVEL | (masked ? ENTRY_MASKED : 0u));
}

// The IOMMU posts a device's interrupt: the virtual I/O APIC sees the line, and no processor leaves its guest for it.
static bool post(void *ctx, unsigned vector)
{
    struct vm *vm = ctx;
    unsigned k = vector - FIRST_VECTOR;
    if (k >= PINS) {
        return false;
    }
    passthrough_of(vm)->waiting[k] = true;
    devices_line(&vm->devices, pins[k], true);
    return true;
}

static bool create(struct vm *vm, char *err, size_t err_size)
{
    if (vm->m->mem.size > DISK_BASE) {
        snprintf(err, err_size,
                 "io=passthrough with %llu MiB of memory, which reach the devices' own addresses; "
                 "take less --ram",
                 (unsigned long long)(vm->m->mem.size >> 20));
        return false;
    }
    struct passthrough *p = calloc(1, sizeof *p);
    uint64_t root = p ? make_table(vm) : 0;
    if (!root) {
        free(p);
        snprintf(err, err_size,
                 "no frames for the IOMMU's table; give the hypervisor a larger pool");
        return false;
    }
    bool hw = !vm->technique->deprivileged;
    p->posted = hw && vm->arch.option[OPTION_POSTED];
    vm->io_state = p;
    vm->m->iommu =
        (struct iommu){.on = true,
                       .table = {.format = WALK_EPT, .root = root, .levels = TABLE_LEVELS},
                       .post = p->posted ? post : NULL,
                       .ctx = vm};
    for (unsigned k = 0; k < PINS; k++) {
        vm->devices.foreign |= UINT32_C(1) << pins[k];
        set_pin(vm, k, false);
    }
    return true;
}

static void destroy(struct vm *vm)
{
    free(vm->io_state);
    vm->io_state = NULL;
}

// ---- interrupts -----------------------------------------------------------------------------------

// A real device's interrupt. Its line stays high until the guest's driver has served it, so its pin must be quiet until then.
static bool interrupt(struct vcpu *v, unsigned vector)
{
    struct vm *vm = v->vm;
    unsigned k = vector - FIRST_VECTOR;
    if (k >= PINS) {
        return false;
    }
    vm_charge(v, CYC_EXIT_HANDLING, COST_MMIO, 2);
    set_pin(vm, k, true);
    passthrough_of(vm)->waiting[k] = true;
    devices_line(&vm->devices, pins[k], true);
    return true;
}

// The guest ends the interrupt with that vector: if it is one of ours, the device may ask again.
static void eoi(struct vcpu *v, unsigned vector)
{
    struct vm *vm = v->vm;
    struct passthrough *p = passthrough_of(vm);
    for (unsigned k = 0; k < PINS; k++) {
        if (!p->waiting[k] || (vm->devices.ioapic.entry[pins[k]] & 0xff) != vector) {
            continue;
        }
        p->waiting[k] = false;
        devices_line(&vm->devices, pins[k], false);
        if (p->posted) { // no processor has had the real one: the pin waits for its end
            vm_charge(v, CYC_EXIT_HANDLING, COST_MMIO, 1);
            devices_eoi(machine_devices(vm->m), FIRST_VECTOR + k);
        } else {
            vm_charge(v, CYC_EXIT_HANDLING, COST_MMIO, 2);
            set_pin(vm, k, false);
        }
    }
}

// ---- registers ------------------------------------------------------------------------------------

static enum vm_device at(uint64_t gpa)
{
    switch (gpa & ~PAGE_MASK) {
    case DISK_BASE: return VM_DEVICE_DISK;
    case NIC_BASE: return VM_DEVICE_NIC;
    default: return VM_DEVICE_NONE;
    }
}

// For instructions that the hypervisor executes in the guest's place.
static uint64_t read(struct vcpu *v, uint64_t gpa, unsigned n)
{
    uint64_t value;
    devices_read(machine_devices(v->vm->m), BUS_MMIO, v->index, gpa, n, &value);
    return value;
}

static void write(struct vcpu *v, uint64_t gpa, unsigned n, uint64_t value)
{
    devices_write(machine_devices(v->vm->m), BUS_MMIO, v->index, gpa, n, value);
}

const struct io_ops passthrough_io = {.name = "passthrough",
                                      .direct = true,
                                      .create = create,
                                      .destroy = destroy,
                                      .at = at,
                                      .read = read,
                                      .write = write,
                                      .interrupt = interrupt,
                                      .eoi = eoi};
