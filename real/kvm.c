// The only place of <linux/kvm.h> and <sys/mman.h>. See Documentation/virt/kvm/api.rst of the kernel for what each request means.
#define _DEFAULT_SOURCE // MAP_ANONYMOUS, madvise
#include "real/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined __linux__ && defined __x86_64__ // elsewhere: kvm_none.c
#include <linux/kvm.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

static bool fail(char *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(char *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(err, REAL_ERROR_SIZE, format, args);
    va_end(args);
    return false;
}

static const char device[] = "/dev/kvm";

struct real_vm {
    int kvm, vm;
    uint8_t *ram, *far;
    uint64_t ram_size, far_size;
    unsigned cpus;
    int cpu[REAL_CPUS_MAX], stats[REAL_CPUS_MAX];
    struct kvm_run *run[REAL_CPUS_MAX];
    size_t run_size;
};

int real_kvm_version(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    int version = fd < 0 ? 0 : ioctl(fd, KVM_GET_API_VERSION, 0);
    if (fd >= 0) {
        close(fd);
    }
    return version < 0 ? 0 : version;
}

bool real_kvm_usable(char *err)
{
    int fd = open(device, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return fail(err, "%s: %s", device, strerror(errno));
    }
    int version = ioctl(fd, KVM_GET_API_VERSION, 0);
    int vm = version == KVM_API_VERSION ? ioctl(fd, KVM_CREATE_VM, 0) : -1;
    if (version != KVM_API_VERSION) {
        fail(err, version < 0 ? "%s does not answer as KVM does" : "%s has another version",
             device);
    } else if (vm < 0) {
        fail(err, "%s makes no virtual machine: %s", device, strerror(errno));
    } else {
        close(vm);
    }
    close(fd);
    return vm >= 0;
}

// ---- making one ------------------------------------------------------------------------------------------

static bool add_memory(struct real_vm *vm, unsigned slot, uint64_t at, uint64_t size,
                       uint8_t **memory, char *err)
{
    void *m = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED) {
        return fail(err, "no memory for the guest: %s", strerror(errno));
    }
    *memory = m;
    // Pages are to come one by one, so that each first touch is one exit. A kernel without huge pages refuses, and does so anyway.
    (void)madvise(m, size, MADV_NOHUGEPAGE);
    struct kvm_userspace_memory_region region = {.slot = slot,
                                                 .guest_phys_addr = at,
                                                 .memory_size = size,
                                                 .userspace_addr = (uint64_t)(uintptr_t)m};
    return ioctl(vm->vm, KVM_SET_USER_MEMORY_REGION, &region) == 0 ||
           fail(err, "KVM_SET_USER_MEMORY_REGION: %s", strerror(errno));
}

static struct kvm_segment segment(uint16_t selector, uint8_t type, bool system)
{
    bool code = !system && (type & 8);
    return (struct kvm_segment){.selector = selector,
                                .limit = system ? 0x67 : 0xffffffff,
                                .type = type,
                                .present = 1,
                                .dpl = selector & 3,
                                .s = !system,
                                .l = code,
                                .db = !system && !code,
                                .g = !system};
}

// 64-bit long mode with paging on, as if the guest had gone there itself. CR0: PE MP ET NE WP PG; CR4: PAE OSFXSR OSXMMEXCPT; EFER: SCE LME LMA.
static void long_mode(struct kvm_sregs *s, const struct real_guest *g,
                      const struct real_start *start)
{
    s->cs = segment(start->ring3 ? REAL_CS_USER | 3 : REAL_CS_KERNEL, 11, false);
    s->ss = segment(start->ring3 ? REAL_DS_USER | 3 : REAL_DS_KERNEL, 3, false);
    s->ds = s->es = s->fs = s->gs = s->ss;
    s->tr = segment(REAL_TSS, 11, true);
    s->tr.base = g->tss;
    s->ldt.unusable = 1;
    s->gdt = (struct kvm_dtable){.base = g->gdt, .limit = (uint16_t)g->gdt_limit};
    s->idt = (struct kvm_dtable){.base = g->idt, .limit = (uint16_t)g->idt_limit};
    s->cr0 = 0x80010033;
    s->cr3 = start->cr3;
    s->cr4 = 0x620;
    s->efer = 0x501;
    s->apic_base |= 0xc00; // enabled, x2APIC mode
}

// The processor's own features, with what KVM adds; x2APIC among them, on every host.
static bool set_cpuid(struct real_vm *vm, int cpu, char *err)
{
    enum { ENTRIES = 256 };
    struct kvm_cpuid2 *list = calloc(1, sizeof *list + ENTRIES * sizeof list->entries[0]);
    if (!list) {
        return fail(err, "no memory");
    }
    list->nent = ENTRIES;
    bool ok =
        ioctl(vm->kvm, KVM_GET_SUPPORTED_CPUID, list) == 0 && ioctl(cpu, KVM_SET_CPUID2, list) == 0;
    free(list);
    return ok || fail(err, "KVM_SET_CPUID2: %s", strerror(errno));
}

static bool set_syscall(int cpu, const struct real_guest *g, char *err)
{
    enum { COUNT = 3 };
    struct kvm_msrs *msrs = calloc(1, sizeof *msrs + COUNT * sizeof msrs->entries[0]);
    if (!msrs) {
        return fail(err, "no memory");
    }
    msrs->nmsrs = COUNT;
    msrs->entries[0] = (struct kvm_msr_entry){.index = 0xc0000081,
                                              .data = (uint64_t)REAL_CS_USER32 << 48 |
                                                      (uint64_t)REAL_CS_KERNEL << 32}; // STAR
    msrs->entries[1] =
        (struct kvm_msr_entry){.index = 0xc0000082, .data = g->syscall_entry};     // LSTAR
    msrs->entries[2] = (struct kvm_msr_entry){.index = 0xc0000084, .data = 0x200}; // FMASK
    int done = ioctl(cpu, KVM_SET_MSRS, msrs);
    free(msrs);
    return done == COUNT || fail(err, "KVM_SET_MSRS refuses what SYSCALL needs");
}

static bool add_cpu(struct real_vm *vm, const struct real_guest *g, unsigned index, char *err)
{
    int cpu = ioctl(vm->vm, KVM_CREATE_VCPU, index);
    if (cpu < 0) {
        return fail(err, "KVM_CREATE_VCPU: %s", strerror(errno));
    }
    vm->cpu[index] = cpu;
    vm->cpus = index + 1;
    // Asked for now: once the processor runs, its requests wait until it comes out. Reading does not.
    vm->stats[index] = ioctl(cpu, KVM_GET_STATS_FD, 0);
    void *run = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
    if (run == MAP_FAILED) {
        return fail(err, "the processor's shared page: %s", strerror(errno));
    }
    vm->run[index] = run;
    const struct real_start *start = &g->start[index];
    struct kvm_sregs sregs;
    struct kvm_regs regs = {
        .rip = start->rip, .rsp = start->rsp, .rflags = start->may_out ? 0x3002 : 2};
    struct kvm_mp_state ready = {.mp_state = KVM_MP_STATE_RUNNABLE};
    if (!set_cpuid(vm, cpu, err) || !set_syscall(cpu, g, err)) {
        return false;
    }
    if (ioctl(cpu, KVM_GET_SREGS, &sregs) != 0) {
        return fail(err, "KVM_GET_SREGS: %s", strerror(errno));
    }
    long_mode(&sregs, g, start);
    if (ioctl(cpu, KVM_SET_SREGS, &sregs) != 0 || ioctl(cpu, KVM_SET_REGS, &regs) != 0 ||
        ioctl(cpu, KVM_SET_MP_STATE, &ready) != 0) {
        return fail(err, "setting the processor's registers: %s", strerror(errno));
    }
    return true;
}

static bool build(struct real_vm *vm, const struct real_guest *g, char *err)
{
    vm->kvm = open(device, O_RDWR | O_CLOEXEC);
    if (vm->kvm < 0) {
        return fail(err, "%s: %s", device, strerror(errno));
    }
    vm->vm = ioctl(vm->kvm, KVM_CREATE_VM, 0);
    int size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (vm->vm < 0 || size < (int)sizeof(struct kvm_run)) {
        return fail(err, "KVM_CREATE_VM: %s", strerror(errno));
    }
    vm->run_size = (size_t)size;
    // Intel's processors without "unrestricted guest" need three pages that the guest does not use.
    (void)ioctl(vm->vm, KVM_SET_TSS_ADDR, 0xfffbd000UL);
    if (ioctl(vm->vm, KVM_CREATE_IRQCHIP, 0) != 0) {
        return fail(err, "KVM_CREATE_IRQCHIP: %s", strerror(errno));
    }
    vm->ram_size = g->ram_size;
    vm->far_size = g->far_size;
    if (!add_memory(vm, 0, 0, g->ram_size, &vm->ram, err) ||
        (g->far_size && !add_memory(vm, 1, g->far_base, g->far_size, &vm->far, err))) {
        return false;
    }
    memcpy(vm->ram, g->ram, g->ram_size);
    for (unsigned i = 0; i < g->cpus; i++) {
        if (!add_cpu(vm, g, i, err)) {
            return false;
        }
    }
    return true;
}

struct real_vm *real_vm_new(const struct real_guest *g, char *err)
{
    struct real_vm *vm = calloc(1, sizeof *vm);
    if (!vm) {
        fail(err, "no memory");
        return NULL;
    }
    vm->kvm = vm->vm = -1;
    if (!build(vm, g, err)) {
        real_vm_free(vm);
        return NULL;
    }
    return vm;
}

void real_vm_free(struct real_vm *vm)
{
    if (!vm) {
        return;
    }
    for (unsigned i = 0; i < vm->cpus; i++) {
        if (vm->run[i]) {
            munmap(vm->run[i], vm->run_size);
        }
        if (vm->stats[i] >= 0) {
            close(vm->stats[i]);
        }
        close(vm->cpu[i]);
    }
    if (vm->ram) {
        munmap(vm->ram, vm->ram_size);
    }
    if (vm->far) {
        munmap(vm->far, vm->far_size);
    }
    if (vm->vm >= 0) {
        close(vm->vm);
    }
    if (vm->kvm >= 0) {
        close(vm->kvm);
    }
    free(vm);
}

// ---- running it --------------------------------------------------------------------------------------------

static uint64_t bytes(const void *from, unsigned size)
{
    uint64_t value = 0;
    memcpy(&value, from, size < sizeof value ? size : sizeof value);
    return value;
}

static void out_port(struct kvm_run *run, struct real_out *out)
{
    const uint8_t *data = (const uint8_t *)run + run->io.data_offset;
    out->why = REAL_OUT_PORT;
    out->write = run->io.direction == KVM_EXIT_IO_OUT;
    out->addr = run->io.port;
    out->size = run->io.size;
    out->repeat = run->io.count;
    out->value = out->write ? bytes(data, run->io.size) : 0;
}

static void out_failed(struct real_out *out, uint64_t code, const char *text)
{
    out->why = REAL_OUT_FAILED;
    out->code = code;
    snprintf(out->text, sizeof out->text, "%s", text);
}

static void describe(struct kvm_run *run, struct real_out *out)
{
    switch (run->exit_reason) {
    case KVM_EXIT_IO: out_port(run, out); break;
    case KVM_EXIT_MMIO:
        out->why = REAL_OUT_MEMORY;
        out->write = run->mmio.is_write;
        out->addr = run->mmio.phys_addr;
        out->size = run->mmio.len;
        out->value = out->write ? bytes(run->mmio.data, run->mmio.len) : 0;
        break;
    case KVM_EXIT_HLT: out->why = REAL_OUT_HLT; break;
    case KVM_EXIT_SHUTDOWN: out->why = REAL_OUT_SHUTDOWN; break;
    case KVM_EXIT_INTR: out->why = REAL_OUT_KICKED; break;
    case KVM_EXIT_FAIL_ENTRY:
        out_failed(out, run->fail_entry.hardware_entry_failure_reason,
                   "the processor refuses to enter the guest");
        break;
    case KVM_EXIT_INTERNAL_ERROR:
        out_failed(out, run->internal.suberror,
                   run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION
                       ? "KVM cannot emulate the instruction there"
                       : "KVM has an internal error");
        break;
    default: out_failed(out, run->exit_reason, "KVM comes back for a reason not known here");
    }
}

static void answer_read(struct kvm_run *run, uint64_t answer)
{
    if (run->exit_reason == KVM_EXIT_IO && run->io.direction == KVM_EXIT_IO_IN) {
        uint8_t *data = (uint8_t *)run + run->io.data_offset;
        for (unsigned i = 0; i < run->io.count; i++) {
            memcpy(data + i * run->io.size, &answer, run->io.size);
        }
    } else if (run->exit_reason == KVM_EXIT_MMIO && !run->mmio.is_write) {
        memcpy(run->mmio.data, &answer, run->mmio.len < 8 ? run->mmio.len : 8);
    }
}

void real_vm_run(struct real_vm *vm, unsigned cpu, uint64_t answer, struct real_out *out)
{
    struct kvm_run *run = vm->run[cpu];
    *out = (struct real_out){.why = REAL_OUT_KICKED};
    answer_read(run, answer);
    if (ioctl(vm->cpu[cpu], KVM_RUN, 0) == 0) {
        describe(run, out);
    } else if (errno != EINTR && errno != EAGAIN) {
        out_failed(out, (uint64_t)errno, strerror(errno));
    }
}

void real_vm_kick(struct real_vm *vm, unsigned cpu)
{
    *(volatile uint8_t *)&vm->run[cpu]->immediate_exit = 1;
}

const uint8_t *real_vm_ram(const struct real_vm *vm)
{
    return vm->ram;
}

bool real_vm_rip(struct real_vm *vm, unsigned cpu, uint64_t *rip)
{
    struct kvm_regs regs;
    if (ioctl(vm->cpu[cpu], KVM_GET_REGS, &regs) != 0) {
        return false;
    }
    *rip = regs.rip;
    return true;
}

int real_vm_stats(const struct real_vm *vm, unsigned cpu)
{
    return vm->stats[cpu];
}

#endif
