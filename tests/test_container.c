// Containers: one kernel, and what it shows and gives to a group of processes. That programs end alike inside is test_equivalence's.
#include "tests/test.h"
#include "tests/vm_help.h"

#include <stdlib.h>
#include <string.h>

static bool ends_with(const struct run_result *r, const char *text)
{
    size_t n = strlen(text);
    return r->console_size >= n && memcmp(r->console + r->console_size - n, text, n) == 0;
}

static bool contains(const struct run_result *r, const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i + n <= r->console_size; i++) {
        if (memcmp(r->console + i, text, n) == 0) {
            return true;
        }
    }
    return false;
}

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

// All that a program may try, right or wrong, is answered inside as outside, but that it may write to a file of the RAM disk: to its own copy.
static void calls_are_answered_alike(void)
{
    for (unsigned cpus = 1; cpus <= 4; cpus += 3) {
        struct run_result r;
        struct vm_where where = {.arch = "container", .cpus = cpus, .holes_open = true};
        REQUIRE(vm_test_workload("check", 0, &where, &r));
        CHECK(contains(&r, "\ncheck: wrong: write to a file of the RAM disk\n"));
        CHECK(ends_with(&r, "check: 1 failed\n"));
        run_result_free(&r);
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
    CHECK_U64(r.stop.status, TOYOS_OUT_OF_MEMORY);
    CHECK(ends_with(&r, says));
    run_result_free(&r);
    REQUIRE(
        vm_test_workload("pgfault", 400, &(struct vm_where){.arch = "container,memory=4096"}, &r));
    CHECK_U64(r.stop.status, 0);
    run_result_free(&r);
}

// What the program pods says of several containers at once, by its length. Shares are another matter: they show only where processors are short.
enum { PODS_NAMES, PODS_SHARES, PODS_MEMORY, PODS_LAYERS, PODS_END, PODS_WRITING, PODS_PORTS };
static const char *const pods_say[] = {
    [PODS_NAMES] =
        "host: process 2 of 2, kernel toyos, port 9 is its own, files of toyos, the base image\n"
        "one: process 1 of 1, kernel toyos, port 9 is its own, files of toyos, the base image\n"
        "two: process 1 of 1, kernel toyos, port 9 is its own, files of Ubuntu, by its files\n",
    [PODS_MEMORY] = "toyos: container one ends: out of memory, its limit is 256 KiB\n"
                    "status -513, KiB at most 256, now 0\n"
                    "without a limit: status 0\n",
    [PODS_LAYERS] =
        "one more container, all 16 pages of a file read: 9 frames more in use, to its account 8\n"
        "one more container, all 16 pages of a file read: 10 frames more in use, to its account 8\n"
        "one more container, all 16 pages of a file read: 10 frames more in use, to its account "
        "8\n",
    [PODS_END] = "inside: 7 processes; poweroff with 7\n"
                 "the first process ended with 7; left of its container: 0 frames; "
                 "processes in all: 2\n",
    [PODS_WRITING] =
        "one reads TOYOS, the base image\n"
        "two reads toyos, the base image\n"
        "host, to a file of the RAM disk: 9, an error; it reads toyos, the base image\n",
    [PODS_PORTS] = "one got 42 from port 5\n",
};

// On the bare machine, with more processors, and in virtual machines, as in a cloud.
static void containers_see_and_get_their_own(void)
{
    static const struct vm_where where[] = {
        {.cpus = 1}, {.cpus = 3}, {.arch = "type1/paravirt"}, {.arch = "type2/fullvirt-hw"}};
    for (size_t w = 0; w < sizeof where / sizeof *where; w++) {
        for (size_t i = 0; i < sizeof pods_say / sizeof *pods_say; i++) {
            struct run_result r;
            if (!pods_say[i] || !vm_test_workload("pods", i, &where[w], &r)) {
                CHECK(i == PODS_SHARES);
                continue;
            }
            if (!ends_with(&r, pods_say[i]) || r.stop.status != 0) {
                FAIL("pods %zu, machine %zu:\n%.*s", i, w, (int)r.console_size, r.console);
            }
            run_result_free(&r);
        }
    }
}

// Two containers that always want the processor, with weights of 3 and 1.
static void shares_are_kept(void)
{
    static const char says[] = "shares 3072 and 1024: ";
    struct run_result r;
    REQUIRE(vm_test_workload("pods", PODS_SHARES, &(struct vm_where){0}, &r));
    const char *at = NULL;
    for (size_t i = 0; i + strlen(says) + 3 < r.console_size && !at; i++) {
        at = memcmp(r.console + i, says, strlen(says)) == 0 ? r.console + i + strlen(says) : NULL;
    }
    REQUIRE(at);
    unsigned long thousandths = strtoul(at, NULL, 10);
    CHECK(thousandths >= 740 && thousandths <= 760);
    run_result_free(&r);
}

// With a neighbour that computes all the time, the container's weight says what is left for it; it ends alike.
static void neighbours_leave_what_the_weight_says(void)
{
    static const struct {
        const char *arch;
        uint64_t least, most; // per cent of the time alone
    } cases[] = {{"container,neighbours=1", 185, 205},
                 {"container,neighbours=1,cpu_shares=3072", 125, 140},
                 {"container,neighbours=3", 370, 410}};
    struct run_result alone;
    REQUIRE(vm_test_workload("sieve", 2000000, &(struct vm_where){.arch = "container"}, &alone));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run_result r;
        REQUIRE(vm_test_workload("sieve", 2000000, &(struct vm_where){.arch = cases[i].arch}, &r));
        uint64_t per_cent = r.cycles * 100 / alone.cycles;
        if (per_cent < cases[i].least || per_cent > cases[i].most) {
            FAIL("%s takes %u per cent of the time", cases[i].arch, (unsigned)per_cent);
        }
        vm_test_same(&alone, &r, cases[i].arch);
        run_result_free(&r);
    }
    run_result_free(&alone);
}

TEST_SUITE(container,
           {"a kernel of one's own is refused with the reason", other_kernels_are_refused},
           {"programs end well on any number of processors", processors_do_not_matter},
           {"right and wrong calls are answered as outside", calls_are_answered_alike},
           {"containers see and get their own, and end alone", containers_see_and_get_their_own},
           {"shares are kept", shares_are_kept},
           {"neighbours leave what the weight says", neighbours_leave_what_the_weight_says},
           {"a quota is kept", a_quota_is_kept},
           {"a memory limit ends the container alone", memory_has_a_limit});
