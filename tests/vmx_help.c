// The tiny hypervisor of the tests of non-root mode.
#include "tests/vmx_help.h"

#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

struct tiny *tiny_of(struct cpu *c)
{
    return c->m->monitor_state;
}

static void on_exit(struct cpu *c, const struct vmexit *x)
{
    struct tiny *t = tiny_of(c);
    if (t->count < EXITS_KEPT) {
        t->seen[t->count] = *x;
        t->when[t->count] = cpu_now(c);
    }
    t->count++;
    if (t->handle) {
        t->handle(t, c, x);
    } else if (x->insn.op != OP_INVALID) {
        cpu_skip(c);
    }
}

static void on_wake(struct cpu *c)
{
    tiny_of(c)->woken++;
}

static unsigned on_virtual_ack(struct cpu *c)
{
    struct tiny *t = tiny_of(c);
    unsigned vector = (unsigned)t->virtual_irr;
    t->virtual_irr = t->v.virtual_intr = -1;
    return vector;
}

static bool on_apic_read(struct cpu *c, unsigned offset, uint64_t *value)
{
    *value = tiny_of(c)->apic_value;
    return offset == 0x80;
}

static bool on_apic_write(struct cpu *c, unsigned offset, uint64_t value)
{
    tiny_of(c)->apic_value = (uint32_t)value;
    return offset == 0x80;
}

static void on_posted(struct cpu *c)
{
    struct tiny *t = tiny_of(c);
    t->posted++;
    t->virtual_irr = t->v.virtual_intr = 0x55;
}

static const struct monitor_ops tiny_ops = {.name = "tiny",
                                            .exit = on_exit,
                                            .wake = on_wake,
                                            .virtual_ack = on_virtual_ack,
                                            .apic_read = on_apic_read,
                                            .apic_write = on_apic_write,
                                            .posted = on_posted};

// The guest's program begins with a prologue that most tests want: vectors at 0x4000 that all lead to `trap`, unless the program sets others.
static const char prologue[] = "        .org 0x10000\n"
                               "start:  li t0, 0x4000\n"
                               "        lidt t0\n"
                               "        li sp, 0x9000\n"
                               "        jmp body\n"
                               "off:    out zero, [zero+0xf4]\n"
                               "trap:   ldd a5, [sp+8]\n"
                               "        addi a4, a4, 1\n"
                               "        jmp off\n";

void tiny_free(struct tiny *t)
{
    if (t) {
        rig_free(t->r);
        free(t);
    }
}

struct tiny *tiny_new(void)
{
    struct tiny *t = calloc(1, sizeof *t);
    if (t) {
        t->r = rig_new();
        t->virtual_irr = t->v.virtual_intr = -1;
    }
    if (!t || !t->r) {
        CHECK(false && "memory");
        tiny_free(t);
        return NULL;
    }
    return t;
}

bool tiny_load(struct tiny *t, const char *body)
{
    char source[8192];
    snprintf(source, sizeof source, "%s%s", prologue, body);
    if (!rig_start(t->r, source)) {
        return false;
    }
    for (unsigned v = 0; v < 256; v++) {
        rig_put(t->r, 0x4000 + 16 * v, rig_symbol(t->r, "trap"));
        rig_put(t->r, 0x4000 + 16 * v + 8, GATE_P | 3 << 1);
    }
    t->r->m->monitor = &tiny_ops;
    t->r->m->monitor_state = t;
    return true;
}

void tiny_enter(struct tiny *t)
{
    t->v.guest = t->r->c->s;
    vmcs_update(&t->v, NULL);
    vmcs_load(t->r->c, &t->v);
    vmcs_start(t->r->c);
}

bool tiny_run(struct tiny *t)
{
    char err[256] = "";
    enum stop_reason why = machine_run(t->r->m, POWEROFF_LIMIT, UINT64_MAX);
    bool ok = CHECK(machine_accounting_ok(t->r->m, err, sizeof err));
    return CHECK_U64(why, STOP_POWEROFF) && ok;
}

uint64_t exits(const struct tiny *t, enum exit_reason reason)
{
    return machine_counters(t->r->m, 0)->exits[reason];
}

uint64_t all_exits(const struct tiny *t)
{
    uint64_t sum = 0;
    for (unsigned k = 0; k < EXIT_REASONS; k++) {
        sum += machine_counters(t->r->m, 0)->exits[k];
    }
    return sum;
}

void step_over_faults(struct tiny *t, struct cpu *c, const struct vmexit *x)
{
    (void)t;
    if (x->reason == EXIT_EXCEPTION_NMI || x->insn.op != OP_INVALID) {
        cpu_skip(c);
    }
}
