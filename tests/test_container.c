// Containers: one kernel, and what it shows and gives to a group of processes. That programs end alike inside is test_equivalence's.
#include "tests/test.h"
#include "tests/vm_help.h"

#include <string.h>

static bool refused(const char *arch, const struct run_spec *with, const char *says)
{
    char err[400] = "";
    struct run_spec spec = *with;
    struct run_result r;
    bool ok =
        arch_parse(&spec.arch, arch, err, sizeof err) && run_guest(&spec, &r, err, sizeof err);
    if (ok) {
        run_result_free(&r);
    }
    return !ok && strstr(err, says);
}

// A bare program brings its own kernel: it is one. So does a memory that somebody filled; kernel=1 asks for it in words.
static void other_kernels_are_refused(void)
{
    struct vm_test *t =
        vm_test_source("    movi a0, 0\n    out a0, [zero+0xf4]\n", &(struct vm_where){0});
    REQUIRE(t);
    CHECK(refused("docker", &t->spec, "your container is not a kernel"));
    CHECK(refused("lxc", &t->spec, "type2/fullvirt-hw"));
    CHECK(!refused("native", &t->spec, ""));
    CHECK(refused("docker,kernel=1", &t->spec, "leave kernel=1 out"));
    vm_test_free(t);
}

// With more processors than one, where tasks of the container run side by side.
static void processors_do_not_matter(void)
{
    static const char *const workloads[] = {"threads", "compile", "web", "ctxsw"};
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++) {
        struct run_result native, inside;
        REQUIRE(vm_test_workload(workloads[i], 5, &(struct vm_where){0}, &native));
        for (unsigned cpus = 2; cpus <= 4; cpus += 2) {
            struct vm_where where = {.arch = "container,cpu_quota=30", .cpus = cpus};
            REQUIRE(vm_test_workload(workloads[i], 5, &where, &inside));
            CHECK_U64(inside.checksum, native.checksum);
            CHECK_U64(inside.stop.status, 0);
            CHECK_U64(inside.exits_all, 0);
            run_result_free(&inside);
        }
        run_result_free(&native);
    }
}

// A quota stretches the run: the container computes for a fourth of the time.
static void a_quota_is_kept(void)
{
    struct run_result free, limited;
    REQUIRE(vm_test_workload("sieve", 3000000, &(struct vm_where){.arch = "container"}, &free));
    REQUIRE(vm_test_workload("sieve", 3000000, &(struct vm_where){.arch = "container,cpu_quota=25"},
                             &limited));
    uint64_t idle = limited.cycles_by[CYC_IDLE], busy = limited.cycles - idle;
    CHECK(idle > 5 * free.cycles / 2); // nearly three fourths
    CHECK(busy < free.cycles + free.cycles / 10);
    CHECK_U64(limited.state_hash, free.state_hash);
    run_result_free(&free);
    run_result_free(&limited);
}

// Too little memory ends the container, with its reason; enough does not.
static void memory_has_a_limit(void)
{
    struct run_result r;
    static const char says[] =
        "toyos: container container ends: out of memory, its limit is 256 KiB\n";
    REQUIRE(
        vm_test_workload("pgfault", 400, &(struct vm_where){.arch = "container,memory=256"}, &r));
    CHECK_U64(r.stop.reason, STOP_POWEROFF);
    CHECK_U64(r.stop.status, 1);
    CHECK(r.console_size >= strlen(says) &&
          !memcmp(r.console + r.console_size - strlen(says), says, strlen(says)));
    run_result_free(&r);
    REQUIRE(
        vm_test_workload("pgfault", 400, &(struct vm_where){.arch = "container,memory=4096"}, &r));
    CHECK_U64(r.stop.status, 0);
    run_result_free(&r);
}

TEST_SUITE(container,
           {"a kernel of one's own is refused with the reason", other_kernels_are_refused},
           {"programs end well on any number of processors", processors_do_not_matter},
           {"a quota is kept", a_quota_is_kept},
           {"a memory limit ends the container alone", memory_has_a_limit});
