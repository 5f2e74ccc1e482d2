// What `ringside explain EXIT` says of the software's part: who handles the exit, and what is charged for it.
#include "cli/topic.h"
#include "models/axes.h"
#include "sim/exit.h"

#include <inttypes.h>
#include <string.h>

// ---- what is charged -----------------------------------------------------------------------------

// Parts of handling an exit: when each is done, and its costs, by name or by the beginning of their names. `run-tests exit_costs` holds them to what the
// models charge.
enum part {
    PART_ENTER,
    PART_VMCS,
    PART_TRAP,
    PART_DO,
    PART_FETCH,
    PART_SHADOW,
    PART_NESTED,
    PART_CONTROLLER,
    PART_OWN_DEVICE,
    PART_DOM0,
    PART_HOST,
    PART_DIRECT,
    PART_INTERRUPT,
    PART_DOM0_DONE,
    PART_HOST_DONE,
    PART_INJECT,
    PART_BOUNCE,
    PART_SCHEDULE,
    PART_TRANSLATE,
    PART_HYPERCALL,
    PARTS
};
static const struct {
    const char *when;
    const char *costs[6];
} parts[PARTS] = {
    [PART_ENTER] = {TEXT("each time"), {"hv.enter"}},
    [PART_VMCS] = {TEXT("a field of the VMCS read, written"), {"vmx.vmread", "vmx.vmwrite"}},
    [PART_TRAP] = {TEXT("without VT-x, the trap and the way back (host.switch: type 2)"),
                   {"event.", "insn.int", "insn.iret", "host.switch"}},
    [PART_DO] = {TEXT("the instruction, done by software"), {"hv.emulate"}},
    [PART_FETCH] = {TEXT("if the exit does not say which instruction it was"),
                    {"hv.decode", "hv.guest_access"}},
    [PART_SHADOW] = {TEXT("with shadow paging"), {"shadow.", "insn.lptbr", "insn.invlpg"}},
    [PART_NESTED] = {TEXT("with nested paging"), {"ept."}},
    [PART_CONTROLLER] = {TEXT("an interrupt controller answers"), {"hv.apic"}},
    [PART_OWN_DEVICE] = {TEXT("no device answers, or a small one of the hypervisor's own"),
                         {"hv.device"}},
    [PART_DOM0] = {TEXT("a disk, network card or console answers, type 1"),
                   {"hv.sched", "dom0.switch", "dom0.access", "dom0.request", "dom0.kib"}},
    [PART_HOST] = {TEXT("a disk, network card or console answers, type 2"),
                   {"host.user", "host.access", "host.request", "host.kib"}},
    [PART_DIRECT] = {TEXT("with a device passed through"), {"mem.mmio"}},
    [PART_INTERRUPT] = {TEXT("the real interrupt is taken"), {"hv.irq", "host.irq"}},
    [PART_DOM0_DONE] = {TEXT("a device has finished, type 1"),
                        {"hv.sched", "dom0.switch", "dom0.complete"}},
    [PART_HOST_DONE] = {TEXT("a device has finished, type 2"), {"host.user", "host.complete"}},
    [PART_INJECT] = {TEXT("if an event waits for the guest"),
                     {"hv.inject", "vmx.inject", "hv.deliver", "hv.guest_access"}},
    [PART_BOUNCE] = {TEXT("passed on to the guest's kernel"), {"hv.bounce", "hc.bounce"}},
    [PART_SCHEDULE] = {TEXT("the scheduler chooses whom to run"), {"hv.sched", "host.sched"}},
    [PART_TRANSLATE] = {TEXT("with binary translation"), {"bt."}},
    [PART_HYPERCALL] = {TEXT("a paravirtual kernel's call"), {"hc."}},
};

#define P(name) (UINT32_C(1) << PART_##name)
enum {
    HW = P(ENTER) | P(VMCS) | P(INJECT),
    SW = P(ENTER) | P(TRAP) | P(INJECT),
    DEVICE = P(CONTROLLER) | P(OWN_DEVICE) | P(DOM0) | P(HOST) | P(DIRECT),
    MEMORY_DEVICE = DEVICE | P(DO) | P(FETCH),
};
static const uint32_t paid[EXIT_REASONS] = {
    [EXIT_EXCEPTION_NMI] = HW | MEMORY_DEVICE | P(SHADOW),
    [EXIT_EXTERNAL_INTERRUPT] =
        HW | P(TRAP) | P(INTERRUPT) | P(DOM0_DONE) | P(HOST_DONE) | P(SCHEDULE),
    [EXIT_TRIPLE_FAULT] = P(ENTER) | P(VMCS),
    [EXIT_INTERRUPT_WINDOW] = HW,
    [EXIT_CPUID] = HW | P(DO),
    [EXIT_HLT] = HW | P(DO) | P(SCHEDULE),
    [EXIT_INVLPG] = HW | P(DO) | P(SHADOW),
    [EXIT_RDTSC] = HW | P(DO),
    [EXIT_VMCALL] = HW | P(DO),
    [EXIT_CR_ACCESS] = HW | P(DO) | P(SHADOW),
    [EXIT_IO_INSTRUCTION] = HW | P(DO) | P(OWN_DEVICE) | P(DOM0) | P(HOST),
    [EXIT_MSR_READ] = HW | P(DO),
    [EXIT_MSR_WRITE] = HW | P(DO),
    [EXIT_PAUSE] = HW | P(DO) | P(SCHEDULE),
    [EXIT_TPR_BELOW_THRESHOLD] = HW,
    [EXIT_APIC_ACCESS] = HW | P(DO) | P(FETCH) | P(CONTROLLER) | P(DIRECT),
    [EXIT_GDTR_IDTR] = HW | P(DO),
    [EXIT_LDTR_TR] = HW | P(DO),
    [EXIT_EPT_VIOLATION] = HW | MEMORY_DEVICE | P(NESTED),
    [EXIT_EPT_MISCONFIG] = HW | MEMORY_DEVICE,
    [EXIT_PREEMPTION_TIMER] = HW,
    [EXIT_APIC_WRITE] = HW | P(DO) | P(FETCH) | P(CONTROLLER) | P(DIRECT),
    [EXIT_TRAP_GP] =
        SW | P(DO) | P(FETCH) | P(SHADOW) | P(OWN_DEVICE) | P(DOM0) | P(HOST) | P(SCHEDULE),
    [EXIT_TRAP_PF] = SW | MEMORY_DEVICE | P(SHADOW) | P(BOUNCE) | P(TRANSLATE),
    [EXIT_TRAP_SYSCALL] = SW | P(BOUNCE),
    [EXIT_TRAP_SOFTINT] = SW | P(BOUNCE),
    [EXIT_TRAP_EXCEPTION] = SW | P(BOUNCE),
    [EXIT_TRAP_IRET] = SW | P(DO) | P(FETCH),
    [EXIT_BT_CALLOUT] =
        SW | P(TRANSLATE) | P(DO) | P(SHADOW) | P(OWN_DEVICE) | P(DOM0) | P(HOST) | P(SCHEDULE),
    [EXIT_BT_TRANSLATE] = P(ENTER) | P(TRANSLATE),
    [EXIT_HYPERCALL] = SW | P(HYPERCALL) | P(SHADOW) | P(DOM0) | P(HOST) | P(SCHEDULE),
};
#undef P

static bool part_has(unsigned part, enum cost_key key)
{
    const char *name = cost_key_name(key);
    for (unsigned i = 0; i < 6 && parts[part].costs[i]; i++) {
        const char *cost = parts[part].costs[i];
        size_t size = strlen(cost);
        if (cost[size - 1] == '.' ? strncmp(name, cost, size) == 0 : strcmp(name, cost) == 0) {
            return true;
        }
    }
    return false;
}

bool topic_exit_pays(unsigned reason, enum cost_key key)
{
    bool pays =
        reason < EXIT_FIRST_TRAP && (key == COST_VMX_EXIT || key == COST_VMX_ENTRY ||
                                     (key == COST_VMX_EXIT_FAULT && topic_exit_is_fault(reason)));
    for (unsigned part = 0; part < PARTS && !pays; part++) {
        pays = paid[reason] >> part & 1 && part_has(part, key);
    }
    return pays;
}

bool topic_exit_is_fault(unsigned reason)
{
    return reason == EXIT_EXCEPTION_NMI || reason == EXIT_EPT_VIOLATION ||
           reason == EXIT_EPT_MISCONFIG;
}

static void print_costs(FILE *out, const struct style *style, unsigned reason,
                        const struct cpu_model *model)
{
    if (paid[reason] == 0) {
        return;
    }
    fprintf(out,
            style_text(style, "What the software part costs, in cycles on %s, each as often as it "
                              "is done ('ringside explain hv.enter' says how a price is known):"),
            model->name);
    fputc('\n', out);
    for (unsigned part = 0; part < PARTS; part++) {
        char line[1200];
        int used = snprintf(line, sizeof line, "%s", style_text(style, parts[part].when));
        const char *comma = ": ";
        for (unsigned k = 0; k < COST_COUNT; k++) {
            if (part_has(part, (enum cost_key)k) && used < (int)sizeof line - 80) {
                used += snprintf(line + used, sizeof line - (size_t)used, "%s%s %" PRIu32, comma,
                                 cost_key_name((enum cost_key)k), model->cost[k].value);
                comma = ", ";
            }
        }
        if (paid[reason] >> part & 1) {
            fputs("  ", out);
            style_wrap(out, style, line, 4, 2);
        }
    }
}

// ---- who handles it ------------------------------------------------------------------------------

void topic_exit_handlers(FILE *out, const struct style *style, unsigned reason,
                         const struct cpu_model *model)
{
    bool hardware = reason < EXIT_FIRST_TRAP;
    style_tell(out, style, "Who handles it:");
    for (unsigned t = TECHNIQUE_TRAP; t < TECHNIQUE_COUNT; t++) {
        const char *name = exit_name(reason), *who = NULL;
        if (hardware) {
            who = t == TECHNIQUE_HW ? TEXT("the exit handler, in root mode") : NULL;
        } else if (reason == EXIT_HYPERCALL) {
            who = t == TECHNIQUE_PARAVIRT ? TEXT("the hypercall's entry of the table") : NULL;
        } else if (reason == EXIT_HOST_SYSCALL) {
            who = t == TECHNIQUE_CONTAINER ? TEXT("the shared kernel itself") : NULL;
        } else if (strncmp(name, "BT_", 3) == 0) {
            who = t == TECHNIQUE_BT ? TEXT("the translator's monitor") : NULL;
        } else if (t == TECHNIQUE_TRAP || t == TECHNIQUE_BT || t == TECHNIQUE_PARAVIRT) {
            who = TEXT("the hypervisor's vector table, in ring 0");
        }
        if (who) {
            fprintf(out, "  %-9s  %s\n", technique_name((enum technique)t), style_text(style, who));
        }
    }
    const char *device =
        paid[reason] >> PART_DOM0 & 1
            ? TEXT("If a device is behind it: type 1 goes on to Dom0 (dom0.*), type 2 to a process "
                   "of the host (host.*).")
            : TEXT("Type 1 is done with that; type 2 too, within the host's kernel.");
    style_wrap(out, style, style_text(style, device), 2, 0);
    print_costs(out, style, reason, model);
}
