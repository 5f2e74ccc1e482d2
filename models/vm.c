// vm.c: makes and unmakes a virtual machine on a host of its own, loads and runs it, and passes on what the processor model reports.
#include "models/vm.h"

#include "models/axes.h"
#include "sim/acct.h"
#include "sim/dev_machine.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A pool for the worst that the pagings build: leaf tables for all of RAM some times over, and a floor for small guests.
static uint64_t default_pool(uint64_t ram)
{
    return (UINT64_C(4) << 20) + ram / 8;
}

static uint64_t up_to_huge(uint64_t n)
{
    return (n + HUGE_PAGE_SIZE - 1) & ~(HUGE_PAGE_SIZE - 1);
}

// ---- making ---------------------------------------------------------------------------------------

static bool find_axes(struct vm *vm, const struct machine_config *config, char *err,
                      size_t err_size)
{
    const struct arch_row *row = arch_row(vm->arch.arch);
    if (!arch_valid(&vm->arch, config->model, err, err_size)) {
        return false;
    }
    vm->technique = axis_technique(row->technique);
    bool bare = row->platform == PLATFORM_BARE;
    vm->paging = bare ? NULL : axis_paging(vm->arch.paging);
    vm->platform = axis_platform(row->platform);
    vm->io = bare ? NULL : axis_io(vm->arch.io);
    assert(bare ||
           (vm->paging && vm->platform && vm->io)); // arch_valid() lets nothing else through
    return true;
}

static bool make_host(struct vm *vm, const struct machine_config *config, uint64_t pool, char *err,
                      size_t err_size)
{
    struct machine_config host = *config;
    vm->ram = config->ram;
    if (vm->paging) {
        vm->base = up_to_huge(pool ? pool : default_pool(config->ram));
        vm->pool_next = PAGE_SIZE; // frame 0 is nobody's: 0 means none
        vm->pool_end = vm->base;
        host.ram = vm->base + config->ram;
    }
    vm->m = machine_create(&host, err, err_size);
    if (!vm->m) {
        return false;
    }
    vm->m->monitor = vm->technique->monitor;
    vm->m->monitor_state = vm;
    vm->memory = (struct mem){.bytes = vm->m->mem.bytes + vm->base,
                              .size = vm->ram,
                              .frame = vm->m->mem.frame + (vm->base >> PAGE_SHIFT)};
    return true;
}

static bool make_processors(struct vm *vm, char *err, size_t err_size)
{
    vm->vcpus = vm->m->config.cpus;
    vm->vcpu = calloc(vm->vcpus, sizeof *vm->vcpu);
    if (!vm->vcpu) {
        snprintf(err, err_size, "no memory for %u virtual processors", vm->vcpus);
        return false;
    }
    for (unsigned i = 0; i < vm->vcpus; i++) {
        struct vcpu *v = &vm->vcpu[i];
        *v = (struct vcpu){.vm = vm,
                           .cpu = &vm->m->cpu[i],
                           .index = i,
                           .offer = -1,
                           .shadow_at = UINT64_MAX,
                           .g.parked = i != 0};
        v->cpu->monitor_cpu = v;
    }
    return true;
}

static bool make_axes(struct vm *vm, char *err, size_t err_size)
{
    return (!vm->platform || !vm->platform->create || vm->platform->create(vm, err, err_size)) &&
           (!vm->io || !vm->io->create || vm->io->create(vm, err, err_size)) &&
           (!vm->paging || !vm->paging->create || vm->paging->create(vm, err, err_size)) &&
           (!vm->technique->create || vm->technique->create(vm, err, err_size));
}

struct vm *vm_create(const struct machine_config *config, const struct arch_config *arch,
                     uint64_t pool, char *err, size_t err_size)
{
    struct vm *vm = calloc(1, sizeof *vm);
    if (!vm) {
        snprintf(err, err_size, "no memory for a virtual machine");
        return NULL;
    }
    vm->arch = *arch;
    bool ok = find_axes(vm, config, err, err_size) && make_host(vm, config, pool, err, err_size) &&
              make_processors(vm, err, err_size);
    if (ok && !vm_is_bare(vm)) {
        vm_devices_init(vm);
    }
    if (!ok || !make_axes(vm, err, err_size)) {
        vm_destroy(vm);
        return NULL;
    }
    return vm;
}

void vm_destroy(struct vm *vm)
{
    if (!vm) {
        return;
    }
    if (vm->vcpu) {
        if (vm->technique->destroy) {
            vm->technique->destroy(vm);
        }
        if (vm->io && vm->io->destroy) {
            vm->io->destroy(vm);
        }
        if (vm->paging && vm->paging->destroy) {
            vm->paging->destroy(vm);
        }
        if (vm->platform && vm->platform->destroy) {
            vm->platform->destroy(vm);
        }
    }
    if (vm->m && !vm_is_bare(vm)) {
        devices_free(&vm->devices);
    }
    machine_destroy(vm->m);
    free(vm->vcpu);
    free(vm);
}

// ---- loading and running --------------------------------------------------------------------------

bool vm_read(const struct vm *vm, uint64_t gpa, void *to, size_t n)
{
    return n == 0 || (vm_has(vm, gpa, n) && machine_read(vm->m, vm->base + gpa, to, n));
}

bool vm_write(struct vm *vm, uint64_t gpa, const void *from, size_t n)
{
    return n == 0 || vm_ram_write(vm, gpa, from, n);
}

void vm_begin(struct vm *vm, uint64_t entry, uint64_t boot_info)
{
    for (unsigned i = 0; i < vm->vcpus; i++) {
        struct vcpu *v = &vm->vcpu[i];
        struct cpu_state *s = &v->cpu->s;
        *s = (struct cpu_state){.parked = i != 0};
        v->g = *s;
        if (i == 0) {
            s->pc = entry;
            s->r[REG_A0] = boot_info;
        }
        vm->technique->start(v);
    }
}

bool vm_load(struct vm *vm, const struct image *img, uint64_t boot_info, char *err, size_t err_size)
{
    static const uint8_t zeros[PAGE_SIZE];
    for (size_t i = 0; i < img->segment_count; i++) {
        const struct image_segment *s = &img->segments[i];
        uint64_t end = s->addr + s->size;
        bool ok = (s->size == 0 || vm_has(vm, s->addr, s->size)) &&
                  (s->bss == 0 || vm_has(vm, end, s->bss)) &&
                  vm_write(vm, s->addr, s->bytes, (size_t)s->size);
        for (uint64_t done = 0; ok && done < s->bss; done += PAGE_SIZE) {
            uint64_t n = s->bss - done < PAGE_SIZE ? s->bss - done : PAGE_SIZE;
            ok = vm_write(vm, end + done, zeros, (size_t)n);
        }
        if (!ok) {
            snprintf(err, err_size,
                     "section %s at 0x%llx does not fit into %llu MiB of memory; give it more",
                     s->name, (unsigned long long)s->addr, (unsigned long long)(vm->ram >> 20));
            return false;
        }
    }
    vm_begin(vm, img->entry, boot_info);
    return true;
}

enum stop_reason vm_run(struct vm *vm, uint64_t until, uint64_t max_instructions)
{
    return machine_run(vm->m, until, max_instructions);
}

const struct stop_info *vm_stop_info(const struct vm *vm)
{
    return machine_stop_info(vm->m);
}

struct devices *vm_devices(const struct vm *vm)
{
    // A virtual machine's own, which only its address keeps from being const.
    return vm_is_bare(vm) ? machine_devices(vm->m) : &vm->vcpu[0].vm->devices;
}

void vm_state(const struct vm *vm, unsigned cpu, struct cpu_state *out)
{
    assert(cpu < vm->vcpus);
    vm->technique->state(&vm->vcpu[cpu], out);
}

const char *vm_console(const struct vm *vm, size_t *size)
{
    const struct console *c = &vm_devices(vm)->console;
    *size = c->output_size;
    return c->output ? c->output : "";
}

bool vm_disk_attach(struct vm *vm, const uint8_t *bytes, size_t size, char *err, size_t err_size)
{
    if (vm_is_bare(vm) || vm->io->direct) {
        return machine_disk_attach(vm->m, bytes, size, err, err_size);
    }
    if (size % DISK_SECTOR != 0 || size > DISK_BYTES_MAX) {
        snprintf(err, err_size, "a disk of %zu bytes; make it a multiple of %d bytes, up to 4 GiB",
                 size, (int)DISK_SECTOR);
        return false;
    }
    if (!devices_attach_disk(&vm->devices, bytes, size)) {
        snprintf(err, err_size, "no memory for a disk of %zu bytes; take a smaller one", size);
        return false;
    }
    return true;
}

// ---- the monitor's hooks --------------------------------------------------------------------------

static void count_exit(struct vm_exit_stats *s, uint64_t cycles)
{
    s->min = s->count == 0 || cycles < s->min ? cycles : s->min;
    s->max = cycles > s->max ? cycles : s->max;
    s->total += cycles;
    s->count++;
}

void vm_on_exit(struct cpu *c, const struct vmexit *x)
{
    struct vcpu *v = vcpu_of(c);
    const struct platform_ops *platform = v->vm->platform;
    uint64_t began = cpu_now(c);
    if (platform->enter) {
        platform->enter(v, x);
    }
    v->vm->technique->exit(v, x);
    if (platform->leave && !v->waiting) {
        platform->leave(v, x);
    }
    count_exit(&v->vm->stats.exit[x->reason], cpu_now(c) - began);
}

void vm_on_wake(struct cpu *c)
{
    struct vcpu *v = vcpu_of(c);
    v->waiting = false;
    if (v->vm->platform->wake) {
        v->vm->platform->wake(v);
    }
    if (c->intr >= 0) {
        vcpu_real_interrupt(v);
    }
    if (v->starting) {
        v->starting = false;
        c->s = v->g;
        v->vm->technique->start(v);
    } else {
        v->vm->technique->wake(v);
    }
}

// ---- for the axes ---------------------------------------------------------------------------------

void vm_charge(struct vcpu *v, enum cycle_category category, enum cost_key cost, uint64_t count)
{
    acct_charge_told(v->cpu, category, cost, count);
}

uint64_t vm_frame(struct vm *vm)
{
    if (vm->pool_next >= vm->pool_end) {
        return 0;
    }
    uint64_t frame = vm->pool_next;
    vm->pool_next += PAGE_SIZE;
    vm->m->mem.frame[frame >> PAGE_SHIFT] |= FRAME_WRITTEN;
    memset(vm->m->mem.bytes + frame, 0, PAGE_SIZE);
    return frame;
}
