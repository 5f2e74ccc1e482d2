// What `ringside explain EXIT` says an exit's software costs is what the models charge: a watcher notes each charge between exits and returns.
#include "cli/topic.h"
#include "models/run.h"
#include "sim/exit.h"
#include "sim/watch.h"
#include "tests/test.h"
#include "tests/vm_help.h"

#include <string.h>

struct noted {
    int reason; // of the exit that is being handled, or -1
    bool charged[EXIT_REASONS][COST_COUNT];
};

static struct noted noted;

static void on_exit_begins(struct cpu *c, const struct vmexit *x)
{
    ((struct noted *)c->watcher)->reason = x ? (int)x->reason : -1;
}
static void on_done(struct cpu *c)
{
    ((struct noted *)c->watcher)->reason = -1;
}
static void on_charge(struct cpu *c, enum cycle_category category, enum cost_key key,
                      uint64_t cycles)
{
    struct noted *n = c->watcher;
    (void)category, (void)cycles;
    if (n->reason >= 0) {
        n->charged[n->reason][key] = true;
    }
}
static void on_ring(struct cpu *c)
{
    (void)c;
}
static void on_wait(struct cpu *c, enum cycle_category category, uint64_t time)
{
    (void)c, (void)category, (void)time;
}
static void on_event(struct cpu *c, unsigned vector, uint32_t error, enum event_class class,
                     uint64_t pc)
{
    (void)c, (void)vector, (void)error, (void)class, (void)pc;
}
static void on_walk(struct cpu *c, uint64_t va, enum cpu_access access, bool user,
                    const struct walk_result *r)
{
    (void)c, (void)va, (void)access, (void)user, (void)r;
}
static void on_fault(struct cpu *c, const struct watch_fault *f)
{
    (void)c, (void)f;
}
static const struct watch_ops hooks = {.ring = on_ring,
                                       .wait = on_wait,
                                       .exit = on_exit_begins,
                                       .done = on_done,
                                       .charge = on_charge,
                                       .event = on_event,
                                       .walk = on_walk,
                                       .fault = on_fault};

static void note_run(const char *workload, uint64_t n, const char *arch, unsigned cpus)
{
    struct vm_workload w;
    char err[512];
    const struct vm_where where = {.arch = arch, .cpus = cpus};
    if (!vm_workload_make(&w, workload, n, &where)) {
        return;
    }
    struct vm *vm = run_boot(&w.spec, err, sizeof err);
    if (!vm) {
        FAIL("%s: %s", arch, err);
    } else {
        for (unsigned k = 0; k < vm->vcpus; k++) {
            struct cpu *c = vm->vcpu[k].cpu;
            c->watch = c->watch_fine = &hooks;
            c->watcher = &noted;
            noted.reason = -1;
        }
        vm_run(vm, UINT64_MAX, 20000000);
        vm_destroy(vm);
    }
    vm_workload_free(&w);
}

static void every_charge_is_listed(void)
{
    static const char *const archs[] = {"type1/fullvirt-hw",
                                        "type2/fullvirt-hw",
                                        "type1/fullvirt-hw,paging=shadow",
                                        "type2/fullvirt-hw,paging=shadow",
                                        "type1/fullvirt-hw,apicv=1",
                                        "type1/fullvirt-hw,io=paravirt",
                                        "type2/fullvirt-hw,io=paravirt",
                                        "type1/fullvirt-hw,io=passthrough",
                                        "type1/fullvirt-trap",
                                        "type2/fullvirt-trap",
                                        "type1/fullvirt-bt",
                                        "type2/fullvirt-bt",
                                        "type1/paravirt",
                                        "type2/paravirt",
                                        "container"};
    static const struct {
        const char *workload;
        uint64_t n;
    } work[] = {{"diskread", 4}, {"netrr", 3}, {"forkexec", 2}, {"ctxsw", 20}, {"nullcall", 20}};
    noted = (struct noted){.reason = -1};
    for (size_t a = 0; a < sizeof archs / sizeof *archs; a++) {
        for (size_t i = 0; i < sizeof work / sizeof *work; i++) {
            note_run(work[i].workload, work[i].n, archs[a], 1);
        }
    }
    unsigned charges = 0, reasons = 0;
    for (unsigned r = 0; r < EXIT_REASONS; r++) {
        reasons += noted.charged[r][COST_HV_ENTER];
        for (unsigned k = 0; k < COST_COUNT; k++) {
            charges += noted.charged[r][k];
            if (noted.charged[r][k] && !topic_exit_pays(r, (enum cost_key)k)) {
                FAIL("%s: %s is charged and not listed", exit_name(r),
                     cost_key_name((enum cost_key)k));
            }
        }
    }
    CHECK(reasons > 15 && charges > 200);
    CHECK(noted.charged[EXIT_EXCEPTION_NMI][COST_SHADOW_FAULT]);
    CHECK(noted.charged[EXIT_EPT_MISCONFIG][COST_DOM0_ACCESS]);
    CHECK(!topic_exit_pays(EXIT_EPT_MISCONFIG, COST_SHADOW_FAULT));
}

TEST_SUITE(exit_costs,
           {"every cost that is charged in an exit is listed for it", every_charge_is_listed});
