// Where there is no KVM of this kind, everything says so.
#include "real/kvm.h"

#if !(defined __linux__ && defined __x86_64__)

#include <stdio.h>

int real_kvm_version(const char *path)
{
    (void)path;
    return 0;
}
bool real_kvm_usable(char *err)
{
    snprintf(err, REAL_ERROR_SIZE, "this is not Linux on an x86-64 processor");
    return false;
}
struct real_vm *real_vm_new(const struct real_guest *g, char *err)
{
    (void)g;
    real_kvm_usable(err);
    return NULL;
}
void real_vm_free(struct real_vm *vm)
{
    (void)vm;
}
void real_vm_run(struct real_vm *vm, unsigned cpu, uint64_t answer, struct real_out *out)
{
    (void)vm, (void)cpu, (void)answer;
    *out = (struct real_out){.why = REAL_OUT_FAILED};
}
void real_vm_kick(struct real_vm *vm, unsigned cpu)
{
    (void)vm, (void)cpu;
}
const uint8_t *real_vm_ram(const struct real_vm *vm)
{
    (void)vm;
    return NULL;
}
bool real_vm_rip(struct real_vm *vm, unsigned cpu, uint64_t *rip)
{
    (void)vm, (void)cpu, (void)rip;
    return false;
}
int real_vm_stats(const struct real_vm *vm, unsigned cpu)
{
    (void)vm, (void)cpu;
    return -1;
}

#endif
